"""The scripts that set a machine up: what they look for, say, and leave behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import start
import styles
from bootstrap import chosen, common, environment, lock, system
from bootstrap.common import SHARED, SetupError, installing, run_quietly
from start import Group, alone_with_data

ROOT = Path(__file__).resolve().parents[2]
PARENT = """
import sys, time
sys.path.insert(0, {scripts!r})
from start import Group
group = Group()
group.start("one", [sys.executable, "-c", "import time; print('x'); time.sleep(60)"], {{}})
print(next(iter(group._running.values())).pid, flush=True)
time.sleep(60)
"""


def test_only_the_tokens_that_rules_reach_are_kept_in_order() -> None:
    tokens = {"--a": "1px", "--b": "var(--c)", "--unused": "2px", "--c": "var(--a)"}
    assert list(styles.reachable(tokens, {"--b", "--not-there"})) == ["--a", "--b", "--c"]


def test_only_the_rules_of_classes_that_we_use_are_kept() -> None:
    css = (
        ".utrecht-a,.utrecht-b{x:1}.utrecht-b{x:2}.utrecht-a:not(.utrecht-b):is(.x,.y){x:3}"
        "@media print{.utrecht-b{x:4}}@media print{.utrecht-a{x:5}}.utrecht-alert--ok{x:6}"
    )
    kept = styles.used_rules(css, {"utrecht-a", "utrecht-alert--"})
    assert kept == (
        ".utrecht-a{x:1}.utrecht-a:not(.utrecht-b):is(.x,.y){x:3}"
        "@media print{.utrecht-a{x:5}}.utrecht-alert--ok{x:6}"
    )


def test_a_token_defined_by_itself_ends() -> None:
    assert styles.reachable({"--a": "var(--a)"}, {"--a"}) == {"--a": "var(--a)"}


def test_what_is_missing_and_cant_be_installed_gives_the_exact_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(system, "_way_to_root", lambda: None)
    needs = [
        system.Need("libpango-1.0-0", system.library("libno-such-thing.so.0")),
        system.Need("bash", system.program("bash")),
    ]
    with pytest.raises(SetupError, match=r"sudo apt-get install .* libpango-1.0-0$"):
        system.ensure(needs)


def test_what_is_there_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_way_to_root", lambda: pytest.fail("asked for rights"))
    system.ensure([system.Need("libc6", system.library("libc.so.6"))])


def test_uv_is_told_what_pip_knows_of_the_machine_and_keeps_what_it_was_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX", "SSL_CERT_FILE", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://a.example/simple\ncert = /een.pem\n"
        "extra-index-url =\n    https://b.example/simple\n    https://c.example/simple\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_FIND_LINKS", "/wielen /meer")
    monkeypatch.setenv("SSL_CERT_FILE", "/eigen.pem")
    told = environment.uv_settings()
    assert told["UV_DEFAULT_INDEX"] == "https://a.example/simple"
    assert told["UV_INDEX"] == "https://b.example/simple https://c.example/simple"
    assert told["UV_FIND_LINKS"] == "/wielen,/meer"
    assert told["SSL_CERT_FILE"] == "/eigen.pem"
    assert told["UV_PYTHON_DOWNLOADS"] == "never"


def test_an_interrupted_installation_counts_for_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(environment, "VENV", tmp_path)
    monkeypatch.setattr(environment, "_works", lambda: True)
    for name in ("runtime", "test"):
        (tmp_path / f".stamp-{name}").write_text(environment._wanted(name))
    environment.ensure("test")  # nothing to do
    (tmp_path / ".stamp-runtime").write_text("of an older version")

    def interrupted(*command: object, **settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(environment, "run_quietly", interrupted)
    with pytest.raises(KeyboardInterrupt):
        environment.ensure("runtime")
    assert not (tmp_path / ".stamp-test").exists()


def test_an_environment_is_made_anew_by_the_python_behind_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = tmp_path / "venv" / "bin" / "python"
    old.parent.mkdir(parents=True)
    old.symlink_to(Path(sys.executable).resolve())
    commands: list[list[Path]] = []

    def note(command: list[Path], **settings: object) -> None:
        commands.append(command)
        (tmp_path / "venv").mkdir()

    monkeypatch.setattr(sys, "executable", str(old))
    monkeypatch.setattr(environment, "VENV", tmp_path / "venv")
    monkeypatch.setattr(environment, "run_quietly", note)
    environment._make("uv", {})
    assert not old.exists()
    assert commands[0][3].exists()


def test_a_port_that_is_taken_is_named_with_another_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(number))
        with pytest.raises(SetupError, match=f"Poort {number} is niet vrij"):
            start.port()


@pytest.mark.parametrize("asked", ["0", "65536", "-1", "6543x", "６５４３"])
def test_a_port_that_isnt_one_is_refused(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", asked)
    with pytest.raises(SetupError, match="kies een getal"):
        start.port()


def test_a_group_ends_also_what_ignores_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("start.SECONDS_TO_END", 0.5)
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True)"
    group = Group()
    group.start("doof", [sys.executable, "-c", f"{deaf}; time.sleep(60)"], dict(os.environ))
    process = group._running["doof"]
    time.sleep(0.3)
    group.end()
    assert process.returncode in (-signal.SIGKILL, -signal.SIGTERM)


def test_no_process_outlives_a_killed_parent() -> None:
    command = [sys.executable, "-c", PARENT.format(scripts=str(ROOT / "scripts"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline()) if parent.stdout else 0
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 10
    while _is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_alive(child)


@pytest.mark.parametrize("seen", [True, False])
def test_one_that_ended_is_told_with_how_also_when_somebody_saw_it_before(seen: bool) -> None:
    group = Group()
    group.start("de worker", [sys.executable, "-c", "raise SystemExit(3)"], dict(os.environ))
    if seen:
        group._running["de worker"].wait()
    assert group.wait_for_one() == "de worker is gestopt (met code 3)"


def test_a_start_whose_website_ends_says_so_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PORT", str(_free_port()))
    monkeypatch.setattr(start, "fill", lambda: None)
    words = {"web": "raise SystemExit(1)", "worker": "import time; time.sleep(60)"}
    monkeypatch.setattr(start, "command", lambda name: [sys.executable, "-c", words[name]])
    with pytest.raises(SetupError, match=r"^De website is gestopt \(met code 1\)\."):
        start.main(lambda: None)


def test_a_second_start_on_a_data_folder_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr(start, "SECONDS_FOR_LEFTOVERS", 0.1)
    with alone_with_data(), pytest.raises(SetupError, match=f"gegevens in {tmp_path}"):
        alone_with_data().__enter__()
    with alone_with_data():
        pass


def test_a_data_folder_that_cant_be_made_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bestand").touch()
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "bestand"))
    with pytest.raises(SetupError, match="Kies een andere map"):
        alone_with_data().__enter__()


STARTER = """
import sys, time
from pathlib import Path
sys.path.insert(0, {scripts!r})
from bootstrap.common import SHARED
from start import alone_with_data
import subprocess
with alone_with_data():
    left = "import sys; print(flush=True); sys.stdin.read()"
    subprocess.Popen([sys.executable, "-c", left], pass_fds=SHARED)
    time.sleep(60)
