"""Tests of unlocking: a locked-out user asks for a mail, and signs in by its link and password."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from stopintimidatie.core.accounts.guesses import FREE_ATTEMPTS
from stopintimidatie.core.accounts.mail import UNLOCK
from stopintimidatie.core.accounts.models import SignInUnlock, User
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import PASSWORD, Installation
from tests.support.mailboxes import last_mail
from tests.support.signing_in import at_once, filled

pytestmark = pytest.mark.judged_once


def lock(installation: Installation, username: str) -> None:
    """Lock a name, as a stranger who guesses passwords does."""
    visitor = installation.visitor()
    for _ in range(FREE_ATTEMPTS):
        filled(visitor, username).submit("aanmelden", status=422)


def ask(installation: Installation, username: str) -> Any:
    """Ask for the unlock mail in a new browser; return the page that follows."""
    form = installation.visitor().get("/aanmelden-link").forms["formulier"]
    form["gebruikersnaam"] = username
    return form.submit("sturen", status=303).follow()


def letters(installation: Installation) -> int:
    """Count the mails with an unlock link."""
    installation.run_jobs()
    with installation.transaction(NATIONAL) as session:
        sent = select(func.count()).where(MailMessage.template == UNLOCK.name)
        return session.scalar(sent) or 0


def mailed_link(installation: Installation) -> str:
    found = re.search(r"/aanmelden-openen\?sleutel=\S+", last_mail(installation))
    assert found
    return found[0]


@pytest.fixture
def officer(installation: Installation) -> str:
    return make_user(installation, (DORDRECHT, Role.OFFICER), name="Olga Officier")


def test_who_is_locked_out_gets_in_by_mail_while_the_stranger_goes_on(
    installation: Installation, officer: str
) -> None:
    lock(installation, officer)
    own = installation.visitor()
    page = filled(own, officer, PASSWORD).submit("aanmelden", status=422)
    button = next(form for form in page.forms.values() if form.action == "/aanmelden-link")
    assert "er een mail onderweg" in button.submit(status=303).follow()
    text = last_mail(installation)
    assert officer not in text
    assert "Olga" not in text
    link = mailed_link(installation)
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    assert "sleutel=" not in desk.get("/post", status=200), "in the demo, by a colleague"
    own.get(link)
    opened = own.get(link).forms["formulier"]
    unlocked = opened.submit("openen", status=200)
    assert "In deze browser kunt u het nu weer proberen" in unlocked
    assert unlocked.forms["formulier"]["gebruikersnaam"].value == officer
    assert unlocked.forms["formulier"].action == "/aanmelden"
    assert "/aanmelden" in own.get("/gemeenten", status=303).location, "it signs nobody in"
    lock(installation, officer)
    elsewhere = filled(installation.visitor(), officer, PASSWORD)
    assert "te vaak" in elsewhere.submit("aanmelden", status=422)
    filled(own, officer, PASSWORD).submit("aanmelden", status=303)
    with installation.transaction(NATIONAL) as session:
        told = select(AuditEvent.action).where(AuditEvent.action.startswith("aanmelden.link"))
        assert session.scalars(told.order_by(AuditEvent.at)).all() == [
            "aanmelden.link_gevraagd",
            "aanmelden.link_gebruikt",
        ]


def test_a_link_works_once_and_half_an_hour_and_then_says_what_to_do(
    installation: Installation, officer: str
) -> None:
    lock(installation, officer)
    ask(installation, officer)
    link = mailed_link(installation)
    forms = [installation.visitor().get(link).forms["formulier"] for _ in range(2)]
    assert sorted(at_once(forms, "openen")) == [200, 422]
    name, _, mac = link.partition("=")[2].partition(".")
    wrong = ("", "x", f"{'a' * 32}.b", f"{name}.", f"{name}.{mac[:-1]}é", f"{name}.{mac}")
    for key in wrong:
        page = installation.visitor().get("/aanmelden-openen", {"sleutel": key})
        assert "werkt niet meer" in page, key
        page.click("Een nieuwe mail vragen")
    with installation.transaction() as session:
        session.execute(update(SignInUnlock).values(used_at=None))
    assert "Kies de knop" in installation.visitor().get(link)
    with installation.transaction() as session:
        session.execute(update(SignInUnlock).values(expires_at=utc_now()))
    assert "werkt niet meer" in installation.visitor().get(link)


def test_the_answer_is_the_same_for_every_name_and_mail_goes_to_who_can_sign_in(
    installation: Installation, officer: str
) -> None:
    names = {kind: f"{kind}@test.example" for kind in ("genodigd", "geblokkeerd", "niemand")}
    with installation.transaction() as session:
        session.add(User(username=names["genodigd"], name="x", password_hash=""))
        blocked = User(username=names["geblokkeerd"], name="x", password_hash="x")
        blocked.blocked_at = utc_now()
        session.add(blocked)
    before = ask(installation, officer).text
    assert letters(installation) == 0, "it isn't locked"
    for name in (*names.values(), officer):
        lock(installation, name)
        assert ask(installation, name.upper()).text == before
    with installation.transaction() as session:
        # Each name gets a row, whether or not it has an account.
        assert session.scalar(select(func.count()).select_from(SignInUnlock)) == 4
    assert letters(installation) == 1


def test_who_asks_again_and_again_fills_no_mailbox_and_takes_no_link_away(
    installation: Installation, officer: str
) -> None:
    lock(installation, officer)
    for _ in range(3):
        ask(installation, officer)
    assert letters(installation) == 1
    first = mailed_link(installation)
    with installation.transaction() as session:
        session.execute(update(SignInUnlock).values(made_at=utc_now() - timedelta(minutes=11)))
    ask(installation, officer)
    assert letters(installation) == 2
    assert mailed_link(installation) != first
    installation.visitor().get(first).forms["formulier"].submit("openen", status=200)


def test_asking_at_once_sends_one_mail(installation: Installation, officer: str) -> None:
    lock(installation, officer)
    forms = [installation.visitor().get("/aanmelden-link").forms["formulier"] for _ in range(6)]
    for form in forms:
        form["gebruikersnaam"] = officer
    assert at_once(forms, "sturen") == [303] * 6
    assert letters(installation) == 1


@pytest.mark.alles
def test_who_is_locked_out_in_a_browser_of_their_own_is_helped_too(
    installation: Installation, officer: str
) -> None:
    own = installation.browser(officer)
    for _ in range(FREE_ATTEMPTS):
        filled(own, officer).submit("aanmelden", status=422)
    form = own.get("/aanmelden-link").forms["formulier"]
    form["gebruikersnaam"] = officer
    form.submit("sturen", status=303)
    own.get(mailed_link(installation)).forms["formulier"].submit("openen", status=200)
    filled(own, officer, PASSWORD).submit("aanmelden", status=303)
