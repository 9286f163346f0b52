"""Components of a page: badges, panels, and what every template can use.

The values that ``macros/ui.jinja2`` draws are plain and typed, without HTML.

A panel is a section that a room adds to the page of a lower room, which needn't know of it:
`config.add_panel("dossier", "uitvoer", factory, order=…)`; the factory gets the page's document and
the request and answers a :class:`Panel`, or None when there is nothing for this person.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from markupsafe import Markup
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render
from pyramid.response import Response

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.registry import Directive
from stopintimidatie.core.security.permissions import Permission, may
from stopintimidatie.core.text import FILTERS, plural
from stopintimidatie.core.web import translation
from stopintimidatie.core.web.body import PUBLIC_PREFIXES, first_word
from stopintimidatie.core.web.request import Paging, query_pairs, toggled, with_params
from stopintimidatie.core.web.responses import static_url
from stopintimidatie.core.web.theme import DEFAULT_COLOUR, theme_path

# A badge: state → word and colour. The word carries the meaning, not the colour.

Tone = Literal["neutral", "info", "warning", "danger", "success"]


@dataclass(frozen=True, slots=True)
class Badge:
    """Word for a state, with its tone."""

    word: str
    tone: Tone


BADGES: dict[str, Badge] = {
    # report
    "quarantaine": Badge("Quarantaine", "warning"),
    "nieuw": Badge("Nieuw", "info"),
    "in_behandeling": Badge("In behandeling", "info"),
    "wacht_op_melder": Badge("Wacht op melder", "warning"),
    "wacht_op_partner": Badge("Wacht op partner", "warning"),
    "in_dossier": Badge("In dossier", "info"),
    "overdracht_aangeboden": Badge("Overdracht aangeboden", "warning"),
    "overgedragen": Badge("Overgedragen", "neutral"),
    "afgehandeld": Badge("Afgehandeld", "success"),
    "niet_in_behandeling": Badge("Niet in behandeling", "neutral"),
    "ingetrokken": Badge("Ingetrokken", "neutral"),
    "vernietigd": Badge("Vernietigd", "neutral"),
    # delivery
    "te_routeren": Badge("Gemeente onbekend", "warning"),
    "wacht_op_afspraak": Badge("Wacht op afspraak", "warning"),
    "aangeboden": Badge("Aangeboden", "info"),
    "opgehaald": Badge("Opgehaald", "success"),
    "verlopen": Badge("Verlopen", "danger"),
    "teruggegeven": Badge("Teruggegeven", "danger"),
    "bel nu": Badge("Bel nu", "danger"),
    "er is iets bijgekomen": Badge("Er is iets bijgekomen", "warning"),
    "gelezen": Badge("Gelezen", "neutral"),
    # dossier
    "in_voorbereiding": Badge("In voorbereiding", "neutral"),
    "in_aanpak": Badge("In aanpak", "info"),
    "monitoring": Badge("Monitoring", "warning"),
    "afgesloten": Badge("Afgesloten", "success"),
    "overgebracht": Badge("Overgebracht", "neutral"),
    "niet_gestart": Badge("Niet gestart", "neutral"),
    # pattern
    "voorgesteld": Badge("Te beslissen", "warning"),
    "uitgesteld": Badge("Uitgesteld", "neutral"),
    "aangenomen": Badge("Aangenomen", "success"),
    # agreement, export, job
    "open": Badge("Open", "info"),
    "klaar": Badge("Klaar", "success"),
    "gedaan": Badge("Gedaan", "success"),
    "vervallen": Badge("Vervallen", "neutral"),
    "gepland": Badge("Gepland", "info"),
    "verslag_nodig": Badge("Verslag nodig", "warning"),
    "gehouden": Badge("Gehouden", "success"),
    "te_laat": Badge("Te laat", "danger"),
    "aangevraagd": Badge("Aangevraagd", "warning"),
    "goedgekeurd": Badge("Goedgekeurd", "info"),
    "afgewezen": Badge("Afgewezen", "neutral"),
    "afgebroken": Badge("Afgebroken", "neutral"),
    "wordt_gemaakt": Badge("Wordt gemaakt", "info"),
    "gereed": Badge("Gereed", "success"),
    "mislukt": Badge("Mislukt", "danger"),
    # copy that somebody outside has
    "gemaakt": Badge("Nog niet gegeven", "neutral"),
    "klaargezet": Badge("Klaargezet", "info"),
    "gegeven": Badge("Bij de ontvanger", "info"),
    "vernietigd_gemeld": Badge("Vernietigd door ontvanger", "success"),
    "nooit_gegeven": Badge("Nooit gegeven", "neutral"),
    # partner
    "beeindigd": Badge("Beëindigd", "neutral"),
    "convenant_verloopt": Badge("Convenant loopt af", "warning"),
    "convenant_verlopen": Badge("Convenant verlopen", "danger"),
    # flags
    "spoed": Badge("Spoed", "danger"),
    "tweede_blik": Badge("Tweede blik", "warning"),
    "bevroren": Badge("Bevroren", "info"),
    "gebruik_beperkt": Badge("Gebruik beperkt", "warning"),
    "melder_schreef": Badge("Bericht van melder", "warning"),
    "minderjarig": Badge("Minderjarig", "warning"),
}


def badge_for(state: str) -> Badge:
    """Return the badge of a state; for a state not in `BADGES`, a neutral one with its code."""
    badge = BADGES.get(str(state))
    return badge or Badge(str(state).replace("_", " ").capitalize(), "neutral")


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a filter: ``ui.facet``."""

    label: str
    href: str
    count: int | None = None
    selected: bool = False


