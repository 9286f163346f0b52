"""An access request by letter from the form to the envelope: how many pages, how many posts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp, TestResponse

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.security import Role
from stopintimidatie.privacy.copies import services
from stopintimidatie.privacy.requests.letters import LetterKind
from stopintimidatie.privacy.requests.models import RequestLetter, RequestState, SubjectRequest
from stopintimidatie.reports.conversation.services import tell
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.handling.services import add_note
from stopintimidatie.reports.vocabulary import ContactWish
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.subjects import ANSWER, MAIL, PERSON, PHONE

PLACE = "/gemeenten/dordrecht"
# Pages that a person must open, and posts, for somebody with three reports. 1.0.0 took 22 and 11.
PAGES, POSTS = 9, 7


@dataclass
class Trip:
    """Pages that were shown and forms that were sent, in their order."""

    pages: list[str] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)

    def of(self, browser: TestApp) -> TestApp:
        """Count what a browser asks from now on; a redirect is no page, and neither is a PDF."""
        ask = browser.do_request

        def count(asked: Any, *args: Any, **named: Any) -> TestResponse:
            answer = ask(asked, *args, **named)
            if asked.method == "POST":
                self.posts.append(asked.path)
            elif answer.status_int == 200 and answer.content_type == "text/html":
                self.pages.append(asked.path)
            return answer

        browser.do_request = count
        return browser


@pytest.fixture
def town(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """A municipality with three reports of one person."""
    monkeypatch.setattr(services, "render_in_process", lambda content, **kw: b"%PDF-1.7 kopie")
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        for number in range(3):
            report = make_report(
                session,
                installation,
                description=f"Een man riep naar ons, keer {number}.",
                anonymous=False,
                contact=Contact(name=PERSON, phone=PHONE, email=MAIL),
                wants_contact=ContactWish.CALL,
            )
            tell(session, report, ANSWER, "Ik ben nog gebeld.", SYSTEM)
            add_note(session, report, f"Gebeld met {PERSON}.", SYSTEM)
    return installation


def press(page: TestResponse, button: str, form: str = "formulier", **typed: str) -> TestResponse:
    """Fill a form in, send it and open every page that it leads to."""
    sent = page.forms[form]
    for name, value in typed.items():
        sent[name] = value
    answer = sent.submit(button)
    while answer.status_int == 303:
        answer = answer.follow()
    assert answer.status_int == 200
    return answer


@pytest.mark.alles
def test_a_letter_is_answered_by_two_people_in_nine_pages_and_seven_posts(
    town: Installation,
) -> None:
    trip = Trip()
    officer = trip.of(town.browser(make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER))))
    second = trip.of(town.browser(make_user(town, (DORDRECHT, Role.DOSSIER_OWNER))))
    trip.pages.clear()

    # The letter, with how it is known who wrote it; all that is this person's, chosen at once.
    page = officer.get(f"{PLACE}/verzoeken/nieuw")
    page = press(
        page,
        "opslaan",
        kanaal="brief",
        recht="inzage",
        hoedanigheid="melder",
        vraagt="zelf",
        identiteit="gezien",
        naam=PERSON,
        email=MAIL,
        telefoon=PHONE,
        adres="Kade 1\n3311 AB Dordrecht",
        vraag="Wat hebt u over mij?",
    )
    page = press(page, "zoeken")
    page = press(page, "afronden", "vondst")
    # All parts of three reports on one page, marked there.
    assert page.text.count("Uw verhaal") == 3
    page = press(page, "nakijken")
    page.mustcontain("wacht nu op een tweede persoon")
    town.run_jobs()

    with town.transaction(DORDRECHT) as session:
        number = session.scalars(select(SubjectRequest.reference)).one()
    page = second.get(f"{PLACE}/verzoeken/{number}/nakijken")
    page.mustcontain("Uw verhaal", "kan de vrager in deze kopie".capitalize())
    press(page, "klaar", ziet="nee").mustcontain("De kopie is nagekeken")

    case = next(path for path in trip.pages if path.endswith("/kopie"))
    page = officer.get(case)
    page = press(page, "versturen", hoe="ophalen")
    # Printed from the page: the letter, the copy, and the code for an envelope of its own.
    for words in ("De brief als PDF", "De kopie als PDF"):
        assert page.click(words).content_type == "application/pdf"
    form = next(form for form in page.forms.values() if str(form.action).endswith("kopie-code"))
    form.submit().mustcontain("Uw code om op te halen")

    assert (len(trip.pages), len(trip.posts)) <= (PAGES, POSTS), trip
    assert len(trip.posts) <= POSTS, trip
    with town.transaction(DORDRECHT) as session:
        asked = session.scalars(select(SubjectRequest)).one()
        assert asked.state == RequestState.SENT
        sent = select(RequestLetter.sent_on).where(RequestLetter.kind == LetterKind.ACCESS.value)
        assert session.scalars(sent).one() is not None
