"""Starting again from a backup copy: only into an empty installation, and only when all fits.

First the whole copy is read and checked; nothing is touched before that. Then the database comes
back in one step, then the files. What was going on at the moment of the copy doesn't go on: no
session is alive, and jobs that a worker had in hand wait for a worker again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, update

from stopintimidatie.backup.archive import DATABASE, FILES, Progress, open_unpacker
from stopintimidatie.backup.ledger import LedgerChoice
from stopintimidatie.backup.manifest import (
    BackupError,
    DamagedError,
    Manifest,
    Staging,
    forget_index,
    kept_files,
    kept_settings,
    staging,
    strange_keys,
    unwritable,
)
from stopintimidatie.backup.marker import mark_filled, pending_restore
from stopintimidatie.backup.services import (
    CheckResult,
    check_copy,
    database_module,
    differing_tables,
)
from stopintimidatie.core.accounts.models import LoginSession
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.ledger import Entry, end_of, move_position
from stopintimidatie.core.search.services import holders_with_index_work, start_over
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.core.storage.database import OLD_VERSIONS, known_versions
from stopintimidatie.core.storage.encryption import KeyRing, load_key_ring
from stopintimidatie.core.storage.files import write_private
from stopintimidatie.settings import Settings


@dataclass(frozen=True)
class RestoreResult:
    """Result of a restore."""

    manifest: Manifest
    files: int
    notes: tuple[str, ...]
    # The documents that went since, to be taken out after the migrations.
    gone: Sequence[Entry] = ()


def restore(
    settings: Settings,
    path: Path,
    identity: Path | None,
    ledger: LedgerChoice,
    progress: Progress,
) -> RestoreResult:
    """Put database, files and (when they are in it) keys back. Migrations come after this.

    Raises:
        BackupError: something doesn't fit; nothing was changed unless it says otherwise.
    """
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        _must_be_empty(settings, path)
        checked = check_copy(path, identity, progress)
        _must_fit(settings, checked)
        _must_have_keys(settings, checked)
        gone = ledger.read(settings, load_key_ring(settings.key_file), checked.manifest.ledger)
        ledger.check_newest(settings, gone, checked.manifest)
        files = _put_back(settings, checked, identity, progress)
    except OSError as error:
        raise unwritable(error) from None
    _must_be_the_same(settings, checked.manifest)
    forget_index(settings)
    mark_filled(settings)
    return RestoreResult(checked.manifest, files, _notes(settings, checked.manifest), gone)


def _must_be_empty(settings: Settings, copy: Path) -> None:
    tables = database_module(settings).number_of_tables(settings)
    if tables:
        raise BackupError(
            f"De database is niet leeg: er staan {tables} tabellen in. Terugzetten gaat alleen in"
            " een nieuwe, lege installatie; er is niets veranderd. Wijs in de instellingen een"
            " lege database aan (en een lege data_dir), en draai niet eerst database migreren."
        )
    present = [name for name, path in kept_files(settings) if path != copy.absolute()]
    if present:
        raise BackupError(
            f"In data_dir staan al bestanden ({len(present)}, zoals {present[0]}). Terugzetten gaat"
            " alleen in een lege map; er is niets veranderd. Zet ze elders, en begin opnieuw."
        )


def _must_fit(settings: Settings, checked: CheckResult) -> None:
    manifest = checked.manifest
    kind = manifest.snapshot.database
    if kind != database_module(settings).NAME:
        raise BackupError(
            f"Deze reservekopie is van een database in {kind}. Zet in sqlalchemy.url een lege"
            " database van die soort."
        )
    if manifest.snapshot.migration in OLD_VERSIONS:
        raise BackupError(
            "Deze reservekopie is gemaakt door een versie van vóór de eerste uitgave (migratie"
            f" {manifest.snapshot.migration}), en dit programma kan haar niet lezen: zet haar terug"
            " met de versie die haar heeft gemaakt. Er is niets veranderd."
        )
    if manifest.snapshot.migration not in known_versions(settings.migrations):
        raise BackupError(
            f"Deze reservekopie is van een nieuwere versie ({manifest.version}, migratie"
            f" {manifest.snapshot.migration}). Installeer eerst die versie van Stopintimidatie."
        )


def _must_have_keys(settings: Settings, checked: CheckResult) -> None:
    """Check that the key file holds the keys of the copy; write it when it went along."""
    wrote = not settings.key_file.exists() and checked.keys is not None
    if wrote and checked.keys is not None:
        settings.key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(settings.key_file, [checked.keys])
    try:
        _must_be_these(settings, checked, load_key_ring(settings.key_file))
    except BackupError:
        if wrote:
            settings.key_file.unlink()
        raise


def _must_be_these(settings: Settings, checked: CheckResult, ring: KeyRing) -> None:
    strange = strange_keys(checked.manifest, ring)
    if strange:
        raise BackupError(
            f"Het sleutelbestand {settings.key_file} hoort niet bij deze reservekopie (sleutel"
            f" {', '.join(map(str, strange))}). Zonder de sleutels van toen zijn contactgegevens en"
            " pdf's onleesbaar. Zet het bewaarde sleutelbestand op die plek; er is niets veranderd."
        )
    checked.check_signature(ring)


def _put_back(
    settings: Settings, checked: CheckResult, identity: Path | None, progress: Progress
) -> int:
    module = database_module(settings)
    with staging(settings) as files:
        with (
            open_unpacker(checked.path, identity, progress, "Terugzetten") as unpacker,
            module.filling(settings, checked.manifest) as database,
        ):
            for name, chunks in unpacker.members():
                _put(name, chunks, database, files)
            if unpacker.raw_manifest != checked.raw_manifest:
                raise DamagedError("het bestand is intussen veranderd")
        files.publish()
        return len(files.names)


def _put(name: str, chunks: Any, database: Any, files: Staging) -> None:
    if name.startswith(DATABASE):
        database.writelines(chunks)
    elif name.startswith(FILES):
        files.add(name.removeprefix(FILES), chunks)
    else:
        for _ in chunks:
            """Read past it: the keys were dealt with before."""


def _must_be_the_same(settings: Settings, manifest: Manifest) -> None:
    differing = differing_tables(
        manifest.snapshot, database_module(settings).state(settings, as_owner=True)
    )
    if differing:
        raise BackupError(
            f"Na het terugzetten zijn deze tabellen niet gelijk aan de reservekopie:"
            f" {', '.join(differing)}. Gebruik deze installatie niet; begin opnieuw met een lege"
            " database en een andere reservekopie."
        )


def _notes(settings: Settings, manifest: Manifest) -> tuple[str, ...]:
    now = kept_settings(settings)
    return tuple(
        f"De instelling {key} was ‘{then}’ en is nu ‘{now.get(key, '')}’."
        for key, then in sorted(manifest.settings.items())
        if now.get(key) != then
    )


def go_on(settings: Settings, ledger: LedgerChoice) -> tuple[datetime, Sequence[Entry]] | None:
    """Return the moment of the copy that was put back before, and what went since it.

    None: none was put back here, or it isn't there as a whole.

    Raises:
        BackupError: the ledger doesn't fit.
    """
    pending = pending_restore(settings)
    if pending is None or not pending.filled:
        return None
    ring = load_key_ring(settings.key_file)
    return pending.made_at, ledger.read(settings, ring, pending.ledger)


def reopen(
    registry: Any, actor: Actor, made_at: datetime, ledger: LedgerChoice, gone: Sequence[Entry]
) -> list[str]:
    """End what was going on and have the search index made, after the migrations.

    The database knows the end of the ledger that was applied. Return the holders.
    """
    with transaction(registry.engine, NATIONAL) as session:
        move_position(session, end_of(gone))
        session.execute(delete(LoginSession))
        session.execute(update(OutboxJob).values(lease_until=None))
        reason = f"gemaakt {made_at:%Y-%m-%dT%H:%M:%SZ}"
        reason += ", zonder grootboek" if ledger.without else ""
        action = "reservekopie.teruggezet"
        record(session, actor, action, NATIONAL, "reservekopie", reason=reason)
    holders = [row.holder for row in holders_with_index_work(registry)]
    for holder in holders:
        start_over(registry, holder)
    return holders
