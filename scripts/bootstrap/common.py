"""Shared by all bootstrap steps: where the project lies, what we say, how we stop."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"


# Numbers of open files that every process we start inherits: a lock on such a file lasts until all
# of those processes have ended.
SHARED: list[int] = []


class SetupError(Exception):
    """Something a person has to do first; the message says what, in Dutch."""


def say(message: str) -> None:
    """Tell the person at the keyboard (or the log) how far we are, at once."""
    print(message, flush=True)


def fingerprint(paths: Iterable[Path], extra: str = "") -> str:
    """One hash over some files' content: the same as last time means nothing to do."""
    digest = hashlib.sha256(extra.encode())
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def read_stamp(path: Path) -> str:
    """What an earlier run wrote when it was done, or nothing."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def home_is_usable() -> bool:
    """Tools keep caches under HOME; a service account may have none, or one it can't write."""
    home = os.environ.get("HOME", "")
    return bool(home) and Path(home).is_dir() and os.access(home, os.W_OK)


def run_quietly(
    command: Sequence[str | Path], *, failure: str, env: Mapping[str, str] | None = None
) -> None:
    """Run a step whose output matters only when it fails; then show its last lines."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=dict(env) if env is not None else None,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        pass_fds=SHARED,
    )
    if done.returncode:
        tail = "\n".join(f"    {line}" for line in done.stdout.strip().splitlines()[-20:])
        raise SetupError(f"{failure}\n\nDit zei het programma:\n{tail}")


@contextlib.contextmanager
def shared(number: int) -> Iterator[None]:
    """Let the processes that are started in this block inherit this open file."""
    SHARED.append(number)
    try:
        yield
    finally:
        SHARED.remove(number)


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Hold the lock of the installation, so that two starts don't install at the same time.

    Wait for the start that holds it, and for the processes that it left running if it was killed.
    """
    folder = os.open(Path(__file__).parent, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Een ander script is hier nog aan het installeren; even wachten…")
            fcntl.flock(folder, fcntl.LOCK_EX)
        with shared(folder):
            yield
    finally:
        os.close(folder)


def refuse_kindly(error: SetupError) -> int:
    """Print what went wrong and give the exit code for it."""
    print(f"\nHet lukt niet.\n{error}", file=sys.stderr, flush=True)
    return 1
