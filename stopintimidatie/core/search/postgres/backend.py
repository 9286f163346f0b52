"""The search engine of PostgreSQL: our analyser's words in a table beside the documents.

A change writes its row in its own transaction (`writing`); what is committed can be found. The
rest of `SearchBackend` is here: searching, building anew, comparing, forgetting. A search runs in
the transaction of the page when there is one (`within`), behind a savepoint and a time limit.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby, islice
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from stopintimidatie.core.search.backend import (
    FACETS,
    CheckReport,
    Health,
    HealthState,
    IndexBusyError,
    IndexUnusableError,
    IndexWriter,
    Page,
    RebuildReport,
    Scope,
    SearchBackend,
    SearchDocument,
    SearchResults,
    SearchTooBroadError,
    Sort,
    Visibility,
)
from stopintimidatie.core.search.models import SearchDocument as SearchDocumentRow
from stopintimidatie.core.search.postgres import rows as postgres_rows
from stopintimidatie.core.search.postgres.query import Statement, did_you_mean, results
from stopintimidatie.core.search.postgres.rows import rules
from stopintimidatie.core.search.query import Field, SearchQuery
from stopintimidatie.core.search.results import compare
from stopintimidatie.core.storage.session import as_json
from stopintimidatie.core.storage.tenancy import enter
from stopintimidatie.settings import PROGRAM

_CHUNK: Final = 500
_PAGE_ONE: Final = Page()
_CANCELLED: Final = "57014"
_LOCK_CLASS: Final = 0x5A4F454B
"""First key of our advisory locks; the second is of the holder: one rebuild for each."""
_PATIENCE: Final = 30.0
_REBUILD: Final = f"Herbouw de index: {PROGRAM} zoekindex herbouwen."
_GAP: Final = Health(HealthState.MISSING, f"De index is niet volledig. {_REBUILD}")


class TableWriter:
    """`IndexWriter`: a change's own transaction writes its rows."""

    def lock(self, session: Session, holder: str, ids: Iterable[UUID]) -> None:
        """See `IndexWriter.lock`."""
        postgres_rows.lock(session.connection(), holder, ids)

    def write(
        self,
        session: Session,
        holder: str,
        documents: Iterable[SearchDocument],
        gone: Iterable[UUID],
    ) -> None:
        """See `IndexWriter.write`."""
        postgres_rows.write(session.connection(), holder, documents, gone)

    def new_row(self, document: SearchDocument) -> tuple[Any, dict[str, Any]]:
        """See `IndexWriter.new_row`."""
        return SearchDocumentRow, postgres_rows.row(document)


