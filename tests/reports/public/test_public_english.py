"""/melden and /volgen in English: by a link or by what the browser reads, without a script."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.reports.models import Report
from tests.support.catalogue import watch
from tests.support.installation import Installation
from tests.support.reporting import codes, filled

ZWIJNDRECHT = "/melden/zwijndrecht"


@pytest.fixture
def missed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The sentences for which there was no English."""
    return watch(monkeypatch)


def test_a_reporter_reads_english_from_the_first_page_to_the_withdrawal(
    installation: Installation, missed: set[str]
) -> None:
    browser = installation.visitor()
    start = browser.get("/melden").click("English")
    assert start.html.html["lang"] == "en"
    assert "Is there danger now?" in start
    page = start.click("Zwijndrecht", href="taal=en")
    assert "Tell it in your own words" in page
    wrong = page.forms["formulier"].submit(status=422)
    for told in ("right yet", "Make a choice at ‘Who are you?’.", "Next step"):
        assert told in wrong
    answer = filled(browser, f"{ZWIJNDRECHT}?taal=en").submit(status=200)
    assert "lose the follow code" in answer
    reference, code = codes(answer)
    with installation.transaction(NATIONAL) as session:
        assert session.scalars(select(Report.language)).one() == "en"
    form = answer.click("Follow your report here").forms["formulier"]
    form["kenmerk"], form["volgcode"] = reference, "0000 0000 0000 0000"
    assert "We find no report" in form.submit(status=422)
    form["kenmerk"], form["volgcode"] = reference, code
    shown = form.submit(status=303).follow()
    assert "We have received your report." in shown
    message = shown.forms["formulier"]
    message["tekst"] = "anders"
    sent = message.submit(status=303).follow()
    assert "Your message was sent." in sent
    assert "What you added" in sent
    assert "anders" in sent, "what somebody wrote is not ours to translate"
    gone = sent.click("Withdraw the report").forms
    last = next(f for f in gone.values() if "intrekken" in f.action).submit(status=303).follow()
    assert "You withdrew the report." in last
    # The name of the town, and sentences in which it or a size was filled in.
    assert {text for text in missed if "Zwijndrecht" not in text and " MB" not in text} == set()


def test_each_mistake_names_its_field_in_english(installation: Installation) -> None:
    form = filled(installation.visitor(), f"{ZWIJNDRECHT}?taal=en")
    form["wat.omschrijving"] = "x" * 5002
    form["waar.datum"] = "morgen"
    fields = [*form.submit_fields(), ("waar.omschrijving", "En bij de kerk.")]
    page = form.response.goto(form.action, method="POST", params=fields, status=422)
    assert [item.text for item in page.html.select(".si-error-summary__list li")] == [
        "Tell it in your own words: make the text 2 characters shorter: it may have 5000.",
        "Where exactly? This came in more than once. Check what it says now, and then send the"
        " form again.",
        "Which day? Fill in a date that exists: day-month-year. For example 24-11-2026.",
    ]


@pytest.mark.parametrize(
    ("accepted", "address", "spoken"),
    [
        ("en-GB,en;q=0.9,nl;q=0.8", "/volgen", "en"),
        ("nl-NL,nl;q=0.9,en;q=0.8", "/volgen", "nl"),
        ("ar,fr;q=0.5", "/volgen", "nl"),
        ("en", "/volgen?taal=nl", "nl"),
        ("nl", "/volgen?taal=en", "en"),
        ("nl", "/volgen?taal=xx", "nl"),
        ("onzin;;q=9", "/melden", "nl"),
        ("", "/melden/dordrecht", "nl"),
    ],
)
def test_the_link_goes_before_what_the_browser_reads(
    installation: Installation, accepted: str, address: str, spoken: str
) -> None:
    page = installation.visitor().get(address, headers={"Accept-Language": accepted})
    assert page.html.html["lang"] == spoken


def test_what_stands_around_each_page_is_in_english_too(installation: Installation) -> None:
    body = installation.visitor().get("/melden?taal=en").html.body
    body.main.decompose()
    assert {text for text in body.stripped_strings if text not in ("112", ".", "·")} == {
        "Skip to the content",
        "Leave quickly",
        "or press Esc",
        "Nederlands",
        "This is a demonstration with made-up reports. Never fill in real data here.",
        "Stop Intimidatie – landelijk meldpunt",
        "Stop Intimidatie – landelijk meldpunt works with Stopintimidatie, the system against"
        " street harassment.",
        "Is somebody in danger now? Call",
        "Privacy",
        "Accessibility",
    }


def test_a_refusal_below_a_public_page_is_in_dutch(installation: Installation) -> None:
    page = installation.visitor().get("/melden/nergens?taal=en", status=404)
    assert page.html.html["lang"] == "nl"
    assert "Naar de inhoud" in page


def test_one_reader_of_english_changes_nothing_for_the_next(installation: Installation) -> None:
    for path, words in (
        ("/volgen", "Zestien cijfers"),
        ("/melden/onderweg", "Welke lijn of trein?"),
        ("/melden/dordrecht", "Wie bent u?"),
    ):
        assert words not in installation.visitor().get(f"{path}?taal=en")
        page = installation.visitor().get(path)
        assert words in page
        assert "Choose" not in page.html.main.get_text()
