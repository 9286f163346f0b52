"""The clock of a request stops when the answer is sent; what follows counts from that day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from webtest import TestApp

from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import day_of
from stopintimidatie.privacy.requests.documents import add_trace, hold_traces, note_objection
from stopintimidatie.privacy.requests.letters import ANSWERS, letters_of, read_letter
from stopintimidatie.privacy.requests.models import RequestLetter, SubjectRequest
from stopintimidatie.privacy.requests.services import (
    Entry,
    Person,
    enter_request,
    mark_sent,
    move_request,
)
from stopintimidatie.reports.models import Report
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.retaining import watch_requests

PLACE = "/gemeenten/dordrecht/verzoeken"
START = "/gemeenten/dordrecht"
ACTOR = Actor("gebruiker", None, "Pri Vacy")
DECIDED = datetime(2026, 12, 22, 10, tzinfo=UTC)
SENT = date(2027, 1, 9)
WAITS = "Besluit nog niet verstuurd"
ENDS = {
    "toewijzen": {"reden": "Het nummer is weg."},
    "deels": {"wel": "Het nummer is weg.", "grond": "avg_17_3", "reden": "De rest is nodig."},
    "weigeren": {"grond": "avg_17_3", "reden": "Nog nodig."},
    "doorsturen": {"naar": "Gemeente Breda"},
}


@pytest.fixture
def town(installation: Installation) -> Installation:
    connect(installation)
    return installation


@pytest.fixture
def officer(town: Installation) -> TestApp:
    """The privacy officer, in a browser."""
    return town.browser(make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER), name="Pri Vacy"))


def decide(town: Installation, session: Any, name: str = "weigeren") -> SubjectRequest:
    """A request about erasing that came in on the day of the decision, and is decided."""
    today = day_of(utc_now())
    person = Person("Rietje", address="Kade 1")
    entry = Entry("wissen", "melder", "zelf", "brief", today, person, "Wis mij.")
    row = enter_request(session, town.registry.key_ring, DORDRECHT, entry, ACTOR)
    move_request(town.registry, session, row, "identiteit", {"hoe": "gezien"}, ACTOR)
    move_request(town.registry, session, row, name, ENDS[name], ACTOR)
    return row


def answer_of(session: Any, row: SubjectRequest) -> RequestLetter:
    return next(made for made in letters_of(session, row) if made.kind in ANSWERS)


def send(session: Any, row: SubjectRequest, on: date) -> None:
    mark_sent(session, row, answer_of(session, row), on, "post", ACTOR)


@pytest.mark.parametrize("name", ENDS)
def test_a_decision_that_did_not_go_is_no_answer(
    town: Installation, officer: TestApp, name: str
) -> None:
    with town.transaction(DORDRECHT) as session:
        row = decide(town, session, name)
        case = f"{PLACE}/{row.reference}"
        assert (row.is_unsent, row.ended_at, row.objection_until) == (True, None, None)
    officer.get(case).mustcontain(WAITS, "Het besluit is nog niet verstuurd", no=["Weigeren</a>"])
    officer.get(PLACE).mustcontain("Lopend (1)", WAITS)
    start = officer.get(START)
    start.mustcontain("besluit nog niet verstuurd")
    (count,) = start.html.select('.si-nav__list a[href$="/verzoeken"] .si-count')
    assert "1" in count.text
    form = officer.get(case).click("Verstuurd vastleggen").forms["formulier"]
    form["op"], form["hoe"] = str(day_of(utc_now())), "post"
    page = form.submit("vastleggen", status=303).follow()
    assert ("Bezwaar kan tot en met" in page) is (name != "doorsturen")
    page.mustcontain(no=[WAITS])
    officer.get(START).mustcontain(no=["besluit nog niet verstuurd"])
    officer.get(PLACE).mustcontain("Geen lopende verzoeken", "afgerond op")


def test_a_decision_that_stays_here_is_late_and_reminded_of(
    town: Installation, officer: TestApp
) -> None:
    with town.transaction(DORDRECHT) as session:
        row = decide(town, session)
        before = session.scalars(select(MailMessage.id)).all()
        late = row.due_on + timedelta(days=10)
        row.due_on = row.due_on - timedelta(days=60)
    officer.get(f"{PLACE}/{row.reference}").mustcontain("De termijn is voorbij")
    officer.get(PLACE).mustcontain("1 verzoek is te laat")
    # A Monday: reminders go on working days.
    monday = datetime(late.year, late.month, late.day, 10, tzinfo=UTC)
    monday += timedelta(days=-monday.weekday() % 7)
    with clock_at(monday), town.transaction(DORDRECHT) as session:
        watch_requests(town.registry, session)
        session.flush()
        assert len(session.scalars(select(MailMessage.id)).all()) == len(before) + 1


def test_the_term_to_object_and_what_goes_count_from_sending(town: Installation) -> None:
    with clock_at(DECIDED), town.transaction(DORDRECHT) as session:
        row = decide(town, session)
        number = row.id
        letter = read_letter(town.registry.key_ring, answer_of(session, row))
        assert letter is not None
        clause = letter.sections[0][1][0]
        assert "binnen zes weken na de dag waarop wij deze brief verstuurden" in clause
        assert "2026" not in clause
        assert "2027" not in clause
    with clock_at(datetime(2027, 1, 11, 10, tzinfo=UTC)), town.transaction(DORDRECHT) as session:
        row = session.get_one(SubjectRequest, number)
        with pytest.raises(FormError, match="22 december 2026"):
            send(session, row, date(2026, 12, 21))
        send(session, row, SENT)
        assert row.ended_at is not None
        assert (day_of(row.ended_at), row.objection_until) == (SENT, date(2027, 2, 20))
        with pytest.raises(FormError, match="al vastgelegd"):
            send(session, row, SENT)
    for day, kept in ((date(2027, 5, 19), True), (date(2027, 5, 20), False)):
        moment = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
        with clock_at(moment), town.transaction(DORDRECHT) as session:
            watch_requests(town.registry, session)
            row = session.get_one(SubjectRequest, number)
            assert (row.person is not None, row.question is not None) == (kept, kept)
            assert all(session.scalars(select(RequestLetter.content))) is kept


def test_what_never_went_is_never_deleted(town: Installation) -> None:
    with town.transaction(DORDRECHT) as session:
        number = decide(town, session).id
    with clock_at(utc_now() + timedelta(days=366 * 6)), town.transaction(DORDRECHT) as session:
        watch_requests(town.registry, session)
        assert session.get_one(SubjectRequest, number).person is not None


def test_an_objection_is_a_fact_that_keeps_the_case_until_it_is_over(
    town: Installation, officer: TestApp
) -> None:
    with town.transaction(DORDRECHT) as session:
        row = decide(town, session)
        case = f"{PLACE}/{row.reference}"
        with pytest.raises(FormError, match="nog geen besluit"):
            note_objection(session, row, ACTOR, over=False)
        send(session, row, day_of(utc_now()))
        report = make_report(session, town)
        document = ("melding", report.id, report.reference)
        add_trace(session, row, document, ["contact"], SYSTEM, included=True)
        row.right, ended, row.ended_at = "inzage", row.ended_at, None
        hold_traces(session, row, SYSTEM)
        row.ended_at = ended
    forms = officer.get(case).forms.values()
    (noted,) = [form for form in forms if form.action.endswith("/vastleggen")]
    noted.submit(status=303).follow().mustcontain("Er is bezwaar gemaakt", "zaaksysteem")
    noted.submit(status=303).follow().mustcontain("Dit is al vastgelegd")
    officer.get(PLACE).mustcontain("bezwaar loopt")
    for days, over in ((366 * 6, False), (10, True)):
        with (
            clock_at(utc_now() + timedelta(days=days)),
            town.transaction(DORDRECHT) as session,
        ):
            row = session.scalars(select(SubjectRequest)).one()
            if over:
                note_objection(session, row, ACTOR, over=True)
            watch_requests(town.registry, session)
            assert row.person is not None
            assert session.scalars(select(Report.frozen)).one() is True


# A row as 1.0.0 left it: answered on the day of the decision, with an objection in its procedure.
OF_1_0_0 = """
UPDATE subject_request SET state = 'geweigerd', ended_at = :ended, objection_until = :until,
  objection_on = :on, objection_number = 'B-12', objection_due = :due, objection_outcome = NULL
