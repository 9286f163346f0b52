"""The database itself: its migrations, its roles, its walls.

Migrations of `alembic/` run from code; there is no alembic.ini. The application's role owns
nothing, so that row-level security and the append-only tables hold for it whatever it is made to
say. Migrations that were released call the functions here, so what those make never changes: other
walls are other functions.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.session import reading
from stopintimidatie.settings import PROGRAM, OperatorError, Settings, SettingsError

log = logging.getLogger(__name__)

# The 39 migrations of before the first release; since then a version has a name besides a number.
OLD_VERSIONS: Final = frozenset(f"{number:04}" for number in range(1, 40))
OLD_DEMO: Final = (
    "De gegevens zijn gemaakt door een versie van vóór de eerste uitgave (migratie {version}), en"
    " dit programma kan ze niet lezen: gooi de map {folder}{more} weg en begin opnieuw."
)
OLD_INSTALLATION: Final = (
    "De database is gemaakt door een versie van vóór de eerste uitgave (migratie {version}), en dit"
    " programma kan haar niet lezen: laat haar bij de oude versie, en geef dit programma een nieuwe"
    " database en een nieuwe, lege data_dir."
)


class OldDatabaseError(SettingsError, OperatorError):
    """The database is of before the first release; the message says what to do."""

    def __init__(self, message: str) -> None:
        super().__init__([message])

    def __str__(self) -> str:
        return self.mistakes[0]


def old_database_words(settings: Settings, version: str) -> str:
    """Return the sentence for a database of one of the `OLD_VERSIONS`: what to do about it."""
    if not settings.demo:
        return OLD_INSTALLATION.format(version=version)
    more = "" if settings.sqlite else " en de database"
    return OLD_DEMO.format(version=version, folder=settings.data_dir, more=more)


def refuse_old_database(engine: Engine, settings: Settings) -> None:
    """Refuse a database of before the first release.

    A database that is away, or that this role may not read, can't be asked: others report that.

    Raises:
        OldDatabaseError: the database is at one of the `OLD_VERSIONS`.
    """
    try:
        with reading(engine).connect() as connection:
            versions = MigrationContext.configure(connection).get_current_heads()
    except SQLAlchemyError as error:
        log.warning("version of the database not looked at: %s", type(error).__name__)
        return
    for version in OLD_VERSIONS.intersection(versions):
        raise OldDatabaseError(old_database_words(settings, version))


def alembic_config(settings: Settings, engine: Engine) -> Config:
    """Return the configuration of Alembic for this database."""
    config = Config()
    config.set_main_option("script_location", str(settings.migrations).replace("%", "%%"))
    config.attributes["engine"] = engine
    return config


def upgrade(settings: Settings, engine: Engine) -> None:
    """Bring the database to the newest version, as its owner; make a key file for an empty one.

    Raises:
        OldDatabaseError: the database is of before the first release.
    """
    refuse_old_database(engine, settings)
    if not inspect(engine).get_table_names() and not settings.key_file.exists():
        create_key_file(settings.key_file)
    command.upgrade(alembic_config(settings, engine), "head")


@lru_cache(maxsize=8)
def newest_version(migrations: Path) -> str | None:
    """Return the version that this code wants; read from the files once."""
    return _scripts(migrations).get_current_head()


def known_versions(migrations: Path) -> frozenset[str]:
    """Return every version that this code knows; any other is of a newer release."""
    return frozenset(script.revision for script in _scripts(migrations).walk_revisions())


def _scripts(migrations: Path) -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    return ScriptDirectory.from_config(config)


OWNER: Final = "stopintimidatie_owner"
APP: Final = "stopintimidatie_app"
BACKUP: Final = "stopintimidatie_backup"
MAINTENANCE: Final = "stopintimidatie_maintenance"
INSUFFICIENT_PRIVILEGE: Final = "42501"


class RolesError(OperatorError):
    """The roles can't be made by who asked; the message says who can."""


@dataclass(frozen=True)
class DatabaseRole:
    """A role, whether row-level security lets it through, and what it is for."""

    name: str
    sees_all: bool
    purpose: str


ROLES: Final = (
    DatabaseRole(OWNER, True, "migraties: bezit alle tabellen"),
    DatabaseRole(APP, False, "web en worker: bezit niets, ziet per transactie één houder"),
    DatabaseRole(BACKUP, True, "reservekopie: leest alles, schrijft niets"),
    DatabaseRole(MAINTENANCE, True, "onderhoud: verwijdert uit het logboek wat te oud is"),
)

