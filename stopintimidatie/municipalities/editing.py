"""What every page that changes a part has in common: its moment, its version, saving it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy.orm import Session

from stopintimidatie.municipalities.models import MunicipalitySetting
from stopintimidatie.municipalities.published import Part, Published
from stopintimidatie.municipalities.publishing import (
    PublishingError,
    StaleSettingError,
    latest_number,
    planned_version,
    publish,
)
from stopintimidatie.municipalities.reading import published_for
from stopintimidatie.municipalities.resources import Administration, MunicipalityAdministration
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.web import forms
from stopintimidatie.web.filters import datetime_long
from stopintimidatie.web.forms import Button, ConflictError, FormError, field
from stopintimidatie.web.request import Request

PART_LABELS: Final = {
    Part.LOOK: "Logo en kleur",
    Part.ANSWERS: "Antwoordteksten",
    Part.LET_OP: "LET OP-tekst",
    Part.HELP: "Hulplijnen",
    Part.QUESTIONS: "Eigen vragen",
    Part.CONTACT: "Contact met de melder",
    Part.OFFICERS: "Bevoegdheid van boa's",
}
SAVE: Final = Button("opslaan", "Opslaan")
PREVIEW: Final = Button("voorbeeld", "Eerst voorbeeld bekijken", "secondary")
REMOVE: Final = Button("weghalen", "Eigen tekst weghalen", "secondary")


def is_national(context: Administration) -> bool:
    return context.holder == NATIONAL


def name_of(context: Administration) -> str | None:
    """The municipality's name; None at the desk."""
    if isinstance(context, MunicipalityAdministration):
        return context.municipality.name
    return None


def published_here(context: Administration, request: Request) -> Published:
    return published_for(request.db, None if is_national(context) else context.holder)


def content_of(context: Administration, published: Published, part: Part) -> Mapping[str, Any]:
    """What its owner set for a part and counts now."""
    contents = published.national if is_national(context) else published.own
    return contents.part(part)


def add_moment(schema: Any) -> None:
    """From when it counts, and which version was seen."""
    schema.add(
        field(
            forms.Moment(),
            "Geldt vanaf",
            description="Laat leeg als het meteen mag gelden.",
            name="vanaf",
            missing=None,
        )
    )
    hidden = forms.Hidden()
    schema.add(field(forms.Integer(0), "Versie", widget=hidden, name="versie"))


def seen_version(session: Session, context: Administration, part: Part) -> dict[str, Any]:
    return {"versie": latest_number(session, context.holder, part)}


def waiting_plan(
    session: Session, context: Administration, part: Part
) -> MunicipalitySetting | None:
    """The plan that must come true or be withdrawn first."""
    return planned_version(session, context.holder, part)


def save(
    context: Administration,
    request: Request,
    part: Part,
    content: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    back: str = "",
) -> HTTPSeeOther:
    """Publish it, and go back to the overview (or to another page of it).

    :raises FormError: the moment can't be, or somebody else was first.
    """
    try:
        version = publish(
            request.db,
            request.actor,
            context.holder,
            part,
            content,
            from_moment=values["vanaf"],
            seen=values["versie"],
        )
    except PublishingError as problem:
        raise FormError(str(problem), "vanaf") from None
    except StaleSettingError:
        raise ConflictError(
            "Iemand anders heeft dit net gewijzigd. Wat u typte staat er nog; er is niets"
            " opgeslagen. Open de pagina opnieuw en neem over wat nodig is."
        ) from None
    when = f" Het geldt vanaf {datetime_long(version.effective_from)}." if values["vanaf"] else ""
    request.flash(f"{PART_LABELS[part]}: opgeslagen als versie {version.number}.{when}")
    return HTTPSeeOther(
        request.resource_path(context, back) if back else request.resource_path(context)
    )
