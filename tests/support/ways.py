"""The ways in which a report travels, with the same verbs for each; and the reporter's two doors.

A story is told once and runs over all ways. It asks both sides: what the other side sees, and what
the reporter reads. What the reporter reads may never say more than the other side can see: `honest`
holds each claim of the reporter's page and of the API against the running application.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from webtest import TestApp, Upload

from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.mail.addresses import set_address
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import day_of
from stopintimidatie.desk.onboarding.services import hand_over_what_waits
from stopintimidatie.municipalities.agreements import services as agreements
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import LevelRules, set_level
from stopintimidatie.municipalities.people.services import postbox_of
from stopintimidatie.privacy.erasure.services import erase
from stopintimidatie.privacy.requests.documents import add_trace, correct, restrict
from stopintimidatie.privacy.requests.models import RestrictionGround
from stopintimidatie.privacy.requests.services import Entry, Person, enter_request, move_request
from stopintimidatie.reports.handover import services as handover
from stopintimidatie.reports.models import Report, ReportTransfer
from stopintimidatie.reports.services import move_report
from tests.support.api import Api, report
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_user, user_id
from tests.support.following import follow_in_browser
from tests.support.installation import Installation
from tests.support.moments import CLAIMS
from tests.support.sittings import ZWIJNDRECHT, agree, enter, open_in, pickup_of, press

STATION: Final = {"lat": 51.8165, "lon": 4.6400}
STORY: Final = "Een man liep achter mij aan tot de brug."
PHONE, MAIL = "+31612345678", "melder@example.org"
OFFICER: Final = Actor("gebruiker", None, "Bo de Nemer")


class Reporter:
    """The reporter of one report, who acts through a door of the house."""

    def __init__(self, api: Api, receipt: Any) -> None:
        self.api, self.receipt = api, receipt

    @property
    def known_by(self) -> tuple[str, str]:
        return self.receipt["kenmerk"], self.receipt["volgcode"]

    def follow(self) -> Any:
        """What the API tells the reporter."""
        return self.api.follow(*self.known_by).json

    def page(self) -> str:
        """The words of the reporter's page."""
        shown = follow_in_browser(self.api, self.receipt).get("/volgen/melding")
        return words_of(shown)


class ByApi(Reporter):
    """The reporter with the app; each verb gives what the app can show then."""

    def add(self, text: str) -> str:
        self.api.add(self.receipt, {"tekst": text})
        return self._told()

    def change(self, **given: str) -> str:
        self.api.change(self.receipt, given)
        return self._told()

    def attach(self, content: bytes) -> str:
        answer = self.api.attach(self.receipt, content, status=(201, 202))
        return str(answer.json["status"])

    def withdraw(self) -> str:
        self.api.withdraw(*self.known_by)
        return self._told()

    def refused(self) -> str:
        """Try to add something; the words of the refusal."""
        return str(self.api.add(self.receipt, {"tekst": "Nog iets."}, status=409).json["detail"])

    def _told(self) -> str:
        return str(self.follow()["statusTekst"])


class ByPage(Reporter):
    """The reporter at /volgen; each verb gives the words of the page that comes next."""

    def add(self, text: str) -> str:
        browser = follow_in_browser(self.api, self.receipt)
        form = browser.get("/volgen/melding").forms["formulier"]
        form["tekst"] = text
        return words_of(form.submit("versturen", status=303).follow())

    def attach(self, content: bytes) -> str:
        browser = follow_in_browser(self.api, self.receipt)
        form = browser.get("/volgen/melding").forms["bijlage"]
        form["bestand"] = Upload("foto.jpg", content)
        return words_of(form.submit("versturen", status=303).follow())

    def change(self, **given: str) -> str:
        form = follow_in_browser(self.api, self.receipt).get("/volgen/melding").forms["contact"]
        for name, value in given.items():
            form[name] = value
        return words_of(form.submit("wijzigen", status=303).follow())

    def withdraw(self) -> str:
        browser = follow_in_browser(self.api, self.receipt)
        form = next(
            form
            for form in browser.get("/volgen/intrekken").forms.values()
            if form.action.endswith("/volgen/intrekken")
        )
        return words_of(form.submit(status=303).follow())

    def refused(self) -> str:
        """See whether there is anything to add by; the words of the page."""
        page = follow_in_browser(self.api, self.receipt).get("/volgen/melding")
        assert "formulier" not in page.forms
        return words_of(page)


DOORS: Final = {"API": ByApi, "volgen": ByPage}


def words_of(page: Any) -> str:
    return " ".join(page.html.select_one("main").text.split())


