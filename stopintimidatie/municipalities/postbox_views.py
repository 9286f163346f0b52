"""`…/berichten`: where a municipality, or the desk, is told that something waits."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.mail.addresses import (
    Owner,
    clear_address,
    confirm_address,
    find_address,
    remove_address,
    send_code,
    set_address,
)
from stopintimidatie.municipalities.postbox import postbox_of, urgent_number_of
from stopintimidatie.municipalities.postbox_forms import as_number, postbox_schema
from stopintimidatie.municipalities.resources import Administration, MunicipalityResource
from stopintimidatie.security import Permission
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.web.forms import Button, Form, handle_form
from stopintimidatie.web.panels import Panel

PAGE: Final = "stopintimidatie.municipalities:templates/postbox.jinja2"
OWNERS: Final = {"adres": postbox_of, "spoednummer": urgent_number_of}


def postbox_panel(context: Administration, request: Any) -> Panel | None:
    """Link to this page from the settings page of a municipality."""
    place = context.__parent__
    if context.holder == NATIONAL or not request.has_permission(
        Permission.MANAGE_MUNICIPALITY, place
    ):
        return None
    href = request.resource_path(place, "berichten")
    template = "stopintimidatie.municipalities:templates/postbox_panel.jinja2"
    return Panel("Berichten", template, {"href": href})


@view_config(
    context=MunicipalityResource,
    name="berichten",
    request_method=("GET", "POST"),
    permission=Permission.MANAGE_MUNICIPALITY,
    renderer=PAGE,
)
def postbox_view(context: Any, request: Any) -> Any:
    """The address and the number, whether they are confirmed, and the form to change them."""
    keys, texting = request.registry.key_ring, request.registry.texter.on
    rows = {name: find_address(request.db, owner(context.holder)) for name, owner in OWNERS.items()}
    form = Form(
        postbox_schema(texting=texting),
        request,
        buttons=[Button("opslaan", "Opslaan")],
        appstruct={name: clear_address(keys, row) for name, row in rows.items() if row is not None},
    )

    def on_valid(values: dict[str, Any]) -> Any:
        _save(context, request, values)
        request.flash("Opgeslagen. Naar een nieuw adres sturen wij een code.")
        return HTTPSeeOther(request.resource_path(context, "berichten"))

    page = {
        "rows": rows,
        "texting": texting,
        "code_action": request.resource_path(context, "berichten-code"),
    }
    return handle_form(request, form, on_valid, page)


def _save(context: Any, request: Any, values: dict[str, Any]) -> None:
    actor, keys, holder = request.actor, request.registry.key_ring, context.holder
    set_address(request.db, keys, holder, postbox_of(holder), values["adres"], actor)
    number = values.get("spoednummer")
    if number:
        written = as_number(number) or number
        owner = urgent_number_of(holder)
        set_address(request.db, keys, holder, owner, written, actor, phone=True)
    elif "spoednummer" in values:
        remove_address(request.db, urgent_number_of(holder), actor)


@view_config(
    context=MunicipalityResource,
    name="berichten-code",
    request_method="POST",
    permission=Permission.MANAGE_MUNICIPALITY,
)
def code_view(context: Any, request: Any) -> Any:
    """Type a code back, or ask for a new one."""
    which = request.POST.get("welk", "")
    if which not in OWNERS:
        raise HTTPNotFound()
    owner: Owner = OWNERS[which](context.holder)
    row = find_address(request.db, owner)
    if row is None:
        raise HTTPNotFound()
    if "opnieuw" in request.POST:
        send_code(request.db, request.registry.key_ring, row, phone=which == "spoednummer")
        request.flash("Er is een nieuwe code onderweg.")
    else:
        typed = request.POST.get("code", "")[:40]
        keys, actor = request.registry.key_ring, request.actor
        problem = confirm_address(request.db, keys, row, typed, actor)
        if problem:
            request.flash(problem, "error")
        else:
            request.flash("Bevestigd. Berichten komen voortaan hier aan.")
    return HTTPSeeOther(request.resource_path(context, "berichten"))
