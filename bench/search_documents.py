"""Made-up documents for measuring search, and queries for them: seeded, streaming, any number.

Dutch-like sentences over a word list in which common words are common. The reports are spread over
the municipalities as people are: few have many. `SAME` has the same number whatever the total, to
see whether other municipalities make searching slower.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID

from stopintimidatie.core.search.backend import OPEN_ACCESS, Kind, SearchDocument, Text
from stopintimidatie.core.search.query import SearchQuery, Vocabulary, parse

SAME: Final = "GM0505"
SAME_ROWS: Final = 3_000
_COMMON: Final = """
    jongens station fluiten riepen floot achterna halte bus avond liep mij langs bleven kijken
    fiets scooter plein winkel school vriendin bang snel naroepen groep mannen tunnel park
    gezegd opmerking lichaam lachen volgen huis straat hoek donker wachten trein kroeg dansen
""".split()  # noqa: SIM905
_STEMS: Final = ("ber", "kal", "dor", "win", "sto", "vel", "mar", "pon", "tri", "has", "lem", "gor")
_ENDS: Final = ("ing", "en", "er", "straat", "plein", "weg", "huis", "hof", "lijk", "heid", "kade")
_FORMS: Final = ("nafluiten", "naroepen", "hinderlijk_volgen", "betasten", "bedreigen", "nastaren")
_STATES: Final = ("nieuw", "in_behandeling", "in_dossier", "afgehandeld")
_START: Final = datetime(2024, 1, 1, tzinfo=UTC)


@cache
def words() -> Sequence[str]:
    """A word list: common words of the field first, then made-up compounds."""
    chance = random.Random(1)
    made = {"".join(chance.choices(_STEMS, k=3)) + chance.choice(_ENDS) for _ in range(20_000)}
    return [*_COMMON, *sorted(made)]


def _word(chance: random.Random) -> str:
    known = words()
    return known[min(int(chance.paretovariate(0.45)) - 1, len(known) - 1)]


def spread(rows: int, holders: Sequence[str], same_rows: int = SAME_ROWS) -> dict[str, int]:
    """How many documents each holder has; together `rows`."""
    others = [holder for holder in holders if holder != SAME]
    weights = [1 / (place + 8) for place, _ in enumerate(others)]
    left, share = max(rows - same_rows, 0), sum(weights)
    counts = {h: int(left * w / share) for h, w in zip(others, weights, strict=True)}
    counts[others[0]] += left - sum(counts.values())
    return {SAME: min(rows, same_rows), **{h: count for h, count in counts.items() if count}}


def documents(holder: str, rows: int, seed: int = 1) -> Iterator[SearchDocument]:
    """Synthetic reports of one holder, the same for the same seed."""
    chance = random.Random(f"{holder}/{seed}")
    for number in range(rows):
        text = " ".join(_word(chance) for _ in range(chance.randint(20, 90)))
        yield SearchDocument(
            holder=holder,
            kind=Kind.REPORT,
            id=UUID(int=chance.getrandbits(128), version=4),
            version=1,
            reference=f"M-{number:04X}-{chance.randrange(16**4):04X}",
            path=f"/gemeenten/{holder.lower()}/binnenstad/{number}",
            title=f"{chance.choice(_FORMS)} bij {chance.choice(_COMMON)}",
            moment=_START + timedelta(minutes=chance.randrange(2 * 365 * 24 * 60)),
            state=chance.choice(_STATES),
            neighbourhood=f"WK{holder[2:6]}{chance.randrange(20):02d}",
            access=OPEN_ACCESS,
            forms=tuple(chance.sample(_FORMS, chance.randint(1, 3))),
            texts=(Text("omschrijving", text),),
        )


def queries(how_many: int, seed: int = 2) -> list[SearchQuery]:
    """Two-word queries: one common word, one from anywhere in the list."""
    chance = random.Random(seed)
    return [
        parse(f"{chance.choice(_COMMON)} {_word(chance)}", Vocabulary()) for _ in range(how_many)
    ]
