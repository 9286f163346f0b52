"""Show that what a reporter does after the offer reaches who has the report, or says so.

The official gets one mail without content for all that isn't read yet; the reporter reads at each
moment what the other side can see, on /volgen and in the API.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from email import message_from_string
from email.policy import default
from typing import Any

import pytest
from pyramid.renderers import render
from sqlalchemy import func, select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import after_working_days, clock_at, utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.jobs import enqueue
from stopintimidatie.core.mail.addresses import find_address
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.scanner import Scanner
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import MONTHS, SHORT_MONTHS
from stopintimidatie.desk.forwarding import jobs
from stopintimidatie.desk.forwarding.pickup import (
    CLEAR_JOB,
    as_text,
    content_of,
    deliver,
    notice_of,
    unanswered,
)
from stopintimidatie.desk.forwarding.recipient import answer_withdrawal, stopped_panel
from stopintimidatie.desk.forwarding.services import came_back, try_offer
from stopintimidatie.desk.queue.calls import call_list
from stopintimidatie.disclosures.models import Pickup, PickupAnswer, PickupState
from stopintimidatie.municipalities.agreements import services as agreements
from stopintimidatie.privacy.erasure.services import erase
from stopintimidatie.reports.conversation import words
from stopintimidatie.reports.conversation.services import SPOKE_JOB
from stopintimidatie.reports.handover.transfer import custody_of
from stopintimidatie.reports.models import Report, ReportContact, ReportMove
from tests.support.api import Api, report
from tests.support.clamd import Clamd, infected
from tests.support.factories import make_user
from tests.support.following import follow_in_browser
from tests.support.forms_support import a_request
from tests.support.installation import Installation
from tests.support.mailboxes import mails, put_desk_postbox
from tests.support.photos import photo, telephone_photo
from tests.support.sittings import agree, enter, open_in, press, sit

ZWIJNDRECHT, PAPENDRECHT = "GM0642", "GM0590"
WORD = "zeldzaamwoord"
LATER = "naderhandwoord"
SECRETS = (WORD, LATER, "Petra", "petra@melder.example")
GIVEN = {
    "locatie": {"lat": 51.8165, "lon": 4.6400, "omschrijving": "bij de sluis"},
    "omschrijving": WORD,
    "anoniem": False,
    "melder": {"naam": "Petra", "telefoon": "+31612345678", "email": "petra@melder.example"},
}


class Case:
    """A report for a town that isn't connected, with the reporter and both officials."""

    def __init__(
        self, house: Installation, *, function: str = "coördinator OOV", **changes: Any
    ) -> None:
        self.house, self.api = house, Api(house)
        put_desk_postbox(house)
        self.agree(function)
        self.receipt = self.api.post(report(**{**GIVEN, **changes})).json
        house.run_jobs()

    def agree(self, function: str) -> None:
        """A valid agreement, with an official and a deputy whose addresses are confirmed."""
        official, deputy = (
            agreements.Official(name, function, f"{box}@zwijndrecht.example", "+31786200000")
            for name, box in (("Anneke de Boer", "oov"), ("Bas", "veiligheid"))
        )
        today = agreements.today()
        until = today + timedelta(days=300)
        plan = agreements.Plan(
            official, deputy, True, "Hoofd", today, "ophalen", None, today, until
        )
        keys, rules = self.house.registry.key_ring, self.house.registry.level_rules
        with self.house.transaction(NATIONAL) as session:
            agreements.make(session, keys, rules, ZWIJNDRECHT, plan, SYSTEM)
            for owner in (agreements.official_of, agreements.deputy_of):
                row = find_address(session, owner(ZWIJNDRECHT))
                assert row is not None
                row.verified_at = utc_now()
            agreements.settle(session, keys, rules, ZWIJNDRECHT, SYSTEM)

    def end_agreement(self) -> None:
        keys, rules = self.house.registry.key_ring, self.house.registry.level_rules
        with self.house.transaction(NATIONAL) as session:
            agreements.end(session, keys, rules, ZWIJNDRECHT, SYSTEM)

    def pick_up(self) -> None:
        with self.house.transaction(NATIONAL) as session:
            pickup = session.scalars(select(Pickup)).one()
            pickup.state, pickup.picked_up_at = PickupState.PICKED_UP, utc_now()
            deliver(session, session.scalars(select(Report)).one(), "opgehaald", pickup)

    def read(self) -> None:
        """The official reads what was added, in a sitting."""
        with self.house.transaction(NATIONAL) as session:
            pickup = session.scalars(select(Pickup)).one()
            pickup.read_at, pickup.added_at = utc_now(), None

    def add(self, text: str = LATER) -> None:
        self.api.add(self.receipt, {"tekst": text})
        self.house.run_jobs()

    def withdraw(self) -> None:
        browser = follow_in_browser(self.api, self.receipt)
        page = browser.get("/volgen/intrekken")
        next(f for f in page.forms.values() if f.action.endswith("intrekken")).submit(status=303)

    def take_back(self) -> None:
        page = follow_in_browser(self.api, self.receipt).get("/volgen/melding")
        next(f for f in page.forms.values() if f.action.endswith("toch-niet")).submit(status=303)
        self.house.run_jobs()

    def follows(self) -> Any:
        return self.api.follow(self.receipt["kenmerk"], self.receipt["volgcode"]).json

    def page(self) -> Any:
        return follow_in_browser(self.api, self.receipt).get("/volgen/melding")

    @property
    def row(self) -> Report:
        with self.house.transaction(NATIONAL) as session:
            return session.scalars(select(Report)).one()

    @property
    def pickup(self) -> Pickup:
        with self.house.transaction(NATIONAL) as session:
            return session.scalars(select(Pickup)).one()

    def told(self) -> list[str]:
        return [str(mail.kept) for mail in mails(self.house, "melding_aangevuld")]


