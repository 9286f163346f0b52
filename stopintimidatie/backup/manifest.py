"""The manifest of a backup copy: version, keys, rows per table, a hash of every part.

Here too: the errors of this room, the files of `data_dir` that go along, and the tables that don't.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Final

from stopintimidatie.core.ledger import Position
from stopintimidatie.core.search import INDEX_FOLDER
from stopintimidatie.core.storage.encryption import DecryptionError, KeyRing
from stopintimidatie.core.storage.files import write_private
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.session import sqlite_file
from stopintimidatie.settings import LEDGER_FOLDER, OperatorError, Settings, setting_values

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

CAUSES = {
    errno.ENOENT: "bestaat niet",
    errno.EACCES: "geen toegang",
    errno.EPERM: "geen toegang",
    errno.EROFS: "de schijf is alleen te lezen",
    errno.EISDIR: "is een map",
    errno.EIO: "de schijf is kapot of losgekoppeld",
}


class BackupError(OperatorError):
    """Making, checking or restoring can't go on; the message says what to do."""


class DamagedError(BackupError):
    """The copy isn't whole."""

    def __init__(self, damage: str) -> None:
        super().__init__(
            f"De reservekopie is beschadigd of niet compleet ({damage})."
            " Gebruik haar niet; neem een andere reservekopie."
        )


def unwritable(error: OSError) -> BackupError:
    """Return an error of the disk as an error that says what to do."""
    if error.errno in FULL:
        return BackupError(
            "Er is geen ruimte meer op de schijf. Maak ruimte vrij, of kies een andere map, en"
            " begin opnieuw; wat half was, is al opgeruimd."
        )
    why = CAUSES.get(error.errno or 0, errno.errorcode.get(error.errno or 0, "onbekende fout"))
    where = f"{error.filename}: " if error.filename else ""
    return BackupError(
        f"Lezen of schrijven lukt niet ({where}{why}). Kijk of de naam klopt en of de dienst erbij"
        " mag, en begin opnieuw."
    )


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
    """State of a table: its rows, and on PostgreSQL a checksum over their content."""

    rows: int
    content: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """State of the database at the moment of the copy."""

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
    # The last line of the ledger at that moment: an older ledger is refused.
    ledger: Position = field(default=Position())

    @property
    def rows(self) -> int:
        """Count the rows of all tables."""
        return sum(table.rows for table in self.snapshot.tables.values())

    def to_json(self) -> bytes:
        """Write the manifest as it stands in a copy; `read_manifest` reads it."""
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
            "grootboek": [self.ledger.number, self.ledger.signature],
            "tabellen": tables,
            "delen": [[part.name, part.size, part.sha256] for part in self.parts],
        }
        return json.dumps(content, indent=1).encode("ascii")


def read_manifest(raw: bytes) -> Manifest:
    """Read the manifest from its bytes.

    Raises:
        BackupError: it is of another kind or of a newer form, or can't be read.
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
        ledger=Position(*content.get("grootboek", ())),
    )


def kept_settings(settings: Settings) -> dict[str, str]:
    """Return the settings that matter after a restore; no addresses of databases, no secrets."""
    return {k: v for k, v in setting_values(settings).items() if k.startswith(SETTINGS_KEPT)}


def key_marks(ring: KeyRing) -> dict[int, str]:
    """Return the identity of each key, which tells whether it is the same one, and nothing more."""
    return {
        version: ring.keyed_hash(IDENTITY, b"", version)[:32] for version in sorted(ring.masters)
    }


def strange_keys(manifest: Manifest, ring: KeyRing) -> list[int]:
    """Return the versions whose key this ring lacks, or has another key for."""
    have = key_marks(ring)
    return [version for version, mark in manifest.keys.items() if have.get(version) != mark]


def sign(ring: KeyRing, manifest: bytes) -> bytes:
    """Return the proof that an installation with these keys wrote the manifest."""
    return f"{ring.current}:{ring.keyed_hash(SIGNING, manifest)}".encode()


def is_signed(ring: KeyRing, manifest: bytes, signature: bytes) -> bool:
    """Tell whether an installation with these keys signed the manifest."""
    version, _, _ = signature.decode("ascii", "replace").partition(":")
    try:
        expected = f"{version}:{ring.keyed_hash(SIGNING, manifest, int(version))}"
    except (ValueError, DecryptionError):
        return False
    return signature == expected.encode()


# Files

COPY_PREFIX: Final = "stopintimidatie-"
WORK_PREFIX: Final = ".reservekopie-"
SIDECARS: Final = ("", "-wal", "-shm", "-journal")


def kept_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield (name below `data_dir`, path) of every file that can't be made again.

    Left out: the database itself (it goes in as a snapshot), the key file and ini files
    (secrets), the search index (made again), the ledger (it outlives every copy), hidden files, and
    copies that were made here.
    """
    apart = _apart(settings)
    passed = {settings.data_dir / INDEX_FOLDER, settings.data_dir / LEDGER_FOLDER}
    for here, folders, names in os.walk(settings.data_dir):
        folder = Path(here)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and folder / name not in passed
        )
        for name in sorted(names):
            path = folder / name
            if path not in apart and _is_kept(path):
                yield path.relative_to(settings.data_dir).as_posix(), path


def _apart(settings: Settings) -> set[Path]:
    apart = {settings.key_file, settings.ledger}
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
        """Write a file in the folder, and to the disk.

        Raises:
            DamagedError: its name lies outside the folder.
        """
        relative = PurePosixPath(name)
        if relative.is_absolute() or not relative.parts or ".." in relative.parts:
            raise DamagedError("een bestandsnaam wijst buiten de map")
        path = self._folder / relative
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, chunks)
        self.names.append(relative)

    def publish(self) -> None:
        """Move every file to its place."""
        for name in self.names:
            path = self._data_dir / name
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self._folder / name).rename(path)


@contextmanager
def staging(settings: Settings) -> Iterator[Staging]:
    """Give a place for files until `publish`."""
    with TemporaryDirectory(prefix=WORK_PREFIX, dir=settings.data_dir) as folder:
        yield Staging(Path(folder), settings.data_dir)


def forget_index(settings: Settings) -> None:
    """Delete the index that was left behind: it belongs to another database."""
    shutil.rmtree(settings.data_dir / INDEX_FOLDER, ignore_errors=True)


LEFT_OUT: Final = "not_in_backup"


def left_out() -> set[str]:
    """Return the tables whose rows stay behind; the tables themselves come back, empty."""
    return {name for name, table in Base.metadata.tables.items() if LEFT_OUT in table.info}
