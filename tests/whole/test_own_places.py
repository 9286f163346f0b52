"""The lists that each municipality has, from the menu and from addresses of no municipality."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import BindParameter
from sqlalchemy.sql.visitors import iterate
from webtest import TestResponse

from stopintimidatie.core.security import Role
from stopintimidatie.municipalities.areas.resources import OWN_PLACES, Reader
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_user
from tests.support.installation import Installation

LISTS = {
    "Postvak": "postvak",
    "Overdrachten": "overdrachten",
    "Dossiers": "dossiers",
    "Patronen": "patronen",
    "Uitvoer": "uitvoer",
    "Partners": "partners",
    "Verstrekkingen": "verstrekkingen",
}


@pytest.fixture
def towns(installation: Installation) -> Installation:
    connect(installation)
    connect(installation, EINDHOVEN)
    return installation


def menu(page: TestResponse) -> dict[str, str]:
    return {link.text.strip(): link["href"] for link in page.html.select("nav li a[href]")}


def test_the_menu_holds_the_same_lists_on_a_page_of_no_municipality(towns: Installation) -> None:
    officer = towns.browser(make_user(towns, (DORDRECHT, Role.OFFICER)))
    elsewhere = menu(officer.get("/account"))
    at_home = menu(officer.get("/gemeenten/dordrecht"))
    for label, name in LISTS.items():
        assert elsewhere[label] == f"/{name}"
        assert at_home[label] == f"/gemeenten/dordrecht/{name}"
        went = officer.get(elsewhere[label], status=303)
        assert went.location.endswith(at_home[label])


def test_who_works_for_two_municipalities_chooses_and_stays_where_they_are(
    towns: Installation,
) -> None:
    both = make_user(towns, (DORDRECHT, Role.OFFICER), (EINDHOVEN, Role.OFFICER))
    browser = towns.browser(both)
    for label, name in LISTS.items():
        page = browser.get(f"/{name}")
        assert page.html.find("h1").text.strip() == label
        for slug in ("dordrecht", "eindhoven"):
            assert page.html.find("main").find("a", href=f"/gemeenten/{slug}/{name}")
            there = menu(browser.get(f"/gemeenten/{slug}"))
            assert there[label] == f"/gemeenten/{slug}/{name}"


def test_in_a_municipality_where_one_may_less_the_menu_leads_to_where_one_may(
    towns: Installation,
) -> None:
    both = make_user(towns, (DORDRECHT, Role.OFFICER), (EINDHOVEN, Role.ADMIN))
    items = menu(towns.browser(both).get("/gemeenten/eindhoven"))
    assert items["Postvak"] == "/postvak"
    assert items["Beheer"] == "/gemeenten/eindhoven/beheer"


@pytest.mark.parametrize("national", [False, True])
def test_the_statement_of_a_menu_holds_no_moment_at_which_it_was_made(
    installation: Installation, national: bool
) -> None:
    registry = installation.registry
    lists = tuple(name for name, place in OWN_PLACES.of(registry).items() if place.waiting)
    assert len(lists) > 10
    binds = [
        part
        for part in iterate(registry.menu_of(Reader(frozenset(Role), national), lists))
        if isinstance(part, BindParameter)
    ]
    assert any(bind.callable for bind in binds)
    assert [bind.value for bind in binds if isinstance(bind.value, date)] == []
