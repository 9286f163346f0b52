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
from stopintimidatie.core.jobs import enqueue
from stopintimidatie.core.text import day_of
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports.review.services import keep_looked_at
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
from stopintimidatie.privacy.transfer.services import JOB
from stopintimidatie.reports.models import Report
from tests.support.exporting import ACCOUNT, FAKE, SECRET_NAME, Case
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.personal import anywhere
from tests.support.retaining import authorise, night
from tests.support.transferring import (
    closed_case,
    drawn_at_once,
    list_due,
    number_of,
    pack,
    packed_for_archive,
    transfer_terms,
)

pytestmark = pytest.mark.both_databases


@pytest.fixture
def case(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Case:
    drawn_at_once(monkeypatch)
    transfer_terms(installation)
    return closed_case(installation)


PAGE = "/gemeenten/dordrecht/overbrengen"


def receipt(case: Case, number: str, *, day: Any = None) -> TestResponse:
    """Fill in the receipt of the archive."""
    return fill_in(case.browser("archief").get(PAGE), number, day)


def fill_in(page: TestResponse, number: str, day: Any = None) -> TestResponse:
    form = page.forms["formulier"]
    form["dossier"], form["van"] = number, "Regionaal Archief Dordrecht"
    form["nummer"], form["datum"] = "RA-2026-17", (day or day_of(utc_now())).isoformat()
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
    page = case.browser("archief").get(PAGE)
    page.mustcontain(here, "overgebracht", "RA-2026-17", no=["formulier", ACCOUNT, SECRET_NAME])
    left = stones(installation)
    assert set(left) == {case.dossier_id, case.reports[0], case.reports[2]}
    assert {stone.outcome for stone in left.values()} == {"overgebracht"}
    assert left[case.dossier_id].category == "8.3"
    assert all(stone.list_number for stone in left.values())
    with installation.transaction(DORDRECHT) as session:
        assert session.get(Dossier, case.dossier_id) is None
        assert session.get(Report, case.reports[1]) is not None
        actions = set(session.scalars(select(AuditEvent.action)))
    assert {"dossier.overbrengen_ontvangen", "dossier.overgebracht"} <= actions


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


@pytest.mark.alles
@pytest.mark.short_on("postgresql")
def test_texts_that_were_looked_at_after_the_package_change_nothing_of_the_dossier(
    installation: Installation, case: Case
) -> None:
    here = packed_for_archive(case)
    with installation.transaction(DORDRECHT) as session:
        dossier = session.get_one(Dossier, case.dossier_id)
        keep_looked_at(session, dossier, {"De kiosk van voren": [(0, 2)]}, SYSTEM)
        assert len(dossier.looked_at or {}) == 1
    assert receipt(case, here).status_int == 303


@pytest.mark.alles
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
def test_without_an_authorised_line_no_receipt_is_asked_and_none_counts(
    installation: Installation, case: Case
) -> None:
    browser, number = case.browser("archief"), number_of(case)
    list_due(installation)
    browser.get(PAGE).mustcontain("Nog geen pakket", number, no=["formulier"])
    pack(case)
    page = browser.get(PAGE)
    page.mustcontain("wacht op het besluit op de vernietigingslijst", no=["formulier"])
    authorise(installation)
    page = browser.get(PAGE)
    page.mustcontain("wacht op ontvangstbewijs")
    with installation.transaction(DORDRECHT) as session:
        mine = DestructionLine.document_id == case.dossier_id
        session.scalars(select(DestructionLine).where(mine)).one().authorised_at = None
    assert fill_in(page, number).status_int == 200
    assert stones(installation) == {}


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "state",
    [
        "gevraagd",
        *(
            pytest.param(state, marks=pytest.mark.alles)
            for state in ("wacht_op_besluit", "wordt_gemaakt", "mislukt")
        ),
    ],
)
def test_a_transfer_under_way_at_the_upgrade_goes_on_with_the_command(
    installation: Installation, case: Case, state: str
) -> None:
    archive = x25519.Identity.generate()
    list_due(installation)
    with installation.transaction(DORDRECHT) as session:
        asked = ArchiveTransfer(
            holder=DORDRECHT,
            dossier_id=case.dossier_id,
            reference=number_of(case),
            state=state,
            requested_by="Ar Chief",
            recipient=str(archive.to_public()),
        )
        session.add(asked)
        session.flush()
        enqueue(session, JOB, DORDRECHT, {"id": str(asked.id)})
    authorise(installation)
    # What the button asked for before the upgrade is made by nobody any more, and stops quietly.
    installation.run_jobs()
    browser = case.browser("archief")
    browser.get(PAGE).mustcontain("wacht op het pakket.", no=["formulier"])
    assert pack(case, asked.recipient).startswith(b"age-encryption.org")
    assert receipt(case, number_of(case)).status_int == 303
    assert case.dossier_id in stones(installation)


@pytest.mark.alles
@pytest.mark.sqlite
def test_a_package_that_an_earlier_release_kept_takes_its_receipt(
    installation: Installation, case: Case
) -> None:
    number = packed_for_archive(case)
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(ArchiveTransfer)).one()
        session.add(ArchivePart(holder=DORDRECHT, transfer_id=row.id, number=1, data=b"age"))
    assert receipt(case, number).status_int == 303
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(ArchivePart)).all() == []


@pytest.mark.sqlite
def test_a_finished_transfer_says_so_and_the_statement_names_the_archive(
    installation: Installation, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement, "render_in_process", lambda *_, **__: FAKE)
    here = packed_for_archive(case)
    assert receipt(case, here).status_int == 303
    browser = case.browser("archief")
    assert "overgebracht" in browser.get(PAGE)
    with installation.transaction(DORDRECHT) as session:
        owner = session.scalars(select(DestructionList)).one()
        made = statement.make_list_statement(installation.registry, session, owner)
        assert made is not None
        said = dict(made.content["gegevens"])
    words = said[f"Dossier {here}"]
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
