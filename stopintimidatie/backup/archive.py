"""The archive inside a backup copy: a tar that is written and read as a stream.

A database is cut into members of at most 8 MiB, so that neither its size need be known
beforehand nor much memory is used; `cat database/*` joins them again. The manifest and its
signature come last.

Encryption: age (by pyrage) encrypts in chunks that are each authenticated and counted, so a copy
that was cut off, altered or put in another order is noticed. It pulls and pushes whole streams, so
it works in a thread with a pipe to ours.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, Literal

import pyrage
from pyrage import x25519

from stopintimidatie.backup.manifest import (
    BackupError,
    DamagedError,
    Manifest,
    Part,
    read_manifest,
    unwritable,
)
from stopintimidatie.core.text import file_size
from stopintimidatie.settings import PROGRAM

# Encryption of the stream, so that who makes copies can't read them.

AGE_MAGIC: Final = b"age-encryption.org/v1\n"
# The first ten bytes of our own gzip; no checksum of gzip's covers them.
GZIP_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
GZIP_LEVEL: Final = 3


class _Remembering:
    """A file whose error of the disk stays readable: pyrage only passes its text on."""

    def __init__(self, target: BinaryIO) -> None:
        self.target = target
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self.target.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self.target.flush()


class _Pump(threading.Thread):
    """Runs one age operation; what went wrong is kept for who joins."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(name="reservekopie", daemon=True)
        self.work = work
        self.failure: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self.work()
        except Exception as error:
            self.failure = error


def recipients_of(texts: Sequence[str]) -> list[x25519.Recipient]:
    """Return the public keys from the setting.

    Raises:
        BackupError: one of them isn't a key.
    """
    try:
        return [x25519.Recipient.from_str(text) for text in texts]
    except pyrage.RecipientError:
        raise BackupError(
            "De instelling backup.recipient is geen geldige age-sleutel. Maak een sleutelpaar met:"
            f" {PROGRAM} reservekopie sleutel BESTAND"
        ) from None


def read_identity(path: Path) -> list[x25519.Identity]:
    """Return the private keys from a file in the format of age-keygen."""
    try:
        lines = path.read_text(encoding="ascii").split("\n")
        keys = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        identities = [x25519.Identity.from_str(key) for key in keys]
    except (OSError, UnicodeDecodeError, pyrage.IdentityError):
        identities = []
    if not identities:
        raise BackupError(
            f"In {path} staat geen leesbare sleutel (AGE-SECRET-KEY-…). Geef met --sleutel het"
            " bestand dat bij het aanmaken van de sleutel is bewaard."
        )
    return identities


def write_identity(path: Path) -> str:
    """Make a pair of keys: the private one goes into a new file, the public one is returned."""
    identity = x25519.Identity.generate()
    public = str(identity.to_public())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as handle:
            handle.write(f"# public key: {public}\n{identity}\n")
    except FileExistsError:
        raise BackupError(f"{path} bestaat al; kies een andere naam.") from None
    except OSError as error:
        raise unwritable(error) from None
    return public


@contextmanager
def encrypted_stream(target: BinaryIO, recipients: list[x25519.Recipient]) -> Iterator[BinaryIO]:
    """Give a stream to write to, whose output in `target` is encrypted for any recipients."""
    if not recipients:
        yield target
        return
    outlet, inlet = os.pipe()
    remembering = _Remembering(target)

    def encrypt() -> None:
        with os.fdopen(outlet, "rb") as source:
            pyrage.encrypt_io(source, remembering, recipients)

    pump = _Pump(encrypt)
    try:
        with os.fdopen(inlet, "wb") as sink:
            yield sink
    except BrokenPipeError:
        # The other end stopped first: what stopped it is the error.
        pump.join()
        _could_not_seal(pump, remembering)
        raise
    finally:
        pump.join()
    _could_not_seal(pump, remembering)


def _could_not_seal(pump: _Pump, remembering: _Remembering) -> None:
    if remembering.error is not None:
        raise remembering.error
    if pump.failure is not None:
        raise BackupError(f"Versleutelen lukte niet ({type(pump.failure).__name__}).")


