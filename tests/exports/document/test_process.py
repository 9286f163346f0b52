"""The child process: bounded, alone, and clear about what went wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stopintimidatie.core.sandbox.process import MEGABYTE, PACKAGE_ROOT, Limits, environment
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.exports.document import process
from stopintimidatie.exports.document.content import SCHEMA, StatementContent
from stopintimidatie.exports.document.process import (
    RenderingError,
    RenderingTooBigError,
    RenderingTooSlowError,
    Step,
    render_in_process,
)
from stopintimidatie.exports.profiles.defaults import POLICE
from stopintimidatie.exports.redaction.content import DossierContent, House
from tests.support.exports_factory import a_dossier, redact

ROOT = PACKAGE_ROOT


@pytest.fixture
def content() -> DossierContent:
    return redact(a_dossier(3), POLICE)


def my_children() -> list[int]:
    """Renderings that still run under this process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            if (
                int(parent) == os.getpid()
                and b"exports.document.child" in (folder / "cmdline").read_bytes()
            ):
                found.append(int(folder.name))
    return found


WAITING_PARENT = """
import sys, tempfile, time
from pathlib import Path
from stopintimidatie.core.sandbox.process import Limits
from stopintimidatie.exports.document.process import _child, _nameless
folder = Path(sys.argv[1])
files = (sys.stdin.buffer, _nameless(folder), _nameless(folder))
with _child(folder, files, Limits(), "archief") as (child, errors):
    print(child.pid, flush=True)
    time.sleep(60)
"""


