"""Keeping the index equal to the database: jobs, rebuilding, checking, repairing.

Where the change's own transaction doesn't write the index (`writing`), it leaves a row in the
outbox. The worker reads the present state of what the rows name and brings the index to it, so a
repeat is harmless and an old row can't bring old words back. An index that is missing or damaged
is never patched: it is rebuilt, by a job of its own.
"""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from datetime import time, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import next_time, utc_now
from stopintimidatie.core.jobs import Job, JobContext, OutboxJob, enqueue
from stopintimidatie.core.search.backend import (
    CheckReport,
    Health,
    HealthState,
    IndexUnusableError,
    RebuildReport,
    SearchDocument,
)
from stopintimidatie.core.search.postgres.rows import note_gap
from stopintimidatie.core.search.registry import INDEX, Indexable, SearchRegistry, load, write
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.storage.models import Holder
from stopintimidatie.core.tree import Reference, holders_with_documents

log = logging.getLogger(__name__)

REBUILD: Final = Job("zoekindex.herbouwen")
PURGE: Final = Job("zoekindex.opschonen")
NIGHT: Final = time(3)
_CHUNK: Final = 500


def enqueue_rebuild(session: Session, holder: str) -> bool:
    """Have the index of a holder rebuilt; False when that was asked for already."""
    return _enqueue_once(session, REBUILD, holder, timedelta(0))


def enqueue_purge(session: Session, holder: str, *, at_once: bool = False) -> None:
    """Have the index files forget the words of removed and replaced documents.

    By night, unless at once: rewriting a large index keeps new reports waiting.
    """
    now = utc_now()
    delay = timedelta(0) if at_once else next_time(NIGHT, now) - now
    _enqueue_once(session, PURGE, holder, delay)


def _enqueue_once(session: Session, job: Job, holder: str, delay: timedelta) -> bool:
    """Enqueue unless a row waits.

    One that is being worked on doesn't count, it may be too early.
    """
    waiting = select(OutboxJob.id).where(
        OutboxJob.kind == job.name,
        OutboxJob.holder == holder,
        OutboxJob.dead.is_(False),
        OutboxJob.lease_until.is_(None),
        OutboxJob.run_after <= utc_now() + delay,
    )
    if session.execute(waiting.limit(1)).first() is not None:
        return False
    enqueue(session, job, holder, {}, delay=delay)
    return True


# Jobs


