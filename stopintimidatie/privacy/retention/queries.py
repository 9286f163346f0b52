"""Reading terms: the schedule that counts now, and the documents that are due by a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, bindparam, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.health.services import Check, State
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.security import Identity
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.models import NOW, Holder, day_in
from stopintimidatie.core.storage.personal import IMPERSONAL_TABLES
from stopintimidatie.core.storage.retention import RETENTION_CLASSES, Way
from stopintimidatie.core.text import day_of
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.dossiers.workflow import GONE, LIVE
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.privacy.retention.models import RetentionSchedule
from stopintimidatie.privacy.retention.rules import (
    ASKED,
    CLASS_OF_STATE,
    DOSSIER_CLOSED,
    DOUBLE,
    MISSED,
    WARNED,
    Due,
    Schedule,
    Timeline,
    class_of_report,
    due,
    due_as_double,
    schedule_of,
)
from stopintimidatie.privacy.retention.timelines import end_of, kept_days
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.workflow import ReportState
from stopintimidatie.settings import Settings


def present_version(session: Session) -> RetentionSchedule | None:
    """Return the approved version that counts now for the holder of the transaction."""
    return session.scalars(
        select(RetentionSchedule)
        .where(RetentionSchedule.approved.is_(True), RetentionSchedule.effective_from <= utc_now())
        .order_by(RetentionSchedule.effective_from.desc(), RetentionSchedule.number.desc())
        .limit(1)
    ).one_or_none()


def versions_between(session: Session, first: date, last: date) -> list[RetentionSchedule]:
    """Return the versions that counted on one of these days, the earliest first."""
    begin, end = end_of(first - timedelta(days=1)), end_of(last)
    rows = session.scalars(
        select(RetentionSchedule)
        .where(RetentionSchedule.approved.is_(True), RetentionSchedule.effective_from < end)
        .order_by(RetentionSchedule.effective_from, RetentionSchedule.number)
    ).all()
    ends = [row.effective_from for row in rows[1:]]
    return [row for row, until in zip(rows, [*ends, end], strict=False) if until > begin]


def present_schedule(session: Session) -> Schedule | None:
    """Return the terms that count now; None until the archivist approved some."""
    version = present_version(session)
    return schedule_of(version.content) if version is not None else None


@dataclass(frozen=True)
class DueDocument:
    """A report or dossier that is due, without anything of its content."""

    kind: str
    id: UUID
    reference: str
    retention_class: str
    received_on: date
    ended_on: date | None
    due: Due
    frozen: bool


def due_documents(session: Session, schedule: Schedule, until: date) -> list[DueDocument]:
    """Return the documents of the holder that are due on this day or before, the first due first.

    What is frozen is among them: the list says by what it waits.
    """
    dossiers = Dossier.made_at < end_of(schedule.maximum.before(until))
    if (choice := schedule.choices.get(DOSSIER_CLOSED)) is not None:
        dossiers |= Dossier.closed_at < end_of(choice.term.before(until))
    documents = (
        *_due_reports(session, schedule, _perhaps(schedule, until)),
        *_due_dossiers(session, schedule, dossiers),
    )
    by_day = sorted(documents, key=lambda row: (row.due.on, row.kind, row.reference))
    return [row for row in by_day if row.due.on <= until]


def due_of(session: Session, schedule: Schedule, kind: str, document: UUID) -> Due | None:
    """Return when one document is due now; None when it is gone or has no term."""
    rows = (
        _due_reports(session, schedule, Report.id == document)
        if kind == REPORT
        else _due_dossiers(session, schedule, Dossier.id == document)
    )
    return rows[0].due if rows else None


def _perhaps(schedule: Schedule, until: date) -> ColumnElement[bool]:
    """Return a condition that every report meets which is due by this day, and few others.

    What ended before a moment came in before it: by state and arrival an index finds them. Doubles
    are few, and each goes with its original, however long ago it ended itself.
    """
    terms = ((state, schedule.choices.get(code)) for state, code in CLASS_OF_STATE.items())
    ends = ((state, end_of(choice.term.before(until))) for state, choice in terms if choice)
    return or_(
        Report.received_at < end_of(schedule.maximum.before(until)),
        and_(Report.state == ReportState.NOT_HANDLED, Report.ended_reason == "dubbel"),
        *(
            and_(Report.state == state, Report.received_at < end, Report.ended_at < end)
            for state, end in ends
        ),
    )


def _due_reports(
    session: Session, schedule: Schedule, condition: ColumnElement[bool]
) -> list[DueDocument]:
    rows = session.execute(
        _report_rows().where(condition, Report.state != ReportState.DESTROYED)
    ).all()
    documents = []
    originals = _originals(session, schedule, rows)
    for row in rows:
        timeline = _timeline(row)
        if timeline.retention_class == DOUBLE and not timeline.live:
            original = originals.get(row.duplicate_of_id) if row.duplicate_of_id else None
            day = due_as_double(timeline, original, timeline.starts)
        else:
            day = due(timeline, schedule)
        if day is not None:
            documents.append(_document(REPORT, row, timeline, day))
    return documents


def _originals(session: Session, schedule: Schedule, rows: Iterable[Row[Any]]) -> dict[UUID, Due]:
    """Return when the originals of doubles are due, by id."""
    wanted = {row.duplicate_of_id for row in rows if row.duplicate_of_id is not None}
    if not wanted:
        return {}
    originals = session.execute(_report_rows().where(Report.id.in_(wanted))).all()
    days = {row.id: due(_timeline(row), schedule) for row in originals}
    return {number: day for number, day in days.items() if day is not None}


def _report_rows() -> Any:
    """Build the query for the timelines of reports; the caller says of which."""
    inside = and_(
        DossierMembership.report_id == Report.id,
        DossierMembership.left_at.is_(None),
        DossierMembership.reference.is_(False),
    )
    former, kept = aliased(DossierMembership), kept_days()
    left = (
        select(func.max(former.left_at))
        .where(former.report_id == Report.id, former.reference.is_(False))
        .correlate(Report)
        .scalar_subquery()
    )
    return (
        select(
            Report.id,
            Report.reference,
            Report.state,
            Report.received_at,
            Report.ended_at,
            Report.ended_reason,
            Report.duplicate_of_id,
            # A hold on its dossier holds it as well.
            or_(Report.frozen, func.coalesce(Dossier.frozen, literal(False))).label("frozen"),
            Dossier.state.label("dossier_state"),
            Dossier.closed_at,
            left.label("left_at"),
            kept.c.until.label("kept_until"),
        )
        .select_from(Report)
        .outerjoin(DossierMembership, inside)
        .outerjoin(Dossier, Dossier.id == DossierMembership.dossier_id)
        .outerjoin(kept, kept.c.document_id == Report.id)
    )


def _timeline(row: Row[Any]) -> Timeline:
    return Timeline(
        class_of_report(row.state, row.ended_reason),
        day_of(row.received_at),
        _day(row.ended_at),
        _day(row.left_at),
        _day(row.closed_at),
        live=row.dossier_state in LIVE,
        kept_until=row.kept_until,
    )


def _day(moment: datetime | None) -> date | None:
    return day_of(moment) if moment is not None else None


def _due_dossiers(
    session: Session, schedule: Schedule, condition: ColumnElement[bool]
) -> list[DueDocument]:
    rows = session.execute(_dossier_rows().where(condition, Dossier.state.not_in(GONE))).all()
    documents = []
    for row in rows:
        made, closed = day_of(row.made_at), _day(row.closed_at)
        timeline = Timeline(DOSSIER_CLOSED, made, closed, kept_until=row.kept_until)
        day = due(timeline, schedule)
        if day is not None:
            documents.append(_document(DOSSIER, row, timeline, day))
    return documents


def _dossier_rows() -> Any:
    """Build the query for the timelines of dossiers; the caller says of which."""
    kept = kept_days()
    return select(
        Dossier.id,
        Dossier.number.label("reference"),
        Dossier.made_at,
        Dossier.closed_at,
        Dossier.frozen,
        kept.c.until.label("kept_until"),
    ).outerjoin(kept, kept.c.document_id == Dossier.id)


def _document(kind: str, row: Any, timeline: Timeline, day: Due) -> DueDocument:
    return DueDocument(
        kind,
        row.id,
        row.reference,
        timeline.retention_class,
        timeline.received,
        timeline.ended,
        day,
        row.frozen,
    )


def version_numbered(session: Session, number: int) -> RetentionSchedule | None:
    """Return a version of the holder's terms by its number."""
    return session.scalars(
        select(RetentionSchedule).where(RetentionSchedule.number == number)
    ).one_or_none()


