"""Pages of the town register: one municipality in place, and all of them as a file, in and out."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, FormError, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, form_view, page_view
from stopintimidatie.core.web.responses import csv_response
from stopintimidatie.desk.agreements.forms import ImportSchema, register_schema
from stopintimidatie.desk.agreements.rules import HEADS, opening, read_lines
from stopintimidatie.desk.agreements.services import (
    REFUSED,
    export_rows,
    preview,
    seal_of,
    store,
    values_of,
)
from stopintimidatie.desk.resources import Desk, DeskMunicipality
from stopintimidatie.municipalities.settings.models import TownRegister

_TEMPLATES: Final = "stopintimidatie.desk.agreements:templates"
PAGE: Final = "nummers"


def _form(context: DeskMunicipality, request: Request) -> Form:
    row = request.db.get(TownRegister, context.municipality.code)
    return Form(
        register_schema([context.municipality.name]),
        request,
        formid=PAGE,
        action=request.resource_path(context, PAGE),
        buttons=[Button("opslaan", "Nummer en openingstijden opslaan")],
        appstruct={name: value for name, value in values_of(row).items() if value is not None},
    )


def register_panel(context: DeskMunicipality, request: Request) -> Panel:
    """Return the panel with what the register says of a municipality, and the form to edit it."""
    row = request.db.get(TownRegister, context.municipality.code)
    now = opening(row.hours if row else None, utc_now())
    values = {"row": row, "opening": now, "form": _form(context, request)}
    return Panel("Nummer en openingstijden", f"{_TEMPLATES}/register_panel.jinja2", values)


@form_view(DeskMunicipality, PAGE, Permission.ROUTE_REPORT, f"{_TEMPLATES}/register_form.jinja2")
def register_view(context: DeskMunicipality, request: Request) -> Any:
    """Show the form of one municipality in the register, and save it."""
    form = _form(context, request)

    def on_valid(values: dict[str, Any]) -> Any:
        store(request.db, {context.municipality.code: values}, request.actor)
        request.flash("Opgeslagen.")
        return HTTPSeeOther(request.resource_path(context))

    return handle_form(request, form, on_valid, {"name": context.municipality.name})


@form_view(Desk, PAGE, Permission.ROUTE_REPORT, f"{_TEMPLATES}/register_import.jinja2")
def import_view(context: Desk, request: Request) -> Any:
    """Show the form to choose a file, then what would change, and write that once confirmed.

    Where something else would change by then, that is shown in its place (409).
    """
    form = Form(ImportSchema(), request, buttons=[Button("bekijken", "Bekijken wat verandert")])

    def on_valid(values: dict[str, Any]) -> Any:
        content = values["bestand"].content if values["bestand"] else values["tekst"].encode()
        try:
            lines = preview(request.db, read_lines(content))
        except ValueError as problem:
            raise FormError(str(problem), "bestand") from None
        right = {line.code: line for line in lines if line.changes and line.outcome != REFUSED}
        seal = seal_of(lines)
        if right and values["zegel"] == seal:
            store(request.db, {code: line.values for code, line in right.items()}, request.actor)
            request.flash(f"{plural(len(right), 'gemeente', 'gemeenten')} bijgewerkt.")
            return HTTPSeeOther(request.resource_path(context, PAGE))
        refused = [line for line in lines if line.outcome == REFUSED]
        if values["zegel"] or len(refused) == len(lines) > 0:
            request.response.status_int = 409 if values["zegel"] else 422
        shown = {"lines": right.values(), "refused": refused, "form": form}
        return {**shown, "late": values["zegel"], "seal": seal, "text": content.decode("utf-8-sig")}

    return handle_form(request, form, on_valid, {"lines": None})


@page_view(Desk, "nummers-bestand", Permission.VIEW_DESK, "string")
def export_view(context: Desk, request: Request) -> Response:
    """Send the register as a file, with the columns that the import reads."""
    return csv_response("nummers-van-gemeenten", HEADS, export_rows(request.db))
