"""A report offered to another municipality: accepted, refused, withdrawn, followed all along."""

from __future__ import annotations

from email import message_from_string
from email.policy import default
from typing import Any

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.audit import SYSTEM, Actor, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import enqueue
from stopintimidatie.core.mail.addresses import set_address
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.municipalities.people.services import postbox_of
from stopintimidatie.reports.handling.services import add_note
from stopintimidatie.reports.handover import services as handover_services
from stopintimidatie.reports.models import (
    Report,
    ReporterMessage,
    ReportMove,
    ReportNote,
    ReportTransfer,
)
from stopintimidatie.reports.services import move_report
from tests.support.factories import DORDRECHT, EINDHOVEN, connect
from tests.support.installation import Installation
from tests.support.offering import REASON, STORY, Case, form_with

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation, DORDRECHT)
    connect(installation, EINDHOVEN)


@pytest.fixture
def case(installation: Installation) -> Case:
    return Case(installation)


def test_an_offer_shows_what_is_needed_to_decide_and_no_more(case: Case) -> None:
    case.offer()
    assert case.status() == "wordt_bekeken"
    page = case.receiver.get("/gemeenten/eindhoven/overdrachten")
    assert case.reference in page
    offer = page.click(case.reference)
    assert REASON in offer
    assert "gemeente Dordrecht" in offer
    assert STORY not in offer
    case.receiver.get(f"/gemeenten/dordrecht/overdracht-{case.reference}", status=404)
    case.giver.get(f"/gemeenten/eindhoven/overdracht-{case.reference}", status=404)
    assert "wacht op antwoord" in case.giver.get("/gemeenten/dordrecht/overdrachten")
    with case.installation.transaction(EINDHOVEN) as session:
        stored = session.scalars(select(ReportTransfer)).one()
        assert stored.content is None
        assert "naroepen" not in (stored.offer or "").lower()


def test_who_accepts_gets_its_own_copy_with_the_chain_of_custody(case: Case) -> None:
    with case.installation.transaction(DORDRECHT) as session:
        mine = session.scalars(select(Report).where(Report.reference == case.reference)).one()
        add_note(session, mine, "Alleen voor collega’s.", Actor("gebruiker", "1", "An de Gever"))
    case.offer()
    assert "aangenomen" in case.answer("aannemen").follow()
    case.installation.run_jobs()
    copy, stone = case.held(EINDHOVEN), case.held(DORDRECHT)
    assert copy is not None
    assert stone is not None
    assert (copy.reference, copy.state, copy.received_from) == (case.reference, "nieuw", DORDRECHT)
    assert copy.description == STORY
    assert (stone.state, stone.handed_to, stone.description) == ("overgedragen", EINDHOVEN, None)
    history = case.receiver.get(f"/m/{case.reference}").follow()
    for told in ("Melding ontvangen", REASON, "gemeente Dordrecht", "An de Gever", "Bo de Nemer"):
        assert told in history
    assert (
        "doorgegeven aan de gemeente Eindhoven" in case.giver.get(f"/m/{case.reference}").follow()
    )
    assert case.status() == "ontvangen"
    for holder in (DORDRECHT, EINDHOVEN):
        with case.installation.transaction(holder) as session:
            assert session.scalars(select(ReportNote)).all() == []
    with case.installation.transaction(EINDHOVEN) as session:
        left = session.scalars(select(ReportTransfer)).one()
        assert (left.content, left.offer, left.state) == (None, None, "aangenomen")
        logged = session.scalars(select(AuditEvent.action)).all()
        assert "overdracht.aangenomen" in logged


def test_contact_that_an_officer_agreed_on_is_promised_by_who_takes_it_over(case: Case) -> None:
    with case.installation.transaction(DORDRECHT) as session:
        mine = session.scalars(select(Report).where(Report.reference == case.reference)).one()
        mine.wants_contact, mine.contact_agreed = "geen", "bellen"
        mine.contact_deadline = utc_now()
    case.offer()
    case.answer("aannemen")
    case.installation.run_jobs()
    copy, stone = case.held(EINDHOVEN), case.held(DORDRECHT)
    assert copy is not None
    assert stone is not None
    assert (copy.contact_agreed, stone.contact_deadline) == ("bellen", None)
    assert copy.contact_deadline is not None
    assert copy.read_before is not None


