"""The databases, the application and the accounts that tests stand on.

`installation` is a whole, empty installation (migrated, register filled), on the database that
`tests/support/databases.py` chooses. `tests/support/factories.py` makes documents.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from stopintimidatie import install
from stopintimidatie.cli.gateway import spare_what_stays
from stopintimidatie.core.accounts import passwords
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.storage import database
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.demo.loader import load_demo
from stopintimidatie.reports import services as reports
from tests.support.drawing_only import refuse_queries_from_templates
from tests.support.factories import CHEAP_HASHER
from tests.support.installation import DEMO_DAY, Installation, Reused, Variant, make_settings
from tests.support.places import refuse_calls_from_a_place
from tests.support.shared import locked, run_folder

if TYPE_CHECKING:
    # At run time the plugin below loads it, with pytest's rewriting of assertions.
    from tests.support.services import Postgres

# A busy machine is slow, and no property is wrong because of it.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

pytest_plugins = [
    "tests.support.databases",
    "tests.support.services",
    "tests.support.clamd",
    "tests.support.echte_gebieden",
    "tests.support.town",
    "tests.support.failures",
    "tests.support.pyramid_config",
    "tests.support.short_writes",
]


def pytest_configure() -> None:
    """No request and no transaction calls another machine unseen; new passwords cost little."""
    refuse_calls_from_a_place()
    refuse_queries_from_templates()
    passwords._hasher = CHEAP_HASHER  # type: ignore[misc]


def pytest_collection_finish() -> None:
    """As in a server: by default the search takes a third of the time of making an application."""
    spare_what_stays()


@pytest.fixture(scope="session")
def sqlite_template() -> Path:
    """An installed SQLite database, made once per run and then copied."""
    folder = run_folder() / "sqlite-template"
    with locked(folder.with_name("sqlite-template.lock")):
        if not (folder / "made").exists():
            folder.mkdir()
            install(make_settings(f"sqlite:///{folder}/data.sqlite", folder))
            (folder / "made").touch()
    return folder / "data.sqlite"


@pytest.fixture(scope="session")
def sqlite_demo(sqlite_template: Path) -> Path:
    """A folder with the demo of DEMO_DAY on SQLite and its keys, made once per run: copy it."""
    return _demo_on_sqlite(sqlite_template, "sqlite-demo", DEMO_DAY)


@pytest.fixture(scope="session")
def sqlite_demo_of_today(sqlite_template: Path) -> Path:
    """The same of today, as somebody meets it who loads it now."""
    return _demo_on_sqlite(sqlite_template, "sqlite-demo-of-today", None)


def _demo_on_sqlite(template: Path, name: str, day: date | None) -> Path:
    folder = run_folder() / name
    with locked(folder.with_name(f"{name}.lock")):
        if not (folder / "made").exists():
            folder.mkdir()
            shutil.copy(template, folder / "data.sqlite")
            create_key_file(folder / "sleutels.json")
            made = Installation(make_settings(f"sqlite:///{folder}/data.sqlite", folder))
            # Past midnight it stays the demo of the day on which it was made.
            day = day or local_date(utc_now())
            load_demo(made.registry, day=day)
            made.close()
            (folder / "made").write_text(day.isoformat(), encoding="ascii")
    return folder


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An installed PostgreSQL database, made by its owner once per run and then cloned."""
    folder = tmp_path_factory.mktemp("postgres-template")
    return postgres.template(
        "installed", lambda url: install(make_settings(url, folder)), database.OWNER
    )


@pytest.fixture(scope="session")
def postgresql_demo(postgres: Postgres) -> Path:
    """A folder with the keys of the demo of DEMO_DAY on PostgreSQL; the template is `demo`."""
    folder = run_folder() / "postgres-demo"

    def build(url: str) -> None:
        folder.mkdir()
        settings = make_settings(url, folder)
        install(settings)
        made = Installation(settings)
        load_demo(made.registry, day=DEMO_DAY)
        made.close()

    postgres.template("demo", build, database.APP)
    return folder


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what a decision sends leave at once; `test_decisions.py` has it held."""
    monkeypatch.setattr(reports, "UNDO_FOR", timedelta(0))


@pytest.fixture
def demo(
    request: pytest.FixtureRequest, demo_database: str, reused: Reused
) -> Iterator[Installation]:
    """The demo of DEMO_DAY, for this test to change."""
    made: Path = request.getfixturevalue(f"{demo_database}_demo")
    folder = reused.empty_folder(f"{demo_database}-demo")
    shutil.copy(made / "sleutels.json", folder)
    with ExitStack() as stack:
        if demo_database == "sqlite":
            url = f"sqlite:///{shutil.copy(made / 'data.sqlite', folder)}"
        else:
            server: Postgres = request.getfixturevalue("postgres")
            name = f"{reused.name}_demo"
            url = stack.enter_context(server.database("demo", database.APP, name))
        installation = reused.application(make_settings(url, folder))
        stack.callback(installation.close)
        yield installation


@pytest.fixture(scope="session")
def reused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reused]:
    """The applications of this worker, which serve one test after the other."""
    found = Reused(tmp_path_factory.mktemp("reused"))
    yield found
    found.close()


@pytest.fixture
def database_url(
    request: pytest.FixtureRequest, database_kind: str, reused: Reused
) -> Iterator[str]:
    """The address of an installed database of this test's own.

    On PostgreSQL it is the application's role that connects, as in production. The address is the
    same for each test; what stands there isn't.
    """
    folder = reused.empty_folder(database_kind)
    if database_kind == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "data.sqlite")
        yield f"sqlite:///{folder}/data.sqlite"
        return
    server: Postgres = request.getfixturevalue("postgres")
    template = request.getfixturevalue("postgres_template")
    with reused.postgres_database(server, template) as url:
        yield url


@pytest.fixture
def installation(database_url: str, reused: Reused) -> Iterator[Installation]:
    """An installation with its application."""
    made = reused.installation(database_url)
    yield made
    made.let_go()


@pytest.fixture
def variant(installation: Installation, reused: Reused) -> Iterator[Variant]:
    """Over the database of `installation`: the application that has other settings besides."""
    used: list[Installation] = []

    def application(**changes: Any) -> Installation:
        used.append(reused.application(replace(installation.settings, **changes)))
        return used[-1]

    yield application
    for made in used:
        made.close()
