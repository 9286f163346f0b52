"""The pages of patterns: the list, one with its evidence, the algorithm, and the settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core.forms import Button, ConflictError, Form, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text
from stopintimidatie.core.web.components import WorkbenchRow, is_partial
from stopintimidatie.core.web.errors import error_response
from stopintimidatie.core.web.request import (
    Crumb,
    NavItem,
    Paging,
    Request,
    form_view,
    page_view,
    post_view,
    query_pairs,
    wanted_page,
    with_params,
)
from stopintimidatie.dossiers.pages import roles_at
from stopintimidatie.dossiers.patterns.decisions import filing_of, rail_of, why_not_accept
from stopintimidatie.dossiers.patterns.forms import (
    SETTINGS,
    settings_schema,
)
from stopintimidatie.dossiers.patterns.jobs import ask_for_search
from stopintimidatie.dossiers.patterns.models import (
    DECIDABLE,
    KEEP_DAYS,
    LABELS,
    Pattern,
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
from stopintimidatie.dossiers.patterns.rules import heading, hours_short
from stopintimidatie.dossiers.patterns.services import (
    StaleSettingError,
    change_settings,
    choice_of,
    reports_of,
    version_of,
    who_asked,
)
from stopintimidatie.dossiers.resources import STRICT_ROLES
from stopintimidatie.municipalities.areas.resources import (
    MunicipalityAdministration,
    MunicipalityResource,
)
from stopintimidatie.reports import words
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import PARTS_OF_DAY

TEMPLATES: Final = "stopintimidatie.dossiers.patterns:templates"
FORM_PAGE: Final = f"{TEMPLATES}/form.jinja2"
Values = dict[str, Any]


@page_view(MunicipalityResource, "patronen", Permission.VIEW_REPORT, f"{TEMPLATES}/patterns.jinja2")
def patterns_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show the patterns in one state beside the one in hand (`?patroon=7`), with what can be done.

    Those to decide about, unless another state is asked for; the strongest is in hand.
    """
    slug, session = context.municipality.slug, request.db
    asked = dict(query_pairs(request))
    known = {state.value for state in PatternState}
    wanted = asked.get("toestand", "")
    state = PatternState(wanted) if wanted in known else PatternState.PROPOSED
    if is_partial(request):
        # The address follows what is shown, also after a decision that led here.
        request.response.headers["HX-Push-Url"] = request.path_qs
    search = search_of(session, context.holder)
    paging = Paging(wanted_page(request), search.counts.get(state, 0))
    roles = roles_at(request, context.holder)
    cards = list_patterns(session, context.holder, state, paging, roles)
    numbers = {str(card.pattern.number): card for card in cards}
    number = asked.get("patroon", "")
    chosen = numbers.get(number) if number else next(iter(cards), None)
    here = f"/gemeenten/{slug}/patronen"
    return {
        "crumbs": [*request.breadcrumb, Crumb("Opvallende patronen", request.path)],
        "state": state,
        "views": [
            NavItem(
                label,
                here if choice is PatternState.PROPOSED else f"{here}?toestand={choice}",
                current=choice is state,
                count=search.counts.get(choice, 0),
            )
            for choice, label in LABELS.items()
        ],
        "items": [_row(request, card, current=card is chosen) for card in cards],
        "asked": number,
        "detail": _detail(context, request, chosen) if chosen else None,
        "paging": paging,
        "searched": search.searched_at,
        "enabled": search.enabled,
        "may_search": bool(request.has_permission(Permission.EDIT_DOSSIER, context)),
        "search": f"/gemeenten/{slug}/patronen-zoeken",
        "how": f"/gemeenten/{slug}/algoritme",
        "parts": [*PARTS_OF_DAY],
        "summary": words,
    }


