"""Pages for the second person: approving, rejecting, the list of a deputy; a failed export."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import colander
from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.accounts.hands import others
from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, ConflictError, Form, FormError, handle_form
from stopintimidatie.core.security import Identity, Permission, Role
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import ago
from stopintimidatie.core.web.components import ListItem, RailDecision, WorkbenchRow
from stopintimidatie.core.web.request import Crumb, Request, form_view, page_view, post_view
from stopintimidatie.disclosures.resources import KIND
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import hidden_reports, roles_at
from stopintimidatie.dossiers.resources import dossier_path, visible_to
from stopintimidatie.exports.extract.queries import load_dossier
from stopintimidatie.exports.extract.rules import named
from stopintimidatie.exports.extract.services import Prepared
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.profiles.services import profile_at
from stopintimidatie.exports.profiles.views import difference_rows
from stopintimidatie.exports.profiles.words import differences
from stopintimidatie.exports.request import queries as request_queries
from stopintimidatie.exports.request.forms import bound_fields
from stopintimidatie.exports.request.pages import (
    AFTER,
    DECIDE,
    DECIDE_TOGETHER,
    DEPUTIZE,
    DESPITE,
    Looked,
    crumbs_of,
    look,
    preview_of,
    refusal_of,
    warn_of_refusal,
    way_back,
)
from stopintimidatie.exports.request.queries import request_rows
from stopintimidatie.exports.request.routes import free, judge_after, waits_for_second
from stopintimidatie.exports.request.services import (
    ChangedMeanwhileError,
    approve,
    cancel,
    lock,
    make_again,
    reject,
    show_password,
)
from stopintimidatie.exports.resources import ExportResource
from stopintimidatie.exports.vocabulary import ExportError, FileForm
from stopintimidatie.municipalities.areas.resources import MunicipalityResource


class AfterSchema(forms.Schema):
    """The form to judge an urgent export afterwards."""

    reden = forms.field(
        forms.Text(1000, lines=True),
        "Reden bij afwijzen",
        description="Nodig als u afwijst.",
        missing="",
        needed_sometimes=True,
    )


class DecisionSchema(forms.Schema):
    """The form to approve or reject; `gezien` is the fingerprint of what the approver saw."""

    gezien = forms.field(forms.Text(64), "Gezien", missing="", widget=forms.Hidden())
    reden = forms.field(
        forms.Text(1000, lines=True),
        "Reden bij afwijzen",
        description="De aanvrager leest dit. Nodig als u afwijst.",
        missing="",
        needed_sometimes=True,
    )


GUARDS: Final = (hidden_reports, recently_confirmed)
BUTTONS: Final = (
    Button("goedkeuren", "Goedkeuren en laten maken", key="1"),
    Button("afwijzen", "Afwijzen", kind="danger"),
)


@form_view(
    ExportResource, DECIDE, Permission.APPROVE_EXPORT, "templates/decide.jinja2", guards=GUARDS
)
def decide_view(context: ExportResource, request: Request) -> Any:
    """Show what would go out, and let a second person approve or reject it."""
    export = context.export
    address = way_back(context, request)
    if export.state != ExportState.REQUESTED and request.method == "GET":
        request.flash("Over deze uitvoer is al beslist.", "info")
        return HTTPSeeOther(address)
    if request.method == "POST":
        # Locked, so that nobody else decides about it after it is loaded.
        lock(request.db, export.id)
    looked = look(request, load_dossier(request.db, context.dossier, request.registry), export)
    given = {"gezien": looked.fingerprint}
    form = Form(_decision(request), request, buttons=_button(request, BUTTONS), appstruct=given)
    queue = queue_of(context, request)

    def page() -> dict[str, Any]:
        return {
            **_workbench(context, request, queue),
            "crumbs": crumbs_of(context, request),
            "export": export,
            "rows": request_rows(export),
            "own": refusal_of(request, export),
            "problem": looked.problem,
            "preview": preview_of(request, context, looked),
            "profile_changes": _profile_changes(request, export, looked.prepared),
        }

    def on_valid(values: dict[str, Any]) -> Any:
        try:
            # The page that tells of a refusal must not show what was done before it.
            with request.db.begin_nested():
                message = _carry_out(request, form.pressed(), values, looked)
        except ChangedMeanwhileError as problem:
            # Sending the form again approves what is shown now.
            form["gezien"].cstruct = looked.fingerprint
            raise ConflictError(problem.message) from problem
        except ExportError as problem:
            raise FormError(problem.message, problem.field) from problem
        request.flash(f"{export.reference}: {message}", link=("Bekijken", address))
        return HTTPSeeOther(onwards(context, queue, [context.export], address))

    return handle_form(request, form, on_valid, page)


# The list of what waits for a second person, beside the one in hand

REFUSE: Final = "niet"
Queue = Sequence[tuple[Export, Dossier, str]]


def _refuses(request: Request) -> bool:
    """Tell whether the choice is to reject: its form asks the reason, and has one button."""
    return REFUSE in request.GET or "afwijzen" in request.POST


def _button(request: Request, buttons: Sequence[Button]) -> Sequence[Button]:
    """Return the one button of the choice."""
    return buttons[1:] if _refuses(request) else buttons[:1]


def _decision(request: Request) -> Any:
    schema = DecisionSchema()
    if not _refuses(request):
        del schema["reden"]
    return schema


def queue_of(context: ExportResource, request: Request) -> Queue:
    """Return what waits for a second person who can be this one, the oldest first."""
    roles, person = roles_at(request, context.holder), str(request.actor.id)
    return request_queries.waiting_for_second(request.db, roles, person, SHOWN)


def _workbench(context: ExportResource, request: Request, queue: Queue) -> dict[str, Any]:
    """Return the rows of the list, and the choices about the export in hand."""
    slug, here = context.municipality.slug, request.path
    other = RailDecision("4", "Niet akkoord", f"{here}?{REFUSE}=ja", page=True)
    if _refuses(request):
        other = RailDecision("1", "Toch akkoord", here, page=True)
    together = context.export.together
    several = together is not None and sum(row[0].together == together for row in queue) > 1
    return {
        "items": [queued(slug, row, current=row[0] is context.export) for row in queue],
        "rail": [other],
        "together": request.resource_path(context, DECIDE_TOGETHER) if several else None,
    }


def queued(slug: str, row: tuple[Export, Dossier, str], *, current: bool) -> WorkbenchRow:
    """Return an export that waits as a row of the list; `slug`: of the municipality."""
    export, dossier, area = row
    return WorkbenchRow(
        title=export.recipient,
        href=_address(slug, export, dossier, area),
        meta=[f"dossier {dossier.number}", ago(export.requested_at).removesuffix(" geleden")],
        text=f"{export.requested_by} vraagt: {export.question}",
        marks=["spoed"] if export.unjudged else (),
        current=current,
    )


def _address(slug: str, export: Export, dossier: Dossier, area: str) -> str:
    page = AFTER if export.unjudged else DECIDE
    return f"{dossier_path(slug, area, dossier.number)}/{export.reference}/{page}"


def onwards(context: ExportResource, queue: Queue, decided: Sequence[Export], done: str) -> str:
    """Return the page of the next export that waits for this person; `done`: without one."""
    others = [row for row in queue if row[0] not in decided]
    return _address(context.municipality.slug, *others[0]) if others else done


def _profile_changes(
    request: Request, export: Export, seen: Prepared | None
) -> dict[str, Any] | None:
    """Return the changes of the profile since the request; None when it is the same."""
    if seen is None or seen.profile.version == export.profile_version:
        return None
    requested = profile_at(request.db, export.holder, export.profile, export.profile_version)
    return {
        "asked": export.profile_version,
        "now": seen.profile.version,
        "rows": [] if requested is None else difference_rows(differences(requested, seen.profile)),
    }


def _carry_out(
    request: Request, pressed: str | None, values: dict[str, Any], looked: Looked
) -> str:
    """Approve or reject the export; return what to say about it.

    Raises:
        ExportError: it can't be approved or rejected.
    """
    if pressed == "afwijzen":
        reject(request.db, looked.export, values["reden"], request.actor)
        return "De aanvraag is afgewezen. De aanvrager leest uw reden bij de uitvoer."
    if pressed != "goedkeuren":
        raise ExportError("Kies: goedkeuren of afwijzen.")
    if looked.prepared is None:
        raise ExportError(looked.problem)
    keys = request.registry.key_ring
    approve(request.db, keys, looked.prepared, request.actor, seen=values["gezien"])
    return "De uitvoer is goedgekeurd en wordt nu gemaakt."


@post_view(ExportResource, "opnieuw", Permission.REQUEST_EXPORT, guards=GUARDS)
def again_view(context: ExportResource, request: Request) -> Any:
    """Have an export made again after a failure."""
    with warn_of_refusal(request):
        make_again(request.db, request.app_settings, context.export, request.actor)
        request.flash("De uitvoer wordt opnieuw gemaakt.")
    return HTTPSeeOther(request.resource_path(context))


@post_view(ExportResource, "afbreken", Permission.REQUEST_EXPORT, guards=GUARDS)
def cancel_view(context: ExportResource, request: Request) -> Any:
    """Stop the making of an export, or take back one's own request."""
    waited = context.export.state == ExportState.REQUESTED
    with warn_of_refusal(request):
        cancel(request.db, context.export, request.actor)
        result = "De aanvraag is ingetrokken." if waited else "Het maken is afgebroken."
        request.flash(f"{result} Er is niets verstrekt.")
    return HTTPSeeOther(request.resource_path(context))


