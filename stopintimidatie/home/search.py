"""`/zoeken`: one box over everything a person may see in the place they work for."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup, escape
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.sessions import note_use
from stopintimidatie.core.search.analysis import fold
from stopintimidatie.core.search.backend import (
    FacetCount,
    HealthState,
    Hit,
    IndexUnusableError,
    Kind,
    Page,
    Piece,
    Scope,
    SearchError,
    SearchResults,
    Sort,
)
from stopintimidatie.core.search.query import Field, SearchQuery, Vocabulary, parse
from stopintimidatie.core.search.registry import SearchRegistry
from stopintimidatie.core.search.services import enqueue_rebuild
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.permissions import holders_where, may
from stopintimidatie.core.security.policy import note, note_read
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.tenancy import enter
from stopintimidatie.core.telemetry import searching
from stopintimidatie.core.text import date_text
from stopintimidatie.core.tree import Root, remains_of
from stopintimidatie.core.web.components import FacetValue, ListItem, badge_for
from stopintimidatie.core.web.request import Paging, page_view, query_pairs, toggled, with_params
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import neighbourhoods_of

PAGE_SIZE: Final = 20
LAST_PAGE: Final = 500
MAX_CHOICES: Final = 40
"""Values of one facet that an address may choose; a person clicks a few."""
MOST_AREAS: Final = 5
LONGEST_NAME: Final = 60
IN_NO_TEXT: Final = "naam"
"""The parameter with the name of an area that was searched for and is in no text."""
_CODE: Final = re.compile(r"[\w-]{1,40}", re.ASCII)
FACET_TITLES: Final[Mapping[Field, str]] = {
    Field.KIND: "Soort",
    Field.STATE: "Status",
    Field.NEIGHBOURHOOD: "Wijk",
    Field.FORM: "Vorm",
    Field.YEAR: "Jaar",
}
DESK_TITLES: Final[Mapping[Field, str]] = {**FACET_TITLES, Field.NEIGHBOURHOOD: "Gemeente"}
"""The desk files by municipality: its reports have no neighbourhood of their own."""
SORT_LABELS: Final[Mapping[Sort, str]] = {
    Sort.RELEVANCE: "Beste eerst",
    Sort.NEWEST: "Nieuwste eerst",
    Sort.OLDEST: "Oudste eerst",
}
Label = Callable[[Field, str], str]


@dataclass(frozen=True)
class SearchQuestion:
    """Question of an address, everything unknown in it left out."""

    text: str
    selected: Mapping[Field, frozenset[str]]
    sort: Sort | None
    municipality: str | None
    neighbourhood: str | None
    dossier: str | None
    page: int

    @property
    def narrowed(self) -> bool:
        """True if filters are in force that can be taken away."""
        return bool(any(self.selected.values()) or self.neighbourhood or self.dossier)


def asked_search(request: Any) -> SearchQuestion:
    """Read the GET parameters."""
    pairs = query_pairs(request)
    last = dict(pairs)
    return SearchQuestion(
        text=last.get("q", ""),
        selected={which: _chosen(pairs, which.value) for which in FACET_TITLES},
        sort=next((sort for sort in Sort if sort.value == last.get("volgorde")), None),
        municipality=last.get("gemeente") or None,
        neighbourhood=last.get("binnen") or None,
        dossier=last.get("dossier") or None,
        page=_page(last.get("pagina", "")),
    )


def _chosen(pairs: Iterable[tuple[str, str]], name: str) -> frozenset[str]:
    values = [value for key, value in pairs if key == name and _CODE.fullmatch(value)]
    return frozenset(values[:MAX_CHOICES])


def _page(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 6:
        return min(max(1, int(text)), LAST_PAGE)
    return 1


def areas_meant(request: Any, text: str, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return (words, address) of the neighbourhoods whose name this text may be.

    The address finds all that is in it; at the desk they are municipalities. Their names aren't in
    the texts that are searched.
    """
    words = re.findall(r"\w+", fold(text))
    if not words or len(text) > LONGEST_NAME:
        return []
    codes = [code for code, name in names.items() if _begins(words, re.findall(r"\w+", fold(name)))]
    if len(codes) > MOST_AREAS:
        return []
    key = Field.NEIGHBOURHOOD.value
    return [
        (names[code], with_params(request, q=None, pagina=None, **{key: code}))
        for code in sorted(codes, key=names.__getitem__)
    ]


