"""Writing the rows of search: the same few statements for a change, a job and a rebuild."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Connection, Table, TextClause, delete, literal_column, select, text
from sqlalchemy.dialects.postgresql import Insert, insert

from stopintimidatie.clock import utc_now
from stopintimidatie.search import postgres_rows
from stopintimidatie.search.backend import SearchDocument
from stopintimidatie.search.models import SearchDocument as SearchDocumentRow
from stopintimidatie.search.models import SearchGap
from stopintimidatie.storage.models import Base

DOCUMENTS: Final[Table] = Base.metadata.tables[SearchDocumentRow.__tablename__]
GAPS: Final[Table] = Base.metadata.tables[SearchGap.__tablename__]


# First the number of the transaction, then the clock: a rebuild waits for all transactions that had
# a number when it looked at the clock, so none with an earlier time may come after it.
NOW: Final = "CASE WHEN pg_current_xact_id() IS NOT NULL THEN clock_timestamp() END"


def _upsert() -> Insert:
    made = insert(DOCUMENTS).values(written=literal_column(NOW))
    changed = {c.name: made.excluded[c.name] for c in DOCUMENTS.columns if not c.primary_key}
    return made.on_conflict_do_update(index_elements=["holder", "id"], set_=changed)


UPSERT: Final = _upsert()


def enter(connection: Connection, holder: str) -> None:
    """Let the transaction of this connection work for a holder."""
    connection.execute(
        text("SELECT set_config('stopintimidatie.holder', :holder, true)"), {"holder": holder}
    )


def lock(connection: Connection, holder: str, ids: Iterable[UUID]) -> None:
    """Wait for others who are writing these rows, and make others wait.

    Two changes of one document at once (two notes) each see only their own: who locks first and
    reads then, sees what the other has committed.
    """
    wanted = (DOCUMENTS.c.holder == holder) & DOCUMENTS.c.id.in_(sorted(ids))
    rows = select(DOCUMENTS.c.id).where(wanted)
    connection.execute(rows.order_by(DOCUMENTS.c.id).with_for_update())


def write(
    connection: Connection,
    holder: str,
    documents: Iterable[SearchDocument],
    gone: Iterable[UUID] = (),
) -> None:
    """Bring the rows of one holder to this state; the last of two with one id counts."""
    rows: dict[UUID, Mapping[str, Any]] = {
        document_id: postgres_rows.tombstone(holder, document_id) for document_id in gone
    }
    rows.update((document.id, postgres_rows.row(document)) for document in documents)
    if rows:
        # In order of id: two transactions that write the same rows never wait for each other.
        connection.execute(UPSERT, [rows[id_] for id_ in sorted(rows)])


def write_older(connection: Connection, rows: Sequence[str], start: datetime) -> None:
    """Write rows (each as JSON), but leave those that somebody wrote since `start`: newer ones.

    One parameter for all of them, instead of fifteen for each: less work for the driver.
    """
    connection.execute(UPSERT_OLDER, {"rows": f"[{','.join(rows)}]", "start": start})


def _upsert_older() -> TextClause:
    names = [c.name for c in DOCUMENTS.columns if c.name != "written"]
    columns, changed = ", ".join(names), (n for n in names if n not in ("holder", "id"))
    return text(
        f"INSERT INTO search_document ({columns}, written)"  # noqa: S608 - our own columns
        f" SELECT {columns}, {NOW}"
        " FROM json_populate_recordset(NULL::search_document, CAST(:rows AS json))"
        " ON CONFLICT (holder, id) DO UPDATE SET written = excluded.written,"
        f" {', '.join(f'{name} = excluded.{name}' for name in changed)}"
        " WHERE search_document.written < :start"
    )


UPSERT_OLDER: Final = _upsert_older()


def note_gap(connection: Connection, holder: str) -> None:
    """Remember that changes of this holder didn't reach the table."""
    made = insert(GAPS).values(id=uuid4(), holder=holder, since=utc_now())
    connection.execute(made.on_conflict_do_nothing())


def close_gap(connection: Connection, holder: str) -> None:
    """Every document of the holder is there."""
    connection.execute(delete(GAPS).where(GAPS.c.holder == holder))


_STATE: Final = """
SELECT EXISTS (SELECT FROM search_gap WHERE holder = :holder) AS gap,
    count(*) AS documents, count(*) FILTER (WHERE rules <> :rules) AS older
FROM search_document WHERE holder = :holder AND NOT gone
"""


def state(connection: Connection, holder: str) -> tuple[bool, int, int]:
    """Whether there is a gap, how many documents there are, how many were made by older rules."""
    values = {"holder": holder, "rules": postgres_rows.rules()}
    gap, documents, older = connection.execute(text(_STATE), values).one()
    return gap, documents, older
