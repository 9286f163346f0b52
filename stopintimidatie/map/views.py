"""The page of the map, and what a script, a picture or a panel shows of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from pyramid.view import view_config

from stopintimidatie.core.clock import local_date, months_after, utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import MONTHS
from stopintimidatie.core.tree import lineage
from stopintimidatie.core.tree.services import is_restricted
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.register import COUNTED, read_register
from stopintimidatie.core.web.request import Request, query_pairs
from stopintimidatie.core.web.responses import PICTURE_CSP, background_of, map_csp
from stopintimidatie.core.web.theme import DEFAULT_COLOUR
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.map import drawing, queries, rules
from stopintimidatie.municipalities.areas.facts import NeighbourhoodKind
from stopintimidatie.municipalities.areas.resources import (
    MunicipalityResource,
    NeighbourhoodResource,
)
from stopintimidatie.reports import words
from stopintimidatie.reports.inbox.panels import form_words
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.rules import time_text
from stopintimidatie.reports.vocabulary import KIND

TASK: Final = "kaart"
# Months to choose from.
OFFERED: Final = 36
# The picture of a list has its points where there are at most so many.
DRAWN: Final = 500
ZOOMS: Final = frozenset(map(str, range(21)))
PANEL: Final = "stopintimidatie.map:templates/panel.jinja2"
map_view = partial(
    view_config,
    context=MunicipalityResource,
    request_method="GET",
    permission=Permission.VIEW_REPORT,
)


class _Asked:
    """The selection of a request, with the areas to draw it on and the numbers in them."""

    def __init__(self, context: Any, request: Request) -> None:
        self.day = local_date(utc_now())
        self.selection = rules.selection_of(query_pairs(request), self.day)
        self.where = queries.conditions_of(context, request, self.selection)
        wijk = self.selection.wijk
        self.wijk, areas = queries.areas_of(request.db, context.holder, wijk)
        self.shapes = drawing.shapes_of(request.registry.locator_cache.known(request.db), areas)
        buurten = bool(wijk) and any(area.code != wijk for area in areas)
        self.numbers = queries.numbers_of(
            request.db, self.where, buurten=buurten, whole=not self.selection.base
        )
        rest = "Buurt niet bekend" if buurten else "Wijk niet bekend"
        self.areas = rules.shaded(areas, self.numbers, rest)


@map_view(name="kaart", renderer="templates/map.jinja2")
def show_map(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show the town or a list of reports, as a map and as the list that says the same."""
    asked, reports = _Asked(context, request), None
    if asked.selection.listed:
        bound = is_restricted(request.registry, Report.id)
        find = partial(queries.rows_of, request.db, asked.where, bound)
        total = sum(asked.numbers.values())
        reports = read_register(request, total, find, most=COUNTED)
        note_read(request, context.holder, KIND, [row.id for row in reports.rows], task=TASK)
    request.response.headers["Content-Security-Policy"] = map_csp(request.app_settings)
    return {
        "asked": asked,
        "tiles": background_of(request.app_settings),
        "outlined": drawing.has_outlines(asked.shapes),
        "reports": reports,
        "forms": form_words,
        "time_text": time_text,
        "place_short": words.place_short,
        "pairs": query_pairs(request),
        "months": [months_after(asked.day, -number) for number in range(OFFERED)],
        "month_names": MONTHS,
        "months_after": months_after,
    }


@map_view(name="kaart.svg")
def draw_map(context: MunicipalityResource, request: Request) -> Response:
    """Draw the same as a picture, for who has no script, for panels and on paper."""
    asked, points = _Asked(context, request), list[Any]()
    if asked.selection.listed:
        bound = is_restricted(request.registry, Report.id)
        points = list(queries.points_in(request.db, asked.where, bound, DRAWN) or ())
        note_read(request, context.holder, KIND, [point.id for point in points], task=TASK)
    colour = getattr(request.branding, "colour", None) or DEFAULT_COLOUR
    svg = drawing.draw(asked.areas, asked.shapes, points, colour)
    answer = Response(svg.encode(), content_type="image/svg+xml", charset="utf-8")
    answer.headers["Content-Security-Policy"] = PICTURE_CSP
    return answer


@map_view(name="kaart-grenzen.json")
def give_outlines(context: MunicipalityResource, request: Request) -> Response:
    """Give the outlines of the wijken, or of the buurten of a wijk: public facts."""
    wijk = dict(query_pairs(request)).get("wijk", "")
    _, areas = queries.areas_of(request.db, context.holder, wijk)
    shapes = drawing.shapes_of(request.registry.locator_cache.known(request.db), areas)
    answer = Response(drawing.outlines_json(shapes), content_type="application/geo+json")
    # Packed without the care of a page: there is nothing in it that isn't public.
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        answer.encode_content()
    return answer


@map_view(name="kaart-punten.json", renderer="json")
def give_points(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Give the points in a window, those that lie close together as one with its number.

    Too many give none. Single reports are noted as read.
    """
    given = dict(query_pairs(request))
    selection = rules.selection_of(given.items(), local_date(utc_now()))
    where = queries.conditions_of(context, request, selection)
    window, zoom = rules.window_of(given.get("vak", "")), given.get("zoom", "")
    if window is None or zoom not in ZOOMS:
        raise HTTPNotFound()
    bound = is_restricted(request.registry, Report.id)
    inside = queries.points_in(request.db, where, bound, COUNTED, window)
    cells = rules.cells_of(inside or (), int(zoom))
    alone = [cell[0].id for cell in cells if len(cell) == 1]
    note_read(request, context.holder, KIND, alone, task=TASK)
    return {"veel": inside is None, "punten": [_point(cell) for cell in cells]}


def _point(cell: Sequence[Any]) -> list[Any]:
    """Return the middle of a cell, its number, and the reference of a report that is alone."""
    lat, lon = (sum(getattr(p, name) for p in cell) / len(cell) for name in ("lat", "lon"))
    return [round(lat, 5), round(lon, 5), len(cell), cell[0].reference if len(cell) == 1 else ""]


# Panels on pages of other rooms


def _panel(context: Any, request: Request, query: str, *, picture: bool = True) -> Panel | None:
    """Return the panel that leads to the map with these parameters; the desk has none."""
    towns = [node for node in lineage(context) if isinstance(node, MunicipalityResource)]
    if not towns:
        return None
    here = request.resource_path(towns[0], "kaart")
    return Panel("Kaart", PANEL, {"here": here, "query": query, "picture": picture})


def wijk_panel(context: NeighbourhoodResource, request: Request) -> Panel | None:
    """Return the map of a wijk; what lies in none has no map."""
    area = context.neighbourhood
    drawn = area.kind == NeighbourhoodKind.WIJK
    return _panel(context, request, f"wijk={area.code}") if drawn else None


def dossier_panel(context: DossierResource, request: Request) -> Panel | None:
    """Return the map of a dossier, whose page asks for it for who sees the reports alone.

    Without outlines dots tell nothing: then it leads there only.
    """
    codes = {context.municipality.code, context.neighbourhood.code}
    drawn = bool(request.registry.locator_cache.known(request.db).outlines_of(codes))
    return _panel(context, request, f"dossier={context.dossier.number}", picture=drawn)


def report_panel(context: ReportResource, request: Request) -> Panel | None:
    """Return the way to the map of the wijk of a report."""
    report = context.report
    if report.state in GONE or words.has_no_neighbourhood(report):
        return None
    return _panel(context, request, f"wijk={report.neighbourhood_code}", picture=False)
