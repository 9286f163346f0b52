"""Pages for the second person: approving and rejecting; and a failed export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import colander
from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from stopintimidatie.core import forms
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, Form, FormError, ask_values, handle_form
from stopintimidatie.core.second import Second, SecondError, why_not
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.permissions import NEVER_APPROVE
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import ago
from stopintimidatie.core.web.components import RailDecision, WorkbenchRow
from stopintimidatie.core.web.request import Crumb, Request, form_view, post_view
from stopintimidatie.disclosures.resources import KIND
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import hidden_reports, roles_at
from stopintimidatie.dossiers.resources import dossier_path, visible_to
from stopintimidatie.exports.extract.queries import load_dossier
from stopintimidatie.exports.extract.services import named
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.profiles.services import differences, profile_at
from stopintimidatie.exports.request.forms import restricted_schema
from stopintimidatie.exports.request.preview import look, preview_of
from stopintimidatie.exports.request.queries import (
    OWN_REQUEST,
    Listed,
    shut_by,
    told_of,
    waiting_for_second,
    waiting_with,
    words_of,
)
from stopintimidatie.exports.request.second import Looked, decide, fingerprints, free
from stopintimidatie.exports.request.services import cancel, lock, make_again, show_password
from stopintimidatie.exports.resources import ExportResource
from stopintimidatie.municipalities.areas.models import Neighbourhood

DECIDE: Final = "beoordelen"
# The same page, about all exports that were asked for in one action and wait.
TOGETHER: Final = "samen"
REFUSE: Final = "niet"
# The list of all that waits for a person, at a municipality: where a deputy begins.
WAITING: Final = "wacht"
# The most that the list beside a decision shows.
SHOWN: Final = 100
GUARDS: Final = (hidden_reports, recently_confirmed)

# For the menu and the start page: exports that wait for a second person.
SECOND: Final = Second(
    KIND,
    "Besluiten over uitvoer",
    Export,
    Permission.APPROVE_EXPORT,
    lambda row: f"/{row.key}/{DECIDE}?{TOGETHER}=ja",
    key=select(Neighbourhood.slug + "/" + Dossier.number + "/" + Export.reference)
    .where(Dossier.id == Export.dossier_id, Neighbourhood.code == Dossier.neighbourhood_code)
    .correlate(Export)
    .scalar_subquery(),
    about=Export.reference,
    due=Export.approve_by,
    only=lambda holder, identity: Export.dossier_id.in_(
        select(Dossier.id).where(visible_to(identity.roles_for(holder)))
    ),
    never=NEVER_APPROVE,
    urgent=Export.urgent,
)


def way_back(context: ExportResource, request: Request) -> str:
    """Return where somebody goes from a decision: to the export; a deputy to what else waits."""
    if request.has_permission(Permission.VIEW_EXPORT, context):
        return str(request.resource_path(context))
    return f"/gemeenten/{context.municipality.slug}/{WAITING}"


def crumbs_of(context: ExportResource, request: Request) -> list[Crumb]:
    """Return the breadcrumb of a decision; a deputy may open none of the documents above it."""
    if request.has_permission(Permission.VIEW_EXPORT, context):
        return request.breadcrumb
    return [Crumb("Start", "/"), Crumb("Wacht op u", way_back(context, request))]


def together_href(context: ExportResource, request: Request) -> str | None:
    """Return the address to decide about all exports of one action, where more than one waits."""
    several = len(waiting_with(request.db, context.export)) > 1
    return f"{request.resource_path(context, DECIDE)}?{TOGETHER}=ja" if several else None


@contextmanager
def warn_of_refusal(request: Request) -> Iterator[None]:
    """Say on the next page why an export can't be dealt with so, in place of an error page."""
    try:
        yield
    except FormError as problem:
        request.flash(problem.message, "warning")


def decision_schema(several: Sequence[Looked], *, together: bool, refuses: bool) -> Any:
    """Return the form of a decision, with the fingerprint of what is seen of each export.

    Of several together somebody says of each preview that they looked at it.
    """
    schema = forms.Schema()
    for looked in several:
        reference = looked.export.reference
        if together and not refuses and looked.prepared is not None:
            schema.add(
                forms.field(
                    forms.Flag(),
                    f"Ik heb het voorbeeld voor {looked.export.recipient} bekeken",
                    name=control_of("bekeken", reference),
                    missing=False,
                    # Two stand open, to be compared.
                    description="Dit kan als u het voorbeeld hebt geopend."
                    if len(several) > 2
                    else "",
                    validator=_looked_at,
                )
            )
        name, hidden = control_of("gezien", reference), forms.Hidden()
        schema.add(forms.field(forms.Text(64), reference, name=name, missing="", widget=hidden))
    if refuses:
        schema.add(
            forms.field(
                forms.Text(1000, lines=True),
                "Reden bij afwijzen",
                name="reden",
                description="De aanvrager leest dit. Nodig als u afwijst.",
                missing="",
                needed_sometimes=True,
            )
        )
    return schema


