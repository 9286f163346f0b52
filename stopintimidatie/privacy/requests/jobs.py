"""The morning's work on requests: reminders, what waits for destruction, and what goes.

Every step can be repeated: a reminder has a key of its day, and what went isn't there any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.core.security.permissions import GRANTS, Permission
from stopintimidatie.core.storage.personal import erase_document
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.core.tree import Reference
from stopintimidatie.dossiers.case.services import COLLEAGUE
from stopintimidatie.dossiers.services import people_with
from stopintimidatie.privacy.requests import models
from stopintimidatie.privacy.requests.documents import hold_traces, release_traces
from stopintimidatie.privacy.requests.resources import path_of_request
from stopintimidatie.privacy.requests.rules import forget_from, gone_from, reminds_on
from stopintimidatie.privacy.requests.services import note_move
from stopintimidatie.privacy.requests.workflow import FORGET, rules_of

EVERY_MORNING: Final = Job("verzoeken.elke_ochtend")
OF_HOLDER: Final = Job("verzoeken.houder")
MORNING: Final = time(6)
TEMPLATE: Final = "verzoek_termijn"


def run_every_morning(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Plan the work of each holder that has requests (job)."""
    with context.transaction() as session:
        mine = select(Reference.holder).where(Reference.kind == models.KIND).distinct()
        for holder in session.scalars(mine).all():
            enqueue(session, OF_HOLDER, holder, {})


def run_holder(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Do the work of this morning at one holder (job)."""
    with context.transaction() as session:
        watch_requests(context.registry, session, context.holder)


def watch_requests(registry: Any, session: Session, holder: str) -> None:
    """Send what reminds of a day, hold what running requests need, delete what may go."""
    today = day_of(utc_now())
    mine = select(models.SubjectRequest).where(models.SubjectRequest.holder == holder)
    by_reference = mine.order_by(models.SubjectRequest.reference)
    for row in session.scalars(by_reference.where(models.SubjectRequest.ended_at.is_(None))).all():
        hold_traces(session, row, SYSTEM)
        if reminds_on(row.due_on, today):
            _remind(session, row)
    for row in session.scalars(
        by_reference.where(models.SubjectRequest.ended_at.is_not(None))
    ).all():
        if row.ended_at is None or row.objection_runs:
            continue
        ended = day_of(row.ended_at)
        if gone_from(ended) <= today:
            _delete(registry, session, row)
            continue
        if row.objection_until is None or row.objection_until < today:
            release_traces(session, row, SYSTEM)
        going = forget_from(ended, row.objection_until, row.objection_ended_on)
        if row.person is not None and going <= today:
            _forget(registry, session, row)


def _remind(session: Session, row: models.SubjectRequest) -> None:
    """Mail who handles a request, or all who may, once a day."""
    people = [str(row.handler_id)]
    if row.handler_id is None:
        roles = GRANTS[Permission.HANDLE_REQUESTS]
        people = [code for code, _ in people_with(session, row.holder, roles)]
    for person in people:
        key = f"{TEMPLATE}:{row.id}:{day_of(utc_now())}:{person}"
        to = Recipient(COLLEAGUE, person)
        queue_mail(session, row.holder, TEMPLATE, to, about=row.id, key=key)


def _write(writing: Writing) -> Letter | None:
    row = writing.session.get(models.SubjectRequest, writing.message.about_id)
    if row is None or row.ended_at is not None:
        return None
    link = writing.link(path_of_request(writing.session, row.id) or "/verzoeken")
    days = (row.due_on - day_of(utc_now())).days
    return Letter({"row": row, "days": days, "due": date_text(row.due_on), "link": link})


MAIL: Final = MailTemplate(
    TEMPLATE,
    "Een verzoek van een betrokkene wacht op antwoord",
    "stopintimidatie.privacy.requests:templates/mail/termijn.txt.jinja2",
    _write,
)


def _forget(registry: Any, session: Session, row: models.SubjectRequest) -> None:
    """Delete who asked, the question and the letters; other rooms delete the copy."""
    row.person = row.question = None
    row.extended_reason = row.decided_reason = None
    row.objection_number = row.objection_reason = None
    letters = select(models.RequestLetter).where(models.RequestLetter.request_id == row.id)
    for letter in session.scalars(letters):
        letter.content = None
    traces = select(models.RequestTrace).where(models.RequestTrace.request_id == row.id)
    for trace in session.scalars(traces):
        trace.reason = None
    note_move(session, row, SYSTEM, "gewist", {})
    session.flush()
    for rule in rules_of(registry, FORGET):
        rule.follows(registry, session, row, SYSTEM)


def _delete(registry: Any, session: Session, row: models.SubjectRequest) -> None:
    """Delete the whole case, years after its end."""
    number, reference, holder = row.id, row.reference, row.holder
    session.expunge(row)
    erase_document(registry, session, models.KIND, number)
    session.execute(delete(Reference).where(Reference.reference == reference))
    record(session, SYSTEM, "verzoek.gewist", holder, models.KIND, [number])
