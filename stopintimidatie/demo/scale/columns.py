"""From the app's message to the columns of a report, without the checks of the intake.

The generator knows its own messages; checking a million of them takes longer than storing them.
A test holds that the intake would have stored the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from stopintimidatie.reports.fields import BY_COLUMN, BY_NAME, Field

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
    """Everything the reporter said that is kept with the report itself."""
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
