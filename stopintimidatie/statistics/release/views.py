"""Figures for everybody: the public page with its file, and the page that publishes a quarter."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.tenancy import enter
from stopintimidatie.core.web.charts import bar_summary, data_uri, trend_chart
from stopintimidatie.core.web.errors import error_response
from stopintimidatie.core.web.request import Request, page_view, post_view
from stopintimidatie.core.web.responses import csv_response
from stopintimidatie.core.web.theme import DEFAULT_COLOUR
from stopintimidatie.core.web.translation import DUTCH, chosen_language, gettext
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports.public.pages import NATIONAL_LOOK
from stopintimidatie.statistics.release import services
from stopintimidatie.statistics.release.rules import TOTAL
from stopintimidatie.statistics.release.services import releases_of, shown, tables_of

OPEN, PAGE = "open-cijfers", "cijfers-uitgeven"


@page_view(MunicipalityResource, OPEN, NO_PERMISSION_REQUIRED, "templates/open_figures.jinja2")
def open_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show what a municipality published; of all others, the same page without figures."""
    # The address isn't one of those that follow the browser's language.
    request.locale_name = chosen_language(request) or DUTCH
    enter(request.db, context.holder)
    releases = releases_of(request.db, context.holder, published=True)
    quarters = [(row.quarter, row.tables[TOTAL]) for row in reversed(releases)]
    wide, narrow = (
        data_uri(trend_chart(quarters, colour=DEFAULT_COLOUR, width=width)) for width in (700, 340)
    )
    return {
        # The national look: that of a town would tell that it takes part.
        "branding": NATIONAL_LOOK,
        "name": context.municipality.name,
        "tables": tables_of(releases),
        "shown": shown,
        "definitions": services.definitions(),
        "chart": wide,
        "narrow": narrow,
        "alt": bar_summary(gettext("Meldingen per kwartaal"), quarters),
        "file": f"{request.path}.csv",
    }


@page_view(MunicipalityResource, f"{OPEN}.csv", NO_PERMISSION_REQUIRED, "string")
def file_view(context: MunicipalityResource, request: Request) -> Response:
    """Answer all published tables as a file; 404 where nothing is published."""
    enter(request.db, context.holder)
    tables = tables_of(releases_of(request.db, context.holder, published=True))
    if not tables:
        # Not raised: strangers would be sent to sign in.
        return error_response(request, 404)
    rows = [line for table in tables for line in _lines(table)]
    columns = "Periode", "Tabel", "Rij", "Aantal meldingen (geen voorvallen)"
    return csv_response(f"{OPEN}-{context.municipality.slug}", columns, rows)


def _lines(table: services.ReleasedTable) -> list[tuple[str, ...]]:
    total = [("Totaal", table.total)] if table.total != "" else []
    return [
        (table.period, table.title, label, shown(value)) for label, value in (*table.rows, *total)
    ]


@page_view(MunicipalityResource, PAGE, Permission.EDIT_SETTINGS, "templates/publish.jinja2")
def publish_page(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show the frozen quarters with what would be public of each."""
    releases = releases_of(request.db, context.holder)
    return {
        "releases": [(row, tables_of([row])) for row in releases],
        "shown": shown,
        "days": services.SETTLED.days,
        "here": request.resource_path(context, PAGE),
        "public": request.resource_path(context, OPEN),
    }


@post_view(MunicipalityResource, PAGE, Permission.EDIT_SETTINGS, guards=(recently_confirmed,))
def publish_view(context: MunicipalityResource, request: Request) -> HTTPSeeOther:
    """Publish a quarter; pressed twice it stays published."""
    quarter = request.POST.get("kwartaal", "")
    published = services.publish_quarter(request.db, context.holder, quarter, request.actor)
    if published is None:
        raise HTTPNotFound()
    words = "is nu openbaar" if published else "was al openbaar"
    request.flash(f"Kwartaal {quarter} {words}.")
    return HTTPSeeOther(request.resource_path(context, PAGE))
