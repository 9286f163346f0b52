"""Running the migrations of `alembic/` from code; there is no alembic.ini."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import SQLAlchemyError

from stopintimidatie.settings import Settings, SettingsError
from stopintimidatie.storage.encryption import create_key_file
from stopintimidatie.storage.session import reading

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


class OldDatabaseError(SettingsError):
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

    A database that is away, or that this role may not read, can't be asked: others tell that.

    :raises OldDatabaseError: the database is at one of the `OLD_VERSIONS`.
    """
    try:
        with reading(engine).connect() as connection:
            found = MigrationContext.configure(connection).get_current_heads()
    except SQLAlchemyError as error:
        log.warning("version of the database not looked at: %s", type(error).__name__)
        return
    for version in OLD_VERSIONS.intersection(found):
        raise OldDatabaseError(old_database_words(settings, version))


def alembic_config(settings: Settings, engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(settings.migrations).replace("%", "%%"))
    config.attributes["engine"] = engine
    return config


def upgrade(settings: Settings, engine: Engine) -> None:
    """Bring the database to the newest version; an empty one gets its key file as well.

    :param engine: as the owner of the tables (`settings.owner_url`).
    :raises OldDatabaseError: the database is of before the first release.
    """
    refuse_old_database(engine, settings)
    if not inspect(engine).get_table_names() and not settings.key_file.exists():
        create_key_file(settings.key_file)
    command.upgrade(alembic_config(settings, engine), "head")


@lru_cache(maxsize=8)
def newest_version(migrations: Path) -> str | None:
    """The version that this code wants; read from the files once."""
    return _scripts(migrations).get_current_head()


def known_versions(migrations: Path) -> frozenset[str]:
    """Every version that this code knows; a database of another is of a newer release."""
    return frozenset(script.revision for script in _scripts(migrations).walk_revisions())


def _scripts(migrations: Path) -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    return ScriptDirectory.from_config(config)
