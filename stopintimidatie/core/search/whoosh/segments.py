"""Reading one segment of an index: rows of a term, rows of a code, and the few facts per row.

A segment never changes (a deletion is noted elsewhere), so what a search needs of every row is
read once and kept: the codes as bitmaps, moments, ids and the list of words. Postings of the
words that are asked for are read from the files each time.
"""

from __future__ import annotations

import bisect
import threading
import time
from array import array
from collections import OrderedDict
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import accumulate, chain, islice
from pathlib import Path
from typing import Any, Final

from whoosh.codec.whoosh3 import W3Codec, W3LeafMatcher, W3TermsReader

from stopintimidatie.core.search import highlight
from stopintimidatie.core.search.backend import SearchTooBroadError
from stopintimidatie.core.search.query import AnyOf, Field, Phrase, Term, Word
from stopintimidatie.core.search.whoosh.files import Snapshot
from stopintimidatie.core.search.whoosh.schema import (
    ACCESS,
    DATA,
    ID,
    KEY,
    KEY_COLUMN,
    MOMENT,
    NUMBER_COLUMN,
    SCHEMA,
    STEM,
    VERSION,
    WORD,
    bitmap,
    decode_places,
    everything,
    numbers,
)

PREFIX_WEIGHT: Final = 0.5
"""A word that only begins with what was asked says less than the word itself."""
_CHECK_EVERY: Final = 16
_RECENT_TERMS: Final = 100
_CODE_FIELDS: Final = (ACCESS, *(which.value for which in Field))


class Deadline:
    """The moment at which a search has cost enough."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        """Raise `SearchTooBroadError` when the time is up."""
        if time.monotonic() > self._end:
            raise SearchTooBroadError


Weights = Mapping[float, int]
"""How much -> the rows that match so much. There are few different weights, so a search ranks
thousands of rows by handling some dozens of sets."""


def union(weights: Weights) -> int:
    """Return all rows, however much they match."""
    rows = 0
    for some in weights.values():
        rows |= some
    return rows


class RecentTerms:
    """The terms asked for last in one segment: paging and facets ask the same ones again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[object, Weights] = OrderedDict()

    def get(self, key: object) -> Weights | None:
        """Return what was found for this term before."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)

    def put(self, key: object, weights: Weights) -> None:
        """Keep it, and let go of the oldest."""
        with self._lock:
            self._known[key] = weights
            while len(self._known) > _RECENT_TERMS:
                self._known.popitem(last=False)


@dataclass(slots=True)
class Facts:
    """Facts that are kept of a segment: per row its id and moment, per code its rows."""

    size: int
    keys: Sequence[bytes]
    moments: Sequence[int]
    codes: dict[str, dict[str, int]]
    words: list[str]
    letters: list[int] = field(default_factory=list)
    recent: RecentTerms = field(default_factory=RecentTerms)
    orders: dict[bool, list[int]] = field(default_factory=dict)

    def first_rows(self, rows: int, how_many: int, *, oldest: bool) -> list[int]:
        """Return rows that hold the first so many in order of moment (equal ones by id)."""
        if rows.bit_count() * 8 < self.size:
            return numbers(rows)  # few: sorting them is quicker than looking for them
        cells = rows.to_bytes((self.size + 7) // 8, "little")
        order = self._order(oldest=oldest)
        found = (row for row in order if cells[row >> 3] & (1 << (row & 7)))
        return list(islice(found, how_many))

    def _order(self, *, oldest: bool) -> list[int]:
        if oldest not in self.orders:
            sign, keys, moments = (1 if oldest else -1), self.keys, self.moments
            order = sorted(range(self.size), key=lambda row: (sign * moments[row], keys[row]))
            self.orders[oldest] = order
        return self.orders[oldest]

    @property
    def everything(self) -> int:
        """All rows, deleted ones too."""
        return everything(self.size)

    def rows_of(self, name: str, values: frozenset[str] | set[str]) -> int:
        """Return the rows with any of these codes."""
        rows, known = 0, self.codes[name]
        for value in values:
            rows |= known.get(value, 0)
        return rows

    def vocabulary(self) -> Iterator[tuple[str, int]]:
        """Yield every word with its letters as bits, for spelling."""
        if not self.letters:
            self.letters = [highlight.letters(word) for word in self.words]
        return zip(self.words, self.letters, strict=True)

    def beginning_with(self, prefix: str) -> list[str]:
        """Return every word that begins so."""
        first = bisect.bisect_left(self.words, prefix)
        last = bisect.bisect_left(self.words, prefix + "\U0010ffff", lo=first)
        return self.words[first:last]


class FactsCache:
    """The facts of the segments that were searched last, up to a number of rows in all."""

    def __init__(self, max_rows: int) -> None:
        self._max_rows = max_rows
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[Path, str], Facts] = OrderedDict()

    def get(self, key: tuple[Path, str]) -> Facts | None:
        """Return the facts, when they are still here."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)

    def put(self, key: tuple[Path, str], facts: Facts) -> None:
        """Keep these and drop the ones that were used longest ago."""
        with self._lock:
            self._known[key] = facts
            rows = sum(known.size for known in self._known.values())
            while rows > self._max_rows and len(self._known) > 1:
                rows -= self._known.popitem(last=False)[1].size


