"""Marking afterwards: an officer takes out of a report or dossier what came from the police.

The words go into the compartment, and out of everything else: the text itself, its versions, notes,
history, the index, and documents that were frozen or exported. Nothing tells that they were there:
no mark in the text, no line in the history, none in the log of the house.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, Form, FormError, Opened, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.personal import (
    Fragment,
    Subject,
    Treatment,
    personal_data_holders,
)
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.core.web.request import Request, form_view
from stopintimidatie.dossiers.models import (
    Dossier,
    DossierMembership,
    DossierNote,
    DossierNoteReader,
    DossierText,
)
from stopintimidatie.dossiers.pages import only_live, reader_of
from stopintimidatie.dossiers.queries import explain_holds
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.dossiers.services import readable_by
from stopintimidatie.privacy.police.mail import tell_named
from stopintimidatie.privacy.police.models import Origin
from stopintimidatie.privacy.police.services import (
    SOON,
    About,
    Content,
    PoliceError,
    Received,
    keep_item,
)
from stopintimidatie.reports.conversation.queries import FROM_REPORTER
from stopintimidatie.reports.fields import BY_COLUMN
from stopintimidatie.reports.models import Report, ReporterMessage, ReportMove, ReportNote
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.services import fragment_of
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.vocabulary import Source

NAME: Final = "van-de-politie"
SHORTEST: Final = 3
LIMIT: Final = 20_000
# The choice of words in place of a whole note.
WORDS: Final = "woorden"
EXCERPT: Final = 60
# A note and its line in the history are written in one transaction.
SAME: Final = timedelta(seconds=1)
# Columns with words of the reporter, unless an officer entered the report.
OF_REPORTER: Final = tuple(
    column for column, known in BY_COLUMN.items() if known.facts.personal is Treatment.TEXT
)
BY_HAND: Final = (Source.PHONE.value, Source.COUNTER.value)
NOT_OURS: Final = (
    "Deze woorden staan ook in wat een melder schreef: het verhaal, de plek, het uiterlijk, een"
    " antwoord of een bericht. Dat blijft staan. U kunt alleen verplaatsen wat een medewerker"
    " schreef. Neem daarvan een langer stuk over."
)
Document = Report | Dossier


def mark(registry: Any, session: Session, row: Document, words: str, actor: Actor) -> bool:
    """Move words of a document into the compartment, and take them out wherever else they stand.

    Returns:
        False when they aren't in the document: then nothing was changed.

    Raises:
        PoliceError: A hold is in force, or the words stand in what a reporter wrote.
    """
    keys, kind = registry.key_ring, _kind(row)
    session.refresh(row, with_for_update=True)
    if holds := explain_holds(session, row, texts_too=True):
        raise PoliceError(" ".join(holds))
    holders = personal_data_holders(registry).values()
    short = fragment_of(words)
    fragment = Fragment(short.words, replacement="", whole_words=short.whole_words)
    session.flush()
    _check_accounts(session, row, fragment)
    subject = Subject(reference=_name(row))
    changed = [
        holder.redact(session, keys, document, fragment)
        for holder in holders
        for document in holder.find(session, keys, subject)
    ]
    if not sum(changed):
        return False
    for holder in holders:
        holder.source_redacted(session, keys, kind, row.id, fragment)
    _close_gaps(session, row)
    today = day_of(utc_now())
    content = Content(text=words.strip())
    received = Received(today, today + SOON, None, content, Origin.MARKED)
    item = keep_item(session, keys, row.holder, received, actor, about=About(kind, row.id))
    tell_named(session, item, actor)
    return True


def _check_accounts(session: Session, row: Document, fragment: Fragment) -> None:
    """Check that the words stand in nothing that a reporter wrote.

    Looks at all reports whose words would change: also those that share a dossier, as its frozen
    papers hold the accounts of them all.

    Raises:
        PoliceError: They do.
    """
    dossiers = (
        [row.id]
        if isinstance(row, Dossier)
        else select(DossierMembership.dossier_id).where(DossierMembership.report_id == row.id)
    )
    beside = select(DossierMembership.report_id).where(DossierMembership.dossier_id.in_(dossiers))
    mine = or_(Report.id == row.id, Report.id.in_(beside))
    columns = [getattr(Report, name) for name in OF_REPORTER]
    accounts = select(*columns).where(mine, Report.source.not_in(BY_HAND))
    messages = (
        select(ReporterMessage.text)
        .join(Report, Report.id == ReporterMessage.report_id)
        .where(mine, ReporterMessage.kind.in_(FROM_REPORTER))
    )
    for texts in (*session.execute(accounts), *session.execute(messages)):
        if any(fragment.taken_out_of(text) != text for text in texts):
            raise PoliceError(NOT_OURS, "tekst")


def _close_gaps(session: Session, row: Document) -> None:
    """Delete notes and versions of which nothing is left, so that no empty one tells of it."""
    session.flush()
    if isinstance(row, Report):
        row.description = (row.description or "").strip() or None
        _delete_empty_notes(session, row)
        return
    mine = select(DossierNote).where(DossierNote.dossier_id == row.id)
    for note in session.scalars(mine).all():
        if not note.text.strip():
            readers = DossierNoteReader.note_id == note.id
            session.execute(delete(DossierNoteReader).where(readers))
            session.delete(note)
    for name in ("summary", "assessment"):
        setattr(row, name, (getattr(row, name) or "").strip() or None)
    session.flush()
    _number_anew(session, row.id)


def _delete_empty_notes(session: Session, report: Report) -> None:
    """Delete notes of which nothing is left, with their line in the history."""
    for note in session.scalars(select(ReportNote).where(ReportNote.report_id == report.id)).all():
        if note.text.strip():
            continue
        line = delete(ReportMove).where(
            ReportMove.report_id == report.id,
            ReportMove.name == "notitie",
            ReportMove.actor_id == note.actor_id,
            ReportMove.at.between(note.at - SAME, note.at + SAME),
        )
        session.execute(line)
        session.delete(note)
    session.flush()


def _number_anew(session: Session, dossier: UUID) -> None:
    """Delete empty versions of a dossier's texts, and those that now repeat the one before."""
    mine = select(DossierText).where(DossierText.dossier_id == dossier)
    before: dict[str, tuple[int, str]] = {}
    for version in session.scalars(mine.order_by(DossierText.field, DossierText.number)).all():
        number, text = before.get(version.field, (0, ""))
        if version.text.strip() in ("", text):
            session.execute(delete(DossierText).where(DossierText.id == version.id))
            continue
        before[version.field] = (number + 1, version.text.strip())
        if version.number != number + 1:
            moved = update(DossierText).where(DossierText.id == version.id)
            session.execute(moved.values(number=number + 1))
    session.expire_all()


