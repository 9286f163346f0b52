"""Measure signing in, or asking for a new password, for names that exist, don't, or are invited.

    python -m bench.signin [--forgotten] [--number 200] [--database sqlite|postgresql]

Nobody may learn from the time whether an account exists. Each kind has as many names as attempts,
each tried once and from a network of its own, so that no lock plays a part; the kinds take turns,
so that a busy moment of the machine is all of theirs. What counts are the ratios within one run,
and p: the chance of a difference like this between times of one kind (Mann and Whitney's test).
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from webtest import Form, TestApp

from bench import machine
from stopintimidatie import install
from stopintimidatie.core.accounts.links import NO_PASSWORD
from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.accounts.passwords import hash_password
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.encryption import create_key_file
from tests.support.installation import Installation, make_settings

NUMBER = 200
RIGHT, WRONG = "paarse fiets zingt zacht", "een verkeerd wachtwoord"
# Kinds of names, by the word that their addresses begin with; the first is what others compare to.
KINDS = {
    "onbekend": "onbekende naam",
    "bestaand": "bestaand account, verkeerd wachtwoord",
    "genodigd": "uitgenodigd, nog geen wachtwoord",
    "geblokkeerd": "geblokkeerd account, goed wachtwoord",
}
HEAD = "| naam | mediaan ms | p95 ms | verhouding | p |\n|---|--:|--:|--:|--:|"


def rows(url: str, folder: Path, number: int = NUMBER, *, forgotten: bool = False) -> Iterator[str]:
    """The lines of the table for one database."""
    settings = make_settings(machine.as_application(url), folder)
    create_key_file(settings.key_file)
    install(settings)
    installation = Installation(settings)
    plant(installation, number)
    times = measure(installation, number, forgotten=forgotten)
    unknown = times["onbekend"]
    least = statistics.median(unknown)
    for kind, title in KINDS.items():
        median = statistics.median(times[kind])
        late = machine.percentile(times[kind], 0.95)
        chance = chance_of(times[kind], unknown)
        yield f"| {title} | {median:.2f} | {late:.2f} | {median / least:.3f} | {chance:.2f} |"
    installation.close()


def chance_of(some: list[float], others: list[float]) -> float:
    """The chance that times of one kind differ as much as these (Mann and Whitney, two-sided)."""
    ordered = sorted([(time, 0) for time in some] + [(time, 1) for time in others])
    ranks = sum(rank for rank, (_, kind) in enumerate(ordered, 1) if kind == 0)
    n, m = len(some), len(others)
    expected, spread = n * (n + m + 1) / 2, math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(ranks - expected) / spread / math.sqrt(2))


def name_of(kind: str, place: int) -> str:
    """The address of one account, or of none."""
    return f"{kind}{place:04}@bench.example"


def plant(installation: Installation, number: int) -> None:
    """Store the accounts; one hash at full cost serves all."""
    hashed, now = hash_password(RIGHT), utc_now()
    kinds: dict[str, dict[str, Any]] = {
        "bestaand": {"password_hash": hashed, "blocked_at": None},
        "genodigd": {"password_hash": NO_PASSWORD, "blocked_at": None},
        "geblokkeerd": {"password_hash": hashed, "blocked_at": now},
    }
    values = [
        {"username": name_of(kind, place), "name": "Collega", **columns}
        for kind, columns in kinds.items()
        for place in range(number)
    ]
    with installation.transaction() as session:
        session.execute(insert(User), values)


def measure(installation: Installation, number: int, *, forgotten: bool) -> dict[str, list[float]]:
    """The milliseconds of each attempt, by kind."""
    browser = installation.visitor()
    path = "/wachtwoord-vergeten" if forgotten else "/aanmelden"
    form = browser.get(path).forms["formulier"]
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for place in range(-3, number):
        for turn in range(len(KINDS)):
            # Each kind comes first, second … as often as the others.
            kind = list(KINDS)[(turn + place) % len(KINDS)]
            milliseconds = attempt(browser, form, kind, place % number, place)
            # The first rounds warm up.
            if place >= 0:
                times[kind].append(milliseconds)
    return times


def attempt(browser: TestApp, form: Form, kind: str, place: int, network: int) -> float:
    """Send the form once from a network of its own; how long the answer took."""
    browser.extra_environ["REMOTE_ADDR"] = f"145.{network % 200 + 1}.{network // 200 + 20}.7"
    form["gebruikersnaam"] = name_of(kind, place)
    if "wachtwoord" in form.fields:
        form["wachtwoord"] = RIGHT if kind == "geblokkeerd" else WRONG
    start = time.perf_counter()
    form.submit(status=(303, 422))
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=NUMBER)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--forgotten", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, machine.postgres() as server:
        folder = Path(temporary)
        on_sqlite = asked.database == "sqlite"
        url = (
            f"sqlite:///{folder}/data.sqlite"
            if on_sqlite
            else machine.new_database(server, "aanmelden")
        )
        sys.stdout.write(f"{machine.description(machine.postgres_version(server))}.\n\n{HEAD}\n")
        for row in rows(url, folder, asked.number, forgotten=asked.forgotten):
            sys.stdout.write(f"{row}\n")


if __name__ == "__main__":
    main()
