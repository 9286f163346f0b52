"""Fixed queries of the start page: what waits for this person.

Each part is one statement, bounded, whatever the size of the municipality; the conditions are those
of the inbox, so that a number here is the number of the list that it opens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    String,
    Subquery,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import local_date, midnight
from stopintimidatie.core.security import Identity, Role
from stopintimidatie.core.storage.models import UtcDateTime
from stopintimidatie.disclosures.models import DisclosedCopy, Disclosure
from stopintimidatie.disclosures.queries import readable_by, stand_condition
from stopintimidatie.dossiers.models import (
    Consultation,
    Dossier,
    DossierAgreement,
    DossierMembership,
)
from stopintimidatie.dossiers.person.models import PrivacyAdvice
from stopintimidatie.dossiers.person.queries import to_stop
from stopintimidatie.dossiers.resources import visible_to
from stopintimidatie.dossiers.workflow import LIVE, AgreementState, ConsultationState
from stopintimidatie.exports.models import Export, PartnerAnswer
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.areas.names import natural_key
from stopintimidatie.reports.inbox.panels import forms_of_report
from stopintimidatie.reports.inbox.rules import (
    ANY_READER,
    OPEN,
    TO_DO,
    Reader,
    conditions,
    deadline_or_never,
)
from stopintimidatie.reports.models import Report, ReportContact

# The most rows of one kind on the start page.
SHOWN: Final = 8
AGREEMENT_WARNING: Final = timedelta(days=7)
# Time after a consultation in which the start page asks for its report.
REPORT_WANTED: Final = timedelta(days=14)
# For so many days a report that slept is told of when it is back.
JUST_AWAKE: Final = timedelta(days=3)
# Parameters of the statements here that are built once.
_HOLDER: Final[Any] = bindparam("holder")
_AWAY: Final[Any] = bindparam("away", expanding=True)


def end_of_today(now: datetime) -> datetime:
    """Return the moment at which the next day begins in the Netherlands."""
    tomorrow = local_date(now) + timedelta(days=1)
    return midnight(tomorrow)


def reports_that_wait(
    session: Session, holder: str, reader: Reader, *, contact: bool
) -> Sequence[Any]:
    """Return the reports that ask for something now, some of each kind, in one statement.

    `contact`: whether the row has when the reporter can be called, encrypted.
    """
    parameters = {
        **reader.parameters(),
        "holder": holder,
        "end_of_today": end_of_today(reader.now),
        "awake_since": reader.today - JUST_AWAKE,
        "away": sorted(reader.stands_in_for),
    }
    rows = _reports(bool(reader.stands_in_for), contact)
    return session.execute(rows, parameters).all()


# Built once, for whoever reads: building it anew took a tenth of the start page's time.
@cache
def _reports(stands_in: bool, contact: bool) -> Select[Any]:
    """Build the statement; its parameters are those that `reports_that_wait` gives it."""
    kinds = _kinds_of_reports()
    if stands_in:
        kinds.append(_of_who_is_away())
    some = [select(kind.limit(SHOWN).subquery().c.id) for kind in kinds]
    ids = union_all(*some).subquery()
    columns: tuple[Any, ...] = (
        *(Report.id, Report.reference, Report.dossier_number, Report.state, Report.urgent),
        *(Report.contact_deadline, Report.next_attempt_at, Report.waiting_until),
        *(Report.reporter_spoke_at, Report.snoozed_until, Report.handler_id, Report.received_at),
        Neighbourhood.name.label("area"),
        Neighbourhood.slug.label("neighbourhood"),
        User.name.label("handler"),
        forms_of_report().label("forms"),
        (ReportContact.contact_when if contact else null()).label("contact_when"),
    )
    rows = (
        select(*columns)
        .where(Report.id.in_(select(ids.c.id)))
        .outerjoin(Neighbourhood, Neighbourhood.code == Report.neighbourhood_code)
        .outerjoin(User, User.id == Report.handler_id)
    )
    if contact:
        rows = rows.outerjoin(ReportContact, ReportContact.report_id == Report.id)
    return rows


def _kinds_of_reports() -> list[Select[Any]]:
    """Select the first reports of each kind that asks for something."""

    def view(**filters: str) -> Any:
        return select(Report.id).where(Report.holder == _HOLDER, *conditions(filters, ANY_READER))

    return [
        # By the deadline first: by the moment alone, PostgreSQL reads the reports of all years.
        view(spoed="ja").order_by(deadline_or_never, Report.received_at),
        view(termijn="te_laat").order_by(Report.contact_deadline),
        view(termijn="dag").order_by(Report.contact_deadline),
        _open_here()
        .where(Report.next_attempt_at < bindparam("end_of_today"))
        .order_by(Report.next_attempt_at),
        view(gesprek="nieuw").order_by(Report.reporter_spoke_at),
        view(termijn="wachten").order_by(Report.waiting_until),
        _open_here()
        .where(
            Report.state.in_(TO_DO),
            Report.handler_id.in_(ANY_READER.people),
            Report.snoozed_until <= ANY_READER.today,
            Report.snoozed_until > bindparam("awake_since"),
        )
        .order_by(Report.snoozed_until),
    ]


def _open_here() -> Select[Any]:
    return select(Report.id).where(Report.holder == _HOLDER, Report.state.in_(sorted(OPEN)))


def _of_who_is_away() -> Select[Any]:
    """Select what waits of who is away, however much of the same kind waits of others."""
    return (
        _open_here()
        .where(
            Report.handler_id.in_(_AWAY),
            or_(
                and_(Report.urgent.is_(True), Report.state.in_(TO_DO)),
                Report.contact_deadline < ANY_READER.soon,
                Report.next_attempt_at < bindparam("end_of_today"),
                Report.reporter_spoke_at.is_not(None),
                Report.waiting_until < ANY_READER.today,
            ),
        )
        .order_by(Report.contact_deadline)
    )


# Work in dossiers: kinds of rows, of one shape.


def work_in_dossiers(
    session: Session, holder: str, roles: Iterable[Role], reader: Reader
) -> Sequence[Any]:
    """Return what waits in dossiers and exports that these roles see, in one statement.

    Columns: kind, moment, day, two texts, and the number, area and owner of the dossier.
    """
    now = reader.now
    moments = {
        "soon": local_date(now) + AGREEMENT_WARNING,
        "since": now - REPORT_WANTED,
        "until": now + AGREEMENT_WARNING,
    }
    who = {"holder": holder, "away": list(reader.stands_in_for)}
    return session.execute(_work(frozenset(roles)), {**who, **moments}).all()


# Built once for each set of roles, as the statement about reports is.
@cache
def _work(roles: frozenset[Role]) -> Select[Any]:
    """Build the statement; its parameters are those that `work_in_dossiers` gives it."""
    # First, so that what others have to do never hides the work of who is away.
    kinds = [
        row.where(visible_to(roles))
        .order_by(case((row.selected_columns.owner_id.in_(_AWAY), 0), else_=1), "at", "day")
        .limit(SHOWN)
        for row in (*_meetings(), *_exports(), _stopped())
    ]
    some = [select(kind.subquery()) for kind in kinds]
    merged = union_all(*some).subquery()
    # The names are joined once: PostgreSQL would plan the same joins for each kind.
    return (
        select(merged, User.name.label("owner"), Neighbourhood.slug.label("neighbourhood"))
        .outerjoin(User, User.id == merged.c.owner_id)
        .outerjoin(Neighbourhood, Neighbourhood.code == merged.c.area)
    )


def _of_dossier(
    kind: str,
    source: Any,
    first: Any,
    second: Any,
    *,
    at: Any = None,
    day: Any = None,
    owner: Any = Dossier.owner_id,
) -> Any:
    """Select rows of a kind, joined with the dossier of `source`; `owner`: whose work it is."""
    columns = (
        literal(kind).label("kind"),
        # Only what is null is cast, for the union: SQLite would make a number of a date.
        (cast(null(), UtcDateTime) if at is None else at).label("at"),
        (cast(null(), Date) if day is None else day).label("day"),
        cast(first, Text).label("first"),
        cast(second, Text).label("second"),
        Dossier.number.label("number"),
        owner.label("owner_id"),
        Dossier.neighbourhood_code.label("area"),
        Dossier.id.label("dossier_id"),
    )
    return select(*columns).select_from(source).join(Dossier, Dossier.id == source.dossier_id)


def _meetings() -> list[Any]:
    """Select the agreements that are due, and consultations: soon, or without their report."""
    agreement, meeting = DossierAgreement, Consultation
    whose = func.coalesce(agreement.owner_id, Dossier.owner_id)
    agreements = _of_dossier(
        "afspraak", agreement, agreement.what, agreement.who, day=agreement.due_on, owner=whose
    ).where(
        agreement.holder == _HOLDER,
        agreement.state == AgreementState.OPEN.value,
        agreement.due_on <= bindparam("soon"),
    )
    meetings = _of_dossier(
        "overleg", meeting, meeting.kind, meeting.serial, at=meeting.planned_at
    ).where(
        meeting.holder == _HOLDER,
        meeting.state == ConsultationState.PLANNED.value,
        meeting.planned_at >= bindparam("since"),
        meeting.planned_at <= bindparam("until"),
        Dossier.state.in_(LIVE),
    )
    return [agreements, meetings]


def _exports() -> list[Any]:
    """Select what partners answered, and copies to chase."""
    who = (Export.reference, Export.recipient)
    mine = Export.holder == _HOLDER
    latest = (
        select(func.max(PartnerAnswer.at))
        .where(PartnerAnswer.export_id == Export.id, PartnerAnswer.seen_at.is_(None))
        .correlate(Export)
        .scalar_subquery()
    )
    unread = exists().where(PartnerAnswer.export_id == Export.id, PartnerAnswer.seen_at.is_(None))
    answers = _of_dossier("antwoord", Export, *who, at=latest).where(mine, unread)
    copies = (
        _of_dossier("kopie", Export, *who, at=DisclosedCopy.alarm_at)
        .join(Disclosure, Disclosure.document_id == Export.id)
        .join(DisclosedCopy, DisclosedCopy.disclosure_id == Disclosure.id)
        .where(mine, DisclosedCopy.alarm_at.is_not(None))
    )
    return [answers, copies]


def _stopped() -> Any:
    """Select the dossiers that go on although a negative advice is followed."""
    advice = PrivacyAdvice
    row = _of_dossier("stoppen", advice, advice.outcome, null(), at=advice.decided_at)
    return row.where(advice.holder == _HOLDER, to_stop())


# Numbers for the privacy officer and the FG, and no content.


def watched(session: Session, holder: str, identity: Identity, now: datetime) -> Any:
    """Count what a privacy officer or FG looks after, in one statement."""
    week_ago, today = now - timedelta(days=7), local_date(now)
    roles = identity.roles_for(holder)
    copies = select(func.count(DisclosedCopy.id)).where(
        DisclosedCopy.holder == holder, stand_condition("te_laat", today)
    )
    given = select(func.count(Disclosure.id)).where(
        Disclosure.holder == holder, Disclosure.made_at >= week_ago, readable_by(roles)
    )
    refused = select(func.count(AuditEvent.id)).where(
        AuditEvent.holder == holder,
        AuditEvent.action == "toegang.geweigerd",
        AuditEvent.at >= week_ago,
    )
    advice = (
        select(func.count(PrivacyAdvice.id))
        .join(Dossier, Dossier.id == PrivacyAdvice.dossier_id)
        .where(
            PrivacyAdvice.holder == holder,
            PrivacyAdvice.outcome.is_(None),
            Dossier.state.in_(LIVE),
            visible_to(roles),
        )
    )
    late = advice.where(PrivacyAdvice.due_at < now)
    unheeded = (
        select(func.count(PrivacyAdvice.id))
        .join(Dossier, Dossier.id == PrivacyAdvice.dossier_id)
        .where(
            PrivacyAdvice.holder == holder,
            PrivacyAdvice.followed.is_(False),
            PrivacyAdvice.decided_at >= week_ago,
            visible_to(roles),
        )
    )
    counts = {"copies": copies, "given": given, "refused": refused}
    stop = (
        select(func.count(PrivacyAdvice.id))
        .join(Dossier, Dossier.id == PrivacyAdvice.dossier_id)
        .where(PrivacyAdvice.holder == holder, to_stop(), visible_to(roles))
    )
    counts |= {"late_advice": late, "unheeded": unheeded, "stop": stop}
    columns = [query.scalar_subquery().label(name) for name, query in counts.items()]
    return session.execute(select(*columns)).one()


# The town: each neighbourhood with what is to do and what lately came in. One statement.

WEEKS: Final = 12


@dataclass(frozen=True)
class NeighbourhoodRow:
    """A neighbourhood with what is to do there, and what came in in each of the last weeks."""

    code: str
    name: str
    slug: str
    to_do: int
    weeks: Sequence[int]

    @property
    def total(self) -> int:
        """The number of reports in these weeks."""
        return sum(self.weeks)


def town(session: Session, code: str, reader: Reader) -> list[NeighbourhoodRow]:
    """Return the neighbourhoods of a municipality, where most is to do first, in one statement.

    A piece of water is there once something is to do or was lately reported on it.
    """
    begin = end_of_today(reader.now) - timedelta(weeks=WEEKS)
    bounds = {f"week{week}": begin + timedelta(weeks=week) for week in range(WEEKS)}
    rows = session.execute(_town(), {**reader.parameters(), "holder": code, **bounds})
    areas = [
        (NeighbourhoodRow(code, name, slug, number, _each(since)), water)
        for code, name, slug, water, number, *since in rows
    ]
    shown = [row for row, water in areas if not water or row.to_do or row.total]
    return sorted(shown, key=lambda row: (-row.to_do, -row.total, natural_key(row.name)))


def _each(since: Sequence[int]) -> list[int]:
    """Return the number in each week, from those since the begin of each."""
    return [number - later for number, later in pairwise([*since, 0])]


@cache
def _town() -> Any:
    """Build the statement; its parameters are those that `town` gives it."""
    received, waiting = _received(), _waiting()
    numbers = [func.coalesce(received.c[f"week{week}"], 0) for week in range(WEEKS)]
    area = (Neighbourhood.code, Neighbourhood.name, Neighbourhood.slug, Neighbourhood.water)
    return (
        select(*area, func.coalesce(waiting.c.number, 0), *numbers)
        .outerjoin(waiting, waiting.c.code == Neighbourhood.code)
        .outerjoin(received, received.c.code == Neighbourhood.code)
        .where(Neighbourhood.municipality_code == bindparam("holder"))
    )


# Not the column itself: SQLite would read all reports there are, in the order of their areas.
_AREA: Final = cast(Report.neighbourhood_code, String)


def _waiting() -> Subquery:
    """Count what is to do, by neighbourhood."""
    return (
        select(_AREA.label("code"), func.count().label("number"))
        .where(Report.holder == bindparam("holder"), *conditions({}, ANY_READER))
        .group_by(_AREA)
        .subquery()
    )


def _received() -> Subquery:
    """Count what came in since the begin of each week, by neighbourhood."""
    names = [f"week{week}" for week in range(WEEKS)]
    since = {week: Report.received_at >= bindparam(week) for week in names}
    numbers = (func.count().filter(later).label(week) for week, later in since.items())
    return (
        select(_AREA.label("code"), *numbers)
        .where(Report.holder == bindparam("holder"), since["week0"])
        .group_by(_AREA)
        .subquery()
    )


def in_no_dossier() -> ColumnElement[bool]:
    """Return the condition of reports that no dossier holds or refers to."""
    still = (DossierMembership.report_id == Report.id, DossierMembership.left_at.is_(None))
    return and_(Report.dossier_number.is_(None), ~exists().where(*still))
