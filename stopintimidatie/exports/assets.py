"""What rendering needs beside the content: the fonts that `scripts/assets` put in the package.

Read once, checked, and kept in memory: while a document is laid out no file is opened any more.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

from fontTools.ttLib import TTFont

FAMILY = "Source Sans 3"
STACK = '"Source Sans 3", "Source Sans 3 Ext"'
ADDRESS = "pakket:/"
VENDOR = Path(__file__).parent.parent / "web" / "static" / "vendor"

_FACE = re.compile(r"@font-face\s*{([^}]*)}")
_URL = re.compile(r"url\((fonts/[a-z0-9-]+\.woff)\)")
_WEIGHT = re.compile(r"font-weight:\s*(\d+)")


class AssetsMissingError(RuntimeError):
    """The fonts aren't there: the front-end packages haven't been fetched."""


@dataclass(frozen=True, slots=True)
class Assets:
    """The style rules of the fonts, their files by address, and the characters they all have."""

    css: str
    files: Mapping[str, bytes]
    characters: frozenset[int]


@cache
def load_assets(vendor: Path = VENDOR) -> Assets:
    """The fonts of the package, or AssetsMissingError with what to do."""
    try:
        css = (vendor / "fonts-pdf.css").read_text(encoding="utf-8")
        names = sorted(set(_URL.findall(css)))
        files = {ADDRESS + name: (vendor / name).read_bytes() for name in names}
    except OSError as error:
        raise AssetsMissingError(
            "De lettertypen ontbreken. Voer eerst scripts/assets uit."
        ) from error
    if FAMILY not in css or not files:
        raise AssetsMissingError("De lettertypen zijn onvolledig. Voer scripts/assets opnieuw uit.")
    addressed = _URL.sub(lambda match: f'url("{ADDRESS}{match[1]}")', css)
    return Assets(addressed, MappingProxyType(files), _characters(css, files))


def _characters(css: str, files: Mapping[str, bytes]) -> frozenset[int]:
    """What can be written in every weight and style: per face the union, over all the overlap."""
    faces: dict[tuple[str, bool], set[int]] = {}
    for face in _FACE.findall(css):
        url, weight = _URL.search(face), _WEIGHT.search(face)
        if url and weight:
            known = faces.setdefault((weight[1], "italic" in face), set())
            known |= _cmap(files[ADDRESS + url[1]])
    return frozenset(set.intersection(*faces.values()))


def _cmap(font: bytes) -> set[int]:
    with TTFont(BytesIO(font)) as opened:
        return set(opened.getBestCmap())
