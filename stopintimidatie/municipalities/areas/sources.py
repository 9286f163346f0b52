"""Area files of CBS and PDOK (GeoJSON): reading one feature at a time, and fetching the pages.

A file may hold the whole country at full detail, so it is streamed. An error says in Dutch which
feature is wrong and what to do next.

PDOK gives pages (OGC API Features). Each page is written whole or not at all. A page holds the
address of the next one (`links`, rel=next), so a fetch that was broken off goes on where it
stopped, also another day.
"""

from __future__ import annotations

import http.client
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urljoin, urlsplit

from shapely.geometry.base import BaseGeometry

from stopintimidatie.core.httpclient import reason_of
from stopintimidatie.municipalities.areas.facts import AreaKind
from stopintimidatie.municipalities.areas.geojson import (
    PDOK_HINT,
    AreaFileError,
    read_items,
    read_shape,
)

# CBS keeps these for "unknown" and "abroad"; they lie nowhere.
NOWHERE = frozenset({"GM0997", "GM0998", "GM0999"})

_CODES = {
    AreaKind.MUNICIPALITY: re.compile(r"GM\d{4}"),
    AreaKind.NEIGHBOURHOOD: re.compile(r"WK\d{4}[0-9A-Z]{2}"),
    AreaKind.SUBNEIGHBOURHOOD: re.compile(r"BU\d{4}[0-9A-Z]{4}"),
}
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
_LONGEST_NAME = 120


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
    inhabitants: int | None = None


@dataclass(frozen=True)
class FileHeader:
    """Header of a file: what it says about itself."""

    year: int | None
    more_pages: bool


def plural(kind: AreaKind) -> str:
    """Write the plural as the messages do: `wijk` → wijken."""
    return f"{kind}n" if kind.endswith("e") else f"{kind}en"


def read_header(path: Path) -> FileHeader:
    """Read the header of a file: its year, and whether it has a next page.

    Raises:
        AreaFileError: it isn't a GeoJSON FeatureCollection.
    """
    if list(read_items(path, "type")) != ["FeatureCollection"]:
        raise AreaFileError(
            f"{path}: dit is geen GeoJSON met gebieden (FeatureCollection). {PDOK_HINT}"
        )
    names = map(str, read_items(path, "name"))
    year = _YEAR.search(path.name) or _YEAR.search(" ".join(names))
    more = "next" in read_items(path, "links.item.rel")
    return FileHeader(int(year[1]) if year else None, more)


def next_page(path: Path) -> str | None:
    """Return the address of the page after this one, as PDOK gives it; None for the last page."""
    for link in read_items(path, "links.item"):
        if isinstance(link, dict) and link.get("rel") == "next":
            return str(link.get("href") or "") or None
    return None


def read_areas(path: Path) -> Iterator[Area | None]:
    """Yield the areas of a file in its order; None for one that lies nowhere (Buitenland).

    Raises:
        AreaFileError: at the first feature that can't be used.
    """
    for number, feature in enumerate(read_items(path), start=1):
        yield _area(path, number, feature)


