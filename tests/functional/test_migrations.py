"""R9: the migrations run up from empty, and from a first version that is full of data.

What fills the first version is the demo itself: made by the present programme, then copied column
by column into a database of revision 0001. So a migration meets rows of nearly every table.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Connection, Engine, MetaData, Table, func, inspect, select, text

from stopintimidatie import install
from stopintimidatie.clock import utc_now
from stopintimidatie.settings import Settings
from stopintimidatie.storage import make_engine, roles
from stopintimidatie.storage.migrations import alembic_config, at_head, upgrade
from stopintimidatie.storage.models import Base
from tests.installation import Installation, make_settings

FIRST = "0001"


@dataclass(frozen=True)
class Older:
    """A database of the first revision that holds the demo, and how many rows of each table."""

    settings: Settings
    owner: Engine
    rows: dict[str, int]


@contextmanager
def empty_database(request: pytest.FixtureRequest, folder: Path) -> Iterator[Settings]:
    if request.param == "sqlite":
        yield make_settings(f"sqlite:///{folder}/older.sqlite", folder)
        return
    with request.getfixturevalue("postgres").database(user=roles.APP) as url:
        yield make_settings(url, folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def older(request: pytest.FixtureRequest, sqlite_demo: Path, tmp_path: Path) -> Iterator[Older]:
    shutil.copy(sqlite_demo / "sleutels.json", tmp_path)
    with empty_database(request, tmp_path) as settings:
        owner = make_engine(settings, settings.owner_url)
        command.upgrade(alembic_config(settings, owner), FIRST)
        demo = make_engine(make_settings(f"sqlite:///{sqlite_demo}/data.sqlite", tmp_path))
        rows = copy(demo, owner)
        demo.dispose()
        yield Older(settings, owner, rows)
        owner.dispose()


def copy(source: Engine, target: Engine) -> dict[str, int]:
    """Copy what both have; the number of rows of each table. The models tell the types."""
    counted = {}
    with source.connect() as old, target.begin() as new:
        there = inspect(new)
        for table in Base.metadata.sorted_tables:
            if not there.has_table(table.name):
                continue
            known = {column["name"] for column in there.get_columns(table.name)}
            names = [column.name for column in table.columns if column.name in known]
            rows = old.execute(select(*(table.c[name] for name in names))).mappings().all()
            if rows:
                # Only what the old one has: a column of later would bring its default along.
                older_table = Table(
                    table.name, MetaData(), *(Column(name, table.c[name].type) for name in names)
                )
                new.execute(older_table.insert(), [dict(row) for row in in_order(table, rows)])
            counted[table.name] = len(rows)
    return counted


def in_order(table: Table, rows: Any) -> list[Any]:
    """Rows that refer to others of their own table come after those."""
    mine = [key for key in table.foreign_key_constraints if key.referred_table is table]
    links = [column for key in mine for column in key.column_keys if column != "holder"]
    return sorted(rows, key=lambda row: any(row[name] is not None for name in links))


def test_a_filled_first_version_is_brought_up_to_date_without_losing_a_row(older: Older) -> None:
    assert older.rows["report"] > 300
    assert older.rows["dossier"] > 5
    upgrade(older.settings, older.owner)
    assert at_head(older.settings, older.owner)
    with older.owner.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        for name, number in older.rows.items():
            table = Base.metadata.tables[name]
            found = connection.execute(select(func.count()).select_from(table)).scalar()
            assert found == number, name
    assert_only_one_holder_is_seen(older)


def assert_only_one_holder_is_seen(older: Older) -> None:
    """As the application sees it, on what was there before there were walls."""
    made = Installation(older.settings)
    per_holder = {}
    with older.owner.connect() as connection:
        for holder, number in connection.execute(
            text("SELECT holder, count(*) FROM report GROUP BY holder")
        ):
            per_holder[holder] = number
    assert len(per_holder) >= 3
    report = Base.metadata.tables["report"]
    for holder, number in per_holder.items():
        with made.transaction(holder) as session:
            wanted = select(func.count()).select_from(report)
            if older.settings.sqlite:
                wanted = wanted.where(report.c.holder == holder)
            assert session.execute(wanted).scalar() == number
    made.close()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_an_empty_database_becomes_an_installation(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> None:
    request.param = database
    with empty_database(request, tmp_path) as settings:
        install(settings)
        engine = make_engine(settings)
        assert at_head(settings, engine)
        engine.dispose()
    assert settings.key_file.exists()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_role_of_somebody_who_never_set_a_password_becomes_an_offer(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> None:
    request.param = database
    with empty_database(request, tmp_path) as settings:
        owner = make_engine(settings, settings.owner_url)
        command.upgrade(alembic_config(settings, owner), "0036")
        used, unused = uuid4(), uuid4()
        with owner.begin() as connection:
            connection.execute(text("INSERT INTO holder (code) VALUES ('GM0505')"))
            for number, password in ((used, "x"), (unused, "")):
                put(
                    connection,
                    "user_account",
                    id=number,
                    username=f"{number}@test.example",
                    name="x",
                    password_hash=password,
                    demo=False,
                    created_at=utc_now(),
                )
                put(connection, "role_assignment", user_id=number, holder="GM0505", role="oov")
        upgrade(settings, owner)
        tables = Base.metadata.tables
        roles, offers = tables["role_assignment"], tables["role_offer"]
        with owner.connect() as connection:
            assert connection.execute(select(roles.c.user_id)).scalars().all() == [used]
            offered = connection.execute(select(offers.c.username, offers.c.state)).all()
        assert offered == [(f"{unused}@test.example", "aangeboden")]
        owner.dispose()


def put(connection: Connection, table: str, /, **values: Any) -> None:
    """Insert a row with only these columns, also if the model has more columns by now."""
    types = Base.metadata.tables[table].c
    older = Table(table, MetaData(), *(Column(key, types[key].type) for key in values))
    connection.execute(older.insert().values(**values))