@pytest.fixture
def case(installation: Installation) -> Case:
    return Case(installation)


# Additions


@pytest.mark.short_on("postgresql")
@pytest.mark.both_databases
def test_what_is_added_after_the_pick_up_is_one_mail_without_content_until_it_is_read(
    case: Case,
) -> None:
    case.pick_up()
    case.add()
    first = case.pickup.added_at
    assert first is not None
    case.add("En nog iets.")
    assert len(case.told()) == 1
    assert case.pickup.added_at == first
    (letter,) = case.told()
    assert "oov@zwijndrecht.example" in letter
    assert f"/ophalen/{case.pickup.reference}" in letter
    assert not [word for word in (*SECRETS, case.receipt["kenmerk"]) if word in letter]
    case.read()
    case.add("En dit na het lezen.")
    assert len(case.told()) == 2


def change_number(case: Case, number: str = "+31687654321") -> Any:
    form = case.page().forms["contact"]
    form["telefoon"] = number
    page = form.submit("wijzigen", status=303).follow()
    case.house.run_jobs()
    return page


def test_changed_contact_data_after_the_pick_up_is_told_without_content(case: Case) -> None:
    case.pick_up()
    page = change_number(case)
    assert "dan krijgt de gemeente bericht dat er iets bij is" in page
    (letter,) = case.told()
    assert not [word for word in (*SECRETS, "687654321", "612345678") if word in letter]
    content = content_as_text(case)
    assert "Telefoon: +31687654321 (gewijzigd op " in content
    # The same once more is no news.
    case.read()
    change_number(case)
    assert len(case.told()) == 1


def test_of_who_wants_no_contact_the_official_is_told_no_change_of_number(
    installation: Installation,
) -> None:
    case = Case(installation, contactGewenst="nee")
    case.pick_up()
    assert "daarom staan ze dicht" in change_number(case)
    assert case.told() == []
    assert "687654321" not in content_as_text(case)


@pytest.mark.alles
def test_without_an_agreement_the_reporter_reads_that_the_number_stays_at_the_desk(
    case: Case,
) -> None:
    case.pick_up()
    case.end_agreement()
    assert "De gemeente kan nu niet lezen wat u wijzigde." in change_number(case)
    desk = case.house.browser(make_user(case.house, (NATIONAL, Role.NATIONAL_DESK)))
    page = desk.get(f"/landelijk/{case.receipt['kenmerk']}")
    # The desk rings no reporter: it reads that there was a change, and no number.
    assert "Contactgegevens gewijzigd door de melder" in page
    assert "687654321" not in page


@pytest.mark.alles
def test_a_report_that_is_gone_at_the_desk_has_no_form_for_a_number(case: Case) -> None:
    case.pick_up()
    form = case.page().forms["contact"]
    with case.house.transaction(NATIONAL) as session:
        session.scalars(select(Pickup)).one().destroyed_at = utc_now()
    assert "contact" not in case.page().forms
    form["telefoon"] = "+31687654321"
    form.submit("wijzigen", status=422)
    with case.house.transaction(NATIONAL) as session:
        assert session.scalar(select(ReportContact.earlier)) is None


def content_as_text(case: Case) -> str:
    """Return the content of the encrypted mail, of which sitting and PDF are drawn too."""
    with case.house.transaction(NATIONAL) as session:
        row = session.scalars(select(Report)).one()
        return as_text(content_of(session, case.house.registry.key_ring, row))


def test_a_photo_after_the_pick_up_is_told_as_well_and_says_what_is_true(case: Case) -> None:
    case.pick_up()
    browser = follow_in_browser(case.api, case.receipt)
    form = browser.get("/volgen/melding").forms["bijlage"]
    form["bestand"] = ("foto.jpg", telephone_photo((400, 300)))
    page = form.submit("meesturen", status=303).follow()
    assert "De gemeente kan het bekijken." not in page
    assert "De gemeente krijgt bericht dat er iets bij is" in page
    case.house.run_jobs()
    assert len(case.told()) == 1


@pytest.mark.parametrize(("content", "letters"), [(infected(photo()), 0), (photo(), 1)])
def test_a_file_that_waits_for_the_scanner_is_told_once_it_can_be_opened(
    case: Case, clamd: Clamd, content: bytes, letters: int
) -> None:
    case.house.registry.scanner = Scanner(clamd.socket, files_wait=True)
    clamd.end()
    case.pick_up()
    case.api.attach(case.receipt, content, status=202)
    case.house.run_jobs()
    assert case.told() == []
    assert "Daarna krijgt de gemeente bericht" in follow_in_browser(case.api, case.receipt).get(
        "/volgen/melding?gedaan=bijlage_wacht"
    )
    clamd.start()
    with clock_at(utc_now() + timedelta(minutes=6)):
        case.house.run_jobs()
    assert len(case.told()) == letters


