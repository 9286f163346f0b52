"""Handing out, snoozing and notes: what is refused, what is kept, what stays in the house."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import Actor, AuditEvent
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.personal import Fragment
from stopintimidatie.core.text import date_short, date_text
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.municipalities.people.absence import announce_absence
from stopintimidatie.reports.handling.services import (
    add_note,
    assign,
    notes_of,
    record_attempt,
    share_out,
    snooze,
    voicemail_allowed,
)
from stopintimidatie.reports.models import Report, ReportMove
from stopintimidatie.reports.page.decisions import last_decision, undo
from stopintimidatie.reports.personal import erase, redact
from stopintimidatie.reports.vocabulary import ContactWish, Form
from tests.support.factories import DORDRECHT, connect, make_report, make_user, user_id
from tests.support.installation import Installation

pytestmark = pytest.mark.sqlite
OFFICER = (DORDRECHT, Role.OFFICER)


@pytest.fixture
def people(installation: Installation) -> list[tuple[str, UUID]]:
    """Three officers: (username, id)."""
    connect(installation)
    names = [make_user(installation, OFFICER, name=name) for name in ("Anna", "Bart", "Cas")]
    return [(name, user_id(installation, name)) for name in names]


def actor(person: tuple[str, UUID]) -> Actor:
    return Actor("gebruiker", str(person[1]), "Test")


def test_a_new_report_given_to_a_colleague_is_in_their_hands(
    installation: Installation, people: Any
) -> None:
    anna, bart, _ = people
    with installation.transaction(DORDRECHT) as session:
        report = make_report(session, installation)
        snooze(session, report, local_date(utc_now()) + timedelta(days=9), actor(anna))
        assign(session, report, bart[1], "Bart kent de plek.", actor(anna))
        assert (report.state, report.handler_id) == ("in_behandeling", bart[1])
        assert report.snoozed_until is None
        assign(session, report, None, "Bart is ziek.", actor(anna))
        assert (report.state, report.handler_id) == ("in_behandeling", None)
        with pytest.raises(WorkflowError, match="Niemand behandelt"):
            assign(session, report, None, "Nog eens.", actor(anna))
        with pytest.raises(WorkflowError, match="behandelt hier geen meldingen"):
            assign(session, report, uuid4(), "Een vreemde.", actor(anna))
        session.flush()
        reasons = session.scalars(select(ReportMove.reason).where(ReportMove.name == "toewijzen"))
        assert set(reasons) == {"Bart kent de plek.", "Bart is ziek."}
        actions = session.scalars(select(AuditEvent.action)).all()
        assert actions.count("melding.toegewezen") == 2


def test_handing_out_and_an_attempt_to_call_can_be_undone(
    installation: Installation, people: Any
) -> None:
    anna, bart, _ = people
    with installation.transaction(DORDRECHT) as session:

        def undone() -> None:
            decision = last_decision(session, DORDRECHT, str(anna[1]))
            assert decision is not None
            undo(session, installation.registry, decision, actor(anna))

        report = make_report(session, installation)
        assign(session, report, bart[1], "Bart kent de plek.", actor(anna))
        undone()
        assert (report.state, report.handler_id) == ("nieuw", None)
        report.contact_deadline = promised = utc_now() + timedelta(days=1)
        record_attempt(session, report, "gesproken", "", None, actor(anna))
        assert [report.contact_deadline] == [None]
        undone()
        assert report.contact_deadline == promised


@pytest.mark.parametrize("state", ["quarantaine", "overdracht_aangeboden", "afgehandeld"])
def test_what_nobody_can_handle_is_given_to_nobody(
    installation: Installation, people: Any, state: str
) -> None:
    with installation.transaction(DORDRECHT) as session:
        report = make_report(session, installation)
        report.state = state
        with pytest.raises(WorkflowError):
            assign(session, report, people[1][1], "Toch.", actor(people[0]))
        with pytest.raises(WorkflowError):
            snooze(session, report, local_date(utc_now()) + timedelta(days=1), actor(people[0]))


def test_a_snooze_never_passes_a_promise_nor_hides_spoed(
    installation: Installation, people: Any
) -> None:
    today, me = local_date(utc_now()), actor(people[0])
    with installation.transaction(DORDRECHT) as session:
        report = make_report(session, installation)
        for day in (today, today + timedelta(days=400)):
            with pytest.raises(WorkflowError):
                snooze(session, report, day, me)
        report.contact_deadline = utc_now() + timedelta(days=5)
        with pytest.raises(WorkflowError, match="moet er contact zijn"):
            snooze(session, report, today + timedelta(days=6), me)
        report.next_attempt_at = utc_now() + timedelta(days=2)
        with pytest.raises(WorkflowError, match=date_text(today + timedelta(days=2))):
            snooze(session, report, today + timedelta(days=3), me)
        snooze(session, report, today + timedelta(days=2), me)
        snooze(session, report, None, me)
        assert report.snoozed_until is None
        report.urgent = True
        with pytest.raises(WorkflowError, match="spoed"):
            snooze(session, report, today + timedelta(days=1), me)


def test_a_note_is_read_by_colleagues_alone_and_goes_with_the_report(
    installation: Installation, people: Any
) -> None:
    with installation.transaction(DORDRECHT) as session:
        report = make_report(session, installation)
        add_note(session, report, "De buurman Zwetsloot zag het ook.", actor(people[0]))
        session.flush()
        redact(session, installation.registry.key_ring, report.id, Fragment("Zwetsloot"))
        session.expire_all()
        [note] = notes_of(session, report)
        assert "Zwetsloot" not in note.text
        assert "De buurman" in note.text
        lines = session.scalars(select(ReportMove).where(ReportMove.name == "notitie")).all()
        assert [line.values for line in lines] == [{}]
        erase(session, report.id)
        assert notes_of(session, report) == []


def test_what_is_due_first_is_handed_out_first_in_turn() -> None:
    now, (anna, bart) = utc_now(), (uuid4(), uuid4())
    plain, due, urgent = (Report(id=uuid4(), urgent=False, received_at=now) for _ in range(3))
    due.contact_deadline, urgent.urgent = now, True
    turns = share_out([plain, due, urgent], [anna, bart])
    assert turns == {urgent.id: anna, due.id: bart, plain.id: anna}


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        ("na 17 uur, voicemail mag", True),
        ("U mag de voicemail inspreken", True),
        ("liefst 's avonds, geen voicemail", False),
        ("voicemail liever niet", False),
        ("mag na vijven; voicemail weet ik niet", False),
        ("na schooltijd", False),
        (None, False),
    ],
)
def test_the_voicemail_is_used_only_where_that_was_plainly_allowed(
    words: str | None, allowed: bool
) -> None:
    assert voicemail_allowed(words) is allowed


def test_many_reports_are_handed_out_at_once_and_each_that_failed_says_why(
    installation: Installation, people: Any
) -> None:
    anna, bart, cas = people
    today = local_date(utc_now())
    with installation.transaction(DORDRECHT) as session:
        reports = [make_report(session, installation) for _ in range(5)]
        reports[4].state = "overdracht_aangeboden"
        names = [report.reference for report in reports]
        announce_absence(session, DORDRECHT, cas[1], bart[1], today, today, actor(cas))
    query = "&".join(f"melding={name}" for name in names)
    browser = installation.browser(anna[0])
    form = browser.get(f"/gemeenten/dordrecht/uitdelen?{query}").forms["formulier"]
    assert f"afwezig tot en met {date_text(today)}; vervanger Bart" in form.text
    with installation.transaction(DORDRECHT) as session:
        changed = session.scalars(select(Report).where(Report.reference == names[0])).one()
        changed.urgent = True
    for field in form.fields["aan"]:
        field.checked = field._value in {str(anna[1]), str(bart[1])}
    form["besluit"], form["reden"] = "geven", "Eerlijk verdeeld."
    page = form.submit("vastleggen", status=200)
    assert "3 meldingen uitgedeeld" in page
    why = [line.text for line in page.html.select(".utrecht-alert li")]
    assert f"{names[4]}: Een melding in deze toestand heeft geen behandelaar" in why[0]
    assert f"{names[0]}: Intussen door iemand anders gewijzigd" in why[1]
    with installation.transaction(DORDRECHT) as session:
        handlers = session.scalars(select(Report.handler_id)).all()
    assert sorted(map(handlers.count, (anna[1], bart[1], None))) == [1, 2, 2]


def test_nothing_is_handed_out_without_somebody_to_give_it_to(
    installation: Installation, people: Any
) -> None:
    browser = installation.browser(people[0][0])
    assert "Er is niets gekozen" in browser.get("/gemeenten/dordrecht/uitdelen")
    with installation.transaction(DORDRECHT) as session:
        name = make_report(session, installation).reference
    form = browser.get(f"/gemeenten/dordrecht/uitdelen?melding={name}").forms["formulier"]
    form["besluit"], form["reden"] = "geven", ""
    refused = form.submit("vastleggen", status=422).html.select(".si-error-summary li")
    assert ["Aan wie" in mistake.text for mistake in refused] == [True, False]
    assert "Reden" in refused[1].text


def test_the_pages_of_one_report_keep_what_was_done_and_go_back(
    installation: Installation, people: Any
) -> None:
    anna, bart, _ = people
    with installation.transaction(DORDRECHT) as session:
        name = make_report(session, installation).reference
    path, back = f"/gemeenten/dordrecht/binnenstad/{name}", "/gemeenten/dordrecht/postvak"
    browser = installation.browser(anna[0])
    for page, values in (
        ("uitdelen", {"behandelaar": str(bart[1]), "reden": "Bart belt."}),
        ("sluimeren", {"tot": str(local_date(utc_now()) + timedelta(days=4))}),
        ("notitie", {"tekst": "De camera hangt er pas sinds maart."}),
    ):
        form = browser.get(f"{path}/{page}?terug={back}").forms["formulier"]
        for field, value in values.items():
            form[field] = value
        assert form.submit("opslaan", status=303).location.endswith(back)
    shown = browser.get(path)
    assert "De camera hangt er pas sinds maart." in shown
    assert "Weggelegd tot een dag" in shown
    assert "Bart belt." in shown


def test_handing_out_takes_nothing_in_hand_past_a_signal_of_danger(
    installation: Installation, people: Any
) -> None:
    anna, bart, _ = people
    with installation.transaction(DORDRECHT) as session:
        report = make_report(session, installation, forms=(Form.FOLLOWING,))
        with pytest.raises(WorkflowError, match=r"Er is een signaal \(volgen\)"):
            assign(session, report, bart[1], "Bart kent de plek.", actor(anna))
        name = report.reference
    browser = installation.browser(anna[0])
    many = browser.get(f"/gemeenten/dordrecht/uitdelen?melding={name}").forms["formulier"]
    many["besluit"], many["reden"], many["aan"] = "geven", "Bart belt.", [str(bart[1])]
    many.submit("vastleggen", status=200).mustcontain(name, "Er is een signaal (volgen)")
    form = browser.get(f"/gemeenten/dordrecht/binnenstad/{name}/uitdelen").forms["formulier"]
    form["behandelaar"], form["reden"] = str(bart[1]), "Bart belt."
    assert "Is er nu iemand in gevaar?" in form.submit("opslaan", status=422)
    form["gevaar"] = "nee"
    form.submit("opslaan", status=303)
    with installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        assert (report.state, report.danger_now) == ("in_behandeling", False)
        decision = last_decision(session, DORDRECHT, str(anna[1]))
        assert decision is not None
        report = undo(session, installation.registry, decision, actor(anna))
        assert (report.state, report.danger_now) == ("nieuw", None)


def test_in_a_workbench_contact_snooze_and_handing_out_open_in_the_panel(
    installation: Installation, people: Any
) -> None:
    anna, bart, _ = people
    with installation.transaction(DORDRECHT) as session:
        report = make_report(session, installation, wants_contact=ContactWish.VIA_APP)
        path = f"/gemeenten/dordrecht/binnenstad/{report.reference}"
    browser, back = installation.browser(anna[0]), "/gemeenten/dordrecht/postvak"
    part = {"HX-Request-Type": "partial"}
    for name in ("contact", "sluimeren", "uitdelen"):
        shown = browser.get(f"{path}/{name}?terug={back}", headers=part)
        assert "<html" not in shown
        assert shown.headers["X-Deel"] == "ja"
        form = shown.forms["formulier"]
        assert form.action == f"{path}/{name}?terug={back}"
        refused = form.submit("opslaan", status=422, headers=part)
        assert refused.headers["HX-Retarget"] == "#werkbank-paneel"
    form["behandelaar"], form["reden"] = str(bart[1]), "Bart belt."
    page = form.submit("opslaan", headers=part).follow(headers=part)
    assert "aan een ander gegeven" in page.html.find(id="werkbank-gedaan").text
    until = local_date(utc_now()) + timedelta(days=2)
    form = browser.get(f"{path}/sluimeren?terug={back}", headers=part).forms["formulier"]
    form["tot"] = until.isoformat()
    page = form.submit("opslaan", headers=part).follow(headers=part)
    assert f"weggelegd tot {date_text(until)}" in page.html.find(id="werkbank-gedaan").text
    page = browser.get(f"{back}?sluimert=ja").html
    assert f"weggelegd tot {date_short(until)}" in page.select_one(".wb-row").text
    assert date_text(until) in page.select_one(".wb-pane dl").text
    assert "de behandelaar is gewijzigd" not in page
