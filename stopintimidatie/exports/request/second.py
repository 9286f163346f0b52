"""Decisions of a second person: about what was asked for, and after what was made with urgency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.jobs import JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.core.second import check_hand, lock_open, sign
from stopintimidatie.core.security import Role
from stopintimidatie.core.security.permissions import NEVER_APPROVE
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.text import day_of
from stopintimidatie.disclosures.services import EventKind, find_disclosure, note_event
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import COLLEAGUE
from stopintimidatie.exports.extract.services import Prepared, check_restricted
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.request.jobs import REJECTED_AFTER, destroy
from stopintimidatie.exports.request.queries import (
    OWN_REQUEST,
    check_dossier,
    check_partner,
    shut_by,
)
from stopintimidatie.exports.request.rules import check_wish
from stopintimidatie.exports.request.services import (
    WATCH,
    check_empowered,
    freeze_and_make,
    lock,
    log,
)
from stopintimidatie.exports.vocabulary import clean


@dataclass(frozen=True, slots=True)
class Looked:
    """An export to decide about: what its recipient would get now, or why that can't be made."""

    export: Export
    # None for what was made with urgency: its content lies fixed.
    prepared: Prepared | None = None
    problem: str = ""


def fingerprints(several: Sequence[Looked]) -> dict[str, str]:
    """Return the fingerprint of what a person sees of each export, by its reference."""
    return {
        looked.export.reference: looked.prepared.fingerprint if looked.prepared else ""
        for looked in several
    }


def decide(
    session: Session,
    keys: KeyRing,
    several: Sequence[Looked],
    actor: Actor,
    *,
    seen: Mapping[str, str],
    reason: str | None = None,
) -> None:
    """Approve exports that wait, and have them made; or reject them: all or none.

    What was made with urgency is judged so afterwards; what is rejected then is withdrawn.

    Args:
        session: of the decision.
        keys: for what is frozen.
        several: the exports, which were locked before they were looked at.
        actor: decides.
        seen: the `fingerprints` that the person saw.
        reason: why they are rejected; None approves them.

    Raises:
        SecondError: one was decided or changed meanwhile, or the actor isn't a second person.
        FormError: one may not be given now, or a rejection has no reason.
    """
    now = fingerprints(several)
    for looked in several:
        name = looked.export.reference
        # A rejection counts also for what changed since.
        known = now[name] if reason is not None else seen.get(name, "")
        lock_open(session, looked.export, actor, seen=known, is_now=partial(now.get, name))
        check_second(session, looked.export, actor)
        try:
            _decide(session, keys, looked, actor, reason)
        except FormError as problem:
            if len(several) > 1:
                problem.message = f"{name}: {problem.message}"
            raise


def _decide(
    session: Session, keys: KeyRing, looked: Looked, actor: Actor, reason: str | None
) -> None:
    export, after, good = looked.export, looked.export.urgent, reason is None
    if not (good or clean(reason or "")):
        raise FormError("Schrijf op waarom u de uitvoer afwijst.", "reden")
    prepared = _approvable(session, looked) if good and not after else None
    export.decided_reason = reason
    sign(session, export, actor)
    if prepared is not None:
        freeze_and_make(session, keys, prepared)
    elif not after:
        export.state = ExportState.REJECTED.value
    elif (disclosure := find_disclosure(session, export.reference)) is not None:
        kind = EventKind.APPROVED_AFTER if good else EventKind.REJECTED_AFTER
        note_event(session, disclosure, kind, actor)
    outcome = "goedgekeurd" if good else "afgewezen"
    log(session, export, actor, f"achteraf_{outcome}" if after else outcome)
    if after and not good:
        destroy(session, export, actor, REJECTED_AFTER, reason)


def _approvable(session: Session, looked: Looked) -> Prepared:
    """Return what a recipient gets.

    Raises:
        FormError: It may not be given now.
    """
    export, prepared, today = looked.export, looked.prepared, day_of(utc_now())
    if prepared is None:
        raise FormError(looked.problem)
    if export.destroy_by <= today:
        raise FormError("De datum om te vernietigen is voorbij. Wijs deze aanvraag af.")
    check_dossier(session, session.get_one(Dossier, export.dossier_id), export.asked)
    check_partner(session, export.asked, today)
    check_empowered(session, export.holder, export.profile)
    check_restricted(prepared)
    if prepared.minors and not export.minors_ground:
        check_wish(export.asked, today, minors=True)
    return prepared


def check_second(session: Session, export: Export, actor: Actor) -> None:
    """Refuse who asked for it, and who holds a role, beside others, that stays out of decisions.

    Raises:
        SecondError: This isn't a second person.
        FormError: It is one that must stay out of decisions.
    """
    check_hand(session, export, actor, own=OWN_REQUEST)
    held = session.scalars(
        select(RoleAssignment.role).where(
            RoleAssignment.user_id == UUID(str(actor.id)),
            RoleAssignment.holder == export.holder,
            RoleAssignment.role.in_([role.value for role in NEVER_APPROVE]),
        )
    )
    if held.first() is not None:
        raise FormError(
            "U bent ook FG of functioneel beheerder. Die beslissen nooit over uitvoer. Vraag een"
            " andere OOV-medewerker, een dossierhouder of een waarnemer."
        )


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
        FormError: A ground or a reason is missing, it is for everybody, or the actor is no
            second person.
    """
    lock(session, export.id)
    shut = shut_by(session, registry, export)
    if shut is None or shut.withdrawn or shut.public:
        raise FormError(shut.words if shut else "Dit document mag al worden gegeven.")
    check_second(session, export, actor)
    for number in shut.restricted:
        answer, field = given.get(number, {}), f"beperkt.melding_{number}"
        if not answer.get("grondslag"):
            raise FormError("Kies de grond om dit toch te geven.", f"{field}.grondslag")
        if not clean(str(answer.get("reden") or "")):
            raise FormError("Schrijf op waarom dit toch gaat.", f"{field}.reden")
    more = [{"nummer": number, **given[number]} for number in shut.restricted]
    export.deviations = [*(export.deviations or ()), *more]
    log(session, export, actor, "toch_gegeven")


# Urgent exports, which were made before anybody else looked: who is told when nobody judges them


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


def _late(writing: Writing) -> Letter | None:
    export = writing.session.get(Export, writing.message.about_id)
    if export is None or not export.unjudged:
        return None
    return Letter({"link": writing.link("/uitvoer")})


OVERDUE: Final = MailTemplate(
    "spoed_te_laat", "Een spoeduitvoer wacht op een tweede persoon", __package__, _late
)
