"""The services of requests: entering one, its steps, its clock, its letters as they go."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.storage.encryption import KeyRing, Sealed
from stopintimidatie.core.text import date_text, day_of, new_code, uuid_of
from stopintimidatie.core.tree import is_taken, register_reference
from stopintimidatie.core.workflow import Transition, WorkflowError, line
from stopintimidatie.privacy.requests import letters, rules, workflow
from stopintimidatie.privacy.requests.letters import ANSWERS as ENDING
from stopintimidatie.privacy.requests.models import (
    KIND,
    PURPOSE,
    AskedBy,
    Channel,
    Ground,
    RequestLetter,
    RequestState,
    SubjectRequest,
    SubjectRequestMove,
)
from stopintimidatie.privacy.requests.resources import done_for

PREFIX: Final = "V"
SEALED: Final = Sealed(SubjectRequest, PURPOSE, ("person", "question"), "id")
# The letter that goes with a step; a refusal of who asks for a child has one of its own.
WITH_LETTER: Final = {
    "versturen": letters.LetterKind.ACCESS,
    "toewijzen": letters.LetterKind.GRANTED,
    "deels": letters.LetterKind.PARTLY,
    "weigeren": letters.LetterKind.REFUSED,
    "doorsturen": letters.LetterKind.PASSED_ON,
}
NO_NAME: Final = "Aan wie dit verzoek deed"
WAY: Final = "stopintimidatie.privacy.requests:templates/letters/way.txt.jinja2"
NOTHING_DONE: Final = (
    "Bij dit verzoek is nog niets gewist, verbeterd of beperkt. Doe dat eerst, of schrijf waarom u"
    " het toch toewijst."
)
WITH_DONE: Final = frozenset({"toewijzen", "deels"})


@dataclass(frozen=True, repr=False)
class Person:
    """Person who asks, and how to reach them; sealed, and never in a repr."""

    name: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines above a letter."""
        written = [self.name, *self.address.splitlines()]
        return tuple(row.strip() for row in written if row.strip()) or (NO_NAME,)


@dataclass(frozen=True)
class Entry:
    """A request as it came in."""

    right: str
    capacity: str
    asked_by: str
    channel: str
    received_on: date
    person: Person
    question: str
    child: bool = False


def enter_request(
    session: Session, keys: KeyRing, holder: str, entry: Entry, actor: Actor
) -> SubjectRequest:
    """Make the case of a request, start its clock and make the letter that says so."""
    sealed = ("person", "question")
    columns = {name: value for name, value in vars(entry).items() if name not in sealed}
    row = SubjectRequest(
        id=uuid4(),
        holder=holder,
        reference=_new_reference(session),
        state=RequestState.RECEIVED.value,
        **columns,
        due_on=rules.due_of(entry.received_on),
        handler_id=_user_of(actor),
        changed_by=actor.name,
    )
    person = json.dumps(asdict(entry.person), ensure_ascii=False)
    row.person = keys.encrypt(PURPOSE, person, str(row.id))
    row.question = keys.encrypt(PURPOSE, entry.question, str(row.id))
    session.add(row)
    register_reference(session, row.reference, holder, KIND)
    session.flush()
    _append(session, row, actor, "ontvangen", None, {"hoe": entry.channel})
    record(session, actor, "verzoek.ontvangen", holder, KIND, [row.id], fields=[row.right])
    letters.make_letter(session, keys, row, letters.LetterKind.RECEIVED, entry.person.lines, actor)
    return row


def _new_reference(session: Session) -> str:
    while session.scalar(select(is_taken(made := new_code(PREFIX)))):
        pass
    return made


def _user_of(actor: Actor) -> UUID | None:
    return uuid_of(actor.id) if actor.kind == "gebruiker" and actor.id else None


def read_person(keys: KeyRing, row: SubjectRequest) -> Person | None:
    """Return who asks; None once that has gone."""
    if row.person is None:
        return None
    return Person(**json.loads(keys.decrypt(PURPOSE, row.person, str(row.id))))


def read_question(keys: KeyRing, row: SubjectRequest) -> str | None:
    """Return the request in the person's words; None once that has gone."""
    if row.question is None:
        return None
    return keys.decrypt(PURPOSE, row.question, str(row.id))


