"""Tests that a sign-in in a browser where somebody never signed in before is told by mail."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.accounts.guesses import FREE_ATTEMPTS
from stopintimidatie.core.accounts.links import NO_PASSWORD, invite, link_of
from stopintimidatie.core.accounts.mail import NEW_DEVICE
from stopintimidatie.core.accounts.models import LoginSession, User
from stopintimidatie.core.accounts.services import let_in
from stopintimidatie.core.accounts.sessions import Opening, Visit
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import PASSWORD, Installation
from tests.support.mailboxes import last_mail, mails
from tests.support.signing_in import filled

CHOSEN = "paarse fiets zingt zacht"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.fixture
def officer(installation: Installation) -> str:
    return make_user(installation, (DORDRECHT, Role.OFFICER), name="Olga Officier")


def sign_in(browser: Any, username: str, password: str = PASSWORD) -> None:
    filled(browser, username, password).submit("aanmelden", status=303)


def told(installation: Installation) -> int:
    """Count the mails about a new device."""
    installation.run_jobs()
    return len(mails(installation, NEW_DEVICE.name))


def test_a_new_device_is_told_once_with_the_way_to_end_it_and_without_names(
    installation: Installation, officer: str
) -> None:
    browser = installation.visitor()
    browser.extra_environ |= {"HTTP_USER_AGENT": FIREFOX, "REMOTE_ADDR": "145.53.10.20"}
    for _ in range(2):
        sign_in(browser, officer)
    assert told(installation) == 1
    text = last_mail(installation)
    for word in ("Firefox op Windows", "Was u dit niet?", "/wachtwoord-vergeten"):
        assert word in text
    for word in ("Olga", officer, "145.53"):
        assert word not in text
    with installation.transaction() as session:
        kept = session.scalars(select(LoginSession.device)).all()
    assert set(kept) == {"Firefox op Windows"}
    other = installation.visitor()
    sign_in(other, officer)
    assert told(installation) == 2


def test_a_wrong_password_on_a_new_device_is_not_told(
    installation: Installation, officer: str
) -> None:
    filled(installation.visitor(), officer).submit("aanmelden", status=422)
    assert told(installation) == 0


def test_the_mail_is_for_that_person_alone_in_the_demo(
    installation: Installation, officer: str
) -> None:
    sign_in(installation.visitor(), officer)
    installation.run_jobs()
    form = installation.visitor().get("/postbus").forms["formulier"]
    form["adres"] = officer
    assert "Aangemeld op een nieuw apparaat" in form.submit("openen")
    desk = installation.browser(make_user(installation, ("landelijk", Role.NATIONAL_DESK)))
    assert "Aangemeld op een nieuw apparaat" not in desk.get("/post", status=200)


def test_the_first_sign_in_after_the_invitation_is_no_news(installation: Installation) -> None:
    keys, name = installation.registry.key_ring, "nieuw@test.example"
    with installation.transaction() as session:
        user = User(username=name, name="Nieuw", password_hash=NO_PASSWORD, demo=True)
        session.add(user)
        session.flush()
        link = link_of(keys, invite(session, keys, user))
    browser = installation.visitor()
    form = browser.get(f"/uitnodiging?sleutel={link}").forms["formulier"]
    form["wachtwoord"] = form["nog_eens"] = CHOSEN
    form.submit("instellen", status=200)
    sign_in(browser, name, CHOSEN)
    assert told(installation) == 0
    sign_in(installation.visitor(), name, CHOSEN)
    assert told(installation) == 1


def test_a_browser_that_is_known_by_a_link_alone_is_told(
    installation: Installation, officer: str
) -> None:
    stranger, own = installation.visitor(), installation.visitor()
    for _ in range(FREE_ATTEMPTS):
        filled(stranger, officer).submit("aanmelden", status=422)
    form = own.get("/aanmelden-link").forms["formulier"]
    form["gebruikersnaam"] = officer
    form.submit("sturen", status=303)
    link = re.search(r"/aanmelden-openen\?sleutel=\S+", last_mail(installation))
    assert link
    own.get(link[0]).forms["formulier"].submit("openen", status=200)
    for _ in range(2):
        sign_in(own, officer)
    assert told(installation) == 1


def test_who_came_through_a_municipality_is_told_to_ask_there(
    installation: Installation, officer: str
) -> None:
    opening = Opening("Edge op Windows", provider=DORDRECHT)
    with installation.transaction() as session:
        user = session.scalars(select(User).where(User.username == officer)).one()
        keys, shown = installation.registry.key_ring, ["inlogdienst"]
        assert let_in(session, keys, user, opening, Visit(), shown).token
    assert told(installation) == 1
    text = last_mail(installation)
    assert "helpdesk van uw gemeente" in text
    assert "/wachtwoord-vergeten" not in text


def test_what_is_kept_for_the_mail_is_words_from_a_list(
    installation: Installation, officer: str
) -> None:
    browser = installation.visitor()
    browser.extra_environ["HTTP_USER_AGENT"] = "<script>olga@dordrecht.example</script>"
    sign_in(browser, officer)
    with installation.transaction("landelijk") as session:
        values = session.scalars(
            select(MailMessage.values).where(MailMessage.template == NEW_DEVICE.name)
        ).one()
    assert values == {"device": "Onbekende_browser_op_onbekend_apparaat"}
