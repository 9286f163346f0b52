"""Every table with personal data has a holder that handles all its text; the others say why not."""

from __future__ import annotations

from sqlalchemy import JSON, LargeBinary, String, Text
from sqlalchemy.schema import Column

from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.personal import (
    IMPERSONAL_TABLES,
    Treatment,
    personal_data_holders,
)
from tests.support.installation import Installation

# Longer than any code of ours: somebody may have typed it.
LONGEST_CODE = 41


def could_hold_a_person(column: Column[object]) -> bool:
    kind = column.type
    if isinstance(kind, Text | JSON | LargeBinary):
        return True
    return isinstance(kind, String) and (kind.length or LONGEST_CODE + 1) > LONGEST_CODE


def covered(installation: Installation) -> dict[str, dict[str, Treatment]]:
    holders = personal_data_holders(installation.registry).values()
    return {table: dict(columns) for h in holders for table, columns in h.columns.items()}


def test_every_table_is_covered_or_free_of_personal_data(installation: Installation) -> None:
    reasons = IMPERSONAL_TABLES.of(installation.registry)
    assert set(covered(installation)) | set(reasons) == set(Base.metadata.tables)
    assert not set(covered(installation)) & set(reasons)
    assert all(len(reason) > 10 for reason in reasons.values())


def test_no_table_has_two_holders(installation: Installation) -> None:
    holders = personal_data_holders(installation.registry).values()
    tables = [table for holder in holders for table in holder.columns]
    assert len(tables) == len(set(tables))


def test_every_text_of_a_covered_table_is_handled(installation: Installation) -> None:
    for name, columns in covered(installation).items():
        table = Base.metadata.tables[name]
        texts = {column.name for column in table.columns if could_hold_a_person(column)}
        assert texts <= set(columns), f"{name}: {texts - set(columns)}"
        assert set(columns) <= set(table.columns.keys()), name
