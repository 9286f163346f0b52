"""What every change of a partner keeps to: one at a time, nothing overwritten, told to the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.partners.models import PartnerOrganisation

KIND: Final = "partner"


class PartnerError(Exception):
    """This can't be done; the message says what to do, in Dutch. `field`: which answer is wrong."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class StalePartnerError(Exception):
    """Somebody else changed it since this person saw it."""

    def __init__(self, row: Any) -> None:
        super().__init__("the row was changed meanwhile")
        self.row = row


def lock(session: Session, row: Any, version: int | None = None) -> None:
    """Keep others from changing the row until this transaction ends, and read it anew.

    :raises StalePartnerError: it isn't the version that this person saw.
    """
    session.flush()
    session.refresh(row, with_for_update=True)
    if version is not None and row.version != version:
        raise StalePartnerError(row)


def only_running(row: PartnerOrganisation) -> None:
    """:raises PartnerError: the organisation was ended."""
    if row.ended_at is not None:
        raise PartnerError("Deze partner is beëindigd. Neem de partner eerst weer in gebruik.")


def touched(row: Any, actor: Actor) -> None:
    row.changed_at, row.changed_by = utc_now(), actor.name


def log(
    session: Session,
    row: PartnerOrganisation,
    actor: Actor,
    action: str,
    fields: Sequence[str] = (),
) -> None:
    """Append to the audit log: ids and names of fields, never content."""
    record(session, actor, f"partner.{action}", row.holder, KIND, [row.id], fields=fields)
