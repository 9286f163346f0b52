"""The first measurements in one go: `python -m bench.smoke`.

Prints a whole page: intake, pages, search and PDF, each on data that the page names. It takes
some three minutes, and isn't part of the tests. What counts are the ratios within one run.
"""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from bench import intake, machine, pages, pdf, routing, search
from tests.support.echte_gebieden import shared_data


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def table(title: str, explained: str, head: str, rows: Iterable[str]) -> None:
    """A heading, what was measured, and the lines as they come."""
    say(f"\n## {title}\n\n{explained}\n\n{head}")
    for row in rows:
        say(row)


def search_rows(server: str, folder: Path) -> Iterable[str]:
    """Both engines of search, small."""
    for kind in ("postgresql", "whoosh"):
        yield from search.rows(kind, search.SMALL, server, folder)


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
        table("Zoeken", SEARCH, search.HEAD, search_rows(server, folder))
        table("Pdf", PDF, pdf.HEAD, documents)
        data = shared_data()
        if data is not None:
            inside = folder / "routing"
            inside.mkdir()
            found = routing.rows(f"sqlite:///{inside}/data.sqlite", inside, data)
            table("Plekken vinden", PLACES, routing.HEAD, found)
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

Deze bladzijde schrijft `python -m bench.smoke`. Het is een eerste peiling op
één kleine machine, met client en server samen. Vergelijk verhoudingen binnen één keer meten, geen
losse getallen van twee machines."""
INTAKE = """`POST /api/v1/meldingen` tegen granian (4 threads per proces), steeds een volledige
melding met een nieuwe sleutel, over de echte grenzen van gemeenten en wijken. *Kaal* is granian met
dezelfde instellingen, één INSERT en COMMIT van een even grote rij, om de beurt gemeten in dezelfde
database; de verhouding is die van de aantallen per seconde. *cpu* is wat de webprocessen per
melding gebruiken. Elke 201 staat op schijf. Uitvoeriger: `python -m bench.intake`."""
PAGES = """Tijd in de server, zonder netwerk (30 keer, na 3 keer inlopen); de regel in het logboek
hoort erbij. *Vragen* is het aantal opdrachten aan de database, die op PostgreSQL als de rol van de
toepassing gaan. De meldingen maakt `bench.fill`: over vijf jaar en over de bekende gemeenten, het
meeste afgehandeld. Dordrecht houdt evenveel meldingen, Eindhoven heeft een achtste van alles. Het
dossier is het grootste dat er is. Met een miljoen meldingen: `python -m bench.pages --help`."""
SEARCH = """Verzonnen zinnen, verdeeld over de gemeenten; twee woorden in één gemeente, met filters
en twintig fragmenten, bij PostgreSQL door de rol van de toepassing achter row-level security. *Even
grote gemeente* heeft steeds 3.000 documenten, hoeveel er ook in het land zijn."""
PLACES = """Gemeente, wijk, buurt, en of er een grens binnen 50 m is, van 20.000 punten op land,
tegen de grenzen van het hele land in het geheugen. Tijd van het proces zelf. Alleen dit:
`python -m bench.routing`."""
PDF = """Het hele maken in het eigen proces, het opstarten meegerekend, profiel `intern`. Geheugen
is het meeste dat het nam."""


if __name__ == "__main__":
    main()
