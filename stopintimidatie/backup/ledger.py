"""Taking out of a restored database what the ledger says is gone.

A copy still holds what was destroyed or erased after it was made. Every step here can be done
twice: a restore that is killed is begun again, and what is gone already is passed over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from stopintimidatie.backup.manifest import BackupError, Manifest
from stopintimidatie.core.audit import SYSTEM, record
from stopintimidatie.core.jobs import JobError
from stopintimidatie.core.ledger import (
    CONTACT_GONE,
    DESTROYED,
    ERASED,
    TRANSFERRED,
    Entry,
    LedgerEnd,
    LedgerError,
    Position,
    append_lines,
    checked_position,
    goes_on_from,
    read_ledger,
)
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.files import replace_text
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.personal import (
    count_erasure,
    erase_document,
    personal_data_holders,
)
from stopintimidatie.core.text import datetime_long, day_of
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.privacy.destruction.documents import Fate, category_of, destroy_document
from stopintimidatie.privacy.destruction.models import DestructionLine, DestructionList
from stopintimidatie.privacy.erasure.services import erase_again
from stopintimidatie.privacy.retention.queries import present_schedule
from stopintimidatie.privacy.retention.rules import (
    DOSSIER_CLOSED,
    LEDGER_CLASS,
    LEFT_AT_DESK,
    OPEN,
    PICKED_UP,
    ROUTED,
    Outcome,
    class_of_report,
)
from stopintimidatie.privacy.retention.rules import ERASED as ERASED_CLASS
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.personal import delete_contact, has_contact
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.workflow import Delivery, ReportState
from stopintimidatie.settings import Settings

log = logging.getLogger(__name__)
AT_ONCE: Final = 500
# A line is dated in its transaction, which may end after the copy was made. Contact data of
# earlier lines isn't in the copy, unless the reporter gave it again.
SLACK: Final = timedelta(hours=1)
# Before every line.
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
OUTCOMES: Final = {DESTROYED: Outcome.DESTROY, TRANSFERRED: Outcome.TRANSFER}
NO_LEDGER: Final = (
    "{0} Zonder grootboek komt terug wat na de reservekopie is vernietigd of gewist. Geef met"
    " --grootboek het bestand dat naast de reservekopieën staat. Is er echt geen meer, zet dan"
    " terug met --zonder-grootboek en wis daarna opnieuw. Er is niets veranderd."
)
OLDER: Final = (
    "Het grootboek {0} is niet het grootboek dat bij deze reservekopie hoort, of het is ouder of"
    " ingekort: regel {1}, die er bij het maken al in stond, ontbreekt. Neem het nieuwste. Er is"
    " niets veranderd."
)
TWO: Final = (
    "In {0} staat al een ander grootboek dan in {1}. Bewaar beide, zet het bestand dat niet bij"
    " deze installatie hoort ergens anders neer, en begin opnieuw. Er is niets veranderd."
)
NO_NEWER: Final = (
    "In het grootboek {0} (regels: {1}) staat niets van na de reservekopie van {2}. Is er sindsdien"
    " iets vernietigd of gewist, dan is dit niet het nieuwste, en komt dat terug. Er is niets"
    " veranderd. Zoek het nieuwste; is dit het, geef dan ook --nieuwste-grootboek."
)


@dataclass(frozen=True)
class LedgerChoice:
    """The ledger that the operator named: a file, that of the settings, or none at all."""

    path: Path | None
    without: bool
    # Asks the operator, after these words, whether it is the newest ledger.
    is_newest: Callable[[str], bool]

    def read(self, settings: Settings, ring: KeyRing, since: Position) -> Sequence[Entry]:
        """Return what went, as the ledger tells.

        `since`: the last line that the ledger had when the copy was made.

        Raises:
            BackupError: there is none, it can't be trusted, or it ends before that line.
        """
        if self.without:
            return ()
        path = self.path or settings.ledger
        try:
            entries = read_ledger(path, ring)
        except LedgerError as error:
            raise BackupError(NO_LEDGER.format(error)) from None
        if not goes_on_from(entries, since):
            raise BackupError(OLDER.format(path, since.number))
        # The place where the ledger goes on has the same one, or an earlier state of it.
        mine = settings.ledger
        if mine.exists() and not path.read_bytes().startswith(mine.read_bytes()):
            raise BackupError(TWO.format(mine, path))
        return entries

    def check_newest(
        self, settings: Settings, entries: Sequence[Entry], manifest: Manifest
    ) -> None:
        """Have it confirmed that nothing went after a copy, where the ledger names nothing.

        Raises:
            BackupError: it isn't confirmed.
        """
        if self.without or len(entries) > manifest.ledger.number:
            return
        made_at = datetime_long(manifest.made_at)
        words = NO_NEWER.format(self.path or settings.ledger, len(entries), made_at)
        if not self.is_newest(words):
            raise BackupError(words)

    def keep(self, settings: Settings) -> None:
        """Go on in the ledger of the settings from where the given one ends."""
        if self.path is not None and self.path.absolute() != settings.ledger:
            replace_text(settings.ledger, self.path.read_text(encoding="ascii"))
            settings.ledger.chmod(0o600)


def catch_up(registry: Any) -> None:
    """Let a worker that begins take out what its ledger names and the database doesn't know yet.

    After a kill that is gone already. It isn't in a database that was put back by other means than
    ours. When the ledger is behind, or another one, that is noted for health.
    """
    try:
        known = checked_position(registry)
        if known.number:
            ahead = read_ledger(registry.app_settings.ledger, registry.key_ring)[known.number :]
            if gone := take_out(registry, ahead, START):
                log.warning("taken out again, as the ledger says: %d", len(gone))
        # A database of 1.0.0 knew no line; what stood in the ledger then is gone from it.
        append_lines(registry, ())
        with transaction(registry.engine) as session:
            session.execute(update(LedgerEnd).values(behind=None))
    except (JobError, BackupError, LedgerError, OSError) as error:
        log.error("nothing is destroyed here: %s", error)


@dataclass(frozen=True)
class Removed:
    """A document that was taken out again: its kind, its reference, and what is gone of it."""

    kind: str
    reference: str
    did: str


def take_out(registry: Any, entries: Sequence[Entry], made_at: datetime) -> list[Removed]:
    """Take out of the database what the ledger names; return what was still there.

    Raises:
        BackupError: the ledger is of a newer version than this program.
    """
    kinds = {entry.kind for entry in entries} - personal_data_holders(registry).keys()
    if kinds:
        raise BackupError(
            "Het grootboek noemt documenten die deze versie niet kent"
            f" ({', '.join(sorted(kinds))}). Installeer de nieuwste versie van Stopintimidatie en"
            " geef deze opdracht nog eens."
        )
    gone = []
    for entry in _present(registry, entries):
        with transaction(registry.engine, entry.holder) as session:
            reference = _reference(registry, session, entry)
            if _take_out(registry, session, entry, made_at):
                gone.append(Removed(entry.kind, reference, entry.did))
                if not _table(registry, entry.kind).info.get("apart", False):
                    _log(session, entry)
    return gone


def _present(registry: Any, entries: Sequence[Entry]) -> Iterator[Entry]:
    """Yield the entries of documents that this database holds, in order."""
    for start in range(0, len(entries), AT_ONCE):
        some = entries[start : start + AT_ONCE]
        there: set[tuple[str, str, UUID]] = set()
        for holder, kind in {(entry.holder, entry.kind) for entry in some}:
            ids = [e.id for e in some if (e.holder, e.kind) == (holder, kind)]
            table = _table(registry, kind)
            with transaction(registry.engine, holder, write=False) as session:
                rows = session.scalars(
                    select(table.c.id).where(table.c.holder == holder, table.c.id.in_(ids))
                )
                there |= {(holder, kind, row) for row in rows}
        yield from (e for e in some if (e.holder, e.kind, e.id) in there)


def _table(registry: Any, kind: str) -> Table:
    """Return the table whose rows are the documents of a kind."""
    columns: Mapping[str, Any] = personal_data_holders(registry)[kind].columns
    return Base.metadata.tables[next(iter(columns))]


def _reference(registry: Any, session: Session, entry: Entry) -> str:
    table = _table(registry, entry.kind)
    for name in ("reference", "number"):
        if name in table.c:
            known = session.scalar(select(table.c[name]).where(table.c.id == entry.id))
            return str(known or entry.id)
    return str(entry.id)


def _take_out(registry: Any, session: Session, entry: Entry, made_at: datetime) -> bool:
    """Take out one document; False when nothing of it was left."""
    if entry.did == CONTACT_GONE:
        return _take_contact_out(session, entry, made_at)
    if entry.kind in (REPORT, DOSSIER):
        if entry.did == ERASED:
            return erase_again(registry, session, entry.kind, entry.id)
        if entry.did in OUTCOMES:
            return _destroy(registry, session, entry)
    if not count_erasure(registry, session, entry.kind, entry.id):
        return False
    erase_document(registry, session, entry.kind, entry.id)
    return True


def _destroy(registry: Any, session: Session, entry: Entry) -> bool:
    """Destroy a document; its tombstone has the day on which it went."""
    fate = _fate(session, entry)
    tombstone = destroy_document(registry, session, entry.kind, entry.id, fate)
    if tombstone is not None:
        tombstone.gone_on = day_of(entry.at)
    return tombstone is not None


def _fate(session: Session, entry: Entry) -> Fate:
    """Return the decision by which a document went, as far as the copy still tells it.

    Its line says it when it was authorised by then: that line is done now. Else the class
    follows from the document, and the category from the terms of then.
    """
    outcome = OUTCOMES[entry.did]
    row = session.execute(
        select(DestructionLine, DestructionList.number)
        .join(DestructionList, DestructionList.id == DestructionLine.list_id)
        .where(
            DestructionLine.document_id == entry.id,
            DestructionLine.authorised_at.is_not(None),
            DestructionLine.gone_at.is_(None),
        )
    ).first()
    if row is not None:
        line, number = row
        line.gone_at, line.waits_for = entry.at, None
        return Fate(line.retention_class, line.category, number, outcome)
    code = _class_of(session, entry)
    category = category_of(session, present_schedule(session), code, entry.id)
    return Fate(code, category, outcome=outcome)


def _class_of(session: Session, entry: Entry) -> str:
    """Return the retention class of a document that stands in the copy."""
    row: Any = session.get(Report if entry.kind == REPORT else Dossier, entry.id)
    if row.state == ReportState.DESTROYED:
        return ERASED_CLASS
    if entry.kind == DOSSIER:
        return DOSSIER_CLOSED
    if entry.holder != NATIONAL:
        code = class_of_report(row.state, row.ended_reason)
        return code if code != OPEN else LEDGER_CLASS
    if row.delivery == Delivery.PICKED_UP:
        return PICKED_UP
    return ROUTED if row.state == ReportState.HANDED_OVER else LEFT_AT_DESK


def _take_contact_out(session: Session, entry: Entry, made_at: datetime) -> bool:
    report = session.get(Report, entry.id) if entry.kind == REPORT else None
    if report is None or entry.at < made_at - SLACK or not has_contact(session, report):
        return False
    delete_contact(session, report)
    return True


def _log(session: Session, entry: Entry) -> None:
    reason = f"grootboek, regel {entry.number}: {entry.did}"
    action = "reservekopie.opnieuw_weg"
    record(session, SYSTEM, action, entry.holder, entry.kind, [entry.id], reason=reason)


def words_of(gone: Sequence[Removed]) -> Iterator[str]:
    """Yield a line for each kind of document that was taken out: how many, and which."""
    for kind, did in sorted({(removed.kind, removed.did) for removed in gone}):
        names = [r.reference for r in gone if (r.kind, r.did) == (kind, did)]
        yield f"{kind}, {did.replace('_', ' ')}: {len(names)} ({', '.join(names)})"
