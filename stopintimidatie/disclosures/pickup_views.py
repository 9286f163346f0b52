"""/ophalen/O-4F7K-2QXJ: for who got a link by mail and a code by telephone."""

from __future__ import annotations

import re
from typing import Any, Final

from pyramid.authorization import DENY_ALL
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from stopintimidatie.disclosures.pickup import (
    PICKUP_KINDS,
    WRONG,
    ask_mail_code,
    enter_pickup,
    find_pickup,
    kind_of,
    open_pickup,
)
from stopintimidatie.disclosures.pickup_models import Pickup
from stopintimidatie.disclosures.pickup_session import Visit, set_visit, visit_of
from stopintimidatie.tree import Resource
from stopintimidatie.web import forms
from stopintimidatie.web.forms import Button, Form, handle_form
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs

PATTERN: Final = re.compile(r"O-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")
# The page of what has one; the room that offers it makes it.
DOCUMENT: Final = "document"
PAGE: Final = "stopintimidatie.disclosures:templates/pickup.jinja2"


class PickupDoor(Resource):
    """/ophalen: no page of its own; the permissions of the portal mean nothing here."""

    def __init__(self, name: str, parent: Any) -> None:
        super().__init__(name, parent, "")

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]

    def __getitem__(self, name: str) -> Resource:
        if not PATTERN.fullmatch(name):
            raise KeyError(name)
        return PickupPage(name, self)


class PickupPage(Resource):
    """A reference that may be one: only the right code tells."""

    def __init__(self, name: str, parent: Any) -> None:
        super().__init__(name, parent, "")

    @property
    def title(self) -> str:
        return self.__name__ or ""

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]


class PickupSchema(forms.Schema):
    naam = forms.field(forms.Text(120), "Uw naam")
    functie = forms.field(forms.Text(120), "Uw functie")
    code = forms.field(
        forms.Text(20),
        "Code",
        description="Acht cijfers. De code om op te halen hoorde u van ons. Met een code uit onze"
        " e-mail kunt u alleen antwoorden en bevestigen.",
        widget=forms.TextInput(width="short", autocomplete="one-time-code"),
    )


@view_config(
    context=PickupPage,
    request_method=("GET", "POST"),
    permission=NO_PERMISSION_REQUIRED,
    renderer=PAGE,
)
def pickup_view(context: PickupPage, request: Request) -> Any:
    """The form; with the right code, what waits. It is shown once and stands in no address."""
    number = context.__name__ or ""
    if request.method != "POST" and visit_of(request, number) is not None:
        return HTTPSeeOther(f"{request.path.rstrip('/')}/{DOCUMENT}")
    form = Form(PickupSchema(), request, buttons=[Button("ophalen", "Verder")], action=request.path)
    page: dict[str, Any] = {
        "form": form,
        "content": None,
        "reference": number,
        "code_href": f"{request.path.rstrip('/')}/code",
        "on_its_way": "code" in dict(query_pairs(request)),
    }

    def on_valid(values: dict[str, Any]) -> Any:
        who = {"naam": values["naam"], "functie": values["functie"]}
        pickup = find_pickup(request.db, number)
        found = _let_in(request, pickup, values["code"], who) if pickup else None
        if found is None:
            # No exception: that was a try, and it is counted.
            form.add_error(WRONG, "code")
            request.response.status_int = 422
            return page
        return found if isinstance(found, HTTPSeeOther) else {**page, "content": found}

    return handle_form(request, form, on_valid, page)


def _let_in(request: Request, pickup: Pickup, code: str, who: dict[str, str]) -> Any:
    """The content, or the way to the page of what has one; None for a wrong code."""
    if not kind_of(request.registry, pickup).visited:
        return open_pickup(request.db, request.registry, pickup, code, who)
    way = enter_pickup(request.db, request.registry, pickup, code)
    if way is None:
        return None
    response = HTTPSeeOther(f"{request.path.rstrip('/')}/{DOCUMENT}")
    set_visit(request, response, Visit(pickup.reference, way, who))
    return response


@view_config(
    context=PickupPage, name="code", request_method="POST", permission=NO_PERMISSION_REQUIRED
)
def code_view(context: PickupPage, request: Request) -> Any:
    """A code by mail, where we know an address; the answer is the same when we don't."""
    pickup = find_pickup(request.db, context.__name__ or "")
    if pickup is not None and pickup.document_kind in PICKUP_KINDS.of(request.registry):
        ask_mail_code(request.db, request.registry, pickup)
    return HTTPSeeOther(f"/ophalen/{context.__name__}?code=onderweg")
