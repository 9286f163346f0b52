"""The databases, the application and the accounts that tests stand on.

`installation` is a whole, empty installation (migrated, register filled) on SQLite and then on
PostgreSQL: a test that asks for it runs on both. Documents are made by `tests/factories.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stopintimidatie import install
from stopintimidatie.storage.encryption import create_key_file
from tests.installation import Installation, make_settings

if TYPE_CHECKING:
    # At run time the plugin below loads it, with pytest's rewriting of assertions.
    from tests.services import Postgres

pytest_plugins = ["tests.services", "tests.echte_gebieden", "tests.town"]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installed SQLite database, made once per worker and then copied."""
    folder = tmp_path_factory.mktemp("sqlite-template")
    install(make_settings(f"sqlite:///{folder}/data.sqlite", folder))
    return folder / "data.sqlite"


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An installed PostgreSQL database, made once per run and then cloned."""
    folder = tmp_path_factory.mktemp("postgres-template")
    return postgres.template("installed", lambda url: install(make_settings(url, folder)))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an installed database of this test's own, on each kind of database."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "data.sqlite")
        yield f"sqlite:///{tmp_path}/data.sqlite"
        return
    server: Postgres = request.getfixturevalue("postgres")
    template = request.getfixturevalue("postgres_template")
    with server.database(template=template) as url:
        yield url


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    """An installation with its application, on SQLite and on PostgreSQL."""
    create_key_file(tmp_path / "sleutels.json")
    made = Installation(make_settings(database_url, tmp_path))
    yield made
    made.close()
