"""Tables: a holder or a reason, one migration head, models and migrations alike."""

from __future__ import annotations

import subprocess
import sys

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect

from stopintimidatie import import_models
from stopintimidatie.core.storage.database import alembic_config, upgrade
from stopintimidatie.core.storage.models import Base, Held, Passed
from stopintimidatie.core.storage.tenancy import OPEN_TABLES
from tests.support.installation import Installation


def tables_with(mixin: type) -> set[str]:
    import_models()
    return {
        str(mapper.local_table.name)  # type: ignore[attr-defined]
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, mixin)
    }


def held_tables() -> set[str]:
    return tables_with(Held)


def test_every_table_has_a_holder_or_a_reason_not_to() -> None:
    held, passed = held_tables(), tables_with(Passed)
    assert set(Base.metadata.tables) == held | passed | set(OPEN_TABLES)
    assert not (held | passed) & set(OPEN_TABLES)
    assert not held & passed
    assert all(len(reason) > 10 for reason in OPEN_TABLES.values())


def test_a_holder_is_never_empty() -> None:
    import_models()
    for name in held_tables():
        assert not Base.metadata.tables[name].columns["holder"].nullable, name


def test_references_between_held_tables_carry_the_holder() -> None:
    held = held_tables()
    loose = [
        f"{table.name}.{','.join(key.column_keys)}"
        for table in Base.metadata.tables.values()
        if table.name in held
        for key in table.foreign_key_constraints
        if key.referred_table.name in held and "holder" not in key.column_keys
    ]
    assert not loose


def test_the_tables_of_every_room_are_known_without_its_views() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import stopintimidatie, {Base.__module__} as models;"
            " stopintimidatie.import_models(); print(*models.Base.metadata.tables)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    import_models()
    assert set(told.stdout.split()) == set(Base.metadata.tables)


def test_there_is_one_migration_head(installation: Installation) -> None:
    config = alembic_config(installation.settings, installation.engine)
    heads = ScriptDirectory.from_config(config).get_heads()
    assert len(heads) == 1
    with installation.engine.connect() as connection:
        assert list(MigrationContext.configure(connection).get_current_heads()) == heads


def test_models_and_migrations_agree(installation: Installation) -> None:
    with installation.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        database = inspect(connection)
        for table in Base.metadata.sorted_tables:  # what the comparison leaves out
            declared = {c.name for c in table.constraints if isinstance(c, CheckConstraint)}
            checks = {each["name"] for each in database.get_check_constraints(table.name)}
            assert checks == declared, table.name


def test_migrating_again_changes_nothing(installation: Installation) -> None:
    before = set(inspect(installation.engine).get_table_names())
    upgrade(installation.settings, installation.owner)
    assert set(inspect(installation.engine).get_table_names()) == before