def lines_to(keys: KeyRing, row: SubjectRequest) -> tuple[str, ...]:
    """Return the lines above a letter to who asks."""
    person = read_person(keys, row)
    return person.lines if person is not None else (NO_NAME,)


def way_to_send(keys: KeyRing, row: SubjectRequest, *, paper: bool = False) -> str:
    """Return how the letter just made goes to who asked, for who handles the request.

    `paper`: a copy goes along.
    """
    person = read_person(keys, row) or Person()
    follow = row.channel == Channel.FOLLOW
    return render(WAY, {"follow": follow, "person": person, "paper": paper}).strip()


# Steps


def obstacle(registry: Any, session: Session, row: SubjectRequest, name: str) -> str | None:
    """Return why a step can't be made yet, whoever makes it; None: it can."""
    for_child = rules.about_child(row.asked_by, child=row.child)
    if name in workflow.GRANTS_IT:
        refused = rules.grant_refused(row.asked_by, row.child_outcome, child=row.child)
        if refused is not None:
            return refused
    first = rules.first_answer_on(row.received_on, for_child=for_child)
    if name in workflow.ANSWERS and day_of(utc_now()) < first:
        return (
            f"Wie voor een kind vraagt, krijgt antwoord vanaf {date_text(first)}, of er nu gegevens"
            " zijn of niet. Zo verraadt de dag niets."
        )
    if name == "doorsturen" and for_child:
        return (
            "Een verzoek namens een kind sturen wij niet door: daaruit zou blijken waar gegevens"
            " zijn. Weiger het."
        )
    missing = (rule.missing(session, row) for rule in workflow.rules_of(registry, name))
    return next((words for words in missing if words is not None), None)


def move_request(
    registry: Any,
    session: Session,
    row: SubjectRequest,
    name: str,
    values: Mapping[str, Any],
    actor: Actor,
) -> Transition:
    """Make a step: what it needs, state, history, log, its letter, and what follows elsewhere.

    Raises:
        WorkflowError: the step isn't possible now, an answer is missing, or it isn't this
            person's.
    """
    lock_request(session, row)
    move = workflow.REQUEST_WORKFLOW.check(row.state, name, values)
    if not workflow.fits(row.right, name):
        raise WorkflowError(f"‘{move.label}’ hoort niet bij dit recht.")
    why = obstacle(registry, session, row, name)
    if why is not None:
        raise WorkflowError(why)
    if name == "identiteit" and values["hoe"] not in rules.identities_of(
        row.asked_by, child=row.child
    ):
        raise WorkflowError(
            "Voor een kind tellen alleen de balie en DigiD, met bewijs van gezag.", "hoe"
        )
    if "grond" in values and values["grond"] not in dict(rules.grounds_for(row.right)):
        raise WorkflowError("Kies een grond die bij dit recht past.", "grond")
    for_child = row.child or row.asked_by == AskedBy.PARENT
    if values.get("grond") == Ground.REPRESENTATIVE and not for_child:
        raise WorkflowError("Deze grond past alleen als iemand voor een kind vraagt.", "grond")
    done = list(done_for(session, row)) if name in WITH_DONE else []
    if name == "toewijzen" and not (done or values.get("reden")):
        raise WorkflowError(NOTHING_DONE, "reden")
    before, row.state = row.state, move.target
    noted = dict(values)
    if given := noted.pop("wel", None):
        noted["reden"] = f"Wel: {given} Niet: {values['reden']}"
    _note_answers(row, name, noted, actor)
    _append(session, row, actor, name, before, noted)
    record(session, actor, "verzoek.stap", row.holder, KIND, [row.id], fields=[row.state])
    _send_letter(session, registry.key_ring, row, name, values, actor, done)
    session.flush()
    for rule in workflow.rules_of(registry, name):
        rule.follows(registry, session, row, actor)
    return move


def lock_request(session: Session, row: SubjectRequest) -> None:
    """Lock the request until this transaction ends, and read it anew."""
    session.flush()
    session.refresh(row, with_for_update=True)


def _note_answers(row: SubjectRequest, name: str, values: Mapping[str, Any], actor: Actor) -> None:
    now = utc_now()
    row.changed_at, row.changed_by = now, actor.name
    row.handler_id = row.handler_id or _user_of(actor)
    if name == "identiteit":
        row.identity_how, row.identity_at, row.identity_by = values["hoe"], now, actor.name
    row.refused_ground = values.get("grond") or row.refused_ground
    if row.is_decided:
        row.decided_reason = values.get("reden") or values.get("naar") or None
    if name not in WITH_LETTER and row.is_decided:
        row.ended_at = now


