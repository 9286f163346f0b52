"""What the page of results asks and shows, from its GET parameters. No database here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup, escape

from stopintimidatie.search.analysis import fold
from stopintimidatie.search.backend import FacetCount, Hit, Kind, Piece, SearchResults, Sort
from stopintimidatie.search.grammar import Field, SearchQuery
from stopintimidatie.web.badges import badge_for
from stopintimidatie.web.components import FacetValue, ListItem
from stopintimidatie.web.filters import date_text
from stopintimidatie.web.urls import query_pairs, toggled, with_params

PAGE_SIZE: Final = 20
LAST_PAGE: Final = 500
MAX_CHOICES: Final = 40
"""Values of one facet that an address may choose; a person clicks a few."""
MOST_AREAS: Final = 5
LONGEST_NAME: Final = 60
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
class Asked:
    """What an address asks for, everything unknown in it left out."""

    text: str
    selected: Mapping[Field, frozenset[str]]
    sort: Sort | None
    municipality: str | None
    neighbourhood: str | None
    dossier: str | None
    page: int

    @property
    def narrowed(self) -> bool:
        """Whether filters are in force that can be taken away."""
        return bool(any(self.selected.values()) or self.neighbourhood or self.dossier)


def asked(request: Any) -> Asked:
    """Read the GET parameters."""
    pairs = query_pairs(request)
    last = dict(pairs)
    return Asked(
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
    """Neighbourhoods (at the desk: municipalities) that this may be the name of, each with the way
    to all that is in it. Their names aren't in the texts that are searched."""
    words = re.findall(r"\w+", fold(text))
    if not words or len(text) > LONGEST_NAME:
        return []
    found = [code for code, name in names.items() if _begins(words, re.findall(r"\w+", fold(name)))]
    if len(found) > MOST_AREAS:
        return []
    return [
        (
            names[code],
            with_params(request, q=None, pagina=None, **{Field.NEIGHBOURHOOD.value: code}),
        )
        for code in sorted(found, key=names.__getitem__)
    ]


def _begins(words: Iterable[str], name: Sequence[str]) -> bool:
    """Whether each of these is the beginning of a word of the name."""
    return all(any(part.startswith(word) for part in name) for word in words)


def default_sort(query: SearchQuery) -> Sort:
    """The best hits first when words were asked for, else the newest."""
    return Sort.RELEVANCE if query.terms else Sort.NEWEST


def facet_lists(
    request: Any, results: SearchResults, label: Label, titles: Mapping[Field, str] = FACET_TITLES
) -> list[tuple[str, list[FacetValue]]]:
    """The facets with their counts, as links that switch a value on or off."""
    return [
        (title, [_facet_value(request, which, count, label) for count in results.facets[which]])
        for which, title in titles.items()
        if results.facets.get(which)
    ]


def _facet_value(request: Any, which: Field, count: FacetCount, label: Label) -> FacetValue:
    href = toggled(request, which.value, count.value)
    return FacetValue(label(which, count.value), href, count.count, count.selected)


def sort_list(request: Any, query: SearchQuery, sort: Sort) -> list[FacetValue]:
    """The orders to choose from; by relevance only when there are words."""
    offered = [s for s in Sort if s is not Sort.RELEVANCE or query.terms]
    return [
        FacetValue(
            SORT_LABELS[one],
            with_params(request, volgorde=one.value, pagina=None),
            None,
            one is sort,
        )
        for one in offered
    ]


def list_items(results: SearchResults, label: Label) -> list[ListItem]:
    """The hits as entries of a list."""
    return [_list_item(hit, label) for hit in results.hits]


def _list_item(hit: Hit, label: Label) -> ListItem:
    meta = [
        label(Field.KIND, hit.kind.value),
        label(Field.NEIGHBOURHOOD, hit.neighbourhood),
        date_text(hit.moment),
    ]
    if hit.dossier and hit.kind is Kind.REPORT:
        meta.append(f"dossier {hit.dossier}")
    title = Markup("{}: {}").format(hit.reference, marked(hit.title))
    snippets = Markup(" ").join(marked(snippet.pieces) for snippet in hit.snippets)
    return ListItem(title, hit.path, badges=[hit.state], meta=meta, snippet=snippets)


def marked(pieces: Iterable[Piece]) -> Markup:
    """The one place where a snippet becomes HTML: everything escaped, what was found marked."""
    return Markup("").join(
        Markup("<mark>{}</mark>").format(piece.text) if piece.marked else escape(piece.text)
        for piece in pieces
    )


def state_label(code: str) -> str:
    """A state as its badge names it."""
    return badge_for(code).word
