"""Tests that a page of several documents is one line of the log, found by each of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from stopintimidatie.core.audit import Actor, AuditEvent, AuditSubject, event_rows, record_read
from stopintimidatie.core.clock import AMSTERDAM, clock_at
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.session import insert_rows
from stopintimidatie.privacy.log import queries
from stopintimidatie.privacy.log.queries import Filters
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report, make_user
from tests.support.installation import Installation

pytestmark = pytest.mark.both_databases

NOON = datetime(2026, 3, 1, 12, tzinfo=AMSTERDAM)
PEOPLE = [Actor("gebruiker", str(uuid4()), name) for name in ("Olga", "Bart")]
CASE = "V-2B2B-2B2B"
VIEWS, MOST_BYTES = 1_000, 1_024


def line_of_before(
    installation: Installation,
    holder: str,
    actor: Actor,
    documents: Sequence[UUID],
    task: str,
    at: datetime = NOON,
) -> None:
    """Write a read as 1.0.0 did: a row for each document."""
    rows = event_rows(actor, "gelezen", holder, "melding", documents, task=task, at=at)
    with installation.transaction(holder) as session:
        insert_rows(session, rows)


def choices(documents: Sequence[UUID]) -> Iterator[Filters]:
    """Each document by itself, and with one filter more."""
    for document in documents:
        yield Filters(document=document)
        yield Filters(document=document, actor=PEOPLE[0].id)
        yield Filters(document=document, actions=["gelezen"], since=NOON + timedelta(hours=9))
        yield Filters(document=document, actions=["melding.notitie", "gelezen"])
        yield Filters(document=document, actions=["melding.notitie"])
        yield Filters(document=document, before=NOON + timedelta(hours=20))


def answers(installation: Installation, holder: str, documents: Sequence[UUID]) -> list[Any]:
    """All that the log of a holder says of these documents: who, when, which, how many."""
    told: list[Any] = []

    def tell(lines: Sequence[queries.LogLine]) -> None:
        for line in lines:
            whole = queries.subjects_of(session, line.event, 0, 9)
            assert queries.subjects_of(session, line.event, 1, 2) == whole[1:3]
            event = line.event
            told.append((event.actor_id, event.at, event.task, line.number, *line.first, *whole))

    with installation.transaction(holder) as session:
        for filters in choices(documents):
            told.append(queries.count_events(session, filters, 100))
            tell(queries.page_of_events(session, filters, 0, 100))
            tell(queries.page_of_events(session, filters, 2, 3))
            tell(queries.events_after(session, filters, None, 2))
            drawn, total = queries.draw_events(session, filters, "7", 3)
            told.append(total)
            tell(drawn)
        told += [queries.reads_of(session, document, CASE) for document in documents]
        tell(queries.page_of_events(session, Filters(), 0, 100))
    return told


@pytest.mark.short_on("postgresql")
def test_the_log_answers_as_if_each_document_had_a_row_of_its_own(
    installation: Installation,
) -> None:
    random, pool = Random(40), [uuid4() for _ in range(6)]
    for number in range(40):
        at, actor = NOON + timedelta(hours=number), random.choice(PEOPLE)
        shown = random.sample(pool[:-1], random.randint(0, 5))
        task = random.choice(["postvak", "zoeken", f"vindplaatsen van {CASE}", queries.FOR_A_CASE])
        with clock_at(at), installation.transaction(DORDRECHT) as session:
            # A document that a list names twice was read once.
            record_read(session, actor, DORDRECHT, "melding", shown + shown[:1], task=task)
        if shown:
            line_of_before(installation, EINDHOVEN, actor, shown, task, at)
    packed = answers(installation, DORDRECHT, pool)
    assert packed == answers(installation, EINDHOVEN, pool)
    assert len(packed) > 500


def test_a_page_of_no_documents_is_no_line_and_one_of_no_ids_is_not_written(
    installation: Installation,
) -> None:
    with installation.transaction(DORDRECHT) as session:
        record_read(session, PEOPLE[0], DORDRECHT, "melding", [], task="postvak")
    bad: Any = ["M-4F7K-2QXJ", "M-4F7K-2QXK"]
    with pytest.raises(StatementError), installation.transaction(DORDRECHT) as session:
        record_read(session, PEOPLE[0], DORDRECHT, "melding", bad, task="postvak")
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(AuditEvent.id)).all() == []


def test_a_list_that_was_read_can_be_changed_by_nobody(installation: Installation) -> None:
    shown = [uuid4(), uuid4()]
    with installation.transaction(DORDRECHT) as session:
        record_read(session, PEOPLE[0], DORDRECHT, "melding", shown, task="postvak")
    change = text("UPDATE audit_event SET listed = NULL")
    with (
        pytest.raises(DBAPIError, match=r"append-only|permission denied"),
        installation.transaction(DORDRECHT) as session,
    ):
        session.execute(change)
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(AuditEvent.listed)).one() == sorted(shown)


def test_a_view_of_a_list_costs_at_most_a_kilobyte_with_its_indexes(
    installation: Installation,
) -> None:
    def size() -> int:
        with installation.owner.connect() as connection:
            if connection.dialect.name == "sqlite":
                wanted = "sum(pgsize) FROM dbstat WHERE name LIKE '%audit%'"
            else:
                sizes = [f"pg_total_relation_size('audit_{name}')" for name in ("event", "subject")]
                wanted = " + ".join(sizes)
            return int(connection.scalar(text(f"SELECT {wanted}")))

    pool, random, before = [uuid4() for _ in range(200)], Random(40), size()
    for _ in range(10):
        with installation.transaction(DORDRECHT) as session:
            for _ in range(VIEWS // 10):
                shown = random.sample(pool, 25)
                record_read(session, PEOPLE[0], DORDRECHT, "melding", shown, task="postvak")
    assert 25 * 16 < (size() - before) / VIEWS <= MOST_BYTES


@pytest.mark.short_on("sqlite")
def test_who_listed_or_opened_a_report_stands_in_its_log_also_from_before(
    installation: Installation,
) -> None:
    connect(installation)
    with installation.transaction() as session:
        reports = [make_report(session, installation) for _ in range(3)]
    ids, reference = {report.id for report in reports}, reports[0].reference
    line_of_before(installation, DORDRECHT, PEOPLE[1], sorted(ids), "postvak")
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER), name="Olga"))
    officer.get("/gemeenten/dordrecht/postvak")
    officer.get(f"/gemeenten/dordrecht/postvak?melding={reference}")
    with installation.transaction(DORDRECHT) as session:
        subject = AuditSubject.subject_id.in_(ids), AuditEvent.actor_name == "Olga"
        apart = session.scalar(
            select(func.count()).join_from(AuditEvent, AuditSubject).where(*subject)
        )
    assert apart == 1, "only the report that was opened has a row of its own"
    role = Role.DATA_PROTECTION_OFFICER
    fg = installation.browser(make_user(installation, (DORDRECHT, role)))
    page = fg.get(f"/gemeenten/dordrecht/logboek?wat=gelezen&stuk={reference}")
    rows = csv.DictReader(
        io.StringIO(page.click("Als bestand").body.decode("utf-8-sig")), delimiter=";"
    )
    read = [(row["Wie"], row["Taak"], row["Aantal"]) for row in rows]
    assert sorted(read) == [
        ("Bart", "postvak", "3"),
        ("Olga", "melding openen", "1"),
        ("Olga", "postvak", "3"),
        ("Olga", "postvak", "3"),
    ]
    with installation.transaction(DORDRECHT) as session:
        mine = AuditEvent.task == "postvak", AuditEvent.actor_name == "Olga"
        number = session.scalars(select(AuditEvent.id).where(*mine).limit(1)).one()
    line = fg.get(f"/gemeenten/dordrecht/logboek-regel?nr={number}")
    shown = {link.text for link in line.html.select("tbody th a")}
    assert shown == {report.reference for report in reports}
