"""References and redirects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, exists, select
from sqlalchemy.orm import Session

from stopintimidatie.security.permissions import may
from stopintimidatie.storage.rows import Row
from stopintimidatie.storage.tenancy import current_holder
from stopintimidatie.tree.models import Redirect, Reference


def register_reference(session: Session, reference: str, holder: str, kind: str) -> None:
    """Let a reference lead to a holder."""
    _, values = reference_row(reference, holder, kind)
    session.add(Reference(**values))


def reference_row(reference: str, holder: str, kind: str) -> Row:
    """A reference that leads to a holder, as a row."""
    return Reference, {"reference": reference, "holder": holder, "kind": kind}


def is_taken(reference: str | BindParameter[str]) -> ColumnElement[bool]:
    """Whether some document has this reference already: an expression, for a query."""
    return exists().where(Reference.reference == reference)


def locate_reference(session: Session, reference: str, kind: str) -> Sequence[str]:
    """The holders of documents under this reference, possibly none or several."""
    return session.scalars(
        select(Reference.holder)
        .where(Reference.reference == reference, Reference.kind == kind)
        .order_by(Reference.holder)
    ).all()


def remember_address(session: Session, holder: str, old_path: str, kind: str, target: UUID) -> None:
    """Remember that a document left an address, so that the old one goes on working."""
    session.add(Redirect(holder=holder, path=old_path, kind=kind, target=target))


def redirect_target(session: Session, path: str) -> tuple[str, UUID] | None:
    """Kind and id of the document that last lived at a path (of the transaction's holder)."""
    row = session.execute(
        select(Redirect.kind, Redirect.target)
        .where(Redirect.path == path)
        .order_by(Redirect.at.desc())
        .limit(1)
    ).first()
    return None if row is None else (row[0], row[1])


def moved_to(request: Any) -> str | None:
    """The present address of the document that used to live at this request's address.

    Looks in the holder that the first names of the address lead to (the loader has entered it).
    None when nothing ever lived here, or when this person may not see it.
    """
    holder = current_holder(request.db)
    target = None if holder is None else redirect_target(request.db, request.path_info)
    if holder is None or target is None:
        return None
    kind = request.registry.document_kinds[target[0]]
    if not may(request.identity.roles_for(holder), kind.permission):
        return None
    path: str | None = kind.path_of(request.db, target[1])
    return None if path == request.path_info else path
