"""The pages about agreements: which there are, one municipality, making and ending one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.desk.agreements_forms import AgreementSchema, RefusalSchema, plan_of
from stopintimidatie.desk.agreements_listing import agreed_rows, choices
from stopintimidatie.desk.agreements_resources import DeskMunicipality
from stopintimidatie.desk.onboarding_views import address_of
from stopintimidatie.desk.resources import Desk
from stopintimidatie.mail.addresses import clear_address, confirm_address, find_address, send_code
from stopintimidatie.municipalities import agreements, postbox_views
from stopintimidatie.municipalities.agreements_rules import standing_word
from stopintimidatie.municipalities.services import profile_of
from stopintimidatie.register.queries import municipality_by_code, municipality_by_slug
from stopintimidatie.register.succession import successors
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.storage import NATIONAL
from stopintimidatie.web.filters import date_text
from stopintimidatie.web.forms import Button, Form, handle_form
from stopintimidatie.web.panels import panels
from stopintimidatie.web.urls import query_pairs

_TEMPLATES: Final = "stopintimidatie.desk:templates"
_YEAR: Final = timedelta(days=365)
WHO: Final = {"functionaris": agreements.official_of, "vervanger": agreements.deputy_of}
_LINK: Final = Markup('<a class="utrecht-link utrecht-link--html-a" href="{}">{}</a>')


@view_config(
    context=Desk,
    name="afspraken",
    request_method="GET",
    permission=Permission.VIEW_DESK,
    renderer=f"{_TEMPLATES}/agreements.jinja2",
)
def list_view(context: Desk, request: Any) -> Any:
    """What was agreed with whom, what ends first on top; and the way to any municipality."""
    wanted = dict(query_pairs(request)).get("gemeente", "")[:80]
    if wanted:
        if municipality_by_slug(request.db, wanted) is None:
            raise HTTPNotFound()
        return HTTPSeeOther(request.resource_path(context, wanted))
    rows = agreed_rows(request.db, request.registry.key_ring)
    return {
        "rows": [
            [_LINK.format(f"/{NATIONAL}/{row.slug}", row.name), row.word, row.until, row.waiting]
            for row in rows
        ],
        "municipalities": choices(request.db),
    }


@view_config(
    context=DeskMunicipality,
    request_method="GET",
    permission=Permission.VIEW_DESK,
    renderer=f"{_TEMPLATES}/agreement.jinja2",
)
def municipality_view(context: DeskMunicipality, request: Any) -> dict[str, Any]:
    """One municipality: its agreement, what that lacks, and what was agreed before."""
    keys, code = request.registry.key_ring, context.municipality.code
    found = agreements.standing(request.db, keys, code)
    if found.agreement is not None:
        ids = [found.agreement.id]
        note_read(request, NATIONAL, agreements.KIND, ids, task="afspraak bekijken")
    return {
        "name": context.municipality.name,
        "level": profile_of(request.db, code).level,
        "standing": found,
        "word": standing_word(found.agreement, found.lacking, agreements.today()),
        "successor": _successor(request, code),
        "facts": _facts(request, found),
        "unconfirmed": [
            (who, row)
            for who, row in (("functionaris", found.official), ("vervanger", found.deputy))
            if row is not None and row.address is not None and row.verified_at is None
        ],
        "history": [
            (row.agreed_on, "geweigerd" if row.declined else "afspraak", row.agreed_by)
            for row in agreements.history(request.db, code)
        ],
        "onboarding": request.has_permission(Permission.CONNECT, context)
        and address_of(context.municipality),
        "here": request.resource_path(context).rstrip("/") + "/",
        "panels": panels(request, "gemeente_bij_meldpunt", context),
    }


def _successor(request: Any, code: str) -> tuple[str, str] | None:
    """Name and address of the municipality that this one went into."""
    now = successors(request.db, [code]).get(code)
    town = municipality_by_code(request.db, now) if now else None
    return (town.name, f"/{NATIONAL}/{town.slug}") if town else None


def _facts(request: Any, found: agreements.Standing) -> list[tuple[str, Any]]:
    row = found.agreement
    if row is None:
        return []
    spoken = f"{date_text(row.agreed_on)}, telefonisch, door {row.agreed_by}"
    if row.declined:
        return [("Besproken", spoken), ("Waarom niet", row.declined_reason)]
    keys = request.registry.key_ring
    people = agreements.people_of(keys, row)
    return [
        ("Functionaris", _person(people.get("functionaris"), clear_address(keys, found.official))),
        ("Vervanger", _person(people.get("vervanger"), clear_address(keys, found.deputy))),
        ("Wil de meldingen ontvangen", "ja" if row.wants else "nog niet bekend"),
        ("Goedgevonden door", people.get("goedgekeurd_door")),
        ("Goedgevonden op", date_text(row.authorised_on)),
        ("Hoe", "versleutelde mail" if row.channel == "smime" else "ophalen met een code"),
        ("Afgesproken", spoken),
        ("Geldig tot en met", date_text(row.valid_until)),
    ]


def _person(given: dict[str, str] | None, address: str | None) -> str:
    if not given:
        return ""
    return ", ".join(filter(None, (*given.values(), address)))


@view_config(
    context=DeskMunicipality,
    name="vastleggen",
    request_method=("GET", "POST"),
    permission=Permission.ROUTE_REPORT,
    renderer=f"{_TEMPLATES}/agreement_form.jinja2",
)
def make_view(context: DeskMunicipality, request: Any) -> Any:
    """Record what was agreed, with what to say beside it."""
    keys, code = request.registry.key_ring, context.municipality.code
    form = Form(
        AgreementSchema(),
        request,
        buttons=[Button("vastleggen", "Afspraak vastleggen")],
        appstruct=_filled_in(request, code),
        cancel_url=request.resource_path(context),
    )

    def on_valid(values: dict[str, Any]) -> Any:
        plan, rules = plan_of(values), request.registry.level_rules
        agreements.make(request.db, keys, rules, code, plan, request.actor)
        request.flash("De afspraak is vastgelegd. Naar een nieuw adres gaat een code.")
        return HTTPSeeOther(request.resource_path(context))

    return handle_form(request, form, on_valid, {"name": context.municipality.name})


def _filled_in(request: Any, code: str) -> dict[str, Any]:
    """The present agreement, to be renewed; else only today."""
    keys, today = request.registry.key_ring, agreements.today()
    found = agreements.standing(request.db, keys, code)
    start: dict[str, Any] = {
        "afgesproken_op": today,
        "geldig_tot": today + _YEAR,
        "kanaal": "ophalen",
    }
    row = found.agreement
    if row is None or row.people is None:
        return start
    note_read(request, NATIONAL, agreements.KIND, [row.id], task="afspraak vernieuwen")
    people = agreements.people_of(keys, row)
    for who, address in (("functionaris", found.official), ("vervanger", found.deputy)):
        if people.get(who):
            start[who] = {**people[who], "email": clear_address(keys, address) or ""}
    return {
        **start,
        "mag_van": people.get("goedgekeurd_door"),
        "mag_sinds": row.authorised_on,
        "kanaal": row.channel,
        "certificaat": row.certificate,
    }


@view_config(
    context=DeskMunicipality,
    name="weigering",
    request_method=("GET", "POST"),
    permission=Permission.ROUTE_REPORT,
    renderer=f"{_TEMPLATES}/agreement_form.jinja2",
)
def refuse_view(context: DeskMunicipality, request: Any) -> Any:
    """Record that the municipality doesn't want reports."""
    form = Form(
        RefusalSchema(),
        request,
        buttons=[Button("vastleggen", "Weigering vastleggen")],
        appstruct={"afgesproken_op": agreements.today()},
        cancel_url=request.resource_path(context),
    )

    def on_valid(values: dict[str, Any]) -> Any:
        agreements.decline(
            request.db,
            request.registry.key_ring,
            request.registry.level_rules,
            context.municipality.code,
            values["reden"],
            values["afgesproken_op"],
            request.actor,
        )
        request.flash("Vastgelegd: deze gemeente wil geen meldingen.")
        return HTTPSeeOther(request.resource_path(context))

    page = {"name": context.municipality.name, "refusal": True}
    return handle_form(request, form, on_valid, page)