def _begins(words: Iterable[str], name: Sequence[str]) -> bool:
    """Tell whether each of these is the beginning of a word of the name."""
    return all(any(part.startswith(word) for part in name) for word in words)


def default_sort(query: SearchQuery) -> Sort:
    """Return the order: the best hits first when words were asked for, else the newest."""
    return Sort.RELEVANCE if query.terms else Sort.NEWEST


def facet_lists(
    request: Any, results: SearchResults, label: Label, titles: Mapping[Field, str] = FACET_TITLES
) -> list[tuple[str, list[FacetValue]]]:
    """Return the facets with their counts, as links that switch a value on or off."""
    return [
        (title, [_facet_value(request, which, count, label) for count in results.facets[which]])
        for which, title in titles.items()
        if results.facets.get(which)
    ]


def _facet_value(request: Any, which: Field, count: FacetCount, label: Label) -> FacetValue:
    href = toggled(request, which.value, count.value)
    return FacetValue(label(which, count.value), href, count.count, count.selected)


def sort_list(request: Any, query: SearchQuery, sort: Sort) -> list[FacetValue]:
    """Return the orders to choose from; by relevance only when there are words."""
    offered = [s for s in Sort if s is not Sort.RELEVANCE or query.terms]
    return [
        FacetValue(
            SORT_LABELS[order],
            with_params(request, volgorde=order.value, pagina=None),
            None,
            order is sort,
        )
        for order in offered
    ]


def _list_item(hit: Hit, label: Label) -> ListItem:
    meta = [
        label(Field.KIND, hit.kind.value),
        label(Field.NEIGHBOURHOOD, hit.neighbourhood),
        date_text(hit.moment),
    ]
    if hit.dossier and hit.kind is Kind.REPORT:
        meta.append(f"dossier {hit.dossier}")
    title = Markup("{}: {}").format(hit.reference, mark_html(hit.title))
    snippets = Markup(" ").join(mark_html(snippet.pieces) for snippet in hit.snippets)
    return ListItem(title, hit.path, badges=[hit.state], meta=meta, snippet=snippets)


def mark_html(pieces: Iterable[Piece]) -> Markup:
    """Make HTML of a snippet, here alone: everything escaped, what was found marked."""
    return Markup("").join(
        Markup("<mark>{}</mark>").format(piece.text) if piece.marked else escape(piece.text)
        for piece in pieces
    )


def state_label(code: str) -> str:
    """Return a state as its badge names it."""
    return badge_for(code).word


# Page

log = logging.getLogger(__name__)
NATIONAL_NAME: Final = "Landelijk meldpunt"
NOWHERE: Final = "onbekend"


@dataclass(frozen=True)
class Place:
    """A holder this person may search in."""

    holder: str
    slug: str
    name: str

    @property
    def address(self) -> str:
        """Return the address of its pages."""
        return f"/{NATIONAL}" if self.holder == NATIONAL else f"/gemeenten/{self.slug}"


@dataclass(frozen=True)
class Areas:
    """The neighbourhoods of the place (at the desk: municipalities), by code and by address."""

    names: Mapping[str, str]
    slugs: Mapping[str, str]


