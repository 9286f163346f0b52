"""The town register: edited in place, imported from a file after a preview, exported."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import colander
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.desk.agreements.forms import register_schema
from stopintimidatie.desk.agreements.rules import COLUMNS
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.names import slugify
from stopintimidatie.municipalities.areas.queries import all_municipalities
from stopintimidatie.municipalities.levels.services import AUDIT_KIND
from stopintimidatie.municipalities.settings.models import TownRegister

REFUSED: Final = "geweigerd"
NOTHING: Final = TownRegister()


@dataclass(frozen=True)
class Line:
    """A line of the file: a new or changed row, or one that is refused.

    `changes`: the head of each changed column, with what stood there and what will; of a refused
    line the head, what was written and why that can't be.
    """

    number: int
    town: str
    outcome: str
    changes: Sequence[tuple[str, str, str]]
    code: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


def values_of(row: TownRegister | None) -> dict[str, Any]:
    """Return a row by the names of the form's controls, which are the heads of the file."""
    return {name: getattr(row or NOTHING, column) for name, column in COLUMNS.items()}


def store(session: Session, rows: Mapping[str, Mapping[str, Any]], actor: Actor) -> None:
    """Store what is known of municipalities, by their code; a number that was wrong is forgotten.

    `rows`: the values by the names of the form's controls.
    """
    known = {row.code: row for row in session.scalars(select(TownRegister))}
    for code, values in rows.items():
        row = known.get(code) or TownRegister(code=code)
        edited = row.telephone, values["telefoon"]
        row.wrong = [phone for phone in row.wrong or () if phone not in edited]
        for name, column in COLUMNS.items():
            setattr(row, column, values[name])
        session.add(row)
    record(session, actor, "gemeente.nummers", NATIONAL, AUDIT_KIND, fields=sorted(rows))


def export_rows(session: Session) -> Iterable[list[Any]]:
    """Yield the lines of the file: every municipality, also those of which nothing is known."""
    known = {row.code: row for row in session.scalars(select(TownRegister))}
    for town in all_municipalities(session):
        yield [town.name, *values_of(known.get(town.code)).values()]


def preview(session: Session, rows: Sequence[Mapping[str, str]]) -> list[Line]:
    """Return what becomes of each line of a file that says something; nothing is written.

    A municipality with nothing behind its name, as in the export, stays as it is.
    """
    every = all_municipalities(session)
    towns = {slugify(name): town for town in every for name in (town.name, town.code)}
    known = {row.code: row for row in session.scalars(select(TownRegister))}
    schema = register_schema([town.name for town in every])
    named = [
        (number, row, towns.get(slugify(row.get("gemeente", ""))))
        for number, row in enumerate(rows, 2)
        if not row or any(row[column] for column in COLUMNS)
    ]
    often = Counter(town for _, _, town in named)
    return [_line(number, row, town, often[town], known, schema) for number, row, town in named]


def _line(
    number: int,
    row: Mapping[str, str],
    town: Municipality | None,
    often: int,
    known: Mapping[str, TownRegister],
    schema: Any,
) -> Line:
    if not row:
        wrong = {"gemeente": "Deze regel heeft meer of minder kolommen dan de eerste regel."}
    elif town is None:
        wrong = {"gemeente": "Deze gemeente kennen wij niet."}
    elif often > 1:
        wrong = {"gemeente": "Deze gemeente staat vaker in het bestand. Laat één regel staan."}
    else:
        try:
            values = schema.deserialize({column: row[column] for column in COLUMNS})
        except colander.Invalid as error:
            wrong = error.asdict()
        else:
            present = known.get(town.code)
            changes = [
                (name, str(before or ""), str(values[name] or ""))
                for name, before in values_of(present).items()
                if before != values[name]
            ]
            outcome = "gewijzigd" if present else "nieuw"
            return Line(number, town.name, outcome, changes, town.code, values)
    why = {name: "Vul dit in." if text == "Required" else text for name, text in wrong.items()}
    refused = [(name, row.get(name, "")[:100], text) for name, text in why.items()]
    return Line(number, row.get("gemeente", "")[:100], REFUSED, refused)


def seal_of(lines: Sequence[Line]) -> str:
    """Return a hash of what a preview says, so that nothing else is written than was shown."""
    return hashlib.sha256(repr(lines).encode()).hexdigest()