# The workbench: a list, the document in hand, and what can be decided (`macros/workbench.jinja2`)


@dataclass(frozen=True, slots=True)
class WorkbenchRow:
    """A row of a workbench: two lines about a document to decide on (``workbench.row``)."""

    title: str
    href: str
    place: str = ""
    """On the first line, behind the title."""
    aside: str = ""
    """At the end of the first line: age."""
    meta: Sequence[str] = ()
    """On the second line. What has no room there isn't shown, the last first."""
    text: str = ""
    """The rest of the second line: how the document begins."""
    marks: Sequence[str] = ()
    """States whose badge stands on the second line, the first two in sight of a narrow list."""
    days: int | None = None
    """Days that are left, shown as a coloured number; below zero it is late."""
    days_text: str = ""
    """The days in words, for who listens or points: *contact over 3 dagen*."""
    fresh: bool = False
    """True while nobody took the document in hand; the title is bold then."""
    current: bool = False
    value: str = ""
    """The value of the checkbox before it, where rows can be chosen."""
    group: str = ""
    """The heading above the first of the rows that have the same."""


@dataclass(frozen=True, slots=True)
class RailDecision:
    """Something that can be decided, with its key: ``workbench.rail``.

    It has an address to go to (`href`), or one to post to (`post`, with `fields`).
    """

    key: str
    label: str
    href: str = ""
    post: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    disabled_reason: str = ""
    """The reason that it can't be done now, in few words; it is grey then."""
    current: bool = False
    """Its panel is open."""
    after_reading: bool = False
    """With script it is grey until the end of the account was in view."""
    page: bool = False
    """Its address is a page of its own, not a panel of the rail."""
    small: bool = False
    """True for a decision of the last row, where small buttons stand side by side."""


# Panels


@dataclass(frozen=True, slots=True)
class Panel:
    """A section: its heading, and the template (as of a view) with its values.

    `mark`: the badge of what everybody must know first; the section then stands on top.
    """

    title: str
    renderer: str
    values: Mapping[str, Any]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class DrawnPanel:
    """A section as the page shows it; `name` is also its anchor."""

    name: str
    title: str
    html: Markup
    mark: str = ""


PanelFactory = Callable[[Any, Any], Panel | None]


def _panel(page: str, name: str, factory: PanelFactory) -> tuple[tuple[str, str], PanelFactory]:
    return (page, name), factory


PANELS: Final = Directive[tuple[str, str], PanelFactory]("add_panel", "panels", _panel)


def panels(
    request: Any, page: str, document: Any, wanted: Callable[[str], bool] = lambda _: True
) -> list[DrawnPanel]:
    """Return the sections that other rooms add to this page, in their order.

    `wanted`: tells by its name whether a section is made at all.
    """
    made = (
        (name, factory(document, request))
        for (where, name), factory in PANELS.of(request.registry).items()
        if where == page and wanted(name)
    )
    return [_draw(request, name, panel) for name, panel in made if panel is not None]


def _draw(request: Any, name: str, panel: Panel) -> DrawnPanel:
    html = render(panel.renderer, dict(panel.values), request=request)
    return DrawnPanel(name, panel.title, Markup(html), panel.mark)  # noqa: S704 - a template escaped it


# Filters and helpers; those of forms are in `core.forms`.

HTMX_CONFIG = json.dumps(
    {"includeIndicatorCSS": False, "history": "reload", "defaultSettleDelay": 0}
)
"""No style of htmx's own: the policy of the pages forbids it, and the house has its own.

Without a delay of settling it copies no `style` from old elements to new ones, as that of a text
area that somebody made larger: the policy refuses that too. Whoever goes back gets the page of that
address, freshly made.
"""


