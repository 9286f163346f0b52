"""Documents for the search tests, and a plain model of what a search must find.

The model is the definition in code: it looks at every document, one by one, with the rules of
`grammar` and `backend`. A backend that disagrees with it is wrong.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from stopintimidatie.core.clock import local_date
from stopintimidatie.core.search.analysis import Token, tokens
from stopintimidatie.core.search.backend import (
    OPEN_ACCESS,
    Kind,
    Scope,
    SearchDocument,
    Text,
    Visibility,
)
from stopintimidatie.core.search.query import Field, Phrase, SearchQuery, Term, Vocabulary, parse

HOLDER = "GM0505"
OTHER_HOLDER = "GM0772"
EVERYTHING_OPEN = Visibility(frozenset({OPEN_ACCESS}))
VOCABULARY = Vocabulary(
    {
        Field.NEIGHBOURHOOD: {"WK050501": "Binnenstad", "WK050502": "Krispijn"},
        Field.FORM: {"nafluiten": "nafluiten", "hinderlijk_volgen": "hinderlijk volgen"},
        Field.STATE: {"nieuw": "nieuw", "in_behandeling": "in behandeling"},
        Field.KIND: {"melding": "melding", "dossier": "dossier"},
    }
)
_numbers = itertools.count(1)


def document(text: str = "", **changes: Any) -> SearchDocument:
    """One report with this account, different from every other in id and reference."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "holder": HOLDER,
        "kind": Kind.REPORT,
        "id": UUID(int=number * 0x9E3779B97F4A7C15 % (1 << 122), version=4),
        "version": 1,
        "reference": f"M-{number:04d}-XQZW",
        "path": f"gemeenten/dordrecht/binnenstad/{number}",
        "title": "Zonder titel",
        "moment": datetime(2026, 5, 1, 20, 0, tzinfo=UTC),
        "state": "nieuw",
        "neighbourhood": "WK050501",
        "access": OPEN_ACCESS,
        "forms": ("nafluiten",),
        "texts": (Text("omschrijving", text),),
    }
    return SearchDocument(**{**values, **changes})


def query(text: str) -> SearchQuery:
    """A query as the search box reads it."""
    return parse(text, VOCABULARY)


def expected(
    documents: Iterable[SearchDocument],
    asked: SearchQuery,
    scope: Scope,
    visibility: Visibility,
    selected: Mapping[Field, frozenset[str]] | None = None,
) -> list[SearchDocument]:
    """Every document that must be found, in no particular order."""
    return [
        document
        for document in documents
        if document.holder == scope.holder
        and document.access in visibility.tokens
        and (scope.neighbourhoods is None or document.neighbourhood in scope.neighbourhoods)
        and (scope.dossier is None or document.dossier == scope.dossier)
        and _asked(document, asked)
        and all(
            values & set(document.codes(which))
            for which, values in (selected or {}).items()
            if values
        )
    ]


def expected_counts(
    documents: Sequence[SearchDocument],
    asked: SearchQuery,
    scope: Scope,
    visibility: Visibility,
    selected: Mapping[Field, frozenset[str]],
    which: Field,
) -> dict[str, int]:
    """What a facet must count: every choice but its own."""
    others = {field: values for field, values in selected.items() if field is not which}
    counts: Counter[str] = Counter(dict.fromkeys(selected.get(which, ()), 0))
    for document in expected(documents, asked, scope, visibility, others):
        counts.update(set(document.codes(which)))
    return dict(counts)


def _asked(document: SearchDocument, asked: SearchQuery) -> bool:
    day = local_date(document.moment)
    return (
        all(_matches(document, term) for term in asked.terms)
        and not any(_matches(document, term) for term in asked.excluded)
        and all(wanted.values & set(document.codes(wanted.field)) for wanted in asked.filters)
        and not any(
            unwanted.values & set(document.codes(unwanted.field))
            for unwanted in asked.excluded_filters
        )
        and (asked.since is None or day >= asked.since)
        and (asked.until is None or day <= asked.until)
    )


def _matches(document: SearchDocument, term: Term) -> bool:
    texts = [list(tokens(text.text)) for text in document.searchable()]
    if isinstance(term, Phrase):
        return any(_holds_phrase(words, term) for words in texts)
    return any(term.matches(word) for words in texts for word in words)


def _holds_phrase(words: list[Token], phrase: Phrase) -> bool:
    stems = {word.position: word.stem for word in words if not word.stop}
    return any(
        all(stems.get(begin + step) == stem for step, stem in phrase.steps) for begin in stems
    )
