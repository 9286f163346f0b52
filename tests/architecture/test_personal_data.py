"""Every table with personal data has a holder that handles all its text; the others say why not."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import JSON, LargeBinary, String, Text
from sqlalchemy.schema import Column

import stopintimidatie
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.personal import (
    IMPERSONAL_TABLES,
    Treatment,
    personal_data_holders,
)
from stopintimidatie.core.storage.retention import RETENTION_CLASSES, Way
from stopintimidatie.privacy.retention.queries import all_terms
from stopintimidatie.privacy.retention.rules import LISTED
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


# Without personal data of reporters, but with a term all the same: they tell what happened to it.
WITH_A_TERM = frozenset(
    [
        "audit_event",
        "audit_subject",
        "disclosure",
        "disclosure_subject",
        "disclosure_event",
        "disclosed_copy",
        "idempotency_key",
        "mail_message",
        "outbox_job",
        "redirect",
        "reference",
        "search_document",
        "sender_hit",
        "sender_key",
        "sign_in_attempt",
        "spent_value",
        "tombstone",
        "destruction_line",
        "destruction_list",
        "destruction_statement",
        "retention_schedule",
        "retention_extension",
        "archive_transfer",
    ]
)


def test_every_table_with_personal_data_has_a_retention_term(installation: Installation) -> None:
    classes = RETENTION_CLASSES.of(installation.registry).values()
    kept = {table for row in classes for table in row.tables}
    assert (set(covered(installation)) | WITH_A_TERM) - kept == set()
    assert kept <= set(Base.metadata.tables)


def test_every_term_says_when_it_starts_and_who_says_so(installation: Installation) -> None:
    for row in RETENTION_CLASSES.of(installation.registry).values():
        assert row.starts, row.code
        assert row.source, row.code
        assert row.term is not None or row.until, row.code
        # What a municipality chooses a term for must be swept or listed by something.
        assert row.way is not Way.LIST or row.code in LISTED, row.code


def test_the_page_of_all_terms_is_up_to_date(installation: Installation) -> None:
    written = (Path(__file__).parents[2] / "docs" / "bewaartermijnen.md").read_text("utf-8")
    assert written == all_terms(installation.registry)


# The compartment of police data: one room reads its tables, and no other names them.
POLICE = re.compile(r"\bpolice_(?:item|access|event)\b|\bPolice(?:Item|Access|Event)\b")


def test_no_other_room_names_a_table_of_police_data() -> None:
    package = Path(stopintimidatie.__file__).parent
    own = package / "privacy" / "police"
    kinds = {".py", ".jinja2", ".json", ".toml"}
    files = [path for path in package.rglob("*") if path.suffix in kinds]
    others = [path for path in files if own not in path.parents]
    assert len(others) > 500
    assert [path for path in others if POLICE.search(path.read_text("utf-8"))] == []
