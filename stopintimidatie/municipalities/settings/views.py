"""Pages of settings: the overview with a preview, versions, plans, logo and colour."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import BusyError, Form, FormError, handle_form
from stopintimidatie.core.text import date_text, datetime_long, local, plural, uuid_of
from stopintimidatie.core.web.components import panels
from stopintimidatie.core.web.limits import TOO_BUSY, NoPlaceError, heavy_work
from stopintimidatie.core.web.request import Request
from stopintimidatie.core.web.theme import DEFAULT_COLOUR, parse_colour
from stopintimidatie.municipalities.areas.resources import (
    Administration,
    MunicipalityAdministration,
)
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import level_history, plan_of
from stopintimidatie.municipalities.settings import pages, services
from stopintimidatie.municipalities.settings.forms import look_schema
from stopintimidatie.municipalities.settings.models import MunicipalityLogo, MunicipalitySetting
from stopintimidatie.municipalities.settings.rules import Part, Published
from stopintimidatie.municipalities.settings.vocabulary import USES

MOST_VERSIONS = 100
PAGES = {
    Part.LOOK: "uiterlijk",
    Part.ANSWERS: "teksten",
    Part.LET_OP: "let-op",
    Part.REPLIES: "sjablonen",
    Part.HELP: "hulplijnen",
    Part.QUESTIONS: "vragen",
    Part.CONTACT: "termijn",
    Part.OFFICERS: "boas",
    Part.POLICE: "politie",
}
OF_THE_DESK = frozenset({Part.ANSWERS, Part.LET_OP, Part.REPLIES, Part.HELP})


@pages.settings_page(name="", request_method="GET", renderer="templates/overview.jinja2")
def overview(context: Administration, request: Request) -> dict[str, Any]:
    """Show the parts with their content and plans, and a preview for reporters."""
    published = pages.published_here(context, request)
    planned = _planned(context, request)
    return {
        "national": pages.is_national(context),
        "level": None if pages.is_national(context) else _level(context, request, published),
        "parts": [
            {
                "label": pages.PART_LABELS[part],
                "said": _said(part, published, context),
                "href": request.resource_path(context, page),
                "planned": planned.get(part),
            }
            for part, page in PAGES.items()
            if part in OF_THE_DESK or not pages.is_national(context)
        ],
        "versions": request.resource_path(context, "versies"),
        "preview": _preview(context, published),
        "panels": panels(request, "beheer", context),
    }


def _preview(context: Administration, published: Published) -> Any:
    name = pages.name_of(context)
    if name is None:
        shown = pages.at_level(published, ParticipationLevel.NO_AGREEMENT)
        return pages.answer_preview(shown, pages.EXAMPLE_PLACE)
    return pages.answer_preview(published, name, logo=pages.logo_address(context, published))


def _level(context: Administration, request: Request, published: Published) -> dict[str, Any]:
    rows = level_history(request.db, context.holder)
    now = rows[0] if rows else None
    profile = published.profile
    level = ParticipationLevel(profile.agreed_level) if profile else ParticipationLevel.NO_AGREEMENT
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
    """Return a summary of the content of a part, in one line."""
    content = pages.content_of(context, published, part)
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
        case Part.REPLIES:
            number = len(content.get("sjablonen", ()))
            return plural(number, "eigen sjabloon", "eigen sjablonen") if number else "standaard"
        case Part.QUESTIONS:
            app, triage = (len(published.questions(use)) for use in USES)
            return f"{app} in de app, {triage} bij het beoordelen"
        case Part.CONTACT:
            phone = published.own_telephone or "geen telefoonnummer"
            read = plural(published.read_within_days, "werkdag", "werkdagen")
            contact = plural(published.contact_within_days, "dag", "dagen")
            return f"gelezen binnen {read}, contact binnen {contact}, {phone}"
        case Part.POLICE:
            return "aan" if published.keeps_police_data else "uit"
    today = local(utc_now()).date()
    return "bevoegd" if published.officers_empowered(today) else "niet bevoegd"


@pages.settings_page(name="versies", request_method="GET", renderer="templates/versions.jinja2")
def versions(context: Administration, request: Request) -> dict[str, Any]:
    """Show the versions of all parts, newest first, with a button to take back a plan."""
    rows = request.db.scalars(
        select(MunicipalitySetting)
        .where(MunicipalitySetting.owner == context.holder)
        .order_by(MunicipalitySetting.recorded_at.desc(), MunicipalitySetting.number.desc())
        .limit(MOST_VERSIONS)
    ).all()
    return {
        "rows": rows,
        "labels": pages.PART_LABELS,
        "now": utc_now(),
        "action": request.resource_path(context, "intrekken"),
        "back": request.resource_path(context),
    }


@pages.settings_page(name="intrekken", request_method="POST")
def take_back(context: Administration, request: Request) -> HTTPSeeOther:
    """Take back a plan before its moment."""
    row = _version(context, request)
    try:
        if row is None:
            raise services.PublishingError("Deze versie is er niet.")
        services.withdraw(request.db, request.actor, row)
        request.flash("De geplande wijziging is ingetrokken.")
    except services.PublishingError as problem:
        request.flash(str(problem), kind="error")
    return HTTPSeeOther(request.resource_path(context, "versies"))


def _version(context: Administration, request: Request) -> MunicipalitySetting | None:
    wanted = uuid_of(str(request.POST.get("versie", "")))
    row = request.db.get(MunicipalitySetting, wanted) if wanted else None
    return row if row is not None and row.owner == context.holder else None


# Logo and colour


@pages.municipality_page(
    name="uiterlijk", request_method=("GET", "POST"), renderer="templates/look.jinja2"
)
def look(context: MunicipalityAdministration, request: Request) -> Any:
    """Show the form of logo and colour, with a preview, and save it."""
    published = pages.published_here(context, request)
    schema = look_schema(has_logo=published.logo is not None)
    first = {"kleur": published.colour or DEFAULT_COLOUR}
    form = pages.part_form(context, request, Part.LOOK, schema, first, pages.PREVIEW)
    shown = pages.logo_address(context, published)
    page = {
        "plan": pages.waiting_plan(request.db, context, Part.LOOK),
        "preview": pages.answer_preview(published, pages.name_of(context), logo=shown),
        "logo": shown,
        "tried": False,
        "chosen": None,
    }

    def on_valid(values: dict[str, Any]) -> Any:
        logo = _wanted_logo(context, request, values, published.logo)
        content = {"kleur": parse_colour(values["kleur"]).hex, "logo": logo}
        if form.pressed() == pages.PREVIEW.name:
            tried = pages.with_part(context, published, Part.LOOK, content)
            address = _inline(request, context.holder, logo)
            preview = pages.answer_preview(tried, pages.name_of(context), logo=address)
            _remember(form, logo if values["logo"] or values["gekozen"] else None)
            return {**page, "form": form, "preview": preview, "tried": True, "logo": address}
        return pages.save(context, request, Part.LOOK, content, values)

    return handle_form(request, form, on_valid, page)


def _wanted_logo(
    context: MunicipalityAdministration,
    request: Request,
    values: dict[str, Any],
    present: str | None,
) -> str | None:
    """Return the hash of the logo that was chosen; a new file is cleaned and stored first.

    Raises:
        FormError: the file can't be a logo.
    """
    if values.get("logo_weg"):
        return None
    if values["logo"] is not None:
        try:
            return _kept(context, request, values["logo"].content)
        except services.LogoError as problem:
            raise FormError(str(problem), "logo") from None
    chosen = values["gekozen"]
    if chosen:
        if request.db.get(MunicipalityLogo, (context.holder, chosen)) is None:
            raise FormError(
                "Het logo dat u koos is er niet meer. Kies het bestand nog eens.", "logo"
            )
        return str(chosen)
    return present


def _kept(context: MunicipalityAdministration, request: Request, content: bytes) -> str:
    """Clean and store a logo; return its hash.

    Raises:
        LogoError: this file can't be a logo.
        BusyError: too many files are being cleaned.
    """
    try:
        with heavy_work(request):
            clean = services.clean_logo(content, request.registry.scanner)
    except NoPlaceError:
        raise BusyError(TOO_BUSY, "logo") from None
    return services.keep_logo(request.db, context.holder, clean)


def _inline(request: Request, owner: str, sha256: str | None) -> str | None:
    """Return a logo as a `data:` address, because it isn't served before it is published."""
    row = request.db.get(MunicipalityLogo, (owner, sha256)) if sha256 else None
    if row is None:
        return None
    return f"data:{row.media_type};base64,{b64encode(row.content).decode()}"


def _remember(form: Form, sha256: str | None) -> None:
    """Put the hash of the logo in the form, because a browser doesn't send a file twice."""
    if sha256 is not None:
        form["gekozen"].cstruct = sha256
