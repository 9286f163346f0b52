"""Rows by table, stored in few statements; reports as columns; the shares of an order.

Rows are stored as the application's own role. PostgreSQL takes a whole batch of a table as one JSON
text: one parameter, so no statement with thousands of them to read, and, unlike COPY, allowed under
row-level security.

The app's message becomes columns without the checks of the intake: the generator knows its own
messages, and checking a million of them takes longer than storing them. A test holds that the
intake would have stored the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Table, insert, text
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import AuditEvent, AuditSubject
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.tree.models import Redirect, Reference
from stopintimidatie.dossiers.models import (
    Dossier,
    DossierAgreement,
    DossierMembership,
    DossierMove,
    DossierNote,
)
from stopintimidatie.reports.fields import BY_COLUMN, BY_NAME, Field
from stopintimidatie.reports.models import (
    Report,
    ReportContact,
    ReporterMessage,
    ReportForm,
    ReportMove,
)

# Parents before children.
ORDER: Final[tuple[type[Base], ...]] = (
    Reference,
    Report,
    ReportForm,
    ReportContact,
    ReportMove,
    ReporterMessage,
    Dossier,
    DossierMove,
    DossierNote,
    DossierAgreement,
    DossierMembership,
    Redirect,
    AuditEvent,
    AuditSubject,
)


class Rows:
    """The rows of one batch. All rows of a table have the same columns."""

    def __init__(self) -> None:
        self._rows: dict[type[Base], list[dict[str, Any]]] = {model: [] for model in ORDER}

    def add(self, model: type[Base], **values: Any) -> None:
        self._rows[model].append(values)

    def of(self, model: type[Base]) -> Sequence[Mapping[str, Any]]:
        return self._rows[model]

    def store(self, session: Session) -> None:
        """Write everything, in the session's transaction, for the holder it has entered."""
        for model, rows in self._rows.items():
            if rows:
                table = model.__table__
                assert isinstance(table, Table)  # noqa: S101 - each model here is a plain table
                _store(session, table, rows)


def _store(session: Session, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), rows)
        return
    names = ", ".join(f'"{name}"' for name in rows[0])
    # Names of our own tables and columns; the values are one parameter.
    statement = (
        f'INSERT INTO "{table.name}" ({names}) SELECT {names}'  # noqa: S608
        f' FROM json_populate_recordset(NULL::"{table.name}", CAST(:rows AS json))'
    )
    connection.execute(text(statement), {"rows": json.dumps(rows, default=str)})


# From the app's message to the columns of a report

Body = Mapping[str, Any]
# The message knows no campaign, and own answers aren't columns yet.
_FIELDS: Final = {
    column: one for column, one in BY_COLUMN.items() if one.name and column != "own_answers"
}
# Of a column that holds several fields: what each is called in the message, and there.
_PARTS: Final = {
    way: [
        (one.way[-1], one.attribute.rpartition(".")[2])
        for one in BY_NAME.values()
        if one.way[:-1] == way.split(".")
    ]
    for way in ("locatie.adres", "locatie.ov")
}


def said(body: Body) -> dict[str, Any]:
    """Return everything the reporter said that is kept with the report itself."""
    return {column: _kept(one, _found(body, one.way)) for column, one in _FIELDS.items()}


def _found(body: Body, way: list[str]) -> Any:
    found: Any = body
    for name in way:
        found = (found or {}).get(name)
    return found


def _kept(one: Field, value: Any) -> Any:
    if value is None:
        return None
    if one.kind is datetime:
        return datetime.fromisoformat(value).astimezone(UTC)
    if one.name in _PARTS:
        return {attribute: value[name] for name, attribute in _PARTS[one.name] if name in value}
    return value


# Who gets how many reports, in which batches. Pure: the same for one order and register.

BATCH: Final = 500
# Told without a place on the map, or at sea: these always reach the desk.
UNPLACED_SHARE: Final = 0.005


@dataclass(frozen=True)
class Share:
    """The part of one municipality (None: nowhere), and the serial number of its first report."""

    municipality: str | None
    holder: str
    count: int
    first: int


@dataclass(frozen=True)
class Batch:
    """Some reports of one share, made and stored together."""

    share: Share
    number: int
    count: int
    first: int

    @property
    def name(self) -> str:
        """What its seed is made of."""
        return f"{self.share.municipality or 'nergens'}/{self.number}"


def divide(
    total: int, weights: Mapping[str, float], connected: int, fixed: Mapping[str, int]
) -> list[Share]:
    """Spread reports over municipalities by weight.

    :param connected: so many municipalities hold their own reports: those with a fixed number,
        then the heaviest. The desk holds those of all others.
    :param fixed: municipalities with a number of their own, taken from the total first.
    """
    unplaced = min(round(total * UNPLACED_SHARE), total - sum(fixed.values()))
    loose = {code: weight for code, weight in weights.items() if code not in fixed}
    counts = dict(fixed) | _largest_remainder(total - unplaced - sum(fixed.values()), loose)
    heaviest = sorted(weights, key=lambda code: (code not in fixed, -weights[code], code))
    holders = set(heaviest[:connected])
    shares: list[Share] = []
    first = 0
    for code in sorted(counts):
        holder = code if code in holders else NATIONAL
        shares.append(Share(code, holder, counts[code], first))
        first += counts[code]
    return [share for share in (*shares, Share(None, NATIONAL, unplaced, first)) if share.count]


def _largest_remainder(total: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Return whole numbers that follow the weights and add up."""
    whole = sum(weights.values())
    exact = {code: total * weight / whole for code, weight in weights.items()}
    counts = {code: int(number) for code, number in exact.items()}
    left = total - sum(counts.values())
    for code in sorted(exact, key=lambda code: (counts[code] - exact[code], code))[:left]:
        counts[code] += 1
    return counts


def batches(share: Share) -> Iterator[Batch]:
    """Yield the share in pieces of at most `BATCH` reports."""
    for number, start in enumerate(range(0, share.count, BATCH)):
        yield Batch(share, number, min(BATCH, share.count - start), share.first + start)


def heaviest_first(shares: Sequence[Share]) -> list[Share]:
    """Sort shares in the order that keeps several processes busy to the end."""
    return sorted(shares, key=lambda share: (-share.count, share.first))


@dataclass(frozen=True)
class Numbering:
    """The references of one order: different for each report by construction."""

    multiplier: int
    offset: int

    @classmethod
    def of(cls, name: str) -> Numbering:
        """Return the numbering that belongs to the name of an order."""
        digest = hashlib.sha256(name.encode()).digest()
        odd = int.from_bytes(digest[:8], "big") | 1
        return cls(odd, int.from_bytes(digest[8:16], "big"))

    def scattered(self, serial: int, space: int) -> int:
        """Return a number below `space` (a power of two): every serial gets another one."""
        return (serial * self.multiplier + self.offset) % space
