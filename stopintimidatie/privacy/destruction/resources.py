"""Nodes of the tree: /gemeenten/dordrecht/vernietiging, with lists, statements and tombstones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from pyramid.authorization import DENY_ALL, Allow
from sqlalchemy import ColumnElement, Engine, Select, and_, exists, false, null, or_, select

from stopintimidatie.core.security import Identity, Permission, Role
from stopintimidatie.core.security.permissions import GRANTS, principal
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import (
    HolderBranch,
    RowResource,
    holder_levels,
    row_levels,
)
from stopintimidatie.privacy.destruction.extension import UNANSWERED
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    DestructionStatement,
    ListState,
    Tombstone,
)
from stopintimidatie.privacy.destruction.queries import (
    ASSESSED,
    TO_ASSESS,
    TO_CHECK,
    left_over,
    open_to,
)
from stopintimidatie.privacy.destruction.rules import ASSESSES, AUTHORISES, CHECKS
from stopintimidatie.privacy.log.resources import LogDocument
from stopintimidatie.privacy.retention.models import Extension
from stopintimidatie.reports.rules import normalise_reference

NAME: Final = "vernietiging"
LIST: Final = re.compile(r"[0-9]{4}-[1-4]")
STATEMENT: Final = re.compile(r"V-[0-9]{4}-[0-9]{4,6}")
# The reference of a report, or the number of a dossier.
GONE: Final = re.compile(r"M-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}|[0-9]{4}-[0-9]{4,6}")
# Roles that read of a destroyed document that it went: they judge lists, or could open it before.
_MAY_KNOW: Final = (*GRANTS[Permission.VIEW_RETENTION], *GRANTS[Permission.VIEW_REPORT])


class DestructionRegister(HolderBranch):
    """/gemeenten/dordrecht/vernietiging, or /landelijk/vernietiging."""

    kind = NAME
    label = "Vernietiging"


class ListResource(RowResource):
    """/gemeenten/dordrecht/vernietiging/2031-4."""

    kind = "vernietigingslijst"

    @property
    def title(self) -> str:
        """The name of the list in the trail."""
        return f"Lijst {self.row.number}"


class StatementResource(RowResource):
    """/gemeenten/dordrecht/vernietiging/V-2031-0001."""

    kind = "verklaring"


class TombstoneResource(RowResource):
    """/gemeenten/dordrecht/vernietiging/M-4F7K-2QX9: that a document was there, and went."""

    kind = "grafsteen"

    def __acl__(self) -> list[Any]:
        allowed = [
            (Allow, principal(self.holder, role), Permission.VIEW_RETENTION)
            for role in sorted(set(_MAY_KNOW))
        ]
        return [*allowed, DENY_ALL]


LEVELS: Final = (
    *holder_levels(DestructionRegister, DestructionRegister),
    *row_levels(ListResource, NAME, LIST, DestructionList),
    *row_levels(StatementResource, NAME, STATEMENT, DestructionStatement),
    *row_levels(TombstoneResource, NAME, GONE, Tombstone),
)


# Lists that wait for a person, for the menu

_TURNS: Final = {
    Role.PROCESS_OWNER: ListState.PROPOSED,
    Role.PRIVACY_OFFICER: ListState.ASSESSED,
    Role.ARCHIVIST: ListState.CHECKED,
}


def free_to_step(state: ListState, person: str) -> ColumnElement[bool]:
    """Make the condition of lists in this state with a line for the step that is next.

    Those who made another step with it, or are one hand with who did, don't make this one.
    """
    step, takes = {
        ListState.PROPOSED: (ASSESSES, TO_ASSESS),
        ListState.ASSESSED: (CHECKS, TO_CHECK),
    }.get(state, (AUTHORISES, ASSESSED))
    here = DestructionLine.list_id == DestructionList.id
    line = exists().where(here, takes, open_to(step, person))
    return and_(DestructionList.state == state.value, line)


def waiting(holder: str, identity: Identity) -> Select[Any]:
    """Select what waits for this person at a holder, for the menu: lists, and old questions."""
    roles = identity.roles_for(holder)
    me, states = identity.person, [turn for role, turn in _TURNS.items() if role in roles]
    turns: list[ColumnElement[bool]] = [free_to_step(state, me) for state in states]
    if Role.PROCESS_OWNER in roles:
        turns.append(left_over())
    turn = or_(false(), *turns)
    lists = select(DestructionList.id).where(DestructionList.holder == holder, turn)
    asked = select(Extension.id).where(
        Extension.holder == holder, UNANSWERED if Role.PROCESS_OWNER in roles else false()
    )
    return select(lists.union_all(asked).subquery().c.id)


# Tombstones


def path_of_tombstone(
    engine: Engine, identity: Identity, typed: str, holders: Sequence[str]
) -> str | None:
    """Return the address of what stays of a destroyed document; None for who may not know.

    Each of the holders is read in a transaction of its own.
    """
    reference = normalise_reference(typed) or typed
    if GONE.fullmatch(reference) is None:
        return None
    for holder in holders:
        if not set(_MAY_KNOW) & identity.roles_for(holder):
            continue
        with transaction(engine, holder, write=False) as session:
            stone = session.scalar(select(Tombstone.id).where(Tombstone.reference == reference))
            slug = session.scalar(select(Municipality.slug).where(Municipality.code == holder))
        if stone is not None:
            home = f"/{NATIONAL}" if holder == NATIONAL else f"/gemeenten/{slug}"
            return f"{home}/{NAME}/{reference}"
    return None


# As the log names them

_ADDRESS: Final = f"{{home}}/{NAME}/{{name}}"
LOG_DOCUMENTS: Final = tuple(
    LogDocument(kind, rows, Permission.VIEW_RETENTION, _ADDRESS)
    for kind, rows in (
        ("vernietigingslijst", select(DestructionList.id, DestructionList.number, null())),
        ("verklaring", select(DestructionStatement.id, DestructionStatement.number, null())),
        ("grafsteen", select(Tombstone.document_id, Tombstone.reference, null())),
    )
)
