"""No promised contact is lost: a report ends with its outcome, and opened again it has its term.

The property runs random sequences of the workflow's own steps over some reports of one holder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError
from stopintimidatie.reports.conversation.calls import SPOKEN, open_waiting
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.handling.services import OUTCOMES, TRIED, record_attempt
from stopintimidatie.reports.models import Report, ReportMove, ReportProposal
from stopintimidatie.reports.services import move_report
from stopintimidatie.reports.vocabulary import ContactWish, Form
from stopintimidatie.reports.workflow import ENDED, REPORT_WORKFLOW
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report, take_on
from tests.support.installation import Installation
from tests.support.officers import OFFICER, officer, stored

pytestmark = [pytest.mark.usefixtures("at_once"), pytest.mark.sqlite]
ASKS: dict[str, Any] = {
    "anonymous": False,
    "contact": Contact(phone="+31612345678"),
    "wants_contact": ContactWish.CALL,
}
# Others need a dossier or belong to the desk; destroying begins where all has ended.
STEPS = [
    step
    for step in REPORT_WORKFLOW.transitions
    if step.name not in {"in_dossier", "uit_dossier", "vernietigen"}
    if not step.name.startswith(("meldpunt", "doorgeven"))
]
ATTEMPT = "contact"
OFFICER_ID = UUID(int=1)
# After these the contact is the reporter's own, the law's, or another municipality's to keep.
ENDS_FOR_GOOD = frozenset({"intrekken", "wissen", "overdracht_aangenomen", "samenvoegen"})
Act = tuple[int, int, str | None, int]
# A report, a number for the step among those that its state allows, an outcome, the other report.
ACTS = st.tuples(
    st.integers(0, 2),
    st.integers(0, 59),
    st.sampled_from([None, None, *OUTCOMES]),
    st.integers(0, 2),
)


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)
    connect(installation, EINDHOVEN)


def answers_for(report: Report, outcome: str | None, other: Report) -> dict[str, Any]:
    """An answer to each question that any step may ask."""
    soon = local_date(utc_now()) + timedelta(days=3)
    double = other.id != report.id
    return {
        "reden": "Zo is het.",
        "behandelaar": str(OFFICER_ID),
        "vraag": "Kunt u hier iets over zeggen?",
        "uiterlijk": soon,
        "partner": "Politie",
        "opvolging": ["extra_toezicht"],
        "terugkoppeling": "niet_gegeven",
        "reden_code": "dubbel" if double else "test",
        "dubbel_van": other.reference if double else None,
        "gemeente": EINDHOVEN,
        "grond": "verzoek",
        "contact": outcome,
    }


def is_open(report: Report) -> bool:
    return report.state not in ENDED


def promised(report: Report) -> bool:
    return report.contact_deadline is not None or report.next_attempt_at is not None


def assert_nothing_lost(reports: Sequence[Report], owed: Mapping[str, bool]) -> None:
    by_id = {report.id: report for report in reports}
    for report in reports:
        if is_open(report):
            assert promised(report) or not owed[report.reference], report.state
        else:
            assert promised(report) is owed[report.reference], report.state
        if promised(report) and not is_open(report):
            # Of a double alone, and then it is due where the work goes on.
            head = by_id[report.duplicate_of_id]  # type: ignore[index]
            assert report.ended_reason == "dubbel"
            assert is_open(head)
            assert head.contact_deadline is not None


def name_of(report: Report, number: int) -> str:
    """One of the acts that the report's state allows."""
    possible = [step.name for step in STEPS if report.state in step.sources]
    return [*possible, ATTEMPT][number % (len(possible) + 1)]


def act(
    session: Any, effects: Any, name: str, report: Report, outcome: str | None, head: Report
) -> str | None:
    """Do it; the outcome of contact that was taken with it, if contact is over."""
    if name == ATTEMPT:
        outcome = outcome or SPOKEN
        later = utc_now() + timedelta(days=1) if outcome in TRIED else None
        with session.begin_nested():
            record_attempt(session, report, outcome, "", later, OFFICER)
        return None if outcome in TRIED else outcome
    given = answers_for(report, outcome, head)
    asked = {field.name: given.get(field.name) for field in REPORT_WORKFLOW.transition(name).fields}
    with session.begin_nested():
        if name == "samenvoegen":
            # As a merged municipality hands over: its doubles wait for nobody else.
            open_waiting(session, effects, report, OFFICER)
        move_report(session, effects, report, name, asked, OFFICER)
        session.flush()
    return asked.get("contact")