def test_an_addition_before_the_pick_up_is_part_of_what_will_be_read(case: Case) -> None:
    case.add()
    assert case.told() == []
    assert case.pickup.added_at is None
    with case.house.transaction(NATIONAL) as session:
        row = session.scalars(select(Report)).one()
        content = content_of(session, case.house.registry.key_ring, row)
    (section,) = [section for section in content.sections if section.title == "Berichten"]
    ((who, text),) = section.rows
    assert (who.startswith("De melder, "), text) == (True, LATER)
    assert "nieuw" not in who


def test_the_official_sees_what_is_new_since_it_was_read(case: Case) -> None:
    case.add("Eerst.")
    case.pick_up()
    read = utc_now()
    case.add("Daarna.")
    with case.house.transaction(NATIONAL) as session:
        row = session.scalars(select(Report)).one()
        content = content_of(session, case.house.registry.key_ring, row, read)
    rows = next(section.rows for section in content.sections if section.title == "Berichten")
    marks = [("(nieuw)" in who, text) for who, text in rows]
    assert marks == [(False, "Eerst."), (True, "Daarna.")]


def test_an_unread_addition_is_told_to_the_deputy_and_then_to_the_desk(case: Case) -> None:
    case.pick_up()
    case.add()
    start = case.pickup.added_at
    assert start is not None
    for days, letters, desk in ((1, 1, 0), (2, 2, 0), (3, 2, 1), (8, 2, 1)):
        with clock_at(after_working_days(start, days) + timedelta(minutes=2)):
            case.house.run_jobs()
        assert len(case.told()) == letters, days
        assert len(mails(case.house, "niet_gelezen")) == desk, days
    assert any("veiligheid@zwijndrecht.example" in letter for letter in case.told())


def test_what_was_read_in_time_is_told_to_nobody_else(case: Case) -> None:
    case.pick_up()
    case.add()
    start = case.pickup.added_at
    assert start is not None
    case.read()
    with clock_at(after_working_days(start, 4)):
        case.house.run_jobs()
    assert len(case.told()) == 1
    assert mails(case.house, "niet_gelezen") == []


def test_after_the_agreement_ended_the_desk_rings_and_the_reporter_reads_that_nobody_reads(
    case: Case,
) -> None:
    case.pick_up()
    case.end_agreement()
    case.add()
    assert case.told() == []
    assert len(mails(case.house, "niet_gelezen")) == 1
    page = case.page()
    assert "de gemeente kan het niet lezen" in page
    assert "de gemeente kan het niet lezen" in case.follows()["toelichting"]


@pytest.mark.short_on("postgresql")
@pytest.mark.both_databases
def test_a_worker_that_dies_between_row_and_mail_sends_exactly_one(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.pick_up()

    def die(*given: Any, **more: Any) -> None:
        raise RuntimeError("killed")

    case.api.add(case.receipt, {"tekst": LATER})
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "queue_mail", die)
        case.house.run_jobs()
    assert case.pickup.added_at is None
    with clock_at(utc_now() + timedelta(hours=1)):
        case.house.run_jobs()
    assert len(case.told()) == 1
    # The same job once more, as after a crash behind the commit.
    with case.house.transaction(NATIONAL) as session:
        payload = {"melding": str(case.row.id), "wat": "melding.aanvulling"}
        moment = (case.pickup.added_at or utc_now()).isoformat()
        enqueue(session, SPOKE_JOB, NATIONAL, {**payload, "op": moment})
    case.house.run_jobs()
    assert len(case.told()) == 1


def test_where_the_content_is_gone_nothing_can_be_added_and_the_reporter_reads_who_has_it(
    case: Case,
) -> None:
    case.pick_up()
    with case.house.transaction(NATIONAL) as session:
        session.scalars(select(Pickup)).one().destroyed_at = utc_now()
    page = case.page()
    assert "formulier" not in page.forms
    assert "bijlage" not in page.forms
    assert "Neem contact op met de gemeente Zwijndrecht" in page
    refused = case.api.add(case.receipt, {"tekst": LATER}, status=409)
    assert "Neem contact op met de gemeente" in refused.json["detail"]
    assert "U kunt hier niets meer toevoegen" in case.follows()["toelichting"]


# The sentences for the reporter


def test_the_reporter_reads_to_whom_it_was_offered_and_who_may_read(case: Case) -> None:
    for shown in (case.page().text, f"{case.follows()['statusTekst']} {case.follows()}"):
        assert "Uw melding is aangeboden aan de gemeente Zwijndrecht." in shown
        assert "Dat kan alleen de coördinator OOV, of een vervanger" in shown
        assert "Medewerkers van het landelijk meldpunt lezen uw melding ook" in shown
        assert "Anneke" not in shown
    case.pick_up()
    assert case.follows()["statusTekst"] == "De gemeente Zwijndrecht heeft uw melding opgehaald."
    assert "De coördinator OOV krijgt dan bericht" in case.page()
    english = follow_in_browser(case.api, case.receipt).get("/volgen/melding?taal=en")
    assert "has picked up your report" in english


@pytest.mark.parametrize(
    "function", ["mevrouw De Boer", "Klaas Smit", "bel 0612345678", "adviseur www.x.nl", "OOV A."]
)
def test_in_place_of_a_function_nothing_else_is_shown(
    installation: Installation, function: str
) -> None:
    page = Case(installation, function=function).page()
    assert function not in page
    assert "Dat kan alleen de functionaris die de gemeente daarvoor aanwees" in page


