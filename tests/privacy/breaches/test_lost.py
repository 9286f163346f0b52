"""A disclosed document that is lost: said by staff or by its recipient, and one breach follows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.exports.profiles.defaults import PROFILES
from stopintimidatie.exports.profiles.rules import Field
from stopintimidatie.privacy.breaches import queries
from stopintimidatie.privacy.breaches.models import Breach, BreachDocument, BreachMove
from stopintimidatie.privacy.breaches.vocabulary import State
from tests.support.breaching import press as press_button
from tests.support.deliveries import enter, form_of, mails, put_ready, ready, spoken_code
from tests.support.exporting import Case
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import Installation
from tests.support.sittings import agree, arrive, open_in, pickup_of, sit


def lose(case: Case, reference: str, who: str = "aanvrager") -> str:
    """Say on the page of the export that its document is lost; the page that follows."""
    browser = case.browser(who)
    page = browser.get(f"{case.path}/{reference}").click("Dit document is kwijt|Nog iets hierover")
    page.mustcontain("Politie Drechtsteden", "2 meldingen", reference)
    form = page.forms["formulier"]
    form["wat"] = "Het lag op tafel en nu niet meer."
    return str(form.submit("melden", status=303).follow().text)


def answer_of(page: Any, question: str) -> str:
    """Return what the page for the AP answers to a question of its form."""
    terms = {term.text.strip(): term for term in page.html.select("dt")}
    return str(terms[question].find_next("dd").text)


def test_a_lost_export_begins_a_breach_with_what_is_in_it(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = ready(installation, monkeypatch)
    assert "Dank u wel" in lose(case, reference)
    assert "al gemeld" in lose(case, reference, "beslisser")
    entry = case.browser("privacy").get(f"/gemeenten/dordrecht/verstrekkingen/{reference}")
    entry.mustcontain("Gemeld als zoek op")
    entry.click("Nog iets hierover melden").mustcontain(reference)
    seen = case.browser("aanvrager").get(f"{case.path}/{reference}")
    assert "Gemeld als zoek op" in seen
    assert "Naar dit datalek" not in seen
    with installation.transaction(DORDRECHT) as session:
        breach = session.scalars(select(Breach)).one()
        assert (breach.origin_reference, breach.cause) == (reference, "kwijt")
        documents = session.scalars(select(BreachDocument.document_id)).all()
        assert set(documents) == set(case.reports[:2])
        assert len(session.scalars(select(BreachMove.id)).all()) == 1
    shown = case.browser("privacy").get(f"/gemeenten/dordrecht/datalekken/{breach.reference}")
    shown.mustcontain("Het stuk dat zoek is", "Politie Drechtsteden", "nog niet verteld")
    assert shown.request.path == entry.click("Naar dit datalek").request.path
    shown.mustcontain("Na ‘Afsluiten’ gaat het stuk weer open met een code", "eerst in")
    assert "plaats_en_tijd" in breach.categories
    shown.mustcontain("ten minste 2")
    to_ap = shown.click("Naar de AP")
    assert "Hoe iemand eruitzag" not in (known := answer_of(to_ap, "Welke gegevens"))
    assert "wat een melder vertelde" not in known.lower()
    assert "plaats en tijd" in known.lower()
    assert "ten minste 2" in answer_of(to_ap, "Hoeveel mensen")
    assert "tijdstip" in answer_of(to_ap, "Precies, in het stuk dat zoek is")


@pytest.mark.alles
@pytest.mark.both_databases
@pytest.mark.short_on("postgresql")
@pytest.mark.judged_once
def test_two_people_who_miss_a_document_at_the_same_moment_make_one_breach(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = ready(installation, monkeypatch)
    address = f"{case.path}/{reference}/zoekgeraakt"
    together = Barrier(2)

    def press(who: str) -> int:
        browser = case.browser(who)
        form = browser.get(address).forms["formulier"]
        form["wat"] = f"Weg, zegt de {who}."
        together.wait(10)
        return int(form.submit("melden", status="*").status_int)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(press, ("aanvrager", "beslisser"))) == [303, 303]
    with installation.transaction(DORDRECHT) as session:
        first = session.scalars(select(Breach)).one()
        assert len(session.scalars(select(BreachDocument.id)).all()) == 2
        (message,) = session.scalars(
            select(BreachMove.reason).where(BreachMove.name == "nog_een_bericht")
        )
        assert {first.description, message} == {
            "Weg, zegt de aanvrager.",
            "Weg, zegt de beslisser.",
        }
        # Closed: then it is lost anew. The earlier one doesn't open beside the later one.
        first.state, first.closed_at = State.CLOSED, first.made_at
    assert "Dank u wel" in lose(case, reference)
    page = press_button(case.browser("privacy"), first, "heropenen")
    assert "daarna opnieuw gemeld" in page


@pytest.mark.alles
@pytest.mark.parametrize("name", ["politie", "zorg_welzijn"])
def test_a_lost_document_is_told_about_as_coarse_as_its_profile_made_it(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    case, reference = ready(installation, monkeypatch)
    monkeypatch.setattr(queries, "profile_at", lambda *_: PROFILES[name])
    page = case.browser("aanvrager").get(f"{case.path}/{reference}/zoekgeraakt")
    rule = PROFILES[name].rule(Field.TIME)
    words = f"tijdstip ({rule.label})" if rule.how else "tijdstip,"
    page.mustcontain(words)


@pytest.mark.alles
def test_a_recipient_says_that_it_is_lost_and_the_officers_are_mailed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = ready(installation, monkeypatch)
    number = put_ready(case, reference)
    stranger = installation.visitor()
    stranger.get(f"/ophalen/{number}/zoekgeraakt", status=303)
    browser, answer = enter(installation, number, spoken_code(case, reference))
    form = answer.follow().click("Dit document is kwijt").forms["formulier"]
    assert "Vul" in form.submit("melden", status=422)
    form["wat"] = "Iemand anders heeft het meegenomen."
    assert "neemt het over" in form.submit("melden", status=303).follow()
    # An impatient second click is no second breach.
    form.submit("melden", status=303)
    with installation.transaction(DORDRECHT) as session:
        breach = session.scalars(select(Breach)).one()
        assert breach.reported_by == "Politie Drechtsteden"
        assert breach.reported_by_id is None
    installation.run_jobs()
    (mail,) = mails(installation, "datalek_gemeld")
    assert "meegenomen" not in (mail.kept or "")
    # The recipient learns nothing about it, and the municipality sees who said so.
    assert breach.reference not in browser.get(f"/ophalen/{number}/document")
    page = case.browser("privacy").get(f"/gemeenten/dordrecht/datalekken/{breach.reference}")
    page.mustcontain("Politie Drechtsteden", "meegenomen")


def test_a_lost_document_is_picked_up_by_nobody_until_its_breach_is_closed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = ready(installation, monkeypatch)
    number = put_ready(case, reference)
    browser, answer = enter(installation, number, spoken_code(case, reference))
    file = form_of(answer.follow(), "bestand")
    lose(case, reference)
    # It shuts for a visitor who was inside already, and for a visitor with a new code.
    again, inside = enter(installation, number, spoken_code(case, reference))
    for page in (browser.get(f"/ophalen/{number}/document"), inside.follow()):
        page.mustcontain("er is gemeld dat het zoek is", no=["PDF ophalen", "Gevraagd van u"])
    assert "nu niet te openen" in file.submit(status=409)
    # A stranger is told nothing.
    _, refused = enter(installation, number, "0000 0000", status=422)
    refused.mustcontain("Deze code klopt niet", no=["zoek is", "nu niet te openen"])
    with installation.transaction(DORDRECHT) as session:
        breach = session.scalars(select(Breach)).one()
        breach.state, breach.closed_at = State.CLOSED, breach.made_at
    again.get(f"/ophalen/{number}/document").mustcontain("PDF ophalen")
    assert file.submit(status=200).content_type == "application/pdf"


@pytest.mark.alles
def test_a_lost_report_opens_for_no_town_until_its_breach_is_closed(
    installation: Installation,
) -> None:
    agree(installation)
    number = arrive(installation)
    installation.run_jobs()
    browser, page = sit(installation, number)
    reference = pickup_of(installation, number).reference
    open_in(page, reference)
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    form = desk.get(f"/landelijk/verstrekkingen/{reference}/zoekgeraakt").forms["formulier"]
    form["wat"] = "De pdf lag open op een bureau."
    form.submit("melden", status=303)
    page = browser.get(f"/ophalen/{reference}/melding", status=303).follow()
    page.mustcontain("nu niet te openen")
    with installation.transaction(NATIONAL) as session:
        breach = session.scalars(select(Breach)).one()
        breach.state, breach.closed_at = State.CLOSED, breach.made_at
    assert "Wat er gebeurde" in browser.get(f"/ophalen/{reference}/melding", status=200)


def test_who_may_not_see_the_export_cannot_say_so(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = ready(installation, monkeypatch)
    admin = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN), name="Bob"))
    admin.get(f"{case.path}/{reference}/zoekgeraakt", status=404)
    admin.get(f"/gemeenten/dordrecht/verstrekkingen/{reference}/zoekgeraakt", status=404)
