"""A document inside a Whoosh index, and sets of row numbers as big integers.

A count or an intersection of 23,000 rows takes a few µs.

Whoosh keeps the postings, the segments and the commits; it never sees a query (ADR 0003).
`SCHEMA_VERSION` must grow with every change here: an index of another version is rebuilt.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
from whoosh import columns, fields, formats
from whoosh.analysis import IDAnalyzer

from stopintimidatie.core.clock import seconds
from stopintimidatie.core.search.analysis import tokens
from stopintimidatie.core.search.backend import SearchDocument, Text, Weight
from stopintimidatie.core.search.query import Field

_BITS_OF: Final = tuple(tuple(bit for bit in range(8) if byte & (1 << bit)) for byte in range(256))


def bitmap(numbers: Iterable[int], size: int) -> int:
    """Return the set of these row numbers, each below `size`."""
    cells = bytearray((size + 7) // 8)
    for number in numbers:
        cells[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(cells, "little")


def everything(size: int) -> int:
    """Return the set of all row numbers below `size`."""
    return (1 << size) - 1


def numbers(rows: int) -> list[int]:
    """Return the row numbers in a set, in order."""
    found: list[int] = []
    for place, byte in enumerate(rows.to_bytes((rows.bit_length() + 7) // 8, "little")):
        if byte:
            base = place << 3
            found.extend([base + bit for bit in _BITS_OF[byte]])
    return found


# Schema

SCHEMA_VERSION: Final = 2
HIGH_WEIGHT: Final = 4.0
_LAST_PLACE: Final = 65_535
_GAP: Final = 100
"""Words of two texts are this far apart: no phrase reaches from one into the next."""

ID: Final = "id"
STEM: Final = "stam"
WORD: Final = "woord"
ACCESS: Final = "toegang"
KEY: Final = "sleutel"
VERSION: Final = "versie"
MOMENT: Final = "moment"
DATA: Final = "gegevens"


KEY_COLUMN: Final = columns.RefBytesColumn(16)
NUMBER_COLUMN: Final = columns.NumericColumn("q")


class StemField(fields.FieldType):
    """Gives Whoosh the stems of our analyser, with places and weights; it analyses nothing."""

    def __init__(self) -> None:
        super().__init__(formats.Positions(), analyzer=IDAnalyzer())

    def index(self, value: Sequence[Text], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield (stem, how often, weight, places) of every stem in these texts."""
        places: dict[str, list[int]] = {}
        weights: dict[str, float] = {}
        base = 0
        for text in value:
            weight, last = HIGH_WEIGHT if text.weight is Weight.HIGH else 1.0, 0
            for token in tokens(text.text):
                last = token.position
                if not token.stop:
                    places.setdefault(token.stem, []).append(base + token.position)
                    weights[token.stem] = weights.get(token.stem, 0.0) + weight
            base += last + _GAP
        for stem, found in places.items():
            yield stem.encode(), len(found), weights[stem], encode_places(found)


class SetField(fields.FieldType):
    """Words or codes of which it only counts that they are there."""

    def __init__(self) -> None:
        super().__init__(formats.Existence(), analyzer=IDAnalyzer())

    def index(self, value: Sequence[str], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield one posting for each."""
        for word in value:
            yield word.encode(), 1, 1.0, b""


def encode_places(places: list[int]) -> bytes:
    """Write word numbers, two bytes each: a third of Whoosh's form and far quicker to read."""
    return array("H", (min(place, _LAST_PLACE) for place in places)).tobytes()


def decode_places(value: bytes) -> array[int]:
    """Read the word numbers again."""
    return array("H", value)


SCHEMA: Final = fields.Schema(
    **{
        ID: SetField(),
        STEM: StemField(),
        WORD: SetField(),
        ACCESS: SetField(),
        **{which.value: SetField() for which in Field},
        KEY: fields.COLUMN(KEY_COLUMN),
        VERSION: fields.COLUMN(NUMBER_COLUMN),
        MOMENT: fields.COLUMN(NUMBER_COLUMN),
        DATA: fields.STORED(),
    }
)


def to_fields(document: SearchDocument) -> dict[str, Any]:
    """Return the fields of one document, as the writer takes them."""
    texts = document.searchable()
    words = {token.word for text in texts for token in tokens(text.text) if not token.stop}
    values: dict[str, Any] = {
        ID: (document.id.hex,),
        STEM: texts,
        WORD: sorted(words),
        ACCESS: (document.access,),
        KEY: document.id.bytes,
        VERSION: document.version,
        MOMENT: seconds(document.moment),
        DATA: to_json(document),
    }
    for which in Field:
        if codes := document.codes(which):
            values[which.value] = codes
    return values


def to_json(document: SearchDocument) -> str:
    """Write a document as one line, for the index and for the journal of a rebuild."""
    return msgspec.json.encode(document).decode()


def from_json(line: str) -> SearchDocument:
    """Read the document of one line."""
    return msgspec.json.decode(line, type=SearchDocument)