def write(browser: Any, reference: str, text: str) -> None:
    form = form_with(browser.get(f"/m/{reference}").follow().click("Bericht schrijven"), "tekst")
    form["tekst"] = text
    form.submit("versturen", status=303)


def test_what_was_said_with_the_reporter_goes_along_and_is_told_once(case: Case) -> None:
    receipt = {"kenmerk": case.reference, "volgcode": case.code}
    write(case.giver, case.reference, "Was het bij de halte?")
    case.offer()
    case.api.add(receipt, {"tekst": "Ja, bij de halte."})
    case.answer("aannemen")
    case.installation.run_jobs()
    page = case.receiver.get(f"/m/{case.reference}").follow()
    for told in ("Ja, bij de halte.", "An de Gever (gemeente Dordrecht)", "Nieuw van de melder"):
        assert told in page
    with case.installation.transaction(DORDRECHT) as session:
        assert session.scalar(select(func.count(ReporterMessage.id))) == 0
    write(case.receiver, case.reference, "Wij gaan er kijken.")
    case.api.add(receipt, {"tekst": "Fijn."})
    followed = case.api.follow(case.reference, case.code)
    assert [message["tekst"] for message in followed.json["berichten"]] == [
        "Was het bij de halte?",
        "Ja, bij de halte.",
        "Wij gaan er kijken.",
        "Fijn.",
    ]
    assert "de Gever" not in followed.text