def run_index(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Bring the index to the present state of the documents that these jobs name."""
    search: SearchRegistry = context.registry.search
    wanted = {(payload["kind"], UUID(payload["id"])) for payload in payloads}
    if search.backend.writer is not None:
        with context.transaction() as session:
            write(session, search, context.holder, wanted)
        return
    _note_gap(context)
    with transaction(context.engine, context.holder, write=False) as session:
        documents = load(session, search, context.holder, wanted)
    gone = {document_id for _, document_id in wanted} - {document.id for document in documents}
    try:
        search.backend.index(documents)
        if gone:
            search.backend.remove(context.holder, gone)
            with context.transaction() as session:
                enqueue_purge(session, context.holder)
    except IndexUnusableError as unusable:
        with context.transaction() as session:
            asked = enqueue_rebuild(session, context.holder)
        if asked:
            state = unusable.health.state
            log.info("zoekindex van %s %s en wordt opgebouwd", context.holder, state)


def _note_gap(context: JobContext) -> None:
    """Note that this change goes into files.

    Should PostgreSQL search one day, it must begin anew.
    """
    if context.engine.dialect.name == "postgresql":
        with context.transaction() as session:
            note_gap(session.connection(), context.holder)


def run_rebuild(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Rebuild the index of a holder, if that is still needed."""
    search: SearchRegistry = context.registry.search
    if not search.backend.health(context.holder).good:
        rebuild(context.registry, context.holder)


def run_purge(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Forget the words of what is gone. A rebuild forgets too, so an unsound index is left."""
    search: SearchRegistry = context.registry.search
    with suppress(IndexUnusableError):
        if not search.backend.purge(context.holder):
            rebuild(context.registry, context.holder)


# Operator


@dataclass(frozen=True)
class HolderHealth:
    """Health of the index of one holder."""

    holder: str
    health: Health


def rebuild(registry: Any, holder: str) -> RebuildReport:
    """Make the index of a holder anew from the database; searching and indexing go on.

    Raises:
        IndexBusyError: when it is being rebuilt already.
    """
    search: SearchRegistry = registry.search
    return search.backend.rebuild(holder, _all_documents(registry, holder))


def start_over(registry: Any, holder: str) -> None:
    """Have the index made by the worker, for a database that came back without it."""
    with transaction(registry.engine, holder) as session:
        if registry.engine.dialect.name == "postgresql":
            note_gap(session.connection(), holder)
        enqueue_rebuild(session, holder)


def check(registry: Any, holder: str) -> CheckReport:
    """Compare the index of a holder with the database. Changes nothing; see `repair`."""
    search: SearchRegistry = registry.search
    with transaction(registry.engine, holder, write=False) as session:
        return search.backend.check(
            holder,
            (
                row
                for indexable in search.kinds.values()
                for row in indexable.versions(session, holder)
            ),
        )


def repair(registry: Any, holder: str, report: CheckReport) -> None:
    """Ask for the jobs that make index and database equal again; the worker does them."""
    search: SearchRegistry = registry.search
    with transaction(registry.engine, holder) as session:
        if not report.health.good:
            enqueue_rebuild(session, holder)
        # A job of the wrong kind would remove the document: ask for it by its own kind.
        kinds = _kinds_of(session, search, holder) if report.to_repair else {}
        for document_id in report.to_repair:
            kind = kinds.get(document_id) or next(iter(search.kinds))
            enqueue(session, INDEX, holder, {"kind": kind, "id": str(document_id)})


def holders_with_index_work(registry: Any) -> list[HolderHealth]:
    """Return every holder that has an index or should have one, with its health.

    Who should have one is read from the table of references: it may be read for all holders at
    once, where looking into each of them would take a transaction apiece.
    """
    search: SearchRegistry = registry.search
    with transaction(registry.engine, write=False) as session:
        holders = session.scalars(select(Holder.code).order_by(Holder.code)).all()
        expected = set(holders_with_documents(session))
    rows = [HolderHealth(holder, search.backend.health(holder)) for holder in holders]
    return [row for row in rows if row.holder in expected or _is_there(row.health)]


def _is_there(health: Health) -> bool:
    return health.state is not HealthState.MISSING and health.documents != 0


def enqueue_needed_rebuilds(registry: Any) -> list[str]:
    """Ask for a rebuild wherever the index isn't sound, at the start of a worker."""
    needed = [row.holder for row in holders_with_index_work(registry) if not row.health.good]
    if needed:
        # Jobs lie in an open table: one transaction for all holders.
        with transaction(registry.engine) as session:
            for holder in needed:
                enqueue_rebuild(session, holder)
    return needed


def index_as_a_whole(registry: Any) -> None:
    """Enqueue one rebuild for each holder without an index, not a job for each document."""
    if registry.search.backend.writer is not None:
        return
    for holder in enqueue_needed_rebuilds(registry):
        with transaction(registry.engine, holder) as session:
            each = (OutboxJob.kind == INDEX.name, OutboxJob.holder == holder)
            session.execute(delete(OutboxJob).where(*each))


def _all_documents(registry: Any, holder: str) -> Iterator[SearchDocument]:
    """Yield every document of a holder; read the database only when the first is asked for."""
    search: SearchRegistry = registry.search
    for indexable in search.kinds.values():
        with transaction(registry.engine, holder, write=False) as session:
            ids = iter([row[0] for row in indexable.versions(session, holder)])
        while chunk := list(islice(ids, _CHUNK)):
            yield from _loaded(registry, indexable, holder, chunk)


def _loaded(
    registry: Any, indexable: Indexable, holder: str, ids: Sequence[UUID]
) -> list[SearchDocument]:
    # A transaction per chunk: a long one would keep SQLite's log from being folded back.
    with transaction(registry.engine, holder, write=False) as session:
        return list(indexable.load(session, holder, ids))


def _kinds_of(session: Session, search: SearchRegistry, holder: str) -> dict[UUID, str]:
    return {
        document_id: kind
        for kind, indexable in search.kinds.items()
        for document_id, _ in indexable.versions(session, holder)
    }


# Many holders anew, in several processes: each holder in one of them.


def rebuild_many(
    registry: Any,
    holders: Sequence[str],
    processes: int,
    open_registry: Callable[[Any], Any],
) -> Iterator[RebuildReport]:
    """Rebuild each; what came of it, as it comes. The largest begin, so that none waits for one.

    `open_registry`: makes a registry from the settings; another process can import it.
    """
    ordered = _largest_first(registry, holders)
    if processes == 1 or len(ordered) < 2:
        for holder in ordered:
            yield rebuild(registry, holder)
        return
    # Fresh processes: a forked one would share this one's connections.
    context = multiprocessing.get_context("spawn")
    start = (registry.app_settings, open_registry)
    with ProcessPoolExecutor(processes, context, _start, start) as pool:
        for done in as_completed(pool.submit(_in_process, holder) for holder in ordered):
            yield done.result()


def _largest_first(registry: Any, holders: Sequence[str]) -> list[str]:
    with transaction(registry.engine, write=False) as session:
        held = select(Reference.holder, func.count()).group_by(Reference.holder)
        sizes = {holder: number for holder, number in session.execute(held)}  # noqa: C416 - rows
    return sorted(holders, key=lambda holder: (-sizes.get(holder, 0), holder))


_here: Final[dict[str, Any]] = {}


def _start(settings: Any, open_registry: Callable[[Any], Any]) -> None:
    _here["registry"] = open_registry(settings)


def _in_process(holder: str) -> RebuildReport:
    return rebuild(_here["registry"], holder)
