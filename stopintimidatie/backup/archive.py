"""The archive inside a backup copy: a tar that is written and read as a stream.

A database is cut into members of at most 8 MiB, so that neither its size need be known
beforehand nor much memory is used; `cat database/*` joins them again. The manifest and its
signature come last.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, Final, Literal

from stopintimidatie.backup.errors import DamagedError
from stopintimidatie.backup.manifest import Manifest, Part, read_manifest
from stopintimidatie.backup.sealing import compressed, unsealed

CHUNK: Final = 8 * 1024 * 1024
READ: Final = 1024 * 1024
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.handtekening"
DATABASE: Final = "database/"
FILES: Final = "bestanden/"
KEYS: Final = "sleutels.json"
# A manifest names every file; beyond this it isn't one of ours.
LARGEST_MANIFEST: Final = 256 * 1024 * 1024

Progress = Callable[[str], None]


def megabytes(size: int) -> str:
    return f"{size / 1_000_000:.0f} MB"


class _Hashing(io.RawIOBase):
    """Hashes what is read through it."""

    def __init__(self, source: IO[bytes]) -> None:
        self.source = source
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.source.read(size)
        self.sha256.update(data)
        return data


def _tar(stream: gzip.GzipFile, mode: Literal["r|", "w|"]) -> tarfile.TarFile:
    # Closed by who packs; for reading there is nothing to close.
    return tarfile.open(fileobj=stream, mode=mode, format=tarfile.PAX_FORMAT)


class Packer:
    """Writes the members and remembers their hashes."""

    def __init__(self, target: BinaryIO, progress: Progress) -> None:
        self._gzip = compressed(target)
        self._tar = _tar(self._gzip, "w|")
        self._progress = progress
        self.parts: list[Part] = []
        self.size = 0

    def add_bytes(self, name: str, data: bytes) -> None:
        self._tar.addfile(_member(name, len(data)), io.BytesIO(data))
        self._added(name, len(data), hashlib.sha256(data).hexdigest())

    def add_database(self, source: IO[bytes]) -> None:
        """A database of a size that isn't known."""
        number = 0
        while data := source.read(CHUNK):
            self.add_bytes(f"{DATABASE}{number:06d}", data)
            number += 1

    def add_file(self, name: str, path: Path) -> None:
        """A file as long as it is now; one that was removed meanwhile is left out."""
        try:
            handle = path.open("rb")
        except FileNotFoundError:
            return
        with handle:
            size = handle.seek(0, io.SEEK_END)
            handle.seek(0)
            hashing = _Hashing(handle)
            self._tar.addfile(_member(f"{FILES}{name}", size), hashing)
        self._added(f"{FILES}{name}", size, hashing.sha256.hexdigest())

    def finish(self, manifest: bytes, signature: bytes) -> None:
        self._tar.addfile(_member(MANIFEST, len(manifest)), io.BytesIO(manifest))
        self._tar.addfile(_member(SIGNATURE, len(signature)), io.BytesIO(signature))
        self._tar.close()
        self._gzip.close()

    def abandon(self) -> None:
        """Let go after an error; what was written is thrown away by who called."""
        for half in (self._tar, self._gzip):
            with suppress(OSError, ValueError):
                half.close()

    def _added(self, name: str, size: int, sha256: str) -> None:
        self.parts.append(Part(name, size, sha256))
        self.size += size
        self._progress(f"Inpakken: {megabytes(self.size)}")


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


class Unpacker:
    """Reads the members in order; after the last one, all of it has proved to be whole."""

    def __init__(self, source: gzip.GzipFile, progress: Progress, word: str) -> None:
        self._source = source
        self._tar = _tar(source, "r|")
        self._progress, self._word = progress, word
        self._seen: list[Part] = []
        self.size = 0
        self.raw_manifest = b""
        self.signature = b""
        self.manifest: Manifest | None = None

    def members(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """(name, chunks) of each part; the chunks must be read before the next is asked for."""
        for member in self._tar:
            content = self._tar.extractfile(member) if member.isreg() else None
            if content is None or self.signature:
                raise DamagedError("er zit iets in dat er niet hoort")
            if member.name == MANIFEST:
                self.raw_manifest = content.read(LARGEST_MANIFEST)
                self.manifest = read_manifest(self.raw_manifest)
            elif member.name == SIGNATURE:
                self.signature = content.read(1000)
            else:
                yield member.name, self._chunks(member.name, content)
        self._compare()

    def _chunks(self, name: str, content: IO[bytes]) -> Iterator[bytes]:
        sha256, size = hashlib.sha256(), 0
        while data := content.read(READ):
            sha256.update(data)
            size += len(data)
            yield data
        self.size += size
        self._seen.append(Part(name, size, sha256.hexdigest()))
        self._progress(f"{self._word}: {megabytes(self.size)}")

    def _compare(self) -> None:
        # To the very end: gzip's checksum stands there. A tar is filled up with zeros.
        while data := self._source.read(READ):
            if data.strip(b"\0"):
                raise DamagedError("er staat iets achter het einde")
        if self.manifest is None or not self.signature:
            raise DamagedError("het einde ontbreekt")
        if tuple(self._seen) != self.manifest.parts:
            raise DamagedError("een deel is anders dan de inhoudsopgave zegt")


@contextmanager
def packing(target: BinaryIO, progress: Progress) -> Iterator[Packer]:
    """An archive to write to."""
    packer = Packer(target, progress)
    try:
        yield packer
    except BaseException:
        packer.abandon()
        raise


@contextmanager
def unpacking(
    path: Path, identity: Path | None, progress: Progress, word: str
) -> Iterator[Unpacker]:
    """A copy to read from.

    :raises DamagedError: anything isn't as it was written.
    """
    with unsealed(path, identity) as stream:
        try:
            with gzip.GzipFile(fileobj=stream, mode="rb") as source:
                yield Unpacker(source, progress, word)
        except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as error:
            raise DamagedError("de inhoud is niet uit te pakken") from error
