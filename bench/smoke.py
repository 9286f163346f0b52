"""The first measurements in one go: `python -m bench.smoke > docs/benchmarks.md`.

Prints the whole page: intake, pages, search and PDF, each on data that the page names. It takes
some three minutes, and isn't part of the tests. What counts are the ratios within one run.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from bench import intake, machine, pages, pdf, search
from stopintimidatie.search.whoosh_backend import WhooshBackend

SEARCH_ROWS, UPDATES, SEARCHES = 10_000, 50, 200


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def table(title: str, explained: str, head: str, rows: Iterable[str]) -> None:
    """A heading, what was measured, and the lines as they come."""
    say(f"\n## {title}\n\n{explained}\n\n{head}")
    for row in rows:
        say(row)


def search_rows(folder: Path) -> Iterable[str]:
    """Building an index, and searching it for two words at a time."""
    backend = WhooshBackend(folder)
    made = list(search.documents(SEARCH_ROWS))
    build = search.timed(lambda: backend.rebuild(search.HOLDER, made))
    yield f"| index van {SEARCH_ROWS} meldingen bouwen | {build:.0f} | |"
    more = search.documents(UPDATES, seed=3)
    yield _line("één melding bijwerken", _each(more, lambda one: backend.index([one])))
    asked = search.queries(SEARCHES)
    times = _each(asked, lambda query: search.find(backend, query))
    yield _line("twee woorden, filters, 20 fragmenten", times)


def _each(items: Iterable[Any], call: Callable[[Any], object]) -> list[float]:
    """The milliseconds that a call takes for each of these."""
    return [search.timed(partial(call, item)) for item in items]


def _line(what: str, times: list[float]) -> str:
    return f"| {what} | {statistics.median(times):.1f} | {machine.percentile(times, 0.95):.1f} |"


def main() -> None:
    """Measure everything and print the page."""
    warnings.simplefilter("ignore")
    start, before = time.perf_counter(), machine.load()
    with tempfile.TemporaryDirectory() as temporary, machine.postgres() as server:
        folder = Path(temporary)
        # First, for the memory of our children counts together; printed last.
        documents = [pdf.row(size) for size in pdf.SIZES]
        say(f"{INTRODUCTION}\n\n{date.today():%d-%m-%Y}. {_machine(server)}.")
        _databases("Meldingen ontvangen", INTAKE, intake, folder, server)
        _databases("Bladzijden", PAGES, pages, folder, server)
        head = "| wat | p50 ms | p95 ms |\n|---|--:|--:|"
        table("Zoeken", SEARCH, head, search_rows(folder / "index"))
        table("Pdf", PDF, pdf.HEAD, documents)
    seconds = time.perf_counter() - start
    after = machine.load()
    say(f"\nBelasting van de machine: eerst {before}, aan het eind {after}. Duur: {seconds:.0f} s.")


def _machine(server: str) -> str:
    return machine.description(machine.postgres_version(server))


def _databases(title: str, explained: str, bench: object, folder: Path, server: str) -> None:
    name = str(getattr(bench, "__name__", "")).rpartition(".")[2]

    def rows() -> Iterable[str]:
        for kind in ("SQLite", "PostgreSQL"):
            inside = folder / f"{name}-{kind}"
            inside.mkdir()
            sqlite = f"sqlite:///{inside}/data.sqlite"
            url = sqlite if kind == "SQLite" else machine.new_database(server, name)
            yield from bench.rows(kind, url, inside)  # type: ignore[attr-defined]

    table(title, explained, bench.HEAD, rows())  # type: ignore[attr-defined]


INTRODUCTION = """# Gemeten snelheid

Deze bladzijde schrijft `python -m bench.smoke > docs/benchmarks.md`. Het is een eerste peiling op
één kleine machine, met client en server samen. Vergelijk verhoudingen binnen één keer meten, geen
losse getallen van twee machines."""
INTAKE = """`POST /api/v1/meldingen` tegen de webserver van het product (4 threads), steeds een
volledige melding met een nieuwe sleutel, 4 seconden na 1 seconde inlopen. *Kaal* is waitress met
één INSERT en COMMIT, meteen daarna, op dezelfde database; de verhouding is die van de aantallen per
seconde. Elke 201 staat op schijf."""
PAGES = """Tijd in de server, zonder netwerk (30 keer, na 3 keer inlopen); de regel in het logboek
hoort erbij. *Vragen* is het aantal opdrachten aan de database. De meldingen liggen over twee jaar
en alle wijken van één gemeente, en 90% is afgehandeld. Het dossier heeft 30 meldingen."""
SEARCH = """Alleen de index (Whoosh) van één gemeente, met verzonnen zinnen; 200 verschillende
zoekvragen."""
PDF = """Het hele maken in het eigen proces, het opstarten meegerekend, profiel `intern`. Geheugen
is het meeste dat het nam."""


if __name__ == "__main__":
    main()
