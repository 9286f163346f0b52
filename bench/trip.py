"""Count the functions and files of the package that a request enters.

    python -m bench.trip [--list] [report] [decision] [approval] [worker]

Each trip is the one request of a real application over SQLite, counted the second time it is made,
so that what a process finds out once is left out. The clock stands still, and what a request does
once in so many times it doesn't do. The worker's jobs after the approval are counted apart. The
child in which it lays out the PDF isn't counted, nor are templates. A lambda or a generator
expression belongs to the function it stands in.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType
from typing import Any, Final
from unittest.mock import patch

import stopintimidatie
from bench import machine
from stopintimidatie import install
from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.storage.encryption import create_key_file
from tests.support.api import Api
from tests.support.exporting import Case, make_case, requested
from tests.support.installation import Installation, make_settings

PACKAGE: Final = Path(stopintimidatie.__file__).parent
# A Tuesday in office hours, after the incident of the example report.
NOW: Final = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TITLES: Final = {
    "report": "een melding binnen",
    "decision": "een beoordeling bij triage",
    "approval": "een goedkeuring van een uitvoer",
    "worker": "daarna in de worker",
}
EXPLAINED: Final = (
    "De verschillende bestanden en functies waar één verzoek in komt; `--list` noemt ze. Hoe druk"
    " de machine is, maakt hier niets uit."
)
HEAD: Final = "| tocht | bestanden | functies |\n|---|--:|--:|"


@dataclass(frozen=True)
class Trip:
    """The functions one request entered, in order of first entry: `room/module.py:function`."""

    name: str
    functions: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.partition(":")[0] for each in self.functions))

    @property
    def row(self) -> str:
        """Its line of the table."""
        return f"| {TITLES[self.name]} | {len(self.files)} | {len(self.functions)} |"


def trips(case: Case, api: Api) -> Iterator[Trip]:
    """Make each trip twice and follow it the second time."""
    yield Trip("report", _second(api.post))
    jobs = case.installation.run_jobs
    references = [api.post().json["kenmerk"] for _ in range(2)]
    jobs()
    forms = [_triage_form(case, reference) for reference in references]
    yield Trip("decision", _second(lambda: forms.pop().submit("opslaan", status=303)))
    _approve(case)()
    jobs()
    yield Trip("approval", followed(_approve(case)))
    yield Trip("worker", followed(jobs))


def followed(call: Callable[[], Any]) -> tuple[str, ...]:
    """Collect the functions of the package that this thread enters, each once."""
    codes: dict[CodeType, None] = {}
    never_the_one = patch("secrets.randbelow", lambda below: below - 1)

    def note(frame: Any, happened: str, _: Any) -> None:
        if happened == "call":
            codes.setdefault(frame.f_code)

    with never_the_one:
        sys.setprofile(note)
        try:
            call()
        finally:
            sys.setprofile(None)
    return tuple(dict.fromkeys(filter(None, map(_function, codes))))


def _function(code: CodeType) -> str | None:
    """The file and the function of a code object; None of other code, a module or class body."""
    path = Path(code.co_filename)
    if not path.is_relative_to(PACKAGE) or path.suffix != ".py" or not code.co_flags & CO_OPTIMIZED:
        return None
    parts = code.co_qualname.split(".")
    while len(parts) > 1 and parts[-1].startswith("<"):
        parts.pop()
    return f"{path.relative_to(PACKAGE).as_posix()}:{'.'.join(parts)}"


def _second(call: Callable[[], Any]) -> tuple[str, ...]:
    call()
    return followed(call)


def _triage_form(case: Case, reference: str) -> Any:
    """The filled-in form of a new report: nobody is in danger, the rest as it was proposed."""
    address = f"/gemeenten/dordrecht/binnenstad/{reference}/triage"
    form = case.browser("aanvrager").get(address).forms["formulier"]
    form["beoordeling.gevaar"] = "nee"
    return form


def _approve(case: Case) -> Callable[[], Any]:
    """An export that was asked for, on the page of who decides; the call approves it."""
    address = f"{case.path}/{requested(case)}/beoordelen"
    form = case.browser("beslisser").get(address).forms["formulier"]
    return lambda: form.submit("goedkeuren", status=303)


def main() -> None:
    """Make the trips; print (and write) the table, or with `--list` what each goes through."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trips", nargs="*", metavar="trip", help=", ".join(TITLES))
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--schrijf", action="store_true", help="put the table in the docs")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    before = machine.load()
    made = [trip for trip in _all() if trip.name in (asked.trips or TITLES)]
    told = [HEAD, *(trip.row for trip in made)]
    if asked.list:
        told = ["\n".join((f"# {trip.name}", *trip.functions)) for trip in made]
    sys.stdout.write("\n".join(told) + "\n")
    if asked.schrijf:
        about = f"{machine.told('python -m bench.trip', before)}\n{EXPLAINED}"
        machine.write_section("Waar een verzoek door gaat", "\n".join((about, "", *told)))


def _all() -> list[Trip]:
    """The trips of a new installation in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder, clock_at(NOW):
        settings = make_settings(f"sqlite:///{folder}/data.sqlite", Path(folder))
        create_key_file(settings.key_file)
        install(settings)
        with closing(Installation(settings)) as installation:
            return list(trips(make_case(installation), Api(installation)))


if __name__ == "__main__":
    main()
