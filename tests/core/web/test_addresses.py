"""Addresses, pages of lists, menu and breadcrumb."""

from types import SimpleNamespace
from typing import Any

import pytest
from pyramid.request import Request

from stopintimidatie.core.web.components import badge_for, page_url
from stopintimidatie.core.web.request import (
    Crumb,
    NavItem,
    Paging,
    breadcrumb,
    mark_current,
    safe_path,
    toggled,
    wanted_page,
    with_params,
)


def at(address: str) -> Any:
    return Request.blank(address)


def test_other_filters_stay_when_one_changes() -> None:
    request = at("/zoeken?q=na+roepen&status=nieuw&pagina=3")
    assert with_params(request, pagina=4) == "/zoeken?q=na+roepen&status=nieuw&pagina=4"
    assert with_params(request, pagina=None, status=None) == "/zoeken?q=na+roepen"


def test_a_filter_value_is_switched_on_and_off_and_goes_to_page_one() -> None:
    on = toggled(at("/zoeken?status=nieuw&pagina=3"), "status", "klaar")
    assert on == "/zoeken?status=nieuw&status=klaar"
    assert toggled(at(on), "status", "nieuw") == "/zoeken?status=klaar"
    assert toggled(at("/zoeken?status=nieuw"), "status", "nieuw") == "/zoeken"


def test_an_address_that_cannot_be_read_has_no_filters() -> None:
    assert with_params(at("/zoeken?q=%ff"), pagina=2) == "/zoeken?pagina=2"


@pytest.mark.parametrize(
    "text",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "",
        None,
        "x",
        "/a\r\nb",
        "/a b",
        "/\\/x",
    ],
)
def test_only_a_path_of_this_host_is_safe(text: str | None) -> None:
    assert safe_path(text) == "/"


def test_a_path_with_a_query_is_safe() -> None:
    assert safe_path("/gemeenten/dordrecht?status=nieuw") == "/gemeenten/dordrecht?status=nieuw"


@pytest.mark.parametrize("text", ["-1", "1e3", "²", "x", "", "1234567", "%ff"])
def test_a_page_that_is_no_number_is_page_one(text: str) -> None:
    assert wanted_page(at(f"/?pagina={text}")) == 1 or text == "²"


def test_a_page_beyond_the_end_is_the_last() -> None:
    paging = Paging(99, 51, 25)
    assert (paging.page, paging.pages, paging.offset, paging.first, paging.last) == (
        3,
        3,
        50,
        51,
        51,
    )


def test_an_empty_list_has_one_empty_page() -> None:
    paging = Paging(1, 0)
    assert (paging.pages, paging.offset, paging.first, paging.last) == (1, 0, 0, 0)


def test_gaps_in_the_page_numbers_are_shown() -> None:
    assert list(Paging(4, 480).numbers) == [1, None, 3, 4, 5, None, 20]
    assert list(Paging(1, 60).numbers) == [1, 2, 3]


def test_page_one_has_no_number_in_its_address() -> None:
    url = page_url(at("/zoeken?q=x&pagina=2"))
    assert (url(1), url(3)) == ("/zoeken?q=x", "/zoeken?q=x&pagina=3")


def test_the_longest_fitting_menu_item_is_the_current_one() -> None:
    items = [
        NavItem("Start", "/"),
        NavItem("Wijken", "/gemeenten/dordrecht"),
        NavItem("Postvak", "/gemeenten/dordrecht/postvak"),
    ]

    def current(path: str) -> list[str]:
        return [item.label for item in mark_current(items, path) if item.current]

    assert current("/") == ["Start"]
    assert current("/gemeenten/dordrecht/postvak") == ["Postvak"]
    assert current("/gemeenten/dordrecht/binnenstad/2026-0007") == ["Wijken"]
    assert current("/gemeenten/dordrechts") == []


def test_the_breadcrumb_follows_the_lineage_and_skips_what_has_no_title() -> None:
    root = SimpleNamespace(__name__=None, __parent__=None, title="Start")
    hidden = SimpleNamespace(__name__="gemeenten", __parent__=root, title="")
    town = SimpleNamespace(__name__="dordrecht", __parent__=hidden, title="Dordrecht")
    request = SimpleNamespace(context=town, resource_path=lambda node: f"/{node.__name__ or ''}")
    assert breadcrumb(request) == [Crumb("Start", "/"), Crumb("Dordrecht", "/dordrecht")]


def test_a_page_without_context_has_no_breadcrumb() -> None:
    assert breadcrumb(SimpleNamespace()) == []


def test_an_unknown_state_is_shown_as_its_own_words() -> None:
    assert badge_for("nieuw").word == "Nieuw"
    assert (badge_for("iets_anders").word, badge_for("iets_anders").tone) == (
        "Iets anders",
        "neutral",
    )
