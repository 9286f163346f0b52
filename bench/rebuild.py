"""How fast the index in PostgreSQL is made anew, as `zoekindex herbouwen --processen` does it.

`python -m bench.rebuild [--reports 100000] [--processes 2]`. The reports are those of
`bench.fill`, over the country; they are read, analysed and written by the application's role.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import warnings
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench import machine, pages, search_postgresql
from bench.fill import Order, fill
from bench.fill.maker import Helpers, holders
from stopintimidatie import install
from stopintimidatie.cli.content import open_registry
from stopintimidatie.core.search.services import rebuild_many
from stopintimidatie.core.storage.encryption import create_key_file
from tests.support.installation import Installation, make_settings

HEAD = (
    "| meldingen | processen | vullen: per s | herbouwen: documenten | s | per s | nog eens: per s"
    " | schijf: MB |\n|--:|--:|--:|--:|--:|--:|--:|--:|"
)


def row(installation: Installation, reports: int, processes: int) -> str:
    """Fill, build the index, and build it once more over itself."""
    order = Order(reports, seed=7, day=date.today())
    several = Helpers(processes, open_registry) if processes > 1 else None
    start = time.perf_counter()
    fill(installation.registry, order, helpers=several)
    filling = reports / (time.perf_counter() - start)
    with installation.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as owner:
        owner.execute(text("VACUUM ANALYZE"))
    wanted = holders(installation.registry, order)
    number, first = _built(installation.registry, wanted, processes)
    megabytes = sum(search_postgresql.size(installation.owner))
    _, again = _built(installation.registry, wanted, processes)
    return (
        f"| {reports} | {processes} | {filling:.0f} | {number} | {first:.0f} | {number / first:.0f}"
        f" | {number / again:.0f} | {megabytes:.0f} |"
    )


def _built(registry: Any, wanted: list[str], processes: int) -> tuple[int, float]:
    start = time.perf_counter()
    made = rebuild_many(registry, wanted, processes, open_registry)
    return sum(report.documents for report in made), time.perf_counter() - start


def main() -> None:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--outlines", type=Path, default=Path("../shared/data"))
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as temporary, machine.postgres() as server:
        url = machine.as_application(machine.new_database(server, "herbouwen"))
        settings = make_settings(url, Path(temporary))
        create_key_file(settings.key_file)
        install(settings)
        installation = Installation(settings)
        if (asked.outlines / pages.OUTLINES[0]).is_file():
            pages.load_outlines(installation, asked.outlines)
        sys.stdout.write(f"{machine.description(machine.postgres_version(server))}.\n\n{HEAD}\n")
        sys.stdout.write(f"{row(installation, asked.reports, asked.processes)}\n")
        installation.close()


if __name__ == "__main__":
    main()
