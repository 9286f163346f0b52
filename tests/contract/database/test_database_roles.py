"""The roles of PostgreSQL: what each may, that nobody else may anything, how they are made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from stopintimidatie import create_app, import_models
from stopintimidatie.cli import commands
from stopintimidatie.cli.commands import cli
from stopintimidatie.core.storage import database
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.core.storage.models import Base
from stopintimidatie.settings import SettingsError
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report
from tests.support.installation import Installation, make_settings
from tests.support.postgres_guard import SUPERUSER
from tests.support.services import Postgres

pytestmark = pytest.mark.judged_once

INI = """[app:main]
sqlalchemy.url = {url}
data_dir = {folder}
key_file = {folder}/sleutels.json
migrations = {folder}
public_address = http://localhost:6543
"""
# Of every object of the house: who was given what; PUBLIC is shown as a dash.
GIVEN = """
SELECT kind, name, grantee::regrole::text AS who, string_agg(privilege_type, ' ' ORDER BY privilege_type)
FROM (
  SELECT 'table' AS kind, relname::text AS name, a.* FROM pg_class,
    aclexplode(coalesce(relacl, acldefault('r', relowner))) a
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
  UNION ALL SELECT 'sequence', relname, a.* FROM pg_class,
    aclexplode(coalesce(relacl, acldefault('s', relowner))) a
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
  UNION ALL SELECT 'routine', proname, a.* FROM pg_proc p,
    aclexplode(coalesce(proacl, acldefault('f', proowner))) a
    WHERE pronamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  UNION ALL SELECT 'schema', nspname, a.* FROM pg_namespace,
    aclexplode(coalesce(nspacl, acldefault('n', nspowner))) a WHERE nspname = 'public'
  UNION ALL SELECT 'database', 'this', a.* FROM pg_database,
    aclexplode(coalesce(datacl, acldefault('d', datdba))) a WHERE datname = current_database()
) AS given
GROUP BY kind, name, who
"""  # noqa: E501
Grants = dict[tuple[str, str, str], str]


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def grants(url: str) -> Grants:
    with connected(url) as connection:
        return {(k, n, who): what for k, n, who, what in connection.execute(text(GIVEN))}


@pytest.fixture
def installed(postgres: Postgres, postgres_template: str) -> Grants:
    """Who may what in the database as `install` left it (a copy has no grants of its own)."""
    return grants(postgres.url(postgres_template))


@pytest.fixture
def shop(postgres: Postgres, postgres_template: str, tmp_path: Path) -> Iterator[Installation]:
    """An installation on PostgreSQL, with a report of two municipalities."""
    with postgres.database(postgres_template, database.APP) as url:
        create_key_file(tmp_path / "sleutels.json")
        made = Installation(make_settings(url, tmp_path))
        connect(made)
        for holder in (DORDRECHT, EINDHOVEN):
            area = "WK050501" if holder == DORDRECHT else "WK077211"
            with made.transaction() as session:
                make_report(session, made, holder=holder, neighbourhood=area)
        yield made
        made.close()


def as_role(installation: Installation, role: str) -> Engine:
    """An engine of another role on the same database."""
    return create_engine(as_user(installation.settings.database_url, role), poolclass=NullPool)


def test_tests_connect_as_a_role_without_any_power(shop: Installation) -> None:
    with shop.engine.connect() as connection:
        row = connection.execute(
            text(
                "SELECT current_user, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,"
                " (SELECT count(*) FROM pg_class WHERE relowner = r.oid),"
                " (SELECT count(*) FROM pg_proc WHERE proowner = r.oid),"
                " (SELECT count(*) FROM pg_auth_members WHERE member = r.oid)"
                " FROM pg_roles r WHERE rolname = current_user"
            )
        ).one()
    assert tuple(row) == (database.APP, False, False, False, False, 0, 0, 0)


def test_nobody_but_the_roles_of_the_house_may_do_anything(installed: Grants) -> None:
    assert not [key for key in installed if key[2] == "-"]
    houses = {role.name for role in database.ROLES} | {"pg_database_owner"}
    assert {who for _, _, who in installed} == houses


def test_the_application_changes_rows_and_only_adds_to_what_is_append_only(
    installed: Grants,
) -> None:
    import_models()
    append_only = set(database.append_only_tables())
    assert append_only >= {"audit_event", "audit_subject", "disclosure", "disclosure_subject"}
    for name in Base.metadata.tables:
        given = installed["table", name, database.APP]
        expected = "INSERT SELECT" if name in append_only else "DELETE INSERT SELECT UPDATE"
        assert given == expected, name
        assert installed["table", name, database.BACKUP] == "SELECT", name
    assert installed["table", "alembic_version", database.APP] == "SELECT"
    pruned = {
        name: what for (_, name, who), what in installed.items() if who == database.MAINTENANCE
    }
    assert {n for n in pruned if n in Base.metadata.tables} == append_only


def test_nobody_but_the_owner_may_make_anything(installed: Grants) -> None:
    for kind, _, who in installed:
        if kind in ("schema", "database") and who not in (database.OWNER, "pg_database_owner"):
            assert installed[kind, "public" if kind == "schema" else "this", who] in (
                "USAGE",
                "CONNECT",
            )


def test_a_new_table_has_its_grants_when_the_migration_ends(shop: Installation) -> None:
    owner = as_role(shop, database.OWNER)
    with owner.begin() as connection:
        connection.execute(text("CREATE TABLE street (id serial, name text)"))
        database.give_access(connection)
    with shop.engine.begin() as connection:
        connection.execute(text("INSERT INTO street (name) VALUES ('Spuiboulevard')"))
        assert connection.execute(text("SELECT count(*) FROM street")).scalar() == 1
    owner.dispose()


def test_the_backup_reads_all_holders_and_writes_nothing(shop: Installation) -> None:
    engine = as_role(shop, database.BACKUP)
    with engine.begin() as connection:
        holders = connection.execute(text("SELECT DISTINCT holder FROM report")).scalars().all()
        assert set(holders) == {DORDRECHT, EINDHOVEN}
    for refused in ("DELETE FROM report", "UPDATE report SET state = 'x'"):
        with pytest.raises(DBAPIError, match="permission denied"), engine.begin() as connection:
            connection.execute(text(refused))
    engine.dispose()


def test_only_maintenance_removes_from_the_log_and_only_from_there(shop: Installation) -> None:
    engine = as_role(shop, database.MAINTENANCE)
    with engine.begin() as connection:
        removed = connection.execute(text("DELETE FROM audit_subject")).rowcount
        assert removed >= 2
    for refused in (
        "UPDATE audit_event SET actor_name = 'x'",
        "TRUNCATE audit_subject",
        "DELETE FROM report",
        "SELECT * FROM report",
    ):
        with pytest.raises(DBAPIError), engine.begin() as connection:
            connection.execute(text(refused))
    engine.dispose()


def command(folder: Path, url: str, *words: str) -> Result:
    ini = folder / "rollen.ini"
    ini.write_text(INI.format(url=url, folder=folder), encoding="utf-8")
    return CliRunner().invoke(cli, ["--ini", str(ini), "database", "rollen", *words])


def test_the_command_gives_an_older_database_to_its_owner_and_may_be_repeated(
    postgres: Postgres, tmp_path: Path
) -> None:
    with postgres.database() as url:
        with connected(url) as connection:
            connection.execute(text(f"ALTER DATABASE {name_of(url)} OWNER TO {SUPERUSER}"))
            connection.execute(text("CREATE TABLE audit_event (id serial)"))
            connection.execute(text("GRANT ALL ON audit_event TO PUBLIC"))
            connection.commit()
        seen: list[Grants] = []
        for _ in range(2):
            done = command(tmp_path, as_user(url, database.APP), "--toepassen", "--adres", url)
            assert done.exit_code == 0, done.output
            seen.append(grants(url))
        assert seen[0] == seen[1]
        assert seen[0]["table", "audit_event", database.APP] == "INSERT SELECT"
        assert "DELETE" in seen[0]["table", "audit_event", database.OWNER]
        assert not [key for key in seen[0] if key[2] == "-"]


def as_user(url: str, user: str) -> str:
    # Not rendered by SQLAlchemy: that gives `%`, which an ini file reads.
    return url.replace(f"//{make_url(url).username}@", f"//{user}@")


def name_of(url: str) -> str:
    return str(make_url(url).database)


def test_what_the_command_prints_is_what_it_does(postgres: Postgres, tmp_path: Path) -> None:
    with postgres.database() as url:
        shown = command(tmp_path, url)
        assert shown.exit_code == 0
        with connected(url) as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute(shown.output.encode())
            driver.commit()
        printed = grants(url)
        assert command(tmp_path, url, "--toepassen").exit_code == 0
        assert grants(url) == printed


def test_who_may_not_make_roles_hears_who_can(postgres: Postgres, tmp_path: Path) -> None:
    with postgres.database() as url:
        with connected(url) as connection:
            connection.execute(text(f"ALTER DATABASE {name_of(url)} OWNER TO {SUPERUSER}"))
            connection.commit()
        refused = command(tmp_path, as_user(url, database.APP), "--toepassen")
    assert refused.exit_code == 1
    assert "beheerder van PostgreSQL" in refused.output


def test_sqlite_has_no_roles(tmp_path: Path) -> None:
    refused = command(tmp_path, f"sqlite:///{tmp_path}/x.sqlite")
    assert (refused.exit_code, "SQLite kent geen rollen" in refused.output) == (1, True)


def test_production_starts_only_as_a_role_that_the_walls_hold(shop: Installation) -> None:
    strict = replace(shop.settings, demo=False)
    create_app(strict).registry.engine.dispose()
    for role, why in ((database.OWNER, "ziet alle rijen"), (SUPERUSER, "ziet alle rijen")):
        settings = replace(strict, database_url=as_user(strict.database_url, role))
        for start in (create_app, commands.work):
            with pytest.raises(SettingsError, match=f"{role} {why}.*database rollen"):
                start(settings)
    # The demo starts anyway: it holds nobody's data.
    create_app(replace(settings, demo=True)).registry.engine.dispose()


def test_production_refuses_a_role_that_owns_tables(shop: Installation) -> None:
    with shop.owner.begin() as connection:
        connection.execute(text(f"GRANT CREATE ON SCHEMA public TO {database.APP}"))
    with shop.engine.begin() as connection:
        connection.execute(text("CREATE TABLE mine (name text)"))
    with pytest.raises(SettingsError, match="bezit tabellen"):
        create_app(replace(shop.settings, demo=False))


def test_the_application_makes_no_large_objects_once_an_administrator_gave_the_roles(
    shop: Installation, tmp_path: Path
) -> None:
    """No wall knows a large object, and none of our tables counts it."""
    url = as_user(shop.settings.database_url, SUPERUSER)
    assert command(tmp_path, url, "--toepassen").exit_code == 0
    for made in ("lo_create(0)", "lo_creat(-1)", "lo_from_bytea(0, 'x')"):
        with shop.engine.connect() as connection, pytest.raises(DBAPIError, match="denied"):
            connection.execute(text(f"SELECT {made}"))


def test_a_lock_that_the_application_forgets_ends_by_itself(shop: Installation) -> None:
    """What may be deleted from may be locked too; nobody waits for it without end."""
    with shop.engine.connect() as connection:
        for setting, value in database.APP_LIMITS.items():
            assert connection.scalar(text(f"SHOW {setting}")) == value


def test_the_application_locks_nothing_of_what_is_append_only(shop: Installation) -> None:
    for name in (*database.append_only_tables(), "alembic_version"):
        with shop.engine.connect() as connection, pytest.raises(DBAPIError, match="denied"):
            connection.execute(text(f"LOCK TABLE {name} IN SHARE MODE"))