def _area(path: Path, number: int, feature: Any) -> Area | None:
    """Return a feature as a checked area; None for one that lies nowhere.

    Raises:
        AreaFileError: it can't be used; the message names the feature.
    """
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
    people = properties.get("aantal_inwoners")
    return Area(
        kind=kind,
        code=code,
        name=name,
        municipality_code=municipality,
        parent_code=_parent(kind, code, municipality),
        province=str(properties["provincienaam"]) if properties.get("provincienaam") else None,
        water=str(properties.get("water", "NEE")).upper() == "JA",
        outline=_outline(label, feature.get("geometry")),
        # Below zero CBS says why it tells none.
        inhabitants=people if isinstance(people, int) and people >= 0 else None,
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
    """Return the outline as a valid polygon or multipolygon in degrees.

    Raises:
        AreaFileError: it is no such outline; the message begins with the label.
    """
    if not isinstance(geometry, dict) or geometry.get("type") not in {"Polygon", "MultiPolygon"}:
        raise AreaFileError(f"{label}: heeft geen vlak als grens (Polygon of MultiPolygon).")
    outline = read_shape(label, geometry)
    if outline.is_empty or outline.area == 0:
        raise AreaFileError(f"{label}: de grens is leeg. {PDOK_HINT}")
    return outline


# Fetching: bounded in time, and resumable

ADDRESS: Final = "https://api.pdok.nl/cbs/wijken-en-buurten-{year}/ogc/v1"
LATEST_YEAR: Final = 2024
FEATURES_A_PAGE: Final = 500
SECONDS_OF_SILENCE: Final = 10
LARGEST_PAGE: Final = 500 * 1024 * 1024
ATTEMPTS: Final = 3
_CHUNK: Final = 256 * 1024
_PASSING: Final = frozenset({429, 500, 502, 503, 504})
_STARTED_AT: Final = "bron.txt"

Progress = Callable[[str, int], None]


class AreaSourceError(AreaFileError):
    """The source can't be reached, or takes too long; fetched pages are kept for a next time."""


class _ExpiredError(Exception):
    """The next page isn't there any more: the pages before it are of another day."""


@dataclass(frozen=True)
class Source:
    """A source of areas, the folder for its pages, and until when (monotonic) there is time."""

    address: str
    folder: Path
    ends_at: float | None = None
    pause: float = 1.0

    @classmethod
    def of(cls, address: str, year: int, folder: Path, seconds: float | None = None) -> Source:
        """Make the source of a year, bounded to so many seconds from now."""
        ends_at = None if seconds is None else time.monotonic() + seconds
        return cls(address.format(year=year).rstrip("/"), folder / str(year), ends_at)

    def pages_of(self, kind: AreaKind, municipality: str | None) -> Path:
        """Return the folder with the pages of one collection."""
        return self.folder / (plural(kind) + (f"-{municipality}" if municipality else ""))

    def first(self, kind: AreaKind, municipality: str | None) -> str:
        """Return the address of the first page."""
        query: dict[str, Any] = {"f": "json", "limit": FEATURES_A_PAGE}
        if municipality:
            query["gemeentecode"] = municipality
        return f"{self.address}/collections/{plural(kind)}/items?{urlencode(query)}"

    def seconds_left(self) -> float:
        """Return how many seconds are left.

        Raises:
            AreaSourceError: there is no time left.
        """
        if self.ends_at is None:
            return float("inf")
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise AreaSourceError(f"Het ophalen duurde te lang. {_LATER}")
        return left


_LATER: Final = (
    "Wat al is opgehaald, blijft bewaard: dezelfde opdracht gaat daar later mee verder. U kunt ook"
    " zelf bestanden ophalen en laden met --bestand."
)


def fetch(
    source: Source,
    kind: AreaKind,
    municipality: str | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Fetch all pages of one collection, as files in their order.

    Raises:
        AreaSourceError: the source can't be reached, refuses, or time is up.
    """
    first = source.first(kind, municipality)
    folder = source.pages_of(kind, municipality)
    # Pages of another day may lead to an address that has expired: then begin again, once.
    for _ in range(2):
        _begin(folder, first)
        try:
            return _all_pages(source, folder, first, kind, progress)
        except _ExpiredError:
            shutil.rmtree(folder)
    raise AreaSourceError(f"{source.address} geeft een volgende bladzijde niet.")


def forget(source: Source, kind: AreaKind, municipality: str | None = None) -> None:
    """Throw away the pages of a collection that was loaded."""
    shutil.rmtree(source.pages_of(kind, municipality), ignore_errors=True)
    for folder in (source.folder, source.folder.parent):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _begin(folder: Path, first: str) -> None:
    """Make the folder for the pages from this first address; throw away those of another."""
    note = folder / _STARTED_AT
    if note.is_file() and note.read_text(encoding="utf-8") == first:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    note.write_text(first, encoding="utf-8")


def _all_pages(
    source: Source, folder: Path, first: str, kind: AreaKind, progress: Progress | None
) -> list[Path]:
    done = sorted(folder.glob("*.json"))
    address = _following(done[-1], first) if done else first
    while address is not None:
        page = folder / f"{len(done) + 1:05}.json"
        _download(source, address, page, resuming=bool(done))
        done.append(page)
        if progress:
            progress(plural(kind), len(done))
        address = _following(page, address)
    return done


def _following(page: Path, address: str) -> str | None:
    """Return the address of the page after this one, on the same server."""
    href = next_page(page)
    if href is None:
        return None
    wanted = urljoin(address, href)
    if urlsplit(wanted)[:2] != urlsplit(address)[:2]:
        raise AreaSourceError(f"De volgende bladzijde ligt op een andere server: {wanted}.")
    return wanted


def _download(source: Source, address: str, page: Path, *, resuming: bool) -> None:
    """Download one page; try again after a pause when the server is busy.

    Raises:
        AreaSourceError: the server can't be reached or refuses.
        _ExpiredError: a page that follows on kept ones isn't there any more.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _write(source, address, page)
            return
        except urllib.error.HTTPError as error:
            error.close()
            if resuming and error.code in {400, 404, 410}:
                raise _ExpiredError from None
            if error.code not in _PASSING or attempt == ATTEMPTS:
                raise AreaSourceError(_refused(address, error.code)) from None
        except (OSError, http.client.HTTPException) as error:
            # Not to be found at all: waiting doesn't help.
            if attempt == ATTEMPTS or _unknown_name(error):
                raise AreaSourceError(_unreachable(address, error)) from None
        time.sleep(min(source.pause * attempt, source.seconds_left()))


def _write(source: Source, address: str, page: Path) -> None:
    """Write the page to a temporary file, and give that its name when it is whole."""
    request = urllib.request.Request(  # noqa: S310 - http(s) only, checked by `checked_address`
        address, headers={"Accept": "application/geo+json", "User-Agent": "Stopintimidatie"}
    )
    timeout = min(SECONDS_OF_SILENCE, source.seconds_left())
    partly = page.with_suffix(".deel")
    with urllib.request.urlopen(request, timeout=timeout) as answer, partly.open("wb") as out:  # noqa: S310
        size = 0
        while chunk := answer.read(_CHUNK):
            source.seconds_left()
            size += len(chunk)
            if size > LARGEST_PAGE:
                raise AreaSourceError(f"{address}: deze bladzijde is groter dan verwacht.")
            out.write(chunk)
        promised = answer.headers.get("Content-Length")
        if promised and promised.isdecimal() and size < int(promised):
            raise http.client.IncompleteRead(b"", int(promised) - size)
    partly.replace(page)


def _unknown_name(error: Exception) -> bool:
    """Tell whether no server has this name, or none listens there."""
    reason = getattr(error, "reason", error)
    return type(reason).__name__ == "gaierror" or isinstance(reason, ConnectionRefusedError)


def _refused(address: str, code: int) -> str:
    where = urlsplit(address).netloc
    if code == 404:
        return f"{where} kent deze gebieden niet (404). Klopt het jaar? PDOK heeft 2023 t/m 2025."
    return f"{where} weigert met code {code}. {_LATER}"


def _unreachable(address: str, error: Exception) -> str:
    return f"{urlsplit(address).netloc} is niet te bereiken: {reason_of(error)}. {_LATER}"


def checked_address(address: str) -> str:
    """Return the address of a source, which may have {year} in it.

    Raises:
        AreaSourceError: it is no http(s) address.
    """
    parts = urlsplit(address.format(year=LATEST_YEAR))
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise AreaSourceError(f"{address} is geen adres dat met https:// begint.")
    return address
