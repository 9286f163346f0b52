"""Pages for the second person: approving and rejecting; and a failed export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import colander
from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, Form, FormError, handle_form
from stopintimidatie.core.second import SecondError
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import ago
from stopintimidatie.core.web.components import RailDecision, WorkbenchRow
from stopintimidatie.core.web.request import Request, form_view, post_view
from stopintimidatie.disclosures.resources import KIND
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import hidden_reports, roles_at
from stopintimidatie.dossiers.resources import dossier_path
from stopintimidatie.exports.extract.queries import load_dossier
from stopintimidatie.exports.extract.rules import named
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.profiles.services import profile_at
from stopintimidatie.exports.profiles.words import differences
from stopintimidatie.exports.request.forms import bound_fields
from stopintimidatie.exports.request.pages import (
    DECIDE,
    DESPITE,
    TOGETHER,
    crumbs_of,
    look,
    preview_of,
    refusal_of,
    together_href,
    warn_of_refusal,
    way_back,
)
from stopintimidatie.exports.request.queries import (
    Listed,
    shut_by,
    waiting_for_second,
    waiting_with,
    words_of,
)
from stopintimidatie.exports.request.second import Looked, decide, fingerprints, free
from stopintimidatie.exports.request.services import cancel, lock, make_again, show_password
from stopintimidatie.exports.resources import ExportResource

# The most that the list beside a decision shows.
SHOWN: Final = 100
GUARDS: Final = (hidden_reports, recently_confirmed)
REFUSE: Final = "niet"
# The words for what was decided, by whether it was approved; those after urgency apart.
DONE: Final = {
    True: "De uitvoer is goedgekeurd en wordt nu gemaakt.",
    False: "De aanvraag is afgewezen. De aanvrager leest uw reden bij de uitvoer.",
}
AFTER: Final = {
    True: "achteraf goedgekeurd.",
    False: "afgewezen; het document is ingetrokken.",
}


def decision_schema(several: Sequence[Looked], *, together: bool, refuses: bool) -> Any:
    """Return the form of a decision, with the fingerprint of what is seen of each export.

    Of several together somebody says of each preview that they looked at it.
    """
    nodes = []
    for looked in several:
        reference, recipient = looked.export.reference, looked.export.recipient
        if together and not refuses and looked.prepared is not None:
            title = f"Ik heb het voorbeeld voor {recipient} bekeken"
            nodes.append(
                forms.field(
                    forms.Flag(),
                    title,
                    name=control_of("bekeken", reference),
                    missing=False,
                    description="Dit kan als u het voorbeeld hebt geopend.",
                    validator=_looked_at(title),
                )
            )
        name, hidden = control_of("gezien", reference), forms.Hidden()
        nodes.append(forms.field(forms.Text(64), reference, name=name, missing="", widget=hidden))
    reason = forms.field(
        forms.Text(1000, lines=True),
        "Reden bij afwijzen",
        name="reden",
        description="De aanvrager leest dit. Nodig als u afwijst.",
        missing="",
        needed_sometimes=True,
    )
    return forms.Schema(*nodes, *([reason] if refuses else []))


def _looked_at(title: str) -> Callable[[Any, bool], None]:
    def validate(node: Any, ticked: bool) -> None:
        if not ticked:
            raise colander.Invalid(node, f"Open het voorbeeld en vink dan aan: ‘{title}’.")

    return validate


def control_of(name: str, reference: str) -> str:
    """Return the name of a control about one export."""
    return f"{name}_{reference.replace('-', '').lower()}"


@form_view(
    ExportResource, DECIDE, Permission.APPROVE_EXPORT, "templates/decide.jinja2", guards=GUARDS
)
def decide_view(context: ExportResource, request: Request) -> Any:
    """Show what would go out, or went with urgency, and let a second person decide."""
    together = TOGETHER in request.GET
    exports = waiting_with(request.db, context.export) if together else [context.export]
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
    queue = queue_of(context, request)

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
        outcome = AFTER[reason is None] if context.export.urgent else DONE[reason is None]
        names = ", ".join(export.reference for export in exports)
        request.flash(f"{names}: {outcome}", link=("Bekijken", address))
        return HTTPSeeOther(onwards(context, queue, exports, address))

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
    together = TOGETHER in request.GET
    other = RailDecision("4", "Niet akkoord", f"{here}?{REFUSE}=ja", page=True)
    if _refuses(request):
        back = f"{here}?{TOGETHER}=ja" if together else here
        other = RailDecision("1", "Toch akkoord", back, page=True)
    elif together:
        other = replace(other, label=f"Niet akkoord: {export.recipient}")
    return {
        "items": [queued(context, row) for row in queue],
        "rail": [other],
        "crumbs": crumbs_of(context, request),
        "export": export,
        "own": refusal_of(request, export),
        "together": together,
        "refuses": _refuses(request),
        "together_href": None if together else together_href(context, request),
        "shut": shut_by(request.db, request.registry, export) if export.urgent else None,
        "parts": [
            {
                "export": looked.export,
                "words": words_of(looked.export),
                "problem": looked.problem,
                "preview": preview_of(request, context, looked),
                "changes": _profile_changes(request, looked),
                "box": control_of("bekeken", looked.export.reference),
                "href": request.resource_path(context.__parent__, looked.export.reference, DECIDE),
            }
            for looked in several
        ],
    }


# The list of what waits for a second person, beside the one in hand


def _refuses(request: Request) -> bool:
    """Tell whether the choice is to reject: its form asks the reason."""
    return REFUSE in request.GET or "afwijzen" in request.POST


def queue_of(context: ExportResource, request: Request) -> Sequence[Listed]:
    """Return what waits for a second person who can be this one, the oldest first."""
    roles, person = roles_at(request, context.holder), str(request.actor.id)
    return waiting_for_second(request.db, roles, person, SHOWN)


def queued(context: ExportResource, row: Listed) -> WorkbenchRow:
    """Return an export that waits as a row of the list."""
    export, dossier, area = row
    return WorkbenchRow(
        title=export.recipient,
        href=_address(context.municipality.slug, export, dossier, area),
        meta=[f"dossier {dossier.number}", ago(export.proposed_at).removesuffix(" geleden")],
        text=f"{export.proposed_by} vraagt: {export.question}",
        marks=["spoed"] if export.unjudged else (),
        current=export is context.export,
    )


def _address(slug: str, export: Export, dossier: Dossier, area: str) -> str:
    return f"{dossier_path(slug, area, dossier.number)}/{export.reference}/{DECIDE}"


def onwards(
    context: ExportResource, queue: Sequence[Listed], decided: Sequence[Export], done: str
) -> str:
    """Return the page of the next export that waits for this person; `done`: without one."""
    others = [row for row in queue if row[0] not in decided]
    return _address(context.municipality.slug, *others[0]) if others else done


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
    shut = shut_by(request.db, request.registry, export)
    if shut is None or not shut.restricted:
        request.flash("Voor dit document is geen grond nodig.", "info")
        return HTTPSeeOther(address)
    button = Button("vastleggen", "Vastleggen: dit mag worden gegeven")
    form = Form(_despite_schema(shut.restricted), request, buttons=[button], cancel_url=address)

    def on_valid(values: dict[str, Any]) -> Any:
        given = {int(k.removeprefix("melding_")): v for k, v in values["beperkt"].items()}
        free(request.db, request.registry, export, given, request.actor)
        request.flash("Vastgelegd. Het document kan nu worden gegeven.")
        return HTTPSeeOther(address)

    page = {"crumbs": crumbs_of(context, request), "export": export, "words": shut.words}
    return handle_form(request, form, on_valid, page)
