"""Destruction lists: deciding on lines, the three steps by three people, taking back.

What a step takes along follows from its lines: a decided line is assessed, then checked, and when
it goes, authorised. A line that is decided anew goes round again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.hands import hands_of
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.text import date_text, day_of, plural
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    LineDecision,
)
from stopintimidatie.privacy.destruction.queries import (
    TO_ASSESS,
    TO_AUTHORISE,
    TO_CHECK,
    without_archive,
)
from stopintimidatie.privacy.destruction.rules import (
    ASSESSES,
    AUTHORISES,
    CHECKS,
    LONGEST,
    other_step,
    state_of,
)
from stopintimidatie.privacy.retention.models import Extension
from stopintimidatie.privacy.retention.queries import present_schedule
from stopintimidatie.privacy.retention.rules import Outcome

KIND: Final = "vernietigingslijst"


class ListError(Exception):
    """A step with a list is refused; the Dutch message says what to do."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class StaleListError(Exception):
    """Lines changed since the page was made."""


@dataclass(frozen=True)
class Choice:
    """Decision on lines: with a reason unless they go; with a day if they are put off."""

    decision: LineDecision
    reason: str | None = None
    until: date | None = None


@dataclass(frozen=True)
class Step:
    """Step that each line takes by another person.

    Args:
        signed: how a line keeps who made it (`DestructionLine.sign`).
        takes: the lines that wait for it.
        done: in words, and in the log.
        nothing: the refusal when no line waits for it.
    """

    signed: str
    takes: ColumnElement[bool]
    done: str
    nothing: str


STEPS: Final = {
    ASSESSES: Step(
        "assessed",
        TO_ASSESS,
        "beoordeeld",
        "Er is nog niets beslist. Beslis eerst over een of meer regels.",
    ),
    CHECKS: Step(
        "checked",
        TO_CHECK,
        "nagekeken",
        "Er is nu niets na te kijken. De proceseigenaar beoordeelt eerst.",
    ),
    AUTHORISES: Step(
        "authorised",
        TO_AUTHORISE,
        "gemachtigd",
        "Er is nu niets te machtigen. De privacyfunctionaris kijkt eerst na.",
    ),
}
AT_MAXIMUM: Final = (
    "{} is aan de beurt door het uiterste. Langer bewaren besluit alleen de"
    " verwerkingsverantwoordelijke. Kies bij die regel ‘Langer bewaren dan het uiterste’, of"
    " bevries het document als er een zaak loopt."
)
NO_ARCHIVE: Final = (
    "{} moet naar het archief, en er is nog geen pakket van. Vraag de beheerder dat te maken."
    " Daarna kan de regel worden gemachtigd."
)
THREE: Final = (
    "Elke regel gaat langs drie verschillende mensen, en u, of iemand met wie u als één telt, hebt"
    " dit al {}. Vraag een collega."
)


def fingerprint(lines: Iterable[DestructionLine | Extension]) -> str:
    """Return what tells these rows from the same rows after a change."""
    seen = sorted(f"{line.id}:{line.version}" for line in lines)
    return sha256(" ".join(seen).encode()).hexdigest()[:32]


def lock_list(session: Session, row: DestructionList) -> None:
    """Lock a list: whoever decides on its lines, or makes a step, waits for the other."""
    session.refresh(row, with_for_update=True)


def decide(
    session: Session,
    row: DestructionList,
    lines: Sequence[UUID],
    choice: Choice,
    actor: Actor,
    *,
    seen: str,
    by_checker: bool = False,
) -> int:
    """Decide on lines of a list, and return how many that were.

    Lines of which this person made another step stay as they are, for a colleague.

    Args:
        session: of the holder.
        row: the list.
        lines: their ids.
        choice: the decision.
        actor: who decides.
        seen: the fingerprint of the lines on the page.
        by_checker: the privacy officer holds lines back, without another round.

    Raises:
        ListError: this person made another step with all of them, a line is authorised or gone, or
            day or reason isn't right.
        StaleListError: the lines aren't those of the page any more.
    """
    lock_list(session, row)
    chosen = _chosen(session, row, lines, seen)
    _check(choice)
    _refuse_beyond_maximum(session, chosen, choice)
    chosen = _open_to(session, chosen, actor, CHECKS if by_checker else ASSESSES)
    now = utc_now()
    for line in chosen:
        line.decision = choice.decision.value
        line.reason, line.postponed_until = choice.reason, choice.until
        line.sign("decided", now, actor.id, actor.name)
        if not by_checker:
            line.start_again()
    refresh_state(session, row)
    fields = [choice.decision.value, plural(len(chosen), "regel", "regels")]
    record(session, actor, "vernietiging.beslist", row.holder, KIND, [row.id], fields=fields)
    return len(chosen)


def _chosen(
    session: Session, row: DestructionList, lines: Sequence[UUID], seen: str
) -> Sequence[DestructionLine]:
    """Return the lines that a decision is about, as the page showed them."""
    chosen = _lines(session, row, DestructionLine.id.in_(lines))
    if len(chosen) != len(set(lines)) or fingerprint(chosen) != seen:
        raise StaleListError
    if not chosen:
        raise ListError("Kies eerst een of meer regels in de lijst.")
    if any(line.authorised_at is not None for line in chosen):
        raise ListError(
            "Deze vernietiging is al gemachtigd. Haal de regel eerst terug als hij moet blijven."
        )
    return chosen


def _check(choice: Choice) -> None:
    if choice.decision is not LineDecision.GOES and not choice.reason:
        raise ListError("Schrijf op waarom. De archivaris leest dit.", "reden")
    if choice.decision is LineDecision.POSTPONED:
        today = day_of(utc_now())
        latest = today + LONGEST
        if choice.until is None or not today < choice.until <= latest:
            raise ListError(
                f"Kies een dag vanaf morgen, tot en met {date_text(latest)}. Dan kijkt iemand"
                " opnieuw.",
                "tot",
            )


