"""A small map of where a report was: the borders of the wijken around its point, and a dot.

Drawn here from the outlines that are loaded, and asked of nobody else. Without them there is none:
the page says in words where it was.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import shapely
from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from pyramid.view import view_config
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select

from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.web import charts
from stopintimidatie.core.web.request import Request
from stopintimidatie.core.web.responses import PICTURE_CSP
from stopintimidatie.core.web.theme import DEFAULT_COLOUR, WHITE, darkened_for
from stopintimidatie.municipalities.areas.locator import Outline
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.vocabulary import KIND

NAME: Final = "kaartje.svg"
TASK: Final = "kaartje bekijken"
WIDTH: Final = 420
HEIGHT: Final = 260
# Metres from the middle to the nearest edge: as much as the wijk needs, within these.
NEAREST_M, FARTHEST_M = 400.0, 6_000.0
SIMPLIFIED_PX: Final = 0.6
# A name is written where this much of its wijk shows, in square pixels.
ROOM_FOR_NAME: Final = 6_000
NAME_PX: Final = 13
# A white ring around the dot, which no name touches; a name in its way moves up or down.
HALO_PX: Final = 9
MOVED_PX: Final = (0, -26, 26)
NEIGHBOUR: Final = "#ffffff"


def map_of(request: Any, report: Report, path: str, area: str | None) -> dict[str, str] | None:
    """Return the address of the map of a report, with what it shows; None where there is none.

    It doesn't ask the database. `path`: the address of the report. `area`: the name of its wijk.
    """
    if report.state in GONE or report.lat is None or report.lon is None:
        return None
    locator = request.registry.locator_cache.known(request.db)
    wijk = locator.wijk_of(report.lat, report.lon)
    if wijk is None:
        return None
    # The stored wijk may be another, as after borders changed: the map shows the one of the point.
    known = area is not None and wijk.code == report.neighbourhood_code
    where = f"in {area}" if known else "van deze melding"
    words = f"Kaartje: de plek {where}, met de wijken eromheen."
    return {"href": f"{path.rstrip('/')}/{NAME}", "words": words}


@view_config(
    context=ReportResource, name=NAME, request_method="GET", permission=Permission.VIEW_REPORT
)
def map_view(context: ReportResource, request: Request) -> Response:
    """Draw the map of a report."""
    report, locator = context.report, request.registry.locator_cache.current(request.db)
    if report.state in GONE or report.lat is None or report.lon is None:
        raise HTTPNotFound()
    wijk = locator.wijk_of(report.lat, report.lon)
    if wijk is None:
        raise HTTPNotFound()
    note_read(request, context.holder, KIND, [report.id], task=TASK, fields=["plek"])
    plane = Plane.around(wijk, report.lat, report.lon)
    outlines = locator.wijken_in(*plane.bounds)
    codes = [outline.code for outline in outlines]
    wanted = select(Neighbourhood.code, Neighbourhood.name).where(Neighbourhood.code.in_(codes))
    names = {row.code: row.name for row in request.db.execute(wanted)}
    colour = getattr(request.branding, "colour", None) or DEFAULT_COLOUR
    svg = draw(plane, outlines, names, wijk.code, report, colour)
    answer = Response(svg.encode(), content_type="image/svg+xml", charset="utf-8")
    answer.headers["Content-Security-Policy"] = PICTURE_CSP
    return answer


@dataclass(frozen=True, slots=True)
class Plane:
    """The window of a map: its middle in degrees, pixels of a metre, and its size in pixels."""

    lat: float
    lon: float
    scale: float
    width: int = WIDTH
    height: int = HEIGHT

    @classmethod
    def within(cls, edges: Sequence[float], width: int = WIDTH, height: int = HEIGHT) -> Plane:
        """Return the window that shows what lies within these edges, with some room around it.

        `edges`: west, south, east and north, in degrees.
        """
        west, south, east, north = edges
        middle = (south + north) / 2, (west + east) / 2
        wide = (east - west) * math.cos(math.radians(middle[0])) * charts.METRES_OF_DEGREE / 2
        high = (north - south) * charts.METRES_OF_DEGREE / 2
        half = max(1.15 * max(high, wide * height / width), NEAREST_M)
        return cls(*middle, height / 2 / half, width, height)

    @classmethod
    def around(cls, wijk: Outline, lat: float, lon: float) -> Plane:
        """Return the window that shows a wijk with the point; of a large one what is around it."""
        plane = cls.within(wijk.geometry.union(shapely.Point(lon, lat)).bounds)
        least = HEIGHT / 2 / FARTHEST_M
        return plane if plane.scale >= least else cls(lat, lon, least)

    @property
    def across(self) -> float:
        """Pixels of a degree of longitude."""
        return self.scale * charts.METRES_OF_DEGREE * math.cos(math.radians(self.lat))

    @property
    def down(self) -> float:
        """Pixels of a degree of latitude."""
        return self.scale * charts.METRES_OF_DEGREE

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """The edges in degrees: west, south, east, north."""
        wide, high = self.width / 2 / self.across, self.height / 2 / self.down
        return self.lon - wide, self.lat - high, self.lon + wide, self.lat + high

    def pixel(self, lat: float, lon: float) -> tuple[float, float]:
        """Return where a point stands in the picture."""
        x, y = (lon - self.lon) * self.across, (lat - self.lat) * self.down
        return self.width / 2 + x, self.height / 2 - y

    def placed(self, geometry: BaseGeometry) -> BaseGeometry:
        """Return what shows of a geometry, in pixels."""
        west, south, east, north = self.bounds
        # A little beyond the edges, so that those aren't drawn as borders.
        more = (east - west) / 50
        seen = shapely.clip_by_rect(geometry, west - more, south - more, east + more, north + more)
        pixels = shapely.transform(
            seen,
            lambda xy: (
                (xy - (self.lon, self.lat)) * (self.across, -self.down)
                + (self.width / 2, self.height / 2)
            ),
        )
        return pixels.simplify(SIMPLIFIED_PX)


def draw(
    plane: Plane,
    outlines: Sequence[Outline],
    names: Mapping[str, str],
    inside: str,
    report: Report,
    colour: str,
) -> str:
    """Draw the wijken, the one that the point lies in darker, and the point. Pure.

    Args:
        plane: The window.
        outlines: Of the wijken in it.
        names: Their names by code.
        inside: The code of the wijk of the point.
        report: For its point, and how exact that is.
        colour: Of the municipality.
    """
    first = sorted(outlines, key=lambda outline: outline.code != inside)
    shapes = [(outline.code, plane.placed(outline.geometry)) for outline in first]
    strong = darkened_for(colour, WHITE)
    x, y = plane.pixel(report.lat or 0.0, report.lon or 0.0)
    exact = (report.accuracy_m or 0) * plane.scale
    parts = [
        *(path(shape, charts.LAND if code == inside else NEIGHBOUR) for code, shape in shapes),
        *_names(shapes, names, shapely.Point(x, y).buffer(HALO_PX)),
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{exact:.1f}" fill="{strong}" fill-opacity="0.15"/>',
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{HALO_PX}" fill="{WHITE}"/>',
        charts.dot(x, y, 7, strong),
        *charts.scale_bar(HEIGHT, plane.scale),
        charts.north(WIDTH),
    ]
    return charts.picture(WIDTH, HEIGHT, parts)


def path(shape: BaseGeometry, fill: str) -> str:
    """Draw a shape with its border."""
    rings = [
        ring
        for part in shapely.get_parts(shape)
        if part.geom_type == "Polygon"
        for ring in (part.exterior, *part.interiors)
    ]
    drawn = " ".join(charts.ring(ring.coords) for ring in rings)
    look = f'fill="{fill}" stroke="{charts.BORDER}" stroke-width="1"'
    return f'<path d="{drawn}" fill-rule="evenodd" {look}/>'


def _names(
    shapes: Sequence[tuple[str, BaseGeometry]], names: Mapping[str, str], dot: BaseGeometry
) -> Iterator[str]:
    """Yield the names of the wijken that have room: not over another, the dot or the edge."""
    frame = shapely.box(0, 0, WIDTH, HEIGHT)
    written = [dot]
    for code, shape in shapes:
        seen = shape.intersection(frame)
        if code not in names or seen.area < ROOM_FOR_NAME:
            continue
        middle, half = seen.representative_point(), len(names[code]) * NAME_PX * 0.3
        for y in (middle.y + moved for moved in MOVED_PX):
            place = shapely.box(middle.x - half, y - NAME_PX, middle.x + half, y + 3)
            free = frame.contains(place) and not any(place.intersects(other) for other in written)
            if free and seen.contains(shapely.Point(middle.x, y)):
                written.append(place)
                yield charts.words_at(middle.x, y, names[code], size=NAME_PX)
                break
