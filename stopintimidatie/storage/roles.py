"""The roles of the database: who owns, who works, who reads for the backup, who prunes the log.

The application's role owns nothing, so that row-level security and the append-only tables hold
for it whatever it is made to say. `access` follows what is in the database, and may be repeated at
any time: migrations end with it, so that no table is ever without its grants.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from stopintimidatie.settings import Settings, SettingsError
from stopintimidatie.storage.models import Base

log = logging.getLogger(__name__)

OWNER: Final = "stopintimidatie_owner"
APP: Final = "stopintimidatie_app"
BACKUP: Final = "stopintimidatie_backup"
MAINTENANCE: Final = "stopintimidatie_maintenance"
INSUFFICIENT_PRIVILEGE: Final = "42501"


class RolesError(Exception):
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
    """The tables whose rows are never changed, as their models say."""
    tables = Base.metadata.tables.values()
    return sorted(table.name for table in tables if table.info.get("append_only"))


def role_statements() -> Iterator[str]:
    """SQL that makes the roles, for an administrator of the server. Passwords are up to them."""
    for role in ROLES:
        bypass = "BYPASSRLS" if role.sees_all else "NOBYPASSRLS"
        wrong = "NOT rolbypassrls" if role.sees_all else "rolbypassrls"
        statement = _ROLE.format(name=role.name, rights=f"{_RIGHTS} {bypass}", wrong=wrong)
        yield f"-- {role.purpose}{statement}"


def ownership() -> str:
    """SQL that gives a database, and what stands in it already, to the owner's role."""
    return f"-- Alles is van {OWNER}.{_OWNERSHIP.format(owner=OWNER)}"


def access() -> str:
    """SQL that gives each role what it needs and takes the rest; does nothing without roles."""
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
    """Everything, in order."""
    return [*role_statements(), ownership(), access()]


def give_access(connection: Connection) -> None:
    """Give each role what it needs, in the transaction at hand; nothing on SQLite."""
    if connection.dialect.name == "postgresql":
        _run(connection, access())


def apply(connection: Connection) -> None:
    """Make the roles and give them everything.

    :raises RolesError: this connection may not do that.
    """
    try:
        for statement in statements():
            _run(connection, statement)
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != INSUFFICIENT_PRIVILEGE:
            raise
        raise RolesError(
            "Deze gebruiker mag geen rollen maken. Laat een beheerder van PostgreSQL dit doen:"
            " ‘stopintimidatie database rollen | psql DATABASE’, of geef met --adres het adres van"
            " een beheerder."
        ) from None


_POWERS: Final = text(
    "SELECT current_user, EXISTS (SELECT FROM pg_roles r WHERE (r.rolsuper OR r.rolbypassrls)"
    " AND pg_has_role(r.oid, 'MEMBER')) AS sees_all, EXISTS (SELECT FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    " AND pg_has_role(relowner, 'MEMBER')) AS owns"
)


def refuse_powerful_role(engine: Engine, settings: Settings) -> None:
    """Production doesn't start as a role that no wall in the database holds back.

    A database that is away can't be asked: readiness tells that.

    :raises SettingsError: the role is superuser, has BYPASSRLS or owns tables, or may become so.
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
                f" voor web en worker niet gelden. Verbind als {APP}; ‘stopintimidatie database"
                " rollen’ maakt die rol, zie docs/databaserollen.md"
            ]
        )


def _run(connection: Connection, statement: str) -> Any:
    # As it stands: `%` and `:` mean something to the driver and to SQLAlchemy's text().
    return connection.exec_driver_sql(statement.replace("%", "%%"))