@page_view(Root, "zoeken", Permission.SIGNED_IN, "templates/search.jinja2")
def search(request: Any) -> Any:
    """Search where this person works; what they may not see is in no total and no count."""
    places = _places(request)
    asked = asked_search(request)
    place = _chosen_place(places, asked)
    note_use(request, place.holder)
    enter(request.db, place.holder)
    request.works_at = (place.holder, place.address)
    areas = _areas(request.db, place)
    registry: SearchRegistry = request.registry.search
    query = parse(asked.text, _vocabulary(registry, areas))
    meant = areas_meant(request, asked.text, areas.names)
    page = _SearchPage(request, registry, place, areas, query, asked).page()
    nothing = page["problem"] or not page["results"].total
    if nothing and (gone := remains_of(request, asked.text.strip())) is not None:
        return HTTPSeeOther(gone)
    if len(meant) == 1 and not (page["problem"] or page["results"].total or asked.narrowed):
        # The word is in no text: it can only have been meant as the place.
        return HTTPSeeOther(f"{meant[0][1]}&{urlencode({IN_NO_TEXT: asked.text})}")
    return {
        "query": query,
        "asked": asked,
        "place": place,
        "places": _place_links(request, places, place),
        "narrowed": _narrowed(request, asked, areas),
        "areas_meant": meant,
        "all_in": _all_in(request, asked, areas),
        "sees_requests": may(request.identity.roles_for(place.holder), Permission.VIEW_REQUESTS),
        **page,
    }


def _places(request: Any) -> Sequence[Place]:
    """Return where this person may search, the desk last. Nowhere is 404."""
    holders = holders_where(request.identity, Permission.SEARCH)
    rows = request.db.execute(
        select(Municipality.code, Municipality.slug, Municipality.name)
        .where(Municipality.code.in_(holders))
        .order_by(Municipality.name)
    )
    places = [Place(row.code, row.slug, row.name) for row in rows]
    if NATIONAL in holders:
        places.append(Place(NATIONAL, NATIONAL, NATIONAL_NAME))
    if not places:
        raise HTTPNotFound()
    return places


def _chosen_place(places: Sequence[Place], asked: SearchQuestion) -> Place:
    if asked.municipality is None:
        return places[0]
    for place in places:
        if place.slug == asked.municipality:
            return place
    raise HTTPNotFound()


def _areas(session: Session, place: Place) -> Areas:
    if place.holder == NATIONAL:
        rows = session.execute(select(Municipality.code, Municipality.name, Municipality.slug))
        areas = [(row.code, row.name, row.slug) for row in rows]
        areas.append((NOWHERE, "Plaats onbekend", NOWHERE))
    else:
        areas = [(n.code, n.name, n.slug) for n in neighbourhoods_of(session, place.holder)]
    return Areas(
        names={code: name for code, name, _ in areas},
        slugs={slug: code for code, _, slug in areas},
    )


def _vocabulary(registry: SearchRegistry, areas: Areas) -> Vocabulary:
    return Vocabulary({**registry.words(), Field.NEIGHBOURHOOD: areas.names})


def _all_in(request: Any, asked: SearchQuestion, areas: Areas) -> tuple[str, str] | None:
    """Return the name that was typed and that of the area of which all is shown instead."""
    typed = request.GET.get(IN_NO_TEXT, "")[:LONGEST_NAME]
    names = [areas.names.get(code, "") for code in asked.selected[Field.NEIGHBOURHOOD]]
    return (typed, names[0]) if typed and len(names) == 1 and names[0] else None


def _place_links(request: Any, places: Sequence[Place], place: Place) -> list[FacetValue]:
    if len(places) == 1:
        return []
    # Neighbourhoods and the like mean nothing in another place: only the words go along.
    words = {"q": request.GET.get("q")} if request.GET.get("q") else {}
    kept = {name: None for name in request.GET if name not in {"q", "gemeente"}}
    return [
        FacetValue(
            choice.name,
            with_params(request, **{**kept, **words, "gemeente": choice.slug}),
            None,
            choice == place,
        )
        for choice in places
    ]


def _narrowed(request: Any, asked: SearchQuestion, areas: Areas) -> list[tuple[str, str]]:
    """Return the parts of the tree that the search was limited to, each with the way out."""
    parts = []
    if code := areas.slugs.get(asked.neighbourhood or ""):
        parts.append((areas.names[code], with_params(request, binnen=None, pagina=None)))
    if asked.dossier:
        number = asked.dossier[:20]
        parts.append((f"dossier {number}", with_params(request, dossier=None, pagina=None)))
    return parts


