"""The embedded search engine: Whoosh's files, our own rules.

One index per holder: no holder can match another's documents. Whoosh keeps postings, segments
and commits; matching, counting and sorting happen here, on sets of row numbers, so that totals
and facets are exact and no text of a user ever becomes a query of Whoosh (ADR 0003).
"""

from __future__ import annotations

import logging
import math
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session
from whoosh.index import FileIndex
from whoosh.reading import SegmentReader as WhooshSegmentReader
from whoosh.writing import SegmentWriter

from stopintimidatie.core.search.backend import (
    FACETS,
    CheckReport,
    Health,
    IndexBusyError,
    IndexUnusableError,
    IndexWriter,
    Page,
    RebuildReport,
    Scope,
    SearchDocument,
    SearchError,
    SearchResults,
    Sort,
    Visibility,
)
from stopintimidatie.core.search.query import Field, SearchQuery
from stopintimidatie.core.search.whoosh.files import (
    NAME,
    ClosingStorage,
    HolderFolder,
    Snapshot,
    damaged,
    read_commit,
    sizes_problem,
    write_sizes,
)
from stopintimidatie.core.search.whoosh.schema import SCHEMA, from_json, to_fields, to_json
from stopintimidatie.core.search.whoosh.search import Searching
from stopintimidatie.core.search.whoosh.segments import Deadline, FactsCache, SegmentReader
from stopintimidatie.core.telemetry import log_error

_log = logging.getLogger(__name__)

_FAN: Final = 8
"""So many segments of about one size are joined into one."""
_MAX_JOIN: Final = 5_000
"""A commit never joins more rows than this: that would keep the next report waiting."""
_ATTEMPTS: Final = 10
_PAGE_ONE: Final = Page()


class WhooshBackend:
    """`SearchBackend` on files below `root`."""

    writer: IndexWriter | None = None

    def __init__(
        self,
        root: Path,
        *,
        time_limit: float = 2.0,
        lock_timeout: float = 10.0,
        cached_rows: int = 400_000,
    ) -> None:
        self._root = root
        self._time_limit = time_limit
        self._lock_timeout = lock_timeout
        self._cache = FactsCache(cached_rows)

    def within(self, session: Session) -> WhooshBackend:
        """See `SearchBackend.within`: files are outside any transaction."""
        return self

    def _folder(self, holder: str) -> HolderFolder:
        return HolderFolder(self._root, holder, self._lock_timeout)

    # writing

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
        with folder.writing():
            try:
                _change(folder, add, drop)
            except SearchError:
                raise
            except Exception as error:
                health = folder.health()
                if health.good:  # a full disk, or a mistake of ours: not the index
                    raise
                raise IndexUnusableError(health) from error  # thrown away under our hands

    def purge(self, holder: str) -> bool:
        """See `SearchBackend.purge`."""
        folder = self._folder(holder)
        with folder.writing():
            snapshot = folder.snapshot()
            dirty = [segment for segment in snapshot.segments if segment.has_deletions()]
            if sum(map(_live, dirty)) > _MAX_JOIN:
                return False
            if dirty:
                with _writer(snapshot.folder) as writer:
                    writer.commit(mergetype=_rewrite_deletions)
        return True

    def rebuild(self, holder: str, documents: Iterable[SearchDocument]) -> RebuildReport:
        """See `SearchBackend.rebuild`."""
        start = time.monotonic()
        folder = self._folder(holder)
        with folder.rebuilding():
            with folder.writing():
                folder.clean()
                fresh = folder.new_generation()
            count = _fill(fresh, documents)
            with folder.writing():
                replayed = _replay(fresh, folder.path / f"{fresh.name}.journaal")
                old = folder.current()
                folder.swap_in(fresh)
            (folder.path / f"{fresh.name}.journaal").unlink(missing_ok=True)
            if old is not None:
                shutil.rmtree(old, ignore_errors=True)
        return RebuildReport(holder, count, replayed, time.monotonic() - start)

    # how it is

    def health(self, holder: str) -> Health:
        """See `SearchBackend.health`."""
        return self._folder(holder).health()

    def check(self, holder: str, rows: Iterable[tuple[UUID, int]]) -> CheckReport:
        """See `SearchBackend.check`."""
        folder = self._folder(holder)
        health = folder.health()
        if not health.good:
            return CheckReport(health)
        try:
            present = _attempt(folder, _versions)
        except IndexUnusableError as unusable:
            return CheckReport(unusable.health)
        missing, stale, checked = [], [], 0
        for id_, version in rows:
            checked += 1
            known = present.pop(id_, None)
            if known is None:
                missing.append(id_)
            elif known != version:
                stale.append(id_)
        return CheckReport(health, checked, tuple(missing), tuple(present), tuple(stale))

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
        deadline = Deadline(self._time_limit)

        def run(snapshot: Snapshot) -> SearchResults:
            with _opened(snapshot, deadline, self._cache) as segments:
                searching = Searching(segments, query, scope, visibility, selected, deadline)
                return searching.results(facets, sort, page)

        return _attempt(self._folder(scope.holder), run)


