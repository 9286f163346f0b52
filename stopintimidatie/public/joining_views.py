"""/aansluiten: a municipality asks, and types a code back."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from stopintimidatie.public.joining import (
    JoiningError,
    ask_to_join,
    confirm,
    find_request,
    refuse_flood,
)
from stopintimidatie.public.joining_forms import ConfirmSchema, joining_schema
from stopintimidatie.public.look import NATIONAL_LOOK
from stopintimidatie.public.places import not_connected
from stopintimidatie.register.queries import municipality_by_code
from stopintimidatie.tree import Root
from stopintimidatie.web.forms import Button, Form, FormError, handle_form
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs

PAGE: Final = "stopintimidatie.public:templates/joining.jinja2"
CONFIRM: Final = "stopintimidatie.public:templates/joining_confirm.jinja2"
ADDRESS: Final = "/aansluiten-bevestigen"


@view_config(
    context=Root,
    name="aansluiten",
    request_method=("GET", "POST"),
    permission=NO_PERMISSION_REQUIRED,
    renderer=PAGE,
)
def joining_view(request: Request) -> Any:
    """What joining means, and the form."""
    form = Form(
        joining_schema(not_connected(request.db)),
        request,
        buttons=[Button("aanvragen", "Aansluiting aanvragen")],
    )

    def on_valid(values: dict[str, Any]) -> Any:
        municipality = municipality_by_code(request.db, values["gemeente"])
        if municipality is None:
            raise FormError("Kies een gemeente uit de lijst.", "gemeente")
        try:
            refuse_flood(request.db, request.registry.senders, values["adres"])
            asked = ask_to_join(
                request.db,
                request.registry.key_ring,
                municipality,
                function=values["functie"],
                address=values["adres"],
                telephone=values["telefoon"],
            )
        except JoiningError as problem:
            raise FormError(str(problem), problem.field) from None
        return HTTPSeeOther(location=f"{ADDRESS}?aanvraag={asked.id}")

    return handle_form(request, form, on_valid, {"branding": NATIONAL_LOOK})


@view_config(
    context=Root,
    name="aansluiten-bevestigen",
    request_method=("GET", "POST"),
    permission=NO_PERMISSION_REQUIRED,
    renderer=CONFIRM,
)
def confirm_view(request: Request) -> Any:
    """Type the code of the mail; after that the desk rings."""
    asked = find_request(request.db, dict(query_pairs(request)).get("aanvraag", ""))
    if asked is None:
        raise HTTPNotFound()
    form = Form(
        ConfirmSchema(),
        request,
        buttons=[Button("bevestigen", "Bevestigen")],
        action=f"{ADDRESS}?aanvraag={asked.id}",
    )
    page = {"form": form, "asked": asked, "branding": NATIONAL_LOOK}

    def on_valid(values: dict[str, Any]) -> Any:
        problem = confirm(request.db, request.registry.key_ring, asked, values["code"])
        if problem is not None:
            # Not a FormError: that would roll the count of tries back.
            form.add_error(problem, "code")
            request.response.status_int = 422
            return page
        return HTTPSeeOther(location=f"{ADDRESS}?aanvraag={asked.id}")

    return handle_form(request, form, on_valid, page)
