"""Every public page with a way back has the quick exit, its error pages too."""

from __future__ import annotations

import pytest

from stopintimidatie.core.web.components import ELSEWHERE
from tests.support.installation import Installation

OWN = "/volgen/weg"


@pytest.mark.parametrize(
    ("address", "way_out"),
    [
        ("/melden", ELSEWHERE),
        ("/melden/dordrecht", ELSEWHERE),
        ("/melden/bestaat-niet", ELSEWHERE),
        ("/volgen", OWN),
        ("/volgen/bestaat-niet", OWN),
        ("/privacy", ELSEWHERE),
        ("/privacy/jongeren", ELSEWHERE),
        ("/privacy/bestaat-niet", ELSEWHERE),
        ("/toegankelijkheid", ELSEWHERE),
        ("/verificatie", ELSEWHERE),
        ("/aanmelden", None),
        ("/ophalen", None),
        ("/aansluiten", None),
        ("/cursus", None),
    ],
)
def test_a_public_page_has_a_way_out_and_who_works_somewhere_a_page_to_close(
    installation: Installation, address: str, way_out: str | None
) -> None:
    page = installation.visitor().get(address, status="*").html
    links = [link["href"] for link in page.select("[data-weg]")]
    assert links == ([way_out] if way_out else [])
    scripts = [script for script in page.select("script") if "reporting." in script["src"]]
    assert bool(scripts) is bool(way_out)


def test_an_unreadable_address_below_a_public_word_has_the_way_out_too(
    installation: Installation,
) -> None:
    page = installation.visitor().get("/melden/%ff", status=400).html
    assert page.select_one("[data-weg]")
