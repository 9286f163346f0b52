"""Signing in with a second factor: setting up the first, codes of an app, recovery codes."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from pyotp import TOTP
from sqlalchemy import func, select

from stopintimidatie.core.accounts.guesses import BROWSER_COOKIE, FREE_ATTEMPTS, proof_of
from stopintimidatie.core.accounts.mail import WRONG_FACTOR
from stopintimidatie.core.accounts.models import LoginSession, PendingSignIn, RecoveryCode, User
from stopintimidatie.core.accounts.services import block_user
from stopintimidatie.core.accounts.sessions import PENDING_LASTS
from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.factors.services import STEP_SECONDS, reset_factors
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.security.policy import cookie_name
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import datetime_long
from tests.support.factories import DORDRECHT, make_user, user_id
from tests.support.installation import PASSWORD, Installation
from tests.support.mailboxes import last_mail, mails

FACTOR, SETUP = "/aanmelden-factor", "/aanmelden-instellen"


def colleague(installation: Installation) -> str:
    return make_user(installation, (DORDRECHT, Role.OFFICER), demo=False)


def half_signed_in(installation: Installation, username: str) -> Any:
    """A browser in which the password was given and nothing more."""
    browser = installation.visitor()
    form = browser.get("/aanmelden?volgende=/gemeenten/dordrecht").forms["formulier"]
    form["gebruikersnaam"], form["wachtwoord"] = username, PASSWORD
    assert form.submit("aanmelden", status=303).location.endswith(FACTOR)
    return browser


def code(installation: Installation, username: str, later: int = 0) -> str:
    app, _ = installation.apps[username]
    now = int(utc_now().timestamp()) // STEP_SECONDS
    return app.generate_otp(now + later)


def give(browser: Any, typed: str, status: int = 303) -> Any:
    form = browser.get(FACTOR).forms["formulier"]
    form["code"] = typed
    return form.submit("aanmelden", status=status)


def kept(installation: Installation, *entities: Any) -> list[int]:
    with installation.transaction() as session:
        return [session.scalar(select(func.count()).select_from(each)) or 0 for each in entities]


def test_the_right_password_alone_opens_nothing_but_the_page_of_the_second_step(
    installation: Installation,
) -> None:
    browser = half_signed_in(installation, colleague(installation))
    for path in ("/zoeken", "/gemeenten/dordrecht", "/gemeenten/dordrecht/postvak", "/post"):
        assert "/aanmelden?" in browser.get(path, status=303).location
    assert browser.get(FACTOR, status=303).location.endswith(SETUP)
    assert kept(installation, LoginSession, PendingSignIn) == [0, 1]


def test_the_first_factor_is_set_up_at_once_and_recovery_codes_are_shown_once(
    installation: Installation,
) -> None:
    username = colleague(installation)
    browser = half_signed_in(installation, username)
    page = browser.get(SETUP)
    assert "data:image/svg+xml" in page.html.select_one(".si-qr")["src"]
    form = page.forms["formulier"]
    form["code"] = "000000"
    wrong = form.submit(status=422)
    assert "Deze code klopt niet" in wrong
    for again in (wrong, browser.get(SETUP)):
        assert again.html.select_one(".si-secret").text == page.html.select_one(".si-secret").text
    form["code"] = " "
    assert "Vul de code in" in form.submit(status=422)
    assert kept(installation, LoginSession) == [0]
    installation._show_factor(browser, username)
    browser.get("/gemeenten/dordrecht", status=200)
    assert kept(installation, LoginSession, PendingSignIn, RecoveryCode) == [1, 0, 10]
    assert browser.get(SETUP, status=303).location.endswith("/aanmelden")


@pytest.mark.both_databases
def test_a_code_of_the_app_leads_to_the_page_that_was_asked_for_and_works_once(
    installation: Installation,
) -> None:
    username = colleague(installation)
    installation.browser(username)
    with clock_at(utc_now() + timedelta(minutes=5)):
        typed = code(installation, username)
        first, second = (half_signed_in(installation, username) for _ in range(2))
        assert give(first, f"{typed[:3]} {typed[3:]}").location.endswith("/gemeenten/dordrecht")
        first.get("/gemeenten/dordrecht", status=200)
        assert "is al gebruikt" in give(second, typed, 422)
        assert give(second, code(installation, username, later=1)).location
    with clock_at(utc_now() + timedelta(minutes=20)):
        late = half_signed_in(installation, username)
        assert "klopt niet" in give(late, code(installation, username, later=-3), 422)


def test_wrong_codes_lock_this_person_in_this_browser_and_no_password(
    installation: Installation,
) -> None:
    username = colleague(installation)
    installation.browser(username)
    browser = half_signed_in(installation, username)
    assert "Vul de code in." in give(browser, "", 422)
    for _ in range(5):
        give(browser, "123456", 422)
    assert "te vaak een verkeerde code" in give(browser, "123456", 422)
    half_signed_in(installation, username)
    with installation.transaction(NATIONAL) as session:
        failed = select(func.count()).where(AuditEvent.action == "aanmelden.mislukt")
        assert session.scalar(failed) == 5


def test_who_has_the_password_and_guesses_codes_is_told_to_its_owner_once(
    installation: Installation,
) -> None:
    username = colleague(installation)
    installation.browser(username)
    thief = half_signed_in(installation, username)
    for _ in range(FREE_ATTEMPTS - 1):
        give(thief, "000000", 422)
    assert told(installation) == 0
    for _ in range(3):
        give(thief, "000000", 422)
    assert told(installation) == 1
    text = last_mail(installation)
    for word in ("vijf keer niet", "Er is niemand binnengekomen", "/wachtwoord-vergeten"):
        assert word in text
    assert username not in text
    with clock_at(utc_now() + timedelta(seconds=31)):
        give(thief, "000000", 422)
    assert told(installation) == 1


def told(installation: Installation) -> int:
    """Count the mails about somebody who guesses codes."""
    installation.run_jobs()
    return len(mails(installation, WRONG_FACTOR.name))


def test_a_link_from_a_mail_gives_no_fresh_count_of_codes(installation: Installation) -> None:
    username = colleague(installation)
    installation.browser(username)
    settings, keys = installation.settings, installation.registry.key_ring
    for number in range(2):
        browser = half_signed_in(installation, username)
        proof = proof_of(keys, username, by_mail=True)
        browser.set_cookie(cookie_name(settings, BROWSER_COOKIE), proof)
        for _ in range(5 if number == 0 else 1):
            answer = give(browser, "123456", 422)
    assert "te vaak een verkeerde code" in answer


@pytest.mark.short_on("sqlite")
@pytest.mark.both_databases
def test_a_recovery_code_signs_in_once_and_the_person_is_mailed(
    installation: Installation,
) -> None:
    username = colleague(installation)
    browser = half_signed_in(installation, username)
    shown = browser.get(SETUP)
    form = shown.forms["formulier"]
    secret = shown.html.select_one(".si-secret").text.replace(" ", "")
    form["code"] = TOTP(secret).at(utc_now())
    codes = [each.text for each in form.submit(status=200).html.select(".si-codes code")]
    assert len(set(codes)) == 10
    lost = half_signed_in(installation, username)
    give(lost, codes[3].lower().replace("-", " "))
    assert "u hebt nog 9 herstelcodes" in lost.get("/gemeenten/dordrecht", status=200)
    again = half_signed_in(installation, username)
    give(again, codes[3], 422)
    give(again, codes[4])
    installation.run_jobs()
    [set_up] = [
        mail for mail in mails(installation, "tweede_stap") if "is een app met" in (mail.kept or "")
    ]
    assert f"Dat was op {datetime_long(set_up.created_at)}" in str(set_up.kept)
    assert "haal die app weg op Mijn account" in str(set_up.kept)
    with installation.transaction(NATIONAL) as session:
        mailed = session.scalars(
            select(MailMessage.kept).where(MailMessage.template == "tweede_stap")
        ).all()
        logged = session.execute(
            select(AuditEvent.action, AuditEvent.fields).where(
                AuditEvent.action.startswith("aanmelden.")
            )
        ).all()
    assert sum("herstelcode gebruikt" in (text or "") for text in mailed) == 2
    assert not any(each in (text or "") for text in mailed for each in codes)
    assert Counter((action, *fields) for action, fields in logged) == {
        ("aanmelden.gelukt", "app", "wachtwoord"): 1,
        ("aanmelden.gelukt", "herstelcode", "wachtwoord"): 2,
        ("aanmelden.mislukt", "code"): 1,
    }


def test_a_sign_in_waits_ten_minutes_and_ends_when_the_person_is_blocked(
    installation: Installation,
) -> None:
    username = colleague(installation)
    installation.browser(username)
    browser = half_signed_in(installation, username)
    with clock_at(utc_now() + PENDING_LASTS):
        assert browser.get(FACTOR, status=303).location.endswith("/aanmelden")
    with installation.transaction() as session:
        block_user(session, SYSTEM, session.get_one(User, user_id(installation, username)))
    assert browser.get(FACTOR, status=303).location.endswith("/aanmelden")
    assert kept(installation, LoginSession, PendingSignIn) == [0, 0]


def test_who_lost_everything_gets_a_fresh_start_from_an_admin(installation: Installation) -> None:
    username = colleague(installation)
    browser = installation.browser(username)
    with installation.transaction(DORDRECHT) as session:
        reset_factors(session, SYSTEM, user_id(installation, username), DORDRECHT)
    assert "/aanmelden?" in browser.get("/zoeken", status=303).location
    again = half_signed_in(installation, username)
    assert again.get(FACTOR, status=303).location.endswith(SETUP)
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        mailed = session.scalars(select(MailMessage.kept)).all()
    assert any("beheerder heeft uw tweede stap hersteld" in (text or "") for text in mailed)
