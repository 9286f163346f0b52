"""Tables that PostgreSQL searches: a row per document, written with the change it follows from.

Both tables are there on SQLite too, and stay empty: Whoosh keeps its index in files.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, held_table

_CODES: Final = JSON().with_variant(ARRAY(Text), "postgresql")
_WORDS: Final = Text().with_variant(TSVECTOR(), "postgresql")


class SearchDocument(Base, Held):
    """A document as search knows it; its id is that of the row it was made from.

    `words` holds the stems and words of our analyser, `data` what a hit shows. A document that
    is no longer there stays as an empty row, `gone`, until the next cleaning: a rebuild that is
    running must not bring it back.
    """

    __tablename__ = "search_document"
    __table_args__ = (
        Index(None, "holder", "moment"),
        Index(None, "words", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        {"info": {"append_only": False, "not_in_backup": "made again from the documents"}},
    )

    # The key begins with the holder: an id of another holder is another row.
    holder: Mapped[str] = mapped_column(
        String(9), ForeignKey("holder.code"), primary_key=True, sort_order=-1
    )
    kind: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(BigInteger)
    moment: Mapped[datetime]
    state: Mapped[str] = mapped_column(Text)
    neighbourhood: Mapped[str] = mapped_column(Text)
    access: Mapped[str] = mapped_column(Text)
    year: Mapped[str] = mapped_column(Text)
    forms: Mapped[list[str]] = mapped_column(_CODES)
    dossiers: Mapped[list[str]] = mapped_column(_CODES)
    rules: Mapped[str] = mapped_column(String(40))
    written: Mapped[datetime] = mapped_column(server_default=text("CURRENT_TIMESTAMP"))
    gone: Mapped[bool]
    words: Mapped[str] = mapped_column(_WORDS)
    data: Mapped[dict[str, Any]]


class SearchGap(Base, Held):
    """A holder whose documents aren't all in the table above: it must be rebuilt.

    Written by the migration for what was there before it, and while Whoosh is the engine of a
    PostgreSQL installation: then changes don't reach the table.
    """

    __tablename__ = "search_gap"
    __table_args__ = held_table(UniqueConstraint("holder"))

    since: Mapped[datetime] = mapped_column(default=utc_now)
