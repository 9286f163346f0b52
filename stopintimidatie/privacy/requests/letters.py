"""Letters of requests: one closed list of templates, filled in and sealed as they were made.

Every answer is a decision (art. 34 UAVG). The answer to who asks for a child is one text, whatever
the right, the ground and what there is: nothing in it comes from our data, and nothing is typed.
A jurist still has to confirm the texts; the portal says so, the letters don't.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.encryption import KeyRing, Sealed
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import Term, date_text, day_of
from stopintimidatie.core.web.theme import DEFAULT_COLOUR
from stopintimidatie.exports.document.content import LETTER, StatementContent, StatementSection
from stopintimidatie.exports.extract.queries import house_of
from stopintimidatie.exports.redaction.content import House
from stopintimidatie.exports.vocabulary import clean_line
from stopintimidatie.municipalities.accountability.rules import Condition
from stopintimidatie.municipalities.accountability.services import account_of
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import DESK
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.privacy.requests.models import (
    PURPOSE,
    Channel,
    Ground,
    RequestLetter,
    Right,
    SentHow,
    SubjectRequest,
)
from stopintimidatie.privacy.requests.personal import KIND
from stopintimidatie.privacy.requests.rules import about_child, objection_until

SEALED: Final = Sealed(RequestLetter, PURPOSE, ("content",), "id")


class LetterKind(Term):
    """Kind of letter, with its title on paper."""

    RECEIVED = "ontvangst", "Wij hebben uw verzoek", "received"
    IDENTITY = "identiteit", "Wij willen weten wie u bent", "identity"
    EXTENDED = "verlenging", "Wij hebben meer tijd nodig", "extended"
    ACCESS = "inzage", "De gegevens die wij over u hebben", "access"
    GRANTED = "toewijzing", "Wij hebben gedaan wat u vroeg", "granted"
    REFUSED = "weigering", "Wij doen niet wat u vroeg", "refused"
    CHILD = "kind", "Antwoord op uw verzoek over een kind", "child"
    PASSED_ON = "doorgestuurd", "Uw verzoek is doorgestuurd", "passed on"
    LIFTED = "opheffen", "De beperking stopt", "restriction lifted"


# Letters that are a decision, against which one can object.
DECISIONS: Final = frozenset(
    {LetterKind.ACCESS, LetterKind.GRANTED, LetterKind.REFUSED, LetterKind.CHILD}
    | {LetterKind.LIFTED}
)
# Letters that somebody makes by hand; the others come with a step.
BY_HAND: Final = (LetterKind.IDENTITY, LetterKind.LIFTED)
# The body that decides, by what the municipality filled in as controller.
_BODIES: Final = {
    "college": "het college van burgemeester en wethouders",
    "beide": "de burgemeester en het college",
}
AUTHORITY: Final = (
    "U kunt ook een klacht indienen bij de Autoriteit Persoonsgegevens:"
    " autoriteitpersoonsgegevens.nl, of Postbus 93374, 2509 AJ Den Haag."
)
_ASKED: Final = {
    Right.ACCESS: "of wij gegevens hebben, en om die te zien",
    Right.RECTIFICATION: "om gegevens te verbeteren",
    Right.ERASURE: "om gegevens te wissen",
    Right.RESTRICTION: "om gegevens minder te gebruiken",
    Right.OBJECTION: "om gegevens niet meer te gebruiken",
}
# The sentence of a refusal, by its ground.
_REFUSED: Final = {
    Ground.NOT_IDENTIFIABLE: "Wij kunnen niet vaststellen welke gegevens van u zijn (artikel 11"
    " AVG). Weet u meer, zoals een kenmerk of volgcode? Stuur dat dan.",
    Ground.UNFOUNDED: "De wet laat ons een verzoek weigeren dat duidelijk geen grond heeft, of dat"
    " te vaak komt (artikel 12 lid 5 AVG).",
    Ground.OTHERS: "Wij moeten ook andere mensen beschermen (artikel 15 lid 4 AVG).",
    Ground.NEEDED: "Wij moeten de gegevens nog bewaren (artikel 17 lid 3 AVG).",
    Ground.OVERRIDING: "Wij hebben redenen om de gegevens te blijven gebruiken, en die wegen"
    " zwaarder (artikel 21 AVG).",
    Ground.EXCEPTION: "De wet maakt hier een uitzondering (artikel 41 van de Uitvoeringswet AVG).",
    Ground.REPRESENTATIVE: "Voor wie jonger is dan 16 vraagt een ouder of voogd. Wie 16 of ouder"
    " is, vraagt zelf (artikel 5 lid 4 van de Uitvoeringswet AVG).",
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
    """

    title: str
    to: tuple[str, ...]
    on: date
    text: tuple[str, ...]
    sections: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Sender:
    """The holder as its letters name it."""

    name: str
    body: str
    phone: str | None = None


