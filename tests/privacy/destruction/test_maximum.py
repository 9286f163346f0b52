"""Keeping a document beyond its maximum: a decision of the controller, told before it works."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, Actor, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.second import SecondError
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.privacy.destruction import extension
from stopintimidatie.privacy.destruction.extension import NOTICE, Ruling
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    DestructionStatement,
    LineState,
)
from stopintimidatie.privacy.destruction.rules import ASSESSES
from stopintimidatie.privacy.destruction.services import (
    Choice,
    decide,
    fingerprint,
    make_step,
)
from stopintimidatie.privacy.retention.models import Extension, ExtensionOutcome
from stopintimidatie.reports.models import Report
from tests.support.destruction import a_line, a_list, an_extension
from tests.support.factories import DORDRECHT, connect, make_report, make_user, take_on
from tests.support.installation import Installation
from tests.support.retaining import approve, authorise, lines, night, on

OWNER = Actor("gebruiker", "1", "De Proceseigenaar")
FG = Role.DATA_PROTECTION_OFFICER
HOME = "/gemeenten/dordrecht/vernietiging"
DAY, YEAR = timedelta(days=1), timedelta(days=365)
RECEIVED, MAXIMUM = date(2026, 2, 10), date(2036, 2, 10)


@pytest.fixture(autouse=True)
def watched(installation: Installation) -> None:
    """An archivist and an FG, who are told."""
    connect(installation)
    for role in (Role.ARCHIVIST, FG):
        make_user(installation, (DORDRECHT, role))


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def at_maximum(session: Any, **more: Any) -> tuple[Any, DestructionLine]:
    row = a_list(session)
    today = day_of(utc_now())
    values = {"at_maximum": True, "due_on": today + timedelta(days=20)} | more
    line = a_line(session, row, "M-1", **values)
    session.flush()
    return row, line


def enter(session: Any, row: Any, line: DestructionLine, **more: Any) -> Extension:
    today = day_of(utc_now())
    values: dict[str, Any] = {"until": today + YEAR, "reason": "Er loopt onderzoek."}
    values |= {"body": "college", "number": "B-12", "on": today}
    ruling = Ruling(**(values | more))
    return extension.enter(session, row, line, ruling, OWNER, fingerprint([line]))


def choose(session: Any, row: Any, line: DestructionLine, choice: Choice) -> None:
    decide(session, row, [line.id], choice, OWNER, seen=fingerprint([line]))


def reported(installation: Installation, day: date = RECEIVED, **changes: Any) -> Any:
    """A report of this day, whose terms count from then; its id."""
    with on(day), installation.transaction(DORDRECHT) as session:
        report = take_on(session, make_report(session, installation))
        for name, value in changes.items():
            setattr(report, name, value)
        number = report.id
    with on(day):
        approve(installation)
    return number


def is_there(installation: Installation, report: Any) -> bool:
    with installation.transaction(DORDRECHT) as session:
        return session.get(Report, report) is not None


def test_a_document_stays_until_the_day_of_the_controller_and_then_goes(
    installation: Installation,
) -> None:
    report, until = reported(installation), date(2037, 6, 1)
    night(installation, date(2035, 12, 1))
    with on(date(2035, 12, 2)), installation.transaction(DORDRECHT) as session:
        line = session.scalars(select(DestructionLine)).one()
        assert (line.due_on, line.at_maximum) == (MAXIMUM, True)
        enter(session, session.get_one(DestructionList, line.list_id), line, until=until)
    # Archivist and FG know of it a week before it works.
    night(installation, date(2035, 12, 8))
    assert lines(installation)[report].decision is None
    for day in (date(2035, 12, 10), MAXIMUM, date(2036, 12, 31)):
        night(installation, day)
        line = lines(installation)[report]
        assert (line.decision, line.postponed_until) == (LineState.POSTPONED, until)
    # A quarter ahead of its last day somebody looks again.
    night(installation, date(2037, 1, 1))
    assert lines(installation)[report].decision is None
    assert lines(installation)[report].due_on == until
    authorise(installation, report)
    for day, there in ((until - DAY, True), (until, False)):
        night(installation, day)
        assert is_there(installation, report) is there
    with installation.transaction(DORDRECHT) as session:
        statement = session.scalars(select(DestructionStatement)).one()
        begun = select(AuditEvent).where(AuditEvent.action == "uiterste.begonnen")
        event = session.scalars(begun).one()
        assert (event.actor_kind, event.fields) == (SYSTEM.kind, [until.isoformat()])
    assert "1 juni 2037, langer dan het uiterste" in str(statement.content["gegevens"])


def test_the_log_says_that_a_decision_lapsed_with_its_document(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        row, line = at_maximum(session)
        known = enter(session, row, line)
        session.delete(line)
        session.flush()
        for _ in range(2):
            extension.apply_rulings(session)
        assert known.outcome == ExtensionOutcome.WITHDRAWN
        lapsed = select(AuditEvent.actor_kind).where(AuditEvent.action == "uiterste.vervallen")
        assert session.scalars(lapsed).all() == [SYSTEM.kind]


def test_archivist_and_fg_are_told_without_content_and_it_can_be_taken_back(
    installation: Installation,
) -> None:
    with installation.transaction(DORDRECHT) as session:
        row, line = at_maximum(session)
        known = enter(session, row, line)
        sent = session.scalars(select(MailMessage)).all()
        assert [message.template for message in sent] == ["langer_bewaren"] * 2
        assert all(not message.values for message in sent)
        # Meanwhile the act of the process owner leaves it aside.
        make_step(session, row, ASSESSES, OWNER, fingerprint([line]))
        decisions = [line.decision]
        with pytest.raises(FormError, match="al ingevuld"):
            enter(session, row, line)
        extension.withdraw(session, known, OWNER)
        with pytest.raises(FormError, match="al teruggehaald"):
            extension.withdraw(session, known, OWNER)
        make_step(session, row, ASSESSES, OWNER, fingerprint([line]))
        assert [*decisions, line.decision] == [None, LineState.GOES]
        actions = session.scalars(select(AuditEvent.action)).all()
    assert {"uiterste.ingevuld", "uiterste.ingetrokken"} <= set(actions)


def test_where_nobody_can_be_told_it_isnt_entered(installation: Installation) -> None:
    with installation.transaction("GM0772") as session:
        row = a_list(session, holder="GM0772")
        due = day_of(utc_now()) + timedelta(days=20)
        line = a_line(session, row, "M-1", at_maximum=True, due_on=due)
        session.flush()
        with pytest.raises(FormError, match="Er is geen archivaris"):
            enter(session, row, line)


def test_a_question_that_was_under_way_at_the_upgrade_asks_for_the_decision(
    installation: Installation,
) -> None:
    """Of 1.0.0: asked, with the advice of the archivist, and none of the FG yet."""
    with installation.transaction(DORDRECHT) as session:
        _, line = at_maximum(session)
        advice = {"archivist_agrees": True, "archivist_words": "Terecht.", "archivist_by": "X"}
        an_extension(session, "M-1", document_id=line.document_id, archivist_at=utc_now(), **advice)
        extension.apply_rulings(session)
        assert session.scalars(select(Extension.outcome)).one() is None
    owner = person(installation, Role.PROCESS_OWNER)
    start = owner.get("/gemeenten/dordrecht")
    assert "vul het besluit in" in start.text
    page = start.click("M-1: langer bewaren dan het uiterste")
    assert "Gevraagd: bewaren tot" in page.text
    page = owner.get(f"{HOME}/2031-4/langer-bewaren?regel=M-1")
    assert "Terecht." in page.text
    today = day_of(utc_now())
    page = filled(page, today, today + YEAR).follow()
    assert "ingevuld" in page.text
    with installation.transaction(DORDRECHT) as session:
        asked = session.scalars(select(Extension)).one()
        assert (asked.decided_number, asked.archivist_words) == ("B-12", "Terecht.")


def test_what_is_held_back_asks_again_at_its_maximum(installation: Installation) -> None:
    report = reported(installation, state="afgehandeld", ended_at=noon(RECEIVED))
    night(installation, date(2030, 12, 1))
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(DestructionLine)).one().decision = LineState.HELD.value
    night(installation, MAXIMUM - DAY)
    assert lines(installation)[report].decision == LineState.HELD
    night(installation, MAXIMUM)
    line = lines(installation)[report]
    assert (line.decision, line.at_maximum) == (None, True)


def test_a_decision_ends_with_its_document(installation: Installation) -> None:
    report = reported(installation)
    night(installation, date(2035, 12, 1))
    with on(date(2035, 12, 2)), installation.transaction(DORDRECHT) as session:
        line = session.scalars(select(DestructionLine)).one()
        row = session.get_one(DestructionList, line.list_id)
        enter(session, row, line, until=MAXIMUM + YEAR)
        session.get_one(Report, report).state = "vernietigd"
    for day in (3, 4):
        night(installation, date(2035, 12, day))
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Extension.outcome)).one() == "ingetrokken"


def test_nobody_else_keeps_a_document_beyond_its_maximum(installation: Installation) -> None:
    today = day_of(utc_now())
    approve(installation)
    with installation.transaction(DORDRECHT) as session:
        row, line = at_maximum(session)
        for decision, until in ((LineState.POSTPONED, today + DAY), (LineState.HELD, None)):
            with pytest.raises(FormError, match="Langer bewaren dan het uiterste"):
                choose(session, row, line, Choice(decision, "nodig", until))
        # Nor by putting off until a day beyond it what is due by its own term.
        other = a_line(session, row, "M-2", received_on=today - 9 * YEAR)
        session.flush()
        with pytest.raises(FormError, match="het uiterste") as refused:
            choose(session, row, other, Choice(LineState.POSTPONED, "nodig", today + 3 * YEAR))
        assert refused.value.field == "tot"
        choose(session, row, other, Choice(LineState.POSTPONED, "nodig", today + DAY))


def test_a_decision_has_days_that_can_be_and_a_line_that_waits(
    installation: Installation,
) -> None:
    today = day_of(utc_now())
    with installation.transaction(DORDRECHT) as session:
        row, line = at_maximum(session)
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"until": today - DAY}, "tot"),
            ({"until": line.due_on}, "tot"),
            ({"until": today + 6 * YEAR}, "tot"),
            ({"on": today + DAY}, "datum"),
        ]
        for more, field in wrong:
            with pytest.raises(FormError) as refused:
                enter(session, row, line, **more)
            assert refused.value.field == field
        with pytest.raises(SecondError):
            extension.enter(
                session, row, line, Ruling(today, "x", "college", "1", today), OWNER, ""
            )
        other = a_line(session, row, "M-2")
        session.flush()
        with pytest.raises(FormError, match="nog niet op zijn uiterste"):
            enter(session, row, other)
        line.authorised_at = utc_now()
        session.flush()
        with pytest.raises(FormError, match="al gemachtigd"):
            enter(session, row, line)


# The pages


def person(installation: Installation, role: Role) -> Any:
    username = make_user(installation, (DORDRECHT, role), name=f"De {role.label}")
    return installation.browser(username)


def filled(page: Any, on: date, until: date) -> Any:
    form = page.forms["formulier"]
    form["wie"], form["nummer"], form["reden"] = "college", "B-12", "Er loopt onderzoek."
    form["datum"], form["tot"] = on.isoformat(), until.isoformat()
    return form.submit(expect_errors=True)


def test_a_decision_is_entered_and_taken_back_on_the_pages(installation: Installation) -> None:
    approve(installation)
    today = day_of(utc_now())
    with installation.transaction(DORDRECHT) as session:
        at_maximum(session)
    owner = person(installation, Role.PROCESS_OWNER)
    page = owner.get(f"{HOME}/2031-4").click("Langer bewaren dan het uiterste")
    late = filled(page, today, today + 6 * YEAR)
    assert late.status_int == 422
    assert "Er loopt onderzoek." in late.text
    page = filled(late, today, today + YEAR).follow()
    works = date_text(today + NOTICE)
    assert f"Het werkt op {works}" in page.text
    for role in (Role.ARCHIVIST, FG):
        watcher = person(installation, role)
        start = watcher.get("/gemeenten/dordrecht")
        assert f"werkt vanaf {works}" in start.text
        page = start.click("M-1: langer bewaren dan het uiterste")
        assert "nummer B-12" in page.text
        assert not [form for form in page.forms.values() if "langer-terug" in form.action]
    # Each of them read the reason, which is free text: that is in the log.
    with installation.transaction(DORDRECHT) as session:
        tasks = session.scalars(select(AuditEvent.task)).all()
    assert tasks.count("besluiten om langer te bewaren bekijken") == 2
    page = owner.get(HOME)
    form = next(form for form in page.forms.values() if "langer-terug" in form.action)
    assert "het besluit is teruggehaald" in form.submit().follow().text
    token = owner.cookies["csrf"]
    owner.post(f"{HOME}/langer-terug?nr=nee", {"csrf_token": token}, status=404)
