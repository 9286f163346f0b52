"""The embedded search engine: Whoosh, by its documented interface (ADR 0003).

One index per holder: no holder can match another's documents. The query that Whoosh gets is built
from our own grammar (`search`); generations and their locks are in `files`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session
from whoosh.query import Or, Term
from whoosh.scoring import TF_IDF
from whoosh.writing import CLEAR, OPTIMIZE

from stopintimidatie.core.search import backend as contract
from stopintimidatie.core.search.backend import CheckReport, SearchDocument, SearchResults
from stopintimidatie.core.search.query import Field, SearchQuery
from stopintimidatie.core.search.results import compare
from stopintimidatie.core.search.whoosh import files
from stopintimidatie.core.search.whoosh.files import Generation, HolderFolder, open_index
from stopintimidatie.core.search.whoosh.schema import ID, VERSION, to_fields
from stopintimidatie.core.search.whoosh.search import Search
from stopintimidatie.core.storage.files import checksum
from stopintimidatie.core.telemetry import log_error

_log = logging.getLogger(__name__)

_MAX_PURGE: Final = 5_000
"""An index with more documents isn't rewritten at once: that would keep new reports waiting."""
_SORT_MB: Final = 256
"""Sorted in memory, some 15,000 reports: what goes to files meanwhile costs a third."""
_ATTEMPTS: Final = 10
_JOURNAL: Final = msgspec.json.Decoder(SearchDocument | UUID)
_FIRST_PAGE: Final = contract.Page()


class WhooshBackend:
    """`SearchBackend` on files below `root`."""

    writer: contract.IndexWriter | None = None

    def __init__(self, root: Path, *, time_limit: float = 2.0, lock_timeout: float = 10.0) -> None:
        self._root = root
        self._time_limit = time_limit
        self._lock_timeout = lock_timeout

    def within(self, session: Session) -> WhooshBackend:
        """See `SearchBackend.within`: files are outside any transaction."""
        return self

    def _folder(self, holder: str) -> HolderFolder:
        return HolderFolder(self._root, holder)

    def index(self, documents: Sequence[SearchDocument]) -> None:
        """See `SearchBackend.index`."""
        ordered = sorted(documents, key=lambda document: document.holder)
        for holder, group in groupby(ordered, key=lambda document: document.holder):
            latest = {document.id: document for document in group}
            self._change(holder, list(latest.values()), list(latest))

    def remove(self, holder: str, ids: Iterable[UUID]) -> None:
        """See `SearchBackend.remove`."""
        self._change(holder, [], list(ids))

    def _change(self, holder: str, add: list[SearchDocument], drop: list[UUID]) -> None:
        folder = self._folder(holder)
        with folder.lock(files.WRITING, self._lock_timeout):
            journal = folder.journal()
            if journal is not None:
                # A replaced document stands in both: first what is gone, then what is there.
                with journal.open("ab") as stream:
                    stream.write(msgspec.json.Encoder().encode_lines([*drop, *add]))
            try:
                base = folder.generation()
            except contract.IndexUnusableError:
                if journal is None:
                    raise
                return  # the rebuild that is running takes it from the journal
            try:
                fresh = folder.new_folder(base)
                _write(fresh, add, drop)
                folder.use(fresh, base)
            except Exception as error:
                health = folder.health()
                if health.good:  # a full disk, or a mistake of ours: not the index
                    raise
                raise contract.IndexUnusableError(health) from error  # thrown away under our hands

    def purge(self, holder: str) -> bool:
        """See `SearchBackend.purge`."""
        folder = self._folder(holder)
        with folder.lock(files.WRITING, self._lock_timeout):
            base = folder.generation()
            with open_index(base.folder).reader() as reader:
                dirty = reader.has_deletions()
            documents = base.state.documents
            if dirty and documents > _MAX_PURGE:
                return False
            if dirty:
                fresh = folder.new_folder(base)
                open_index(fresh).writer().commit(mergetype=OPTIMIZE if documents else CLEAR)
                folder.use(fresh, base)
            folder.clean()
        return True

    def rebuild(self, holder: str, documents: Iterable[SearchDocument]) -> contract.RebuildReport:
        """See `SearchBackend.rebuild`."""
        start = time.monotonic()
        folder = self._folder(holder)
        with folder.lock(files.REBUILDING, 0.1):  # a second one isn't waited for
            with folder.lock(files.WRITING, self._lock_timeout):
                fresh = folder.new_folder()
                journal = folder.begin_journal(fresh)
                folder.clean()
            count = _write(fresh, documents, ())
            with folder.lock(files.WRITING, self._lock_timeout):
                replayed = _replay(fresh, journal)
                folder.end_journal()
                folder.use(fresh)
        return contract.RebuildReport(holder, count, replayed, time.monotonic() - start)

    def health(self, holder: str) -> contract.Health:
        """See `SearchBackend.health`."""
        return self._folder(holder).health()

    def check(self, holder: str, rows: Iterable[tuple[UUID, int]]) -> CheckReport:
        """See `SearchBackend.check`."""
        folder = self._folder(holder)
        health = folder.health()
        if not health.good:
            return CheckReport(health)
        try:
            return compare(health, _attempt(folder, _versions), rows)
        except contract.IndexUnusableError as unusable:
            return CheckReport(unusable.health)

    def search(
        self,
        query: SearchQuery,
        scope: contract.Scope,
        visibility: contract.Visibility,
        *,
        selected: Mapping[Field, frozenset[str]] = MappingProxyType({}),
        facets: Sequence[Field] = contract.FACETS,
        sort: contract.Sort = contract.Sort.RELEVANCE,
        page: contract.Page = _FIRST_PAGE,
    ) -> SearchResults:
        """See `SearchBackend.search`."""
        end = time.monotonic() + self._time_limit

        def run(generation: Generation) -> SearchResults:
            with open_index(generation.folder).searcher(weighting=TF_IDF()) as searcher:
                search = Search(searcher, query, scope, visibility, selected, end)
                return search.results(facets, sort, page)

        results: SearchResults = _attempt(self._folder(scope.holder), run)
        return results


