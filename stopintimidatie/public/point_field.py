"""The exact point of a report: tapped on the map, or where the device is; carried by one field."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import colander

from stopintimidatie.register.boxes import inside_netherlands
from stopintimidatie.reports.vocabulary import LocationSource
from stopintimidatie.web import forms

NAME: Final = "punt"
AWAY: Final = "punt_weg"
NO_POINT: Final = "Dit punt kan niet. Kies het opnieuw, of haal het weg."
NOT_HERE: Final = "Dit punt ligt niet in Nederland. Haal het weg, en vertel waar het was."
_WRITTEN: Final = re.compile(
    r"(-?[0-9]{1,3}\.[0-9]{1,8}),(-?[0-9]{1,3}\.[0-9]{1,8}),([0-9]{1,6}),(gps|pin)\Z", re.ASCII
)


@dataclass(frozen=True)
class ChosenPoint:
    """A point in degrees, how exact it is, and where it came from."""

    lat: float
    lon: float
    accuracy_m: int
    source: LocationSource

    def __str__(self) -> str:
        return f"{self.lat:.6f},{self.lon:.6f},{self.accuracy_m},{self.source.value}"


def read_point(text: str) -> ChosenPoint | None:
    """The point that was carried along; None when nobody here wrote that."""
    found = _WRITTEN.match(text.strip())
    if found is None:
        return None
    lat, lon, accuracy, source = found.groups()
    return ChosenPoint(float(lat), float(lon), int(accuracy), LocationSource.of(source))


class Point(forms.Text):
    """The point as its field carries it."""

    def read(self, node: Any, text: str) -> Any:
        point = read_point(text)
        if point is None:
            raise colander.Invalid(node, NO_POINT)
        if not inside_netherlands(point.lat, point.lon):
            raise colander.Invalid(node, NOT_HERE)
        return point