_ROLE: Final = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN
    CREATE ROLE {name} LOGIN {rights};
  ELSIF EXISTS (
    SELECT FROM pg_roles WHERE rolname = '{name}'
    AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR {wrong})
  ) THEN
    ALTER ROLE {name} {rights};
  END IF;
END $$;
"""
_RIGHTS: Final = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"

# The right to delete from a table lets one lock it: PostgreSQL has no smaller one. A lock that was
# forgotten ends, and so does the wait for one; a role can set these otherwise.
APP_LIMITS: Final = {"lock_timeout": "30s", "idle_in_transaction_session_timeout": "5min"}

_OWNERSHIP: Final = """
DO $$
DECLARE
  found record;
BEGIN
  IF (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database())
     <> '{owner}' THEN
    EXECUTE format('ALTER DATABASE %I OWNER TO {owner}', current_database());
  END IF;
  FOR found IN
    SELECT oid::regclass AS name FROM pg_class c
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
    AND pg_get_userbyid(relowner) <> '{owner}'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO {owner}', found.name);
  END LOOP;
  FOR found IN
    SELECT oid::regprocedure AS name FROM pg_proc p
    WHERE pronamespace = 'public'::regnamespace AND pg_get_userbyid(proowner) <> '{owner}'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('ALTER ROUTINE %s OWNER TO {owner}', found.name);
  END LOOP;
END $$;
"""

_ACCESS: Final = """
DO $$
DECLARE
  append_only CONSTANT text[] := ARRAY[{append_only}];
  read_only CONSTANT text[] := ARRAY['alembic_version'];
  everyone CONSTANT text := '{app}, {backup}, {maintenance}';
  found record;
BEGIN
  IF (SELECT count(*) FROM pg_roles WHERE rolname IN ({all_roles})) < {number} THEN
    RAISE NOTICE 'de rollen ontbreken: er zijn geen rechten gegeven';
    RETURN;
  END IF;
  IF (SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database()) THEN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %s', current_database(), everyone);
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %s', everyone);
  END IF;
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    REVOKE EXECUTE ON FUNCTION lo_create(oid), lo_creat(integer), lo_from_bytea(oid, bytea)
    FROM PUBLIC;
  END IF;
  IF pg_has_role('{owner}', 'USAGE') THEN
    ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON ROUTINES FROM PUBLIC;
  END IF;
  FOR found IN
    SELECT oid::regclass AS name, relname::text AS plain FROM pg_class c
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
    AND pg_has_role(relowner, 'USAGE')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, %s', found.name, everyone);
    EXECUTE format('GRANT SELECT ON %s TO {app}, {backup}', found.name);
    IF found.plain = ANY (append_only) THEN
      EXECUTE format('GRANT INSERT ON %s TO {app}', found.name);
      EXECUTE format('GRANT SELECT, INSERT, DELETE ON %s TO {maintenance}', found.name);
    ELSIF NOT found.plain = ANY (read_only) THEN
      EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %s TO {app}', found.name);
    END IF;
  END LOOP;
  FOR found IN
    SELECT oid::regclass AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
    AND pg_has_role(relowner, 'USAGE')
  LOOP
    EXECUTE format('REVOKE ALL ON SEQUENCE %s FROM PUBLIC, %s', found.name, everyone);
    EXECUTE format('GRANT USAGE, SELECT ON SEQUENCE %s TO {app}', found.name);
    EXECUTE format('GRANT SELECT ON SEQUENCE %s TO {backup}', found.name);
  END LOOP;
  FOR found IN
    SELECT oid::regprocedure AS name FROM pg_proc p
    WHERE pronamespace = 'public'::regnamespace AND pg_has_role(proowner, 'USAGE')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('REVOKE ALL ON ROUTINE %s FROM PUBLIC, %s', found.name, everyone);
    EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO {app}', found.name);
  END LOOP;
