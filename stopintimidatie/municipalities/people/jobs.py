"""The hourly job that takes roles away which ended, or which nobody used for long.

A repeat finds nothing left to take.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.audit import SYSTEM, record
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.jobs import Job, JobContext
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.municipalities.people.access import WITHOUT_ADMIN, end_when_empty
from stopintimidatie.municipalities.people.mail import tell
from stopintimidatie.municipalities.people.queries import staff_of
from stopintimidatie.municipalities.people.rules import stewards_at
from stopintimidatie.municipalities.people.services import USER_KIND
from stopintimidatie.settings import Settings

JOB: Final = Job("rol.verloopt")
OVER: Final = "gebruiker.rol_verlopen"
SILENT: Final = "gebruiker.rol_stil"


def end_roles(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Take away the roles that ended, and those that nobody used for long (job)."""
    ends = _ends(context.settings, utc_now())
    with context.transaction() as session:
        holders = session.scalars(
            select(RoleAssignment.holder).join(User).where(ends).distinct()
        ).all()
    for holder in sorted(holders):
        # One transaction for each holder: the record stands in its own log.
        with transaction(context.engine, holder) as session:
            _end_at(session, holder, ends)


def _ends(settings: Settings, now: datetime) -> ColumnElement[bool]:
    """Make the condition that a role ends now. Accounts of a demo end by their date alone."""
    last = func.coalesce(RoleAssignment.signed_in_at, RoleAssignment.given_at, User.created_at)
    silent = last <= now - timedelta(days=settings.silence_days)
    if settings.demo:
        silent = and_(silent, not_(User.demo))
    return or_(RoleAssignment.until < local_date(now), silent)


def _end_at(session: Session, holder: str, ends: ColumnElement[bool]) -> None:
    rows = session.scalars(
        select(RoleAssignment)
        .join(User)
        .where(RoleAssignment.holder == holder, ends)
        .order_by(RoleAssignment.user_id, RoleAssignment.role)
        .with_for_update(of=RoleAssignment)
    ).all()
    today = local_date(utc_now())
    for row in rows:
        action = OVER if row.until is not None and row.until < today else SILENT
        fields = [holder, row.role]
        record(session, SYSTEM, action, holder, USER_KIND, [row.user_id], fields=fields)
        session.delete(row)
    session.flush()
    for user in {row.user_id: row.user for row in rows}.values():
        end_when_empty(session, user)
    _tell_desk(session, holder, {row.role for row in rows})


def _tell_desk(session: Session, holder: str, ended: Iterable[str]) -> None:
    """Have it recorded at the desk that a municipality has no admin any more."""
    stewards = stewards_at(holder)
    if stewards & set(ended) and not staff_of(session, holder, stewards):
        tell(session, SYSTEM, WITHOUT_ADMIN, NATIONAL, [holder])
