"""Urgency: made at once, judged by a second person within one working day after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import after_working_days, utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.disclosures.services import EventKind, find_disclosure, note_event
from stopintimidatie.dossiers.case.services import COLLEAGUE
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports.extract.queries import LoadedDossier
from stopintimidatie.exports.extract.services import Prepared
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.profiles.defaults import PROFILES
from stopintimidatie.exports.request.jobs import REJECTED_AFTER, withdraw
from stopintimidatie.exports.request.services import (
    ChangedMeanwhileError,
    approve,
    check_request,
    check_second,
    freeze_and_make,
    lock,
    log,
    request_export,
)
from stopintimidatie.exports.vocabulary import APPROVE_WITHIN, ExportError, ExportRequest
from stopintimidatie.settings import Settings

JOB: Final = Job("uitvoer.spoed_bewaken")


def make_at_once(session: Session, keys: KeyRing, prepared: Prepared, actor: Actor) -> None:
    """Have made what was asked for with urgency; that takes no rule away but the order of things.

    :raises ExportError: it can't be put in a document.
    """
    export, now = prepared.export, prepared.at
    export.approve_by = after_working_days(now, APPROVE_WITHIN)
    freeze_and_make(session, keys, prepared)
    log(session, export, actor, "spoed", reason=export.urgent_reason)
    payload = {"id": str(export.id)}
    enqueue(session, JOB, export.holder, payload, delay=export.approve_by - now)


def waits_for_second(export: Export) -> bool:
    """Whether somebody must judge it still."""
    return bool(
        export.urgent and export.decided_at is None and export.state != ExportState.WITHDRAWN
    )


def judge_after(
    session: Session, export: Export, actor: Actor, *, good: bool, reason: str = ""
) -> None:
    """The second person, afterwards. No means that it is taken back and that holders are told.

    :raises ExportError: own request, judged already, or no without a reason.
    """
    lock(session, export.id)
    if not waits_for_second(export):
        raise ExportError("Over deze uitvoer is al beslist. Open de pagina opnieuw.")
    check_second(session, export, actor)
    if not good and not reason.strip():
        raise ExportError("Schrijf op waarom u de uitvoer afwijst.", "reden")
    export.decided_at, export.decided_by_id, export.decided_by = utc_now(), actor.id, actor.name
    export.decided_reason = reason or None
    disclosure = find_disclosure(session, export.reference)
    if disclosure is not None:
        kind = EventKind.APPROVED_AFTER if good else EventKind.REJECTED_AFTER
        note_event(session, disclosure, kind, actor)
    log(session, export, actor, "achteraf_goedgekeurd" if good else "achteraf_afgewezen")
    if not good:
        withdraw(session, export, actor, REJECTED_AFTER, reason)


def watch(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job: the working day is over. Nobody judged it? The owner and the privacy officers hear."""
    for place, payload in enumerate(payloads):
        with context.ending(place) as session:
            export = lock(session, UUID(payload["id"])) if session else None
            if session is None or export is None or export.overdue_at is not None:
                continue
            if not waits_for_second(export):
                continue
            now = utc_now()
            if export.approve_by is not None and now < export.approve_by:
                delay = max(export.approve_by - now, timedelta(minutes=1))
                enqueue(session, JOB, export.holder, payload, delay=delay)
                continue
            export.overdue_at = now
            log(session, export, SYSTEM, "spoed_te_laat")
            for person in _to_tell(session, export):
                key = f"{OVERDUE.name}:{export.id}:{person}"
                to = Recipient(COLLEAGUE, person)
                queue_mail(session, export.holder, OVERDUE.name, to, about=export.id, key=key)


def _to_tell(session: Session, export: Export) -> list[str]:
    dossier = session.get(Dossier, export.dossier_id)
    officers = session.scalars(
        select(RoleAssignment.user_id).where(
            RoleAssignment.holder == export.holder,
            RoleAssignment.role == Role.PRIVACY_OFFICER.value,
        )
    )
    owner = [dossier.owner_id] if dossier is not None and dossier.owner_id is not None else []
    return sorted({str(person) for person in (*owner, *officers)})


def _write(writing: Writing) -> Letter | None:
    export = writing.session.get(Export, writing.message.about_id)
    if export is None or not waits_for_second(export):
        return None
    return Letter({"link": writing.link("/uitvoer")})


OVERDUE: Final = MailTemplate(
    "spoed_te_laat",
    "Een spoeduitvoer wacht op een tweede persoon",
    "stopintimidatie.exports.request:templates/mail/spoed.txt.jinja2",
    _write,
)


# Exports for several recipients in one action: asked for together, each its own, decided
# together.
#
# All or none: a mistake in one refuses them all, and names the one.


One = TypeVar("One")
Made = TypeVar("Made")


@dataclass
class SomeRefusedError(Exception):
    """What is wrong with some of them, each by its place."""

    refused: Sequence[tuple[int, ExportError]]


def look_together(
    session: Session,
    settings: Settings,
    loaded: LoadedDossier,
    wishes: Sequence[ExportRequest],
    actor: Actor,
) -> list[Prepared]:
    """Find out what each would get, also of the others; nothing is asked for.

    :raises SomeRefusedError: some can't be asked for so.
    """

    def look(place: int, wish: ExportRequest) -> Prepared:
        beside = _beside(wishes, place)
        return check_request(session, settings, loaded, wish, actor, beside=beside)

    return _each(wishes, look)


def _beside(wishes: Sequence[ExportRequest], place: int) -> list[tuple[str, str]]:
    """Who else is asked for: name and kind."""
    others = [*wishes[:place], *wishes[place + 1 :]]
    return [
        (one.recipient, PROFILES[one.profile].label) for one in others if one.profile in PROFILES
    ]


def request_together(
    session: Session,
    keys: KeyRing,
    settings: Settings,
    loaded: LoadedDossier,
    wishes: Sequence[ExportRequest],
    actor: Actor,
) -> list[Export]:
    """Ask for each; what binds them is a number that no document shows. What is urgent is made
    when all are there.

    :raises SomeRefusedError: some can't be asked for so.
    """
    number = uuid4()

    def ask(place: int, wish: ExportRequest) -> Prepared:
        beside = _beside(wishes, place)
        asked = request_export(session, settings, loaded, wish, actor, beside=beside)
        asked.export.together = number
        session.flush()
        return asked

    def hurry(place: int, asked: Prepared) -> Export:
        if asked.export.urgent:
            make_at_once(session, keys, asked, actor)
        return asked.export

    return _each(_each(wishes, ask), hurry)


def _each(several: Sequence[One], do: Callable[[int, One], Made]) -> list[Made]:
    """:raises SomeRefusedError: some can't; which, and why."""
    made, refused = [], []
    for place, one in enumerate(several):
        try:
            made.append(do(place, one))
        except ExportError as problem:
            refused.append((place, problem))
    if refused:
        raise SomeRefusedError(refused)
    return made


def approve_together(
    session: Session,
    keys: KeyRing,
    several: Sequence[Prepared],
    seen: Mapping[str, Any],
    actor: Actor,
) -> None:
    """Approve each that was looked at.

    :param seen: the fingerprint of what the approver saw, by the id of the export.
    :raises ExportError: one can't be approved; the message begins with its id.
    """
    for prepared in several:
        name = prepared.export.reference
        try:
            approve(session, keys, prepared, actor, seen=str(seen.get(name, "")))
        except ChangedMeanwhileError as problem:
            raise ChangedMeanwhileError(f"{name}: {problem.message}") from problem
        except ExportError as problem:
            raise ExportError(f"{name}: {problem.message}") from problem
