"""Tests of what was done under one's own name, as the person self reads it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from stopintimidatie.core.accounts.models import LoginSession
from stopintimidatie.core.audit import Actor, event_rows
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.session import insert_rows
from stopintimidatie.privacy.log.activity import LATELY, ON_PAGE
from tests.support.factories import DORDRECHT, EINDHOVEN, make_user, user_id
from tests.support.installation import Installation


def note(
    installation: Installation, holder: str, username: str, action: str, number: int = 1, **ago: int
) -> None:
    """Have this person do something at a holder, so long ago."""
    actor = Actor("gebruiker", str(user_id(installation, username)), "Naam van toen")
    with installation.transaction(holder) as session:
        for place in range(number):
            at = utc_now() - timedelta(**ago) - timedelta(seconds=place)
            rows = event_rows(actor, action, holder, "melding", fields=["geheim_veld"], at=at)
            insert_rows(session, rows)


def lines(page: Any) -> list[tuple[str, ...]]:
    """Return what stands in the table: the kind and the place."""
    rows = page.html.select("table tbody tr")
    return [tuple(cell.text.strip() for cell in row.select("td")) for row in rows]


def test_it_is_of_the_own_name_at_every_place_of_a_role_and_newest_first(
    installation: Installation,
) -> None:
    roles = (DORDRECHT, Role.OFFICER), (EINDHOVEN, Role.OFFICER)
    username = make_user(installation, *roles)
    other = make_user(installation, (DORDRECHT, Role.OFFICER))
    note(installation, DORDRECHT, username, "gelezen", hours=3)
    note(installation, EINDHOVEN, username, "melding.beoordeeld", hours=2)
    note(installation, NATIONAL, username, "aanmelden.gelukt", hours=1)
    note(installation, NATIONAL, username, "gebruiker.rol_afgeslagen", hours=1)
    note(installation, DORDRECHT, other, "dossier.gemaakt", hours=1)
    browser = installation.browser(username)
    # The newest is this very sign-in.
    expected = [
        ("Aangemeld", "Landelijk meldpunt"),
        ("Melding beoordeeld", "Eindhoven"),
        ("Gelezen", "Dordrecht"),
    ]
    page = browser.get("/account").click("Alles van de laatste 30 dagen")
    assert lines(page)[1:] == expected
    assert "geheim" not in page
    assert lines(browser.get("/account"))[1:] == expected


def test_what_is_longer_ago_is_left_out_and_what_is_much_comes_in_pages(
    installation: Installation,
) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    note(installation, DORDRECHT, username, "dossier.gemaakt", days=LATELY.days + 1)
    note(installation, DORDRECHT, username, "gelezen", ON_PAGE, hours=1)
    browser = installation.browser(username)
    first = browser.get("/account-handelingen")
    assert "Dossier gemaakt" not in first
    assert len(lines(first)) == ON_PAGE
    assert len(lines(browser.get("/account-handelingen?pagina=2"))) == 1
    assert len(lines(browser.get("/account-handelingen?pagina=999999"))) == 1


def test_through_a_provider_only_what_was_done_at_its_municipality_is_shown(
    installation: Installation,
) -> None:
    roles = (DORDRECHT, Role.OFFICER), (EINDHOVEN, Role.OFFICER)
    username = make_user(installation, *roles)
    note(installation, DORDRECHT, username, "gelezen", hours=3)
    note(installation, EINDHOVEN, username, "melding.beoordeeld", hours=2)
    browser = installation.browser(username)
    with installation.transaction() as session:
        session.scalars(select(LoginSession)).one().provider = DORDRECHT
    for address in ("/account", "/account-handelingen"):
        assert lines(browser.get(address)) == [("Gelezen", "Dordrecht")]


def test_who_did_nothing_yet_reads_what_will_stand_here(installation: Installation) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    with installation.transaction() as session:
        session.scalars(select(LoginSession)).one().provider = DORDRECHT
    assert "niets gedaan" in browser.get("/account")
    assert "Nog niets" in browser.get("/account-handelingen")


def test_what_others_did_to_the_account_is_shown_without_its_reason(
    installation: Installation,
) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    number = user_id(installation, username)
    admin = Actor("gebruiker", str(user_id(installation, make_user(installation))), "Bea Beheer")
    visitor = Actor("bezoeker", None, "Bezoeker")
    acts = (
        (NATIONAL, visitor, "wachtwoord.link_gebruikt", number),
        (DORDRECHT, admin, "factor.hersteld", number),
        (DORDRECHT, admin, "gebruiker.toegang_geblokkeerd", number),
        (DORDRECHT, admin, "gebruiker.toegang_hersteld", number),
        # Of somebody else, no security of an account, and where this person doesn't work.
        (DORDRECHT, admin, "factor.app_verwijderd", uuid4()),
        (DORDRECHT, admin, "gebruiker.opgeleid", number),
        (EINDHOVEN, admin, "gebruiker.afgemeld", number),
    )
    for minutes, (holder, actor, action, subject) in enumerate(acts):
        at = utc_now() - timedelta(hours=1, minutes=minutes)
        with installation.transaction(holder) as session:
            rows = event_rows(
                actor, action, holder, "gebruiker", [subject], reason="Roddel.", at=at
            )
            insert_rows(session, rows)
    page = installation.browser(username).get("/account-handelingen")
    assert lines(page)[1:] == [
        ("Nieuw wachtwoord gekozen met de link uit de mail", "Landelijk meldpunt"),
        ("Tweede stap hersteld door een beheerder", "Dordrecht"),
        ("Toegang tot deze gemeente geblokkeerd", "Dordrecht"),
        ("Blokkade bij deze gemeente opgeheven", "Dordrecht"),
    ]
    assert "Roddel" not in page
    assert "Bea" not in page