def test_a_rendering_ends_with_the_worker_that_is_killed(tmp_path: Path) -> None:
    """Check with a child whose input never ends: without the kill it would wait for ever."""
    command = [sys.executable, "-c", WAITING_PARENT, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:
        assert worker.stdout
        child = Path(f"/proc/{int(worker.stdout.readline())}")
        worker.kill()
        worker.wait()
        deadline = time.monotonic() + 20
        while child.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not child.exists()


@pytest.mark.alles
def test_progress_is_told_page_by_page(content: DossierContent) -> None:
    steps: list[Step] = []
    pdf = render_in_process(content, on_progress=steps.append)
    assert pdf.startswith(b"%PDF-1.7")
    assert Step("opmaken", 1) in steps
    assert steps[-1] == Step("schrijven", 0)


def test_nothing_readable_lies_on_the_disk_meanwhile(
    content: DossierContent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is killed has no time to tidy up."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen: set[str] = set()

    def look(_: Step) -> None:
        seen.update(path.name for path in tmp_path.glob("dossier-*/*") if path.is_file())

    render_in_process(content, on_progress=look)
    assert seen == {"fonts.conf"}
    assert list(tmp_path.iterdir()) == []


def test_a_rendering_that_takes_too_long_is_ended_with_what_it_started() -> None:
    content = redact(a_dossier(200), POLICE)
    started = time.monotonic()
    with pytest.raises(RenderingTooSlowError, match="duurde te lang"):
        render_in_process(content, limits=Limits(wall_seconds=1))
    assert time.monotonic() - started < 20
    assert my_children() == []


@pytest.mark.alles
def test_a_rendering_that_needs_too_much_processor_time_is_ended() -> None:
    content = redact(a_dossier(200), POLICE)
    with pytest.raises(RenderingTooSlowError, match="rekentijd"):
        render_in_process(content, limits=Limits(cpu_seconds=2))


def test_a_rendering_that_needs_too_much_memory_is_ended(content: DossierContent) -> None:
    # Python says MemoryError, a library below it dies or, rarely, keeps trying: time ends that.
    bounds = Limits(memory_bytes=130 * MEGABYTE, wall_seconds=30, cpu_seconds=30)
    with pytest.raises((RenderingTooBigError, RenderingTooSlowError)):
        render_in_process(content, limits=bounds)


def test_a_file_that_grows_too_big_is_refused(content: DossierContent) -> None:
    with pytest.raises(RenderingError):
        render_in_process(content, limits=Limits(file_bytes=40_000))


@pytest.mark.alles
def test_an_error_in_the_listener_ends_the_child_too(content: DossierContent) -> None:
    def broken(_: Step) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        render_in_process(content, on_progress=broken)
    assert my_children() == []


def test_a_child_that_fails_gives_a_message_for_people_and_a_detail_for_the_log(
    content: DossierContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "to_json", lambda _: b"{}")
    with pytest.raises(RenderingError, match="Probeer het opnieuw") as caught:
        render_in_process(content)
    assert "ContentError" in caught.value.detail


# Its clock is another one, and to take Python down would end it with a signal.
ANOTHER_DAY = """
import atexit, os, runpy, sys, time
time.time = lambda: 4e9
atexit.register(os.abort)
runpy.run_module("stopintimidatie.exports.document.child", run_name="__main__")
"""


@pytest.mark.alles
def test_a_statement_has_the_same_bytes_another_day_and_the_child_leaves_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Python unloads Pango while a thread of Pango still runs: on a busy machine that crashed."""
    content = StatementContent(
        schema=SCHEMA,
        house=House("Gemeente Dordrecht", "Openbare orde", "#123456", None),
        title="Verklaring",
        number="V-2031-0001",
        made_at=datetime(2031, 1, 1, tzinfo=UTC),
        sentences=("Alles is gegaan.",),
        sections=(),
    )
    pdf = render_in_process(content)
    monkeypatch.setattr(process, "module_command", lambda _: [sys.executable, "-c", ANOTHER_DAY])
    assert render_in_process(content) == pdf


def test_the_child_gets_nothing_of_our_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GEHEIM", "wachtwoord")
    assert "GEHEIM" not in environment()


def in_a_closed_house(code: str, own: Path) -> subprocess.CompletedProcess[str]:
    program = (
        "from pathlib import Path; import os, sys, socket, subprocess\n"
        "from stopintimidatie.exports.document.child import _close_doors\n"
        f"own = Path({str(own)!r}); _close_doors(own)\n{code}"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "code",
    [
        "socket.socket().connect(('127.0.0.1', 9))",
        "socket.getaddrinfo('example.com', 80)",
        "subprocess.run(['true'])",
        "os.system('true')",
        "os.execv('/bin/true', ['true'])",
        "open('/etc/passwd')",
        "os.open('/etc/passwd', os.O_RDONLY)",
        "open('/proc/self/environ')",
        "(own / 'link').symlink_to('/etc/passwd'); open(own / 'link')",
    ],
)
def test_the_child_reaches_no_network_no_program_and_no_foreign_file(
    code: str, tmp_path: Path
) -> None:
    done = in_a_closed_house(code, tmp_path)
    assert "PermissionError: a rendering may not do this" in done.stderr


def test_the_child_may_write_in_its_own_folder(tmp_path: Path) -> None:
    done = in_a_closed_house("(own / 'uit.pdf').write_text('x')", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_only_the_module_rendering_imports_weasyprint() -> None:
    package = ROOT / "stopintimidatie"
    importing = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "import weasyprint" in (text := path.read_text()) or "from weasyprint" in text
    }
    assert importing == {"exports/document/rendering.py"}


def test_the_child_that_draws_loads_no_web_framework_and_no_database() -> None:
    code = (
        "import sys, stopintimidatie.exports.document.child\n"
        "import stopintimidatie.exports.document.rendering\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    needless = {"pyramid", "sqlalchemy", "webob", "colander", "email_validator"}
    assert not needless & set(found.stdout.split())


@pytest.mark.alles
def test_the_web_process_never_loads_what_draws_and_signs_a_file(tmp_path: Path) -> None:
    create_key_file(tmp_path / "sleutels.json")
    code = (
        "import pathlib, sys, stopintimidatie\n"
        "from tests.support.installation import make_settings\n"
        "settings = make_settings('sqlite://', pathlib.Path(sys.argv[1]))\n"
        "stopintimidatie.configure(settings).make_wsgi_app()\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {"weasyprint", "fontTools", "pyhanko", "pikepdf"}
    assert not heavy & set(found.stdout.split())
