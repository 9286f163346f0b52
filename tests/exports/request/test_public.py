"""Public documents of 1.0.0: their truth stays, and nothing of the kind is made any more."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.forms import FormError
from stopintimidatie.disclosures.models import DisclosedCopy, Disclosure
from stopintimidatie.disclosures.services import stand_of
from stopintimidatie.disclosures.verification import Verdict, judge
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.request import jobs
from stopintimidatie.exports.request.services import make_again
from tests.support.exporting import (
    Case,
    approved,
    contents,
    decide,
    handed_over,
    make_case,
    requested,
    send_request,
)
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation

WOO, INSTEAD = "avg_6_1_c_woo", "Vraag een uitvoer aan voor ‘Intern’"


@pytest.fixture
def case(installation: Installation) -> Case:
    """A dossier that 1.0.0 made to answer a request."""
    made = make_case(installation)
    with installation.transaction(DORDRECHT) as session:
        dossier = session.get_one(Dossier, made.dossier_id)
        dossier.kind, dossier.legal_basis, dossier.answers_woo = "thema", WOO, True
    return made


def make_public(case: Case, reference: str) -> None:
    """Make an export what 1.0.0 kept of a public one."""
    with case.installation.transaction(DORDRECHT) as session:
        as_public(session.scalars(select(Export).where(Export.reference == reference)).one())


def as_public(row: Any) -> Any:
    row.profile, row.legal_basis, row.recipient = "openbaar", WOO, "Iedereen (openbaar)"
    return row


def test_a_request_that_waits_is_told_what_to_do_instead_and_can_only_be_rejected(
    case: Case,
) -> None:
    reference = requested(case)
    make_public(case, reference)
    case.browser("aanvrager").get(f"{case.path}/{reference}").mustcontain("Woo-verzoek: openbaar")
    collega = case.browser("beslisser")
    collega.get(f"{case.path}/{reference}/beoordelen").mustcontain(INSTEAD)
    assert INSTEAD in decide(case, reference)
    assert case.export(reference).state == ExportState.REQUESTED
    rejected = decide(case, reference, button="afwijzen", reason="De jurist doet het.")
    assert rejected.status_int == 303
    assert case.export(reference).state == ExportState.REJECTED


def test_what_was_approved_and_not_made_fails_with_those_words_and_is_not_made_again(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, reference = contents(monkeypatch), approved(case)
    make_public(case, reference)
    case.installation.run_jobs()
    assert made == []
    case.browser("aanvrager").get(f"{case.path}/{reference}").mustcontain(INSTEAD)
    with case.installation.transaction(DORDRECHT) as session:
        export = session.scalars(select(Export).where(Export.reference == reference)).one()
        assert export.state == ExportState.FAILED
        with pytest.raises(FormError, match="niet meer gemaakt"):
            make_again(session, case.installation.registry.app_settings, export, SYSTEM)


def test_what_was_made_stays_public_in_the_register_and_genuine(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents(monkeypatch)
    enter = jobs._entry
    monkeypatch.setattr(jobs, "_entry", lambda *known: as_public(enter(*known)))
    reference = approved(case)
    case.installation.run_jobs()
    make_public(case, reference)
    handed_over(case, reference)
    browser = case.browser("aanvrager")
    page = browser.get(f"{case.path}/{reference}")
    page.mustcontain("Iedereen mag dit document lezen", "Woo-verzoek: openbaar")
    browser.get("/gemeenten/dordrecht/uitvoer").mustcontain("Woo-verzoek: openbaar")
    browser.get(f"{case.path}?deel=bijlagen").mustcontain(reference)
    with case.installation.transaction(DORDRECHT) as session:
        entry = session.scalars(select(Disclosure)).one()
        copy = session.scalars(select(DisclosedCopy)).one()
        late = entry.destroy_by.replace(year=entry.destroy_by.year + 5)
        assert stand_of(copy, late) == "openbaar"
        assert judge(entry, copy, late) is Verdict.GENUINE


def test_nothing_is_offered_for_everybody_and_the_dossier_goes_to_the_house_itself(
    case: Case,
) -> None:
    browser = case.browser("aanvrager")
    page = browser.get(f"{case.path}/uitvoer-aanvragen")
    page.mustcontain("Intern (eigen afdeling OOV)", no=["Woo-verzoek: openbaar"])
    assert send_request(case, grondslag=WOO).status_int == 422
    assert send_request(case, soort_ontvanger="openbaar").status_int == 422
    assert send_request(case, soort_ontvanger="intern", grondslag="intern").status_int == 303
