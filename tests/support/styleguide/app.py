"""The room `web` alone, with a made-up person and one page that shows every component."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from markupsafe import Markup
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
from stopintimidatie.core.web.components import BADGES, FacetValue, ListItem, Tile, TimelineEntry
from stopintimidatie.core.web.errors import error_response
from stopintimidatie.core.web.request import Crumb, NavItem, Paging, toggled, wanted_page
from stopintimidatie.core.web.theme import Branding
from stopintimidatie.settings import parse_settings
from tests.support.forms_support import Everything

NOW = datetime.now(UTC)
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


ITEMS = [
    ListItem(
        "M-4F7K-2QX9",
        "?kenmerk=M-4F7K-2QX9",
        ["nieuw", "spoed"],
        ["Binnenstad", "naroepen, achtervolgen", "2 uur geleden"],
        Markup("Drie jongens <mark>riepen</mark> mij na bij het <mark>station</mark>."),
        current=True,
    ),
    ListItem(
        "M-9HT3-71KD",
        "?kenmerk=M-9HT3-71KD",
        ["in_behandeling"],
        ["Stadspolders", "nafluiten", "3 dagen geleden"],
        "Twee mannen floten vanuit een geparkeerde auto.",
    ),
    ListItem("M-02PZ-55RE", "?kenmerk=M-02PZ-55RE", ["wacht_op_melder"], ["Onbekend", "volgen"]),
]
HISTORY = [
    TimelineEntry(NOW, "In behandeling genomen", "Sanne de Vries", state="in_behandeling"),
    TimelineEntry(
        NOW - timedelta(hours=3), "Ontvangen", "app Stop Intimidatie", "Via het landelijk meldpunt."
    ),
]
TILES = [
    Tile("2", "spoed", "?spoed", "langer dan een uur", "danger"),
    Tile("14", "nieuwe meldingen", "?nieuw"),
    Tile("3", "terugbellen vandaag", "?bel", tone="warning"),
    Tile("1.204", "meldingen dit jaar", note="7% meer dan vorig jaar", tone="success"),
]
TABLE = (
    ["Wijk", ("Meldingen", "number"), ("Per 1.000 inwoners", "number"), "Trend"],
    [["Binnenstad", "128", "9,4", "stijgt"], ["Stadspolders", "31", "1,8", None]],
)


def facet(request: Any) -> list[FacetValue]:
    values = (
        ("nieuw", "Nieuw", 14),
        ("in_behandeling", "In behandeling", 8),
        ("klaar", "Klaar", 240),
    )
    chosen = request.GET.getall("status")
    return [
        FacetValue(label, toggled(request, "status", code), count, code in chosen)
        for code, label, count in values
    ]


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

    return handle_form(request, form, on_valid, guide_values(request))


def guide_values(request: Any) -> dict[str, Any]:
    return {
        "items": ITEMS,
        "history": HISTORY,
        "tiles": TILES,
        "columns": TABLE[0],
        "rows": TABLE[1],
        "facet": facet(request),
        "paging": Paging(wanted_page(request) if "pagina" in request.GET else 4, 480),
        "badges": list(BADGES),
        "tabs": [
            NavItem("Overzicht", "/stijlgids", current=True),
            NavItem("Meldingen", "?m", count=12),
        ],
        "crumbs": [
            Crumb("Start", "/"),
            Crumb("Dordrecht", "/gemeenten/dordrecht"),
            Crumb("Binnenstad", "/gemeenten/dordrecht/binnenstad"),
            Crumb("2026-0007", "/stijlgids"),
        ],
        "now": NOW,
        "today": date.today(),
    }


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
    # The rooms below say which tables hold personal data; here there is no database.
    config.add_directive("add_impersonal_table", lambda config, name, reason: None)
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
    renderer = "tests.support.styleguide:templates/page.jinja2"
    config.add_view(guide, route_name="stijlgids", renderer=renderer)
    config.add_view(refuse, route_name="fout")
    config.add_view(guide, context=Root, renderer=renderer, permission="bekijken")
    return config.make_wsgi_app()
