"""A database that tests use in turn: whatever one does there, the next finds it new."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.support.services import Postgres
from tests.support.tidying import TidiedDatabase

TOWN = """
    create table town (code text primary key, name text not null);
    insert into town values ('GM0505', 'Dordrecht'), ('GM0772', 'Eindhoven');
    create table street (
        number serial primary key, town text references town, name text,
        shouted text generated always as (upper(name)) stored
    );
    create policy one on street using (true);
    create function refuse() returns trigger language plpgsql as
        $$ begin raise exception 'append only'; end $$;
    create trigger append_only before delete on street for each row execute function refuse();
"""
CONTENTS = """
    select (select array_agg(town.* order by code)::text from town),
           (select count(*) from street), (select last_value from street_number_seq)
"""


@pytest.fixture
def conninfo(postgres: Postgres) -> Iterator[str]:
    name = postgres.create()
    conninfo = postgres.conninfo(name)
    with psycopg.connect(conninfo) as connection:
        connection.execute(TOWN)
    yield conninfo
    postgres.drop(name)


@pytest.fixture
def tidied(conninfo: str) -> Iterator[TidiedDatabase]:
    made = TidiedDatabase(conninfo)
    yield made
    made.close()


def _do(conninfo: str, statements: str) -> None:
    with psycopg.connect(conninfo) as connection:
        connection.execute(statements.encode())


def _contents(conninfo: str) -> object:
    with psycopg.connect(conninfo) as connection:
        return connection.execute(CONTENTS).fetchone()


@pytest.mark.parametrize(
    "change",
    [
        "select 1",
        "insert into street (town, name) values ('GM0505', 'Spuiboulevard')",
        "insert into town values ('GM0855', 'Tilburg')",
        "update town set name = 'Dordt' where code = 'GM0505'",
        "delete from town where code = 'GM0505'",
        "update town set name = name",
        "delete from town where code = 'GM0772'; insert into town values ('GM0772', 'Lampegat')",
        "insert into town values ('GM1', 'Ons Dorp'); insert into street (town) values ('GM1')",
        "select nextval('street_number_seq')",
    ],
)
def test_rows_are_as_they_were_time_after_time(
    conninfo: str, tidied: TidiedDatabase, change: str
) -> None:
    before = _contents(conninfo)
    for _ in range(2):
        _do(conninfo, change)
        assert tidied.tidy(())
        assert _contents(conninfo) == before


@pytest.mark.parametrize(
    "change",
    [
        "create table alley (name text)",
        "drop table street",
        "truncate street",
        "alter table town add column province text",
        "alter table town alter column name drop not null",
        "alter table town add check (name <> '')",
        "alter table street enable row level security",
        "alter table street disable trigger append_only",
        "alter policy one on street using (false)",
        "drop policy one on street",
        "create or replace function refuse() returns trigger language plpgsql as"
        " 'begin return null; end'",
        "create index on street (name)",
        "grant select on street to public",
        "grant select (name) on street to public",
        "do $$ begin execute format('alter database %I set jit = on', current_database()); end $$",
    ],
)
def test_a_database_of_which_more_was_changed_is_not_used_again(
    conninfo: str, tidied: TidiedDatabase, change: str
) -> None:
    _do(conninfo, change)
    assert not tidied.tidy(())


def test_settings_of_another_database_change_nothing_here(
    postgres: Postgres, tidied: TidiedDatabase
) -> None:
    other = postgres.create()
    _do(
        postgres.conninfo(other),
        "do $$ begin execute format('alter database %I set jit = on', current_database()); end $$",
    )
    assert tidied.tidy(())
    postgres.drop(other)


def test_a_connection_that_a_test_left_open_is_ended_and_those_of_the_pool_are_not(
    conninfo: str, tidied: TidiedDatabase
) -> None:
    left, kept = psycopg.connect(conninfo), psycopg.connect(conninfo, autocommit=True)
    left.execute("update town set name = 'Dordt'")
    assert tidied.tidy([kept.info.backend_pid])
    assert kept.execute("select count(*) from town where name = 'Dordrecht'").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError):
        left.execute("select 1")
    left.close()
    kept.close()