class _BlockMatcher(W3LeafMatcher):
    """Postings a block at a time: one by one they cost five times as much."""

    def blocks(self) -> Iterator[tuple[Sequence[int], Sequence[float]]]:
        """Yield the rows and weights of each block."""
        while self.is_active():
            self.id(), self.weight()  # these read the block
            yield self._ids, self._weights
            self._next_block()

    def blocks_with_values(self) -> Iterator[tuple[Sequence[int], Sequence[bytes]]]:
        """Yield the rows of each block and what is kept with them."""
        while self.is_active():
            self.id(), self.value()
            yield self._ids, self._values
            self._next_block()

    def _read_ids(self) -> None:
        if self._data is None:
            self._read_data()
        self._ids = tuple(accumulate(self._data[0]))


class _ReadingCodec(W3Codec):
    """Whoosh's own format, read through `_BlockMatcher`."""

    def terms_reader(self, storage: Any, segment: Any) -> Any:
        """Return Whoosh's reader; leave no file open when the other one is gone meanwhile."""
        with ExitStack() as opened:
            postings = segment.open_file(storage, self.POSTS_EXT)
            opened.callback(postings.close)
            name = segment.make_filename(self.TERMS_EXT)
            terms = storage.open_file(name)
            opened.callback(terms.close)
            reader = W3TermsReader(self, terms, storage.file_length(name), postings)
            opened.pop_all()
            return reader

    def postings_reader(
        self, dbfile: Any, terminfo: Any, format_: Any, term: Any = None, scorer: Any = None
    ) -> Any:
        offset, length = terminfo.extent()
        return _BlockMatcher(dbfile, offset, length, format_, term=term, scorer=scorer)


_CODEC: Final = _ReadingCodec()