@pytest.mark.alles
def test_the_receiver_is_mailed_that_an_offer_waits_and_sees_it_counted(
    case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    keys, box = case.installation.registry.key_ring, postbox_of(EINDHOVEN)
    with case.installation.transaction(EINDHOVEN) as session:
        row = set_address(session, keys, EINDHOVEN, box, "oov@eindhoven.example", SYSTEM)
        row.verified_at = utc_now()
    case.offer()
    case.installation.run_jobs()
    with case.installation.transaction(EINDHOVEN) as session:
        kept = session.scalars(
            select(MailMessage.kept).where(MailMessage.template == "overdracht_aangeboden")
        ).one()
    mail = message_from_string(str(kept), policy=default)
    text = str(mail.get_content())
    assert mail["To"] == "oov@eindhoven.example"
    assert "/gemeenten/eindhoven/overdrachten" in text
    assert not [word for word in (case.reference, STORY, REASON, "Dordrecht") if word in str(kept)]
    assert _counted(case) == ", 1 wacht"
    # The reporter withdraws it: nobody can answer any more, and nothing of it is shown.
    case.api.withdraw(case.reference, case.code)
    assert _counted(case) is None
    case.receiver.get(case.offered, status=404)
    with case.installation.transaction(EINDHOVEN) as session:
        transfer = session.scalars(select(ReportTransfer)).one()
        assert (transfer.state, transfer.offer) == ("ingetrokken", None)
    assert "oov@eindhoven.example" not in caplog.text


def _counted(case: Case) -> str | None:
    """The number behind Overdrachten in the receiver's menu."""
    page = case.receiver.get("/gemeenten/eindhoven/postvak")
    link = page.html.select_one("nav a[href$='/overdrachten']")
    number = link.select_one(".si-count")
    return " ".join(number.text.split()) if number else None


def test_who_refuses_says_why_and_the_giver_goes_on(case: Case) -> None:
    case.offer()
    assert "Schrijf waarom" in case.answer("weigeren", status=422)
    case.answer("weigeren", "De plek is in Dordrecht.")
    case.installation.run_jobs()
    back = case.held(DORDRECHT)
    assert back is not None
    assert (back.state, back.description) == ("in_behandeling", STORY)
    assert case.held(EINDHOVEN) is None
    page = case.giver.get(f"/m/{case.reference}").follow()
    assert "Geweigerd door de andere gemeente" in page
    assert "De plek is in Dordrecht." in page
    assert "geweigerd" in case.receiver.get("/gemeenten/eindhoven/overdrachten")


def test_an_offer_that_was_withdrawn_can_no_longer_be_accepted(case: Case) -> None:
    case.offer()
    page = case.receiver.get(f"/gemeenten/eindhoven/overdracht-{case.reference}")
    case.step("overdracht_intrekken", reden="Toch van ons.")
    form = form_with(page, "antwoord")
    form["antwoord"] = "aannemen"
    form.submit("antwoorden", status=404)
    assert "Er wacht geen overdracht" in case.receiver.get("/gemeenten/eindhoven/overdrachten")
    with case.installation.transaction(EINDHOVEN) as session:
        transfer = session.scalars(select(ReportTransfer)).one()
        assert (transfer.state, transfer.offer) == ("ingetrokken", None)
        with pytest.raises(handover_services.AnsweredError):
            handover_services.answer(session, transfer, Actor("gebruiker", None, "Bo"))


def test_a_report_withdrawn_by_its_reporter_is_not_given_any_more(case: Case) -> None:
    case.offer()
    case.answer("aannemen")
    case.step("intrekken")
    case.installation.run_jobs()
    assert case.held(EINDHOVEN) is None
    with case.installation.transaction(EINDHOVEN) as session:
        assert session.scalars(select(ReportTransfer.state)).one() == "vervallen"


@pytest.mark.alles
def test_the_job_of_an_answer_done_twice_makes_one_copy(case: Case) -> None:
    case.offer()
    case.answer("aannemen")
    with case.installation.transaction(DORDRECHT) as session:
        transfer = session.scalars(select(ReportTransfer.id)).one()
        enqueue(session, handover_services.ANSWERED, DORDRECHT, {"transfer": str(transfer)})
    case.installation.run_jobs()
    with case.installation.transaction(EINDHOVEN) as session:
        assert session.scalar(select(func.count()).select_from(Report)) == 1


@pytest.mark.alles
def test_a_report_can_come_back_to_who_gave_it(case: Case) -> None:
    case.offer()
    case.answer("aannemen")
    case.installation.run_jobs()
    with case.installation.transaction(EINDHOVEN) as session:
        copy = session.scalars(select(Report)).one()
        effects = case.installation.registry.workflow_effects
        actor = Actor("gebruiker", None, "Bo de Nemer")
        copy.state = "in_behandeling"
        values = {"gemeente": DORDRECHT, "reden": "Toch niet."}
        move_report(session, effects, copy, "overdracht_aanbieden", values, actor)
    with case.installation.transaction(DORDRECHT) as session:
        transfer = session.scalars(
            select(ReportTransfer).where(ReportTransfer.receiver == DORDRECHT)
        ).one()
        handover_services.answer(session, transfer, Actor("gebruiker", None, "An de Gever"))
    case.installation.run_jobs()
    back, stone = case.held(DORDRECHT), case.held(EINDHOVEN)
    assert back is not None
    assert stone is not None
    assert (back.state, back.description, back.handed_to) == ("nieuw", STORY, None)
    assert stone.state == "overgedragen"
    assert case.status() == "ontvangen"
    with case.installation.transaction(DORDRECHT) as session:
        lines = select(ReportMove).where(ReportMove.name == "overgenomen")
        assert len(session.scalars(lines).all()) >= 1


def test_only_a_connected_municipality_can_be_offered_a_report(case: Case) -> None:
    path = case.giver.get(f"/m/{case.reference}").follow().request.path
    form = form_with(case.giver.get(f"{path}/overdracht-aanbieden"), "gemeente")
    offered = [value for value, *_ in form["gemeente"].options]
    assert EINDHOVEN in offered
    assert DORDRECHT not in offered
    assert "GM0363" not in offered


def test_a_frozen_report_stays_here(case: Case) -> None:
    with case.installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report).where(Report.reference == case.reference)).one()
        report.frozen = True
        values = {"gemeente": EINDHOVEN, "reden": REASON}
        with pytest.raises(WorkflowError, match="bevroren"):
            handover_services.offer(case.installation.registry, session, report, values, SYSTEM)
