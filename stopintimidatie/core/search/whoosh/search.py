"""One search over the opened segments of one index: which rows, in which order, how many.

Everything is a set of row numbers per segment: what may be seen, what the query asks, what was
chosen in facets. Total and counts come from those sets, so they are exact by construction.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from stopintimidatie.core.clock import bounds
from stopintimidatie.core.search.backend import (
    FacetCount,
    Hit,
    Page,
    Scope,
    SearchResults,
    Sort,
    Visibility,
)
from stopintimidatie.core.search.highlight import best, highlight, nearest_word, snippets
from stopintimidatie.core.search.query import Field, SearchQuery, Term, Word
from stopintimidatie.core.search.whoosh.schema import ACCESS, bitmap, everything, from_json
from stopintimidatie.core.search.whoosh.segments import Deadline, SegmentReader, Weights, union

_SATURATION: Final = 1.2
"""How soon more of one word stops counting (BM25's k1)."""
_MAX_CANDIDATES: Final = 60
"""So many near words are looked up before one is proposed."""


@dataclass(slots=True)
class _Part:
    """Segment as a search knows it."""

    reader: SegmentReader
    allowed: int
    """Rows that may be seen, in scope."""
    matching: int = 0
    """Of those, rows that match the query; facet choices come after."""
    weights: list[Weights] = field(default_factory=list)
    """Per term of the query."""


_Row = tuple[float, int, bytes, int, int]
"""What a row is ordered by (score, moment, id), and where it is (part, number)."""
_Ranked = tuple[float, int, int]
"""Score, part, rows with that score."""


class Searching:
    """One search. Make it and ask `results` once."""

    def __init__(
        self,
        segments: Sequence[SegmentReader],
        query: SearchQuery,
        scope: Scope,
        visibility: Visibility,
        selected: Mapping[Field, frozenset[str]],
        deadline: Deadline,
    ) -> None:
        self._query = query
        self._selected = {which: values for which, values in selected.items() if values}
        self._deadline = deadline
        self._parts = [_Part(reader, _allowed(reader, scope, visibility)) for reader in segments]
        for part in self._parts:
            self._match(part)

    def results(self, facets: Sequence[Field], sort: Sort, page: Page) -> SearchResults:
        """Return the page that was asked for, with its counts."""
        chosen = [self._chosen(part, None) for part in self._parts]
        total = sum(rows.bit_count() for rows in chosen)
        rows = self._ordered(chosen, sort, page.offset + page.size)[page.offset :]
        return SearchResults(
            total=total,
            hits=tuple(self._hit(row) for row in rows),
            facets={which: self._counts(which) for which in facets},
            did_you_mean=None if total else self._did_you_mean(),
        )

    # which rows

    def _match(self, part: _Part) -> None:
        rows = part.allowed & self._filtered(part.reader)
        for term in self._query.terms:
            found = part.reader.weights(term) if rows else {}
            part.weights.append(found)
            rows &= union(found)
        for term in self._query.excluded:
            if rows:
                rows &= ~part.reader.rows(term)
        part.matching = rows

    def _filtered(self, reader: SegmentReader) -> int:
        rows, facts = everything(reader.size), reader.facts
        for wanted in self._query.filters:
            rows &= facts.rows_of(wanted.field.value, wanted.values)
        for unwanted in self._query.excluded_filters:
            rows &= ~facts.rows_of(unwanted.field.value, unwanted.values)
        first, after = bounds(self._query.since, self._query.until)
        if first is not None or after is not None:
            rows &= bitmap(
                (
                    row
                    for row, moment in enumerate(facts.moments)
                    if (first is None or moment >= first) and (after is None or moment < after)
                ),
                reader.size,
            )
        return rows

    def _chosen(self, part: _Part, apart_from: Field | None) -> int:
        rows = part.matching
        for which, values in self._selected.items():
            if which is not apart_from:
                rows &= part.reader.facts.rows_of(which.value, values)
        return rows

    # how many

    def _counts(self, which: Field) -> tuple[FacetCount, ...]:
        counts: Counter[str] = Counter()
        for part in self._parts:
            rows = self._chosen(part, which)
            for value, known in part.reader.facts.codes[which.value].items():
                counts[value] += (rows & known).bit_count()
        selected = self._selected.get(which, frozenset())
        shown = {value for value, count in counts.items() if count} | selected
        ordered = sorted(shown, key=lambda value: (-counts[value], value))
        return tuple(FacetCount(value, counts[value], value in selected) for value in ordered)

    # in which order

    def _ordered(self, chosen: Sequence[int], sort: Sort, how_many: int) -> list[_Row]:
        if sort is Sort.RELEVANCE and self._query.terms:
            ranked = self._best(chosen, how_many)
        else:
            ranked = [(0.0, number, rows) for number, rows in enumerate(chosen)]
        oldest = sort is Sort.OLDEST
        found: list[_Row] = []
        for score, number, rows in ranked:
            self._deadline.check()
            facts = self._parts[number].reader.facts
            first = facts.first_rows(rows, how_many, oldest=oldest)
            keys, moments, sign = facts.keys, facts.moments, 1 if oldest else -1
            found.extend((-score, sign * moments[row], keys[row], number, row) for row in first)
        return heapq.nsmallest(how_many, found)

    def _best(self, chosen: Sequence[int], how_many: int) -> list[_Ranked]:
        """Return the sets of rows with the highest scores, enough for what is asked."""
        rarity = self._rarity()
        ranked: list[_Ranked] = []
        for number, rows in enumerate(chosen):
            ranked.extend(self._scores(number, rows, rarity))
        ranked.sort(reverse=True)
        enough: list[_Ranked] = []
        count = 0
        for score, number, rows in ranked:
            if count >= how_many and score < enough[-1][0]:
                break
            enough.append((score, number, rows))
            count += rows.bit_count()
        return enough

    def _scores(self, number: int, rows: int, rarity: Sequence[float]) -> list[_Ranked]:
        """Split rows by score: after each term a set falls apart by how much that term matches."""
        ranked = [(0.0, rows)] if rows else []
        for weights, rare in zip(self._parts[number].weights, rarity, strict=True):
            self._deadline.check()
            ranked = [
                (score + rare * _worth(weight), both)
                for score, some in ranked
                for weight, matching in weights.items()
                if (both := some & matching)
            ]
        return [(round(score, 6), number, some) for score, some in ranked]

    def _rarity(self) -> list[float]:
        """Return a weight per term: the rarer among what may be seen, the more it says."""
        size = sum(part.allowed.bit_count() for part in self._parts)
        rarity = []
        for term in range(len(self._query.terms)):
            count = sum(
                (union(part.weights[term]) & part.allowed).bit_count() for part in self._parts
            )
            rarity.append(math.log(1 + (size - count + 0.5) / (count + 0.5)))
        return rarity

    # what is shown

    def _hit(self, row: _Row) -> Hit:
        stored = from_json(self._parts[row[3]].reader.stored(row[4]))
        return Hit(
            kind=stored.kind,
            id=stored.id,
            reference=stored.reference,
            path=stored.path,
            title=highlight(stored.title, self._query),
            moment=stored.moment,
            state=stored.state,
            neighbourhood=stored.neighbourhood,
            forms=stored.forms,
            dossier=stored.dossier,
            snippets=snippets(stored.texts, self._query),
        )

    # what was meant

    def _did_you_mean(self) -> str | None:
        """Return the query with words that nobody wrote replaced by near ones that were written.

        Only words in documents that may be seen are proposed, and only they count as written.
        """
        better, changed = self._query.text, False
        for term in reversed(self._query.terms):
            if not isinstance(term, Word) or self._written(term):
                continue
            nearest = self._nearest(term.word)
            if nearest is None:
                return None
            better = f"{better[: term.start]}{nearest}{better[term.end :]}"
            changed = True
        return better if changed else None

    def _written(self, term: Term) -> bool:
        return any(part.reader.rows(term) & part.allowed for part in self._parts)

    def _nearest(self, word: str) -> str | None:
        near: dict[str, int] = {}
        for part in self._parts:
            self._deadline.check()
            for count, other in nearest_word(word, part.reader.facts.vocabulary()):
                near[other] = count
        candidates = heapq.nsmallest(
            _MAX_CANDIDATES, ((count, other) for other, count in near.items())
        )
        return best((count, other, self._documents(other)) for count, other in candidates)

    def _documents(self, word: str) -> int:
        return sum(
            (part.reader.rows_with_word(word) & part.allowed).bit_count() for part in self._parts
        )


def _allowed(reader: SegmentReader, scope: Scope, visibility: Visibility) -> int:
    facts = reader.facts
    rows = facts.rows_of(ACCESS, visibility.tokens) & ~reader.deleted()
    if scope.neighbourhoods is not None:
        rows &= facts.rows_of(Field.NEIGHBOURHOOD.value, scope.neighbourhoods)
    if scope.dossier is not None:
        rows &= facts.rows_of(Field.DOSSIER.value, {scope.dossier})
    return rows


def _worth(weight: float) -> float:
    return weight * (1 + _SATURATION) / (weight + _SATURATION)