"""


def test_an_objection_under_way_in_1_0_0_stays_until_it_is_said_to_be_over(
    town: Installation, officer: TestApp
) -> None:
    today = day_of(utc_now())
    with town.transaction(DORDRECHT) as session:
        row = decide(town, session)
        case, number = f"{PLACE}/{row.reference}", row.id
        values = {
            "ended": datetime(2025, 1, 6, 10, tzinfo=UTC).replace(tzinfo=None),
            "until": date(2025, 2, 17),
            "on": date(2025, 2, 10),
            "due": date(2025, 3, 31),
        }
        statement = text(OF_1_0_0).bindparams(**values)
        session.execute(statement)
    # Two years later: 1.0.0 would have emptied it fifteen months after the objection.
    with town.transaction(DORDRECHT) as session:
        watch_requests(town.registry, session)
        assert session.get_one(SubjectRequest, number).person is not None
    page = officer.get(case)
    page.mustcontain("Er is bezwaar gemaakt", "10 februari 2025, zaak B-12", "31 maart 2025")
    (over,) = [form for form in page.forms.values() if form.action.endswith("/vastleggen")]
    over.submit(status=303).follow().mustcontain("voorbij op", no=["bezwaar en beroep"])
    for days, kept in ((1, True), (100, False)):
        with clock_at(utc_now() + timedelta(days=days)), town.transaction(DORDRECHT) as session:
            watch_requests(town.registry, session)
            row = session.get_one(SubjectRequest, number)
            assert (row.person is not None) is kept
    assert row.objection_number is None
    assert row.objection_ended_on == today


def test_an_answer_of_before_a_request_was_opened_again_ends_nothing(town: Installation) -> None:
    with town.transaction(DORDRECHT) as session:
        row = decide(town, session)
        earlier = answer_of(session, row)
        # As an objection that was upheld left it in 1.0.0.
        session.execute(update(SubjectRequest).values(state="zoeken"))
        session.refresh(row)
        with clock_at(utc_now() + timedelta(minutes=5)):
            move_request(town.registry, session, row, "weigeren", ENDS["weigeren"], ACTOR)
            mark_sent(session, row, earlier, day_of(utc_now()), "post", ACTOR)
            assert row.is_unsent
            send(session, row, day_of(utc_now()))
        assert not row.is_unsent
