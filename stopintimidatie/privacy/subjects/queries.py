"""Finding a person in all tables with personal data, as their rooms declared them.

No index of names is made. Each table is read once, some rows at a time, so that a search costs as
many statements as there are tables. What is sealed is opened row by row and forgotten. What
stands apart, as police data does, is never searched here.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, false, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.storage import personal
from stopintimidatie.core.storage.encryption import SEALED_TABLES, DecryptionError, KeyRing, Sealed
from stopintimidatie.core.storage.models import Base
from stopintimidatie.dossiers.consultations import snapshot
from stopintimidatie.dossiers.models import Consultation
from stopintimidatie.exports import models as exports_models
from stopintimidatie.privacy.requests.models import RequestTrace
from stopintimidatie.privacy.subjects.rules import (
    Wanted,
    sentences_with,
    strings_in_clear,
    strings_of,
)
from stopintimidatie.reports.vocabulary import KIND as REPORT

STREAMED: Final = {"yield_per": 500}
# More than this is no search for a person.
MOST: Final = 400
MOST_LINKED: Final = 25
# A review of a text holds positions, and no words.
LEFT_OUT: Final = "nagekeken"
TABLED: Final = "overleg"
EXPORT: Final = "uitvoer"
# Sealed to who reads this, but as they are in the database.
IN_CLEAR: Final = {
    "user_account": ("username", "name"),
    "role_offer": ("username", "name"),
    "joining_request": ("telephone",),
}
# Keys: there is no text behind them.
KEYS: Final = frozenset({"key", "sealed", "secret", "client_secret"})
# The places by which somebody is the reporter of a report, and not somebody in it.
CONTACT: Final = "report_contact"
BY_REFERENCE: Final = "kenmerk"
BY_FOLLOW_CODE: Final = "volgcode"
LINKED: Final = "samenhang"


def by_sure_way(places: Iterable[str]) -> bool:
    """Tell whether a code, reference or address led to a document, so that it is the person's."""
    sure = (CONTACT, BY_FOLLOW_CODE, BY_REFERENCE)
    return any(place.split(".")[0] in sure for place in places)


class TooManyError(Exception):
    """More documents fit than anybody can judge."""


@dataclass
class Traces:
    """The documents in which somebody was found, each with the places; bounded."""

    leave_out: UUID | None = None
    places: dict[tuple[str, UUID], set[str]] = field(default_factory=dict)

    def add(self, kind: str, document: UUID, place: str) -> None:
        """Add a place.

        Raises:
            TooManyError: There are too many documents already.
        """
        if document == self.leave_out:
            return
        self.places.setdefault((kind, document), set()).add(place)
        if len(self.places) > MOST:
            raise TooManyError

    def of_kind(self, kind: str, *among: str) -> list[UUID]:
        """Return the documents of a kind that have one of these places, or any at all."""
        return [
            number
            for (its, number), places in self.places.items()
            if its == kind and (not among or any(place.split(".")[0] in among for place in places))
        ]


def search(
    registry: Any, session: Session, holder: str, wanted: Wanted, leave_out: UUID | None = None
) -> Traces:
    """Find everything of the transaction's holder in which somebody stands.

    The request that it is for is left out.

    Raises:
        TooManyError: More documents fit than anybody can judge.
    """
    keys: KeyRing = registry.key_ring
    traces = Traces(leave_out)
    holders = _searched(registry)
    for subject, place in _subjects(wanted):
        _by_declaration(session, keys, holders, subject, place, traces)
    if wanted.terms:
        for row in holders:
            for table in row.columns:
                _in_table(registry, session, holder, row, table, wanted, traces)
        _in_frozen(session, keys, wanted, traces)
    _linked(session, keys, holders, traces)
    return traces


def forget_gone(registry: Any, session: Session, traces: Traces) -> None:
    """Take out the documents that were destroyed since they were found."""
    for kind, name in _roots(registry).items():
        table, numbers = Base.metadata.tables[name], traces.of_kind(kind)
        there = select(table.c.id).where(table.c.id.in_(numbers))
        for number in {*numbers} - {*(session.scalars(there) if numbers else ())}:
            del traces.places[kind, number]


def _searched(registry: Any) -> list[personal.PersonalDataHolder]:
    holders = personal.personal_data_holders(registry)
    return [row for kind, row in holders.items() if kind != LEFT_OUT and not row.apart]


def _subjects(wanted: Wanted) -> Iterator[tuple[personal.Subject, str]]:
    for reference in wanted.references:
        yield personal.Subject(reference=reference), BY_REFERENCE
    for code in wanted.follow_codes:
        yield personal.Subject(follow_code=code), BY_FOLLOW_CODE
    # By the blind indexes; what is written otherwise is found where it is opened.
    for email in wanted.emails:
        yield personal.Subject(email=email), f"{CONTACT}.email"
    for phone in wanted.phones:
        yield personal.Subject(phone=phone), f"{CONTACT}.phone"


def _by_declaration(
    session: Session,
    keys: KeyRing,
    holders: Iterable[personal.PersonalDataHolder],
    subject: personal.Subject,
    place: str,
    traces: Traces,
) -> None:
    """Ask each room for the documents of somebody; those around a report hang together with it."""
    for row in holders:
        for document in row.find(session, keys, subject):
            direct = row.kind == REPORT or place == BY_REFERENCE
            traces.add(row.kind, document, place if direct else LINKED)


def _linked(
    session: Session, keys: KeyRing, holders: Iterable[personal.PersonalDataHolder], traces: Traces
) -> None:
    """Add what hangs together with the reports of the person: dossiers and exports."""
    own = traces.of_kind(REPORT, CONTACT, BY_FOLLOW_CODE, BY_REFERENCE)[:MOST_LINKED]
    if not own:
        return
    report = Base.metadata.tables["report"]
    references = select(report.c.reference).where(report.c.id.in_(own))
    for reference in session.scalars(references.order_by(report.c.reference)).all():
        for row in holders:
            if row.kind == REPORT:
                continue
            for document in row.find(session, keys, personal.Subject(reference=reference)):
                traces.add(row.kind, document, LINKED)


# Tables


def _in_table(
    registry: Any,
    session: Session,
    holder: str,
    row: personal.PersonalDataHolder,
    name: str,
    wanted: Wanted,
    traces: Traces,
) -> None:
    """Search the texts of one table, and what is sealed in it."""
    table, columns = Base.metadata.tables[name], columns_in(registry, row, name)
    filled = or_(false(), *(table.c[column].is_not(None) for column in columns))
    if columns and owner_of(name, row) is not None:
        where = filled, *_of_holder(table, holder)
        with closing(texts_in(registry, session, row, name, columns, *where)) as texts:
            for number, column, words in texts:
                if wanted.within(words):
                    traces.add(row.kind, number, f"{name}.{column}")


def columns_in(registry: Any, row: personal.PersonalDataHolder, name: str) -> list[str]:
    """Return the columns of a table with texts about people, in clear or sealed."""
    sealed = SEALED_TABLES.of(registry).get(name)
    columns = [
        column for column, how in row.columns[name].items() if how is personal.Treatment.TEXT
    ]
    columns += [*IN_CLEAR.get(name, ()), *(sealed.columns if sealed else ())]
    return [column for column in columns if column not in KEYS]


def texts_in(
    registry: Any,
    session: Session,
    row: personal.PersonalDataHolder,
    name: str,
    columns: Sequence[str],
    *where: ColumnElement[bool],
    order: Sequence[Any] = (),
) -> Generator[tuple[UUID, str, str]]:
    """Yield the texts in these columns of a table in clear: of which document, where, the words."""
    table, sealed = Base.metadata.tables[name], SEALED_TABLES.of(registry).get(name)
    keys, owner = registry.key_ring, owner_of(name, row)
    bound = table.c[sealed.bound_to] if sealed else owner
    read = select(owner, bound, *(table.c[column] for column in columns)).where(*where)
    with session.execute(read.order_by(*order), execution_options=STREAMED) as rows:
        for number, context, *values in rows:
            for column, value in zip(columns, values, strict=True):
                texts: Iterable[str] = strings_of(value)
                if sealed is not None and column in sealed.columns and value is not None:
                    texts = _opened(keys, sealed, value, context)
                for words in texts:
                    yield number, column, words


def _opened(keys: KeyRing, sealed: Sealed, value: str, context: Any) -> Iterable[str]:
    try:
        return strings_in_clear(keys.decrypt(sealed.purpose, value, str(context)))
    except DecryptionError:
        return ()


def _of_holder(table: Table, holder: str) -> list[ColumnElement[bool]]:
    """Return the conditions for the rows of a holder, of tables with and without a wall."""
    if "holder" in table.c:
        return [table.c.holder == holder]
    if table.name == "user_account":
        mine = select(RoleAssignment.user_id).where(RoleAssignment.holder == holder)
        return [table.c.id.in_(mine)]
    if "giver" in table.c:
        return [or_(table.c.giver == holder, table.c.receiver == holder)]
    return []


def owner_of(name: str, row: personal.PersonalDataHolder) -> Any:
    """Return the expression for the document that a row of a table belongs to; None: to none."""
    table, root = Base.metadata.tables[name], next(iter(row.columns))
    if name == root:
        return table.c.id
    links = [key for key in table.foreign_keys if key.column.name == "id"]
    for key in links:
        if key.column.table.name == root:
            return key.parent
    for key in links:
        parent = key.column.table
        if parent.name in row.columns and parent.name != name:
            inner = owner_of(parent.name, row)
            if inner is not None:
                return select(inner).where(parent.c.id == key.parent).scalar_subquery()
    return None


# Frozen copies


def _in_frozen(session: Session, keys: KeyRing, wanted: Wanted, traces: Traces) -> None:
    """Search what was tabled at consultations, and the frozen content of exports."""
    frozen = (
        (TABLED, snapshot.VAULT.read_all(session, keys, snapshot.KIND)),
        (EXPORT, exports_models.VAULT.read_all(session, keys, exports_models.BlobKind.CONTENT)),
    )
    for kind, stream in frozen:
        with closing(stream) as blobs:
            for number, data in blobs:
                if data is not None and _holds(json.loads(data), wanted):
                    traces.add(kind, number, f"{kind}.bevroren")


def _holds(content: Any, wanted: Wanted) -> bool:
    return any(wanted.within(text) for text in strings_of(content) if "base64" not in text[:40])


# References


def references_of(registry: Any, session: Session, traces: Traces) -> dict[tuple[str, UUID], str]:
    """Return the reference of each document found, or of what it belongs to, as far as it has one.

    The reference of an export stands at all that belongs to it: by that a demand is left out.
    """
    references: dict[tuple[str, UUID], str] = {}
    for kind, name in _roots(registry).items():
        asked = _reference_of(Base.metadata.tables[name])
        numbers = traces.of_kind(kind)
        if asked is not None and numbers:
            table = Base.metadata.tables[name]
            for number, reference in session.execute(asked.where(table.c.id.in_(numbers))):
                references[kind, number] = str(reference)[:20]
    return references


def _roots(registry: Any) -> dict[str, str]:
    """Return the table that the documents of each kind stand in."""
    roots = {row.kind: next(iter(row.columns)) for row in _searched(registry)}
    return {**roots, TABLED: "consultation", EXPORT: "export"}


# The column with the reference of what a document belongs to.
_PARENTS: Final = {
    "organisation_id": ("partner_organisation", "reference"),
    "export_id": ("export", "reference"),
    "dossier_id": ("dossier", "number"),
}


def _reference_of(table: Table) -> Select[Any] | None:
    for column in ("reference", "number"):
        if column in table.c:
            return select(table.c.id, table.c[column])
    for column, (above, name) in _PARENTS.items():
        if column in table.c:
            parent = Base.metadata.tables[above]
            return select(table.c.id, parent.c[name]).join(parent, parent.c.id == table.c[column])
    return None


# The texts of traces, in clear: who calls this notes the read

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
    holders = personal.personal_data_holders(registry)
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


SENTENCES: Final = 4


def excerpts(texts: Iterable[Text], wanted: Wanted, most: int = SENTENCES) -> list[str]:
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
