"""The pages of patterns: the list, one with its evidence, the algorithm, and the settings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, ConflictError, Form, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text
from stopintimidatie.core.tree import lineage
from stopintimidatie.core.web.components import Panel, WorkbenchRow, badge_for, is_partial
from stopintimidatie.core.web.errors import error_response
from stopintimidatie.core.web.register import read_register
from stopintimidatie.core.web.request import (
    Crumb,
    NavItem,
    Request,
    form_view,
    page_view,
    post_view,
    query_pairs,
    with_params,
)
from stopintimidatie.dossiers.pages import roles_at
from stopintimidatie.dossiers.patterns.decisions import (
    FORM_PAGE,
    Values,
    filing_of,
    rail_of,
    version_field,
)
from stopintimidatie.dossiers.patterns.jobs import ask_for_search
from stopintimidatie.dossiers.patterns.models import (
    DECIDABLE,
    KEEP_DAYS,
    LIMITS,
    Pattern,
    PatternReport,
    PatternState,
)
from stopintimidatie.dossiers.patterns.queries import (
    Card,
    evidence_of,
    list_patterns,
    memberships_of,
    search_of,
    why_of,
)
from stopintimidatie.dossiers.patterns.resources import PatternResource, pattern_path
from stopintimidatie.dossiers.patterns.services import (
    change_settings,
    choice_of,
    reports_of,
    who_asked,
)
from stopintimidatie.dossiers.resources import STRICT_ROLES
from stopintimidatie.municipalities.areas.resources import (
    MunicipalityAdministration,
    MunicipalityResource,
)
from stopintimidatie.reports import words
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.rules import PARTS_OF_DAY

TEMPLATES: Final = "stopintimidatie.dossiers.patterns:templates"


@page_view(MunicipalityResource, "patronen", Permission.VIEW_REPORT, f"{TEMPLATES}/patterns.jinja2")
def patterns_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show the patterns in one state beside the one in hand (`?patroon=7`), with what can be done.

    Those to decide about, unless another state is asked for; the strongest is in hand.
    """
    slug, session, holder = context.municipality.slug, request.db, context.holder
    asked = dict(query_pairs(request))
    known = {state.value for state in PatternState}
    wanted = asked.get("toestand", "")
    state = PatternState(wanted) if wanted in known else PatternState.PROPOSED
    if is_partial(request):
        # The address follows what is shown, also after a decision that led here.
        request.response.headers["HX-Push-Url"] = request.path_qs
    search = search_of(session, holder)
    find = partial(list_patterns, session, holder, state, roles_at(request, holder))
    patterns = read_register(request, search.counts.get(state, 0), find)
    number = asked.get("patroon", "")
    numbers = {str(card.pattern.number): card for card in patterns.rows}
    chosen = numbers.get(number) if number else next(iter(patterns.rows), None)
    here = f"/gemeenten/{slug}/patronen"
    return {
        "crumbs": [*request.breadcrumb, Crumb("Opvallende patronen", request.path)],
        "state": state,
        "views": [
            NavItem(
                badge_for(choice).word,
                here if choice is PatternState.PROPOSED else f"{here}?toestand={choice}",
                current=choice is state,
                count=search.counts.get(choice, 0),
            )
            for choice in PatternState
        ],
        "patterns": patterns,
        "items": [_row(request, card, current=card is chosen) for card in patterns.rows],
        "asked": number,
        "detail": _detail(context, request, chosen) if chosen else None,
        "search": search,
        "may_search": bool(request.has_permission(Permission.EDIT_DOSSIER, context)),
        "town": f"/gemeenten/{slug}",
    }


