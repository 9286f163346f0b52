"""The numbers of the map: by the clock of the Netherlands, and from the index alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, inspect, select, text

from stopintimidatie.map.queries import in_part
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import PARTS_OF_DAY, known_part_of_day
from tests.support.factories import DORDRECHT, make_report
from tests.support.installation import Installation

pytestmark = pytest.mark.both_databases
COUNTED = (
    "SELECT CAST(neighbourhood_code AS VARCHAR), count(*) FROM report WHERE holder = 'GM0505'"
    " AND incident_start >= '2026-01-01' AND state NOT IN ('quarantaine') GROUP BY 1"
)


def test_the_part_of_a_day_is_that_of_the_page(installation: Installation) -> None:
    # Around both changes of the clock, with what a reporter may have said of it.
    moments = [
        datetime(2026, month, 29, tzinfo=UTC) + timedelta(hours=hours)
        for month in (1, 3, 7, 10)
        for hours in range(0, 48, 5)
    ]
    said = [(None, None), ("exact", None), ("dag", None), ("dagdeel", "avond"), ("onbekend", None)]
    with installation.transaction() as session:
        first = make_report(session, installation)
        kept = {c.key: getattr(first, c.key) for c in Report.__mapper__.column_attrs}
        for place, moment in enumerate(moments):
            precision, part = said[place % len(said)]
            own = {"incident_start": moment, "time_precision": precision, "part_of_day": part}
            fresh = {
                "id": uuid4(),
                "reference": f"M-0000-{place:04}",
                "follow_code_hash": str(place),
            }
            session.add(Report(**kept | own | fresh | {"follow_code_hash": str(place)}))
        session.flush()
        rows = session.scalars(select(Report).where(Report.holder == DORDRECHT)).all()
        for name in PARTS_OF_DAY:
            number = session.scalar(select(func.count()).select_from(Report).where(in_part(name)))
            known = [
                known_part_of_day(row.incident_start, row.time_precision, row.part_of_day)
                for row in rows
            ]
            assert number == known.count(name)


def test_the_town_is_counted_from_the_index_alone(installation: Installation) -> None:
    indexes = {index["name"] for index in inspect(installation.owner).get_indexes("report")}
    assert "ix_report_map" in indexes
    # PostgreSQL's planner takes any index of an empty table; bench.pages shows what it does.
    if installation.settings.sqlite:
        with installation.owner.connect() as asking:
            plan = asking.execute(text(f"EXPLAIN QUERY PLAN {COUNTED}")).all()
        assert "COVERING INDEX ix_report_map" in str(plan)