"""


def test_a_start_waits_for_what_a_killed_one_left_running(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command = [
        sys.executable,
        "-c",
        STARTER.format(scripts=str(ROOT / "scripts")),
    ]
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as killed:
        assert killed.stdin
        assert killed.stdout
        killed.stdout.readline()  # the process that it started is running
        killed.kill()
        killed.wait()
        monkeypatch.setattr(common, "say", lambda words: killed.stdin and killed.stdin.close())
        with alone_with_data():
            assert killed.stdin.closed


def test_what_installs_holds_the_lock_of_the_installation(tmp_path: Path) -> None:
    """Check that uv, while it runs, holds the lock too: the next start waits if we are killed."""
    seen = tmp_path / "seen"
    held = (
        "import os, sys; open(sys.argv[2], 'w').write(os.readlink('/proc/self/fd/' + sys.argv[1]))"
    )
    with installing():
        (number,) = SHARED
        run_quietly([sys.executable, "-c", held, str(number), seen], failure="")
    assert seen.read_text() == str(ROOT / "scripts" / "bootstrap")
    assert SHARED == []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_alive(process: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False


def _pins(text: str) -> set[str]:
    """`name==version` of each line, spelled the one way that the package index does."""
    pins = re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([^\s;\\]+)", text, re.MULTILINE)
    return {f"{re.sub('[-_.]+', '-', name).lower()}=={version}" for name, version in pins}


@pytest.mark.parametrize("name", lock.LOCKS)
def test_a_lock_holds_every_pin_of_setup_cfg_with_hashes_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert _pins(lock.requirements(lock.LOCKS[name])) <= _pins(text), "run scripts/lock"
    assert all("\n    --hash=sha256:" in entry for entry in re.split(r"\n(?=\w)", text)[1:])
    assert "://" not in text
    assert "--index" not in text


def test_the_npm_lock_has_hashes_and_no_download_address() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    installed = [about for name, about in packages.items() if name]
    assert all("integrity" in about and "resolved" not in about for about in installed)


def test_only_the_tests_get_the_packages_that_only_they_need(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runs: list[bool] = []

    def run(command: list[str], **named: object) -> str:
        runs.append("--omit=dev" not in command)
        return ""

    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(environment, "recent_node", lambda: "/usr/bin/node")
    monkeypatch.setattr(environment, "run_quietly", run)
    monkeypatch.setattr(styles, "MODULES", tmp_path)
    for for_tests in (False, False, True, True, False):
        styles._fetch(for_tests=for_tests)
    assert runs == [False, True]


def test_a_next_start_has_nothing_to_fill(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    steps: list[tuple[str, ...]] = []
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr(start, "_do", lambda *words: steps.append(words))
    monkeypatch.setattr(start, "load_areas", lambda: None)
    start.fill()
    assert [step[0] for step in steps] == ["database", "demo"]
    (tmp_path / start.DATABASE).touch()
    start.fill()
    assert len(steps) == 2
    (tmp_path / start.DATABASE).unlink()
    start.fill()
    assert len(steps) == 4


def test_a_start_without_outlines_goes_on_and_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        start, "command", lambda *words: [sys.executable, "-c", "raise SystemExit(1)"]
    )
    start.load_areas()
    assert ".venv/bin/stopintimidatie gebieden laden" in capsys.readouterr().out
    monkeypatch.setattr(start, "command", lambda *words: [sys.executable, "-c", ""])
    start.load_areas()
    assert "lukt nu niet" not in capsys.readouterr().out


UNTIL_WRITTEN = (
    "import pathlib, sys, time\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(.02)"
)


def test_a_step_that_is_silent_is_told_to_run_still(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[str] = []

    def say(words: str) -> None:
        told.append(words)
        (tmp_path / "told").touch()  # and with that the step ends

    assert common.SECONDS_OF_SILENCE <= 10
    monkeypatch.setattr(common, "SECONDS_OF_SILENCE", 0.1)
    monkeypatch.setattr(common, "say", say)
    step = [sys.executable, "-c", UNTIL_WRITTEN, str(tmp_path / "told")]
    monkeypatch.setattr(start, "command", lambda *words: step)
    for run in (lambda: start._do("demo"), lambda: run_quietly(step, failure="")):
        (tmp_path / "told").unlink(missing_ok=True)
        told.clear()
        run()
        assert "Nog bezig" in told[0]


def packages_for(*arguments: str) -> tuple[set[str], bool]:
    """What the chosen tests need above what the product needs, and whether npm's for tests."""
    needs, node = chosen.needs_of(arguments)
    return {need.package for need in needs} - {need.package for need in system.TO_RUN}, node


