"""The reporter adds, answers and withdraws with the follow code; officer and reporter converse."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from webtest import TestApp

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.ledger import read_ledger
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import local
from stopintimidatie.reports.conversation.services import MOST_MESSAGES
from stopintimidatie.reports.models import Report, ReportContact, ReporterMessage
from tests.support.api import REPORTS, Api
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.following import follow_in_browser, page_of
from tests.support.installation import Installation

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.fixture
def api(installation: Installation) -> Api:
    connect(installation)
    return Api(installation)


@pytest.fixture
def officer(installation: Installation) -> TestApp:
    return installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER), name="Ans Bos"))


def ask(officer: TestApp, receipt: Any, question: str, days: int = 5) -> str:
    """The officer takes the report in hand and asks; the last day for an answer."""
    here, until = page_of(receipt), (local(utc_now()).date() + timedelta(days=days)).isoformat()
    take = officer.get(f"{here}/in-behandeling-nemen").forms["formulier"]
    take.submit("in_behandeling_nemen", status=303)
    form = officer.get(f"{here}/vraag-melder").forms["formulier"]
    form["vraag"], form["uiterlijk"] = question, until
    form.submit("vraag_melder", status=303)
    return until


def report_of(api: Api) -> Report:
    with api.installation.transaction(DORDRECHT) as session:
        return session.scalars(select(Report)).one()


def logged(api: Api) -> list[str]:
    with api.installation.transaction(DORDRECHT) as session:
        return list(session.scalars(select(AuditEvent.action)))


def test_an_answer_brings_the_report_back_to_who_handles_it(api: Api, officer: TestApp) -> None:
    receipt = api.post().json
    until = ask(officer, receipt, "Welke halte was het?")
    asked = api.follow(receipt["kenmerk"], receipt["volgcode"]).json
    assert (asked["status"], asked["antwoordVoor"]) == ("vraag", until)
    said = api.add(receipt, {"tekst": "De halte bij het station."}).json
    assert (said["van"], said["soort"]) == ("melder", "antwoord")
    after = api.follow(receipt["kenmerk"], receipt["volgcode"]).json
    assert (after["status"], after["antwoordVoor"]) == ("wordt_bekeken", None)
    assert [(m["van"], m["soort"], m["tekst"]) for m in after["berichten"]] == [
        ("gemeente", "vraag", "Welke halte was het?"),
        ("melder", "antwoord", "De halte bij het station."),
    ]
    page = officer.get(page_of(receipt))
    page.mustcontain("Antwoord van de melder", "De halte bij het station.", "Nieuw van de melder")
    assert "melding.antwoord" in logged(api)
    assert report_of(api).state == "in_behandeling"


def test_the_reporter_never_reads_who_wrote(api: Api, officer: TestApp) -> None:
    receipt = api.post().json
    form = officer.get(f"{page_of(receipt)}/bericht").forms["formulier"]
    form["tekst"] = "Wij hebben met de winkelier gesproken."
    form.submit("versturen", status=303)
    body = api.follow(receipt["kenmerk"], receipt["volgcode"])
    assert "Wij hebben met de winkelier gesproken." in body.text
    assert "Ans Bos" not in body.text
    officer.get(page_of(receipt)).mustcontain("Bericht aan de melder", "Ans Bos")


def test_what_the_reporter_adds_stands_in_the_inbox_until_somebody_saw_it(
    api: Api, officer: TestApp
) -> None:
    receipt = api.post().json
    api.add(receipt, {"tekst": "Het waren er vier."})
    inbox = "/gemeenten/dordrecht/postvak?gesprek=nieuw"
    officer.get(inbox).mustcontain(receipt["kenmerk"], "Bericht van melder")
    page = officer.get(page_of(receipt))
    seen = next(f for f in page.forms.values() if f.action.endswith("/gezien"))
    api.add(receipt, {"tekst": "En een fiets."})
    # That one this officer hasn't seen yet.
    seen.submit(status=409)
    page = officer.get(page_of(receipt))
    next(f for f in page.forms.values() if f.action.endswith("/gezien")).submit(status=303)
    officer.get(inbox).mustcontain(no=receipt["kenmerk"])
    assert "melding.bericht_gezien" in logged(api)


def test_without_an_answer_the_report_goes_on_when_the_term_is_over(
    api: Api, officer: TestApp
) -> None:
    receipt = api.post().json
    until = datetime.fromisoformat(ask(officer, receipt, "Welke halte?", days=2)).date()
    api.installation.run_jobs()
    assert report_of(api).state == "wacht_op_melder"
    with clock_at(utc_now() + timedelta(days=3, hours=1)):
        api.installation.run_jobs()
    report = report_of(api)
    assert (report.state, report.waiting_until) == ("in_behandeling", None)
    assert until
    officer.get(page_of(receipt)).mustcontain("De melder heeft niet geantwoord")


def test_a_later_question_isnt_ended_by_the_term_of_an_earlier_one(
    api: Api, officer: TestApp
) -> None:
    receipt = api.post().json
    ask(officer, receipt, "Welke halte?", days=1)
    api.add(receipt, {"tekst": "Bij het station."})
    form = officer.get(f"{page_of(receipt)}/vraag-melder").forms["formulier"]
    form["vraag"] = "Hoe laat?"
    form["uiterlijk"] = (local(utc_now()).date() + timedelta(days=9)).isoformat()
    form.submit("vraag_melder", status=303)
    with clock_at(utc_now() + timedelta(days=4)):
        api.installation.run_jobs()
    assert report_of(api).state == "wacht_op_melder"


def test_the_same_words_sent_twice_are_one_message(api: Api) -> None:
    receipt = api.post().json
    first = api.add(receipt, {"tekst": "Het waren er vier."}).json
    assert api.add(receipt, {"tekst": "Het waren er vier."}).json == first
    assert len(api.follow(receipt["kenmerk"], receipt["volgcode"]).json["berichten"]) == 1


def test_there_is_an_end_to_what_one_reporter_can_add(api: Api) -> None:
    receipt = api.post().json
    with api.installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        for number in range(MOST_MESSAGES):
            told = {"holder": DORDRECHT, "report_id": report.id, "kind": "aanvulling"}
            session.add(ReporterMessage(**told, text=f"nummer {number}"))
    refusal = api.add(receipt, {"tekst": "En nog iets."}, status=409)
    assert refusal.json["type"].endswith("kan-nu-niet")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "tekst"),
        ({"tekst": "  "}, "tekst"),
        ({"tekst": 5}, "tekst"),
        ({"tekst": "x" * 5001}, "tekst"),
        ({"tekst": "a", "naam": "Jan"}, "naam"),
        ({"tekst": "\ud800"}, "tekst"),
    ],
)
def test_a_wrong_addition_is_refused_with_the_field(api: Api, body: Any, field: str) -> None:
    refusal = api.add(api.post().json, body, status=400)
    assert [fault["veld"] for fault in refusal.json["fouten"]] == [field]


def test_a_wrong_code_adds_and_withdraws_nothing(api: Api) -> None:
    receipt = api.post().json
    wrong = {**receipt, "volgcode": "0000 0000 0000 0000"}
    unknown = {**receipt, "kenmerk": "M-4F7K-2QX9"}
    for bad in (wrong, unknown):
        assert api.add(bad, {"tekst": "Iets."}, status=404).json["type"].endswith("onbekend")
        api.withdraw(bad["kenmerk"], bad["volgcode"], status=404)
    assert report_of(api).state == "nieuw"
    assert not api.follow(receipt["kenmerk"], receipt["volgcode"]).json["berichten"]


def test_withdrawing_takes_contact_data_at_once_and_keeps_the_rest(
    api: Api, officer: TestApp
) -> None:
    receipt = api.post().json
    answer = api.withdraw(receipt["kenmerk"], receipt["volgcode"])
    assert answer.body == b""
    with api.installation.transaction(DORDRECHT) as session:
        assert session.scalar(select(func.count(ReportContact.id))) == 0
        report = session.scalars(select(Report)).one()
        assert report.state == "ingetrokken"
        assert report.contact_deadline is None
        assert report.description
    assert api.follow(receipt["kenmerk"], receipt["volgcode"]).json["status"] == "ingetrokken"
    # Once more is fine; adding isn't.
    api.withdraw(receipt["kenmerk"], receipt["volgcode"])
    assert "ingetrokken" in api.add(receipt, {"tekst": "Toch nog."}, status=409).json["detail"]
    page = officer.get(page_of(receipt))
    page.mustcontain("Ingetrokken", no=["anoniem"])
    officer.get(f"{page_of(receipt)}/bericht", status=403)
    assert "melding.ingetrokken" in logged(api)


def test_a_question_that_waits_ends_with_the_withdrawal(api: Api, officer: TestApp) -> None:
    receipt = api.post().json
    ask(officer, receipt, "Welke halte?", days=1)
    api.withdraw(receipt["kenmerk"], receipt["volgcode"])
    with clock_at(utc_now() + timedelta(days=3)):
        api.installation.run_jobs()
    assert report_of(api).state == "ingetrokken"
    with api.installation.transaction() as session:
        assert session.scalar(select(func.count(OutboxJob.id)).where(OutboxJob.dead)) == 0


# --- the public page -------------------------------------------------------------------------


@pytest.fixture
def reporter(api: Api) -> tuple[TestApp, Any]:
    """A browser in which a reporter looks at the report, and the receipt."""
    receipt = api.post().json
    return follow_in_browser(api, receipt), receipt


def test_the_page_shows_status_conversation_and_help(
    reporter: tuple[TestApp, Any], officer: TestApp
) -> None:
    browser, receipt = reporter
    browser.get("/volgen/melding").mustcontain(
        receipt["kenmerk"], "Uw melding is ontvangen.", "Dordrecht", "112", "Slachtofferhulp"
    )
    ask(officer, receipt, "Welke halte was het?")
    page = browser.get("/volgen/melding")
    page.mustcontain("Welke halte was het?", "U kunt antwoorden tot en met")
    form = page.forms["formulier"]
    form["tekst"] = "Bij het station."
    page = form.submit("versturen", status=303).follow()
    page.mustcontain("Uw bericht is verstuurd", "Bij het station.", "Uw antwoord")
    assert "Bij het station." in officer.get(page_of(receipt)).text


def test_nothing_of_reference_or_code_stands_in_an_address_or_in_the_cookie(
    reporter: tuple[TestApp, Any],
) -> None:
    browser, receipt = reporter
    code = receipt["volgcode"].replace(" ", "")
    page = browser.get("/volgen/melding")
    assert code not in page.text.replace(" ", "")
    cookie = browser.cookies["volgen"]
    assert code not in cookie
    assert receipt["kenmerk"] not in cookie
    assert receipt["kenmerk"] not in page.request.url


def test_an_empty_message_is_asked_again_and_an_overlong_one_stays_in_sight(
    reporter: tuple[TestApp, Any],
) -> None:
    browser, _ = reporter
    form = browser.get("/volgen/melding").forms["formulier"]
    form.submit("versturen", status=422)
    form["tekst"] = "lang " * 1200
    page = form.submit("versturen", status=422)
    page.mustcontain("lang lang", "tekens korter")


def test_wrong_reference_and_wrong_code_read_the_same(api: Api) -> None:
    receipt, answers = api.post().json, []
    browser = api.installation.visitor()
    for reference, code in (
        (receipt["kenmerk"], "1111 2222 3333 4444"),
        ("M-4F7K-2QXJ", receipt["volgcode"]),
        ("onzin", "onzin"),
    ):
        form = browser.get("/volgen").forms["formulier"]
        form["kenmerk"], form["volgcode"] = reference, code
        page = form.submit("bekijken", status=422)
        answers.append([p.text for p in page.html.select(".si-error-summary, [role=alert]")])
        assert "volgen" not in browser.cookies
    assert answers[0] == answers[1] == answers[2]


def test_withdrawing_by_the_page_asks_first(api: Api, reporter: tuple[TestApp, Any]) -> None:
    browser, _ = reporter
    page = browser.get("/volgen/melding").click("Melding intrekken")
    page.mustcontain("meteen gewist")
    assert report_of(api).state == "nieuw"
    form = next(f for f in page.forms.values() if f.action == "/volgen/intrekken")
    form.submit(status=303).follow().mustcontain("Uw melding is ingetrokken")
    assert report_of(api).state == "ingetrokken"
    api.installation.run_jobs()
    (gone,) = read_ledger(api.installation.settings.ledger, api.installation.registry.key_ring)
    assert (gone.id, gone.did) == (report_of(api).id, "contact_weg")


@pytest.mark.parametrize("way", ["sluiten", "weg", "half an hour", "somebody else's cookie"])
def test_after_leaving_the_page_shows_nothing_any_more(
    reporter: tuple[TestApp, Any], way: str
) -> None:
    browser, _ = reporter
    later = utc_now()
    if way == "sluiten":
        page = browser.get("/volgen/melding")
        form = next(f for f in page.forms.values() if f.action == "/volgen/sluiten")
        form.submit(status=303).follow().mustcontain("U bent klaar")
    elif way == "weg":
        assert browser.get("/volgen/weg", status=303).location.startswith("https://")
    elif way == "half an hour":
        later += timedelta(minutes=31)
    else:
        browser.set_cookie("volgen", browser.cookies["volgen"][:-8] + "AAAAAAAA")
    with clock_at(later):
        assert browser.get("/volgen/melding", status=303).location.endswith("/volgen")


def test_the_app_follows_what_the_page_did(api: Api, reporter: tuple[TestApp, Any]) -> None:
    browser, receipt = reporter
    form = browser.get("/volgen/melding").forms["formulier"]
    form["tekst"] = "Vanaf de computer."
    form.submit("versturen", status=303)
    body = api.get(f"{REPORTS}/{receipt['kenmerk']}", Volgcode=receipt["volgcode"]).json
    assert [m["tekst"] for m in body["berichten"]] == ["Vanaf de computer."]
