# ruff: noqa: S608 - every piece of SQL stands here; whatever comes from outside is bound
"""From a query of our grammar to one statement: which rows, how many per facet, in which order.

Words go to `search_match` (the one way round row-level security, see ADR 0007); all the rest,
what may be seen first of all, is plain SQL over what that gives. Whatever a person typed is a
bound value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, TextClause, text

from stopintimidatie.core.clock import bounds
from stopintimidatie.core.search.backend import (
    Page,
    Scope,
    SearchResults,
    Sort,
    Visibility,
)
from stopintimidatie.core.search.highlight import (
    allowed,
    best,
    letters,
    nearest_word,
)
from stopintimidatie.core.search.postgres.rows import quoted, stem_lexeme, word_lexeme
from stopintimidatie.core.search.query import AnyOf, Field, Filter, Phrase, SearchQuery, Term, Word
from stopintimidatie.core.search.results import correct, make_facet, make_hit

RANKED: Final = 500
"""The number of newest rows that are ordered by how well they match; those after by moment."""
WEIGHTS: Final = [0.05, 0.05, 0.3, 1.0]
"""Weights of a match: D (the beginning of a word), C (not used), B (a text), A (title)."""
_COLUMNS: Final = {
    Field.KIND: "kind",
    Field.STATE: "state",
    Field.NEIGHBOURHOOD: "neighbourhood",
    Field.YEAR: "year",
    Field.FORM: "forms",
    Field.DOSSIER: "dossiers",
}
_LISTS: Final = frozenset({Field.FORM, Field.DOSSIER})
_ORDERS: Final = {
    Sort.NEWEST: "moment DESC, id",
    Sort.OLDEST: "moment, id",
    Sort.RELEVANCE: "score DESC, moment DESC, id",
}


def tsquery(holder: str, query: SearchQuery) -> str:
    """Return the text of the tsquery that matches the terms of a query."""
    parts = [_term(holder, term) for term in query.terms] or [quoted(stem_lexeme(holder, ""))]
    parts += [f"!{_term(holder, term)}" for term in query.excluded]
    return " & ".join(parts)


def _term(holder: str, term: Term) -> str:
    if isinstance(term, Phrase):
        return _phrase(holder, term)
    if isinstance(term, AnyOf):
        return f"({' | '.join(quoted(stem_lexeme(holder, stem)) for stem in term.stems)})"
    return f"({' | '.join(_word(holder, term))})"


def _word(holder: str, term: Word) -> Iterable[str]:
    yield quoted(stem_lexeme(holder, term.stem))
    if term.prefix is not None:
        yield f"{quoted(word_lexeme(holder, term.prefix))}:*"


def _phrase(holder: str, phrase: Phrase) -> str:
    made, before = "", 0
    for step, stem in phrase.steps:
        made += f" <{step - before}> " if made else ""
        made += quoted(stem_lexeme(holder, stem))
        before = step
    return f"({made})"


def ranking(holder: str, query: SearchQuery) -> str:
    """Return the text of the tsquery by which rows are ranked: any of the words."""
    words: list[str] = []
    for term in query.terms:
        if isinstance(term, Word):
            words.extend(_word(holder, term))
        elif isinstance(term, AnyOf):
            words.extend(quoted(stem_lexeme(holder, stem)) for stem in term.stems)
        else:
            words.extend(quoted(stem_lexeme(holder, stem)) for _, stem in term.steps)
    return " | ".join(dict.fromkeys(words))


class Conditions:
    """Pieces of SQL with their values, each value bound under a name of its own."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def bind(self, value: object) -> str:
        """Return a placeholder for this value."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def any_of(self, which: Field, codes: Iterable[str]) -> str:
        """Write that the row has one of these codes."""
        bound = f"CAST({self.bind(sorted(codes))} AS text[])"
        column = _COLUMNS[which]
        return f"{column} && {bound}" if which in _LISTS else f"{column} = ANY ({bound})"

    def seen(self, scope: Scope, visibility: Visibility) -> list[str]:
        """Return the conditions for what may be seen, in the part of the tree that is searched."""
        conditions = [f"access = ANY (CAST({self.bind(sorted(visibility.tokens))} AS text[]))"]
        if scope.neighbourhoods is not None:
            conditions.append(self.any_of(Field.NEIGHBOURHOOD, scope.neighbourhoods))
        if scope.dossier is not None:
            conditions.append(self.any_of(Field.DOSSIER, [scope.dossier]))
        return conditions

    def filtered(self, query: SearchQuery) -> list[str]:
        """Return the conditions that the fields of the query ask."""
        conditions = [self._filter(wanted) for wanted in query.filters]
        conditions += [f"NOT ({self._filter(unwanted)})" for unwanted in query.excluded_filters]
        first, after = bounds(query.since, query.until)
        if first is not None:
            conditions.append(f"moment >= to_timestamp({self.bind(first)})")
        if after is not None:
            conditions.append(f"moment < to_timestamp({self.bind(after)})")
        return conditions

    def _filter(self, wanted: Filter) -> str:
        return self.any_of(wanted.field, wanted.values)


class Statement:
    """The one statement of a search. Make it and ask `text` and `values`."""

    def __init__(
        self,
        query: SearchQuery,
        scope: Scope,
        visibility: Visibility,
        selected: Mapping[Field, frozenset[str]],
        facets: Sequence[Field],
        sort: Sort,
        page: Page,
    ) -> None:
        self._conditions = Conditions()
        self._query, self._scope, self._page = query, scope, page
        self._sort = sort if query.terms or sort is not Sort.RELEVANCE else Sort.NEWEST
        self._holder = self._bind(scope.holder)
        self._selected = [which for which, values in selected.items() if values]
        matching = self._matching(visibility, selected)
        self._sql = f"""
            WITH matching AS MATERIALIZED ({matching}),
            chosen AS MATERIALIZED (SELECT id, moment FROM matching WHERE {self._chosen(None)}),
            counted AS ({self._counts(facets)}),
            page AS ({self._ordered()})
            SELECT (SELECT count(*) FROM chosen) AS total,
                (SELECT json_agg(json_build_array(facet, value, number)) FROM counted) AS counts,
                (SELECT json_agg(d.data ORDER BY page.place)
                    FROM page JOIN search_document d ON d.id = page.id
                    AND d.holder = {self._holder}) AS hits,
                EXISTS (SELECT FROM search_gap WHERE holder = {self._holder}) AS gap
        """

    @property
    def text(self) -> TextClause:
        """The statement; it gives one row: total, counts, hits, gap."""
        return text(self._sql)

    @property
    def values(self) -> dict[str, Any]:
        """The values that are bound in it."""
        return self._conditions.values

    def _bind(self, value: object) -> str:
        return self._conditions.bind(value)

    def _matching(self, visibility: Visibility, selected: Mapping[Field, frozenset[str]]) -> str:
        """Select every row that fits the query; per choice whether the row has it."""
        wanted = [
            *self._conditions.seen(self._scope, visibility),
            *self._conditions.filtered(self._query),
        ]
        source = source_of(self._conditions, self._scope, self._query, wanted)
        choices = "".join(
            f", {self._conditions.any_of(which, selected[which])} AS chosen_{which.value}"
            for which in self._selected
        )
        columns = ", ".join(_COLUMNS.values())
        return f"SELECT id, moment, {columns}{choices} FROM {source} WHERE {' AND '.join(wanted)}"

    def _chosen(self, apart_from: Field | None) -> str:
        choices = [f"chosen_{w.value}" for w in self._selected if w is not apart_from]
        return " AND ".join(choices) or "true"

    def _counts(self, facets: Sequence[Field]) -> str:
        if not facets:
            return "SELECT '' AS facet, '' AS value, 0 AS number WHERE false"
        return " UNION ALL ".join(self._count(which) for which in facets)

    def _count(self, which: Field) -> str:
        column = _COLUMNS[which]
        source = "matching"
        if which in _LISTS:
            column, source = "code", f"matching, unnest({column}) AS code"
        return (
            f"SELECT '{which.value}' AS facet, {column} AS value, count(*) AS number"
            f" FROM {source} WHERE {self._chosen(which)} GROUP BY {column}"
        )

    def _ordered(self) -> str:
        rows, order = "chosen", _ORDERS[self._sort]
        if self._sort is Sort.RELEVANCE:
            rows = self._ranked()
        page = f"LIMIT {self._bind(self._page.size)} OFFSET {self._bind(self._page.offset)}"
        return (
            f"SELECT id, row_number() OVER (ORDER BY {order}) AS place"
            f" FROM {rows} ORDER BY {order} {page}"
        )

    def _ranked(self) -> str:
        weights = f"CAST({self._bind(WEIGHTS)} AS float4[])"
        words = f"CAST({self._bind(ranking(self._scope.holder, self._query))} AS tsquery)"
        return f"""(
            SELECT id, moment, CASE WHEN place <= {RANKED} THEN (
                SELECT ts_rank({weights}, d.words, {words}) FROM search_document d
                WHERE d.id = newest.id AND d.holder = {self._holder}
            ) ELSE 0 END AS score
            FROM (
                SELECT id, moment, row_number() OVER (ORDER BY moment DESC, id) AS place FROM chosen
            ) newest
        ) scored"""


def source_of(conditions: Conditions, scope: Scope, query: SearchQuery, wanted: list[str]) -> str:
    """Return where rows come from.

    The words, or the whole list; add to `wanted` what that needs.
    """
    if query.terms or query.excluded:
        return f"search_match(CAST({conditions.bind(tsquery(scope.holder, query))} AS tsquery))"
    wanted.append(f"NOT gone AND holder = {conditions.bind(scope.holder)}")
    return "search_document"


def written(scope: Scope, visibility: Visibility, term: Term) -> tuple[TextClause, dict[str, Any]]:
    """Ask whether a term stands in anything that may be seen."""
    conditions = Conditions()
    wanted = " AND ".join(conditions.seen(scope, visibility))
    bound = conditions.bind(_term(scope.holder, term))
    source = f"search_match(CAST({bound} AS tsquery))"
    return text(f"SELECT EXISTS (SELECT FROM {source} WHERE {wanted})"), conditions.values


def near_words(
    scope: Scope, visibility: Visibility, word: str, mistakes: int
) -> tuple[TextClause, dict[str, Any]]:
    """Ask for words of about this length in what may be seen, the most alike first.

    Read from the newest documents themselves: a list of words beside them would have to forget
    what was redacted, and would tell of what may not be seen.
    """
    conditions = Conditions()
    wanted = [*conditions.seen(scope, visibility)]
    wanted.append(f"NOT gone AND holder = {conditions.bind(scope.holder)}")
    typed, start = conditions.bind(word), conditions.bind(word_lexeme(scope.holder, ""))
    low, high = conditions.bind(len(word) - mistakes), conditions.bind(len(word) + mistakes)
    return text(f"""
        WITH seen AS (
            SELECT words FROM search_document WHERE {" AND ".join(wanted)}
            ORDER BY moment DESC LIMIT {NEWEST}
        ), known AS (
            SELECT substr(lexeme, length({start}) + 1) AS word, count(*) AS documents
            FROM seen, unnest(tsvector_to_array(words)) AS lexeme
            WHERE length(lexeme) - length({start}) BETWEEN {low} AND {high} GROUP BY 1
        )
        SELECT word, documents FROM known
        WHERE word NOT LIKE '=%' AND similarity(word, {typed}) > 0
        ORDER BY similarity(word, {typed}) DESC, word LIMIT {CANDIDATES}
    """), conditions.values


NEWEST: Final = 3_000
"""The number of newest documents that are looked through for a word that may be meant."""
CANDIDATES: Final = 300


# Results


def results(
    row: Any,
    query: SearchQuery,
    selected: Mapping[Field, frozenset[str]],
    facets: Sequence[Field],
    meant: str | None,
) -> SearchResults:
    """Return the results of the row that a `Statement` gives."""
    counts: dict[str, dict[str, int]] = {which.value: {} for which in facets}
    for facet, value, number in row.counts or ():
        counts[facet][value] = number
    return SearchResults(
        total=row.total,
        hits=tuple(make_hit(shown, query) for shown in row.hits or ()),
        facets={
            which: make_facet(counts[which.value], selected.get(which, frozenset()))
            for which in facets
        },
        did_you_mean=meant,
    )


def did_you_mean(
    connection: Connection, query: SearchQuery, scope: Scope, visibility: Visibility
) -> str | None:
    """Return the query with mistyped words replaced, or None when there is nothing to propose."""

    def is_written(word: Word) -> bool:
        statement, values = written(scope, visibility, word)
        return bool(connection.scalar(statement, values))

    def nearest(word: str) -> str | None:
        return _nearest(connection, scope, visibility, word)

    return correct(query, is_written, nearest)


def _nearest(connection: Connection, scope: Scope, visibility: Visibility, word: str) -> str | None:
    limit = allowed(word)
    if not limit:
        return None
    statement, values = near_words(scope, visibility, word, limit)
    documents = {row.word: row.documents for row in connection.execute(statement, values)}
    near = nearest_word(word, ((other, letters(other)) for other in documents))
    return best((count, other, documents[other]) for count, other in near)
