"""Running the migrations of `alembic/` from code; there is no alembic.ini."""

from __future__ import annotations

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
    """Bring the database to the newest version; an empty one gets its key file as well."""
    if not inspect(engine).get_table_names() and not settings.key_file.exists():
        create_key_file(settings.key_file)
    command.upgrade(alembic_config(settings, engine), "head")


def at_head(settings: Settings, engine: Engine) -> bool:
    """Whether the database is at the newest version."""
    script = ScriptDirectory.from_config(alembic_config(settings, engine))
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    return set(current) == set(script.get_heads())
