"""Pages of settings: the overview with a preview, versions, plans, logo and colour."""

from __future__ import annotations

from base64 import b64encode
from datetime import date
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import BusyError, FormError
from stopintimidatie.core.text import local, uuid_of
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
from stopintimidatie.municipalities.settings import services
from stopintimidatie.municipalities.settings.forms import (
    MOST_PERIODS,
    contact_schema,
    look_schema,
    officers_schema,
    periods_of,
)
from stopintimidatie.municipalities.settings.models import MunicipalityLogo, MunicipalitySetting
from stopintimidatie.municipalities.settings.pages import (
    PART_LABELS,
    PART_PAGE,
    PartPage,
    at_level,
    municipality_page,
    owned,
    settings_page,
)
from stopintimidatie.municipalities.settings.rules import Part

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


@settings_page(name="", request_method="GET", renderer="templates/overview.jinja2")
def overview(context: Administration, request: Request) -> dict[str, Any]:
    """Show the parts with their content and plans, and a preview for reporters."""
    page = PartPage(context, request, Part.ANSWERS)
    published, counting, now = page.published, page.published, utc_now()
    if page.national:
        counting = at_level(published, ParticipationLevel.NO_AGREEMENT)
    plans = request.db.scalars(
        select(MunicipalitySetting).where(
            MunicipalitySetting.owner == context.holder,
            MunicipalitySetting.withdrawn_at.is_(None),
            MunicipalitySetting.effective_from > now,
        )
    )
    return {
        "national": page.national,
        "published": published,
        "levels": [] if page.national else level_history(request.db, context.holder),
        "level_plan": None if page.national else plan_of(request.db, context.holder),
        "agreed": published.profile and published.profile.agreed_level,
        "level_labels": {level.value: level.label for level in ParticipationLevel},
        "addresses": {
            part: request.resource_path(context, address)
            for part, address in PAGES.items()
            if part in OF_THE_DESK or not page.national
        },
        "labels": PART_LABELS,
        "contents": {part: owned(context, published).part(part) for part in PAGES},
        "empowered": published.officers_empowered(local(now).date()),
        "plans": {row.part: row.effective_from for row in plans},
        "versions": request.resource_path(context, "versies"),
        "preview": page.answer(counting),
        "panels": panels(request, "beheer", context),
    }


@settings_page(name="versies", request_method="GET", renderer="templates/versions.jinja2")
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
        "labels": PART_LABELS,
        "now": utc_now(),
        "action": request.resource_path(context, "intrekken"),
        "back": request.resource_path(context),
    }


@settings_page(name="intrekken", request_method="POST")
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


@municipality_page(
    name="uiterlijk", request_method=("GET", "POST"), renderer="templates/look.jinja2"
)
def look(context: MunicipalityAdministration, request: Request) -> Any:
    """Show the form of logo and colour, with a preview, and save it."""
    page = PartPage(context, request, Part.LOOK)
    published = page.published

    def read(values: dict[str, Any]) -> dict[str, Any]:
        logo = _wanted_logo(context, request, values, published.logo)
        return {"kleur": parse_colour(values["kleur"]).hex, "logo": logo}

    def attempt(values: dict[str, Any]) -> dict[str, Any]:
        content = read(values)
        shown = _inline(request, context.holder, content["logo"])
        if content["logo"] and (values["logo"] or values["gekozen"]):
            # A browser doesn't send a file twice, so the form remembers which logo it was.
            page.drawn["gekozen"].cstruct = content["logo"]
        return {"preview": page.answer(page.with_content(content), logo=shown)}

    return page.handle(
        look_schema(has_logo=published.logo is not None),
        {"kleur": published.colour or DEFAULT_COLOUR},
        read,
        attempt,
        preview=page.answer(published),
    )


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


# The promise of contact, and boas


@municipality_page(name="termijn", request_method=("GET", "POST"), renderer=PART_PAGE)
def contact(context: MunicipalityAdministration, request: Request) -> Any:
    """Show the form of the term of contact and the telephone number, and save it."""
    page = PartPage(context, request, Part.CONTACT)
    first = {
        "lezen": page.published.read_within_days,
        "dagen": page.published.contact_within_days,
        "telefoon": page.published.own_telephone,
    }
    return page.handle(
        contact_schema(),
        first,
        lambda values: {name: values[name] for name in first},
        heading="Contact met de melder",
    )


@municipality_page(name="boas", request_method=("GET", "POST"), renderer=PART_PAGE)
def officers(context: MunicipalityAdministration, request: Request) -> Any:
    """Show the form of the periods in which boas may enforce, and save it."""
    page = PartPage(context, request, Part.OFFICERS)
    first = {
        f"periode{number}": {
            name: date.fromisoformat(period[name]) if period[name] else None
            for name in ("van", "tot")
        }
        for number, period in enumerate(page.content.get("perioden", [])[:MOST_PERIODS], 1)
    }
    return page.handle(
        officers_schema(),
        first,
        lambda values: {"perioden": periods_of(values)},
        heading="Bevoegdheid van boa's",
    )
