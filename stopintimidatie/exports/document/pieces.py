"""The dossier as a row of pieces, so that a long one can be laid out in stretches. Pure.

A piece is the least that a page may begin with: a part's opening, a row of a table, a report. Each
carries its number as the id of its element. The pages of a stretch tell which pieces they hold, and
so where the next stretch can go on as if nothing had been cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final

from stopintimidatie.exports.redaction.content import DossierContent

FRONT: Final = "voorblad"
CONTENTS: Final = "inhoud"
# The parts in their order, by the names that the template gives them.
PARTS: Final[Mapping[str, str]] = {
    "beeld": "Beeld",
    "kaart": "Kaart",
    "chronologie": "Chronologie",
    "meldingen": "Meldingen",
    "signalementen": "Signalementen",
    "acties": "Eerdere acties en effect",
    "besluiten": "Besluiten en afspraken",
    "bijlagen": "Bijlagen",
    "terugkoppeling": "Terugkoppeling aan melders",
    "verantwoording": "Verantwoording",
}
# The first page and the table of contents, before the parts.
FRONT_PIECES: Final = 2
# The lists of a part, each of which may be long.
LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "kaart": ("places",),
    "chronologie": ("events",),
    "meldingen": ("reports",),
    "signalementen": ("offenders",),
    "acties": ("actions",),
    "besluiten": ("consultations", "agreements"),
    "bijlagen": ("files",),
    "verantwoording": ("hidden", "deviations"),
}

# So many pages are laid out at once; what they take is what a rendering takes.
STRETCH_PAGES: Final = 24
# The first stretch is laid out twice when there are more: once to know where each part begins.
FIRST_PAGES: Final = 6
# As much as this isn't cut at all.
WHOLE_PAGES: Final = 36
# How much of a page a piece takes, roughly, beside its letters.
_ROOM: Final[Mapping[str, float]] = {"reports": 0.14, FRONT: 1, "beeld": 1.2, "kaart": 0.6}
_ROW_ROOM: Final = 0.012
_OPENING_ROOM: Final = 0.15
_LETTERS_A_PAGE: Final = 4200

_NAME: Final = "stuk-"


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece: of which part, and of which list the how manieth; without a list its opening."""

    number: int
    part: str
    list: str = ""
    index: int = 0
    item: Any = None

    @property
    def name(self) -> str:
        """The id of its element."""
        return f"{_NAME}{self.number}"

    @property
    def after(self) -> str:
        """The id of what follows on it and belongs to it, such as a note below a table."""
        return f"{self.name}-slot"


@dataclass(frozen=True, slots=True)
class Run:
    """What of one part is laid out in a stretch; for the template."""

    part: str
    opening: Piece | None
    rows: Mapping[str, tuple[Piece, ...]]

    def begins(self, name: str) -> bool:
        """Whether this list begins here, with its heading."""
        return bool(self.rows[name]) and self.rows[name][0].index == 0

    def end(self, name: str, whole: Sequence[Any]) -> Piece | None:
        """The last of this list, if that is here."""
        mine = self.rows[name]
        return mine[-1] if mine and mine[-1].index == len(whole) - 1 else None


def pieces_of(content: DossierContent) -> tuple[Piece, ...]:
    """All of them, in the order of the document."""
    found: list[Piece] = []
    for part, name, index, item in _all(content):
        found.append(Piece(len(found), part, name, index, item))
    return tuple(found)


def _all(content: DossierContent) -> Iterator[tuple[str, str, int, Any]]:
    lists = _lists(content)
    for part in (FRONT, CONTENTS, *PARTS):
        yield part, "", 0, content.picture if part == "beeld" else None
        for name in LISTS.get(part, ()):
            for index, item in enumerate(lists[name]):
                yield part, name, index, item


def _lists(content: DossierContent) -> Mapping[str, Sequence[Any]]:
    return {
        "places": content.map.rows,
        "events": content.chronology,
        "reports": content.reports,
        "offenders": content.offenders,
        "actions": content.actions,
        "consultations": content.consultations,
        "agreements": content.agreements,
        "files": content.attachments.files,
        "hidden": content.annex.hidden,
        "deviations": content.annex.deviations,
    }


def runs(pieces: Iterable[Piece]) -> tuple[Run, ...]:
    """The pieces of a stretch, by part."""
    by_part: dict[str, list[Piece]] = {}
    for piece in pieces:
        by_part.setdefault(piece.part, []).append(piece)
    return tuple(
        Run(
            part,
            next((piece for piece in mine if not piece.list), None),
            {
                name: tuple(piece for piece in mine if piece.list == name)
                for name in LISTS.get(part, ())
            },
        )
        for part, mine in by_part.items()
    )


def stretch(pieces: Sequence[Piece], begin: int, times: int = 1) -> int:
    """Where a stretch that begins here may end: before the piece of this number.

    :param times: so many times the usual size, for when it couldn't be cut.
    """
    if begin == 0 and sum(map(_room, pieces)) <= WHOLE_PAGES:
        return len(pieces)
    left: float = times * (STRETCH_PAGES if begin else FIRST_PAGES)
    for piece in pieces[begin:]:
        left -= _room(piece)
        if left < 0 and piece.number > begin:
            return piece.number
    return len(pieces)


def _room(piece: Piece) -> float:
    usual = _ROW_ROOM if piece.list else _OPENING_ROOM
    base = _ROOM.get(piece.list or piece.part, usual)
    return base + _letters(piece.item) / _LETTERS_A_PAGE


def _letters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, tuple):
        return sum(map(_letters, value))
    if is_dataclass(value):
        return sum(_letters(getattr(value, field.name)) for field in fields(value))
    return 0


def is_piece(name: str) -> bool:
    """Whether an id is that of a piece."""
    return name.startswith(_NAME)


def held(names: Iterable[str]) -> frozenset[int]:
    """The numbers of the pieces among the ids on a page."""
    return frozenset(int(name.split("-")[1]) for name in names if is_piece(name))


def cut(pages: Sequence[frozenset[int]]) -> tuple[int, int] | None:
    """How many pages of a stretch are whole, and with which piece the next stretch begins.

    The last page is not: more may follow on it. A page that begins in the middle of a piece can't
    be the first of a stretch, nor one with the table of contents: that is for the first stretch.
    None: there is no such page.
    """
    for number in range(len(pages) - 1, 0, -1):
        here = pages[number]
        if here and not here & pages[number - 1] and min(here) > FRONT_PIECES - 1:
            return number, min(here)
    return None