def _row(request: Request, card: Card, *, current: bool) -> WorkbenchRow:
    """Return a pattern as a row: the place, what happens there, how often and when."""
    pattern = card.pattern
    filed = f"al in een dossier: {card.filed}" if card.filed else "nog niet in een dossier"
    until = f", tot {date_text(pattern.until)}" if pattern.until else ""
    return WorkbenchRow(
        title=card.title,
        href=with_params(request, patroon=pattern.number),
        meta=[f"{len(card.reports)}×", hours_short(pattern.from_minute, pattern.to_minute)],
        text=f"{filed}{until}",
        fresh=pattern.state == PatternState.PROPOSED,
        current=current,
    )


def _detail(context: MunicipalityResource, request: Request, card: Card) -> dict[str, Any]:
    """Return the pattern in hand with its evidence and what can be decided about it."""
    path = pattern_path(context.municipality.slug, card.pattern.number)
    shown = _shown(context, request, card.pattern, card.reports, path, card.memberships)
    return {**shown, "card": card, "path": path, "rail": rail_of(shown, path)}


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
    shown = _shown(context, request, context.pattern, reports, here, inside)
    return {**shown, "parts": [*PARTS_OF_DAY], "summary": words, "rail": rail_of(shown, here)}


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
    ids = [report.id for report in evidence.reports]
    note_read(request, context.holder, "melding", ids, task="patroon bekijken")
    may_decide = bool(request.has_permission(Permission.EDIT_DOSSIER, context))
    sees = bool(request.has_permission(Permission.VIEW_DOSSIER, context))
    dossier = evidence.dossier if sees else None
    return {
        "pattern": pattern,
        "label": LABELS[PatternState(pattern.state)],
        "heading": heading(evidence.place, len(ids)),
        "why": why_of(pattern, evidence.reports),
        "evidence": evidence,
        "filing": filing,
        "here": here,
        "may_decide": may_decide,
        "decides": may_decide and pattern.state in DECIDABLE,
        "dossier": dossier,
        "filed_in": filing.dossiers if sees else [],
        "may_accept": not why_not_accept(filing),
        "why_not": why_not_accept(filing),
        "ask": filing.elsewhere,
        "asked": who_asked(request.db, pattern) if STRICT_ROLES & roles else None,
        "how": f"/gemeenten/{context.municipality.slug}/algoritme",
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


@form_view(MunicipalityAdministration, "patronen", Permission.EDIT_SETTINGS, FORM_PAGE)
def settings_view(context: MunicipalityAdministration, request: Request) -> Any:
    """Change how the municipality has its reports searched."""
    now = choice_of(request.db, context.holder)
    form = Form(
        settings_schema(),
        request,
        buttons=[Button("opslaan", "Opslaan")],
        appstruct={
            **{name: getattr(now, attribute) for name, attribute in SETTINGS.items()},
            "aan": "ja" if now.enabled else "nee",
            "versie": version_of(request.db, context.holder),
        },
        cancel_url=request.resource_path(context).rstrip("/"),
    )

    def on_valid(values: Values) -> HTTPSeeOther:
        new = {attribute: values[name] for name, attribute in SETTINGS.items()}
        new["enabled"] = values["aan"] == "ja"
        version, actor = values["versie"], request.actor
        try:
            fields = change_settings(request.db, context.holder, new, version, actor)
        except StaleSettingError:
            form["versie"].cstruct = str(version_of(request.db, context.holder))
            raise ConflictError(
                "Iemand anders heeft dit intussen gewijzigd. Kijk het na en sla opnieuw op.", []
            ) from None
        result = "De instellingen zijn opgeslagen." if fields else "Er was niets gewijzigd."
        request.flash(f"{result} Zij gelden vanaf de volgende zoektocht.")
        return HTTPSeeOther(request.resource_path(context).rstrip("/"))

    page = {
        "title": "Opvallende patronen",
        "above": "Beheer",
        "intro": "Hiermee zoekt het systeem 's nachts naar plekken en uren met opvallend veel"
        " meldingen. Een medewerker beslist over elk voorstel.",
        "link": ("Hoe dit werkt", f"/gemeenten/{context.municipality.slug}/algoritme"),
    }
    return handle_form(request, form, on_valid, page)
