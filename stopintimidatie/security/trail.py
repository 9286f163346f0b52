"""Audit records of what a request showed and what it was refused, written after the page is made.

The request's transaction may be rolled back (a refusal, a form with a mistake) while the page that
is sent still shows personal data. So the records are written in another transaction, after the
request's and before the answer is sent: if that fails, nothing is shown. Other rows that a page has
to write go in it too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pyramid_retry import is_error_retryable
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from stopintimidatie.audit import NotRecordedError, record, record_read
from stopintimidatie.security.identity import Identity
from stopintimidatie.security.permissions import Permission
from stopintimidatie.storage.request import SAFE_METHODS
from stopintimidatie.storage.session import transaction
from stopintimidatie.storage.tenancy import NATIONAL

_KEY: Final = "stopintimidatie.trail"
Entry = Callable[[Session, Identity], object]


@dataclass(frozen=True)
class _Note:
    holder: str | None
    write: Entry


def note(request: Any, holder: str | None, write: Entry) -> None:
    """Have `write` called in a transaction after the page is made, for a page itself can't write.

    :param holder: the holder of the rows that it writes; None: rows without a holder.
    """
    notes: list[_Note] = request.environ.setdefault(_KEY, [])
    notes.append(_Note(holder, write))


def note_read(
    request: Any,
    holder: str,
    kind: str,
    ids: Sequence[UUID],
    *,
    task: str,
    fields: Sequence[str] = (),
) -> None:
    """This page shows personal data of these documents; `task` says what for."""

    def write(session: Session, identity: Identity) -> None:
        record_read(session, identity.actor, holder, kind, ids, task=task, fields=fields)

    if ids:
        note(request, holder, write)


def note_refusal(request: Any, context: Any, permission: str) -> None:
    """This request asked for what the person may not see or do."""
    identity = request.identity
    if identity is None:
        return
    # An address without a holder: recorded at the desk, not at every municipality of the user.
    owner = getattr(context, "holder", "") or NATIONAL
    _note_refusal(request, owner, getattr(context, "document_id", None), permission)


def note_stranger(request: Any, holder: str) -> None:
    """This request asked for an address of a holder that the person doesn't work for."""
    _note_refusal(request, holder, None, Permission.VIEW_MUNICIPALITY)


def _note_refusal(request: Any, owner: str, document: UUID | None, permission: str) -> None:
    def write(session: Session, identity: Identity) -> None:
        record(
            session,
            identity.actor,
            "toegang.geweigerd",
            owner,
            "document" if document else "pagina",
            [document] if document else [],
            fields=[permission],
        )

    note(request, owner, write)


def trail_tween_factory(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    """Stands above the transaction of the request."""

    def trail_tween(request: Any) -> Any:
        request.environ[_KEY] = []
        response = handler(request)
        try:
            _write(registry.engine, request)
        except SQLAlchemyError as error:
            # A form was committed already: retrying the request would store it twice.
            if request.method in SAFE_METHODS and is_error_retryable(request, error):
                raise
            raise NotRecordedError from error
        return response

    return trail_tween


def _write(engine: Engine, request: Any) -> None:
    """Write the notes in one transaction for each holder; those without one go in the first."""
    notes: list[_Note] = request.environ[_KEY]
    holders = list(dict.fromkeys(note.holder for note in notes if note.holder))
    for number, holder in enumerate(holders or [None] * bool(notes)):
        with transaction(engine, holder) as session:
            for note in notes:
                if note.holder == holder or (note.holder is None and number == 0):
                    note.write(session, request.identity)
