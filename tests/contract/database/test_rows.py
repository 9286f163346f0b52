"""Rows written without the ORM: the same walls, the same values, all of them or none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import literal, null, select
from sqlalchemy.exc import IntegrityError

from stopintimidatie.core.audit import SYSTEM, event_rows
from stopintimidatie.core.clock import AMSTERDAM, utc_now
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.storage import NATIONAL, TenancyError
from stopintimidatie.core.storage.models import UtcDateTime, local_hour
from stopintimidatie.core.storage.session import Row, insert_rows, write_rows
from stopintimidatie.core.tree import Reference
from stopintimidatie.reports.models import Report
from tests.support.factories import DORDRECHT, make_report
from tests.support.installation import Installation

pytestmark = pytest.mark.both_databases

WAIT = 1_000
AWKWARD = "“ß” \\ \" \n\t ' %s 🚲 ￿"


def write(installation: Installation, *rows: Row, holder: str = DORDRECHT) -> None:
    write_rows(installation.engine, holder, rows, WAIT)


def job_row(kind: str, holder: str, payload: dict[str, Any]) -> Row:
    return OutboxJob, {"kind": kind, "holder": holder, "payload": payload}


def event(holder: str = DORDRECHT) -> list[Row]:
    return event_rows(SYSTEM, "proef", holder, "melding", [uuid4()])


def count(installation: Installation, table: Any) -> int:
    with installation.transaction() as session:
        connection = session.connection()
        return len(connection.execute(table.__table__.select()).all())


def test_rows_of_another_holder_are_refused_before_anything_is_written(
    installation: Installation,
) -> None:
    with pytest.raises(TenancyError):
        write(installation, job_row("proef", DORDRECHT, {}), *event(NATIONAL))
    with pytest.raises(TenancyError), installation.transaction(NATIONAL) as session:
        insert_rows(session, event(DORDRECHT))
    with pytest.raises(TenancyError), installation.transaction() as session:
        insert_rows(session, event(DORDRECHT))
    assert count(installation, OutboxJob) == 0


def test_all_rows_are_written_or_none(installation: Installation) -> None:
    values = {"reference": "M-4F7K-2QXJ", "holder": DORDRECHT, "kind": "melding"}
    write(installation, (Reference, values))
    with pytest.raises(IntegrityError):
        write(installation, job_row("proef", DORDRECHT, {}), (Reference, values))
    assert (count(installation, OutboxJob), count(installation, Reference)) == (0, 1)


def test_values_come_back_as_they_were_given(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        made = make_report(session, installation)
        plain = {c.key: getattr(made, c.key) for c in Report.__table__.columns}
    given = {
        **plain,
        "id": uuid4(),
        "reference": "M-0000-0000",
        "description": AWKWARD,
        "lat": 0.1 + 0.2,
        "address": {"town": AWKWARD, "number": [1, None, True]},
        "transit": None,
        "incident_start": datetime(2026, 10, 25, 0, 30, 0, 123456, tzinfo=UTC),
    }
    write(installation, (Report, given))
    with installation.transaction(DORDRECHT) as session:
        found = session.get_one(Report, given["id"])
        assert {name: getattr(found, name) for name in given} == given
        rows = session.connection().execute(
            Report.__table__.select().where(Report.transit.is_(None))
        )
        assert len(rows.all()) == 2


def test_a_column_that_isnt_named_gets_its_default(installation: Installation) -> None:
    before = utc_now()
    write(
        installation,
        (OutboxJob, {"holder": DORDRECHT, "kind": "proef", "payload": {"n": 1}}),
        (OutboxJob, {"holder": DORDRECHT, "kind": "proef", "payload": {"n": 2}}),
    )
    with installation.transaction() as session:
        first, second = session.query(OutboxJob).order_by(OutboxJob.id)
        assert before <= first.created_at <= utc_now()
        assert (first.attempts, first.dead, first.lease_until) == (0, False, None)
        assert [first.payload, second.payload] == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize(
    "change", [{"kolom": 1}, {"run_after": datetime(2026, 1, 1)}, {"payload": {1, 2}}]
)
def test_what_no_table_can_hold_is_a_mistake_and_writes_nothing(
    installation: Installation, change: dict[str, Any]
) -> None:
    model, values = job_row("proef", DORDRECHT, {})
    with pytest.raises(Exception, match=r"column|naive|serializable|set"):
        write(installation, *event(), (model, {**values, **change}))
    assert count(installation, OutboxJob) == 0


def test_the_hour_of_a_moment_is_that_of_the_clock_in_the_netherlands(
    installation: Installation,
) -> None:
    # Around both changes of the clock, and around midnight in winter and in summer.
    moments = [
        datetime(2026, month, day, hour, minute, tzinfo=UTC)
        for month, day in ((1, 15), (3, 28), (3, 29), (7, 1), (10, 25), (12, 31))
        for hour, minute in ((0, 0), (0, 59), (1, 0), (4, 30), (21, 59), (22, 0), (23, 0))
    ]
    hours = [local_hour(literal(moment, UtcDateTime())) for moment in moments]
    with installation.transaction(DORDRECHT) as session:
        *read, unknown = session.execute(select(*hours, local_hour(null()))).one()
    assert read == [moment.astimezone(AMSTERDAM).hour for moment in moments]
    assert unknown is None
