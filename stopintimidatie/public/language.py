"""The public pages in the reader's language: Dutch, or English where they choose or ask for it.

The pages are written in Dutch; each room adds the English of its own pages. A link
chooses (`?taal=en`) and goes along from page to page; without it the browser says what it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode

from deform.widget import OptGroup
from webob.acceptparse import create_accept_language_header

from stopintimidatie.registry import Directive
from stopintimidatie.web.filters import date_long, datetime_long, local
from stopintimidatie.web.forms import Hidden, MapSelect
from stopintimidatie.web.urls import query_pairs, with_params

DUTCH: Final = "nl"
NAMES: Final = {DUTCH: "Nederlands", "en": "English"}
PARAMETER: Final = "taal"
# What a widget says besides its labels.
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


@dataclass(frozen=True)
class Speech:
    """The language of one request, and how to say and to link things in it."""

    language: str
    # Chosen by a link, so that it goes along.
    chosen: bool = False
    # English by Dutch.
    english: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, text: str) -> str:
        """Return a Dutch sentence in this language; what isn't known there stays Dutch."""
        return self.english.get(text, text) if self.language == "en" else text

    def day(self, value: date) -> str:
        """A day in words."""
        return f"{value.day} {value:%B} {value.year}" if self.language == "en" else date_long(value)

    def moment(self, value: datetime) -> str:
        """A day and time in words, in Dutch time."""
        if self.language != "en":
            return datetime_long(value)
        here = local(value)
        return f"{self.day(here)}, {here:%H:%M}"

    def at(self, path: str) -> str:
        """An address of these pages, with the language that was chosen."""
        if not self.chosen:
            return path
        before, _, anchor = path.partition("#")
        sign = "&" if "?" in before else "?"
        after = f"#{anchor}" if anchor else ""
        return f"{before}{sign}{urlencode({PARAMETER: self.language})}{after}"

    def schema(self, schema: Any) -> Any:
        """The same form, in this language."""
        if self.language == DUTCH:
            return schema
        # The fields that a class declares belong to all its forms.
        own = schema.clone()
        _translate(own, self)
        return own


# What pages of a name say in English, by the Dutch. The later goes before the earlier.
ENGLISH_WORDS: Final = Directive[str, Mapping[str, str]]("add_english", "english_words")


def english_of(registry: Any) -> dict[str, str]:
    """Return all English there is, by the Dutch."""
    added = ENGLISH_WORDS.of(registry).values()
    return {dutch: english for words in added for dutch, english in words.items()}


def speech_of(request: Any) -> Speech:
    """By the link that was followed, else by what the browser reads."""
    english = english_of(request.registry)
    asked = dict(query_pairs(request)).get(PARAMETER, "")
    if asked in NAMES:
        return Speech(asked, True, english)
    header = create_accept_language_header(request.headers.get("Accept-Language"))
    return Speech(str(header.lookup(sorted(NAMES), default=DUTCH)), False, english)


def spoken(request: Any) -> dict[str, Any]:
    """What the templates of these pages need for it."""
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
