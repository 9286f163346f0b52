"""An export goes to a partner by the pick-up page, and an answer comes back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.disclosures.models import DisclosureSubject
from stopintimidatie.disclosures.pickup import CODE_LASTS
from stopintimidatie.exports.models import PartnerAnswer
from stopintimidatie.reports.models import Report
from tests.support.deliveries import (
    copy,
    enter,
    events,
    form_of,
    mail_code,
    mails,
    put_ready,
    ready,
    spoken_code,
)
from tests.support.exporting import FAKE, approved, make_case, quick
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.policing import switch_on

SECRETS = ("M-01", "Stationsplein", "2026-", "U-", "rugzak", "Wil Wijk")


def test_a_partner_picks_up_with_a_spoken_code_and_answers(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_on(installation)
    case, reference = ready(installation, monkeypatch)
    assert copy(installation).state == "gemaakt"
    number = put_ready(case, reference, keren="2")
    (mail,) = mails(installation, "uitvoer_klaar")
    assert f"/ophalen/{number}" in (mail.kept or "")
    assert not [secret for secret in SECRETS if secret in (mail.kept or "")]

    # A wrong code tells nothing, and a number that doesn't exist tells the same.
    _, wrong = enter(installation, number, "00000000", 422)
    _, nowhere = enter(installation, "O-0000-0000", "00000000", 422)
    assert wrong.html.find("main").text.replace(number, "") == nowhere.html.find(
        "main"
    ).text.replace("O-0000-0000", "")
    stranger = installation.visitor()
    stranger.get(f"/ophalen/{number}")
    for name in ("document", "bestand", "antwoord", "afsluiten"):
        method = stranger.get if name == "document" else stranger.post
        token = {} if name == "document" else {"csrf_token": stranger.cookies["csrf"]}
        away = method(f"/ophalen/{number}/{name}", token, status=303)
        assert away.location.endswith(f"/ophalen/{number}")

    code = spoken_code(case, reference)
    browser, answer = enter(installation, number, code)
    page = answer.follow()
    assert "Wilt u op vrijdagavond extra rijden?" in page.text
    assert "2 keer" in page.text
    file = form_of(page, "bestand").submit()
    assert (file.body, file.headers["Cache-Control"]) == (FAKE, "no-store")
    assert form_of(page, "bestand").submit().body == FAKE
    third = form_of(page, "bestand").submit(status=409)
    assert "zo vaak opgehaald als kon" in third.text
    # Whoever has it must still know what to answer, and by when.
    for words in ("Gevraagd van u", "Antwoord vóór", "Wilt u op vrijdagavond extra rijden?"):
        assert words in third.text
    # The code worked once.
    enter(installation, number, code, 422)
    assert copy(installation).state == "gegeven"
    assert events(installation) == [("klaargezet", None), ("gegeven", "opgehaald")]

    form = form_of(page, "antwoord")
    form.submit(status=422)
    form["gedaan"] = ["toezicht"]
    form["op"], form["toelichting"] = "2026-01-02", "Twee avonden gereden."
    form["melder"], form["over"] = True, ""
    assert "over welke melding" in form.submit(status=422).text
    form["over"] = "M-01, om de plek aan te wijzen"
    assert "Dank u wel" in form.submit().follow().text
    # An impatient second click is no second answer.
    assert "Dank u wel" in form.submit().follow().text
    copied = dict(browser.cookies)
    form_of(page, "afsluiten").submit()
    browser.get(f"/ophalen/{number}/document", status=303)
    # Nor does a cookie that somebody kept open it again.
    for name, value in copied.items():
        browser.set_cookie(name, value)
    browser.post(f"/ophalen/{number}/vernietigd", {"csrf_token": copied["csrf"]}, status=303)
    assert copy(installation).state == "gegeven"
    again = browser.get(f"/ophalen/{number}/document", status=303)
    assert "formulier" in again.follow(status=200).forms

    shown = case.browser("beslisser").get(f"{case.path}/{reference}")
    # The words of the police are elsewhere (tests/privacy/police).
    for words in ("Wil Wijk, wijkagent", "extra toezicht gehouden", "ja. Bel de", "2 keer van 2"):
        assert words in shown.text, words
    assert not [words for words in ("Twee avonden", "M-01, om") if words in shown.text]
    line = case.browser("beslisser").get(f"{case.path}?deel=chronologie")
    assert f"Antwoord op {reference}: extra toezicht gehouden" in line.text
    installation.run_jobs()
    assert len(mails(installation, "partner_antwoordde")) == 1
    home = "/gemeenten/dordrecht"
    assert "Antwoord van Politie Drechtsteden" in case.browser("beslisser").get(home).text
    form_of(shown, "antwoord-gelezen").submit()
    assert "Antwoord van Politie Drechtsteden" not in case.browser("beslisser").get(home).text
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(PartnerAnswer)).one()
        assert "Wil" not in (row.answered_by or "")
        logged = set(session.scalars(select(AuditEvent.action)))
    assert {"ophalen.verkeerde_code", "ophalen.geopend", "ophalen.gedownload"} <= logged


@pytest.mark.alles
def test_codes_and_pick_ups_end_and_a_mailed_code_opens_no_document(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = ready(installation, monkeypatch)
    number = put_ready(case, reference, dagen="3")
    now = utc_now()
    code = spoken_code(case, reference)
    with clock_at(now + CODE_LASTS + timedelta(minutes=1)):
        enter(installation, number, code, 422)
    # Five tries of a code, the right one among them too late.
    code = spoken_code(case, reference)
    for _ in range(5):
        enter(installation, number, "12345678", 422)
    enter(installation, number, code, 422)

    # By mail: asked by who has the number, also of a number that isn't there.
    for asked in (number, number, "O-0000-0000"):
        visitor = installation.visitor()
        form = form_of(visitor.get(f"/ophalen/{asked}"), "code")
        assert "mailbox" in form.submit().follow().text
    installation.run_jobs()
    (mail,) = mails(installation, "uitvoer_code")
    assert mail_code(installation)[:4] in (mail.kept or "")
    _, answer = enter(installation, number, mail_code(installation))
    page = answer.follow()
    assert "vrijdagavond" not in page.text
    assert not [f for f in page.forms.values() if f.action.endswith("bestand")]
    token = page.forms["formulier"]["csrf_token"].value
    answer.test_app.post(f"/ophalen/{number}/bestand", {"csrf_token": token}, status=303)

    with clock_at(now + timedelta(days=4)):
        later = installation.browser(case.people["aanvrager"])
        assert "ophaalcode" not in later.get(f"{case.path}/{reference}").text
    # Put ready anew, to a telephone: the one before is over.
    again = put_ready(case, reference)
    assert again != number
    page = case.browser("aanvrager").get(f"{case.path}/{reference}")
    shown = form_of(page, "ophaalcode").submit()
    assert "Wil Wijk" in shown.text
    form_of(shown, "ophaalcode").submit().follow()
    installation.run_jobs()
    (text,) = mails(installation, "uitvoer_code_sms")
    found = re.search(r"is (\d{4} \d{4})", text.kept or "")
    assert found
    enter(installation, again, found[1])


def test_a_document_is_shut_while_a_report_in_it_is_withdrawn(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = ready(installation, monkeypatch)
    number = put_ready(case, reference)
    code = spoken_code(case, reference)
    with installation.transaction(DORDRECHT) as session:
        subject = select(DisclosureSubject.subject_id).order_by(DisclosureSubject.label).limit(1)
        report = session.get_one(Report, session.scalars(subject).one())
        withdrawn, before = report.id, report.state
        report.state = "ingetrokken"
    officer, address = case.browser("aanvrager"), f"{case.path}/{reference}"
    page = officer.get(address)
    assert "die de melder heeft ingetrokken" in page.text
    assert "PDF downloaden" not in page.text
    officer.get(f"{address}/pdf", status=303).follow().mustcontain("heeft ingetrokken")
    # It can still be withdrawn: whoever has a copy then hears it.
    assert "Intrekken" in page.text
    visitor, answer = enter(installation, number, code)
    page = answer.follow()
    page.mustcontain("kan nu niet open", no=["PDF ophalen"])
    assert copy(installation).state == "klaargezet"

    with installation.transaction(DORDRECHT) as session:
        session.get_one(Report, withdrawn).state = before
    assert officer.get(f"{address}/pdf").body == FAKE
    page = visitor.get(page.request.path)
    assert form_of(page, "bestand").submit().body == FAKE


@pytest.mark.alles
def test_who_looks_at_a_document_has_not_given_it(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    case = make_case(installation)
    reference = approved(case)
    installation.run_jobs()
    browser = case.browser("aanvrager")
    address = f"{case.path}/{reference}"
    register = f"/gemeenten/dordrecht/verstrekkingen/{reference}"
    assert "Nog niet gegeven" not in browser.get(address).text
    for _ in range(2):
        browser.get(f"{address}/pdf")
    assert copy(installation).state == "gemaakt"
    page = case.browser("privacy").get(register)
    assert "Geopend door de gemeente" in page.text
    assert "bij de ontvanger" not in page.text
    page = browser.get(address)
    assert "Daarmee heeft de ontvanger het nog niet" in page.text
    form = page.click("Ik heb het zelf gegeven").forms["formulier"]
    assert "Maak een keuze" in form.submit("gegeven", status=422).text
    form["hoe"] = "papier"
    page = form.submit("gegeven").follow()
    assert "Vastgelegd: het document is bij" in page.text
    assert "Ik heb het zelf gegeven" not in page.text
    assert events(installation) == [("bekeken", None), ("gegeven", "papier")]
    assert copy(installation).state == "gegeven"
    assert (
        "bij de ontvanger"
        in case.browser("privacy").get("/gemeenten/dordrecht/verstrekkingen").text
    )


def test_without_a_confirmed_address_nobody_can_pick_up(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    case = make_case(installation)
    reference = approved(case)
    installation.run_jobs()
    browser = case.browser("aanvrager")
    page = browser.get(f"{case.path}/{reference}")
    assert "Laten ophalen" not in page.text
    away = browser.get(f"{case.path}/{reference}/laten-ophalen", status=303).follow()
    assert "niemand met een bevestigd e-mailadres" in away.text
    assert page.click("PDF downloaden").body == FAKE
    assert events(installation) == [("bekeken", None)]
    case.browser("fg").get(f"{case.path}/{reference}/laten-ophalen", status=403)
