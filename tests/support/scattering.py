"""Reports of every kind at random, for what counts them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from stopintimidatie.reports.models import ReportForm
from stopintimidatie.reports.vocabulary import AgeGroup, FollowUp, Form, PlaceType, TimePrecision
from stopintimidatie.reports.workflow import ReportState
from tests.support.factories import CENTRE, make_report
from tests.support.installation import Installation

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
