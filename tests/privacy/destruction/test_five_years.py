"""Five years of the demo: on each day that something falls due, and on its eve.

What is there is compared with an independent reading of the terms of `8-law.md`: of the rows as
they stood on the first day, with a calendar of its own. No rule of the product is imported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from stopintimidatie.disclosures.models import Pickup
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.exports.models import Export, ExportBlob
from stopintimidatie.privacy.destruction.models import DestructionLine, Tombstone
from stopintimidatie.reports.models import (
    AttachmentPart,
    Report,
    ReportAttachment,
    ReportContact,
    ReporterMessage,
    ReportMove,
)
from tests.support.factories import DORDRECHT, EINDHOVEN
from tests.support.installation import DEMO_DAY, Installation
from tests.support.retaining import approve, authorise, night, on

pytestmark = [pytest.mark.alles, pytest.mark.timeout(3600)]

DESK = "landelijk"
HERE = ZoneInfo("Europe/Amsterdam")
LAST = date(DEMO_DAY.year + 5, DEMO_DAY.month, DEMO_DAY.day)
DAY = timedelta(days=1)
# One line in so many gets no decision.
UNDECIDED = 7


def later(start: date, *, years: int = 0, months: int = 0) -> date:
    """The same day so much later, or the last of a shorter month."""
    total = start.month - 1 + months + 12 * years
    year, month, day = start.year + total // 12, total % 12 + 1, start.day
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


def day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.astimezone(HERE).date()


@dataclass
class Reading:
    """When each thing of one holder goes: by id. What isn't here stays for five years."""

    reports: dict[UUID, date] = field(default_factory=dict)
    dossiers: dict[UUID, date] = field(default_factory=dict)
    contacts: dict[UUID, date] = field(default_factory=dict)
    exports: dict[UUID, date] = field(default_factory=dict)
    # What needs a decision of people first.
    listed: set[UUID] = field(default_factory=set)

    def without(self, undecided: set[UUID]) -> Reading:
        """The same when these lines were never decided."""
        reports = {n: d for n, d in self.reports.items() if n not in undecided}
        dossiers = {n: d for n, d in self.dossiers.items() if n not in undecided}
        return Reading(reports, dossiers, self.contacts, self.exports, self.listed - undecided)

    def days(self) -> set[date]:
        every = (self.reports, self.dossiers, self.contacts, self.exports)
        return {d for group in every for d in group.values() if d <= LAST}


TERMS = {"afgehandeld": 5, "niet_in_behandeling": 1, "ingetrokken": 1, "overgedragen": 1}
LIVE = {"in_voorbereiding", "in_aanpak", "monitoring"}


def read_terms(session: Any, holder: str) -> Reading:
    """Read from the rows of today when each goes, by the table of 8-law.md."""
    reading = Reading()
    dossiers = {row.id: row for row in session.scalars(select(Dossier))}
    for row in dossiers.values():
        if row.frozen or row.closed_at is None:
            continue
        if row.state == "afgesloten":
            closed = day(row.closed_at)
            assert closed is not None
            reading.dossiers[row.id] = later(closed, years=5)
            reading.listed.add(row.id)
    memberships: dict[UUID, list[DossierMembership]] = {}
    for member in session.scalars(select(DossierMembership)):
        if not member.reference:
            memberships.setdefault(member.report_id, []).append(member)
    reports = {row.id: row for row in session.scalars(select(Report))}
    for row in reports.values():
        if not row.frozen:
            _read_report(session, reading, holder, row, dossiers, memberships.get(row.id, []))
    for row in reports.values():
        if row.ended_reason == "dubbel" and row.id in reading.listed:
            original = reading.reports.get(row.duplicate_of_id)
            if original is None:
                # Its original stays for longer than five years.
                reading.reports.pop(row.id, None)
                reading.listed.discard(row.id)
            else:
                reading.reports[row.id] = original
    _read_contacts(session, reading, reports)
    for export in session.scalars(select(Export)):
        if not dossiers[export.dossier_id].frozen:
            gone = reading.dossiers.get(export.dossier_id, date.max)
            reading.exports[export.id] = min(export.destroy_by, gone)
    return reading


