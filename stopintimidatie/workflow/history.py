"""One line of a document's history: who made which step when, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.audit import Actor
from stopintimidatie.clock import utc_now


class HistoryLine:
    """Columns of a history table; the table adds its document. `values` holds codes and answers."""

    at: Mapped[datetime] = mapped_column(default=utc_now)
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str | None] = mapped_column(String(64))
    actor_name: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(40))
    from_state: Mapped[str | None] = mapped_column(String(30))
    to_state: Mapped[str] = mapped_column(String(30))
    reason: Mapped[str | None] = mapped_column(Text)
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)


def line(
    actor: Actor,
    name: str,
    before: str | None,
    after: str,
    values: Mapping[str, Any],
    at: datetime | None = None,
) -> dict[str, Any]:
    """The values of the columns; the answer `reden` is the reason, the others are kept plain."""
    return {
        "at": at or utc_now(),
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "name": name,
        "from_state": before,
        "to_state": after,
        "reason": values.get("reden") or None,
        "values": {key: plain(value) for key, value in values.items() if key != "reden" and value},
    }


def plain(value: Any) -> Any:
    """As it is kept in JSON."""
    if isinstance(value, list | tuple | set | frozenset):
        return [str(item) for item in value]
    return str(value)
