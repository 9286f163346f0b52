"""Registry of search: the documents of rooms, who sees what, words for codes; keeping the index.

The index follows a change in the change's own transaction, or by a job after it. The rooms above
know one call, `enqueue_index`. Where the index is in the database the documents that a transaction
changed are collected and written just before it commits, so that what is committed can be found.
Elsewhere (Whoosh's files) the call is a row in the outbox.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session, SessionTransaction

from stopintimidatie.core.jobs import Job, enqueue
from stopintimidatie.core.jobs.services import job_row
from stopintimidatie.core.registry import Directive, keyed_as
from stopintimidatie.core.search.backend import (
    SearchBackend,
    SearchDocument,
    Visibility,
)
from stopintimidatie.core.search.query import Field
from stopintimidatie.core.security.permissions import Role
from stopintimidatie.core.storage.tenancy import TenancyError, current_holder

Load = Callable[[Session, str, Sequence[UUID]], Iterable[SearchDocument]]
Versions = Callable[[Session, str], Iterable[tuple[UUID, int]]]
Labels = tuple[Field, Mapping[str, str]]


@dataclass(frozen=True)
class Indexable:
    """Kind of document as search reads it.

    `load`: (session of the holder, holder, ids) -> the documents that still can be found, in any
    order; what isn't given any more is removed from the index.
    `versions`: (session of the holder, holder) -> (id, version) of all of them.
    """

    load: Load
    versions: Versions


def _labels(name: str, which: Field, labels: Mapping[str, str]) -> tuple[str, Labels]:
    """Return words for codes, in facets and in `vorm:nafluiten`.

    Several rooms may add to one field (states of reports and of dossiers); `name` tells them
    apart.
    """
    return name, (which, labels)


INDEXABLES: Final = Directive[str, Indexable]("add_indexable", "indexables", keyed_as(Indexable))
# An access token -> who finds documents with it.
SEARCH_ACCESS: Final = Directive[str, frozenset[Role]](
    "add_search_access", "search_access", keyed_as(frozenset)
)
SEARCH_LABELS: Final = Directive[str, Labels]("add_search_labels", "search_labels", _labels)


@dataclass
class SearchRegistry:
    """`registry.search`: the engine, and what the rooms registered."""

    backend: SearchBackend
    kinds: Mapping[str, Indexable]
    access: Mapping[str, frozenset[Role]]
    labels: Mapping[str, Labels]

    def visibility(self, roles: Iterable[Role]) -> Visibility:
        """Return what somebody with these roles, for the holder at hand, may find."""
        held = frozenset(roles)
        return Visibility(frozenset(t for t, allowed in self.access.items() if allowed & held))

    def label(self, which: Field, code: str) -> str:
        """Return the word for a code; without one the code itself, readable."""
        return self.words().get(which, {}).get(code) or code.replace("_", " ")

    def words(self) -> dict[Field, dict[str, str]]:
        """Return the words for the codes of each field."""
        vocabulary: dict[Field, dict[str, str]] = {}
        for which, words in self.labels.values():
            vocabulary.setdefault(which, {}).update(words)
        return vocabulary


def search_of(registry: Any, backend: SearchBackend) -> SearchRegistry:
    """Return search with what the rooms hand in."""
    handed_in = INDEXABLES.of(registry), SEARCH_ACCESS.of(registry), SEARCH_LABELS.of(registry)
    return SearchRegistry(backend, *handed_in)


# Bringing the index to a change

INDEX: Final = Job("zoekindex")
_OPTION: Final = "stopintimidatie_search"
_PENDING: Final = "stopintimidatie.search.pending"

_Key = tuple[str, UUID]
"""Kind and id of a document."""


def with_search(engine: Engine, search: SearchRegistry) -> Engine:
    """Return the engine whose sessions know where the index is."""
    return engine.execution_options(**{_OPTION: search})


def enqueue_index(session: Session, holder: str, kind: str, document_id: UUID) -> None:
    """Have a document indexed anew, or forgotten when it is gone: in the change's transaction."""
    search = search_of_engine(session.get_bind())
    if search is None or search.backend.writer is None:
        enqueue(session, INDEX, holder, {"kind": kind, "id": str(document_id)})
        return
    if current_holder(session) != holder:
        raise TenancyError(f"a document of {holder!r} is indexed in another's transaction")
    session.info.setdefault(_PENDING, set()).add((kind, document_id))


def rows_of_new(bind: Engine | Connection, document: SearchDocument) -> list[tuple[Any, Any]]:
    """Return (table, values) that have a new document indexed, to insert with many rows."""
    search = search_of_engine(bind)
    if search is not None and search.backend.writer is not None:
        return [search.backend.writer.new_row(document)]
    payload = {"kind": document.kind.value, "id": str(document.id)}
    return [job_row(INDEX, document.holder, payload)]


def search_of_engine(bind: Engine | Connection) -> SearchRegistry | None:
    """Return the registry of search, as `with_search` put it on the engine."""
    return bind.get_execution_options().get(_OPTION)


@event.listens_for(Session, "before_commit")
def _write_pending(session: Session) -> None:
    if session.in_nested_transaction() or _PENDING not in session.info:
        return
    pending: set[_Key] = session.info.pop(_PENDING)
    search, holder = search_of_engine(session.get_bind()), current_holder(session)
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
    """Return the present documents among these (kind, id)."""
    by_kind: dict[str, set[UUID]] = {}
    for kind, document_id in wanted:
        by_kind.setdefault(kind, set()).add(document_id)
    return [
        document
        for kind, ids in by_kind.items()
        for document in search.kinds[kind].load(session, holder, sorted(ids))
    ]
