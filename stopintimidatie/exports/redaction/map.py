"""Kaart: where it happened, as exactly as this recipient may know, with the same in a table. Pure.

Points of reports near each other become one spot with a letter, so that a table can say what the
spots are. Who doesn't get exact places gets numbers per neighbourhood. What isn't known of an
area (no outlines loaded) isn't drawn, and the map says so.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from stopintimidatie.core.text import plural
from stopintimidatie.core.web.charts import METRES_OF_DEGREE
from stopintimidatie.exports.profiles.rules import Section
from stopintimidatie.exports.redaction import selection
from stopintimidatie.exports.redaction.content import MapArea, MapContent, MapRow, MapSpot
from stopintimidatie.exports.redaction.selection import Selection, pseudonym
from stopintimidatie.exports.redaction.source import DossierSource, SourceArea, SourceReport
from stopintimidatie.exports.vocabulary import clean_line, listed, most_named

# Width by height of the picture; the frame on the ground has the same shape.
SHAPE: Final = 174 / 104
NARROWEST_M: Final = 500
MARGIN: Final = 0.14
MOST_SPOTS: Final = 26
MOST_ROWS: Final = 60
# Reports nearer to each other than this part of the width are one spot.
NEAR: Final = 1 / 34
# Details of outlines smaller than this part of the width are simplified away.
FINEST: Final = 1 / 700
NAMES_MAX: Final = 8
NO_MAP: Final = "Er is geen kaart: van deze wijken zijn geen grenzen geladen."
ROUGH: Final = (
    "De grenzen van de wijken zijn niet geladen. Een cirkel staat bij het midden van een wijk,"
    " ongeveer; hij is niet zo groot als de wijk."
)
NO_BORDERS: Final = "De grenzen van de wijken zijn niet geladen en staan er dus niet op."
NOT_HERE: Final = MapContent(0, 0, (), (), (), (), "", "")


@dataclass(frozen=True, slots=True)
class _Frame:
    """The piece of ground that is drawn: metres from its corner, north-west."""

    west: float
    north: float
    squeeze: float
    width: float
    height: float

    def place(self, lat: float, lon: float) -> tuple[int, int]:
        x = (lon - self.west) * self.squeeze * METRES_OF_DEGREE
        return round(x), round((self.north - lat) * METRES_OF_DEGREE)

    def cut(self, outline: BaseGeometry) -> BaseGeometry:
        """Return the part of an outline that lies in it, in metres."""
        moved = shapely.transform(
            outline,
            lambda xy: (
                (xy - (self.west, self.north))
                * (self.squeeze * METRES_OF_DEGREE, -METRES_OF_DEGREE)
            ),
        )
        plain = shapely.make_valid(moved.simplify(self.width * FINEST))
        return shapely.intersection(plain, shapely.box(0, 0, self.width, self.height))


@dataclass(slots=True)
class _Cluster:
    """Reports that are one spot."""

    x: float
    y: float
    reports: list[SourceReport] = field(default_factory=list)

    def add(self, x: float, y: float, report: SourceReport) -> None:
        number = len(self.reports)
        self.x, self.y = (self.x * number + x) / (number + 1), (self.y * number + y) / (number + 1)
        self.reports.append(report)


def map_of(source: DossierSource, chosen: Selection) -> MapContent:
    """Return the map of this recipient with its table, or an empty one when it is left out."""
    if not chosen.profile.has(Section.MAP) or not chosen.reports:
        return NOT_HERE
    if any(report.point for report in chosen.reports):
        return _exact(source, chosen)
    return _by_area(source, chosen)


def _exact(source: DossierSource, chosen: Selection) -> MapContent:
    """Make a map with a letter at each spot; reports without a point are counted beside it."""
    pointed = [report for report in chosen.reports if report.point]
    frame = _around([report.point for report in pointed if report.point])
    spots, rows = [], []
    for index, cluster in enumerate(_clusters(pointed, frame)):
        letter = chr(ord("A") + index)
        number = len(cluster.reports)
        spots.append(MapSpot(round(cluster.x), round(cluster.y), number, letter))
        rows.append(MapRow(letter, _named(cluster.reports), number, _numbers(cluster.reports)))
    areas = _areas(source.areas, frame, {})
    notes = [*_unplaced(len(chosen.reports) - len(pointed))]
    notes += [] if any(area.rings for area in areas) else [NO_BORDERS]
    summary = _summary("een letter bij elke plek", source, rows)
    return MapContent(
        round(frame.width), round(frame.height), areas, tuple(spots), tuple(rows), tuple(notes),
        source.areas_source, summary,
    )  # fmt: skip


def _by_area(source: DossierSource, chosen: Selection) -> MapContent:
    """Make a map with numbers of neighbourhoods, in its table of streets if these may be known."""
    exact = chosen.profile.lists_reports
    counts = Counter(clean_line(report.neighbourhood) for report in chosen.reports)
    rows = _street_rows(chosen) if exact else ()
    if not rows:
        rows = tuple(
            MapRow(
                "", name or "wijk niet bekend", number if exact else selection.coarse(number), ""
            )
            for name, number in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        )
    named = {row.place: row.number for row in rows} if not exact else dict(counts)
    frame = _around_areas([a for a in source.areas if a.name in counts or a.home])
    if frame is None:
        return MapContent(0, 0, (), (), rows[:MOST_ROWS], (NO_MAP,), "", "")
    areas = _areas(source.areas, frame, named)
    drawn = any(area.rings for area in areas)
    notes = () if drawn else (ROUGH,)
    summary = _summary("het aantal meldingen per wijk", source, rows)
    return MapContent(
        round(frame.width), round(frame.height), areas, (), rows[:MOST_ROWS], notes,
        source.areas_source, summary,
    )  # fmt: skip


def _street_rows(chosen: Selection) -> tuple[MapRow, ...]:
    """Count the reports of each street; nothing where streets may not be known."""
    places: dict[str, list[SourceReport]] = {}
    for report in chosen.reports:
        places.setdefault(_named([report]), []).append(report)
    if not any(report.place for report in chosen.reports):
        return ()
    ranked = sorted(places.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(MapRow("", name, len(rows), _numbers(rows)) for name, rows in ranked)


def _clusters(reports: Sequence[SourceReport], frame: _Frame) -> list[_Cluster]:
    """Group reports that lie near each other, in at most `MOST_SPOTS` spots."""
    near = frame.width * NEAR
    while True:
        clusters: list[_Cluster] = []
        for report in sorted(reports, key=lambda report: report.serial):
            assert report.point is not None  # noqa: S101 - the caller chose those with one
            x, y = frame.place(*report.point)
            closest = min(clusters, key=lambda c: math.hypot(c.x - x, c.y - y), default=None)
            if closest is None or math.hypot(closest.x - x, closest.y - y) > near:
                closest = _Cluster(x, y)
                clusters.append(closest)
            closest.add(x, y, report)
        if len(clusters) <= MOST_SPOTS:
            return sorted(clusters, key=lambda c: (-len(c.reports), c.x, c.y))
        near *= 1.3


def _named(reports: Sequence[SourceReport]) -> str:
    """Name a spot after the streets that its reports name most, else after their places."""
    places = (clean_line(report.street or report.place) for report in reports)
    areas = sorted({clean_line(r.neighbourhood) for r in reports if r.neighbourhood})
    where = most_named(places, 2) or "zonder straatnaam"
    return f"{where} ({listed(areas)})" if areas else where


def _numbers(reports: Sequence[SourceReport]) -> str:
    names = [pseudonym(report) for report in sorted(reports, key=lambda report: report.serial)]
    more = len(names) - NAMES_MAX
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:NAMES_MAX])} en nog {more}"


def _unplaced(number: int) -> Iterable[str]:
    if number:
        stand = "Die staat" if number == 1 else "Die staan"
        reports = plural(number, "melding", "meldingen")
        yield f"Van {reports} is geen punt bekend. {stand} niet op de kaart."


def _summary(contents: str, source: DossierSource, rows: Sequence[MapRow]) -> str:
    first = "; ".join(
        f"{f'{row.letter}: ' if row.letter else ''}{row.place}, "
        f"{'minder dan 5' if row.number is None else row.number}"
        for row in rows[:3]
    )
    more = f" En nog {len(rows) - 3} plekken." if len(rows) > 3 else ""
    return (
        f"Kaart van {clean_line(source.neighbourhood)} en omgeving met {contents}. Meeste"
        f" meldingen: {first}.{more} Alles staat ook in de tabel bij de kaart."
    )


# The ground


def _around(points: Sequence[tuple[float, float]]) -> _Frame:
    lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
    return _framed(min(lons), min(lats), max(lons), max(lats))


def _around_areas(areas: Sequence[SourceArea]) -> _Frame | None:
    """Return the ground of these areas, or round their middles when no outline is known."""
    outlines = [shapely.from_wkb(area.wkb) for area in areas if area.wkb]
    if outlines:
        west, south, east, north = (float(bound) for bound in shapely.total_bounds(outlines))
        return _framed(west, south, east, north)
    middles = [area.middle for area in areas if area.middle]
    if not middles:
        return None
    lats, lons = [lat for lat, _ in middles], [lon for _, lon in middles]
    room = 0.006
    return _framed(min(lons) - room, min(lats) - room, max(lons) + room, max(lats) + room)


def _framed(west: float, south: float, east: float, north: float) -> _Frame:
    """Return ground of the right shape round these degrees, with some room."""
    squeeze = math.cos(math.radians((south + north) / 2))
    wide = (east - west) * squeeze * METRES_OF_DEGREE * (1 + 2 * MARGIN)
    high = (north - south) * METRES_OF_DEGREE * (1 + 2 * MARGIN)
    width = math.ceil(max(wide, high * SHAPE, NARROWEST_M))
    height = math.ceil(width / SHAPE)
    return _Frame(
        west=(west + east) / 2 - width / 2 / squeeze / METRES_OF_DEGREE,
        north=(south + north) / 2 + height / 2 / METRES_OF_DEGREE,
        squeeze=squeeze,
        width=width,
        height=height,
    )


def _areas(
    areas: Sequence[SourceArea], frame: _Frame, numbers: dict[str, int | None] | dict[str, int]
) -> tuple[MapArea, ...]:
    """Return the part of each area in the frame, the own neighbourhood last: it lies on top."""
    made = []
    for area in sorted(areas, key=lambda area: (area.home, area.name)):
        counted = area.name in numbers
        number = numbers.get(area.name)
        words = "" if not counted else "<5" if number is None else str(number)
        if area.wkb:
            inside = frame.cut(shapely.from_wkb(area.wkb))
            rings = tuple(_rings(inside))
            if rings:
                label = shapely.maximum_inscribed_circle(_largest(inside)).coords[0]
                x, y = round(label[0]), round(label[1])
                made.append(MapArea(clean_line(area.name), area.home, rings, x, y, words))
        elif area.middle and counted:
            x, y = frame.place(*area.middle)
            made.append(MapArea(clean_line(area.name), area.home, (), x, y, words))
    return tuple(made)


def _polygons(geometry: BaseGeometry) -> list[shapely.Polygon]:
    parts = shapely.get_parts(shapely.get_parts(geometry)).tolist()
    return [part for part in parts if isinstance(part, shapely.Polygon) and part.area > 0]


def _largest(geometry: BaseGeometry) -> shapely.Polygon:
    return max(_polygons(geometry), key=lambda part: part.area)


def _rings(geometry: BaseGeometry) -> Iterable[tuple[int, ...]]:
    for part in _polygons(geometry):
        for ring in (part.exterior, *part.interiors):
            yield tuple(round(value) for point in ring.coords[:-1] for value in point)