@pytest.mark.parametrize("function", ["De adviseur Openbare Orde en Veiligheid", "coördinator OOV"])
def test_a_function_is_named_with_one_article(installation: Installation, function: str) -> None:
    named = function.removeprefix("De ")
    assert (
        f"Dat kan alleen de {named}, of een vervanger"
        in Case(installation, function=function).page()
    )


@pytest.mark.alles
def test_the_english_page_holds_no_dutch_function_and_no_dutch_date(case: Case) -> None:
    def english() -> str:
        page = follow_in_browser(case.api, case.receipt).get("/volgen/melding?taal=en")
        return " ".join(page.html.select_one("main").text.split())

    assert "Only the official whom the municipality chose for that, or a deputy" in english()
    case.pick_up()
    case.add()
    case.api.attach(case.receipt, photo())
    assert "The official whom the municipality chose for that is then told" in english()
    page = english()
    assert not [month for month in (*MONTHS, *SHORT_MONTHS) if f" {month} " in page]
    case.withdraw()
    with case.house.transaction(NATIONAL) as session:
        pickup = session.scalars(select(Pickup)).one()
        row = session.scalars(select(Report)).one()
        answer_withdrawal(session, pickup, row, "vernietigd", agreements.today(), None)
    assert f"destroyed your report, on {agreements.today():%-d %B %Y}." in english()


@pytest.mark.parametrize("situation", words.Situation)
def test_nothing_says_that_a_town_reads_what_it_cannot(situation: words.Situation) -> None:
    for name, text in words.SENTENCES[situation].items():
        if situation is not words.Situation.TOWN:
            assert "De gemeente kan het bekijken." not in text, name
            assert not text.endswith("De gemeente leest het."), name


@pytest.mark.parametrize(
    "ended",
    [False, pytest.param(True, marks=pytest.mark.alles)],
    ids=["afspraak", "afspraak voorbij"],
)
def test_after_the_pick_up_no_let_op_doubts_it_and_one_sentence_says_whom_to_ask(
    case: Case, *, ended: bool
) -> None:
    assert "LET OP" in case.page()
    assert case.follows()["letOp"].startswith("LET OP")
    case.pick_up()
    if ended:
        case.end_agreement()
    for days in (0, 20):
        with clock_at(utc_now() + timedelta(days=days)):
            page = " ".join(case.page().html.select_one("main").text.split())
            assert case.follows()["letOp"] is None
        for untrue in ("LET OP", "niet zeker dat u antwoord krijgt", "hoorden niets"):
            assert untrue not in page
        asks = "Neem zelf contact op met de gemeente", "Vraag het de gemeente Zwijndrecht"
        assert [page.count(words) for words in asks] == [ended, not ended]


# Withdrawn


@pytest.mark.parametrize(
    "picked_up",
    [pytest.param(False, marks=pytest.mark.alles), True],
    ids=["aangeboden", "opgehaald"],
)
def test_after_a_withdrawal_nothing_on_the_page_says_that_a_file_can_be_opened(
    case: Case, *, picked_up: bool
) -> None:
    case.api.attach(case.receipt, photo())
    if picked_up:
        case.pick_up()
    asked = follow_in_browser(case.api, case.receipt).get("/volgen/intrekken")
    assert "Vraag het de gemeente" not in asked
    assert "Vraag dat aan het meldpunt, en noem uw kenmerk." in asked
    case.withdraw()
    page = case.page()
    there = "Wat de gemeente al ophaalde, kunnen wij daar niet wissen."
    assert (there in page) == picked_up
    nobody = "Bij het landelijk meldpunt kan niemand" if picked_up else "Niemand kan"
    assert f"alleen dát u iets stuurde. {nobody} het nog openen." in page
    english = follow_in_browser(case.api, case.receipt).get("/volgen/melding?taal=en")
    assert "obody can open it any more." in english


@pytest.mark.alles
def test_withdrawn_before_the_pick_up_the_offer_ends_and_taken_back_it_is_offered_again(
    case: Case,
) -> None:
    case.withdraw()
    case.house.run_jobs()
    assert case.pickup.state == PickupState.WITHDRAWN
    assert case.told() == []
    assert case.follows()["status"] == "ingetrokken"
    case.take_back()
    with case.house.transaction(NATIONAL) as session:
        states = set(session.scalars(select(Pickup.state)))
    assert states == {PickupState.WITHDRAWN, PickupState.OFFERED}
    assert case.row.delivery == "aangeboden"


