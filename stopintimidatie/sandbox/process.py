"""Child processes that get no secrets from our environment and only the files they are given.

Each has a session of its own, so that it is killed together with the processes it started.
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
# Signals by which libraries end a child that gets no more memory; GLib uses SIGTRAP.
OUT_OF_MEMORY: Final = (-signal.SIGXFSZ, -signal.SIGSEGV, -signal.SIGABRT, -signal.SIGTRAP)
OUT_OF_TIME: Final = (-signal.SIGXCPU, -signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Ended:
    """The exit code of a child that ended, and the text on its standard output and error output."""

    code: int
    said: str
    errors: str

    @property
    def too_heavy(self) -> bool:
        """Tell whether the child was ended because it exceeded its time or memory."""
        return self.code in (*OUT_OF_TIME, *OUT_OF_MEMORY)


@contextmanager
def memory_file() -> Iterator[BinaryIO]:
    """Give a file that exists in memory only and that a child process can use by its number."""
    with os.fdopen(os.memfd_create("bijlage", os.MFD_CLOEXEC), "w+b") as file:
        yield file


def module_command(module: str) -> list[str]:
    """Return the command that runs a module of ours, which sets its own limits."""
    return [sys.executable, "-m", module]


def limited_command(limits: Limits, program: str) -> list[str]:
    """Return the command that runs another program within limits."""
    return [sys.executable, "-I", "-S", bounding.__file__, limits.as_text(), program]


def environment(**more: str) -> dict[str, str]:
    """Return the environment variables that Python needs, without the application's settings."""
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
    """Run a child during the block; kill it, with the processes it started, at the end.

    :param files: open files that the child may use, under the same numbers.
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
    """Run a child until it ends or the time is up; then it is killed and its code is -SIGKILL."""
    with child(command, files) as running:
        try:
            said, errors = running.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return Ended(-signal.SIGKILL, "", "")
        return Ended(running.returncode, said.decode("utf-8", "replace"), _text(errors))


def _text(errors: bytes | None) -> str:
    return (errors or b"").decode("utf-8", "replace")
