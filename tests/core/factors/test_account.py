"""Second factors on one's own account page."""

from __future__ import annotations

from typing import Any

from pyotp import TOTP
from sqlalchemy import select, update

from stopintimidatie.core.accounts.models import LoginSession, OneTimeCode, Passkey, RecoveryCode
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from tests.support.factories import DORDRECHT, make_user, user_id
from tests.support.installation import Installation


def press(browser: Any, name: str, **fields: Any) -> Any:
    token = browser.cookies["csrf"]
    return browser.post(f"/account-{name}", {"csrf_token": token, **fields})


def set_up_app(browser: Any) -> Any:
    page = browser.get("/account-app")
    form = page.forms["formulier"]
    secret = page.html.select_one(".si-secret").text.replace(" ", "")
    form["code"] = TOTP(secret).at(utc_now())
    return form.submit("instellen")


def test_a_demo_account_can_set_up_an_app_and_is_asked_for_it_from_then_on(
    installation: Installation,
) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    browser = installation.browser(username)
    assert "nog geen tweede stap" in browser.get("/account")
    assert len(set_up_app(browser).html.select(".si-codes code")) == 10
    assert "App met codes" in browser.get("/account")
    visitor = installation.visitor()
    form = visitor.get("/aanmelden").forms["formulier"]
    form["gebruikersnaam"], form["wachtwoord"] = username, "demo-wachtwoord"
    assert form.submit("aanmelden").location.endswith("/aanmelden-factor")
    assert "nog geen tweede stap" in press(browser, "factor-weg", welke="app").follow()


def test_the_last_factor_of_who_needs_one_stays(installation: Installation) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER), demo=False)
    browser = installation.browser(username)
    assert "uw enige tweede stap" in press(browser, "factor-weg", welke="app").follow()
    assert "Deze was al weg" not in browser.get("/account")
    owner = user_id(installation, username)
    with installation.transaction() as session:
        assert session.scalars(select(OneTimeCode.user_id)).all() == [owner]


def test_an_app_is_replaced_and_new_codes_take_the_place_of_old_ones(
    installation: Installation,
) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER), demo=False)
    browser = installation.browser(username)
    with installation.transaction() as session:
        old = session.scalars(select(OneTimeCode.secret)).one()
        codes = set(session.scalars(select(RecoveryCode.code_hash)))
    assert "Ingesteld." in set_up_app(browser).follow()
    assert len(press(browser, "herstelcodes").html.select(".si-codes code")) == 10
    with installation.transaction() as session:
        assert session.scalars(select(OneTimeCode.secret)).one() != old
        assert not codes & set(session.scalars(select(RecoveryCode.code_hash)))
    installation.run_jobs()
    with installation.transaction(NATIONAL) as session:
        kept = session.scalars(
            select(MailMessage.kept).where(MailMessage.template == "tweede_stap")
        )
        assert sum("app met codes ingesteld" in (text or "") for text in kept) == 2


def test_a_session_of_a_municipality_s_provider_does_not_touch_the_account(
    installation: Installation,
) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    browser = installation.browser(username)
    set_up_app(browser)
    with installation.transaction() as session:
        owner = user_id(installation, username)
        codes = session.scalars(select(RecoveryCode.id)).all()
        session.add(
            Passkey(user_id=owner, name="Telefoon thuis", credential_id="YQ", public_key="YQ")
        )
    assert "Telefoon thuis" in browser.get("/account")
    with installation.transaction() as session:
        session.execute(update(LoginSession).values(provider=DORDRECHT, factor_at=utc_now()))
    page = browser.get("/account")
    assert "Meld u aan met uw wachtwoord of passkey om dit te zien" in page
    for hidden in ("Telefoon thuis", "App met codes", "Herstelcodes", "nog geen tweede stap"):
        assert hidden not in page
    for path in ("/account-app", "/account-passkey"):
        assert "via uw gemeente" in browser.get(path, status=303).follow()
    assert "via uw gemeente" in press(browser, "herstelcodes").follow()
    with installation.transaction() as session:
        assert session.scalars(select(RecoveryCode.id)).all() == codes
