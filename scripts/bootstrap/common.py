"""Shared by all bootstrap steps: where the project lies, what we say, how we wait and stop."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Numbers of open files that every process we start inherits: a lock on such a file lasts until all
# of those processes have ended.
SHARED: list[int] = []
# A silent step looks as if it hangs, so it says now and then that it is busy.
SECONDS_OF_SILENCE = 10


class SetupError(Exception):
    """Something a person has to do first; the message says what, in Dutch."""


def say(message: str) -> None:
    """Tell the person at the keyboard (or the log) how far we are, at once."""
    print(message, flush=True)


def refuse_kindly(error: SetupError) -> int:
    """Print what went wrong and give the exit code for it."""
    print(f"\nHet lukt niet.\n{error}", file=sys.stderr, flush=True)
    return 1


def fingerprint(paths: Iterable[Path], extra: str = "") -> str:
    """Hash the content of some files: the same as last time means nothing to do."""
    digest = hashlib.sha256(extra.encode())
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def read_stamp(path: Path) -> str:
    """Return the fingerprint that an earlier run wrote when it was done, or nothing."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def run_quietly(
    command: Sequence[str | Path], *, failure: str, env: Mapping[str, str] | None = None
) -> str:
    """Run a step whose output matters only when it fails; then show its last lines."""
    done = run_aloud(
        command,
        env=dict(env) if env is not None else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        tail = "\n".join(f"    {line}" for line in done.stdout.strip().splitlines()[-20:])
        raise SetupError(f"{failure}\n\nDit zei het programma:\n{tail}")
    return done.stdout


def run_aloud(command: Sequence[str | Path], **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a step, and say every ten seconds that it still runs; it ends when we are stopped."""
    words = [str(part) for part in command]
    common: dict[str, Any] = {"cwd": ROOT, "stdin": subprocess.DEVNULL, "pass_fds": SHARED}
    began = time.monotonic()
    with subprocess.Popen(words, **common, **more) as process:
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    said, _ = process.communicate(timeout=SECONDS_OF_SILENCE)
                    return subprocess.CompletedProcess(words, process.returncode, said)
                say(f"  Nog bezig, {time.monotonic() - began:.0f} seconden…")
        except BaseException:
            process.kill()
            raise


@contextlib.contextmanager
def alone_in(folder: Path, *, wait: str, seconds: float, refusal: str) -> Iterator[None]:
    """Hold the lock of a folder, together with all processes that are started meanwhile.

    A start that is killed leaves such processes: the next one waits until they have ended.

    :param wait: said to the person when another holds the lock.
    :raises SetupError: the refusal, when another still holds it after so many seconds.
    """
    number = os.open(folder, os.O_RDONLY)
    try:
        if not _locked(number):
            say(wait)
            if not wait_until(lambda: _locked(number), seconds=seconds):
                raise SetupError(refusal)
        SHARED.append(number)
        try:
            yield
        finally:
            SHARED.remove(number)
    finally:
        os.close(number)


def installing() -> contextlib.AbstractContextManager[None]:
    """Hold the lock of the installation, so that two starts don't install at the same time."""
    wait = "Een ander script is hier nog aan het installeren; even wachten…"
    return alone_in(Path(__file__).parent, wait=wait, seconds=math.inf, refusal="")


def _locked(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_until(settled: Callable[[], bool], *, seconds: float) -> bool:
    """Look ten times a second; False when the time is over."""
    deadline = time.monotonic() + seconds
    while not settled():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
