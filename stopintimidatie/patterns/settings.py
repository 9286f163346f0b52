"""What a municipality set for the search, and changing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.patterns.models import PatternSetting
from stopintimidatie.patterns.vocabulary import Choice

FIELDS: Final = ("enabled", "window_days", "radius_m", "least", "certainty", "quiet_days")


class StaleSettingError(Exception):
    """Somebody else changed it since this person saw it."""


def row_of(session: Session, holder: str) -> PatternSetting | None:
    return session.scalars(
        select(PatternSetting).where(PatternSetting.holder == holder)
    ).one_or_none()


def choice_of(session: Session, holder: str) -> Choice:
    """How this municipality has its reports searched."""
    row = row_of(session, holder)
    if row is None:
        return Choice()
    return Choice(**{name: getattr(row, name) for name in FIELDS})


def version_of(session: Session, holder: str) -> int:
    row = row_of(session, holder)
    return 0 if row is None else row.version


def change_settings(
    session: Session, holder: str, values: Mapping[str, Any], version: int, actor: Actor
) -> list[str]:
    """Change what is set; the names of what differs.

    :raises StaleSettingError: somebody else was first.
    """
    row = row_of(session, holder)
    if row is not None:
        session.refresh(row, with_for_update=True)
    if version != (0 if row is None else row.version):
        raise StaleSettingError
    before = choice_of(session, holder)
    fields = [name for name in FIELDS if values[name] != getattr(before, name)]
    if not fields:
        return []
    row = row or _made(session, holder, before)
    for name in fields:
        setattr(row, name, values[name])
    session.flush()
    record(session, actor, "patroon.instelling", holder, "gemeente", [], fields=fields)
    return fields


def note_searched(session: Session, holder: str, choice: Choice) -> None:
    """Remember when the last search was."""
    row = row_of(session, holder) or _made(session, holder, choice)
    row.searched_at = utc_now()


def _made(session: Session, holder: str, choice: Choice) -> PatternSetting:
    row = PatternSetting(holder=holder, **{name: getattr(choice, name) for name in FIELDS})
    session.add(row)
    return row
