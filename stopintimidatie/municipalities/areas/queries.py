"""Areas by code, by address, or by the names people use: Den Haag for 's-Gravenhage."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, literal, select
from sqlalchemy.orm import Session

from stopintimidatie.core.health.services import Check, State
from stopintimidatie.core.search.highlight import letters, nearest_word
from stopintimidatie.municipalities.areas.facts import CODE as PRACTICE
from stopintimidatie.municipalities.areas.facts import AreaKind, NeighbourhoodKind, common_names
from stopintimidatie.municipalities.areas.models import (
    AreaOutline,
    FormerArea,
    Municipality,
    Neighbourhood,
)
from stopintimidatie.municipalities.areas.names import natural_key, slugify
from stopintimidatie.settings import PROGRAM, Settings

OUTLINES_MISSING: Final = (
    "Er zijn geen grenzen van gemeenten en wijken geladen: elke melding gaat naar het landelijk"
    f" meldpunt. Draai: {PROGRAM} gebieden laden --bestand …"
)


OUTLINED: Final = tuple(
    select(literal(1)).where(AreaOutline.kind == kind).limit(1).scalar_subquery().label(name)
    for name, kind in (
        ("municipalities", AreaKind.MUNICIPALITY),
        ("neighbourhoods", AreaKind.NEIGHBOURHOOD),
    )
)


def outlines_check(settings: Settings, row: Row[Any]) -> Check:
    """Check that there are outlines to locate reports with; the row holds `OUTLINED`."""
    if settings.demo:
        return Check("grenzen", State.NONE, "De demo plaatst meldingen op het midden van een wijk.")
    if row.municipalities and row.neighbourhoods:
        return Check("grenzen", State.GOOD)
    return Check("grenzen", State.BAD, OUTLINES_MISSING)


_ENDED: Final = select(FormerArea.code)


def municipality_by_code(session: Session, code: str) -> Municipality | None:
    """Return the municipality with this CBS code (`GM0505`)."""
    return session.get(Municipality, code)


def municipality_name(request: Any, code: str) -> str:
    """Return the name of the municipality with this code (a request method, for rooms below)."""
    municipality = municipality_by_code(request.db, code)
    return municipality.name if municipality is not None else code


def municipality_by_slug(session: Session, slug: str) -> Municipality | None:
    """Return the municipality at this address (`dordrecht`)."""
    return session.scalar(select(Municipality).where(Municipality.slug == slug))


def all_municipalities(session: Session) -> Sequence[Municipality]:
    """Return every real municipality, in the order in which a person looks it up.

    One that went into another is in the register still, but in no list.
    """
    rows = session.scalars(
        select(Municipality).where(Municipality.code != PRACTICE, Municipality.code.not_in(_ENDED))
    )
    return sorted(rows, key=lambda row: natural_key(row.name))


def unknown_neighbourhood_code(municipality_code: str) -> str:
    """Return the code of *onbekend*: in this municipality, but nobody knows where."""
    return f"{municipality_code}-ON"


_ORDER = {NeighbourhoodKind.WIJK: 0, NeighbourhoodKind.WHOLE: 1, NeighbourhoodKind.UNKNOWN: 2}


def neighbourhoods_of(session: Session, municipality_code: str) -> Sequence[Neighbourhood]:
    """Return wijken by name (water after land), then *gemeentebreed* and *onbekend*."""
    rows = session.scalars(
        select(Neighbourhood).where(Neighbourhood.municipality_code == municipality_code)
    )
    return sorted(
        rows,
        key=lambda row: (_ORDER[NeighbourhoodKind(row.kind)], row.water, natural_key(row.name)),
    )


def present_neighbourhoods_of(
    session: Session, municipality_code: str, keep: str | None = None
) -> Sequence[Neighbourhood]:
    """Return the neighbourhoods that haven't ended, to file something new under.

    The one with the code `keep` is there too: something was filed under it before it ended.
    """
    ended = set(
        session.scalars(
            select(FormerArea.code).where(FormerArea.municipality_code == municipality_code)
        )
    )
    rows = neighbourhoods_of(session, municipality_code)
    return [row for row in rows if row.code not in ended or row.code == keep]


# By name

_PREFIX: Final = "gemeente-"


@dataclass(frozen=True)
class NamedMunicipality:
    """A municipality, and the name it was found by where that isn't its own."""

    municipality: Municipality
    also: str | None = None

    @property
    def label(self) -> str:
        """The name as it stands in a list to choose from."""
        name = self.municipality.name
        return f"{self.also} ({name})" if self.also else name

    @property
    def key(self) -> str:
        """Slug of `also`, else empty: tells the two lines of one municipality in a list apart."""
        return slugify(self.also or "")


def municipalities_by_name(rows: Iterable[Municipality]) -> list[NamedMunicipality]:
    """Return the municipalities by name, each once more under its everyday name."""
    everyday = {fact.municipality_code: fact.name for fact in common_names() if fact.everyday}
    lines = []
    for row in rows:
        lines.append(NamedMunicipality(row))
        if row.code in everyday:
            lines.append(NamedMunicipality(row, everyday[row.code]))
    return sorted(lines, key=lambda line: natural_key(line.also or line.municipality.name))