@post_view(
    ExportResource,
    "wachtwoord",
    Permission.REQUEST_EXPORT,
    renderer="templates/password.jinja2",
    guards=GUARDS,
)
def password_view(context: ExportResource, request: Request) -> Any:
    """Show the password of the file, once."""
    keys, back = request.registry.key_ring, request.resource_path(context)
    try:
        password = show_password(request.db, keys, context.export, request.actor)
    except ExportError as problem:
        request.flash(problem.message, "warning")
        return HTTPSeeOther(back)
    return {"export": context.export, "password": password, "back": back}


# Judging an urgent export afterwards


@form_view(
    ExportResource, AFTER, Permission.APPROVE_EXPORT, "templates/after.jinja2", guards=GUARDS
)
def after_view(context: ExportResource, request: Request) -> Any:
    """Show the form to judge an urgent export afterwards, and approve or withdraw it."""
    export, address = context.export, way_back(context, request)
    if request.method != "POST" and not waits_for_second(export):
        request.flash("Deze uitvoer hoeft niet achteraf te worden beoordeeld.", "info")
        return HTTPSeeOther(address)
    note_read(request, context.holder, KIND, [export.id], task="uitvoer achteraf beoordelen")
    buttons = [
        Button("goedkeuren", "Achteraf goedkeuren", key="1"),
        Button("afwijzen", "Afwijzen en intrekken", kind="danger"),
    ]
    schema = AfterSchema()
    if not _refuses(request):
        del schema["reden"]
    form = Form(schema, request, buttons=_button(request, buttons))
    queue = queue_of(context, request)
    shut = request_queries.shut_by(request.db, request.registry, export)

    def on_valid(values: dict[str, Any]) -> Any:
        good, reason = not _refuses(request), values.get("reden", "")
        try:
            judge_after(request.db, export, request.actor, good=good, reason=reason)
        except ExportError as problem:
            raise FormError(problem.message, problem.field) from None
        outcome = "achteraf goedgekeurd" if good else "afgewezen; het document is ingetrokken"
        request.flash(f"{export.reference}: {outcome}.", link=("Bekijken", address))
        return HTTPSeeOther(onwards(context, queue, [context.export], address))

    page = {
        **_workbench(context, request, queue),
        "crumbs": crumbs_of(context, request),
        "export": export,
        "own": refusal_of(request, export),
        "rows": request_rows(export),
        "file_href": None if shut else request.resource_path(context, "pdf"),
        "shut": shut,
        "locked": export.file_form == FileForm.LOCKED,
    }
    return handle_form(request, form, on_valid, page)


