"""What every change of a dossier leaves behind: a line of history, an audit event, its index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.dossiers.models import Dossier, DossierAgreement, DossierMove
from stopintimidatie.dossiers.work_models import Consultation
from stopintimidatie.search import enqueue_index
from stopintimidatie.workflow import WorkflowError
from stopintimidatie.workflow.history import line

KIND: Final = "dossier"
# What a partner did with what it was asked; told by a higher room.
PARTNER_ANSWERED: Final = "partner_antwoord"


class DossierError(WorkflowError):
    """This can't be done with the dossier now; the message says what to do, in Dutch."""


class StaleDossierError(Exception):
    """Somebody else changed the dossier, or an agreement in it, since this person saw it."""

    def __init__(self, row: Any) -> None:
        super().__init__("the row was changed meanwhile")
        self.row = row


def changed(session: Session, dossier: Dossier) -> None:
    """Have the dossier indexed anew: after anything that search shows was changed."""
    enqueue_index(session, dossier.holder, KIND, dossier.id)


def log(
    session: Session, dossier: Dossier, actor: Actor, action: str, fields: Sequence[str] = ()
) -> None:
    """Append to the audit log: ids and names of fields, never content."""
    record(session, actor, f"dossier.{action}", dossier.holder, KIND, [dossier.id], fields=fields)


def append(
    session: Session,
    dossier: Dossier,
    actor: Actor,
    name: str,
    *,
    before: str | None = None,
    values: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """Add a line to the dossier's own history; `before` is given when the state changed."""
    told = line(actor, name, before, dossier.state, values or {}, at)
    session.add(DossierMove(holder=dossier.holder, dossier_id=dossier.id, **told))


def lock(session: Session, row: Dossier | DossierAgreement | Consultation) -> None:
    """Keep others from changing the row until this transaction ends, and read it anew.

    On SQLite a writing transaction is alone already.
    """
    session.flush()
    session.refresh(row, with_for_update=True)


def check_version(row: Any, version: int) -> None:
    """:raises StaleDossierError: when the row isn't the one this person saw."""
    if row.version != version:
        raise StaleDossierError(row)
