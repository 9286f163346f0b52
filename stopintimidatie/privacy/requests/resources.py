"""Nodes of the tree: /gemeenten/dordrecht/verzoeken, and a request below it."""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, null, select
from sqlalchemy.orm import Session

from stopintimidatie.core.security import Identity, Permission
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.tree import Level, Resource
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import HolderBranch, holder_levels
from stopintimidatie.privacy.log.resources import LogDocument
from stopintimidatie.privacy.requests.models import RequestTrace, SubjectRequest
from stopintimidatie.privacy.requests.personal import KIND

NAME: Final = "verzoeken"
REFERENCE: Final = re.compile(r"V-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")


class RequestRegister(HolderBranch):
    """/gemeenten/dordrecht/verzoeken, or /landelijk/verzoeken."""

    kind = NAME
    label = "Verzoeken"


class RequestResource(Resource):
    """/gemeenten/dordrecht/verzoeken/V-4F7K-2QXJ."""

    kind = KIND

    def __init__(self, name: str, parent: RequestRegister, row: SubjectRequest) -> None:
        super().__init__(name, parent, row.holder)
        self.row = row
        self.document_id = row.id
        self.owner = parent.owner

    @property
    def title(self) -> str:
        """The reference of the request."""
        return self.row.reference


LEVELS: Final = (
    *holder_levels(RequestRegister, RequestRegister),
    *(
        Level(
            kind=f"{KIND}{suffix}",
            parent=f"{NAME}{suffix}",
            pattern=REFERENCE,
            entity=SubjectRequest,
            link=lambda row, parent, name: and_(row.holder == parent.code, row.reference == name),
            factory=RequestResource,
        )
        for suffix in ("", "_meldpunt")
    ),
)

IN_LOG: Final = LogDocument(
    KIND,
    select(SubjectRequest.id, SubjectRequest.reference, null()),
    Permission.VIEW_REQUESTS,
    f"{{home}}/{NAME}/{{name}}",
)


def path_of_request(session: Session, request_id: UUID) -> str | None:
    """Return the address of a request, or None when there is no such request."""
    row = session.get(SubjectRequest, request_id)
    if row is None:
        return None
    slug = session.scalar(select(Municipality.slug).where(Municipality.code == row.holder))
    home = f"/{NATIONAL}" if row.holder == NATIONAL else f"/gemeenten/{slug}"
    return f"{home}/{NAME}/{row.reference}"


def unanswered() -> Select[Any]:
    """Select the requests that wait for an answer, or for it to be sent; the first due first."""
    by_day = (SubjectRequest.due_on, SubjectRequest.reference)
    return select(SubjectRequest).where(SubjectRequest.ended_at.is_(None)).order_by(*by_day)


def waiting(holder: str, identity: Identity) -> Select[Any]:
    """Select what waits for the privacy officer at a holder, for the menu."""
    return select(SubjectRequest.id).where(
        SubjectRequest.holder == holder, SubjectRequest.ended_at.is_(None)
    )


def asked(document: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Return the condition that a request about the document with this id, a column, runs."""
    mine = RequestTrace.document_id == document, RequestTrace.included.is_(True)
    runs = RequestTrace.request_id == SubjectRequest.id, SubjectRequest.ended_at.is_(None)
    return exists().where(*mine, *runs)
