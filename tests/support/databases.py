"""Pytest plugin: which database a test runs on. The rule stands in docs/dev/tests.md.

A marker on the test or its module decides (`sqlite`, `postgresql`, `both_databases`), and without
one the room that it stands in.
"""

from __future__ import annotations

from typing import Final, Literal

import pytest

from tests.support.installation import ROOT

Scope = Literal["function", "module", "session"]
SQLITE: Final = ("sqlite",)
POSTGRESQL: Final = ("postgresql",)
BOTH: Final = (*SQLITE, *POSTGRESQL)
# Names which of both databases the short suite takes.
SHORT: Final = "short_on"
MARKERS: Final = {"sqlite": SQLITE, "postgresql": POSTGRESQL, "both_databases": BOTH}
# Where walls between holders, the index or many at once do the work. The other rooms: SQLite.
FOLDERS: Final[dict[str, tuple[str, ...]]] = {
    "contract/database": BOTH,
    "crash": BOTH,
    "core/accounts": POSTGRESQL,
    "core/audit": POSTGRESQL,
    "core/jobs": POSTGRESQL,
    "core/limits": POSTGRESQL,
    "core/search": POSTGRESQL,
    "core/storage": POSTGRESQL,
    "desk": BOTH,
    "disclosures": BOTH,
    "home": BOTH,
    "municipalities/agreements": BOTH,
    "municipalities/areas": BOTH,
    "municipalities/people": BOTH,
    "privacy": BOTH,
    "reports/api": BOTH,
    "reports/arrival": POSTGRESQL,
    "reports/follow": BOTH,
    "reports/handover": BOTH,
    "reports/inbox": BOTH,
    "reports/public": BOTH,
    "whole": POSTGRESQL,
}
# What the database itself does runs on both in the short suite too; of the other rooms with both it
# takes SQLite, which costs a third less.
DATABASE_ITSELF: Final = frozenset({"contract/database", "crash"})
# The fixtures that say which: a test may ask for a town and for an installation of its own.
FIXTURES: Final[dict[str, Scope]] = {
    "database_kind": "function",
    "demo_database": "function",
    "town_database": "session",
    "copied_database": "module",
}


def databases_of(test: pytest.Item) -> tuple[str, ...]:
    """Return the databases that a test runs on."""
    marker = next((mark.name for mark in test.iter_markers() if mark.name in MARKERS), None)
    if marker:
        return MARKERS[marker]
    return FOLDERS.get(_room_of(test), SQLITE)


def _room_of(test: pytest.Item) -> str:
    """Return the folder in the list above that a test stands in, or an empty string."""
    place = test.path.relative_to(ROOT / "tests").as_posix()
    return next((room for room in FOLDERS if place.startswith(f"{room}/")), "")


def _short_kinds(test: pytest.Item) -> tuple[str, ...]:
    """Return the databases that a test runs on in the short suite."""
    all_kinds, short = databases_of(test), test.get_closest_marker(SHORT)
    if short is not None:
        if not set(short.args) & set(all_kinds):
            raise pytest.UsageError(f"{test.nodeid} doesn't run on {short.args}")
        return tuple(short.args)
    marked = any(mark.name in MARKERS for mark in test.iter_markers())
    whole = marked or all_kinds != BOTH or _room_of(test) in DATABASE_ITSELF
    return all_kinds if whole else SQLITE


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each database that the test runs on; mark what the short suite leaves out."""
    short = _short_kinds(metafunc.definition)
    all_kinds = databases_of(metafunc.definition)
    for name, scope in FIXTURES.items():
        if name in metafunc.fixturenames:
            kinds = [
                kind if kind in short else pytest.param(kind, marks=pytest.mark.alles)
                for kind in all_kinds
            ]
            metafunc.parametrize(name, kinds, indirect=True, scope=scope)


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """The database of an installation of the test's own."""
    return _kind(request)


@pytest.fixture
def demo_database(request: pytest.FixtureRequest) -> str:
    """The database of the demo."""
    return _kind(request)


@pytest.fixture(scope="session")
def town_database(request: pytest.FixtureRequest) -> str:
    """The database of the town that tests share."""
    return _kind(request)


@pytest.fixture(scope="module")
def copied_database(request: pytest.FixtureRequest) -> str:
    """The database of which the tests of a module make copies."""
    return _kind(request)


def _kind(request: pytest.FixtureRequest) -> str:
    # A fixture that is only asked for while the test runs has no parameter.
    return str(getattr(request, "param", SQLITE[0]))