def _refuse_beyond_maximum(
    session: Session, lines: Sequence[DestructionLine], choice: Choice
) -> None:
    """Refuse what only the controller may decide: to keep a document beyond the maximum.

    While that is asked, the document doesn't go either.
    """
    if choice.decision is LineDecision.GOES:
        ids = [line.document_id for line in lines]
        asked = select(Extension.reference).where(
            Extension.outcome.is_(None), Extension.document_id.in_(ids)
        )
        if (reference := session.scalar(asked.limit(1))) is not None:
            raise ListError(
                f"Gevraagd is of {reference} langer mag blijven. Wacht op het besluit, of kies bij"
                " die regel ‘Vraag intrekken’."
            )
        return
    schedule, today = present_schedule(session), day_of(utc_now())
    for line in lines:
        latest = schedule.maximum.after(line.received_on) if schedule is not None else None
        if line.at_maximum or (latest is not None and latest <= today):
            raise ListError(AT_MAXIMUM.format(line.reference))
        if latest is not None and choice.until is not None and choice.until > latest:
            raise ListError(
                f"{line.reference} mag niet langer blijven dan tot {date_text(latest)}, het"
                " uiterste. Kies die dag, of een eerdere.",
                "tot",
            )


def make_step(session: Session, row: DestructionList, step: str, actor: Actor, seen: str) -> int:
    """Make a step (of `STEPS`) with the lines that wait for it; return how many those were.

    The hash over all authorised lines of the list is kept with it.

    Raises:
        ListError: this person made another step with all of them, nothing waits for this one, or
            all that could be authorised lacks its archive.
        StaleListError: the lines aren't those of the page any more.
    """
    lock_list(session, row)
    asked = STEPS[step]
    lines = _lines(session, row, asked.takes)
    if not lines:
        raise ListError(asked.nothing)
    if fingerprint(lines) != seen:
        raise StaleListError
    lines, now = _open_to(session, lines, actor, step), utc_now()
    if step == AUTHORISES:
        lines = _with_archive(session, lines)
    for line in lines:
        line.sign(asked.signed, now, actor.id, actor.name)
        if step == AUTHORISES:
            line.waits_for = None
    refresh_state(session, row)
    action, fields = f"vernietiging.{asked.done}", [plural(len(lines), "regel", "regels")]
    record(session, actor, action, row.holder, KIND, [row.id], fields=fields)
    return len(lines)


def take_back(
    session: Session, row: DestructionList, line: DestructionLine, why: str, actor: Actor
) -> None:
    """Take back the authorisation of a line that isn't gone; it is undecided again.

    Raises:
        ListError: it is gone, or wasn't authorised.
    """
    lock_list(session, row)
    session.refresh(line, with_for_update=True)
    if line.gone_at is not None:
        raise ListError("Dit document is al weg. Dat kan niet meer terug.")
    if line.authorised_at is None:
        raise ListError("Deze regel is niet gemachtigd. Er valt niets terug te halen.")
    line.start_again()
    line.decision, line.postponed_until, line.waits_for = None, None, None
    line.reason = why
    line.sign("decided", utc_now(), actor.id, actor.name)
    refresh_state(session, row)
    record(
        session, actor, "vernietiging.teruggehaald", row.holder, KIND, [row.id], fields=["1 regel"]
    )


def mark_transfer(session: Session, row: DestructionList, line: DestructionLine) -> None:
    """Have a line say that its document goes to the archive; it is undecided again.

    Raises:
        ListError: it is authorised, or gone.
    """
    lock_list(session, row)
    session.refresh(line, with_for_update=True)
    if line.authorised_at is not None or line.gone_at is not None:
        raise ListError(
            f"De regel van dit dossier op lijst {row.number} is al gemachtigd. Haal die regel eerst"
            " terug, en vul dit dan opnieuw in."
        )
    line.outcome = Outcome.TRANSFER.value
    line.start_again()
    line.decision, line.postponed_until, line.reason = None, None, None
    line.sign("decided")
    refresh_state(session, row)


def _open_to(
    session: Session, lines: Sequence[DestructionLine], actor: Actor, step: str
) -> Sequence[DestructionLine]:
    """Return the lines with which this hand made no other step; refuse when none is left."""
    hands = hands_of(session, actor.id)
    mine = [line for line in lines if other_step(line, hands, step) is None]
    if lines and not mine:
        raise ListError(THREE.format(STEPS[other_step(lines[0], hands, step) or step].done))
    return mine


def _with_archive(session: Session, lines: Sequence[DestructionLine]) -> Sequence[DestructionLine]:
    """Leave out what goes to an archive that nobody named; refuse when nothing is left."""
    apart = without_archive(session, lines)
    if lines and len(apart) == len(lines):
        raise ListError(NO_ARCHIVE.format(apart[0].reference))
    return [line for line in lines if line not in apart]


def _lines(
    session: Session, row: DestructionList, condition: ColumnElement[bool]
) -> Sequence[DestructionLine]:
    mine = (DestructionLine.list_id == row.id, condition)
    return session.scalars(
        select(DestructionLine).where(*mine).order_by(DestructionLine.id).with_for_update()
    ).all()


def refresh_state(session: Session, row: DestructionList) -> None:
    """Set the state of a list, and its hash over the lines that are authorised."""
    session.flush()
    lines = session.scalars(select(DestructionLine).where(DestructionLine.list_id == row.id)).all()
    row.state = state_of(lines).value
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
