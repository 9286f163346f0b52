"""S2: what PostgreSQL itself keeps apart, read from its catalogue and tried on every table.

Each table with rows of a holder is probed with plain SQL as the application's role, in a
transaction of one municipality and in one of nobody: reading, changing, removing and adding what
another municipality holds. The same probe is then repeated for each table with its policy dropped
(in a transaction that is rolled back), and must notice. A page can only show what some statement
gave it, so what no statement can give for any table, no route can show: that is why one probe a
table stands for a crawl over every page per table.
"""

# ruff: noqa: S608 - the names in these statements are those of our own tables
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from stopintimidatie.core.storage import database
from stopintimidatie.core.storage.database import POLICY
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.core.storage.tenancy import OPEN_TABLES
from tests.support.factories import DORDRECHT, EINDHOVEN, connect
from tests.support.installation import Installation, make_settings
from tests.support.services import Postgres
from tests.support.walls import HELD, PASSED, POWERS, WALLED, mine, row_of

pytestmark = pytest.mark.judged_once

SETTING = "current_setting('stopintimidatie.holder'::text, true)"
CATALOGUE = text("""
    SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced,
      (SELECT array_agg(concat_ws('|', p.polname, p.polcmd, p.polpermissive,
        pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)))
       FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
""")
# Alembic's own; nobody's data.
HOUSEKEEPING = {"alembic_version"}
# The narrow way past the wall for full-text search (its ADR), with a path of its own.
DEFINERS = {"search_match": "search_path=pg_catalog, public, pg_temp"}


@dataclass(frozen=True)
class Server:
    """A database with a row of two municipalities in every table."""

    app: Engine
    administrator: Engine


