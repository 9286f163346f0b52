"""`/zoeken`: one box over everything a person may see in the place they work for.

And what that person opened last.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import and_, false, func, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.sessions import note_use
from stopintimidatie.core.audit import READ, AuditEvent, AuditSubject
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.search.analysis import fold
from stopintimidatie.core.search.backend import (
    HealthState,
    IndexUnusableError,
    Kind,
    Page,
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
from stopintimidatie.core.tree import Root, remains_of
from stopintimidatie.core.web.components import FacetValue, badge_for
from stopintimidatie.core.web.register import Filters, Register, read_register
from stopintimidatie.core.web.request import (
    page_view,
    query_pairs,
    toggled,
    wanted_page,
    with_params,
)
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.resources import visible_to
from stopintimidatie.dossiers.workflow import DossierState
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.municipalities.areas.queries import neighbourhoods_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import GONE
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workbench.services import TASKS

log = logging.getLogger(__name__)
PAGE_SIZE: Final = 20
LAST_PAGE: Final = 500
# Values of one facet that an address may choose; a person clicks a few.
MAX_CHOICES: Final = 40
MOST_AREAS: Final = 5
LONGEST_NAME: Final = 60
# The parameter with the name of an area that was searched for and is in no text.
IN_NO_TEXT: Final = "naam"
_CODE: Final = re.compile(r"[\w-]{1,40}", re.ASCII)
FACET_TITLES: Final[Mapping[Field, str]] = {
    Field.KIND: "Soort",
    Field.STATE: "Status",
    Field.NEIGHBOURHOOD: "Wijk",
    Field.FORM: "Vorm",
    Field.YEAR: "Jaar",
}
SORT_LABELS: Final[Mapping[Sort, str]] = {
    Sort.RELEVANCE: "Beste eerst",
    Sort.NEWEST: "Nieuwste eerst",
    Sort.OLDEST: "Oudste eerst",
}


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


@page_view(Root, "zoeken", Permission.SIGNED_IN, "templates/search.jinja2")
def search(request: Any) -> Any:
    """Search where this person works; what they may not see is in no total and no count."""
    places = _places(request)
    place = _chosen_place(places, request.GET.get("gemeente"))
    note_use(request, place.holder)
    enter(request.db, place.holder)
    request.works_at = (place.holder, place.address)
    asked = _Search(request, place, *_areas(request.db, place))
    query, meant = asked.parsed(asked.text), areas_meant(request, asked.text, asked.names)
    results, problem = SearchResults(0, ()), None
    try:
        # Beyond the last page that one is shown, for which the index is asked once more.
        results = asked.find(query, min(max(1, wanted_page(request)), LAST_PAGE))
        hits: Register[Any] = read_register(
            request,
            results.total,
            lambda offset, size: (
                results.hits
                if results.hits or not results.total
                else asked.find(query, offset // size + 1).hits
            ),
            most=LAST_PAGE * PAGE_SIZE,
            size=PAGE_SIZE,
            filters=asked.facets(results),
        )
    except SearchError as error:
        problem = _explain(request, place.holder, error)
        hits = read_register(request, 0, lambda offset, size: ())
    note_read(request, place.holder, "document", [hit.id for hit in hits.rows], task="zoeken")
    if not hits.rows and (gone := remains_of(request, asked.text.strip())) is not None:
        return HTTPSeeOther(gone)
    if len(meant) == 1 and not (problem or results.total or asked.narrowed):
        # The word is in no text: it can only have been meant as the place.
        return HTTPSeeOther(f"{meant[0][1]}&{urlencode({IN_NO_TEXT: asked.text})}")
    return {
        "query": query,
        "place": place,
        "places": _place_links(request, places, place),
        "problem": problem,
        "hits": hits,
        "kinds": {kind: asked.label(Field.KIND, kind.value) for kind in Kind},
        "areas": asked.names,
        "sorts": asked.sorts(query) if problem is None else [],
        "did_you_mean": asked.did_you_mean(results.did_you_mean),
        "without_filters": asked.without_filters() if problem is None else None,
        "within": asked.within(),
        "areas_meant": meant,
        "all_in": asked.all_in(),
        "sees_requests": may(request.identity.roles_for(place.holder), Permission.VIEW_REQUESTS),
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
        places.append(Place(NATIONAL, NATIONAL, "Landelijk meldpunt"))
    if not places:
        raise HTTPNotFound()
    return places


def _chosen_place(places: Sequence[Place], slug: str | None) -> Place:
    chosen = next((place for place in places if slug in (place.slug, None, "")), None)
    if chosen is None:
        raise HTTPNotFound()
    return chosen


def _place_links(request: Any, places: Sequence[Place], place: Place) -> list[FacetValue]:
    if len(places) == 1:
        return []
    # Neighbourhoods and the like mean nothing in another place: only the words go along.
    kept = {name: None for name in request.GET if name not in {"q", "gemeente"}}
    words = {"q": request.GET.get("q") or None}
    return [
        FacetValue(
            choice.name,
            with_params(request, **{**kept, **words, "gemeente": choice.slug}),
            selected=choice == place,
        )
        for choice in places
    ]


def _areas(session: Session, place: Place) -> tuple[dict[str, str], dict[str, str]]:
    """Return the neighbourhoods of a place (at the desk: municipalities): names, and addresses."""
    if place.holder == NATIONAL:
        rows: Any = session.execute(select(Municipality.code, Municipality.name, Municipality.slug))
        areas = [*rows, ("onbekend", "Plaats onbekend", "onbekend")]
    else:
        areas = [(n.code, n.name, n.slug) for n in neighbourhoods_of(session, place.holder)]
    names = {code: name for code, name, _ in areas}
    return names, {slug: code for code, _, slug in areas}


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


def _explain(request: Any, holder: str, problem: SearchError) -> str:
    """Return what to do about a search that failed; an index that can't be used is made anew."""
    if isinstance(problem, IndexUnusableError):
        # An index that isn't there yet is being made: that is no fault, as damage is.
        missing = problem.health.state is HealthState.MISSING
        level = logging.WARNING if missing else logging.ERROR
        log.log(level, "search index of %s: %s", holder, problem.health.state)
        note(request, holder, lambda session, _: enqueue_rebuild(session, holder))
    return str(problem)


