"""The morning's work on requests: reminders, what waits for destruction, and what goes.

Every step can be repeated: a reminder has a key of its day, and what went isn't there any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import Any, Final

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.core.security.permissions import GRANTS, Permission
from stopintimidatie.core.storage import in_portions, transaction
from stopintimidatie.core.storage.personal import erase_document
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.core.tree import Reference, holders_with_documents
from stopintimidatie.dossiers.case.services import COLLEAGUE
from stopintimidatie.dossiers.services import people_with
from stopintimidatie.privacy.requests import models
from stopintimidatie.privacy.requests.documents import hold_traces, release_traces
from stopintimidatie.privacy.requests.resources import path_of_request
from stopintimidatie.privacy.requests.rules import GONE_AFTER, forget_from, gone_from, reminds_on
from stopintimidatie.privacy.requests.services import note_move
from stopintimidatie.privacy.requests.workflow import FORGET, rules_of
from stopintimidatie.privacy.retention.timelines import end_of

EVERY_MORNING: Final = Job("verzoeken.elke_ochtend")
OF_HOLDER: Final = Job("verzoeken.houder")
MORNING: Final = time(6)
TEMPLATE: Final = "verzoek_termijn"


def run_every_morning(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Plan the work of each holder that has documents (job)."""
    with context.transaction() as session:
        for holder in holders_with_documents(session):
            enqueue(session, OF_HOLDER, holder, {})


def run_holder(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Do the work of this morning at one holder, each request by itself (job)."""
    with transaction(context.engine, context.holder, write=False) as session:
        numbers = [row.id for row in session.scalars(to_watch())]
    for session, (number,) in in_portions(context.engine, context.holder, numbers, 1):
        watch_request(context.registry, session, session.get_one(models.SubjectRequest, number))


def to_watch() -> Select[models.SubjectRequest]:
    """Select the requests of which something may be due; not those that are only kept."""
    row = models.SubjectRequest
    goes = row.ended_at < end_of(GONE_AFTER.before(day_of(utc_now())))
    watched = or_(row.ended_at.is_(None), row.person.is_not(None), goes)
    return select(row).where(watched).order_by(row.reference)


def watch_request(registry: Any, session: Session, row: models.SubjectRequest) -> None:
    """Send what reminds of its day, hold what it needs while it runs, delete what may go."""
    today = day_of(utc_now())
    if row.ended_at is None:
        hold_traces(session, row, SYSTEM)
        if reminds_on(row.due_on, today):
            _remind(session, row)
    elif row.objection_runs:
        return
    elif gone_from(day_of(row.ended_at)) <= today:
        _delete(registry, session, row)
    else:
        if row.objection_until is None or row.objection_until < today:
            release_traces(session, row, SYSTEM)
        going = forget_from(day_of(row.ended_at), row.objection_until, row.objection_ended_on)
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
    TEMPLATE, "Een verzoek van een betrokkene wacht op antwoord", __package__, _write
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
