"""Starts the product's own commands quickly, each as the leader of a group of its own.

One process has all modules in memory and forks a child per command; the child becomes a session
of its own and runs `stopintimidatie.cli` with the arguments it is given. That saves the second and
a half that Python needs to read the product, twenty times over. Everything it started dies with it.

As a program (`python -m tests.crash.nursery`) it reads one order a line from its standard input.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Order:
    """One command to start.

    `marks`: a folder for its marks; `sabotage`: answer before commit; `page_limit`: a file with
    how many pages SQLite may have; `lines`: a file for the lines of a worker that lingers.
    """

    arguments: list[str]
    log: str
    temporary: str
    marks: str | None = None
    sabotage: bool = False
    page_limit: str | None = None
    lines: str | None = None


class Nursery:
    """The side of the tests."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.crash.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # A library's own threads wouldn't survive the fork.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        self._line()

    def start(self, order: Order) -> int:
        """The process and group id of a new group."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()
        return int(self._line())

    def close(self) -> None:
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the nursery died"
        return line


def gone(group: int) -> bool:
    """Whether nobody of this group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def kill(group: int, number: signal.Signals = signal.SIGKILL, *, seconds: float = 20) -> None:
    """Signal a whole group, and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
    deadline = time.monotonic() + seconds
    while not gone(group):
        assert time.monotonic() < deadline, f"group {group} outlives {number.name}"
        time.sleep(0.002)


# the program


def main() -> None:
    _adopt_orphans()
    _read_everything()
    assert threading.active_count() == 1, "a fork would lose these threads"
    print("ready", flush=True)  # noqa: T201 - the protocol
    started = []
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(Order(**json.loads(line)))
        started.append(child)
        _await_group(child)
        print(child, flush=True)  # noqa: T201 - the protocol
    for group in started:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def _await_group(child: int) -> None:
    """Until it leads a group: before that, a signal to the group would hit nobody."""
    with contextlib.suppress(ProcessLookupError):
        while os.getpgid(child) != child:
            time.sleep(0.0005)


def _adopt_orphans() -> None:
    """Children and their children vanish when they end: nobody waits for them by hand."""
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def _read_everything() -> None:
    """Import all that a web server and a worker import when they start."""
    from stopintimidatie import configure
    from stopintimidatie.cli.gateway import spare_what_stays
    from stopintimidatie.core.storage.encryption import create_key_file
    from tests.support.installation import make_settings

    with tempfile.TemporaryDirectory() as name:
        settings = make_settings(f"sqlite:///{name}/data.sqlite", Path(name))
        create_key_file(settings.key_file)
        config = configure(settings)
        config.make_wsgi_app()
        config.registry.engine.dispose()
    # Else each child goes through all of it, and so copies it.
    spare_what_stays()


def _become(order: Order) -> None:
    """Be the command; never returns."""
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _redirect(order)
        _instrument(order)
        sys.argv = ["stopintimidatie", *order.arguments]
        warnings.resetwarnings()
        from stopintimidatie.cli import main as command

        command()
    except SystemExit as ended:
        os._exit(int(ended.code or 0))
    except BaseException:
        sys.excepthook(*sys.exc_info())
    os._exit(1)


def _redirect(order: Order) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ["TMPDIR"] = tempfile.tempdir = order.temporary


def _instrument(order: Order) -> None:
    from tests.crash import dawdling, full_disk, marks, sabotage

    marker: Any = marks.install(Path(order.marks)) if order.marks else None
    if order.sabotage:
        sabotage.install(marker)
    if order.page_limit:
        full_disk.install(Path(order.page_limit))
    if order.lines:
        dawdling.install(Path(order.lines))


if __name__ == "__main__":
    main()
