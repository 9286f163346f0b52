"""Signing in through a real OpenID provider: who comes in, and with which roles."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import select, update
from webtest import TestApp

from stopintimidatie.core.accounts.models import (
    BlockedColleague,
    LoginSession,
    OfferState,
    ProviderAccount,
    RoleAssignment,
    RoleOffer,
    User,
)
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import KEY_BYTES, KeyRing
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.municipalities.people.models import GroupRole
from tests.support.factories import DORDRECHT, EINDHOVEN, make_user
from tests.support.identity_providers import (
    Person,
    RunningProvider,
    connect_provider,
    mail_domain,
)
from tests.support.installation import Installation

DOOR = "/aanmelden-gemeente/dordrecht"
GROUPS = {"si-oov": Role.OFFICER, "si-beheer": Role.ADMIN}


@pytest.fixture
def provider(installation: Installation, providers: list[RunningProvider]) -> RunningProvider:
    """The provider of Dordrecht, whose groups give roles."""
    mail_domain(installation, DORDRECHT, "dordrecht.example")
    connect_provider(installation, DORDRECHT, providers[0].issuer, GROUPS)
    return providers[0]


def come_in(browser: TestApp, login: str = "samira", door: str = DOOR) -> Any:
    """Sign in at the provider and come back."""
    away = browser.get(door, status=303)
    return browser.get(Person(login).sign_in(away.location), status="*")


def refused(answer: Any, words: str) -> None:
    assert answer.status_int == 403
    assert "Aanmelden via Dordrecht is niet gelukt" in answer
    assert words in answer
    answer.test_app.get("/gemeenten/dordrecht", status=303)


def roles_at(installation: Installation, code: str, username: str) -> set[tuple[str, bool]]:
    """The roles of somebody there, each with whether a group gave it."""
    with installation.transaction() as session:
        rows = session.scalars(
            select(RoleAssignment)
            .join(User, User.id == RoleAssignment.user_id)
            .where(User.username == username, RoleAssignment.holder == code)
        )
        return {(row.role, row.by_group) for row in rows}


def logged(installation: Installation, code: str) -> list[tuple[str, list[str]]]:
    with installation.transaction(code) as session:
        rows = session.scalars(select(AuditEvent).order_by(AuditEvent.at))
        return [(row.action, row.fields) for row in rows if row.action != "gelezen"]


# Who comes in


def test_a_new_colleague_with_a_group_comes_in_with_that_role(
    installation: Installation, provider: RunningProvider
) -> None:
    provider.employ(samira={"name": "Samira Ouali", "groups": ["si-oov", "iets-anders"]})
    browser = installation.visitor()
    answer = come_in(browser, door=f"{DOOR}?volgende=/gemeenten/dordrecht/postvak")
    assert answer.location == "http://localhost:6543/gemeenten/dordrecht/postvak"
    answer.follow(status=200)
    browser.get("/gemeenten/dordrecht/berichten", status=403)
    assert roles_at(installation, DORDRECHT, "samira@dordrecht.example") == {("oov", True)}
    with installation.transaction() as session:
        user = session.scalars(select(User)).one()
        assert (user.name, user.password_hash) == ("Samira Ouali", "")
        opened = session.scalars(select(LoginSession)).one()
    assert opened.provider == DORDRECHT
    assert opened.factor_at is not None
    assert opened.provider_session is not None
    assert opened.ends_at is not None
    assert logged(installation, DORDRECHT)[:1] == [("gebruiker.rol", [DORDRECHT, "oov"])]
    assert ("aanmelden.gelukt", ["inlogdienst"]) in logged(installation, NATIONAL)


def test_the_second_time_the_account_is_known_by_the_name_at_the_provider(
    installation: Installation, provider: RunningProvider
) -> None:
    provider.employ(samira={"groups": ["si-oov"]})
    come_in(installation.visitor())
    # Her mail address may change: it is the name at the provider that counts.
    provider.employ(samira={"groups": ["si-oov"], "email": "samira.ouali@elders.example"})
    assert come_in(installation.visitor()).status_int == 303
    with installation.transaction() as session:
        assert len(session.scalars(select(User)).all()) == 1
        account = session.scalars(select(ProviderAccount)).one()
    assert "samira" not in account.subject_hash


def test_a_colleague_with_an_account_comes_in_as_that_account(
    installation: Installation, provider: RunningProvider
) -> None:
    make_user(installation, (DORDRECHT, Role.OFFICER))
    username = make_user(installation, (DORDRECHT, Role.OFFICER), name="Bo")
    provider.employ(bo={"groups": ["si-beheer"], "email": username.upper()})
    assert come_in(installation.visitor(), "bo").status_int == 303
    assert roles_at(installation, DORDRECHT, username) == {("beheer", True)}


def test_an_account_with_roles_elsewhere_alone_is_not_the_providers_to_open(
    installation: Installation, provider: RunningProvider
) -> None:
    mail_domain(installation, DORDRECHT, "test.example")
    username = make_user(installation, (EINDHOVEN, Role.OFFICER))
    provider.employ(bo={"groups": ["si-beheer"], "email": username})
    refused(come_in(installation.visitor(), "bo"), "Vraag uw functioneel beheerder om een uitnod")
    assert roles_at(installation, DORDRECHT, username) == set()


def test_an_account_without_any_role_comes_in_when_its_mailbox_is_of_the_municipality(
    installation: Installation, provider: RunningProvider
) -> None:
    username = make_user(installation)
    provider.employ(bo={"groups": ["si-oov"], "email": username})
    refused(come_in(installation.visitor(), "bo"), "om een uitnodiging")
    mail_domain(installation, DORDRECHT, "test.example")
    assert come_in(installation.visitor(), "bo").status_int == 303


def test_a_stranger_outside_the_mail_domains_gets_no_account(
    installation: Installation, provider: RunningProvider
) -> None:
    provider.employ(samira={"groups": ["si-oov"], "email": "samira@elders.example"})
    refused(come_in(installation.visitor()), "om een uitnodiging")
    with installation.transaction() as session:
        assert session.scalars(select(User)).all() == []
    assert logged(installation, DORDRECHT)[-1] == ("aanmelden.gemeente_geweigerd", ["onbekend"])


def test_without_known_mail_domains_nobody_gets_a_new_account(
    installation: Installation, providers: list[RunningProvider]
) -> None:
    connect_provider(installation, DORDRECHT, providers[0].issuer, GROUPS)
    providers[0].employ(samira={"groups": ["si-oov"]})
    refused(come_in(installation.visitor()), "om een uitnodiging")


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"email_verified": False}, "niet bevestigd"),
        ({"email_verified": "false"}, "niet bevestigd"),
        ({"email": ""}, "gaf uw e-mailadres niet door"),
        ({"email": "geen adres"}, "gaf uw e-mailadres niet door"),
        ({"groups": []}, "U hebt geen rol in dit werkportaal"),
        ({"groups": ["si-anders"]}, "U hebt geen rol in dit werkportaal"),
    ],
)
def test_who_cannot_come_in_reads_why(
    claims: dict[str, Any],
    words: str,
    installation: Installation,
    provider: RunningProvider,
) -> None:
    provider.employ(samira={"groups": ["si-oov"], **claims})
    refused(come_in(installation.visitor()), words)
    with installation.transaction() as session:
        assert session.scalars(select(User)).all() == []


def test_an_address_that_is_not_verified_opens_no_account_that_exists(
    installation: Installation, provider: RunningProvider
) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    provider.employ(bo={"groups": ["si-oov"], "email": username, "email_verified": False})
    refused(come_in(installation.visitor(), "bo"), "niet bevestigd")


def test_a_successor_with_the_same_mail_address_is_another_person(
    installation: Installation, provider: RunningProvider
) -> None:
    provider.employ(samira={"groups": ["si-oov"]})
    come_in(installation.visitor())
    successor = {"groups": ["si-oov"], "email": "samira@dordrecht.example"}
    provider.employ(samira2=successor)
    refused(come_in(installation.visitor(), "samira2"), "aangemeld als iemand anders")
    # The admin saves the settings of the provider: all are linked anew.
    connect_provider(installation, DORDRECHT, provider.issuer, changed_at=utc_now())
    assert come_in(installation.visitor(), "samira2").status_int == 303


def test_a_change_of_our_keys_makes_nobody_a_stranger(
    installation: Installation, provider: RunningProvider
) -> None:
    provider.employ(samira={"groups": ["si-oov"]})
    come_in(installation.visitor())
    old = installation.registry.key_ring
    changed = KeyRing(2, {**old.masters, 2: secrets.token_bytes(KEY_BYTES)})
    installation.registry.key_ring = changed
    # Known by the old hash, for her mail address is another now; from here on by the new one.
    provider.employ(samira={"groups": ["si-oov"], "email": "samira@elders.example"})
    assert come_in(installation.visitor()).status_int == 303
    installation.registry.key_ring = KeyRing(2, {2: changed.masters[2]})
    connect_provider(installation, DORDRECHT, provider.issuer)
    assert come_in(installation.visitor()).status_int == 303
    with installation.transaction() as session:
        assert len(session.scalars(select(ProviderAccount)).all()) == 1


@pytest.mark.postgresql
def test_two_first_sign_ins_at_once_make_one_account(
    installation: Installation, provider: RunningProvider
) -> None:
    provider.employ(samira={"groups": ["si-oov"]})
    browsers = [installation.visitor() for _ in range(4)]
    backs = [Person("samira").sign_in(each.get(DOOR, status=303).location) for each in browsers]

    def return_to(number: int) -> int:
        return int(browsers[number].get(backs[number], status="*").status_int)

    with ThreadPoolExecutor(len(browsers)) as pool:
        assert list(pool.map(return_to, range(len(browsers)))) == [303] * len(browsers)
    with installation.transaction() as session:
        assert len(session.scalars(select(User)).all()) == 1
        assert len(session.scalars(select(ProviderAccount)).all()) == 1


# Blocked


def test_a_blocked_account_does_not_come_in(
    installation: Installation, provider: RunningProvider
) -> None:
    provider.employ(samira={"groups": ["si-oov"]})
    come_in(installation.visitor())
    with installation.transaction() as session:
        session.scalars(select(User)).one().blocked_at = utc_now()
    refused(come_in(installation.visitor()), "Uw account is geblokkeerd")


def test_a_colleague_who_is_blocked_here_does_not_come_in_and_gets_no_role(
    installation: Installation, provider: RunningProvider
) -> None:
    username = make_user(installation)
    with installation.transaction() as session:
        person = session.scalars(select(User)).one()
        session.add(BlockedColleague(holder=DORDRECHT, user_id=person.id))
    provider.employ(bo={"groups": ["si-oov"], "email": username})
    refused(come_in(installation.visitor(), "bo"), "Uw account is geblokkeerd")
    assert roles_at(installation, DORDRECHT, username) == set()


# Roles


def test_a_group_that_is_gone_takes_its_role_and_the_way_in(
    installation: Installation, provider: RunningProvider
) -> None:
    provider.employ(samira={"groups": ["si-oov", "si-beheer"]})
    at_work = installation.visitor()
    come_in(at_work)
    provider.employ(samira={"groups": ["si-oov"]})
    come_in(installation.visitor())
    assert roles_at(installation, DORDRECHT, "samira@dordrecht.example") == {("oov", True)}
    assert ("gebruiker.rol_weg", [DORDRECHT, "beheer"]) in logged(installation, DORDRECHT)
    provider.employ(samira={"groups": []})
    refused(come_in(installation.visitor()), "geen rol")
    assert roles_at(installation, DORDRECHT, "samira@dordrecht.example") == set()
    # What was open elsewhere can do nothing from the next page on.
    at_work.get("/gemeenten/dordrecht/postvak", status=404)


def test_roles_given_by_hand_go_where_groups_give_roles_and_others_stay(
    installation: Installation, provider: RunningProvider
) -> None:
    here = (DORDRECHT, Role.PRIVACY_OFFICER), (DORDRECHT, Role.OFFICER)
    username = make_user(installation, *here, (EINDHOVEN, Role.OFFICER))
    provider.employ(bo={"groups": ["si-oov"], "email": username})
    browser = installation.visitor()
    come_in(browser, "bo")
    assert roles_at(installation, DORDRECHT, username) == {("oov", True)}
    assert roles_at(installation, EINDHOVEN, username) == {("oov", False)}
    # The provider vouches for its own municipality.
    browser.get("/gemeenten/dordrecht/postvak", status=200)
    browser.get("/gemeenten/eindhoven/postvak", status=404)
    installation.browser(username).get("/gemeenten/eindhoven/postvak", status=200)


def test_roles_given_by_hand_stay_where_no_group_gives_any(
    installation: Installation, providers: list[RunningProvider]
) -> None:
    connect_provider(installation, DORDRECHT, providers[0].issuer)
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    providers[0].employ(bo={"email": username}, samira={})
    browser = installation.visitor()
    assert come_in(browser, "bo").status_int == 303
    browser.get("/gemeenten/dordrecht/postvak", status=200)
    assert roles_at(installation, DORDRECHT, username) == {("oov", False)}
    # A stranger stays one.
    refused(come_in(installation.visitor()), "om een uitnodiging")


def test_a_group_that_is_not_confirmed_gives_nothing(
    installation: Installation, provider: RunningProvider
) -> None:
    with installation.transaction() as session:
        for row in session.scalars(select(GroupRole).where(GroupRole.group_name == "si-oov")):
            row.state = OfferState.PROPOSED
    provider.employ(samira={"groups": ["si-oov"]})
    refused(come_in(installation.visitor()), "geen rol")


def test_a_role_by_group_remembers_who_proposed_the_group(
    installation: Installation, provider: RunningProvider
) -> None:
    with installation.transaction() as session:
        for row in session.scalars(select(GroupRole)):
            row.given_by = ["wie-het-voorstelde"]
    provider.employ(samira={"groups": ["si-oov"]})
    come_in(installation.visitor())
    with installation.transaction() as session:
        assert session.scalars(select(RoleAssignment.given_by)).one() == ["wie-het-voorstelde"]


def test_an_invited_colleague_comes_in_to_take_the_role(
    installation: Installation, providers: list[RunningProvider]
) -> None:
    connect_provider(installation, DORDRECHT, providers[0].issuer)
    username = make_user(installation)
    providers[0].employ(bo={"email": username})
    refused(come_in(installation.visitor(), "bo"), "om een uitnodiging")
    offer(installation, DORDRECHT, username)
    browser = installation.visitor()
    come_in(browser, "bo")
    form = browser.get("/uitnodigingen", status=200)
    assert "Dordrecht" in form


def offer(installation: Installation, code: str, username: str) -> None:
    """Offer somebody the role of officer there."""
    with installation.transaction() as session:
        session.add(
            RoleOffer(
                holder=code,
                username=username,
                name="Bo",
                role=Role.OFFICER,
                state=OfferState.OFFERED,
                by_desk=False,
                proposed_by="Test",
                expires_at=utc_now() + timedelta(days=1),
            )
        )


def test_a_provider_does_not_speak_for_the_invitations_of_other_municipalities(
    installation: Installation, provider: RunningProvider
) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    offer(installation, EINDHOVEN, username)
    provider.employ(bo={"groups": ["si-oov"], "email": username})
    browser = installation.visitor()
    come_in(browser, "bo")
    assert "Geen uitnodigingen" in browser.get("/uitnodigingen")
    assert browser.get("/", status=303).location.endswith("/gemeenten/dordrecht")
    own = installation.browser(username)
    page = own.get("/uitnodigingen")
    assert "Eindhoven" in page
    accept = next(form for form in page.forms.values() if "welke" in form.fields)
    sent = {name: accept[name].value for name in ("welke", "keuze")}
    forms = browser.get("/uitnodigingen").forms.values()
    token = next(form for form in forms if "csrf_token" in form.fields)["csrf_token"].value
    browser.post("/uitnodigingen", {**sent, "csrf_token": token}, status=303)
    assert roles_at(installation, EINDHOVEN, username) == set()
    accept.submit(status=303)
    assert roles_at(installation, EINDHOVEN, username) == {("oov", False)}


def test_where_the_provider_is_required_a_session_of_our_own_leads_there(
    installation: Installation, provider: RunningProvider
) -> None:
    connect_provider(installation, DORDRECHT, provider.issuer, required=True)
    username = make_user(installation, (DORDRECHT, Role.OFFICER), (EINDHOVEN, Role.OFFICER))
    provider.employ(bo={"groups": ["si-oov"], "email": username})
    browser = installation.browser(username)
    browser.get("/gemeenten/dordrecht/postvak", status=404)
    page = browser.get("/gemeenten", status=200)
    assert "Alleen via de gemeente" in page
    away = page.click("Dordrecht")
    browser.get(Person("bo").sign_in(away.location), status=303)
    browser.get("/gemeenten/dordrecht/postvak", status=200)
    assert "Alleen via de gemeente" not in browser.get("/gemeenten", status="*")


# How long


def test_a_session_ends_within_the_hours_of_the_municipality_and_never_beyond_eight(
    installation: Installation, provider: RunningProvider
) -> None:
    provider.employ(samira={"groups": ["si-oov"]})
    began = utc_now()
    for hours, lasts in ((2, 2), (24, 8)):
        connect_provider(installation, DORDRECHT, provider.issuer, session_hours=hours)
        browser = installation.visitor()
        come_in(browser)
        for minutes in range(30, lasts * 60, 30):
            with clock_at(began + timedelta(minutes=minutes)):
                browser.get("/gemeenten/dordrecht/postvak", status=200)
        with clock_at(utc_now() + timedelta(hours=lasts)):
            browser.get("/gemeenten/dordrecht/postvak", status=303)


# The way there


def test_the_page_to_sign_in_leads_to_the_municipalities_with_a_provider(
    installation: Installation, providers: list[RunningProvider]
) -> None:
    visitor = installation.visitor()
    assert "Via uw gemeente" not in visitor.get("/aanmelden")
    assert "Nog geen gemeente" in visitor.get("/aanmelden-gemeente")
    connect_provider(installation, DORDRECHT, providers[0].issuer)
    connect_provider(installation, EINDHOVEN, providers[1].issuer, enabled=False)
    page = visitor.get("/aanmelden?volgende=/gemeenten/dordrecht/postvak?status=nieuw")
    doors = page.click("Aanmelden via uw gemeente")
    assert "Eindhoven" not in doors
    away = doors.click("Dordrecht")
    assert away.location.startswith(providers[0].issuer)
    providers[0].employ(samira={"email": make_user(installation, (DORDRECHT, Role.OFFICER))})
    back = visitor.get(Person("samira").sign_in(away.location))
    assert back.location == "http://localhost:6543/gemeenten/dordrecht/postvak?status=nieuw"


def test_there_is_no_door_where_no_provider_is_in_use(
    installation: Installation, providers: list[RunningProvider]
) -> None:
    connect_provider(installation, EINDHOVEN, providers[1].issuer, enabled=False)
    for slug in ("dordrecht", "eindhoven", "atlantis"):
        for place in ("", "/terug"):
            installation.visitor().get(f"/aanmelden-gemeente/{slug}{place}", status=404)


def test_nobody_is_sent_on_to_another_site_after_signing_in(
    installation: Installation, provider: RunningProvider
) -> None:
    provider.employ(samira={"groups": ["si-oov"]})
    for elsewhere in ("//kwaad.example", "https://kwaad.example/", "/\\kwaad.example"):
        answer = come_in(installation.visitor(), door=f"{DOOR}?volgende={elsewhere}")
        assert answer.location == "http://localhost:6543/"


def test_what_the_browser_keeps_meanwhile_is_sealed(
    installation: Installation, provider: RunningProvider
) -> None:
    away = installation.visitor().get(DOOR, status=303)
    asked = dict(parse_qsl(urlsplit(away.location).query))
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    cookie = next(
        line for line in away.headers.getall("Set-Cookie") if line.startswith("gemeente=")
    )
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age=600" in cookie
    assert all(asked[name] not in cookie for name in ("state", "nonce", "code_challenge"))


# Again


def test_who_signs_in_again_at_the_provider_goes_back_to_the_page(
    installation: Installation, provider: RunningProvider
) -> None:
    provider.employ(samira={"groups": ["si-oov"]}, bo={"groups": ["si-oov"]})
    browser = installation.visitor()
    come_in(browser)
    later = utc_now() + timedelta(minutes=5)
    with installation.transaction() as session:
        session.execute(update(LoginSession).values(factor_at=utc_now() - timedelta(hours=1)))
    again = "/aanmelden-gemeente-opnieuw?volgende=/gemeenten/dordrecht/postvak"
    copied = browser.cookies["sessie"]
    away = browser.get(again, status=303)
    asked = dict(parse_qsl(urlsplit(away.location).query))
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    back = browser.get(Person("samira").sign_in(away.location))
    assert back.location == "http://localhost:6543/gemeenten/dordrecht/postvak"
    assert browser.cookies["sessie"] != copied, "a copy of the old token is worth nothing"
    back.follow(status=200)
    with installation.transaction() as session:
        renewed = session.scalars(select(LoginSession)).one().factor_at
    assert renewed is not None
    assert abs(renewed - later) < timedelta(minutes=6)
    # Somebody else can't renew it.
    away = browser.get(again, status=303)
    answer = browser.get(Person("bo").sign_in(away.location), status=403)
    assert "aangemeld als iemand anders dan hier" in answer


def test_a_session_of_our_own_is_not_sent_to_a_provider_to_sign_in_again(
    installation: Installation, provider: RunningProvider
) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    answer = browser.get("/aanmelden-gemeente-opnieuw?volgende=/gemeenten", status=303)
    assert answer.location == "http://localhost:6543/gemeenten"
    installation.visitor().get("/aanmelden-gemeente-opnieuw", status=303)


# Signing out


def test_after_signing_out_one_can_sign_out_at_the_municipality_too(
    installation: Installation, provider: RunningProvider
) -> None:
    provider.employ(samira={"groups": ["si-oov"]})
    browser = installation.visitor()
    come_in(browser)
    page = browser.get("/gemeenten/dordrecht/postvak")
    out = next(form for form in page.forms.values() if form.action == "/afmelden").submit().follow()
    link = out.html.find("a", string="Ook afmelden bij uw gemeente")["href"]
    assert link.startswith(f"{provider.issuer}/session/end?")
    asked = dict(parse_qsl(urlsplit(link).query))
    assert asked == {
        "client_id": "stopintimidatie",
        "post_logout_redirect_uri": "http://localhost:6543/afgemeld",
    }
    browser.get("/gemeenten/dordrecht", status=303)
    assert "U bent afgemeld" in browser.get("/afgemeld")
    assert "U bent afgemeld" in browser.get("/afgemeld?gemeente=onzin&gemeente=x")
    come_in(browser)
    assert browser.get("/afgemeld", status=303).location == "http://localhost:6543/"


def test_who_signed_in_with_a_password_goes_to_the_page_to_sign_in(
    installation: Installation, provider: RunningProvider
) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    page = browser.get("/gemeenten/dordrecht/postvak")
    out = next(form for form in page.forms.values() if form.action == "/afmelden").submit()
    assert out.location == "http://localhost:6543/aanmelden?afgemeld=ja"
    entrance = out.follow()
    assert "U bent afgemeld." in entrance
    assert "U bent afgemeld." not in entrance.forms["formulier"].submit("aanmelden", status=422)
    assert "U bent afgemeld." not in browser.get("/aanmelden")
