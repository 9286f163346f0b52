"""The story of issue 4, in browsers, over a real mail server, with a worker that really runs.

A report in Zwijndrecht, with which nobody had spoken, is passed on, is picked up, and stands in
the municipality's own portal with its history once it has joined.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs.services import Stop
from stopintimidatie.core.jobs.worker import run_lanes
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.core.text import AMSTERDAM
from tests.support.factories import EINDHOVEN, make_user
from tests.support.installation import PASSWORD, Installation, make_settings
from tests.support.mail_server import Mailbox, Received, mail_server
from tests.support.served import in_thread
from tests.support.waiting import until

ZWIJNDRECHT = "GM0642"
OFFICIAL, ADMIN = "oov@zwijndrecht.example", "beheer@zwijndrecht.example"
TOLD, PLACE, NAME = "zaaiwoordrelaas", "zaaiwoordplek", "zaaiwoordnaam"
REPORTER = "zaaiwoord@melder.example"
SEEDED = (TOLD, PLACE, NAME, REPORTER)
OWN_PASSWORD = "een lange zin die niemand kent"
ONBOARDING = "/landelijk/aansluiting?gemeente=zwijndrecht"
CODE = r"\b\d{4} \d{4}\b"
NEW_BROWSER = "Aangemeld op een nieuw apparaat"


@dataclass
class Story:
    """What everybody in it stands on: the installation, the post, and a browser for each."""

    installation: Installation
    mailbox: Mailbox
    open: Callable[[], Page]

    def somebody(self, username: str, password: str = PASSWORD) -> Page:
        page = self.open()
        page.goto("/aanmelden")
        page.fill("[name=gebruikersnaam]", username)
        page.fill("[name=wachtwoord]", password)
        page.click("button[name=aanmelden]")
        expect(page.locator(".si-account")).to_be_attached()
        return page

    @property
    def post(self) -> list[Received]:
        """The mails but those to somebody who signed in with a new browser."""
        return [mail for mail in self.mailbox.received if mail.message["Subject"] != NEW_BROWSER]

    def mailed(self, number: int, pattern: str) -> str:
        """What the worker sent as the mail of this number, once it is there."""
        until(lambda: len(self.post) >= number, seconds=15)
        found = re.search(pattern, str(self.post[number - 1].message.get_content()))
        assert found
        return found[0]


@pytest.fixture
def story(chromium_browser: Browser, sqlite_template: Path, tmp_path: Path) -> Iterator[Story]:
    shutil.copy(sqlite_template, tmp_path / "data.sqlite")
    create_key_file(tmp_path / "sleutels.json")
    with mail_server(tmp_path) as post:
        settings = post.settings(make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path))
        running = Installation(settings)
        with _worker(running), in_thread(running.app) as address:
            opened = []

            def enter() -> Page:
                context = chromium_browser.new_context(base_url=address, locale="nl-NL")
                opened.append(context)
                return context.new_page()

            yield Story(running, post.mailbox, enter)
            for context in opened:
                context.close()
        running.close()


@contextmanager
def _worker(running: Installation) -> Iterator[None]:
    stop = Stop()
    thread = threading.Thread(target=run_lanes, args=(running.registry, stop), daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join(timeout=20)


def day(days_ago: int = 0) -> str:
    return (utc_now().astimezone(AMSTERDAM) - timedelta(days=days_ago)).date().isoformat()


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


def invite(desk: Page, name: str, address: str, role: Role) -> None:
    desk.goto("/landelijk/aansluiting-uitnodigen?gemeente=zwijndrecht")
    desk.fill("[name=naam]", name)
    desk.fill("[name=adres]", address)
    desk.select_option("[name=rol]", role.value)
    desk.click("button[name=uitnodigen]")
    expect(desk.get_by_role("list", name="Uitnodigingen")).to_contain_text(name)


def confirm(reader: Page) -> None:
    """Have a reader of the municipality confirm the one role that waits."""
    reader.goto("/gemeenten/zwijndrecht/rollen")
    reader.check("[name=besluit][value=bevestigen]")
    reader.click("button[name=vastleggen]")
    expect(reader.locator("main")).to_contain_text("Er wacht niets")


def take(deputy: Page) -> None:
    deputy.goto("/")
    deputy.get_by_role("button", name="Aannemen: dossierhouder").click()
    expect(deputy.locator("body")).to_contain_text("U hebt de rol aangenomen")


def join(story: Story, desk: Page, reader: Page) -> None:
    """The checklist: people with a role and a training, and all that was noted and read."""
    invite(desk, "Ada Admin", ADMIN, Role.ADMIN)
    confirm(reader)
    deputy = make_user(story.installation, (EINDHOVEN, Role.OFFICER), name="Dirk Deputy")
    invite(desk, "Dirk Deputy", deputy, Role.DOSSIER_OWNER)
    confirm(reader)
    take(story.somebody(deputy))
    admin = story.open()
    admin.goto(story.mailed(3, r"/uitnodiging\?sleutel=\S+"))
    for name in ("wachtwoord", "nog_eens"):
        admin.fill(f"[name={name}]", OWN_PASSWORD)
    admin.click("button[name=instellen]")
    expect(admin.locator("[name=gebruikersnaam]")).to_be_visible()
    desk.goto("/landelijk/aansluiting-domeinen?gemeente=zwijndrecht")
    desk.fill("[name=domeinen]", "zwijndrecht.nl")
    desk.click("button[name=opslaan]")
    expect(desk.locator("main")).to_contain_text("zwijndrecht.nl")
    for name in ("afspraak_op", "teksten_op", "logo_op", "opleiding_op"):
        desk.fill(f"[name={name}]", day())
    desk.fill("[name=afspraak_met]", "hoofd veiligheid, namens de burgemeester")
    desk.select_option("[name=grondslag]", "avg_6_1_e_openbare_orde")
    desk.get_by_role("button", name="Lijst opslaan").click()
    people = desk.get_by_label("Mensen").locator("form")
    for number in range(people.count()):
        people.nth(number).locator("[name=opgeleid_op]").fill(day())
        # The value stands there before the page is back: the next one would be lost with it.
        with desk.expect_navigation():
            people.nth(number).get_by_role("button").click()
        expect(people.nth(number).locator("[name=opgeleid_op]")).to_have_value(day())
    desk.get_by_role("link", name="Aansluiting laten ingaan").click()
    desk.check("[name=niveau][value=programma]")
    desk.click("button[name=opslaan]")
    expect(desk.locator("main")).to_contain_text("Deze gemeente is aangesloten.")


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
    join(story, desk, story.somebody(reader))

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
