"""A folder of files as archives want it: a *bag* (BagIt 1.0, RFC 8493), in a zip or on the disk.

Each file has its SHA-256 in a manifest beside it. The same files at the same moment give the same
bytes: a zip is stored without compression, and every file in it has the moment of the bag.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

from stopintimidatie.core.storage.files import sync_folder
from stopintimidatie.core.text import day_of, local

DECLARATION: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
PAYLOAD: Final = "data/"


class ArchiveError(Exception):
    """Package that can't be made; the message says what to do."""


@dataclass(frozen=True, slots=True)
class BagFile:
    """A file in a bag: its path below `data/`, size in bytes and SHA-256."""

    path: str
    size: int
    sha256: str


class ZipTarget:
    """A zip with one folder in it."""

    def __init__(self, file: IO[bytes], folder: str, moment: datetime) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        self._folder = folder
        self._moment = local(moment).timetuple()[:6]

    def write(self, path: str, chunks: Iterable[bytes]) -> None:
        """Add one file."""
        entry = zipfile.ZipInfo(f"{self._folder}/{path}", self._moment)
        entry.external_attr = 0o600 << 16
        entry.create_system = 3
        with self._zip.open(entry, "w", force_zip64=True) as target:
            for chunk in chunks:
                target.write(chunk)

    def __enter__(self) -> ZipTarget:
        return self

    def __exit__(self, *_: object) -> None:
        # Writes the directory of the zip; after an error the caller throws the file away.
        self._zip.close()


class FolderTarget:
    """A folder on the disk, whose files are really there when they were written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, path: str, chunks: Iterable[bytes]) -> None:
        """Write one file, with the folders that it stands in."""
        place = self._folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as target:
            for chunk in chunks:
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())


@dataclass
class Bag:
    """A bag that is being filled; `files` are those in it, in the order they were added."""

    target: ZipTarget | FolderTarget
    files: list[BagFile] = field(default_factory=list)

    def add(self, path: str, content: bytes | Iterable[bytes]) -> BagFile:
        """Add a file below `data/`."""
        chunks = (content,) if isinstance(content, bytes) else content
        sha256, size = hashlib.sha256(), 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for chunk in chunks:
                sha256.update(chunk)
                size += len(chunk)
                yield chunk

        self.target.write(f"{PAYLOAD}{path}", counted())
        added = BagFile(path, size, sha256.hexdigest())
        self.files.append(added)
        return added

    def close(self, moment: datetime, information: Sequence[tuple[str, str]]) -> None:
        """Add the manifest and what else makes it a bag."""
        size = sum(file.size for file in self.files)
        lines = [
            *information,
            ("Bagging-Date", day_of(moment).isoformat()),
            ("Payload-Oxum", f"{size}.{len(self.files)}"),
        ]
        tags = {
            "bagit.txt": DECLARATION,
            "bag-info.txt": "".join(f"{name}: {value}\n" for name, value in lines).encode(),
            "manifest-sha256.txt": manifest(self.files),
        }
        own = [
            BagFile(name, len(text), hashlib.sha256(text).hexdigest())
            for name, text in tags.items()
        ]
        tags["tagmanifest-sha256.txt"] = manifest(own, folder="")
        for name, text in tags.items():
            self.target.write(name, (text,))


def manifest(files: Iterable[BagFile], folder: str = PAYLOAD) -> bytes:
    """Return the lines of a manifest: checksum and path; a break in a path is written as %0A."""
    rows = sorted(files, key=lambda file: file.path)
    return "".join(f"{row.sha256}  {folder}{_written(row.path)}\n" for row in rows).encode()


def _written(path: str) -> str:
    return path.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


@contextmanager
def whole_file(path: Path) -> Iterator[Any]:
    """Give a file to write to that appears under its name whole, or not at all.

    Raises:
        ArchiveError: It is there already, or can't be written.
    """
    if path.exists():
        raise ArchiveError(f"{path} bestaat al. Kies een andere map, of haal dat bestand weg.")
    half = path.with_name(f".{path.name}.deel")
    try:
        with half.open("w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        half.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise ArchiveError(_unwritable(path, error)) from None
    finally:
        half.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a folder to fill that appears under its name whole, or not at all.

    What an earlier attempt left half is thrown away.

    Raises:
        ArchiveError: There is something in it already, or it can't be written.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ArchiveError(f"{path} is niet leeg. Kies een lege map, of een die nog niet bestaat.")
    half = path.with_name(f".{path.name}.deel")
    try:
        _remove(half)
        half.mkdir(parents=True, mode=0o700)
        yield half
        for folder, _, _ in os.walk(half):
            sync_folder(Path(folder))
        if path.exists():
            path.rmdir()
        half.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise ArchiveError(_unwritable(path, error)) from None
    finally:
        _remove(half)


def _unwritable(path: Path, error: OSError) -> str:
    return (
        f"{path} kan niet worden geschreven ({error.strerror}). Is er ruimte, en mag u daar"
        " schrijven?"
    )


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
