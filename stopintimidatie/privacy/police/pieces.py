"""Pieces that an officer can mark as the police's: a whole note, text or file, never words in it.

What is marked is taken out of its tables and kept sealed, with all that puts it back as it was. So
no page, list, index or export needs to know that it is hidden. What a reporter wrote is no piece.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Date, Table, Uuid, delete, insert, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.models import Base, UtcDateTime
from stopintimidatie.core.storage.personal import Fragment, rows_of, texts
from stopintimidatie.core.text import date_text
from stopintimidatie.dossiers.actions.services import file_name
from stopintimidatie.dossiers.models import Dossier, DossierAttachment, DossierNote
from stopintimidatie.dossiers.page.personal import COLUMNS as DOSSIER_COLUMNS
from stopintimidatie.dossiers.services import readable_by
from stopintimidatie.privacy.transfer.rows import plain
from stopintimidatie.reports.attachments.services import NAMES, PURPOSE
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.personal import COLUMNS as REPORT_COLUMNS
from stopintimidatie.reports.services import fragment_of
from stopintimidatie.reports.vocabulary import Source

Document = Report | Dossier
EXCERPT: Final = 60
# A text of so many characters that stands in a history in the same words is a copy.
LONG: Final = 20
# A note and its line in the history are written in one transaction.
SAME: Final = timedelta(seconds=1)
# Rows that are taken whole, by table: how it is called, its texts, the line that says it was made.
WHOLE: Final = {
    "report_note": ("Notitie", "text", "notitie"),
    "dossier_note": ("Notitie", "text", ""),
    "dossier_attachment": ("Bestand", "about", "bijlage"),
    "dossier_agreement": ("Afspraak", "what result", "afspraak"),
    "dossier_measure": ("Maatregel", "what effect", "maatregel"),
}
_WORDS: Final = json.loads((files(__package__) / "pieces.json").read_text("utf-8"))
# Texts of officers that are taken out of their row, by table and column.
TEXTS: Final[Mapping[str, dict[str, str]]] = _WORDS["texts"]
# Words that an officer took down at the telephone or the counter.
TAKEN_DOWN: Final[dict[str, str]] = _WORDS["taken_down"]
BY_HAND: Final = (Source.PHONE, Source.COUNTER)
# Tables in which the same text stands once more, such as the history.
COPIES: Final = (
    *("report_move", "report_decision", "report_proposal"),
    *("dossier_move", "dossier_membership", "dossier_agreement"),
)
COLUMNS: Final[Mapping[str, Mapping[str, Any]]] = {**REPORT_COLUMNS, **DOSSIER_COLUMNS}
# Table and id.
Key = tuple[str, str]
Values = dict[str, Any]


@dataclass(frozen=True)
class Piece:
    """A note, text or file that can be marked: its row, the columns of its texts, its moment."""

    key: Key
    columns: tuple[str, ...]
    name: str
    texts: tuple[str, ...]
    at: datetime

    @property
    def code(self) -> str:
        """Return the value of the choice in a form."""
        return ".".join((self.key[0], self.columns[0], self.key[1]))

    @property
    def label(self) -> str:
        """Return the words of the choice in a form."""
        text = " ".join(" ".join(self.texts).split())
        return f"{self.name}: {text if len(text) <= EXCERPT else f'{text[:EXCERPT]}…'}"


def pieces_of(session: Session, row: Document, reader: UUID | None) -> list[Piece]:
    """Return what this person may mark of a document; the reasons in its history come last."""
    rows, mine = _rows_of(session, row), DossierNote.dossier_id == row.id
    readable = session.scalars(select(DossierNote.id).where(mine, readable_by(reader)))
    notes = {("dossier_note", str(number)) for number in readable}
    return [
        piece
        for table in (*WHOLE, *TEXTS)
        for key, values in rows.items()
        if key[0] == table and (table != "dossier_note" or key in notes)
        for piece in _pieces(key, values)
    ]


def _rows_of(session: Session, row: Document) -> dict[Key, Values]:
    """Return all rows of a document as JSON, the latest of each table first."""
    session.flush()
    known = REPORT_COLUMNS if isinstance(row, Report) else DOSSIER_COLUMNS
    rows: dict[Key, Values] = {}
    for name in known:
        condition = rows_of(name, row.__tablename__, row.id, known)
        if condition is not None:
            stored = session.execute(select(_table(name)).where(condition)).mappings()
            as_json = [{c: plain(value) for c, value in each.items()} for each in stored]
            as_json.sort(key=_when, reverse=True)
            rows |= {(name, values["id"]): values for values in as_json}
    return rows


def _table(name: str) -> Table:
    return Base.metadata.tables[name]


def _when(values: Mapping[str, Any]) -> str:
    names = ("at", "made_at", "asked_at", "received_at")
    return next((values[name] for name in names if name in values), "")


def _pieces(key: Key, values: Mapping[str, Any]) -> Iterator[Piece]:
    table = key[0]
    if table in WHOLE:
        word, columns, _ = WHOLE[table]
        file = table == "dossier_attachment"
        word = f"{NAMES.get(values['kind'], word)} {values['number']}" if file else word
        groups = {word: tuple(columns.split())}
    else:
        by_hand = TAKEN_DOWN if values.get("source") in BY_HAND else {}
        groups = {word: (name,) for name, word in (TEXTS[table] | by_hand).items()}
    # The words of reporters and partners stay in the history.
    if values.get("actor_kind", "gebruiker") == "gebruiker":
        for word, group in groups.items():
            if said := tuple(values[name] for name in group if values[name]):
                at = datetime.fromisoformat(_when(values))
                yield Piece(key, group, word + _signed(table, values), said, at)


def _signed(table: str, values: Mapping[str, Any]) -> str:
    """Return when and by whom a part of a document was written, behind its name."""
    if table in ("report", "dossier"):
        return ""
    names = ("actor_name", "author_name", "made_by", "by", "asked_by", "changed_by")
    who = next(values[name] for name in names if name in values)
    return f" van {date_text(datetime.fromisoformat(_when(values)))}, {who}"


# Taken out, and put back


def take(session: Session, keys: KeyRing, row: Document, piece: Piece) -> dict[str, Any]:
    """Take a piece out of a document, with its versions and copies; return what puts it back."""
    rows = _rows_of(session, row)
    gone = {key for key, values in rows.items() if _goes_along(piece, key, values)}
    older = [rows[key]["text"] for key in gone if key[0] == "dossier_text"]
    words = [text for text in dict.fromkeys((*piece.texts, *older)) if text.strip()]
    taken: dict[str, Any] = {"name": piece.name, "texts": words, "rows": []}
    for key, old in rows.items():
        table, left = _table(key[0]), None if key in gone else _left(piece, words, key, old)
        mine = table.c.id == UUID(key[1])
        if left is None:
            session.execute(delete(table).where(mine))
            taken["rows"].append([*key, old, None])
        elif changes := {name: left[name] for name in left if left[name] != old[name]}:
            session.execute(update(table).where(mine).values(changes | _next_version(table)))
            # A row that stays is kept no further than what changes.
            taken["rows"].append([*key, {name: old[name] for name in changes}, changes])
    if piece.key[0] == "dossier_attachment" and isinstance(row, Dossier):
        old = rows[piece.key]
        taken["file"] = file_name(row, DossierAttachment(**old))
        # Its key in clear, for the master keys change.
        old["key"] = keys.decrypt(PURPOSE, old["key"], old["id"])
    session.expire_all()
    return taken


def _goes_along(piece: Piece, key: Key, values: Mapping[str, Any]) -> bool:
    """Tell whether a row is the piece, or one that is nothing without it."""
    table, number = piece.key
    if table not in WHOLE:
        return table == "dossier" and values.get("field") == piece.columns[0]
    if number in (key[1], values.get("note_id"), values.get("agreement_id")):
        return True
    if values.get("name") != WHOLE[table][2]:
        return False
    if table == "dossier_agreement":
        return bool(values["values"].get("afspraak") == piece.texts[0])
    return abs(datetime.fromisoformat(values["at"]) - piece.at) <= SAME


def _left(
    piece: Piece, words: Sequence[str], key: Key, old: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return what stays of a row that isn't taken whole."""
    if key == piece.key:
        (name,) = piece.columns
        return {**old, name: None if _table(key[0]).c[name].nullable else ""}
    if key[0] not in COPIES:
        return old
    left = dict(old)
    for text in words:
        if len(text) >= LONG:
            left = Fragment(text, "", whole=True).taken_out_of(left)
    return left


