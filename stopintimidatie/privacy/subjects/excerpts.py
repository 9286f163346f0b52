"""The texts of traces: what stands at the places where somebody was found, in clear.

Who calls this notes the read. A page reads some traces at a time; each table is read once for all
of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.core.storage.encryption import DecryptionError, KeyRing
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.personal import personal_data_holders
from stopintimidatie.dossiers.consultations import snapshot
from stopintimidatie.dossiers.models import Consultation
from stopintimidatie.exports import models as exports_models
from stopintimidatie.privacy.requests.models import RequestTrace
from stopintimidatie.privacy.subjects.queries import EXPORT, KEYS, TABLED, owner_of, texts_in
from stopintimidatie.privacy.subjects.rules import (
    Wanted,
    sentences_with,
    strings_of,
)

Document = tuple[str, UUID]


@dataclass(frozen=True)
class Text:
    """A text at a place of a document; its words are never in a repr."""

    place: str
    words: str = field(repr=False)


def texts_of(
    registry: Any, session: Session, traces: Sequence[RequestTrace]
) -> dict[Document, list[Text]]:
    """Return the texts at the places of these traces, by document."""
    texts: dict[Document, list[Text]] = {(row.document_kind, row.document_id): [] for row in traces}
    wanted: dict[tuple[str, str, str], list[UUID]] = {}
    for row in traces:
        for place in row.places:
            name, _, column = place.partition(".")
            if name in Base.metadata.tables and column:
                wanted.setdefault((row.document_kind, name, column), []).append(row.document_id)
    holders = personal_data_holders(registry)
    for (kind, name), columns in _by_table(wanted).items():
        holder, table = holders.get(kind), Base.metadata.tables[name]
        if holder is None or name not in holder.columns:
            continue
        ids = sorted({number for column in columns for number in wanted[kind, name, column]})
        order = [table.c[column] for column in ("at", "made_at", "id") if column in table.c]
        mine = owner_of(name, holder).in_(ids)
        for number, column, words in texts_in(
            registry, session, holder, name, columns, mine, order=order
        ):
            if words.strip():
                texts[kind, number].append(Text(f"{name}.{column}", words))
    for row in traces:
        for place in row.places:
            if place in (f"{TABLED}.bevroren", f"{EXPORT}.bevroren"):
                document = row.document_kind, row.document_id
                texts[document] += _frozen(session, registry.key_ring, row, place)
    return texts


def _by_table(wanted: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], list[str]]:
    tables: dict[tuple[str, str], list[str]] = {}
    for kind, name, column in sorted(wanted):
        if column not in KEYS:
            tables.setdefault((kind, name), []).append(column)
    return tables


def _frozen(session: Session, keys: KeyRing, trace: RequestTrace, place: str) -> list[Text]:
    """Return the texts of what was tabled at a consultation, or of the content of an export."""
    try:
        if trace.document_kind == TABLED:
            owner = session.get_one(Consultation, trace.document_id)
            data = snapshot.VAULT.read(session, keys, owner, snapshot.KIND)
        else:
            export = session.get_one(exports_models.Export, trace.document_id)
            kind = exports_models.BlobKind.CONTENT
            data = exports_models.VAULT.read(session, keys, export, kind.value)
    except DecryptionError:
        return []
    return [Text(place, words) for words in strings_of(json.loads(data))]


MOST: Final = 4


def excerpts(texts: Iterable[Text], wanted: Wanted, most: int = MOST) -> list[str]:
    """Return the sentences in which the person stands, so that somebody can judge a trace."""
    shown: list[str] = []
    for text in texts:
        for start, end in sentences_with(text.words, wanted.spans(text.words)):
            sentence = " ".join(text.words[start:end].split())
            if sentence not in shown:
                shown.append(sentence)
            if len(shown) == most:
                return shown
    return shown
