"""What follows from requests: restriction, correction, holds, reminders, and what goes in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from webtest import TestApp

from stopintimidatie.core.audit import SYSTEM, Actor, AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import day_of
from stopintimidatie.core.tree import Reference
from stopintimidatie.privacy.destruction.queries import held_by
from stopintimidatie.privacy.requests.documents import (
    add_trace,
    correct,
    hear_child,
    hold_traces,
    restrict,
)
from stopintimidatie.privacy.requests.letters import letters_of
from stopintimidatie.privacy.requests.models import (
    ChildOutcome,
    Correction,
    RequestLetter,
    Restriction,
    RestrictionGround,
    SubjectRequest,
)
from stopintimidatie.privacy.requests.rules import grant_refused
from stopintimidatie.privacy.requests.services import (
    Entry,
    Person,
    enter_request,
    mark_sent,
    move_request,
)
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import path_of_report
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.retaining import watch_requests

PLACE = "/gemeenten/dordrecht/verzoeken"
INBOX = "/gemeenten/dordrecht/postvak"
ACTOR = Actor("gebruiker", None, "Pri Vacy")


@pytest.fixture
def town(installation: Installation) -> Installation:
    connect(installation)
    return installation


@pytest.fixture
def officer(town: Installation) -> TestApp:
    """The privacy officer, in a browser."""
    return town.browser(make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER), name="Pri Vacy"))


def a_request(
    town: Installation, session: Any, right: str = "inzage", *, for_child: bool = False
) -> SubjectRequest:
    asked_by, today = "ouder_of_voogd" if for_child else "zelf", day_of(utc_now())
    person = Person("Rietje")
    entry = Entry(right, "melder", asked_by, "brief", today, person, "Wat?", child=for_child)
    row = enter_request(session, town.registry.key_ring, DORDRECHT, entry, ACTOR)
    move_request(town.registry, session, row, "identiteit", {"hoe": "gezien"}, ACTOR)
    return row


def with_report(town: Installation, right: str) -> tuple[str, str, str]:
    """A request and a report: address of the case, reference and address of the report."""
    with town.transaction(DORDRECHT) as session:
        row, report = a_request(town, session, right), make_report(session, town)
        path = path_of_report(session, report.id) or ""
        return f"{PLACE}/{row.reference}", report.reference, path


# Moments of two tables come together in one statement, which SQLite reads in its own way.
@pytest.mark.sqlite
def test_a_restriction_binds_what_is_contested_until_the_person_was_told(
    town: Installation, officer: TestApp
) -> None:
    case, reference, path = with_report(town, "beperking")
    form = officer.get(case).click("Gebruik beperken").forms["formulier"]
    form["stuk"], form["grond"], form["gegevens"] = "M-0000-0000", "juistheid", "de tijd"
    form.submit("beperken", status=422).mustcontain("Hier niet gevonden")
    form["stuk"] = reference
    form.submit("beperken", status=422).mustcontain("Zet dan dit vinkje")
    form["zeker"] = True
    form.submit("beperken", status=303).follow().mustcontain("Beperkt: de tijd", "opheffen")
    reader = town.browser(make_user(town, (DORDRECHT, Role.OFFICER)))
    reader.get(path).mustcontain("Gebruik beperkt", "de tijd", "juistheid wordt betwist")
    (mark,) = reader.get(INBOX).html.select(".wb-row__second")
    assert "Gebruik beperkt" in mark.text
    form = officer.get(case).click("opheffen").forms["formulier"]
    form["reden"] = "Nagegaan: het klopt."
    form.submit("opheffen", status=422)
    form["bericht_op"] = str(day_of(utc_now()) - timedelta(days=3))
    form.submit("opheffen", status=422).mustcontain("Toen gold de beperking nog niet")
    form["bericht_op"] = str(day_of(utc_now()))
    form.submit("opheffen", status=303).follow().mustcontain("opgeheven op")
    reader.get(path).mustcontain(no=["Gebruik beperkt"])
    with town.transaction(DORDRECHT) as session:
        actions = set(session.scalars(select(AuditEvent.action)))
        assert session.scalars(select(Restriction)).one().told_on == day_of(utc_now())
    assert {"verzoek.beperking", "verzoek.beperking_opgeheven"} <= actions


def test_nothing_of_a_child_is_touched_for_a_parent_until_the_child_agrees(
    town: Installation, officer: TestApp
) -> None:
    today = day_of(utc_now())
    with town.transaction(DORDRECHT) as session:
        row = a_request(town, session, "beperking", for_child=True)
        report, keys = make_report(session, town), town.registry.key_ring
        add_trace(
            session, row, ("melding", report.id, report.reference), ["x"], SYSTEM, included=True
        )
        case, ground = f"{PLACE}/{row.reference}", RestrictionGround.CONTESTED
        for outcome in (None, ChildOutcome.UNREACHED, ChildOutcome.REFUSES):
            if outcome is not None:
                hear_child(session, row, today, outcome, ACTOR)
            refused = grant_refused(row.asked_by, row.child_outcome, child=True) or ""
            with pytest.raises(FormError) as by_restriction:
                restrict(session, keys, row, report, ground, "de tijd", ACTOR)
            with pytest.raises(FormError) as by_correction:
                correct(session, keys, row, report, "Anders.", ["plek"], ACTOR)
            assert refused == str(by_restriction.value) == str(by_correction.value)
            assert hold_traces(session, row, SYSTEM) == 0
    # The same words for a document that is here and one that isn't: none is asked for.
    for name in ("beperken", "corrigeren"):
        officer.get(f"{case}/{name}", status=303).follow().mustcontain(refused)
    officer.get(case).mustcontain(no=["Gebruik beperken</a>", "Correctie ernaast"])
    assert "De beperking stopt" not in officer.get(f"{case}/brief-maken")
    heard = officer.get(f"{case}/kind-gehoord").forms["formulier"]
    heard["op"], heard["uitkomst"] = str(today), "geen_bezwaar"
    heard.submit("vastleggen", status=303).follow().click("Gebruik beperken")
    officer.get(f"{case}/brief-maken").mustcontain("De beperking stopt")
    with town.transaction(DORDRECHT) as session:
        assert session.scalars(select(Report)).one().frozen
    heard["uitkomst"] = "wil_niet"
    heard.submit("vastleggen", status=303)
    with town.transaction(DORDRECHT) as session:
        assert not session.scalars(select(Report)).one().frozen


def test_a_correction_stands_beside_the_account_which_stays(
    town: Installation, officer: TestApp
) -> None:
    case, reference, path = with_report(town, "rectificatie")
    with town.transaction(DORDRECHT) as session:
        # A document that belongs to the case already needs no second look.
        row = session.scalars(select(SubjectRequest)).one()
        report = session.scalars(select(Report)).one()
        document = ("melding", report.id, reference)
        add_trace(session, row, document, ["contact"], SYSTEM, included=True)
    officer.get(case).mustcontain("Zolang u dit nagaat")
    form = officer.get(case).click("Correctie ernaast zetten").forms["formulier"]
    form["stuk"], form["tekst"] = reference, "Het was op de Kade, niet op de Markt."
    form.submit("opslaan", status=422)
    form["onderdelen"] = ["plek"]
    form.submit("opslaan", status=303).follow().mustcontain("Correctie: Het was op de Kade")
    reader = town.browser(make_user(town, (DORDRECHT, Role.OFFICER)))
    reader.get(path).mustcontain("Het was op de Kade, niet op de Markt.", "Correctie")
    with town.transaction(DORDRECHT) as session:
        assert session.scalars(select(Correction)).one().by == "Pri Vacy"


def test_documents_of_a_running_request_wait_for_destruction_and_the_list_says_by_what(
    town: Installation,
) -> None:
    with town.transaction(DORDRECHT) as session:
        row, report = a_request(town, session), make_report(session, town)
        document = ("melding", report.id, report.reference)
        add_trace(session, row, document, ["contact"], SYSTEM, included=True)
        assert hold_traces(session, row, SYSTEM) == 1
        assert hold_traces(session, row, SYSTEM) == 0
        assert report.frozen

        class Line:
            document_id, at_maximum = report.id, False

        held = held_by(session, [Line()])  # type: ignore[list-item]
        assert "bevroren: verzoek van een betrokkene" in held[report.id]
        values = {"grond": "avg_15_4", "reden": "Het kan niet."}
        move_request(town.registry, session, row, "weigeren", values, ACTOR)
        mark_sent(session, row, letters_of(session, row)[0], day_of(utc_now()), "post", ACTOR)
        watch_requests(town.registry, session)
        assert report.frozen
    with (
        clock_at(utc_now() + timedelta(days=44)),
        town.transaction(DORDRECHT) as session,
    ):
        watch_requests(town.registry, session)
        assert not session.get_one(Report, report.id).frozen


def test_a_request_to_erase_holds_nothing(town: Installation) -> None:
    with town.transaction(DORDRECHT) as session:
        row, report = a_request(town, session, "wissen"), make_report(session, town)
        document = ("melding", report.id, report.reference)
        add_trace(session, row, document, ["contact"], SYSTEM, included=True)
        assert hold_traces(session, row, SYSTEM) == 0
        assert not report.frozen


def mails(session: Any) -> int:
    return session.scalar(select(func.count(MailMessage.id))) or 0


def test_who_handles_requests_is_reminded_without_content(town: Installation) -> None:
    for name in ("Een", "Twee"):
        make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER), name=name)
    with town.transaction(DORDRECHT) as session:
        row = a_request(town, session)
        due, before = row.due_on, mails(session)
        for days, more in ((-8, 0), (-7, 2), (-6, 0), (0, 2)):
            moment = utc_now() + timedelta(days=(due - day_of(utc_now())).days + days)
            with clock_at(moment):
                watch_requests(town.registry, session)
                watch_requests(town.registry, session)
                session.flush()
            assert mails(session) - before == more, days
            before = mails(session)
        values = session.scalars(select(MailMessage.values)).all()
    assert not [value for value in values if "Rietje" in str(value)]


def test_person_and_letters_go_after_the_objection_and_the_case_after_five_years(
    town: Installation, officer: TestApp
) -> None:
    with town.transaction(DORDRECHT) as session:
        row = a_request(town, session, "wissen")
        reason = {"reden": "Gewist."}
        move_request(town.registry, session, row, "toewijzen", reason, ACTOR)
        mark_sent(session, row, letters_of(session, row)[0], day_of(utc_now()), "post", ACTOR)
        number = row.id
    for days, kept in ((130, True), (150, False)):
        with (
            clock_at(utc_now() + timedelta(days=days)),
            town.transaction(DORDRECHT) as session,
        ):
            watch_requests(town.registry, session)
            row = session.get_one(SubjectRequest, number)
            contents = session.scalars(select(RequestLetter.content)).all()
            assert (row.person is not None) is kept
            assert all(contents) is kept
    officer.get(f"{PLACE}/{row.reference}").mustcontain("zijn gewist", no=["Rietje"])
    with (
        clock_at(utc_now() + timedelta(days=366 * 5)),
        town.transaction(DORDRECHT) as session,
    ):
        watch_requests(town.registry, session)
        assert session.get(SubjectRequest, number) is None
        assert not session.scalars(select(Reference).where(Reference.kind == "verzoek")).all()
        assert "verzoek.gewist" in set(session.scalars(select(AuditEvent.action)))
