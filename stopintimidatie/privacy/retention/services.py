"""Terms: proposing a version, approving or refusing it, renewing the standing decision."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from dateutil.relativedelta import relativedelta
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.second import SecondError, check_hand, lock_open, sign, take_back, why_not
from stopintimidatie.core.storage.models import Holder
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.municipalities.accountability.services import ask_to_settle
from stopintimidatie.privacy.retention.models import RetentionSchedule
from stopintimidatie.privacy.retention.queries import present_version
from stopintimidatie.privacy.retention.rules import Schedule, problems, schedule_of

KIND: Final = "bewaartermijnen"
# The archivist looks at the standing decision every year.
LOOKED: Final = relativedelta(years=1)
REPLACED: Final = "Vervangen door een nieuwer voorstel."
WITHDRAWN: Final = "Ingetrokken door wie het voorstelde."
# A form that was opened a while ago may still say that the terms count from then on.
_WHILE_TYPING: Final = timedelta(hours=1)
OWN_PROPOSAL: Final = (
    "U deed dit voorstel zelf. Een archivaris keurt het goed, een ander dan u. Of laat een ander"
    " het voorstel doen."
)


def propose_terms(
    session: Session,
    holder: str,
    schedule: Schedule,
    effective_from: datetime,
    note: str | None,
    actor: Actor,
) -> RetentionSchedule:
    """Propose a version of the terms; one that still waits is taken back by it.

    Raises:
        FormError: a term can't be, or it would count from a moment that has passed.
    """
    now = utc_now()
    if wrong := list(problems(schedule, day_of(now))):
        raise FormError(*wrong[0], also=wrong[1:])
    if effective_from < now - _WHILE_TYPING:
        raise FormError(
            "Nieuwe termijnen kunnen niet ingaan op een moment dat al voorbij is. Kies een later"
            " moment, of laat dit leeg.",
            "vanaf",
        )
    for waiting in session.scalars(
        select(RetentionSchedule).where(RetentionSchedule.waiting()).with_for_update()
    ):
        waiting.approved, waiting.refusal = False, REPLACED
        sign(session, waiting, actor)
    last = session.scalar(select(func.max(RetentionSchedule.number))) or 0
    row = RetentionSchedule(
        holder=holder,
        number=last + 1,
        content=schedule.as_json(),
        note=note,
        proposed_by_id=actor.id,
        proposed_by=actor.name,
        effective_from=effective_from,
    )
    session.add(row)
    session.flush()
    record(session, actor, "termijnen.voorgesteld", holder, KIND, [row.id])
    return row


def why_not_approve(session: Session, row: RetentionSchedule, actor: Actor) -> str | None:
    """Return why somebody is no second person for a proposal; None for who is."""
    return why_not(session, row, actor.id, own=OWN_PROPOSAL)


def approve_terms(session: Session, row: RetentionSchedule, actor: Actor) -> None:
    """Approve a version: it counts from its moment, or from now when that has passed.

    Raises:
        SecondError: it was answered before, or who approves is no second person.
        FormError: a category is missing, or a term can't be.
    """
    lock_open(session, row, actor)
    check_hand(session, row, actor, own=OWN_PROPOSAL)
    schedule = schedule_of(row.content)
    # A proposal of earlier may say what can't be proposed any more.
    if wrong := list(problems(schedule, day_of(utc_now()))):
        words, _ = wrong[0]
        raise FormError(f"{words} Weiger dit, en laat een nieuw voorstel doen.", "besluit")
    choices = schedule.choices.values()
    # A category that shows nothing is none.
    if not all(any(map(str.isalnum, choice.category)) for choice in choices):
        raise FormError(
            "Bij een of meer termijnen ontbreekt de categorie. Doe een nieuw voorstel waarin elke"
            " termijn een categorie uit de selectielijst heeft, of een besluit waarop zij steunt.",
            "besluit",
        )
    row.approved = True
    sign(session, row, actor)
    row.effective_from = max(row.effective_from, utc_now())
    row.look_by, row.standing_until = day_of(row.effective_from) + LOOKED, schedule.until
    holder = session.get_one(Holder, row.holder)
    earlier = holder.terms_from
    if earlier is None:
        # The archivist read how much goes in the first night.
        holder.swept_on = day_of(row.effective_from)
    holder.terms_from = row.effective_from if earlier is None else min(earlier, row.effective_from)
    holder.standing_until = row.standing_until
    ask_to_settle(session, row.holder)
    record(session, actor, "termijnen.goedgekeurd", row.holder, KIND, [row.id])


def refuse_terms(session: Session, row: RetentionSchedule, why: str, actor: Actor) -> None:
    """Refuse a version, with the reason.

    Raises:
        SecondError: it was answered before.
    """
    lock_open(session, row, actor)
    row.approved, row.refusal = False, why
    sign(session, row, actor)
    record(session, actor, "termijnen.geweigerd", row.holder, KIND, [row.id])


def withdraw_terms(session: Session, row: RetentionSchedule, actor: Actor) -> None:
    """Take back one's own proposal before it is answered.

    Raises:
        SecondError: it was answered before, or somebody else proposed it.
    """
    take_back(session, row, actor)
    row.approved, row.refusal = False, WITHDRAWN
    record(session, actor, "termijnen.ingetrokken", row.holder, KIND, [row.id])


def is_refusal(row: RetentionSchedule | None, actor: Actor) -> bool:
    """Tell whether an archivist refused this proposal of an actor; taken back isn't refused."""
    return (
        row is not None
        and row.approved is False
        and row.proposed_by_id == actor.id
        and row.refusal not in (REPLACED, WITHDRAWN)
    )


def look_at_standing(session: Session, actor: Actor) -> None:
    """Note that the archivist looked at the standing decision, and looks again in a year.

    Raises:
        SecondError: no terms count yet, or it isn't in force any more.
    """
    row = _in_force(session)
    row.look_by = day_of(utc_now()) + LOOKED
    record(session, actor, "termijnen.verlengd", row.holder, KIND, [row.id])


def end_standing(session: Session, actor: Actor) -> None:
    """End the standing decision: from now on short classes stay, until newer terms count.

    Raises:
        SecondError: no terms count yet, or it isn't in force any more.
    """
    row = _in_force(session)
    row.standing_until = day_of(utc_now()) - timedelta(days=1)
    session.get_one(Holder, row.holder).standing_until = row.standing_until
    record(session, actor, "termijnen.beeindigd", row.holder, KIND, [row.id])


def _in_force(session: Session) -> RetentionSchedule:
    row = present_version(session)
    if row is None:
        raise SecondError("Er gelden nog geen bewaartermijnen. Keur eerst een voorstel goed.")
    session.refresh(row, with_for_update=True)
    if row.standing_until is not None and row.standing_until < day_of(utc_now()):
        ended = date_text(row.standing_until + timedelta(days=1))
        raise SecondError(f"Dit besluit is al beëindigd op {ended}.")
    return row
