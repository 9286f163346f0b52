"""S2: row-level security alone keeps two municipalities apart, in every route of the house.

The matrix's routes are crawled as the application's role with the ACL wall switched off, the ORM's
filter on holders off as well, and the check of the address removed: so a stranger's address is
really looked for, by a transaction of one's own municipality. All three are switched off here, in
the test; the product has no hook for that.

A page that shows nothing foreign may just not have asked. So at the end of every transaction of
the crawl, on its own connection and before it is undone, all walled tables are asked for a row
that isn't the holder's, and (for the municipality that has rows in all) for one that is. With one
policy gone a single request must therefore name exactly that table: whichever route it is, for
the probe is part of each. So each policy is proven to hold where requests really run, without a
crawl over all routes per table. Here search says that its index isn't whole, for there are rows of
that kind too; test_walls_search asks it.
"""

# ruff: noqa: S608 - the names in these statements are those of our own tables
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pyramid.request import RequestLocalCache
from sqlalchemy import Connection, Table, event, select, text
from sqlalchemy.exc import DBAPIError
from webtest import TestApp

from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import TenancyError, database, enter
from stopintimidatie.core.storage.database import POLICY
from stopintimidatie.core.storage.models import Held
from stopintimidatie.core.storage.tenancy import current_holder
from stopintimidatie.core.tree import resources as tree_resources
from tests.support.factories import DORDRECHT, EINDHOVEN
from tests.support.probing import Probe, outcome, probes
from tests.support.town import DESK, HOST, OTHER, OWN, Person, Town, own_town
from tests.support.visiting import foreign_words, found_in, shown
from tests.support.walls import HELD, PASSED, POWERS, WALLED, mine, row_of
from tests.support.without_filters import allow_all, changed, no_filter

pytestmark = pytest.mark.judged_once

OFFICER = Person(OWN, Role.OFFICER)
# Without the ACL every role reaches every route; what differs is for whom the request works.
AT_DESK = Person(DESK, Role.NATIONAL_DESK)
HOLDER = "coalesce(current_setting('stopintimidatie.holder', true), '')"
LOGS = {"audit_event", "audit_subject", "police_event"}


def of_the_holder(name: str) -> str:
    return f"{HOLDER} IN (giver, receiver)" if name in PASSED else f"holder = {HOLDER}"


# A function of the invoker's: how to answer so many questions is thought of once per connection.
PROBE = "CREATE FUNCTION probe() RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY "
PROBE += " UNION ALL ".join(
    f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name} WHERE NOT ({of_the_holder(name)}))"
    f" OR ({HOLDER} = '{DORDRECHT}' AND NOT EXISTS"
    f" (SELECT 1 FROM {name} WHERE {of_the_holder(name)}))"
    for name in WALLED
)
PROBE += f"; END $$; GRANT EXECUTE ON FUNCTION probe TO {database.APP}"


