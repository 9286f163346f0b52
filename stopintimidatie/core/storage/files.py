"""Files that several processes share: locks, text that is replaced whole, checksums."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final
from uuid import uuid4

from stopintimidatie.core.storage.session import sqlite_file
from stopintimidatie.settings import Settings

_POLL_SECONDS: Final = 0.005


def try_lock(path: Path) -> IO[str] | None:
    """Take the lock of a file, or return None when somebody else holds it.

    It holds between processes and threads. Whoever closes the file frees it; so does the kernel
    when a process ends, whatever ends it.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


@contextmanager
def locked(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock of a file during the block.

    Args:
        path: the file; it is made when it isn't there.
        patience: so many seconds to wait for who holds it.

    Raises:
        TimeoutError: somebody else holds it for longer than that.
    """
    end = time.monotonic() + patience
    while (file := try_lock(path)) is None:
        if time.monotonic() >= end:
            raise TimeoutError(path)
        time.sleep(_POLL_SECONDS)
    with file:
        yield


def replace_text(path: Path, text: str) -> None:
    """Put this text in a file in one move: nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_name(f"{path.name}.{uuid4().hex}")
    aside.write_text(text)
    aside.replace(path)


def write_private(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a new file for the service alone, down to the disk; never over an existing one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.writelines(chunks)
        handle.flush()
        os.fsync(handle.fileno())


def sync_folder(folder: Path) -> None:
    """Write down to the disk which files are in this folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def free_megabytes(settings: Settings) -> int:
    """Return how much is free on the fullest disk of the data; nought when one can't be read."""
    database = sqlite_file(settings)
    folders = (settings.data_dir, settings.disk_folder, database and database.parent)
    try:
        return min(shutil.disk_usage(folder).free for folder in folders if folder) // 10**6
    except OSError:
        return 0


def checksum(path: Path) -> int:
    """Return the CRC of a file, to notice damage by; it doesn't hold against who means harm."""
    crc = 0
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            crc = zlib.crc32(block, crc)
    return crc
