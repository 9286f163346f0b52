"""Running the migrations of `alembic/` from code; there is no alembic.ini."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from stopintimidatie.settings import Settings
from stopintimidatie.storage.encryption import create_key_file


def alembic_config(settings: Settings, engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(settings.migrations).replace("%", "%%"))
    config.attributes["engine"] = engine
    return config


def upgrade(settings: Settings, engine: Engine) -> None:
    """Bring the database to the newest version; an empty one gets its key file as well.

    :param engine: as the owner of the tables (`settings.owner_url`).
    """
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


def at_head(settings: Settings, engine: Engine) -> bool:
    """Whether the database is at the newest version."""
    script = ScriptDirectory.from_config(alembic_config(settings, engine))
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    return set(current) == set(script.get_heads())
