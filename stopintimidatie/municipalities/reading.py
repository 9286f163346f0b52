"""Reading what counts now. Versions are never changed, so a process keeps what it read of them.

How many versions of an owner count already, and when the newest of them was made, tells whether
what is kept is still all. So one small question is asked each time, and a changed text counts at
once, in every process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Engine, Label, Select, bindparam, func, select
from sqlalchemy.orm import Session

from stopintimidatie.clock import utc_now
from stopintimidatie.municipalities.models import (
    MunicipalityLogo,
    MunicipalityQuestion,
    MunicipalitySetting,
)
from stopintimidatie.municipalities.published import (
    FROM_PROFILE,
    NOTHING,
    Contents,
    Part,
    Published,
)
from stopintimidatie.municipalities.questions import Question, question_of
from stopintimidatie.municipalities.services import profile_of
from stopintimidatie.storage.session import transaction
from stopintimidatie.storage.tenancy import NATIONAL

Stamp = tuple[int, datetime | None]
_kept: WeakKeyDictionary[Engine, dict[str, tuple[Stamp, Contents]]] = WeakKeyDictionary()


def published_for(session: Session, code: str | None) -> Published:
    """All that counts now for a municipality; for None: what the desk tells who isn't placed."""
    now = utc_now()
    row = session.execute(_stamps(), {"own": code or "", "now": now}).one()
    profile = profile_of(session, code) if code else None
    return Published(
        profile,
        _contents(session, code or "", stamp_of(row, "own"), now),
        _contents(session, NATIONAL, stamp_of(row, "national"), now),
    )


@cache
def _stamps() -> Select[Any]:
    """Kept: it is asked for every page."""
    now: Any = bindparam("now")
    return select(*counting(bindparam("own"), now, "own"), *counting(NATIONAL, now, "national"))


def counting(owner: Any, now: Any, name: str) -> tuple[Label[Any], ...]:
    """Columns that tell which versions of this owner count: asked along with something else."""
    versions = select(MunicipalitySetting).where(*_counting(owner, now))
    number = versions.with_only_columns(func.count())
    newest = versions.with_only_columns(func.max(MunicipalitySetting.recorded_at))
    return (
        number.scalar_subquery().label(f"{name}_number"),
        newest.scalar_subquery().label(f"{name}_newest"),
    )


def stamp_of(row: Any, name: str) -> Stamp:
    """What `counting` under this name found."""
    return getattr(row, f"{name}_number"), getattr(row, f"{name}_newest")


def kept_or_read(engine: Engine, owner: str, stamp: Stamp) -> Contents:
    """The same as `published_for` finds, for who asked for the stamp along with something else."""
    kept = _kept_for(engine, owner, stamp)
    if kept is not None:
        return kept
    with transaction(engine, write=False) as session:
        return _contents(session, owner, stamp, utc_now())


def _contents(session: Session, owner: str, stamp: Stamp, now: datetime) -> Contents:
    engine = session.get_bind().engine
    found = _kept_for(engine, owner, stamp)
    if found is None:
        found = _read(session, owner, now)
        _kept.setdefault(engine, {})[owner] = stamp, found
    return found


def _kept_for(engine: Engine, owner: str, stamp: Stamp) -> Contents | None:
    if stamp[0] == 0:
        return NOTHING
    known, contents = _kept.get(engine, {}).get(owner, (None, None))
    return contents if known == stamp else None


def _read(session: Session, owner: str, now: datetime) -> Contents:
    rows = session.scalars(
        select(MunicipalitySetting)
        .where(*_counting(owner, now))
        .order_by(MunicipalitySetting.effective_from, MunicipalitySetting.number)
    )
    parts = {row.part: row.content for row in rows}
    asked = parts.get(Part.QUESTIONS, {}).get("vragen", [])
    known = questions_by_id(session, asked)
    return Contents(parts, tuple(known[name] for name in asked if name in known))


def _counting(owner: Any, now: Any) -> tuple[ColumnElement[bool], ...]:
    return (
        MunicipalitySetting.owner == owner,
        MunicipalitySetting.effective_from <= now,
        MunicipalitySetting.withdrawn_at.is_(None),
    )


def questions_by_id(session: Session, ids: Iterable[str]) -> Mapping[str, Question]:
    """Questions by name, whoever asked them and however long ago."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = session.scalars(select(MunicipalityQuestion).where(MunicipalityQuestion.id.in_(wanted)))
    return {row.id: question_of(row.id, row.owner, row.content) for row in rows}


@dataclass(frozen=True)
class Logo:
    """A logo to be served or put in a document."""

    content: bytes
    media_type: str


def logo_of(session: Session, code: str, published: Published | None = None) -> Logo | None:
    """The logo that counts now."""
    sha256 = (published or published_for(session, code)).logo
    if sha256 == FROM_PROFILE:
        profile = profile_of(session, code)
        return Logo(profile.logo, profile.logo_type) if profile.logo and profile.logo_type else None
    row = session.get(MunicipalityLogo, (code, sha256)) if sha256 else None
    return None if row is None else Logo(row.content, row.media_type)
