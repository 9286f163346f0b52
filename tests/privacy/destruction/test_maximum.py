"""Keeping a document beyond its maximum: asked, advised on by two, decided by the controller."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import Actor, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import day_of
from stopintimidatie.privacy.destruction import requests
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    DestructionStatement,
    LineDecision,
)
from stopintimidatie.privacy.destruction.requests import Ruling
from stopintimidatie.privacy.destruction.services import (
    Choice,
    ListError,
    StaleListError,
    decide,
    fingerprint,
)
from stopintimidatie.privacy.retention.models import Extension
from stopintimidatie.reports.models import Report
from tests.support.destruction import a_line, a_list, an_extension
from tests.support.factories import DORDRECHT, connect, make_report, make_user, take_on
from tests.support.installation import Installation
from tests.support.retaining import approve, authorise, lines, night, on

OWNER = Actor("gebruiker", "1", "De Proceseigenaar")
ARCHIVIST = Actor("gebruiker", "3", "De Archivaris")
FG = Actor("gebruiker", "4", "De FG")
FG_ROLE = Role.DATA_PROTECTION_OFFICER
HOME = "/gemeenten/dordrecht/vernietiging"
DAY, YEAR = timedelta(days=1), timedelta(days=365)
RECEIVED, MAXIMUM = date(2026, 2, 10), date(2036, 2, 10)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def at_maximum(session: Any, **more: Any) -> tuple[Any, DestructionLine]:
    row = a_list(session)
    today = day_of(utc_now())
    values = {"at_maximum": True, "due_on": today + timedelta(days=20)} | more
    line = a_line(session, row, "M-1", **values)
    session.flush()
    return row, line


def ask(session: Any, row: Any, line: DestructionLine, until: date | None = None) -> Extension:
    wanted = (until or day_of(utc_now()) + YEAR, "Er loopt onderzoek.")
    return requests.ask(session, row, line, wanted, OWNER, fingerprint([line]))


def advise(session: Any, row: Extension, role: Role, actor: Actor, *, agrees: bool = True) -> None:
    requests.advise(session, row, role, (agrees, "Kort."), actor, fingerprint([row]))


def rule(session: Any, row: Any, line: Any, asked: Extension, **more: Any) -> None:
    today = day_of(utc_now())
    values: dict[str, Any] = {
        "granted": True,
        "body": "college",
        "number": "B-12",
        "on": today,
        "until": None,
    }
    actor = more.pop("actor", OWNER)
    ruling = Ruling(**(values | more))
    requests.enter(session, row, line, asked, ruling, actor, fingerprint([asked]))


def choose(session: Any, row: Any, line: Any, choice: Choice) -> None:
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


def test_a_document_stays_until_the_day_of_the_controller_and_then_goes(
    installation: Installation,
) -> None:
    report, until = reported(installation), date(2037, 6, 1)
    night(installation, date(2035, 12, 1))
    with on(date(2035, 12, 2)), installation.transaction(DORDRECHT) as session:
        line = session.scalars(select(DestructionLine)).one()
        assert (line.due_on, line.at_maximum) == (MAXIMUM, True)
        row = session.get_one(DestructionList, line.list_id)
        question = ask(session, row, line, until)
        advise(session, question, Role.ARCHIVIST, ARCHIVIST)
        advise(session, question, FG_ROLE, FG, agrees=False)
        rule(session, row, line, question, until=until)
    for day in (MAXIMUM, date(2036, 12, 31)):
        night(installation, day)
        line = lines(installation)[report]
        assert (line.decision, line.postponed_until) == (LineDecision.POSTPONED, until)
    # The list of its quarter is made a quarter ahead; there three people look.
    night(installation, date(2037, 1, 1))
    assert lines(installation)[report].decision is None
    assert lines(installation)[report].due_on == until
    authorise(installation, report)
    for day, there in ((until - DAY, True), (until, False)):
        night(installation, day)
        with installation.transaction(DORDRECHT) as session:
            assert (session.get(Report, report) is not None) is there
    with installation.transaction(DORDRECHT) as session:
        statement = session.scalars(select(DestructionStatement)).one()
    assert "1 juni 2037, langer dan het uiterste" in str(statement.content["gegevens"])


def test_what_is_held_back_asks_again_at_its_maximum(installation: Installation) -> None:
    report = reported(installation, state="afgehandeld", ended_at=noon(RECEIVED))
    night(installation, date(2030, 12, 1))
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(DestructionLine)).one().decision = LineDecision.HELD.value
    night(installation, MAXIMUM - DAY)
    assert lines(installation)[report].decision == LineDecision.HELD
    night(installation, MAXIMUM)
    line = lines(installation)[report]
    assert (line.decision, line.at_maximum) == (None, True)


def test_a_question_ends_with_its_document(installation: Installation) -> None:
    report = reported(installation)
    night(installation, date(2035, 12, 1))
    with on(date(2035, 12, 2)), installation.transaction(DORDRECHT) as session:
        line = session.scalars(select(DestructionLine)).one()
        ask(session, session.get_one(DestructionList, line.list_id), line, MAXIMUM + YEAR)
        session.get_one(Report, report).state = "vernietigd"
    night(installation, date(2035, 12, 3))
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Extension.outcome)).one() == "ingetrokken"


def test_nobody_keeps_a_document_beyond_its_maximum_alone(installation: Installation) -> None:
    today = day_of(utc_now())
    approve(installation)
    with installation.transaction(DORDRECHT) as session:
        row, line = at_maximum(session)
        for decision, until in ((LineDecision.POSTPONED, today + DAY), (LineDecision.HELD, None)):
            with pytest.raises(ListError, match="Langer bewaren dan het uiterste"):
                choose(session, row, line, Choice(decision, "nodig", until))
        # Nor by putting off until a day beyond it what is due by its own term.
        other = a_line(session, row, "M-2", received_on=today - 9 * YEAR)
        session.flush()
        with pytest.raises(ListError, match="het uiterste") as refused:
            choose(session, row, other, Choice(LineDecision.POSTPONED, "nodig", today + 3 * YEAR))
        assert refused.value.field == "tot"
        choose(session, row, other, Choice(LineDecision.POSTPONED, "nodig", today + DAY))
        # It may go, but not while somebody asked to keep it.
        choose(session, row, line, Choice(LineDecision.GOES))
        question = ask(session, row, line)
        assert line.decision is None
        with pytest.raises(ListError, match="Vraag intrekken"):
            choose(session, row, line, Choice(LineDecision.GOES))
        requests.withdraw(session, question, OWNER)
        choose(session, row, line, Choice(LineDecision.GOES))


def test_a_question_has_a_day_within_bounds_and_is_asked_once(installation: Installation) -> None:
    today = day_of(utc_now())
    with installation.transaction(DORDRECHT) as session:
        row, line = at_maximum(session)
        for wrong in (today - DAY, line.due_on, today + 6 * YEAR):
            with pytest.raises(ListError) as refused:
                ask(session, row, line, wrong)
            assert refused.value.field == "tot"
        with pytest.raises(StaleListError):
            requests.ask(session, row, line, (today + YEAR, "x"), OWNER, "")
        ask(session, row, line)
        with pytest.raises(ListError, match="al gevraagd"):
            ask(session, row, line)
        other = a_line(session, row, "M-2")
        session.flush()
        with pytest.raises(ListError, match="nog niet op zijn uiterste"):
            ask(session, row, other)
        line.authorised_at = utc_now()
        session.flush()
        with pytest.raises(ListError, match="al gemachtigd"):
            ask(session, row, line)


def test_asker_and_advisers_are_three_people(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        row, line = at_maximum(session)
        question = ask(session, row, line)
        with pytest.raises(ListError, match="zelf gevraagd"):
            advise(session, question, Role.ARCHIVIST, OWNER)
        with pytest.raises(ListError, match="archivaris en de FG"):
            rule(session, row, line, question, until=day_of(utc_now()) + YEAR)
        advise(session, question, Role.ARCHIVIST, ARCHIVIST)
        with pytest.raises(ListError, match="al gegeven"):
            advise(session, question, Role.ARCHIVIST, FG)
        with pytest.raises(ListError, match="al advies gegeven als archivaris"):
            advise(session, question, FG_ROLE, ARCHIVIST)
        with pytest.raises(StaleListError):
            requests.advise(session, question, FG_ROLE, (True, "x"), FG, "")
        advise(session, question, FG_ROLE, FG)
        with pytest.raises(ListError, match="al advies gegeven als FG"):
            rule(session, row, line, question, actor=FG, until=day_of(utc_now()) + YEAR)


def test_a_decision_has_days_that_can_be(installation: Installation) -> None:
    today = day_of(utc_now())
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"until": None}, "tot"),
        ({"until": today}, "tot"),
        ({"until": today + 6 * YEAR}, "tot"),
        ({"until": today + YEAR, "on": today + DAY}, "datum"),
        ({"until": today + YEAR, "on": today - DAY}, "datum"),
        ({"until": today + YEAR, "granted": False}, "tot"),
    ]
    with installation.transaction(DORDRECHT) as session:
        row, line = at_maximum(session)
        question = ask(session, row, line)
        advise(session, question, Role.ARCHIVIST, ARCHIVIST)
        advise(session, question, FG_ROLE, FG)
        for more, field in wrong:
            with pytest.raises(ListError) as refused:
                rule(session, row, line, question, **more)
            assert refused.value.field == field
        rule(session, row, line, question, granted=False)
        assert (question.outcome, line.decision) == ("nee", None)
        with pytest.raises(ListError, match="al afgehandeld"):
            requests.withdraw(session, question, OWNER)
        actions = session.scalars(select(AuditEvent.action)).all()
    assert {"uiterste.gevraagd", "uiterste.geadviseerd", "uiterste.besloten"} <= set(actions)


# The pages


def person(installation: Installation, role: Role, *more: Role) -> Any:
    roles = [(DORDRECHT, each) for each in (role, *more)]
    return installation.browser(make_user(installation, *roles, name=f"De {role.label}"))


def filled(page: Any, **values: str) -> Any:
    form = page.forms["formulier"]
    for name, value in values.items():
        form[name] = value
    return form.submit(expect_errors=True)


def test_a_question_goes_from_page_to_page(installation: Installation) -> None:
    connect(installation)
    approve(installation)
    today = day_of(utc_now())
    with installation.transaction(DORDRECHT) as session:
        at_maximum(session)
    line = f"{HOME}/2031-4?regel=M-1"
    owner = person(installation, Role.PROCESS_OWNER)
    page = owner.get(line)
    assert "langer dan het uiterste besluit alleen de verwerkingsverantwoordelijke" in page.text
    page = page.click("Langer bewaren dan het uiterste")
    late = filled(page, tot=(today + 6 * YEAR).isoformat(), reden="Er loopt onderzoek.")
    assert late.status_int == 422
    assert "Er loopt onderzoek." in late.text
    page = filled(late, tot=(today + YEAR).isoformat()).follow()
    assert "Wacht op het advies van de archivaris en de FG." in page.text

    for role, button, answer in (
        (Role.ARCHIVIST, "Advies geven als archivaris", "eens"),
        (FG_ROLE, "Advies geven als FG", "niet_eens"),
    ):
        adviser = person(installation, role)
        start = adviser.get("/gemeenten/dordrecht")
        assert "M-1: langer bewaren dan het uiterste?" in start.text
        page = start.click("M-1: langer bewaren dan het uiterste").click(button)
        assert "Er loopt onderzoek." in page.text
        page = filled(page, advies=answer, reden="Kort.").follow()
        assert button not in page.text
        assert "langer bewaren dan het uiterste?" not in adviser.get("/gemeenten/dordrecht").text

    assert "M-1: langer bewaren" in owner.get("/gemeenten/dordrecht").text
    page = owner.get(line).click("Besluit invullen")
    answers = {"wie": "college", "nummer": "B-12", "datum": today.isoformat()}
    empty = filled(page, besluit="ja", **answers)
    assert empty.status_int == 422
    page = filled(empty, tot=(today + YEAR).isoformat()).follow()
    assert "uitgesteld tot" in page.text
    assert "nummer B-12" in page.text
    assert "Advies van de FG niet gevolgd" in adviser.get(HOME).text


def test_many_at_once_leave_aside_those_at_their_maximum(installation: Installation) -> None:
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        row, _ = at_maximum(session)
        a_line(session, row, "M-2")
    owner = person(installation, Role.PROCESS_OWNER)
    page = owner.get(f"{HOME}/2031-4/samen?besluit=vastgehouden&alles=ja")
    assert "1 gekozen regel doet niet mee" in page.text
    assert "Besloten over 1 regel" in filled(page, reden="Bezwaar").follow().text
    page = owner.get(f"{HOME}/2031-4/samen?besluit=vastgehouden&regel=M-1").follow()
    assert "Langer bewaren dan het uiterste" in page.text


def test_a_question_that_changed_meanwhile_keeps_what_was_typed(
    installation: Installation,
) -> None:
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        _, line = at_maximum(session)
        an_extension(session, "M-1", document_id=line.document_id)
    adviser = person(installation, FG_ROLE)
    page = adviser.get(f"{HOME}/2031-4/langer-advies?regel=M-1&als=fg")
    with installation.transaction(DORDRECHT) as session:
        advise(session, session.scalars(select(Extension)).one(), Role.ARCHIVIST, ARCHIVIST)
    page = filled(page, advies="eens", reden="Goed onderbouwd.")
    assert page.status_int == 409
    assert "Goed onderbouwd." in page.text
    assert "vastgelegd" in page.forms["formulier"].submit().follow().text
    owner = person(installation, Role.PROCESS_OWNER)
    page = owner.get(f"{HOME}/2031-4?regel=M-1")
    form = next(form for form in page.forms.values() if "langer-intrekken" in form.action)
    assert "de vraag is ingetrokken" in form.submit().follow().text
    adviser.get(f"{HOME}/2031-4/langer-advies?regel=M-1&als=beheer", status=404)
