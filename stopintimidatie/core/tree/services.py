"""References, redirects, and names that no document may have because a page has them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, exists, false, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.registry import Directive, single
from stopintimidatie.core.security.permissions import may
from stopintimidatie.core.storage.models import Holder
from stopintimidatie.core.storage.tenancy import current_holder
from stopintimidatie.core.tree.models import Redirect, Reference
from stopintimidatie.core.tree.resources import DOCUMENT_KINDS, REMAINS, TREE_ROOTS

# The number of parts of `/gemeenten/dordrecht/binnenstad`, which is above a document.
SHORTEST: Final = 4


def register_reference(session: Session, reference: str, holder: str, kind: str) -> None:
    """Let a reference lead to a holder."""
    session.add(Reference(reference=reference, holder=holder, kind=kind))


def is_taken(reference: str | BindParameter[str]) -> ColumnElement[bool]:
    """Return an expression for a query: whether some document has this reference already."""
    return exists().where(Reference.reference == reference)


def locate_reference(session: Session, reference: str, kind: str) -> Sequence[str]:
    """Return the holders of documents under this reference, possibly none or several."""
    return session.scalars(
        select(Reference.holder)
        .where(Reference.reference == reference, Reference.kind == kind)
        .order_by(Reference.holder)
    ).all()


def holders_with_documents(session: Session) -> Sequence[str]:
    """Return the holders that have documents, in order: a look for each, not at each reference."""
    holding = exists().where(Reference.holder == Holder.code)
    return session.scalars(select(Holder.code).where(holding).order_by(Holder.code)).all()


def remember_address(session: Session, holder: str, old_path: str, kind: str, target: UUID) -> None:
    """Remember that a document left an address, so that the old one goes on working."""
    session.add(Redirect(holder=holder, path=old_path, kind=kind, target=target))


def redirect_target(session: Session, paths: Sequence[str]) -> tuple[str, str, UUID] | None:
    """Return (path, kind, id) of the document that last left one of these paths of the holder.

    Of several paths the longest; None when no document left one.
    """
    row = session.execute(
        select(Redirect.path, Redirect.kind, Redirect.target)
        .where(Redirect.path.in_(paths))
        .order_by(func.length(Redirect.path).desc(), Redirect.at.desc())
        .limit(1)
    ).first()
    return None if row is None else (row[0], row[1], row[2])


def moved_to(request: Any) -> str | None:
    """Return the present path of a document that moved, or of a page of it.

    Looks in the holder that the first names of the address lead to (the loader has entered it).
    None when nothing ever lived here, or when this person may not see it.
    """
    holder = current_holder(request.db)
    asked = request.path_info
    redirect = None if holder is None else redirect_target(request.db, _it_and_above(asked))
    if holder is None or redirect is None:
        return None
    old, name, target = redirect
    kind = DOCUMENT_KINDS.of(request.registry)[name]
    roles = request.identity.roles_for(holder)
    if not may(roles, kind.permission) or not kind.seen_by(request.db, target, roles):
        return None
    path: str | None = kind.path_of(request.db, target)
    return None if path is None or path == old else path + quote(asked.removeprefix(old))


def remains_of(request: Any, reference: str, holder: str | None = None) -> str | None:
    """Return the address of what is told about a document that is gone; None without any.

    `holder`: its holder; None looks at all that this person works for.
    """
    registry, identity = request.registry, request.identity
    holders = identity.holders if holder is None else [holder]
    finders = REMAINS.of(registry).values()
    paths = (find(registry.engine, identity, reference, holders) for find in finders)
    return next((path for path in paths if path is not None), None)


def remains_here(request: Any) -> str | None:
    """Return the address of what is told about a document that once had this address.

    Looks at the holder of the address, as `moved_to`: each numbers its own dossiers.
    """
    holder = current_holder(request.db)
    # A name that leads to something is no old address, whatever stands below it.
    there = len(getattr(request, "traversed", ())) + 1
    names = request.path_info.split("/")[there:] if holder is not None else []
    paths = (remains_of(request, name, holder) for name in reversed(names))
    return next((path for path in paths if path is not None), None)


@dataclass(frozen=True)
class Restrictions:
    """Room that knows of which documents the use is restricted (art. 18 AVG), and what was asked.

    Args:
        among: (session, ids) -> of each that is, the ground in words.
        binds: (column of ids) -> the condition that the use of that document is restricted.
        asked: (column of ids) -> the condition that a request about that document runs.
        bound: (session, document=id) -> its restrictions and the corrections beside it, each with
            `restricts`, `since`, `by` and `words`.
        to_erase: (session, id) -> the references of requests on which that document may be erased,
            each with who granted it.
    """

    among: Callable[[Session, Collection[UUID]], Mapping[UUID, str]]
    binds: Callable[[ColumnElement[UUID]], ColumnElement[bool]]
    asked: Callable[[ColumnElement[UUID]], ColumnElement[bool]]
    bound: Callable[..., Sequence[Any]]
    to_erase: Callable[[Session, UUID], Mapping[str, str | None]]


RESTRICTIONS: Final = Directive[None, Restrictions]("set_restrictions", "restrictions", single)


def restrictions_on(
    session: Session, registry: Any, documents: Collection[UUID]
) -> Mapping[UUID, str]:
    """Return which of these documents may not be used now, each with the ground in words."""
    known = RESTRICTIONS.only(registry)
    return {} if known is None else known.among(session, documents)


def is_restricted(registry: Any, document: Any) -> ColumnElement[bool]:
    """Return the condition that the document with this id, a column, may not be used now."""
    known = RESTRICTIONS.only(registry)
    return false() if known is None else known.binds(document)


def _it_and_above(path: str) -> list[str]:
    """Return the path, and those of which it may be a page or a document inside."""
    names = path.split("/")
    return ["/".join(names[:end]) for end in range(len(names), SHORTEST, -1)]


def reserved_names(config: Any) -> frozenset[str]:
    """Return the names of all views and of everything directly below the root."""
    views = config.introspector.get_category("views") or ()
    names = {entry["introspectable"]["name"] for entry in views}
    return frozenset(names | set(TREE_ROOTS.of(config.registry))) - {""}
