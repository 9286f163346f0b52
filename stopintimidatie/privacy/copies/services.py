"""The steps of a copy: bring together, mark, have it checked, put it ready, forget it.

Parts, marks, the copy itself and its PDF are sealed under a key of the case's own. What the second
person judged is exactly what the person gets: its hash is kept, and the PDF is drawn from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.storage.encryption import DecryptionError, KeyRing
from stopintimidatie.core.storage.personal import personal_data_holders
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.core.telemetry import making_pdf
from stopintimidatie.core.text import date_text
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.disclosures.pickup import offer
from stopintimidatie.exports.document.content import SCHEMA as STATEMENT
from stopintimidatie.exports.document.content import (
    StatementContent,
    StatementSection,
    StatementTable,
)
from stopintimidatie.exports.document.process import render_in_process
from stopintimidatie.exports.document.services import limits_of
from stopintimidatie.exports.redaction.content import Pair
from stopintimidatie.exports.vocabulary import clean_line
from stopintimidatie.municipalities.accountability.services import account_of
from stopintimidatie.privacy.copies.queries import TEMPLATES, gather
from stopintimidatie.privacy.copies.rules import Copy, Part, encoded, files_of, final, sections_of
from stopintimidatie.privacy.requests import services as requests
from stopintimidatie.privacy.requests.letters import LetterKind, house_at, letters_of
from stopintimidatie.privacy.requests.models import (
    KIND,
    Channel,
    RequestLetter,
    RequestState,
    SentHow,
    SubjectRequest,
)
from stopintimidatie.privacy.requests.workflow import FORGET, RequestRule
from stopintimidatie.privacy.subjects.models import FROZEN, GATHERED, MARKED, VAULT, SubjectCopy
from stopintimidatie.privacy.subjects.rules import IN_COPY, KINDS
from stopintimidatie.privacy.subjects.services import copied_traces, unjudged
from stopintimidatie.reports.models import ReportAttachment

DRAW: Final = Job("inzage.tekenen")
# Kinds of blobs.
PARTS: Final = "delen"
COPY: Final = "kopie"
PDF: Final = "pdf"
DOCUMENT: Final = "kopie"
# The terms of the pick-up.
LASTS: Final = timedelta(days=14)
TIMES: Final = 6
# More for each attachment, which is fetched by itself.
EACH_FILE: Final = 3
RECIPIENT: Final = "Wie het verzoek deed"


def copy_of(session: Session, request_id: UUID) -> SubjectCopy | None:
    """Return the copy of a request, or None when there is none yet."""
    mine = select(SubjectCopy).where(SubjectCopy.request_id == request_id)
    return session.scalars(mine).one_or_none()


# Bringing together and marking


def bring_together(registry: Any, session: Session, request: SubjectRequest, actor: Actor) -> None:
    """Gather the parts anew; what was marked in a text that is still the same stays marked."""
    known = {part.key: part for part in parts_of(session, registry.key_ring, request)}
    parts = tuple(
        _as_before(part, known.get(part.key)) for part in gather(registry, session, request)
    )
    VAULT.keep(session, registry.key_ring, request, PARTS, encoded(parts))
    if copy_of(session, request.id) is None:
        row = SubjectCopy(
            holder=request.holder,
            request_id=request.id,
            proposed_by_id=actor.id,
            proposed_by=actor.name,
            changed_by=actor.name,
        )
        session.add(row)
        session.flush()
    record(session, actor, GATHERED, request.holder, KIND, [request.id])


def _as_before(part: Part, known: Part | None) -> Part:
    if known is not None and part.written:
        return known
    if known is None or known.text != part.text:
        return part
    return replace(part, spans=known.spans, out=known.out)


def parts_of(session: Session, keys: KeyRing, request: SubjectRequest) -> tuple[Part, ...]:
    """Return the parts as they are marked now; none before they were brought together."""
    data = _opened(session, keys, request, PARTS)
    return msgspec.json.decode(data, type=tuple[Part, ...]) if data is not None else ()


def save_marks(
    session: Session, keys: KeyRing, request: SubjectRequest, parts: Sequence[Part], actor: Actor
) -> None:
    """Keep the parts as they are marked or written."""
    VAULT.keep(session, keys, request, PARTS, encoded(parts))
    row = copy_of(session, request.id)
    if row is not None:
        row.changed_at, row.changed_by = utc_now(), actor.name
    session.flush()
    record(session, actor, MARKED, request.holder, KIND, [request.id])


def missing(session: Session, request: SubjectRequest) -> str | None:
    """Return why a copy can't go to the second person yet."""
    if copy_of(session, request.id) is None:
        return "Breng eerst de gegevens bij elkaar en markeer wat weg moet."
    if unjudged(session, request):
        return "U zocht opnieuw. Beoordeel eerst de nieuwe vindplaatsen."
    return None


# Frozen for the second person


