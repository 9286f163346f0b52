"""Backup copies: making one while the product runs, and checking whether one is whole."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from io import FileIO
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from stopintimidatie.backup import postgresql, sqlite
from stopintimidatie.backup.archive import (
    KEYS,
    READ,
    Progress,
    encrypted_stream,
    is_sealed,
    open_packer,
    open_unpacker,
    recipients_of,
)
from stopintimidatie.backup.manifest import (
    COPY_PREFIX,
    WORK_PREFIX,
    BackupError,
    DamagedError,
    Manifest,
    Snapshot,
    is_signed,
    kept_files,
    kept_settings,
    key_marks,
    sign,
    unwritable,
)
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.health.services import VERSION
from stopintimidatie.core.ledger import (
    BEHIND,
    DESTROYED,
    TRANSFERRED,
    Entry,
    LedgerError,
    Position,
    end_of,
    goes_on_from,
    present_position,
    read_ledger,
)
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.core.storage.encryption import KeyFileError, KeyRing, load_key_ring
from stopintimidatie.core.storage.files import sync_folder, try_lock
from stopintimidatie.core.storage.retention import RETENTION_CLASSES, Way
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.settings import Settings

UNFINISHED: Final = ".deel"
CHECKSUM: Final = ".sha256"
LOCK: Final = ".reservekopie.lock"
# Age, in seconds, beyond which a later attempt clears what a killed one left behind.
LEFTOVER_SECONDS: Final = 24 * 3600
NOTHING: Final = Snapshot("", "", {})
FORGED: Final = (
    "Deze reservekopie is niet gemaakt door een installatie met deze sleutels: de handtekening"
    " klopt niet. Zet haar niet terug, en zoek uit waar zij vandaan komt."
)


@dataclass(frozen=True)
class Made:
    """A finished copy."""

    path: Path
    size: int
    sha256: str
    manifest: Manifest
    encrypted: bool
    # The reason why a restore won't trust the ledger; empty when it will.
    ledger_problem: str = ""


class _Target(FileIO):
    """The file under its temporary name; hashes what is written."""

    def __init__(self, path: Path) -> None:
        super().__init__(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:  # type: ignore[override]
        view = memoryview(data)
        while view:
            # A raw file may take less than it was offered.
            view = view[super().write(view) :]
        self.sha256.update(data)
        self.size += len(data)
        return len(data)


def database_module(settings: Settings) -> ModuleType:
    """Return the module that knows this installation's kind of database."""
    return sqlite if settings.sqlite else postgresql


def make_backup(
    settings: Settings,
    engine: Engine,
    folder: Path,
    actor: Actor,
    progress: Progress,
    *,
    with_keys: bool = False,
) -> Made:
    """Make a copy in a folder; it gets its name only when it is complete.

    Raises:
        BackupError: it couldn't be made; nothing is left behind.
    """
    if with_keys and not settings.backup_recipients:
        raise BackupError(
            "Sleutels gaan alleen mee in een versleutelde reservekopie. Vul eerst backup.recipient"
            " in, of bewaar het sleutelbestand apart."
        )
    if not folder.is_dir():
        raise BackupError(
            f"De map {folder} bestaat niet. Maak haar, of koppel de schijf aan, en begin opnieuw."
        )
    moment = utc_now()
    try:
        with alone(settings), _new_file(folder, _name(settings, moment)) as (target, path):
            ledger, problem = _position(settings, engine)
            start = Manifest(VERSION, moment, NOTHING, {}, kept_settings(settings), ledger=ledger)
            manifest = _write(settings, target, start, progress, with_keys=with_keys)
            _log(engine, actor, path)
        made = Made(path, target.size, target.sha256.hexdigest(), manifest, _is_sealed(settings))
        return replace(made, ledger_problem=problem)
    except OSError as error:
        raise unwritable(error) from None


def _position(settings: Settings, engine: Engine) -> tuple[Position, str]:
    """Return how far the ledger goes before the copy is made, and what is wrong with it.

    A copy is made all the same: without one there is nothing to put back.
    """
    known = Position()
    # A database that wasn't brought up yet knows no line.
    with suppress(DBAPIError), transaction(engine, write=False) as session:
        known = present_position(session)
    try:
        entries = read_ledger(settings.ledger, load_key_ring(settings.key_file))
    except LedgerError as error:
        return Position(), str(error)
    if not goes_on_from(entries, known):
        return Position(), f"{BEHIND.capitalize()}."
    return end_of(entries), ""


