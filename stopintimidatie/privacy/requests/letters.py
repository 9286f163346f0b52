"""Letters of requests: written from one template, and sealed as they were made.

A letter that is the answer ends the request when it was sent; a decision begins the term to object.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import uuid4

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.storage.encryption import KeyRing, Sealed
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import Term, date_text, day_of
from stopintimidatie.core.web.theme import DEFAULT_COLOUR
from stopintimidatie.exports.document.content import LETTER, StatementContent, StatementSection
from stopintimidatie.exports.extract.queries import house_of
from stopintimidatie.exports.redaction.content import House
from stopintimidatie.exports.vocabulary import clean_line
from stopintimidatie.municipalities.accountability.rules import controller_of
from stopintimidatie.municipalities.accountability.services import account_of
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import DESK
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.privacy.requests import models
from stopintimidatie.privacy.requests.rules import about_child, objection_until

SEALED: Final = Sealed(models.RequestLetter, models.PURPOSE, ("content",), "id")
TEMPLATE: Final = "stopintimidatie.privacy.requests:templates/letters/letter.txt.jinja2"
HEADING: Final = "# "


class LetterKind(Term):
    """Kind of letter, with its title on paper."""

    RECEIVED = "ontvangst", "Wij hebben uw verzoek", "received"
    IDENTITY = "identiteit", "Wij willen weten wie u bent", "identity"
    EXTENDED = "verlenging", "Wij hebben meer tijd nodig", "extended"
    ACCESS = "inzage", "De gegevens die wij over u hebben", "access"
    GRANTED = "toewijzing", "Wij wijzen uw verzoek toe", "granted"
    PARTLY = "deels", "Wij wijzen uw verzoek voor een deel toe", "partly granted"
    REFUSED = "weigering", "Wij doen niet wat u vroeg", "refused"
    CHILD = "kind", "Antwoord op uw verzoek over een kind", "child"
    PASSED_ON = "doorgestuurd", "Uw verzoek is doorgestuurd", "passed on"
    LIFTED = "opheffen", "De beperking stopt", "restriction lifted"


K: Final = LetterKind
# Letters that end the request when they go.
ANSWERS: Final = frozenset({K.ACCESS, K.GRANTED, K.PARTLY, K.REFUSED, K.CHILD, K.PASSED_ON})
# Letters that are a decision, against which one can object.
DECISIONS: Final = (ANSWERS - {K.PASSED_ON}) | {K.LIFTED}
# Letters that somebody makes by hand; the others come with a step.
BY_HAND: Final = (K.IDENTITY, K.LIFTED)
# The body that decides, by what the municipality filled in as controller.
_BODIES: Final = {
    "college": "het college van burgemeester en wethouders",
    "beide": "de burgemeester en het college",
}


@dataclass(frozen=True)
class Letter:
    """A letter as it was made; never in a repr of anything.

    Args:
        title: its heading.
        to: name and address, a line each.
        on: the day of the letter.
        text: the sentences below the heading.
        sections: pairs of a heading and its sentences.
        sender: who writes, with the postal address, a line each; none in letters of 1.0.0.
        signed: on whose behalf who signs, a line each.
    """

    title: str
    to: tuple[str, ...]
    on: date
    text: tuple[str, ...]
    sections: tuple[tuple[str, tuple[str, ...]], ...] = ()
    sender: tuple[str, ...] = ()
    signed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sender:
    """The holder as its letters name it: itself, the body that decides, and where that is."""

    name: str
    body: str
    phone: str | None = None
    post: tuple[str, ...] = ()


def sender_of(session: Session, holder: str) -> Sender:
    """Return how a holder signs its letters."""
    controller = controller_of(account_of(session, holder).content)
    post = tuple(controller.post.split("\n")) if controller.post else ()
    if holder == NATIONAL:
        return Sender(DESK, controller.code or "het landelijk meldpunt", None, post)
    name = session.get_one(Municipality, holder).name
    phone = published_for(session, holder).telephone
    body = _BODIES.get(controller.code, "de burgemeester")
    return Sender(f"gemeente {name}", f"{body} van {name}", phone, post)


def compose(
    kind: LetterKind,
    row: models.SubjectRequest,
    to: Sequence[str],
    sender: Sender,
    on: date,
    *,
    more: str = "",
    given: str = "",
    done: Collection[str] = (),
    by: str = "",
) -> Letter:
    """Return a letter about a request. Pure.

    Args:
        kind: of the letter.
        row: the request.
        to: the lines of the address.
        sender: who writes.
        on: the day of the letter.
        more: words of the handler, which the letter to who asks for a child leaves out.
        given: words of the handler about the part that is granted.
        done: codes of what was done, which the template says in words.
        by: the name of who signs.
    """
    parent = about_child(row.asked_by, child=row.child)
    values = {"kind": kind.value, "row": row, "sender": sender, "parent": parent, "done": done}
    words = {"more": " ".join(more.split()), "given": " ".join(given.split())}
    decides, said = kind in DECISIONS, {"date_text": date_text}
    lines = render(TEMPLATE, {**values, **words, **said, "decides": decides}).splitlines()
    parts: list[tuple[str, list[str]]] = [("", [])]
    for line in filter(None, map(str.strip, lines)):
        if line.startswith(HEADING):
            parts.append((line.removeprefix(HEADING), []))
        else:
            parts[-1][1].append(line)
    (_, text), *sections = [(heading, tuple(sentences)) for heading, sentences in parts]
    names = dict.fromkeys([sender.name, sender.body, *sender.post])
    signed = f"Namens {sender.body}", f"{by}, privacyfunctionaris" if by else "privacyfunctionaris"
    lines_from = tuple(f"{name[0].upper()}{name[1:]}" for name in names)
    return Letter(kind.nl, tuple(to), on, text, tuple(sections), lines_from, signed)


# Letters as they are kept


def make_letter(
    session: Session,
    keys: KeyRing,
    row: models.SubjectRequest,
    kind: LetterKind,
    to: Sequence[str],
    actor: Actor,
    **words: Any,
) -> models.RequestLetter:
    """Make a letter of a request and keep it sealed; `words` are those of `compose`.

    Who asked on the follow page reads it there at once: that is how it goes.
    """
    day, by = day_of(utc_now()), actor.name if actor.kind == "gebruiker" else ""
    letter = compose(kind, row, to, sender_of(session, row.holder), day, by=by, **words)
    made = models.RequestLetter(
        id=uuid4(),
        holder=row.holder,
        request_id=row.id,
        kind=kind.value,
        made_at=utc_now(),
        made_by=actor.name,
    )
    text = msgspec.json.encode(letter).decode()
    made.content = keys.encrypt(models.PURPOSE, text, str(made.id))
    session.add(made)
    record(session, actor, "verzoek.brief", row.holder, models.KIND, [row.id], fields=[kind.value])
    if row.channel == models.Channel.FOLLOW:
        note_sent(row, made, day, models.SentHow.FOLLOW.value)
    return made


def note_sent(row: models.SubjectRequest, made: models.RequestLetter, on: date, how: str) -> None:
    """Note that a letter went: an answer ends the request, a decision begins the term to object."""
    made.sent_on, made.sent_how = on, how
    kind, now = LetterKind.of(made.kind), utc_now()
    if kind in ANSWERS and row.is_decided:
        noon = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
        row.ended_at = now if on == day_of(now) else noon
    if kind in DECISIONS:
        row.objection_until = max(objection_until(on), row.objection_until or on)


def read_letter(keys: KeyRing, made: models.RequestLetter) -> Letter | None:
    """Return a letter as it was made; None once its content has gone."""
    if made.content is None:
        return None
    return msgspec.json.decode(
        keys.decrypt(models.PURPOSE, made.content, str(made.id)), type=Letter
    )


def letters_of(session: Session, row: models.SubjectRequest) -> Sequence[models.RequestLetter]:
    """Return the letters of a request, the latest first."""
    mine = select(models.RequestLetter).where(models.RequestLetter.request_id == row.id)
    return session.scalars(
        mine.order_by(models.RequestLetter.made_at.desc(), models.RequestLetter.id)
    ).all()


def paper_of(session: Session, row: models.SubjectRequest, letter: Letter) -> StatementContent:
    """Return a letter as the renderer of statements draws it; the same for the same letter."""
    parts = (
        ("Van", letter.sender),
        ("Aan", letter.to),
        ("Onze brief", letter.text),
        *letter.sections,
        ("Ondertekend", letter.signed),
    )
    return StatementContent(
        schema=LETTER,
        house=house_at(session, row.holder),
        title=letter.title,
        number=row.reference,
        made_at=datetime(letter.on.year, letter.on.month, letter.on.day, 9, tzinfo=UTC),
        sentences=(),
        sections=tuple(
            StatementSection(heading, tuple(map(clean_line, lines)))
            for heading, lines in parts
            if lines
        ),
    )


def house_at(session: Session, holder: str) -> House:
    """Return how a holder stands above its letters and statements."""
    if holder == NATIONAL:
        return House(DESK, "Stopintimidatie", DEFAULT_COLOUR.lower(), None)
    source = house_of(session, session.get_one(Municipality, holder))
    return House(clean_line(source.name), clean_line(source.department), source.colour, source.logo)
