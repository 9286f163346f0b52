"""Public statements: `/privacy`, that of a municipality, for the young, `/toegankelijkheid`.

What they say is what the product does. The controller is what the holder filled in, the terms are
those that its archivist approved, and the data are the fields of a report. Tests hold the lists
of the templates against the code.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from dateutil.relativedelta import relativedelta
from pyramid.authorization import DENY_ALL
from pyramid.security import NO_PERMISSION_REQUIRED

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.core.storage.tenancy import enter
from stopintimidatie.core.tree import Container, Resource, Root
from stopintimidatie.core.web.request import Request, page_view
from stopintimidatie.core.web.translation import language
from stopintimidatie.municipalities.accountability.rules import STATEMENT_OF, controller_of
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import (
    all_municipalities,
    municipalities_by_name,
    municipality_by_slug,
)
from stopintimidatie.municipalities.partners.vocabulary import BASES
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.rules import Part, Published
from stopintimidatie.privacy.retention.queries import paused_until, present_schedule
from stopintimidatie.privacy.retention.rules import LISTED
from stopintimidatie.reports.conversation.words import THINK_AGAIN
from stopintimidatie.reports.public.pages import NATIONAL_LOOK, look_of
from stopintimidatie.reports.vocabulary import AgeGroup

NAME: Final = "privacy"
YOUNG: Final = "jongeren"
# The day of the last change of the accessibility statement. Change it with the text.
ACCESSIBILITY_OF: Final = date(2026, 11, 28)


class Statements(Container):
    """Node of `/privacy`, which is open to everybody."""

    label = "Privacy"

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]

    def __getitem__(self, name: str) -> Resource:
        municipality = municipality_by_slug(self.__parent__.request.db, name)
        if municipality is None:
            raise KeyError(name)
        return MunicipalityStatement(name, self, municipality)


class MunicipalityStatement(Resource):
    """Node of `/privacy/dordrecht`."""

    def __init__(self, name: str, parent: Any, municipality: Municipality) -> None:
        super().__init__(name, parent)
        self.municipality = municipality

    @property
    def title(self) -> str:
        """The name of the municipality."""
        return self.municipality.name

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]


@page_view(Statements, "", NO_PERMISSION_REQUIRED, "templates/privacy.jinja2")
def national_statement(context: Statements, request: Request) -> dict[str, Any]:
    """Show the statement of the national desk, and the way to that of each municipality."""
    published = published_for(request.db, None)
    rows = municipalities_by_name(all_municipalities(request.db))
    return {**_statement(request, None, published), "municipalities": rows}


@page_view(MunicipalityStatement, "", NO_PERMISSION_REQUIRED, "templates/privacy.jinja2")
def municipality_statement(context: MunicipalityStatement, request: Request) -> dict[str, Any]:
    """Show the statement of a municipality; while it takes no part, the desk's about its reports.

    The desk holds the reports of such a municipality, and is their controller until they are
    picked up.
    """
    published = published_for(request.db, context.municipality.code)
    return {**_statement(request, context.municipality, published), "municipalities": []}


def _statement(
    request: Request, municipality: Municipality | None, published: Published
) -> dict[str, Any]:
    """Return what both pages show."""
    own = municipality is not None and published.connected
    contents = published.own if own else published.national
    holder = municipality.code if municipality is not None and own else NATIONAL
    enter(request.db, holder)
    settings, schedule = request.registry.app_settings, present_schedule(request.db)
    pause = paused_until(request.db, holder) if schedule is not None else None
    return {
        "branding": look_of(municipality, published),
        "municipality": municipality,
        "own": own,
        "police": own and published.keeps_police_data,
        "controller": controller_of(contents.part(Part.ACCOUNTABILITY)),
        "bases": BASES,
        "terms": schedule,
        # During a pause short classes (not on a list) promise nothing.
        "paused": set(schedule.choices) - LISTED if schedule and pause else (),
        "pause": pause,
        "listed": pause is not None and pause < date.max,
        "fixed": RETENTION_CLASSES.of(request.registry),
        "geocoder": settings.geocoder != "geen",
        "log_years": settings.log_keep_years,
        "desk_days": settings.desk_keep_days,
        "backup_days": settings.backup_keep_days,
        "think_again": THINK_AGAIN.days,
        "changed_on": STATEMENT_OF,
    }


@page_view(Statements, YOUNG, NO_PERMISSION_REQUIRED, "templates/privacy_young.jinja2")
def young_statement(context: Statements, request: Request) -> dict[str, Any]:
    """Tell somebody young what happens with a report, with the help lines for their age."""
    lines = published_for(request.db, None).help_for(language(), AgeGroup.UNDER_16, [])
    return {
        "branding": NATIONAL_LOOK,
        "help_lines": lines,
        "think_again": THINK_AGAIN.days,
    }


# Research must be planned within this time, or an untested site counts as one that doesn't comply.
_SOON: Final = relativedelta(months=6)


@page_view(Root, "toegankelijkheid", NO_PERMISSION_REQUIRED, "templates/accessibility.jinja2")
def accessibility_statement(context: Root, request: Request) -> dict[str, Any]:
    """Show the accessibility statement, in the form of the Dutch model."""
    content = published_for(request.db, None).national.part(Part.ACCOUNTABILITY)
    settings, controller = request.registry.app_settings, controller_of(content)
    planned = content.get("onderzoek_op")
    return {
        "branding": NATIONAL_LOOK,
        "controller": controller,
        # Without an address of the desk, the one that the operator gave for everybody.
        "contact": controller.accessibility or (settings.contact_email and settings.contact),
        "address": settings.public_address,
        "planned": date.fromisoformat(planned) if planned else None,
        "status": status_of(planned, local_date(utc_now())),
        "changed_on": ACCESSIBILITY_OF,
    }


def status_of(planned: str | None, today: date) -> str:
    """Return the letter of the model for the status of a site that nobody independent tested.

    `planned`: the day of the research, as it is stored.
    """
    if planned and today <= date.fromisoformat(planned) <= today + _SOON:
        return "C"
    return "D"
