"""The tables behind walls, and a row for each."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import uuid4

from sqlalchemy import Table

from stopintimidatie import import_models
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.models import Base, Held, Passed, UtcDateTime
from stopintimidatie.core.text import local

POWERS = (
    "SELECT current_user, rolsuper OR rolbypassrls, EXISTS (SELECT FROM pg_class WHERE relowner ="
    " r.oid) FROM pg_roles r WHERE rolname = current_user"
)


_numbers = count(1)


def tables_with(mixin: type) -> dict[str, Table]:
    import_models()
    return {
        str(mapper.local_table.name): mapper.local_table  # type: ignore[attr-defined,misc]
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, mixin)
    }


HELD = tables_with(Held)


PASSED = tables_with(Passed)


WALLED = sorted({**HELD, **PASSED})


def row_of(table: Table, holder: str) -> dict[str, Any]:
    """Any row of a holder."""
    owners = {"holder": holder, "giver": NATIONAL, "receiver": holder, "neighbourhood_code": "WK0"}
    # Checked to be a percentage; all other numbers differ, for some may not occur twice.
    chosen: dict[str, Any] = owners | {"progress": 1}
    # Read by parts.
    chosen |= {"quarter": f"{1000 + next(_numbers) % 9000}-1", "tables": {"totaal": 5}}
    values = {
        column.name: _any_value(column.type)
        for column in table.columns
        if not column.nullable and column.server_default is None
    }
    return values | {name: value for name, value in chosen.items() if name in table.columns}


def _any_value(kind: Any) -> Any:
    name = kind.__visit_name__
    if isinstance(kind, UtcDateTime) or name == "datetime":
        return utc_now()
    if name.lower() == "uuid":
        return uuid4()
    if name == "date":
        return local(utc_now()).date()
    number = next(_numbers)
    if name == "string":
        return str(number).rjust(kind.length or 9, "x")[-9:]
    plain = {"text": "x", "integer": number, "big_integer": number, "boolean": False}
    more = {"JSON": {}, "ARRAY": [], "TSVECTOR": "", "large_binary": b"x", "float": 1.0}
    more["double"] = 1.0
    return {**plain, **more}[name]


def mine(name: str, holder: str) -> str:
    """SQL: this row is (also) of this holder."""
    if name in PASSED:
        return f"(giver = '{holder}' OR receiver = '{holder}')"
    return f"holder = '{holder}'"
