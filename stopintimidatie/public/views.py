"""/verificatie"""

from __future__ import annotations

from typing import Any

from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from stopintimidatie.clock import utc_now
from stopintimidatie.public.forms import VerificationSchema
from stopintimidatie.public.services import verify
from stopintimidatie.tree import Root
from stopintimidatie.web.filters import day_of
from stopintimidatie.web.forms import Button, Form, handle_form
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs


@view_config(
    context=Root,
    name="verificatie",
    request_method=("GET", "POST"),
    permission=NO_PERMISSION_REQUIRED,
    renderer="templates/verification.jinja2",
)
def verification(request: Request) -> Any:
    """The form; after a file also the answer, which is the same for every kind of no."""
    asked = dict(query_pairs(request)).get("uitvoer", "")[:60]
    form = Form(
        VerificationSchema(),
        request,
        buttons=[Button("controleren", "Controleren")],
        appstruct={"uitvoer": asked},
        action=request.path,
    )
    page: dict[str, Any] = {"form": form, "answer": None}

    def on_valid(values: dict[str, Any]) -> Any:
        today = day_of(utc_now())
        answer = verify(request.db, values["uitvoer"], values["bestand"], today)
        return {**page, "answer": answer.value}

    return handle_form(request, form, on_valid, page)
