"""PostgreSQL's engine passes the suite."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

import pytest
from sqlalchemy import Engine, create_engine

from stopintimidatie.core.search.postgres.backend import PostgresBackend
from stopintimidatie.core.storage import database
from tests.contract.search_backend_conformance import Opener, SearchBackendConformance
from tests.support.services import Postgres


@cache
def engine_of(url: str) -> Engine:
    """One engine per process, this one's and those that the suite starts."""
    return create_engine(url)


def open_backend(url: str) -> PostgresBackend:
    return PostgresBackend(engine_of(url))


@pytest.fixture(scope="module")
def url(postgres: Postgres, postgres_template: str) -> Iterator[str]:
    with postgres.database(postgres_template, database.APP) as made:
        yield made
        engine_of(made).dispose()


class TestPostgreSQL(SearchBackendConformance):
    """PostgreSQL with its own tables; every test begins with an empty index."""

    @pytest.fixture
    def opener(self, url: str) -> Opener:
        return partial(open_backend, url)
