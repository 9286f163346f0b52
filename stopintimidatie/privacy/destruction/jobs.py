"""The nightly work of destruction: lists made, authorised lines carried out, short classes swept.

Each document goes in a transaction of its own, and every step can be repeated: after a kill the
next run goes on with what is left. Until a holder's archivist approved terms, nothing happens.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID

from dateutil.relativedelta import relativedelta
from sqlalchemy import Engine, and_, func, or_, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import AMSTERDAM, utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.ledger import checked_position
from stopintimidatie.core.storage import in_portions, make_engine, transaction
from stopintimidatie.core.storage.personal import PERSONAL_DATA_HOLDERS
from stopintimidatie.core.storage.sqlite import empty_wal
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import day_of
from stopintimidatie.core.tree import holders_with_documents
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.workflow import LIVE, DossierState
from stopintimidatie.exports.models import Export
from stopintimidatie.privacy.destruction.documents import (
    category_of,
    destroy_document,
    fate_of,
    may_go,
    today,
)
from stopintimidatie.privacy.destruction.extension import apply_rulings
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    DestructionStatement,
    LineState,
    ListState,
    Tombstone,
    Waits,
)
from stopintimidatie.privacy.destruction.queries import (
    copy_out,
    held_by,
    kept_by_decision,
    lines_of,
)
from stopintimidatie.privacy.destruction.rules import Quarter, quarter_of, state_of
from stopintimidatie.privacy.destruction.statement import (
    make_list_statement,
    make_standing_statement,
)
from stopintimidatie.privacy.destruction.sweeps import ACTION as SWEPT
from stopintimidatie.privacy.destruction.sweeps import sweep_short_classes
from stopintimidatie.privacy.erasure.services import Dossiers, dossiers_of, export_obstacles
from stopintimidatie.privacy.holds.services import announce_destruction
from stopintimidatie.privacy.retention.queries import (
    DueDocument,
    due_documents,
    due_of,
    present_version,
)
from stopintimidatie.privacy.retention.rules import WITHDRAWN, Outcome, Schedule, schedule_of
from stopintimidatie.privacy.retention.timelines import not_held
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.workflow import ReportState

log = logging.getLogger(__name__)
EVERY_NIGHT: Final = Job("vernietiging.elke_nacht")
OF_HOLDER: Final = Job("vernietiging.houder")
NIGHT: Final = time(2)
REWRITE: Final = Job("vernietiging.herschrijven")
# Lines or letters in one transaction: while it writes, nobody else can on SQLite.
AT_ONCE: Final = 25
_HERE: Final = DestructionLine.gone_at.is_(None)
# The nights of all holders are over then.
REWRITE_AT: Final = time(4)


def run_every_night(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Plan the work of each holder that has documents (job)."""
    with context.transaction() as session:
        for holder in holders_with_documents(session):
            enqueue(session, OF_HOLDER, holder, {})


