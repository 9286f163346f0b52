"""The archive's receipt: only with it a dossier goes here, with the reports that are due."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestResponse

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.text import day_of
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.privacy.destruction.models import (
    ArchivePart,
    ArchiveTransfer,
    DestructionLine,
    Tombstone,
)
from stopintimidatie.privacy.holds.models import HoldReason
from stopintimidatie.privacy.holds.services import place_hold
from stopintimidatie.reports.models import Report
from tests.support.exporting import ACCOUNT, SECRET_NAME, Case
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.personal import anywhere
from tests.support.retaining import authorise, night
from tests.support.transferring import (
    closed_case,
    drawn_at_once,
    number_of,
    packed_for_archive,
    transfer_terms,
)

pytestmark = pytest.mark.both_databases


@pytest.fixture
def case(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Case:
    drawn_at_once(monkeypatch)
    return closed_case(installation)


def receipt(case: Case, here: str, *, day: Any = None) -> TestResponse:
    """Fill in the receipt of the archive."""
    form = case.browser("archief").get(f"{here}/ontvangst").forms["formulier"]
    form["archief"], form["nummer"] = "Regionaal Archief Dordrecht", "RA-2026-17"
    form["datum"] = (day or day_of(utc_now())).isoformat()
    return form.submit("ontvangen", expect_errors=True)


def stones(installation: Installation) -> dict[Any, Tombstone]:
    with installation.transaction(DORDRECHT) as session:
        rows = session.scalars(select(Tombstone)).all()
        session.expunge_all()
        return {row.document_id: row for row in rows}


def test_with_the_receipt_the_dossier_goes_with_the_reports_that_are_due(
    installation: Installation, case: Case
) -> None:
    transfer_terms(installation)
    here = packed_for_archive(case)
    with installation.transaction(DORDRECHT) as session:
        kept = session.get_one(Report, case.reports[1])
        place_hold(session, kept, HoldReason.COURT, day_of(utc_now()) + timedelta(9), SYSTEM)
    # What was frozen stands in the rows: the archive must have it as it is now.
    here = packed_for_archive(case)
    answer = receipt(case, here)
    assert answer.status_int == 303, answer.text
    installation.run_jobs()
    page = case.browser("archief").get(here).text
    assert "overgebracht" in page
    assert "RA-2026-17" in page
    left = stones(installation)
    assert set(left) == {case.dossier_id, case.reports[0], case.reports[2]}
    assert {stone.outcome for stone in left.values()} == {"overgebracht"}
    assert left[case.dossier_id].category == "8.3"
    with installation.transaction(DORDRECHT) as session:
        assert session.get(Dossier, case.dossier_id) is None
        assert session.get(Report, case.reports[1]) is not None
        assert session.scalars(select(ArchivePart)).all() == []
        actions = set(session.scalars(select(AuditEvent.action)))
    assert {"dossier.overbrengen_ontvangen", "dossier.overgebracht"} <= actions
    case.browser("archief").get(f"{here}/pakket", status=404)


def test_reports_that_are_not_due_stay_until_their_own_day(
    installation: Installation, case: Case
) -> None:
    transfer_terms(installation, days=500)
    assert receipt(case, packed_for_archive(case)).status_int == 303
    assert set(stones(installation)) == {case.dossier_id}
    assert "report" in anywhere(installation, ACCOUNT)


def test_a_dossier_that_changed_since_is_not_destroyed(
    installation: Installation, case: Case
) -> None:
    here = packed_for_archive(case)
    with installation.transaction(DORDRECHT) as session:
        session.get_one(Dossier, case.dossier_id).effect = "Toch nog iets opgeschreven."
    answer = receipt(case, here)
    assert answer.status_int == 422
    assert "veranderd nadat het pakket is gemaakt" in answer.text
    assert stones(installation) == {}


@pytest.mark.sqlite
def test_a_receipt_of_before_the_package_or_of_tomorrow_is_refused(
    installation: Installation, case: Case
) -> None:
    here, today = packed_for_archive(case), day_of(utc_now())
    early = receipt(case, here, day=today - timedelta(days=1))
    assert "voor de dag waarop het pakket is gemaakt" in early.text
    late = receipt(case, here, day=today + timedelta(days=1))
    assert "in de toekomst" in late.text
    assert stones(installation) == {}


@pytest.mark.sqlite
def test_a_line_of_a_list_waits_for_the_receipt_and_is_done_with_it(
    installation: Installation, case: Case
) -> None:
    transfer_terms(installation)
    tomorrow = day_of(utc_now()) + timedelta(days=1)
    night(installation, tomorrow)
    authorise(installation, case.dossier_id)
    night(installation, tomorrow)
    with installation.transaction(DORDRECHT) as session:
        mine = DestructionLine.document_id == case.dossier_id
        line = session.scalars(select(DestructionLine).where(mine)).one()
        assert (line.outcome, line.waits_for, line.gone_at) == (
            "overbrengen",
            "nog_niet_overgebracht",
            None,
        )
    page = case.browser("archief").get("/gemeenten/dordrecht/overbrengen")
    assert number_of(case) in page.text
    assert receipt(case, packed_for_archive(case)).status_int == 303
    with installation.transaction(DORDRECHT) as session:
        line = session.scalars(select(DestructionLine).where(mine)).one()
        assert line.gone_at is not None
    assert stones(installation)[case.dossier_id].list_number


@pytest.mark.sqlite
def test_a_transferred_dossier_leaves_no_word_behind(
    installation: Installation, case: Case
) -> None:
    transfer_terms(installation)
    assert receipt(case, packed_for_archive(case)).status_int == 303
    installation.run_jobs()
    for words in (ACCOUNT, SECRET_NAME, "Interne gedachte", "De kiosk van voren"):
        assert anywhere(installation, words) == []
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(ArchiveTransfer.receipt_from)).all() == [
            "Regionaal Archief Dordrecht"
        ]
