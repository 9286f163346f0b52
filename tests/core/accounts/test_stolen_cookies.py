"""Tests that a copy of a session's cookie is worth nothing once the session should be over."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.accounts.services import block_user
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import PASSWORD, Installation
from tests.support.mailboxes import last_mail

pytestmark = pytest.mark.judged_once
NEW = "paarse fiets zingt zacht"
INBOX = "/gemeenten/dordrecht/postvak"


def block(installation: Installation, own: Any, username: str) -> None:
    with installation.transaction() as session:
        user = session.scalars(select(User).where(User.username == username)).one()
        block_user(session, SYSTEM, user)


def sign_out(installation: Installation, own: Any, username: str) -> None:
    own.post("/afmelden", {"csrf_token": own.cookies["csrf"]}, status=303)


def sign_in_again(installation: Installation, own: Any, username: str) -> None:
    form = own.get("/aanmelden").forms["formulier"]
    form["gebruikersnaam"], form["wachtwoord"] = username, PASSWORD
    form.submit("aanmelden", status=303)


def change_password(installation: Installation, own: Any, username: str) -> None:
    form = own.get("/account-wachtwoord").forms["formulier"]
    form["oud"], form["wachtwoord"], form["nog_eens"] = PASSWORD, NEW, NEW
    form.submit("wijzigen", status=303)


def forget_password(installation: Installation, own: Any, username: str) -> None:
    visitor = installation.visitor()
    form = visitor.get("/wachtwoord-vergeten").forms["formulier"]
    form["gebruikersnaam"] = username
    form.submit("sturen", status=303)
    link = re.search(r"/wachtwoord-nieuw\?sleutel=\S+", last_mail(installation))
    assert link
    form = visitor.get(link[0]).forms["formulier"]
    form["wachtwoord"] = form["nog_eens"] = NEW
    form.submit("instellen", status=200)


def end_elsewhere(installation: Installation, own: Any, username: str) -> None:
    other = installation.browser(username)
    data = {"csrf_token": other.cookies["csrf"], "welke": "alle"}
    other.post("/account-sessie", data, status=303)


@pytest.mark.parametrize(
    "event",
    [block, sign_out, sign_in_again, change_password, forget_password, end_elsewhere],
)
def test_a_stolen_cookie_is_dead_after(
    installation: Installation, event: Callable[[Installation, Any, str], None]
) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    own, thief = installation.browser(username), installation.visitor()
    thief.set_cookie("sessie", own.cookies["sessie"])
    thief.get(INBOX, status=200)
    event(installation, own, username)
    assert "/aanmelden" in thief.get(INBOX, status=303).location
    assert "/aanmelden" in thief.get("/account", status=303).location


def test_a_stolen_cookie_reads_nothing_once_the_role_is_taken(installation: Installation) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    own, thief = installation.browser(username), installation.visitor()
    thief.set_cookie("sessie", own.cookies["sessie"])
    thief.get(INBOX, status=200)
    with installation.transaction() as session:
        session.execute(delete(RoleAssignment))
    thief.get(INBOX, status=404)


def test_a_stolen_cookie_is_dead_when_its_time_is_over(installation: Installation) -> None:
    own, settings = installation.browser(make_user(installation)), installation.settings
    idle = timedelta(minutes=settings.session_idle_minutes)
    longest = timedelta(hours=settings.session_absolute_hours)
    start, ago = utc_now(), timedelta(0)
    own.get("/account", status=200)
    # Used all the time: only the longest time ends it.
    while ago + idle / 2 < longest:
        ago += idle / 2
        with clock_at(start + ago):
            own.get("/account", status=200)
    with clock_at(start + longest + timedelta(seconds=1)):
        own.get("/account", status=303)
    unused = installation.browser(make_user(installation))
    with clock_at(utc_now() + idle + timedelta(seconds=5)):
        unused.get("/account", status=303)
