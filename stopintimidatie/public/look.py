"""The look of a public page: of the municipality where it is connected, else the national one."""

from __future__ import annotations

from stopintimidatie.municipalities.published import Published
from stopintimidatie.register.models import Municipality
from stopintimidatie.register.practice import BANNER, is_practice
from stopintimidatie.web.theme import DEFAULT_COLOUR, Branding

HOME = "/melden"
# Where the quick way out leads: a weather page, nobody wonders about it. Only who leaves goes
# there; our pages fetch nothing.
ELSEWHERE = "https://www.knmi.nl/nederland-nu/weer/verwachtingen"
NATIONAL_LOOK = Branding(home_url=HOME)


def look_of(municipality: Municipality | None, published: Published) -> Branding:
    """Name, logo and colour; a municipality that isn't connected lends its name to nothing."""
    if municipality is None or not published.connected:
        return NATIONAL_LOOK
    logo = f"/api/v1/gemeenten/{municipality.code}/logo" if published.logo else None
    banner = BANNER if is_practice(municipality.code) else ""
    name, colour = f"Gemeente {municipality.name}", published.colour or DEFAULT_COLOUR
    return Branding(name, colour, logo, HOME, banner)
