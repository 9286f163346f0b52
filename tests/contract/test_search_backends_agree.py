"""Fifty queries over some hundreds of documents: both engines find the same, and count the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import create_engine

from stopintimidatie.core.search.backend import (
    OPEN_ACCESS,
    Page,
    Scope,
    SearchBackend,
    SearchDocument,
    SearchResults,
    Visibility,
)
from stopintimidatie.core.search.postgres.backend import PostgresBackend
from stopintimidatie.core.search.query import Field
from stopintimidatie.core.search.whoosh.backend import WhooshBackend
from stopintimidatie.core.storage import database
from tests.contract.search_backend_conformance import _random_documents
from tests.contract.search_documents import HOLDER, query
from tests.support.services import Postgres

QUERIES: Final = (
    # words, their forms and beginnings
    "fluiten", "floot", "gefloten", "station", "stations", "stationsplein", "jongens", "jongen",
    "roepen", "naroepende", "halte", "bus", "café", "CAFE", "foto", "volgen", "str", "pl", "2026",
    "fluiten station", "rode jas", "jongens halte plein", "meisjes straat avond",
    # phrases and minus
    '"rode jas"', '"jas rode"', '"fluiten floot"', '"halte op het plein"', '"tram" "hard avond"',
    "-tram", "fluiten -jongen", '-"rode jas" jas', "station -plein -bus", "-fluiten -station",
    # fields and dates
    "wijk:krispijn", "-wijk:krispijn", "vorm:nafluiten", 'vorm:"hinderlijk volgen" station',
    "status:nieuw", "-status:nieuw halte", "soort:dossier", "jaar:2025", "dossier:2026-1",
    "van:2-2026", "tot:31-1-2026 fluiten", "van:2-2026 tot:6-2026 -tram",
    # mistakes, and nothing
    "statoin", "fluitn halte", "bedriegd", "zzzzzz", "",
)  # fmt: skip
_OPEN: Final = frozenset({OPEN_ACCESS})
# (scope, visibility, choices in facets), taken in turn.
_VIEWS: Final[tuple[tuple[Scope, frozenset[str], dict[Field, frozenset[str]]], ...]] = (
    (Scope(HOLDER), _OPEN, {}),
    (Scope(HOLDER), _OPEN | {"persoonsgericht"}, {Field.FORM: frozenset({"nafluiten"})}),
    (Scope(HOLDER, frozenset({"WK050501", "WK050503"})), _OPEN, {}),
    (Scope(HOLDER), _OPEN, {Field.STATE: frozenset({"nieuw"}), Field.YEAR: frozenset({"2026"})}),
)


@pytest.fixture(scope="module")
def documents() -> list[SearchDocument]:
    return _random_documents(random.Random(50), 300)


@pytest.fixture(scope="module")
def engines(
    documents: list[SearchDocument],
    postgres: Postgres,
    postgres_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[SearchBackend, SearchBackend]]:
    folder: Path = tmp_path_factory.mktemp("zoekindex")
    with postgres.database(postgres_template, database.APP) as url:
        engine = create_engine(url)
        made = WhooshBackend(folder), PostgresBackend(engine)
        for backend in made:
            backend.rebuild(HOLDER, documents)
        yield made
        engine.dispose()


def found(backend: SearchBackend, asked: str, view: int) -> SearchResults:
    """Every row of a query, page by page; counts and hint are those of the first page."""
    scope, tokens, selected = _VIEWS[view]
    visible = Visibility(tokens)
    first = backend.search(query(asked), scope, visible, selected=selected, page=Page(1, 100))
    hits = list(first.hits)
    for number in range(2, (first.total + 99) // 100 + 1):
        page = Page(number, 100)
        more = backend.search(query(asked), scope, visible, selected=selected, facets=(), page=page)
        hits.extend(more.hits)
    return replace(first, hits=tuple(hits))


def told(results: SearchResults) -> dict[str, Any]:
    """What must be the same: the set, the counts, the snippets, the hint."""
    return {
        "total": results.total,
        "hits": {hit.id: hit for hit in results.hits},
        "facets": dict(results.facets),
        "hint": results.did_you_mean,
    }


def test_there_are_fifty_queries() -> None:
    assert len(set(QUERIES)) == 50


@pytest.mark.parametrize(
    "view",
    [0, *(pytest.param(view, marks=pytest.mark.alles) for view in range(1, len(_VIEWS)))],
)
def test_both_engines_find_and_count_the_same(
    engines: tuple[SearchBackend, SearchBackend], view: int
) -> None:
    whoosh, postgresql = engines
    counts = []
    for asked in QUERIES:
        one, other = found(whoosh, asked, view), found(postgresql, asked, view)
        assert told(one) == told(other), asked
        assert len(one.hits) == one.total
        counts.append(one.total)
    assert sum(count > 0 for count in counts) > 35