def run_holder(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Do what is due today at one holder (job)."""
    destroy_what_is_due(context.registry, context.engine, context.holder)


def destroy_what_is_due(registry: Any, engine: Engine, holder: str) -> None:
    """Make and refresh the lists of a holder, and destroy what is authorised or short and due."""
    with transaction(engine, holder, write=False) as session:
        version = present_version(session)
        if version is None:
            return
        session.expunge(version)
    schedule = schedule_of(version.content)
    if holder != NATIONAL:
        refresh_lists(engine, holder, schedule)
        announce_destruction(engine, holder, schedule, kept_by_decision)
    # Nothing goes where the ledger can't be written, or isn't the one that the database knows.
    checked_position(registry)
    _carry_out_lines(registry, engine, holder, schedule)
    sweep_short_classes(registry, engine, holder, version, schedule)
    _refresh_states(engine, holder, schedule)
    _make_statements(registry, engine, holder)
    # While somebody is reading, the log of writes stays; the next night empties it.
    empty_wal(engine)


def rewrite_tables(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Write the tables with data of people anew on PostgreSQL, which leaves words in them (job).

    Raises:
        PermissionError: the role of `database.owner_url` doesn't own the tables.
    """
    settings = context.settings
    if settings.sqlite or not settings.destruction_rewrite:
        return
    holders = PERSONAL_DATA_HOLDERS.of(context.registry).values()
    names = sorted({name for holder in holders for name in holder.columns} | _MORE_TABLES)
    engine = make_engine(settings, settings.owner_url)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not connection.scalar(_OWNED):
                raise PermissionError("database.owner_url: deze rol bezit de tabellen niet")
            connection.execute(text("SET lock_timeout = '1s'"))
            for name in names:
                try:
                    connection.execute(text(f'VACUUM FULL "{name}"'))
                except OperationalError:
                    log.warning("table %s is in use: rewritten another night", name)
    finally:
        engine.dispose()


_MORE_TABLES: Final = frozenset({"mail_message", "outbox_job", "search_document"})
_OWNED: Final = text(
    "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'report'::regclass"
)


# Statements


def _make_statements(registry: Any, engine: Engine, holder: str) -> None:
    """Make the statements of what went: of a list that is done, and of months that are over.

    What went late, after the quarter of its list, is stated once a month.
    """
    month = today().replace(day=1)
    begin = datetime.combine(month, time(0), AMSTERDAM)
    late = DestructionLine.gone_at < begin
    with transaction(engine, holder) as session:
        rows = session.scalars(
            select(DestructionList)
            .join(DestructionLine, DestructionLine.list_id == DestructionList.id)
            .where(
                DestructionLine.gone_at.is_not(None),
                DestructionLine.statement_id.is_(None),
                or_(
                    DestructionList.state == ListState.DONE.value,
                    and_(DestructionList.period_until < today(), late),
                ),
            )
            .distinct()
        ).all()
        for row in rows:
            make_list_statement(registry, session, row)
    while (first := _unstated(engine, holder, begin)) is not None:
        last = first + relativedelta(months=1, days=-1)
        with transaction(engine, holder) as session:
            if make_standing_statement(registry, session, first, last) is None:
                return


def _unstated(engine: Engine, holder: str, begin: datetime) -> date | None:
    """Return the first day of the earliest month before this one without its statement."""
    with transaction(engine, holder, write=False) as session:
        day = session.scalar(
            select(func.min(Tombstone.gone_on)).where(
                Tombstone.list_number.is_(None),
                Tombstone.statement_id.is_(None),
                Tombstone.gone_on < day_of(begin),
            )
        )
        if day is not None:
            return day.replace(day=1)
        # Only the log tells of what leaves no tombstone.
        stated = select(func.max(DestructionStatement.made_at)).where(
            DestructionStatement.list_id.is_(None)
        )
        since = session.scalar(stated)
        swept = select(func.min(AuditEvent.at)).where(
            AuditEvent.action == SWEPT, AuditEvent.at < begin
        )
        if since is not None:
            month = datetime.combine(day_of(since).replace(day=1), time(0), AMSTERDAM)
            swept = swept.where(AuditEvent.at >= month)
        moment = session.scalar(swept)
    return day_of(moment).replace(day=1) if moment is not None else None


# Lists


def refresh_lists(engine: Engine, holder: str, schedule: Schedule) -> None:
    """Bring the lists to what is due by the end of the next quarter, some lines at a time.

    What is due and on no list comes on that of the next quarter. A line that isn't authorised
    follows its document: its day changes, or it leaves the list when it isn't due any more.
    """
    with transaction(engine, holder) as session:
        apply_rulings(session)
    quarter = quarter_of(today()).next
    with transaction(engine, holder, write=False) as session:
        documents = {row.id: row for row in due_documents(session, schedule, quarter.last)}
        lines = session.scalars(select(DestructionLine).where(_HERE)).all()
    followed = [line.id for line in lines if line.authorised_at is None]
    for session, ids in in_portions(engine, holder, followed, AT_ONCE):
        _follow_documents(session, schedule, documents, ids)
    listed = {line.document_id for line in lines}
    new = [row for row in documents.values() if row.id not in listed]
    for session, rows in in_portions(engine, holder, new, AT_ONCE):
        made = _list_of(session, holder, quarter)
        session.add_all([_line(session, made, row, schedule) for row in rows])
    _refresh_states(engine, holder, schedule)


def _refresh_states(engine: Engine, holder: str, schedule: Schedule) -> None:
    """Let the state of each list follow from its lines that are still here."""
    with transaction(engine, holder) as session:
        # Also where all that is left stays for now.
        left = select(DestructionLine.list_id).where(_HERE)
        here = or_(DestructionList.state != ListState.DONE.value, DestructionList.id.in_(left))
        for row in session.scalars(select(DestructionList).where(here)).all():
            row.state = state_of(lines_of(session, row.id, _HERE), checks=schedule.checks).value


def _follow_documents(
    session: Session, schedule: Schedule, documents: dict[UUID, DueDocument], ids: Sequence[UUID]
) -> None:
    """Bring these lines to their documents, unless somebody authorised them meanwhile."""
    mine = DestructionLine.id.in_(ids), DestructionLine.authorised_at.is_(None)
    lines = session.scalars(select(DestructionLine).where(*mine)).all()
    held = held_by(session, [line for line in lines if _held_by_itself(line)])
    for line in lines:
        document = documents.get(line.document_id)
        if document is None:
            if not _kept_longer(session, schedule, line):
                session.delete(line)
            continue
        line.due_on, line.starts_on = document.due.on, document.due.starts
        if not line.category:
            code = line.retention_class
            line.category = category_of(session, schedule, code, line.document_id)
        latest = schedule.maximum.after(line.received_on)
        line.at_maximum = document.due.at_maximum or latest <= today()
        destroyed = _outcome(schedule, line.retention_class) is Outcome.DESTROY
        if line.document_kind == REPORT and line.outcome == Outcome.TRANSFER and destroyed:
            # Reports don't go to an archive alone: newer terms say what happens to this one.
            line.outcome = Outcome.DESTROY.value
            line.decision = line.postponed_until = None
            line.start_again()
        over = line.postponed_until is not None and line.postponed_until <= today()
        stays = line.decision in (LineState.POSTPONED, LineState.HELD)
        by_itself = _held_by_itself(line)
        if line.document_id not in held if by_itself else stays and (over or line.at_maximum):
            # It stayed as long as that was decided, or as it may, so somebody decides again.
            line.decision = line.postponed_until = line.waits_for = None
            line.start_again()


def _held_by_itself(line: DestructionLine) -> bool:
    """Tell whether a line is held because something held its document when it was assessed."""
    return line.decision == LineState.HELD and line.waits_for is not None


def _kept_longer(session: Session, schedule: Schedule, line: DestructionLine) -> bool:
    """Tell whether a document that isn't due now stays by decision of the controller."""
    if not line.at_maximum or line.decision != LineState.POSTPONED:
        return False
    return due_of(session, schedule, line.document_kind, line.document_id) is not None


def _list_of(session: Session, holder: str, quarter: Quarter) -> DestructionList:
    row = session.scalars(
        select(DestructionList).where(DestructionList.number == str(quarter))
    ).one_or_none()
    if row is None:
        row = DestructionList(
            holder=holder,
            number=str(quarter),
            period_from=quarter.first,
            period_until=quarter.last,
            state=ListState.PROPOSED.value,
        )
        session.add(row)
        session.flush()
    elif row.state == ListState.DONE:
        row.state = ListState.PROPOSED.value
    return row


def _line(
    session: Session, row: DestructionList, document: DueDocument, schedule: Schedule
) -> DestructionLine:
    code = document.retention_class
    return DestructionLine(
        holder=row.holder,
        list_id=row.id,
        document_kind=document.kind,
        document_id=document.id,
        reference=document.reference,
        retention_class=code,
        category=category_of(session, schedule, code, document.id),
        outcome=_outcome(schedule, code).value,
        received_on=document.received_on,
        ended_on=document.ended_on,
        starts_on=document.due.starts,
        due_on=document.due.on,
        at_maximum=document.due.at_maximum,
    )


def _outcome(schedule: Schedule, code: str) -> Outcome:
    """Return what terms say of a class; a withdrawn report is destroyed, whatever they say."""
    choice = schedule.choices.get(code)
    return choice.outcome if choice is not None and code != WITHDRAWN else Outcome.DESTROY


# Lines


def _carry_out_lines(registry: Any, engine: Engine, holder: str, schedule: Schedule) -> None:
    with transaction(engine, holder, write=False) as session:
        numbers = session.scalars(
            select(DestructionLine.id)
            .where(
                DestructionLine.authorised_at.is_not(None),
                DestructionLine.gone_at.is_(None),
                DestructionLine.due_on <= today(),
            )
            # A double before its original.
            .order_by(DestructionLine.due_on, DestructionLine.retention_class, DestructionLine.id)
        ).all()
    for done, number in enumerate(numbers, 1):
        with transaction(engine, holder) as session:
            _carry_out(registry, session, number, schedule)
        if done % 100 == 0:
            log.info("destruction at %s: %d of %d lines", holder, done, len(numbers))


def _carry_out(registry: Any, session: Session, number: UUID, schedule: Schedule) -> None:
    line = session.get(DestructionLine, number, with_for_update=True, populate_existing=True)
    if line is None or line.gone_at is not None or line.authorised_at is None:
        return
    waits = waits_for(session, line, schedule)
    line.waits_for = waits.value if waits is not None else None
    if waits is not None:
        return
    owner = session.get_one(DestructionList, line.list_id)
    fate = fate_of(session, line, owner.number)
    line.gone_at = utc_now()
    destroy_document(registry, session, line.document_kind, line.document_id, fate)


def waits_for(session: Session, line: DestructionLine, schedule: Schedule) -> Waits | None:
    """Return why a line waits although its day has come; None when it may go now.

    A document that is gone already doesn't wait: its line is done.
    """
    entity: Any = Report if line.document_kind == REPORT else Dossier
    row = session.get(entity, line.document_id, with_for_update=True, populate_existing=True)
    if row is None:
        return None
    if row.frozen or (line.document_kind == REPORT and not _free(session, line.document_id)):
        return Waits.HOLD
    if row.state in (ReportState.DESTROYED, DossierState.DESTROYED):
        # Erased at request meanwhile; what is left of it goes now.
        return None
    day = due_of(session, schedule, line.document_kind, line.document_id)
    if day is None or day.on > today():
        return Waits.DOSSIER if _in_live_dossier(session, line.document_id) else Waits.NOT_DUE
    if row.state == ReportState.OFFERED:
        return Waits.HANDOVER
    dossiers = dossiers_of(row)
    if export_obstacles(session, dossiers) or copies_out(session, dossiers):
        return Waits.EXPORT
    if line.outcome == Outcome.TRANSFER and not may_go(
        session, line.document_kind, line.document_id
    ):
        return Waits.TRANSFER
    return None


def _free(session: Session, report: UUID) -> bool:
    """Tell whether no hold stands on a report, nor on the dossier that it belongs to."""
    return session.scalar(select(Report.id).where(Report.id == report, not_held())) is not None


def _in_live_dossier(session: Session, report: UUID) -> bool:
    inside = (
        select(Dossier.id)
        .join(DossierMembership, DossierMembership.dossier_id == Dossier.id)
        .where(
            DossierMembership.report_id == report,
            DossierMembership.left_at.is_(None),
            Dossier.state.in_(LIVE),
        )
    )
    return session.scalar(inside.limit(1)) is not None


def copies_out(session: Session, dossiers: Dossiers) -> bool:
    """Tell whether a recipient may still use a copy of one of these dossiers."""
    mine = select(Export.id).where(Export.dossier_id.in_(dossiers), copy_out())
    return session.scalar(mine.limit(1)) is not None