def freeze(registry: Any, session: Session, request: SubjectRequest, actor: Actor) -> None:
    """Freeze what the person will get, and ask for its PDF; the second person judges this.

    Raises:
        FormError: There is no copy, or an attachment in it isn't there any more.
    """
    keys: KeyRing = registry.key_ring
    row = copy_of(session, request.id)
    if row is None:
        raise FormError("Breng eerst de gegevens bijeen.")
    parts = final(parts_of(session, keys, request))
    if not all(session.get(ReportAttachment, file.id) for file in files_of(parts)):
        raise FormError(
            "Een bijlage is er niet meer. Ga terug naar zoeken en kies ‘Verder’: dan wordt de kopie"
            " opnieuw gemaakt."
        )
    made = Copy(
        request.reference,
        request.capacity,
        utc_now().replace(microsecond=0).isoformat(),
        parts,
        _about(registry, session, request),
    )
    data = encoded(made)
    VAULT.keep(session, keys, request, COPY, data)
    row.sha256 = sha256(data).hexdigest()
    row.proposed_by_id, row.proposed_by = actor.id, actor.name
    row.answered_at = row.answered_by_id = row.answered_by = row.shows_reporter = row.answer = None
    row.changed_at, row.changed_by = utc_now(), actor.name
    session.flush()
    enqueue(session, DRAW, request.holder, {"request": str(request.id)})
    record(session, actor, FROZEN, request.holder, KIND, [request.id])


def _about(registry: Any, session: Session, request: SubjectRequest) -> tuple[tuple[str, str], ...]:
    """Return what the law asks to tell, as pairs of a title and a text."""
    holders = personal_data_holders(registry)
    traces = copied_traces(session, request)
    kinds = {row.document_kind for row in traces}
    tables = {place.partition(".")[0] for row in traces for place in row.places}
    tables |= {next(iter(holders[kind].columns)) for kind in kinds if kind in holders}
    values = {
        "capacity": request.capacity,
        "kinds": sorted((IN_COPY.get(kind) or KINDS.get(kind, kind)).lower() for kind in kinds),
        "terms": [
            row
            for row in RETENTION_CLASSES.of(registry).values()
            if tables.intersection(row.tables) and row.desk is not True
        ],
        "days": registry.app_settings.backup_keep_days,
        "officer": " ".join(
            (account_of(session, request.holder).content.get("fg_adres") or "").split()
        ),
    }
    text = render(f"{TEMPLATES}/about.txt.jinja2", values).strip()
    sections = [part.partition("\n") for part in text.split("\n\n")]
    return tuple((title.removeprefix("# "), words) for title, _, words in sections)


def frozen_copy(session: Session, keys: KeyRing, request: SubjectRequest) -> Copy | None:
    """Return what was frozen, or None."""
    data = _opened(session, keys, request, COPY)
    return msgspec.json.decode(data, type=Copy) if data is not None else None


def pdf_of(session: Session, keys: KeyRing, request: SubjectRequest) -> bytes | None:
    """Return the PDF of what was frozen; None as long as it isn't drawn."""
    return _opened(session, keys, request, PDF)


def _opened(session: Session, keys: KeyRing, request: SubjectRequest, kind: str) -> bytes | None:
    try:
        return VAULT.read(session, keys, request, kind)
    except DecryptionError:
        return None


