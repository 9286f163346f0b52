"""Short classes, that go each night by the standing decision: one function for each.

A sweep takes away at most a batch, in the transaction that it gets, and returns the ids of what
went; the caller asks again until there is nothing. A repeat finds nothing. A hold stops a sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.ledger import note_gone
from stopintimidatie.core.mail.models import MailAddress, MailMessage, MailState
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.core.storage.models import Holder
from stopintimidatie.core.storage.retention import RETENTION_CLASSES, Term
from stopintimidatie.core.storage.tenancy import current_holder
from stopintimidatie.core.text import date_long, day_of
from stopintimidatie.core.tree import Reference
from stopintimidatie.desk.onboarding.signup import KIND as JOINING
from stopintimidatie.disclosures.models import Pickup
from stopintimidatie.disclosures.resources import KIND as EXPORT
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.patterns.models import KIND as PATTERN
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.dossiers.workflow import DossierState
from stopintimidatie.exports.models import Export, ExportBlob, ExportKey
from stopintimidatie.exports.request.jobs import expire
from stopintimidatie.municipalities.agreements.services import KIND as AGREEMENT
from stopintimidatie.municipalities.levels.services import AUDIT_KIND
from stopintimidatie.privacy.destruction.documents import Fate, destroy_document
from stopintimidatie.privacy.destruction.models import Tombstone
from stopintimidatie.privacy.retention.models import RetentionSchedule
from stopintimidatie.privacy.retention.rules import (
    CONTACT,
    ERASED,
    LEFT_AT_DESK,
    LISTED_FOR,
    PICKED_UP,
    ROUTED,
    TOMBSTONE,
    Schedule,
    chosen_classes,
)
from stopintimidatie.privacy.retention.services import KIND as TERMS
from stopintimidatie.privacy.retention.timelines import (
    AHEAD,
    ANNOUNCED,
    ROWS,
    announcement,
    contact_starts,
    end_of,
    leaves_desk_on,
    not_held,
    on_offer,
    overdue,
)
from stopintimidatie.reports.conversation.services import tell
from stopintimidatie.reports.conversation.words import THINK_AGAIN
from stopintimidatie.reports.models import Report, ReportContact, ReportMove
from stopintimidatie.reports.services import append_move
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.workflow import Delivery, ReportState

BATCH: Final = 200
# For what takes a few statements each; a document that is destroyed goes alone.
FEW: Final = 10
ACTION: Final = "bewaartermijn.verstreken"
# The states of reports that are somebody else's now, or of which the content is gone.
ELSEWHERE: Final = (ReportState.HANDED_OVER, ReportState.DESTROYED)
GOES: Final = (
    "Uw gemeente heeft uw melding nog niet opgehaald. Wij mogen haar niet langer bewaren. Op {} "
    "vernietigen wij uw melding. Op deze pagina kunt u haar tot die dag als pdf bewaren. Neem die"
    " mee naar uw gemeente, en noem uw kenmerk. Is er een misdrijf gebeurd? Doe dan aangifte bij de"
    " politie: 0900-8844. Bij direct gevaar: 112."
)


@dataclass(frozen=True)
class Standing:
    """The standing decision for one class, on one day."""

    registry: Any
    holder: str
    retention_class: str
    category: str
    term: Term
    today: date

    @property
    def bound(self) -> datetime:
        """The moment before which the term has started of what is perhaps due."""
        return end_of(self.term.before(self.today))

    @property
    def fate(self) -> Fate:
        """The decision by which a whole document goes."""
        return Fate(self.retention_class, self.category)

    def over(self, start: datetime | date) -> bool:
        """Tell whether a term that started then is over today."""
        return self.term.after(day_of(start)) <= self.today


Sweep = Callable[[Session, Standing], Sequence[UUID]]


def sweep_contact(session: Session, standing: Standing) -> Sequence[UUID]:
    """Delete the contact data of reports whose handling ended, a term after the last contact."""
    rows = contact_starts(standing.holder).subquery()
    due = _due(session, standing, rows.c.id, rows.c.start)
    session.execute(delete(ReportContact).where(ReportContact.report_id.in_(due)))
    note_gone(session, standing.holder, REPORT, due, "contact_weg")
    return _noted(session, standing, REPORT, due)


def sweep_messages(session: Session, standing: Standing) -> Sequence[UUID]:
    """Delete what became of messages that aren't on their way any more."""
    return _delete_rows(session, standing, MailMessage.state != MailState.WAITING, kind="bericht")


