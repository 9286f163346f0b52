"""How fast search is: building, one document written and found, two words in one municipality.

`python -m bench.search [--backend postgresql whoosh] [--rows 10000 100000] [--same 3000]`. Each
search asks for facets and twenty hits with snippets. *Even grote gemeente* has `--same` documents
whatever the total; *groei* is its p95 against that of the smallest total of this run.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from bench import machine, search_postgresql
from bench.search_documents import SAME, SAME_ROWS, documents, queries, spread
from stopintimidatie.core.search.backend import (
    OPEN_ACCESS,
    Page,
    Scope,
    SearchBackend,
    SearchDocument,
    Visibility,
)
from stopintimidatie.core.search.postgres.backend import PostgresBackend
from stopintimidatie.core.search.query import SearchQuery, Vocabulary, parse
from stopintimidatie.core.search.whoosh.backend import WhooshBackend

ROWS: Final = (10_000, 100_000)
SEARCHES, UPDATES, WARM_UP = 300, 50, 30
# What bench.smoke takes.
SMALL: Final = (10_000,)
HEAD: Final = (
    "| zoekmachine | documenten | bouwen: s | per s | schijf: MB | zoeken: p50 ms | p95 ms"
    " | even grote gemeente: p50 ms | p95 ms | groei | schrijven tot vindbaar: p50 ms | p95 ms |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
)
_ALL: Final = Visibility(frozenset({OPEN_ACCESS}))


@dataclass(frozen=True)
class Filled:
    """An engine with documents in it."""

    backend: SearchBackend
    counts: dict[str, int]
    build_seconds: float
    megabytes: float


def timed(call: Callable[[], object]) -> float:
    """Milliseconds that a call takes."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def find(backend: SearchBackend, holder: str, query: SearchQuery) -> None:
    """One search as the page does it, with facets and twenty snippets."""
    backend.search(query, Scope(holder), _ALL, page=Page(size=20))


def rows(
    kind: str, sizes: Sequence[int], server: str, folder: Path, same_rows: int = SAME_ROWS
) -> Iterator[str]:
    """A line per size."""
    first: float | None = None
    for size in sizes:
        place = folder / f"{kind}-{size}"
        place.mkdir()
        fill = _postgresql if kind == "postgresql" else _whoosh
        for filled in fill(size, same_rows, server, place):
            same = _searches(filled.backend, [SAME] * SEARCHES)
            first = first or machine.percentile(same, 0.95)
            yield _line(kind, size, filled, same, first)


def _line(kind: str, size: int, filled: Filled, same: list[float], first: float) -> str:
    chance = random.Random(5)
    holders = chance.choices(list(filled.counts), list(filled.counts.values()), k=SEARCHES)
    found = _searches(filled.backend, holders)
    written = [
        timed(partial(_write_and_find, filled.backend, document))
        for document in documents(SAME, UPDATES, seed=99)
    ]
    parts = [
        kind,
        str(size),
        f"{filled.build_seconds:.1f}",
        f"{size / filled.build_seconds:.0f}",
        f"{filled.megabytes:.0f}",
        *_both(found),
        *_both(same),
        f"{machine.percentile(same, 0.95) / first:.2f}",
        *_both(written),
    ]
    return f"| {' | '.join(parts)} |"


def _both(times: list[float]) -> tuple[str, str]:
    return tuple(f"{machine.percentile(times, part):.1f}" for part in (0.5, 0.95))  # type: ignore[return-value]


def _searches(backend: SearchBackend, holders: Sequence[str]) -> list[float]:
    """The milliseconds of a different query in each of these, after some to warm up."""
    asked = list(zip(holders, queries(len(holders)), strict=True))
    for holder, query in asked[:WARM_UP]:
        find(backend, holder, query)
    return [timed(partial(find, backend, holder, query)) for holder, query in asked]


def _write_and_find(backend: SearchBackend, document: SearchDocument) -> None:
    """Write one document, and find it."""
    backend.index([document])
    query = parse(document.reference, Vocabulary())
    found = backend.search(query, Scope(document.holder), _ALL, facets=(), page=Page(size=20))
    assert document.id in {hit.id for hit in found.hits}


def _postgresql(size: int, same_rows: int, server: str, folder: Path) -> Iterator[Filled]:
    url = machine.new_database(server, f"zoeken{size}")
    owner = search_postgresql.prepare(url, folder)
    counts = spread(size, search_postgresql.holders(owner), same_rows)
    seconds = sum(search_postgresql.load(owner, counts))
    application = search_postgresql.application(owner)
    megabytes = sum(search_postgresql.size(owner))
    yield Filled(PostgresBackend(application), counts, seconds, megabytes)
    application.dispose()
    owner.dispose()


def _whoosh(size: int, same_rows: int, server: str, folder: Path) -> Iterator[Filled]:
    backend = WhooshBackend(folder)
    counts = spread(size, [f"GM{number:04d}" for number in range(500, 842)], same_rows)
    start = time.perf_counter()
    for holder, count in counts.items():
        backend.rebuild(holder, documents(holder, count))
    seconds = time.perf_counter() - start
    size_on_disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    yield Filled(backend, counts, seconds, size_on_disk / 1e6)


def main() -> None:
    """Measure and print."""
    warnings.simplefilter("ignore")
    options = argparse.ArgumentParser()
    options.add_argument("--backend", nargs="+", default=["postgresql"])
    options.add_argument("--rows", nargs="+", type=int, default=list(ROWS))
    options.add_argument("--same", type=int, default=SAME_ROWS)
    options.add_argument("--shared-buffers", default=machine.SAFE["shared_buffers"])
    chosen = options.parse_args()
    started = machine.postgres(shared_buffers=chosen.shared_buffers)
    with tempfile.TemporaryDirectory() as temporary, started as server:
        sys.stdout.write(f"{machine.description(machine.postgres_version(server))}\n\n{HEAD}\n")
        for kind in chosen.backend:
            for line in rows(kind, chosen.rows, server, Path(temporary), chosen.same):
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
