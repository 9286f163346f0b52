"""How fast the embedded search engine is: build, single commits, searches.

    python -m bench.search [--rows 23000] [--folder …]

Documents come from a small generator here: Dutch-like sentences over a Zipf-like word list, so
that common words are common. Prints one line per figure; each search figure is over many
different two-word queries with facets and snippets.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from stopintimidatie.search.backend import (
    OPEN_ACCESS,
    Kind,
    Page,
    Scope,
    SearchDocument,
    Sort,
    Text,
    Visibility,
)
from stopintimidatie.search.grammar import SearchQuery, Vocabulary, parse
from stopintimidatie.search.whoosh_backend import WhooshBackend

HOLDER = "GM0505"
SEE_ALL = Visibility(frozenset({OPEN_ACCESS}))
_COMMON = """
    jongens station fluiten riepen floot achterna halte bus avond liep mij langs bleven kijken
    fiets scooter plein winkel school vriendin bang snel naroepen groep mannen tunnel park
    gezegd opmerking lichaam lachen volgen huis straat hoek donker wachten trein kroeg dansen
""".split()  # noqa: SIM905 - reads better
_STEMS = "ber kal dor win sto vel mar pon tri has lem gor fij zwa bre kno plu sche dra vo".split()  # noqa: SIM905
_ENDS = "ing en er straat plein weg huis hof lijk heid je s dijk kade".split()  # noqa: SIM905
_FORMS = ("nafluiten", "naroepen", "hinderlijk_volgen", "betasten", "bedreigen", "nastaren")
_STATES = ("nieuw", "in_behandeling", "in_dossier", "afgehandeld")


def words(chance: random.Random, how_many: int = 20_000) -> list[str]:
    """A word list: common words of the field first, then made-up compounds."""
    made = {
        chance.choice(_STEMS) + chance.choice(_STEMS) + chance.choice(_STEMS) + chance.choice(_ENDS)
        for _ in range(how_many)
    }
    return _COMMON + sorted(made)


def documents(rows: int, seed: int = 1) -> Iterator[SearchDocument]:
    """Synthetic reports, the same for the same seed."""
    chance = random.Random(seed)
    known = words(chance)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    for number in range(rows):
        length = chance.randint(20, 90)
        picked = (
            known[min(int(chance.paretovariate(0.45)) - 1, len(known) - 1)] for _ in range(length)
        )
        yield SearchDocument(
            holder=HOLDER,
            kind=Kind.REPORT,
            id=UUID(int=chance.getrandbits(128), version=4),
            version=1,
            reference=f"M-{number:04X}-{chance.randrange(16**4):04X}",
            path=f"gemeenten/dordrecht/binnenstad/{number}",
            title=f"{chance.choice(_FORMS)} bij {chance.choice(_COMMON)}",
            moment=start + timedelta(minutes=chance.randrange(2 * 365 * 24 * 60)),
            state=chance.choice(_STATES),
            neighbourhood=f"WK0505{chance.randrange(20):02d}",
            access=OPEN_ACCESS,
            forms=tuple(chance.sample(_FORMS, chance.randint(1, 3))),
            texts=(Text("omschrijving", " ".join(picked)),),
        )


def timed(call: Callable[[], object]) -> float:
    """Milliseconds that a call takes."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def show(what: str, times: list[float]) -> None:
    """One line: p50, p95 and the worst."""
    ordered = sorted(times)
    p95 = ordered[int(len(ordered) * 0.95)]
    middle = statistics.median(ordered)
    print(f"{what:<44} p50 {middle:7.1f}  p95 {p95:7.1f}  max {ordered[-1]:7.1f} ms")


def queries(how_many: int, seed: int = 2) -> list[SearchQuery]:
    """Two-word queries: one common word, one from anywhere in the list."""
    chance = random.Random(seed)
    known = words(random.Random(1))
    made = []
    for _ in range(how_many):
        rare = known[min(int(chance.paretovariate(0.45)) - 1, len(known) - 1)]
        made.append(parse(f"{chance.choice(_COMMON)} {rare}", Vocabulary()))
    return made


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=23_000)
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        measure(chosen.folder or Path(temporary), chosen.rows)


def measure(folder: Path, rows: int) -> None:
    """Build, commit and search."""
    backend = WhooshBackend(folder)
    made = list(documents(rows))
    print(
        f"{'rebuild':<44} {timed(lambda: backend.rebuild(HOLDER, made)) / 1000:.1f} s, {rows} rows"
    )
    extra = list(documents(1_600, seed=3))
    print(f"{'a batch of 600':<44} {timed(lambda: backend.index(extra[:600])):.0f} ms")
    commits = [timed(lambda one=one: backend.index([one])) for one in extra[600:]]  # type: ignore[misc]
    show("one document, written and searchable", commits)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{'on disk':<44} {size / 1e6:.1f} MB")
    print(f"{'first search of a fresh process':<44} {timed(lambda: find(backend)):.0f} ms")
    asked = queries(200)
    show("two words, facets, 20 snippets", [timed(lambda q=q: find(backend, q)) for q in asked])  # type: ignore[misc]
    show("everything, newest first", [timed(lambda: find(backend)) for _ in range(30)])
    for text in ("station", "sta", '"jongens station"', "statoin", "van:2025 tot:6-2025 -station"):
        query = parse(text, Vocabulary())
        show(text, [timed(lambda q=query: find(backend, q)) for _ in range(15)])  # type: ignore[misc]


def find(backend: WhooshBackend, query: SearchQuery | None = None) -> None:
    """One search as the page does it, with facets and twenty snippets."""
    backend.search(
        query or SearchQuery(),
        Scope(HOLDER),
        SEE_ALL,
        sort=Sort.RELEVANCE if query else Sort.NEWEST,
        page=Page(size=20),
    )


if __name__ == "__main__":
    main()
