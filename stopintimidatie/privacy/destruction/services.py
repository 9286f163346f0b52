"""Destruction lists: an act of the process owner, one of the archivist, single lines otherwise.

Where a municipality set that, its privacy officer looks in between. A line that is decided anew
goes round again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.second import CHANGED, SecondError
from stopintimidatie.core.text import date_text, day_of, plural
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    LineState,
    Waits,
)
from stopintimidatie.privacy.destruction.queries import (
    TO_ASSESS,
    TO_CHECK,
    held_by,
    lines_of,
    open_to,
    to_authorise,
    without_archive,
)
from stopintimidatie.privacy.destruction.rules import (
    ASSESSES,
    AUTHORISES,
    CHECKS,
    LONGEST,
    state_of,
)
from stopintimidatie.privacy.retention.models import Extension
from stopintimidatie.privacy.retention.queries import present_schedule
from stopintimidatie.privacy.retention.rules import Outcome

KIND: Final = "vernietigingslijst"


@dataclass(frozen=True)
class Choice:
    """Decision on single lines, with a reason: put off until a day, held, or undecided again."""

    decision: LineState | None
    reason: str | None = None
    until: date | None = None


# The word for a step that was made, on the page and in the log; below, how a line keeps it.
DONE: Final = {ASSESSES: "beoordeeld", CHECKS: "nagekeken", AUTHORISES: "gemachtigd"}
_SIGNED: Final = {ASSESSES: "assessed", CHECKS: "checked", AUTHORISES: "authorised"}
AT_MAXIMUM: Final = (
    "{} is aan de beurt door het uiterste. Langer bewaren besluit alleen de"
    " verwerkingsverantwoordelijke. Kies bij die regel ‘Langer bewaren dan het uiterste’, of"
    " bevries het document als er een zaak loopt."
)
NO_ARCHIVE: Final = (
    "{} moet naar het archief, en er is nog geen pakket van. Wie de installatie beheert, maakt dat."
    " Daarna kan de regel worden gemachtigd."
)
OTHERS: Final = (
    "Elke regel gaat langs verschillende mensen, en u, of iemand met wie u als één telt, deed al"
    " een andere stap. Vraag een collega."
)
NOTHING: Final = "Er is nu niets te doen met deze lijst. Kijk wie er aan de beurt is."


def fingerprint(lines: Iterable[DestructionLine | Extension]) -> str:
    """Return what tells these rows from the same rows after a change."""
    seen = sorted(f"{line.id}:{line.version}" for line in lines)
    return sha256(" ".join(seen).encode()).hexdigest()[:32]


def lock_list(session: Session, row: DestructionList) -> None:
    """Lock a list: whoever decides on its lines, or makes a step, waits for the other."""
    session.refresh(row, with_for_update=True)


def checks_here(session: Session) -> bool:
    """Tell whether the privacy officer of this municipality looks before the archivist."""
    schedule = present_schedule(session)
    return schedule is not None and schedule.checks


def takes(session: Session, step: str) -> ColumnElement[bool]:
    """Return the condition of the lines that a step takes along."""
    if step == AUTHORISES:
        return to_authorise(checks_here(session))
    return TO_CHECK if step == CHECKS else TO_ASSESS


def decide(
    session: Session,
    row: DestructionList,
    lines: Sequence[UUID],
    choice: Choice,
    actor: Actor,
    *,
    seen: str,
) -> int:
    """Decide otherwise on lines of a list, also on authorised ones; return how many those were.

    Raises:
        FormError: nothing is chosen, a line is gone, or day or reason isn't right.
        SecondError: the lines aren't those of the page (`seen`: their fingerprint) any more.
    """
    lock_list(session, row)
    chosen = lines_of(session, row.id, DestructionLine.id.in_(lines), lock=True)
    if len(chosen) != len(set(lines)) or fingerprint(chosen) != seen:
        raise SecondError(CHANGED)
    _check(session, chosen, choice)
    now, back = utc_now(), [line for line in chosen if line.authorised_at is not None]
    for line in chosen:
        line.start_again()
        line.decision = choice.decision.value if choice.decision is not None else None
        line.reason, line.postponed_until, line.waits_for = choice.reason, choice.until, None
        line.sign("decided", now, actor.id, actor.name)
    refresh_state(session, row)
    word = choice.decision.value if choice.decision is not None else "onbeslist"
    action = "vernietiging.teruggehaald" if back else "vernietiging.beslist"
    fields = [word, plural(len(chosen), "regel", "regels")]
    record(session, actor, action, row.holder, KIND, [row.id], fields=fields)
    return len(chosen)


def _check(session: Session, lines: Sequence[DestructionLine], choice: Choice) -> None:
    """Refuse what is gone, lacks its reason or day, or stays beyond the absolute maximum."""
    if not lines:
        raise FormError("Kies eerst een of meer regels in de lijst.")
    if any(line.gone_at is not None for line in lines):
        raise FormError("Een van deze documenten is al weg. Dat kan niet meer terug.")
    if not choice.reason:
        raise FormError("Schrijf op waarom. De archivaris leest dit.", "reden")
    if choice.decision is None:
        return
    today = day_of(utc_now())
    latest = today + LONGEST
    postponed = choice.decision is LineState.POSTPONED
    if postponed and (choice.until is None or not today < choice.until <= latest):
        raise FormError(
            f"Kies een dag vanaf morgen, tot en met {date_text(latest)}. Dan kijkt iemand opnieuw.",
            "tot",
        )
    if not postponed and choice.until is not None:
        raise FormError("Een dag hoort alleen bij uitstellen. Maak dit veld leeg.", "tot")
    schedule = present_schedule(session)
    for line in lines:
        last = schedule.maximum.after(line.received_on) if schedule is not None else None
        if line.at_maximum or (last is not None and last <= today):
            raise FormError(AT_MAXIMUM.format(line.reference))
        if last is not None and choice.until is not None and choice.until > last:
            raise FormError(
                f"{line.reference} mag niet langer blijven dan tot {date_text(last)}, het"
                " uiterste. Kies die dag, of een eerdere.",
                "tot",
            )


def make_step(session: Session, row: DestructionList, step: str, actor: Actor, seen: str) -> int:
    """Make a step with the lines that wait for it; return how many those were.

    Assessing lets all go but what something holds: those lines are held until it doesn't any more.
    The hash over all authorised lines of the list is kept with it.

    Raises:
        SecondError: this person made another step with all of them, nothing waits for this one,
            all that could be authorised lacks its archive, or the lines aren't those of the page.
    """
    lock_list(session, row)
    waits = takes(session, step)
    if not (lines := lines_of(session, row.id, waits, lock=True)):
        raise SecondError(NOTHING)
    if fingerprint(lines) != seen:
        raise SecondError(CHANGED)
    now = utc_now()
    if not (lines := lines_of(session, row.id, waits, open_to(step, actor.id))):
        raise SecondError(OTHERS)
    if step == ASSESSES:
        lines = _let_go(session, lines, actor, now)
    if step == AUTHORISES:
        apart = without_archive(session, lines)
        if len(apart) == len(lines):
            raise SecondError(NO_ARCHIVE.format(apart[0].reference))
        lines = [line for line in lines if line not in apart]
    for line in lines:
        line.sign(_SIGNED[step], now, actor.id, actor.name)
        line.waits_for = None
    refresh_state(session, row)
    action, fields = f"vernietiging.{DONE[step]}", [plural(len(lines), "regel", "regels")]
    record(session, actor, action, row.holder, KIND, [row.id], fields=fields)
    return len(lines)


def asked_longer(session: Session, lines: Sequence[DestructionLine]) -> set[UUID]:
    """Return the documents of these lines of which a decision to keep them longer is under way."""
    mine = Extension.document_id.in_([line.document_id for line in lines])
    return set(
        session.scalars(select(Extension.document_id).where(mine, Extension.outcome.is_(None)))
    )


def _let_go(
    session: Session, lines: Sequence[DestructionLine], actor: Actor, now: datetime
) -> list[DestructionLine]:
    """Let lines go, and hold those that something holds; return those that go."""
    held, asked = held_by(session, lines), asked_longer(session, lines)
    goes = []
    for line in lines:
        if line.document_id in asked:
            continue
        line.sign("decided", now, actor.id, actor.name)
        line.reason = line.postponed_until = None
        line.decision = LineState.GOES.value
        if (why := held.get(line.document_id)) is not None:
            line.decision, line.reason = LineState.HELD.value, "; ".join(why)
            # Until it isn't held any more: the night sees to that.
            line.waits_for = Waits.HOLD.value
        else:
            goes.append(line)
    return goes


def mark_transfer(session: Session, row: DestructionList, line: DestructionLine) -> None:
    """Have a line say that its document goes to the archive; it is undecided again.

    Raises:
        FormError: it is authorised, or gone.
    """
    lock_list(session, row)
    session.refresh(line, with_for_update=True)
    if line.authorised_at is not None or line.gone_at is not None:
        raise FormError(
            f"De regel van dit dossier op lijst {row.number} is al gemachtigd. Haal die regel eerst"
            " terug, en vul dit dan opnieuw in."
        )
    line.outcome = Outcome.TRANSFER.value
    line.start_again()
    line.decision, line.postponed_until, line.reason = None, None, None
    line.sign("decided")
    refresh_state(session, row)


def refresh_state(session: Session, row: DestructionList) -> None:
    """Set the state of a list, and its hash over the lines that are authorised."""
    session.flush()
    lines = lines_of(session, row.id)
    row.state = state_of(lines, checks=checks_here(session)).value
    row.hash = hash_of(lines)
    session.flush()


def hash_of(lines: Iterable[DestructionLine]) -> str | None:
    """Return the SHA-256 over the authorised lines; None without any."""
    authorised = sorted(
        f"{line.document_kind} {line.reference} {line.retention_class} {line.category}"
        f" {line.outcome} {line.due_on.isoformat()}"
        for line in lines
        if line.authorised_at is not None
    )
    return sha256("\n".join(authorised).encode()).hexdigest() if authorised else None