def all_versions(session: Session, most: int) -> Sequence[RetentionSchedule]:
    """Return the newest versions, the newest first."""
    return session.scalars(
        select(RetentionSchedule).order_by(RetentionSchedule.number.desc()).limit(most)
    ).all()


def waiting_for(holder: str, identity: Identity) -> Any:
    """Select the version at a holder that counts, when it waits for its archivist.

    It does when somebody must look at its standing decision, and when that ends soon, or has ended.
    """
    version = aliased(RetentionSchedule)
    present = (
        select(version.id)
        .where(
            version.holder == holder,
            version.approved.is_(True),
            version.effective_from <= NOW,
        )
        .order_by(version.effective_from.desc(), version.number.desc())
        .limit(1)
    )
    return select(RetentionSchedule.id).where(
        RetentionSchedule.holder == holder,
        RetentionSchedule.id == present.scalar_subquery(),
        or_(
            RetentionSchedule.look_by < day_in(ASKED),
            RetentionSchedule.standing_until <= day_in(WARNED),
        ),
    )


# The check in `/health/ready`: holders of which nothing is due, for want of terms


def _names(name: str, *conditions: ColumnElement[bool]) -> Any:
    """Select the names of the holders that take in reports and meet these conditions, in one text.

    None: there are none.
    """
    taking_part = select(MunicipalityProfile.code).where(
        MunicipalityProfile.agreed_level == ParticipationLevel.PROGRAMME
    )
    takes_in = or_(Holder.code == NATIONAL, Holder.code.in_(taking_part))
    named = (
        select(func.aggregate_strings(func.coalesce(Municipality.name, DESK), _BETWEEN))
        .select_from(Holder)
        .outerjoin(Municipality, Municipality.code == Holder.code)
        .where(takes_in, *conditions)
    )
    return named.scalar_subquery().label(name)


