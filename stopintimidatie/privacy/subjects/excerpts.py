"""The texts of traces: what stands at the places where somebody was found, in clear.

Who calls this notes the read. A page reads some traces at a time; each table is read once for all
of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.storage.encryption import SEALED_TABLES, DecryptionError, KeyRing, Sealed
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.personal import personal_data_holders
from stopintimidatie.dossiers.consultations import snapshot
from stopintimidatie.dossiers.models import Consultation
from stopintimidatie.exports import models as exports_models
from stopintimidatie.privacy.requests.models import RequestTrace
from stopintimidatie.privacy.subjects.queries import EXPORT, KEYS, TABLED, owner_of
from stopintimidatie.privacy.subjects.rules import (
    Wanted,
    sentences_with,
    strings_in_clear,
    strings_of,
)

Document = tuple[str, UUID]


@dataclass(frozen=True)
class Text:
    """A text at a place of a document; its words are never in a repr."""

    place: str
    row_id: UUID
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
    keys: KeyRing = registry.key_ring
    for (kind, name), columns in _by_table(wanted).items():
        ids = sorted({number for column in columns for number in wanted[kind, name, column]})
        for number, text in _of_table(registry, session, keys, kind, name, columns, ids):
            texts[kind, number].append(text)
    for row in traces:
        for place in row.places:
            if place in (f"{TABLED}.bevroren", f"{EXPORT}.bevroren"):
                document = row.document_kind, row.document_id
                texts[document] += _frozen(session, keys, row, place)
    return texts


def _by_table(wanted: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], list[str]]:
    tables: dict[tuple[str, str], list[str]] = {}
    for kind, name, column in sorted(wanted):
        tables.setdefault((kind, name), []).append(column)
    return tables


def _of_table(
    registry: Any,
    session: Session,
    keys: KeyRing,
    kind: str,
    name: str,
    columns: Sequence[str],
    ids: Sequence[UUID],
) -> Iterator[tuple[UUID, Text]]:
    """Yield the texts in these columns of the rows of these documents, in the order of the rows."""
    holder = personal_data_holders(registry).get(kind)
    table = Base.metadata.tables[name]
    if holder is None or name not in holder.columns:
        return
    owner = owner_of(name, next(iter(holder.columns)), holder.columns)
    sealed = SEALED_TABLES.of(registry).get(name)
    bound = table.c[sealed.bound_to] if sealed is not None else table.c.id
    order = [table.c[column] for column in ("at", "made_at") if column in table.c]
    read = select(owner, table.c.id, bound, *(table.c[column] for column in columns))
    for number, row_id, context, *values in session.execute(
        read.where(owner.in_(ids)).order_by(*order, table.c.id)
    ):
        for column, value in zip(columns, values, strict=True):
            for words in _in_clear(keys, sealed, column, value, context):
                if words.strip():
                    yield number, Text(f"{name}.{column}", row_id, words)


def _in_clear(
    keys: KeyRing, sealed: Sealed | None, column: str, value: Any, context: Any
) -> Iterable[str]:
    if value is None or column in KEYS:
        return ()
    if sealed is None or column not in sealed.columns:
        return strings_of(value)
    try:
        return strings_in_clear(keys.decrypt(sealed.purpose, value, str(context)))
    except DecryptionError:
        return ()


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
    return [Text(place, trace.document_id, words) for words in strings_of(json.loads(data))]


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
