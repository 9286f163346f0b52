"""Other routes of a request: urgent exports, and exports for several recipients together.

An urgent export is made at once, and judged by a second person within one working day after.
"""

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
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import COLLEAGUE
from stopintimidatie.exports.extract.queries import LoadedDossier
from stopintimidatie.exports.extract.services import Prepared
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.profiles.defaults import PROFILES
from stopintimidatie.exports.request.jobs import REJECTED_AFTER, withdraw
from stopintimidatie.exports.request.queries import shut_by
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
from stopintimidatie.exports.vocabulary import APPROVE_WITHIN, ExportError, ExportRequest, clean
from stopintimidatie.settings import Settings

JOB: Final = Job("uitvoer.spoed_bewaken")


def make_at_once(session: Session, keys: KeyRing, prepared: Prepared, actor: Actor) -> None:
    """Have an urgent export made before it is approved; all other rules count as usual.

    Raises:
        ExportError: the content can't be put in a document.
    """
    export, now = prepared.export, prepared.at
    export.approve_by = after_working_days(now, APPROVE_WITHIN)
    freeze_and_make(session, keys, prepared)
    log(session, export, actor, "spoed", reason=export.urgent_reason)
    payload = {"id": str(export.id)}
    enqueue(session, JOB, export.holder, payload, delay=export.approve_by - now)


def waits_for_second(export: Export) -> bool:
    """Tell whether a second person must still judge an urgent export."""
    return export.unjudged


def judge_after(
    session: Session, export: Export, actor: Actor, *, good: bool, reason: str = ""
) -> None:
    """Approve or reject an urgent export afterwards; a rejected one is withdrawn.

    Raises:
        ExportError: it is the person's own request, it was judged already, or a rejection has no
            reason.
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


def free(
    session: Session,
    registry: Any,
    export: Export,
    given: Mapping[int, Mapping[str, Any]],
    actor: Actor,
) -> None:
    """Let a document be given of which something was restricted since, each on a ground.

    `given`: by number, the ground of art. 18(2) AVG and the reason.

    Raises:
        ExportError: A ground or a reason is missing, it is for everybody, or the actor is no
            second person.
    """
    lock(session, export.id)
    shut = shut_by(session, registry, export)
    if shut is None or shut.withdrawn or shut.public:
        raise ExportError(shut.words if shut else "Dit document mag al worden gegeven.")
    check_second(session, export, actor)
    for number in shut.restricted:
        answer, field = given.get(number, {}), f"beperkt.melding_{number}"
        if not answer.get("grondslag"):
            raise ExportError("Kies de grond om dit toch te geven.", f"{field}.grondslag")
        if not clean(str(answer.get("reden") or "")):
            raise ExportError("Schrijf op waarom dit toch gaat.", f"{field}.reden")
    more = [{"nummer": number, **given[number]} for number in shut.restricted]
    export.deviations = [*(export.deviations or ()), *more]
    log(session, export, actor, "toch_gegeven")


def watch(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Mail owner and privacy officers about urgent exports that nobody judged in time (job)."""
    for number, payload in enumerate(payloads):
        with context.ending(number) as session:
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
            for person in _answerable(session, export):
                key = f"{OVERDUE.name}:{export.id}:{person}"
                to = Recipient(COLLEAGUE, person)
                queue_mail(session, export.holder, OVERDUE.name, to, about=export.id, key=key)


def _answerable(session: Session, export: Export) -> list[str]:
    """Return the ids of the dossier owner and the privacy officers."""
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


# Exports for several recipients in one action, asked for together and decided together
#
# All or none: a mistake in one refuses them all, and names that one.

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class SomeRefusedError(Exception):
    """Some of several exports are refused, each by its number in the list."""

    refused: Sequence[tuple[int, ExportError]]


def look_together(
    session: Session,
    settings: Settings,
    loaded: LoadedDossier,
    wishes: Sequence[ExportRequest],
    actor: Actor,
) -> list[Prepared]:
    """Return what each recipient would get if these exports were asked for together.

    Raises:
        SomeRefusedError: some can't be asked for so.
    """

    def look(number: int, wish: ExportRequest) -> Prepared:
        beside = _beside(wishes, number)
        return check_request(session, settings, loaded, wish, actor, beside=beside)

    return _each(wishes, look)


def _beside(wishes: Sequence[ExportRequest], number: int) -> list[tuple[str, str]]:
    """Return name and kind of the other recipients."""
    others = [*wishes[:number], *wishes[number + 1 :]]
    return [
        (wish.recipient, PROFILES[wish.profile].label)
        for wish in others
        if wish.profile in PROFILES
    ]


def request_together(
    session: Session,
    keys: KeyRing,
    settings: Settings,
    loaded: LoadedDossier,
    wishes: Sequence[ExportRequest],
    actor: Actor,
) -> list[Export]:
    """Ask for several exports at once, and have the urgent ones made once all are asked for.

    They share an id that no document shows.

    Raises:
        SomeRefusedError: some can't be asked for so.
    """
    number = uuid4()

    def ask(index: int, wish: ExportRequest) -> Prepared:
        beside = _beside(wishes, index)
        prepared = request_export(session, settings, loaded, wish, actor, beside=beside)
        prepared.export.together = number
        session.flush()
        return prepared

    def hurry(index: int, prepared: Prepared) -> Export:
        if prepared.export.urgent:
            make_at_once(session, keys, prepared, actor)
        return prepared.export

    return _each(_each(wishes, ask), hurry)


def _each(items: Sequence[Item], do: Callable[[int, Item], Result]) -> list[Result]:
    """Return the results of a function called with the number of each item and the item.

    Raises:
        SomeRefusedError: some items were refused; it holds all refusals.
    """
    results, refused = [], []
    for number, item in enumerate(items):
        try:
            results.append(do(number, item))
        except ExportError as problem:
            refused.append((number, problem))
    if refused:
        raise SomeRefusedError(refused)
    return results


def approve_together(
    session: Session,
    keys: KeyRing,
    several: Sequence[Prepared],
    seen: Mapping[str, Any],
    actor: Actor,
) -> None:
    """Approve several exports; `seen` holds the fingerprint the approver saw of each, by its id.

    Raises:
        ExportError: one can't be approved; the message begins with its id.
    """
    for prepared in several:
        name = prepared.export.reference
        try:
            approve(session, keys, prepared, actor, seen=str(seen.get(name, "")))
        except ChangedMeanwhileError as problem:
            raise ChangedMeanwhileError(f"{name}: {problem.message}") from problem
        except ExportError as problem:
            raise ExportError(f"{name}: {problem.message}") from problem
