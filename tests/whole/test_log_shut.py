"""P9 over all views: a page that can't be recorded in the log isn't shown, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from tests.support.probing import Probe, allowed, allowed_views, ask
from tests.support.town import VISITOR, Town
from tests.support.visiting import foreign_words, found_in, shown

# Words of people in office or of organisations, and what is neutral by rule: nobody's data whom a
# report is about. Their pages are lists and forms of colleagues.
NOBODY = (
    "functie",
    "genodigde",
    "convenant van partner",
    "doel van verwerking",
    "ontvanger",
    "organisatie",
    "partner van",
    "reden van lijst",
    "titel van",
    "toelichting op termijnen",
    "verantwoordelijke",
    "zaaknummer",
)
pytestmark = [pytest.mark.judged_once, pytest.mark.sqlite]


@contextmanager
def log_shut(town: Town) -> Iterator[None]:
    """Let every line fail that is written in the log, or in that of police data."""

    def refuse(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        if any(f"INSERT INTO {table}" in statement for table in ("audit_event", "police_event")):
            raise OperationalError("INSERT INTO audit_event", None, OSError("disk I/O error"))

    event.listen(town.installation.engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        event.remove(town.installation.engine, "before_cursor_execute", refuse)


# In the short suite every twelfth view: one place writes the log for all of them.
@pytest.mark.parametrize("step", [12, pytest.param(1, marks=pytest.mark.alles)])
def test_no_view_shows_a_word_of_anybody_when_the_log_cannot_be_written(
    town: Town, step: int
) -> None:
    assert asked(town, [*allowed_views(town, "GET")][::step]) > 50 / step


@pytest.mark.alles
def test_no_address_shows_a_word_of_anybody_when_the_log_cannot_be_written(town: Town) -> None:
    assert asked(town, [*allowed(town, "GET"), *allowed(town, "POST")]) > 150


def asked(town: Town, probes: Sequence[Probe]) -> int:
    """Ask them all with the log shut; the number of pages that weren't shown."""
    everything = foreign_words(town, VISITOR).items()
    words = {word: about for word, about in everything if not about.startswith(NOBODY)}
    # The first use of a role is a line of its own: it would hide that a page has none.
    for probe in {probe.person: probe for probe in probes if probe.place is not None}.values():
        ask(town, probe)
    for person in {probe.person for probe in probes}:
        town.cookies(person)
    shut, leaks = 0, {}
    with log_shut(town):
        for probe in probes:
            answer = ask(town, probe)
            assert answer.status_int in (503, *range(200, 500)), probe
            shut += answer.status_int == 503
            if answer.status_int < 500 and (found := found_in(shown(probe.path, answer), words)):
                leaks[f"{probe} {answer.status_int}"] = found
    assert leaks == {}
    return shut