class SegmentReader:
    """One segment, opened for one search. Use it as a context manager."""

    def __init__(self, snapshot: Snapshot, segment: Any, deadline: Deadline) -> None:
        self._storage = snapshot.storage
        self._folder = snapshot.folder
        self._deadline = deadline
        self.segment = segment
        self.size = int(segment.doc_count_all())
        self._rows = _CODEC.per_document_reader(self._storage, segment)
        self._terms = _CODEC.terms_reader(self._storage, segment)
        self.facts: Facts

    def __enter__(self) -> SegmentReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._terms.close()
        self._rows.close()

    def load(self, cache: FactsCache) -> None:
        """Make the facts of this segment available."""
        key = (self._folder, self.segment.segment_id())
        facts = cache.get(key)
        if facts is None:
            facts = self._read_facts()
            cache.put(key, facts)
        self.facts = facts

    def _read_facts(self) -> Facts:
        return Facts(
            size=self.size,
            keys=list(self._column(KEY, KEY_COLUMN)),
            moments=list(self._column(MOMENT, NUMBER_COLUMN)),
            codes={name: self._bitmaps(name) for name in _CODE_FIELDS},
            words=[text.decode() for text in self._texts(WORD)],
        )

    def _column(self, name: str, column: Any) -> Iterator[Any]:
        reader = self._rows.column_reader(name, column)
        return (reader[row] for row in range(self.size))

    def versions(self) -> list[tuple[int, bytes, int]]:
        """Return (row, id, version) of every row."""
        keys = self._column(KEY, KEY_COLUMN)
        versions = self._column(VERSION, NUMBER_COLUMN)
        return [(row, *pair) for row, pair in enumerate(zip(keys, versions, strict=True))]

    def _texts(self, name: str) -> Iterator[bytes]:
        if name not in self._terms.indexed_field_names():
            return
        for which, text in self._terms.terms_from(name, b""):
            if which != name:
                return
            yield text

    def _bitmaps(self, name: str) -> dict[str, int]:
        return {text.decode(): self._rows_with(name, text) for text in self._texts(name)}

    def _rows_with(self, name: str, text: bytes) -> int:
        return bitmap(chain.from_iterable(rows for rows, _ in self._blocks(name, text)), self.size)

    def _blocks(self, name: str, text: bytes) -> Iterator[tuple[Sequence[int], Sequence[float]]]:
        if (name, text) not in self._terms:
            return
        matcher = self._terms.matcher(name, text, SCHEMA[name].format)
        for count, block in enumerate(matcher.blocks()):
            if count % _CHECK_EVERY == 0:
                self._deadline.check()
            yield block

    def row_of(self, key: str) -> int | None:
        """Return the row with this id (hex) that isn't deleted."""
        for rows, _ in self._blocks(ID, key.encode()):
            for row in rows:
                if not self.segment.is_deleted(row):
                    return row
        return None

    def deleted(self) -> int:
        """Return the rows that are no longer there."""
        return bitmap(self.segment.deleted_docs(), self.size)

    def stored(self, row: int) -> str:
        """Return the document of a row, as `to_json` wrote it."""
        return str(self._rows.stored_fields(row)[DATA])

    # terms

    def weights(self, term: Term) -> Weights:
        """Return the rows that match a term, by how much they match."""
        if isinstance(term, AnyOf):
            return self._any_of(term)
        key = term.steps if isinstance(term, Phrase) else (term.word, term.stem)
        found = self.facts.recent.get(key)
        if found is None:
            found = self._phrase(term) if isinstance(term, Phrase) else self._word(term)
            self.facts.recent.put(key, found)
        return found

    def rows(self, term: Term) -> int:
        """Return the rows that match a term."""
        return union(self.weights(term))

    def rows_with_word(self, word: str) -> int:
        """Return the rows that hold exactly this word."""
        return self._rows_with(WORD, word.encode())

    def _any_of(self, term: AnyOf) -> Weights:
        """Add up the stems of a row: the more it holds, the more it matches."""
        found: dict[float, int] = {0.0: self.facts.everything}
        for stem in term.stems:
            holding = self.rows(Word("", stem))
            split: dict[float, int] = {}
            for count, rows in found.items():
                for weight, some in ((count + 1, rows & holding), (count, rows & ~holding)):
                    if some:
                        split[weight] = split.get(weight, 0) | some
            found = split
        return {count: rows for count, rows in found.items() if count}

    def _word(self, term: Word) -> Weights:
        by_weight: dict[float, list[int]] = {}
        for rows, weights in self._blocks(STEM, term.stem.encode()):
            for row, weight in zip(rows, weights, strict=True):
                by_weight.setdefault(weight, []).append(row)
        found = {weight: bitmap(rows, self.size) for weight, rows in by_weight.items()}
        longer = self._rows_with_longer(term) & ~union(found)
        if longer:
            found[PREFIX_WEIGHT] = found.get(PREFIX_WEIGHT, 0) | longer
        return found

    def _rows_with_longer(self, term: Word) -> int:
        if term.prefix is None:
            return 0
        rows: list[int] = []
        for word in self.facts.beginning_with(term.prefix):
            for block, _ in self._blocks(WORD, word.encode()):
                rows.extend(block)
        return bitmap(rows, self.size)

    def _phrase(self, phrase: Phrase) -> Weights:
        common = self.facts.everything
        for stem in {stem for _, stem in phrase.steps}:
            common &= self._rows_with(STEM, stem.encode())
            if not common:
                return {}
        begins: dict[int, set[int]] = {row: set() for row in numbers(common)}
        for number, (step, stem) in enumerate(phrase.steps):
            places = self._places(stem, begins)
            shifted = {row: {place - step for place in at} for row, at in places}
            if number:
                shifted = {row: at & begins[row] for row, at in shifted.items()}
            begins = {row: at for row, at in shifted.items() if at}
        by_count: dict[float, list[int]] = {}
        for row, at in begins.items():
            by_count.setdefault(float(len(at) * len(phrase.steps)), []).append(row)
        return {count: bitmap(rows, self.size) for count, rows in by_count.items()}

    def _places(self, stem: str, wanted: Container[int]) -> Iterator[tuple[int, array[int]]]:
        matcher = self._terms.matcher(STEM, stem.encode(), SCHEMA[STEM].format)
        for rows, values in matcher.blocks_with_values():
            self._deadline.check()
            for row, value in zip(rows, values, strict=True):
                if row in wanted:
                    yield row, decode_places(value)