@pytest.mark.short_on("sqlite")
@pytest.mark.both_databases
def test_withdrawn_after_the_pick_up_the_official_is_told_and_the_town_answers(case: Case) -> None:
    case.pick_up()
    case.withdraw()
    case.api.withdraw(case.receipt["kenmerk"], case.receipt["volgcode"])
    case.house.run_jobs()
    assert len(case.told()) == 1
    assert case.pickup.added_at is not None
    follows, page = case.follows(), case.page()
    assert follows["status"] == "ingetrokken"
    for shown in (follows["toelichting"], page):
        assert "Wij kunnen bij de gemeente niets wissen. Zo vraagt u het zelf" in shown
        assert "Zwijndrecht" in shown
    with case.house.transaction(NATIONAL) as session:
        assert unanswered(session) == []
    with (
        clock_at(utc_now() + timedelta(days=14, minutes=1)),
        case.house.transaction(NATIONAL) as session,
    ):
        (row,) = unanswered(session)
        (ring,) = call_list(session, case.house.registry.key_ring)
    assert (ring.town.name, ring.silent) == ("Zwijndrecht", 1)
    assert (row.town, row.reference) == (ZWIJNDRECHT, case.receipt["kenmerk"])
    assert row.since <= utc_now()
    with case.house.transaction(NATIONAL) as session:
        pickup = session.scalars(select(Pickup)).one()
        answer_withdrawal(
            session, pickup, session.scalars(select(Report)).one(), "blijft", None, "aangifte"
        )
        answer_withdrawal(
            session,
            pickup,
            session.scalars(select(Report)).one(),
            "vernietigd",
            agreements.today(),
            None,
        )
    with (
        clock_at(utc_now() + timedelta(days=14, minutes=1)),
        case.house.transaction(NATIONAL) as session,
    ):
        assert unanswered(session) == []
    for shown in (case.follows()["toelichting"], case.page()):
        assert "bewaart, omdat er een aangifte of een rechtszaak loopt" in shown
        assert "heeft vernietigd, op" in shown


def test_the_official_reads_no_content_of_what_was_withdrawn(case: Case) -> None:
    case.pick_up()
    case.withdraw()
    case.house.run_jobs()
    shown = panel_of(case)
    assert case.receipt["kenmerk"] in shown
    assert "De melder heeft deze melding ingetrokken." in shown
    assert not [word for word in SECRETS if word in shown]


@pytest.mark.short_on("sqlite")
@pytest.mark.both_databases
def test_in_a_sitting_the_withdrawn_report_is_that_alone_and_is_answered(case: Case) -> None:
    browser, page = sit(case.house, case.row.id)
    reference = case.pickup.reference
    shown = open_in(page, reference)
    assert WORD in shown
    # While the official reads, the reporter withdraws.
    case.withdraw()
    again = browser.get(f"/ophalen/{reference}/melding")
    assert not [word for word in SECRETS if word in again]
    assert "Neem geen contact op met de melder" in again
    browser.get(f"/ophalen/{reference}/melding-bijlage?nummer=1", status=404)
    case.house.run_jobs()
    form = form_to(again, "melding-ingetrokken")
    form["antwoord"] = "blijft"
    refused = form.submit("laten_weten", status=422)
    assert "Kies waarom de melding blijft." in refused
    form = form_to(refused, "melding-ingetrokken")
    form["antwoord"], form["reden"] = "blijft", "wet"
    done = form.submit("laten_weten", status=303).follow()
    assert "Uw antwoord is vastgelegd." in done
    again = browser.get(f"/ophalen/{reference}/melding")
    assert "Blijft bij de gemeente: de wet haar voorschrijft" in again
    assert "bewaart, omdat de wet haar voorschrijft het te bewaren" in case.page()
    # Long after the desk destroyed the rest it can still be opened, for it may still be answered.
    with case.house.transaction(NATIONAL) as session:
        session.scalars(select(Pickup)).one().destroyed_at = utc_now()
    desk = case.house.browser(make_user(case.house, (NATIONAL, Role.NATIONAL_DESK)))
    shown = press(desk.get("/landelijk/zwijndrecht"), "ophaalcode", status=200).text
    code = re.findall(r"<dd>(\d{4} \d{4})</dd>", shown)[0]
    _, answer = enter(case.house, reference, code)
    assert "Ingetrokken" in open_in(answer.follow(), reference)


def form_to(page: Any, action: str) -> Any:
    return next(form for form in page.forms.values() if form.action.endswith(action))


@pytest.mark.alles
def test_in_a_later_sitting_what_came_since_is_marked_as_new(case: Case) -> None:
    case.add("Eerst.")
    reference = case.pickup.reference
    first = open_in(sit(case.house, case.row.id)[1], reference)
    assert "(nieuw)" not in first
    with clock_at(utc_now() + timedelta(minutes=40)):
        case.add("Daarna.")
        assert len(case.told()) == 1
        _, page = sit(case.house, case.row.id)
        assert "er is iets bijgekomen" in page
        later = open_in(page, reference).text
        assert later.count("(nieuw)") == 1
        assert case.pickup.added_at is None


def panel_of(case: Case) -> str:
    """Return the panel of the sitting, as it is drawn."""
    request = a_request()
    request.registry = case.house.registry
    with case.house.transaction(NATIONAL) as session:
        request.db = session
        row, pickup = session.scalars(select(Report)).one(), session.scalars(select(Pickup)).one()
        panel = stopped_panel((pickup, row), request)
        return render(panel.renderer, dict(panel.values), request=request) if panel else ""


def test_a_withdrawal_counts_in_a_sitting_that_goes_on_before_any_job_ran(case: Case) -> None:
    case.pick_up()
    assert panel_of(case) == ""
    case.withdraw()
    assert "De melder heeft deze melding ingetrokken." in panel_of(case)