def _looked_at(node: Any, ticked: bool) -> None:
    if not ticked:
        raise colander.Invalid(node, f"Open het voorbeeld en vink dan aan: ‘{node.title}’.")


def control_of(name: str, reference: str) -> str:
    """Return the name of a control about one export."""
    return f"{name}_{reference.replace('-', '').lower()}"


# The words for what was decided: whether after urgency, whether it was approved.
OUTCOMES: Final = {
    (False, True): "De uitvoer is goedgekeurd en wordt nu gemaakt.",
    (False, False): "De aanvraag is afgewezen. De aanvrager leest uw reden bij de uitvoer.",
    (True, True): "achteraf goedgekeurd.",
    (True, False): "afgewezen; het document is ingetrokken.",
}


@form_view(
    ExportResource, DECIDE, Permission.APPROVE_EXPORT, "templates/decide.jinja2", guards=GUARDS
)
def decide_view(context: ExportResource, request: Request) -> Any:
    """Show what would go out, or went with urgency, and let a second person decide."""
    exports = [context.export]
    if TOGETHER in request.GET:
        exports = waiting_with(request.db, context.export)
    together = len(exports) > 1
    address = way_back(context, request)
    if request.method == "POST":
        # Locked, so that nobody else decides about them after they are loaded.
        for export in exports:
            lock(request.db, export.id)
    elif not context.export.waits:
        request.flash("Over deze uitvoer is al beslist.", "info")
        return HTTPSeeOther(address)
    several = _look(context, request, exports)
    form, now = _form(request, several, together=together), fingerprints(several)
    roles, person = roles_at(request, context.holder), str(request.actor.id)
    queue = waiting_for_second(request.db, roles, person, SHOWN)

    def on_valid(values: dict[str, Any]) -> Any:
        keys, reason = request.registry.key_ring, values.get("reden")
        seen = {name: values[control_of("gezien", name)] for name in now}
        try:
            # The page that tells of a refusal must not show what was done before it.
            with request.db.begin_nested():
                decide(request.db, keys, several, request.actor, seen=seen, reason=reason)
        except SecondError:
            # Sending the form again decides about what is shown now.
            for name, value in now.items():
                form[control_of("gezien", name)].cstruct = value
                if (box := control_of("bekeken", name)) in form:
                    form[box].cstruct = colander.null
            raise
        outcome = OUTCOMES[bool(context.export.urgent), reason is None]
        names = ", ".join(export.reference for export in exports)
        request.flash(f"{names}: {outcome}", link=("Bekijken", address))
        others = [row for row in queue if row[0] not in exports]
        return HTTPSeeOther(_address(context, *others[0]) if others else address)

    return handle_form(request, form, on_valid, lambda: _page(context, request, several, queue))


def _look(context: ExportResource, request: Request, exports: Sequence[Export]) -> list[Looked]:
    """Return what each recipient would get; what was made with urgency lies fixed."""
    if context.export.urgent:
        about = [context.export.id]
        note_read(request, context.holder, KIND, about, task="uitvoer achteraf beoordelen")
        return [Looked(context.export)]
    loaded = load_dossier(request.db, context.dossier, request.registry)
    return [look(request, loaded, export) for export in exports]


def _form(request: Request, several: Sequence[Looked], *, together: bool) -> Form:
    refuses, urgent = _refuses(request), several[0].export.urgent
    if refuses:
        title = "Afwijzen en intrekken" if urgent else "Afwijzen"
        button = Button("afwijzen", title, kind="danger")
    else:
        title = "Alles goedkeuren en laten maken" if together else "Goedkeuren en laten maken"
        button = Button("goedkeuren", "Achteraf goedkeuren" if urgent else title, key="1")
    given = {control_of("gezien", name): value for name, value in fingerprints(several).items()}
    schema = decision_schema(several, together=together, refuses=refuses)
    return Form(schema, request, buttons=[button], appstruct=given)