def _now() -> Any:
    return bindparam("terms_now", callable_=utc_now, type_=Holder.terms_from.type)


def _today() -> Any:
    day: Any = Holder.standing_until.type
    return bindparam("terms_today", callable_=lambda: local_date(utc_now()), type_=day)


DESK: Final = "het landelijk meldpunt"
# No name of a municipality holds it.
_BETWEEN: Final = "; "
# More names are no help: who looks after so many has a list of them.
MOST_NAMES: Final = 10
TERMS: Final = (
    _names("without_terms", or_(Holder.terms_from.is_(None), Holder.terms_from > _now())),
    _names("ended", Holder.terms_from <= _now(), Holder.standing_until < _today()),
)


def terms_check(settings: Settings, row: Row[Any]) -> Check:
    """Check that terms count; without them nothing is due. The row holds `TERMS`."""
    words = []
    if row.without_terms:
        words.append(
            f"Zonder goedgekeurde bewaartermijnen: {_listed(row.without_terms)}. Daar is niets aan"
            " de beurt, en verdwijnt niets op zijn tijd. Laat een archivaris de termijnen"
            " goedkeuren."
        )
    if row.ended:
        words.append(
            f"Met een geëindigd doorlopend besluit: {_listed(row.ended)}. Daar gaan korte soorten,"
            " zoals contactgegevens, niet meer weg. Laat de archivaris nieuwe termijnen goedkeuren."
        )
    state = State.NOTE if words else State.GOOD
    return Check("bewaartermijnen", state, " ".join(words))


def _listed(names: str) -> str:
    """Return these names as words; of many the first, and how many more there are."""
    ordered = sorted(names.split(_BETWEEN), key=lambda name: (name == DESK, name))
    shown, more = ordered[:MOST_NAMES], len(ordered) - MOST_NAMES
    return ", ".join(shown) + (f" en {more} andere" if more > 0 else "")


def all_terms(registry: Any) -> str:
    """Return the page of all terms, made of what the rooms declare.

    `stopintimidatie bewaartermijnen > docs/bewaartermijnen.md`; a test compares them.
    """
    classes, order = RETENTION_CLASSES.of(registry).values(), list(Way)
    kept = {name for row in classes for name in row.tables}
    values = {
        "classes": sorted(classes, key=lambda row: order.index(row.way)),
        "impersonal": sorted(set(IMPERSONAL_TABLES.of(registry)) - kept),
    }
    return render("stopintimidatie.privacy.retention:templates/terms.md.jinja2", values)


def paused_until(session: Session, code: str) -> date | None:
    """Return until when the short classes of a holder with terms stay; None where they go.

    The last day of all says that nobody knows: the decision ended, or nights were missed.
    """
    version, holder = present_version(session), session.get_one(Holder, code)
    today = local_date(utc_now())
    listed = holder.listed_until if holder.swept_on is None else None
    last, until = listed or holder.swept_on, version.standing_until if version else None
    ended = until is not None and until < today
    return date.max if ended or last is None or last + MISSED < today else listed
