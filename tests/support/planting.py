"""Reports planted close together, and the job that finds them."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.text import AMSTERDAM, local
from stopintimidatie.dossiers.patterns.jobs import ask_for_search
from stopintimidatie.reports.fields import Location
from tests.support.factories import DORDRECHT, make_report
from tests.support.installation import Installation

LAT, LON = 51.8133, 4.6690
PLANTED, NOISE = 12, 40


def plant(installation: Installation, number: int = PLANTED, noise: int = NOISE) -> None:
    """A hot spot on late evenings, among reports all over town at all hours."""
    dice = random.Random(8)
    with installation.transaction() as session:
        for _ in range(number):
            report(session, installation, dice, 0.0004, late(dice))
        for _ in range(noise):
            report(session, installation, dice, 0.03, days_ago(dice, dice.randrange(24)))


def report(session: Any, made: Installation, dice: random.Random, wide: float, at: Any) -> None:
    place = Location(lat=LAT + dice.uniform(-1, 1) * wide, lon=LON + dice.uniform(-1, 1) * wide)
    make_report(session, made, location=place, incident_start=at)


def days_ago(dice: random.Random, hour: int) -> datetime:
    day = local(utc_now()).date() - timedelta(days=dice.randint(2, 100))
    return datetime(day.year, day.month, day.day, hour, dice.randrange(60), tzinfo=AMSTERDAM)


def late(dice: random.Random) -> datetime:
    return days_ago(dice, 22)


def search(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        ask_for_search(session, DORDRECHT)
    installation.run_jobs()
