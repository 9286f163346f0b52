"""A PostgreSQL full of documents to search, loaded fast: COPY by the owner, the index afterwards.

It is searched as the application is: by a role that owns nothing, behind row-level security.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, text

from bench.search_documents import documents
from stopintimidatie import install
from stopintimidatie.core.search.postgres import rows as postgres_rows
from stopintimidatie.core.storage import database
from tests.support.installation import make_settings

_COLUMNS: Final = (
    "holder", "id", "kind", "version", "moment", "state", "neighbourhood", "access", "year",
    "forms", "dossiers", "rules", "gone", "words", "data",
)  # fmt: skip
_INDEX: Final = "ix_search_document_words"


def prepare(url: str, folder: Path) -> Engine:
    """An installed database with the roles of production; an engine that may fill it."""
    install(make_settings(url, folder))
    owner = create_engine(url)
    with owner.begin() as connection:
        database.apply(connection)
    return owner


def application(owner: Engine) -> Engine:
    """The engine of the application's role, which row-level security holds back."""
    engine = create_engine(owner.url.set(username=database.APP))
    with engine.connect() as connection:
        seen = connection.scalar(text("SELECT count(*) FROM search_document"))
        assert seen == 0, "the wall of row-level security isn't there"
    return engine


def holders(owner: Engine) -> list[str]:
    """Every municipality."""
    with owner.connect() as connection:
        return list(connection.scalars(text("SELECT code FROM municipality ORDER BY code")))


def load(owner: Engine, counts: dict[str, int]) -> tuple[float, float]:
    """Fill the table and build its index; the seconds of each."""
    begin = time.perf_counter()
    with owner.begin() as connection:
        found = text("SELECT indexdef FROM pg_indexes WHERE indexname = :name")
        definition = str(connection.scalar(found, {"name": _INDEX}))
        connection.exec_driver_sql(f"DROP INDEX {_INDEX}")
    url = owner.url.render_as_string(hide_password=False)
    shares = [(url, share) for share in _shares(counts)]
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        pool.starmap(_copy, shares, chunksize=1)
    loaded = time.perf_counter()
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SET maintenance_work_mem = '512MB'")
        connection.exec_driver_sql(definition)
        connection.exec_driver_sql("VACUUM ANALYZE search_document")
    return loaded - begin, time.perf_counter() - loaded


def _shares(counts: dict[str, int]) -> list[list[tuple[str, int, int]]]:
    """(holder, how many, seed) in parts of some thousands, those of a holder far apart."""
    parts = [
        (holder, min(500, count - start), start + 1)
        for holder, count in counts.items()
        for start in range(0, count, 500)
    ]
    # Reports of a municipality come in among those of all others, not side by side.
    parts.sort(key=lambda part: (part[2] * 7919 % 104_729, part[0]))
    return [parts[start : start + 40] for start in range(0, len(parts), 40)]


def _copy(url: str, parts: Sequence[tuple[str, int, int]]) -> None:
    engine = create_engine(url)
    # Row by row in turns, as reports come in.
    streams = [documents(holder, rows, seed) for holder, rows, seed in parts]
    with engine.begin() as connection:
        cursor = connection.connection.cursor()
        statement = f"COPY search_document ({', '.join(_COLUMNS)}) FROM STDIN"
        with cursor.copy(statement) as copy:
            while streams:
                streams = [stream for stream in streams if _copied(copy, stream)]
    engine.dispose()


def _copied(copy: Any, stream: Any) -> bool:
    document = next(stream, None)
    if document is not None:
        row = {**postgres_rows.row(document)}
        row["data"] = json.dumps(row["data"])
        copy.write_row([row[name] for name in _COLUMNS])
    return document is not None


def size(owner: Engine) -> tuple[float, float]:
    """Megabytes of the rows and of their indexes."""
    statement = (
        "SELECT pg_table_size('search_document') / 1e6, pg_indexes_size('search_document') / 1e6"
    )
    with owner.connect() as connection:
        rows, indexes = connection.execute(text(statement)).one()
    return float(rows), float(indexes)
