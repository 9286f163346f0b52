"""Judging afterwards what went out with urgency."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.dossiers.naming_views import hidden_reports
from stopintimidatie.exports.forms import REASON_LEFT, AfterSchema
from stopintimidatie.exports.resources import ExportResource
from stopintimidatie.exports.summary import request_rows
from stopintimidatie.exports.urgency import judge_after, waits_for_second
from stopintimidatie.exports.wish import ExportError
from stopintimidatie.security import Permission
from stopintimidatie.web.forms import Button, Form, FormError, handle_form
from stopintimidatie.web.request import Request

AFTER: Final = "achteraf-beoordelen"


@view_config(
    context=ExportResource,
    name=AFTER,
    request_method=("GET", "POST"),
    permission=Permission.APPROVE_EXPORT,
    renderer="stopintimidatie.exports:templates/after.jinja2",
    guards=(hidden_reports,),
)
def after_view(context: ExportResource, request: Request) -> Any:
    export, address = context.export, request.resource_path(context)
    if request.method != "POST" and not waits_for_second(export):
        request.flash("Deze uitvoer hoeft niet achteraf te worden beoordeeld.", "info")
        return HTTPSeeOther(address)
    buttons = [
        Button("goedkeuren", "Achteraf goedkeuren"),
        Button("afwijzen", "Afwijzen en intrekken", kind="danger"),
    ]
    form = Form(AfterSchema(), request, buttons=buttons, cancel_url=address)

    def on_valid(values: dict[str, Any]) -> Any:
        good = form.pressed() == "goedkeuren"
        if good and values["reden"]:
            told = REASON_LEFT.format(button=buttons[0].title, other=buttons[1].title)
            raise FormError(told, "reden")
        try:
            judge_after(request.db, export, request.actor, good=good, reason=values["reden"])
        except ExportError as problem:
            raise FormError(problem.message, problem.field) from None
        request.flash(
            "Achteraf goedgekeurd." if good else "Afgewezen. Het document is ingetrokken."
        )
        return HTTPSeeOther(address)

    return handle_form(request, form, on_valid, {"export": export, "rows": request_rows(export)})