def sender_of(session: Session, holder: str) -> Sender:
    """Return how a holder signs its letters."""
    responsible = account_of(session, holder).content.get(Condition.CONTROLLER.value)
    if holder == NATIONAL:
        return Sender(DESK, responsible or "het landelijk meldpunt")
    name = session.get_one(Municipality, holder).name
    phone = published_for(session, holder).telephone
    body = _BODIES.get(str(responsible), "de burgemeester")
    return Sender(f"gemeente {name}", f"{body} van {name}", phone)


def compose(
    kind: LetterKind,
    row: SubjectRequest,
    to: Sequence[str],
    sender: Sender,
    on: date,
    more: Sequence[str] = (),
) -> Letter:
    """Return a letter about a request. Pure.

    `more`: sentences of the handler, which the letter to who asks for a child leaves out.
    """
    write = _TEXTS[kind]
    if about_child(row.asked_by, child=row.child):
        write = _TO_PARENT.get(kind, write)
    title = kind.nl
    text = (_what_was_asked(row), *write(row, sender, tuple(more)))
    sections: list[tuple[str, tuple[str, ...]]] = []
    if kind is LetterKind.CHILD:
        sections.append(("Waarom", _WHY_CHILD))
    if kind in DECISIONS:
        sections.append(("Bent u het hier niet mee eens?", _objection(row, sender, on)))
    sections.append(("Hebt u een vraag?", (_contact(row, sender),)))
    return Letter(title, tuple(to), on, text, tuple(sections))


def _what_was_asked(row: SubjectRequest) -> str:
    """Return the first sentence of a letter. To a parent it never says that there is anything."""
    right = Right.of(row.right)
    doubt = about_child(row.asked_by, child=row.child) and right is not Right.ACCESS
    wanted = f"{_ASKED[right]}{', als wij die hebben' if doubt else ''}"
    return f"U vroeg ons op {date_text(row.received_on)} {wanted}."


_NO_COPIES: Final = (
    "Stuur ons geen kopie van uw paspoort, identiteitskaart of rijbewijs. Die vernietigen wij."
)


def _received(row: SubjectRequest, sender: Sender, more: tuple[str, ...]) -> tuple[str, ...]:
    return (
        f"U krijgt uiterlijk op {date_text(row.due_on)} antwoord. Hebben wij meer tijd nodig, dan"
        " schrijven wij u dat voor die dag.",
        _NO_COPIES,
    )


def _received_from_parent(
    row: SubjectRequest, sender: Sender, more: tuple[str, ...]
) -> tuple[str, ...]:
    """Say when the answer comes; a request for a child is never extended."""
    return (f"U krijgt uiterlijk op {date_text(row.due_on)} antwoord.", _NO_COPIES)


def _identity(row: SubjectRequest, sender: Sender, more: tuple[str, ...]) -> tuple[str, ...]:
    return (
        "Wij geven gegevens alleen aan de persoon zelf. Daarom willen wij eerst weten wie u bent.",
        "Hebt u een melding gedaan? Stuur ons dan het kenmerk, en vraag het op de volgpagina met uw"
        " volgcode. Hebt u geen volgcode? Kom dan langs aan de balie en laat uw identiteitsbewijs"
        " zien, of vraag ons u te bellen op een nummer dat wij al van u hebben.",
        _NO_COPIES,
    )


