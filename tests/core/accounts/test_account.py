"""Tests of the own account: name, password and sessions, and what a stolen session can do."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, update

from stopintimidatie.core.accounts.guesses import FREE_ATTEMPTS
from stopintimidatie.core.accounts.mail import PASSWORD_CHANGED
from stopintimidatie.core.accounts.models import LoginSession, User
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from tests.support.factories import DORDRECHT, EINDHOVEN, make_user, user_id
from tests.support.installation import PASSWORD, Installation
from tests.support.mailboxes import last_mail, mails
from tests.support.signing_in import WRONG, filled

NEW = "paarse fiets zingt zacht"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605 Version/18 Safari/604"


@pytest.fixture
def officer(installation: Installation) -> str:
    return make_user(installation, (DORDRECHT, Role.OFFICER), name="Olga Officier")


def is_in(browser: Any) -> bool:
    """Tell whether a browser is signed in."""
    return bool(browser.get("/account", status="*").status_int == 200)


def chosen(browser: Any, old: str, new: str, again: str | None = None) -> Any:
    """Fill in the form to change the password."""
    form = browser.get("/account-wachtwoord").forms["formulier"]
    form["oud"], form["wachtwoord"] = old, new
    form["nog_eens"] = new if again is None else again
    return form


def logged(installation: Installation, username: str) -> list[str]:
    who = str(user_id(installation, username))
    with installation.transaction(NATIONAL) as session:
        rows = select(AuditEvent.action).where(AuditEvent.actor_id == who).order_by(AuditEvent.at)
        return list(session.scalars(rows))


def test_the_name_in_the_bar_leads_to_the_account_with_its_roles(
    installation: Installation,
) -> None:
    roles = (DORDRECHT, Role.OFFICER), (NATIONAL, Role.PRIVACY_OFFICER)
    browser = installation.browser(make_user(installation, *roles, name="Olga Officier"))
    places = browser.get("/gemeenten")
    assert places.html.select_one(".si-account summary").text == "Olga Officier"
    page = places.click("Mijn account", href="/account$")
    for text in ("Mijn account", "Dordrecht", "Landelijk meldpunt", "deze sessie"):
        assert text in page


def test_the_name_can_be_changed_and_that_is_logged(
    installation: Installation, officer: str
) -> None:
    browser = installation.browser(officer)
    for name in ("Olga de Jong", "Olga de Jong"):
        form = browser.get("/account-naam").forms["formulier"]
        form["naam"] = name
        page = form.submit("opslaan", status=303).follow()
    assert "Olga de Jong" in page
    assert logged(installation, officer).count("account.naam") == 1
    form = browser.get("/account-naam").forms["formulier"]
    form["naam"] = "  "
    form.submit("opslaan", status=422)


def test_everybody_chooses_when_mail_comes_and_that_is_logged(
    installation: Installation, officer: str
) -> None:
    browser = installation.browser(officer)
    card = browser.get("/account").html.select_one("#post")
    assert card.select_one("dd").text == "Meteen"
    for choice in ("dagelijks", "dagelijks", "geen"):
        page = browser.get(card.select_one("a")["href"])
        for told in ("een vraag van een collega", "Wat altijd meteen komt"):
            assert told in page
        form = page.forms["formulier"]
        form["post"] = choice
        page = form.submit("opslaan", status=303).follow()
    assert page.html.select_one("#post dd").text == "Geen"
    assert logged(installation, officer).count("account.post") == 2
    form = browser.get("/account-post").forms["formulier"]
    assert form["post"].value == "geen"
    form["post"].force_value("nooit")
    form.submit("opslaan", status=422)


def test_a_new_password_ends_the_other_sessions_and_copies_of_the_own_cookie(
    installation: Installation, officer: str
) -> None:
    own, other, thief = (installation.browser(officer) for _ in range(3))
    thief.set_cookie("sessie", own.cookies["sessie"])
    assert is_in(thief)
    page = chosen(own, PASSWORD, NEW).submit("wijzigen", status=303).follow()
    assert "Uw wachtwoord is gewijzigd" in page
    assert [is_in(browser) for browser in (own, other, thief)] == [True, False, False]
    filled(installation.visitor(), officer, PASSWORD).submit("aanmelden", status=422)
    installation.browser(officer, NEW)
    assert logged(installation, officer).count("wachtwoord.gewijzigd") == 1
    installation.run_jobs()
    assert len(mails(installation, PASSWORD_CHANGED.name)) == 1


def test_the_mail_about_a_new_password_names_nobody_and_says_what_to_do(
    installation: Installation, officer: str
) -> None:
    chosen(installation.browser(officer), PASSWORD, NEW).submit("wijzigen", status=303)
    installation.run_jobs()
    text = last_mail(installation)
    assert "/wachtwoord-vergeten" in text
    assert "Olga" not in text
    assert officer not in text


@pytest.mark.parametrize(
    ("old", "new", "again", "reason"),
    [
        (WRONG, NEW, NEW, "klopt niet"),
        (PASSWORD, NEW, "iets heel anders", "niet gelijk"),
        (PASSWORD, PASSWORD, PASSWORD, "uw wachtwoord van nu"),
        (PASSWORD, "wachtwoord123", "wachtwoord123", "te raden"),
        (PASSWORD, "olga officier", "olga officier", "te raden"),
        (PASSWORD, "kort", "kort", "minstens 12"),
    ],
)
def test_what_is_wrong_with_a_password_is_said_and_nothing_changes(
    installation: Installation, officer: str, old: str, new: str, again: str, reason: str
) -> None:
    own, other = installation.browser(officer), installation.browser(officer)
    page = chosen(own, old, new, again).submit("wijzigen", status=422)
    assert reason in page
    assert new not in page
    assert is_in(other)
    installation.browser(officer)


def test_a_stolen_session_is_no_place_to_try_passwords(
    installation: Installation, officer: str
) -> None:
    thief = installation.visitor()
    thief.set_cookie("sessie", installation.browser(officer).cookies["sessie"])
    thief.get("/account")
    for _ in range(FREE_ATTEMPTS):
        page = chosen(thief, WRONG, NEW).submit("wijzigen", status=422)
    assert "te vaak" in page
    assert "te vaak" in chosen(thief, PASSWORD, NEW).submit("wijzigen", status=422)
    assert logged(installation, officer).count("wachtwoord.mislukt") == FREE_ATTEMPTS


def test_who_was_signed_out_meanwhile_changes_nothing(
    installation: Installation, officer: str
) -> None:
    own, other = installation.browser(officer), installation.browser(officer)
    form = chosen(other, PASSWORD, NEW)
    end_others = own.post(
        "/account-sessie", {"csrf_token": own.cookies["csrf"], "welke": "alle"}, status=303
    )
    assert "Overal elders bent u afgemeld" in end_others.follow()
    assert form.submit("wijzigen", status="*").status_int != 200
    installation.browser(officer)


def test_the_own_sessions_are_listed_and_can_be_ended_one_by_one(
    installation: Installation, officer: str
) -> None:
    own, telephone, third = installation.visitor(), installation.visitor(), installation.visitor()
    own.extra_environ["HTTP_USER_AGENT"] = FIREFOX
    telephone.extra_environ["HTTP_USER_AGENT"] = SAFARI
    for browser in (own, telephone, third):
        filled(browser, officer, PASSWORD).submit("aanmelden", status=303)
    stranger = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    page = own.get("/account")
    assert "Firefox op Windows" in page
    row = next(item for item in page.html.select(".si-list__item") if "iPhone" in item.text)
    which = row.select_one("input[name=welke]")["value"]
    assert stranger.post(
        "/account-sessie", {"csrf_token": stranger.cookies["csrf"], "welke": which}, status=303
    )
    assert is_in(telephone), "of somebody else"
    form = next(
        form for form in page.forms.values() if which in dict(form.submit_fields()).values()
    )
    assert "De sessie is beëindigd" in form.submit(status=303).follow()
    assert [is_in(browser) for browser in (own, telephone, third)] == [True, False, True]
    assert "was al beëindigd" in form.submit(status=303).follow()
    own.post("/account-sessie", {"csrf_token": own.cookies["csrf"]}, status=303)
    assert is_in(third), "nothing was chosen"
    assert logged(installation, officer).count("account.sessie") == 1


def test_what_came_through_a_provider_sees_and_ends_only_its_own_and_changes_no_account(
    installation: Installation,
) -> None:
    roles = (DORDRECHT, Role.OFFICER), (EINDHOVEN, Role.OFFICER)
    username = make_user(installation, *roles, name="Olga Officier")
    own, elsewhere = installation.browser(username), installation.browser(username)
    with installation.transaction() as session:
        newest = session.scalars(
            select(LoginSession).order_by(LoginSession.created_at).limit(1)
        ).one()
        newest.provider = DORDRECHT
    page = own.get("/account")
    assert "Aangemeld via gemeente Dordrecht" in page
    assert "Eindhoven" not in page
    assert len(page.html.select("#sessies .si-list__item")) == 1
    for address in ("/account-naam", "/account-wachtwoord"):
        refused = own.get(address, status=303).follow()
        assert "Naam, wachtwoord en tweede stap wijzigt u" in refused
        own.post(address, {"csrf_token": own.cookies["csrf"], "naam": "Iemand"}, status=303)
    own.post("/account-sessie", {"csrf_token": own.cookies["csrf"], "welke": "alle"}, status=303)
    assert is_in(elsewhere)
    assert "Olga Officier" in elsewhere.get("/account")


def test_sessions_that_are_over_are_not_listed(installation: Installation, officer: str) -> None:
    own, _ = installation.browser(officer), installation.browser(officer)
    assert len(own.get("/account").html.select("#sessies .si-list__item")) == 2
    with installation.transaction() as session:
        mine = session.scalars(select(LoginSession.token_hash)).all()
        session.execute(
            update(LoginSession)
            .where(
                LoginSession.created_at
                == select(func.max(LoginSession.created_at)).scalar_subquery()
            )
            .values(ends_at=utc_now())
        )
    assert len(mine) == 2
    assert len(own.get("/account").html.select("#sessies .si-list__item")) == 1


def test_an_account_without_a_role_says_where_to_ask(installation: Installation) -> None:
    assert "geen rol" in installation.browser(make_user(installation)).get("/account")


def test_no_visitor_sees_an_account(installation: Installation) -> None:
    for address in ("/account", "/account-naam", "/account-wachtwoord"):
        assert "/aanmelden" in installation.visitor().get(address, status=303).location


def test_a_blocked_person_keeps_no_session(installation: Installation, officer: str) -> None:
    browser = installation.browser(officer)
    with installation.transaction() as session:
        session.execute(update(User).values(blocked_at=utc_now()))
    assert not is_in(browser)
