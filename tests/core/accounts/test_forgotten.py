"""Tests of a forgotten password: asked by mail, set once, and all that was begun before it ends."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from stopintimidatie.core.accounts.guesses import FREE_ATTEMPTS
from stopintimidatie.core.accounts.mail import NEW_PASSWORD, PASSWORD_CHANGED
from stopintimidatie.core.accounts.models import PendingSignIn, SignInUnlock, User
from stopintimidatie.core.audit import AuditEvent, AuditSubject
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import datetime_long
from tests.support.factories import DORDRECHT, make_user, user_id
from tests.support.installation import PASSWORD, Installation
from tests.support.mailboxes import last_mail, mails
from tests.support.signing_in import at_once, filled

pytestmark = pytest.mark.judged_once
NEW = "paarse fiets zingt zacht"


@pytest.fixture
def officer(installation: Installation) -> str:
    return make_user(installation, (DORDRECHT, Role.OFFICER), name="Olga Officier")


def ask(installation: Installation, username: str) -> Any:
    """Ask for a new password in a new browser; return the page that follows."""
    page = installation.visitor().get("/aanmelden").click("Wachtwoord vergeten")
    form = page.forms["formulier"]
    form["gebruikersnaam"] = username
    return form.submit("sturen", status=303).follow()


def letters(installation: Installation) -> int:
    installation.run_jobs()
    return len(mails(installation, NEW_PASSWORD.name))


def mailed_link(installation: Installation) -> str:
    link = re.search(r"/wachtwoord-nieuw\?sleutel=\S+", last_mail(installation))
    assert link
    return link[0]


def typed(browser: Any, link: str, password: str = NEW) -> Any:
    """Fill in the page of the link."""
    form = browser.get(link).forms["formulier"]
    form["wachtwoord"] = form["nog_eens"] = password
    return form


def test_who_forgot_the_password_sets_a_new_one_and_everything_begun_before_is_over(
    installation: Installation, officer: str
) -> None:
    before = installation.browser(officer)
    who = user_id(installation, officer)
    with installation.transaction() as session:
        session.add(PendingSignIn(token_hash="x" * 64, user_id=who))
    stranger = installation.visitor()
    for _ in range(FREE_ATTEMPTS):
        filled(stranger, officer).submit("aanmelden", status=422)
    ask(installation, officer.upper())
    letter = last_mail(installation)
    with installation.transaction() as session:
        asked = session.scalars(select(SignInUnlock.made_at)).one()
    assert f"Iemand vroeg op {datetime_long(asked)} voor dit e-mailadres" in letter
    assert "Olga" not in letter
    assert officer not in letter
    own = installation.visitor()
    link = mailed_link(installation)
    page = typed(own, link).submit("instellen", status=200)
    assert "Uw nieuwe wachtwoord is ingesteld" in page
    assert before.get("/account", status=303), "signed out everywhere"
    assert "/aanmelden" in own.get("/account", status=303).location, "it signs nobody in"
    with installation.transaction() as session:
        assert session.scalar(select(func.count()).select_from(PendingSignIn)) == 0
    filled(installation.visitor(), officer, PASSWORD).submit("aanmelden", status=422)
    filled(installation.visitor(), officer, NEW).submit("aanmelden", status=303)
    installation.run_jobs()
    assert len(mails(installation, PASSWORD_CHANGED.name)) == 1
    with installation.transaction(NATIONAL) as session:
        actions = select(AuditEvent.action).where(AuditEvent.action.startswith("wachtwoord."))
        assert session.scalars(actions.order_by(AuditEvent.at)).all() == [
            "wachtwoord.link_gevraagd",
            "wachtwoord.link_gebruikt",
        ]


def test_the_answer_is_the_same_for_every_name_and_mail_goes_to_who_has_a_password(
    installation: Installation, officer: str
) -> None:
    names = {kind: f"{kind}@test.example" for kind in ("genodigd", "geblokkeerd", "niemand")}
    with installation.transaction() as session:
        session.add(User(username=names["genodigd"], name="x", password_hash=""))
        blocked = User(username=names["geblokkeerd"], name="x", password_hash="x")
        blocked.blocked_at = utc_now()
        session.add(blocked)
    pages = {ask(installation, name).text for name in (*names.values(), officer)}
    assert len(pages) == 1
    with installation.transaction() as session:
        # Each name gets a row, whether or not it has an account.
        assert session.scalar(select(func.count()).select_from(SignInUnlock)) == 4
    assert letters(installation) == 1


@pytest.mark.both_databases
def test_asking_does_the_same_whether_or_not_there_is_an_account(
    installation: Installation, officer: str
) -> None:
    done: list[list[tuple[str, list[type]]]] = []

    def note(conn: Any, cursor: Any, statement: str, given: Any, *rest: Any) -> None:
        values = given.values() if isinstance(given, dict) else given
        done[-1].append((statement, [type(value) for value in values]))

    for name in (officer, "niemand@test.example"):
        form = installation.visitor().get("/wachtwoord-vergeten").forms["formulier"]
        form["gebruikersnaam"] = name
        done.append([])
        event.listen(installation.engine, "before_cursor_execute", note)
        form.submit("sturen", status=303)
        event.remove(installation.engine, "before_cursor_execute", note)
    assert done[0] == done[1]
    assert any("sign_in_unlock" in statement for statement, _ in done[0])
    assert not any("user_account" in statement for statement, _ in done[0])
    installation.run_jobs()
    with installation.transaction(NATIONAL) as session:
        about = select(AuditSubject.subject_id).select_from(AuditEvent)
        about = about.outerjoin(AuditSubject, AuditEvent.id == AuditSubject.event_id)
        asked = about.where(AuditEvent.action == "wachtwoord.link_gevraagd")
        whose = session.scalars(asked.order_by(AuditEvent.at)).all()
    assert whose == [user_id(installation, officer), None]


def test_who_asks_again_and_again_fills_no_mailbox(
    installation: Installation, officer: str
) -> None:
    for _ in range(3):
        ask(installation, officer)
    assert letters(installation) == 1
    first = mailed_link(installation)
    with clock_at(utc_now() + timedelta(minutes=11)):
        ask(installation, officer)
        assert letters(installation) == 2
        typed(installation.visitor(), first).submit("instellen", status=200)


def test_asking_at_once_sends_one_mail(installation: Installation, officer: str) -> None:
    forms = [installation.visitor().get("/wachtwoord-vergeten").forms["formulier"] for _ in "1234"]
    for form in forms:
        form["gebruikersnaam"] = officer
    assert at_once(forms, "sturen") == [303] * 4
    assert letters(installation) == 1


def test_a_link_works_once_and_half_an_hour_and_for_nothing_else(
    installation: Installation, officer: str
) -> None:
    ask(installation, officer)
    link = mailed_link(installation)
    assert "werkt niet meer" in installation.visitor().get(
        link.replace("wachtwoord-nieuw", "aanmelden-openen")
    )
    with clock_at(utc_now() + timedelta(minutes=31)):
        late = installation.visitor().get(link)
        assert "werkt niet meer" in late
        late.click("Een nieuwe mail vragen")
    forms = [typed(installation.visitor(), link) for _ in range(2)]
    assert sorted(at_once(forms, "instellen")) == [200, 422]
    name, _, mac = link.partition("=")[2].partition(".")
    for key in ("", "x", f"{'a' * 32}.b", f"{name}.", f"{name}.{mac[:-1]}é", f"{name}.{mac}"):
        page = installation.visitor().get("/wachtwoord-nieuw", {"sleutel": key})
        assert "werkt niet meer" in page, key


def test_a_link_for_unlocking_sets_no_password(installation: Installation, officer: str) -> None:
    for _ in range(FREE_ATTEMPTS):
        filled(installation.visitor(), officer).submit("aanmelden", status=422)
    form = installation.visitor().get("/aanmelden-link").forms["formulier"]
    form["gebruikersnaam"] = officer
    form.submit("sturen", status=303)
    unlock = re.search(r"sleutel=(\S+)", last_mail(installation))
    assert unlock
    page = installation.visitor().get("/wachtwoord-nieuw", {"sleutel": unlock[1]})
    assert "werkt niet meer" in page


def test_a_weak_password_is_refused_and_the_link_still_works(
    installation: Installation, officer: str
) -> None:
    ask(installation, officer)
    link = mailed_link(installation)
    for weak in ("wachtwoord123", "kort", "olga officier"):
        typed(installation.visitor(), link, weak).submit("instellen", status=422)
    form = typed(installation.visitor(), link)
    form["nog_eens"] = "iets anders dan dat"
    assert "niet gelijk" in form.submit("instellen", status=422)
    typed(installation.visitor(), link).submit("instellen", status=200)


def test_a_changed_password_spends_the_links_that_were_sent_before(
    installation: Installation, officer: str
) -> None:
    ask(installation, officer)
    link = mailed_link(installation)
    browser = installation.browser(officer)
    form = browser.get("/account-wachtwoord").forms["formulier"]
    form["oud"], form["wachtwoord"], form["nog_eens"] = PASSWORD, NEW, NEW
    form.submit("wijzigen", status=303)
    assert "werkt niet meer" in installation.visitor().get(link)


def test_who_is_blocked_meanwhile_sets_nothing(installation: Installation, officer: str) -> None:
    ask(installation, officer)
    form = typed(installation.visitor(), mailed_link(installation))
    with installation.transaction() as session:
        session.execute(update(User).values(blocked_at=utc_now()))
    form.submit("instellen", status=422)
