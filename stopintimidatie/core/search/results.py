"""From what an engine found to what a page shows: the same for every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from stopintimidatie.core.search.backend import (
    CheckReport,
    FacetCount,
    Health,
    Hit,
    Kind,
    SearchDocument,
    Text,
    Weight,
)
from stopintimidatie.core.search.highlight import highlight, snippets
from stopintimidatie.core.search.query import SearchQuery, Word


def to_shown(document: SearchDocument) -> dict[str, Any]:
    """Return what a hit shows of a document, as an index keeps it: to be written as JSON."""
    return {
        "kind": document.kind.value,
        "id": document.id.hex,
        "reference": document.reference,
        "path": document.path,
        "title": document.title,
        "moment": document.moment.isoformat(),
        "state": document.state,
        "neighbourhood": document.neighbourhood,
        "forms": document.forms,
        "dossier": document.dossier,
        "texts": [(text.name, text.text, text.weight.value) for text in document.texts],
    }


def make_hit(shown: Mapping[str, Any], query: SearchQuery) -> Hit:
    """Make a row of the results, with the words of the query marked, from what `to_shown` gave."""
    texts = [Text(name, text, Weight(weight)) for name, text, weight in shown["texts"]]
    return Hit(
        kind=Kind(shown["kind"]),
        id=UUID(shown["id"]),
        reference=shown["reference"],
        path=shown["path"],
        title=highlight(shown["title"], query),
        moment=datetime.fromisoformat(shown["moment"]),
        state=shown["state"],
        neighbourhood=shown["neighbourhood"],
        forms=tuple(shown["forms"]),
        dossier=shown["dossier"],
        snippets=snippets(texts, query),
    )


def make_facet(counts: Mapping[str, int], selected: frozenset[str]) -> tuple[FacetCount, ...]:
    """Order the counts of a facet, the largest first; what is selected stays, also with none."""
    codes = sorted({*counts, *selected}, key=lambda code: (-counts.get(code, 0), code))
    return tuple(FacetCount(code, counts.get(code, 0), code in selected) for code in codes)


def correct(
    query: SearchQuery, is_written: Callable[[Word], bool], nearest: Callable[[str], str | None]
) -> str | None:
    """Return the query with words that nobody wrote replaced by near ones that were written.

    Args:
        query: what found nothing.
        is_written: tells whether a word stands in a document that may be seen.
        nearest: returns the word in such a document that is nearest to a mistyped one.
    """
    better, changed = query.text, False
    for term in reversed(query.terms):
        if not isinstance(term, Word) or is_written(term):
            continue
        word = nearest(term.word)
        if word is None:
            return None
        better = f"{better[: term.start]}{word}{better[term.end :]}"
        changed = True
    return better if changed else None


def compare(
    health: Health, present: dict[UUID, Any], expected: Iterable[tuple[UUID, Any]]
) -> CheckReport:
    """Compare a sound index with the database, by the version of every document.

    Args:
        health: that of the index.
        present: the versions in the index; what should be there is taken out.
        expected: the versions in the database.
    """
    missing, stale, checked = [], [], 0
    for document_id, version in expected:
        checked += 1
        known = present.pop(document_id, None)
        if known is None:
            missing.append(document_id)
        elif known != version:
            stale.append(document_id)
    return CheckReport(health, checked, tuple(missing), tuple(present), tuple(stale))
