"""*Gegevens wissen*: what goes and what stays, a ground and a reason, a second look, and gone.

The page shows no content: whoever may erase needn't read it here.
"""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.workflow import GONE
from stopintimidatie.privacy import erasure_words
from stopintimidatie.privacy.erasing import (
    GROUNDS,
    ErasureError,
    Looked,
    erase_dossier,
    erase_report,
    look,
)
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.web import forms
from stopintimidatie.web.forms import Button, ConflictError, Form, FormError, field, handle_form
from stopintimidatie.web.request import Request

NAME: Final = "gegevens-wissen"
_TEMPLATES: Final = "stopintimidatie.privacy:templates"
_REASON: Final = forms.Text(500, lines=True)
# Of these there is nothing left here, or it is the archive's.
OVER: Final = frozenset({"overgedragen", "vernietigd"})


class DecisionSchema(forms.Schema):
    """Why; nothing is erased yet."""

    grond = field(forms.OneOf(list(GROUNDS.items()), radio=True), "Grond")
    reden = field(
        _REASON,
        "Reden",
        description="Blijft in de geschiedenis staan. Noem geen namen en herhaal niets uit de"
        " inhoud. Zoals: verzoek van de betrokkene, met het nummer van de zaak.",
        widget=forms.TextArea(rows=3),
    )


class SureSchema(forms.Schema):
    """The second look: what was decided goes along, and what was seen."""

    grond = field(forms.OneOf(list(GROUNDS.items())), "Grond", widget=forms.Hidden())
    reden = field(_REASON, "Reden", widget=forms.Hidden())
    gezien = field(forms.Text(64), "Gezien", missing="", widget=forms.Hidden())
    nummer = field(
        forms.Text(20),
        "Typ het kenmerk over",
        description="Dan weten wij zeker dat het om deze gaat.",
        widget=forms.TextInput(autocomplete="off", width="medium"),
    )
    zeker = field(forms.Flag(), "Ik weet dat niemand deze gegevens nog terughaalt", missing=False)


@view_config(
    context=ReportResource,
    name=NAME,
    request_method=("GET", "POST"),
    permission=Permission.ERASE,
    renderer=f"{_TEMPLATES}/erase.jinja2",
)
@view_config(
    context=DossierResource,
    name=NAME,
    request_method=("GET", "POST"),
    permission=Permission.ERASE,
    renderer=f"{_TEMPLATES}/erase.jinja2",
)
def erase_view(context: Any, request: Request) -> Any:
    """First why, then once more what; both forms stand at this one address."""
    row = _row_of(context)
    if row.state in (GONE if isinstance(context, DossierResource) else OVER):
        request.flash("Hier is niets meer om te wissen.", "info")
        return HTTPSeeOther(request.resource_path(context))
    looked = look(request.registry, request.db, context.kind, row)
    note_read(request, context.holder, context.kind, [row.id], task="gegevens wissen")
    page = _page(context, request, looked)
    if looked.obstacles:
        request.response.status_int = 409 if request.method == "POST" else 200
        return {**page, "form": None, "last": False}
    if "wissen" in request.POST:
        return _second(context, request, looked, page)
    form = Form(
        DecisionSchema(),
        request,
        buttons=[Button("verder", "Verder: nog één keer kijken")],
        cancel_url=request.resource_path(context),
    )

    def on_valid(values: dict[str, Any]) -> Any:
        given = {**values, "gezien": looked.fingerprint}
        return {**page, "form": _sure(context, request, given), "last": True, "why": _why(values)}

    return handle_form(request, form, on_valid, page)


def _row_of(context: Any) -> Any:
    return context.dossier if isinstance(context, DossierResource) else context.report


def _number(context: Any) -> str:
    row = _row_of(context)
    return str(row.number if isinstance(context, DossierResource) else row.reference)


def _page(context: Any, request: Request, looked: Looked) -> dict[str, Any]:
    whole = isinstance(context, DossierResource)
    stays = erasure_words.STAYS_OF_DOSSIER if whole else erasure_words.STAYS_OF_REPORT
    return {
        "above": f"Dossier {_number(context)}" if whole else _number(context),
        "whole": whole,
        "goes": erasure_words.rows(looked.told),
        "copies": [[one.reference, one.recipient, one.stand] for one in looked.copies],
        "stays": list(stays),
        "obstacles": looked.obstacles,
        "back": request.resource_path(context),
        "last": False,
        "why": [],
    }


def _why(values: dict[str, Any]) -> list[tuple[str, str]]:
    return [("Grond", GROUNDS[values["grond"]]), ("Reden", values["reden"])]


def _sure(context: Any, request: Request, given: dict[str, Any]) -> Form:
    return Form(
        SureSchema(),
        request,
        buttons=[Button("wissen", "Voorgoed wissen", kind="danger")],
        appstruct=given,
        cancel_url=request.resource_path(context, NAME),
    )


def _second(context: Any, request: Request, looked: Looked, page: dict[str, Any]) -> Any:
    form = _sure(context, request, {})

    def on_valid(values: dict[str, Any]) -> Any:
        page["why"] = _why(values)
        if values["nummer"].strip().upper() != _number(context):
            raise FormError(f"Dit is niet {_number(context)}. Kijk het na.", "nummer")
        if not values["zeker"]:
            raise FormError("Zet het vinkje: dit kan niemand terugdraaien.", "zeker")
        if values["gezien"] != looked.fingerprint:
            form["gezien"].cstruct = looked.fingerprint
            raise ConflictError(
                "Er is iets gewijzigd sinds u deze pagina opende. Kijk hieronder opnieuw wat er"
                " verdwijnt, en beslis dan."
            )
        _erase(context, request, values)
        request.flash("De gegevens zijn gewist. Wie een kopie heeft, krijgt bericht.")
        return HTTPSeeOther(request.resource_path(context))

    return handle_form(request, form, on_valid, {**page, "last": True})


def _erase(context: Any, request: Request, values: dict[str, Any]) -> None:
    assert request.identity is not None  # noqa: S101 - the view asks a permission
    erase = erase_dossier if isinstance(context, DossierResource) else erase_report
    row, actor = _row_of(context), request.actor
    try:
        erase(request.registry, request.db, row, values["grond"], values["reden"], actor)
    except ErasureError as problem:
        raise FormError(str(problem)) from None