class Way:
    """A way in which a report travels; the town that has it in the end is the other side."""

    # The holder of the report when it has arrived, and the address of its pages.
    holder, town = DORDRECHT, "dordrecht"
    # What the other side reads of a restriction; the last word to the reporter, and its status.
    restricted = "Gebruik beperkt"
    last_word = "afgerond", "Er is nu extra toezicht."

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.api = Api(installation)
        for code in (DORDRECHT, EINDHOVEN):
            connect(installation, code)
        self.officers: dict[str, TestApp] = {}
        self.reporter: Any = None

    def send(self, door: str, **changes: Any) -> Any:
        """Let a reporter send a report, and bring it as far as the moment of this way."""
        who = {"naam": "Petra", "telefoon": PHONE, "email": MAIL}
        given = {"omschrijving": STORY, "anoniem": False, "melder": who, "contactGewenst": "bellen"}
        receipt = self.api.post(report(**{**given, **changes})).json
        self.reporter = DOORS[door](self.api, receipt)
        self.installation.run_jobs()
        self.bring()
        return self.reporter

    @property
    def reference(self) -> str:
        return str(self.reporter.receipt["kenmerk"])

    def bring(self) -> None:
        """Bring a report that came in as far as the moment at which the story acts."""
        self.step(self.holder, "in_behandeling_nemen", behandelaar=self.handler(self.holder))

    def settle(self) -> None:
        """Bring it to the other side, with all that follows."""
        self.installation.run_jobs()

    # The officers

    def officer(self, holder: str, role: Role = Role.OFFICER) -> TestApp:
        if holder not in self.officers:
            name = make_user(self.installation, (holder, role), name="Bo de Nemer")
            self.officers[holder] = self.installation.browser(name)
        return self.officers[holder]

    def handler(self, holder: str) -> str:
        name = make_user(self.installation, (holder, Role.OFFICER))
        return str(user_id(self.installation, name))

    def at(self, holder: str) -> Report:
        """The report as its row stands at a holder."""
        with self.installation.transaction(holder) as session:
            return session.scalars(select(Report).where(Report.reference == self.reference)).one()

    def step(self, holder: str, name: str, actor: Actor = SYSTEM, **values: Any) -> None:
        self.act(
            holder,
            lambda session, row: move_report(
                session, self.installation.registry.workflow_effects, row, name, values, actor
            ),
        )

    def act(self, holder: str, do: Callable[[Any, Report], Any]) -> None:
        """Do something with the report in a transaction of its holder."""
        with self.installation.transaction(holder) as session:
            wanted = select(Report).where(Report.reference == self.reference)
            do(session, session.scalars(wanted.with_for_update()).one())
        self.installation.run_jobs()

    @property
    def now_at(self) -> str:
        """The holder that can act on the report at this moment."""
        return self.holder

    def ask(self, question: str) -> None:
        until = (day_of(utc_now())).isoformat()
        if self.at(self.now_at).state == "nieuw":
            self.step(self.now_at, "in_behandeling_nemen", behandelaar=self.handler(self.now_at))
        self.step(self.now_at, "vraag_melder", vraag=question, uiterlijk=until)

    def answer(self, message: str) -> None:
        """Close it with feedback, as the last word to the reporter."""
        if self.at(self.now_at).state == "nieuw":
            self.step(self.now_at, "in_behandeling_nemen", behandelaar=self.handler(self.now_at))
        self.act(self.now_at, lambda _, row: setattr(row, "contact_deadline", None))
        self.step(
            self.now_at,
            "afhandelen",
            opvolging=["extra_toezicht"],
            terugkoppeling="gegeven",
            bericht=message,
        )

    def correct(self, words: str) -> None:
        """Put a correction beside the account, at the request of the reporter."""
        keys = self.installation.registry.key_ring

        def corrected(session: Any, row: Report) -> None:
            asked = self._request(session, row, "rectificatie")
            correct(session, keys, asked, row, words, [], OFFICER)
            asked.ended_at = utc_now()

        self.act(self.now_at, corrected)

    def restrict(self, about: str) -> None:
        """Restrict the use of what the reporter contests."""
        keys, ground = self.installation.registry.key_ring, RestrictionGround.CONTESTED
        self.act(
            self.now_at,
            lambda session, row: restrict(
                session,
                keys,
                self._request(session, row, "beperking"),
                row,
                ground,
                about,
                OFFICER,
            ),
        )

    def _request(self, session: Any, row: Report, right: str) -> Any:
        registry, who, today = self.installation.registry, Person("Petra"), day_of(utc_now())
        entry = Entry(right, "melder", "zelf", "brief", today, who, "Wat?")
        asked = enter_request(session, registry.key_ring, row.holder, entry, OFFICER)
        move_request(registry, session, asked, "identiteit", {"hoe": "gezien"}, OFFICER)
        document = ("melding", row.id, row.reference)
        add_trace(session, asked, document, ["contact"], OFFICER, included=True)
        return asked

    def erase(self) -> None:
        registry = self.installation.registry
        self.act(
            self.now_at,
            lambda session, row: erase(registry, session, row, "bezwaar", "Gevraagd.", OFFICER),
        )

    # What the other side sees

    def other_side(self) -> str:
        """The words of the page of the report, for an officer of the other side."""
        return words_of(self.officer(self.holder).get(f"/m/{self.reference}").maybe_follow())

    def badges(self) -> list[str]:
        """The marks of the report, as the other side sees them."""
        page = self.officer(self.holder).get(f"/m/{self.reference}").maybe_follow()
        return [" ".join(badge.text.split()) for badge in page.html.select("main .si-badge")]

    def files(self) -> list[bytes]:
        """The files that an officer of the other side can open."""
        page = self.officer(self.holder).get(f"/m/{self.reference}").maybe_follow()
        opened = [
            self.officer(self.holder).get(link["href"])
            for link in page.html.select("main a[href*='/bijlage?']")
        ]
        return [answer.body for answer in opened if answer.content_type.startswith("image/")]

    def readable(self) -> bool:
        """Whether an officer of anybody who is said to have it can read the account now."""
        return STORY in self.read_by_anybody()

    def read_by_anybody(self) -> str:
        """The words of the pages of all who have the report, and not only that it was there."""
        return "\n".join(
            words_of(self.officer(holder).get(f"/m/{self.reference}").maybe_follow())
            for holder in (DORDRECHT, EINDHOVEN)
            if self._has(holder)
        )

    def contact(self) -> str:
        """All text and links of the pages of who has the report: a number is a link to call."""
        pages = [
            self.officer(holder).get(f"/m/{self.reference}").maybe_follow().text
            for holder in (DORDRECHT, EINDHOVEN)
            if self._has(holder)
        ]
        return "\n".join(pages)

    def _has(self, holder: str) -> bool:
        with self.installation.transaction(holder) as session:
            mine = select(Report.state).where(Report.reference == self.reference)
            return session.scalar(mine) not in (None, "overgedragen")

    def postbox(self, holder: str) -> None:
        """Give a municipality a mailbox that is told of reports."""
        with self.installation.transaction(holder) as session:
            keys = self.installation.registry.key_ring
            row = set_address(
                session, keys, holder, postbox_of(holder), f"oov@{holder.lower()}.example", SYSTEM
            )
            row.verified_at = utc_now()

    def mailed(self, template: str) -> list[MailMessage]:
        """The messages of this kind to the other side."""
        with self.installation.transaction(self.holder) as session:
            mine = select(MailMessage).where(MailMessage.template == template)
            return list(session.scalars(mine.order_by(MailMessage.created_at, MailMessage.id)))

    # What the reporter reads

    def honest(self, *said: str) -> None:
        """Hold all that the reporter reads now, and was told just now, against what can be seen."""
        told = "\n".join([*said, self.reporter.page(), self.reporter.follow()["statusTekst"]])
        claimed = [claim for claim in CLAIMS if claim in told]
        assert not claimed or self.readable(), (claimed, told)


