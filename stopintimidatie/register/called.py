"""Municipalities by the names people use: Den Haag, where CBS writes 's-Gravenhage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from stopintimidatie.register.facts import common_names
from stopintimidatie.register.models import Municipality
from stopintimidatie.register.names import natural_key, slugify
from stopintimidatie.register.queries import (
    all_municipalities,
    municipality_by_code,
    municipality_by_slug,
)

_PREFIX: Final = "gemeente-"


@dataclass(frozen=True)
class Called:
    """A municipality, and the name it was found by where that isn't its own."""

    municipality: Municipality
    also: str | None = None

    @property
    def label(self) -> str:
        """For a list to choose from."""
        name = self.municipality.name
        return f"{self.also} ({name})" if self.also else name

    @property
    def key(self) -> str:
        """Tells this line of a list from the other of the same municipality."""
        return slugify(self.also or "")


def listed(rows: Iterable[Municipality]) -> list[Called]:
    """Each municipality by name, and those with an everyday name under that one once more."""
    everyday = {fact.municipality_code: fact.name for fact in common_names() if fact.everyday}
    found = [Called(row) for row in rows]
    found += [
        Called(f.municipality, everyday[f.municipality.code])
        for f in found
        if f.municipality.code in everyday
    ]
    return sorted(found, key=lambda called: natural_key(called.also or called.municipality.name))


def municipalities_named(session: Session, typed: str) -> list[Called]:
    """Those that have these words in a name of theirs, the best first.

    Capitals, accents, hyphens and an 's in front make no difference.
    """
    wanted = slugify(typed)
    wanted = wanted.removeprefix(_PREFIX) or wanted
    if not wanted:
        return []
    found = [_fit(row, wanted) for row in all_municipalities(session)]
    best = sorted((fit for fit in found if fit is not None), key=lambda fit: fit[0])
    return [called for _, called in best]


def _fit(row: Municipality, wanted: str) -> tuple[int, Called] | None:
    """How well the best of its names fits (0 is best); its own name goes before another."""
    names = [(row.slug, None), *((slugify(name), name) for name in _others(row.code))]
    fits = [(_distance(key, wanted), name) for key, name in names]
    sure = [(distance, name) for distance, name in fits if distance is not None]
    if not sure:
        return None
    distance, name = min(sure, key=lambda fit: fit[0])
    return distance, Called(row, name)


def _others(code: str) -> Sequence[str]:
    return [fact.name for fact in common_names() if fact.municipality_code == code]


def _distance(key: str, wanted: str) -> int | None:
    whole, part = key.replace("-", ""), wanted.replace("-", "")
    if part not in whole:
        return None
    bare = whole.removeprefix("s") if key.startswith("s-") else whole
    if part in (whole, bare):
        return 0
    return 1 if whole.startswith(part) or bare.startswith(part) else 2


def municipality_called(session: Session, typed: str) -> Municipality | None:
    """The one that is meant by a code, the name in an address, or a whole name; None: no such."""
    found = municipality_by_code(session, typed.strip().upper())
    found = found or municipality_by_slug(session, slugify(typed))
    if found is not None:
        return found
    wanted = slugify(typed)
    codes = {f.municipality_code for f in common_names() if slugify(f.name) == wanted}
    return municipality_by_code(session, codes.pop()) if len(codes) == 1 else None