# Giving a document of which something was restricted after it was made


def _despite_schema(numbers: Sequence[int]) -> forms.Schema:
    """Return the form: for each of these numbers the ground and the reason, all needed."""
    parts = [(number, named(number)) for number in numbers]
    (group,) = bound_fields(parts, "Dit staat bij de uitvoer, niet in het document.")
    group.description, group.widget = "Elk van deze heeft een grond en een reden nodig.", None
    for part in group.children:
        part.widget = None
        for node in part.children:
            node.missing = colander.required
    return forms.Schema(group)


@form_view(
    ExportResource, DESPITE, Permission.APPROVE_EXPORT, "templates/despite.jinja2", guards=GUARDS
)
def despite_view(context: ExportResource, request: Request) -> Any:
    """Ask a second person for ground and reason to give a document that was restricted since."""
    export, address = context.export, way_back(context, request)
    shut = request_queries.shut_by(request.db, request.registry, export)
    if shut is None or not shut.restricted:
        request.flash("Voor dit document is geen grond nodig.", "info")
        return HTTPSeeOther(address)
    button = Button("vastleggen", "Vastleggen: dit mag worden gegeven")
    form = Form(_despite_schema(shut.restricted), request, buttons=[button], cancel_url=address)

    def on_valid(values: dict[str, Any]) -> Any:
        given = {int(k.removeprefix("melding_")): v for k, v in values["beperkt"].items()}
        try:
            free(request.db, request.registry, export, given, request.actor)
        except ExportError as problem:
            raise FormError(problem.message, problem.field) from None
        request.flash("Vastgelegd. Het document kan nu worden gegeven.")
        return HTTPSeeOther(address)

    page = {"crumbs": crumbs_of(context, request), "export": export, "words": shut.words}
    return handle_form(request, form, on_valid, page)


