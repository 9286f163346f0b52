"""A municipality's look: name, logo and one colour, from which a small stylesheet follows.

The stylesheet is a pure function of the colour and has the colour in its address
(``/huisstijl/0b5394.css``). So it needs no database and no inline style, may be cached for
ever, and tells nobody anything about a municipality.
"""

from dataclasses import dataclass

from stopintimidatie.web.contrast import INK, WHITE, darkened_for, mix, parse_colour, readable_on

DEFAULT_COLOUR = "#154273"
SURFACE = "#f3f5f8"


@dataclass(frozen=True, slots=True)
class Branding:
    """What the header of a page shows. Without a logo the product's own one is shown."""

    name: str = "Stop Intimidatie – landelijk meldpunt"
    colour: str = DEFAULT_COLOUR
    logo_url: str | None = None
    home_url: str = "/"
    # What every page says at the top, so that nobody takes practice for real.
    banner: str = ""


def theme_path(colour: str) -> str:
    """Address of the stylesheet for this colour."""
    return f"/huisstijl/{parse_colour(colour).hex[1:]}.css"


def theme_properties(colour: str) -> dict[str, str]:
    """The custom properties that depend on the colour; text is at least 4.5 : 1 everywhere."""
    brand = parse_colour(colour).hex
    soft = mix(brand, WHITE, 0.9)
    text = darkened_for(darkened_for(brand, soft), SURFACE)
    strong = darkened_for(text, WHITE, 7)
    return {
        "--si-brand": brand,
        "--si-brand-on": readable_on(brand),
        "--si-brand-text": text,
        "--si-brand-strong": strong,
        "--si-brand-soft": soft,
        "--si-brand-line": mix(text, WHITE, 0.55),
        "--si-action": text,
        "--si-action-on": readable_on(text),
        "--si-action-hover": strong,
        "--si-action-hover-on": readable_on(strong),
    }


def theme_css(colour: str) -> str:
    """The stylesheet for one colour."""
    lines = "".join(f"{name}:{value};" for name, value in theme_properties(colour).items())
    return f".si-theme{{{lines}}}\n"


__all__ = ["DEFAULT_COLOUR", "INK", "SURFACE", "Branding", "theme_css", "theme_path"]
