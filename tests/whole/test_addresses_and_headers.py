"""S3, S5 and the session (S6): what an address reaches, what every answer carries, who stays in."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stopintimidatie import create_app
from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.accounts.passwords import hash_password
from stopintimidatie.core.accounts.services import block_user, create_user, find_user
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.web.responses import CSP
from stopintimidatie.settings import SettingsError
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import PASSWORD, Installation, Variant
from tests.support.served import ini_of
from tests.support.town import OWN, PEOPLE, VISITOR, Town
from tests.support.visiting import wrong_headers

OFFICER = PEOPLE[0]
PRIVATE = (
    "__class__", "__acl__", "__parent__", "__init__", "__getitem__", "_private", "report",
    "municipality", "holder", "document_id", "title", "@@", "@@logboek", "@@postvak", "+", "*",
    "..", ".", "%2e%2e", "%2E", "%252e%252e", "%5f%5fclass%5f%5f", "%00", "%2f", "%252f", "%5c",
    "..%2f..", "%ef%bc%8e", "postvak%2f", "postvak%20", "postvak.", "POSTVAK", "postvak;a=b",
)  # fmt: skip


def addresses(town: Town, *names: str) -> Iterator[str]:
    """Variations on the real addresses with these names, and on the root; none is an address."""
    real = town.places[OWN].addresses
    for name in names:
        path = real[name]
        yield from (f"{path}/{part}" for part in PRIVATE)
        yield from (f"{path}/", f"/{path}", f"{path}//", f"{path}/x/y/z", path.replace("/", "//"))
        yield path.replace("/gemeenten/", "/gemeenten/./")
        yield path.replace("/gemeenten/", "/gemeenten/x/../")
        yield path.replace("/gemeenten/", "/Gemeenten/")
    yield from (f"/{part}" for part in PRIVATE)
    yield from ("/zoeken/x", "/@@zoeken", "//zoeken", "/zoeken/", "/aanmelden/extra", "/m/", "/m/x")


# Where an address leads is decided before any database is asked for a document.
@pytest.mark.sqlite
@pytest.mark.parametrize(
    "names",
    [
        ("melding",),
        pytest.param(("gemeente", "wijk", "dossier"), marks=pytest.mark.alles),
    ],
)
def test_no_address_reaches_an_attribute_a_private_name_or_a_view_by_alias(
    town: Town, names: tuple[str, ...]
) -> None:
    asked = list(dict.fromkeys(addresses(town, *names)))
    found = {path: town.ask(OFFICER, path).status_int for path in asked}
    assert len(asked) > 40 * (len(names) + 1) - 20
    assert {path: status for path, status in found.items() if status not in (400, 404)} == {}


@pytest.mark.alles
def test_an_encoded_slash_is_a_slash_with_the_same_rights(town: Town) -> None:
    """WSGI hands a decoded path over; so it can name no other document, nor open a door."""
    for name in ("gemeente", "melding", "persoon"):
        path = town.places[OWN].addresses[name]
        encoded = "/" + path[1:].replace("/", "%2f")
        for person in PEOPLE:
            plain = town.ask(person, path).status_int
            assert town.ask(person, encoded).status_int == plain, (person, encoded)


def test_a_visitor_gets_the_same_answer_for_what_is_and_what_is_not(town: Town) -> None:
    real = town.places[OWN].addresses
    for path in (real["melding"], real["gemeente"], "/gemeenten/nergens", "/x/__class__/y"):
        answer = town.ask(VISITOR, path)
        assert answer.status_int == 303
        assert answer.location.startswith("http://localhost:6543/aanmelden?volgende=")


@pytest.mark.parametrize("header", ["HTTP_X_VHM_ROOT", "HTTP_X_FORWARDED_PATH", "SCRIPT_NAME"])
def test_no_header_moves_the_root(town: Town, header: str) -> None:
    answer = town.ask(VISITOR, "/melding", environ={header: town.places[OWN].addresses["wijk"]})
    assert answer.status_int in (303, 404)
    if header == "HTTP_X_VHM_ROOT":
        moved = town.ask(OFFICER, "/logboek", environ={header: "/landelijk"})
        assert moved.status_int == 404


FORGED = {
    "HTTP_X_FORWARDED_HOST": "kwaad.example",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_FORWARDED": "host=kwaad.example;proto=https",
    "HTTP_X_ORIGINAL_URL": "/landelijk",
    "HTTP_X_REWRITE_URL": "/landelijk",
    "HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE",
}


def test_a_forged_host_stands_in_no_answer(town: Town) -> None:
    for path in (
        "/",
        "/aanmelden",
        "/zoeken?q=x",
        "/nergens",
        town.places[OWN].addresses["melding"],
    ):
        for person in (OFFICER, VISITOR):
            answer = town.ask(person, path, environ=FORGED)
            assert "kwaad.example" not in f"{answer.headers}{answer.text}", path


@pytest.mark.parametrize(
    "wanted",
    ["//kwaad.example", "https://kwaad.example", "/\\kwaad.example", "\\\\kwaad.example",
     "/%09/kwaad.example", "javascript:alert(1)", "/\tkwaad", "http:kwaad.example",
     "kwaad.example"],
)  # fmt: skip
def test_signing_in_never_leads_to_another_host(installation: Installation, wanted: str) -> None:
    connect(installation)
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    browser = installation.visitor()
    form = browser.get("/aanmelden", {"volgende": wanted}).forms["formulier"]
    form["gebruikersnaam"], form["wachtwoord"] = username, PASSWORD
    form["volgende"].force_value(wanted)
    location = form.submit("aanmelden", status=303).location
    assert location.startswith("http://localhost:6543/")
    assert not location.startswith("http://localhost:6543//")


# They are put on outside of all that asks a database. Those of pages: test_permission_matrix.
NO_PAGES = (
    "/static/app.css",
    "/static/nergens.css",
    "/favicon.ico",
    "/%ff",
    "/x//y",
    "/robots.txt",
)


@pytest.mark.sqlite
def test_what_is_no_page_carries_the_headers_too(town: Town) -> None:
    for path in NO_PAGES:
        for person in (OFFICER, VISITOR):
            assert wrong_headers(path, town.ask(person, path)) == [], path
    assert "unsafe" not in CSP
    posted = town.ask(OFFICER, "/afmelden", "POST", {})
    assert posted.status_int == 400
    assert posted.headers["Content-Security-Policy"] == CSP
    del posted.headers["X-Frame-Options"]
    posted.headers["Cache-Control"] = "public"
    assert wrong_headers("/afmelden", posted) == ["X-Frame-Options", "Cache-Control"]


def signed_in(variant: Variant, https: bool) -> Any:
    address = "https://meldpunt.example" if https else "http://localhost:6543"
    made = variant(public_address=address)
    connect(made)
    username = make_user(made, (DORDRECHT, Role.OFFICER))
    browser = made.visitor()
    scheme = {"wsgi.url_scheme": "https" if https else "http"}
    browser.extra_environ |= scheme | ({"HTTP_HOST": "meldpunt.example"} if https else {})
    page = browser.get("/aanmelden")
    form = page.forms["formulier"]
    form["gebruikersnaam"], form["wachtwoord"] = username, PASSWORD
    extra = {"Referer": f"{address}/aanmelden"} if https else {}
    answer = form.submit("aanmelden", status=303, headers=extra)
    return page, answer


def test_over_https_cookies_are_bound_to_the_host_and_hsts_is_sent(variant: Variant) -> None:
    page, answer = signed_in(variant, https=True)
    cookies = [*page.headers.getall("Set-Cookie"), *answer.headers.getall("Set-Cookie")]
    assert {cookie.split("=")[0] for cookie in cookies} == {
        "__Host-csrf",
        "__Host-sessie",
        "__Host-browser",
    }
    for cookie in map(str.lower, cookies):
        assert all(part in cookie for part in ("; secure", "; httponly", "samesite=lax", "path=/"))
        assert "domain=" not in cookie
    assert "max-age=" in answer.headers["Strict-Transport-Security"]


def test_the_demo_over_http_has_plain_cookies_and_no_hsts(variant: Variant) -> None:
    page, answer = signed_in(variant, https=False)
    cookies = [*page.headers.getall("Set-Cookie"), *answer.headers.getall("Set-Cookie")]
    assert {cookie.split("=")[0] for cookie in cookies} == {"csrf", "sessie", "browser"}
    assert all("httponly" in cookie.lower() for cookie in cookies)
    assert not any("secure" in cookie.lower() for cookie in cookies)
    assert "Strict-Transport-Security" not in answer.headers


def test_a_session_ends_when_idle_and_ends_anyhow(installation: Installation) -> None:
    connect(installation)
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    start, page = utc_now(), "/gemeenten/dordrecht"
    idle = timedelta(minutes=installation.settings.session_idle_minutes)
    longest = timedelta(hours=installation.settings.session_absolute_hours)
    with clock_at(start):
        quiet, busy = installation.browser(username), installation.browser(username)
    with clock_at(start + idle - timedelta(seconds=1)):
        quiet.get(page, status=200)
    with clock_at(start + 2 * idle):
        assert "/aanmelden" in quiet.get(page, status=303).location
    moment = start
    while moment < start + longest - idle:
        moment += idle - timedelta(minutes=1)
        with clock_at(moment):
            busy.get(page, status=200)
    with clock_at(start + longest + timedelta(seconds=1)):
        assert "/aanmelden" in busy.get(page, status=303).location


def test_who_is_blocked_is_out_at_once_and_stays_out(installation: Installation) -> None:
    connect(installation)
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    browser = installation.browser(username)
    browser.get("/gemeenten/dordrecht", status=200)
    with installation.transaction() as session:
        user = find_user(session, username)
        assert user is not None
        block_user(session, SYSTEM, user)
    assert "/aanmelden" in browser.get("/gemeenten/dordrecht", status=303).location
    form = browser.get("/aanmelden").forms["formulier"]
    form["gebruikersnaam"], form["wachtwoord"] = username, PASSWORD
    form.submit("aanmelden", status=422)


def demo_user(installation: Installation) -> str:
    hashed = hash_password(PASSWORD)
    with installation.transaction() as session:
        made: User = create_user(session, SYSTEM, "oov@proef.example", "P", hashed, demo=True)
        return made.username


def test_production_does_not_start_with_demo_accounts(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    production = replace(installation.settings, demo=False)
    create_app(production).registry.engine.dispose()
    demo_user(installation)
    with pytest.raises(SettingsError, match="1 demo-accounts"):
        create_app(production)
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.CRITICAL]
    assert [line.partition(":")[0] for line in told] == ["does not start"]
    assert "1 demo-accounts" in told[0]
    create_app(installation.settings).registry.engine.dispose()


@pytest.mark.sqlite
@pytest.mark.alles
def test_the_command_that_refuses_to_start_says_why_once_and_in_the_log(
    installation: Installation,
) -> None:
    demo_user(installation)
    production = replace(
        installation.settings, demo=False, log_format="json", public_address="https://m.example"
    )
    ini = installation.settings.data_dir / "web.ini"
    ini.write_text(ini_of(production, {}), encoding="utf-8")
    command = [sys.executable, "-m", "stopintimidatie.cli", "--ini", str(ini), "web"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = [json.loads(line) for line in done.stderr.splitlines()]
    assert line["niveau"] == "CRITICAL"
    assert "1 demo-accounts" in line["melding"]


def test_production_lets_no_demo_account_in(installation: Installation, variant: Variant) -> None:
    username = demo_user(installation)
    browser = variant(demo=False).visitor()
    form = browser.get("/aanmelden").forms["formulier"]
    form["gebruikersnaam"], form["wachtwoord"] = username, PASSWORD
    form.submit("aanmelden", status=422)
