"""Destroying a report or dossier: nothing of it is left but a tombstone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.storage.models import Base
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports.models import Export
from stopintimidatie.privacy.destruction.documents import Fate, destroy_document
from stopintimidatie.privacy.destruction.models import Tombstone
from stopintimidatie.privacy.holds.models import HoldReason
from stopintimidatie.privacy.holds.services import place_hold
from stopintimidatie.privacy.retention.rules import DOSSIER_CLOSED, HANDLED
from stopintimidatie.reports.models import Report
from tests.support.deliveries import ready
from tests.support.exporting import ACCOUNT, APPEARANCE, SECRET_MAIL, SECRET_NAME, Case, make_case
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.personal import anywhere

pytestmark = pytest.mark.both_databases

FATE = Fate(HANDLED, "8.1", "2031-4")
OF_DOSSIER = Fate(DOSSIER_CLOSED, "8.3", "2031-4")
# Tables that may keep the id of a destroyed document; the row of the index is empty until cleaned.
REMEMBER = {"audit_subject", "disclosure", "disclosure_subject", "tombstone", "search_document"}


def destroy(case: Case, kind: str, number: Any, fate: Fate) -> Tombstone | None:
    with case.installation.transaction(DORDRECHT) as session:
        made = destroy_document(case.installation.registry, session, kind, number, fate)
        session.flush()
        if made is not None:
            session.expunge(made)
        return made


def tables_with(case: Case, number: Any) -> set[str]:
    """The tables in which some column of ids holds this one."""
    with case.installation.transaction(DORDRECHT) as session:
        return {
            table.name
            for table in Base.metadata.sorted_tables
            for column in table.columns
            if str(column.type) in ("UUID", "CHAR(32)")
            and session.scalar(select(func.count()).select_from(table).where(column == number))
        }


@pytest.mark.short_on("postgresql")
def test_of_a_destroyed_report_only_the_tombstone_is_left(installation: Installation) -> None:
    case = make_case(installation)
    first, *others = case.reports
    with installation.transaction(DORDRECHT) as session:
        report = session.get_one(Report, first)
        reference = report.reference
        place_hold(session, report, HoldReason.COURT, utc_now().date() + timedelta(9), SYSTEM)
        for number in others:
            session.get_one(Report, number).duplicate_of_id = first
    tombstone = destroy(case, "melding", first, FATE)
    assert tombstone is not None
    assert (tombstone.reference, tombstone.category, tombstone.outcome, tombstone.list_number) == (
        reference,
        "8.1",
        "vernietigd",
        "2031-4",
    )
    installation.run_jobs()
    assert tables_with(case, first) <= REMEMBER
    assert destroy(case, "melding", first, FATE) is None


@pytest.mark.alles
@pytest.mark.short_on("postgresql")
def test_with_its_last_report_and_dossier_every_word_is_gone(installation: Installation) -> None:
    case = make_case(installation, number=2)
    for number in case.reports:
        destroy(case, "melding", number, FATE)
    destroy(case, "dossier", case.dossier_id, OF_DOSSIER)
    installation.run_jobs()
    for word in (ACCOUNT, APPEARANCE, SECRET_NAME, SECRET_MAIL, "Interne gedachte"):
        assert anywhere(installation, word) == []


@pytest.mark.short_on("postgresql")
def test_a_destroyed_dossier_takes_its_exports_along_and_leaves_its_reports(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, _ = ready(installation, monkeypatch)
    with installation.transaction(DORDRECHT) as session:
        assert session.get_one(Report, case.reports[0]).dossier_number
    destroy(case, "dossier", case.dossier_id, OF_DOSSIER)
    with installation.transaction(DORDRECHT) as session:
        assert session.get(Dossier, case.dossier_id) is None
        assert session.scalars(select(Export)).all() == []
        assert [session.get_one(Report, n).dossier_number for n in case.reports] == [None] * 3
        left = session.scalars(select(OutboxJob).where(OutboxJob.holder == DORDRECHT)).all()
        assert {job.kind for job in left} <= {
            "grootboek.bijschrijven",
            "zoekindex",
            "zoekindex.opschonen",
        }
    assert tables_with(case, case.dossier_id) <= REMEMBER


@pytest.mark.short_on("postgresql")
def test_destroying_is_in_the_log_by_id(installation: Installation) -> None:
    case = make_case(installation, number=1)
    destroy(case, "melding", case.reports[0], FATE)
    with installation.transaction(DORDRECHT) as session:
        actions = session.scalars(select(AuditEvent.action)).all()
    assert "melding.vernietigd" in actions