def _is_sealed(settings: Settings) -> bool:
    return bool(settings.backup_recipients)


def _name(settings: Settings, moment: datetime) -> str:
    ending = ".tar.gz.age" if _is_sealed(settings) else ".tar.gz"
    return f"{COPY_PREFIX}{moment:%Y%m%dT%H%M%SZ}{ending}"


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Make one copy at a time; the kernel lets go of the lock when a process dies."""
    lock = try_lock(settings.data_dir / LOCK)
    if lock is None:
        raise BackupError("Er wordt al een reservekopie gemaakt. Wacht tot die klaar is.")
    with lock:
        # A snapshot that a killed attempt left: nobody else is making one now.
        for left in settings.data_dir.glob(f"{WORK_PREFIX}*/"):
            shutil.rmtree(left)
        yield


@contextmanager
def _new_file(folder: Path, name: str) -> Iterator[tuple[_Target, Path]]:
    """Give a file that gets its name when it is complete, and never replaces another."""
    path = folder / name
    if path.exists():
        raise BackupError(f"{path} bestaat al. Begin over een seconde opnieuw.")
    for left in folder.glob(f".{COPY_PREFIX}*{UNFINISHED}"):
        if time.time() - left.stat().st_mtime > LEFTOVER_SECONDS:
            left.unlink()
    unfinished = folder / f".{name}{UNFINISHED}"
    target = _Target(unfinished)
    try:
        with target:
            yield target, path
            os.fsync(target.fileno())
        _publish(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    checksum = f"{target.sha256.hexdigest()}  {name}\n".encode("ascii")
    with _Target(path.with_name(name + CHECKSUM)) as handle:
        handle.write(checksum)


def _publish(unfinished: Path, path: Path) -> None:
    # Taking the name first makes overwriting impossible, also where there are no hard links.
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    unfinished.replace(path)
    sync_folder(path.parent)


def _write(
    settings: Settings, target: _Target, start: Manifest, progress: Progress, *, with_keys: bool
) -> Manifest:
    load_key_ring(settings.key_file)  # without keys there is no use in beginning
    recipients = recipients_of(settings.backup_recipients)
    with encrypted_stream(target, recipients) as stream, open_packer(stream, progress) as packer:
        snapshot = database_module(settings).pack(settings, packer, progress)
        for name, path in kept_files(settings):
            packer.add_file(name, path)
        # After the snapshot: a key that was added meanwhile may be in use in it.
        ring = load_key_ring(settings.key_file)
        if with_keys:
            packer.add_bytes(KEYS, settings.key_file.read_bytes())
        parts = tuple(packer.parts)
        manifest = replace(start, snapshot=snapshot, keys=key_marks(ring), parts=parts)
        raw = manifest.to_json()
        packer.finish(raw, sign(ring, raw))
    return manifest


def _log(engine: Engine, actor: Actor, path: Path) -> None:
    """Record the copy before it gets its name: what isn't in the log isn't made."""
    with transaction(engine, NATIONAL) as session:
        record(session, actor, "reservekopie.gemaakt", NATIONAL, "reservekopie", reason=path.name)


# Checks

# Rows that come and go by themselves: fewer of them means nothing.
PASSING: Final = frozenset({"outbox_job", "sign_in_attempt", "idempotency_key"})
LARGEST_KEY_FILE: Final = 1_000_000


@dataclass(frozen=True)
class CheckResult:
    """A copy that was read from beginning to end and proved to be whole."""

    path: Path
    manifest: Manifest
    raw_manifest: bytes
    signature: bytes
    # The key file, when it went along.
    keys: bytes | None

    def check_signature(self, ring: KeyRing) -> None:
        """Check that an installation with these keys made the copy.

        Raises:
            BackupError: it was made elsewhere, or changed since.
        """
        if not is_signed(ring, self.raw_manifest, self.signature):
            raise BackupError(FORGED)


def check_copy(path: Path, identity: Path | None, progress: Progress) -> CheckResult:
    """Read a copy from beginning to end.

    Raises:
        BackupError: it isn't whole, or it can't be read with this key.
    """
    try:
        check_checksum(path, required=False)
        return _read(path, identity, progress)
    except OSError as error:
        raise unwritable(error) from None


def _read(path: Path, identity: Path | None, progress: Progress) -> CheckResult:
    keys = None
    with open_unpacker(path, identity, progress, "Controleren") as unpacker:
        for name, chunks in unpacker.members():
            kept = b"".join(chunk for chunk in chunks if name == KEYS)
            keys = kept[:LARGEST_KEY_FILE] if name == KEYS else keys
    if unpacker.manifest is None:
        raise DamagedError("de inhoudsopgave ontbreekt")
    return CheckResult(path, unpacker.manifest, unpacker.raw_manifest, unpacker.signature, keys)


def check_checksum(path: Path, *, required: bool) -> None:
    """Compare a copy with the checksum beside it, which may be absent unless required.

    Raises:
        BackupError: they differ, or there is none where it is required.
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
    """Tell whether the contents can be read; without a key only the checksum can be compared."""
    try:
        return identity is not None or not is_sealed(path)
    except OSError as error:
        raise unwritable(error) from None


