"""What every change of a dossier leaves behind: a line of history, an audit event, its index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.dossiers.models import Dossier, DossierAgreement, DossierMove
from stopintimidatie.dossiers.work_models import Consultation
from stopintimidatie.search import enqueue_index
from stopintimidatie.workflow import WorkflowError
from stopintimidatie.workflow.history import line

KIND: Final = "dossier"
_UNSEEN: Final = {"synchronize_session": False}
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
    """Add a line to the dossier's own history; `before` is given when the state changed.

    What stands there is what the dossier was last changed by.
    """
    told = line(actor, name, before, dossier.state, values or {}, at)
    session.add(DossierMove(holder=dossier.holder, dossier_id=dossier.id, **told))
    touch(session, dossier, actor, at)


def touch(session: Session, dossier: Dossier, actor: Actor, at: datetime | None = None) -> None:
    """Note that this person changed it last. Not a new version by itself: a report that joins, or
    a note, makes nobody's open form outdated.
    """
    values = {"changed_at": at or utc_now(), "changed_by": actor.name}
    if dossier not in session.new and not session.is_modified(dossier):
        mine = (Dossier.holder == dossier.holder) & (Dossier.id == dossier.id)
        session.execute(update(Dossier).where(mine).values(values), execution_options=_UNSEEN)
        for name, value in values.items():
            set_committed_value(dossier, name, value)
        return
    for name, value in values.items():
        setattr(dossier, name, value)


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
