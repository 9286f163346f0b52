"""The statement of destruction: what went is counted once, in a PDF that can be kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select

from stopintimidatie.core.audit import SYSTEM, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.text import day_of
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    DestructionStatement,
    Tombstone,
)
from stopintimidatie.privacy.destruction.statement import (
    make_list_statement,
    make_standing_statement,
)
from stopintimidatie.privacy.destruction.sweeps import ACTION as SWEPT
from stopintimidatie.privacy.retention.rules import HANDLED
from stopintimidatie.privacy.retention.services import approve_terms, propose_terms
from stopintimidatie.reports.models import Report, ReportContact
from tests.support.destruction import a_line, a_list, a_tombstone
from tests.support.exporting import make_case
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.retaining import ARCHIVIST, approve, proposed_schedule
from tests.support.verapdf import validate_pdf


def test_a_list_has_one_statement_of_all_that_went(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session)
        for number in range(3):
            a_line(session, row, f"M-{number}", gone_at=utc_now(), decision="mee")
        a_line(session, row, "M-9", decision="vastgehouden")
        session.flush()
        statement = make_list_statement(installation.registry, session, row)
        assert statement is not None
        assert [count["aantal"] for count in statement.content["aantallen"]] == [3]
        assert statement.content["bleef"] == [["vastgehouden", 1]]
        assert statement.number == f"V-{day_of(utc_now()).year}-0001"
        assert make_list_statement(installation.registry, session, row) is None, "once"
        lines = session.scalars(select(DestructionLine)).all()
        assert {line.statement_id for line in lines} == {statement.id, None}


@pytest.mark.alles
def test_a_statement_keeps_to_pdf_a_and_pdf_ua(installation: Installation, tmp_path: Path) -> None:
    path = tmp_path / "verklaring.pdf"
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session)
        a_line(session, row, "M-1", gone_at=utc_now(), decision="mee")
        session.flush()
        statement = make_list_statement(installation.registry, session, row)
        assert statement is not None
        path.write_bytes(statement.pdf)
    assert validate_pdf(path) == []


def test_a_statement_names_list_terms_organ_functions_and_every_line(
    installation: Installation,
) -> None:
    terms = replace(
        proposed_schedule(installation),
        selection="Selectielijst gemeenten 2020, versie 2",
        authority="De gemeentearchivaris, namens het college",
        authority_source="Archiefverordening, artikel 9",
    )
    approve(installation, schedule=terms)
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session)
        now = utc_now()
        signed = {"gone_at": now, "decision": "mee", "assessed_at": now, "authorised_at": now}
        people = {"assessed_by": "Hoofd OOV", "authorised_by": "Ar Chief"}
        for number in range(3):
            a_line(session, row, f"M-{number}", **signed, **people)
        session.flush()
        statement = make_list_statement(installation.registry, session, row)
        assert statement is not None
        pdf = BytesIO(statement.pdf)
    said = dict(statement.content["gegevens"])
    assert said["Selectielijst"] == terms.selection
    assert said["Bewaartermijnen"] == "versie 1"
    assert said["Machtiging door"] == terms.authority
    assert said["Volgens"] == terms.authority_source
    assert said["Beoordeeld"].startswith("Hoofd OOV, proceseigenaar, ")
    assert said["Gemachtigd"].startswith("Ar Chief, archivaris, ")
    words = "\n".join(page.extract_text() for page in PdfReader(pdf).pages)
    assert "Bijlage: 3 regels" in words
    assert all(f"M-{number}" in words for number in range(3))


def test_a_month_of_the_standing_decision_is_counted_once(installation: Installation) -> None:
    month = (date(2031, 3, 1), date(2031, 3, 31))
    with installation.transaction(DORDRECHT) as session:
        a_tombstone(session, "M-1", gone_on=date(2031, 3, 31))
        a_tombstone(session, "M-2", gone_on=date(2031, 4, 1))
        a_tombstone(session, "M-3", gone_on=date(2031, 3, 9), list_number="2031-1")
        session.flush()
        statement = make_standing_statement(installation.registry, session, *month)
        assert statement is not None
        assert [count["klasse"] for count in statement.content["aantallen"]] == [HANDLED]
        assert [count["aantal"] for count in statement.content["aantallen"]] == [1]
        again = make_standing_statement(installation.registry, session, *month)
        assert again is None
        stones = session.scalars(select(Tombstone).order_by(Tombstone.reference)).all()
        assert [stone.statement_id for stone in stones] == [statement.id, None, None]
        assert session.scalars(select(DestructionList)).all() == []
        assert len(session.scalars(select(DestructionStatement)).all()) == 1


def test_what_leaves_no_tombstone_is_counted_from_the_log(installation: Installation) -> None:
    today = day_of(utc_now())
    with installation.transaction(DORDRECHT) as session:
        for _ in range(2):
            ids = [uuid4(), uuid4()]
            record(session, SYSTEM, SWEPT, DORDRECHT, "melding", ids, fields=["contactgegevens"])
        session.flush()
        statement = make_standing_statement(installation.registry, session, today, today)
        assert statement is not None
        (count,) = statement.content["aantallen"]
        assert (count["klasse"], count["aantal"]) == ("contactgegevens", 4)
        assert make_standing_statement(installation.registry, session, today, today) is None


def test_a_month_names_the_terms_that_counted_then_and_what_a_hold_kept(
    installation: Installation,
) -> None:
    today = day_of(utc_now())
    first, last = today - timedelta(days=60), today - timedelta(days=31)
    terms = proposed_schedule(installation)
    case = make_case(installation, number=1)
    with installation.transaction(DORDRECHT) as session:
        for days in (400, 200, 45, 5):
            moment = utc_now() - timedelta(days=days)
            row = propose_terms(session, DORDRECHT, terms, utc_now(), None, SYSTEM)
            approve_terms(session, row, ARCHIVIST)
            row.effective_from = moment
        a_tombstone(session, "M-1", gone_on=last)
        report = session.get_one(Report, case.reports[0])
        report.ended_at, report.frozen = utc_now() - timedelta(days=900), True
        session.flush()
        contacts = session.scalar(
            select(func.count(ReportContact.report_id)).where(ReportContact.report_id == report.id)
        )
        statement = make_standing_statement(installation.registry, session, first, last)
    assert statement is not None
    assert contacts == 1
    assert dict(statement.content["gegevens"])["Besluit"] == "Bewaartermijnen, versie 2 en 3"
    assert statement.content["bleef"] == [["contactgegevens van bevroren meldingen", 1]]
