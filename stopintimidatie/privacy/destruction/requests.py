"""Keeping a document beyond the absolute maximum, which only the controller allows, per document.

The process owner asks; archivist and FG advise, without a veto; the process owner enters what the
controller decided. Until then the line of the document stays undecided on its list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.hands import hands_of, others
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Identity, Role
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    LineDecision,
)
from stopintimidatie.privacy.destruction.rules import LONGEST
from stopintimidatie.privacy.destruction.services import (
    ListError,
    StaleListError,
    fingerprint,
    lock_list,
    refresh_state,
)
from stopintimidatie.privacy.retention.models import Extension, ExtensionOutcome

# The advisers, by the first word of their columns.
ADVISERS: Final = {Role.ARCHIVIST: "archivist", Role.DATA_PROTECTION_OFFICER: "fg"}
TITLES: Final = {Role.ARCHIVIST: "archivaris", Role.DATA_PROTECTION_OFFICER: "FG"}
BODIES: Final = (
    ("college", "het college van burgemeester en wethouders"),
    ("burgemeester", "de burgemeester"),
)
# The names of the acts, as they stand in addresses.
ASK: Final = "langer-bewaren"
ADVISE: Final = "langer-advies"
ENTER: Final = "langer-besluit"
WITHDRAW: Final = "langer-intrekken"
OPEN: Final = Extension.outcome.is_(None)
OVER: Final = "Deze vraag is al afgehandeld. Kijk bij de regel wat is besloten."


@dataclass(frozen=True)
class Ruling:
    """Decision of the controller: of whom, its number and day; until when, if it says yes."""

    granted: bool
    body: str
    number: str
    on: date
    until: date | None = None


def ask(
    session: Session,
    row: DestructionList,
    line: DestructionLine,
    wanted: tuple[date, str],
    actor: Actor,
    seen: str,
) -> Extension:
    """Ask to keep the document of a line beyond its maximum: until when, and why.

    Raises:
        ListError: it isn't at its maximum, is authorised or gone, was asked already, or the day
            isn't right.
        StaleListError: the line isn't that of the page any more.
    """
    _lock(session, row, line)
    if fingerprint([line]) != seen:
        raise StaleListError
    if line.authorised_at is not None:
        raise ListError("Deze vernietiging is al gemachtigd. Haal de regel eerst terug.")
    if not line.at_maximum:
        raise ListError("Dit document is nog niet op zijn uiterste. Kies ‘Uitstellen tot’.")
    if open_extension(session, line.document_id) is not None:
        raise ListError("Dit is al gevraagd. Kijk bij de regel op wie het wacht.")
    until, why = wanted
    _check_until(line, until)
    line.start_again()
    line.decision = line.postponed_until = None
    extension = Extension(
        holder=row.holder,
        document_kind=line.document_kind,
        document_id=line.document_id,
        reference=line.reference,
        wanted_until=until,
        reason=why,
        asked_by_id=actor.id,
        asked_by=actor.name or "",
    )
    session.add(extension)
    refresh_state(session, row)
    _note(session, extension, actor, "gevraagd", until.isoformat())
    return extension


def advise(
    session: Session,
    extension: Extension,
    role: Role,
    advice: tuple[bool, str],
    actor: Actor,
    seen: str,
) -> None:
    """Give the advice of the archivist or the FG: whether they agree, and in words.

    Raises:
        ListError: the request is over, the advice was given, or this person did something else
            in this request.
        StaleListError: somebody was first.
    """
    session.refresh(extension, with_for_update=True)
    _refuse_over(extension)
    if fingerprint([extension]) != seen:
        raise StaleListError
    column = ADVISERS[role]
    if role not in missing_advice(extension):
        raise ListError(f"Het advies van de {TITLES[role]} is al gegeven.")
    _refuse_again(session, extension, actor)
    agrees, words = advice
    for name, value in (
        ("agrees", agrees),
        ("words", words),
        ("at", utc_now()),
        ("by_id", actor.id),
        ("by", actor.name),
    ):
        setattr(extension, f"{column}_{name}", value)
    session.flush()
    _note(session, extension, actor, "geadviseerd", column, "eens" if agrees else "niet eens")


def enter(
    session: Session,
    row: DestructionList,
    line: DestructionLine,
    extension: Extension,
    ruling: Ruling,
    actor: Actor,
    seen: str,
) -> None:
    """Enter what the controller decided; the line is put off if that was yes.

    Raises:
        ListError: the request is over, an advice is missing, this person advised, or a day isn't
            right.
        StaleListError: somebody was first.
    """
    _lock(session, row, line)
    session.refresh(extension, with_for_update=True)
    _refuse_over(extension)
    if fingerprint([extension]) != seen:
        raise StaleListError
    if missing := missing_advice(extension):
        raise ListError(f"{waits_on(missing)} Vul daarna het besluit in.")
    _refuse_again(session, extension, actor, entering=True)
    _check_ruling(line, extension, ruling)
    extension.outcome = (
        ExtensionOutcome.GRANTED if ruling.granted else ExtensionOutcome.REFUSED
    ).value
    extension.decided_body, extension.decided_number = ruling.body, ruling.number
    extension.decided_on, extension.until = ruling.on, ruling.until
    _close(extension, actor)
    if ruling.until is not None:
        line.start_again()
        line.decision, line.reason = LineDecision.POSTPONED.value, None
        line.postponed_until = line.due_on = ruling.until
        line.sign("decided", utc_now(), actor.id, actor.name)
    refresh_state(session, row)
    until = [ruling.until.isoformat()] if ruling.until else []
    _note(session, extension, actor, "besloten", extension.outcome, *until)


def withdraw(session: Session, extension: Extension, actor: Actor) -> None:
    """Take a request back; its line is undecided as before.

    Raises:
        ListError: it is over.
    """
    session.refresh(extension, with_for_update=True)
    _refuse_over(extension)
    extension.outcome = ExtensionOutcome.WITHDRAWN.value
    _close(extension, actor)
    session.flush()
    _note(session, extension, actor, "ingetrokken")


def end_without_line(session: Session) -> None:
    """End the requests whose document went: erased at request, or due no more."""
    here = select(DestructionLine.document_id).where(DestructionLine.gone_at.is_(None))
    session.execute(
        update(Extension)
        .where(OPEN, Extension.document_id.not_in(here))
        .values(outcome=ExtensionOutcome.WITHDRAWN.value, version=Extension.version + 1)
    )


def _lock(session: Session, row: DestructionList, line: DestructionLine) -> None:
    lock_list(session, row)
    session.refresh(line, with_for_update=True)


def _close(extension: Extension, actor: Actor) -> None:
    extension.entered_at, extension.entered_by_id = utc_now(), actor.id
    extension.entered_by = actor.name


def _note(session: Session, extension: Extension, actor: Actor, act: str, *fields: str) -> None:
    kind, ids = extension.document_kind, [extension.document_id]
    record(session, actor, f"uiterste.{act}", extension.holder, kind, ids, fields=list(fields))


def _refuse_over(extension: Extension) -> None:
    if extension.outcome is not None:
        raise ListError(OVER)


def _refuse_again(
    session: Session, extension: Extension, actor: Actor, *, entering: bool = False
) -> None:
    """Refuse the hand that did something else in this request; the asker may enter the decision."""
    did = acted(extension, hands_of(session, actor.id))
    if did and not (entering and did == ASKED):
        raise ListError(
            f"U, of iemand met wie u als één telt, hebt {did}. De vraag en de adviezen zijn van"
            " drie verschillende mensen: vraag een collega."
        )


def _check_until(line: DestructionLine, until: date) -> None:
    today = day_of(utc_now())
    first, latest = max(today, line.due_on), today + LONGEST
    if not first < until <= latest:
        raise ListError(
            f"Kies een dag na {date_text(first)}, tot en met {date_text(latest)}.", "tot"
        )


def _check_ruling(line: DestructionLine, extension: Extension, ruling: Ruling) -> None:
    advised = [moment for moment in (extension.archivist_at, extension.fg_at) if moment]
    first, today = max(map(day_of, advised)), day_of(utc_now())
    if not first <= ruling.on <= today:
        raise ListError(
            f"Kies een dag vanaf {date_text(first)}, toen beide adviezen er waren, tot en met"
            " vandaag.",
            "datum",
        )
    if ruling.granted and ruling.until is None:
        raise ListError("Kies tot welke dag het mag blijven.", "tot")
    if not ruling.granted and ruling.until is not None:
        raise ListError("Bij ‘nee’ hoort geen dag. Maak de dag leeg, of kies ‘ja’.", "tot")
    if ruling.until is not None:
        _check_until(line, ruling.until)


# Reading


ASKED: Final = "dit zelf gevraagd"


def acted(extension: Extension, hands: Collection[str]) -> str:
    """Return what these accounts, which are one hand, did in a request, in words; or nothing."""
    acts = {
        extension.asked_by_id: ASKED,
        extension.archivist_by_id: "al advies gegeven als archivaris",
        extension.fg_by_id: "al advies gegeven als FG",
    }
    return next((words for person, words in acts.items() if person in hands), "")


def missing_advice(extension: Extension) -> list[Role]:
    """Return who didn't advise yet."""
    given = {Role.ARCHIVIST: extension.archivist_at, Role.DATA_PROTECTION_OFFICER: extension.fg_at}
    return [role for role, moment in given.items() if moment is None]


