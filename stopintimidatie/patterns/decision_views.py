"""Accepting, snoozing and rejecting a pattern; and the settings of the search."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import select

from stopintimidatie.clock import utc_now
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.paths import path_of_dossier
from stopintimidatie.dossiers.services import DossierPlan
from stopintimidatie.dossiers.vocabulary import DossierKind
from stopintimidatie.dossiers.workflow import LIVE
from stopintimidatie.municipalities.resources import MunicipalityAdministration
from stopintimidatie.patterns import services
from stopintimidatie.patterns.evidence import why_of
from stopintimidatie.patterns.explaining import hours_text
from stopintimidatie.patterns.forms import (
    NEW,
    SETTINGS,
    accept_schema,
    reject_schema,
    settings_schema,
    snooze_schema,
)
from stopintimidatie.patterns.resources import PatternResource
from stopintimidatie.patterns.settings import (
    StaleSettingError,
    change_settings,
    choice_of,
    version_of,
)
from stopintimidatie.patterns.vocabulary import DECIDABLE
from stopintimidatie.register.queries import neighbourhoods_of
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.web.filters import local, plural
from stopintimidatie.web.forms import Button, ConflictError, Form, FormError, handle_form
from stopintimidatie.web.request import Request
from stopintimidatie.workflow import WorkflowError
from stopintimidatie.workflow.registry import WORKFLOW_EFFECTS

FORM_PAGE: Final = "stopintimidatie.patterns:templates/form.jinja2"
Values = dict[str, Any]


@view_config(
    context=PatternResource,
    name="aannemen",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
)
def accept_view(context: PatternResource, request: Request) -> Any:
    """A new dossier with these reports, or the dossier that they belong to."""
    if (closed := _closed(context, request)) is not None:
        return closed
    pattern = context.pattern
    reports = services.reports_of(request.db, pattern)
    note_read(request, context.holder, "melding", [r.id for r in reports], task="patroon aannemen")
    some_new = any(report.state == "nieuw" for report in reports)
    areas = [(area.code, area.name) for area in neighbourhoods_of(request.db, context.holder)]
    names = dict(areas)
    hours = hours_text(pattern.from_minute, pattern.to_minute)
    title = f"Overlast in {names.get(pattern.neighbourhood_code or '', 'de gemeente')} {hours}"
    form = _form(
        context,
        request,
        accept_schema(_dossiers(request, context), areas, some_new=some_new),
        Button("aannemen", "Aannemen"),
        dossier=str(pattern.dossier_id) if pattern.dossier_id else NEW,
        titel=title,
        wijk=pattern.neighbourhood_code,
    )
    return _decide(
        context, request, form, "Patroon aannemen", lambda v: _accept(context, request, v)
    )


def _dossiers(request: Request, context: PatternResource) -> list[tuple[str, str]]:
    """The running dossiers that aren't of one person."""
    rows = request.db.execute(
        select(Dossier.id, Dossier.number, Dossier.title)
        .where(
            Dossier.holder == context.holder,
            Dossier.state.in_(LIVE),
            Dossier.kind != DossierKind.PERSON.value,
        )
        .order_by(Dossier.number.desc())
    )
    return [(str(row.id), f"{row.number} {row.title}") for row in rows]


def _accept(context: PatternResource, request: Request, values: Values) -> HTTPSeeOther:
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
    made = services.accept(
        request.db, effects, context.pattern, plan, actor, take_new=bool(values.get("nieuwe"))
    )
    went = plural(made.filed, "melding zit", "meldingen zitten")
    told = f"Het patroon is aangenomen. {went} nu in dossier {made.dossier.number}."
    if made.waiting:
        told += f" Beoordeel eerst: {', '.join(made.waiting)}."
    request.flash(told, "warning" if made.waiting else "ok")
    return HTTPSeeOther(path_of_dossier(request.db, made.dossier.id))


def _summary(context: PatternResource, request: Request) -> str:
    """What the dossier begins with: the pattern in words."""
    reports = services.reports_of(request.db, context.pattern)
    return " ".join(why_of(context.pattern, len(reports)))


@view_config(
    context=PatternResource,
    name="uitstellen",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
)
def snooze_view(context: PatternResource, request: Request) -> Any:
    """Not now."""
    if (closed := _closed(context, request)) is not None:
        return closed
    later = local(utc_now()).date() + timedelta(days=14)
    form = _form(context, request, snooze_schema(), Button("uitstellen", "Uitstellen"), tot=later)

    def act(values: Values) -> HTTPSeeOther:
        actor = request.actor
        services.snooze(request.db, context.pattern, values["tot"], actor)
        return _done(context, request, "Het patroon is uitgesteld.")

    return _decide(context, request, form, "Patroon uitstellen", act)


@view_config(
    context=PatternResource,
    name="afwijzen",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
)
def reject_view(context: PatternResource, request: Request) -> Any:
    """It is nothing, and why."""
    if (closed := _closed(context, request)) is not None:
        return closed
    quiet = timedelta(days=choice_of(request.db, context.holder).quiet_days)
    until = local(utc_now()).date() + quiet
    form = _form(context, request, reject_schema(), Button("afwijzen", "Afwijzen"), tot=until)

    def act(values: Values) -> HTTPSeeOther:
        actor = request.actor
        services.reject(request.db, context.pattern, values["reden"], values["tot"], actor)
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
    """The way back for who opens the form of what was decided; a POST gets its answer there."""
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
            services.take_in_hand(request.db, context.pattern, values["versie"])
            answer = act(values)
            request.db.flush()
            return answer
        except services.StalePatternError:
            form["versie"].cstruct = str(context.pattern.version)
            raise ConflictError(
                "Het patroon is intussen veranderd. Bekijk het opnieuw voor u beslist.", []
            ) from None
        except WorkflowError as problem:
            raise FormError(str(problem), problem.field) from None

    page = {"title": title, "above": context.title}
    return handle_form(request, form, on_valid, page)


def _done(context: PatternResource, request: Request, told: str) -> HTTPSeeOther:
    request.flash(told)
    return HTTPSeeOther(f"/gemeenten/{context.municipality.slug}/patronen")


@view_config(
    context=MunicipalityAdministration,
    name="patronen",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_SETTINGS,
    renderer=FORM_PAGE,
)
def settings_view(context: MunicipalityAdministration, request: Request) -> Any:
    """How the municipality has its reports searched."""
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
        given = {attribute: values[name] for name, attribute in SETTINGS.items()}
        given["enabled"] = values["aan"] == "ja"
        actor = request.actor
        try:
            fields = change_settings(request.db, context.holder, given, values["versie"], actor)
        except StaleSettingError:
            form["versie"].cstruct = str(version_of(request.db, context.holder))
            raise ConflictError(
                "Iemand anders heeft dit intussen gewijzigd. Kijk het na en sla opnieuw op.", []
            ) from None
        told = "De instellingen zijn opgeslagen." if fields else "Er was niets gewijzigd."
        request.flash(f"{told} Zij gelden vanaf de volgende zoektocht.")
        return HTTPSeeOther(request.resource_path(context).rstrip("/"))

    page = {
        "title": "Opvallende patronen",
        "above": "Beheer",
        "intro": "Hiermee zoekt het systeem 's nachts naar plekken en uren met opvallend veel"
        " meldingen. Een medewerker beslist over elk voorstel.",
        "link": ("Hoe dit werkt", f"/gemeenten/{context.municipality.slug}/algoritme"),
    }
    return handle_form(request, form, on_valid, page)