class _Search:
    """A question of an address to the index of a place; everything unknown in it is left out.

    `names` are those of the areas there by their code, `slugs` their codes by their address.
    """

    def __init__(
        self, request: Any, place: Place, names: Mapping[str, str], slugs: Mapping[str, str]
    ) -> None:
        pairs = query_pairs(request)
        last = dict(pairs)
        self.request, self.place, self.names, self.slugs = request, place, names, slugs
        self.registry: SearchRegistry = request.registry.search
        self.text = last.get("q", "")
        self.selected = {which: _chosen(pairs, which.value) for which in FACET_TITLES}
        self.sort = next((sort for sort in Sort if sort.value == last.get("volgorde")), None)
        self.neighbourhood = last.get("binnen") or None
        self.dossier = last.get("dossier") or None

    @property
    def narrowed(self) -> bool:
        """Tell whether filters are in force that can be taken away."""
        return bool(any(self.selected.values()) or self.neighbourhood or self.dossier)

    def parsed(self, text: str) -> SearchQuery:
        """Return the query of these words, in which an area may be named."""
        return parse(text, Vocabulary({**self.registry.words(), Field.NEIGHBOURHOOD: self.names}))

    def find(self, query: SearchQuery, number: int) -> SearchResults:
        """Return a page of what this person may see.

        Raises:
            SearchError: there can't be any results; it says what to do.
        """
        here = None
        if self.neighbourhood is not None:
            code = self.slugs.get(self.neighbourhood)
            here = frozenset({code} if code else ())
        visibility = self.registry.visibility(self.request.identity.roles_for(self.place.holder))
        with searching():
            return self.registry.backend.within(self.request.db).search(
                query,
                Scope(self.place.holder, here, self.dossier),
                visibility,
                selected=self.selected,
                sort=self.order(query),
                page=Page(number, PAGE_SIZE),
            )

    def order(self, query: SearchQuery) -> Sort:
        """Return the order: the best hits first when words were asked for, else the newest."""
        usual = Sort.RELEVANCE if query.terms else Sort.NEWEST
        return usual if self.sort in (None, Sort.RELEVANCE) else self.sort

    def sorts(self, query: SearchQuery) -> list[FacetValue]:
        """Return the orders to choose from; by relevance only when there are words."""
        return [
            FacetValue(
                label,
                with_params(self.request, volgorde=sort.value, pagina=None),
                selected=sort is self.order(query),
            )
            for sort, label in SORT_LABELS.items()
            if sort is not Sort.RELEVANCE or query.terms
        ]

    def label(self, which: Field, code: str) -> str:
        """Return the word for a value of a facet."""
        if which is Field.NEIGHBOURHOOD:
            return self.names.get(code, code)
        return badge_for(code).word if which is Field.STATE else self.registry.label(which, code)

    def facets(self, results: SearchResults) -> Filters:
        """Return the facets with their counts, as links that switch a value on or off."""
        # The desk files by municipality: its reports have no neighbourhood of their own.
        own = {Field.NEIGHBOURHOOD: "Gemeente"} if self.place.holder == NATIONAL else {}
        return [
            (
                title,
                [
                    FacetValue(
                        self.label(which, each.value),
                        toggled(self.request, which.value, each.value),
                        each.count,
                        each.selected,
                    )
                    for each in results.facets[which]
                ],
            )
            for which, title in {**FACET_TITLES, **own}.items()
            if results.facets.get(which)
        ]

    def did_you_mean(self, words: str | None) -> tuple[str, str] | None:
        """Return the words that may have been meant, if they find something with these filters."""
        if words is None or not self.find(self.parsed(words), 1).total:
            return None
        return words, with_params(self.request, q=words, pagina=None)

    def without_filters(self) -> str | None:
        """Return the address without filters; None where there are none."""
        dropped = [*(which.value for which in FACET_TITLES), "binnen", "dossier", "pagina"]
        return with_params(self.request, **dict.fromkeys(dropped)) if self.narrowed else None

    def within(self) -> list[tuple[str, str]]:
        """Return the parts of the tree that it is limited to, each with the way out."""
        parts = []
        if code := self.slugs.get(self.neighbourhood or ""):
            parts.append((self.names[code], with_params(self.request, binnen=None, pagina=None)))
        if self.dossier:
            out = with_params(self.request, dossier=None, pagina=None)
            parts.append((f"dossier {self.dossier[:20]}", out))
        return parts

    def all_in(self) -> tuple[str, str] | None:
        """Return the name that was typed and that of the area of which all is shown instead."""
        typed = self.request.GET.get(IN_NO_TEXT, "")[:LONGEST_NAME]
        names = [self.names.get(code, "") for code in self.selected[Field.NEIGHBOURHOOD]]
        return (typed, names[0]) if typed and len(names) == 1 and names[0] else None


