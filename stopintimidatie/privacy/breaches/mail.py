"""Mails about breaches to privacy officers: without content, and not sent when no longer needed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.core.security import Role
from stopintimidatie.dossiers.services import COLLEAGUE
from stopintimidatie.privacy.breaches.clock import COUNTS, WARNING
from stopintimidatie.privacy.breaches.models import Breach

REMIND: Final = Job("datalek.herinneren")
_PAGE: Final = "/datalekken"
BEFORE, PAST = "bijna", "voorbij"


def tell_officers(session: Session, breach: Breach) -> None:
    """Mail the privacy officers that a breach was entered, and plan the reminders."""
    _mail(session, breach, ENTERED.name, "ingevoerd", {})
    plan_reminders(session, breach)


def plan_reminders(session: Session, breach: Breach) -> None:
    """Have the officers reminded a day before the 72 hours end, and when they end."""
    now = utc_now()
    for code, moment in ((BEFORE, breach.due_at - WARNING), (PAST, breach.due_at)):
        if moment > now:
            payload = {"lek": str(breach.id), "voor": _as_code(breach.due_at), "wat": code}
            enqueue(session, REMIND, breach.holder, payload, delay=moment - now)


def remind(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Mail the officers about breaches of which nobody decided about the AP yet (job)."""
    for payload in payloads:
        with context.transaction() as session:
            breach = session.get(Breach, UUID(payload["lek"]))
            if breach is not None and _still_counts(breach, payload["voor"]):
                name = OVER.name if payload["wat"] == PAST else SOON.name
                # A clock that is corrected reminds anew.
                key = f"{payload['wat']}:{payload['voor'][:15]}"
                _mail(session, breach, name, key, {"voor": payload["voor"]})


def _still_counts(breach: Breach, due: str) -> bool:
    """Tell whether the AP isn't decided about, and the clock is still that of then."""
    return breach.state in COUNTS and _as_code(breach.due_at) == due


def _as_code(moment: datetime) -> str:
    """Return a moment as a mail may carry it."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def _mail(
    session: Session, breach: Breach, template: str, key: str, values: dict[str, str]
) -> None:
    for person in officers_of(session, breach.holder):
        queue_mail(
            session,
            breach.holder,
            template,
            Recipient(COLLEAGUE, person),
            about=breach.id,
            values=values,
            key=f"{key}:{breach.id}:{person}",
        )


def officers_of(session: Session, holder: str) -> list[str]:
    """Return the ids of the privacy officers of a holder; where there is none, of the FG."""
    for role in (Role.PRIVACY_OFFICER, Role.DATA_PROTECTION_OFFICER):
        people = session.scalars(
            select(RoleAssignment.user_id)
            .where(RoleAssignment.holder == holder, RoleAssignment.role == role.value)
            .order_by(RoleAssignment.user_id)
        ).all()
        if people:
            return [str(person) for person in dict.fromkeys(people)]
    return []


def _letter(writing: Writing) -> Letter | None:
    breach = writing.session.get(Breach, writing.message.about_id)
    if breach is None or breach.closed_at is not None:
        return None
    due = writing.message.values.get("voor")
    if due is not None and not _still_counts(breach, str(due)):
        return None
    return Letter({"link": writing.link(_PAGE)})


def _template(name: str, subject: str) -> MailTemplate:
    return MailTemplate(name, subject, __package__, _letter)


ENTERED: Final = _template("datalek_gemeld", "Er is een datalek gemeld")
SOON: Final = _template("datalek_bijna", "Nog één dag om een datalek te melden bij de AP")
OVER: Final = _template("datalek_voorbij", "De 72 uur voor een datalek zijn voorbij")
TEMPLATES: Final = (ENTERED, SOON, OVER)
