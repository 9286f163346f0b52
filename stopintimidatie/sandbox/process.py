"""A child process with nothing of ours: no environment with secrets, no files but those given.

Its session is its own, so that it is killed with everything it started.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

from stopintimidatie.sandbox import limits as bounding
from stopintimidatie.sandbox.limits import Limits

PACKAGE_ROOT: Final = Path(__file__).parent.parent.parent
# How the libraries under a child die when they get no more memory; SIGTRAP is GLib's way.
OUT_OF_MEMORY: Final = (-signal.SIGXFSZ, -signal.SIGSEGV, -signal.SIGABRT, -signal.SIGTRAP)
OUT_OF_TIME: Final = (-signal.SIGXCPU, -signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended, and what it said on each of its outputs."""

    code: int
    said: str
    errors: str

    @property
    def too_heavy(self) -> bool:
        """Whether it asked more time or memory than it may have."""
        return self.code in (*OUT_OF_TIME, *OUT_OF_MEMORY)


@contextmanager
def memory_file() -> Iterator[BinaryIO]:
    """A file that is only in memory, and that a child process can open."""
    with os.fdopen(os.memfd_create("bijlage", os.MFD_CLOEXEC), "w+b") as file:
        yield file


def of_our_own(module: str) -> list[str]:
    """The command that runs one of our modules; it binds itself."""
    return [sys.executable, "-m", module]


def within(limits: Limits, program: str) -> list[str]:
    """The command that becomes another's program, within limits."""
    return [sys.executable, "-I", "-S", bounding.__file__, limits.as_text(), program]


def environment(**more: str) -> dict[str, str]:
    """Only what Python needs: nothing of the application's own settings."""
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(PACKAGE_ROOT),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        **more,
    }


@contextmanager
def child(
    command: Sequence[str],
    files: Sequence[IO[bytes]],
    *,
    folder: Path = Path("/"),
    variables: Mapping[str, str] | None = None,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stderr: int | IO[bytes] = subprocess.PIPE,
) -> Iterator[subprocess.Popen[bytes]]:
    """A running child; ended, with all it started, when the block is left.

    :param files: what it may use, under the same numbers.
    """
    running = subprocess.Popen(  # noqa: S603
        command,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        pass_fds=[file.fileno() for file in files],
        cwd=folder,
        env=environment(**(variables or {})),
        start_new_session=True,
    )
    try:
        yield running
    finally:
        _end(running)


def _end(running: subprocess.Popen[bytes]) -> None:
    if running.poll() is None:
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    pipes: list[Any] = [running.stdout, running.stderr]
    for pipe in filter(None, pipes):
        pipe.close()


def run(command: Sequence[str], files: Sequence[IO[bytes]], seconds: float) -> Ended:
    """Run a child to its end, or to that of its time; killed it has the code of SIGKILL."""
    with child(command, files) as running:
        try:
            said, errors = running.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return Ended(-signal.SIGKILL, "", "")
        return Ended(running.returncode, said.decode("utf-8", "replace"), _text(errors))


def _text(errors: bytes | None) -> str:
    return (errors or b"").decode("utf-8", "replace")