def is_sealed(path: Path) -> bool:
    """Tell whether a copy is encrypted."""
    with path.open("rb") as handle:
        return handle.read(len(AGE_MAGIC)) == AGE_MAGIC


@contextmanager
def decrypted_stream(path: Path, identity: Path | None) -> Iterator[BinaryIO]:
    """Give the stream inside a copy, decrypted when needed.

    At its end all of it has been checked.
    """
    if not is_sealed(path):
        with path.open("rb") as handle:
            if handle.read(len(GZIP_HEADER)) != GZIP_HEADER:
                raise DamagedError("het begin klopt niet")
            handle.seek(0)
            yield handle
        return
    if identity is None:
        raise BackupError(
            "Deze reservekopie is versleuteld. Geef met --sleutel het bestand met de geheime"
            " sleutel (AGE-SECRET-KEY-…)."
        )
    with _decrypting(path, read_identity(identity)) as stream:
        yield stream


@contextmanager
def _decrypting(path: Path, identities: list[x25519.Identity]) -> Iterator[BinaryIO]:
    outlet, inlet = os.pipe()

    def decrypt() -> None:
        with path.open("rb") as source, os.fdopen(inlet, "wb") as sink:
            pyrage.decrypt_io(source, sink, identities)

    pump = _Pump(decrypt)
    complete = False
    try:
        with os.fdopen(outlet, "rb") as stream:
            yield stream
            # Only now: the last chunk says that nothing was cut off.
            complete = not stream.read(1)
    except DamagedError:
        pump.join()
        _explain(pump.failure)
        raise
    finally:
        pump.join()
    _explain(pump.failure)
    if not complete:
        raise DamagedError("er staat iets achter het einde")


def _explain(failure: Exception | None) -> None:
    if isinstance(failure, pyrage.DecryptError) and "No matching keys" in str(failure):
        raise BackupError(
            "Deze sleutel past niet op de reservekopie. Geef met --sleutel het bestand dat hoort"
            " bij backup.recipient van toen."
        )
    if failure is not None and not isinstance(failure, BrokenPipeError):
        raise DamagedError("ontsleutelen lukt niet")


def compressed(target: BinaryIO) -> gzip.GzipFile:
    """Return a gzip stream that always starts with the same header."""
    return gzip.GzipFile("", "wb", GZIP_LEVEL, target, mtime=0)


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
        """Add a member that holds these bytes."""
        self._tar.addfile(_member(name, len(data)), io.BytesIO(data))
        self._added(name, len(data), hashlib.sha256(data).hexdigest())

    def add_database(self, source: IO[bytes]) -> None:
        """Add a database of a size that isn't known."""
        number = 0
        while data := source.read(CHUNK):
            self.add_bytes(f"{DATABASE}{number:06d}", data)
            number += 1

    def add_file(self, name: str, path: Path) -> None:
        """Add a file as long as it is now; leave it out when it was removed meanwhile."""
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
        """Add the manifest with its signature, and close the archive."""
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
        self._progress(f"Inpakken: {file_size(self.size)}")


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
        """Yield (name, chunks) of each part; read the chunks before the next part is asked for."""
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
        self._progress(f"{self._word}: {file_size(self.size)}")

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
def open_packer(target: BinaryIO, progress: Progress) -> Iterator[Packer]:
    """Give an archive to write to."""
    packer = Packer(target, progress)
    try:
        yield packer
    except BaseException:
        packer.abandon()
        raise


@contextmanager
def open_unpacker(
    path: Path, identity: Path | None, progress: Progress, word: str
) -> Iterator[Unpacker]:
    """Give a copy to read from.

    Raises:
        DamagedError: anything isn't as it was written.
    """
    with decrypted_stream(path, identity) as stream:
        try:
            with gzip.GzipFile(fileobj=stream, mode="rb") as source:
                yield Unpacker(source, progress, word)
        except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as error:
            raise DamagedError("de inhoud is niet uit te pakken") from error