def find_municipalities(session: Session, typed: str) -> list[NamedMunicipality]:
    """Return the municipalities with these words in one of their names, the best match first.

    Capitals, accents, hyphens and an 's in front make no difference.
    """
    wanted = slugify(typed)
    wanted = wanted.removeprefix(_PREFIX) or wanted
    if not wanted:
        return []
    fits = filter(None, (_fit(row, wanted) for row in all_municipalities(session)))
    return [named for _, named in sorted(fits, key=lambda fit: fit[0])]


def _fit(row: Municipality, wanted: str) -> tuple[int, NamedMunicipality] | None:
    """Return how well the best name of a municipality fits, with that name; None: none fits.

    0 is best. Of two names that fit equally well, its own goes before a common one.
    """
    common = [fact.name for fact in common_names() if fact.municipality_code == row.code]
    names = [(row.slug, None), *((slugify(name), name) for name in common)]
    fits = [
        (distance, NamedMunicipality(row, name))
        for key, name in names
        if (distance := _distance(key, wanted)) is not None
    ]
    return min(fits, key=lambda fit: fit[0], default=None)


def _distance(key: str, wanted: str) -> int | None:
    """Return 0 for the whole name, 1 for its beginning, 2 for a part; None when it isn't in it."""
    whole, part = key.replace("-", ""), wanted.replace("-", "")
    if part not in whole:
        return None
    bare = whole.removeprefix("s") if key.startswith("s-") else whole
    if part in (whole, bare):
        return 0
    return 1 if whole.startswith(part) or bare.startswith(part) else 2


def find_municipality(session: Session, typed: str) -> Municipality | None:
    """Return the municipality with this code, address name or whole name, or None."""
    municipality = municipality_by_code(session, typed.strip().upper())
    municipality = municipality or municipality_by_slug(session, slugify(typed))
    if municipality is not None:
        return municipality
    wanted = slugify(typed)
    codes = {f.municipality_code for f in common_names() if slugify(f.name) == wanted}
    return municipality_by_code(session, codes.pop()) if len(codes) == 1 else None


# In a text of somebody: "Voorstraat 100 Dordrecht", "Dordrect"

_POSTCODE: Final = re.compile(r"\b[1-9][0-9]{3}(?:\s?[a-z]{2})?\b", re.IGNORECASE)
# The number of words that the longest name has.
LONGEST_NAME: Final = 5
# Names that are words as well: they count only when nothing else was typed.
_ORDINARY: Final = frozenset({"best"})


def without_postcode(text: str) -> str:
    """Return the text without the postcodes in it: the register of areas doesn't know those."""
    return _POSTCODE.sub(" ", text)


@dataclass(frozen=True)
class NamedTown:
    """A municipality that a text names, the name it was named by, and the other words."""

    named: NamedMunicipality
    others: str
    # Letters that were typed wrong.
    mistakes: int


def municipalities_named_in(session: Session, text: str, *, nearly: bool = True) -> list[NamedTown]:
    """Return the municipalities whose whole name stands in a text, the longest name first.

    Where none does, and `nearly`, those of which the name is there with a typing error or two.
    """
    words = [word for word in slugify(without_postcode(text)).split("-") if not word.isdigit()]
    names = _whole_names(all_municipalities(session))
    windows = [
        (start, end)
        for length in range(min(LONGEST_NAME, len(words)), 0, -1)
        for start, end in ((at, at + length) for at in range(len(words) - length + 1))
    ]
    exact = [
        _named_town(words, start, end, names[key], 0)
        for start, end in windows
        if (key := "".join(words[start:end])) in names and (key not in _ORDINARY or len(words) == 1)
    ]
    return _each_once(exact or (_nearly_named(words, windows, names) if nearly else ()))


def _whole_names(rows: Iterable[Municipality]) -> dict[str, NamedMunicipality]:
    """Return the municipalities by each of their names, written as one word."""
    names = {}
    for row in rows:
        for fact in common_names():
            if fact.municipality_code == row.code:
                names[slugify(fact.name).replace("-", "")] = NamedMunicipality(row, fact.name)
        own = NamedMunicipality(row)
        names[row.slug.replace("-", "")] = own
        if row.slug.startswith("s-"):
            names[row.slug.removeprefix("s-").replace("-", "")] = own
    return names


def _nearly_named(
    words: Sequence[str],
    windows: Iterable[tuple[int, int]],
    names: Mapping[str, NamedMunicipality],
) -> list[NamedTown]:
    """Return the municipalities that could be meant, those with the fewest mistakes first."""
    known = [(name, letters(name)) for name in names]
    nearly = [
        _named_town(words, start, end, names[name], count)
        for start, end in windows
        for count, name in nearest_word("".join(words[start:end]), known)
    ]
    return sorted(nearly, key=lambda town: town.mistakes)


def _named_town(
    words: Sequence[str], start: int, end: int, named: NamedMunicipality, count: int
) -> NamedTown:
    return NamedTown(named, " ".join((*words[:start], *words[end:])), count)


def _each_once(towns: Iterable[NamedTown]) -> list[NamedTown]:
    first: dict[str, NamedTown] = {}
    for town in towns:
        first.setdefault(town.named.municipality.code, town)
    return list(first.values())
