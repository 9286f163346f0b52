"""Reports of every kind at random, and a count of reports apart from the product's own."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import AMSTERDAM, local_date
from stopintimidatie.reports.models import Report, ReportForm
from stopintimidatie.reports.rules import known_part_of_day
from stopintimidatie.reports.vocabulary import (
    FORMS_BY_GROUP,
    AgeGroup,
    FollowUp,
    Form,
    PlaceType,
    TimePrecision,
)
from stopintimidatie.reports.workflow import LEFT_OUT, ReportState
from stopintimidatie.statistics.queries import COLUMNS, STEPS
from tests.support.factories import CENTRE, make_report
from tests.support.installation import Installation

NAMES: Final = (*COLUMNS, "maand")
NOORD: Final = "WK050502"
# Either side of midnight in the Netherlands, and of the change to summer time.
EDGES = (
    datetime(2025, 2, 28, 22, 59, tzinfo=UTC),
    datetime(2025, 2, 28, 23, 0, tzinfo=UTC),
    datetime(2025, 3, 31, 21, 59, tzinfo=UTC),
    datetime(2025, 3, 31, 22, 0, tzinfo=UTC),
    datetime(2026, 3, 31, 21, 59, tzinfo=UTC),
    datetime(2026, 3, 31, 22, 0, tzinfo=UTC),
)


def scatter(session: Any, installation: Installation, seed: int) -> None:
    """Reports of every kind, some of which don't count or fall outside the period."""
    chance = random.Random(seed)
    for number in range(60):
        row = make_report(session, installation, neighbourhood=chance.choice((CENTRE, NOORD)))
        begun = datetime(2025, 1, 15, tzinfo=UTC) + timedelta(hours=chance.randrange(11_500))
        row.received_at = EDGES[number] if number < len(EDGES) else begun
        row.incident_start = row.received_at - timedelta(hours=chance.randrange(200))
        row.time_precision = chance.choice((None, *TimePrecision))
        row.part_of_day = chance.choice((None, "avond"))
        row.place_type = chance.choice(list(PlaceType))
        row.reporter_age_group = chance.choice((None, *AgeGroup))
        row.reporter_verdict = chance.choice((None, "ja", "nee"))
        row.state = chance.choice(list(ReportState))
        row.wants_contact = chance.choice(("nee", "bellen", "via_app"))
        row.contact_deadline = chance.choice((None, row.received_at))
        row.contact_owed = chance.choice((None, row.received_at))
        row.follow_ups = chance.sample([follow.value for follow in FollowUp], chance.randrange(3))
        for moment in ("triaged_at", "ended_at"):
            later = timedelta(hours=chance.randrange(1, 1000))
            setattr(row, moment, chance.choice((None, row.received_at + later)))
        for form in chance.sample(list(Form), chance.randrange(3)):
            more = ReportForm(holder=row.holder, code=form.value, confirmed=True)
            row.form_rows.append(more)


def steps_of(row: Report, moment: datetime | None) -> str:
    if moment is None:
        return ""
    days = (moment - row.received_at) / timedelta(days=1)
    return next((str(step) for step in STEPS if days <= step), "later")


def contact_of(row: Report) -> str:
    if (row.contact_agreed or row.wants_contact) not in ("bellen", "mailen", "via_app"):
        return "niet_gevraagd"
    if row.contact_deadline or row.next_attempt_at:
        return "wacht"
    return "niet_gesproken" if row.contact_owed else "gesproken"


def values_of(row: Report) -> Iterator[tuple[str, str]]:
    """Each name with each value under which a report counts."""
    part = known_part_of_day(row.incident_start, row.time_precision, row.part_of_day)
    day = row.incident_start.astimezone(AMSTERDAM).weekday()
    groups = {g.value for g, forms in FORMS_BY_GROUP.items() if set(forms) & set(row.forms)}
    yield from {
        "totaal": "",
        "maand": row.received_at.astimezone(AMSTERDAM).strftime("%Y-%m"),
        "wijk": row.neighbourhood_code or "",
        "plek": row.place_type,
        "dagdeel": part or "",
        "moment": f"{day}-{part}" if part else "",
        "leeftijd": row.reporter_age_group or "",
        "oordeel": row.reporter_verdict or "",
        "contact": contact_of(row),
        "beoordeeld": steps_of(row, row.triaged_at),
        "klaar": steps_of(row, row.ended_at),
    }.items()
    yield from (("opvolging", code) for code in row.follow_ups or [""])
    yield from (("vorm", code) for code in row.forms)
    yield from (("vormgroep", code) for code in groups)


def counted_apart(session: Session, since: date, until: date) -> dict[tuple[str, str], int]:
    """How often each value occurs among the reports that count, read row by row."""
    rows = session.scalars(select(Report).where(Report.state.not_in(LEFT_OUT)))
    inside = [row for row in rows if since <= local_date(row.received_at) < until]
    return dict(Counter(pair for row in inside for pair in values_of(row)))


def flat(counts: Mapping[str, Mapping[str, int]]) -> dict[tuple[str, str], int]:
    """The product's own count, in the same form."""
    return {(name, value): n for name, values in counts.items() for value, n in values.items()}