@pytest.fixture(scope="module")
def walled(
    postgres: Postgres, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("muren")
    create_key_file(folder / "sleutels.json")
    name = postgres.create(postgres_template)
    made = Installation(make_settings(postgres.url(name, database.APP), folder))
    connect(made)
    engine = create_engine(postgres.url(name))
    with engine.begin() as connection:
        # Rows without the rows they refer to: what counts here is whose they are.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in {**HELD, **PASSED}.values():
            for holder in (DORDRECHT, EINDHOVEN):
                connection.execute(table.insert(), [row_of(table, holder)])
    yield Server(made.engine, engine)
    engine.dispose()
    made.close()
    postgres.drop(name)


def leaks(connection: Connection, name: str) -> list[str]:
    """What the application's role can do in this table with what isn't its holder's."""
    found = []
    for holder in (DORDRECHT, EINDHOVEN, None):
        work_for(connection, holder)
        other = f"NOT {mine(name, holder)}" if holder else "true"
        if holder and not tried(connection, f"SELECT 1 FROM {name} WHERE {mine(name, holder)}"):
            found.append(f"{holder} doesn't see its own row of {name}")
        for statement in attempts(name, holder, other):
            if tried(connection, statement):
                found.append(f"{holder}: {statement}")
    return found


def attempts(name: str, holder: str | None, other: str) -> Iterator[str]:
    column = "receiver" if name in PASSED else "holder"
    target = EINDHOVEN if holder == DORDRECHT else DORDRECHT
    yield f"SELECT 1 FROM {name} WHERE {other}"
    yield f"UPDATE {name} SET {column} = {column} WHERE {other}"
    yield f"DELETE FROM {name} WHERE {other}"
    # Reading its own row and adding it under another's name.
    if name in HELD:
        yield f"UPDATE {name} SET holder = '{target}'"


def work_for(connection: Connection, holder: str | None) -> None:
    setting = text("SELECT set_config('stopintimidatie.holder', :holder, true)")
    connection.execute(setting, {"holder": holder or ""})


def tried(connection: Connection, statement: str) -> bool:
    """Whether this touched a row; what it did is undone."""
    point = connection.begin_nested()
    try:
        return connection.execute(text(statement)).rowcount > 0
    except DBAPIError:
        return False
    finally:
        point.rollback()


def test_the_probe_connects_as_a_role_that_owns_nothing(walled: Server) -> None:
    with walled.app.connect() as connection:
        assert connection.execute(text(POWERS)).one() == (database.APP, False, False)


def test_no_statement_reaches_what_another_holds(walled: Server) -> None:
    with walled.app.connect() as connection:
        assert [leak for name in WALLED for leak in leaks(connection, name)] == []


def test_nothing_is_added_for_another(walled: Server) -> None:
    for name, table in {**HELD, **PASSED}.items():
        for holder in (EINDHOVEN, None):
            with walled.app.connect() as connection:
                work_for(connection, holder)
                with pytest.raises(DBAPIError, match="row-level security policy"):
                    connection.execute(table.insert(), [row_of(table, DORDRECHT)])
                assert name


@pytest.mark.parametrize(
    "name",
    [
        name if number % 6 == 0 else pytest.param(name, marks=pytest.mark.alles)
        for number, name in enumerate(WALLED)
    ],
)
def test_the_probe_notices_that_a_policy_is_gone(walled: Server, name: str) -> None:
    changes = (
        f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY",
        f"ALTER POLICY {POLICY} ON {name} USING (true) WITH CHECK (true)",
    )
    for change in changes:
        with walled.administrator.connect() as connection:
            connection.execute(text(change))
            connection.execute(text(f"SET LOCAL ROLE {database.APP}"))
            assert len(leaks(connection, name)) >= 3, change
    # A policy that is dropped while the wall stands shows nothing, not even one's own.
    with walled.administrator.connect() as connection:
        connection.execute(text(f"DROP POLICY {POLICY} ON {name}"))
        connection.execute(text(f"SET LOCAL ROLE {database.APP}"))
        assert leaks(connection, name), name


def catalogue_faults(connection: Connection) -> list[str]:
    """Every table without the right policy, or that nobody accounted for."""
    faults = []
    for name, forced, policies in connection.execute(CATALOGUE):
        if name in OPEN_TABLES or name in HOUSEKEEPING:
            continue
        expression = " OR ".join(
            f"(({column})::text = {SETTING})"
            for column in (("giver", "receiver") if name in PASSED else ("holder",))
        )
        expression = f"({expression})" if name in PASSED else expression
        if not forced or policies != [f"{POLICY}|*|t|{expression}|{expression}"]:
            faults.append(f"{name}: {policies}")
    return faults


def test_every_table_has_its_policy_or_stands_on_the_list(walled: Server) -> None:
    with walled.app.connect() as connection:
        assert catalogue_faults(connection) == []
        found = {row.relname for row in connection.execute(CATALOGUE)}
    assert found == set(WALLED) | set(OPEN_TABLES) | HOUSEKEEPING


def test_a_new_table_without_a_policy_is_noticed(walled: Server) -> None:
    with walled.administrator.connect() as connection:
        connection.execute(text("CREATE TABLE forgotten (holder varchar(9), name text)"))
        assert catalogue_faults(connection) == ["forgotten: None"]


def test_no_view_and_no_function_goes_round_the_wall(walled: Server) -> None:
    views = text(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND (relkind ="
        " 'm' OR (relkind = 'v' AND NOT coalesce(reloptions, '{}') @> '{security_invoker=true}'))"
    )
    definers = text(
        "SELECT proname, proconfig FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    )
    with walled.app.connect() as connection:
        assert connection.execute(views).scalars().all() == []
        found = {row.proname: row.proconfig for row in connection.execute(definers)}
    assert set(found) == set(DEFINERS)
    for name, path in DEFINERS.items():
        assert path in found[name]


@pytest.mark.parametrize("role", ["app", "administrator"])
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET holder = holder", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_what_is_append_only_refuses_everybody(walled: Server, role: str, change: str) -> None:
    engine: Engine = getattr(walled, role)
    names = database.append_only_tables()
    assert len(names) >= 4
    for name in names:
        with engine.connect() as connection:
            if role == "administrator":
                connection.execute(text(f"SET LOCAL ROLE {database.OWNER}"))
            with pytest.raises(DBAPIError, match=r"append-only|permission denied"):
                connection.execute(text(change.format(name)))


def composite_keys() -> list[tuple[str, Any]]:
    return [
        (f"{table.name}.{'.'.join(key.column_keys)}", key)
        for table in HELD.values()
        for key in table.foreign_key_constraints
        if len(key.column_keys) == 2 and "holder" in key.column_keys
    ]


def test_every_reference_between_held_tables_refuses_another_holder(walled: Server) -> None:
    """A row of one municipality that refers to an existing row of the other."""
    assert len(composite_keys()) >= 15
    for name, key in composite_keys():
        (link,) = [column for column in key.column_keys if column != "holder"]
        with walled.administrator.connect() as connection:
            there = text(f"SELECT id FROM {key.referred_table.name} WHERE holder = '{EINDHOVEN}'")
            target = connection.execute(there).scalars().first()
            assert target, name
            row = row_of(key.parent, DORDRECHT) | {link: target}
            with pytest.raises(IntegrityError, match="foreign key"):
                connection.execute(key.parent.insert(), [row])


@pytest.mark.alles
def test_the_figures(walled: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """For the closing note: `pytest -s -k test_the_figures`."""
    with walled.app.connect() as connection:
        found = [leak for name in WALLED for leak in leaks(connection, name)]
        policies = connection.execute(text("SELECT count(*) FROM pg_policy")).scalar()
        tables = len(connection.execute(CATALOGUE).all())
    probes = sum(1 + len(list(attempts(n, h, "true"))) for n in WALLED for h in ("a", "b", None))
    with capsys.disabled():
        print(  # noqa: T201 - figures for a person
            f"\n{tables} tables, {len(WALLED)} walled, {policies} policies,"
            f" {len(OPEN_TABLES)} open, {len(database.ROLES)} roles,"
            f" {len(composite_keys())} composite keys, {probes} probes, {len(found)} leaks"
        )
    assert policies == len(WALLED)
    assert not found
