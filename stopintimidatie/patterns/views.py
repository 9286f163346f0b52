"""The patterns of a municipality: the list, one pattern with its evidence, and how it works."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import func, select

from stopintimidatie.municipalities.resources import MunicipalityResource
from stopintimidatie.patterns.evidence import Evidence, evidence_of, why_of
from stopintimidatie.patterns.explaining import PARTS, expected_text, heading, hours_text
from stopintimidatie.patterns.models import Pattern, PatternReport
from stopintimidatie.patterns.resources import PatternResource, pattern_path
from stopintimidatie.patterns.searching import ask_for_search
from stopintimidatie.patterns.settings import choice_of, row_of
from stopintimidatie.patterns.vocabulary import DECIDABLE, KEEP_DAYS, LABELS, PatternState
from stopintimidatie.register.models import Neighbourhood
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.web.components import ListItem
from stopintimidatie.web.errors import error_response
from stopintimidatie.web.filters import date_text, plural
from stopintimidatie.web.navigation import Crumb, NavItem
from stopintimidatie.web.paging import Paging, wanted_page
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs

TEMPLATES: Final = "stopintimidatie.patterns:templates"


@view_config(
    context=MunicipalityResource,
    name="patronen",
    request_method="GET",
    permission=Permission.VIEW_REPORT,
    renderer=f"{TEMPLATES}/patterns.jinja2",
)
def patterns_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """The patterns in one state; those to decide about unless another is asked for."""
    slug, session = context.municipality.slug, request.db
    asked = dict(query_pairs(request)).get("toestand", "")
    known = {state.value for state in PatternState}
    state = PatternState(asked) if asked in known else PatternState.PROPOSED
    counts = _counts(request, context.holder)
    paging = Paging(wanted_page(request), counts.get(state, 0))
    rows = session.execute(_rows(context.holder, state, paging)).all()
    setting = row_of(session, context.holder)
    here = f"/gemeenten/{slug}/patronen"
    return {
        "crumbs": [*request.breadcrumb, Crumb("Opvallende patronen", request.path)],
        "state": state,
        "tabs": [
            NavItem(
                label,
                here if one is PatternState.PROPOSED else f"{here}?toestand={one}",
                current=one is state,
                count=counts.get(one, 0),
            )
            for one, label in LABELS.items()
        ],
        "items": [_item(slug, *row) for row in rows],
        "paging": paging,
        "searched": None if setting is None else setting.searched_at,
        "enabled": setting is None or setting.enabled,
        "may_search": bool(request.has_permission(Permission.EDIT_DOSSIER, context)),
        "search": f"/gemeenten/{slug}/patronen-zoeken",
        "how": f"/gemeenten/{slug}/algoritme",
    }


def _counts(request: Request, holder: str) -> dict[str, int]:
    rows = request.db.execute(
        select(Pattern.state, func.count()).where(Pattern.holder == holder).group_by(Pattern.state)
    )
    return {row[0]: row[1] for row in rows}


def _rows(holder: str, state: PatternState, paging: Paging) -> Any:
    size = select(func.count()).where(PatternReport.pattern_id == Pattern.id).scalar_subquery()
    return (
        select(Pattern, size, Neighbourhood.name)
        .outerjoin(Neighbourhood, Neighbourhood.code == Pattern.neighbourhood_code)
        .where(Pattern.holder == holder, Pattern.state == state)
        .order_by(Pattern.strength.desc(), Pattern.number)
        .offset(paging.offset)
        .limit(paging.size)
    )


def _item(slug: str, pattern: Pattern, count: int, area: str | None) -> ListItem:
    meta = [
        f"straal {pattern.radius_m} m",
        hours_text(pattern.from_minute, pattern.to_minute),
        f"{expected_text(pattern.expected)} verwacht",
        f"voor het laatst gezien {date_text(pattern.seen_at)}",
    ]
    if pattern.until is not None:
        meta.append(f"tot {date_text(pattern.until)}")
    advice = "aanvulling op een dossier" if pattern.dossier_id else "nieuw dossier"
    return ListItem(
        heading(area or "deze gemeente", count),
        pattern_path(slug, pattern.number),
        [pattern.state],
        [f"P-{pattern.number}", *meta],
        f"Voorstel: {advice}." if pattern.state in DECIDABLE else "",
    )


@view_config(
    context=MunicipalityResource,
    name="patronen-zoeken",
    request_method="POST",
    permission=Permission.EDIT_DOSSIER,
)
def search_now(context: MunicipalityResource, request: Request) -> Any:
    """Search now, rather than tonight."""
    if request.POST.getall("zoeken") != ["nu"]:
        return error_response(request, 422)
    asked = ask_for_search(request.db, context.holder)
    request.flash(
        "Het systeem zoekt nu. Ververs deze pagina over een minuut."
        if asked
        else "Het systeem is al aan het zoeken. Ververs deze pagina over een minuut.",
        "info",
    )
    return HTTPSeeOther(f"/gemeenten/{context.municipality.slug}/patronen")


@view_config(
    context=PatternResource,
    name="",
    request_method="GET",
    permission=Permission.VIEW_REPORT,
    renderer=f"{TEMPLATES}/pattern.jinja2",
)
def pattern_view(context: PatternResource, request: Request) -> dict[str, Any]:
    """One pattern: the proposal, why, the evidence, and what can be done."""
    pattern = context.pattern
    evidence = evidence_of(request.db, pattern, request.branding)
    shown = [report.id for report in evidence.reports]
    note_read(request, context.holder, "melding", shown, task="patroon bekijken")
    decides = pattern.state in DECIDABLE and bool(
        request.has_permission(Permission.EDIT_DOSSIER, context)
    )
    return {
        "pattern": pattern,
        "label": LABELS[PatternState(pattern.state)],
        "heading": heading(evidence.place, len(shown)),
        "why": why_of(pattern, len(shown)),
        "evidence": evidence,
        "parts": [*PARTS],
        "here": request.resource_path(context).rstrip("/"),
        "decides": decides,
        "dossier": _dossier(request, context, evidence),
        "how": f"/gemeenten/{context.municipality.slug}/algoritme",
        "advice": _advice(pattern, evidence),
    }


def _advice(pattern: Pattern, evidence: Evidence) -> str:
    new = plural(evidence.outside, "melding", "meldingen")
    if pattern.dossier_id is not None:
        return f"Vul het dossier aan met {new}."
    return f"Maak een dossier van {new}."


def _dossier(request: Request, context: PatternResource, evidence: Evidence) -> Any:
    """(title, address) of the dossier, for who may see dossiers."""
    if evidence.dossier is None or not request.has_permission(Permission.VIEW_DOSSIER, context):
        return None
    return evidence.dossier


@view_config(
    context=MunicipalityResource,
    name="algoritme",
    request_method="GET",
    permission=Permission.VIEW_MUNICIPALITY,
    renderer=f"{TEMPLATES}/algorithm.jinja2",
)
def algorithm_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """What the algorithm register of the municipality asks, with what is set here."""
    choice = choice_of(request.db, context.holder)
    return {
        "crumbs": [*request.breadcrumb, Crumb("Algoritme", request.path)],
        "choice": choice,
        "keep_days": KEEP_DAYS,
        "municipality": context.municipality.name,
    }
