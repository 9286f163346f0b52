"""Nodes of the tree: /gemeenten/dordrecht/kopieen, where a second person judges a copy.

Who judges knows the copy and the capacity, and has no right to the case.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import and_, select

from stopintimidatie.core.second import Second
from stopintimidatie.core.security import Permission
from stopintimidatie.core.tree import Level, Resource
from stopintimidatie.municipalities.areas.resources import HolderBranch, holder_levels
from stopintimidatie.privacy.requests.models import SubjectRequest
from stopintimidatie.privacy.requests.resources import REFERENCE
from stopintimidatie.privacy.subjects.models import SubjectCopy

NAME: Final = "kopieen"
KIND: Final = "kopie"


class CopyRegister(HolderBranch):
    """/gemeenten/dordrecht/kopieen, or /landelijk/kopieen."""

    kind = NAME
    label = "Kopieën nakijken"


class CopyResource(Resource):
    """/gemeenten/dordrecht/kopieen/V-4F7K-2QXJ, shown as long as it waits for a second person."""

    kind = KIND

    def __init__(self, name: str, parent: CopyRegister, row: SubjectRequest) -> None:
        super().__init__(name, parent, row.holder)
        self.row = row
        self.document_id = row.id
        self.owner = parent.owner

    @property
    def title(self) -> str:
        """The reference of the request."""
        return self.row.reference


def _has_copy(row: Any, parent: Any, name: str) -> Any:
    copies = select(SubjectCopy.request_id)
    return and_(row.holder == parent.code, row.reference == name, row.id.in_(copies))


LEVELS: Final = (
    *holder_levels(CopyRegister, CopyRegister),
    *(
        Level(
            kind=f"{KIND}{suffix}",
            parent=f"{NAME}{suffix}",
            pattern=REFERENCE,
            entity=SubjectRequest,
            link=_has_copy,
            factory=CopyResource,
        )
        for suffix in ("", "_meldpunt")
    ),
)

_REFERENCE: Final = (
    select(SubjectRequest.reference)
    .where(SubjectRequest.id == SubjectCopy.request_id)
    .scalar_subquery()
)
SECOND: Final = Second(
    KIND,
    "Kopie voor een betrokkene nakijken",
    SubjectCopy,
    Permission.CHECK_COPY,
    lambda row: f"{NAME}/{row.key}",
    key=_REFERENCE,
    about=_REFERENCE,
    desk=True,
)
