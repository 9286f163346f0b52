"""Showing the second factor again, before what is grave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.accounts.models import LoginSession, OfferState, RoleOffer
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.vocabulary import ContactWish
from tests.support import policing
from tests.support.factories import DORDRECHT, EINDHOVEN, make_report, make_user
from tests.support.installation import Installation
from tests.support.officers import HERE

PHONE = "+31612345678"


@pytest.fixture
def report(installation: Installation) -> str:
    """The address of a report with a telephone number."""
    with installation.transaction(DORDRECHT) as session:
        contact = Contact(name="M. Melder", email=None, phone=PHONE)
        made = make_report(
            session,
            installation,
            anonymous=False,
            contact=contact,
            wants_contact=ContactWish.CALL,
        )
        return f"{HERE}/{made.reference}"


@contextmanager
def eleven_minutes_later() -> Iterator[None]:
    with clock_at(utc_now() + timedelta(minutes=11)):
        yield


def officer(installation: Installation, role: Role, *, demo: bool = False) -> tuple[Any, str]:
    username = make_user(installation, (DORDRECHT, role), demo=demo)
    return installation.browser(username), username


def code(installation: Installation, username: str) -> str:
    app, _ = installation.apps[username]
    return app.at(utc_now())


def test_who_showed_it_long_ago_is_asked_again_and_goes_on_where_they_were(
    installation: Installation, report: str
) -> None:
    browser, username = officer(installation, Role.PRIVACY_OFFICER)
    browser.get(f"{report}/gegevens-wissen", status=200)
    with eleven_minutes_later():
        asked = browser.get(f"{report}/gegevens-wissen", status=303).follow(status=200)
        form = asked.forms["formulier"]
        form["code"] = "000000"
        assert "Deze code klopt niet" in form.submit("bevestigen", status=422)
        form["code"] = code(installation, username)
        answer = form.submit("bevestigen", status=303).follow(status=303)
        assert answer.location.endswith(f"{report}/gegevens-wissen")
        answer.follow(status=200)
        used = browser.get("/account-bevestigen?volgende=/post", status=303)
        assert used.location.endswith("/post"), "nothing to confirm any more"


@pytest.mark.short_on("sqlite")
@pytest.mark.both_databases
def test_a_form_that_was_filled_in_waits_encrypted_and_is_sent_with_one_button(
    installation: Installation, report: str
) -> None:
    browser, username = officer(installation, Role.PRIVACY_OFFICER)
    form = browser.get(f"{report}/gegevens-wissen").forms["formulier"]
    form["grond"] = "bezwaar"
    with eleven_minutes_later():
        asked = form.submit("voorstellen", status=303).follow(status=200)
        with installation.transaction() as session:
            kept = session.scalars(select(LoginSession.kept_form)).one()
        assert kept
        assert "bezwaar" not in kept
        asked.forms["formulier"]["code"] = code(installation, username)
        again = asked.forms["formulier"].submit("bevestigen", status=303).follow(status=200)
        assert "staat klaar" in again
        sender = next(f for f in again.forms.values() if f.action == f"{report}/gegevens-wissen")
        assert sender["grond"].value == "bezwaar"
        assert "Het voorstel is gedaan" in sender.submit(status=303).follow()
        with installation.transaction() as session:
            assert session.scalars(select(LoginSession.kept_form)).all() == [None]


def test_confirming_gives_a_new_token_and_a_copy_of_the_old_one_is_dead(
    installation: Installation, report: str
) -> None:
    browser, username = officer(installation, Role.PRIVACY_OFFICER)
    thief = installation.visitor()
    thief.set_cookie("sessie", browser.cookies["sessie"])
    thief.get(report, status=200)
    form = browser.get(f"{report}/gegevens-wissen").forms["formulier"]
    form["grond"] = "bezwaar"
    with eleven_minutes_later():
        asked = form.submit("voorstellen", status=303).follow().forms["formulier"]
        asked["code"] = code(installation, username)
        again = asked.submit("bevestigen", status=303).follow(status=200)
        assert 'value="bezwaar"' in again, "what was filled in is still there"
        assert "/aanmelden" in thief.get(report, status=303).location


def test_contact_data_is_shown_again_after_confirming(
    installation: Installation, report: str
) -> None:
    browser, username = officer(installation, Role.OFFICER)
    assert PHONE in browser.get(report)
    with eleven_minutes_later():
        page = browser.get(report, status=200)
        assert PHONE not in page
        form = page.click("Contactgegevens tonen").forms["formulier"]
        form["code"] = code(installation, username)
        assert PHONE in form.submit("bevestigen").follow().follow(status=200)


def test_wrong_codes_are_counted_and_a_demo_account_without_a_factor_is_not_asked(
    installation: Installation, report: str
) -> None:
    browser, username = officer(installation, Role.PRIVACY_OFFICER)
    easy, _ = officer(installation, Role.PRIVACY_OFFICER, demo=True)
    with eleven_minutes_later():
        easy.get(f"{report}/gegevens-wissen", status=200)
        form = browser.get(f"{report}/gegevens-wissen").follow().forms["formulier"]
        assert "Vul de code in." in form.submit("bevestigen", status=422)
        for _ in range(5):
            form["code"] = "111111"
            form.submit("bevestigen", status=422)
        form["code"] = code(installation, username)
        assert "te vaak een verkeerde code" in form.submit("bevestigen", status=422)


def test_a_kept_form_is_for_its_own_page_and_session(
    installation: Installation, report: str
) -> None:
    browser, username = officer(installation, Role.PRIVACY_OFFICER)
    other = installation.browser(username)
    form = browser.get(f"{report}/gegevens-wissen").forms["formulier"]
    form["grond"] = "bezwaar"
    with eleven_minutes_later():
        form.submit("voorstellen", status=303)
        elsewhere = browser.get("/account-bevestigen?volgende=/post").forms["formulier"]
        elsewhere["code"] = code(installation, username)
        assert elsewhere.submit("bevestigen").follow(status=303).location.endswith("/post")
        theirs = other.get(f"{report}/gegevens-wissen", status=303)
        assert "account-bevestigen" in theirs.location, "another session isn't confirmed"


def test_a_role_counts_only_once_the_second_factor_was_shown(installation: Installation) -> None:
    browser, username = officer(installation, Role.OFFICER)
    with installation.transaction() as session:
        offered = RoleOffer(
            holder=EINDHOVEN,
            username=username,
            name="Olga",
            role=Role.ADMIN.value,
            state=OfferState.OFFERED,
            by_desk=False,
            proposed_by="Bea Heer",
            expires_at=utc_now() + timedelta(days=7),
        )
        session.add(offered)
    with eleven_minutes_later():
        page = browser.get("/uitnodigingen", status=200)
        taking = next(f for f in page.forms.values() if "keuze" in f.fields)
        asked = taking.submit(status=303).follow(status=200)
        browser.get("/gemeenten/eindhoven/gebruikers", status=404)
        asked.forms["formulier"]["code"] = code(installation, username)
        again = asked.forms["formulier"].submit("bevestigen", status=303).follow(status=200)
        sender = next(f for f in again.forms.values() if f.action == "/uitnodigingen")
        sender.submit(status=303)
        browser.get("/gemeenten/eindhoven/gebruikers", status=200)


def test_police_data_is_asked_for_once_in_ten_minutes_and_then_read_on(
    installation: Installation,
) -> None:
    roles = (DORDRECHT, Role.OFFICER), (DORDRECHT, Role.POLICE_DATA)
    username = make_user(installation, *roles, demo=False)
    browser = installation.browser(username)
    policing.switch_on(installation)
    with installation.transaction(DORDRECHT) as session:
        item = policing.keep_something(session, installation.registry.key_ring)
    assert policing.TEXT in policing.read(browser, item)
    path = f"{policing.HERE}/stuk?nr={item.id}"
    with eleven_minutes_later():
        asked = browser.get(path, status=303).follow(status=200)
        assert policing.TEXT not in asked
        form = asked.forms["formulier"]
        form["code"] = code(installation, username)
        assert policing.TEXT in form.submit("bevestigen").follow().follow(status=200)
        for page in ("", "/logboek", f"/beslissen?nr={item.id}"):
            browser.get(f"{policing.HERE}{page}", status=200)