@dataclass
class Watch:
    """What the transactions of requests could see, and what they loaded."""

    probed: int = 0
    tables: set[str] = field(default_factory=set)
    loaded: list[str] = field(default_factory=list)

    def ended(self, connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        if driver.info.transaction_status.name == "INTRANS":
            self.tables |= {name for (name,) in driver.execute("SELECT probe()").fetchall()}
            self.probed += 1

    def load(self, row: Any, context: Any) -> None:
        if row.holder != current_holder(context.session):
            self.loaded.append(f"{type(row).__name__} of {row.holder}")


@dataclass
class Crawl:
    """What came of going over the routes."""

    requests: int = 0
    refused: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    routes: set[tuple[str, str]] = field(default_factory=set)
    leaks: list[str] = field(default_factory=list)
    unmade: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    """A town of this test's own: with rows of both municipalities in every walled table."""
    with own_town(request, "postgresql", tmp_path_factory.mktemp("kruis")) as town:
        for person in (OFFICER, AT_DESK):
            town.cookies(person)
        with town.installation.owner.begin() as connection:
            fill_gaps(connection)
            connection.exec_driver_sql(PROBE.replace("%", "%%"))
        yield town


def fill_gaps(connection: Connection) -> None:
    """Rows of tables that the town's documents leave empty, of an existing report."""
    for name, table in {**HELD, **PASSED}.items():
        for holder in (DORDRECHT, EINDHOVEN):
            stranger = EINDHOVEN if holder == DORDRECHT else DORDRECHT
            # What goes from one to the other belongs to both: that proves nothing.
            apart = f"{mine(name, holder)} AND NOT ({mine(name, stranger)})"
            if connection.scalar(text(f"SELECT count(*) FROM {name} WHERE {apart}")):
                continue
            report = text("SELECT id FROM report WHERE holder = :holder AND state = 'nieuw'")
            found = connection.execute(report, {"holder": holder}).scalars().first()
            known = {"report_id": found, "document_id": found, "municipality_code": holder}
            known["step"] = "niet_in_behandeling"
            links = {key: value for key, value in known.items() if key in table.columns}
            others = parents_of(connection, table, holder)
            connection.execute(table.insert(), [row_of(table, holder) | others | links])


def parents_of(connection: Connection, table: Table, holder: str) -> dict[str, Any]:
    """For each key of a table that leads to another: a row there, of the holder."""
    found = {}
    for key in table.foreign_keys:
        parent = key.column.table
        if key.parent.name != "holder" and parent is not table and not key.parent.nullable:
            asked = select(key.column)
            if "holder" in parent.columns:
                asked = asked.where(parent.c.holder == holder)
            found[key.parent.name] = connection.execute(asked).scalars().first()
    return found


def rows_of(connection: Connection, name: str, holder: str) -> tuple[int, str]:
    """How many rows of a holder a table has, and a hash of them all."""
    statement = (
        "SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
        f" FROM {name} t WHERE {mine(name, holder)}"
    )
    number, digest = connection.execute(text(statement)).one()
    return number, digest


@pytest.fixture
def watch(pair: Town) -> Iterator[Watch]:
    made, engine = Watch(), pair.installation.engine
    for name in ("commit", "rollback"):
        event.listen(engine, name, made.ended)
    event.listen(Held, "load", made.load, propagate=True)
    yield made
    event.remove(Held, "load", made.load)
    for name in ("commit", "rollback"):
        event.remove(engine, name, made.ended)


@pytest.fixture
def no_acl(monkeypatch: pytest.MonkeyPatch) -> None:
    allow_all(monkeypatch)


def look_everywhere(request: Any) -> tree_resources.Lineage:
    """The tree's loader without its check of the address: it asks for a stranger's as well."""
    names = [segment for segment in request.path_info.split("/") if segment]
    if names[2:] and names[2] in tree_resources.OPEN_VIEWS.of(request.registry):
        # For strangers as it is: no holder is entered for these.
        return tree_resources._load(request)
    chain = tree_resources._levels(request, names[0], names[1:])
    if not chain or request.identity is None:
        return tree_resources.Lineage([])
    if current_holder(request.db) is None:
        enter(request.db, request.identity.holders[0])
    return tree_resources.Lineage(tree_resources._query(request.db, chain))


def wanted(town: Town, person: Person) -> Iterator[Probe]:
    """Each view of the matrix once for every place that has an address for it.

    To the desk both municipalities are strangers alike.
    """
    seen = set()
    for probe in probes(town):
        key = (*probe.view.key, probe.place)
        alike = person.place == DESK and probe.place == OWN
        if probe.person == person and key not in seen and not alike:
            seen.add(key)
            yield probe


def walled_words(town: Town, person: Person) -> dict[str, str]:
    """Give the words that rows behind a wall say of other places.

    Who is offered a role stands with the accounts, which must be read before the holder is known:
    those tables are open, and the permissions of their pages are what keeps others out.
    """
    foreign = foreign_words(town, person).items()
    return {word: about for word, about in foreign if not about.startswith("genodigde")}


def crawl(town: Town, person: Person, made: Crawl, step: int) -> None:
    words = walled_words(town, person)
    for probe in [*wanted(town, person)][::step]:
        made.requests += 1
        made.routes.add((" ".join(probe.view.key), probe.path))
        try:
            answer = ask(town, probe)
        except (TenancyError, DBAPIError) as e:
            if isinstance(e, DBAPIError) and "row-level security" not in str(e):
                raise
            made.refused += 1
            continue
        made.answers[answer.status_int] += 1
        # A page for everybody may refuse what it was sent.
        if answer.status_int == 403 and probe.view.permission is not None:
            made.stopped.append(str(probe))
        if probe.expected == "ja" and outcome(answer) != "ja":
            made.unmade.append(f"{probe}: {answer.status_int}")
        if found := found_in(shown(probe.path, answer), words):
            made.leaks.append(f"{probe}: {found}")


def ask(town: Town, probe: Probe) -> Any:
    """What is asked of the other municipality isn't undone afterwards: it must change nothing."""
    person, method = probe.person, probe.view.method
    fields = {"csrf_token": town.token(person)} if method == "POST" else None
    if method != "POST" or probe.place != OTHER:
        return town.ask(person, probe.path, method, fields)
    cookie = "; ".join(f"{name}={value}" for name, value in town.cookies(person).items())
    known = {"HTTP_HOST": HOST, "HTTP_COOKIE": cookie}
    return TestApp(town.installation.app).post(probe.path, fields, extra_environ=known, status="*")


def fingerprint(town: Town) -> dict[str, tuple[int, str]]:
    """Everything the other municipality holds; its log may note that strangers came by."""
    with town.installation.owner.connect() as connection:
        return {n: rows_of(connection, n, EINDHOVEN) for n in WALLED if n not in LOGS}


def test_the_crawl_connects_as_a_role_that_owns_nothing(pair: Town) -> None:
    with pair.installation.engine.connect() as connection:
        assert connection.execute(text(POWERS)).one() == (database.APP, False, False)


def test_every_walled_table_holds_rows_of_both(pair: Town) -> None:
    policies = text("SELECT tablename FROM pg_policies WHERE schemaname = 'public'")
    with pair.installation.owner.connect() as connection:
        assert sorted(connection.execute(policies).scalars()) == WALLED
        for name in WALLED:
            for holder in (DORDRECHT, EINDHOVEN):
                assert rows_of(connection, name, holder)[0], f"{name} of {holder}"


@pytest.mark.parametrize(
    ("person", "step"),
    [
        (OFFICER, 6),
        pytest.param(OFFICER, 1, marks=pytest.mark.alles),
        pytest.param(AT_DESK, 1, marks=pytest.mark.alles),
    ],
    ids=str,
)
def test_no_route_reaches_what_another_holds(
    pair: Town,
    watch: Watch,
    no_acl: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    person: Person,
    step: int,
) -> None:
    before, made = fingerprint(pair), Crawl()
    monkeypatch.setattr(tree_resources, "_LINEAGES", RequestLocalCache(look_everywhere))
    with no_filter():
        crawl(pair, person, made, step)
    leaks = [*made.leaks, *sorted(watch.tables), *watch.loaded]
    with capsys.disabled():
        print(  # noqa: T201 - figures for a person
            f"\nrow security alone: {len(WALLED)} tables,"
            f" {len(made.routes)} routes (view and address) by {person},"
            f" {made.requests} requests ({made.refused} refused by the database or the flush),"
            f" {watch.probed} transactions probed, {len(leaks)} leaks"
        )
    assert leaks == []
    assert fingerprint(pair) == before
    assert watch.probed > made.requests / 2
    # What the matrix gives this person was really made, and the ACL stopped nobody.
    assert made.unmade == []
    assert made.stopped == []


def test_the_crawl_would_see_it_when_the_last_wall_falls(
    pair: Town, watch: Watch, no_acl: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That the other walls were really off: without this one the page shows the stranger's."""
    monkeypatch.setattr(tree_resources, "_LINEAGES", RequestLocalCache(look_everywhere))
    path = pair.places[OTHER].addresses["melding"]
    with no_filter():
        assert pair.ask(OFFICER, path).status_int == 404
        off, on = (f"ALTER TABLE report {way} ROW LEVEL SECURITY" for way in ("DISABLE", "ENABLE"))
        with changed(pair, off, back=(on,)):
            answer = pair.ask(OFFICER, path)
    assert found_in(shown(path, answer), foreign_words(pair, OFFICER))
    assert watch.tables == {"report"}
    assert f"Report of {EINDHOVEN}" in watch.loaded


def gone(town: Town, name: str) -> Iterator[Any]:
    """A table without its wall, and with a wall without its gate."""
    off = f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY"
    yield changed(town, off, back=(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",))
    with town.installation.owner.connect() as connection:
        asked = text("SELECT qual FROM pg_policies WHERE tablename = :name")
        rule = connection.execute(asked, {"name": name}).scalar_one()
    made = f"CREATE POLICY {POLICY} ON {name} USING ({rule}) WITH CHECK ({rule})"
    yield changed(town, f"DROP POLICY {POLICY} ON {name}", back=(made,))


# That each policy is there and works, tests/contract/database/test_database_walls.py asks.
@pytest.mark.parametrize(
    "name",
    [
        name if number % 24 == 0 else pytest.param(name, marks=pytest.mark.alles)
        for number, name in enumerate(WALLED)
    ],
)
def test_one_request_notices_that_a_policy_is_gone(
    pair: Town, watch: Watch, no_acl: None, name: str
) -> None:
    path = pair.places[OWN].addresses["gemeente"]
    for change in gone(pair, name):
        watch.tables.clear()
        with change:
            pair.ask(OFFICER, path)
        assert watch.tables == {name}
