"""Changing keys: what is encrypted with an old version is rewritten with the current one.

Rooms tell which columns they seal (`config.add_sealed`); the command `sleutels herversleutelen`
walks through all of them, holder by holder, some rows at a time, while the product runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.registry import Directive, named
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.models import Held

BATCH: Final = 200


@dataclass(frozen=True)
class Sealed:
    """Columns of a table that hold what `KeyRing.encrypt` made.

    :param bound_to: the attribute whose value the encryption is bound to.
    :param also: (row, keys, the texts in clear) -> None, for what else depends on the key.
    """

    entity: type[Any]
    purpose: str
    columns: tuple[str, ...]
    bound_to: str
    also: Callable[[Any, KeyRing, Mapping[str, str]], None] | None = None

    @property
    def held(self) -> bool:
        """Whether each holder has rows of its own; else the national desk sees them all."""
        return issubclass(self.entity, Held)

    @property
    def name(self) -> str:
        return str(self.entity.__tablename__)


SEALED_TABLES: Final = Directive[str, Sealed]("add_sealed", "sealed_tables", named)


def _old(sealed: Sealed, current: int) -> ColumnElement[bool]:
    columns = [getattr(sealed.entity, name) for name in sealed.columns]
    return or_(*(and_(c.is_not(None), not_(c.startswith(f"{current}:"))) for c in columns))


def reseal_some(session: Session, keys: KeyRing, sealed: Sealed) -> int:
    """Rewrite some rows that this transaction sees; 0 when there is nothing left to do.

    :raises DecryptionError: a row needs a version that the key file doesn't have.
    """
    rows = session.scalars(
        select(sealed.entity)
        .where(_old(sealed, keys.current))
        .order_by(sealed.entity.id)
        .limit(BATCH)
        .with_for_update()
    ).all()
    for row in rows:
        _reseal(row, keys, sealed)
    session.flush()
    return len(rows)


def _reseal(row: Any, keys: KeyRing, sealed: Sealed) -> None:
    context = str(getattr(row, sealed.bound_to))
    clear = {
        name: keys.decrypt(sealed.purpose, getattr(row, name), context)
        for name in sealed.columns
        if getattr(row, name) is not None
    }
    for name, text in clear.items():
        setattr(row, name, keys.encrypt(sealed.purpose, text, context))
    if sealed.also is not None:
        sealed.also(row, keys, clear)


def count_sealed(session: Session, sealed: Sealed, version: int) -> int:
    """How many rows need this version, as far as this transaction sees."""
    columns = (getattr(sealed.entity, name) for name in sealed.columns)
    needs = or_(*(column.startswith(f"{version}:") for column in columns))
    return session.scalar(select(func.count()).select_from(sealed.entity).where(needs)) or 0
