"""The values that the components of ``macros/ui.jinja2`` draw. Plain, typed, without HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from stopintimidatie.web.badges import Tone


@dataclass(frozen=True, slots=True)
class ListItem:
    """One document in a list: ``ui.item_list``."""

    title: str
    href: str
    badges: Sequence[str] = ()
    meta: Sequence[str] = ()
    snippet: str = ""
    """Plain text, or Markup with ``<mark>`` from the highlighter."""
    current: bool = False
    value: str = ""
    """What a checkbox before it sends: `ui.item_list(…, choose=…)`."""


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a filter: ``ui.facet``."""

    label: str
    href: str
    count: int | None = None
    selected: bool = False


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened: ``ui.timeline``."""

    when: datetime
    title: str
    who: str = ""
    text: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure: ``ui.tiles``."""

    number: str
    label: str
    href: str = ""
    note: str = ""
    tone: Tone = "neutral"