class PostgresBackend:
    """`SearchBackend` on the tables of `models`."""

    def __init__(
        self, engine: Engine, *, time_limit: float = 2.0, session: Session | None = None
    ) -> None:
        """Keep the engine, and search in this session's transaction instead of one of our own."""
        self._engine = engine
        self._time_limit = time_limit
        self._session = session
        self.writer: IndexWriter | None = TableWriter()

    def within(self, session: Session) -> SearchBackend:
        """See `SearchBackend.within`."""
        return PostgresBackend(self._engine, time_limit=self._time_limit, session=session)

    @contextmanager
    def _transaction(self, holder: str) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            postgres_rows.enter(connection, holder)
            yield connection

    # writing

    def index(self, documents: Sequence[SearchDocument]) -> None:
        """See `SearchBackend.index`."""
        ordered = sorted(documents, key=lambda document: document.holder)
        for holder, group in groupby(ordered, key=lambda document: document.holder):
            with self._transaction(holder) as connection:
                postgres_rows.write(connection, holder, group)

    def remove(self, holder: str, ids: Iterable[UUID]) -> None:
        """See `SearchBackend.remove`."""
        with self._transaction(holder) as connection:
            postgres_rows.write(connection, holder, (), ids)

    def purge(self, holder: str) -> bool:
        """See `SearchBackend.purge`.

        Takes away the empty rows that stand for what is gone. The old words of a row that was
        replaced are PostgreSQL's own rubbish, as those of the report itself: autovacuum clears
        both; VACUUM FULL, by the owner, does it at once (docs/operations.md).
        """
        with self._transaction(holder) as connection:
            if self._lock(connection, holder, "pg_try_advisory_xact_lock"):
                statement = "DELETE FROM search_document WHERE holder = :holder AND gone"
                connection.execute(text(statement), {"holder": holder})
        return True

    def rebuild(self, holder: str, documents: Iterable[SearchDocument]) -> RebuildReport:
        """See `SearchBackend.rebuild`.

        Everything is read first (packed: a thousand documents take a megabyte or two), so that a
        rebuild that fails changes nothing; then written in small transactions. What was written
        meanwhile is newer and stays.
        """
        begin = time.monotonic()
        with self._rebuilding(holder):
            start = self._start()
            packed = {document.id: _packed(document) for document in documents}
            kept = self._write_all(holder, packed, start)
            newer = self._finish(holder, kept, start)
        return RebuildReport(holder, len(kept), newer, time.monotonic() - begin)

    @contextmanager
    def _rebuilding(self, holder: str) -> Iterator[None]:
        with self._engine.connect() as connection:
            if not self._lock(connection, holder, "pg_try_advisory_lock"):
                raise IndexBusyError
            connection.commit()
            try:
                yield
            finally:
                self._lock(connection, holder, "pg_advisory_unlock")

    @staticmethod
    def _lock(connection: Connection, holder: str, function: str) -> bool:
        statement = text(f"SELECT {function}(:class, hashtext(:holder))")
        return bool(connection.scalar(statement, {"class": _LOCK_CLASS, "holder": holder}))

    def _start(self) -> datetime:
        """Return the moment from which others' rows are newer than what we are going to read.

        A change that was written before it, but not committed yet, would be missed: wait for
        every transaction that was under way.
        """
        with self._engine.connect() as connection:
            clock = "SELECT clock_timestamp(), pg_snapshot_xmax(pg_current_snapshot())"
            start, horizon = connection.execute(text(clock)).one()
            connection.rollback()
            oldest = text("SELECT pg_snapshot_xmin(pg_current_snapshot()) >= CAST(:h AS xid8)")
            until = time.monotonic() + _PATIENCE
            while time.monotonic() < until:
                if connection.scalar(oldest, {"h": str(horizon)}):
                    break
                connection.rollback()
                time.sleep(0.02)
        moment: datetime = start
        return moment

    def _write_all(self, holder: str, packed: Mapping[UUID, bytes], start: datetime) -> set[UUID]:
        # In order of id: two transactions that write the same rows never wait for each other.
        left = iter(sorted(packed))
        while chunk := list(islice(left, _CHUNK)):
            rows = [zlib.decompress(packed[id_]).decode() for id_ in chunk]
            with self._transaction(holder) as connection:
                postgres_rows.write_older(connection, rows, start)
        return set(packed)

    def _finish(self, holder: str, kept: set[UUID], start: datetime) -> int:
        """Take away what should no longer be there; how many rows were written meanwhile."""
        with self._transaction(holder) as connection:
            values = {"holder": holder, "start": start, "kept": list(kept)}
            surplus = (
                "DELETE FROM search_document WHERE holder = :holder AND written < :start"
                " AND (gone OR NOT id = ANY (CAST(:kept AS uuid[])))"
            )
            connection.execute(text(surplus), values)
            newer = "SELECT count(*) FROM search_document WHERE holder = :holder"
            newer += " AND NOT id = ANY (CAST(:kept AS uuid[]))"
            postgres_rows.close_gap(connection, holder)
            return int(connection.scalar(text(newer), values) or 0)

    # how it is

    def health(self, holder: str) -> Health:
        """See `SearchBackend.health`."""
        with self._transaction(holder) as connection:
            gap, documents, older = postgres_rows.state(connection, holder)
        if gap:
            return _GAP
        if older:
            message = f"{older} documenten zijn gemaakt met oudere regels. {_REBUILD}"
            return Health(HealthState.OUTDATED, message, documents)
        return Health(HealthState.GOOD, "De index is in orde.", documents)

    def check(self, holder: str, rows: Iterable[tuple[UUID, int]]) -> CheckReport:
        """See `SearchBackend.check`."""
        health = self.health(holder)
        if not health.good:
            return CheckReport(health)
        expected = ((id_, (version, rules())) for id_, version in rows)
        return compare(health, self._versions(holder), expected)

    def _versions(self, holder: str) -> dict[UUID, tuple[int, str]]:
        statement = "SELECT id, version, rules FROM search_document WHERE holder = :holder"
        with self._transaction(holder) as connection:
            rows = connection.execute(text(f"{statement} AND NOT gone"), {"holder": holder})
            return {id_: (version, made) for id_, version, made in rows}

    # searching

    def search(
        self,
        query: SearchQuery,
        scope: Scope,
        visibility: Visibility,
        *,
        selected: Mapping[Field, frozenset[str]] = MappingProxyType({}),
        facets: Sequence[Field] = FACETS,
        sort: Sort = Sort.RELEVANCE,
        page: Page = _PAGE_ONE,
    ) -> SearchResults:
        """See `SearchBackend.search`."""
        statement = Statement(query, scope, visibility, selected, facets, sort, page)
        with self._limited(scope.holder) as connection:
            row = connection.execute(statement.text, statement.values).one()
            if row.gap:
                raise IndexUnusableError(_GAP)
            hint = None if row.total else did_you_mean(connection, query, scope, visibility)
        return results(row, query, selected, facets, hint)

    @contextmanager
    def _limited(self, holder: str) -> Iterator[Connection]:
        """Give a connection that works for the holder, in which no statement takes too long."""
        with self._connected(holder) as connection:
            bound = str(int(self._time_limit * 1000))
            limit = text("SELECT set_config('statement_timeout', :limit, true)")
            connection.execute(limit, {"limit": bound})
            try:
                yield connection
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) != _CANCELLED:
                    raise
                raise SearchTooBroadError from None

    @contextmanager
    def _connected(self, holder: str) -> Iterator[Connection]:
        if self._session is None:
            with self._engine.connect() as connection:
                postgres_rows.enter(connection, holder)
                yield connection
            return
        enter(self._session, holder)
        connection = self._session.connection()
        # Rolled back in any case: that also puts the settings back, and a search writes nothing.
        savepoint = connection.begin_nested()
        try:
            yield connection
        finally:
            savepoint.rollback()


def _packed(document: SearchDocument) -> bytes:
    """Return the row of a document: small, and as it will be sent."""
    return zlib.compress(as_json(postgres_rows.row(document)).encode(), 1)
