"""Bringing the index to a change: in the change's own transaction, or by a job after it.

The rooms above know one call, `enqueue_index`. Where the index is in the database the documents
that a transaction changed are collected and written just before it commits, so that what is
committed can be found. Elsewhere (Whoosh's files) the call is a row in the outbox.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session, SessionTransaction

from stopintimidatie.jobs import Job, enqueue
from stopintimidatie.jobs.services import job_row
from stopintimidatie.search.backend import IndexWriter, SearchDocument
from stopintimidatie.search.registry import SearchRegistry
from stopintimidatie.storage.tenancy import TenancyError, current_holder

INDEX: Final = Job("zoekindex")
_OPTION: Final = "stopintimidatie_search"
_PENDING: Final = "stopintimidatie.search.pending"

_Key = tuple[str, UUID]
"""Kind and id of a document."""


def with_search(engine: Engine, search: SearchRegistry) -> Engine:
    """The engine whose sessions know where the index is."""
    return engine.execution_options(**{_OPTION: search})


def enqueue_index(session: Session, holder: str, kind: str, document_id: UUID) -> None:
    """Have a document indexed anew, or forgotten when it is gone: in the change's transaction."""
    if _writer(session.get_bind()) is None:
        enqueue(session, INDEX, holder, {"kind": kind, "id": str(document_id)})
        return
    if current_holder(session) != holder:
        raise TenancyError(f"a document of {holder!r} is indexed in another's transaction")
    session.info.setdefault(_PENDING, set()).add((kind, document_id))


def rows_of_new(bind: Engine | Connection, document: SearchDocument) -> list[tuple[Any, Any]]:
    """(table, values) that have a new document indexed, for who inserts many rows at once."""
    writer = _writer(bind)
    if writer is not None:
        return [writer.new_row(document)]
    payload = {"kind": document.kind.value, "id": str(document.id)}
    return [job_row(INDEX, document.holder, payload)]


def search_of(bind: Engine | Connection) -> SearchRegistry | None:
    """The registry of search, as `with_search` put it on the engine."""
    return bind.get_execution_options().get(_OPTION)


def _writer(bind: Engine | Connection) -> IndexWriter | None:
    search = search_of(bind)
    return None if search is None else search.backend.writer


@event.listens_for(Session, "before_commit")
def _write_pending(session: Session) -> None:
    if session.in_nested_transaction() or _PENDING not in session.info:
        return
    pending: set[_Key] = session.info.pop(_PENDING)
    search, holder = search_of(session.get_bind()), current_holder(session)
    if search is None or holder is None:
        raise TenancyError("what this transaction changed can't be indexed: it has no holder")
    session.flush()
    write(session, search, holder, pending)


@event.listens_for(Session, "after_transaction_end")
def _forget_pending(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:
        session.info.pop(_PENDING, None)


def write(session: Session, search: SearchRegistry, holder: str, wanted: Collection[_Key]) -> None:
    """Bring the rows of these documents to their state in this transaction."""
    writer = search.backend.writer
    if writer is None:
        return
    ids = {document_id for _, document_id in wanted}
    writer.lock(session, holder, ids)
    documents = load(session, search, holder, wanted)
    writer.write(session, holder, documents, ids - {document.id for document in documents})


def load(
    session: Session, search: SearchRegistry, holder: str, wanted: Iterable[_Key]
) -> list[SearchDocument]:
    """The present documents among these (kind, id)."""
    by_kind: dict[str, set[UUID]] = {}
    for kind, document_id in wanted:
        by_kind.setdefault(kind, set()).add(document_id)
    return [
        document
        for kind, ids in by_kind.items()
        for document in search.kinds[kind].load(session, holder, sorted(ids))
    ]
