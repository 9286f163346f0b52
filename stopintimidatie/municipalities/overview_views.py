"""The pages of what is set: the overview with a preview, the versions, taking back a plan."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import select

from stopintimidatie.clock import utc_now
from stopintimidatie.municipalities.editing import (
    PART_LABELS,
    content_of,
    is_national,
    name_of,
    published_here,
)
from stopintimidatie.municipalities.level_plans import plan_of
from stopintimidatie.municipalities.levels import level_history
from stopintimidatie.municipalities.models import MunicipalitySetting, ParticipationLevel
from stopintimidatie.municipalities.previewing import EXAMPLE_PLACE, answer_preview, at_level
from stopintimidatie.municipalities.published import Part, Published
from stopintimidatie.municipalities.publishing import PublishingError, withdraw
from stopintimidatie.municipalities.questions import USES
from stopintimidatie.municipalities.resources import Administration
from stopintimidatie.security import Permission
from stopintimidatie.web.filters import date_text, datetime_long, local, plural
from stopintimidatie.web.panels import panels
from stopintimidatie.web.request import Request

P = Permission.EDIT_SETTINGS
MOST_VERSIONS = 100
PAGES = {
    Part.LOOK: "uiterlijk",
    Part.ANSWERS: "teksten",
    Part.LET_OP: "let-op",
    Part.HELP: "hulplijnen",
    Part.QUESTIONS: "vragen",
    Part.CONTACT: "termijn",
    Part.OFFICERS: "boas",
}
OF_THE_DESK = frozenset({Part.ANSWERS, Part.LET_OP, Part.HELP})


@view_config(
    context=Administration,
    name="",
    request_method="GET",
    permission=P,
    renderer="templates/overview.jinja2",
)
def overview(context: Administration, request: Request) -> dict[str, Any]:
    """What is set, what waits for its moment, and what a reporter sees of it."""
    published = published_here(context, request)
    planned = _planned(context, request)
    return {
        "national": is_national(context),
        "level": None if is_national(context) else _level(context, request, published),
        "parts": [
            {
                "label": PART_LABELS[part],
                "said": _said(part, published, context),
                "href": request.resource_path(context, page),
                "planned": planned.get(part),
            }
            for part, page in PAGES.items()
            if part in OF_THE_DESK or not is_national(context)
        ],
        "versions": request.resource_path(context, "versies"),
        "preview": _preview(context, published),
        "panels": panels(request, "beheer", context),
    }


def _preview(context: Administration, published: Published) -> Any:
    name = name_of(context)
    if name is None:
        shown = at_level(published, ParticipationLevel.NO_AGREEMENT)
        return answer_preview(shown, EXAMPLE_PLACE)
    return answer_preview(published, name, logo=logo_address(context, published))


def logo_address(context: Administration, published: Published) -> str | None:
    return f"/api/v1/gemeenten/{context.holder}/logo" if published.logo else None


def _level(context: Administration, request: Request, published: Published) -> dict[str, Any]:
    rows = level_history(request.db, context.holder)
    now = rows[0] if rows else None
    profile = published.profile
    level = ParticipationLevel(profile.level) if profile else ParticipationLevel.NO_AGREEMENT
    return {
        "label": level.label,
        "since": now.since if now else None,
        "plan": plan_of(request.db, context.holder),
        "earlier": [
            [ParticipationLevel(row.level).label, date_text(row.since), date_text(row.until)]
            for row in rows[1:]
        ],
    }


def _planned(context: Administration, request: Request) -> dict[str, str]:
    rows = request.db.scalars(
        select(MunicipalitySetting).where(
            MunicipalitySetting.owner == context.holder,
            MunicipalitySetting.withdrawn_at.is_(None),
            MunicipalitySetting.effective_from > utc_now(),
        )
    )
    return {row.part: datetime_long(row.effective_from) for row in rows}


def _said(part: Part, published: Published, context: Administration) -> str:
    """What is set for a part, in one line."""
    content = content_of(context, published, part)
    match part:
        case Part.LOOK:
            logo = "met logo" if published.logo else "nog geen logo"
            return f"{published.colour or 'de kleur van het programma'}, {logo}"
        case Part.ANSWERS:
            number = sum(len(texts) for texts in content.values())
            return plural(number, "eigen tekst", "eigen teksten") if number else "geen eigen tekst"
        case Part.LET_OP:
            own = "eigen tekst" if content.get("teksten") else "standaardtekst"
            return f"{own}, {published.let_op_working_days} werkdagen"
        case Part.HELP:
            number = len(content.get("lijnen", ()))
            return plural(number, "eigen lijn", "eigen lijnen") if number else "geen eigen lijnen"
        case Part.QUESTIONS:
            app, triage = (len(published.questions(use)) for use in USES)
            return f"{app} in de app, {triage} bij het beoordelen"
        case Part.CONTACT:
            phone = published.telephone or "geen telefoonnummer"
            return f"binnen {plural(published.contact_within_days, 'dag', 'dagen')}, {phone}"
        case Part.OFFICERS:
            today = local(utc_now()).date()
            return "bevoegd" if published.officers_empowered(today) else "niet bevoegd"


@view_config(
    context=Administration,
    name="versies",
    request_method="GET",
    permission=P,
    renderer="templates/versions.jinja2",
)
def versions(context: Administration, request: Request) -> dict[str, Any]:
    """Every version, newest first; a plan can be taken back."""
    rows = request.db.scalars(
        select(MunicipalitySetting)
        .where(MunicipalitySetting.owner == context.holder)
        .order_by(MunicipalitySetting.recorded_at.desc(), MunicipalitySetting.number.desc())
        .limit(MOST_VERSIONS)
    ).all()
    now = utc_now()
    return {
        "rows": [
            {
                "id": str(row.id),
                "part": PART_LABELS.get(Part(row.part), row.part),
                "number": row.number,
                "recorded_at": row.recorded_at,
                "effective_from": row.effective_from,
                "withdrawn_at": row.withdrawn_at,
                "planned": row.withdrawn_at is None and row.effective_from > now,
            }
            for row in rows
        ],
        "action": request.resource_path(context, "intrekken"),
        "back": request.resource_path(context),
    }


@view_config(context=Administration, name="intrekken", request_method="POST", permission=P)
def take_back(context: Administration, request: Request) -> HTTPSeeOther:
    """Take back a plan before its moment."""
    out = HTTPSeeOther(request.resource_path(context, "versies"))
    row = _version(context, request)
    if row is None:
        request.flash("Deze versie is er niet.", kind="error")
        return out
    try:
        withdraw(request.db, request.actor, row)
    except PublishingError as problem:
        request.flash(str(problem), kind="error")
        return out
    request.flash("De geplande wijziging is ingetrokken.")
    return out


def _version(context: Administration, request: Request) -> MunicipalitySetting | None:
    try:
        wanted = UUID(str(request.POST.get("versie", "")))
    except ValueError:
        return None
    row = request.db.get(MunicipalitySetting, wanted)
    return row if row is not None and row.owner == context.holder else None