@dataclass(frozen=True)
class _SearchPage:
    """A search with the values of its page."""

    request: Any
    registry: SearchRegistry
    place: Place
    areas: Areas
    query: SearchQuery
    asked: SearchQuestion

    def page(self) -> dict[str, Any]:
        """Return the results, or what to do when there can't be any."""
        try:
            results, paging = self._results()
        except SearchError as problem:
            return {**self._nothing(), "problem": self._explain(problem)}
        ids = [hit.id for hit in results.hits]
        note_read(self.request, self.place.holder, "document", ids, task="zoeken")
        return {
            "problem": None,
            "results": results,
            "paging": paging,
            "items": [_list_item(hit, self._label) for hit in results.hits],
            "facets": facet_lists(self.request, results, self._label, self._titles),
            "sorts": sort_list(self.request, self.query, self._sort),
            "did_you_mean": self._meant(results),
            "without_filters": self._without_filters(),
        }

    def _nothing(self) -> dict[str, Any]:
        return {
            "results": SearchResults(0, ()),
            "paging": Paging(1, 0, PAGE_SIZE),
            "items": [],
            "facets": [],
            "sorts": [],
            "did_you_mean": None,
            "without_filters": None,
        }

    def _results(self) -> tuple[SearchResults, Paging]:
        results = self._search(self.asked.page)
        paging = Paging(self.asked.page, results.total, PAGE_SIZE)
        if results.total and not results.hits:  # beyond the last page: show that one
            results = self._search(paging.page)
        return results, replace(paging, wanted=paging.page)

    def _search(self, number: int) -> SearchResults:
        scope = self._scope()
        visibility = self.registry.visibility(self.request.identity.roles_for(self.place.holder))
        with searching():
            return self.registry.backend.within(self.request.db).search(
                self.query,
                scope,
                visibility,
                selected=self.asked.selected,
                sort=self._sort,
                page=Page(number, PAGE_SIZE),
            )

    def _scope(self) -> Scope:
        here = None
        if self.asked.neighbourhood is not None:
            code = self.areas.slugs.get(self.asked.neighbourhood)
            here = frozenset({code} if code else ())
        return Scope(self.place.holder, here, self.asked.dossier)

    @property
    def _sort(self) -> Sort:
        wanted = self.asked.sort or default_sort(self.query)
        return default_sort(self.query) if wanted is Sort.RELEVANCE else wanted

    @property
    def _titles(self) -> Mapping[Field, str]:
        return DESK_TITLES if self.place.holder == NATIONAL else FACET_TITLES

    def _label(self, which: Field, code: str) -> str:
        if which is Field.NEIGHBOURHOOD:
            return self.areas.names.get(code, code)
        if which is Field.STATE:
            return state_label(code)
        return self.registry.label(which, code)

    def _meant(self, results: SearchResults) -> tuple[str, str] | None:
        """Return the words that may have been meant, if they find something with these filters."""
        words = results.did_you_mean
        better = replace(self, query=parse(words or "", _vocabulary(self.registry, self.areas)))
        if words is None or not better._search(1).total:
            return None
        return words, with_params(self.request, q=words, pagina=None)

    def _without_filters(self) -> str | None:
        if not self.asked.narrowed:
            return None
        dropped = [*(which.value for which in FACET_TITLES), "binnen", "dossier", "pagina"]
        return with_params(self.request, **dict.fromkeys(dropped))

    def _explain(self, problem: SearchError) -> str:
        if isinstance(problem, IndexUnusableError):
            # One that isn't there yet is made: that is no fault, as damage is.
            level = (
                logging.WARNING if problem.health.state is HealthState.MISSING else logging.ERROR
            )
            log.log(level, "search index of %s: %s", self.place.holder, problem.health.state)
            holder = self.place.holder
            note(self.request, holder, lambda session, _: enqueue_rebuild(session, holder))
        return str(problem)
