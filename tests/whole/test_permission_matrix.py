"""S1, P1 and S2 from outside: every view asked by every role, for its own holder and for others.

And by a visitor. What became of it, and whose data stood on the pages: asked once for both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

import stopintimidatie
from stopintimidatie.core.accounts.models import LoginSession
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.factors.confirmation import NAME
from tests.support.declared_views import asks_again, key_of, views
from tests.support.matrix import MATRIX
from tests.support.probing import Probe, allowed, allowed_views, ask, outcome, probes
from tests.support.town import PEOPLE, VISITOR, Person, Town
from tests.support.visiting import (
    FEWER_PAGES,
    FOLLOWERS,
    Visit,
    begin,
    follow_links,
    try_addresses,
)

# It changes nothing, and its form is received before anybody can read a token in it.
WITHOUT_TOKEN = {"/verificatie"}
CONFIRMS = f"http://localhost:6543/{NAME}?"
pytestmark = [pytest.mark.both_databases, pytest.mark.judged_once]

# Tokens and methods are judged before any database is asked.
ON_ONE_DATABASE = pytest.mark.sqlite
# Ask every fourth view in the short suite: Pyramid treats all alike there.
SOME = pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.alles)])


@ON_ONE_DATABASE
@pytest.mark.parametrize("person", PEOPLE, ids=str)
def test_a_person_gets_what_the_matrix_says_and_sees_nothing_that_is_not_theirs(
    town: Town, person: Person
) -> None:
    made = begin(town, person)
    try_addresses(town, person, made, in_turns=True)
    assert made.pages > 50
    judge(made, person)


# Where row-level security is: what each view does there, test_walls_crawl asks.
@pytest.mark.alles
@pytest.mark.postgresql
@pytest.mark.parametrize(
    "person", [FOLLOWERS[0], pytest.param(FOLLOWERS[1], marks=pytest.mark.alles)], ids=str
)
def test_who_sees_most_finds_nothing_that_is_not_theirs_by_links_and_search(
    town: Town, person: Person
) -> None:
    made = begin(town, person, FEWER_PAGES)
    follow_links(town, person, made)
    assert made.pages > FEWER_PAGES
    judge(made, person)
    judge_own_words(made, person)


@pytest.mark.alles
@pytest.mark.parametrize("person", PEOPLE, ids=str)
def test_each_person_sees_nothing_that_is_not_theirs_wherever_links_lead(
    town: Town, person: Person
) -> None:
    made = begin(town, person)
    try_addresses(town, person, made, in_turns=False)
    follow_links(town, person, made)
    assert made.pages > 250
    judge(made, person)
    judge_own_words(made, person)


def judge(made: Visit, person: Person) -> None:
    """Check that outcomes and headers are right, and nothing of others is shown."""
    assert not made.wrong, "\n" + "\n".join(made.wrong)
    assert made.forbidden
    assert made.leaks == {}
    assert person is not VISITOR or not made.own


def judge_own_words(made: Visit, person: Person) -> None:
    """Check that own data is shown: it would prove nothing if the words stood nowhere."""
    assert len(made.unseen) < len(made.own) / 2 or not made.own


@ON_ONE_DATABASE
@SOME
def test_nothing_is_posted_without_a_token_of_the_form(town: Town, step: int) -> None:
    posts = [p for p in allowed_views(town, "POST") if p.path not in WITHOUT_TOKEN][::step]
    assert posts
    for fields in ({}, {"csrf_token": "f" * 64}):
        statuses = {str(p): town.ask(p.person, p.path, "POST", fields).status_int for p in posts}
        assert {path: status for path, status in statuses.items() if status != 400} == {}


@ON_ONE_DATABASE
@SOME
def test_head_answers_like_get_without_a_body(town: Town, step: int) -> None:
    for probe in list(allowed_views(town, "GET"))[::step]:
        asked = town.ask(probe.person, probe.path, "HEAD")
        assert (outcome(asked), asked.body) == ("ja", b""), probe


@ON_ONE_DATABASE
@SOME
def test_another_method_is_refused(town: Town, step: int) -> None:
    methods = {(view.context, view.name): set[str]() for view in MATRIX}
    for view in MATRIX:
        methods[view.context, view.name].add(view.method)
    # Which methods a view takes doesn't hang on the document.
    asked = {(probe.view.context, probe.view.name): probe for probe in allowed(town, "GET")}
    for turn, (key, probe) in enumerate(list(asked.items())[::step]):
        for method in {"POST", ("PUT", "DELETE", "OPTIONS")[turn % 3]} - methods[key]:
            if method == "OPTIONS" and probe.path.startswith("/api/"):
                continue
            fields = {"csrf_token": town.token(probe.person)} if method == "POST" else None
            found = town.ask(probe.person, probe.path, method, fields).status_int
            assert found in (404, 405), f"{method} {probe.path}: {found}"


def names_read_by_views() -> set[str]:
    """Return the names of form fields that views read outside their forms."""
    root = Path(stopintimidatie.__file__).parent
    sources = (path.read_text() for path in root.rglob("*.py"))
    return {name for text in sources for name in re.findall(r'POST\.\w+\(\s*"(\w+)"', text)}


@ON_ONE_DATABASE
@SOME
def test_a_file_where_text_is_asked_is_no_error(town: Town, step: int) -> None:
    names = names_read_by_views()
    assert {"spoed", "deelnemer", "versie", "code"} <= names
    wrong = {}
    for probe in list(allowed_views(town, "POST"))[::step]:
        token = {"csrf_token": town.token(probe.person)}
        for files in ({"csrf_token"}, names - {"csrf_token"}):
            fields: dict[str, Any] = dict.fromkeys(sorted(files), ("a.txt", "tekst"))
            status = town.ask(probe.person, probe.path, "POST", {**token, **fields}).status_int
            if status >= 500 or (status not in (400, 422) and files == {"csrf_token"}):
                wrong[f"{probe.path} {len(files)}"] = status
    assert wrong == {}


@ON_ONE_DATABASE
@SOME
def test_what_is_grave_asks_for_the_second_factor_unless_it_was_shown_lately(
    town: Town, step: int
) -> None:
    """S6: views with such a guard, each at one of its addresses. Elsewhere all are of the demo."""
    guarded = sorted({key_of(view) for view in views(town.installation) if asks_again(view)})
    assert len(guarded) > 60
    grave = set(guarded[::step])
    asking: dict[tuple[str, str], Probe] = {}
    with factors_shown(town, utc_now() - timedelta(hours=1)):
        # Some find nothing in the town, and say so only after asking.
        for probe in (*allowed(town, "GET"), *allowed(town, "POST"), *probes(town)):
            key = probe.view.context, probe.view.name
            if key in grave - asking.keys() and asks(town, probe):
                asking[key] = probe
    assert grave - asking.keys() == set()
    with factors_shown(town, utc_now()):
        assert [str(probe) for probe in asking.values() if asks(town, probe)] == []


def asks(town: Town, probe: Probe) -> bool:
    """Tell whether the answer leads to the page that asks for the second factor."""
    return str(ask(town, probe).headers.get("Location", "")).startswith(CONFIRMS)


@contextmanager
def factors_shown(town: Town, moment: datetime | None) -> Iterator[None]:
    """Everybody is signed in, and showed a second factor at this moment; then as they were."""
    for person in PEOPLE:
        town.cookies(person)
    try:
        with town.installation.transaction() as session:
            session.execute(update(LoginSession).values(factor_at=moment))
        yield
    finally:
        with town.installation.transaction() as session:
            session.execute(update(LoginSession).values(factor_at=None))
