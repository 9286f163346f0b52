"""The story of issue 4, in browsers, over a real mail server, with a worker that really runs.

A report in Zwijndrecht, with which nobody had spoken, is passed on, is picked up, and stands in
the municipality's own portal with its history once it has joined.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from tests.support.factories import make_user
from tests.support.joining import Story, day, join
from tests.support.waiting import until

ZWIJNDRECHT = "GM0642"
OFFICIAL = "oov@zwijndrecht.example"
TOLD, PLACE, NAME = "zaaiwoordrelaas", "zaaiwoordplek", "zaaiwoordnaam"
REPORTER = "zaaiwoord@melder.example"
SEEDED = (TOLD, PLACE, NAME, REPORTER)
ONBOARDING = "/landelijk/aansluiting?gemeente=zwijndrecht"
CODE = r"\b\d{4} \d{4}\b"


def give_in(page: Page) -> tuple[str, str]:
    """Somebody reports by mail address; the reference and the follow code."""
    page.goto("/melden/zwijndrecht")
    page.locator("button:text-is('Volgende stap')").locator("visible=true").click()
    page.check("[name='wat.hoedanigheid'][value=slachtoffer]")
    page.check("[name='wat.vormen'][value=naroepen]")
    page.fill("[name='wat.omschrijving']", TOLD)
    page.locator("button:text-is('Volgende stap')").locator("visible=true").click()
    page.fill("[name='waar.omschrijving']", PLACE)
    page.select_option("[name='waar.typePlek']", "straat_plein")
    page.fill("[name='waar.datum']", day(1))
    page.locator("button:text-is('Volgende stap')").locator("visible=true").click()
    page.check("[name='uzelf.contactGewenst'][value=mailen]")
    page.fill("[name='uzelf.naam']", NAME)
    page.fill("[name='uzelf.email']", REPORTER)
    page.check("[name='uzelf.deelPolitie'][value=ja]")
    page.check("[name='uzelf.deelPartners'][value=nee]")
    page.click("button[name=versturen]")
    expect(page.locator("[data-code] dd")).to_have_count(2)
    expect(page.locator("main")).to_contain_text(re.compile("let op", re.IGNORECASE))
    reference, code = page.locator("[data-code] dd").all_inner_texts()
    return reference, code


def ring(story: Story, desk: Page) -> None:
    """The desk notes what was agreed, and the code that the official read out from the mail."""
    desk.goto("/landelijk/zwijndrecht/vastleggen")
    for name, value in {
        "functionaris.naam": "Anneke Functionaris",
        "functionaris.functie": "coördinator OOV",
        "functionaris.email": OFFICIAL,
        "functionaris.telefoon": "078 6200000",
        "mag_van": "Het hoofd Veiligheid",
        "mag_sinds": day(),
    }.items():
        desk.fill(f"[name='{name}']", value)
    desk.check("[name=wil]")
    desk.click("button[name=vastleggen]")
    desk.fill("[name=code]", story.mailed(1, CODE))
    desk.get_by_role("button", name="Bevestigen").click()
    expect(desk.get_by_label("Code van acht cijfers")).to_have_count(0)


def pick_up(story: Story, desk: Page, reference: str) -> None:
    """The official opens the link of the mail, and types the code that the desk reads out."""
    link = story.mailed(2, r"/ophalen/O-\S+")
    button = desk.get_by_role("button", name="Code maken om voor te lezen")

    def offered() -> bool:
        """The message is there a moment before it is noted that it went."""
        desk.goto(f"/landelijk/{reference}")
        return button.count() == 1

    until(offered)
    button.click()
    read_out = desk.locator("dd", has_text=re.compile(f"^{CODE}$")).inner_text()
    official = story.open()
    official.goto(link)
    official.fill("[name=naam]", "Anneke")
    official.fill("[name=functie]", "OOV")
    official.fill("[name=code]", read_out)
    official.click("button[name=ophalen]")
    official.get_by_role("button", name=f"Melding {reference} openen").click()
    for word in SEEDED:
        expect(official.locator("main")).to_contain_text(word)


def found(page: Page, reference: str) -> bool:
    """Whether the worker has brought it to the portal."""
    answer = page.goto(f"/m/{reference}")
    return answer is not None and answer.ok


@pytest.mark.alles
def test_zwijndrecht_is_rung_picks_its_report_up_joins_and_finds_it_with_its_history(
    story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    reader = make_user(story.installation, (ZWIJNDRECHT, Role.OFFICER), name="Olga Officier")
    reporter = story.open()
    reference, follow_code = give_in(reporter)
    desk = story.somebody(make_user(story.installation, (NATIONAL, Role.NATIONAL_DESK)))
    desk.goto("/landelijk?bezorging=wacht_op_afspraak")
    expect(desk.locator("main")).to_contain_text(reference)
    assert story.post == [], "nothing goes without an agreement"
    ring(story, desk)
    pick_up(story, desk, reference)
    for mail in story.mailbox.received:
        words = mail.content.decode() + str(mail.message.get_content())
        assert mail.encrypted
        assert not [word for word in (*SEEDED, reference, "Anneke") if word in words]
    join(story, desk, story.somebody(reader), mail=3)

    officer = story.somebody(make_user(story.installation, (ZWIJNDRECHT, Role.OFFICER)))
    until(lambda: found(officer, reference), seconds=15)
    shown = officer.locator("main")
    for words in (TOLD, PLACE, "Opgehaald door de gemeente", "overgenomen"):
        expect(shown).to_contain_text(re.compile(words, re.IGNORECASE))
    officer.goto("/gemeenten/zwijndrecht/postvak")
    expect(officer.locator("main")).to_contain_text(reference)

    reporter.goto("/volgen")
    reporter.fill("[name=kenmerk]", reference)
    reporter.fill("[name=volgcode]", follow_code)
    reporter.locator("main form button").last.click()
    expect(reporter.locator("main")).to_contain_text("Zwijndrecht")
    assert not [word for word in SEEDED if word in caplog.text]
