"""One search: from our grammar to Whoosh's queries, and from its results to ours.

What a person typed never reaches Whoosh's own query language.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from whoosh.collectors import TimeLimitCollector
from whoosh.query import And, ConstantScoreQuery, Every, Not, NumericRange, Or, Require, spans
from whoosh.query import Term as WhooshTerm
from whoosh.searching import TimeLimit
from whoosh.sorting import Count, FieldFacet

from stopintimidatie.core.clock import bounds
from stopintimidatie.core.search.analysis import stem
from stopintimidatie.core.search.backend import (
    Page,
    Scope,
    SearchResults,
    SearchTooBroadError,
    Sort,
    Visibility,
)
from stopintimidatie.core.search.highlight import best, letters, nearest_word
from stopintimidatie.core.search.query import AnyOf, Field, Phrase, SearchQuery, Term, Word
from stopintimidatie.core.search.results import correct, make_facet, make_hit
from stopintimidatie.core.search.whoosh import schema

_PREFIX_SCORE: Final = 0.5
"""A word that only begins with what was asked says less than the word itself."""
_MAX_CANDIDATES: Final = 60
"""The number of nearest words that are looked up before one is proposed."""


class Search:
    """Search of one query, with a searcher of Whoosh that is closed after it."""

    def __init__(
        self,
        searcher: Any,
        query: SearchQuery,
        scope: Scope,
        visibility: Visibility,
        selected: Mapping[Field, frozenset[str]],
        end: float,
    ) -> None:
        """Translate the query. `end` is when it has cost enough, on the monotonic clock."""
        self._searcher, self._query, self._end = searcher, query, end
        self._selected = {field: codes for field, codes in selected.items() if codes}
        self._words = And([self._term(term) for term in query.terms] or [Every()])
        visible = [_codes(schema.ACCESS, visibility.tokens)]
        if scope.neighbourhoods is not None:
            visible.append(_codes(Field.NEIGHBOURHOOD, scope.neighbourhoods))
        if scope.dossier is not None:
            visible.append(_codes(Field.DOSSIER, [scope.dossier]))
        self._visible = And(visible)
        fitting = [_codes(filter_.field, filter_.values) for filter_ in query.filters]
        if query.since or query.until:
            moments = bounds(query.since, query.until)
            fitting.append(NumericRange(schema.MOMENT, *moments, endexcl=True))
        excluded = [_codes(filter_.field, filter_.values) for filter_ in query.excluded_filters]
        excluded += map(self._term, query.excluded)
        self._fitting = [self._visible, *fitting, *map(Not, excluded)]

    def results(self, facets: Sequence[Field], sort: Sort, page: Page) -> SearchResults:
        """Return the page that was asked for, with its counts."""
        free = [field for field in facets if field not in self._selected]
        scored = sort is Sort.RELEVANCE and bool(self._query.terms)
        matches = self._run(None, free, scored=scored)
        counts = _counts(matches, free)
        for field in set(facets) - set(free):
            counts |= _counts(self._run(field, [field], scored=False), [field])
        column = schema.OLDEST_FIRST if sort is Sort.OLDEST else schema.NEWEST_FIRST
        # An index without documents has no columns.
        order = self._searcher.reader().column_reader(column) if len(matches) else ()
        ranks = ((-(score or 0), order[number], number) for number, score in matches.items())
        first = heapq.nsmallest(page.offset + page.size, ranks)[page.offset :]
        shown = [self._searcher.stored_fields(number)[schema.SHOWN] for _, _, number in first]
        hint = None if len(matches) else correct(self._query, self._is_written, self._nearest)
        return SearchResults(
            total=len(matches),
            hits=tuple(make_hit(msgspec.json.decode(text), self._query) for text in shown),
            facets={
                field: make_facet(counts[field], self._selected.get(field, frozenset()))
                for field in facets
            },
            did_you_mean=hint,
        )

    def _term(self, term: Term) -> Any:
        """Return the Whoosh query for a term of ours."""
        match term:
            case AnyOf():
                return Or([WhooshTerm(schema.STEM, any_stem) for any_stem in term.stems])
            case Phrase():
                return _phrase(term)
            case Word():
                reader, prefix = self._searcher.reader(), term.prefix
                words = reader.expand_prefix(schema.WORD, prefix) if prefix else ()
                # Words with the same stem are found by it.
                longer = [word for word in words if stem(word.decode()) != term.stem]
                begins = ConstantScoreQuery(_codes(schema.WORD, longer), _PREFIX_SCORE)
                return WhooshTerm(schema.STEM, term.stem) | begins

    def _count(self, query: Any) -> int:
        """Return how many documents match, of those that may be seen."""
        self._seconds_left()
        return sum(1 for _ in self._searcher.docs_for_query(And([query, self._visible])))

    def _run(self, but: Field | None, facets: Sequence[Field], *, scored: bool) -> Any:
        """Have Whoosh collect what matches, with every choice in facets except that in `but`."""
        groups = FieldFacet(schema.COUNTED) if facets else None
        collector = self._searcher.collector(
            limit=None, scored=scored, groupedby=groups, maptype=Count
        )
        limited = TimeLimitCollector(collector, self._seconds_left(), use_alarm=False)
        choices = [_codes(*choice) for choice in self._selected.items() if choice[0] is not but]
        query = Require(self._words, And([*self._fitting, *choices]))
        try:
            self._searcher.search_with_collector(query, limited)
        except TimeLimit as error:
            raise SearchTooBroadError from error
        return limited.results()

    def _seconds_left(self) -> float:
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise SearchTooBroadError
        return seconds

    def _is_written(self, word: Word) -> bool:
        return bool(self._count(self._term(word)))

    def _nearest(self, word: str) -> str | None:
        known = (text.decode() for text in self._searcher.lexicon(schema.WORD))
        near = nearest_word(word, ((text, letters(text)) for text in known))
        return best(
            (mistakes, text, self._count(WhooshTerm(schema.WORD, text)))
            for mistakes, text in heapq.nsmallest(_MAX_CANDIDATES, near)
        )


def _counts(results: Any, facets: Sequence[Field]) -> dict[Field, Counter[str]]:
    """Read the counts of these fields from the groups of a search."""
    counts: dict[Field, Counter[str]] = {field: Counter() for field in facets}
    totals: Counter[bytes] = Counter()
    for codes, count in results.groups().items() if facets else ():
        for pair in codes.split():
            totals[pair] += count
    for pair, count in totals.items():
        field, _, code = pair.decode().partition(":")
        if field in counts:
            counts[Field(field)][code] = count
    return counts


def _codes(name: str, codes: Iterable[str | bytes]) -> Any:
    """Return the query for any of these codes in a field; without codes it finds nothing."""
    return Or([WhooshTerm(str(name), code) for code in codes])


class _Near(spans.SpanNear):
    """Query for two words near each other; Whoosh's own can't be a part of an And."""

    def estimate_size(self, reader: Any) -> int:
        return int(self.q.estimate_size(reader))


def _phrase(phrase: Phrase) -> Any:
    """Ask for stems at exact distances: the stop words between them aren't in the index."""
    (before, first), *others = phrase.steps
    query: Any = WhooshTerm(schema.STEM, first)
    for position, next_stem in others:
        distance, before = position - before, position
        query = _Near(query, WhooshTerm(schema.STEM, next_stem), slop=distance, mindist=distance)
    return query
