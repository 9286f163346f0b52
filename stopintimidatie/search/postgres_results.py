"""From what PostgreSQL gave to what a page shows: hits with their snippets, counts, a hint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from stopintimidatie.search import postgres_query, spelling
from stopintimidatie.search.backend import (
    FacetCount,
    Hit,
    Kind,
    Scope,
    SearchResults,
    Text,
    Visibility,
    Weight,
)
from stopintimidatie.search.grammar import Field, SearchQuery, Word
from stopintimidatie.search.highlight import highlight, snippets


def results(
    found: Any,
    query: SearchQuery,
    selected: Mapping[Field, frozenset[str]],
    facets: Sequence[Field],
    meant: str | None,
) -> SearchResults:
    """The results of the row that a `Statement` gives."""
    counts: dict[str, dict[str, int]] = {which.value: {} for which in facets}
    for facet, value, number in found.counts or ():
        counts[facet][value] = number
    return SearchResults(
        total=found.total,
        hits=tuple(_hit(stored, query) for stored in found.hits or ()),
        facets={
            which: _facet(counts[which.value], selected.get(which, frozenset())) for which in facets
        },
        did_you_mean=meant,
    )


def _facet(counts: Mapping[str, int], selected: frozenset[str]) -> tuple[FacetCount, ...]:
    shown = sorted({*counts, *selected}, key=lambda value: (-counts.get(value, 0), value))
    return tuple(FacetCount(value, counts.get(value, 0), value in selected) for value in shown)


def _hit(stored: Mapping[str, Any], query: SearchQuery) -> Hit:
    texts = [Text(name, text, Weight(weight)) for name, text, weight in stored["texts"]]
    return Hit(
        kind=Kind(stored["kind"]),
        id=UUID(stored["id"]),
        reference=stored["reference"],
        path=stored["path"],
        title=highlight(stored["title"], query),
        moment=datetime.fromisoformat(stored["moment"]),
        state=stored["state"],
        neighbourhood=stored["neighbourhood"],
        forms=tuple(stored["forms"]),
        dossier=stored["dossier"],
        snippets=snippets(texts, query),
    )


def did_you_mean(
    connection: Connection, query: SearchQuery, scope: Scope, visibility: Visibility
) -> str | None:
    """The query with the words that nobody wrote replaced by near ones that were written.

    Only words in documents that may be seen are proposed, and only they count as written.
    """
    better, changed = query.text, False
    for term in reversed(query.terms):
        if not isinstance(term, Word):
            continue
        statement, values = postgres_query.written(scope, visibility, term)
        if connection.scalar(statement, values):
            continue
        nearest = _nearest(connection, scope, visibility, term.word)
        if nearest is None:
            return None
        better = f"{better[: term.start]}{nearest}{better[term.end :]}"
        changed = True
    return better if changed else None


def _nearest(connection: Connection, scope: Scope, visibility: Visibility, word: str) -> str | None:
    limit = spelling.allowed(word)
    if not limit:
        return None
    statement, values = postgres_query.near_words(scope, visibility, word, limit)
    documents = {row.word: row.documents for row in connection.execute(statement, values)}
    near = spelling.near(word, ((other, spelling.letters(other)) for other in documents))
    return spelling.best((count, other, documents[other]) for count, other in near)
