"""Alembic's entry: the engine comes from the caller, the tables from the rooms."""

from alembic import context

from stopintimidatie import import_models
from stopintimidatie.core.storage.database import give_access
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.sqlite import tell_planner


def run() -> None:
    import_models()
    with context.config.attributes["engine"].connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
            # In the same transaction: a new table is never there without its grants.
            give_access(connection)
            tell_planner(connection)
        connection.commit()


run()
