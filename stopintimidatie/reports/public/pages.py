"""The public pages in the reader's language: Dutch, or English where they choose or ask for it.

The pages are written in Dutch; each room adds the English of its own pages. A link
chooses (`?taal=en`) and goes along from page to page; without it the browser says what it reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from deform.widget import OptGroup
from pyramid.authorization import DENY_ALL
from pyramid.csrf import check_csrf_origin, check_csrf_token
from webob.acceptparse import create_accept_language_header

from stopintimidatie.core.forms import Hidden, MapSelect
from stopintimidatie.core.registry import Directive
from stopintimidatie.core.security.policy import came_from_us
from stopintimidatie.core.text import Term, date_long, datetime_long, local
from stopintimidatie.core.tree import Resource
from stopintimidatie.core.web.request import query_pairs, with_params
from stopintimidatie.core.web.theme import DEFAULT_COLOUR, Branding
from stopintimidatie.municipalities.areas.facts import BANNER, is_practice
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import municipality_by_slug
from stopintimidatie.municipalities.settings.rules import Published
from stopintimidatie.reports import vocabulary as reports_vocabulary

DUTCH: Final = "nl"
NAMES: Final = {DUTCH: "Nederlands", "en": "English"}
PARAMETER: Final = "taal"
# Attributes of a widget that hold text to translate, besides its labels.
_SAID_BY_WIDGETS: Final = (
    "empty",
    "image_text",
    "chosen",
    "none",
    "busy",
    "failed",
    "here",
    "away",
)
_NUMBER: Final = re.compile("[0-9]+")


@dataclass(frozen=True)
class Speech:
    """The language of one request, and how to say and to link things in it."""

    language: str
    # Chosen by a link, so that it goes along.
    chosen: bool = False
    # English by Dutch.
    english: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, text: str) -> str:
        """Return a Dutch sentence in this language; what isn't known there stays Dutch.

        A sentence with numbers may be known with `{}` for each of them.
        """
        if self.language != "en":
            return text
        general = _NUMBER.sub("{}", text)
        if text not in self.english and general in self.english:
            return self.english[general].format(*_NUMBER.findall(text))
        return self.english.get(text, text)

    def day(self, value: date) -> str:
        """Return a day in words."""
        return f"{value.day} {value:%B} {value.year}" if self.language == "en" else date_long(value)

    def moment(self, value: datetime) -> str:
        """Return a day and time in words, in Dutch time."""
        if self.language != "en":
            return datetime_long(value)
        here = local(value)
        return f"{self.day(here)}, {here:%H:%M}"

    def at(self, path: str) -> str:
        """Return an address of these pages, with the language that was chosen."""
        if not self.chosen:
            return path
        before, _, anchor = path.partition("#")
        sign = "&" if "?" in before else "?"
        after = f"#{anchor}" if anchor else ""
        return f"{before}{sign}{urlencode({PARAMETER: self.language})}{after}"

    def schema(self, schema: Any) -> Any:
        """Return the same form, in this language."""
        if self.language == DUTCH:
            return schema
        # The fields that a class declares belong to all its forms.
        own = schema.clone()
        _translate(own, self)
        return own


ENGLISH_WORDS: Final = Directive[str, Mapping[str, str]]("add_english", "english_words")


def english_of(registry: Any) -> dict[str, str]:
    """Return all English there is, by the Dutch."""
    added = ENGLISH_WORDS.of(registry).values()
    return {dutch: english for words in added for dutch, english in words.items()}


def speech_of(request: Any) -> Speech:
    """Return the `Speech` for `?taal=`, else for what the browser asks for, else Dutch."""
    english = english_of(request.registry)
    wanted = dict(query_pairs(request)).get(PARAMETER, "")
    if wanted in NAMES:
        return Speech(wanted, True, english)
    header = create_accept_language_header(request.headers.get("Accept-Language"))
    return Speech(str(header.lookup(sorted(NAMES), default=DUTCH)), False, english)


def spoken(request: Any) -> dict[str, Any]:
    """Return the template values `t`, `at`, `language` and `other_language` of a request."""
    speech = speech_of(request)
    other = "en" if speech.language == DUTCH else DUTCH
    # Not beside a form that was filled in: what was typed would be lost.
    href = with_params(request, **{PARAMETER: other}) if request.method == "GET" else None
    return {
        "t": speech,
        "at": speech.at,
        "language": speech.language,
        "other_language": {"code": other, "name": NAMES[other], "href": href} if href else None,
    }


def _translate(node: Any, words: Callable[[str], str]) -> None:
    if isinstance(node.widget, Hidden):
        return
    node.title, node.description = words(node.title), words(node.description or "")
    if drawn := getattr(node, "drawn", None):
        node.drawn = replace(drawn, title=words(drawn.title))
    widget = node.widget
    if widget is None and hasattr(node.typ, "choices"):
        widget = node.typ.widget_maker()
    if widget is not None:
        # A copy: one that a class declares belongs to every form of that class.
        node.widget = copy(widget)
        _translate_widget(node.widget, words)
    for child in node.children:
        _translate(child, words)


def _translate_widget(widget: Any, words: Callable[[str], str]) -> None:
    for name in _SAID_BY_WIDGETS:
        text = getattr(widget, name, None)
        if isinstance(text, str):
            setattr(widget, name, words(text))
    # A map chooses among names.
    if getattr(widget, "values", None) and not isinstance(widget, MapSelect):
        widget.values = [_choice(choice, words) for choice in widget.values]


def _choice(choice: Any, words: Callable[[str], str]) -> Any:
    if isinstance(choice, OptGroup):
        options = [_choice(option, words) for option in choice.options]
        return OptGroup(words(choice.label), *options)
    code, label = choice
    return code, words(label)


HOME = "/melden"
# Address of the quick way out: a weather page, which looks ordinary to others. A browser goes
# there only when the reporter leaves; our pages fetch nothing from it.
ELSEWHERE = "https://www.knmi.nl/nederland-nu/weer/verwachtingen"
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
        return "Onderweg" if self.__name__ == IN_TRANSIT else "Plek onbekend"

    @property
    def code(self) -> str | None:
        """Return the code of the municipality, as far as the address says it."""
        return None if self.municipality is None else self.municipality.code

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]


# The English of /melden, and of what /melden and /volgen share, by the Dutch sentence.
#
# It stands in `english.json`, for a translator to read and change: keep it as plain and kind as the
# Dutch. A vocabulary has English for who works with it; the choices in the file are for who lived
# through it, and go before it. What only /volgen says is in `english.json` of `reports/follow`.


def read_english(package: str) -> dict[str, str]:
    """Return the sentences of `english.json` of a package, by the Dutch, without its groups."""
    text = (files(package) / "english.json").read_text(encoding="utf-8")
    groups: dict[str, dict[str, str]] = json.loads(text)
    return {dutch: english for group in groups.values() for dutch, english in group.items()}


def _terms() -> Iterable[Term]:
    values = vars(reports_vocabulary).values()
    kinds = [k for k in values if isinstance(k, type) and issubclass(k, Term) and k is not Term]
    return (term for kind in kinds for term in kind)


ENGLISH: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{term.public: term.en for term in _terms()},
        **read_english("stopintimidatie.reports.public"),
    }
)
