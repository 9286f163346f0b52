"""Tests of the admin's pages about the identity provider of the municipality, and its groups."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import colander
import pytest
from sqlalchemy import func, select

from stopintimidatie.core.accounts.models import (
    PROVIDER_PURPOSE,
    IdentityProvider,
    LoginSession,
    OfferState,
    ProviderAccount,
    RoleAssignment,
    User,
)
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.desk.onboarding.services import colleagues_of
from stopintimidatie.municipalities.people.models import GroupRole
from stopintimidatie.municipalities.people.queries import staff_of
from stopintimidatie.municipalities.people.services import READERS
from stopintimidatie.municipalities.sso.administration import provider_schema
from stopintimidatie.municipalities.sso.openid import CALLS_TO_ONE
from stopintimidatie.municipalities.sso.services import CHANGED
from tests.support.crossed import one_of_each
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_user
from tests.support.identity_providers import (
    CLIENT,
    Person,
    RunningProvider,
    confirm_provider,
    connect_provider,
    has_come_through,
    save,
    set_up,
)
from tests.support.identity_providers import PROVIDER_PAGE as PAGE
from tests.support.identity_providers import SECRET as CLIENT_SECRET
from tests.support.identity_providers import TYPED_ISSUER as ISSUER
from tests.support.identity_providers import TYPED_SECRET as SECRET
from tests.support.installation import Installation

pytestmark = [pytest.mark.judged_once, pytest.mark.sqlite]

GROUPS = "/gemeenten/dordrecht/groepen"
ADD = "/gemeenten/dordrecht/groep-toevoegen"
TRY = "/gemeenten/dordrecht/groepen-proberen"
DESK = "/landelijk/aansluiting?gemeente=dordrecht"
ADMIN, OFFICER = (DORDRECHT, Role.ADMIN), (DORDRECHT, Role.OFFICER)


def stored(installation: Installation, holder: str = DORDRECHT) -> IdentityProvider | None:
    with installation.transaction() as session:
        row = session.get(IdentityProvider, holder)
        session.expunge_all()
        return row


def logged(installation: Installation, holder: str = DORDRECHT) -> list[list[str]]:
    installation.run_jobs()
    with installation.transaction(holder) as session:
        rows = select(AuditEvent.fields).where(AuditEvent.action == CHANGED)
        return list(session.scalars(rows.order_by(AuditEvent.at)))


@pytest.fixture
def admin(installation: Installation) -> str:
    connect(installation)
    return make_user(installation, ADMIN)


@contextmanager
def provider(document: Callable[[str], Any]) -> Iterator[str]:
    """Serve what a provider says of itself, on this machine; yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(document(address)).encode()
            self.send_response(200 if self.path == "/.well-known/openid-configuration" else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            """Keep the output of the tests quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()


def described(address: str) -> dict[str, Any]:
    return {
        "issuer": address,
        "authorization_endpoint": f"{address}/auth",
        "token_endpoint": f"{address}/token",
        "jwks_uri": f"{address}/jwks",
        "code_challenge_methods_supported": ["S256"],
    }


# The provider


def test_an_admin_sets_the_provider_and_reads_its_secret_nowhere(
    installation: Installation, admin: str
) -> None:
    browser = installation.browser(admin)
    page = browser.get("/gemeenten/dordrecht/beheer").click("Aanmelden via de gemeente")
    assert "nog niet ingesteld" in page
    assert "http://localhost:6543/aanmelden-gemeente/dordrecht/terug" in page
    assert "http://localhost:6543/aanmelden-gemeente/dordrecht/uitloggen" in page
    shown = set_up(browser).follow()
    assert "Wacht op een tweede persoon: het landelijk meldpunt" in shown
    confirm_provider(installation, DORDRECHT)
    assert "staat aan" in browser.get(PAGE)
    assert ISSUER in shown
    assert SECRET not in shown
    row = stored(installation)
    assert row is not None
    assert row.groups_claim == "groups"
    assert SECRET not in row.client_secret
    keys = installation.registry.key_ring
    assert keys.decrypt(PROVIDER_PURPOSE, row.client_secret, DORDRECHT) == SECRET
    save(browser, groepen="realm_access.roles", uren="4")
    kept = stored(installation)
    assert kept is not None
    assert kept.client_secret == row.client_secret
    assert kept.session_hours == 4
    assert "niets gewijzigd" in save(browser).follow()
    first = ["aangezet", "adres", "client", "geheim", "groepen", "uren"]
    assert logged(installation) == [first, ["groepen", "uren"]]
    privacy = installation.browser(make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER)))
    assert "Aanmelden via de gemeente gewijzigd" in privacy.get("/gemeenten/dordrecht/logboek")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"client": ""}, "Client-ID"),
        ({"adres": "login.dordrecht.nl"}, "https://"),
        ({"adres": "http://login.dordrecht.nl"}, "https://"),
        ({"adres": "https://10.0.0.8/oidc"}, "openbaar adres"),
        ({"adres": "https://ik:geheim@login.dordrecht.nl"}, "hele adres"),
        ({"adres": "https://login.dordrecht.nl/?realm=1"}, "hele adres"),
        ({"uren": "9"}, "8"),
        ({"uren": "abc"}, "Bijvoorbeeld 8."),
        ({"uren": "0"}, "1"),
        ({"aan": False, "alleen": True}, "alleen als aanmelden via de gemeente aanstaat"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(
    installation: Installation, admin: str, values: dict[str, Any], words: str
) -> None:
    assert words in set_up(installation.browser(admin), status=422, **values)
    assert stored(installation) is None


def test_all_that_is_missing_is_named_at_once(installation: Installation, admin: str) -> None:
    page = set_up(installation.browser(admin), status=422, adres="", client="", geheim="").html
    for name in ("adres", "client", "geheim"):
        assert "Fout:" in page.find(attrs={"data-veld": name}).text, name


@pytest.mark.parametrize("address", ["http://127.0.0.1:9000", "https://127.0.0.1:9000"])
def test_this_machine_is_a_provider_in_a_demo_alone(address: str) -> None:
    node = provider_schema(demo=True, new=True)["adres"]
    node.validator(node, address)
    node = provider_schema(demo=False, new=True)["adres"]
    with pytest.raises(colander.Invalid):
        node.validator(node, address)


def test_another_address_never_gets_the_stored_secret(
    installation: Installation, admin: str
) -> None:
    browser = installation.browser(admin)
    set_up(browser)
    assert "geheim opnieuw in" in save(browser, 422, adres="https://kwaad.example")
    row = stored(installation)
    assert row is not None
    assert row.issuer == ISSUER
    save(browser, adres="https://nieuw.dordrecht.example", geheim="een-ander-geheim")


def test_only_through_the_municipality_is_switched_on_by_who_came_in_that_way(
    installation: Installation, admin: str
) -> None:
    browser = installation.browser(admin)
    refused = set_up(browser, alleen=True, status=422)
    assert "Haal dit vinkje eerst weg" in refused, "nobody can have tested it"
    set_up(browser)
    confirm_provider(installation, DORDRECHT)
    assert "met een wachtwoord aangemeld" in save(browser, 422, alleen=True)
    has_come_through(installation, admin, EINDHOVEN)
    browser.get(PAGE, status=404)
    has_come_through(installation, admin)
    shown = save(browser, alleen=True).follow()
    assert "alleen via de gemeente" in shown
    assert "sla op" in save(browser, 422, client="een-andere")
    row = stored(installation)
    assert row is not None
    assert row.required
    assert row.client_id == "stopintimidatie"
    # From now on a password opens nothing here.
    installation.browser(admin).get(PAGE, status=404)
    assert logged(installation)[-1] == ["alleen_via_de_gemeente"]


def test_switching_it_off_ends_the_sessions_that_came_in_through_it(
    installation: Installation, admin: str
) -> None:
    browser, officer = installation.browser(admin), make_user(installation, OFFICER)
    set_up(browser)
    confirm_provider(installation, DORDRECHT)
    through, by_password = installation.browser(officer), make_user(installation, OFFICER)
    has_come_through(installation, officer)
    other = installation.browser(by_password)
    save(browser, uren="2")
    through.get("/gemeenten/dordrecht/postvak", status=200)
    save(browser, aan=False)
    assert "/aanmelden" in through.get("/gemeenten/dordrecht/postvak", status=303).location
    other.get("/gemeenten/dordrecht/postvak", status=200)


def test_what_another_admin_saved_is_not_overwritten(
    installation: Installation, admin: str
) -> None:
    browser = installation.browser(admin)
    set_up(browser)
    form = browser.get(PAGE).forms["formulier"]
    save(installation.browser(make_user(installation, ADMIN)), uren="3")
    form["uren"] = "5"
    kept = form.submit("opslaan", status=409)
    assert "intussen gewijzigd" in kept
    kept.forms["formulier"].submit("opslaan", status=303)
    row = stored(installation)
    assert row is not None
    assert row.session_hours == 5


def test_the_desk_lets_people_in_again_when_the_provider_is_down(
    installation: Installation, admin: str
) -> None:
    browser = installation.browser(admin)
    set_up(browser)
    confirm_provider(installation, DORDRECHT)
    has_come_through(installation, admin)
    save(browser, alleen=True)
    installation.browser(admin).get(PAGE, status=404)
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    button = next(
        form for form in desk.get(DESK).forms.values() if "aansluiting-wachtwoord" in form.action
    )
    assert "weer aanmelden met een wachtwoord" in button.submit(status=303).follow()
    assert "aansluiting-wachtwoord" not in desk.get(DESK)
    assert "kon al" in button.submit(status=303).follow()
    installation.browser(admin).get(PAGE, status=200)
    assert logged(installation)[-1] == ["ook_met_wachtwoord"]
    assert [DORDRECHT, "ook_met_wachtwoord"] in logged(installation, NATIONAL)


def test_an_admin_goes_the_whole_way_with_a_real_provider(
    installation: Installation, admin: str, providers: list[RunningProvider]
) -> None:
    reader = make_user(installation, OFFICER)
    browser = installation.browser(admin)
    add(browser, "si-beheer", Role.ADMIN)
    set_up(browser, adres=providers[0].issuer, client=CLIENT, geheim=CLIENT_SECRET)
    assert "De verbinding werkt" in press_test(browser)
    installation.visitor().get("/aanmelden-gemeente/dordrecht", status=404)
    confirm_provider(installation, DORDRECHT)
    providers[0].employ(ada={"email": admin, "groups": ["si-beheer"]})
    through = installation.visitor()
    away = through.get("/aanmelden-gemeente/dordrecht", status=303)
    through.get(Person("ada").sign_in(away.location), status=303)
    assert "1 collega meldde" in through.get(PAGE)
    save(through, alleen=True)
    through.get(PAGE, status=200)
    browser.get(PAGE, status=404)
    installation.browser(reader).get("/gemeenten/dordrecht/postvak", status=404)


def test_the_last_admin_and_a_deputy_keep_their_role_whatever_their_groups(
    installation: Installation, admin: str, providers: list[RunningProvider]
) -> None:
    deputy = make_user(installation, (DORDRECHT, Role.DEPUTY), OFFICER)
    make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER))
    groups = {"si-oov": Role.OFFICER}
    connect_provider(installation, DORDRECHT, providers[0].issuer, groups)
    browser = installation.browser(admin)
    assert "Geen groep geeft de rol functioneel beheerder" in browser.get(GROUPS)
    staff = {"ada": {"email": admin, "groups": []}, "wim": {"email": deputy, "groups": []}}
    providers[0].employ(**staff)
    for login in staff:
        away = installation.visitor().get("/aanmelden-gemeente/dordrecht", status=303)
        away.test_app.get(Person(login).sign_in(away.location), status=303)
    browser.get(GROUPS, status=200)
    with installation.transaction() as session:
        rows = session.execute(select(RoleAssignment.holder, RoleAssignment.role)).all()
    assert sorted(role for _, role in rows) == ["beheer", "dossierhouder", "waarnemer"]


def test_who_has_no_password_and_comes_in_through_the_provider_counts_as_a_reader(
    installation: Installation, admin: str
) -> None:
    username = make_user(installation, OFFICER)
    with installation.transaction() as session:
        user = session.scalars(select(User).where(User.username == username)).one()
        user.password_hash = ""
        person = user.id
    for holder, counts in ((EINDHOVEN, False), (DORDRECHT, True)):
        with installation.transaction() as session:
            session.add(ProviderAccount(holder=holder, subject_hash=holder, user_id=person))
        with installation.transaction(DORDRECHT) as session:
            readers = [number for number, _ in staff_of(session, DORDRECHT, READERS)]
            active = [row.id for row in colleagues_of(session, DORDRECHT) if row.active]
        assert (person in readers, person in active) == (counts, counts), holder


def test_the_second_factor_is_asked_again_and_a_typed_secret_is_not_kept_meanwhile(
    installation: Installation,
) -> None:
    connect(installation)
    browser = installation.browser(make_user(installation, ADMIN, demo=False))
    pages = {page: browser.get(page).forms["formulier"] for page in (PAGE, ADD)}
    form = pages[PAGE]
    form["adres"], form["client"], form["geheim"] = ISSUER, "stopintimidatie", SECRET
    with clock_at(utc_now() + timedelta(minutes=11)):
        for page in pages:
            assert "account-bevestigen" in browser.get(page, status=303).location
        asked = form.submit("opslaan", status=303)
        assert "account-bevestigen" in asked.location
        assert "Vul het formulier daarna opnieuw in" in asked.follow()
    with installation.transaction() as session:
        kept = select(LoginSession.kept_form).where(LoginSession.kept_form.is_not(None))
        assert session.scalars(kept).all() == []
    assert stored(installation) is None


# Testing the connection


def press_test(browser: Any) -> Any:
    forms = browser.get(PAGE).forms.values()
    return next(form for form in forms if "aanmelden-testen" in form.action).submit(status=200)


def test_the_test_says_that_the_provider_answers(installation: Installation, admin: str) -> None:
    browser = installation.browser(admin)
    with provider(described) as address:
        set_up(browser, adres=address)
        shown = press_test(browser)
    assert "De verbinding werkt" in shown
    assert "werkt niet" not in shown.html.find("main").get_text().split("Wat als")[0]
    assert shown.forms["formulier"]["adres"].value == address


@pytest.mark.parametrize(
    ("document", "words"),
    one_of_each(
        [
            (
                lambda address: {**described(address), "issuer": f"{address}/"},
                "zichzelf anders noemt",
            ),
            (lambda address: {"issuer": address}, "ontbreekt iets"),
            (lambda address: ["geen", "object"], "ontbreekt iets"),
            (
                lambda address: {**described(address), "token_endpoint": "http://10.1.2.3/token"},
                "ontbreekt iets",
            ),
            (
                lambda address: {
                    **described(address),
                    "code_challenge_methods_supported": ["plain"],
                },
                "PKCE",
            ),
        ]
    ),
)
def test_the_test_says_what_is_wrong_with_the_provider(
    installation: Installation, admin: str, document: Callable[[str], Any], words: str
) -> None:
    browser = installation.browser(admin)
    with provider(document) as address:
        set_up(browser, adres=address)
        shown = press_test(browser)
    assert "De verbinding werkt niet" in shown
    assert words in shown


def test_the_test_says_that_nobody_answers_or_that_nothing_is_set(
    installation: Installation, admin: str
) -> None:
    browser = installation.browser(admin)
    fields = {"csrf_token": browser.cookies["csrf"]}
    empty = browser.post("/gemeenten/dordrecht/aanmelden-testen", fields, status=303)
    assert "Vul eerst de verbinding in" in empty.follow()
    with provider(described) as address:
        set_up(browser, adres=address)
    assert "antwoordt niet" in press_test(browser)


@pytest.mark.alles
def test_a_slow_provider_is_tested_by_so_many_that_people_can_still_sign_in(
    installation: Installation, admin: str
) -> None:
    browser = installation.browser(admin)
    with provider(described) as address, ExitStack() as calls:
        set_up(browser, adres=address)
        for _ in range(CALLS_TO_ONE - 1):
            calls.enter_context(installation.registry.providers.calling(address))
        assert "wordt al getest" in press_test(browser)
        with installation.registry.providers.calling(address):
            calls.close()
            assert "De verbinding werkt" in press_test(browser)


# Groups


def add(browser: Any, group: str, role: Role, status: int = 303) -> Any:
    form = browser.get(ADD).forms["formulier"]
    form["groep"], form["rol"] = group, role.value
    return form.submit("voorstellen", status=status)


def test_an_admin_gives_groups_roles_and_takes_them_away(
    installation: Installation, admin: str
) -> None:
    make_user(installation, OFFICER)
    browser = installation.browser(admin)
    assert "Nog geen groepen" in browser.get(GROUPS)
    assert "tweede persoon" in add(browser, "OOV-team", Role.OFFICER).follow()
    shown = add(browser, "Beheerders", Role.ADMIN).follow()
    assert "Een tweede persoon moet het bevestigen" in shown
    assert "Een collega die hier meldingen leest, moet bevestigen." in shown
    assert "heeft deze rol al" in add(browser, "OOV-team", Role.OFFICER, 422)
    assert "Naam of id" in add(browser, "", Role.OFFICER, 422)
    for group in ("OOV-team", "Beheerders"):
        forms = browser.get(GROUPS).forms.values()
        take = next(form for form in forms if "groep-weg" in form.action)
        assert "Weggehaald" in take.submit(status=303).follow(), group
    assert "er niet meer" in take.submit(status=303).follow()
    with installation.transaction() as session:
        assert session.scalar(select(func.count()).select_from(GroupRole)) == 0


def test_somebodys_claims_show_the_roles_that_they_would_become(
    installation: Installation, admin: str
) -> None:
    browser = installation.browser(admin)
    add(browser, "OOV-team", Role.OFFICER)
    add(browser, "Nog niet", Role.OFFICER)
    with installation.transaction() as session:
        rows = select(GroupRole).where(GroupRole.group_name == "OOV-team")
        session.scalars(rows).one().state = OfferState.OFFERED

    def attempt(claims: str, status: int = 200) -> str:
        form = browser.get(TRY).forms["formulier"]
        form["claims"] = claims
        return str(form.submit("tonen", status=status).html.find("main").get_text(" ", strip=True))

    shown = attempt('{"groups": ["OOV-team", "kantine", "Nog niet"]}')
    assert "Deze persoon krijgt: OOV-medewerker" in shown
    assert "geven geen rol: kantine, Nog niet" in shown
    assert "Er is niets gewijzigd" in shown
    assert "Deze persoon krijgt geen rol" in attempt('{"groups": []}')
    assert "staat hier niet in" in attempt('{"sub": "1"}')
    assert "geen lijst van namen" in attempt('{"groups": 4}')
    assert "in zoveel groepen" in attempt('{"_claim_names": {"groups": "a"}}')
    assert "Dit is geen geldige JSON (regel 1, teken" in attempt('{"groups": [', 422)
    assert "geen object. Claims staan tussen { en }" in attempt('["OOV-team"]', 422)
    assert "Dit is een token" in attempt("eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl", 422)
    assert "Claims van één persoon" in attempt("", 422)
    for claims in (r'{"groups": ["\ud800"]}', r'{"groups": ["a\u0000"]}', r'{"\udfff": 1}'):
        assert "een teken" in attempt(claims, 422)
