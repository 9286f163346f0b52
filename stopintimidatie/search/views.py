"""`/zoeken`: one box over everything a person may see in the place they work for."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.view import view_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.accounts.sessions import note_use
from stopintimidatie.register.models import Municipality
from stopintimidatie.register.queries import neighbourhoods_of
from stopintimidatie.search import page as shown
from stopintimidatie.search.backend import (
    HealthState,
    IndexUnusableError,
    Page,
    Scope,
    SearchError,
    SearchResults,
    Sort,
)
from stopintimidatie.search.grammar import Field, SearchQuery, Vocabulary, parse
from stopintimidatie.search.registry import SearchRegistry
from stopintimidatie.search.services import enqueue_rebuild
from stopintimidatie.security import Permission
from stopintimidatie.security.permissions import may
from stopintimidatie.security.trail import note, note_read
from stopintimidatie.storage import NATIONAL
from stopintimidatie.telemetry.metrics import searching
from stopintimidatie.tree import Root
from stopintimidatie.web.components import FacetValue
from stopintimidatie.web.paging import Paging
from stopintimidatie.web.urls import with_params

log = logging.getLogger(__name__)
NATIONAL_NAME: Final = "Landelijk meldpunt"
NOWHERE: Final = "onbekend"


@dataclass(frozen=True)
class Place:
    """A holder this person may search in."""

    holder: str
    slug: str
    name: str


@dataclass(frozen=True)
class Areas:
    """The neighbourhoods of the place (at the desk: municipalities), by code and by address."""

    names: Mapping[str, str]
    slugs: Mapping[str, str]


@view_config(
    context=Root,
    name="zoeken",
    request_method="GET",
    permission=Permission.SIGNED_IN,
    renderer="templates/search.jinja2",
)
def search(request: Any) -> dict[str, Any]:
    """Search where this person works; what they may not see is in no total and no count."""
    places = _places(request)
    asked = shown.asked(request)
    place = _chosen_place(places, asked)
    note_use(request, place.holder)
    areas = _areas(request.db, place)
    registry: SearchRegistry = request.registry.search
    query = parse(asked.text, _vocabulary(registry, areas))
    found = _Found(request, registry, place, areas, query, asked)
    return {
        "query": query,
        "asked": asked,
        "place": place,
        "places": _place_links(request, places, place),
        "narrowed": _narrowed(request, asked, areas),
        "areas_meant": shown.areas_meant(request, asked.text, areas.names),
        **found.page(),
    }


def _places(request: Any) -> Sequence[Place]:
    """Where this person may search, the desk last. Nowhere is 404."""
    identity = request.identity
    holders = [
        holder for holder in identity.holders if may(identity.roles_for(holder), Permission.SEARCH)
    ]
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


def _chosen_place(places: Sequence[Place], asked: shown.Asked) -> Place:
    if asked.municipality is None:
        return places[0]
    for place in places:
        if place.slug == asked.municipality:
            return place
    raise HTTPNotFound()


def _areas(session: Session, place: Place) -> Areas:
    if place.holder == NATIONAL:
        rows = session.execute(select(Municipality.code, Municipality.name, Municipality.slug))
        found = [(row.code, row.name, row.slug) for row in rows]
        found.append((NOWHERE, "Plaats onbekend", NOWHERE))
    else:
        found = [(n.code, n.name, n.slug) for n in neighbourhoods_of(session, place.holder)]
    return Areas(
        names={code: name for code, name, _ in found},
        slugs={slug: code for code, _, slug in found},
    )


def _vocabulary(registry: SearchRegistry, areas: Areas) -> Vocabulary:
    return Vocabulary({**registry.words(), Field.NEIGHBOURHOOD: areas.names})


def _place_links(request: Any, places: Sequence[Place], place: Place) -> list[FacetValue]:
    if len(places) == 1:
        return []
    # Neighbourhoods and the like mean nothing in another place: only the words go along.
    words = {"q": request.GET.get("q")} if request.GET.get("q") else {}
    kept = {name: None for name in request.GET if name not in {"q", "gemeente"}}
    return [
        FacetValue(
            one.name,
            with_params(request, **{**kept, **words, "gemeente": one.slug}),
            None,
            one == place,
        )
        for one in places
    ]


def _narrowed(request: Any, asked: shown.Asked, areas: Areas) -> list[tuple[str, str]]:
    """The parts of the tree that the search was limited to, each with the way out."""
    found = []
    if code := areas.slugs.get(asked.neighbourhood or ""):
        found.append((areas.names[code], with_params(request, binnen=None, pagina=None)))
    if asked.dossier:
        number = asked.dossier[:20]
        found.append((f"dossier {number}", with_params(request, dossier=None, pagina=None)))
    return found


@dataclass(frozen=True)
class _Found:
    """One search, and what its page shows."""

    request: Any
    registry: SearchRegistry
    place: Place
    areas: Areas
    query: SearchQuery
    asked: shown.Asked

    def page(self) -> dict[str, Any]:
        """The results, or what to do when there can't be any."""
        try:
            results, paging = self._results()
        except SearchError as problem:
            return {**self._nothing(), "problem": self._told(problem)}
        note_read(
            self.request,
            self.place.holder,
            "document",
            [hit.id for hit in results.hits],
            task="zoeken",
        )
        return {
            "problem": None,
            "results": results,
            "paging": paging,
            "items": shown.list_items(results, self._label),
            "facets": shown.facet_lists(self.request, results, self._label, self._titles),
            "sorts": shown.sort_list(self.request, self.query, self._sort),
            "did_you_mean": self._meant(results),
            "without_filters": self._without_filters(),
        }

    def _nothing(self) -> dict[str, Any]:
        return {
            "results": SearchResults(0, ()),
            "paging": Paging(1, 0, shown.PAGE_SIZE),
            "items": [],
            "facets": [],
            "sorts": [],
            "did_you_mean": None,
            "without_filters": None,
        }

    def _results(self) -> tuple[SearchResults, Paging]:
        results = self._search(self.asked.page)
        paging = Paging(self.asked.page, results.total, shown.PAGE_SIZE)
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
                page=Page(number, shown.PAGE_SIZE),
            )

    def _scope(self) -> Scope:
        here = None
        if self.asked.neighbourhood is not None:
            code = self.areas.slugs.get(self.asked.neighbourhood)
            here = frozenset({code} if code else ())
        return Scope(self.place.holder, here, self.asked.dossier)

    @property
    def _sort(self) -> Sort:
        wanted = self.asked.sort or shown.default_sort(self.query)
        return shown.default_sort(self.query) if wanted is Sort.RELEVANCE else wanted

    @property
    def _titles(self) -> Mapping[Field, str]:
        return shown.DESK_TITLES if self.place.holder == NATIONAL else shown.FACET_TITLES

    def _label(self, which: Field, code: str) -> str:
        if which is Field.NEIGHBOURHOOD:
            return self.areas.names.get(code, code)
        if which is Field.STATE:
            return shown.state_label(code)
        return self.registry.label(which, code)

    def _meant(self, results: SearchResults) -> tuple[str, str] | None:
        if results.did_you_mean is None:
            return None
        return results.did_you_mean, with_params(self.request, q=results.did_you_mean, pagina=None)

    def _without_filters(self) -> str | None:
        if not self.asked.narrowed:
            return None
        dropped = [*(which.value for which in shown.FACET_TITLES), "binnen", "dossier", "pagina"]
        return with_params(self.request, **dict.fromkeys(dropped))

    def _told(self, problem: SearchError) -> str:
        if isinstance(problem, IndexUnusableError):
            # One that isn't there yet is made: that is no fault, as damage is.
            level = (
                logging.WARNING if problem.health.state is HealthState.MISSING else logging.ERROR
            )
            log.log(level, "search index of %s: %s", self.place.holder, problem.health.state)
            holder = self.place.holder
            note(self.request, holder, lambda session, _: enqueue_rebuild(session, holder))
        return str(problem)