# A deputy: a colleague of another municipality, who sees what waits for a second person alone

SHOWN: Final = 100
_ROLES: Final = frozenset({Role.DEPUTY})


@page_view(MunicipalityResource, DEPUTIZE, Permission.DEPUTIZE, "templates/deputy.jinja2")
def deputy_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show the exports that wait for a second person, the oldest first."""
    rows = request_queries.waiting_for_second(request.db, _ROLES, str(request.actor.id), SHOWN)
    note_read(request, context.holder, KIND, [row[0].id for row in rows], task="waarnemen")
    slug = context.municipality.slug
    person = request.identity.user_id if request.identity else None
    return {
        "items": [_item(slug, *row) for row in rows],
        "until": _last_day(request.db, context.holder, person),
        "crumbs": [Crumb("Start", "/"), Crumb("Waarnemen", request.path)],
    }


def _item(slug: str, export: Export, dossier: Dossier, area: str) -> ListItem:
    href = _address(slug, export, dossier, area)
    return request_queries.item(export, href, dossier=dossier.number)


def _last_day(session: Session, holder: str, person: UUID | None) -> date | None:
    row = session.get(RoleAssignment, (person, holder, Role.DEPUTY.value))
    return row.until if row is not None else None


def waiting(holder: str, identity: Identity) -> Select[Any]:
    """Select what waits for a second person who can be this one; for the menu."""
    free = others(Export.requested_by_id, str(identity.user_id))
    return (
        select(Export.id)
        .join(Dossier, Dossier.id == Export.dossier_id)
        .where(Export.holder == holder, free, request_queries.waits_for_second())
        .where(visible_to(identity.roles_for(holder)))
    )
