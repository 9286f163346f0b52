"""What a backup copy says about itself: version, keys, rows per table, a hash of every part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from stopintimidatie.backup.errors import BackupError, DamagedError
from stopintimidatie.settings import Settings, setting_values
from stopintimidatie.storage.encryption import DecryptionError, KeyRing

KIND: Final = "stopintimidatie-reservekopie"
FORM: Final = 1
SIGNING: Final = "reservekopie-manifest"
IDENTITY: Final = "reservekopie-identiteit"
# Only what is named here goes along: a setting with a secret can't slip in.
SETTINGS_KEPT: Final = ("public_address", "demo", "search.", "session.", "pdf.")


@dataclass(frozen=True)
class Part:
    """One member of the archive."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class TableState:
    """How a table was: its rows, and on PostgreSQL a checksum over their content."""

    rows: int
    content: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """What the database was at the moment of the copy."""

    database: str
    migration: str
    tables: Mapping[str, TableState]
    # The major version of pg_dump: an older pg_restore can't read what it wrote.
    program: int | None = None


@dataclass(frozen=True)
class Manifest:
    """The last member but one of the archive."""

    version: str
    made_at: datetime
    snapshot: Snapshot
    keys: Mapping[int, str]
    settings: Mapping[str, str]
    parts: tuple[Part, ...] = field(default=())

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.snapshot.tables.values())

    def to_json(self) -> bytes:
        tables = {
            name: {"rijen": t.rows} | ({"inhoud": t.content} if t.content else {})
            for name, t in sorted(self.snapshot.tables.items())
        }
        content = {
            "soort": KIND,
            "vorm": FORM,
            "versie": self.version,
            "gemaakt": self.made_at.isoformat(),
            "database": self.snapshot.database,
            "migratie": self.snapshot.migration,
            "pg_dump": self.snapshot.program,
            "sleutels": {str(number): mark for number, mark in self.keys.items()},
            "instellingen": dict(self.settings),
            "tabellen": tables,
            "delen": [[part.name, part.size, part.sha256] for part in self.parts],
        }
        return json.dumps(content, indent=1).encode("ascii")


def read_manifest(raw: bytes) -> Manifest:
    """The manifest from its bytes.

    :raises BackupError: it is of another kind or of a newer form, or can't be read.
    """
    try:
        content = json.loads(raw)
        if content["soort"] != KIND:
            raise BackupError("Dit bestand is geen reservekopie van Stopintimidatie.")
        if content["vorm"] > FORM:
            raise BackupError(
                f"Deze reservekopie is van een nieuwere versie ({content['versie']})."
                " Installeer eerst die versie van Stopintimidatie."
            )
        return _from(content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedError("de inhoudsopgave is onleesbaar") from error


def _from(content: Mapping[str, Any]) -> Manifest:
    tables = {
        name: TableState(int(t["rijen"]), t.get("inhoud"))
        for name, t in content["tabellen"].items()
    }
    return Manifest(
        version=str(content["versie"]),
        made_at=datetime.fromisoformat(content["gemaakt"]),
        snapshot=Snapshot(content["database"], content["migratie"], tables, content["pg_dump"]),
        keys={int(number): str(mark) for number, mark in content["sleutels"].items()},
        settings={str(k): str(v) for k, v in content["instellingen"].items()},
        parts=tuple(Part(name, size, sha256) for name, size, sha256 in content["delen"]),
    )


def kept_settings(settings: Settings) -> dict[str, str]:
    """The settings that matter after a restore; no addresses of databases, no secrets."""
    return {k: v for k, v in setting_values(settings).items() if k.startswith(SETTINGS_KEPT)}


def key_marks(ring: KeyRing) -> dict[int, str]:
    """The identity of each key: tells whether it is the same one, and nothing more."""
    return {
        version: ring.keyed_hash(IDENTITY, b"", version)[:32] for version in sorted(ring.masters)
    }


def strange_keys(manifest: Manifest, ring: KeyRing) -> list[int]:
    """The versions whose key this ring lacks, or has another key for."""
    have = key_marks(ring)
    return [version for version, mark in manifest.keys.items() if have.get(version) != mark]


def sign(ring: KeyRing, manifest: bytes) -> bytes:
    """Proof that an installation with these keys wrote the manifest."""
    return f"{ring.current}:{ring.keyed_hash(SIGNING, manifest)}".encode()


def is_signed(ring: KeyRing, manifest: bytes, signature: bytes) -> bool:
    version, _, _ = signature.decode("ascii", "replace").partition(":")
    try:
        expected = f"{version}:{ring.keyed_hash(SIGNING, manifest, int(version))}"
    except (ValueError, DecryptionError):
        return False
    return signature == expected.encode()