def draw_copies(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Draw the PDF of copies that were frozen (job); doing it twice gives the same file."""
    keys = context.registry.key_ring
    for payload in payloads:
        number = UUID(payload["request"])
        with context.transaction() as session:
            request = session.get(SubjectRequest, number)
            made = frozen_copy(session, keys, request) if request is not None else None
            content = statement_of(session, request, made) if request and made else None
        if content is None or made is None:
            continue
        with making_pdf():
            limits = limits_of(context.registry.app_settings)
            pdf = render_in_process(content, limits=limits)
        with context.transaction() as session:
            request = session.get(SubjectRequest, number)
            # Frozen anew meanwhile: that has a job of its own.
            if request is not None and frozen_copy(session, keys, request) == made:
                VAULT.keep(session, keys, request, PDF, pdf)


def statement_of(session: Session, request: SubjectRequest, made: Copy) -> StatementContent:
    """Return the content of the PDF."""
    about = {"capacity": made.capacity, "parts": made.parts}
    sentences = render(f"{TEMPLATES}/intro.txt.jinja2", about).splitlines()
    sections = [
        section for title, parts in sections_of(made.parts) for section in _sections(title, parts)
    ]
    sections += [
        StatementSection(title, tuple(clean_line(line) for line in text.splitlines() if line))
        for title, text in made.about
    ]
    return StatementContent(
        schema=STATEMENT,
        house=house_at(session, request.holder),
        title="De gegevens die wij over u hebben",
        number=made.reference,
        made_at=datetime.fromisoformat(made.made_at).astimezone(UTC),
        sentences=tuple(filter(None, sentences)),
        sections=tuple(sections),
    )


def _sections(title: str, parts: Sequence[Part]) -> list[StatementSection]:
    """Return a section for each part, under the title of them all and its own name."""
    sections = []
    for part in parts:
        name = f"{title}: {part.label[0].lower()}{part.label[1:]}"
        sentences = [clean_line(line) for line in part.text.splitlines() if line.strip()]
        table = None
        if part.rows:
            cells = tuple(tuple(clean_line(cell) for cell in row) for row in part.rows)
            table = StatementTable(part.label, part.columns, cells)
        pairs = tuple(Pair(clean_line(label), clean_line(value)) for label, value in part.facts)
        sections.append(StatementSection(clean_line(name), tuple(sentences), pairs, table))
    return sections


# Handing over


def pickup_of(session: Session, request: SubjectRequest) -> Pickup | None:
    """Return the latest pick-up of the copy of a request, unless it was taken back."""
    mine = select(Pickup).where(
        Pickup.document_kind == DOCUMENT,
        Pickup.document_id == request.id,
        Pickup.state != PickupState.WITHDRAWN.value,
    )
    newest = (Pickup.made_at.desc(), Pickup.id)
    return session.scalars(mine.order_by(*newest).limit(1)).one_or_none()


def put_ready(session: Session, keys: KeyRing, request: SubjectRequest, actor: Actor) -> Pickup:
    """Offer the checked copy at the pick-up page, for a fortnight and some downloads.

    Raises:
        FormError: It isn't checked, or isn't any more as it was then.
    """
    row, known = copy_of(session, request.id), pickup_of(session, request)
    if row is None or request.state != RequestState.CHECKED:
        raise FormError("Laat de kopie eerst nakijken door een tweede persoon.")
    data = _opened(session, keys, request, COPY) or b""
    # As the second person judged it, also where another release made it.
    if sha256(data).hexdigest() != row.sha256:
        raise FormError("De kopie is niet meer wat is nagekeken. Laat haar opnieuw nakijken.")
    if known is not None:
        return known
    most = TIMES + EACH_FILE * len(files_of(msgspec.json.decode(data, type=Copy).parts))
    terms = {"expires_at": utc_now() + LASTS, "downloads_most": most}
    pickup = offer(session, request.holder, DOCUMENT, request.id, RECIPIENT, actor, **terms)
    pickup.state, pickup.offered_at = PickupState.OFFERED.value, utc_now()
    session.flush()
    return pickup


def hand_over(
    registry: Any, session: Session, request: SubjectRequest, on: date, address: str, actor: Actor
) -> None:
    """Answer a request with its checked copy, and note that the letter goes on a day.

    `address`: of the page where it is picked up with a code; empty: it goes on paper.

    Raises:
        FormError: The copy isn't checked, or its PDF isn't there yet.
        WorkflowError: The step isn't possible now.
    """
    keys: KeyRing = registry.key_ring
    if pdf_of(session, keys, request) is None:
        raise FormError("De PDF wordt nog gemaakt. Probeer het over een minuut opnieuw.")
    pickup = put_ready(session, keys, request, actor) if address else None
    until = date_text(pickup.expires_at) if pickup else ""
    follow = request.channel == Channel.FOLLOW
    about = {"follow": follow, "pickup": pickup, "address": address, "until": until}
    words = render(f"{TEMPLATES}/letter.txt.jinja2", about).strip()
    way = SentHow.MAIL if pickup else SentHow.COUNTER
    if (requests.read_person(keys, request) or requests.Person()).address:
        way = SentHow.POST
    requests.move_request(registry, session, request, "versturen", {"reden": words}, actor)
    letter = letter_of(session, request)
    if letter is not None and letter.sent_on is None:
        requests.mark_sent(session, request, letter, on, way.value, actor)


def letter_of(session: Session, request: SubjectRequest) -> RequestLetter | None:
    """Return the latest letter that goes with the copy."""
    letters = letters_of(session, request)
    return next((made for made in letters if made.kind == LetterKind.ACCESS), None)


def withdraw(registry: Any, session: Session, request: SubjectRequest, actor: Actor) -> None:
    """Take back what waits to be picked up."""
    pickup = pickup_of(session, request)
    if pickup is not None:
        pickup.state = PickupState.WITHDRAWN.value
        pickup.code_nonce = pickup.mail_nonce = None
        record(session, actor, "kopie.ingetrokken", request.holder, KIND, [request.id])
    session.flush()


def forget(registry: Any, session: Session, request: SubjectRequest, actor: Actor) -> None:
    """Delete everything of the copy and of the search, with their key."""
    withdraw(registry, session, request, actor)
    VAULT.destroy(session, request)


RULES: Final = (
    RequestRule("bijeenbrengen", "redigeren", follows=bring_together),
    RequestRule("markeren", "tweede_persoon", missing=missing, follows=freeze, page="kopie"),
    RequestRule("klaarzetten", "versturen", page="kopie"),
    *(
        RequestRule(f"kopie_{name}", name, follows=withdraw)
        for name in ("terug", "weigeren", "intrekken", "doorsturen")
    ),
    RequestRule("kopie_vergeten", FORGET, follows=forget),
)
