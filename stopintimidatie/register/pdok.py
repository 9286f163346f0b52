"""The pages of PDOK's OGC API Features, fetched to files: bounded in time, and resumable.

Each page is written whole or not at all. Which one comes next stands in the page before it
(`links`, rel=next), so a fetch that was broken off goes on where it stopped, also another day.
"""

from __future__ import annotations

import http.client
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlencode, urljoin, urlsplit

from stopintimidatie.register.geojson import AreaFileError, next_page, plural
from stopintimidatie.register.kinds import AreaKind

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
    """The source can't be reached, or takes too long; what was fetched stays for a next time."""


class _ExpiredError(Exception):
    """The next page isn't there any more: the pages before it are of another day."""


@dataclass(frozen=True)
class Source:
    """Where the areas come from, where the pages are kept, and until when there is time."""

    address: str
    folder: Path
    ends_at: float | None = None
    pause: float = 1.0

    @classmethod
    def of(cls, address: str, year: int, folder: Path, seconds: float | None = None) -> Source:
        """The source of a year, bounded to so many seconds from now."""
        ends_at = None if seconds is None else time.monotonic() + seconds
        return cls(address.format(year=year).rstrip("/"), folder / str(year), ends_at)

    def pages_of(self, kind: AreaKind, municipality: str | None) -> Path:
        """The folder with the pages of one collection."""
        return self.folder / (plural(kind) + (f"-{municipality}" if municipality else ""))

    def first(self, kind: AreaKind, municipality: str | None) -> str:
        """The address of the first page."""
        asked: dict[str, Any] = {"f": "json", "limit": FEATURES_A_PAGE}
        if municipality:
            asked["gemeentecode"] = municipality
        return f"{self.address}/collections/{plural(kind)}/items?{urlencode(asked)}"

    def seconds_left(self) -> float:
        """How long there still is.

        :raises AreaSourceError: none.
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
    """All pages of one collection, as files in their order.

    :raises AreaSourceError: the source can't be reached, refuses, or time is up.
    """
    first = source.first(kind, municipality)
    folder = source.pages_of(kind, municipality)
    _begin(folder, first)
    try:
        return _all_pages(source, folder, first, kind, progress)
    except _ExpiredError:
        # A cursor of another day: begin again, once.
        shutil.rmtree(folder)
        _begin(folder, first)
    try:
        return _all_pages(source, folder, first, kind, progress)
    except _ExpiredError:
        raise AreaSourceError(f"{source.address} geeft een volgende bladzijde niet.") from None


def forget(source: Source, kind: AreaKind, municipality: str | None = None) -> None:
    """Throw away the pages of a collection that was loaded."""
    shutil.rmtree(source.pages_of(kind, municipality), ignore_errors=True)
    for folder in (source.folder, source.folder.parent):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _begin(folder: Path, first: str) -> None:
    """A folder for the pages that start here; pages of another start are thrown away."""
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
    """The address of the page after this one, on the same server."""
    href = next_page(page)
    if href is None:
        return None
    wanted = urljoin(address, href)
    if urlsplit(wanted)[:2] != urlsplit(address)[:2]:
        raise AreaSourceError(f"De volgende bladzijde ligt op een andere server: {wanted}.")
    return wanted


def _download(source: Source, address: str, page: Path, *, resuming: bool) -> None:
    """One page, with some patience for a server that is busy."""
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
    """Write the page beside its place and put it there when it is whole."""
    request = urllib.request.Request(  # noqa: S310 - http(s) only, checked by `checked_address`
        address, headers={"Accept": "application/geo+json", "User-Agent": "Stopintimidatie"}
    )
    timeout = min(SECONDS_OF_SILENCE, source.seconds_left())
    partly = page.with_suffix(".deel")
    with urllib.request.urlopen(request, timeout=timeout) as answer, partly.open("wb") as out:  # noqa: S310
        size = 0
        for chunk in _chunks(answer):
            source.seconds_left()
            size += len(chunk)
            if size > LARGEST_PAGE:
                raise AreaSourceError(f"{address}: deze bladzijde is groter dan verwacht.")
            out.write(chunk)
        promised = answer.headers.get("Content-Length")
        if promised and promised.isdecimal() and size < int(promised):
            raise http.client.IncompleteRead(b"", int(promised) - size)
    partly.replace(page)


def _chunks(answer: IO[bytes]) -> Iterator[bytes]:
    while chunk := answer.read(_CHUNK):
        yield chunk


def _unknown_name(error: Exception) -> bool:
    reason = getattr(error, "reason", error)
    return type(reason).__name__ == "gaierror" or isinstance(reason, ConnectionRefusedError)


def _refused(address: str, code: int) -> str:
    where = urlsplit(address).netloc
    if code == 404:
        return f"{where} kent deze gebieden niet (404). Klopt het jaar? PDOK heeft 2023 t/m 2025."
    return f"{where} weigert met code {code}. {_LATER}"


def _unreachable(address: str, error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return f"{urlsplit(address).netloc} is niet te bereiken ({reason}). {_LATER}"


def checked_address(address: str) -> str:
    """:raises AreaSourceError: it is no http(s) address."""
    parts = urlsplit(address.format(year=LATEST_YEAR))
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise AreaSourceError(f"{address} is geen adres dat met https:// begint.")
    return address
