"""/ophalen and /verificatie in English: by the link alone, kept to the last page."""

from __future__ import annotations

import pytest
from webtest import Upload

from tests.support.catalogue import watch
from tests.support.deliveries import enter, form_of, put_ready, ready, spoken_code
from tests.support.installation import Installation
from tests.support.sittings import agree, arrive, code_for, pickup_of

NOWHERE = "/ophalen/O-0000-0000"
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def missed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The sentences for which there was no English."""
    return watch(monkeypatch)


@pytest.mark.parametrize("path", [NOWHERE, "/verificatie"])
def test_only_the_link_chooses_english(installation: Installation, path: str) -> None:
    page = installation.visitor().get(path, headers=ENGLISH)
    assert page.html.html["lang"] == "nl"
    assert page.click("English").html.html["lang"] == "en"
    assert installation.visitor().get(path).html.html["lang"] == "nl"


def test_a_stranger_with_a_wrong_code_is_refused_in_english(
    installation: Installation, missed: set[str]
) -> None:
    page = installation.visitor().get(f"{NOWHERE}?taal=en")
    page.mustcontain("We record who opens this and when.")
    form_of(page, "/code?taal=en").submit(status=303).follow().mustcontain("Look in your mailbox")
    form = page.forms["formulier"]
    form["naam"], form["voor"], form["code"] = "Wil Wijk", "organisatie", "00000000"
    form.submit("ophalen", status=422).mustcontain("Fill in your job title: you pick something up")
    form["functie"] = "wijkagent"
    form.submit("ophalen", status=422).mustcontain("This code isn&#39;t right, was used already")
    assert missed == set()


def test_a_file_that_is_not_ours_is_refused_in_english(
    installation: Installation, missed: set[str]
) -> None:
    page = installation.visitor().get("/verificatie?taal=en")
    page.mustcontain("Here you see if the file is genuine and if nothing in it was changed.")
    form = page.forms["formulier"]
    form["uitvoer"], form["bestand"] = "U-0000-0000", Upload("leeg.pdf", b"", "application/pdf")
    form.submit("controleren", status=422).mustcontain("This file is empty. Download it again")
    form["bestand"] = Upload("vreemd.pdf", b"%PDF-1.7 of somebody else", "application/pdf")
    answer = form.submit("controleren")
    answer.mustcontain("Unknown: is this document genuine?", "know this file under this number.")
    answer.mustcontain("at most 25 MB.")
    # The sentence in which a size was filled in is looked up once more.
    assert {text for text in missed if " MB" not in text} == set()


def test_a_partner_reads_english_from_the_code_to_the_answer(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, missed: set[str]
) -> None:
    case, reference = ready(installation, monkeypatch)
    number = put_ready(case, reference, keren="1")
    _, answer = enter(installation, number, spoken_code(case, reference), language="en")
    page = answer.follow()
    page.mustcontain("Document of the municipality of Dordrecht", "1 time", "Asked of you")
    assert page.click("O-").location.endswith("/document?taal=en")
    form_of(page, "bestand?taal=en").submit()
    refused = form_of(page, "bestand?taal=en").submit(status=409)
    refused.mustcontain("You picked up this document as often as you could.")
    lost = page.click("This document is lost").forms["formulier"]
    lost.submit("melden", status=422).mustcontain("Fill in ‘What happened?’.")
    form = form_of(page, "antwoord?taal=en")
    form["gedaan"], form["melder"] = ["niets"], True
    form.submit(status=422).mustcontain("Write down about which report you want to talk")
    form["over"] = "M-01"
    thanks = form.submit(status=303).follow()
    thanks.mustcontain("Thank you. The municipality has your answer.")
    form_of(thanks, "vernietigd?taal=en").submit().follow().mustcontain(
        "you destroyed the document"
    )
    lost["wat"] = "Stolen."
    told = lost.submit("melden", status=303).follow()
    told.mustcontain("The municipality now knows that this document is lost")
    away = form_of(told, "afsluiten?taal=en").submit(status=303)
    away.follow().mustcontain("Fill in your code below.")
    assert missed == set()


def test_what_a_municipality_picks_up_stays_in_dutch(installation: Installation) -> None:
    agree(installation)
    report = arrive(installation)
    installation.run_jobs()
    number, code = pickup_of(installation, report).reference, code_for(installation, report)
    browser = installation.visitor()
    assert "English" not in browser.get(f"/ophalen/{number}")
    form = browser.get(f"/ophalen/{number}?taal=en").forms["formulier"]
    form["naam"], form["functie"], form["code"] = "Anneke de Boer", "OOV", code
    page = form.submit("ophalen", status=303).follow()
    assert page.html.html["lang"] == "nl"
    page.mustcontain("Meldingen voor de gemeente Zwijndrecht")
