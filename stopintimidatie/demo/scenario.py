"""The scenario files of the demo, and the moments in them. Pure.

`gemeenten.json` and `meldpunt.json` say who there are and what they agreed, `meldingen_*.json` and
`dossiers_*.json` what happens, `oefencasussen.json` is for practice. Of each act `op` says when and
`door` who; the other words are those of `acts`.

A moment such as `-12 22:40` is so many days from the reference day, and the hour here. That day is
the first Tuesday from the day of the demo on, so that Fridays stay Fridays; what lies ahead of the
day of the demo (six days at most) isn't played yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final

from stopintimidatie.core.text import AMSTERDAM

Json = Mapping[str, Any]
FOLDER: Final = files("stopintimidatie.demo") / "scenarios"
REFERENCE_WEEKDAY: Final = 1
_NAMES: Final = {"landelijk": "meldpunt", "GM0505": "dordrecht", "GM0772": "eindhoven"}


@cache
def read(name: str) -> Any:
    """Return what a scenario file holds; whoever asks leaves it as it is."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def reports_of(holder: str) -> list[Json]:
    """Return the reports of a holder, oldest first."""
    return list(read(f"meldingen_{_NAMES[holder]}"))


def dossiers_of(holder: str) -> list[Json]:
    """Return the dossiers of a municipality; the desk has none."""
    return [] if holder == "landelijk" else list(read(f"dossiers_{_NAMES[holder]}"))


class Timeline:
    """The days and moments of the files, for a demo whose present day is `day`."""

    def __init__(self, day: date) -> None:
        self.moment = datetime.combine(day, time(), AMSTERDAM).astimezone(UTC)
        self.reference = day + timedelta(days=(REFERENCE_WEEKDAY - day.weekday()) % 7)

    def day(self, days: int) -> date:
        """Return the day that lies so many days after the reference day."""
        return self.reference + timedelta(days=days)

    def at(self, written: str) -> datetime:
        """Return the moment that is written as `-12 22:40`."""
        days, hour = written.split()
        local = datetime.combine(self.day(int(days)), time.fromisoformat(hour), AMSTERDAM)
        return local.astimezone(UTC)


def message_of(report: Json, timeline: Timeline) -> dict[str, Any]:
    """Return the message that the app would send for this report."""
    # In the night that clocks change it can come out later than the report.
    start = min(timeline.at(report["gebeurd"]), timeline.at(report["gemeld"]))
    message = {**report["antwoorden"], "taal": "nl", "incidentVan": _written(start)}
    if "minuten" in report:
        message["incidentTot"] = _written(start + timedelta(minutes=report["minuten"]))
    return message | ({"omschrijving": report["verhaal"]} if report["verhaal"] else {})


def _written(moment: datetime) -> str:
    return moment.astimezone(AMSTERDAM).isoformat()
