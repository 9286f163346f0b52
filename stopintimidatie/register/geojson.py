"""Reading CBS and PDOK area files (GeoJSON), one feature at a time. Pure: no database.

A file may be the whole country at full detail, so it is streamed. Everything that is wrong with
it is said in Dutch, with the feature it is about and what to do next.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import ijson
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from stopintimidatie.register.kinds import AreaKind

# CBS keeps these for "unknown" and "abroad"; they lie nowhere.
NOWHERE = frozenset({"GM0997", "GM0998", "GM0999"})

_CODES = {
    AreaKind.MUNICIPALITY: re.compile(r"GM\d{4}"),
    AreaKind.NEIGHBOURHOOD: re.compile(r"WK\d{4}[0-9A-Z]{2}"),
    AreaKind.SUBNEIGHBOURHOOD: re.compile(r"BU\d{4}[0-9A-Z]{4}"),
}
_PLURAL = {
    AreaKind.MUNICIPALITY: "gemeenten",
    AreaKind.NEIGHBOURHOOD: "wijken",
    AreaKind.SUBNEIGHBOURHOOD: "buurten",
}
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
_LONGEST_NAME = 120
PDOK_HINT = "Haal het bestand opnieuw op bij PDOK (Wijk- en Buurtkaart, GeoJSON, WGS84)."


class AreaFileError(Exception):
    """The file can't be loaded; the message is for the person who gave the command."""


@dataclass(frozen=True)
class Area:
    """One feature of a file, checked: a code that fits its kind, a name, a valid outline."""

    kind: AreaKind
    code: str
    name: str
    municipality_code: str
    parent_code: str | None
    province: str | None
    water: bool
    outline: BaseGeometry


@dataclass(frozen=True)
class FileHeader:
    """What a file says about itself."""

    year: int | None
    more_pages: bool


def plural(kind: AreaKind) -> str:
    """`wijk` → wijken, as the messages write it."""
    return _PLURAL[kind]


def read_header(path: Path) -> FileHeader:
    """Whether this is a FeatureCollection, of which year, and whether pages are missing."""
    with _opened(path) as handle:
        kinds = _take(path, ijson.items(handle, "type"))
    if kinds != ["FeatureCollection"]:
        raise AreaFileError(
            f"{path}: dit is geen GeoJSON met gebieden (FeatureCollection). {PDOK_HINT}"
        )
    with _opened(path) as handle:
        links = _take(path, ijson.items(handle, "links.item.rel"))
    with _opened(path) as handle:
        names = _take(path, ijson.items(handle, "name"))
    found = _YEAR.search(path.name) or _YEAR.search(" ".join(map(str, names)))
    return FileHeader(int(found[1]) if found else None, "next" in links)


def next_page(path: Path) -> str | None:
    """The address of the page after this one, as PDOK gives it; None when this is the last."""
    with _opened(path) as handle:
        for link in _guarded(path, ijson.items(handle, "links.item")):
            if isinstance(link, dict) and link.get("rel") == "next":
                return str(link.get("href") or "") or None
    return None


def read_areas(path: Path) -> Iterator[Area | None]:
    """The areas of a file in its order; None for a feature that lies nowhere (Buitenland).

    :raises AreaFileError: at the first feature that can't be used.
    """
    with _opened(path) as handle:
        features = ijson.items(handle, "features.item", use_float=True)
        for number, feature in enumerate(_guarded(path, features), start=1):
            yield _area(path, number, feature)


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


def _take(path: Path, items: Iterator[Any]) -> list[Any]:
    return list(_guarded(path, items))


def _area(path: Path, number: int, feature: Any) -> Area | None:
    """One feature, or None for what lies nowhere."""
    label = f"{path}, gebied {number}"
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise AreaFileError(f"{label}: hier ontbreken de kenmerken (properties). {PDOK_HINT}")
    kind = _kind(label, properties)
    code = _text(label, properties, f"{kind}code")
    name = _text(label, properties, f"{kind}naam")
    label = f"{label} ({code} {name})"
    if not _CODES[kind].fullmatch(code):
        raise AreaFileError(f"{label}: {code} is geen code van een {kind}. {PDOK_HINT}")
    municipality = str(properties.get("gemeentecode") or f"GM{code[2:6]}")
    if municipality in NOWHERE:
        return None
    if municipality[2:] != code[2:6]:
        raise AreaFileError(f"{label}: hoort volgens de code niet bij {municipality}. {PDOK_HINT}")
    return Area(
        kind=kind,
        code=code,
        name=name,
        municipality_code=municipality,
        parent_code=_parent(kind, code, municipality),
        province=str(properties["provincienaam"]) if properties.get("provincienaam") else None,
        water=str(properties.get("water", "NEE")).upper() == "JA",
        outline=_outline(label, feature.get("geometry")),
    )


def _kind(label: str, properties: Mapping[str, Any]) -> AreaKind:
    # The finest code says what a feature is: a buurt names its wijk and municipality as well.
    for kind in reversed(AreaKind):
        if f"{kind}code" in properties:
            return kind
    raise AreaFileError(
        f"{label}: dit is geen gemeente, wijk of buurt van CBS "
        f"(gemeentecode, wijkcode of buurtcode ontbreekt). {PDOK_HINT}"
    )


def _text(label: str, properties: Mapping[str, Any], key: str) -> str:
    value = properties.get(key)
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not text or len(text) > _LONGEST_NAME:
        raise AreaFileError(f"{label}: {key} is leeg, te lang of geen tekst. {PDOK_HINT}")
    return text


def _parent(kind: AreaKind, code: str, municipality: str) -> str | None:
    if kind is AreaKind.SUBNEIGHBOURHOOD:
        return f"WK{code[2:8]}"
    return municipality if kind is AreaKind.NEIGHBOURHOOD else None


def _outline(label: str, geometry: Any) -> BaseGeometry:
    """The outline as a valid polygon or multipolygon, or an error that names the feature."""
    if not isinstance(geometry, dict) or geometry.get("type") not in {"Polygon", "MultiPolygon"}:
        raise AreaFileError(f"{label}: heeft geen vlak als grens (Polygon of MultiPolygon).")
    try:
        outline = shape(geometry)
    except (shapely.errors.ShapelyError, ValueError, TypeError, IndexError, KeyError):
        raise AreaFileError(f"{label}: de coördinaten van de grens kloppen niet.") from None
    # Inside out and crossed rings occur upstream; lines left over by the repair aren't area.
    outline = _only_surfaces(shapely.force_2d(outline))
    if outline.is_empty or outline.area == 0:
        raise AreaFileError(f"{label}: de grens is leeg. {PDOK_HINT}")
    west, south, east, north = outline.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise AreaFileError(
            f"{label}: de grens staat niet in graden (WGS84), maar lijkt in meters (RD). "
            "Vraag het bestand op in WGS84 (bij PDOK: zonder crs, of met CRS84)."
        )
    return outline


def _only_surfaces(outline: BaseGeometry) -> BaseGeometry:
    valid = outline if outline.is_valid else shapely.make_valid(outline)
    if valid.geom_type in {"Polygon", "MultiPolygon"}:
        return valid
    parts = [part for part in shapely.get_parts(valid) if part.geom_type.endswith("Polygon")]
    return shapely.union_all(parts)