def _identity_of_parent(
    row: SubjectRequest, sender: Sender, more: tuple[str, ...]
) -> tuple[str, ...]:
    """Ask who a parent is by ways that tell nothing: no report, no number that we would have."""
    return (
        "Uw verzoek gaat over een kind. Daarom willen wij eerst weten wie u bent, en of u voor dit"
        " kind mag vragen. Dat doen wij bij iedereen die voor een kind vraagt, ook als er niets"
        " is.",
        "Kom langs aan de balie en laat uw identiteitsbewijs zien, of maak u bekend met DigiD. Laat"
        " ook zien dat u het gezag hebt, bijvoorbeeld met een uittreksel uit het gezagsregister."
        " Vraagt u het namens de ouder of voogd? Laat dan ook hun machtiging zien.",
        "Wij bekijken deze papieren en bewaren ze niet.",
        _NO_COPIES,
    )


def _extended(row: SubjectRequest, sender: Sender, more: tuple[str, ...]) -> tuple[str, ...]:
    return (
        f"Het lukt niet om u binnen een maand te antwoorden. U krijgt uiterlijk op"
        f" {date_text(row.due_on)} antwoord. Dat mag volgens artikel 12 lid 3 van de AVG.",
        *more,
    )


def _access(row: SubjectRequest, sender: Sender, more: tuple[str, ...]) -> tuple[str, ...]:
    return (
        "Wij geven u een kopie van de gegevens die wij over u hebben. Daarin staat ook waarvoor wij"
        " ze gebruiken, wie ze kreeg, hoe lang wij ze bewaren en waar zij vandaan komen.",
        *more,
        "Wat over andere mensen gaat, is onleesbaar gemaakt.",
        "Klopt er iets niet, of wilt u dat wij iets wissen of minder gebruiken? Vraag het ons.",
    )


def _granted(row: SubjectRequest, sender: Sender, more: tuple[str, ...]) -> tuple[str, ...]:
    return ("Wij hebben besloten om te doen wat u vroeg.", *more)


def _refused(row: SubjectRequest, sender: Sender, more: tuple[str, ...]) -> tuple[str, ...]:
    why = _REFUSED[Ground.of(row.refused_ground)] if row.refused_ground else ""
    return ("Wij hebben besloten om dat niet te doen.", *filter(None, (why,)), *more)


def _child(row: SubjectRequest, sender: Sender, more: tuple[str, ...]) -> tuple[str, ...]:
    return (
        "Uw verzoek gaat over een kind. Wij hebben besloten om dit niet te doen.",
        "Wij zeggen niet of wij gegevens over dit kind hebben. Dat doen wij bij niemand die voor"
        " een kind vraagt, ook niet als er niets is. Uit deze brief kunt u dus niets opmaken.",
    )


_WHY_CHILD: Final = (
    "Een kind moet ons veilig iets kunnen vertellen. Daarom geven wij gegevens over een kind alleen"
    " als het kind dat zelf goed vindt en het niet schaadt. Wie 16 jaar of ouder is, vraagt zelf.",
    "Dit staat in artikel 15 lid 4 van de AVG en in de artikelen 5 en 41 van de Uitvoeringswet"
    " AVG.",
)


def _passed_on(row: SubjectRequest, sender: Sender, more: tuple[str, ...]) -> tuple[str, ...]:
    return (
        "Wij gaan niet over deze gegevens. Wij hebben uw verzoek daarom doorgestuurd.",
        *more,
        "U krijgt het antwoord van hen.",
    )


def _lifted(row: SubjectRequest, sender: Sender, more: tuple[str, ...]) -> tuple[str, ...]:
    return (
        "Wij gebruikten deze gegevens tijdelijk niet. Dat stopt binnenkort: daarna gebruiken wij ze"
        " weer.",
        *more,
    )


_TEXTS: Final = {
    LetterKind.RECEIVED: _received,
    LetterKind.IDENTITY: _identity,
    LetterKind.EXTENDED: _extended,
    LetterKind.ACCESS: _access,
    LetterKind.GRANTED: _granted,
    LetterKind.REFUSED: _refused,
    LetterKind.CHILD: _child,
    LetterKind.PASSED_ON: _passed_on,
    LetterKind.LIFTED: _lifted,
}
# Letters that read otherwise when they go to who asks for a child.
_TO_PARENT: Final = {
    LetterKind.RECEIVED: _received_from_parent,
    LetterKind.IDENTITY: _identity_of_parent,
}


