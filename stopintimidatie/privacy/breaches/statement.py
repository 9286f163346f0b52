"""Text for the AP: what its form asks of one breach, to copy from a page or to keep as a PDF."""

from __future__ import annotations

from typing import Any, Final

from pyramid.response import Response
from pyramid.view import view_config

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.telemetry import making_pdf
from stopintimidatie.core.text import datetime_long, plural
from stopintimidatie.core.web.limits import heavy_work
from stopintimidatie.core.web.request import Request, page_view
from stopintimidatie.exports.document.content import SCHEMA, StatementContent, StatementSection
from stopintimidatie.exports.document.process import render_in_process
from stopintimidatie.exports.redaction.content import Pair
from stopintimidatie.exports.request.jobs import limits_of
from stopintimidatie.exports.vocabulary import clean_line
from stopintimidatie.municipalities.accountability.rules import CONTROLLERS
from stopintimidatie.municipalities.accountability.services import account_of
from stopintimidatie.privacy.breaches.models import Breach, BreachNotice
from stopintimidatie.privacy.breaches.resources import BreachResource
from stopintimidatie.privacy.breaches.services import kinds_in, lost_of, notices_of, tally
from stopintimidatie.privacy.breaches.vocabulary import (
    KIND,
    Category,
    Cause,
    Group,
    NoticeKind,
    Risk,
    in_words,
    people_in_words,
)
from stopintimidatie.privacy.breaches.workflow import ABOUT_PEOPLE, is_late
from stopintimidatie.privacy.destruction.statement import house_for

PAGE, PDF = "ap-gegevens", "pdf"
TITLE: Final = "Gegevens voor de melding bij de AP"
UNKNOWN: Final = "nog niet bekend"
Rows = list[tuple[str, str]]
# The AP asks what was touched: confidentiality, integrity or availability.
_NATURE: Final = {
    Cause.LOST: "Vertrouwelijkheid, en misschien beschikbaarheid",
    Cause.GONE: "Beschikbaarheid",
    Cause.CHANGED: "Integriteit",
    Cause.ATTACK: "Vertrouwelijkheid, en misschien integriteit en beschikbaarheid",
}


def parts(request: Request, breach: Breach, name: str) -> list[tuple[str, Rows]]:
    """Return what the AP asks, in the order of its form: headings, each with its rows."""
    notices = notices_of(request.db, breach)
    account = account_of(request.db, breach.holder).content
    return [
        ("De melding", _notification(breach, notices)),
        (
            "De organisatie",
            [
                ("Naam", name),
                ("Verantwoordelijke", _controller(account)),
                ("FG", _officer(account)),
            ],
        ),
        ("Wanneer", _when(breach)),
        (
            "Wat er gebeurde",
            [
                ("Soort", Cause.word(breach.cause) or UNKNOWN),
                ("Wat is aangetast", _nature(breach.cause)),
                ("Samenvatting", breach.description),
            ],
        ),
        ("Om wie en om welke gegevens het gaat", _data(request, breach)),
        (
            "Gevolgen en maatregelen",
            [
                ("Risico voor mensen", Risk.word(breach.risk) or UNKNOWN),
                ("Waarom", breach.risk_reason or UNKNOWN),
                ("Gevolgen", breach.consequences or UNKNOWN),
                ("Maatregelen", breach.measures or UNKNOWN),
            ],
        ),
        ("Betrokkenen", _people(request, breach, notices)),
    ]


def _notification(breach: Breach, notices: Any) -> Rows:
    to_ap = [row for row in notices if row.kind not in ABOUT_PEOPLE]
    if not to_ap:
        return [("Soort", "Eerste melding"), ("Eigen nummer", breach.reference)]
    earlier = ", ".join(row.number for row in to_ap if row.number) or "geen nummer vastgelegd"
    return [
        ("Soort", "Aanvulling op een eerdere melding"),
        ("Nummer van de eerdere melding", earlier),
        ("Eigen nummer", breach.reference),
    ]


def _controller(account: Any) -> str:
    code = account.get("verantwoordelijke")
    return dict(CONTROLLERS).get(code, str(code)) if code else UNKNOWN


