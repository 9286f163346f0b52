"""A municipality joins, in browsers: who takes part in the story, and the steps of the desk."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from playwright.sync_api import Page, expect

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import AMSTERDAM
from tests.support.factories import EINDHOVEN, make_user
from tests.support.installation import PASSWORD, Installation
from tests.support.mail_server import Mailbox, Received
from tests.support.waiting import until

ADMIN = "beheer@zwijndrecht.example"
OWN_PASSWORD = "een lange zin die niemand kent"
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


def day(days_ago: int = 0) -> str:
    return (utc_now().astimezone(AMSTERDAM) - timedelta(days=days_ago)).date().isoformat()


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


def join(story: Story, desk: Page, reader: Page, *, mail: int = 1) -> None:
    """The checklist: people with a role and a training, and all that was noted and read."""
    invite(desk, "Ada Admin", ADMIN, Role.ADMIN)
    confirm(reader)
    deputy = make_user(story.installation, (EINDHOVEN, Role.OFFICER), name="Dirk Deputy")
    invite(desk, "Dirk Deputy", deputy, Role.DOSSIER_OWNER)
    confirm(reader)
    take(story.somebody(deputy))
    admin = story.open()
    admin.goto(story.mailed(mail, r"/uitnodiging\?sleutel=\S+"))
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