def _next_version(table: Table) -> dict[str, Any]:
    """Return what makes a form outdated that somebody has open."""
    return {"version": table.c.version + 1} if "version" in table.c else {}


def restore(session: Session, keys: KeyRing, taken: Mapping[str, Any]) -> None:
    """Put back what was taken; what was written in its place meanwhile stays, behind it."""
    order = [table.name for table in Base.metadata.sorted_tables]
    for name, number, old, left in sorted(taken["rows"], key=lambda row: order.index(row[0])):
        table = _table(name)
        mine = table.c.id == UUID(number)
        if left is None:
            session.execute(insert(table).values(_values(session, keys, table, old)))
        elif now := session.execute(select(table).where(mine)).mappings().one_or_none():
            changed = [column for column in old if old[column] != left[column]]
            values = {column: _joined(old[column], now[column]) for column in changed}
            session.execute(update(table).where(mine).values(values | _next_version(table)))
    session.expire_all()


def _joined(old: Any, now: Any) -> Any:
    return f"{old}\n\n{now}" if isinstance(old, str) and now else old


def _values(session: Session, keys: KeyRing, table: Table, old: Mapping[str, Any]) -> Values:
    """Return the columns of a row from JSON; a number that was given out since becomes the next."""
    values = {name: _read(table.c[name].type, value) for name, value in old.items()}
    if "number" in old:
        same = [table.c[name] == values[name] for name in ("dossier_id", "field") if name in old]
        given = session.scalars(select(table.c.number).where(*same)).all()
        if old["number"] in given:
            values["number"] = max(given) + 1
    if table.name == "dossier_attachment":
        values["key"] = keys.encrypt(PURPOSE, old["key"], old["id"])
    return values


