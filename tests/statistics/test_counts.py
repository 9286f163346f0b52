"""The figures of a period, against a count in Python of the same rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from stopintimidatie.core.clock import AMSTERDAM
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import known_part_of_day
from stopintimidatie.reports.vocabulary import (
    FORMS_BY_GROUP,
)
from stopintimidatie.reports.workflow import LEFT_OUT
from stopintimidatie.statistics.queries import COLUMNS, STEPS, count_by
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.scattering import scatter

SINCE, UNTIL = date(2025, 3, 1), date(2026, 4, 1)
NAMES = (*COLUMNS, "maand", "vorm", "vormgroep")
pytestmark = pytest.mark.both_databases


def steps_of(row: Report, moment: datetime | None) -> str:
    if moment is None:
        return ""
    days = (moment - row.received_at) / timedelta(days=1)
    return next((str(step) for step in STEPS if days <= step), "later")


def contact_of(row: Report) -> str:
    if row.wants_contact == "nee":
        return "niet_gevraagd"
    if row.contact_deadline:
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


@pytest.mark.parametrize("seed", [1, 2])
def test_the_figures_are_what_a_count_of_the_rows_gives(
    installation: Installation, seed: int
) -> None:
    with installation.transaction(DORDRECHT) as session:
        scatter(session, installation, seed)
    with installation.transaction(DORDRECHT) as session:
        rows = session.scalars(select(Report).where(Report.state.not_in(LEFT_OUT)))
        inside = [
            row for row in rows if SINCE <= row.received_at.astimezone(AMSTERDAM).date() < UNTIL
        ]
        expected = Counter(pair for row in inside for pair in values_of(row))
        counts = count_by(session, DORDRECHT, SINCE, UNTIL, NAMES)
    counted = {(name, value): n for name, values in counts.items() for value, n in values.items()}
    assert counted == dict(expected)
    assert counts["totaal"][""] > 15


def test_a_town_without_reports_has_no_figures(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        counts = count_by(session, DORDRECHT, SINCE, UNTIL, NAMES)
    assert counts == {name: {} for name in NAMES}
