"""Measure signing in for names that exist, don't exist, or are invited.

    python -m bench.signin [--number 200] [--database sqlite|postgresql]

Nobody may learn from the time whether an account exists. Each kind has as many names as attempts,
each tried once and from a network of its own, so that no lock plays a part; the kinds take turns,
so that a busy moment of the machine is all of theirs. What counts are the ratios within one run.
"""

from __future__ import annotations

import argparse
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
HEAD = "| naam | mediaan ms | p95 ms | verhouding |\n|---|--:|--:|--:|"


def rows(url: str, folder: Path, number: int = NUMBER) -> Iterator[str]:
    """The lines of the table for one database."""
    settings = make_settings(machine.as_application(url), folder)
    create_key_file(settings.key_file)
    install(settings)
    installation = Installation(settings)
    plant(installation, number)
    times = measure(installation, number)
    least = statistics.median(times["onbekend"])
    for kind, title in KINDS.items():
        median = statistics.median(times[kind])
        late = machine.percentile(times[kind], 0.95)
        yield f"| {title} | {median:.1f} | {late:.1f} | {median / least:.3f} |"
    installation.close()


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


def measure(installation: Installation, number: int) -> dict[str, list[float]]:
    """The milliseconds of each attempt, by kind."""
    browser = installation.visitor()
    form = browser.get("/aanmelden").forms["formulier"]
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
    password = RIGHT if kind == "geblokkeerd" else WRONG
    form["gebruikersnaam"], form["wachtwoord"] = name_of(kind, place), password
    start = time.perf_counter()
    form.submit("aanmelden", status=422)
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=NUMBER)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
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
        for row in rows(url, folder, asked.number):
            sys.stdout.write(f"{row}\n")


if __name__ == "__main__":
    main()
