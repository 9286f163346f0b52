"""An address without a point → where it lies. Behind an interface, and off unless switched on.

PDOK's Locatieserver answers every question with its best guess: the next house, the same street in
another town. So an answer counts only when it is the house that was asked for.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from stopintimidatie.register.boxes import inside_netherlands
from stopintimidatie.register.names import slugify

SECONDS: Final = 10
LARGEST_ANSWER: Final = 256 * 1024
_POINT: Final = re.compile(r"POINT\(\s*(-?\d+(?:\.\d+)?)\s+(-?\d+(?:\.\d+)?)\s*\)")
_HOUSE: Final = re.compile(r"\s*(\d{1,5})\s*(.*?)\s*")
_POSTCODE: Final = re.compile(r"\d{4}[A-Z]{2}")


class GeocoderError(Exception):
    """The geocoder can't be asked now; asking again later may help."""


@dataclass(frozen=True)
class WantedAddress:
    """An address as the reporter gave it."""

    street: str | None = None
    house_number: str | None = None
    postcode: str | None = None
    town: str | None = None

    @property
    def findable(self) -> bool:
        """Whether this can name one house: a number, with a postcode or a street in a town."""
        if _HOUSE.fullmatch(self.house_number or "") is None:
            return False
        return bool(self._postcode or (self.street and self.town))

    @property
    def _postcode(self) -> str | None:
        plain = re.sub(r"\s", "", self.postcode or "").upper()
        return plain if _POSTCODE.fullmatch(plain) else None

    @property
    def question(self) -> str:
        """The words to search with."""
        parts = (self.street, self.house_number, self._postcode, self.town)
        return " ".join(" ".join(part.split()) for part in parts if part)

    def is_answered_by(self, found: dict[str, Any]) -> bool:
        """Whether this answer is that house: its number, and its postcode or street and town."""
        asked = _HOUSE.fullmatch(self.house_number or "")
        if asked is None or str(found.get("huisnummer")) != str(int(asked[1])):
            return False
        suffix = slugify(asked[2]).replace("-", "")
        whole = slugify(str(found.get("huis_nlt", ""))).replace("-", "")
        if suffix and whole != f"{int(asked[1])}{suffix}":
            return False
        if self._postcode:
            return bool(found.get("postcode") == self._postcode)
        same = _same(self.street, found.get("straatnaam"))
        return same and _same(self.town, found.get("woonplaatsnaam"))


def _same(asked: str | None, found: Any) -> bool:
    return bool(asked) and slugify(asked or "") == slugify(str(found or ""))


@dataclass(frozen=True)
class FoundAddress:
    """Where a house stands, and in which municipality according to who answered."""

    lat: float
    lon: float
    municipality_code: str


class Geocoder(Protocol):
    """Finds addresses."""

    def find(self, address: WantedAddress) -> FoundAddress | None:
        """Where this house stands; None when that isn't certain.

        :raises GeocoderError: it can't be asked now.
        """


class PdokLocatieserver:
    """PDOK's free address search over the BAG."""

    def __init__(self, address: str, timeout: float = SECONDS) -> None:
        self._address = address.rstrip("/")
        self._timeout = timeout

    def find(self, address: WantedAddress) -> FoundAddress | None:
        if not address.findable:
            return None
        asked = urlencode({"q": address.question, "fq": "type:adres", "rows": 1})
        documents = self._ask(f"{self._address}/free?{asked}")
        if not documents or not address.is_answered_by(documents[0]):
            return None
        return _found(documents[0])

    def _ask(self, url: str) -> list[dict[str, Any]]:
        request = urllib.request.Request(  # noqa: S310 - the address is a checked setting
            url, headers={"Accept": "application/json", "User-Agent": "Stopintimidatie"}
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as answer:  # noqa: S310
                documents = json.loads(answer.read(LARGEST_ANSWER))["response"]["docs"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            # Without the address that was asked: it is a place in somebody's report.
            raise GeocoderError(f"geocoder: {type(error).__name__}") from None
        return [found for found in documents if isinstance(found, dict)]


def _found(document: dict[str, Any]) -> FoundAddress | None:
    point = _POINT.fullmatch(str(document.get("centroide_ll", "")))
    if point is None:
        return None
    lat, lon = float(point[2]), float(point[1])
    if not inside_netherlands(lat, lon):
        return None
    return FoundAddress(lat, lon, f"GM{document.get('gemeentecode')}")