@pytest.mark.alles
def test_a_withdrawal_that_is_taken_back_is_told_too(case: Case) -> None:
    case.pick_up()
    case.withdraw()
    case.house.run_jobs()
    case.read()
    case.take_back()
    assert len(case.told()) == 2
    with case.house.transaction(NATIONAL) as session:
        assert notice_of(session, session.scalars(select(Report)).one()) is None
    with (
        clock_at(utc_now() + timedelta(days=15)),
        case.house.transaction(NATIONAL) as session,
    ):
        assert unanswered(session) == []


def test_what_a_town_does_with_a_restricted_report_is_read_until_it_may_use_it_again(
    case: Case,
) -> None:
    case.pick_up()
    for notice, told in (("beperkt", True), ("hervat", False)):
        with case.house.transaction(NATIONAL) as session:
            pickup = session.scalars(select(Pickup)).one()
            jobs.notify_town(session, session.scalars(select(Report)).one(), notice)
            if told:
                answer_withdrawal(
                    session,
                    pickup,
                    session.scalars(select(Report)).one(),
                    "niet_meer_in_gebruik",
                    None,
                    None,
                )
        for shown in (case.follows()["toelichting"], case.page()):
            assert ("uw melding niet meer gebruikt" in shown) is told


def test_where_one_mail_a_day_was_agreed_an_addition_waits_for_it_and_a_withdrawal_does_not(
    installation: Installation,
) -> None:
    with clock_at(datetime(2026, 11, 30, 22, 0, tzinfo=UTC)):
        case = Case(installation)
        with installation.transaction(NATIONAL) as session:
            agreement = agreements.running_agreement(session, ZWIJNDRECHT)
            assert agreement is not None
            agreement.digest = True
        case.pick_up()
        case.add()
        assert mails(installation, "melding_aangevuld") == []
    with clock_at(datetime(2026, 12, 1, 7, 1, tzinfo=UTC)):
        installation.run_jobs()
        (mail,) = mails(installation, "overzicht_klaar")
        letter = message_from_string(mail.kept or "", policy=default)
        assert "staat 1 bericht klaar" in str(letter.get_content())
        case.read()
        case.withdraw()
        installation.run_jobs()
        assert len(mails(installation, "melding_aangevuld")) == 1


@pytest.mark.alles
def test_withdrawn_and_taken_back_before_anybody_was_told_tells_nothing(case: Case) -> None:
    case.pick_up()
    case.withdraw()
    case.take_back()
    assert case.told() == []


def test_a_withdrawn_report_leaves_the_desk_with_the_content_of_the_others(case: Case) -> None:
    case.pick_up()
    with case.house.transaction(NATIONAL) as session:
        enqueue(session, CLEAR_JOB, NATIONAL, {"ophalen": str(case.pickup.id)})
    case.withdraw()
    case.house.run_jobs()
    assert case.row.description is None
    assert case.pickup.destroyed_at is not None


def test_erased_at_request_the_official_is_told(case: Case) -> None:
    case.pick_up()
    with case.house.transaction(NATIONAL) as session:
        row = session.scalars(select(Report)).one()
        erase(case.house.registry, session, row, "doel", "Gevraagd.", SYSTEM)
    case.house.run_jobs()
    assert len(case.told()) == 1
    shown = panel_of(case)
    assert "op verzoek gewist" in shown
    assert not [word for word in SECRETS if word in shown]


@pytest.mark.parametrize(
    ("kind", "day", "reason", "field"),
    [
        ("vernietigd", None, None, "dag"),
        ("vernietigd", date(2999, 1, 1), None, "dag"),
        ("vernietigd", date(2000, 1, 1), None, "dag"),
        ("niet_meer_in_gebruik", date(2026, 11, 1), None, "dag"),
        ("blijft", None, None, "reden"),
        ("niet_meer_in_gebruik", None, "wet", "reden"),
    ],
)
def test_an_answer_that_lacks_its_day_or_reason_is_refused_with_the_field(
    case: Case, kind: str, day: date | None, reason: str | None, field: str
) -> None:
    case.pick_up()
    with case.house.transaction(NATIONAL) as session:
        pickup = session.scalars(select(Pickup)).one()
        with pytest.raises(FormError) as refused:
            answer_withdrawal(
                session, pickup, session.scalars(select(Report)).one(), kind, day, reason
            )
    assert refused.value.field == field


def test_a_mail_about_an_addition_that_comes_back_is_told_to_the_desk(case: Case) -> None:
    case.pick_up()
    case.withdraw()
    case.house.run_jobs()
    with case.house.transaction(NATIONAL) as session:
        message = session.scalars(
            select(MailMessage).where(MailMessage.template == "melding_aangevuld")
        ).one()
        came_back(case.house.registry, session, message)
    case.house.run_jobs()
    assert len(mails(case.house, "bericht_terug")) == 1


# Given back after it was opened


def give_back(case: Case, reason: str = "geen_taak") -> Any:
    """The official opens the report and says that it isn't theirs; the list that comes then."""
    page = open_in(sit(case.house, case.row.id)[1], latest(case).reference)
    form = form_to(page, "melding-antwoord")
    form["antwoord"] = f"niet_van_ons.{reason}"
    return form.submit("vastleggen", status=303).follow()


def latest(case: Case) -> Pickup:
    with case.house.transaction(NATIONAL) as session:
        return session.scalars(select(Pickup).order_by(Pickup.made_at.desc())).first()  # type: ignore[return-value]


