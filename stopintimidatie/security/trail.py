"""What a request showed, and what it was refused, written in a transaction of its own.

The request's transaction may be rolled back (a refusal, a form with a mistake) while the page
that goes out still shows personal data. So the trail is written after it and before the answer
leaves: if it can't be written, nothing is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pyramid_retry import is_error_retryable
from sqlalchemy.exc import SQLAlchemyError

from stopintimidatie.audit import NotRecordedError, record, record_read
from stopintimidatie.security.identity import Identity
from stopintimidatie.security.permissions import Permission
from stopintimidatie.storage.request import SAFE_METHODS
from stopintimidatie.storage.session import transaction
from stopintimidatie.storage.tenancy import NATIONAL

_KEY: Final = "stopintimidatie.trail"
Entry = Callable[[Any, Identity], None]


@dataclass(frozen=True)
class _Note:
    holder: str
    write: Entry


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

    def write(session: Any, identity: Identity) -> None:
        record_read(session, identity.actor, holder, kind, ids, task=task, fields=fields)

    if ids:
        note(request, holder, write)


def note(request: Any, holder: str, write: Entry) -> None:
    """Have something written in the log of a holder, in a transaction of that holder."""
    _notes(request).append(_Note(holder, write))


def note_refusal(request: Any, context: Any, permission: str) -> None:
    """This request asked for what the person may not see or do."""
    identity = request.identity
    if identity is None:
        return
    # At an address of nobody in particular no municipality is told what people of several do.
    owner = getattr(context, "holder", "") or NATIONAL
    _note_refusal(request, owner, getattr(context, "document_id", None), permission)


def note_stranger(request: Any, holder: str) -> None:
    """This request asked for an address of a holder that the person doesn't work for."""
    _note_refusal(request, holder, None, Permission.VIEW_MUNICIPALITY)


def _note_refusal(request: Any, owner: str, document: UUID | None, permission: str) -> None:
    def write(session: Any, identity: Identity) -> None:
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


def _notes(request: Any) -> list[_Note]:
    notes: list[_Note] = request.environ.setdefault(_KEY, [])
    return notes


def trail_tween_factory(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    """Stands above the transaction of the request."""

    def trail_tween(request: Any) -> Any:
        request.environ[_KEY] = []
        response = handler(request)
        try:
            for note in request.environ[_KEY]:
                with transaction(registry.engine, note.holder) as session:
                    note.write(session, request.identity)
        except SQLAlchemyError as error:
            # What was sent is in the database by now: once more would be twice.
            if request.method in SAFE_METHODS and is_error_retryable(request, error):
                raise
            raise NotRecordedError from error
        return response

    return trail_tween
