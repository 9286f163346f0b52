"""The look of the public pages, where their forms come from, and the nodes of `/melden`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pyramid.authorization import DENY_ALL
from pyramid.csrf import check_csrf_origin, check_csrf_token

from stopintimidatie.core.security.policy import came_from_us
from stopintimidatie.core.text import _
from stopintimidatie.core.tree import Resource
from stopintimidatie.core.web.theme import DEFAULT_COLOUR, Branding
from stopintimidatie.core.web.translation import DUTCH, language
from stopintimidatie.municipalities.areas.facts import BANNER, is_practice
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import municipality_by_slug
from stopintimidatie.municipalities.settings.rules import Published
from stopintimidatie.municipalities.settings.standard import INFORMAL, says_u
from stopintimidatie.reports.vocabulary import AgeGroup

HOME = "/melden"
NATIONAL_LOOK = Branding(home_url=HOME)


def look_of(municipality: Municipality | None, published: Published) -> Branding:
    """Return the name, logo and colour for a page of this municipality.

    The national ones without a municipality, or when it isn't connected.
    """
    if municipality is None or not published.connected:
        return NATIONAL_LOOK
    logo = f"/api/v1/gemeenten/{municipality.code}/logo" if published.logo else None
    banner = BANNER if is_practice(municipality.code) else ""
    name, colour = f"Gemeente {municipality.name}", published.colour or DEFAULT_COLOUR
    return Branding(name, colour, logo, HOME, banner)


def speak_to(request: Any, age: str | None, own: Iterable[str]) -> None:
    """Have a Dutch page say *je* to a minor, unless a text on it that isn't ours says *u*.

    Args:
        request: The request that the page answers.
        age: Code of the age, as far as it was said.
        own: Texts of the municipality on this page.
    """
    if language() == DUTCH:
        young = age is not None and AgeGroup.of(age).minor
        informal = young and not any(map(says_u, own))
        request.locale_name = INFORMAL if informal else DUTCH


# Did a form come from our own page? Also for who lets no cookie in, and after a long wait.
#
# The house's token stands in a cookie and in the form. Who refuses cookies, or lost them
# overnight, would lose what they wrote; for them it is enough that the browser says the form was
# sent from this very site, and that it carries a key that we signed for it.


def comes_from_here(request: Any, *, signed: bool) -> bool:
    """Tell whether a form was sent from our own page.

    The origin must be ours, and the form must carry a valid CSRF token. Without the token (no
    cookies, an old page) a signed form counts when the browser says it came from this site.

    Args:
        request: The request that sent the form.
        signed: Whether the form carries a key that we signed for it.
    """
    ours = came_from_us(request)
    if ours is False or not check_csrf_origin(request, raises=False):
        return False
    return check_csrf_token(request, raises=False) or (signed and ours is True)


IN_TRANSIT: Final = "onderweg"
UNKNOWN: Final = "onbekend"


class Reporting(Resource):
    """Resource of `/melden`, which is open to everybody.

    Its views ask for no permission. The list denies all others, whatever role somebody has.
    """

    label = "Melden"

    def __init__(self, name: str, parent: Any) -> None:
        super().__init__(name, parent)
        self.session = parent.request.db

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]

    def __getitem__(self, name: str) -> Resource:
        if name in (IN_TRANSIT, UNKNOWN):
            return ReportingPlace(name, self, None)
        municipality = municipality_by_slug(self.session, name)
        if municipality is None:
            raise KeyError(name)
        return ReportingPlace(name, self, municipality)


class ReportingPlace(Resource):
    """/melden/dordrecht: the form for a place; without a municipality: onderweg, onbekend."""

    def __init__(self, name: str, parent: Any, municipality: Municipality | None) -> None:
        super().__init__(name, parent)
        self.municipality = municipality

    @property
    def title(self) -> str:
        """Return the name of the municipality, or a word for where else it was."""
        if self.municipality is not None:
            return self.municipality.name
        return _("Onderweg") if self.__name__ == IN_TRANSIT else _("Plek onbekend")

    @property
    def code(self) -> str | None:
        """Return the code of the municipality, as far as the address says it."""
        return None if self.municipality is None else self.municipality.code

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]