def _read(kind: Any, value: Any) -> Any:
    if isinstance(kind, UtcDateTime):
        return value and datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return value and date.fromisoformat(value)
    return UUID(value) if value and isinstance(kind, Uuid) else value


def attachment_of(session: Session, keys: KeyRing, taken: Mapping[str, Any]) -> DossierAttachment:
    """Return the row of a file that was taken, as reading its content needs it."""
    old = next(old for name, _, old, _ in taken["rows"] if name == "dossier_attachment")
    return DossierAttachment(**_values(session, keys, _table("dossier_attachment"), old))


def in_exports(taken: Mapping[str, Any]) -> list[Fragment]:
    """Return what tells that a frozen export holds it: its long lines, else the whole of it."""
    if name := taken.get("file"):
        return [Fragment(name)]
    lines = [line for text in taken["texts"] for line in text.splitlines()]
    long = [Fragment(line) for line in lines if len(line.strip()) >= LONG]
    return long or [fragment_of(text) for text in taken["texts"]]


def redact_taken(fragment: Fragment, taken: Mapping[str, Any]) -> dict[str, Any]:
    """Take words out of what waits, as they are taken out of its document meanwhile."""
    cut = fragment.taken_out_of
    rows = [
        [name, number, {**old, **{c: cut(old[c]) for c in texts(COLUMNS[name]) if c in old}}, left]
        for name, number, old, left in taken["rows"]
    ]
    return {**taken, "texts": cut(taken["texts"]), "rows": rows}
