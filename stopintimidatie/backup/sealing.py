"""Sealing the stream of a backup copy with age: who makes copies can't read them.

age (by pyrage) encrypts in chunks that are each authenticated and counted, so a copy that was cut
off, altered or put in another order is noticed. It pulls and pushes whole streams, so it works in
a thread with a pipe to ours.
"""

from __future__ import annotations

import gzip
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyrage
from pyrage import x25519

from stopintimidatie.backup.errors import BackupError, DamagedError, unwritable

AGE_MAGIC: Final = b"age-encryption.org/v1\n"
# What our own gzip starts with; these ten bytes are in no checksum of gzip's.
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
    """Public keys from the setting.

    :raises BackupError: one of them isn't a key.
    """
    try:
        return [x25519.Recipient.from_str(text) for text in texts]
    except pyrage.RecipientError:
        raise BackupError(
            "De instelling backup.recipient is geen geldige age-sleutel. Maak een sleutelpaar met:"
            " stopintimidatie reservekopie sleutel BESTAND"
        ) from None


def read_identity(path: Path) -> list[x25519.Identity]:
    """Private keys from a file in the format of age-keygen."""
    try:
        lines = path.read_text(encoding="ascii").split("\n")
        keys = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        found = [x25519.Identity.from_str(key) for key in keys]
    except (OSError, UnicodeDecodeError, pyrage.IdentityError):
        found = []
    if not found:
        raise BackupError(
            f"In {path} staat geen leesbare sleutel (AGE-SECRET-KEY-…). Geef met --sleutel het"
            " bestand dat bij het aanmaken van de sleutel is bewaard."
        )
    return found


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
def sealed(target: BinaryIO, recipients: list[x25519.Recipient]) -> Iterator[BinaryIO]:
    """A stream to write to; what comes out in `target` is encrypted when there are recipients."""
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
    """Whether a copy is encrypted."""
    with path.open("rb") as handle:
        return handle.read(len(AGE_MAGIC)) == AGE_MAGIC


@contextmanager
def unsealed(path: Path, identity: Path | None) -> Iterator[BinaryIO]:
    """The stream inside a copy, decrypted when needed; at its end all of it has been checked."""
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
    """Gzip that always starts with the same header."""
    return gzip.GzipFile("", "wb", GZIP_LEVEL, target, mtime=0)