class Connected(Way):
    """Straight into the portal of the town."""


class HandedOver(Way):
    """From one connected town to another; the story acts when it has arrived."""

    holder, town = EINDHOVEN, "eindhoven"
    moment = "na"

    def bring(self) -> None:
        self.step(DORDRECHT, "in_behandeling_nemen", behandelaar=self.handler(DORDRECHT))
        if self.moment != "voor":
            self.offer()
        if self.moment == "na":
            self.settle()
            self.step(EINDHOVEN, "in_behandeling_nemen", behandelaar=self.handler(EINDHOVEN))

    @property
    def now_at(self) -> str:
        return EINDHOVEN if self.moment == "na" or self.arrived() else DORDRECHT

    def arrived(self) -> bool:
        with self.installation.transaction(EINDHOVEN) as session:
            mine = select(Report.id).where(Report.reference == self.reference)
            return session.scalar(mine) is not None

    def offer(self) -> None:
        reason = "De halte ligt in Eindhoven."
        self.step(DORDRECHT, "overdracht_aanbieden", gemeente=EINDHOVEN, reden=reason)

    def transfer(self) -> ReportTransfer:
        with self.installation.transaction(EINDHOVEN) as session:
            latest = select(ReportTransfer).order_by(ReportTransfer.given_at.desc()).limit(1)
            return session.scalars(latest).one()

    def accept(self) -> None:
        number = self.transfer().id
        with self.installation.transaction(EINDHOVEN) as session:
            handover.answer(session, session.get_one(ReportTransfer, number), OFFICER)

    def give(self) -> UUID:
        """Let the giver do what follows from the answer, and the receiver nothing yet."""
        number, effects = self.transfer().id, self.installation.registry.workflow_effects
        with self.installation.transaction(DORDRECHT) as session:
            transfer = session.get_one(ReportTransfer, number)
            wanted = select(Report).where(Report.reference == self.reference)
            handover._follow_answer(session, effects, transfer, session.scalars(wanted).one())
        return number

    def settle(self) -> None:
        if not self.arrived() and self._has(DORDRECHT):
            if self.at(DORDRECHT).state == "in_behandeling":
                self.offer()
            self.accept()
        self.installation.run_jobs()


