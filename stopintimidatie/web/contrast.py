"""Colour contrast by WCAG 2.2: is this readable, and what is readable on that.

Pure functions without a database. A municipality chooses its own colour; this module
decides which text can stand on it and how dark the colour must become to be text itself.
"""

import re
from dataclasses import dataclass

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
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"


def parse_colour(text: str) -> Colour:
    """Read ``#0b5394`` (the hash may be left out); anything else is a ValueError."""
    match = _HEX.match(text)
    if match is None:
        raise ValueError(f"not a six-digit hexadecimal colour: {text!r}")
    digits = match.group(1)
    return Colour(*(int(digits[i : i + 2], 16) for i in (0, 2, 4)))


def luminance(colour: Colour) -> float:
    """Relative luminance, WCAG 2.2."""

    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    return (
        0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue)
    )


def ratio(one: str, other: str) -> float:
    """Contrast ratio between two colours: from 1 (equal) to 21 (black on white)."""
    light, dark = sorted(
        (luminance(parse_colour(one)), luminance(parse_colour(other))), reverse=True
    )
    return (light + 0.05) / (dark + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """``share`` of the other colour (0…1) mixed into the first."""
    one, two = parse_colour(colour), parse_colour(other)

    def part(a: int, b: int) -> int:
        return round(a + (b - a) * share)

    return Colour(part(one.red, two.red), part(one.green, two.green), part(one.blue, two.blue)).hex


def readable_on(background: str) -> str:
    """White if that reads well on this background, else ink, else black: always at least 4.5."""
    for text in (WHITE, INK):
        if ratio(text, background) >= TEXT_MINIMUM:
            return text
    return BLACK


def darkened_for(colour: str, background: str, minimum: float = TEXT_MINIMUM) -> str:
    """The colour, made just dark enough to be read on a light background."""
    for step in range(0, 101, 2):
        candidate = mix(colour, "#000000", step / 100)
        if ratio(candidate, background) >= minimum:
            return candidate
    raise ValueError(f"nothing is readable on {background}")