def test_who_chooses_tests_gets_only_what_these_need() -> None:
    everything = {need.package for need in system.TO_TEST} - {n.package for n in system.TO_RUN}
    assert packages_for() == packages_for("-x") == (everything, True)
    office = {"libreoffice-writer-nogui", "libreoffice-impress-nogui"}
    assert packages_for("alles") == packages_for("-m", "alles") == (everything | office, True)
    assert packages_for("tests") == (everything | office, True)
    assert packages_for("tests/core/text", "-k", "date") == (set(), False)
    assert packages_for("tests/architecture/test_repository.py") == ({"git", "reuse"}, False)
    assert packages_for("tests/browser/test_styleguide.py::test_x")[0] == {
        "chromium-headless-shell"
    }
    assert "clamav-daemon" in packages_for("tests/core/scanner")[0]
    # By what a helper needs that the tests import.
    assert packages_for("tests/exports/document") == (
        {"openssl", "default-jdk-headless", "libjaxb-java"},
        False,
    )
    assert packages_for("tests/municipalities/sso") == (set(), True)


def test_the_systems_own_python_comes_before_that_of_a_version_manager(tmp_path: Path) -> None:
    (tmp_path / "bootstrap").mkdir()
    shutil.copy(ROOT / "scripts/bootstrap/with-python", tmp_path / "bootstrap")
    (tmp_path / "step.py").write_text("import sys; print(sys.executable, *sys.argv[1:])")
    managed = tmp_path / "bin"
    managed.mkdir()
    (managed / "python3").symlink_to(sys._base_executable)  # type: ignore[attr-defined]
    path = f"{managed}:{os.environ['PATH']}"
    said = subprocess.run(
        [tmp_path / "bootstrap" / "with-python", "test", "-q"],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    system = "/usr/bin/python3"
    asked = "import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))"
    suits = os.access(system, os.X_OK) and not subprocess.call([system, "-c", asked])
    assert said.split() == [system if suits else str(managed / "python3"), "test", "-q"]