@view_config(
    context=DeskMunicipality,
    name="beeindigen",
    request_method="POST",
    permission=Permission.ROUTE_REPORT,
)
def end_view(context: DeskMunicipality, request: Any) -> Any:
    """The agreement no longer counts."""
    registry, code = request.registry, context.municipality.code
    agreements.end(request.db, registry.key_ring, registry.level_rules, code, request.actor)
    request.flash("De afspraak is beëindigd. Er gaan geen meldingen meer heen.")
    return HTTPSeeOther(request.resource_path(context))


@view_config(
    context=DeskMunicipality,
    name="code",
    request_method="POST",
    permission=Permission.ROUTE_REPORT,
)
def code_view(context: DeskMunicipality, request: Any) -> Any:
    """The code that the official got by mail and read out, or a new one."""
    registry, code = request.registry, context.municipality.code
    which, actor = request.POST.get("welk", ""), request.actor
    row = find_address(request.db, WHO[which](code)) if which in WHO else None
    if row is None:
        raise HTTPNotFound()
    keys = registry.key_ring
    if "opnieuw" in request.POST:
        send_code(request.db, keys, row)
        request.flash("Er is een nieuwe code onderweg.")
    else:
        problem = confirm_address(request.db, keys, row, request.POST.get("code", "")[:40], actor)
        request.flash(problem or "Het adres is bevestigd.", "error" if problem else "ok")
        if problem is None:
            agreements.settle(request.db, keys, registry.level_rules, code, actor)
    return HTTPSeeOther(request.resource_path(context))


@view_config(
    context=Desk,
    name="berichten",
    request_method=("GET", "POST"),
    permission=Permission.ROUTE_REPORT,
    renderer=postbox_views.PAGE,
)
def postbox_view(context: Desk, request: Any) -> Any:
    """Where the desk itself is told."""
    return postbox_views.postbox_view(context, request)


@view_config(
    context=Desk,
    name="berichten-code",
    request_method="POST",
    permission=Permission.ROUTE_REPORT,
)
def postbox_code_view(context: Desk, request: Any) -> Any:
    return postbox_views.code_view(context, request)