def steps_with(installation: Installation, acts: Sequence[Act]) -> None:
    """Do these one after another, in a transaction that is thrown away; hold all after each."""
    effects = WORKFLOW_EFFECTS.of(installation.registry)
    with installation.transaction() as session:
        session.add(User(id=OFFICER_ID, username="a@test.example", name="A", password_hash="x"))
        made = (make_report(session, installation, **ASKS) for _ in "abc")
        reports = [take_on(session, report) for report in made]
        owed = {report.reference: True for report in reports}
        for mine, number, said, other in acts:
            report = reports[mine]
            name = name_of(report, number)
            try:
                outcome = act(session, effects, name, report, said, reports[other])
            except WorkflowError:
                # Refused, so nothing was done.
                continue
            if name == "heropenen":
                owed[report.reference] = report.contact_due is not None
            elif outcome is not None or name in ENDS_FOR_GOOD:
                owed[report.reference] = False
            assert_nothing_lost(reports, owed)
        session.rollback()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# A double whose head goes to the municipality that this one became part of.
@example(acts=[(0, 0, None, 0), (0, 0, None, 0), (1, 3, None, 0), (0, 32, None, 0)])
@given(acts=st.lists(ACTS, min_size=4, max_size=12))
def test_after_any_steps_no_open_promise_is_lost(
    installation: Installation, acts: list[Act]
) -> None:
    steps_with(installation, acts)


def waits(installation: Installation, state: str = "in_behandeling") -> str:
    """The address of a report in this state whose reporter waits for a call."""
    address = stored(installation, **ASKS)
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().state = state
    return address


def the_report(installation: Installation) -> Report:
    with installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        session.expunge_all()
    return report


def finished(form: Any) -> Any:
    form["opvolging"] = ["geen_opvolging_mogelijk"]
    form["terugkoppeling"] = "niet_gegeven"
    form["reden"] = "Er was niets te zeggen."
    return form


def test_a_report_is_not_finished_before_it_is_said_how_the_contact_went(
    installation: Installation,
) -> None:
    address, browser = waits(installation), officer(installation)
    term = the_report(installation).contact_deadline
    form = finished(browser.get(f"{address}/afhandelen").forms["formulier"])
    refused = form.submit("afhandelen", status=422)
    assert "Kies hoe dat ging" in refused.html.select_one("#contact-error, .si-error").text
    assert the_report(installation).state == "in_behandeling"
    form = refused.forms["formulier"]
    form["contact"] = "niet_bereikt"
    page = form.submit("afhandelen", status=303).follow()
    assert "niet bereikt: het is vaak genoeg geprobeerd" in page
    done = the_report(installation)
    assert (done.state, done.contact_deadline, done.contact_owed) == ("afgehandeld", None, term)
    form = browser.get(f"{address}/heropenen").forms["formulier"]
    form["reden"] = "Toch nog iets."
    form.submit("heropenen", status=303)
    again = the_report(installation)
    assert (again.contact_deadline, again.contact_owed) == (term, None)


def test_contact_that_there_was_is_not_owed_again(installation: Installation) -> None:
    address, browser = waits(installation), officer(installation)
    form = browser.get(f"{address}/niet-in-behandeling").forms["formulier"]
    form["reden_code"], form["contact"] = "test", "gesproken"
    form.submit("niet_in_behandeling", status=303)
    form = browser.get(f"{address}/heropenen").forms["formulier"]
    form["reden"] = "Toch nog iets."
    form.submit("heropenen", status=303)
    assert the_report(installation).contact_deadline is None