def all_pickups(case: Case) -> list[Pickup]:
    with case.house.transaction(NATIONAL) as session:
        return list(session.scalars(select(Pickup).order_by(Pickup.made_at)))


def town_sits(case: Case, reference: str) -> Any:
    """The list of a sitting, by the code that the desk makes on the page of Zwijndrecht."""
    desk = case.house.browser(make_user(case.house, (NATIONAL, Role.NATIONAL_DESK)))
    shown = press(desk.get("/landelijk/zwijndrecht"), "ophaalcode", status=200).text
    code = re.findall(r"<dd>(\d{4} \d{4})</dd>", shown)[0]
    return enter(case.house, reference, code)[1].follow()


@pytest.mark.short_on("sqlite")
@pytest.mark.both_databases
@pytest.mark.parametrize(
    "reason", ["geen_taak", pytest.param("andere_gemeente", marks=pytest.mark.alles)]
)
def test_what_was_given_back_keeps_its_receipt_and_says_so_to_all(case: Case, reason: str) -> None:
    assert case.receipt["kenmerk"] not in give_back(case, reason)
    pickup = case.pickup
    assert (pickup.state, bool(pickup.picked_up_at)) == (PickupState.RETURNED, True)
    assert pickup.picked_up_by
    assert pickup.destroy_on
    desk = case.house.browser(make_user(case.house, (NATIONAL, Role.NATIONAL_DESK)))
    page = desk.get(f"/landelijk/{case.receipt['kenmerk']}")
    page.mustcontain("Teruggegeven", "Opgehaald door", "Anneke de Boer")
    assert "Verlopen" not in page
    assert "wordt vernietigd" not in page
    follows, shown = case.follows(), case.page()
    assert follows["statusTekst"] == (
        "De gemeente Zwijndrecht heeft uw melding gelezen en teruggegeven."
    )
    assert follows.get("letOp") is None
    for words_ in (follows["toelichting"], shown):
        assert "Het landelijk meldpunt zoekt uit wie erover gaat." in words_


@pytest.mark.alles
@pytest.mark.short_on("sqlite")
@pytest.mark.both_databases
def test_withdrawn_after_it_was_given_back_the_official_is_told_and_answers(case: Case) -> None:
    give_back(case)
    case.withdraw()
    case.house.run_jobs()
    assert len(case.told()) == 1
    follows = case.follows()
    assert follows["status"] == "ingetrokken"
    for shown in (follows["toelichting"], case.page()):
        assert "De gemeente Zwijndrecht had uw melding al opgehaald." in shown
    reference = case.pickup.reference
    page = open_in(town_sits(case, reference), reference)
    page.mustcontain("Neem geen contact op met de melder")
    assert not [word for word in SECRETS if word in page]
    form = form_to(page, "melding-ingetrokken")
    form["antwoord"] = "niet_meer_in_gebruik"
    form.submit("laten_weten", status=303)
    assert "Zwijndrecht liet weten dat zij uw melding niet meer gebruikt" in case.page()
    with (
        clock_at(utc_now() + timedelta(days=15)),
        case.house.transaction(NATIONAL) as session,
    ):
        assert unanswered(session) == []


@pytest.mark.alles
def test_taken_back_after_it_was_given_back_it_waits_at_the_desk_and_for_nobody(case: Case) -> None:
    give_back(case)
    case.withdraw()
    case.house.run_jobs()
    case.take_back()
    assert len(all_pickups(case)) == 1
    assert case.row.delivery == "verlopen"
    assert case.pickup.added_at is None
    desk = case.house.browser(make_user(case.house, (NATIONAL, Role.NATIONAL_DESK)))
    assert "ophaalcode" not in desk.get("/landelijk/zwijndrecht")
    assert "ophaalcode" not in desk.get(f"/landelijk/{case.receipt['kenmerk']}")


@pytest.mark.alles
@pytest.mark.short_on("sqlite")
@pytest.mark.both_databases
def test_offered_anew_to_the_same_town_each_opening_has_its_receipt_and_it_is_told_once(
    case: Case,
) -> None:
    give_back(case)
    desk = case.house.browser(make_user(case.house, (NATIONAL, Role.NATIONAL_DESK)))
    press(desk.get(f"/landelijk/{case.receipt['kenmerk']}"), "/aanbieden", status=303)
    case.house.run_jobs()
    open_in(sit(case.house, case.row.id)[1], latest(case).reference)
    first, second = all_pickups(case)
    assert (first.state, second.state) == (PickupState.RETURNED, PickupState.PICKED_UP)
    assert first.picked_up_at
    case.withdraw()
    case.house.run_jobs()
    assert len(case.told()) == 1
    page = town_sits(case, second.reference)
    assert page.text.count("/openen") == 1
    with clock_at(utc_now() + timedelta(days=15)), case.house.transaction(NATIONAL) as session:
        assert len(unanswered(session)) == 1


