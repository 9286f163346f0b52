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
from bootstrap import assets, environment, folder, lock, run, system
from bootstrap.common import SHARED, SetupError, only_one, run_quietly
from bootstrap.folder import alone_in
from bootstrap.processes import Group

ROOT = Path(__file__).resolve().parents[2]
PARENT = """
import sys, time
sys.path.insert(0, {scripts!r})
from bootstrap.processes import Group
group = Group()
group.start("one", [sys.executable, "-c", "import time; print('x'); time.sleep(60)"], {{}})
print(next(iter(group._running.values())).pid, flush=True)
time.sleep(60)
"""


def test_only_the_tokens_that_rules_reach_are_kept_in_order() -> None:
    tokens = {"--a": "1px", "--b": "var(--c)", "--unused": "2px", "--c": "var(--a)"}
    assert list(assets.reachable(tokens, {"--b", "--not-there"})) == ["--a", "--b", "--c"]


def test_a_token_defined_by_itself_ends() -> None:
    assert assets.reachable({"--a": "var(--a)"}, {"--a"}) == {"--a": "var(--a)"}


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


def test_progress_is_told_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    said = [f"Collecting package-{n}\n" for n in range(45)] + ["Installing collected packages\n"]
    passed_on = list(environment._tell_progress(said, 45))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["20", "40", "uitpakken…"]
    assert len(passed_on) == 46


def test_a_port_that_is_taken_is_named_with_another_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(number))
        with pytest.raises(SetupError, match=f"Poort {number} is niet vrij"):
            run.port()


@pytest.mark.parametrize("asked", ["0", "65536", "-1", "6543x", "６５４３"])
def test_a_port_that_isnt_one_is_refused(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", asked)
    with pytest.raises(SetupError, match="kies een getal"):
        run.port()


def test_a_group_ends_also_what_ignores_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bootstrap.processes.SECONDS_TO_END", 0.5)
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
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PORT", str(_free_port()))
    monkeypatch.setattr(sys, "argv", ["run"])
    monkeypatch.setattr(run, "prepare", lambda: None)
    monkeypatch.setattr(run, "fill", lambda: None)
    words = {"web": "raise SystemExit(1)", "worker": "import time; time.sleep(60)"}
    monkeypatch.setattr(run, "command", lambda name: [sys.executable, "-c", words[name]])
    assert run.main() == 1
    assert "De website is gestopt (met code 1)." in capsys.readouterr().err


def test_a_second_start_on_a_data_folder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with alone_in(tmp_path), pytest.raises(SetupError, match=f"gegevens in {tmp_path}"):
        alone_in(tmp_path).__enter__()
    with alone_in(tmp_path):
        pass


def test_a_data_folder_that_cant_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "bestand").touch()
    with pytest.raises(SetupError, match="Kies een andere map"):
        alone_in(tmp_path / "bestand").__enter__()


STARTER = """
import sys, time
from pathlib import Path
sys.path.insert(0, {scripts!r})
from bootstrap.common import SHARED
from bootstrap.folder import alone_in
import subprocess
with alone_in(Path({folder!r})):
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
        STARTER.format(scripts=str(ROOT / "scripts"), folder=str(tmp_path)),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as killed:
        assert killed.stdin
        assert killed.stdout
        killed.stdout.readline()  # the process that it started is running
        killed.kill()
        killed.wait()
        monkeypatch.setattr(folder, "say", lambda words: killed.stdin and killed.stdin.close())
        with alone_in(tmp_path):
            assert killed.stdin.closed


def test_what_installs_holds_the_lock_of_the_installation(tmp_path: Path) -> None:
    """Check that pip, while it runs, holds the lock too: the next start waits if we are killed."""
    seen = tmp_path / "seen"
    held = (
        "import os, sys; open(sys.argv[2], 'w').write(os.readlink('/proc/self/fd/' + sys.argv[1]))"
    )
    with only_one():
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


def test_a_next_start_has_nothing_to_fill(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    steps: list[tuple[str, ...]] = []
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr(run, "_do", lambda *words: steps.append(words))
    monkeypatch.setattr(run, "load_areas", lambda: None)
    run.fill()
    assert [step[0] for step in steps] == ["database", "demo"]
    (tmp_path / run.DATABASE).touch()
    run.fill()
    assert len(steps) == 2
    (tmp_path / run.DATABASE).unlink()
    run.fill()
    assert len(steps) == 4


def test_a_start_without_outlines_goes_on_and_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        run, "command", lambda *words: [sys.executable, "-c", "raise SystemExit(1)"]
    )
    run.load_areas()
    assert "stopintimidatie gebieden laden" in capsys.readouterr().out
    monkeypatch.setattr(run, "command", lambda *words: [sys.executable, "-c", ""])
    run.load_areas()
    assert "lukt nu niet" not in capsys.readouterr().out


def test_the_systems_own_python_comes_before_that_of_a_version_manager(tmp_path: Path) -> None:
    shutil.copy(ROOT / "scripts/bootstrap/with-python", tmp_path)
    (tmp_path / "start.py").write_text("import sys; print(sys.executable, *sys.argv[1:])")
    managed = tmp_path / "bin"
    managed.mkdir()
    (managed / "python3").symlink_to(sys._base_executable)  # type: ignore[attr-defined]
    path = f"{managed}:{os.environ['PATH']}"
    said = subprocess.run(
        [tmp_path / "with-python", "test", "-q"],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    system = "/usr/bin/python3"
    asked = "import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))"
    suits = os.access(system, os.X_OK) and not subprocess.call([system, "-c", asked])
    assert said.split() == [system if suits else str(managed / "python3"), "test", "-q"]
