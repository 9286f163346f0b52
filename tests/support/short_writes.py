"""Pytest plugin: what a view or a job writes, it writes in few statements.

SQLite has one writer: as long as a transaction may write, all others wait. How long depends on the
machine, so its statements are counted. What reads much does so in a transaction that only reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import Pool

from stopintimidatie.core.storage.sqlite import READ_ONLY_OPTION
from stopintimidatie.core.telemetry import AT_WORK

MOST: Final = 120
# Views and kinds of jobs that need more, each with its own bound and the reason.
_EVERY_TABLE: Final = "looks under its lock at every table of one document, and empties them all"
MORE: Final[dict[str, tuple[int, str]]] = {
    "RequestResource.zoeken": (300, "a hold for each document that is the person's, all at once"),
    "ReportResource.tekst-nakijken": (260, "takes words out of every table and document with them"),
    "MunicipalityResource.overbrengen": (500, "destroys a dossier, and its reports that are due"),
    "PatternResource.aannemen": (450, "files each report of a pattern, with its index"),
    "afspraak.geldig": (350, "looks at each agreement of the country, once a day"),
    "ReportResource.wissen-nakijken": (180, _EVERY_TABLE),
    "DossierResource.wissen-nakijken": (200, _EVERY_TABLE),
}
_COUNT: Final = "tests.statements"
_too_long: Final[list[str]] = []


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get(READ_ONLY_OPTION):
        connection.info.pop(_COUNT, None)
    else:
        connection.info[_COUNT] = 0


@event.listens_for(Engine, "before_cursor_execute")
def _count(connection: Connection, *rest: Any) -> None:
    if _COUNT in connection.info:
        connection.info[_COUNT] += 1


@event.listens_for(Pool, "checkin")
def _judge(connection: Any, record: Any) -> None:
    count, name = record.info.pop(_COUNT, 0), AT_WORK.get()
    if name is None:
        return
    most, _ = MORE.get(name(), (MOST, ""))
    if count > most:
        _too_long.append(f"{name()}: {count} statements in one transaction, and {most} may be")


@pytest.fixture(autouse=True)
def _writes_are_short() -> Iterator[None]:
    """Hold every request and every job of the test to the bound."""
    _too_long.clear()
    yield
    assert not _too_long, _too_long
