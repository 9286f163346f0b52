"""Nodes of the tree: /gemeenten/dordrecht/datalekken and the breaches below it; what waits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, and_, case, func, null, select
from sqlalchemy.orm import Session

from stopintimidatie.core.security import Identity, Permission
from stopintimidatie.core.tree import Level, Resource
from stopintimidatie.municipalities.areas.resources import HolderBranch, holder_levels
from stopintimidatie.privacy.breaches.clock import COUNTS
from stopintimidatie.privacy.breaches.models import Breach
from stopintimidatie.privacy.breaches.vocabulary import KIND
from stopintimidatie.privacy.log.resources import LogDocument

NAME: Final = "datalekken"
PATTERN: Final = re.compile(r"D-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")


class BreachRegister(HolderBranch):
    """/gemeenten/dordrecht/datalekken, or /landelijk/datalekken."""

    kind = NAME
    label = "Datalekken"


class BreachResource(Resource):
    """/gemeenten/dordrecht/datalekken/D-4F7K-2QXJ."""

    kind = KIND

    def __init__(self, name: str, parent: Any, row: Breach) -> None:
        super().__init__(name, parent, row.holder)
        self.breach = row
        self.document_id = row.id
        self.owner = parent.owner

    @property
    def title(self) -> str:
        """The name in the trail."""
        return f"Datalek {self.breach.reference}"


LEVELS: Final = (
    *holder_levels(BreachRegister, BreachRegister),
    *(
        Level(
            kind=f"{KIND}{suffix}",
            parent=f"{NAME}{suffix}",
            pattern=PATTERN,
            entity=Breach,
            link=lambda row, parent, name: and_(row.holder == parent.code, row.reference == name),
            factory=BreachResource,
        )
        for suffix in ("", "_meldpunt")
    ),
)

IN_LOG: Final = LogDocument(
    KIND,
    select(Breach.id, Breach.reference, null()),
    Permission.VIEW_BREACHES,
    f"{{home}}/{NAME}/{{name}}",
)


def waiting(holder: str, identity: Identity) -> Select[Any]:
    """Select the breaches that aren't closed, for the menu."""
    return select(Breach.id).where(Breach.holder == holder, Breach.closed_at.is_(None))


def list_breaches(session: Session, offset: int, size: int) -> Sequence[Breach]:
    """Return a page of all breaches: whose clock runs first, then the open ones, by when due.

    What is closed follows, the latest first.
    """
    turn = case((Breach.closed_at.is_not(None), 2), (Breach.state.in_(COUNTS), 0), else_=1)
    open_first = case((Breach.closed_at.is_(None), Breach.due_at))
    ordered = select(Breach).order_by(turn, open_first, Breach.closed_at.desc(), Breach.reference)
    return session.scalars(ordered.offset(offset).limit(size)).all()


def count(session: Session) -> int:
    """Return how many breaches the register has."""
    return session.scalar(select(func.count(Breach.id))) or 0
