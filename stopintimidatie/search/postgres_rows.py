"""What one document is inside PostgreSQL: the words of our analyser as a tsvector, and its codes.

Each lexeme begins with its holder: a term has a list of places for each holder, so that a search
costs the same however many others there are, and never meets another's words. After the holder
comes `=stem`, with its places (weight A or B), or a whole word without places, for finding by the
beginning of a word. One lexeme, `0505=`, stands in every document of its holder.

`SCHEMA_VERSION` must grow with every change here: rows made by other rules are made anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from stopintimidatie.search import analysis
from stopintimidatie.search.analysis import tokens
from stopintimidatie.search.backend import SearchDocument, Text, Weight
from stopintimidatie.search.grammar import MIN_PREFIX, Field

SCHEMA_VERSION: Final = 1
_LAST_PLACE: Final = 16_383
"""PostgreSQL counts no further. Words beyond are found, but stand in no phrase."""
_MOST_PLACES: Final = 255
_GAP: Final = 40
"""Words of two texts are this far apart: no phrase reaches from one into the next."""
_MOST_BYTES: Final = 600_000
"""A tsvector holds 1 MB: what is longer than any dossier must not keep it from being saved."""
_LETTERS: Final = {Weight.HIGH: "A", Weight.NORMAL: "B"}
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def rules() -> str:
    """By which rules rows are made now."""
    return f"{SCHEMA_VERSION}-{analysis.FINGERPRINT}"


def wall(holder: str) -> str:
    """What every lexeme of a holder begins with."""
    return holder.removeprefix("GM")


def stem_lexeme(holder: str, stem: str) -> str:
    """The lexeme of a stem."""
    return f"{wall(holder)}={stem}"


def word_lexeme(holder: str, word: str) -> str:
    """The lexeme of a word as it was written."""
    return f"{wall(holder)}{word}"


def quoted(lexeme: str) -> str:
    """A lexeme in the text of a tsvector or a tsquery."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def tsvector(holder: str, texts: Sequence[Text]) -> str:
    """The text of the tsvector of these texts. Written out: a quarter of a rebuild."""
    front, base = wall(holder), 1
    places: dict[str, list[str]] = {f"{front}=": []}
    for text in texts:
        letter, last = _LETTERS[text.weight], 0
        for word, stem, _, _, last, stop in tokens(text.text):
            if stop:
                continue
            known = places.setdefault(f"{front}={stem}", [])
            if base + last <= _LAST_PLACE and len(known) < _MOST_PLACES:
                known.append(f"{base + last}{letter}")
            if len(word) >= MIN_PREFIX:
                places.setdefault(f"{front}{word}", [])
        base += last + _GAP
    return " ".join(_affordable(places))


def _affordable(places: dict[str, list[str]]) -> Iterator[str]:
    size = 0
    for lexeme, known in places.items():
        size += len(lexeme.encode()) + 2 * len(known) + 4
        if size > _MOST_BYTES:
            return
        name = quoted(lexeme)
        yield f"{name}:{','.join(known)}" if known else name


def row(document: SearchDocument) -> dict[str, Any]:
    """The columns of one document."""
    return {
        "holder": document.holder,
        "id": document.id,
        "kind": document.kind.value,
        "version": document.version,
        "moment": document.moment,
        "state": document.state,
        "neighbourhood": document.neighbourhood,
        "access": document.access,
        "year": document.codes(Field.YEAR)[0],
        "forms": sorted(set(document.forms)),
        "dossiers": sorted(set(document.codes(Field.DOSSIER))),
        "rules": rules(),
        "gone": False,
        "words": tsvector(document.holder, document.searchable()),
        "data": _data(document),
    }


def _data(document: SearchDocument) -> dict[str, Any]:
    """What a hit shows."""
    return {
        "kind": document.kind.value,
        "id": document.id.hex,
        "reference": document.reference,
        "path": document.path,
        "title": document.title,
        "moment": document.moment.isoformat(),
        "state": document.state,
        "neighbourhood": document.neighbourhood,
        "forms": document.forms,
        "dossier": document.dossier,
        "texts": [(text.name, text.text, text.weight.value) for text in document.texts],
    }


def tombstone(holder: str, document_id: UUID) -> dict[str, Any]:
    """The columns of a document that is no longer there."""
    codes = dict.fromkeys(("kind", "state", "neighbourhood", "access", "year"), "")
    return {
        **codes,
        "holder": holder,
        "id": document_id,
        "version": 0,
        "moment": _NEVER,
        "forms": [],
        "dossiers": [],
        "rules": rules(),
        "gone": True,
        "words": "",
        "data": {},
    }