_T = TypeVar("_T")


def _attempt(folder: HolderFolder, run: Callable[[Snapshot], _T]) -> _T:
    """Read from the latest commit; again when a later commit took the files away meanwhile."""
    for _ in range(_ATTEMPTS):
        snapshot = folder.snapshot()
        try:
            return run(snapshot)
        except SearchError:
            raise
        except Exception as error:
            # Damaged files can make Whoosh raise nearly anything. If no newer commit explains
            # it, the files aren't what was written.
            if not folder.moved_on(snapshot):
                log_error(_log, "the search index of %s can't be read", error, folder.holder)
                folder.mark_damaged(snapshot, repr(error))
                raise IndexUnusableError(damaged(repr(error))) from error
    raise IndexBusyError


@contextmanager
def _opened(
    snapshot: Snapshot, deadline: Deadline, cache: FactsCache
) -> Iterator[list[SegmentReader]]:
    with ExitStack() as stack:
        segments = []
        for segment in snapshot.segments:
            reader = stack.enter_context(SegmentReader(snapshot, segment, deadline))
            reader.load(cache)
            segments.append(reader)
        yield segments


def _versions(snapshot: Snapshot) -> dict[UUID, int]:
    """Return the version of every document in the index; read every file, so that damage shows."""
    if problem := sizes_problem(snapshot, deep=True):
        raise IndexUnusableError(damaged(problem))
    found = {}
    with ExitStack() as stack:
        for segment in snapshot.segments:
            reader = stack.enter_context(SegmentReader(snapshot, segment, Deadline(math.inf)))
            for row, key, version in reader.versions():
                if not segment.is_deleted(row):
                    found[UUID(bytes=key)] = version
    return found


# Writing


class _Writer(SegmentWriter):
    """Whoosh's writer; notes the sizes of a segment's files before the segment is visible."""

    def _finalize_segment(self) -> Any:
        segment = super()._finalize_segment()
        write_sizes(Path(self.storage.folder), segment.segment_id())
        return segment


@contextmanager
def _writer(folder: Path) -> Iterator[_Writer]:
    with ClosingStorage(str(folder)) as storage:
        writer = _Writer(FileIndex(storage, SCHEMA, NAME), compound=False)
        try:
            yield writer
        finally:
            if not writer.is_closed:
                writer.cancel()


def _change(folder: HolderFolder, add: list[SearchDocument], drop: list[UUID]) -> None:
    journal = folder.journal()
    if journal is not None:
        _write_journal(journal, add, drop)
    try:
        snapshot = folder.snapshot()
    except IndexUnusableError:
        if journal is None:
            raise
        return  # the rebuild that is running takes it from the journal
    _commit(snapshot, add, drop)