@pytest.mark.alles
@pytest.mark.both_databases
def test_given_back_by_a_town_and_opened_by_another_both_are_told_of_a_withdrawal(
    case: Case,
) -> None:
    give_back(case, "andere_gemeente")
    agree(case.house, PAPENDRECHT)
    with case.house.transaction(NATIONAL) as session:
        row = session.scalars(select(Report)).one()
        row.municipality_code, row.delivery = PAPENDRECHT, "wacht_op_afspraak"
        try_offer(session, case.house.registry.key_ring, row, SYSTEM)
    case.house.run_jobs()
    open_in(sit(case.house, case.row.id)[1], latest(case).reference)
    case.withdraw()
    case.house.run_jobs()
    assert len(case.told()) == 2
    first, second = all_pickups(case)
    page = open_in(town_sits(case, first.reference), first.reference)
    page.mustcontain("Neem geen contact op met de melder")
    form = form_to(page, "melding-ingetrokken")
    form["antwoord"] = "niet_meer_in_gebruik"
    form.submit("laten_weten", status=303)
    assert second.recipient == "Gemeente Papendrecht"
    page = case.page()
    assert "De gemeente Papendrecht had uw melding al opgehaald." in page
    assert "De gemeente Zwijndrecht liet weten dat zij uw melding niet meer gebruikt." in page
    with clock_at(utc_now() + timedelta(days=15)), case.house.transaction(NATIONAL) as session:
        assert [row.town for row in unanswered(session)] == [PAPENDRECHT]


@pytest.mark.alles
def test_so_many_days_after_it_was_opened_a_report_that_was_given_back_is_there_still(
    case: Case,
) -> None:
    give_back(case)
    with clock_at(utc_now() + timedelta(days=case.house.settings.desk_keep_days + 1)):
        case.house.run_jobs()
    assert case.row.description == WORD


@pytest.mark.alles
def test_after_taking_back_the_official_reads_that_and_is_offered_no_call(
    installation: Installation,
) -> None:
    case = Case(installation)
    with case.house.transaction(NATIONAL) as session:
        session.scalars(select(Report)).one().wants_contact = "bellen"
    page = open_in(sit(case.house, case.row.id)[1], case.pickup.reference)
    assert "belt" in [value for value, *_ in form_to(page, "melding-antwoord")["antwoord"].options]
    form = form_to(page, "melding-antwoord")
    form["antwoord"] = "dossier"
    form.submit("vastleggen", status=303)
    case.withdraw()
    case.house.run_jobs()
    case.take_back()
    with clock_at(utc_now() + timedelta(minutes=40)):
        page = open_in(sit(case.house, case.row.id)[1], case.pickup.reference)
    page.mustcontain("Ingetrokken, en weer teruggehaald", "u mag haar weer gebruiken")
    kinds = [value for value, *_ in form_to(page, "melding-antwoord")["antwoord"].options]
    assert "gelezen" in kinds
    assert not {"belt", "neemt_contact_op"} & set(kinds)
    with case.house.transaction(NATIONAL) as session:
        report = session.scalars(select(Report)).one()
        custody = custody_of(case.house.registry, session, report)
    names = [line["name"] for line in custody]
    assert names[-4:] == ["opgehaald", "antwoord_gemeente", "intrekken", "toch_niet_ingetrokken"]
    assert custody[-3]["values"]["antwoord"] == "Zei de melder: er is al een dossier"


@pytest.mark.alles
@pytest.mark.short_on("sqlite")
@pytest.mark.both_databases
def test_the_same_answer_to_a_withdrawal_counts_once_and_after_another_withdrawal_anew(
    case: Case,
) -> None:
    def answers_twice() -> int:
        for _ in range(2):
            with case.house.transaction(NATIONAL) as session:
                pickup = session.scalars(select(Pickup)).one()
                row = session.scalars(select(Report)).one()
                answer_withdrawal(session, pickup, row, "niet_meer_in_gebruik", None, None)
        with case.house.transaction(NATIONAL) as session:
            return session.scalar(select(func.count(PickupAnswer.id))) or 0

    case.pick_up()
    case.withdraw()
    case.house.run_jobs()
    assert answers_twice() == 1
    case.take_back()
    case.withdraw()
    case.house.run_jobs()
    assert answers_twice() == 2
    for shown in (case.follows()["toelichting"], str(case.page())):
        assert shown.count("liet weten dat zij uw melding niet meer gebruikt") == 1
    with clock_at(utc_now() + timedelta(days=15)), case.house.transaction(NATIONAL) as session:
        assert unanswered(session) == []
        names = [move.name for move in session.scalars(select(ReportMove))]
    assert names.count("antwoord_gemeente") == 2


@pytest.mark.alles
@pytest.mark.short_on("sqlite")
@pytest.mark.both_databases
def test_withdrawn_after_the_agreement_ended_the_desk_knows_whom_to_ring_and_why(
    case: Case,
) -> None:
    case.pick_up()
    case.end_agreement()
    case.withdraw()
    case.house.run_jobs()
    assert mails(case.house, "niet_opgehaald") == []
    (letter,) = mails(case.house, "niet_gelezen")
    path = f"/landelijk/{case.receipt['kenmerk']}"
    assert path in str(letter.kept)
    desk = case.house.browser(make_user(case.house, (NATIONAL, Role.NATIONAL_DESK)))
    page = desk.get(path)
    page.mustcontain("Zwijndrecht", "De melder heeft deze melding ingetrokken.", "Iets bijgekomen")
    assert not [word for word in SECRETS if word in page]
    assert "/aanbieden" not in page
    with case.house.transaction(NATIONAL) as session:
        (ring,) = call_list(session, case.house.registry.key_ring)
    assert (ring.town.name, ring.silent) == ("Zwijndrecht", 1)
