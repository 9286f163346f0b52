"""Pages of the sample of reads: the FG looks, asks and judges; who read something answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import (
    Button,
    ConflictError,
    Form,
    FormError,
    Hidden,
    OneOf,
    Schema,
    Text,
    TextArea,
    field,
    handle_form,
)
from stopintimidatie.core.security import Identity, Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage import NATIONAL, enter, transaction
from stopintimidatie.core.text import datetime_long, plural, uuid_of
from stopintimidatie.core.tree import Root
from stopintimidatie.core.web.components import ListItem
from stopintimidatie.core.web.request import (
    NavItem,
    Request,
    form_view,
    page_view,
    post_view,
    query_pairs,
)
from stopintimidatie.desk.resources import Desk
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import MunicipalityResource, OwnPlace
from stopintimidatie.privacy.log.models import KIND, ReadQuestion
from stopintimidatie.privacy.log.queries import with_subjects
from stopintimidatie.privacy.log.questions import (
    LATELY,
    WHY,
    Judgement,
    QuestionError,
    answer,
    ask,
    draw_sample,
    judge,
    open_questions,
    reads_here,
    row_of_event,
    unfinished,
)
from stopintimidatie.privacy.log.resources import named
from stopintimidatie.privacy.log.views import LINE, about, event_asked, home_of

SAMPLE_PAGE: Final = "inzage"
ONE: Final = "inzage-regel"
ASK: Final = "inzage-vragen"
DRAW: Final = "inzage-trekken"
OWN: Final = "account-inzagevragen"
OWN_ONE: Final = "account-inzagevraag"
MOST: Final = 200
ASK_WHY, NO_NEED = "vragen", "duidelijk"
_JUDGEMENTS: Final = {
    Judgement.CLEAR: "Duidelijk: hier was een goede reden voor",
    Judgement.ASK_ON: "Navragen: de lezer krijgt uw vraag hieronder",
    Judgement.WRONG: "Niet in orde: hier was geen goede reden voor",
}
_READ: Final = "steekproef van inzage"


class AskSchema(Schema):
    """The form of a read that nobody was asked about yet."""

    keuze = field(
        OneOf(((ASK_WHY, "Vragen waarom"), (NO_NEED, "Duidelijk, niets vragen")), radio=True),
        "Wat doet u?",
    )
    tekst = field(
        Text(1_000, lines=True),
        "Uw woorden erbij",
        missing=None,
        description=f"Leeg laten mag: dan vraagt u ‘{WHY}’ Noem geen namen.",
        widget=TextArea(rows=3),
    )


class JudgeSchema(Schema):
    """The form in which the FG judges an answer."""

    oordeel = field(
        OneOf([(code.value, words) for code, words in _JUDGEMENTS.items()], radio=True),
        "Wat vindt u van het antwoord?",
    )
    tekst = field(
        Text(1_000, lines=True),
        "Toelichting, of uw nieuwe vraag",
        missing=None,
        needed_sometimes=True,
        description="Verplicht bij ‘Navragen’ en bij ‘Niet in orde’. Noem geen namen.",
        widget=TextArea(rows=3),
    )
    gezien = field(Text(40), "Gezien", missing="", widget=Hidden())


class AnswerSchema(Schema):
    """The form in which a reader answers."""

    antwoord = field(
        Text(2_000, lines=True),
        "Uw antwoord",
        description="Waarvoor had u het nodig? Noem geen namen van melders of anderen.",
        widget=TextArea(rows=5),
    )


# The FG


@page_view(MunicipalityResource, SAMPLE_PAGE, Permission.ASK_READS, "templates/sample.jinja2")
@page_view(Desk, SAMPLE_PAGE, Permission.ASK_READS, "templates/sample.jinja2")
def sample_view(context: Any, request: Request) -> dict[str, Any]:
    """Show the reads to look at, the answers to judge, what waits, and the latest judged."""
    newest = select(ReadQuestion).order_by(ReadQuestion.event_at.desc(), ReadQuestion.id)
    to_do = request.db.scalars(newest.where(unfinished()).limit(MOST)).all()
    done = request.db.scalars(newest.where(~unfinished()).limit(20)).all()
    rows = [*to_do, *done]
    note_read(request, context.holder, KIND, [row.id for row in rows], task=_READ)
    stories = _stories(context, request, rows)
    home = home_of(context, request)
    me = request.actor.id
    return {
        "home": home,
        "title": "Steekproef van inzage",
        "why": WHY,
        "answered": [s for s in stories if s.row.answered_at and s.row in to_do],
        "drawn": [s for s in stories if s.row.asked_at is None and s.row in to_do],
        "waiting": [
            s for s in stories if s.row.asked_at and not s.row.answered_at and s.row in to_do
        ],
        "done": [s for s in stories if s.row in done],
        "me": me,
        "words": {code.value: words.partition(":")[0] for code, words in _JUDGEMENTS.items()},
    }


@dataclass(frozen=True)
class Story:
    """A read in the sample, with the documents that it was of as HTML."""

    row: ReadQuestion
    about: str
    line: str


def _stories(context: Any, request: Any, rows: Sequence[ReadQuestion]) -> list[Story]:
    ids = [row.event_id for row in rows]
    events = request.db.scalars(select(AuditEvent).where(AuditEvent.id.in_(ids))).all()
    lines = {line.event.id: line for line in with_subjects(request.db, events)}
    subjects = {subject for line in lines.values() for subject in line.first}
    home = home_of(context, request)
    documents = named(
        request.db, request.registry, request.identity, context.holder, home, subjects
    )
    stories = []
    for row in rows:
        page = f"{home}/{LINE}?nr={row.event_id}"
        line = lines.get(row.event_id)
        stories.append(Story(row, about(line, documents, page) if line else "", page))
    return stories


@post_view(MunicipalityResource, DRAW, Permission.ASK_READS)
@post_view(Desk, DRAW, Permission.ASK_READS)
def draw_view(context: Any, request: Request) -> HTTPSeeOther:
    """Draw some reads of the last month more."""
    now = utc_now()
    number = draw_sample(request.db, request.actor, context.holder, now - LATELY, now)
    request.flash(
        plural(number, "inzage is erbij getrokken.", "keer inzage is erbij getrokken.")
        if number
        else "Er is in de laatste 30 dagen geen inzage die u nog niet zag.",
        "ok" if number else "info",
    )
    return HTTPSeeOther(f"{home_of(context, request)}/{SAMPLE_PAGE}")


@post_view(MunicipalityResource, ASK, Permission.ASK_READS)
@post_view(Desk, ASK, Permission.ASK_READS)
def ask_view(context: Any, request: Request) -> HTTPSeeOther:
    """Ask who read something why, with one press; also about a line outside the sample."""
    event = event_asked(request)
    try:
        row = row_of_event(request.db, event)
        ask(request.db, row, None, request.actor)
    except QuestionError as problem:
        request.flash(str(problem), "warning")
    else:
        request.flash(f"De vraag is gesteld aan {event.actor_name}.")
    return HTTPSeeOther(f"{home_of(context, request)}/{SAMPLE_PAGE}")


@form_view(MunicipalityResource, ONE, Permission.ASK_READS, "templates/question.jinja2")
@form_view(Desk, ONE, Permission.ASK_READS, "templates/question.jinja2")
def question_view(context: Any, request: Request) -> Any:
    """Show one read of the sample; ask about it, or judge the answer."""
    number = uuid_of(dict(query_pairs(request)).get("nr", "")[:40])
    row = request.db.scalar(select(ReadQuestion).where(ReadQuestion.id == number))
    if row is None:
        raise HTTPNotFound()
    back = f"{home_of(context, request)}/{SAMPLE_PAGE}"
    gone = reads_here(request.db, row.holder, row.reader_id) is None
    unasked = row.asked_at is None and not gone
    schema = AskSchema() if unasked else JudgeSchema()
    seen = row.answered_at.isoformat() if row.answered_at else ""
    given, buttons = {"gezien": seen}, [Button("vastleggen", "Vastleggen")]
    form = Form(schema, request, buttons=buttons, appstruct=given, cancel_url=back)

    def on_valid(values: dict[str, Any]) -> HTTPSeeOther:
        if values.get("gezien", "") != seen:
            form["gezien"].cstruct = seen
            raise ConflictError("De lezer antwoordde opnieuw. Lees het antwoord, en oordeel dan.")
        try:
            request.flash(_carry_out(request, row, values))
        except QuestionError as problem:
            raise FormError(str(problem)) from None
        here = f"{home_of(context, request)}/{ONE}?nr={row.id}"
        return HTTPSeeOther(here if row.judgement == Judgement.WRONG else back)

    shown = partial(_question_page, context, request, row, back, gone)
    finished = row.judged_at is not None and row.judgement != Judgement.ASK_ON
    waits = row.asked_at is not None and row.answered_at is None and not gone
    if finished or waits or row.reader_id == request.actor.id:
        return {**shown(), "form": None}
    return handle_form(request, form, on_valid, shown)


def _carry_out(request: Request, row: ReadQuestion, values: dict[str, Any]) -> str:
    """Ask or judge as the form says; return what to tell.

    Raises:
        FormError: A judgement that needs words has none.
    """
    text = values["tekst"]
    if values.get("keuze") == ASK_WHY:
        ask(request.db, row, text, request.actor)
        return f"De vraag is gesteld aan {row.reader}."
    judgement = Judgement(values.get("oordeel") or Judgement.CLEAR)
    if judgement != Judgement.CLEAR and not text:
        raise FormError("Schrijf hier uw vraag, of wat er niet in orde is.", "tekst")
    judge(request.db, row, judgement, text, request.actor)
    if judgement == Judgement.ASK_ON:
        return f"Uw nieuwe vraag is gesteld aan {row.reader}."
    return "Uw oordeel is vastgelegd."


def _question_page(
    context: Any, request: Request, row: ReadQuestion, back: str, gone: bool
) -> dict[str, Any]:
    note_read(request, context.holder, KIND, [row.id], task=_READ)
    story = _stories(context, request, [row])[0]
    said = (
        ("Gevraagd", _by(row.asked_at, row.asked_by)),
        ("Beantwoord", datetime_long(row.answered_at) if row.answered_at else None),
        ("Oordeel", _judged(row)),
    )
    return {
        "row": row,
        "back": back,
        "above": context.title,
        "gone": gone,
        "wrong": row.judgement == Judgement.WRONG,
        "own": row.reader_id == request.actor.id,
        "facts": [
            ("Wie las", row.reader),
            ("Wanneer", datetime_long(row.event_at)),
            ("Wat", story.about),
            ("Voor welke taak", row.task),
            *((label, words) for label, words in said if words),
        ],
    }


def _by(at: Any, name: str | None) -> str | None:
    return f"{datetime_long(at)}, door {name}" if at and name else None


def _judged(row: ReadQuestion) -> str | None:
    if row.judgement is None:
        return None
    words = _JUDGEMENTS[Judgement(row.judgement)].partition(":")[0]
    return f"{words}. {row.judged_reason}" if row.judged_reason else words


def judged_next(holder: str, identity: Identity) -> Select[Any]:
    """Select the answers that wait for the judgement of an FG, for the menu."""
    return select(ReadQuestion.id).where(
        ReadQuestion.holder == holder,
        ReadQuestion.answered_at.is_not(None),
        unfinished(),
        ReadQuestion.reader_id != str(identity.user_id),
    )


# The reader


class OwnQuestions(OwnPlace):
    """Questions to a person about own reads: an item of the menu only while one waits."""

    def holders(self, request: Any) -> list[str]:
        """Return the holders where this person works."""
        return sorted(request.identity.holders)

    def item(self, request: Any) -> NavItem | None:
        """Return the item of the menu while a question waits."""
        made = super().item(request)
        return NavItem(self.label, f"/{OWN}", count=made.count) if made and made.count else None

    def is_answered_by(self, request: Any, holder: str) -> bool:
        """Tell whether this person works at a holder: anybody can be asked about a read."""
        return holder in request.identity.holders


def my_questions(holder: str, identity: Identity) -> Select[Any]:
    """Select the questions of a holder that wait for this person."""
    return open_questions(holder, str(identity.user_id))


def _mine(request: Any) -> Iterator[tuple[Session, str]]:
    for holder in sorted(request.identity.holders):
        with transaction(request.registry.engine, holder, write=False) as session:
            yield session, holder


def _holder_name(request: Any, holder: str) -> str:
    return "Landelijk meldpunt" if holder == NATIONAL else str(request.municipality_name(holder))


@page_view(Root, OWN, Permission.SIGNED_IN, "templates/questions.jinja2")
def own_view(request: Request) -> dict[str, Any]:
    """Show the questions about own reads, the open ones first."""
    waiting: list[tuple[ReadQuestion, str]] = []
    given: list[tuple[ReadQuestion, str]] = []
    me = str(request.actor.id)
    for session, holder in _mine(request):
        rows = session.scalars(
            select(ReadQuestion)
            .where(ReadQuestion.holder == holder, ReadQuestion.reader_id == me)
            .where(ReadQuestion.asked_at.is_not(None))
            .order_by(ReadQuestion.asked_at.desc(), ReadQuestion.id)
            .limit(50)
        ).all()
        still = set(session.scalars(open_questions(holder, me)))
        note_read(request, holder, KIND, [row.id for row in rows], task="eigen vragen over inzage")
        for row in rows:
            (waiting if row.id in still else given).append((row, holder))
    return {"waiting": _items(request, waiting), "given": _items(request, given)}


def _items(request: Any, rows: Sequence[tuple[ReadQuestion, str]]) -> list[ListItem]:
    return [
        ListItem(
            f"Inzage van {datetime_long(row.event_at)}",
            f"/{OWN_ONE}?nr={row.id}&waar={holder}",
            meta=[_holder_name(request, holder), row.task or ""],
        )
        for row, holder in rows
    ]


@form_view(Root, OWN_ONE, Permission.SIGNED_IN, "templates/question.jinja2")
def own_question_view(request: Request) -> Any:
    """Show one question about an own read, and take the answer."""
    pairs = dict(query_pairs(request))
    holder, number = pairs.get("waar", ""), uuid_of(pairs.get("nr", "")[:40])
    identity: Identity = request.identity  # type: ignore[assignment]
    if holder not in identity.holders or number is None:
        raise HTTPNotFound()
    enter(request.db, holder)
    mine = select(ReadQuestion).where(ReadQuestion.id == number, ReadQuestion.holder == holder)
    row = request.db.scalar(
        mine.where(
            ReadQuestion.reader_id == str(identity.user_id), ReadQuestion.asked_at.is_not(None)
        )
    )
    if row is None:
        raise HTTPNotFound()
    form = Form(
        AnswerSchema(),
        request,
        buttons=[Button("antwoorden", "Antwoord geven")],
        cancel_url=f"/{OWN}",
    )

    def on_valid(values: dict[str, Any]) -> HTTPSeeOther:
        try:
            answer(request.db, row, values["antwoord"], request.actor)
        except QuestionError as problem:
            raise FormError(str(problem)) from None
        request.flash("Dank u. De FG leest uw antwoord.")
        return HTTPSeeOther(f"/{OWN}")

    shown = partial(_own_page, request, row, holder)
    if row.answered_at is not None:
        return {**shown(), "form": None}
    return handle_form(request, form, on_valid, shown)


def _own_page(request: Request, row: ReadQuestion, holder: str) -> dict[str, Any]:
    note_read(request, holder, KIND, [row.id], task="eigen vragen over inzage")
    return {
        "row": row,
        "back": f"/{OWN}",
        "above": _holder_name(request, holder),
        "gone": False,
        "own": False,
        "facts": [
            ("U las", _own_documents(request, row, holder)),
            ("Wanneer", datetime_long(row.event_at)),
            ("Voor welke taak", row.task),
            ("Gevraagd", _by(row.asked_at, row.asked_by)),
        ],
    }


def _own_documents(request: Any, row: ReadQuestion, holder: str) -> str | None:
    """Return what the reader read as HTML, without the page of the log, which is for few."""
    event = request.db.scalar(select(AuditEvent).where(AuditEvent.id == row.event_id))
    if event is None:
        return None
    line = with_subjects(request.db, [event])[0]
    slug = request.db.scalar(select(Municipality.slug).where(Municipality.code == holder))
    home = f"/{NATIONAL}" if holder == NATIONAL else f"/gemeenten/{slug}"
    identity = request.identity
    documents = named(request.db, request.registry, identity, holder, home, line.first)
    return about(line, documents, None)
