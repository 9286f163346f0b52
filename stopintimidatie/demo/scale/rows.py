"""Rows by table, and storing many of them in few statements, as the application's own role.

PostgreSQL takes a whole batch of a table as one JSON text: one parameter, so no statement with
thousands of them to read, and, unlike COPY, allowed under row-level security.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Table, insert, text
from sqlalchemy.orm import Session

from stopintimidatie.audit import AuditEvent, AuditSubject
from stopintimidatie.dossiers import models as dossiers
from stopintimidatie.reports import models as reports
from stopintimidatie.storage.models import Base
from stopintimidatie.tree.models import Redirect, Reference

# Parents before children.
ORDER: Final[tuple[type[Base], ...]] = (
    Reference,
    reports.Report,
    reports.ReportForm,
    reports.ReportContact,
    reports.ReportMove,
    reports.ReporterMessage,
    dossiers.Dossier,
    dossiers.DossierMove,
    dossiers.DossierNote,
    dossiers.DossierAgreement,
    dossiers.DossierMembership,
    Redirect,
    AuditEvent,
    AuditSubject,
)


class Rows:
    """The rows of one batch. All rows of a table have the same columns."""

    def __init__(self) -> None:
        self._rows: dict[type[Base], list[dict[str, Any]]] = {model: [] for model in ORDER}

    def add(self, model: type[Base], **values: Any) -> None:
        self._rows[model].append(values)

    def of(self, model: type[Base]) -> Sequence[Mapping[str, Any]]:
        return self._rows[model]

    def store(self, session: Session) -> None:
        """Write everything, in the session's transaction, for the holder it has entered."""
        for model, rows in self._rows.items():
            if rows:
                table = model.__table__
                assert isinstance(table, Table)  # noqa: S101 - each model here is a plain table
                _store(session, table, rows)


def _store(session: Session, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), rows)
        return
    names = ", ".join(f'"{name}"' for name in rows[0])
    # Names of our own tables and columns; the values are one parameter.
    statement = (
        f'INSERT INTO "{table.name}" ({names}) SELECT {names}'  # noqa: S608
        f' FROM json_populate_recordset(NULL::"{table.name}", CAST(:rows AS json))'
    )
    connection.execute(text(statement), {"rows": json.dumps(rows, default=str)})
