"""The questions of the permission matrix, spelled out, and what came of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from tests.support.matrix import MATRIX, SIGN_IN, View
from tests.support.town import (
    DESK,
    DESK_ROLES,
    MUNICIPAL_ROLES,
    OTHER,
    OWN,
    PEOPLE,
    VISITOR,
    Person,
    Town,
)

NOT_YOURS = "404"


@dataclass(frozen=True)
class Probe:
    """One question to the app, and what must come of it."""

    view: View
    path: str
    place: str | None
    person: Person
    expected: str

    def __str__(self) -> str:
        return f"{self.person}: {self.view.method} {self.path}"


def probes(town: Town) -> Iterator[Probe]:
    """Everything that the matrix says, spelled out."""
    for view in MATRIX:
        for template, row in view.rows.items():
            for place, path in addresses(town, template, len(row)):
                for person in PEOPLE:
                    expected = expectation(view, row, place, person)
                    yield Probe(view, path, place, person, expected)


def addresses(town: Town, template: str, columns: int) -> Iterator[tuple[str | None, str]]:
    """The real addresses behind one of the matrix, with whose they are."""
    if "{" not in template:
        yield None, template
        return
    places = (DESK,) if columns == len(DESK_ROLES) else (OWN, OTHER)
    for place in places:
        path = town.fill(template, place)
        assert path is not None, f"the town of {place} has no {template}"
        yield place, path


def expectation(view: View, row: tuple[str, ...], place: str | None, person: Person) -> str:
    if person is VISITOR:
        return SIGN_IN if view.permission is not None else row[0]
    if place is None:
        return row[PEOPLE.index(person)]
    if person.place != place:
        return NOT_YOURS
    roles = DESK_ROLES if place == DESK else MUNICIPAL_ROLES
    assert person.role
    return row[roles.index(person.role)]


def outcome(response: Any) -> str:
    """What became of a request, in the words of the matrix."""
    status = response.status_int
    if status == 303 and response.location.split("?")[0].endswith("/aanmelden"):
        return SIGN_IN
    if status < 400 or status in (409, 422):
        return "ja"
    return str(status)


def ask(town: Town, probe: Probe) -> Any:
    fields = None
    if probe.view.method == "POST":
        fields = {"csrf_token": town.token(probe.person)}
    return town.ask(probe.person, probe.path, probe.view.method, fields)


def probes_of(town: Town, person: Person, *, in_turns: bool) -> Iterator[Probe]:
    """Yield the requests that this person tries: every address of their own holder.

    All documents of other holders are refused alike: one address for each view is enough there.
    With `in_turns` people share the questions: of each view at each place one who may asks it, and
    one who may not; one of another holder and a visitor ask each view. And whoever has a permission
    uses it once.
    """
    numbers: dict[Any, int] = {}
    asked = set[Any]()
    for _, same in groupby(probes(town), key=lambda probe: (probe.view.key, probe.path)):
        everybody = {probe.person: probe for probe in same}
        probe = everybody[person]
        strange = probe.place not in (None, person.place)
        kind = (probe.view.key, None if in_turns and strange else probe.place)
        number = numbers.setdefault(kind, len(numbers))
        if strange:
            strangers = [other for other in PEOPLE if other.place not in (None, probe.place)]
            whose = strangers[number % len(strangers)] if in_turns else person
            if kind in asked or person not in (whose, VISITOR):
                continue
            asked.add(kind)
        elif in_turns:
            may = probe.expected == "ja"
            news = {(kind, may)} - asked
            used = {probe.view.permission} - asked if may else set()
            asked |= news
            if not (used or (news and _has_turn(everybody, person, number))):
                continue
            asked |= used
        yield probe


def _has_turn(everybody: Mapping[Person, Probe], person: Person, number: int) -> bool:
    mine = everybody[person]
    near = [each for each in everybody.values() if mine.place in (None, each.person.place)]
    alike = [each.person for each in near if (each.expected == "ja") == (mine.expected == "ja")]
    return person is VISITOR or alike[number % len(alike)] == person


def allowed(town: Town, method: str) -> Iterator[Probe]:
    """One person per address who may do it."""
    seen = set()
    for probe in probes(town):
        if probe.view.method == method and probe.expected == "ja" and probe.path not in seen:
            seen.add(probe.path)
            yield probe


def allowed_views(town: Town, method: str) -> Iterator[Probe]:
    """Yield the first probe of each view: one person and address."""
    seen = set()
    for probe in allowed(town, method):
        if probe.view.key not in seen:
            seen.add(probe.view.key)
            yield probe
