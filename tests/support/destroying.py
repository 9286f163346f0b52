"""A process that destroys what is due at a holder, so that a test can kill it.

`python -m tests.support.destroying URL FOLDER DAY HOLDER` makes the application once, and then, for
each line that it reads, a process of its own that destroys. That one says its number as it begins
with the first line of a list.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from sqlalchemy import select

from stopintimidatie.core.clock import clock_at
from stopintimidatie.privacy.destruction import jobs
from stopintimidatie.privacy.destruction.models import DestructionLine
from stopintimidatie.privacy.retention.queries import present_version
from stopintimidatie.privacy.retention.rules import schedule_of
from tests.support.installation import ROOT, Installation, make_settings


class Destroyer:
    """The process that makes processes, seen from the test."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def begin(self) -> int:
        """Let a new process begin; its number, once it is at the first line."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"begin\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def kill(self, number: int) -> None:
        """Kill it, and wait until it is gone."""
        assert self._process.stdout is not None
        os.kill(number, signal.SIGKILL)
        assert self._process.stdout.readline() == b"weg\n"


@contextmanager
def destroyer(installation: Installation, day: date, holder: str) -> Iterator[Destroyer]:
    """Give a process that can destroy at this holder as if it were this day."""
    settings = installation.settings
    arguments = [settings.database_url, str(settings.data_dir), day.isoformat(), holder]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.destroying", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        yield Destroyer(process)
        process.kill()


def main() -> None:
    url, folder, day, holder = sys.argv[1:]
    made = Installation(make_settings(url, Path(folder)))
    moment = datetime.combine(date.fromisoformat(day), time(12), UTC)
    with clock_at(moment), suppress(_WarmError):
        _warm(made, holder)
    made.engine.dispose()
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            with clock_at(moment):
                _destroy(made, holder)
            os._exit(0)
        os.waitpid(child, 0)
        _say("weg")


class _WarmError(Exception):
    """Every statement was written once; nothing of it stays."""


def _warm(made: Installation, holder: str) -> None:
    """Destroy one document and take that back: each process after this is as fast as a worker."""
    with made.transaction(holder) as session:
        version = present_version(session)
        assert version is not None
        line = session.scalars(select(DestructionLine.id).order_by(DestructionLine.id)).first()
        assert line is not None
        jobs._carry_out(made.registry, session, line, schedule_of(version.content))
        raise _WarmError


def _destroy(made: Installation, holder: str) -> None:
    carry_out = jobs._carry_out_lines

    def begun(*given: Any) -> None:
        _say(str(os.getpid()))
        carry_out(*given)

    jobs._carry_out_lines = begun  # type: ignore[assignment]
    jobs.destroy_what_is_due(made.registry, made.engine, holder)
    # Finished before it was killed: wait for that.
    signal.pause()


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
