"""Urgent exports, which were made before anybody else looked: who is told when nobody judges them.

A second person judges them within one working day after (`second`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.core.security import Role
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import COLLEAGUE
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.request.services import WATCH, lock, log


def watch(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Mail owner and privacy officers about urgent exports that nobody judged in time (job)."""
    for number, payload in enumerate(payloads):
        with context.ending(number) as session:
            export = lock(session, UUID(payload["id"])) if session else None
            if session is None or export is None or export.overdue_at is not None:
                continue
            if not export.unjudged:
                continue
            now = utc_now()
            if export.approve_by is not None and now < export.approve_by:
                delay = max(export.approve_by - now, timedelta(minutes=1))
                enqueue(session, WATCH, export.holder, payload, delay=delay)
                continue
            export.overdue_at = now
            log(session, export, SYSTEM, "spoed_te_laat")
            dossier = session.get(Dossier, export.dossier_id)
            officers = session.scalars(
                select(RoleAssignment.user_id).where(
                    RoleAssignment.holder == export.holder,
                    RoleAssignment.role == Role.PRIVACY_OFFICER.value,
                )
            )
            people = {str(person) for person in officers}
            if dossier is not None and dossier.owner_id is not None:
                people.add(str(dossier.owner_id))
            for person in sorted(people):
                key = f"{OVERDUE.name}:{export.id}:{person}"
                to = Recipient(COLLEAGUE, person)
                queue_mail(session, export.holder, OVERDUE.name, to, about=export.id, key=key)


def _write(writing: Writing) -> Letter | None:
    export = writing.session.get(Export, writing.message.about_id)
    if export is None or not export.unjudged:
        return None
    return Letter({"link": writing.link("/uitvoer")})


OVERDUE: Final = MailTemplate(
    "spoed_te_laat",
    "Een spoeduitvoer wacht op een tweede persoon",
    "stopintimidatie.exports.request:templates/mail/spoed.txt.jinja2",
    _write,
)