def signature_words(settings: Settings, checked: CheckResult) -> str:
    """Say that the copy was made by this installation, as far as can be told here.

    Raises:
        BackupError: it wasn't.
    """
    try:
        ring = load_key_ring(settings.key_file)
    except KeyFileError:
        return "niet gecontroleerd (hier is geen sleutelbestand)"
    checked.check_signature(ring)
    return "klopt"


# Rows of these ways go each night, without a line in the ledger.
BY_ITSELF: Final = frozenset({Way.STANDING, Way.BY_ITSELF, Way.MAINTENANCE, Way.BY_HAND})
# The ledger names each row of these tables that went.
NAMED: Final = {"report": REPORT, "dossier": DOSSIER}
WHOLE: Final = frozenset({DESTROYED, TRANSFERRED})


@dataclass(frozen=True)
class Difference:
    """A table whose number of rows isn't that of the copy.

    Args:
        why: in Dutch, when rows are gone and that may be; None when nothing explains it.
    """

    table: str
    then: int
    now: int
    why: str | None = None

    @property
    def wrong(self) -> bool:
        """Rows are gone, and nothing says that they may be."""
        return self.now < self.then and self.why is None

    def __str__(self) -> str:
        why = f" ({self.why})" if self.why else ""
        return f"{self.table}: {self.then} rijen in de reservekopie, nu {self.now}{why}"


def compare_counts(registry: Any, manifest: Manifest) -> list[Difference]:
    """Return the tables whose number of rows differs now, and what explains fewer of them."""
    settings = registry.app_settings
    now = database_module(settings).state(settings).tables
    gone = _gone_since(settings, registry.key_ring, manifest.ledger)
    classes = RETENTION_CLASSES.of(registry).values()
    passing = {name for row in classes if row.way in BY_ITSELF for name in row.tables}
    return [
        Difference(name, then.rows, rows, _why(name, then.rows - rows, gone, passing | PASSING))
        for name, then in manifest.snapshot.tables.items()
        if (rows := now[name].rows if name in now else 0) != then.rows
    ]


def _gone_since(settings: Settings, ring: KeyRing, since: Position) -> Sequence[Entry]:
    """Return what went after the copy, by the ledger; nothing when it isn't the one of the copy."""
    try:
        entries = read_ledger(settings.ledger, ring)
        whole = goes_on_from(entries, since)
    except LedgerError:
        return ()
    return [entry for entry in entries if entry.number > since.number] if whole else ()


def _why(table: str, fewer: int, gone: Sequence[Entry], passing: AbstractSet[str]) -> str | None:
    """Say why a table may have so many rows fewer; None when nothing explains it."""
    if fewer <= 0:
        return None
    if table in NAMED:
        named = sum(entry.kind == NAMED[table] and entry.did in WHOLE for entry in gone)
        return f"in het grootboek: {named} weg sinds de kopie" if fewer <= named else None
    if table in passing:
        return "gaat vanzelf weg na zijn termijn"
    return "ging mee met wat in het grootboek staat" if gone else None


def differing_tables(then: Snapshot, now: Snapshot) -> list[str]:
    """Return the tables that differ from the copy: in rows, or in content where that was summed."""
    names = then.tables.keys() | now.tables.keys()
    return sorted(name for name in names if then.tables.get(name) != now.tables.get(name))
