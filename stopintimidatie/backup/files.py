"""The files of `data_dir` that belong in a copy, and putting them back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from stopintimidatie.backup.errors import DamagedError
from stopintimidatie.search import INDEX_FOLDER
from stopintimidatie.settings import Settings
from stopintimidatie.storage.session import sqlite_file

COPY_PREFIX: Final = "stopintimidatie-"
WORK_PREFIX: Final = ".reservekopie-"
SIDECARS: Final = ("", "-wal", "-shm", "-journal")


def kept_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """(name below `data_dir`, path) of every file that can't be made again.

    Left out: the database itself (it goes in as a snapshot), the key file and ini files
    (secrets), the search index (made again), hidden files, and copies that were made here.
    """
    apart = _apart(settings)
    index = settings.data_dir / INDEX_FOLDER
    for here, folders, names in os.walk(settings.data_dir):
        folder = Path(here)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and folder / name != index
        )
        for name in sorted(names):
            path = folder / name
            if path not in apart and _is_kept(path):
                yield path.relative_to(settings.data_dir).as_posix(), path


def _apart(settings: Settings) -> set[Path]:
    apart = {settings.key_file}
    database = sqlite_file(settings)
    if database is not None:
        apart |= {database.with_name(database.name + sidecar) for sidecar in SIDECARS}
    return apart


def _is_kept(path: Path) -> bool:
    if path.name.startswith((".", COPY_PREFIX)) or path.suffix == ".ini":
        return False
    return path.is_file() and not path.is_symlink()


class Staging:
    """Files that wait beside `data_dir`'s own until everything has proved to be good."""

    def __init__(self, folder: Path, data_dir: Path) -> None:
        self._folder, self._data_dir = folder, data_dir
        self.names: list[PurePosixPath] = []

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        relative = PurePosixPath(name)
        if relative.is_absolute() or not relative.parts or ".." in relative.parts:
            raise DamagedError("een bestandsnaam wijst buiten de map")
        path = self._folder / relative
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            handle.writelines(chunks)
            handle.flush()
            os.fsync(handle.fileno())
        self.names.append(relative)

    def publish(self) -> None:
        """Move every file to its place."""
        for name in self.names:
            path = self._data_dir / name
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self._folder / name).rename(path)


@contextmanager
def staging(settings: Settings) -> Iterator[Staging]:
    """A place for files until `publish`."""
    with TemporaryDirectory(prefix=WORK_PREFIX, dir=settings.data_dir) as folder:
        yield Staging(Path(folder), settings.data_dir)


def forget_index(settings: Settings) -> None:
    """An index that was left behind belongs to another database."""
    shutil.rmtree(settings.data_dir / INDEX_FOLDER, ignore_errors=True)
