"""The pages of patterns: the list, one with its evidence, deciding about it, and the settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, ConflictError, Form, FormError, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text, local, plural
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
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError
from stopintimidatie.dossiers.case.services import DossierPlan
from stopintimidatie.dossiers.filing.views import check_danger, danger_questions, take_on
from stopintimidatie.dossiers.patterns.forms import (
    NEW,
    SETTINGS,
    accept_schema,
    reject_schema,
    settings_schema,
    snooze_schema,
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
    Filing,
    counts_by_state,
    evidence_of,
    filing_of,
    list_patterns,
    possible_dossiers,
    why_of,
)
from stopintimidatie.dossiers.patterns.resources import PatternResource, pattern_path
from stopintimidatie.dossiers.patterns.rules import expected_text, heading, hours_text
from stopintimidatie.dossiers.patterns.services import (
    StalePatternError,
    StaleSettingError,
    accept,
    change_settings,
    choice_of,
    reject,
    reports_of,
    row_of,
    snooze,
    take_in_hand,
    version_of,
)
from stopintimidatie.dossiers.resources import path_of_dossier
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.municipalities.areas.queries import neighbourhoods_of
from stopintimidatie.municipalities.areas.resources import (
    MunicipalityAdministration,
    MunicipalityResource,
)
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import PARTS_OF_DAY

TEMPLATES: Final = "stopintimidatie.dossiers.patterns:templates"
FORM_PAGE: Final = f"{TEMPLATES}/form.jinja2"
Values = dict[str, Any]
ALL_FILED: Final = "Alle meldingen zitten al in een dossier."


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
            _item(slug, *row) for row in list_patterns(session, context.holder, state, paging)
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
    evidence = evidence_of(request.db, pattern, request.branding)
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
        "may_accept": evidence.filing.number > 0,
        "how": f"/gemeenten/{context.municipality.slug}/algoritme",
        "advice": _advice(pattern, evidence.filing),
    }


def _advice(pattern: Pattern, filing: Filing) -> str:
    if not filing.number:
        return ALL_FILED if filing.dossiers else "De meldingen zijn er niet meer."
    new = plural(filing.number, "melding", "meldingen")
    advice = f"Maak een dossier van {new}."
    if pattern.dossier_id is not None:
        advice = f"Vul het dossier aan met {new}."
    return advice + _referring(filing.referred)


def _referring(number: int) -> str:
    """Say how many reports a dossier only refers to; nothing for none."""
    if not number:
        return ""
    belong = "Die hoort" if number == 1 else "Die horen"
    are = "is" if number == 1 else "zijn"
    why = f"{belong} al bij een ander dossier, of {are} afgehandeld."
    return f" Naar {number} daarvan verwijst het dossier alleen. {why}"


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


@form_view(PatternResource, "aannemen", Permission.EDIT_DOSSIER, FORM_PAGE)
def accept_view(context: PatternResource, request: Request) -> Any:
    """Put the reports of a pattern in a new dossier, or in the dossier that they belong to."""
    if (closed := _closed(context, request)) is not None:
        return closed
    pattern = context.pattern
    reports = reports_of(request.db, pattern)
    note_read(request, context.holder, "melding", [r.id for r in reports], task="patroon aannemen")
    filing = filing_of(request.db, pattern, reports, context.municipality.slug)
    if pattern.state in DECIDABLE and not filing.number:
        request.flash(_advice(pattern, filing), "warning")
        return HTTPSeeOther(request.resource_path(context).rstrip("/"))
    areas = [(area.code, area.name) for area in neighbourhoods_of(request.db, context.holder)]
    names = dict(areas)
    hours = hours_text(pattern.from_minute, pattern.to_minute)
    title = f"Overlast in {names.get(pattern.neighbourhood_code or '', 'de gemeente')} {hours}"
    form = _form(
        context,
        request,
        accept_schema(
            possible_dossiers(request.db, context.holder), areas, danger_questions(reports)
        ),
        Button("aannemen", "Aannemen"),
        dossier=str(pattern.dossier_id) if pattern.dossier_id else NEW,
        titel=title,
        wijk=pattern.neighbourhood_code,
    )
    return _decide(
        context, request, form, "Patroon aannemen", lambda v: _accept(context, request, reports, v)
    )


def _accept(
    context: PatternResource, request: Request, reports: Sequence[Report], values: Values
) -> HTTPSeeOther:
    check_danger(values, reports)
    if values["dossier"] == NEW:
        for name in ("titel", "wijk"):
            if not values[name]:
                raise WorkflowError("Vul dit in voor een nieuw dossier.", name)
        plan: DossierPlan | UUID = DossierPlan(
            title=values["titel"],
            kind=DossierKind.HOTSPOT.value,
            neighbourhood_code=values["wijk"],
            summary=_summary(context, request),
        )
    else:
        plan = UUID(values["dossier"])
    actor, effects = request.actor, WORKFLOW_EFFECTS.of(request.registry)
    for report in reports:
        take_on(request.db, effects, report, values, actor)
    made = accept(request.db, effects, context.pattern, plan, actor)
    filed = plural(made.filed, "melding zit", "meldingen zitten")
    message = f"Het patroon is aangenomen. {filed} nu in dossier {made.dossier.number}."
    message += _referring(made.referred)
    if made.waiting:
        message += f" Beoordeel eerst: {', '.join(made.waiting)}."
    request.flash(message, "warning" if made.waiting else "ok")
    return HTTPSeeOther(path_of_dossier(request.db, made.dossier.id))


def _summary(context: PatternResource, request: Request) -> str:
    """Return the first summary of the dossier: the pattern in words."""
    return " ".join(why_of(context.pattern, reports_of(request.db, context.pattern)))


@form_view(PatternResource, "uitstellen", Permission.EDIT_DOSSIER, FORM_PAGE)
def snooze_view(context: PatternResource, request: Request) -> Any:
    """Put the decision off until a day."""
    if (closed := _closed(context, request)) is not None:
        return closed
    later = local(utc_now()).date() + timedelta(days=14)
    form = _form(context, request, snooze_schema(), Button("uitstellen", "Uitstellen"), tot=later)

    def act(values: Values) -> HTTPSeeOther:
        snooze(request.db, context.pattern, values["tot"], request.actor)
        return _done(context, request, "Het patroon is uitgesteld.")

    return _decide(context, request, form, "Patroon uitstellen", act)


@form_view(PatternResource, "afwijzen", Permission.EDIT_DOSSIER, FORM_PAGE)
def reject_view(context: PatternResource, request: Request) -> Any:
    """Reject the pattern with a reason, and keep it quiet until a day."""
    if (closed := _closed(context, request)) is not None:
        return closed
    quiet = timedelta(days=choice_of(request.db, context.holder).quiet_days)
    until = local(utc_now()).date() + quiet
    form = _form(context, request, reject_schema(), Button("afwijzen", "Afwijzen"), tot=until)

    def act(values: Values) -> HTTPSeeOther:
        reject(request.db, context.pattern, values["reden"], values["tot"], request.actor)
        return _done(context, request, "Het patroon is afgewezen.")

    return _decide(context, request, form, "Patroon afwijzen", act)


def _form(
    context: PatternResource, request: Request, schema: Any, button: Button, **known: Any
) -> Form:
    return Form(
        schema,
        request,
        buttons=[button],
        appstruct={**known, "versie": context.pattern.version},
        cancel_url=request.resource_path(context).rstrip("/"),
    )


def _closed(context: PatternResource, request: Request) -> HTTPSeeOther | None:
    """Send who opens the form of a decided pattern back to it; a POST gets its answer there."""
    if request.method == "POST" or context.pattern.state in DECIDABLE:
        return None
    request.flash("Over dit patroon is al besloten, of het is vervallen.", "warning")
    return HTTPSeeOther(request.resource_path(context).rstrip("/"))


def _decide(
    context: PatternResource,
    request: Request,
    form: Form,
    title: str,
    act: Callable[[Values], Any],
) -> Any:
    def on_valid(values: Values) -> Any:
        try:
            take_in_hand(request.db, context.pattern, values["versie"])
            answer = act(values)
            request.db.flush()
            return answer
        except StalePatternError:
            form["versie"].cstruct = str(context.pattern.version)
            raise ConflictError(
                "Het patroon is intussen veranderd. Bekijk het opnieuw voor u beslist.", []
            ) from None
        except WorkflowError as problem:
            raise FormError(str(problem), problem.field) from None

    page = {"title": title, "above": context.title}
    return handle_form(request, form, on_valid, page)


def _done(context: PatternResource, request: Request, message: str) -> HTTPSeeOther:
    request.flash(message)
    return HTTPSeeOther(f"/gemeenten/{context.municipality.slug}/patronen")


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