def _send_letter(
    session: Session,
    keys: KeyRing,
    row: SubjectRequest,
    name: str,
    values: Mapping[str, Any],
    actor: Actor,
    done: Collection[str],
) -> None:
    """Make the letter of a step. To who asks for a child nothing that was typed goes along."""
    kind = WITH_LETTER.get(name)
    if kind is None:
        return
    more = values.get("reden") or values.get("naar") or ""
    words = {"more": more, "given": values.get("wel") or ""}
    if name == "weigeren" and rules.about_child(row.asked_by, child=row.child):
        kind, words = letters.LetterKind.CHILD, {}
    letters.make_letter(session, keys, row, kind, lines_to(keys, row), actor, done=done, **words)


def _append(
    session: Session,
    row: SubjectRequest,
    actor: Actor,
    name: str,
    before: str | None,
    values: Mapping[str, Any],
) -> None:
    moved = line(actor, name, before, row.state, values)
    session.add(SubjectRequestMove(holder=row.holder, request_id=row.id, **moved))


def note_move(
    session: Session, row: SubjectRequest, actor: Actor, name: str, values: Mapping[str, Any]
) -> None:
    """Add a line to the history of a request that changes no state; the log says it as well."""
    row.changed_at, row.changed_by = utc_now(), actor.name
    _append(session, row, actor, name, row.state, values)
    record(session, actor, "verzoek.gewijzigd", row.holder, KIND, [row.id], fields=[name])


# The clock, the child


def refuses_extension(row: SubjectRequest) -> str | None:
    """Return why a request can't be extended now; None: it can."""
    if row.is_decided:
        return "Over dit verzoek is al besloten."
    for_child = rules.about_child(row.asked_by, child=row.child)
    today = day_of(utc_now())
    return rules.extension_refused(row.received_on, row.extended_on, today, for_child=for_child)


def refuses_effect(row: SubjectRequest) -> str | None:
    """Return why a request may not change what is done with a document; None: it may.

    For a child the words are those by which a copy is refused, and no document is looked for: they
    don't tell whether there is one.
    """
    if row.state in (RequestState.REFUSED, RequestState.WITHDRAWN, RequestState.PASSED_ON):
        return "Dit verzoek is afgerond."
    return rules.grant_refused(row.asked_by, row.child_outcome, child=row.child)


def extend_request(
    session: Session, keys: KeyRing, row: SubjectRequest, why: str, actor: Actor
) -> None:
    """Extend a request by two months, once, and make the letter that tells it and why.

    Raises:
        FormError: it can't be extended.
    """
    lock_request(session, row)
    refused = refuses_extension(row)
    if refused is not None:
        raise FormError(refused)
    row.extended_on, row.extended_reason = day_of(utc_now()), why
    row.due_on = rules.extended_due_of(row.received_on)
    note_move(session, row, actor, "verlengd", {"reden": why, "tot": row.due_on.isoformat()})
    letters.make_letter(
        session, keys, row, letters.LetterKind.EXTENDED, lines_to(keys, row), actor, more=why
    )


def mark_sent(
    session: Session, row: SubjectRequest, made: RequestLetter, on: date, how: str, actor: Actor
) -> None:
    """Note that a letter went, and how; the answer stops the clock of the request.

    Raises:
        FormError: it was noted before, or the day is before the letter was made.
    """
    lock_request(session, row)
    if made.sent_on is not None:
        raise FormError("Dit is al vastgelegd.")
    if on < day_of(made.made_at):
        day = date_text(made.made_at)
        raise FormError(f"De brief is van {day}. Kies die dag of een latere.", "op")
    answers = [letter for letter in letters.letters_of(session, row) if letter.kind in ENDING]
    if made.kind in ENDING and made is not answers[0]:
        # A request that 1.0.0 opened again after an objection has an earlier answer as well.
        made.sent_on, made.sent_how = on, how
    else:
        letters.note_sent(row, made, on, how)
    note_move(session, row, actor, "brief_verstuurd", {"brief": made.kind, "hoe": how})
