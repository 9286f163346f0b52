"""Deciding at once about all exports that were asked for in one action."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import colander
from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, ConflictError, Form, FormError, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.web.components import RailDecision
from stopintimidatie.core.web.request import Request, form_view
from stopintimidatie.dossiers.pages import hidden_reports
from stopintimidatie.exports.extract.queries import load_dossier
from stopintimidatie.exports.extract.services import Prepared
from stopintimidatie.exports.profiles.defaults import label_of
from stopintimidatie.exports.request.approval import REFUSE, onwards, queue_of, queued
from stopintimidatie.exports.request.pages import (
    DECIDE_TOGETHER,
    Looked,
    crumbs_of,
    look,
    preview_of,
    refusal_of,
    way_back,
)
from stopintimidatie.exports.request.queries import request_rows, waiting_with
from stopintimidatie.exports.request.routes import approve_together
from stopintimidatie.exports.request.services import ChangedMeanwhileError, lock
from stopintimidatie.exports.resources import ExportResource
from stopintimidatie.exports.vocabulary import ExportError


def decision_schema(recipients: Mapping[str, str]) -> Any:
    """Return the form to approve exports: that the preview of each was looked at.

    With the hidden fingerprint of what was seen. `recipients`: of each export, by its reference.
    """
    nodes = []
    for reference, recipient in recipients.items():
        name = seen_name(reference)
        title = f"Ik heb het voorbeeld voor {recipient} bekeken"
        looked_at = forms.field(
            forms.Flag(),
            title,
            name=looked_name(reference),
            missing=False,
            description="Dit kan als u het voorbeeld hebt geopend.",
            validator=_looked_at(title),
        )
        seen = forms.field(forms.Text(64), reference, name=name, missing="", widget=forms.Hidden())
        nodes += [looked_at, seen]
    return forms.Schema(*nodes)


def _looked_at(title: str) -> Callable[[Any, bool], None]:
    def validate(node: Any, ticked: bool) -> None:
        if not ticked:
            raise colander.Invalid(node, f"Open het voorbeeld en vink dan aan: ‘{title}’.")

    return validate


def looked_name(reference: str) -> str:
    """Return the name of the box that says that the preview of an export was looked at."""
    return f"bekeken_{reference.replace('-', '').lower()}"


def seen_name(reference: str) -> str:
    """Return the name of the control with the fingerprint of an export."""
    return f"gezien_{reference.replace('-', '').lower()}"


@form_view(
    ExportResource,
    DECIDE_TOGETHER,
    Permission.APPROVE_EXPORT,
    "templates/decide_together.jinja2",
    guards=(hidden_reports, recently_confirmed),
)
def decide_view(context: ExportResource, request: Request) -> Any:
    """Show the waiting exports of one action with their previews, and approve them all."""
    waiting = waiting_with(request.db, context.export)
    address = way_back(context, request)
    if not waiting and request.method == "GET":
        request.flash("Over deze uitvoer is al beslist.", "info")
        return HTTPSeeOther(address)
    if request.method == "POST":
        # Locked, so that nobody else decides about them after they are loaded.
        for export in waiting:
            lock(request.db, export.id)
    loaded = load_dossier(request.db, context.dossier, request.registry)
    looked = [look(request, loaded, export) for export in waiting]
    seen = {item.export.reference: item.fingerprint for item in looked if item.prepared}
    form = Form(
        decision_schema(
            {item.export.reference: item.export.recipient for item in looked if item.prepared}
        ),
        request,
        buttons=[Button("goedkeuren", "Alles goedkeuren en laten maken", key="1")],
        appstruct={seen_name(reference): value for reference, value in seen.items()},
        cancel_url=address,
    )
    queue, slug = queue_of(context, request), context.municipality.slug
    refusing = f"Niet akkoord: {context.export.recipient}"
    apart = f"{request.resource_path(context, 'beoordelen')}?{REFUSE}=ja"

    def page() -> dict[str, Any]:
        return {
            "crumbs": crumbs_of(context, request),
            "items": [queued(slug, row, current=row[0] is context.export) for row in queue],
            "rail": [RailDecision("4", refusing, apart, page=True)],
            "own": refusal_of(request, context.export),
            "parts": [_part(context, request, item) for item in looked],
        }

    def on_valid(values: dict[str, Any]) -> Any:
        _approve(request, form, looked, seen, values)
        request.flash("Alles is goedgekeurd en wordt nu gemaakt.", link=("Bekijken", address))
        return HTTPSeeOther(onwards(context, queue, waiting, address))

    return handle_form(request, form, on_valid, page)


def _part(context: ExportResource, request: Request, looked: Looked) -> dict[str, Any]:
    export = looked.export
    return {
        "reference": export.reference,
        "recipient": export.recipient,
        "kind": label_of(export.profile),
        "rows": request_rows(export),
        "preview": preview_of(request, context, looked),
        "problem": looked.problem,
        "box": looked_name(export.reference),
        "href": request.resource_path(context.__parent__, export.reference, "beoordelen"),
    }


def _approve(
    request: Request,
    form: Form,
    looked: Sequence[Looked],
    fresh: dict[str, str],
    values: dict[str, Any],
) -> None:
    keys, actor = request.registry.key_ring, request.actor
    given = {reference: values.get(seen_name(reference), "") for reference in fresh}
    try:
        # The page that tells of a refusal must not show what was done before it.
        with request.db.begin_nested():
            ready = [_ready(request, item) for item in looked]
            approve_together(request.db, keys, ready, given, actor)
    except ChangedMeanwhileError as problem:
        for reference, value in fresh.items():
            form[seen_name(reference)].cstruct = value
            form[looked_name(reference)].cstruct = colander.null
        raise ConflictError(problem.message) from None
    except ExportError as problem:
        raise FormError(problem.message) from None


def _ready(request: Request, looked: Looked) -> Prepared:
    if looked.prepared is None:
        raise ExportError(f"{looked.export.reference}: {looked.problem}")
    return looked.prepared
