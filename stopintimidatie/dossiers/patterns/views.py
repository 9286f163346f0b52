"""The pages of patterns: the list, one with its evidence, the algorithm, and the settings."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core.forms import Button, ConflictError, Form, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text
from stopintimidatie.core.web.components import ListItem
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
)
from stopintimidatie.dossiers.pages import roles_at
from stopintimidatie.dossiers.patterns.decisions import ALL_FILED, advice_of
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
    counts_by_state,
    evidence_of,
    list_patterns,
    why_of,
)
from stopintimidatie.dossiers.patterns.resources import PatternResource, pattern_path
from stopintimidatie.dossiers.patterns.rules import expected_text, heading, hours_text
from stopintimidatie.dossiers.patterns.services import (
    StaleSettingError,
    change_settings,
    choice_of,
    row_of,
    version_of,
    who_asked,
)
from stopintimidatie.dossiers.resources import STRICT_ROLES
from stopintimidatie.municipalities.areas.resources import (
    MunicipalityAdministration,
    MunicipalityResource,
)
from stopintimidatie.reports.rules import PARTS_OF_DAY

TEMPLATES: Final = "stopintimidatie.dossiers.patterns:templates"
FORM_PAGE: Final = f"{TEMPLATES}/form.jinja2"
Values = dict[str, Any]


@page_view(MunicipalityResource, "patronen", Permission.VIEW_REPORT, f"{TEMPLATES}/patterns.jinja2")
def patterns_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show the patterns in one state; those to decide about unless another is asked for."""
    slug, session = context.municipality.slug, request.db
    wanted = dict(query_pairs(request)).get("toestand", "")
    known = {state.value for state in PatternState}
    state = PatternState(wanted) if wanted in known else PatternState.PROPOSED
    counts = counts_by_state(session, context.holder)
    paging = Paging(wanted_page(request), counts.get(state, 0))
    setting = row_of(session, context.holder)
    here = f"/gemeenten/{slug}/patronen"
    return {
        "crumbs": [*request.breadcrumb, Crumb("Opvallende patronen", request.path)],
        "state": state,
        "tabs": [
            NavItem(
                label,
                here if choice is PatternState.PROPOSED else f"{here}?toestand={choice}",
                current=choice is state,
                count=counts.get(choice, 0),
            )
            for choice, label in LABELS.items()
        ],
        "items": [
            _item(slug, *row)
            for row in list_patterns(
                session, context.holder, state, paging, roles_at(request, context.holder)
            )
        ],
        "paging": paging,
        "searched": None if setting is None else setting.searched_at,
        "enabled": setting is None or setting.enabled,
        "may_search": bool(request.has_permission(Permission.EDIT_DOSSIER, context)),
        "search": f"/gemeenten/{slug}/patronen-zoeken",
        "how": f"/gemeenten/{slug}/algoritme",
    }


def _item(slug: str, pattern: Pattern, count: int, area: str | None, unfiled: bool) -> ListItem:
    meta = [
        f"straal {pattern.radius_m} m",
        hours_text(pattern.from_minute, pattern.to_minute),
        f"{expected_text(pattern.expected)} verwacht",
        f"voor het laatst gezien {date_text(pattern.seen_at)}",
    ]
    if pattern.until is not None:
        meta.append(f"tot {date_text(pattern.until)}")
    advice = "aanvulling op een dossier" if pattern.dossier_id else "nieuw dossier"
    advice = f"Voorstel: {advice}." if unfiled else ALL_FILED
    return ListItem(
        heading(area or "deze gemeente", count),
        pattern_path(slug, pattern.number),
        [pattern.state],
        [f"P-{pattern.number}", *meta],
        advice if pattern.state in DECIDABLE else "",
    )


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
    pattern = context.pattern
    roles = roles_at(request, context.holder)
    evidence = evidence_of(request.db, pattern, request.branding, roles)
    shown = [report.id for report in evidence.reports]
    note_read(request, context.holder, "melding", shown, task="patroon bekijken")
    decides = pattern.state in DECIDABLE and bool(
        request.has_permission(Permission.EDIT_DOSSIER, context)
    )
    sees = bool(request.has_permission(Permission.VIEW_DOSSIER, context))
    return {
        "pattern": pattern,
        "label": LABELS[PatternState(pattern.state)],
        "heading": heading(evidence.place, len(shown)),
        "why": why_of(pattern, evidence.reports),
        "evidence": evidence,
        "parts": [*PARTS_OF_DAY],
        "here": request.resource_path(context).rstrip("/"),
        "decides": decides,
        "dossier": evidence.dossier if sees else None,
        "filed_in": evidence.filing.dossiers if sees else [],
        "may_accept": evidence.filing.number > 0 and not evidence.filing.taken,
        "ask": evidence.filing.elsewhere,
        "asked": who_asked(request.db, pattern) if STRICT_ROLES & roles else None,
        "how": f"/gemeenten/{context.municipality.slug}/algoritme",
        "advice": advice_of(pattern, evidence.filing),
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