def _objection(row: SubjectRequest, sender: Sender, on: date) -> tuple[str, ...]:
    return (
        f"Dit besluit is genomen door {sender.body}. U kunt bezwaar maken tot en met"
        f" {date_text(objection_until(on))}. Schrijf een brief aan {sender.body}. Zet daarin uw"
        f" naam en adres, de datum, het kenmerk {row.reference} en waarom u het er niet mee eens"
        " bent. Zet uw handtekening eronder.",
        AUTHORITY,
    )


def _contact(row: SubjectRequest, sender: Sender) -> str:
    call = f"Bel {sender.phone}" if sender.phone else "Neem contact op"
    return (
        f"{call} en vraag naar de privacyfunctionaris van {sender.name}. Noem het kenmerk"
        f" {row.reference}."
    )


# Letters as they are kept


def make_letter(
    session: Session,
    keys: KeyRing,
    row: SubjectRequest,
    kind: LetterKind,
    to: Sequence[str],
    actor: Actor,
    more: Sequence[str] = (),
) -> RequestLetter:
    """Make a letter of a request from its template and keep it sealed.

    Who asked on the follow page reads it there at once: that is how it goes.
    """
    day = day_of(utc_now())
    letter = compose(kind, row, to, sender_of(session, row.holder), day, more)
    made = RequestLetter(
        id=uuid4(),
        holder=row.holder,
        request_id=row.id,
        kind=kind.value,
        made_at=utc_now(),
        made_by=actor.name,
    )
    text = json.dumps({**asdict(letter), "on": day.isoformat()}, ensure_ascii=False)
    if row.channel == Channel.FOLLOW:
        made.sent_on, made.sent_how = day, SentHow.FOLLOW.value
    made.content = keys.encrypt(PURPOSE, text, str(made.id))
    session.add(made)
    record(session, actor, "verzoek.brief", row.holder, KIND, [row.id], fields=[kind.value])
    return made


def read_letter(keys: KeyRing, made: RequestLetter) -> Letter | None:
    """Return a letter as it was made; None once its content has gone."""
    if made.content is None:
        return None
    kept: dict[str, Any] = json.loads(keys.decrypt(PURPOSE, made.content, str(made.id)))
    return Letter(
        kept["title"],
        tuple(kept["to"]),
        date.fromisoformat(kept["on"]),
        tuple(kept["text"]),
        tuple((heading, tuple(lines)) for heading, lines in kept["sections"]),
    )


def letters_of(session: Session, row: SubjectRequest) -> Sequence[RequestLetter]:
    """Return the letters of a request, the latest first."""
    mine = select(RequestLetter).where(RequestLetter.request_id == row.id)
    return session.scalars(mine.order_by(RequestLetter.made_at.desc(), RequestLetter.id)).all()


def paper_of(session: Session, row: SubjectRequest, letter: Letter) -> StatementContent:
    """Return a letter as the renderer of statements draws it; the same for the same letter."""
    return StatementContent(
        schema=LETTER,
        house=_house(session, row.holder),
        title=letter.title,
        number=row.reference,
        made_at=datetime(letter.on.year, letter.on.month, letter.on.day, 9, tzinfo=UTC),
        sentences=(),
        sections=(
            StatementSection("Aan", tuple(clean_line(line) for line in letter.to)),
            StatementSection("Onze brief", tuple(clean_line(line) for line in letter.text)),
            *(
                StatementSection(heading, tuple(clean_line(line) for line in lines))
                for heading, lines in letter.sections
            ),
        ),
    )


def _house(session: Session, holder: str) -> House:
    if holder == NATIONAL:
        return House(DESK, "Stopintimidatie", DEFAULT_COLOUR.lower(), None)
    source = house_of(session, session.get_one(Municipality, holder))
    return House(clean_line(source.name), clean_line(source.department), source.colour, source.logo)
