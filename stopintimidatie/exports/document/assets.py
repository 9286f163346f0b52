"""The fonts of the documents, which `scripts/assets` put in the package.

Read once, checked, and kept in memory: while a document is laid out no file is opened any more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, reduce
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

from stopintimidatie.exports.redaction.content import map_text

ADDRESS = "pakket:/"
VENDOR = Path(__file__).parents[2] / "core" / "web" / "static" / "vendor"

_FACE = re.compile(r"@font-face\s*{([^}]*)}")
# Names that need no quotes: they stand in style sheets as they are.
_FAMILY = re.compile(r"font-family:\s*'([a-z-]+)'")
_URL = re.compile(r"url\((fonts/[a-z0-9-]+\.woff)\)")
_WEIGHT = re.compile(r"font-weight:\s*(\d+)")
_RANGES = re.compile(r"\s*unicode-range:([^;]*);")
_RANGE = re.compile(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?", re.IGNORECASE)


class AssetsMissingError(RuntimeError):
    """The fonts aren't there: the front-end packages haven't been fetched."""


@dataclass(frozen=True, slots=True)
class Assets:
    """Fonts: their style rules, files by address, shared characters, and families in order."""

    css: str
    files: Mapping[str, bytes]
    characters: frozenset[int]
    families: tuple[str, ...]
    scripts: tuple[_Script, ...] = ()

    @property
    def stack(self) -> str:
        """The families as CSS wants them."""
        return ", ".join(self.families)

    def for_text(self, text: str) -> Assets:
        """Return these with the fonts of each further script that this text is written in."""
        missing = frozenset(map(ord, text)) - self.characters
        wanted = [script for script in self.scripts if not missing.isdisjoint(script.promised)]
        return reduce(Assets._with, (script.load() for script in wanted), self)

    def _with(self, other: Assets) -> Assets:
        return Assets(
            css=f"{self.css}\n{other.css}",
            files=MappingProxyType({**self.files, **other.files}),
            characters=self.characters | other.characters,
            families=(*self.families, *other.families),
        )


@dataclass(frozen=True, slots=True)
class _Script:
    """Fonts that are only read when a text needs them."""

    sheet: Path
    promised: frozenset[int]

    @classmethod
    def of(cls, sheet: Path) -> _Script:
        ranges = _RANGES.findall(sheet.read_text(encoding="utf-8"))
        return cls(sheet, frozenset(_numbers(" ".join(ranges))))

    def load(self) -> Assets:
        return _loaded(self.sheet)


def _numbers(ranges: str) -> Iterator[int]:
    for first, last in _RANGE.findall(ranges):
        yield from range(int(first, 16), int(last or first, 16) + 1)


@cache
def load_assets(vendor: Path = VENDOR) -> Assets:
    """Return the fonts of the package.

    Raises:
        AssetsMissingError: they aren't there; the message says what to do.
    """
    try:
        common = _loaded(vendor / "fonts-pdf.css")
        scripts = tuple(_Script.of(sheet) for sheet in sorted(vendor.glob("fonts-pdf-*.css")))
    except OSError as error:
        raise AssetsMissingError(
            "De lettertypen ontbreken. Voer eerst scripts/assets uit."
        ) from error
    if not common.files:
        raise AssetsMissingError("De lettertypen zijn onvolledig. Voer scripts/assets opnieuw uit.")
    return replace(common, scripts=scripts)


@cache
def _loaded(sheet: Path) -> Assets:
    css = sheet.read_text(encoding="utf-8")
    files = {
        ADDRESS + name: (sheet.parent / name).read_bytes()
        for name in sorted(set(_URL.findall(css)))
    }
    addressed = _URL.sub(lambda match: f'url("{ADDRESS}{match[1]}")', _RANGES.sub("", css))
    # The common one first: the others are named after it.
    families = tuple(sorted(set(_FAMILY.findall(css)), key=len))
    return Assets(addressed, MappingProxyType(files), _characters(css, files), families)


def _characters(css: str, files: Mapping[str, bytes]) -> frozenset[int]:
    """Return the characters that can be written in every weight and style."""
    faces: dict[tuple[str, bool], set[int]] = {}
    for face in _FACE.findall(css):
        url, weight = _URL.search(face), _WEIGHT.search(face)
        if url and weight:
            known = faces.setdefault((weight[1], "italic" in face), set())
            known |= _cmap(files[ADDRESS + url[1]])
    return frozenset(set.intersection(*faces.values()))


def _cmap(font: bytes) -> set[int]:
    # Only here: a web process seldom needs to know.
    from fontTools.ttLib import TTFont

    with TTFont(BytesIO(font)) as opened:
        return set(opened.getBestCmap())


# The letters of a document, and the words that replace letters no font has. Pure.


OTHER_SCRIPT = "[ander schrift]"


def letters_of(content: Any) -> str:
    """Return each letter that a person reads, once."""
    seen: set[str] = set()

    def note(text: str) -> str:
        seen.update(text)
        return text

    map_text(content, note)
    return "".join(sorted(seen))


def displayable(text: str, characters: frozenset[int]) -> str:
    """Replace letters that the fonts can't write by words, so that nothing vanishes unseen."""
    if all(ord(letter) in characters or letter == "\n" for letter in text):
        return text
    parts: list[str] = []
    for letter in text:
        known = ord(letter) in characters or letter == "\n"
        part = letter if known else _in_words(letter)
        if known or not parts or parts[-1] != part:
            parts.append(part)
    return re.sub(r"(\[[a-z ]+\])(?:\s*\1)+", r"\1", "".join(parts))


def _in_words(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind.startswith("Z"):
        return " "
    if kind.startswith("M") or kind == "Cf":
        return ""
    if kind.startswith(("L", "N")):
        return OTHER_SCRIPT
    return "[emoji]" if kind == "So" or ord(letter) >= 0x1F000 else "[teken]"


def written_from_the_right(text: str) -> bool:
    """Tell whether the first letter of a text is of a script that is read from right to left."""
    ways = map(unicodedata.bidirectional, text)
    return next((way for way in ways if way in ("L", "R", "AL")), "L") != "L"