def waits_on(missing: Sequence[Role]) -> str:
    """Say whose advice is waited for."""
    return f"Wacht op het advies van de {' en de '.join(TITLES[role] for role in missing)}."


def ruling_words(extension: Extension) -> str:
    """Name the decision of the controller: of whom, of which day, and its number."""
    body = dict(BODIES)[extension.decided_body or ""]
    return (
        f"besluit van {body}, {date_text(extension.decided_on)}, nummer {extension.decided_number}"
    )


def kept_longer(session: Session, lines: Sequence[DestructionLine]) -> Iterator[tuple[str, str]]:
    """Yield which documents stayed longer than the maximum, and by which decision, in words."""
    ids = [line.document_id for line in lines]
    rows = select(Extension).where(Extension.document_id.in_(ids), Extension.until.is_not(None))
    for row in session.scalars(rows.order_by(Extension.reference, Extension.asked_at)):
        words = f"bleef tot {date_text(row.until)}, langer dan het uiterste: {ruling_words(row)}"
        yield f"{row.document_kind.capitalize()} {row.reference}", words


def open_extension(session: Session, document: UUID) -> Extension | None:
    """Return the request about a document that isn't decided yet."""
    mine = (Extension.document_id == document, OPEN)
    return session.scalars(select(Extension).where(*mine)).one_or_none()


