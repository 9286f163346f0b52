"""Large numbers of reports, inserted as rows, and a measure of the work of a piece of code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import event, insert, text

from stopintimidatie.core.clock import utc_now
from stopintimidatie.reports.models import Report, ReportForm
from stopintimidatie.reports.rules import new_reference
from tests.support.factories import DORDRECHT, make_report
from tests.support.installation import Installation

# SQLite calls the progress handler once in this many steps of its virtual machine.
_STEPS: Final = 100


def crowd(installation: Installation, number: int, holder: str = DORDRECHT) -> None:
    """Store this many new reports at one place, one for each second; a third has a deadline."""
    with installation.transaction(holder) as session:
        first = make_report(session, installation, holder=holder)
        session.flush()
        report = {column.key: getattr(first, column.key) for column in Report.__table__.columns}
        form = {
            column.key: getattr(first.form_rows[0], column.key)
            for column in ReportForm.__table__.columns
        }
        now, reports, forms = utc_now(), [], []
        for place in range(number - 1):
            changes: dict[str, Any] = {
                "id": uuid4(),
                "reference": new_reference(),
                "received_at": now - timedelta(seconds=place),
                "contact_deadline": now + timedelta(hours=place + 1) if place % 3 == 0 else None,
            }
            reports.append({**report, **changes})
            forms.append({**form, "id": uuid4(), "report_id": changes["id"]})
        session.execute(insert(Report), reports)
        session.execute(insert(ReportForm), forms)
    tell_planner(installation)


def tell_planner(installation: Installation) -> None:
    """Count the reports for PostgreSQL's planner; its autovacuum does so within a minute."""
    if not installation.settings.sqlite:
        with installation.owner.connect() as connection:
            connection.execute(text("ANALYZE report, report_form"))
            connection.commit()


def work_of(installation: Installation, call: Callable[[], object]) -> int:
    """Count the steps of SQLite's virtual machine, or the rows PostgreSQL read; never a time."""
    watch = _steps if installation.settings.sqlite else _rows
    with watch(installation) as counted:
        call()
    return sum(counted)


@contextmanager
def _steps(installation: Installation) -> Iterator[list[int]]:
    counted: list[int] = []

    def tick() -> int:
        counted.append(_STEPS)
        return 0

    def before(conn: Any, *_: Any) -> None:
        conn.connection.driver_connection.set_progress_handler(tick, _STEPS)

    event.listen(installation.engine, "before_cursor_execute", before)
    try:
        yield counted
    finally:
        event.remove(installation.engine, "before_cursor_execute", before)
        # Otherwise the connections in the pool would keep their progress handler.
        installation.engine.dispose()


@contextmanager
def _rows(installation: Installation) -> Iterator[list[int]]:
    counted: list[int] = []

    def before(conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.startswith(("SELECT", "WITH")) or "set_config" in statement:
            return
        with conn.connection.driver_connection.cursor() as asking:
            asking.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
            found = asking.fetchone()[0]
        plan = found if isinstance(found, list) else json.loads(found)
        counted.append(_looked_at(plan[0]["Plan"]))

    event.listen(installation.engine, "before_cursor_execute", before)
    try:
        yield counted
    finally:
        event.remove(installation.engine, "before_cursor_execute", before)


def _looked_at(node: dict[str, Any]) -> int:
    """Count the rows that each step of a plan read, including those that it filtered out."""
    removed = sum(number for name, number in node.items() if name.startswith("Rows Removed"))
    rows = int((node["Actual Rows"] + removed) * node["Actual Loops"])
    return rows + sum(map(_looked_at, node.get("Plans", ())))
