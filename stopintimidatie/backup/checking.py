"""Whether a copy is whole, and whether a database still holds what stands in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stopintimidatie.backup.archive import KEYS, READ, Progress, unpacking
from stopintimidatie.backup.errors import BackupError, DamagedError, unwritable
from stopintimidatie.backup.making import CHECKSUM, database_module
from stopintimidatie.backup.manifest import Manifest, Snapshot, is_signed
from stopintimidatie.backup.sealing import is_sealed
from stopintimidatie.settings import Settings
from stopintimidatie.storage.encryption import KeyFileError, KeyRing, load_key_ring

# Rows that come and go by themselves: fewer of them means nothing.
PASSING: Final = frozenset({"outbox_job", "sign_in_attempt", "idempotency_key"})
LARGEST_KEY_FILE: Final = 1_000_000


@dataclass(frozen=True)
class Checked:
    """A copy that was read from beginning to end and proved to be whole."""

    path: Path
    manifest: Manifest
    raw_manifest: bytes
    signature: bytes
    # The key file, when it went along.
    keys: bytes | None

    def signed_by(self, ring: KeyRing) -> bool:
        return is_signed(ring, self.raw_manifest, self.signature)


def check_copy(path: Path, identity: Path | None, progress: Progress) -> Checked:
    """Read a copy from beginning to end.

    :raises BackupError: it isn't whole, or it can't be read with this key.
    """
    try:
        check_checksum(path, required=False)
        return _read(path, identity, progress)
    except OSError as error:
        raise unwritable(error) from None


def _read(path: Path, identity: Path | None, progress: Progress) -> Checked:
    keys = None
    with unpacking(path, identity, progress, "Controleren") as unpacker:
        for name, chunks in unpacker.members():
            kept = b"".join(chunk for chunk in chunks if name == KEYS)
            keys = kept[:LARGEST_KEY_FILE] if name == KEYS else keys
    if unpacker.manifest is None:
        raise DamagedError("de inhoudsopgave ontbreekt")
    return Checked(path, unpacker.manifest, unpacker.raw_manifest, unpacker.signature, keys)


def check_checksum(path: Path, *, required: bool) -> None:
    """Compare a copy with the checksum that was written beside it.

    :param required: whether its absence is an error.
    """
    beside = path.with_name(path.name + CHECKSUM)
    if not beside.exists():
        if required:
            raise BackupError(
                f"Naast de reservekopie staat geen {beside.name}. Geef met --sleutel de geheime"
                " sleutel, dan wordt de inhoud zelf gecontroleerd."
            )
        return
    sha256 = hashlib.sha256()
    with path.open("rb") as handle:
        while data := handle.read(READ):
            sha256.update(data)
    if not beside.read_text(encoding="ascii", errors="replace").startswith(sha256.hexdigest()):
        raise DamagedError(f"de controlesom in {beside.name} is een andere")


def can_look_inside(path: Path, identity: Path | None) -> bool:
    """Whether the contents can be read; without a key only the checksum can be compared."""
    try:
        return identity is not None or not is_sealed(path)
    except OSError as error:
        raise unwritable(error) from None


def signature_words(settings: Settings, checked: Checked) -> str:
    """Whether the copy was made by this installation, as far as can be told here."""
    try:
        ring = load_key_ring(settings.key_file)
    except KeyFileError:
        return "niet gecontroleerd (hier is geen sleutelbestand)"
    return "klopt" if checked.signed_by(ring) else "niet van deze sleutels"


@dataclass(frozen=True)
class Difference:
    """A table whose number of rows isn't that of the copy."""

    table: str
    then: int
    now: int

    @property
    def wrong(self) -> bool:
        """Rows are gone that don't go by themselves."""
        return self.now < self.then and self.table not in PASSING

    def __str__(self) -> str:
        return f"{self.table}: {self.then} rijen in de reservekopie, nu {self.now}"


def compare_counts(settings: Settings, manifest: Manifest) -> list[Difference]:
    """The tables whose number of rows differs now."""
    now = database_module(settings).state(settings).tables
    return [
        Difference(name, then.rows, now[name].rows if name in now else 0)
        for name, then in manifest.snapshot.tables.items()
        if name not in now or now[name].rows != then.rows
    ]


def differing_tables(then: Snapshot, now: Snapshot) -> list[str]:
    """The tables that aren't exactly as in the copy: rows, and content where that was summed."""
    names = then.tables.keys() | now.tables.keys()
    return sorted(name for name in names if then.tables.get(name) != now.tables.get(name))
