"""Versions of the summary and the assessment: who wrote what when, and how two differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.clock import utc_now
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.work_models import DossierText

VERSIONED: Final = ("summary", "assessment")
# Words with the white space after them, so that the pieces together are the text.
_WORDS: Final = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True)
class Piece:
    """Some words: `gelijk`, `erbij` or `weg`."""

    kind: str
    text: str


def difference(old: str, new: str) -> list[Piece]:
    """Word by word what went and what came, in the order of reading. Pure."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    return list(_pieces(before, after))


def _pieces(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            yield Piece("gelijk", "".join(before[a:b]))
            continue
        if a != b:
            yield Piece("weg", "".join(before[a:b]))
        if c != d:
            yield Piece("erbij", "".join(after[c:d]))


def begin_versions(session: Session, dossier: Dossier, actor: Actor, at: datetime) -> None:
    """The first version of what a new dossier says."""
    for field in VERSIONED:
        if getattr(dossier, field):
            _add(session, dossier, field, getattr(dossier, field), actor.id, actor.name, at)


def keep_version(
    session: Session, dossier: Dossier, field: str, before: str | None, actor: Actor
) -> None:
    """The text that a field has from now on. What stood there before versions were kept is one."""
    if before and not versions(session, dossier, field):
        _add(session, dossier, field, before, None, dossier.changed_by, dossier.made_at)
    now = getattr(dossier, field) or ""
    _add(session, dossier, field, now, actor.id, actor.name, utc_now())


def _add(
    session: Session,
    dossier: Dossier,
    field: str,
    text: str,
    author_id: str | None,
    author_name: str,
    at: datetime,
) -> None:
    last = select(func.max(DossierText.number)).where(
        DossierText.dossier_id == dossier.id, DossierText.field == field
    )
    session.add(
        DossierText(
            holder=dossier.holder,
            dossier_id=dossier.id,
            field=field,
            number=(session.scalar(last) or 0) + 1,
            text=text,
            at=at,
            author_id=author_id,
            author_name=author_name,
        )
    )
    session.flush()


def versions(session: Session, dossier: Dossier, field: str) -> Sequence[DossierText]:
    """The newest first."""
    return session.scalars(
        select(DossierText)
        .where(DossierText.dossier_id == dossier.id, DossierText.field == field)
        .order_by(DossierText.number.desc())
    ).all()