def _row(request: Request, card: Card, *, current: bool) -> WorkbenchRow:
    """Return a pattern as a row: the place, what happens there, how often and when."""
    pattern, hours = card.pattern, "hele dag"
    if pattern.from_minute is not None and pattern.to_minute is not None:
        end = -(-pattern.to_minute // 60) % 24 or 24
        hours = f"{pattern.from_minute // 60 % 24}–{end} uur"
    filed = f"al in een dossier: {card.filed}" if card.filed else "nog niet in een dossier"
    until = f", tot {date_text(pattern.until)}" if pattern.until else ""
    return WorkbenchRow(
        title=card.title,
        href=with_params(request, patroon=pattern.number),
        meta=[f"{len(card.reports)}×", hours],
        text=f"{filed}{until}",
        fresh=pattern.state == PatternState.PROPOSED,
        current=current,
    )


def _detail(context: MunicipalityResource, request: Request, card: Card) -> dict[str, Any]:
    """Return the pattern in hand with its evidence and what can be decided about it."""
    path = pattern_path(context.municipality.slug, card.pattern.number)
    shown = _shown(context, request, card.pattern, card.reports, path, card.memberships)
    return {**shown, "title": card.title}


@post_view(MunicipalityResource, "patronen-zoeken", Permission.EDIT_DOSSIER)
def search_now(context: MunicipalityResource, request: Request) -> Any:
    """Search now, rather than tonight."""
    if request.POST.getall("zoeken") != ["nu"]:
        return error_response(request, 422)
    queued = ask_for_search(request.db, context.holder)
    request.flash(
        "Het systeem zoekt nu. Ververs deze pagina over een minuut."
        if queued
        else "Het systeem is al aan het zoeken. Ververs deze pagina over een minuut.",
        "info",
    )
    return HTTPSeeOther(f"/gemeenten/{context.municipality.slug}/patronen")


@page_view(PatternResource, "", Permission.VIEW_REPORT, f"{TEMPLATES}/pattern.jinja2")
def pattern_view(context: PatternResource, request: Request) -> dict[str, Any]:
    """Show one pattern: the proposal, why, the evidence, and what can be done."""
    here = request.resource_path(context).rstrip("/")
    reports = reports_of(request.db, context.pattern)
    roles = roles_at(request, context.holder)
    inside = memberships_of(request.db, [report.id for report in reports], roles)
    return _shown(context, request, context.pattern, reports, here, inside)


def _shown(
    context: Any,
    request: Request,
    pattern: Pattern,
    reports: Sequence[Report],
    here: str,
    memberships: Sequence[Any],
) -> dict[str, Any]:
    """Return all that is shown of a pattern; reading its reports is noted."""
    roles, slug = roles_at(request, context.holder), context.municipality.slug
    evidence = evidence_of(request.db, pattern, reports, request.branding, slug)
    filing = filing_of(pattern, reports, slug, memberships)
    ids = [report.id for report in reports]
    note_read(request, context.holder, "melding", ids, task="patroon bekijken")
    sees = bool(request.has_permission(Permission.VIEW_DOSSIER, context))
    decides = bool(request.has_permission(Permission.EDIT_DOSSIER, context))
    open_ = pattern.state in DECIDABLE
    return {
        "pattern": pattern,
        "number": len(ids),
        "why": why_of(pattern, reports),
        "evidence": evidence,
        "filing": filing,
        "here": here,
        "town": f"/gemeenten/{slug}",
        "dossier": evidence["dossier"] if sees else None,
        "filed_in": filing.dossiers if sees else [],
        "asked": who_asked(request.db, pattern) if STRICT_ROLES & roles else None,
        "rail": rail_of(filing, open_=open_, here=here) if decides else [],
        "parts": PARTS_OF_DAY,
        "summary": words,
    }


@page_view(
    MunicipalityResource, "algoritme", Permission.VIEW_MUNICIPALITY, f"{TEMPLATES}/algorithm.jinja2"
)
def algorithm_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show what the algorithm register of the municipality asks, with what is set here."""
    choice = choice_of(request.db, context.holder)
    return {
        "crumbs": [*request.breadcrumb, Crumb("Algoritme", request.path)],
        "choice": choice,
        "keep_days": KEEP_DAYS,
        "municipality": context.municipality.name,
    }


# Controls and attributes of the settings, with what is asked.
SETTINGS: Final = {
    "dagen": ("window_days", "Periode in dagen", "Zo ver kijkt het systeem terug."),
    "straal": (
        "radius_m",
        "Straal in meters",
        "Zo ver liggen meldingen van één plek uit elkaar.",
    ),
    "minstens": ("least", "Minstens zo veel meldingen", "Met minder is het geen patroon."),
    "zekerheid": ("certainty", "Zekerheid in procenten", "Hoe hoger, hoe minder loos alarm."),
    "rust": (
        "quiet_days",
        "Rust na afwijzen, in dagen",
        "Zo lang komt een afgewezen patroon niet terug.",
    ),
}


def settings_schema() -> Any:
    """Return the form with the settings of the nightly search; `aan` gives "ja" or "nee"."""
    question = "Elke nacht zoeken naar opvallende patronen?"
    # A closed choice: what isn't one of both changes nothing.
    choice = forms.OneOf((("ja", "ja"), ("nee", "nee")), radio=True)
    schema = Schema(field(choice, question, name="aan"))
    for name, (attribute, label, description) in SETTINGS.items():
        low, high = LIMITS[attribute]
        about = f"{description} ({low} tot {high})"
        schema[name] = field(forms.Integer(low, high), label, name=name, description=about)
    schema["versie"] = version_field()
    return schema


@form_view(MunicipalityAdministration, "patronen", Permission.EDIT_SETTINGS, FORM_PAGE)
def settings_view(context: MunicipalityAdministration, request: Request) -> Any:
    """Change how the municipality has its reports searched."""
    now, back = choice_of(request.db, context.holder), request.resource_path(context).rstrip("/")
    form = Form(
        settings_schema(),
        request,
        buttons=[Button("opslaan", "Opslaan")],
        appstruct={
            **{name: getattr(now, attribute) for name, (attribute, *_) in SETTINGS.items()},
            "aan": "ja" if now.enabled else "nee",
            "versie": now.version,
        },
        cancel_url=back,
    )

    def on_valid(values: Values) -> HTTPSeeOther:
        new = {attribute: values[name] for name, (attribute, *_) in SETTINGS.items()}
        new["enabled"] = values["aan"] == "ja"
        try:
            version = values["versie"]
            fields = change_settings(request.db, context.holder, new, version, request.actor)
        except ConflictError:
            form["versie"].cstruct = str(choice_of(request.db, context.holder).version)
            raise
        result = "De instellingen zijn opgeslagen." if fields else "Er was niets gewijzigd."
        request.flash(f"{result} Zij gelden vanaf de volgende zoektocht.")
        return HTTPSeeOther(back)

    page = {
        "title": "Opvallende patronen",
        "above": "Beheer",
        "how": f"/gemeenten/{context.municipality.slug}/algoritme",
    }
    return handle_form(request, form, on_valid, page)


def report_panel(context: ReportResource, request: Any) -> Panel | None:
    """Return the patterns that a report is part of, unless somebody said it is none."""
    towns = [node for node in lineage(context) if isinstance(node, MunicipalityResource)]
    if not towns or context.report.state in GONE:
        return None
    shown = select(PatternReport.pattern_id).where(PatternReport.report_id == context.report.id)
    numbers = request.db.scalars(
        select(Pattern.number)
        .where(Pattern.id.in_(shown), Pattern.state.in_((*DECIDABLE, PatternState.ACCEPTED)))
        .order_by(Pattern.number)
    ).all()
    values = {"numbers": numbers, "town": f"/gemeenten/{towns[0].municipality.slug}"}
    panel = f"{TEMPLATES}/report_panel.jinja2"
    return Panel("Opvallend patroon", panel, values) if numbers else None


def settings_panel(context: Any, request: Any) -> Panel | None:
    """Return the way to the settings, on the overview of *beheer*."""
    if not isinstance(context, MunicipalityAdministration):
        return None
    settings, town = request.resource_path(context, "patronen"), context.municipality.slug
    values = {"settings": settings, "algorithm": f"/gemeenten/{town}/algoritme"}
    return Panel("Opvallende patronen", f"{TEMPLATES}/settings_panel.jinja2", values)
