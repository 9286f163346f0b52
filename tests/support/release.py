"""A database as release 1.0.0 left it, made by that release itself and kept as data.

`tests/data/1.0.0.json.xz` was written once by the code of that release: the town of its tests, a
report over its API, a sign-in and a refused one, its worker; and by hand a row in each table that
was still empty. So no model, factory or service of today had a hand in it. It stands still: that
release's first ten migrations are unchanged, and a later release gets a file of its own.

In it: `rows` (columns and rows by table, as SQLite has them; bytes as {"hex": …}), `keys` (the key
file), `names` (usernames by place and role), `addresses` (of the documents, by place), and `key`
and `receipt` of the report over the API.
"""

from __future__ import annotations

import json
import lzma
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from alembic import command
from psycopg import sql
from sqlalchemy import make_url

from stopintimidatie.core.storage import make_engine
from stopintimidatie.core.storage.database import alembic_config
from stopintimidatie.settings import Settings
from tests.support.empty_databases import empty_database
from tests.support.installation import DATA

HEAD: Final = "0010_read_questions"
# An index is made anew; a made-up passkey, authenticator app, profile or certificate would be no
# such thing: these had no rows.
WITHOUT_ROWS: Final = frozenset(
    {"search_document", "one_time_code", "redaction_profile", "signing_certificate"}
)


@cache
def kept() -> dict[str, Any]:
    """Return what stands in the file."""
    text = lzma.decompress((DATA / "1.0.0.json.xz").read_bytes())
    found: dict[str, Any] = json.loads(text)
    return found


@dataclass(frozen=True)
class Release:
    """The settings of an installation of 1.0.0, and the ini file that its operator has."""

    settings: Settings
    ini: Path

    @property
    def counts(self) -> dict[str, int]:
        """How many rows each table had."""
        return {name: len(table["rows"]) for name, table in kept()["rows"].items()}


@contextmanager
def release_1_0_0(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[Release]:
    """A database of that release on SQLite or PostgreSQL, with its keys, not yet upgraded."""
    request.param = kind
    with empty_database(request, folder) as settings:
        owner = make_engine(settings, settings.owner_url)
        command.upgrade(alembic_config(settings, owner), HEAD)
        owner.dispose()
        name = str(make_url(settings.database_url).database)
        if settings.sqlite:
            _fill_sqlite(name)
        else:
            _fill_postgresql(request.getfixturevalue("postgres").conninfo(name))
        settings.key_file.write_text(json.dumps(kept()["keys"]), encoding="utf-8")
        settings.key_file.chmod(0o600)
        yield Release(settings, _ini(settings, folder / "productie.ini"))


def _ini(settings: Settings, path: Path) -> Path:
    given = ((f, getattr(settings, f.name)) for f in fields(settings))
    lines = [f"{f.metadata['key']} = {value}" for f, value in given if value != f.default]
    path.write_text("\n".join(["[app:main]", *lines]).replace("%", "%%"), encoding="utf-8")
    return path


def _fill_sqlite(path: str) -> None:
    # Without foreign keys until all rows are there.
    with closing(sqlite3.connect(path)) as connection, connection:
        for name, table in kept()["rows"].items():
            columns = ", ".join(f'"{column}"' for column in table["columns"])
            places = ", ".join("?" * len(table["columns"]))
            connection.execute(f'DELETE FROM "{name}"')  # noqa: S608 - of the file
            connection.executemany(
                f'INSERT INTO "{name}" ({columns}) VALUES ({places})',  # noqa: S608
                ([_bytes(value) for value in row] for row in table["rows"]),
            )
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def _bytes(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value


def _fill_postgresql(conninfo: str) -> None:
    with psycopg.connect(conninfo) as connection:
        # Neither foreign keys nor triggers until all rows are there; and the times are in UTC.
        connection.execute("SET session_replication_role = replica; SET timezone = 'UTC'")
        for name, table in kept()["rows"].items():
            if not table["rows"]:
                continue
            types = _types(connection, name)
            rows = [
                {c: _value(v, types[c]) for c, v in zip(table["columns"], row, strict=True)}
                for row in table["rows"]
            ]
            into = sql.Identifier(name)
            columns = sql.SQL(", ").join(map(sql.Identifier, table["columns"]))
            connection.execute(sql.SQL("DELETE FROM {}").format(into))
            insert = (
                "INSERT INTO {0} ({1}) SELECT {1} FROM json_populate_recordset(NULL::{0}, %s::json)"
            )
            connection.execute(sql.SQL(insert).format(into, columns), [json.dumps(rows)])
            if types.get("id") in ("integer", "bigint"):
                _number_on(connection, name)


def _types(connection: psycopg.Connection[Any], table: str) -> dict[str, str]:
    asked = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
    return dict(connection.execute(asked, [table]).fetchall())


def _value(value: Any, kind: str) -> Any:
    if isinstance(value, dict):
        return f"\\x{value['hex']}"
    return json.loads(value) if value is not None and kind in ("json", "jsonb", "ARRAY") else value


def _number_on(connection: psycopg.Connection[Any], table: str) -> None:
    """Let the database number its next row after those that are there."""
    asked = "SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT max(id) FROM {}))"
    connection.execute(sql.SQL(asked).format(sql.Identifier(table)), [table])
