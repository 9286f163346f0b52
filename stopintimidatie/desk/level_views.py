"""How far a municipality takes part: changed by the desk, at once or from a moment on."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.clock import utc_now
from stopintimidatie.desk.onboarding_forms import level_schema
from stopintimidatie.desk.onboarding_views import address_of, asked_municipality
from stopintimidatie.desk.resources import Desk
from stopintimidatie.municipalities.level_plans import plan_level, take_back_plan
from stopintimidatie.municipalities.levels import LevelRefusedError
from stopintimidatie.municipalities.models import ParticipationLevel
from stopintimidatie.municipalities.services import level_of
from stopintimidatie.register.models import Municipality
from stopintimidatie.security import Permission
from stopintimidatie.web.filters import datetime_long
from stopintimidatie.web.forms import Button, Form, FormError, handle_form
from stopintimidatie.web.request import Request

PAGE: Final = "stopintimidatie.desk:templates/level.jinja2"


@view_config(
    context=Desk,
    name="aansluiting-niveau",
    request_method=("GET", "POST"),
    permission=Permission.CONNECT,
    renderer=PAGE,
)
def level_view(context: Desk, request: Request) -> Any:
    """Choose another level, and from when on it counts."""
    municipality = asked_municipality(request)
    level = level_of(request.db, municipality.code)
    form = Form(
        level_schema(level),
        request,
        buttons=[Button("opslaan", "Niveau wijzigen")],
        action=request.path_qs,
        cancel_url=address_of(municipality),
    )

    def on_valid(values: dict[str, Any]) -> Any:
        return _changed(request, municipality, values)

    page = {"municipality": municipality, "level": level}
    return handle_form(request, form, on_valid, page)


def _changed(request: Request, municipality: Municipality, values: dict[str, Any]) -> Any:
    after, begins = ParticipationLevel(values["niveau"]), values["vanaf"]
    rules, actor, code = request.registry.level_rules, request.actor, municipality.code
    try:
        plan_level(request.db, rules, actor, code, after, begins, reason=values["reden"])
    except LevelRefusedError as refused:
        raise FormError(f"Dit kan nog niet. {' '.join(refused.missing)}", "niveau") from None
    if begins is not None and begins > utc_now():
        moment = datetime_long(begins)
        request.flash(f"Gepland: {municipality.name} is {after.label} vanaf {moment}.")
    elif after is ParticipationLevel.PROGRAMME:
        words = "Wat voor haar klaarstond, gaat nu naar haar postvak."
        request.flash(f"{municipality.name} is aangesloten. {words}")
    else:
        request.flash(f"{municipality.name} is nu {after.label}.")
    return HTTPSeeOther(location=address_of(municipality))


@view_config(
    context=Desk,
    name="aansluiting-plan-intrekken",
    request_method="POST",
    permission=Permission.CONNECT,
)
def take_back_view(context: Desk, request: Request) -> HTTPSeeOther:
    """What was planned doesn't go through."""
    municipality = asked_municipality(request)
    rules, actor = request.registry.level_rules, request.actor
    if take_back_plan(request.db, rules, actor, municipality.code) is None:
        request.flash("Er is niets gepland, of het is al ingegaan.", "warning")
    else:
        request.flash("De geplande wijziging is ingetrokken.")
    return HTTPSeeOther(location=address_of(municipality))