def _chosen(pairs: Iterable[tuple[str, str]], name: str) -> frozenset[str]:
    values = [value for key, value in pairs if key == name and _CODE.fullmatch(value)]
    return frozenset(values[:MAX_CHOICES])


# Opened last

RECENT: Final = 8
LATELY: Final = timedelta(days=14)
# The lines of the log that are looked at: many are about the same few documents.
MOST_LINES: Final = 60


def recently_opened(request: Any, holder: str) -> Sequence[Any]:
    """Return the reports and dossiers that this person opened last and may still see.

    From the log of one's own reads: nothing is kept for it.
    """
    who, event = request.identity, AuditEvent
    roles = who.roles_for(holder)
    dossier = and_(event.task == "dossier bekijken", event.subject_kind == "dossier")
    mine = event.holder == holder, event.actor_id == str(who.user_id), event.action == READ
    lines = (
        select(event.id, event.at)
        .where(*mine, event.at > utc_now() - LATELY, or_(event.task.in_(TASKS), dossier))
        .order_by(event.at.desc())
        .limit(MOST_LINES)
        .subquery()
    )
    opened = (
        select(AuditSubject.subject_id.label("id"), func.max(lines.c.at).label("at"))
        .join(lines, lines.c.id == AuditSubject.event_id)
        .group_by(AuditSubject.subject_id)
        .subquery()
    )
    sees = visible_to(roles) if may(roles, Permission.VIEW_DOSSIER) else false()
    inside = select(Dossier.number).where(Dossier.holder == holder, sees)
    free = or_(Report.dossier_number.is_(None), Report.dossier_number.in_(inside))
    gone = DossierState.DESTROYED, DossierState.TRANSFERRED
    area = func.coalesce(Report.neighbourhood_code, Dossier.neighbourhood_code)
    columns = Report.reference, Report.dossier_number, Dossier.number, Dossier.title
    rows: Sequence[Any] = request.db.execute(
        select(opened.c.id, *columns, Neighbourhood.name, Neighbourhood.slug.label("neighbourhood"))
        .select_from(opened)
        .outerjoin(Report, and_(Report.id == opened.c.id, Report.state.not_in(GONE), free))
        .outerjoin(Dossier, and_(Dossier.id == opened.c.id, Dossier.state.not_in(gone), sees))
        .outerjoin(Neighbourhood, Neighbourhood.code == area)
        .where(or_(Report.id.is_not(None), Dossier.id.is_not(None)))
        .order_by(opened.c.at.desc(), opened.c.id)
        .limit(RECENT)
    ).all()
    for kind, of_kind in ((KIND, True), ("dossier", False)):
        ids = [row.id for row in rows if (row.number is None) is of_kind]
        note_read(request, holder, kind, ids, task="laatst geopend")
    return rows
