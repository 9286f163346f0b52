"""S2, for search: its function and row-level security alone keep two municipalities apart.

As in test_walls_crawl the upper walls are off: the ACL, the ORM's filter, and here also that a page
searches where its reader works and that a transaction never goes to another holder. So a search
really asks for the other's words (each lexeme names its holder), rows and facets, in a transaction
of the reader's own municipality. What it finds is looked at, not just what the page shows of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import text

from stopintimidatie.core.search.backend import Scope, SearchResults
from stopintimidatie.core.search.postgres import backend
from stopintimidatie.core.search.postgres.backend import PostgresBackend
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import enter
from stopintimidatie.home import search as search_page
from tests.support.town import DESK, OTHER, OWN, Person, Town
from tests.support.visiting import found_in, shown
from tests.support.without_filters import allow_all, changed, no_filter

SEARCHERS = (
    Person(OWN, Role.OFFICER),
    Person(OWN, Role.PRIVACY_OFFICER),
    Person(DESK, Role.NATIONAL_DESK),
)
# Without words, by the fields alone, by the beginning of every marker, and with a typing error.
WIDE = (
    "",
    "status:nieuw",
    "vorm:naroepen",
    "merkandere",
    "merkandere01x",
    "iets hier",
    '"iets over"',
)
RULE = "(d.holder = current_setting('stopintimidatie.holder', true)) IS TRUE"

pytestmark = [
    pytest.mark.judged_once,
    pytest.mark.postgresql,
]


@contextmanager
def searching(person: Person, town: Town, where: str) -> Iterator[list[SearchResults]]:
    """Every search of this person goes to another place; what comes of each."""
    assert person.place
    own, target = (town.places[place].holder for place in (person.place, where))
    found: list[SearchResults] = []
    honest = PostgresBackend.search

    def search(self: PostgresBackend, *given: Any, **named: Any) -> SearchResults:
        found.append(honest(self, *given, **named))
        return found[-1]

    with pytest.MonkeyPatch.context() as patched, no_filter():
        allow_all(patched)
        patched.setattr(PostgresBackend, "search", search)
        patched.setattr(search_page, "Scope", lambda *given: Scope(target))
        patched.setattr(backend, "enter", lambda session, holder: enter(session, own))
        yield found


def crawl(town: Town, person: Person, where: str) -> tuple[list[SearchResults], list[str]]:
    """All that can be asked of a place, and what the pages showed of it."""
    place = town.places[where]
    words = {**place.texts, **place.contacts}
    leaks = []
    with searching(person, town, where) as found:
        for asked in (*WIDE, *words):
            path = f"/zoeken?q={quote(asked)}"
            answer = town.ask(person, path)
            assert answer.status_int == 200
            leaks += found_in(shown(path, answer), words)
    assert len(found) >= len(WIDE) + len(words)
    return found, leaks


def told(found: list[SearchResults]) -> list[SearchResults]:
    """The results that say anything at all."""
    return [one for one in found if one.total or one.hits or one.did_you_mean or any_count(one)]


def any_count(results: SearchResults) -> bool:
    return any(value.count for values in results.facets.values() for value in values)


@pytest.mark.alles
@pytest.mark.parametrize("person", SEARCHERS, ids=str)
def test_no_search_finds_what_another_holds(town: Town, person: Person) -> None:
    found, leaks = crawl(town, person, OTHER)
    assert leaks == []
    assert told(found) == []


@pytest.mark.alles
def test_the_same_searches_find_what_is_ones_own(town: Town) -> None:
    """The search above would prove nothing if it didn't search."""
    found, seen = crawl(town, SEARCHERS[0], OWN)
    assert len(told(found)) > len(found) / 4
    assert len(seen) > 10


def without_policy(town: Town) -> Any:
    off, on = (
        f"ALTER TABLE search_document {way} ROW LEVEL SECURITY" for way in ("DISABLE", "ENABLE")
    )
    return changed(town, off, back=(on,))


def without_rule(town: Town) -> Any:
    asked = text("SELECT pg_get_functiondef('search_match(tsquery)'::regprocedure)")
    with town.installation.owner.connect() as connection:
        honest = str(connection.execute(asked).scalar_one())
    loose = honest.replace(RULE.replace("'", "''"), "true")
    assert loose != honest
    return changed(town, loose, back=(honest,))


@pytest.mark.alles
@pytest.mark.parametrize("fallen", [without_policy, without_rule])
def test_it_would_be_seen_when_one_of_both_walls_falls(town: Town, fallen: Any) -> None:
    """Each guards what the other doesn't: the policy lists and texts, the function the counts."""
    with fallen(town):
        found, _ = crawl(town, SEARCHERS[0], OTHER)
    assert told(found)


@pytest.mark.alles
def test_with_both_walls_down_the_texts_of_another_are_shown(town: Town) -> None:
    with without_policy(town), without_rule(town):
        _, leaks = crawl(town, SEARCHERS[0], OTHER)
    assert leaks
