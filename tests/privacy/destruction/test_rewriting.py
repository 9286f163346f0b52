"""Bytes in the files of PostgreSQL: left by a plain VACUUM, gone where tables are rewritten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from stopintimidatie.core.jobs import JobContext
from stopintimidatie.core.storage.database import APP, OWNER
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.privacy.destruction.documents import Fate, destroy_document
from stopintimidatie.privacy.destruction.jobs import rewrite_tables
from stopintimidatie.privacy.destruction.statement import how_words
from stopintimidatie.privacy.retention.rules import HANDLED
from stopintimidatie.reports.vocabulary import KIND
from tests.support.factories import DORDRECHT, make_report
from tests.support.installation import Installation

WORD = "kwikxzqvwrewriting"
Variant = Callable[..., Installation]


def files(request: pytest.FixtureRequest, made: Installation, *first: str) -> Sequence[str]:
    """The files of this database with the word, after these commands of the administrator."""
    address = make_url(request.getfixturevalue("postgres").url("postgres"))
    name = make_url(made.settings.database_url).database
    admin = address.set(database=name, drivername="postgresql")
    with psycopg.connect(admin.render_as_string(False), autocommit=True) as connection:
        for command in (*first, "CHECKPOINT"):
            connection.execute(command)
        row: Any = connection.execute(
            "SELECT current_setting('data_directory'), oid FROM pg_database WHERE datname = %s",
            [name],
        ).fetchone()
    folder = Path(row[0]) / "base" / str(row[1])
    return [path.name for path in folder.iterdir() if WORD.encode() in path.read_bytes()]


def context_of(made: Installation) -> JobContext:
    return JobContext(made.engine, made.settings, made.registry, NATIONAL)


def write_and_destroy(made: Installation) -> None:
    with made.transaction(DORDRECHT) as session:
        number = make_report(session, made, description=f"Ik zag {WORD} " * 8).id
    with made.transaction(DORDRECHT) as session:
        destroy_document(made.registry, session, KIND, number, Fate(HANDLED, "8.1", "2031-4"))
    made.run_jobs()


@pytest.mark.postgresql
def test_no_deleted_word_is_left_in_the_files_of_tables_that_are_rewritten(
    request: pytest.FixtureRequest, installation: Installation, variant: Variant
) -> None:
    write_and_destroy(installation)
    assert files(request, installation, "VACUUM"), "a plain VACUUM leaves it"
    rewrite_tables(context_of(installation), [{}])
    assert files(request, installation), "nobody asked for it"
    rewrite_tables(context_of(variant(destruction_rewrite=True)), [{}])
    assert files(request, installation) == []


@pytest.mark.postgresql
def test_a_role_that_doesnt_own_the_tables_is_refused(variant: Variant) -> None:
    made = variant(destruction_rewrite=True)
    address = made.settings.owner_url.replace(f"//{OWNER}@", f"//{APP}@")
    other = variant(destruction_rewrite=True, database_owner_url=address)
    with pytest.raises(PermissionError, match="bezit de tabellen niet"):
        rewrite_tables(context_of(other), [{}])


def test_a_statement_says_what_becomes_of_the_bytes_in_the_database_in_use(
    installation: Installation, variant: Variant
) -> None:
    asked = variant(destruction_rewrite=True)
    said = [how_words(made.settings) for made in (installation, asked)]
    if installation.settings.sqlite:
        assert all("De database overschrijft wat is verwijderd" in words for words in said)
        return
    # It is made before the tables are rewritten, and a table in use waits for another night.
    assert "tot die plek opnieuw wordt gebruikt" in said[0]
    assert "worden daarna opnieuw geschreven" in said[1]