def _officer(account: Any) -> str:
    return ", ".join(str(account[key]) for key in ("fg", "fg_adres") if account.get(key)) or UNKNOWN


def _when(breach: Breach) -> Rows:
    def words(moment: Any) -> str:
        return datetime_long(moment) if moment else UNKNOWN

    rows = [
        ("Begin van het datalek", words(breach.happened_from)),
        ("Einde van het datalek", words(breach.happened_until)),
        ("Ontdekt op", words(breach.aware_at)),
        ("72 uur voorbij op", words(breach.due_at)),
    ]
    if breach.late_reason or is_late(breach.due_at, utc_now()):
        rows.append(("Waarom later dan 72 uur", breach.late_reason or UNKNOWN))
    return rows


def _nature(cause: str | None) -> str:
    return next((words for code, words in _NATURE.items() if code == cause), "Vertrouwelijkheid")


def _data(request: Request, breach: Breach) -> Rows:
    lost = lost_of(request.db, breach)
    people = people_in_words(breach.people, tally(request.db, breach).total)
    rows = [
        ("Hoeveel mensen", people or UNKNOWN),
        ("Welke mensen", in_words(Group, breach.groups) or UNKNOWN),
        ("Welke gegevens", in_words(Category, breach.categories) or UNKNOWN),
    ]
    if lost is not None:
        rows.append(("Precies, in het stuk dat zoek is", kinds_in(request.db, lost)))
    return rows


def _people(request: Request, breach: Breach, notices: Any) -> Rows:
    reporters = tally(request.db, breach)
    rows: Rows = []
    if reporters.total:
        words = plural(reporters.total, "melder", "melders")
        rows.append(("Bericht op de eigen pagina", f"{reporters.reached} van {words}"))
    rows += [_notice_row(row) for row in notices if row.kind in ABOUT_PEOPLE]
    return rows or [("Geïnformeerd", "nog niet")]


def _notice_row(row: BreachNotice) -> tuple[str, str]:
    return f"{NoticeKind.word(row.kind)}, {datetime_long(row.sent_at)}", row.text or ""


@page_view(
    BreachResource,
    PAGE,
    Permission.VIEW_BREACHES,
    "stopintimidatie.privacy.breaches:templates/ap.jinja2",
)
def page_view_of_breach(context: BreachResource, request: Request) -> dict[str, Any]:
    """Show what the AP asks."""
    note_read(request, context.holder, KIND, [context.breach.id], task="gegevens voor de AP")
    return {
        "title": TITLE,
        "reference": context.breach.reference,
        "parts": parts(request, context.breach, house_for(request.db, context.holder).name),
        "pdf_href": request.resource_path(context, PDF),
    }


@view_config(
    context=BreachResource,
    name=PDF,
    request_method="GET",
    permission=Permission.VIEW_BREACHES,
)
def pdf_view(context: BreachResource, request: Request) -> Response:
    """Return what the AP asks as a PDF."""
    breach = context.breach
    note_read(request, context.holder, KIND, [breach.id], task="gegevens voor de AP")
    content = content_of(request, breach)
    name = f"datalek-{breach.reference}.pdf"
    settings = request.registry.app_settings
    with heavy_work(request), making_pdf():
        pdf = render_in_process(content, limits=limits_of(settings))
    response = Response(pdf, content_type="application/pdf")
    response.content_disposition = f'attachment; filename="{name}"'
    return response


def content_of(request: Request, breach: Breach) -> StatementContent:
    """Return the content of the PDF."""
    own = house_for(request.db, breach.holder)
    return StatementContent(
        schema=SCHEMA,
        house=own,
        title=TITLE,
        number=breach.reference,
        made_at=utc_now().replace(microsecond=0),
        sentences=(
            "Dit is wat het meldformulier van de Autoriteit Persoonsgegevens vraagt, zoals het nu"
            " in het register staat. Wat nog niet bekend is, kunt u later aanvullen.",
        ),
        sections=tuple(
            StatementSection(
                title, pairs=tuple(Pair(label, clean_line(value)) for label, value in rows)
            )
            for title, rows in parts(request, breach, own.name)
        ),
    )