def set_apart(
    session: Session, lines: Sequence[DestructionLine], decision: LineDecision
) -> list[DestructionLine]:
    """Return the lines that this can't be decided about: only the controller keeps them longer.

    None of them goes while that is asked.
    """
    if decision is not LineDecision.GOES:
        return [line for line in lines if line.at_maximum]
    mine = Extension.document_id.in_([line.document_id for line in lines])
    asked = set(session.scalars(select(Extension.document_id).where(mine, OPEN)))
    return [line for line in lines if line.document_id in asked]


def extensions_on(session: Session, document: UUID) -> Sequence[Extension]:
    """Return the requests about a document, the latest first."""
    mine = select(Extension).where(Extension.document_id == document)
    return session.scalars(mine.order_by(Extension.asked_at.desc())).all()


def extensions_of(session: Session, most: int) -> Iterator[tuple[Extension, str | None]]:
    """Yield the latest requests of the holder, open ones first, each with the list of its line."""
    rows = session.execute(
        select(Extension, DestructionList.number)
        .outerjoin(
            DestructionLine,
            and_(
                DestructionLine.document_id == Extension.document_id,
                DestructionLine.gone_at.is_(None),
            ),
        )
        .outerjoin(DestructionList, DestructionList.id == DestructionLine.list_id)
        .order_by(OPEN.desc(), Extension.asked_at.desc())
        .limit(most)
    )
    yield from ((row[0], row[1]) for row in rows)


def your_turn(identity: Identity, holder: str) -> ColumnElement[bool]:
    """Return the condition of requests that wait for this person."""
    me, roles = str(identity.user_id), identity.roles_for(holder)
    given = [getattr(Extension, f"{column}_at").is_not(None) for column in ADVISERS.values()]
    strange = [others(Extension.archivist_by_id, me), others(Extension.fg_by_id, me)]
    turns: list[ColumnElement[bool]] = [false()]
    if Role.PROCESS_OWNER in roles:
        turns.append(and_(*given))
    asked = others(Extension.asked_by_id, me)
    turns += [and_(~given[place], asked) for place, role in enumerate(ADVISERS) if role in roles]
    return and_(OPEN, *strange, or_(*turns))


def acts_of(
    session: Session, identity: Identity, line: DestructionLine, asked: Extension | None
) -> Iterator[tuple[str, str]]:
    """Yield what somebody can do about keeping a document longer: address and words.

    `asked`: the request that isn't decided yet.
    """
    roles = identity.roles_for(line.holder)
    owner = Role.PROCESS_OWNER in roles
    if asked is None:
        if line.at_maximum and owner:
            yield ASK, "Langer bewaren dan het uiterste"
        return
    did, missing = acted(asked, hands_of(session, str(identity.user_id))), missing_advice(asked)
    if not did:
        for role in missing:
            if role in roles:
                yield f"{ADVISE}?als={role.value}", f"Advies geven als {TITLES[role]}"
    if owner and not missing and did in ("", ASKED):
        yield ENTER, "Besluit invullen"
    if owner:
        yield WITHDRAW, "Vraag intrekken"
