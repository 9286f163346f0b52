"""Plain names and addresses (slugs) of municipalities and neighbourhoods. Pure.

CBS writes `Wijk 01 Binnenstad`; people say `Binnenstad`, and so do the page and its address.
A slug never changes by the order in which areas come in: it follows from the whole set of a
municipality, so loading the same file twice gives the same addresses.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

WHOLE_MUNICIPALITY = "gemeentebreed"
UNKNOWN_NEIGHBOURHOOD = "onbekend"

_NUMBERED = re.compile(
    r"Wijke?\s*(?P<number>\d{1,3})(?!\d)\s*[:\-–.]?\s*(?P<name>\S.*)", re.IGNORECASE
)
_NUMBER_BEHIND = re.compile(r"(?P<name>.*\S)\s+wijk\s+(?P<number>\d{1,3})", re.IGNORECASE)
_BARE_NUMBER = re.compile(r"Wijk\s*(?P<number>\d{1,3})", re.IGNORECASE)

# Addresses of documents: a neighbourhood that looked like one would hide or fake it.
_DOSSIER_NUMBER = re.compile(r"\d{4}-\d{3,}")
_REFERENCE = re.compile(r"m-[a-z0-9]{4}-[a-z0-9]{4}")

# Letters that Unicode doesn't take apart into a plain letter and an accent.
_FOLDED = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i"}
)


@dataclass(frozen=True)
class NamedArea:
    """An area as CBS names it, from which its plain name and slug follow."""

    code: str
    name: str


@dataclass(frozen=True)
class PlainName:
    """The name people use, and the number CBS put before it (kept for when two collide)."""

    name: str
    number: str | None


def plain_name(cbs_name: str) -> PlainName:
    """Read a name: `Wijk 01 Binnenstad` → Binnenstad, 01; `Wijk aan Zee` stays whole."""
    text = " ".join(cbs_name.split())
    numbered = _NUMBERED.fullmatch(text) or _NUMBER_BEHIND.fullmatch(text)
    if numbered:
        return PlainName(numbered["name"], numbered["number"])
    bare = _BARE_NUMBER.fullmatch(text)
    return PlainName(text, bare["number"] if bare else None)


def slugify(name: str) -> str:
    """Write the name as it stands in an address: small letters, digits and single hyphens.

    May be empty, when the name holds nothing that can stand in an address.
    """
    lowered = name.lower().translate(_FOLDED).replace("&", " en ")
    plain = unicodedata.normalize("NFKD", lowered).encode("ascii", "ignore").decode("ascii")
    without_quotes = plain.lower().replace("'", "").replace("`", "")
    return re.sub(r"[^a-z0-9]+", "-", without_quotes).strip("-")


def usable(slug: str, reserved: Collection[str]) -> bool:
    """Tell whether this slug can be the address of an area: no page or document has it."""
    if not slug or slug in reserved:
        return False
    return not (_DOSSIER_NUMBER.fullmatch(slug) or _REFERENCE.fullmatch(slug))


def municipality_slugs(areas: Iterable[NamedArea], reserved: Collection[str]) -> dict[str, str]:
    """Return the slug of each municipality by code: `'s-Gravenhage` becomes `s-gravenhage`."""
    return _assign(areas, reserved, _municipality_candidates)


def neighbourhood_slugs(areas: Iterable[NamedArea], reserved: Collection[str]) -> dict[str, str]:
    """Return the slug of each wijk of one municipality by code; equal names get their numbers.

    `gemeentebreed` and `onbekend` are in every municipality, so no wijk gets those.
    """
    taken = {*reserved, WHOLE_MUNICIPALITY, UNKNOWN_NEIGHBOURHOOD}
    return _assign(areas, taken, _neighbourhood_candidates)


def _municipality_candidates(area: NamedArea) -> Iterator[str]:
    slug = slugify(area.name)
    yield slug
    yield f"gemeente-{slug}".strip("-")
    yield f"gemeente-{slugify(area.code)}".strip("-")


def _neighbourhood_candidates(area: NamedArea) -> Iterator[str]:
    plain = plain_name(area.name)
    slug = slugify(plain.name)
    number = plain.number or slugify(area.code)[-2:]
    yield slug
    yield f"{slug}-{number}".strip("-")
    yield f"wijk-{slugify(area.code)}".strip("-")


Candidates = Callable[[NamedArea], Iterator[str]]


def _assign(
    areas: Iterable[NamedArea], reserved: Collection[str], candidates: Candidates
) -> dict[str, str]:
    """Give each area the first of its three candidates that no other area wants.

    It goes round by round, so that two equal names both move on to their numbered form, whichever
    of them comes first.
    """
    waiting = [
        (area, list(candidates(area)))
        for area in sorted({area.code: area for area in areas}.values(), key=lambda a: a.code)
    ]
    result: dict[str, str] = {}
    for round_ in range(3):
        wanted = Counter(choices[round_] for _, choices in waiting)
        free = {*wanted} - {*result.values()}
        settled = {
            area.code: choices[round_]
            for area, choices in waiting
            if wanted[choices[round_]] == 1
            and choices[round_] in free
            and usable(choices[round_], reserved)
        }
        result.update(settled)
        waiting = [(area, choices) for area, choices in waiting if area.code not in settled]
    return {**result, **_counted(waiting, {*result.values(), *reserved})}


def _counted(
    waiting: Sequence[tuple[NamedArea, list[str]]], taken: Collection[str]
) -> dict[str, str]:
    """Give areas whose codes collide too a counter, in order of code."""
    result: dict[str, str] = {}
    used = {*taken}
    for area, choices in waiting:
        count = 2
        while f"{choices[-1]}-nr-{count}" in used:
            count += 1
        result[area.code] = f"{choices[-1]}-nr-{count}"
        used.add(result[area.code])
    return result


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key to order names as people do: Wijk 2 before Wijk 10, `É` beside `E`."""
    parts = re.findall(r"\d+|\D+", slugify(text))
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)
