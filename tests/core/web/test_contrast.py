"""Colours: what can be read on what."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stopintimidatie.core.web.theme import (
    SURFACE,
    Branding,
    darkened_for,
    mix,
    parse_colour,
    ratio,
    readable_on,
    theme_css,
    theme_path,
    theme_properties,
)

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_black_on_white_is_twenty_one() -> None:
    assert ratio("#000000", "#ffffff") == pytest.approx(21)


def test_a_published_pair_has_its_published_ratio() -> None:
    assert ratio("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_the_order_of_two_colours_does_not_matter() -> None:
    assert ratio("#0b5394", "#ffffff") == ratio("#ffffff", "#0b5394")


@pytest.mark.parametrize("text", ["", "#fff", "rood", "#12345g", "#1234567", "#12345\n", "##12345"])
def test_what_is_not_a_six_digit_colour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a six-digit"):
        parse_colour(text)


@settings(deadline=None)
@given(colours)
def test_text_on_any_colour_can_be_read(colour: str) -> None:
    assert ratio(readable_on(colour), colour) >= 4.5


@settings(deadline=None)
@given(colours)
def test_a_darkened_colour_can_be_read_on_white(colour: str) -> None:
    assert ratio(darkened_for(colour, "#ffffff"), "#ffffff") >= 4.5


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert darkened_for("#154273", "#ffffff") == "#154273"


def test_nothing_is_readable_on_black_by_darkening() -> None:
    with pytest.raises(ValueError, match="nothing is readable"):
        darkened_for("#222222", "#000000")


def test_half_a_mix_lies_in_the_middle() -> None:
    assert mix("#000000", "#ffffff", 0.5) == "#808080"


@settings(deadline=None)
@given(colours)
def test_every_theme_has_enough_contrast_wherever_its_text_stands(colour: str) -> None:
    found = theme_properties(colour)
    assert ratio(found["--si-brand"], found["--si-brand-on"]) >= 4.5
    assert ratio(found["--si-action"], found["--si-action-on"]) >= 4.5
    assert ratio(found["--si-action-hover"], found["--si-action-hover-on"]) >= 4.5
    for background in ("#ffffff", SURFACE, found["--si-brand-soft"]):
        assert ratio(found["--si-brand-text"], background) >= 4.5
        assert ratio(found["--si-brand-strong"], background) >= 4.5


def test_the_stylesheet_holds_custom_properties_only() -> None:
    css = theme_css("#A4123F")
    assert css.startswith(".si-theme{--si-brand:#a4123f;")
    assert css.count("{") == css.count("}") == 1


def test_the_address_of_a_theme_is_its_colour() -> None:
    assert theme_path("#A4123F") == "/huisstijl/a4123f.css"
    assert Branding().name == "Stop Intimidatie – landelijk meldpunt"
