"""Kill web server and worker again and again under load: `python -m bench.crash --kills 1000`.

The same ordeal as in tests/crash, with commits that are on the disk. Prints what was lost and what
came double; the exit code is 1 when that isn't nothing, or when anything else doesn't hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from bench import machine
from stopintimidatie import install
from stopintimidatie.core.storage.encryption import create_key_file
from tests.crash.nursery import Nursery
from tests.crash.ordeal import Ordeal, Outcome
from tests.crash.postgres import folder_for_a_server, installed_on, server_in
from tests.crash.site import Site
from tests.support.installation import Installation, make_settings

KILLS_PER_EXPORT = 50
SEARCHED = 200
HEAD = (
    "| database | kills: web | waarvan tussen BEGIN en antwoord | kills: worker | waarvan met taak"
    " | bevestigd | verloren | dubbel | half | duur s |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
)


@contextmanager
def on_sqlite(folder: Path) -> Iterator[Installation]:
    settings = make_settings(f"sqlite:///{folder}/data.sqlite", folder)
    create_key_file(settings.key_file)
    install(settings)
    installation = Installation(settings)
    yield installation
    installation.close()


@contextmanager
def on_postgresql(folder: Path) -> Iterator[Installation]:
    with (
        folder_for_a_server() as place,
        server_in(place) as server,
        installed_on(server, folder) as installation,
    ):
        yield installation


DATABASES = {"sqlite": on_sqlite, "postgresql": on_postgresql}


def measured(name: str, installation: Installation, folder: Path, kills: int, seed: int) -> Outcome:
    """Go through the ordeal; what doesn't hold besides the ledger ends the programme."""
    nursery = Nursery()
    site = Site(installation, nursery, folder / "site")
    try:
        extra = max(2, kills // KILLS_PER_EXPORT)
        ordeal = Ordeal(site, Random(seed), exports=extra, hand_overs=extra)
        outcome = ordeal.run(kills)
        # First what counts; what else doesn't hold ends the programme.
        print(row(name, outcome), flush=True)
        ordeal.check(outcome, SEARCHED)
    finally:
        site.close()
        nursery.close()
    return outcome


def row(name: str, outcome: Outcome) -> str:
    kills = outcome.kills
    return (
        f"| {name} | {kills.web} | {kills.in_flight} ({kills.in_flight / max(kills.web, 1):.0%})"
        f" | {kills.worker} | {kills.in_hand} | {outcome.after.acknowledged} | {outcome.lost}"
        f" | {outcome.doubled} | {outcome.halves} | {outcome.seconds:.0f} |"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=sorted(DATABASES), action="append")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    print(HEAD, flush=True)
    wrong = 0
    for name in asked.database or DATABASES:
        with tempfile.TemporaryDirectory() as inside, DATABASES[name](Path(inside)) as made:
            outcome = measured(name, made, Path(inside), asked.kills, asked.seed)
            wrong += outcome.lost + outcome.doubled + outcome.halves
    print(f"\nBelasting van de machine: {machine.load()}.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