def test_the_key_for_not_handling_asks_it_with_the_reason(installation: Installation) -> None:
    address, browser = waits(installation, "nieuw"), officer(installation)
    form = browser.get(f"{address}/besluit?keuze=niet").forms["besluit"]
    form["reden_code"] = "test"
    refused = form.submit("vastleggen", status=422).forms["besluit"]
    refused["contact"] = "niet_meer_nodig"
    refused.submit("vastleggen", status=303)
    assert the_report(installation).state == "niet_in_behandeling"


def test_the_full_form_asks_it_with_the_decision(installation: Installation) -> None:
    address, browser = waits(installation), officer(installation)
    form = browser.get(f"{address}/triage").forms["formulier"]
    form["besluit.wat"], form["beoordeling.gevaar"] = "niet_test", "nee"
    refused = form.submit(status=422)
    assert "Kies hoe dat ging" in refused
    form = refused.forms["formulier"]
    form["besluit.contact"] = "gesproken"
    form.submit(status=303)
    assert the_report(installation).state == "niet_in_behandeling"


def test_in_quarantine_it_is_asked_for_all_and_kept_of_who_waits(
    installation: Installation,
) -> None:
    waiting = waits(installation, "quarantaine").rpartition("/")[2]
    with installation.transaction() as session:
        other = make_report(session, installation, quarantine=True).reference
    browser = officer(installation)
    form = browser.get("/gemeenten/dordrecht/quarantaine").forms["formulier"]
    form["alle"], form["besluit"], form["reden"] = True, "test", "Een proef."
    page = form.submit("vastleggen")
    assert "wacht nog op contact" in page
    form = page.click("Terug naar de lijst").forms["formulier"]
    form["alle"], form["besluit"], form["reden"] = True, "test", "Een proef."
    form["contact"] = "niet_bereikt"
    form.submit("vastleggen", status=303)
    with installation.transaction(DORDRECHT) as session:
        reports = {report.reference: report for report in session.scalars(select(Report))}
        moves = select(ReportMove).where(ReportMove.name == "afwijzen")
        said = {move.report_id: move.values.get("contact") for move in session.scalars(moves)}
    assert {report.state for report in reports.values()} == {"niet_in_behandeling"}
    assert said[reports[waiting].id] == "niet_bereikt"
    assert said[reports[other].id] is None


def test_a_second_person_gets_no_proposal_without_it(installation: Installation) -> None:
    address = stored(installation, **ASKS, forms=(Form.ASSAULT,))
    browser = officer(installation)
    form = browser.get(f"{address}/niet-in-behandeling").forms["formulier"]
    form["gevaar"], form["reden_code"] = "nee", "onjuist_gebleken"
    refused = form.submit("niet_in_behandeling", status=422)
    form = refused.forms["formulier"]
    form["contact"] = "gesproken"
    form.submit("niet_in_behandeling", status=303)
    with installation.transaction(DORDRECHT) as session:
        proposed = session.scalars(select(ReportProposal)).one()
    assert proposed.values["contact"] == "gesproken"


def test_the_doubles_of_a_report_that_is_withdrawn_are_opened_again(
    installation: Installation,
) -> None:
    effects = WORKFLOW_EFFECTS.of(installation.registry)
    with installation.transaction() as session:
        head, double = (make_report(session, installation, **ASKS) for _ in "ab")
        take_on(session, double)
        given = {"reden_code": "dubbel", "dubbel_van": head.reference}
        move_report(session, effects, double, "niet_in_behandeling", given, OFFICER)
        term = double.contact_deadline
        move_report(session, effects, head, "intrekken", {}, OFFICER)
        assert (double.state, double.contact_deadline) == ("in_behandeling", term)
        assert (head.state, head.contact_deadline) == ("ingetrokken", None)


def test_a_next_attempt_is_not_planned_at_a_report_that_is_done(
    installation: Installation,
) -> None:
    address, browser = waits(installation, "afgehandeld"), officer(installation)
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().contact_deadline = None
    form = browser.get(f"{address}/contact").forms["formulier"]
    tomorrow = local_date(utc_now()) + timedelta(days=1)
    form["uitkomst"], form["dag"], form["uur"] = "geen_gehoor", tomorrow.isoformat(), "10:00"
    assert "Heropen de melding eerst" in form.submit("opslaan", status=422)
