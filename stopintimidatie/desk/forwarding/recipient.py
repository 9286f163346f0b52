"""Pages of a sitting below /ophalen: the list, a report with its files, the answers.

Whoever has a link may come to these pages, so each asks for the sitting first, and for the report
that it opens. A GET changes nothing: opening a report for the first time is the press of a button.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.audit import record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, FormError, handle_form
from stopintimidatie.core.security.policy import note
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import date_text, datetime_long, day_of
from stopintimidatie.core.web.components import Panel, panels
from stopintimidatie.core.web.limits import TOO_BUSY
from stopintimidatie.core.web.request import Request, page_view, post_view, query_pairs
from stopintimidatie.core.web.responses import pdf_response
from stopintimidatie.core.web.theme import DEFAULT_COLOUR
from stopintimidatie.desk.forwarding import access
from stopintimidatie.desk.forwarding.access import Answer, Sitting
from stopintimidatie.desk.forwarding.pickup import (
    OPENED,
    STOPPED,
    Content,
    content_of,
    last_read,
    notice_of,
)
from stopintimidatie.disclosures.models import Pickup
from stopintimidatie.disclosures.pickup import KIND, LOST, is_lost, outsider
from stopintimidatie.disclosures.services import EventKind, find_disclosure, note_event
from stopintimidatie.disclosures.views import PickupPage
from stopintimidatie.exports.document.content import LETTER, StatementContent, StatementSection
from stopintimidatie.exports.document.services import NotDrawnError, draw_now
from stopintimidatie.exports.redaction.content import House, Pair
from stopintimidatie.exports.release.recipient import start_again
from stopintimidatie.exports.vocabulary import clean_line
from stopintimidatie.municipalities.agreements.services import today
from stopintimidatie.municipalities.areas.resources import DESK
from stopintimidatie.reports.attachments.services import attachments_of
from stopintimidatie.reports.conversation.words import STAYS
from stopintimidatie.reports.models import Report, ReportMove
from stopintimidatie.reports.page.views import file_response, wanted_attachment
from stopintimidatie.reports.words import is_minor

REPORT: Final = "melding"
WITHDRAWN: Final = "melding-ingetrokken"
# In days: a promise to the reporter isn't later than that.
LATEST: Final = 60
TEMPLATES: Final = "stopintimidatie.desk.forwarding:templates"
REPORT_PAGE: Final = f"{TEMPLATES}/sitting_report.jinja2"
DONE: Final = {
    "antwoord": "Uw antwoord is vastgelegd.",
    "terug": "De melding is terug bij het landelijk meldpunt. U ziet haar hier niet meer.",
    "druk": TOO_BUSY,
    "zoek": LOST,
    "veranderd": "Uw antwoord is niet vastgelegd: de melding is intussen veranderd. Lees wat er nu"
    " staat.",
}
# The words of the form; the others of an answer are for the desk.
CHOICES: Final = {
    Answer.RECEIVED: "Ontvangen (alleen het meldpunt leest dit)",
    Answer.CONTACT: "Ik neem contact op, op een dag (alleen het meldpunt leest dit)",
    Answer.READ: f"Schrijf de melder: ‘{access.LINES[Answer.READ]['nl']}’",
    Answer.CALLS: "Schrijf de melder: ‘Wij bellen u op …’",
    Answer.FILE: f"Schrijf de melder: ‘{access.LINES[Answer.FILE]['nl']}’",
}


def _list_href(sitting: Sitting, done: str = "") -> str:
    return f"/ophalen/{sitting.door.reference}/{access.PAGE}{f'?gedaan={done}' if done else ''}"


def _report_href(reference: str, name: str = REPORT) -> str:
    return f"/ophalen/{reference}/{name}"


@page_view(PickupPage, access.PAGE, NO_PERMISSION_REQUIRED, f"{TEMPLATES}/sitting.jinja2")
def list_view(context: PickupPage, request: Request) -> Any:
    """Show what this sitting opens, without a word of what the reports say."""
    sitting = access.sitting_of(request)
    if sitting is None:
        return start_again(context, request)
    rows = access.list_opened(request.db, sitting)
    return {
        **_page(request, sitting),
        "rows": [
            (pickup, report, access.is_open(sitting, pickup), access.has_news(pickup, report))
            for pickup, report in rows
        ],
        "more": len(rows) == access.SHOWN,
        "later": access.number_since(request.db, sitting),
    }


def _page(request: Request, sitting: Sitting) -> dict[str, Any]:
    """Return what both pages say: whose sitting, until when, what was done, and the ways out."""
    done = dict(query_pairs(request)).get("gedaan", "")
    return {
        "town": sitting.town.name,
        "until": sitting.ends_at,
        "done": DONE.get(done),
        "tone": "ok" if done in ("antwoord", "terug") else "warning",
        "list_href": _list_href(sitting),
        "leave_href": _report_href(sitting.door.reference, f"{access.PAGE}-sluiten"),
    }


@post_view(PickupPage, "openen", NO_PERMISSION_REQUIRED)
def open_view(context: PickupPage, request: Request) -> Any:
    """Open a report: the first time that is its receipt."""
    sitting, pickup, report = _here(context, request, opened=False)
    access.open_report(request.db, request.registry, sitting, pickup, report)
    return HTTPSeeOther(_report_href(pickup.reference))


def _here(
    context: PickupPage,
    request: Request,
    *,
    opened: bool = True,
    stopped: bool | None = None,
    news: bool = False,
) -> tuple[Sitting, Pickup, Report]:
    """Return the sitting and the report of this address.

    `opened`: only a report that was opened in this sitting with the button. `stopped`: only one
    that may not be used any more, or that may. `news`: also one to which something came since, of
    which this view shows nothing.

    Raises:
        HTTPSeeOther: It isn't opened here, or isn't like that: to the page that says so.
    """
    sitting = access.sitting_of(request)
    if sitting is None:
        raise start_again(context, request)
    row = access.find_opened(request.db, sitting, context.__name__ or "")
    if row is None or (opened and not access.is_open(sitting, row[0])):
        raise HTTPSeeOther(_list_href(sitting))
    if is_lost(request.db, request.registry, NATIONAL, row[0].reference):
        raise HTTPSeeOther(_list_href(sitting, "zoek"))
    may_be_used = notice_of(request.db, row[1]) is None
    if stopped is may_be_used:
        raise HTTPSeeOther(f"{_report_href(row[0].reference)}?gedaan=veranderd")
    if opened and may_be_used and not news and access.has_news(*row):
        raise HTTPSeeOther(_list_href(sitting))
    return sitting, *row


@page_view(PickupPage, REPORT, NO_PERMISSION_REQUIRED, REPORT_PAGE)
def report_view(context: PickupPage, request: Request) -> Any:
    """Show a report that was opened in this sitting; each time is logged."""
    sitting, pickup, report = _here(context, request)
    stopped = notice_of(request.db, report) is not None
    _note_later(request, pickup, "ophalen.gelezen", "weer")
    form = withdrawn_form(request, pickup) if stopped else answer_form(request, pickup, report)
    return {**_report_page(request, sitting, pickup, report), "form": form}


def _note_later(request: Request, pickup: Pickup, action: str, field: str) -> None:
    """Log what a GET shows, in a transaction after it: the page itself writes nothing."""
    # Read now: the pick-up is of a transaction that is over by then.
    actor, ids = outsider(pickup), [pickup.id, pickup.document_id]

    def write(session: Session, identity: Any) -> None:
        record(session, actor, action, NATIONAL, KIND, ids, fields=[field])

    note(request, NATIONAL, write)


def _report_page(
    request: Request, sitting: Sitting, pickup: Pickup, report: Report
) -> dict[str, Any]:
    """Return the values for the page of a report; of one that was withdrawn no content."""
    session, keys = request.db, request.registry.key_ring
    shown = notice_of(session, report) is None
    since = last_read(session, pickup, sitting.visit.since)
    return {
        **_page(request, sitting),
        "report": report,
        "minor": shown and is_minor(report),
        "content": content_of(session, keys, report, since) if shown else None,
        "files": attachments_of(session, report.id) if shown else [],
        "file_href": _report_href(pickup.reference, f"{REPORT}-bijlage"),
        "pdf_href": _report_href(pickup.reference, f"{REPORT}-pdf"),
        "answers": [access.answer_words(row) for row in access.answers_of(session, [pickup.id])],
        "panels": panels(request, "ophalen_melding", (pickup, report)),
    }


def answer_form(request: Request, pickup: Pickup, report: Report) -> Form:
    """Make the form of an answer; no contact is offered where the reporter wants none."""
    kinds = access.possible_answers(request.db, report)
    # Each reason is a choice, so that giving a report back is one press less.
    back = [(f"{Answer.NOT_OURS}.{code}", words) for code, words in access.REASONS.items()]
    days = tuple(kind.value for kind in kinds if kind in access.ON_A_DAY)

    choices = [(kind.value, CHOICES[kind]) for kind in kinds if kind in CHOICES]
    choices += [(code, f"Niet van ons, terug naar het meldpunt: {why}") for code, why in back]
    schema = forms.Schema(
        forms.field(forms.OneOf(choices, radio=True), "Wat wilt u laten weten?", name="antwoord")
    )
    if days:
        schema["dag"] = forms.field(
            forms.Date(),
            "Op welke dag?",
            name="dag",
            missing=None,
            validator=forms.from_today(days=LATEST),
            drawn=forms.Opened("De dag", days),
        )
    buttons = [Button("vastleggen", "Vastleggen")]
    action = _report_href(pickup.reference, f"{REPORT}-antwoord")
    return Form(schema, request, buttons=buttons, action=action)


@post_view(PickupPage, f"{REPORT}-antwoord", NO_PERMISSION_REQUIRED, renderer=REPORT_PAGE)
def answer_view(context: PickupPage, request: Request) -> Any:
    """Take what the official answers."""
    sitting, pickup, report = _here(context, request, stopped=False, news=True)
    form = answer_form(request, pickup, report)

    def on_valid(values: dict[str, Any]) -> Any:
        chosen, _, reason = values["antwoord"].partition(".")
        kind, day = Answer.of(chosen), values.get("dag")
        if kind in access.ON_A_DAY and day is None:
            raise FormError("Vul de dag in.", "dag")
        access.give_answer(request.db, sitting, pickup, report, kind, day, reason or None)
        return HTTPSeeOther(_list_href(sitting, "terug" if kind is Answer.NOT_OURS else "antwoord"))

    return handle_form(request, form, on_valid, _report_page(request, sitting, pickup, report))


# Reports that were withdrawn, erased or restricted. The town decides by its own rules; what it
# answers are codes and a day, never words.
AFTER: Final = [(kind.value, kind.nl) for kind in (Answer.UNUSED, Answer.DESTROYED, Answer.STAYS)]


class WithdrawnSchema(forms.Schema):
    """The answer: closed choices, with the day or the reason that belongs to it."""

    antwoord = forms.field(forms.OneOf(AFTER, radio=True), "Wat deed uw gemeente met de melding?")
    dag = forms.field(
        forms.Date(),
        "Op welke dag is zij vernietigd?",
        missing=None,
        drawn=forms.Opened("De dag", (Answer.DESTROYED.value,)),
    )
    reden = forms.field(
        forms.OneOf([(code, f"omdat {words}") for code, words in STAYS.items()]),
        "Waarom blijft zij?",
        missing=None,
        drawn=forms.Opened("De reden", (Answer.STAYS.value,)),
    )


def withdrawn_form(request: Any, pickup: Pickup) -> Form:
    """Make the form for the answer about a report that was withdrawn, erased or restricted."""
    action = _report_href(pickup.reference, WITHDRAWN)
    button = Button("laten_weten", "Laat het meldpunt weten")
    return Form(WithdrawnSchema(), request, buttons=[button], action=action)


def stopped_panel(context: tuple[Pickup, Report], request: Any) -> Panel | None:
    """Return what an official reads of a report that they may use no longer.

    No content, no files and no person: reference, dates, and whether it was urgent.
    """
    pickup, report = context
    notice = notice_of(request.db, report)
    if notice is None or pickup.state not in OPENED:
        return None
    mine = ReportMove.report_id == report.id, ReportMove.name == f"gemeente_{notice}"
    at = request.db.scalar(select(func.max(ReportMove.at)).where(*mine))
    values = {
        "report": report,
        "pickup": pickup,
        "notice": notice,
        "at": at or report.ended_at or report.received_at,
        "why": STOPPED[notice],
    }
    return Panel("Niet meer gebruiken", f"{TEMPLATES}/withdrawn.jinja2", values)


def answer_withdrawal(
    session: Session,
    pickup: Pickup,
    report: Report,
    kind: str,
    day: date | None,
    reason: str | None,
) -> None:
    """Store what a municipality does with a report that was withdrawn, erased or restricted.

    Raises:
        FormError: the answer lacks its day or reason, or has a day that can't be.
    """
    if kind == Answer.DESTROYED and day is None:
        raise FormError("Vul de dag in waarop de melding is vernietigd.", "dag")
    if kind == Answer.STAYS and reason is None:
        raise FormError("Kies waarom de melding blijft.", "reden")
    if day is not None and kind != Answer.DESTROYED:
        raise FormError("Een dag hoort alleen bij ‘Vernietigd’. Maak dit leeg.", "dag")
    if reason is not None and kind != Answer.STAYS:
        words = f"Een reden hoort alleen bij ‘{Answer.STAYS.nl}’. Maak dit leeg."
        raise FormError(words, "reden")
    picked_up_on = day_of(pickup.picked_up_at or pickup.made_at)
    if day is not None and not picked_up_on <= day <= today():
        raise FormError(f"Kies een dag van {date_text(picked_up_on)} tot en met vandaag.", "dag")
    access.add_answer(session, pickup, report, kind, day, reason)


@post_view(PickupPage, WITHDRAWN, NO_PERMISSION_REQUIRED, renderer=REPORT_PAGE)
def withdrawn_view(context: PickupPage, request: Request) -> Any:
    """Take what a municipality did with a report that was withdrawn, erased or restricted."""
    sitting, pickup, report = _here(context, request, stopped=True)

    def on_valid(values: dict[str, Any]) -> Any:
        kind, day, reason = values["antwoord"], values["dag"], values["reden"]
        answer_withdrawal(request.db, pickup, report, kind, day, reason)
        return HTTPSeeOther(_list_href(sitting, "antwoord"))

    form = withdrawn_form(request, pickup)
    return handle_form(request, form, on_valid, _report_page(request, sitting, pickup, report))


@page_view(PickupPage, f"{REPORT}-bijlage", NO_PERMISSION_REQUIRED, "string")
def file_view(context: PickupPage, request: Request) -> Any:
    """Send a clean file of a report that was opened in this sitting: `?nummer=1`."""
    _, pickup, report = _here(context, request)
    stopped = notice_of(request.db, report) is not None
    attachment = None if stopped else wanted_attachment(request, report)
    if attachment is None:
        raise HTTPNotFound()
    _note_later(request, pickup, "ophalen.gedownload", "bijlage")
    return file_response(request, NATIONAL, attachment, attachment.file_name(report.reference))


@post_view(PickupPage, f"{REPORT}-pdf", NO_PERMISSION_REQUIRED)
def pdf_view(context: PickupPage, request: Request) -> Any:
    """Send a report that was opened in this sitting as PDF; the register says so."""
    sitting, pickup, report = _here(context, request, stopped=False)
    entry = find_disclosure(request.db, pickup.reference)
    if entry is not None:
        note_event(request.db, entry, EventKind.GIVEN, outsider(pickup), "pdf")
    access.note(request.db, pickup, "ophalen.gedownload", "pdf")
    content = content_of(request.db, request.registry.key_ring, report)
    beside = [panel.title for panel in panels(request, "ophalen_melding", (pickup, report))]
    beside += [file.title for file in attachments_of(request.db, report.id)]
    paper, reference = _paper(sitting, pickup, content, beside), pickup.reference
    try:
        pdf = draw_now(request, paper)
    except NotDrawnError:
        return HTTPSeeOther(f"{_report_href(reference)}?gedaan=druk")
    return pdf_response(reference, pdf)


def _paper(
    sitting: Sitting, pickup: Pickup, content: Content, beside: Sequence[str]
) -> StatementContent:
    """Return a report as the renderer draws it, with who opened it and when.

    `beside`: what stands on the page alone, by title.
    """
    who = ", ".join(sitting.visit.who.values())
    about = (
        Pair("Nummer", pickup.reference),
        Pair("Voor", pickup.recipient),
        Pair("Geopend door", clean_line(who)),
        Pair("Geopend op", datetime_long(pickup.read_at)),
        Pair("Code gegeven door", clean_line(sitting.code_by or "")),
        Pair("SHA-256 van de inhoud", content.sha256),
    )
    return StatementContent(
        schema=LETTER,
        house=House(DESK, "Stopintimidatie", DEFAULT_COLOUR.lower(), None),
        title=content.title,
        number=pickup.reference,
        made_at=utc_now().replace(microsecond=0),
        sentences=("Vertrouwelijk. Deel dit met niemand die het niet voor dit werk nodig heeft.",),
        sections=(
            *(
                StatementSection(
                    section.title,
                    tuple(clean_line(line) for line in (section.text or "").splitlines() if line),
                    tuple(Pair(term, clean_line(str(v))) for term, v in section.rows if v),
                )
                for section in content.sections
            ),
            *([StatementSection("Staat alleen op de pagina", tuple(beside))] if beside else ()),
            StatementSection("Over dit document", pairs=about),
        ),
    )


@post_view(PickupPage, f"{access.PAGE}-sluiten", NO_PERMISSION_REQUIRED)
def leave_view(context: PickupPage, request: Request) -> HTTPSeeOther:
    """End the sitting, also where its cookie was copied to."""
    sitting = access.sitting_of(request)
    if sitting is not None:
        sitting.door.left_at = utc_now()
    return start_again(context, request, "?gesloten")