END $$;
"""


def append_only_tables() -> list[str]:
    """Return the names of the tables whose rows are never changed, as their models say."""
    tables = Base.metadata.tables.values()
    return sorted(table.name for table in tables if table.info.get("append_only"))


def role_statements() -> Iterator[str]:
    """Yield the SQL that makes the roles; an administrator of the server gives the passwords."""
    for role in ROLES:
        bypass = "BYPASSRLS" if role.sees_all else "NOBYPASSRLS"
        wrong = "NOT rolbypassrls" if role.sees_all else "rolbypassrls"
        statement = _ROLE.format(name=role.name, rights=f"{_RIGHTS} {bypass}", wrong=wrong)
        yield f"-- {role.purpose}{statement}"
    for setting, value in APP_LIMITS.items():
        yield f"ALTER ROLE {APP} SET {setting} = '{value}';"


def access() -> str:
    """Return the SQL that gives each role what it needs and takes the rest.

    It follows what is in the database and may be repeated at any time: migrations end with it, so
    that no table is ever without its grants. Without the roles it does nothing.
    """
    statement = _ACCESS.format(
        append_only=", ".join(f"'{name}'" for name in append_only_tables()),
        all_roles=", ".join(f"'{role.name}'" for role in ROLES),
        number=len(ROLES),
        owner=OWNER,
        app=APP,
        backup=BACKUP,
        maintenance=MAINTENANCE,
    )
    return f"-- Rechten per tabel.{statement}"


def statements() -> list[str]:
    """Return all SQL for the roles, in order."""
    ownership = f"-- Alles is van {OWNER}.{_OWNERSHIP.format(owner=OWNER)}"
    return [*role_statements(), ownership, access()]


def give_access(connection: Connection) -> None:
    """Give each role what it needs, in the transaction at hand; nothing on SQLite."""
    if connection.dialect.name == "postgresql":
        _run(connection, access())


def apply(connection: Connection) -> None:
    """Make the roles and give them everything.

    Raises:
        RolesError: this connection may not do that.
    """
    try:
        for statement in statements():
            _run(connection, statement)
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != INSUFFICIENT_PRIVILEGE:
            raise
        raise RolesError(
            "Deze gebruiker mag geen rollen maken. Laat een beheerder van PostgreSQL dit doen:"
            f" ‘{PROGRAM} database rollen | psql DATABASE’, of geef met --adres het adres van"
            " een beheerder."
        ) from None


_POWERS: Final = text(
    "SELECT current_user, EXISTS (SELECT FROM pg_roles r WHERE (r.rolsuper OR r.rolbypassrls)"
    " AND pg_has_role(r.oid, 'MEMBER')) AS sees_all, EXISTS (SELECT FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    " AND pg_has_role(relowner, 'MEMBER')) AS owns"
)


def refuse_powerful_role(engine: Engine, settings: Settings) -> None:
    """Refuse to start production as a role that no wall in the database holds back.

    A database that is away can't be asked: readiness reports that.

    Raises:
        SettingsError: the role is superuser, has BYPASSRLS or owns tables, or may become so.
    """
    if settings.demo or settings.sqlite:
        return
    try:
        with engine.connect() as connection:
            name, sees_all, owns = connection.execute(_POWERS).one()
    except SQLAlchemyError as error:
        log.warning("powers of the database role not looked at: %s", type(error).__name__)
        return
    if sees_all or owns:
        why = "ziet alle rijen" if sees_all else "bezit tabellen"
        raise SettingsError(
            [
                f"sqlalchemy.url: de databaserol {name} {why}, zodat de muren tussen gemeenten"
                f" voor web en worker niet gelden. Verbind als {APP}; ‘{PROGRAM} database"
                " rollen’ maakt die rol, zie docs/databaserollen.md"
            ]
        )


def _run(connection: Connection, statement: str) -> Any:
    # As it stands: `%` and `:` mean something to the driver and to SQLAlchemy's text().
    return connection.exec_driver_sql(statement.replace("%", "%%"))


POLICY: Final = "own_holder_only"
# Not set, or '' after a transaction that had set it: equal to no holder, so nothing is seen.
PRESENT_HOLDER: Final = "current_setting('stopintimidatie.holder', true)"


def protect(op: Any, table: str, *columns: str) -> None:
    """Show the rows of this table to the holder of the transaction alone (in a migration).

    Every table with a holder needs it; a test reads PostgreSQL's catalogue and names a table that
    was forgotten. SQLite has no row-level security: there the ORM's filter stands alone.

    `columns`: the columns that name the holder; a row with more of them belongs to each.
    """
    if op.get_bind().dialect.name != "postgresql":
        return
    mine = " OR ".join(f"{name} = {PRESENT_HOLDER}" for name in columns or ("holder",))
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    # Also for who owns the table, unless that role has BYPASSRLS.
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {POLICY} ON {table} USING ({mine}) WITH CHECK ({mine})")


def append_only(op: Any, table: str) -> None:
    """Let rows of this table be added, never changed; only maintenance removes old ones."""
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF TG_OP = 'DELETE' AND current_user = '{MAINTENANCE}' THEN RETURN NULL; END IF;"
        f" RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )
