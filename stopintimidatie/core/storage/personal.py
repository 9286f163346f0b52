"""The tables with personal data, and the ways to find, redact and erase it there.

Each room registers its tables with `config.add_personal_data_holder(PersonalDataHolder(...))`, so
that the privacy desk can serve a data subject without knowing any room. What a room does with each
column stands in its `columns`; an architecture test reads that, and fails on a text column that
nobody thought of. A table without personal data says why: `config.add_impersonal_table`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, False_, select, text
from sqlalchemy.orm import Session

from stopintimidatie.core.registry import Directive, of_kind
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.models import Base


class Treatment(StrEnum):
    """Treatment of a column of a table with personal data."""

    # Free text: a fragment can be replaced in it; erasing empties it.
    TEXT = "tekst"
    # Sealed or structured data of a person: erasing removes it, there is no text to redact.
    SEALED = "verzegeld"
    # The name of an employee, who acted in office: part of the account of what was done.
    STAFF = "medewerker"
    # Codes, hashes and ids: nothing that anybody typed.
    CODES = "codes"


def treated(
    *, text: str = "", sealed: str = "", staff: str = "", codes: str = ""
) -> dict[str, Treatment]:
    """Return the treatment of each column of a table; the names stand with spaces between them."""
    names = {
        Treatment.TEXT: text,
        Treatment.SEALED: sealed,
        Treatment.STAFF: staff,
        Treatment.CODES: codes,
    }
    return {name: how for how, columns in names.items() for name in columns.split()}


@dataclass(frozen=True)
class Subject:
    """Person that it is about, by what they can tell about themselves; never in a repr."""

    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    reference: str | None = None
    follow_code: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Fragment:
    """The words to be taken out of a text, wherever they stand, and what comes instead."""

    words: str = field(repr=False)
    replacement: str = "[onleesbaar gemaakt]"
    # Only where they aren't part of a longer word.
    whole_words: bool = False
    # Only where they are all that a text says.
    whole: bool = False

    def __post_init__(self) -> None:
        if not self.words.strip():
            raise ValueError("nothing to redact")

    def taken_out_of(self, value: Any) -> Any:
        """Return the same text, or JSON with texts in it, without the words."""
        if isinstance(value, str):
            if self.whole:
                return self.replacement if value.split() == self.words.split() else value
            return self._pattern().sub(lambda _: self.replacement, value)
        if isinstance(value, Mapping):
            return {name: self.taken_out_of(part) for name, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.taken_out_of(part) for part in value]
        return value

    def _pattern(self) -> re.Pattern[str]:
        """Return a pattern of the words in which white space may be other white space."""
        words = r"\s+".join(map(re.escape, self.words.split()))
        bounded = rf"(?<!\w){words}(?!\w)" if self.whole_words else words
        return re.compile(bounded, re.IGNORECASE)


Find = Callable[[Session, KeyRing, Subject], Sequence[UUID]]
Redact = Callable[[Session, KeyRing, UUID, Fragment], int]
Erase = Callable[[Session, UUID], None]


@dataclass(frozen=True)
class ErasureCount:
    """Account of what erasing a document takes away in a table.

    Columns with something, and rows.
    """

    table: str
    columns: tuple[str, ...]
    rows: int


SourceErased = Callable[[Session, KeyRing, str, UUID], int]
SourceRedacted = Callable[[Session, KeyRing, str, UUID, Fragment], int]
SourceTold = Callable[[Session, KeyRing, str, UUID], Sequence[ErasureCount]]


@dataclass(frozen=True)
class PersonalDataHolder:
    """The tables of a room around one kind of document.

    Args:
        find: the documents (of the transaction's holder) that are about a subject.
        redact: take words out of every text of a document; how many columns changed.
        erase: take everything out of a document that tells of a person. Reference, dates and where
            it went stay, for the account of what was done.
        source_erased: (…, kind, document): another room's document is about to be erased; destroy
            what was frozen of it here. How many copies.
        source_redacted: the same for words that are about to be taken out there.
        source_told: what `source_erased` would take away; changes nothing.
    """

    kind: str
    columns: Mapping[str, Mapping[str, Treatment]]
    find: Find
    redact: Redact
    erase: Erase
    source_erased: SourceErased = lambda *_: 0
    source_redacted: SourceRedacted = lambda *_: 0
    source_told: SourceTold = lambda *_: ()
    # It stands apart: nobody searches it but who may see it, in its own room.
    apart: bool = False


PERSONAL_DATA_HOLDERS: Final = Directive[str, PersonalDataHolder](
    "add_personal_data_holder", "personal_data_holders", of_kind
)
# Tables without any data subject's data, and why there is none.
IMPERSONAL_TABLES: Final = Directive[str, str]("add_impersonal_table", "impersonal_tables")


def personal_data_holders(registry: Any) -> Mapping[str, PersonalDataHolder]:
    """Return every holder by its kind of document."""
    return PERSONAL_DATA_HOLDERS.of(registry)


def erase_document(registry: Any, session: Session, kind: str, document: UUID) -> None:
    """Erase a document with every copy that was frozen of it.

    Copies go first: they are found by what the document still tells.
    """
    holders, keys = personal_data_holders(registry), registry.key_ring
    for holder in holders.values():
        holder.source_erased(session, keys, kind, document)
    holders[kind].erase(session, document)


def count_erasure(registry: Any, session: Session, kind: str, document: UUID) -> list[ErasureCount]:
    """Return what `erase_document` would take away, in every room's tables; change nothing."""
    holders, keys = personal_data_holders(registry), registry.key_ring
    own = holders[kind].columns
    counts = [
        count_filled(session, name, columns, condition)
        for name, columns in own.items()
        if (condition := rows_of(name, next(iter(own)), document, own)) is not None
    ]
    for holder in holders.values():
        counts += holder.source_told(session, keys, kind, document)
    return [count for count in counts if count.rows]


def ids_of_rows(registry: Any, session: Session, kind: str, document: UUID) -> list[UUID]:
    """Return the ids of the document and of every row that belongs to it, for tasks name these."""
    own = personal_data_holders(registry)[kind].columns
    ids: list[UUID] = []
    for name in own:
        table = Base.metadata.tables[name]
        condition = rows_of(name, next(iter(own)), document, own)
        if condition is not None and "id" in table.c:
            ids += session.scalars(select(table.c.id).where(condition))
    return ids


def count_filled(
    session: Session,
    table: str,
    columns: Mapping[str, Treatment],
    condition: ColumnElement[bool],
) -> ErasureCount:
    """Return which columns that erasing empties are filled in these rows, and in how many."""
    names = [n for n, how in columns.items() if how in (Treatment.TEXT, Treatment.SEALED)]
    wanted = Base.metadata.tables[table]
    if not names or isinstance(condition, False_):
        return ErasureCount(table, (), 0)
    rows = session.execute(select(*(wanted.c[name] for name in names)).where(condition)).all()
    held = [name for at, name in enumerate(names) if any(not _empty(row[at]) for row in rows)]
    number = sum(any(not _empty(value) for value in row) for row in rows)
    return ErasureCount(table, tuple(held), number)


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {}, b"")


def rows_of(
    name: str, root: str, document: UUID, known: Mapping[str, Any]
) -> ColumnElement[bool] | None:
    """Return the rows of a table that belong to a document, by its foreign keys; None: by none."""
    table = Base.metadata.tables[name]
    if name == root:
        return table.c.id == document
    links = [key for key in table.foreign_keys if key.column.name == "id"]
    for key in links:
        if key.column.table.name == root:
            return key.parent == document
    for key in links:
        parent = key.column.table
        if parent.name in known and parent.name != name:
            inner = rows_of(parent.name, root, document, known)
            if inner is not None:
                return key.parent.in_(select(parent.c.id).where(inner))
    return None


def texts(columns: Mapping[str, Treatment]) -> list[str]:
    """Return the columns that can be redacted."""
    return [name for name, treatment in columns.items() if treatment is Treatment.TEXT]


def redact_rows(
    session: Session,
    entity: Any,
    condition: ColumnElement[bool],
    columns: Mapping[str, Treatment],
    fragment: Fragment,
) -> int:
    """Take the words out of the text columns of these rows; how many changed."""
    changed = 0
    for row in session.scalars(select(entity).where(condition)):
        for name in texts(columns):
            before = getattr(row, name)
            after = fragment.taken_out_of(before)
            if after != before:
                setattr(row, name, after)
                changed += 1
    session.flush()
    return changed


def empty_rows(
    session: Session,
    entity: Any,
    condition: ColumnElement[bool],
    columns: Mapping[str, Treatment],
) -> None:
    """Empty what tells of a person in these rows; a column that may not be null becomes empty."""
    table = entity.__table__
    for row in session.scalars(select(entity).where(condition)):
        for name, treatment in columns.items():
            if treatment in (Treatment.TEXT, Treatment.SEALED):
                setattr(row, name, _nothing(table.columns[name], getattr(row, name)))
    session.flush()


def _nothing(column: Any, value: Any) -> Any:
    if column.nullable:
        return None
    return type(value)()


def find_nothing(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Find no documents, for tables without an address or number of a person."""
    return []


def redact_nothing(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    """Change no document, for tables without a text to take words out of."""
    return 0


def holder_of_rows(
    kind: str, entity: Any, columns: Mapping[str, Treatment], find: Find = find_nothing
) -> PersonalDataHolder:
    """Return the holder of a table whose rows are the documents, treated by column alone."""

    def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
        return redact_rows(session, entity, entity.id == document, columns, fragment)

    def erase(session: Session, document: UUID) -> None:
        empty_rows(session, entity, entity.id == document, columns)

    return PersonalDataHolder(kind, {entity.__tablename__: columns}, find, redact, erase)


_TYPE: Final = text(
    "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
    " WHERE attrelid = CAST(:table AS regclass) AND attname = :column"
)


def keep_no_statistics(op: Any, table: str, *columns: str) -> None:
    """Let PostgreSQL keep no samples of these columns (in a migration).

    Its statistics hold values of rows, so words of a row that was destroyed long ago would stay in
    them until somebody analyses the table anew. SQLite keeps none of ours (`tell_planner`).
    """
    if op.get_bind().dialect.name != "postgresql":
        return
    for column in columns:
        # The same type again: that alone makes PostgreSQL forget what it sampled before.
        kind = op.get_bind().scalar(_TYPE, {"table": table, "column": column})
        op.execute(f'ALTER TABLE {table} ALTER COLUMN "{column}" TYPE {kind}')
        op.execute(f'ALTER TABLE {table} ALTER COLUMN "{column}" SET STATISTICS 0')


# Grounds to erase: article 17(1) AVG, letter by letter, in words that stay in the history. Others
# are the references of requests of data subjects.
ERASURE_GROUNDS: Final[Mapping[str, str]] = {
    "doel": "de gegevens zijn niet meer nodig voor het doel (art. 17 lid 1 a)",
    "toestemming": "de toestemming is ingetrokken (art. 17 lid 1 b)",
    "bezwaar": "bezwaar, en het belang van de betrokkene gaat voor (art. 17 lid 1 c)",
    "onrechtmatig": "de gegevens zijn onrechtmatig verwerkt (art. 17 lid 1 d)",
    "wet": "de wet verplicht tot wissen (art. 17 lid 1 e)",
    "kind": "gegevens van een kind, verzameld via een app of website (art. 17 lid 1 f)",
}


def ground_words(ground: str) -> str:
    """Say a ground to erase: a code, or the reference of a request."""
    return ERASURE_GROUNDS.get(ground) or f"verzoek {ground} van een betrokkene (art. 17 AVG)"
