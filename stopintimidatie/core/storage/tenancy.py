"""One transaction works for one holder. Nothing set means nothing seen, and nothing written.

The ORM adds the holder to every SELECT, UPDATE and DELETE on a held table, and a flush refuses a
row of another holder. PostgreSQL also gets the holder as a setting of the transaction, for the
row-level security that stands on it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import event, false, inspect, or_, text
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, with_loader_criteria

from stopintimidatie.core.storage.models import Held, Passed

NATIONAL: Final = "landelijk"
# PostgreSQL's setting of the holder, for the time of a transaction.
HOLDER_SETTING: Final = "stopintimidatie.holder"
# Tables without the wall, each with its reason; the catalogue test reads this list.
OPEN_TABLES: Final[dict[str, str]] = {
    "holder": "the list of holders itself",
}
_KEY: Final = "stopintimidatie.holder"


class TenancyError(Exception):
    """A programme mistake: a transaction touched what isn't its holder's."""


def open_table(name: str, reason: str) -> None:
    """Declare a table that must be readable before the holder is known."""
    OPEN_TABLES[name] = reason


def current_holder(session: Session) -> str | None:
    """Return the holder this transaction works for, or None."""
    return session.info.get(_KEY)


def enter(session: Session, holder: str) -> None:
    """Let this transaction work for a holder: once, and never for another after that."""
    present = current_holder(session)
    if present == holder:
        return
    if present is not None:
        raise TenancyError("a transaction can't go from one holder to another")
    session.info[_KEY] = holder
    if session.get_bind().dialect.name == "postgresql":
        session.execute(
            text(f"SELECT set_config('{HOLDER_SETTING}', :holder, true)"), {"holder": holder}
        )


@event.listens_for(Session, "after_transaction_end")
def _forget_holder(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:
        session.info.pop(_KEY, None)


@event.listens_for(Session, "do_orm_execute")
def _only_rows_of_the_holder(state: ORMExecuteState) -> None:
    if not (state.is_select or state.is_update or state.is_delete):
        return
    if state.is_column_load or state.is_relationship_load:
        # Criteria travel along with the first query; a refresh goes by primary key.
        return
    state.statement = _of_holder(state.statement, current_holder(state.session))


@lru_cache(maxsize=128)
def _of_holder(statement: Any, holder: str | None) -> Any:
    """Return a statement with the filters of a holder.

    Kept, for a statement that is made once: its cache key, which SQLAlchemy keeps on it, took a
    tenth of what a page costs.
    """
    return statement.options(*_criteria(holder))


@lru_cache(maxsize=1024)
def _criteria(holder: str | None) -> tuple[Any, ...]:
    """Return the filters of a holder; kept, for making them took a tenth of what a page costs."""
    if holder is None:
        return (
            with_loader_criteria(Held, lambda cls: false(), include_aliases=True),
            with_loader_criteria(Passed, lambda cls: false(), include_aliases=True),
        )
    return (
        with_loader_criteria(Held, lambda cls: cls.holder == holder, include_aliases=True),
        with_loader_criteria(
            Passed,
            lambda cls: or_(cls.giver == holder, cls.receiver == holder),
            include_aliases=True,
        ),
    )


@event.listens_for(Session, "before_flush")
def _refuse_rows_of_others(session: Session, context: Any, instances: Any) -> None:
    holder = current_holder(session)
    for row in [*session.new, *session.dirty, *session.deleted]:
        if not isinstance(row, Held):
            continue
        if row.holder != holder:
            raise TenancyError(
                f"{type(row).__name__} of {row.holder!r} in a transaction of {holder!r}"
            )
        if row not in session.new and inspect(row).attrs["holder"].history.has_changes():
            raise TenancyError(f"the holder of a {type(row).__name__} never changes")
