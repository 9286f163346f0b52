"""How fast the similar reports of one report are found, in one municipality that holds them all.

`python -m bench.similar [--reports 12000] [--database sqlite postgresql]`. All reports are those
of `bench.fill`, in Dordrecht alone: the worst case, for what is near is then near in thousands.
Each look is what the page does: candidates, their comparison, reasons and addresses, in a
transaction of its own.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
import warnings
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from bench import machine
from bench.fill import Order, fill
from stopintimidatie import install
from stopintimidatie.core.search.services import enqueue_rebuild
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.triage.similar import similar_to
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation, make_settings
from tests.support.queries import count_queries

LOOKS, WARM_UP = 200, 20
HEAD = (
    "| database | zoekmachine | meldingen | p50 ms | p95 ms | rekentijd: p50 ms | p95 ms"
    " | gevonden (mediaan) | vragen |\n|---|---|--:|--:|--:|--:|--:|--:|--:|"
)


def row(name: str, url: str, folder: Path, reports: int) -> str:
    """Fill, index, and look many times."""
    settings = make_settings(machine.as_application(url), folder)
    create_key_file(settings.key_file)
    install(settings)
    installation = Installation(settings)
    order = Order(reports, seed=7, day=date.today(), fixed={DORDRECHT: reports})
    fill(installation.registry, order)
    if settings.search_backend == "whoosh":
        with installation.transaction(DORDRECHT) as session:
            enqueue_rebuild(session, DORDRECHT)
    installation.run_jobs()
    with installation.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as owner:
        owner.execute(text("ANALYZE"))
    times, cpu, found, number = _looks(installation)
    line = (
        f"| {name} | {settings.search_backend} | {number} | {statistics.median(times):.1f}"
        f" | {machine.percentile(times, 0.95):.1f} | {statistics.median(cpu):.1f}"
        f" | {machine.percentile(cpu, 0.95):.1f}"
        f" | {statistics.median(found):.0f} | {_queries(installation)} |"
    )
    installation.close()
    return line


def _looks(installation: Installation) -> tuple[list[float], list[float], list[int], int]:
    with installation.transaction(DORDRECHT) as session:
        ids = session.scalars(select(Report.id).order_by(Report.reference)).all()
    dice = random.Random(5)
    times: list[float] = []
    cpu: list[float] = []
    found: list[int] = []
    for place, chosen in enumerate(dice.choices(ids, k=LOOKS + WARM_UP)):
        took, worked, number = _look(installation, chosen)
        if place >= WARM_UP:
            times.append(took)
            cpu.append(worked)
            found.append(number)
    return times, cpu, found, len(ids)


def _look(installation: Installation, chosen: Any) -> tuple[float, float, int]:
    """Milliseconds on the clock, those this process worked (SQLite's too), and how many."""
    with installation.transaction(DORDRECHT) as session:
        report = session.get_one(Report, chosen)
        start, worked = time.perf_counter(), time.process_time()
        found = similar_to(session, installation.registry, report)
        took, worked = time.perf_counter() - start, time.process_time() - worked
        return took * 1000, worked * 1000, len(found)


def _queries(installation: Installation) -> int:
    with installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report).where(Report.lat.is_not(None)).limit(1)).one()
        with count_queries(installation) as counted:
            similar_to(session, installation.registry, report)
    return counted.count


def main() -> None:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=12_000)
    parser.add_argument("--database", nargs="+", default=["sqlite", "postgresql"])
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    postgresql = "postgresql" in asked.database
    with (
        tempfile.TemporaryDirectory() as temporary,
        machine.postgres() if postgresql else nullcontext("") as server,
    ):
        sys.stdout.write(f"{HEAD}\n")
        for name in asked.database:
            folder = Path(temporary) / name
            folder.mkdir()
            url = f"sqlite:///{folder / 'si.sqlite'}"
            if name == "postgresql":
                url = machine.new_database(server, "vergelijkbaar")
            sys.stdout.write(f"{row(name, url, folder, asked.reports)}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