def _kind(row: Document) -> str:
    return REPORT if isinstance(row, Report) else DOSSIER


def _name(row: Document) -> str:
    return row.reference if isinstance(row, Report) else row.number


@form_view(
    ReportResource,
    NAME,
    Permission.TRIAGE,
    "stopintimidatie.privacy.police:templates/form.jinja2",
    guards=(recently_confirmed,),
)
@form_view(
    DossierResource,
    NAME,
    Permission.EDIT_DOSSIER,
    "stopintimidatie.privacy.police:templates/form.jinja2",
    guards=(only_live, recently_confirmed),
)
def mark_view(context: Any, request: Request) -> Any:
    """Mark a note, or words that stand anywhere in a document, as coming from the police."""
    if context.holder == NATIONAL:
        raise HTTPNotFound()
    dossier = isinstance(context, DossierResource)
    row: Document = context.dossier if dossier else context.report
    notes = list(_notes(request, row))
    back = request.resource_path(context)
    if request.method != "POST" and (holds := explain_holds(request.db, row, texts_too=True)):
        request.flash(" ".join(holds), "warning")
        return HTTPSeeOther(back)
    form = Form(
        mark_schema(notes), request, buttons=[Button("verplaatsen", "Verplaatsen")], cancel_url=back
    )

    def on_valid(values: dict[str, Any]) -> Any:
        words = _chosen(values, notes)
        try:
            done = mark(request.registry, request.db, row, words, request.actor)
        except PoliceError as problem:
            typed = values["welk"] == WORDS
            raise FormError(str(problem), problem.field if typed else None) from None
        if not done:
            where = "dit dossier" if dossier else "deze melding"
            raise FormError(f"Deze tekst staat niet in {where}. Neem hem precies over.", "tekst")
        request.flash("Verplaatst. Alleen gemachtigden lezen het nog.")
        return HTTPSeeOther(back)

    def page() -> dict[str, Any]:
        task = "dossier bekijken" if dossier else "melding bekijken"
        note_read(request, context.holder, _kind(row), [row.id], task=task)
        return {"heading": "Komt dit van de politie?", "owner": _name(row), "intro": INTRO}

    return handle_form(request, form, on_valid, page)


