"""A municipality's look: name, logo and one colour, from which a small stylesheet follows.

The stylesheet is a pure function of the colour and has the colour in its address
(``/huisstijl/0b5394.css``). So it needs no database and no inline style, may be cached for
ever, and tells nobody anything about a municipality.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Contrast by WCAG 2.2: a municipality chooses its colour, this decides what can stand on it.

WHITE = "#ffffff"
INK = "#1b1f24"
BLACK = "#000000"
TEXT_MINIMUM = 4.5

_HEX = re.compile(r"#?([0-9a-fA-F]{6})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Colour:
    """An sRGB colour, each part 0…255."""

    red: int
    green: int
    blue: int

    @property
    def hex(self) -> str:
        """Write the colour as `#0b5394`."""
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"


def parse_colour(text: str) -> Colour:
    """Read ``#0b5394`` (the hash may be left out); anything else is a ValueError."""
    match = _HEX.match(text)
    if match is None:
        raise ValueError(f"not a six-digit hexadecimal colour: {text!r}")
    digits = match.group(1)
    return Colour(*(int(digits[i : i + 2], 16) for i in (0, 2, 4)))


def luminance(colour: Colour) -> float:
    """Return the relative luminance, as WCAG 2.2 has it."""

    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    return (
        0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue)
    )


def ratio(colour: str, other: str) -> float:
    """Return the contrast between two colours: from 1 (equal) to 21 (black on white)."""
    light, dark = sorted(
        (luminance(parse_colour(colour)), luminance(parse_colour(other))), reverse=True
    )
    return (light + 0.05) / (dark + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """Mix ``share`` of the other colour (0…1) into the first."""
    first, second = parse_colour(colour), parse_colour(other)

    def part(a: int, b: int) -> int:
        return round(a + (b - a) * share)

    return Colour(
        part(first.red, second.red), part(first.green, second.green), part(first.blue, second.blue)
    ).hex


def readable_on(background: str) -> str:
    """Return white if that reads well on this background, else ink, else black: at least 4.5."""
    for text in (WHITE, INK):
        if ratio(text, background) >= TEXT_MINIMUM:
            return text
    return BLACK


def darkened_for(colour: str, background: str, minimum: float = TEXT_MINIMUM) -> str:
    """Return the colour, made just dark enough to be read on a light background."""
    return _moved_for(colour, BLACK, background, minimum)


def lightened_for(colour: str, background: str, minimum: float = TEXT_MINIMUM) -> str:
    """Return the colour, made just light enough to be read on a dark background."""
    return _moved_for(colour, WHITE, background, minimum)


def _moved_for(colour: str, towards: str, background: str, minimum: float) -> str:
    for step in range(0, 101, 2):
        candidate = mix(colour, towards, step / 100)
        if ratio(candidate, background) >= minimum:
            return candidate
    raise ValueError(f"nothing is readable on {background}")


DEFAULT_COLOUR = "#154273"
SURFACE = "#f3f5f8"
# The page in dark mode, as in app.css, and the lightest part of it that text stands on.
DARK_PAGE = "#14181d"
DARK_SURFACE = "#262d35"
DARK_MUTED = "#b3bdc7"


@dataclass(frozen=True, slots=True)
class Branding:
    """Look of the header of a page. Without a logo the product's own one is shown."""

    name: str = "Stop Intimidatie – landelijk meldpunt"
    colour: str = DEFAULT_COLOUR
    logo_url: str | None = None
    home_url: str = "/"
    # A text at the top of every page, so that nobody takes practice for real.
    banner: str = ""


# Browsers keep such a stylesheet for ever: raise this when other properties follow from a colour.
VERSION = 3


def theme_path(colour: str) -> str:
    """Return the address of the stylesheet for this colour."""
    return f"/huisstijl/{parse_colour(colour).hex[1:]}.css?v={VERSION}"


def theme_properties(colour: str) -> dict[str, str]:
    """Return the custom properties that depend on the colour; text is at least 4.5 : 1."""
    brand = parse_colour(colour).hex
    soft = mix(brand, WHITE, 0.9)
    text = darkened_for(darkened_for(brand, soft), SURFACE)
    strong = darkened_for(text, WHITE, 7)
    return {
        "--si-brand": brand,
        "--si-brand-on": readable_on(brand),
        "--si-brand-edge": brand,
        "--si-brand-text": text,
        "--si-brand-strong": strong,
        "--si-brand-soft": soft,
        "--si-brand-line": mix(text, WHITE, 0.55),
        "--si-action": text,
        "--si-action-on": readable_on(text),
        "--si-action-hover": strong,
        "--si-action-hover-on": readable_on(strong),
    }


def dark_properties(colour: str) -> dict[str, str]:
    """Return the custom properties that depend on the colour, where pages are dark."""
    brand = parse_colour(colour).hex
    soft = next(
        tint
        for share in range(25, -1, -1)
        if ratio(tint := mix(DARK_SURFACE, brand, share / 100), DARK_MUTED) >= TEXT_MINIMUM
    )
    text = lightened_for(lightened_for(brand, soft), DARK_SURFACE)
    strong = lightened_for(text, DARK_PAGE, 8)
    return {
        "--si-brand-edge": lightened_for(brand, DARK_PAGE, 3),
        "--si-brand-text": text,
        "--si-brand-strong": strong,
        "--si-brand-soft": soft,
        "--si-brand-line": mix(text, DARK_PAGE, 0.5),
        "--si-action": text,
        "--si-action-on": readable_on(text),
        "--si-action-hover": strong,
        "--si-action-hover-on": readable_on(strong),
    }


def theme_css(colour: str) -> str:
    """Return the stylesheet for one colour."""
    light, dark = _rule(theme_properties(colour)), _rule(dark_properties(colour))
    return f"{light}\n@media screen and (prefers-color-scheme: dark){{{dark}}}\n"


def _rule(properties: dict[str, str]) -> str:
    lines = "".join(f"{name}:{value};" for name, value in properties.items())
    return f".si-theme{{{lines}}}"
