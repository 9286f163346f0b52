"""The page of the map, and what a script or a picture shows of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from pyramid.view import view_config

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import MONTHS
from stopintimidatie.core.tree.services import is_restricted
from stopintimidatie.core.web.register import COUNTED, read_register
from stopintimidatie.core.web.request import Crumb, Request, query_pairs
from stopintimidatie.core.web.responses import PICTURE_CSP
from stopintimidatie.core.web.theme import DEFAULT_COLOUR
from stopintimidatie.map.drawing import draw, outlines_json, shapes_of
from stopintimidatie.map.queries import (
    Condition,
    areas_of,
    conditions_of,
    numbers_of,
    points_in,
    rows_of,
)
from stopintimidatie.map.rules import (
    BEGIN,
    OFFERED,
    Area,
    Point,
    Selection,
    by_rate,
    cells_of,
    months_after,
    selection_of,
    shaded,
    window_of,
)
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports.inbox.panels import form_words
from stopintimidatie.reports.inbox.queries import TITLES, labels_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import PARTS_OF_DAY, time_text
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.words import place_short

TASK: Final = "kaart"
# Of a list with at most so many points, those are drawn at once.
DRAWN: Final = 500
# Parameters of the form, and the page of the list.
OWN: Final = ("van", "tot", "dagdeel", "pagina")
map_view = partial(
    view_config,
    context=MunicipalityResource,
    request_method="GET",
    permission=Permission.VIEW_REPORT,
)


def _asked(context: Any, request: Request) -> tuple[Selection, list[Condition]]:
    selection = selection_of(query_pairs(request), local_date(utc_now()))
    return selection, conditions_of(context, request, selection)


def _areas(
    context: Any, request: Request, selection: Selection, where: Sequence[Condition]
) -> tuple[str, list[Area], list[Area], bool]:
    """Return the name of the wijk, the areas, those with their numbers, and if they have rates."""
    name, areas = areas_of(request.db, context.holder, selection.wijk)
    buurten = any(area.code.startswith("BU") for area in areas)
    numbers = numbers_of(request.db, where, buurten=buurten, whole=not selection.base)
    rated, rest = by_rate(areas), "Buurt niet bekend" if buurten else "Wijk niet bekend"
    return name, areas, shaded(areas, numbers, rest, rated=rated), rated


@map_view(name="kaart", renderer="templates/map.jinja2")
def show_map(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show the town or a list of reports, as a map and as the list that says the same."""
    selection, where = _asked(context, request)
    name, areas, rows, rated = _areas(context, request, selection, where)
    shapes, outlined = shapes_of(request.registry.locator_cache.known(request.db), areas)
    total = sum(row.number for row in rows)
    bound, reports = is_restricted(request.registry, Report.id), None
    if selection.listed:
        find = partial(rows_of, request.db, where, bound)
        reports = read_register(request, total, find, most=COUNTED)
        note_read(request, context.holder, KIND, [row.id for row in reports.rows], task=TASK)
    today = local_date(utc_now()).replace(day=1)
    here = request.resource_path(context, "kaart")
    return {
        "crumbs": [*request.breadcrumb, Crumb("Kaart", here)],
        "here": here,
        "town": request.resource_path(context),
        "selection": selection,
        "wijk": name,
        "areas": rows,
        "rated": rated,
        "outlined": outlined,
        "drawn": bool(shapes),
        "total": total,
        "more": total > COUNTED and bool(selection.base),
        "reports": reports,
        "forms": form_words,
        "time_text": time_text,
        "place_short": place_short,
        "titles": TITLES,
        "labels": labels_of(request.db, selection.filters, ()) if selection.filters else {},
        "months": [months_after(today, -number) for number in range(OFFERED)],
        "month_names": MONTHS,
        "months_after": months_after,
        "begin": BEGIN,
        "parts": PARTS_OF_DAY,
        "kept": [(name, value) for name, value in query_pairs(request) if name not in OWN],
    }


@map_view(name="kaart.svg")
def draw_map(context: MunicipalityResource, request: Request) -> Response:
    """Draw the same as a picture, for who has no script, for panels and on paper."""
    selection, where = _asked(context, request)
    _, areas, rows, _ = _areas(context, request, selection, where)
    shapes, _ = shapes_of(request.registry.locator_cache.known(request.db), areas)
    points = _points(context, request, where, DRAWN) if selection.listed else []
    if not shapes and not points:
        raise HTTPNotFound()
    colour = getattr(request.branding, "colour", None) or DEFAULT_COLOUR
    svg = draw([row for row in rows if row.code], shapes, points, colour)
    answer = Response(svg.encode(), content_type="image/svg+xml", charset="utf-8")
    answer.headers["Content-Security-Policy"] = PICTURE_CSP
    return answer


def _points(context: Any, request: Request, where: Sequence[Condition], most: int) -> list[Point]:
    """Return the points of a list that is short enough to draw, and note that they are shown."""
    bound = is_restricted(request.registry, Report.id)
    points = points_in(request.db, where, bound, None, most) or []
    note_read(request, context.holder, KIND, [p.id for p in points if p.id], task=TASK)
    return points


@map_view(name="kaart-grenzen.json")
def give_outlines(context: MunicipalityResource, request: Request) -> Response:
    """Give the outlines of the wijken, or of the buurten of a wijk: public facts."""
    selection = selection_of(query_pairs(request), local_date(utc_now()))
    _, areas = areas_of(request.db, context.holder, selection.wijk)
    shapes, _ = shapes_of(request.registry.locator_cache.known(request.db), areas)
    return Response(outlines_json(shapes), content_type="application/geo+json")


@map_view(name="kaart-punten.json", renderer="json")
def give_points(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Give the points in a window, those that lie close together as one with its number.

    Who zooms out farther than can be read gets none. Single reports are noted as read.
    """
    _, where = _asked(context, request)
    given = dict(query_pairs(request))
    window, zoom = window_of(given.get("vak", "")), given.get("zoom", "")
    if window is None or not zoom.isdecimal() or not 0 <= int(zoom[:3]) <= 20:
        raise HTTPNotFound()
    bound = is_restricted(request.registry, Report.id)
    inside = points_in(request.db, where, bound, window, COUNTED)
    cells = cells_of(inside or [], int(zoom))
    note_read(request, context.holder, KIND, [cell.id for cell in cells if cell.id], task=TASK)
    return {
        "veel": inside is None,
        "punten": [
            [round(cell.lat, 5), round(cell.lon, 5), cell.number, cell.reference] for cell in cells
        ],
    }
