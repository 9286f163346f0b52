"""Child processes with limits, without our secrets, and with only the files they are given.

Each has a session of its own, so that it is killed together with the processes it started.

``python -I -S process.py LIMITS PROGRAM ARGUMENT...`` sets the limits and becomes that program; so
this module needs only the standard library.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, Self

MEGABYTE: Final = 1024 * 1024
PACKAGE_ROOT: Final = Path(__file__).parents[3]
# Signals by which libraries end a child that gets no more memory; GLib uses SIGTRAP.
OUT_OF_MEMORY: Final = (-signal.SIGXFSZ, -signal.SIGSEGV, -signal.SIGABRT, -signal.SIGTRAP)
OUT_OF_TIME: Final = (-signal.SIGXCPU, -signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on one child process, in seconds and bytes.

    The defaults are for a rendering: a dossier of 500 pages takes a quarter of this memory.

    Args:
        yields: the `nice` value: how far the child lets other processes go first.
    """

    wall_seconds: int = 600
    cpu_seconds: int = 600
    memory_bytes: int = 1024 * MEGABYTE
    file_bytes: int = 200 * MEGABYTE
    yields: int = 0

    def as_text(self) -> str:
        """Write the limits as an argument for the child."""
        return ",".join(map(str, astuple(self)))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read the limits from the argument that `as_text` wrote."""
        return cls(*map(int, text.split(",")))

    def bind(self) -> None:
        """Set these limits on this process; the parent guards the wall-clock time."""
        for limit, value in (
            (resource.RLIMIT_AS, self.memory_bytes),
            (resource.RLIMIT_CPU, self.cpu_seconds),
            (resource.RLIMIT_FSIZE, self.file_bytes),
            (resource.RLIMIT_CORE, 0),
        ):
            hard = resource.getrlimit(limit)[1]
            bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(limit, (bound, bound))
        os.nice(self.yields)


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
    return [sys.executable, "-I", "-S", __file__, limits.as_text(), program]


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

    `files`: open files that the child may use, under the same numbers.
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


# Pictures: plain values for parent and child process.

# Most pixels, checked before a picture is decoded. The largest photo of a telephone has some 50
# million. A JPEG of that size is decoded at half its size and takes a second at most. PNG and WebP
# can only be decoded at full size, with more bytes for each pixel: at twice this bound that takes
# some seconds and 700 MB.
MOST_PIXELS: Final = {"JPEG": 52_000_000, "MPO": 52_000_000, "HEIF": 52_000_000}
MOST_PIXELS_OTHERWISE: Final = 25_000_000
# A progressive JPEG has some ten scans. Even one of eighty bytes is decoded over the whole picture.
MOST_SCANS: Final = 40
LOGO_PIXELS: Final = 4_000
# The exports include the logo in their content, and refuse a larger one.
LOGO_BYTES: Final = 300_000


class Refusal(StrEnum):
    """The reason to refuse a picture."""

    PIXELS = "punten"
    SCANS = "lagen"
    HEAVY = "zwaar"
    BROKEN = "onleesbaar"
    TOO_LARGE = "te-groot"


class PictureError(Exception):
    """The picture is refused; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


CHILD: Final = "stopintimidatie.core.sandbox.pictures"
# The heaviest photo that is accepted (HEIC, 48 megapixels) needs a third of this time.
LIMITS: Final = Limits(30, 15, 1024 * MEGABYTE, 50 * MEGABYTE, yields=5)
PHOTO: Final = "foto"
LOGO: Final = "logo"


def draw(drawing: str, source: BinaryIO, target: BinaryIO, limits: Limits | None = None) -> None:
    """Decode a picture in a child process and write it, encoded again, to `target`.

    `drawing`: `PHOTO` or `LOGO`.
    `source`: file with the picture; it and `target`, which is empty, must have a file number.

    Raises:
        PictureError: the picture is refused; its `refusal` says why.
    """
    bounds = limits or LIMITS
    source.flush()
    source.seek(0)
    numbers = (str(source.fileno()), str(target.fileno()))
    command = [*module_command(CHILD), bounds.as_text(), drawing, *numbers]
    ended = run(command, (source, target), bounds.wall_seconds)
    if ended.too_heavy:
        raise PictureError(Refusal.HEAVY)
    if ended.code != 0 or not target.seek(0, os.SEEK_END):
        raise PictureError(Refusal(ended.said or Refusal.BROKEN))
    target.seek(0)


if __name__ == "__main__":
    Limits.from_text(sys.argv[1]).bind()
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606
