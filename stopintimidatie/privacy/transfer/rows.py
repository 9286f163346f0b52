"""Rows of the database in open formats: JSON per document, CSV per table.

A column of a report has the Dutch name of the message that it came in (`reports/fields.py`), where
the message has it; any other the name of its column. Keys, hashes of secrets and frozen blobs stay
out; in the package of a dossier what is sealed and contact data too. Of a withdrawn report, whose
content nobody reads, it only says that it was there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, LargeBinary, Table, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.storage.encryption import SEALED_TABLES, DecryptionError, Sealed
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.personal import personal_data_holders, rows_of
from stopintimidatie.core.web.responses import csv_lines
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.reports.fields import BY_COLUMN, FIELDS
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.workflow import ReportState

# The table that the document itself stands in, and the kinds whose tables belong to it.
ROOTS: Final = {REPORT: "report", DOSSIER: "dossier"}
_KINDS: Final = {
    REPORT: (REPORT, "nagekeken"),
    DOSSIER: (DOSSIER, "uitvoer", "partner_antwoord", "correctie"),
}
# Tables that hold nothing but keys and what those open.
KEYS: Final = frozenset(
    {
        *("attachment_part", "consultation_blob", "consultation_key", "export_blob", "export_key"),
        *("subject_copy_blob", "subject_copy_key"),
    }
)
# Tables with contact data, in columns that are encrypted.
CONTACT: Final = frozenset(
    {"report_contact", "partner_contact", "partner_answer", "pickup", "forwarding_agreement"}
)
# Sealed columns with a key or a secret, which are never opened.
SEALED_KEYS: Final = frozenset({"key", "sealed", "secret", "client_secret"})
# Columns that prove who somebody is, or by which something is looked up.
SECRET: Final = frozenset(
    {"follow_code_hash", "phone_index", "email_index", "code_hash", "token_hash", "secret_hash"}
)
# Texts that somebody looked at for recipients, by hash: no part of what happened.
ASIDE: Final = {"dossier": frozenset({"looked_at"})}
# The columns of a withdrawn report that say it was there.
BARE: Final = ("id", "holder", "reference", "state", "received_at", "ended_at", "ended_reason")
# The most rows of a table that are fetched at once.
AT_ONCE: Final = 500
_TIMES: Final = ("at", "made_at", "received_at", "requested_at", "joined_at", "number", "serial")
_INNER: Final = {
    (way[-2], declared.attribute.rpartition(".")[2]): way[-1]
    for declared in FIELDS
    if len(way := declared.way) == 3
}


class Rows:
    """Reader of the rows of a holder, in a transaction of that holder.

    `whole`: contact data is in it, and sealed columns are opened; else these stay out.
    """

    def __init__(self, session: Session, registry: Any, *, whole: bool = False) -> None:
        self._session = session
        self._keys = registry.key_ring
        self._sealed: Mapping[str, Sealed] = SEALED_TABLES.of(registry)
        self._whole = whole
        holders = personal_data_holders(registry)
        self._tables = {
            kind: [name for own in kinds for name in holders[own].columns if name not in KEYS]
            for kind, kinds in _KINDS.items()
        }

    def of_table(self, name: str, condition: ColumnElement[bool]) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table that meet a condition, the oldest first.

        They are fetched some at a time, so that a large table needn't be in memory.
        """
        table = Base.metadata.tables[name]
        withdrawn = select(Report.id).where(Report.state == ReportState.WITHDRAWN)
        if name in self._tables[REPORT] and "report_id" in table.c:
            condition &= table.c.report_id.not_in(withdrawn)
        if "taken" in table.c:
            # A text that was marked in a withdrawn report is a part of its content.
            condition &= or_(table.c.taken.is_(None), table.c.document_id.not_in(withdrawn))
        order = [table.c[column] for column in _TIMES if column in table.c]
        rows = self._session.execute(
            select(table).where(condition).order_by(*order, *table.primary_key),
            execution_options={"yield_per": AT_ONCE},
        ).mappings()
        for row in rows:
            yield self._row(table, row)

    def _row(self, table: Table, row: Mapping[Any, Any]) -> dict[str, Any]:
        name = table.name
        sealed = self._sealed.get(name)
        hidden = frozenset(sealed.columns) if sealed is not None else frozenset()
        aside = SECRET | hidden | ASIDE.get(name, frozenset())
        kept = {
            column.name: plain(row[column.name])
            for column in table.columns
            if column.name not in aside and not isinstance(column.type, LargeBinary)
        }
        if sealed is not None and self._whole:
            opened = hidden - SEALED_KEYS
            kept |= {column: self._in_clear(sealed, column, row) for column in sorted(opened)}
        if _shut(name, row):
            # The columns of a table are the same in each row.
            return {column: kept[column] if column in BARE else None for column in kept}
        return kept

    def _in_clear(self, sealed: Sealed, column: str, row: Mapping[Any, Any]) -> str | None:
        if row[column] is None:
            return None
        try:
            bound_to = str(row[sealed.bound_to])
            text: str = self._keys.decrypt(sealed.purpose, row[column], bound_to)
            return _without_secrets(text) if column == "taken" else text
        except DecryptionError:
            # The key is gone: the text as well.
            return None

    def of_document(self, kind: str, document: UUID) -> dict[str, Any]:
        """Return a report or dossier with everything that belongs to it."""
        root, known = ROOTS[kind], dict.fromkeys(self._tables[kind])
        own: dict[str, Any] = {}
        parts: dict[str, Any] = {}
        for name in known:
            condition = rows_of(name, root, document, known)
            if condition is None or (name in CONTACT and not self._whole):
                continue
            rows = list(self.of_table(name, condition))
            if name == root:
                own = rows[0]
                if _shut(name, own):
                    return {"soort": kind, kind: {column: own[column] for column in BARE}}
            elif rows:
                parts[name] = rows
        if kind == REPORT:
            forms = sorted(row["code"] for row in parts.get("report_form", []))
            own = in_dutch(own) | {"vormen": forms}
        return {"soort": kind, kind: own, **parts}


def _without_secrets(text: str) -> str:
    """Leave secrets and keys out of rows that are kept as JSON."""

    def public(part: dict[str, Any]) -> dict[str, Any]:
        return {name: part[name] for name in part if name not in SECRET | SEALED_KEYS}

    return json.dumps(json.loads(text, object_hook=public), ensure_ascii=False)


def _shut(name: str, row: Mapping[Any, Any]) -> bool:
    return name == ROOTS[REPORT] and row["state"] == ReportState.WITHDRAWN


def in_dutch(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a report as the message that it came in, and the other columns after it."""
    message: dict[str, Any] = {}
    for column, value in row.items():
        declared = BY_COLUMN.get(column)
        if declared is None or not declared.name:
            message[column] = value
            continue
        *ways, last = declared.way
        place = message
        for way in ways:
            place = place.setdefault(way, {})
        if isinstance(value, Mapping):
            value = {_INNER.get((last, name), name): part for name, part in value.items()}
        place[last] = value
    return message


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it; moments are in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value


def as_json(value: Any) -> bytes:
    """Write JSON that a person can read too."""
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


def as_csv(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Write rows as CSV with the names of their columns; a list or object in it is JSON."""
    rest = iter(rows)
    first = next(rest, None)
    if first is None:
        return
    columns = list(first)
    cells = ([_cell(row[name]) for name in columns] for row in chain([first], rest))
    yield from csv_lines(columns, cells)


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
