"""Colours: what can be read on what."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stopintimidatie.core.web.responses import ROOT
from stopintimidatie.core.web.theme import (
    DARK_MUTED,
    DARK_PAGE,
    DARK_SURFACE,
    DEFAULT_COLOUR,
    SURFACE,
    Branding,
    dark_properties,
    darkened_for,
    lightened_for,
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


@settings(deadline=None)
@given(colours)
def test_every_theme_has_enough_contrast_in_the_dark(colour: str) -> None:
    dark = dark_properties(colour)
    own = _own_properties(dark=True)
    assert own["--si-muted"] == DARK_MUTED
    assert ratio(dark["--si-action"], dark["--si-action-on"]) >= 4.5
    assert ratio(dark["--si-action-hover"], dark["--si-action-hover-on"]) >= 4.5
    assert ratio(dark["--si-brand-edge"], DARK_PAGE) >= 3
    for background in (DARK_PAGE, DARK_SURFACE, dark["--si-brand-soft"]):
        for text in (dark["--si-brand-text"], dark["--si-brand-strong"]):
            assert ratio(text, background) >= 4.5
        for name in ("--si-ink", "--si-muted"):
            assert ratio(own[name], background) >= 4.5


def _own_properties(*, dark: bool) -> dict[str, str]:
    """The colours of app.css itself: those of the desk."""
    light, _, rest = (ROOT / "app.css").read_text(encoding="utf-8").partition("@media screen")
    return dict(
        re.findall(r"(--si-[\w-]+): (#\w{6});", rest.partition("\n}")[0] if dark else light)
    )


@pytest.mark.parametrize("dark", [False, True])
def test_the_colours_of_the_house_can_be_read_on_each_other(dark: bool) -> None:
    own = _own_properties(dark=dark)
    of_the_desk = dark_properties(DEFAULT_COLOUR) if dark else theme_properties(DEFAULT_COLOUR)
    assert of_the_desk.items() <= own.items()
    for name in ("page", "paper", "surface", "brand-soft"):
        for text in ("ink", "muted", "danger-ink", "brand-text"):
            assert ratio(own[f"--si-{name}"], own[f"--si-{text}"]) >= 4.5, (name, text)
        assert ratio(own[f"--si-{name}"], own["--si-line-strong"]) >= 3
    for tone in ("neutral", "info", "warning", "danger", "success"):
        assert ratio(own[f"--si-{tone}-soft"], own[f"--si-{tone}-ink"]) >= 4.5
    assert ratio(own["--si-danger"], own["--si-danger-on"]) >= 4.5
    for name in ("mark", "added", "removed"):
        assert ratio(own[f"--si-{name}"], own["--si-ink"]) >= 4.5


def test_our_stylesheets_name_no_colour_but_by_its_property() -> None:
    for sheet in ROOT.glob("*.css"):
        css = sheet.read_text(encoding="utf-8")
        rules = css.partition("/* What the theme of the components takes")[2] or css
        named = re.findall(r".*(?<!, )#[0-9a-f]{3,8}\b.*", rules)
        # Paper is white on any screen and in print; practice looks the same in light and dark.
        allowed = ("background: #fff;", "#000;", ".si-demo--practice")
        assert [rule for rule in named if not any(part in rule for part in allowed)] == []


def test_the_stylesheet_holds_custom_properties_only() -> None:
    css = theme_css("#A4123F")
    assert css.startswith(".si-theme{--si-brand:#a4123f;")
    assert css.count(".si-theme{") == 2
    assert css.count("{") == css.count("}") == 3


def test_a_light_colour_on_a_dark_page_stays_as_it_is() -> None:
    assert lightened_for("#ffcc00", DARK_PAGE) == "#ffcc00"
    assert ratio(lightened_for("#154273", DARK_PAGE), DARK_PAGE) >= 4.5


def test_the_address_of_a_theme_is_its_colour() -> None:
    assert theme_path("#A4123F").startswith("/huisstijl/a4123f.css?v=")
    assert Branding().name == "Stop Intimidatie – landelijk meldpunt"


def test_a_reference_beside_a_heading_goes_to_the_next_line_whole() -> None:
    sheet = (ROOT / "app.css").read_text()
    assert ".si-heading > .si-heading__above { display: inline-block; }" in sheet
