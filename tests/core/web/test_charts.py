"""Charts: the same numbers give the same picture, readable, and nothing but a picture."""

from __future__ import annotations

import re
from base64 import b64decode
from functools import partial
from xml.etree import ElementTree

import pytest

from stopintimidatie.core.web import charts

ITEMS = [("naroepen", 12), ("<b>volgen</b> & meer", 3), ("nafluiten", None), ("nastaren", 0)]
DAYS = [("maandag", (0, 1, 4, None)), ("dinsdag", (9, 0, 0, 2))]
PARTS = ("nacht", "ochtend", "middag", "avond")


def everything(colour: str) -> list[str]:
    return [
        charts.bar_chart(ITEMS, colour=colour),
        charts.heat_table(PARTS, DAYS, colour=colour),
        charts.trend_chart(ITEMS, colour=colour),
        charts.bar_chart([], colour=colour),
        charts.trend_chart([], colour=colour),
    ]


def test_the_same_numbers_give_the_same_bytes() -> None:
    assert everything("#154273") == everything("#154273")


@pytest.mark.parametrize("colour", ["#154273", "#ffff00", "#ffffff", "#000000", "#e30613"])
def test_a_chart_is_well_formed_in_any_colour(colour: str) -> None:
    for svg in everything(colour):
        root = ElementTree.fromstring(svg)  # noqa: S314 - our own
        assert root.tag.endswith("svg")


def test_the_fonts_of_a_chart_are_names_that_a_browser_reads() -> None:
    # One that isn't makes the whole list void, and the letters are those of a typewriter or a book.
    for name in charts.FONT.split(","):
        assert re.fullmatch(r"'[A-Za-z0-9 ]+'|[A-Za-z-]+", name), name


def test_words_in_a_chart_stay_words() -> None:
    root = ElementTree.fromstring(charts.bar_chart(ITEMS, colour="#154273"))  # noqa: S314
    words = [node.text for node in root.iter() if node.tag.endswith("text")]
    assert "<b>volgen</b> & meer" in words
    assert not [node for node in root.iter() if node.tag.endswith("}b")]


def test_a_hidden_number_has_no_length() -> None:
    svg = charts.bar_chart([("a", 10), ("b", None)], colour="#154273")
    assert svg.count("<rect") == 1
    assert "&lt;5" in svg


def test_a_chart_refers_to_nothing_outside_itself() -> None:
    for svg in everything("#154273"):
        assert "href" not in svg
        assert "url(" not in svg
        assert "<style" not in svg


def test_the_longest_bar_and_its_number_fit() -> None:
    svg = charts.bar_chart([("een heel lange vorm die niet past", 99_999)], colour="#154273")
    assert "…" in svg
    assert 'x="311"' in svg


def test_the_summaries_say_what_the_picture_says() -> None:
    assert charts.bar_summary("Per vorm", ITEMS[:1]).startswith("Per vorm: naroepen 12.")
    assert charts.bar_summary("Per vorm", []) == "Per vorm: geen gegevens."
    busiest = charts.heat_summary("Per dag", PARTS, DAYS)
    assert "dinsdag nacht 9, maandag middag 4, dinsdag avond 2" in busiest
    assert charts.heat_summary("Per dag", PARTS, []) == "Per dag: geen gegevens."


def test_a_narrow_chart_has_all_columns_and_fewer_labels() -> None:
    months = [(f"m{number}", 1) for number in range(12)]
    narrow = charts.trend_chart(months, colour="#154273", width=340)
    assert narrow.count("<rect") == 12
    assert [label in narrow for label, _ in months] == [False, True] * 6


def test_a_line_stands_before_each_marked_column() -> None:
    months = [("jan 26", 1), ("feb 26", 0), ("mrt 26", 2)]
    draw = partial(charts.trend_chart, months, colour="#154273")
    assert draw(marks={"feb 26", "mrt 26", "elders"}).count("<rect") == draw().count("<rect") + 2
    assert draw() == draw(marks={"elders"})


def test_a_data_address_carries_the_picture_itself() -> None:
    svg = charts.trend_chart(ITEMS, colour="#154273")
    head, _, body = charts.data_uri(svg).partition(",")
    assert head == "data:image/svg+xml;base64"
    assert b64decode(body).decode() == svg


@pytest.mark.parametrize(("most", "top"), [(1, 2), (2, 2), (3, 4), (5, 6), (9, 10), (37, 40)])
def test_the_scale_ends_at_a_round_even_number(most: int, top: int) -> None:
    svg = charts.trend_chart([("jan", most)], colour="#154273")
    assert f">{top}<" in svg
    assert f">{top // 2}<" in svg
