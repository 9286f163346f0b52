"""Where in a database somebody's words are."""

from __future__ import annotations

from sqlalchemy import select

from stopintimidatie.core.storage import Base
from tests.support.installation import Installation


def anywhere(installation: Installation, words: str) -> list[str]:
    """The tables in which these words still stand, whoever holds them."""
    found = []
    with installation.owner.connect() as connection:
        for table in Base.metadata.sorted_tables:
            rows = connection.execute(select(table)).all()
            if words.lower() in repr(rows).lower():
                found.append(str(table.name))
    return found
