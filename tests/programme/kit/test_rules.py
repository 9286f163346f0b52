"""Words as large as fits, colours that can be read, and the code of a campaign's pictures."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stopintimidatie.core.web.theme import TEXT_MINIMUM, WHITE, ratio
from stopintimidatie.exports.redaction.content import House
from stopintimidatie.programme.kit.rules import (
    QUIET,
    address_pieces,
    colours_of,
    qr_code,
    set_words,
    width_of,
)
from stopintimidatie.programme.kit.services import FORMATS, TEXT, Kit, svg_of

SVG = "{http://www.w3.org/2000/svg}"
COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)
NAMES = ["Ee", "Súdwest-Fryslân", "'s-Hertogenbosch", "Alphen aan den Rijn", "W" * 40]
KIT = Kit(
    "dordrecht-zomer-2026",
    cast(Any, SimpleNamespace(name="Dordrecht")),
    "Zomer 2026",
    House("Gemeente Dordrecht", "Stad", "#0b5394", None),
    "https://stopintimidatie.example/melden/dordrecht?c=zomer-2026",
    TEXT.more["headlines"][0],
    "14 078",
)


@given(COLOURS)
def test_words_can_be_read_on_every_colour_of_a_municipality(colour: str) -> None:
    colours = colours_of(colour)
    assert colours["field"] == colour
    assert ratio(colours["on_field"], colour) >= TEXT_MINIMUM
    assert ratio(colours["strong"], WHITE) >= TEXT_MINIMUM


@given(
    st.lists(st.text("abcWÿ-'@", min_size=1, max_size=80), min_size=1, max_size=12),
    st.floats(20, 2000),
    st.floats(10, 2000),
)
@settings(max_examples=60)
def test_words_stay_within_their_room_and_none_gets_lost(
    words: list[str], width: float, height: float
) -> None:
    size, lines, tall = set_words(" ".join(words), (width, height), 200)
    assert size <= 200
    assert tall <= height
    assert max(width_of(line, 400) for line in lines) * size <= width * 1.0001
    assert "".join(lines).replace(" ", "") == "".join(words)


def test_a_line_ends_at_a_blank_or_a_hyphen_and_never_within_a_name_or_an_address() -> None:
    narrow = 300, 400
    assert set_words("Súdwest-Fryslân", narrow, 80)[1] == ["Súdwest-", "Fryslân"]
    assert set_words("'s-Hertogenbosch", narrow, 80)[1] == ["'s-Hertogenbosch"]
    assert set_words("mail fg-post@stad.example", narrow, 40)[1] == ["mail", "fg-post@stad.example"]
    address = "stad.example/melden/ee?c=zomer-26"
    assert "".join(address_pieces(f"https://{address}")) == address


def test_around_the_code_four_modules_stay_empty() -> None:
    modules, path = qr_code(KIT.link)
    places = [pair.partition("h")[0].split() for pair in path.split("M")[1:]]
    across, down = ({int(pair[axis]) for pair in places} for axis in (0, 1))
    assert min(across) == min(down) == QUIET
    assert max(across) == max(down) == modules - QUIET - 1


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("headline", TEXT.more["headlines"])
def test_long_names_stay_within_every_picture(name: str, headline: str) -> None:
    long = "Veilig uit en weer veilig thuis tijdens de Sneekweek en de kermis van september"
    for town in NAMES:
        house = replace(KIT.house, name=f"Gemeente {town}")
        link = f"https://meldpunt-straatintimidatie.example/melden/{town.lower()}?c={'a' * 20}"
        contact = "privacy-en-gegevensbescherming@sudwestfryslan.example"
        kit = replace(KIT, house=house, campaign=long, link=link, headline=headline)
        drawn = ElementTree.fromstring(svg_of(replace(kit, contact=contact), name))  # noqa: S314
        _, _, width, height = map(float, drawn.attrib["viewBox"].split())
        boxes = [_box(words) for words in drawn.iter(f"{SVG}text")]
        for left, top, right, bottom in boxes:
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height
        for number, box in enumerate(boxes):
            assert not any(_touch(box, other) for other in boxes[:number])
        said = "".join("".join(words.itertext()) for words in drawn.iter(f"{SVG}text"))
        assert house.name.replace(" ", "") in said.replace(" ", "")
        assert "".join(address_pieces(link)) in said


def _box(words: ElementTree.Element) -> tuple[float, float, float, float]:
    """Return the box of the capitals of a line of words."""
    x, y, size, wide = (float(words.attrib[n]) for n in ("x", "y", "font-size", "textLength"))
    return x, y - 0.66 * size, x + wide, y


def _touch(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    across = one[0] < other[2] and other[0] < one[2]
    return across and one[1] < other[3] and other[1] < one[3]


def test_another_colour_name_headline_or_contact_changes_every_picture() -> None:
    house = KIT.house
    others = (
        replace(KIT, house=replace(house, colour="#aa0000")),
        replace(KIT, house=replace(house, name="Gemeente Ee")),
        replace(KIT, headline=TEXT.more["headlines"][1]),
        replace(KIT, contact="14 099"),
        replace(KIT, link=f"{KIT.link}7"),
    )
    for name in FORMATS:
        assert len({svg_of(kit, name) for kit in (KIT, *others)}) == 1 + len(others)


def test_names_are_never_read_as_markup() -> None:
    kit = replace(KIT, campaign='<script x="1">&', contact="<b>")
    drawn = ElementTree.fromstring(svg_of(kit, "poster-a4"))  # noqa: S314 - our own
    assert '<scriptx="1">&' in "".join("".join(drawn.itertext()).split())
    assert {element.tag.removeprefix(SVG) for element in drawn.iter()} <= {
        "svg",
        "title",
        "rect",
        "path",
        "text",
    }
