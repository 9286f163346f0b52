"""The archive's receipt: only with it a dossier goes here, with the reports that are due."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pyrage import x25519
from sqlalchemy import select
from webtest import TestResponse

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.text import day_of
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.privacy.destruction import statement
from stopintimidatie.privacy.destruction.models import (
    ArchivePart,
    ArchiveTransfer,
    DestructionLine,
    DestructionList,
    DestructionStatement,
    Tombstone,
)
from stopintimidatie.privacy.holds.models import HoldReason
from stopintimidatie.privacy.holds.services import place_hold
from stopintimidatie.reports.models import Report
from tests.support.exporting import ACCOUNT, FAKE, SECRET_NAME, Case
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.personal import anywhere
from tests.support.retaining import authorise, lines, night
from tests.support.transferring import (
    ask_transfer,
    closed_case,
    drawn_at_once,
    list_due,
    packed_for_archive,
    transfer_terms,
)

pytestmark = pytest.mark.both_databases


@pytest.fixture
def case(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Case:
    drawn_at_once(monkeypatch)
    transfer_terms(installation)
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


@pytest.mark.short_on("sqlite")
def test_with_the_receipt_the_dossier_goes_with_the_reports_that_are_due(
    installation: Installation, case: Case
) -> None:
    with installation.transaction(DORDRECHT) as session:
        kept = session.get_one(Report, case.reports[1])
        place_hold(session, kept, HoldReason.COURT, day_of(utc_now()) + timedelta(9), SYSTEM)
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
    assert all(stone.list_number for stone in left.values())
    with installation.transaction(DORDRECHT) as session:
        assert session.get(Dossier, case.dossier_id) is None
        assert session.get(Report, case.reports[1]) is not None
        assert session.scalars(select(ArchivePart)).all() == []
        actions = set(session.scalars(select(AuditEvent.action)))
    assert {"dossier.overbrengen_ontvangen", "dossier.overgebracht"} <= actions
    case.browser("archief").get(f"{here}/pakket", status=404)


@pytest.mark.alles
@pytest.mark.short_on("postgresql")
def test_reports_that_are_not_due_stay_until_their_own_day_and_are_transferred_then(
    installation: Installation, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement, "render_in_process", lambda *_, **__: FAKE)
    transfer_terms(installation, days=300)
    assert receipt(case, packed_for_archive(case)).status_int == 303
    assert set(stones(installation)) == {case.dossier_id}
    assert "report" in anywhere(installation, ACCOUNT)
    night(installation, day_of(utc_now()) + timedelta(days=290))
    authorise(installation)
    night(installation, day_of(utc_now()) + timedelta(days=310))
    left = stones(installation)
    assert set(left) == {case.dossier_id, *case.reports}
    assert {stone.outcome for stone in left.values()} == {"overgebracht"}
    with installation.transaction(DORDRECHT) as session:
        by_list = DestructionStatement.list_id.is_not(None)
        made = session.scalars(select(DestructionStatement).where(by_list)).all()
    counted = [count["gevolg"] for row in made for count in row.content["aantallen"]]
    assert counted
    assert set(counted) == {"overgebracht"}


@pytest.mark.short_on("postgresql")
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
    assert "toen het pakket is gemaakt" in early.text
    assert "Vul de datum in die op het ontvangstbewijs staat" in early.text
    late = receipt(case, here, day=today + timedelta(days=1))
    assert "in de toekomst" in late.text
    assert stones(installation) == {}


@pytest.mark.sqlite
def test_an_archivist_alone_gets_no_package_and_destroys_nothing(
    installation: Installation, case: Case
) -> None:
    mine = str(x25519.Identity.generate().to_public())
    refused = ask_transfer(case, mine)
    assert refused.status_int == 422
    assert "staat nog op geen vernietigingslijst. Het komt vannacht" in refused.text
    list_due(installation)
    here = ask_transfer(case, mine).location
    installation.run_jobs()
    browser = case.browser("archief")
    assert "Twee mensen beslissen eerst" in browser.get(here).text
    browser.get(f"{here}/pakket", status=404)
    assert browser.get(f"{here}/ontvangst", status=303).location == here
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(ArchivePart)).all() == []
        assert session.get(Dossier, case.dossier_id) is not None
    (line,) = [row for row in lines(installation).values() if row.document_kind == "dossier"]
    assert (line.outcome, line.decision) == ("overbrengen", None)


@pytest.mark.sqlite
def test_another_key_goes_round_again_and_never_after_authorising(
    installation: Installation, case: Case
) -> None:
    first, other = (str(x25519.Identity.generate().to_public()) for _ in range(2))
    list_due(installation)
    ask_transfer(case, first)
    with installation.transaction(DORDRECHT) as session:
        mine = DestructionLine.document_id == case.dossier_id
        line = session.scalars(select(DestructionLine).where(mine)).one()
        line.decision, line.assessed_at = "mee", utc_now()
    assert ask_transfer(case, other).status_int == 303
    line = lines(installation)[case.dossier_id]
    assert (line.decision, line.assessed_at) == (None, None)
    authorise(installation)
    refused = ask_transfer(case, first)
    assert refused.status_int == 422
    assert "Haal die regel eerst terug" in refused.text
    assert lines(installation)[case.dossier_id].authorised_at is not None


@pytest.mark.sqlite
def test_a_line_that_was_taken_back_stops_a_package_that_was_made(
    installation: Installation, case: Case
) -> None:
    here = packed_for_archive(case)
    browser = case.browser("archief")
    form = browser.get(f"{here}/ontvangst").forms["formulier"]
    browser.get(f"{here}/pakket")
    with installation.transaction(DORDRECHT) as session:
        mine = DestructionLine.document_id == case.dossier_id
        line = session.scalars(select(DestructionLine).where(mine)).one()
        line.authorised_at = None
    browser.get(f"{here}/pakket", status=404)
    form["archief"], form["nummer"] = "Regionaal Archief", "RA-1"
    form["datum"] = day_of(utc_now()).isoformat()
    form.submit("ontvangen", status=303)
    assert stones(installation) == {}


@pytest.mark.sqlite
def test_a_finished_transfer_says_so_and_the_statement_names_the_archive(
    installation: Installation, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement, "render_in_process", lambda *_, **__: FAKE)
    here = packed_for_archive(case)
    assert receipt(case, here).status_int == 303
    browser = case.browser("archief")
    assert browser.get(f"{here}/ontvangst", status=303).location.endswith(here)
    with installation.transaction(DORDRECHT) as session:
        owner = session.scalars(select(DestructionList)).one()
        made = statement.make_list_statement(installation.registry, session, owner)
        assert made is not None
        said = dict(made.content["gegevens"])
    words = said[f"Dossier {here.rpartition('/')[2]}"]
    assert words.startswith("overgebracht naar Regionaal Archief Dordrecht, ontvangstbewijs RA-20")


@pytest.mark.sqlite
def test_a_transferred_dossier_leaves_no_word_behind(
    installation: Installation, case: Case
) -> None:
    assert receipt(case, packed_for_archive(case)).status_int == 303
    installation.run_jobs()
    for words in (ACCOUNT, SECRET_NAME, "Interne gedachte", "De kiosk van voren"):
        assert anywhere(installation, words) == []
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(ArchiveTransfer.receipt_from)).all() == [
            "Regionaal Archief Dordrecht"
        ]