def _page(
    context: ExportResource, request: Request, several: Sequence[Looked], queue: Sequence[Listed]
) -> dict[str, Any]:
    """Return what the page of a decision shows."""
    export, here = context.export, request.resource_path(context, DECIDE)
    together = len(several) > 1
    other = RailDecision("4", "Niet akkoord", f"{here}?{REFUSE}=ja", page=True)
    if _refuses(request):
        back = f"{here}?{TOGETHER}=ja" if together else here
        other = RailDecision("1", "Toch akkoord", back, page=True)
    elif together:
        other = replace(other, label=f"Niet akkoord: {export.recipient}")
    return {
        "items": [_queued(context, *row) for row in queue],
        "rail": [other],
        "crumbs": crumbs_of(context, request),
        "export": export,
        "own": why_not(request.db, export, request.actor.id, own=OWN_REQUEST),
        "together": together,
        "refuses": _refuses(request),
        "together_href": None if together else together_href(context, request),
        "shut": shut_by(request.db, request.registry, export) if export.urgent else None,
        "parts": [
            {
                "export": looked.export,
                "words": words_of(looked.export, told_of(request, looked.export)),
                "problem": looked.problem,
                "preview": preview_of(request, context, looked.prepared),
                "changes": _profile_changes(request, looked),
                "box": control_of("bekeken", looked.export.reference),
                "href": request.resource_path(context.__parent__, looked.export.reference, DECIDE),
            }
            for looked in several
        ],
    }


def _refuses(request: Request) -> bool:
    """Tell whether the choice is to reject: its form asks the reason."""
    return REFUSE in request.GET or "afwijzen" in request.POST


def _queued(context: ExportResource, export: Export, dossier: Dossier, area: str) -> WorkbenchRow:
    """Return an export that waits as a row of the list beside the one in hand."""
    return WorkbenchRow(
        title=export.recipient,
        href=_address(context, export, dossier, area),
        meta=[f"dossier {dossier.number}", ago(export.proposed_at).removesuffix(" geleden")],
        text=f"{export.proposed_by} vraagt: {export.question}",
        marks=["spoed"] if export.unjudged else (),
        current=export is context.export,
    )


def _address(context: ExportResource, export: Export, dossier: Dossier, area: str) -> str:
    path = dossier_path(context.municipality.slug, area, dossier.number)
    return f"{path}/{export.reference}/{DECIDE}?{TOGETHER}=ja"


def _profile_changes(request: Request, looked: Looked) -> dict[str, Any] | None:
    """Return the changes of the profile since the request; None when it is the same."""
    export, seen = looked.export, looked.prepared
    if seen is None or seen.profile.version == export.profile_version:
        return None
    requested = profile_at(request.db, export.holder, export.profile, export.profile_version)
    return {
        "asked": export.profile_version,
        "now": seen.profile.version,
        "rows": () if requested is None else differences(requested, seen.profile),
    }


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
    except FormError as problem:
        request.flash(problem.message, "warning")
        return HTTPSeeOther(back)
    return {"export": context.export, "password": password, "back": back}


# Giving a document of which something was restricted after it was made


@form_view(
    ExportResource,
    "toch-geven",
    Permission.APPROVE_EXPORT,
    "templates/despite.jinja2",
    guards=GUARDS,
)
def despite_view(context: ExportResource, request: Request) -> Any:
    """Ask a second person for ground and reason to give a document that was restricted since."""
    export, address = context.export, way_back(context, request)
    shut = shut_by(request.db, request.registry, export)
    if shut is None or not shut.restricted:
        request.flash("Voor dit document is geen grond nodig.", "info")
        return HTTPSeeOther(address)
    parts = [(number, named(number)) for number in shut.restricted]
    group = restricted_schema(parts, "Dit staat bij de uitvoer, niet in het document.")
    group.description, group.widget = "Elk van deze heeft een grond en een reden nodig.", None
    for part in group.children:
        part.widget = None
        for node in part.children:
            node.missing = colander.required
    button = Button("vastleggen", "Vastleggen: dit mag worden gegeven")

    def act(values: dict[str, Any]) -> None:
        given = {int(k.removeprefix("melding_")): v for k, v in values["beperkt"].items()}
        free(request.db, request.registry, export, given, request.actor)
        request.flash("Vastgelegd. Het document kan nu worden gegeven.")

    page = {"crumbs": crumbs_of(context, request), "export": export, "words": shut.words}
    return ask_values(request, forms.Schema(group), button, act, address, page)