def sweep_exports(session: Session, standing: Standing) -> Sequence[UUID]:
    """Destroy the content of exports whose recipient had to destroy by now, with its key."""
    kept = exists().where(ExportKey.export_id == Export.id)
    blobs = exists().where(ExportBlob.export_id == Export.id)
    rows = session.scalars(
        select(Export)
        .join(Dossier, Dossier.id == Export.dossier_id)
        .where(Export.destroy_by <= standing.today, kept | blobs, Dossier.frozen.is_(False))
        .order_by(Export.destroy_by, Export.id)
        .limit(FEW)
    ).all()
    due = [export for export in rows if standing.over(export.destroy_by)]
    for export in due:
        expire(session, export)
    return _noted(session, standing, EXPORT, [export.id for export in due])


def sweep_joining(session: Session, standing: Standing) -> Sequence[UUID]:
    """Delete requests to join, with the address of who asked."""
    gone = _delete_rows(session, standing, kind=JOINING)
    session.execute(
        delete(MailAddress).where(
            MailAddress.owner_kind == JOINING, MailAddress.owner_id.in_([str(n) for n in gone])
        )
    )
    return gone


def sweep_tombstones(session: Session, standing: Standing) -> Sequence[UUID]:
    """Delete tombstones, and the references that led to them."""
    rows = session.scalars(
        select(Tombstone)
        .where(Tombstone.gone_on <= standing.term.before(standing.today))
        # Until its statement is made, a statement would miss it.
        .where(Tombstone.statement_id.is_not(None))
        .order_by(Tombstone.gone_on, Tombstone.id)
        .limit(BATCH)
    ).all()
    due = [stone for stone in rows if standing.over(stone.gone_on)]
    references = Reference.reference.in_([stone.reference for stone in due])
    session.execute(delete(Reference).where(Reference.holder == standing.holder, references))
    session.execute(delete(Tombstone).where(Tombstone.id.in_([stone.id for stone in due])))
    return _noted(session, standing, "grafsteen", [stone.document_id for stone in due])


def sweep_picked_up(session: Session, standing: Standing) -> Sequence[UUID]:
    """Destroy what is left of reports that a municipality picked up at the desk."""
    picked_up = (
        select(func.max(Pickup.picked_up_at))
        .where(Pickup.document_id == Report.id)
        .scalar_subquery()
    )
    old = Report.id.in_(select(Pickup.document_id).where(Pickup.picked_up_at < standing.bound))
    return _destroy_reports(
        session, standing, picked_up, Report.delivery == Delivery.PICKED_UP, old
    )


def sweep_routed(session: Session, standing: Standing) -> Sequence[UUID]:
    """Destroy what is left of reports that the desk gave to a municipality, or erased."""
    return _destroy_reports(session, standing, Report.ended_at, Report.state.in_(ELSEWHERE))


def sweep_erased(session: Session, standing: Standing) -> Sequence[UUID]:
    """Destroy what is left of reports and dossiers that were erased at request."""
    erased = Report.state == ReportState.DESTROYED
    if gone := _destroy_reports(session, standing, Report.ended_at, erased):
        return gone
    dossiers = Dossier.state == DossierState.DESTROYED, Dossier.frozen.is_(False)
    due = _due(session, standing, Dossier.id, Dossier.changed_at, *dossiers)[:1]
    for number in due:
        destroy_document(standing.registry, session, DOSSIER, number, standing.fate)
    return due


def sweep_left_at_desk(session: Session, standing: Standing) -> Sequence[UUID]:
    """Destroy reports at the desk that nobody picked up or wanted, or that ended there.

    A reporter who still waits is told long before; whoever wasn't yet keeps the report as long.
    """
    told_long_ago = exists().where(announcement(), ReportMove.at < end_of(standing.today - AHEAD))
    # A withdrawal can be taken back for some days: so long the report stays.
    thought_over = and_(
        Report.ended_at.is_not(None),
        or_(Report.state != ReportState.WITHDRAWN, Report.ended_at <= utc_now() - THINK_AGAIN),
    )
    return _destroy_reports(
        session,
        standing,
        Report.received_at,
        Report.state.not_in(ELSEWHERE),
        ~on_offer(),
        thought_over | told_long_ago,
    )


def announce_left_at_desk(session: Session, standing: Standing) -> Sequence[UUID]:
    """Tell reporters whose report still waits at the desk that it goes, and what they can do."""
    moment = standing.bound + AHEAD
    announced = exists().where(announcement())
    rows = session.scalars(
        select(Report)
        .where(
            Report.received_at < moment,
            Report.ended_at.is_(None),
            Report.frozen.is_(False),
            Report.delivery.is_distinct_from(Delivery.PICKED_UP),
            ~announced,
            # A report that a municipality can pick up stays: no day is told yet.
            ~on_offer(),
        )
        .order_by(Report.received_at, Report.id)
        .limit(FEW)
    ).all()
    for report in rows:
        day = leaves_desk_on(standing.term, report, standing.today)
        tell(session, report, "bericht", GOES.format(date_long(day)), SYSTEM)
        append_move(session, report, SYSTEM, ANNOUNCED, report.state, {})
    return [report.id for report in rows]