def _commit(snapshot: Snapshot, add: list[SearchDocument], drop: list[UUID]) -> None:
    with _writer(snapshot.folder) as writer:
        for row in _rows_of(snapshot, drop):
            writer.delete_document(row)
        for document in add:
            writer.add_document(**to_fields(document))
        writer.commit(mergetype=_join_equals)


def _rows_of(snapshot: Snapshot, ids: list[UUID]) -> list[int]:
    """Return the numbers that Whoosh's writer gives to the rows with these ids."""
    rows: list[int] = []
    base = 0
    for segment in snapshot.segments:
        with SegmentReader(snapshot, segment, Deadline(math.inf)) as reader:
            found = (reader.row_of(id_.hex) for id_ in ids)
            rows.extend(base + row for row in found if row is not None)
        base += segment.doc_count_all()
    return rows


def _fill(folder: Path, documents: Iterable[SearchDocument]) -> int:
    count = 0
    with _writer(folder) as writer:
        for document in documents:
            writer.add_document(**to_fields(document))
            count += 1
        writer.commit(merge=False)
    return count


# Journal of a rebuild


def _write_journal(journal: Path, add: list[SearchDocument], drop: list[UUID]) -> None:
    """Write first what is gone, then what is there: a replaced document stands in both."""
    lines = ["", *(f"-{id_.hex}" for id_ in drop), *(f"+{to_json(document)}" for document in add)]
    with journal.open("a", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")


def _replay(folder: Path, journal: Path) -> int:
    """Bring a filled index up to date with what happened while it was filled."""
    latest: dict[UUID, SearchDocument | None] = {}
    for line in journal.read_text(encoding="utf-8").split("\n") if journal.exists() else ():
        if line.startswith("-"):
            latest[UUID(line[1:])] = None
        elif line.startswith("+"):
            document = from_json(line[1:])
            latest[document.id] = document
    if latest:
        commit = read_commit(folder)
        if not isinstance(commit, Snapshot):
            raise IndexUnusableError(commit)
        _commit(commit, [document for document in latest.values() if document], list(latest))
    return len(latest)


# Joining segments (Whoosh calls this a merge policy)


def _join_equals(writer: _Writer, segments: list[Any]) -> list[Any]:
    """Join segments of about one size when there are many, so that a search opens few files.

    With a fan of eight, a million commits leave some fifty segments; each row is rewritten once
    per level. A segment that is mostly deletions is rewritten too.
    """
    levels: dict[int, list[Any]] = {}
    for segment in segments:
        levels.setdefault(_level(segment), []).append(segment)
    joined: list[Any] = []
    for _, group in sorted(levels.items()):
        full = len(group) >= _FAN
        joined.extend(segment for segment in group if full or _mostly_deleted(segment))
    joined = _affordable(joined)
    _rewrite(writer, joined)
    return [segment for segment in segments if segment not in joined]


def _live(segment: Any) -> int:
    return int(segment.doc_count_all() - segment.deleted_count())


def _level(segment: Any) -> int:
    return int(math.log(max(_live(segment), 1), _FAN))


def _mostly_deleted(segment: Any) -> bool:
    return bool(segment.deleted_count() > _live(segment))


def _affordable(segments: list[Any]) -> list[Any]:
    taken, rows = [], 0
    for segment in sorted(segments, key=_live):
        rows += _live(segment)
        if rows > _MAX_JOIN:
            break
        taken.append(segment)
    return taken


def _rewrite_deletions(writer: _Writer, segments: list[Any]) -> list[Any]:
    """Rewrite whatever still holds words of deleted documents."""
    joined = [segment for segment in segments if segment.has_deletions()]
    _rewrite(writer, joined)
    return [segment for segment in segments if segment not in joined]


def _rewrite(writer: _Writer, segments: list[Any]) -> None:
    for segment in segments:
        if _live(segment):
            reader = WhooshSegmentReader(writer.storage, writer.schema, segment)
            try:
                writer.add_reader(reader)
            finally:
                reader.close()