INTRO: Final = (
    "Wat de politie verstrekte, hoort niet in een melding of dossier. Kies hieronder wat het is."
    " Het verdwijnt hier, uit eerdere versies, uit zoeken en uit documenten die al zijn gemaakt."
    " Alleen gemachtigden voor politiegegevens lezen het nog. Dit kunt u niet ongedaan maken."
    " Wat de melder zelf schreef, kunt u hier niet weghalen."
)


def _notes(request: Request, row: Document) -> Iterator[tuple[UUID, str, str]]:
    """Yield id, label and text of the notes that this person may read, the latest first."""
    notes: Sequence[Any]
    if isinstance(row, Report):
        wanted = select(ReportNote).where(ReportNote.report_id == row.id)
        notes = request.db.scalars(wanted.order_by(ReportNote.at.desc(), ReportNote.id)).all()
    else:
        mine = DossierNote.dossier_id == row.id, readable_by(reader_of(request))
        listed = select(DossierNote).where(*mine)
        notes = request.db.scalars(listed.order_by(DossierNote.at.desc(), DossierNote.id)).all()
    for note in notes:
        text = " ".join(note.text.split())
        short = text if len(text) <= EXCERPT else f"{text[:EXCERPT]}…"
        who = note.actor_name if isinstance(note, ReportNote) else note.author_name
        yield note.id, f"Notitie van {date_text(note.at)}, {who}: {short}", note.text


def mark_schema(notes: Sequence[tuple[UUID, str, str]]) -> Any:
    """Return the form that asks which note it is, or which words."""
    choices = [(str(number), label) for number, label, _ in notes]
    return Schema(
        field(
            forms.OneOf([*choices, (WORDS, "Een stuk tekst")], radio=True),
            "Wat komt van de politie?",
            name="welk",
        ),
        field(
            forms.Text(LIMIT, lines=True),
            "De tekst, precies zoals hij er staat",
            name="tekst",
            missing=None,
            needed_sometimes=True,
            description="Wij halen hem overal weg waar hij in dit stuk staat.",
            drawn=Opened("De tekst", (WORDS,)),
        ),
    )


def _chosen(values: dict[str, Any], notes: Sequence[tuple[UUID, str, str]]) -> str:
    """Return the words to move.

    Raises:
        FormError: There are none, too few, or a note was chosen as well.
    """
    typed = values["tekst"] or ""
    if values["welk"] == WORDS:
        if len(typed.strip()) < SHORTEST:
            raise FormError("Neem de tekst over, minstens drie tekens.", "tekst")
        return typed
    if typed:
        raise FormError("U kiest een notitie en vult ook tekst in. Kies één van de twee.", "tekst")
    return next(text for number, _, text in notes if str(number) == values["welk"])