def _read_report(
    session: Any,
    reading: Reading,
    holder: str,
    row: Report,
    dossiers: dict[UUID, Dossier],
    members: list[DossierMembership],
) -> None:
    ended = day(row.ended_at)
    if holder == DESK:
        _read_at_desk(session, reading, row)
    elif row.state == "vernietigd":
        assert ended is not None
        reading.reports[row.id] = later(ended, years=1)
    elif row.state in TERMS and ended is not None:
        inside = [m for m in members if m.left_at is None]
        if any(dossiers[m.dossier_id].state in LIVE for m in inside):
            return
        starts = [ended, *(day(m.left_at) for m in members if m.left_at is not None)]
        starts += [day(dossiers[m.dossier_id].closed_at) for m in inside]
        start = max(d for d in starts if d is not None)
        reading.reports[row.id] = later(start, years=TERMS[row.state])
        reading.listed.add(row.id)


def _read_at_desk(session: Any, reading: Reading, row: Report) -> None:
    pickups = session.scalars(select(Pickup).where(Pickup.document_id == row.id)).all()
    came, ended = day(row.received_at), day(row.ended_at)
    assert came is not None
    if row.state in ("overgedragen", "vernietigd"):
        assert ended is not None
        reading.reports[row.id] = later(ended, years=1)
    elif row.delivery == "opgehaald":
        moments = [day(p.picked_up_at) for p in pickups if p.picked_up_at is not None]
        if moments:
            reading.reports[row.id] = later(max(d for d in moments if d is not None), years=1)
    elif any(p.state in ("klaar", "aangeboden", "opgehaald") for p in pickups):
        return
    elif ended is not None:
        reading.reports[row.id] = came + 60 * DAY
    else:
        # Told two weeks before, or today when that day has passed.
        reading.reports[row.id] = max(came + 60 * DAY, DEMO_DAY + 14 * DAY)


def _read_contacts(session: Any, reading: Reading, reports: dict[UUID, Report]) -> None:
    for contact in session.scalars(select(ReportContact)):
        row = reports[contact.report_id]
        ended = day(row.ended_at)
        goes = reading.reports.get(row.id, date.max)
        # Contact that was promised keeps it: of a double, by its other.
        promise = reports[row.duplicate_of_id] if row.duplicate_of_id else row
        promised = promise.contact_deadline is not None
        if ended is not None and not row.frozen and row.holder != DESK and not promised:
            moments = [
                *session.scalars(select(ReporterMessage.at).filter_by(report_id=row.id)),
                *session.scalars(select(ReportMove.at).filter_by(report_id=row.id, name="contact")),
            ]
            last = max((d for d in map(day, moments) if d is not None), default=ended)
            goes = min(goes, max(ended, later(min(last, ended), months=3)))
        if row.holder == DESK and ended is not None and not row.frozen and not promised:
            goes = min(goes, max(ended, later(ended, months=3)))
        if goes < date.max:
            reading.contacts[contact.report_id] = goes


@dataclass(frozen=True)
class There:
    """What is there now."""

    reports: frozenset[UUID]
    dossiers: frozenset[UUID]
    contacts: frozenset[UUID]
    exports: frozenset[UUID]
    files: int

    @classmethod
    def read(cls, installation: Installation, holder: str) -> There:
        with installation.transaction(holder) as session:
            inside = select(ReportAttachment.id)
            parts = select(func.count()).where(AttachmentPart.attachment_id.in_(inside))
            return cls(
                frozenset(session.scalars(select(Report.id))),
                frozenset(session.scalars(select(Dossier.id))),
                frozenset(session.scalars(select(ReportContact.report_id))),
                frozenset(session.scalars(select(ExportBlob.export_id))),
                session.scalar(parts) or 0,
            )


