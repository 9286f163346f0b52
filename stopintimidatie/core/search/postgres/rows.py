"""A document inside PostgreSQL: our words as a tsvector, and its codes; writing such rows.

Each lexeme begins with its holder: a term has a list of places for each holder, so that a search
costs the same however many others there are, and never meets another's words. After the holder
comes `=stem`, with its places (weight A or B), or a whole word without places, for finding by the
beginning of a word. One lexeme, `0505=`, stands in every document of its holder.

`SCHEMA_VERSION` must grow with every change here: rows made by other rules are made anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Connection, Table, TextClause, delete, literal_column, select, text
from sqlalchemy.dialects.postgresql import Insert, insert

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.search import analysis
from stopintimidatie.core.search.analysis import tokens
from stopintimidatie.core.search.backend import SearchDocument, Text, Weight
from stopintimidatie.core.search.models import SearchDocument as SearchDocumentRow
from stopintimidatie.core.search.models import SearchGap
from stopintimidatie.core.search.query import MIN_PREFIX, Field
from stopintimidatie.core.search.results import to_shown
from stopintimidatie.core.storage.models import Base

SCHEMA_VERSION: Final = 1
_LAST_PLACE: Final = 16_383
"""PostgreSQL counts no further. Words beyond are found, but stand in no phrase."""
_MOST_PLACES: Final = 255
_GAP: Final = 40
"""Words of two texts are this far apart: no phrase reaches from one into the next."""
_MOST_BYTES: Final = 600_000
"""A tsvector holds 1 MB: what is longer than any dossier must not keep it from being saved."""
_LETTERS: Final = {Weight.HIGH: "A", Weight.NORMAL: "B"}
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def rules() -> str:
    """Return the rules by which rows are made now."""
    return f"{SCHEMA_VERSION}-{analysis.FINGERPRINT}"


def wall(holder: str) -> str:
    """Return what every lexeme of a holder begins with."""
    return holder.removeprefix("GM")


def stem_lexeme(holder: str, stem: str) -> str:
    """Return the lexeme of a stem."""
    return f"{wall(holder)}={stem}"


def word_lexeme(holder: str, word: str) -> str:
    """Return the lexeme of a word as it was written."""
    return f"{wall(holder)}{word}"


def quoted(lexeme: str) -> str:
    """Quote a lexeme in the text of a tsvector or a tsquery."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def tsvector(holder: str, texts: Sequence[Text]) -> str:
    """Write the tsvector of these texts. Written out: a quarter of a rebuild."""
    front, base = wall(holder), 1
    places: dict[str, list[str]] = {f"{front}=": []}
    for part in texts:
        letter, last = _LETTERS[part.weight], 0
        for word, stem, _, _, last, stop in tokens(part.text):
            if stop:
                continue
            known = places.setdefault(f"{front}={stem}", [])
            if base + last <= _LAST_PLACE and len(known) < _MOST_PLACES:
                known.append(f"{base + last}{letter}")
            if len(word) >= MIN_PREFIX:
                places.setdefault(f"{front}{word}", [])
        base += last + _GAP
    return " ".join(_affordable(places))


def _affordable(places: dict[str, list[str]]) -> Iterator[str]:
    size = 0
    for lexeme, known in places.items():
        size += len(lexeme.encode()) + 2 * len(known) + 4
        if size > _MOST_BYTES:
            return
        name = quoted(lexeme)
        yield f"{name}:{','.join(known)}" if known else name


def row(document: SearchDocument) -> dict[str, Any]:
    """Return the columns of one document."""
    return {
        "holder": document.holder,
        "id": document.id,
        "kind": document.kind.value,
        "version": document.version,
        "moment": document.moment,
        "state": document.state,
        "neighbourhood": document.neighbourhood,
        "access": document.access,
        "year": document.codes(Field.YEAR)[0],
        "forms": sorted(set(document.forms)),
        "dossiers": sorted(set(document.codes(Field.DOSSIER))),
        "rules": rules(),
        "gone": False,
        "words": tsvector(document.holder, document.searchable()),
        "data": to_shown(document),
    }


def tombstone(holder: str, document_id: UUID) -> dict[str, Any]:
    """Return the columns of a document that is no longer there."""
    codes = dict.fromkeys(("kind", "state", "neighbourhood", "access", "year"), "")
    return {
        **codes,
        "holder": holder,
        "id": document_id,
        "version": 0,
        "moment": _NEVER,
        "forms": [],
        "dossiers": [],
        "rules": rules(),
        "gone": True,
        "words": "",
        "data": {},
    }


# The same few statements for a change, a job and a rebuild.

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
        document_id: tombstone(holder, document_id) for document_id in gone
    }
    rows.update((document.id, row(document)) for document in documents)
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
    """Note that every document of the holder is there."""
    connection.execute(delete(GAPS).where(GAPS.c.holder == holder))


_STATE: Final = """
SELECT EXISTS (SELECT FROM search_gap WHERE holder = :holder) AS gap,
    count(*) AS documents, count(*) FILTER (WHERE rules <> :rules) AS older
FROM search_document WHERE holder = :holder AND NOT gone
"""


def state(connection: Connection, holder: str) -> tuple[bool, int, int]:
    """Return whether there is a gap, the number of documents, and of those by older rules."""
    values = {"holder": holder, "rules": rules()}
    gap, documents, older = connection.execute(text(_STATE), values).one()
    return gap, documents, older
