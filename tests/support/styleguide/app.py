"""The room `web` alone, with a made-up person and a page with every component."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.csrf import CookieCSRFStoragePolicy
from pyramid.httpexceptions import HTTPConflict, HTTPForbidden, HTTPSeeOther
from pyramid.security import Allowed, Denied
from pyramid.tweens import EXCVIEW
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from stopintimidatie.core.forms import Button, Change, ConflictError, Form, handle_form
from stopintimidatie.core.security.permissions import Role
from stopintimidatie.core.tree import Root
from stopintimidatie.core.web.body import attempts
from stopintimidatie.core.web.errors import error_response
from stopintimidatie.core.web.request import Crumb, NavItem
from stopintimidatie.core.web.theme import Branding
from stopintimidatie.settings import parse_settings
from tests.support.forms_support import Everything
from tests.support.styleguide.examples import TEMPLATE, examples

CRUMBS = [
    Crumb("Start", "/"),
    Crumb("Dordrecht", "/gemeenten/dordrecht"),
    Crumb("Binnenstad", "/gemeenten/dordrecht/binnenstad"),
    Crumb("2026-0007", "/stijlgids"),
]
RAW = {
    "sqlalchemy.url": "sqlite://",
    "data_dir": "/nergens",
    "key_file": "/nergens/sleutels.json",
    "migrations": "/nergens",
    "public_address": "http://localhost:6599",
    "demo": "true",
}


SAVED = {"kind": "ok", "text": "De melding is opgeslagen.", "label": "Bekijken", "href": "/x"}


class Person:
    """Who is signed in on the style guide."""

    name = "Sanne de Vries"
    holders = ("GM0505",)

    def roles_for(self, holder: str) -> frozenset[Role]:
        return frozenset({Role.OFFICER})


class Policy:
    """Everybody who doesn't ask for ``?bezoeker`` is Sanne."""

    def identity(self, request: Any) -> Person | None:
        return None if "bezoeker" in request.GET else Person()

    def authenticated_userid(self, request: Any) -> str | None:
        return "sanne"

    def permits(self, request: Any, context: Any, permission: str) -> Any:
        return Allowed("made up") if self.identity(request) else Denied("made up")


def guide(request: Any) -> Any:
    """Every component; the form takes a POST."""
    buttons = [
        Button("opslaan", "Opslaan"),
        Button("concept", "Bewaar als concept", "secondary"),
        Button("weg", "Verwijderen", "danger"),
    ]
    form = Form(Everything(), request, buttons=buttons, cancel_url="/")

    def on_valid(values: dict[str, Any]) -> Any:
        if form.pressed() == "concept":
            raise ConflictError(
                "Karim Aydin sloeg dit net op. Kijk wat er anders is en sla opnieuw op.",
                [Change("Plek", "Bij de bushalte", values["plaats"]["plek"])],
            )
        return HTTPSeeOther("/stijlgids")

    return handle_form(request, form, on_valid, {**examples(request), "crumbs": CRUMBS})


def refuse(request: Any) -> Any:
    """``/fout?status=404``: the error pages."""
    status = int(request.GET["status"])
    kinds: dict[int, type[Exception]] = {403: HTTPForbidden, 409: HTTPConflict}
    if status == 500:
        raise RuntimeError("on purpose")
    if status in kinds:
        raise kinds[status]()
    return error_response(request, status)


def faulty_tween(handler: Any, registry: Any) -> Any:
    """``?laat``: something goes wrong after the page was made, as when a commit fails."""

    def tween(request: Any) -> Any:
        response = handler(request)
        if "laat=stuk" in request.environ["QUERY_STRING"]:
            raise RuntimeError("after the page")
        if "laat=conflict" in request.environ["QUERY_STRING"]:
            raise StaleDataError("somebody else was first")
        return response

    return tween


def nav(request: Any) -> list[NavItem]:
    return [
        NavItem("Start", "/"),
        NavItem("Postvak", "/postvak", count=14),
        NavItem("Wijken", "/gemeenten/dordrecht"),
        NavItem("Dossiers", "/stijlgids"),
        NavItem("Melding invoeren", "/invoeren"),
        NavItem("Overzichten", "/overzichten"),
    ]


def branding(request: Any) -> Branding | None:
    if "landelijk" in request.GET:
        return None
    return Branding("Gemeente Dordrecht", f"#{request.GET.get('kleur', 'a4123f')}")


def make_app() -> Any:
    """The WSGI app of the style guide."""
    config = Configurator(settings={"retry.activate_hook": attempts})
    config.include("pyramid_retry")
    config.registry.app_settings = parse_settings(RAW)
    config.set_security_policy(Policy())
    config.set_csrf_storage_policy(CookieCSRFStoragePolicy())
    config.set_default_csrf_options(require_csrf=True)
    # The rooms below say which tables hold personal data, and how long; here is no database.
    config.add_directive("add_impersonal_table", lambda config, name, reason: None)
    config.add_directive("add_retention_class", lambda config, kind: None)
    config.include("stopintimidatie.core.tree")
    config.include("stopintimidatie.core.web")
    config.include("stopintimidatie.core.forms")
    config.add_request_method(lambda request: [SAVED], "take_flashes")
    config.add_tween("tests.support.styleguide.app.faulty_tween", over=EXCVIEW)
    config.add_request_method(lambda request: Session(), "db", reify=True)
    config.add_nav_item("alles", nav)
    config.set_branding(branding)
    for name in ("stijlgids", "fout"):
        config.add_route(name, f"/{name}")
        config.add_public_prefix(name)
    config.add_view(guide, route_name="stijlgids", renderer=TEMPLATE)
    config.add_view(refuse, route_name="fout")
    config.add_view(guide, context=Root, renderer=TEMPLATE, permission="bekijken")
    return config.make_wsgi_app()