def expected(reading: Reading, first: There, today: date) -> tuple[frozenset[UUID], ...]:
    """What must be there after the night of this day."""

    def stay(present: frozenset[UUID], days: dict[UUID, date]) -> frozenset[UUID]:
        return frozenset(n for n in present if days.get(n, date.max) > today)

    reports = stay(first.reports, reading.reports)
    return (
        reports,
        stay(first.dossiers, reading.dossiers),
        stay(first.contacts, reading.contacts) & reports,
        stay(first.exports, reading.exports),
    )


def quarters() -> set[date]:
    years = range(DEMO_DAY.year, LAST.year + 1)
    return {d for y in years for m in (1, 4, 7, 10) if DEMO_DAY < (d := date(y, m, 1)) <= LAST}


@pytest.mark.sqlite
@pytest.mark.parametrize("holder", [DORDRECHT, DESK])
def test_on_each_day_and_its_eve_what_is_there_is_what_the_terms_say(
    demo: Installation, holder: str
) -> None:
    live_through(demo, holder)


@pytest.mark.postgresql
def test_on_postgresql_what_is_there_is_what_the_terms_say(demo: Installation) -> None:
    live_through(demo, EINDHOVEN)


def live_through(demo: Installation, holder: str) -> None:
    """Let five years pass at one holder, and compare on each day that matters."""
    with on(DEMO_DAY):
        approve(demo, holder)
    with demo.transaction(holder) as session:
        everything = read_terms(session, holder)
    first = There.read(demo, holder)
    undecided = set(sorted(everything.listed, key=str)[::UNDECIDED])
    reading = everything.without(undecided)
    # The lists of the first night hold what is due already; it goes once it is decided.
    night(demo, DEMO_DAY, holder)
    decide(demo, holder, undecided)
    visited = 0
    moments = {d for d in everything.days() if d > DEMO_DAY}
    told = {DEMO_DAY + 14 * DAY, *(d - 14 * DAY for d in moments)} if holder == DESK else set()
    for today in sorted({DEMO_DAY, *moments, *(d - DAY for d in moments), *quarters(), *told}):
        if not DEMO_DAY <= today <= LAST:
            continue
        night(demo, today, holder)
        decide(demo, holder, undecided)
        there = There.read(demo, holder)
        wanted = expected(reading, first, today)
        assert (there.reports, there.dossiers, there.contacts, there.exports) == wanted, today
        visited += 1
    assert visited > 20
    judge_the_end(demo, holder, reading, undecided)


def decide(installation: Installation, holder: str, undecided: set[UUID]) -> None:
    """Let people agree to every line but some."""
    with installation.transaction(holder) as session:
        ids = select(DestructionLine.document_id).where(DestructionLine.gone_at.is_(None))
        wanted = set(session.scalars(ids)) - undecided
    if wanted:
        authorise(installation, *wanted, holder=holder)


def judge_the_end(
    installation: Installation, holder: str, reading: Reading, undecided: set[UUID]
) -> None:
    """The undecided are there and late; what went has one line, and a file of what stayed only."""
    with installation.transaction(holder) as session:
        lines = session.scalars(select(DestructionLine)).all()
        late = {n.document_id for n in lines if n.gone_at is None and n.due_on < LAST}
        left = set(session.scalars(select(Report.id))) | set(session.scalars(select(Dossier.id)))
        due = {n for n in undecided if n in left}
        assert due == undecided
        assert late == {n for n in undecided if n in {line.document_id for line in lines}}
        gone = [line.document_id for line in lines if line.gone_at is not None]
        assert len(gone) == len(set(gone))
        young = later(LAST, years=-1)
        stones = {s.document_id for s in session.scalars(select(Tombstone))}
        every = {**reading.reports, **reading.dossiers}
        assert {n for n, d in every.items() if young < d <= LAST} <= stones
