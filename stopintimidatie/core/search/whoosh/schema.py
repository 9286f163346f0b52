"""A document inside a Whoosh index: which fields it has, and what stands in them.

`SCHEMA_VERSION` must grow with every change here: an index of another version is rebuilt.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from whoosh import columns, fields, formats
from whoosh.analysis import IDAnalyzer

from stopintimidatie.core.clock import seconds
from stopintimidatie.core.search.analysis import tokens
from stopintimidatie.core.search.backend import SearchDocument, Weight
from stopintimidatie.core.search.query import Field
from stopintimidatie.core.search.results import to_shown

SCHEMA_VERSION: Final = 4
_HIGH_WEIGHT: Final = 4.0
_SATURATION: Final = 1.2
_GAP: Final = 100
"""Words of two texts are this far apart: no phrase reaches from one into the next."""
LAST_SECOND: Final = 1 << 62

ID: Final = "id"
STEM: Final = "stam"
WORD: Final = "woord"
ACCESS: Final = "toegang"
MOMENT: Final = "moment"
VERSION: Final = "versie"
SHOWN: Final = "getoond"
NEWEST_FIRST: Final = "nieuwste"
OLDEST_FIRST: Final = "oudste"
COUNTED: Final = "telling"
"""All codes of a document in one column: reading columns costs a search more than anything else."""


class StemField(fields.FieldType):
    """Field with the stems of our own analyser, with their positions and weights."""

    def __init__(self) -> None:
        super().__init__(formats.Positions(), IDAnalyzer())

    def index(self, value: Any, **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield (stem, how often, weight, positions) for every stem in texts: weight, tokens.

        The weight is that of BM25 without a malus for long texts: who writes much is no less to
        the point. A search multiplies it by how rare the stem is.
        """
        positions: dict[str, list[int]] = {}
        weights: dict[str, float] = {}
        base = 0
        for weighs, words in value:
            weight, last = _HIGH_WEIGHT if weighs is Weight.HIGH else 1.0, 0
            for token in words:
                last = token.position
                if not token.stop:
                    positions.setdefault(token.stem, []).append(base + token.position)
                    weights[token.stem] = weights.get(token.stem, 0.0) + weight
            base += last + _GAP
        for stem, at in positions.items():
            weight = weights[stem] * (_SATURATION + 1) / (weights[stem] + _SATURATION)
            yield stem.encode(), len(at), weight, self.format.encode(at)


SCHEMA: Final = fields.Schema(
    **dict.fromkeys((WORD, ACCESS, *(str(field) for field in Field)), fields.KEYWORD()),
    **dict.fromkeys((NEWEST_FIRST, OLDEST_FIRST), fields.COLUMN(columns.FixedBytesColumn(24))),
    **dict.fromkeys((VERSION, SHOWN), fields.STORED()),
    **{ID: fields.ID(stored=True), STEM: StemField(), MOMENT: fields.NUMERIC(int, 64)},
    **{COUNTED: fields.COLUMN(columns.VarBytesColumn())},
)


def to_fields(document: SearchDocument) -> dict[str, Any]:
    """Return the fields of a document, as Whoosh's writer takes them: lists aren't taken apart."""
    texts = [(text.weight, tuple(tokens(text.text))) for text in document.searchable()]
    words = {token.word for _, all_words in texts for token in all_words if not token.stop}
    codes = {field: document.codes(field) for field in Field}
    moment = seconds(document.moment)
    return {
        ID: document.id.hex,
        STEM: texts,
        WORD: sorted(words),
        ACCESS: document.access,
        **{str(field): [code for code in values if code] for field, values in codes.items()},
        MOMENT: moment,
        NEWEST_FIRST: (LAST_SECOND - moment).to_bytes(8) + document.id.bytes,
        OLDEST_FIRST: (LAST_SECOND + moment).to_bytes(8) + document.id.bytes,
        COUNTED: " ".join(
            f"{field}:{code}" for field in Field for code in sorted(codes[field])
        ).encode(),
        VERSION: document.version,
        SHOWN: msgspec.json.encode(to_shown(document)),
    }
