"""Restrictions and corrections: their forms at a request, and what documents show of them."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import select

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_short, date_text, uuid_of
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, form_view, query_pairs
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import roles_at
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.words import link
from stopintimidatie.exports.models import Part
from stopintimidatie.privacy.holds.services import HoldError, documents_of
from stopintimidatie.privacy.requests.documents import Bound, bound_of, correct, lift, restrict
from stopintimidatie.privacy.requests.forms import (
    CorrectionSchema,
    LiftSchema,
    RestrictionSchema,
    Values,
)
from stopintimidatie.privacy.requests.models import (
    RequestTrace,
    Restriction,
    RestrictionGround,
    Right,
)
from stopintimidatie.privacy.requests.personal import KIND
from stopintimidatie.privacy.requests.resources import RequestResource
from stopintimidatie.privacy.requests.services import RequestError, refuses_effect
from stopintimidatie.privacy.requests.steps import case_form
from stopintimidatie.privacy.requests.views import FORM, HANDLE, TEMPLATES
from stopintimidatie.reports.models import Report

# Rights of which the data is contested while the request runs.
CONTESTED: Final = frozenset({Right.RECTIFICATION, Right.OBJECTION})
ADVICE: Final = (
    "Zolang u dit nagaat, hoort het gebruik van de betwiste gegevens beperkt te zijn (artikel 18"
    " lid 1 AVG)."
)
TO_CHILD: Final = (
    "Bij dit verzoek mag niets meer worden beperkt. Gaat het om een kind? Schrijf het kind dan via"
    " zijn eigen kanaal, en nooit de ouder."
)
TOLD: Final = "Wie een kopie heeft, krijgt bericht."
PANEL: Final = "stopintimidatie.privacy.requests:templates/panel.jinja2"


def _document(context: RequestResource, request: Request, values: Values) -> Report | Dossier:
    """Return the document that was named.

    Raises:
        RequestError: it isn't here, more than one was typed, or nobody said that it is about the
            person of this request.
    """
    try:
        rows = documents_of(request.db, values["stuk"], roles_at(request, context.holder))
    except HoldError as unknown:
        raise RequestError(str(unknown), "stuk") from None
    if len(rows) != 1:
        raise RequestError("Vul één kenmerk of dossiernummer in.", "stuk")
    included = select(RequestTrace.id).where(
        RequestTrace.request_id == context.row.id,
        RequestTrace.document_id == rows[0].id,
        RequestTrace.included.is_(True),
    )
    if not values["zeker"] and request.db.scalar(included) is None:
        raise RequestError(
            "Dit stuk staat bij dit verzoek niet als ‘hoort erbij’. Kijk het kenmerk na. Gaat het"
            " echt over deze persoon? Zet dan dit vinkje.",
            "zeker",
        )
    return rows[0]


def only_with_effect(context: RequestResource, request: Request) -> Any:
    """Send back to the case who may not restrict or correct anything for it, before any search."""
    refused = refuses_effect(context.row)
    if refused is None:
        return None
    request.flash(refused, "warning")
    return HTTPSeeOther(request.resource_path(context))


@form_view(RequestResource, "beperken", HANDLE, FORM, guards=(only_with_effect,))
def restrict_view(context: RequestResource, request: Request) -> Any:
    """Restrict the use of contested data of a document."""

    def act(values: Values) -> str:
        document = _document(context, request, values)
        ground = RestrictionGround.of(values["grond"])
        keys, about = request.registry.key_ring, values["gegevens"]
        restrict(request.db, keys, context.row, document, ground, about, request.actor)
        return (
            "Het gebruik is beperkt. Wie het stuk opent, leest dat. Wie een kopie heeft, hoort het."
        )

    return case_form(
        context,
        request,
        RestrictionSchema(),
        Button("beperken", "Gebruik beperken"),
        act,
        heading="Gebruik beperken",
        intro="De gegevens blijven staan, maar niemand gebruikt ze tot u de beperking opheft."
        " Gebruiken mag nog wel voor een rechtsvordering of om iemand anders te beschermen"
        " (artikel 18 lid 2 AVG).",
    )


@form_view(RequestResource, "beperking-opheffen", HANDLE, FORM)
def lift_view(context: RequestResource, request: Request) -> Any:
    """Lift a restriction (`?nr=…`), once the person was told."""
    number = uuid_of(dict(query_pairs(request)).get("nr", "")[:36])
    restriction = request.db.get(Restriction, number) if number else None
    if restriction is None or restriction.request_id != context.row.id:
        raise HTTPNotFound()

    note_read(request, context.holder, KIND, [context.row.id], task="beperking opheffen")

    def act(values: Values) -> str:
        keys, day = request.registry.key_ring, values["bericht_op"]
        why, actor = values["reden"], request.actor
        lift(request.db, keys, context.row, restriction, day, why, actor)
        return (
            f"De beperking op {restriction.reference} is opgeheven. Wie een kopie heeft, hoort het."
        )

    return case_form(
        context,
        request,
        LiftSchema(),
        Button("opheffen", "Beperking opheffen"),
        act,
        heading=f"Beperking op {restriction.reference} opheffen",
        intro=restriction.about,
        warning=TO_CHILD if refuses_effect(context.row) else "",
    )


def _correction_schema() -> CorrectionSchema:
    schema = CorrectionSchema()
    schema["onderdelen"].typ = forms.ManyOf(Part.choices())
    return schema


@form_view(RequestResource, "corrigeren", HANDLE, FORM, guards=(only_with_effect,))
def correct_view(context: RequestResource, request: Request) -> Any:
    """Put a correction beside what a document says."""

    def act(values: Values) -> str:
        document = _document(context, request, values)
        keys, words = request.registry.key_ring, values["tekst"]
        parts = values["onderdelen"]
        correct(request.db, keys, context.row, document, words, parts, request.actor)
        return f"De correctie staat ernaast. {TOLD}"

    return case_form(
        context,
        request,
        _correction_schema(),
        Button("opslaan", "Correctie opslaan"),
        act,
        heading="Correctie ernaast zetten",
        intro="Wat een melder vertelde, blijft staan. Een feit dat niet klopt,"
        " zoals dag, plek of een tekst van een medewerker, verbetert u in het stuk zelf.",
    )


# On the case, and on documents


def bound_panel(context: RequestResource, request: Request) -> Panel | None:
    """Show the restrictions and corrections of a request, and the ways to make them."""
    row, here = context.row, request.resource_path(context)
    may = bool(request.has_permission(HANDLE, context))
    rows = _bound_rows(context, request, here, may=may)
    makes = may and row.identity_at is not None and refuses_effect(row) is None
    if not rows and not makes:
        return None
    links = [
        ("Gebruik beperken", f"{here}/beperken"),
        ("Correctie ernaast zetten", f"{here}/corrigeren"),
    ]
    contested = row.right in CONTESTED and row.ended_at is None and makes and not rows
    values = {"rows": rows, "links": links if makes else [], "advice": ADVICE if contested else ""}
    return Panel("Beperken en verbeteren", f"{TEMPLATES}/bound.jinja2", values)


def _bound_rows(
    context: RequestResource, request: Request, here: str, *, may: bool
) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for item in bound_of(request.db, request=context.row.id):
        state: Any = ""
        if item.restricts and item.lifted_at is not None:
            state = f"opgeheven op {date_short(item.lifted_at)}"
        elif item.restricts:
            href = f"{here}/beperking-opheffen?nr={item.id}"
            state = link(href, "opheffen") if may else "beperkt"
        kind = "Beperkt" if item.restricts else "Correctie"
        rows.append((item.reference, f"{kind}: {item.words}", date_short(item.since), state))
    return rows


def document_panel(context: Any, request: Any) -> Panel | None:
    """Show what of a document is restricted, and which corrections stand beside it."""
    row = context.dossier if isinstance(context, DossierResource) else context.report
    items = bound_of(request.db, document=row.id)
    if not items:
        return None
    restricted = [_words(item) for item in items if item.restricts]
    corrected = [_words(item) for item in items if not item.restricts]
    title = "Gebruik beperkt" if restricted else "Correctie"
    mark = "gebruik_beperkt" if restricted else ""
    return Panel(title, PANEL, {"restricted": restricted, "corrected": corrected}, mark)


def pickup_panel(context: tuple[Any, Report], request: Request) -> Panel | None:
    """Show who picks a report up the corrections that stand beside the account."""
    items = bound_of(request.db, document=context[1].id)
    corrected = [_words(item) for item in items if not item.restricts]
    values = {"restricted": [], "corrected": corrected}
    return Panel("Correctie", PANEL, values) if corrected else None


def _words(item: Bound) -> dict[str, str]:
    return {
        "words": item.words,
        "ground": RestrictionGround.word(item.ground),
        "since": date_text(item.since),
        "by": item.by,
    }