def _due(
    session: Session, standing: Standing, key: Any, started: Any, *conditions: ColumnElement[bool]
) -> list[UUID]:
    """Return a batch of the ids of what is due, what started first in front."""
    rows = session.execute(
        select(key, started)
        .where(started < standing.bound, *conditions)
        .order_by(started, key)
        .limit(BATCH)
    )
    return [number for number, start in rows if standing.over(start)]


def _destroy_reports(
    session: Session, standing: Standing, started: Any, *conditions: ColumnElement[bool]
) -> Sequence[UUID]:
    """Destroy one report, with a tombstone; the others follow in transactions of their own."""
    due = _due(session, standing, Report.id, started, not_held(), *conditions)[:1]
    for number in due:
        destroy_document(standing.registry, session, REPORT, number, standing.fate)
    return due


def _delete_rows(
    session: Session, standing: Standing, *conditions: Any, kind: str
) -> Sequence[UUID]:
    """Delete rows of a class that simply go."""
    entity, started = ROWS[standing.retention_class]
    due = _due(session, standing, entity.id, started, *conditions)
    session.execute(delete(entity).where(entity.id.in_(due)))
    return _noted(session, standing, kind, due)


def _noted(session: Session, standing: Standing, kind: str, ids: Sequence[UUID]) -> Sequence[UUID]:
    """Write in the log that the data of these documents went, and return them."""
    if ids:
        fields = [standing.retention_class]
        record(session, SYSTEM, ACTION, standing.holder, kind, ids, fields=fields)
    return ids


SWEEPS: Final[Mapping[str, Sweep]] = {
    CONTACT: sweep_contact,
    "bericht": sweep_messages,
    # Patterns that no search saw for that long go with their decision.
    "patroon": partial(_delete_rows, kind=PATTERN),
    "uitvoer_inhoud": sweep_exports,
    # The people of a municipality who were named in them.
    "doorgifteafspraak": partial(_delete_rows, kind=AGREEMENT),
    "gesprek_met_gemeente": partial(_delete_rows, kind=AUDIT_KIND),
    "aanmelding_gemeente": sweep_joining,
    PICKED_UP: sweep_picked_up,
    LEFT_AT_DESK: sweep_left_at_desk,
    ROUTED: sweep_routed,
    ERASED: sweep_erased,
    TOMBSTONE: sweep_tombstones,
}


# The night


def sweep_short_classes(
    registry: Any, engine: Engine, holder: str, version: RetentionSchedule, schedule: Schedule
) -> None:
    """Let the short classes go, as long as the standing decision stands.

    In the first night after a pause what is overdue is listed instead, for seven days.
    """
    day = day_of(utc_now())
    with transaction(engine, holder) as session:
        row = session.get_one(Holder, holder)
        if version.standing_until is not None and version.standing_until < day:
            row.swept_on = row.listed_until = None
            return
        if row.swept_on is None and row.listed_until is None and overdue(session, schedule, day):
            row.listed_until = day + LISTED_FOR
            record(session, SYSTEM, "termijnen.te_laat", holder, TERMS, [version.id])
        if row.swept_on is None and row.listed_until is not None and day < row.listed_until:
            return
    classes = chosen_classes(RETENTION_CLASSES.of(registry), desk=holder == NATIONAL)
    for code in [code for code in SWEEPS if code in classes and code in schedule.choices]:
        choice, sweep = schedule.choices[code], SWEEPS[code]
        standing = Standing(registry, holder, code, choice.category, choice.term, day)
        if code == LEFT_AT_DESK:
            _until_nothing(engine, holder, announce_left_at_desk, standing)
        _until_nothing(engine, holder, sweep, standing)
    with transaction(engine, holder) as session:
        session.get_one(Holder, holder).swept_on = day


def _until_nothing(engine: Engine, holder: str, sweep: Any, standing: Standing) -> None:
    gone: Sequence[UUID] = [UUID(int=0)]
    while gone:
        with transaction(engine, holder) as session:
            gone = sweep(session, standing)


def late_since(session: Session, period: tuple[date, date]) -> date | None:
    """Return since when it was to be read that what went in a period was overdue, if it was."""
    until = session.get_one(Holder, current_holder(session)).listed_until
    return until - LISTED_FOR if until and period[0] <= until <= period[1] else None
