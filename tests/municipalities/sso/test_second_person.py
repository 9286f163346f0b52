"""Tests of the second person for an identity provider: an admin alone lets nobody in by it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.accounts.models import (
    IdentityProvider,
    LoginSession,
    RoleAssignment,
    User,
)
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from tests.support.factories import DORDRECHT, connect, gave_account, make_user, user_id
from tests.support.identity_providers import PROVIDER_PAGE as PAGE
from tests.support.identity_providers import TYPED_ISSUER as ISSUER
from tests.support.identity_providers import (
    Person,
    RunningProvider,
    connect_provider,
    has_come_through,
    save,
    set_up,
)
from tests.support.installation import Installation
from tests.support.seconds import waiting_kinds

pytestmark = [pytest.mark.judged_once, pytest.mark.sqlite]

DESK = "/landelijk/aansluiting?gemeente=dordrecht"
ADMIN, OFFICER = (DORDRECHT, Role.ADMIN), (DORDRECHT, Role.OFFICER)
DOOR = "/aanmelden-gemeente/dordrecht"
CONFIRM = "/gemeenten/dordrecht/rollen"
AT_DESK = "/landelijk/rollen"
WAITS = "Wacht op een tweede persoon"
COLLEAGUE = "een collega van de gemeente die meldingen leest"


@pytest.fixture
def admin(installation: Installation) -> str:
    connect(installation)
    return make_user(installation, ADMIN)


def form_at(browser: Any, page: str) -> Any:
    forms = browser.get(page, status=200).forms.items()
    (form,) = [form for name, form in forms if str(name).startswith("voorstel-")]
    return form


def answer(form: Any, decision: str, reason: str = "", status: int = 303) -> Any:
    form["besluit"], form["reden"] = decision, reason
    return form.submit("vastleggen", status=status)


def may_decide(browser: Any, page: str) -> bool:
    return 'name="besluit"' in browser.get(page, status=200)


def is_open(installation: Installation) -> bool:
    """Whether the door lets anybody on to the provider, and the page to sign in shows it."""
    with installation.transaction() as session:
        row = session.get_one(IdentityProvider, DORDRECHT)
        in_use = row.in_use
    shown = "Aanmelden via uw gemeente" in installation.visitor().get("/aanmelden")
    answered = installation.visitor().get(DOOR, status="*").status_int
    assert shown == in_use == (answered != 404)
    return shown


def logged(installation: Installation, holder: str, action: str) -> list[AuditEvent]:
    installation.run_jobs()
    with installation.transaction(holder) as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == action)).all()
        session.expunge_all()
        return list(events)


def test_an_admin_alone_sends_nobody_to_a_provider_of_their_own(
    installation: Installation, admin: str, providers: list[RunningProvider]
) -> None:
    reader = make_user(installation, OFFICER)
    browser = installation.browser(admin)
    assert f"{WAITS}: {COLLEAGUE}" in set_up(browser, adres=providers[0].issuer).follow()
    assert not is_open(installation)
    browser.get(CONFIRM, status=403)
    second = installation.browser(reader)
    assert waiting_kinds(installation, reader) == ["inlogdienst"]
    card = second.get(CONFIRM)
    for seen in (providers[0].issuer, "stopintimidatie", "groups"):
        assert seen in card
    assert "Bevestigd" in answer(form_at(second, CONFIRM), "bevestigen").follow()
    assert is_open(installation)
    assert "staat aan" in browser.get(PAGE)
    (event,) = logged(installation, DORDRECHT, "gemeente.aanmelden_bevestigd")
    assert event.actor_id == str(user_id(installation, reader))
    assert set(event.fields) == {DORDRECHT, providers[0].issuer, "stopintimidatie", "groups"}


@pytest.mark.parametrize(
    "changes",
    [
        {"adres": "https://kwaad.example", "geheim": "x-geheim"},
        {"client": "een-andere"},
        {"groepen": "nickname"},
    ],
    ids=["issuer", "client", "claim"],
)
def test_what_was_confirmed_is_confirmed_again_after_a_change(
    installation: Installation, admin: str, changes: dict[str, Any]
) -> None:
    reader = make_user(installation, OFFICER)
    connect_provider(installation, DORDRECHT, ISSUER)
    browser, through = installation.browser(admin), installation.browser(reader)
    has_come_through(installation, reader)
    assert is_open(installation)
    assert WAITS in save(browser, **changes).follow()
    assert not is_open(installation)
    assert "/aanmelden" in through.get("/gemeenten/dordrecht/postvak", status=303).location
    # Off and on again, or what it was before, is no way around it.
    save(browser, aan=False)
    assert WAITS in save(browser, aan=True).follow()
    back: dict[str, Any] = {
        "adres": ISSUER,
        "client": "stopintimidatie",
        "groepen": "groups",
        "geheim": "a-geheim",
    }
    save(browser, **back)
    assert not is_open(installation)


def test_a_change_while_it_is_off_is_not_covered_by_the_old_confirmation(
    installation: Installation, admin: str
) -> None:
    connect_provider(installation, DORDRECHT, ISSUER)
    browser = installation.browser(admin)
    save(browser, aan=False)
    save(browser, groepen="nickname")
    assert WAITS in save(browser, aan=True).follow()
    assert not is_open(installation)


def test_another_secret_other_hours_and_switching_off_and_on_need_nobody(
    installation: Installation, admin: str
) -> None:
    connect_provider(installation, DORDRECHT, ISSUER)
    browser = installation.browser(admin)
    for changes in ({"geheim": "nieuw-geheim"}, {"uren": "3"}, {"aan": False}, {"aan": True}):
        assert WAITS not in save(browser, **changes).follow()
    assert is_open(installation)


def test_whoever_had_a_hand_in_it_does_not_confirm_it(
    installation: Installation,
) -> None:
    connect(installation)
    both = make_user(installation, ADMIN, OFFICER)
    giver, free = make_user(installation, OFFICER), make_user(installation, OFFICER)
    gave_account(installation, giver, both)
    set_up(installation.browser(both))
    for username, may in ((both, False), (giver, False), (free, True)):
        assert may_decide(installation.browser(username), CONFIRM) == may, username
    # Another admin who saves it as well doesn't make the first one a stranger to it.
    other = installation.browser(make_user(installation, ADMIN))
    save(other, groepen="rollen")
    for username, may in ((both, False), (giver, False), (free, True)):
        assert may_decide(installation.browser(username), CONFIRM) == may, username


def test_where_nobody_can_confirm_it_the_desk_does(installation: Installation) -> None:
    connect(installation)
    admin = make_user(installation, ADMIN, OFFICER)
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    browser = installation.browser(admin)
    assert f"{WAITS}: het landelijk meldpunt" in set_up(browser).follow()
    assert not may_decide(browser, CONFIRM)
    assert logged(installation, NATIONAL, "gemeente.aanmelden")[0].fields[0] == DORDRECHT
    assert "Aanmelden via de gemeente</h2>" not in desk.get(DESK)
    answer(form_at(desk, AT_DESK), "bevestigen")
    assert is_open(installation)
    for holder in (NATIONAL, DORDRECHT):
        (event,) = logged(installation, holder, "gemeente.aanmelden_bevestigd")
        assert event.fields[0] == DORDRECHT


def test_a_reader_without_a_password_is_nobody_to_wait_for(
    installation: Installation, admin: str
) -> None:
    reader = make_user(installation, OFFICER)
    with installation.transaction() as session:
        session.scalars(select(User).where(User.username == reader)).one().password_hash = ""
    assert "het landelijk meldpunt" in set_up(installation.browser(admin)).follow()


def test_who_refuses_says_why_and_it_is_off(installation: Installation, admin: str) -> None:
    second = installation.browser(make_user(installation, OFFICER))
    browser = installation.browser(admin)
    set_up(browser)
    form = form_at(second, CONFIRM)
    assert "waarom" in answer(form, "weigeren", status=422)
    assert "Geweigerd" in answer(form, "weigeren", "Niet van ons.").follow()
    assert not is_open(installation)
    shown = browser.get(PAGE)
    assert "Niet van ons." in shown
    assert "staat uit" in shown
    (event,) = logged(installation, DORDRECHT, "gemeente.aanmelden_geweigerd")
    assert event.reason == "Niet van ons."
    assert WAITS in save(browser, aan=True).follow()
    assert "Niet van ons." not in browser.get(PAGE)
    assert may_decide(second, CONFIRM)


def test_what_changed_after_it_was_shown_is_not_confirmed(
    installation: Installation, admin: str
) -> None:
    second = installation.browser(make_user(installation, OFFICER))
    browser = installation.browser(admin)
    set_up(browser)
    form = form_at(second, CONFIRM)
    save(browser, client="een-andere")
    assert "al beslist" in answer(form, "bevestigen").follow()
    assert not is_open(installation)


def test_passwords_count_while_the_provider_waits(installation: Installation, admin: str) -> None:
    connect_provider(installation, DORDRECHT, ISSUER, required=True, confirmed_at=None)
    installation.browser(admin).get(PAGE, status=200)


def test_the_last_reader_keeps_a_role_given_by_hand_whatever_their_groups(
    installation: Installation, admin: str, providers: list[RunningProvider]
) -> None:
    first, last = make_user(installation, OFFICER), make_user(installation, OFFICER)
    connect_provider(installation, DORDRECHT, providers[0].issuer, {"si-beheer": Role.ADMIN})
    staff = {
        "ada": {"email": first, "groups": ["si-beheer"]},
        "wim": {"email": last, "groups": ["si-beheer"]},
    }
    providers[0].employ(**staff)
    for login in staff:
        away = installation.visitor().get(DOOR, status=303)
        away.test_app.get(Person(login).sign_in(away.location), status=303)
    with installation.transaction() as session:
        reading = select(User.username).join(RoleAssignment, RoleAssignment.user_id == User.id)
        left = session.scalars(reading.where(RoleAssignment.role == Role.OFFICER)).all()
        assert session.scalars(select(LoginSession.provider)).all()
    assert left == [last]
