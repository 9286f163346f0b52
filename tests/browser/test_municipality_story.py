"""A municipality finds the product, is persuaded, joins, learns, and gets its first report.

All of it in browsers, from the front page on, and nothing by a developer. What the test records
(`--junitxml`) says how many pages that took, and how long.
"""

from __future__ import annotations

import io
import re
import time
from collections import Counter
from collections.abc import Callable
from zipfile import ZipFile

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.programme.rules import texts_in
from tests.support.factories import make_user
from tests.support.joining import Story, day, join
from tests.support.waiting import until

ZWIJNDRECHT = "GM0642"
TOLD = "zaaiwoordrelaas"


def saved(page: Page, link: str, scope: str = "main") -> bytes:
    """Download what a link of this name gives."""
    with page.expect_download() as download:
        page.locator(scope).get_by_role("link", name=link, exact=True).first.click()
    return download.value.path().read_bytes()


def persuade(page: Page) -> None:
    """Somebody of the town reads the front page, and takes the papers for the board along."""
    page.goto("/")
    page.fill("[name=gemeente]", "Zwijndrecht")
    page.get_by_role("button", name="Bekijk wat er gebeurt").click()
    expect(page.locator("main")).to_contain_text("Het landelijk meldpunt neemt uw melding aan")
    page.get_by_role("link", name="Dezelfde stukken, ingevuld voor deze gemeente").click()
    with ZipFile(io.BytesIO(saved(page, "Alles in één ZIP"))) as archive:
        assert "draagvlakpresentatie-driehoek.pptx" in archive.namelist()
    page.get_by_role("link", name="Aansluiten", exact=True).click()
    expect(page.locator("main form")).to_be_visible()


def learn(page: Page) -> None:
    """An officer who is signed in does all lessons; the account has the day."""
    page.goto("/cursus")
    for number, lesson in enumerate(texts_in("course").values(), 1):
        if number == 1:
            page.get_by_role("link", name=lesson.title, exact=True).click()
        else:
            page.get_by_role("link", name="Volgende les").click()
        for place, question in enumerate(lesson.more["questions"], 1):
            page.check(f"[name='vraag-{place}'][value='{question['right']}']")
        page.click("button[name=nakijken]")
        expect(page.locator("main")).to_contain_text("Gehaald")
    expect(page.locator("main")).to_contain_text("opgeleid op")


def campaign(page: Page) -> str:
    """The admin makes a campaign and takes its material; the address in the code on the poster."""
    page.goto("/gemeenten/zwijndrecht/campagne")
    page.fill("[name=naam]", "Veilig op weg")
    page.fill("[name=code]", "veilig-op-weg")
    page.fill("[name=van]", day())
    page.get_by_role("button", name="Campagne opslaan").click()
    expect(page.locator("main")).to_contain_text("De campagne is opgeslagen.")
    page.get_by_role("link", name="Posters en beelden").first.click()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("ZIP", re.IGNORECASE)).first.click()
    with ZipFile(download.value.path()) as archive:
        names = archive.namelist()
        poster = next(name for name in names if "a4" in name and name.endswith("png"))
        picture = Image.open(io.BytesIO(archive.read(poster)))
        (code,) = zxingcpp.read_barcodes(picture)
    return str(code.text)


def report(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("button:text-is('Volgende stap')").locator("visible=true").click()
    page.check("[name='wat.hoedanigheid'][value=slachtoffer]")
    page.check("[name='wat.vormen'][value=naroepen]")
    page.fill("[name='wat.omschrijving']", TOLD)
    page.locator("button:text-is('Volgende stap')").locator("visible=true").click()
    page.fill("[name='waar.omschrijving']", "Bij het station")
    page.select_option("[name='waar.typePlek']", "straat_plein")
    page.fill("[name='waar.datum']", day(1))
    page.locator("button:text-is('Volgende stap')").locator("visible=true").click()
    page.check("[name='uzelf.contactGewenst'][value=nee]")
    page.check("[name='uzelf.deelPolitie'][value=ja]")
    page.check("[name='uzelf.deelPartners'][value=nee]")
    page.click("button[name=versturen]")
    expect(page.locator("[data-code] dd")).to_have_count(2)


@pytest.mark.alles
def test_a_town_goes_from_the_front_page_to_its_first_report_without_a_developer(
    story: Story, record_testsuite_property: Callable[[str, object], None]
) -> None:
    begun, pages = time.monotonic(), Counter[str]()

    def counted(page: Page, part: str) -> Page:
        page.on("framenavigated", lambda _: pages.update([part]))
        return page

    persuade(counted(story.open(), "bestuur overtuigen"))

    reader = make_user(story.installation, (ZWIJNDRECHT, Role.OFFICER), name="Olga Officier")
    officer = counted(story.somebody(reader), "opleiden")
    learn(officer)
    desk = make_user(story.installation, (NATIONAL, Role.NATIONAL_DESK))
    join(story, counted(story.somebody(desk), "aansluiten"), story.somebody(reader))

    lawyer = make_user(story.installation, (ZWIJNDRECHT, Role.PRIVACY_OFFICER), name="Pia Privacy")
    page = counted(story.somebody(lawyer), "juridische stukken")
    page.goto("/gemeenten/zwijndrecht/verantwoording")
    with ZipFile(io.BytesIO(saved(page, "Alles als zip"))) as archive:
        assert "dpia.docx" in archive.namelist()

    admin = make_user(story.installation, (ZWIJNDRECHT, Role.ADMIN), name="Bea Beheer")
    address = campaign(counted(story.somebody(admin), "campagne"))
    report(counted(story.open(), "melden"), address)
    inbox = counted(story.somebody(reader), "eerste melding")

    def arrived() -> bool:
        inbox.goto("/gemeenten/zwijndrecht/postvak?campagne=veilig-op-weg")
        return TOLD in inbox.locator("main").inner_text()

    until(arrived, seconds=15)
    inbox.get_by_role("button", name=re.compile("^Behandelen")).first.click()
    expect(inbox.locator("main")).to_contain_text(re.compile("in behandeling", re.IGNORECASE))
    record_testsuite_property("pages", dict(pages))
    record_testsuite_property("seconds", round(time.monotonic() - begun))
    assert pages.total() < 120
