"""The map of the house (docs/dev/architecture.md) shows the house that stands."""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import DEFAULT, patch

import pytest

import stopintimidatie
from bench.trip import NOW, followed, trips
from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.sandbox.process import Limits
from stopintimidatie.exports.document import child
from stopintimidatie.exports.document.assets import load_assets
from stopintimidatie.exports.profiles.defaults import POLICE
from stopintimidatie.exports.redaction.content import to_json
from stopintimidatie.rooms import ROOMS
from tests.support.api import Api
from tests.support.exporting import make_case
from tests.support.exports_factory import a_dossier, redact
from tests.support.installation import Installation

PACKAGE = Path(stopintimidatie.__file__).parent
PAGE = (PACKAGE.parent / "docs" / "dev" / "architecture.md").read_text(encoding="utf-8")
STATION = re.compile(r"^\d+\. `([\w/]+\.py:[\w.]+)`: \w", re.MULTILINE)
# Where the stations of each trip begin.
HEADINGS = {
    "every": "### Every request",
    "report": "### A report in",
    "decision": "### A triage decision",
    "approval": "### A PDF out",
    "worker": "In the worker:",
    "child": "In the child,",
}


def stations() -> dict[str, list[str]]:
    """Return the stations of each trip on the page, in order: `room/module.py:function`."""
    places = [PAGE.index(f"\n{heading}") for heading in HEADINGS.values()]
    ends = [*places[1:], len(PAGE)]
    parts = [PAGE[begin:end] for begin, end in zip(places, ends, strict=True)]
    return {name: STATION.findall(part) for name, part in zip(HEADINGS, parts, strict=True)}


def entered_at(station: str, functions: Sequence[str]) -> int:
    """Return when a trip first enters a function, a method of a class, or what a function made."""
    found = (
        place
        for place, each in enumerate(functions)
        if each == station or each.startswith(f"{station}.")
    )
    return next(found, -1)


def check_order(wanted: Sequence[str], functions: Sequence[str]) -> None:
    """Refuse stations that are never entered, and stations that are entered in another order."""
    places = {station: entered_at(station, functions) for station in wanted}
    assert wanted
    assert not [station for station, place in places.items() if place < 0]
    assert sorted(wanted, key=places.__getitem__) == list(wanted)


@pytest.mark.sqlite
@pytest.mark.alles
def test_the_trips_go_by_the_stations_of_the_map(installation: Installation) -> None:
    wanted = stations()
    with clock_at(NOW):
        for trip in trips(make_case(installation), Api(installation)):
            check_order(wanted[trip.name], trip.functions)
            if trip.name != "worker":
                check_order(wanted["every"], trip.functions)


@pytest.mark.alles
def test_the_child_goes_by_the_stations_of_the_map() -> None:
    check_order(stations()["child"], followed(draw_as_the_child_does))


def draw_as_the_child_does() -> None:
    """Run the program of the child in this process, without what would bind the process."""
    load_assets.cache_clear()  # a new process has read nothing yet
    content = io.TextIOWrapper(io.BytesIO(to_json(redact(a_dossier(0), POLICE))))
    with (
        tempfile.TemporaryFile() as made,
        tempfile.TemporaryFile() as files,
        patch.multiple(child, gc=DEFAULT, _end_with=DEFAULT, _close_doors=DEFAULT),
        patch.object(Limits, "bind"),
        patch.object(sys, "stdin", content),
        warnings.catch_warnings(),
    ):
        to_fill, along = (str(os.dup(file.fileno())) for file in (made, files))
        child.main(Limits().as_text(), to_fill, along, "", "archief", "0")
        made.seek(0)
        assert made.read(5) == b"%PDF-"


def test_the_map_has_every_room_and_no_other() -> None:
    rooms = re.findall(r"^### ([a-z]+)\n", PAGE, re.MULTILINE)
    places = re.findall(r"^\| `([a-z]+)/([a-z]+)` \| \S", PAGE, re.MULTILINE)
    assert rooms == list(ROOMS)
    assert places == [(room, place) for room, inside in ROOMS.items() for place in inside]


def test_names_that_many_rooms_use_stand_in_the_closed_list() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE))
    used = Counter(path.stem for path in PACKAGE.rglob("*.py"))
    assert {name for name, times in used.items() if times > 3} <= listed <= used.keys()