class HandedOverOpen(HandedOver):
    """From one town to another; the story acts while the offer is open."""

    moment = "open"


class HandedOverLater(HandedOver):
    """From one town to another; the story acts before it is offered."""

    moment = "voor"


class Forwarded(Way):
    """To an official of a town that isn't connected; the story acts after the pick-up."""

    holder, town = NATIONAL, "zwijndrecht"
    restricted = "Het gebruik van gegevens in deze melding is op verzoek beperkt."
    last_word = "doorgegeven", "Wij hebben uw melding gelezen."
    moment = "opgehaald"
    # There is an agreement now; and the desk has destroyed what it had.
    agreed, gone, returned = True, False, False

    def __init__(self, installation: Installation) -> None:
        super().__init__(installation)
        agree(installation)

    def end_agreement(self) -> None:
        registry, self.agreed = self.installation.registry, False
        with self.installation.transaction(NATIONAL) as session:
            agreements.end(session, registry.key_ring, registry.level_rules, ZWIJNDRECHT, SYSTEM)
        self.installation.run_jobs()

    def destroy_at_desk(self) -> None:
        """Let the days pass after which the desk destroys what was picked up."""
        self.gone = True
        with clock_at(utc_now() + timedelta(days=31)):
            self.installation.run_jobs()

    def join(self) -> None:
        rules = LevelRules(effects={"wat wacht": hand_over_what_waits})
        with self.installation.transaction(NATIONAL) as session:
            set_level(session, rules, SYSTEM, ZWIJNDRECHT, ParticipationLevel.PROGRAMME)
        self.installation.run_jobs()

    def send(self, door: str, **changes: Any) -> Any:
        return super().send(door, locatie=STATION, **changes)

    def bring(self) -> None:
        if self.moment == "opgehaald":
            self.sitting()

    def sitting(self) -> Any:
        """The page of the report, which the official opens with a code that was read out."""
        desk = self.officer(NATIONAL, Role.NATIONAL_DESK)
        shown = press(desk.get("/landelijk/zwijndrecht"), "/ophaalcode")
        code = re.search(r"<dd>(\d{4} \d{4})</dd>", shown.text)
        assert code is not None
        pickup = pickup_of(self.installation, self.at(NATIONAL).id)
        self.browser, answer = enter(self.installation, pickup.reference, code[1])
        return open_in(answer.follow(), pickup.reference)

    def other_side(self) -> str:
        return words_of(self.sitting())

    def read_by_anybody(self) -> str:
        """What the official reads with a code, while there is an agreement; else the desk."""
        return words_of(self._read())

    def _read(self) -> Any:
        withdrawn = self.at(NATIONAL).state == "ingetrokken"
        if self.agreed and not self.gone and (withdrawn or not self.returned):
            return self.sitting()
        return self.officer(NATIONAL, Role.NATIONAL_DESK).get(f"/landelijk/{self.reference}")

    def readable(self) -> bool:
        return STORY in self.read_by_anybody()

    def contact(self) -> str:
        return str(self._read().text)

    def badges(self) -> list[str]:
        return [" ".join(b.text.split()) for b in self.sitting().html.select("main .si-badge")]

    def files(self) -> list[bytes]:
        page = self.sitting()
        links = page.html.select("main a[href*='bijlage?nummer=']")
        return [self.browser.get(link["href"]).body for link in links]

    def answer(self, message: str) -> None:
        """Answer from the closed list, in which the message stands."""
        form = next(f for f in self.sitting().forms.values() if "antwoord" in f.fields)
        form["antwoord"] = "gelezen"
        form.submit("vastleggen", status=303)

    def give_back(self) -> None:
        """Say that it isn't ours; after that only the desk has it."""
        form = next(f for f in self.sitting().forms.values() if "antwoord" in f.fields)
        form["antwoord"] = "niet_van_ons.geen_taak"
        form.submit("vastleggen", status=303)
        self.returned = True


class Offered(Forwarded):
    """To an official who hasn't picked it up yet when the story acts."""

    moment = "aangeboden"


WAYS: Final[dict[str, type[Way]]] = {
    "aangesloten": Connected,
    "overgedragen": HandedOver,
    "aangeboden": HandedOverOpen,
    "later overgedragen": HandedOverLater,
    "doorgegeven": Forwarded,
    "klaargezet": Offered,
}
