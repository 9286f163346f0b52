"""Other routes of a request: urgent exports, and exports for several recipients together.

An urgent export is made at once, and judged by a second person within one working day after.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import after_working_days, utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import COLLEAGUE
from stopintimidatie.exports.extract.queries import LoadedDossier
from stopintimidatie.exports.extract.services import Prepared
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.profiles.defaults import PROFILES
from stopintimidatie.exports.request.services import (
    check_request,
    freeze_and_make,
    lock,
    log,
    request_export,
)
from stopintimidatie.exports.vocabulary import APPROVE_WITHIN, ExportRequest
from stopintimidatie.settings import Settings

JOB: Final = Job("uitvoer.spoed_bewaken")


def make_at_once(session: Session, keys: KeyRing, prepared: Prepared, actor: Actor) -> None:
    """Have an urgent export made before it is approved; all other rules count as usual.

    Raises:
        FormError: the content can't be put in a document.
    """
    export, now = prepared.export, prepared.at
    export.approve_by = after_working_days(now, APPROVE_WITHIN)
    freeze_and_make(session, keys, prepared)
    log(session, export, actor, "spoed", reason=export.urgent_reason)
    payload = {"id": str(export.id)}
    enqueue(session, JOB, export.holder, payload, delay=export.approve_by - now)


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
    if export is None or not export.unjudged:
        return None
    return Letter({"link": writing.link("/uitvoer")})


OVERDUE: Final = MailTemplate(
    "spoed_te_laat",
    "Een spoeduitvoer wacht op een tweede persoon",
    "stopintimidatie.exports.request:templates/mail/spoed.txt.jinja2",
    _write,
)


# Exports for several recipients in one action
#
# All or none: a mistake in one refuses them all, and names that one.

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class SomeRefusedError(Exception):
    """Some of several exports are refused, each by its number in the list."""

    refused: Sequence[tuple[int, FormError]]


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
    *,
    together: bool = True,
) -> list[Export]:
    """Ask for several exports at once, and have the urgent ones made once all are asked for.

    `together`: they share an id that no document shows.

    Raises:
        SomeRefusedError: some can't be asked for so.
    """
    number = uuid4() if together else None

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
        except FormError as problem:
            refused.append((number, problem))
    if refused:
        raise SomeRefusedError(refused)
    return results