def _attempt(folder: HolderFolder, run: Callable[[Generation], Any]) -> Any:
    """Read from the generation in use; again when it was replaced and removed meanwhile."""
    for _ in range(_ATTEMPTS):
        generation = folder.generation()
        try:
            return run(generation)
        except contract.SearchError:
            raise
        except Exception as error:
            # Damaged files can make Whoosh raise nearly anything. If no newer generation explains
            # it, the files aren't what was written: nobody uses them again.
            if folder.current() == generation.folder:
                log_error(_log, "the search index of %s can't be read", error, folder.path.name)
                (generation.folder / files.STATE).unlink(missing_ok=True)
                raise files.damaged(repr(error)) from error
    raise contract.IndexBusyError


def _versions(generation: Generation) -> dict[UUID, int]:
    """Return the version of every document in the index; read every file, so that damage shows."""
    for name, (_, crc) in generation.state.files.items():
        if checksum(generation.folder / name) != crc:
            raise files.damaged(f"{name}: de inhoud is veranderd")
    with open_index(generation.folder).reader() as reader:
        return {UUID(fields[ID]): fields[VERSION] for _, fields in reader.iter_docs()}


def _write(folder: Path, add: Iterable[SearchDocument], drop: Iterable[UUID]) -> int:
    """Remove and add documents in a generation that nobody reads yet; return how many it got."""
    count = 0
    with open_index(folder).writer(limitmb=_SORT_MB) as writer:
        writer.delete_by_query(Or([Term(ID, id_.hex) for id_ in drop]))
        for document in add:
            writer.add_document(**to_fields(document))
            count += 1
    return count


def _replay(folder: Path, journal: Path) -> int:
    """Bring a filled index up to date with what happened while it was filled."""
    changes = _JOURNAL.decode_lines(journal.read_bytes()) if journal.exists() else []
    latest = {change if isinstance(change, UUID) else change.id: change for change in changes}
    if latest:
        add = (change for change in latest.values() if isinstance(change, SearchDocument))
        _write(folder, add, latest)
    return len(latest)