def install(environment: Any) -> None:
    """Add the house's filters and helpers to a Jinja2 environment."""
    translation.install(environment)
    environment.filters.update(FILTERS)
    environment.globals.update(FILTERS)
    environment.globals.update(
        badge_for=badge_for,
        opened_at=utc_now,
        default_colour=DEFAULT_COLOUR,
        plural=plural,
        printable=printable,
        waiting_messages=waiting_messages,
        htmx_config=HTMX_CONFIG,
        is_demo=is_demo,
        is_partial=is_partial,
        layout_for=layout_for,
        offers_search=may_search,
        search_text=search_text,
        way_out_of=way_out_of,
        static_url=static_url,
        theme_path=theme_path,
        toggled=toggled,
        with_params=with_params,
        page_url=page_url,
    )
    environment.trim_blocks = True
    environment.lstrip_blocks = True


# Address of the quick way out: a weather page, which looks ordinary to others. A browser goes
# there only when the visitor leaves; our pages fetch nothing from it.
ELSEWHERE: Final = "https://www.knmi.nl/nederland-nu/weer/verwachtingen"


def way_out_of(request: Any) -> str | None:
    """Return where the quick exit of this page leads; None on a page that has none."""
    word = first_word(request.environ)
    back, out = PUBLIC_PREFIXES.of(request.registry).get(word, (None, None))
    # The start page has the address of the front page.
    return (out or ELSEWHERE) if back and (word or not request.identity) else None


# A header of answers that are a part of a page.
PART: Final = "X-Deel"


def is_partial(request: Any) -> bool:
    """Tell whether htmx asks for a part that takes the place of another, without the layout."""
    return bool(request.headers.get("HX-Request-Type") == "partial")


# A refusal of what a panel of a workbench posted stands in that panel: the list and the document
# stay as they are, and so does the address.
_IN_PANEL: Final = {
    "HX-Retarget": "#werkbank-paneel",
    "HX-Reswap": "innerHTML",
    "HX-Push-Url": "false",
}


def answer_in_panel(request: Any) -> None:
    """Have the answer to a posted part stand in the panel that posted it."""
    if request.method == "POST" and is_partial(request):
        request.response.headers.update(_IN_PANEL)


def leave_panel(request: Any, href: str) -> Response:
    """Return the redirect to a page, which for htmx takes the place of the whole page."""
    if is_partial(request):
        return Response(headerlist=[("HX-Redirect", href), (PART, "ja")])
    return HTTPSeeOther(href)


# In an address in the place of a document of a list: the last on the page.
LAST_ROW: Final = "laatste"


def turn_of(request: Any, paging: Paging, name: str) -> tuple[str, str]:
    """Return the addresses of the page before this one, at its last row, and of the next.

    `name`: the parameter that opens a document. Empty where there is no such page.
    """
    before = with_params(request, pagina=paging.page - 1, **{name: LAST_ROW})
    after = with_params(request, pagina=paging.page + 1, **{name: None})
    return before if paging.page > 1 else "", after if paging.page < paging.pages else ""


def layout_for(request: Any) -> str:
    """Return the template that a page extends: the layout, or for htmx nothing but the content.

    A part says so in a header, so that the page knows it from an answer that is a page.
    """
    if not is_partial(request):
        return "stopintimidatie.core.web:templates/layout.jinja2"
    request.response.headers[PART] = "ja"
    return "stopintimidatie.core.web:templates/part.jinja2"


def printable(value: object) -> str:
    """Return typed text as it can be sent back: replace what UTF-8 or HTML can't carry."""
    text = str(value).encode("utf-8", "replace").decode("utf-8")
    return text.replace("\x00", "\ufffd")


def is_demo(request: Any) -> bool:
    """Tell whether this installation shows made-up reports."""
    return bool(request.registry.app_settings.demo)


def waiting_messages(request: Any) -> list[dict[str, str]]:
    """Take what ``request.flash(text, kind)`` left for this page."""
    taken: list[dict[str, str]] = request.take_flashes()
    return taken


def may_search(identity: Any) -> bool:
    """Tell whether this person may search anywhere; if not, the page has no search box."""
    roles = (identity.roles_for(holder) for holder in identity.holders)
    return any(may(own, Permission.SEARCH) for own in roles)


def search_text(request: Any) -> str:
    """Return what was searched for, to stand in the search box of the page with the results."""
    return dict(query_pairs(request)).get("q", "") if request.path == "/zoeken" else ""


def page_url(request: Any) -> Callable[[int], str]:
    """Return a function that gives the address of a page of this list, with its filters."""
    return lambda number: with_params(request, pagina=number if number > 1 else None)
