"""GeoJSON files, read one feature at a time; an error says in Dutch what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import ijson
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from stopintimidatie.settings import OperatorError

PDOK_HINT = "Haal het bestand opnieuw op bij PDOK (Wijk- en Buurtkaart, GeoJSON, WGS84)."


class AreaFileError(OperatorError):
    """The file can't be loaded; the message is for the person who gave the command."""


def read_items(path: Path, prefix: str = "features.item") -> Iterator[Any]:
    """Yield what stands at a place of a file, one at a time: its features, unless another is named.

    Raises:
        AreaFileError: the file can't be read, or is no JSON.
    """
    with _opened(path) as handle:
        yield from _guarded(path, ijson.items(handle, prefix, use_float=True))


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise AreaFileError(
            f"{path}: dit bestand bestaat niet. Controleer de naam en de map."
        ) from None
    except OSError as error:
        raise AreaFileError(
            f"{path}: dit bestand is niet te lezen ({error.strerror}). Controleer de rechten."
        ) from None


def _guarded(path: Path, items: Iterator[Any]) -> Iterator[Any]:
    try:
        yield from items
    except ijson.IncompleteJSONError:
        raise AreaFileError(
            f"{path}: dit bestand is geen JSON, of het is afgebroken. {PDOK_HINT}"
        ) from None
    except (ijson.JSONError, UnicodeDecodeError, ValueError) as error:
        raise AreaFileError(f"{path}: dit bestand is geen geldige JSON ({error}).") from None


def read_shape(label: str, geometry: Any) -> BaseGeometry:
    """Return a geometry in degrees, a surface as a valid one.

    Raises:
        AreaFileError: it is none; the message begins with the label.
    """
    try:
        read = shapely.force_2d(shape(geometry))
    except (shapely.errors.ShapelyError, ValueError, TypeError, IndexError, KeyError):
        raise AreaFileError(f"{label}: de coördinaten van de grens kloppen niet.") from None
    if shapely.get_dimensions(read) == 2:
        # Inside out and crossed rings occur upstream; lines left over by the repair aren't area.
        read = _only_surfaces(read)
    west, south, east, north = read.bounds
    if not read.is_empty and not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise AreaFileError(
            f"{label}: de grens staat niet in graden (WGS84), maar lijkt in meters (RD). "
            "Vraag het bestand op in WGS84 (bij PDOK: zonder crs, of met CRS84)."
        )
    return read


def _only_surfaces(outline: BaseGeometry) -> BaseGeometry:
    valid = outline if outline.is_valid else shapely.make_valid(outline)
    if valid.geom_type in {"Polygon", "MultiPolygon"}:
        return valid
    parts = [part for part in shapely.get_parts(valid) if part.geom_type.endswith("Polygon")]
    return shapely.union_all(parts)
