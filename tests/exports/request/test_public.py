"""An answer to a request under the Woo: what everybody may read, with a ground for what is out."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.disclosures.models import DisclosedCopy, Disclosure
from stopintimidatie.disclosures.services import stand_of
from stopintimidatie.disclosures.verification import Verdict, judge
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.profiles.rules import Field
from stopintimidatie.exports.request.services import make_again
from stopintimidatie.exports.review.services import save_review, text_of
from stopintimidatie.exports.vocabulary import ExportError
from stopintimidatie.reports.models import Report
from tests.support.exporting import (
    ACCOUNT,
    SECRET_NAME,
    Case,
    answers,
    contents,
    decide,
    handed_over,
    make_case,
    send_request,
)
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation

WOO = "avg_6_1_c_woo"


@pytest.fixture
def case(installation: Installation) -> Case:
    """A dossier about a theme, made to answer a request."""
    made = make_case(installation)
    with installation.transaction(DORDRECHT) as session:
        dossier = session.get_one(Dossier, made.dossier_id)
        dossier.kind, dossier.legal_basis, dossier.title = "thema", WOO, "Woo-verzoek 2026-014"
    return made


def look_at_all(case: Case) -> None:
    with case.installation.transaction(DORDRECHT) as session:
        for report in session.scalars(select(Report)):
            text = text_of(report, Field.ACCOUNT)
            place = text.index("paarse")
            save_review(session, report, {Field.ACCOUNT: [(place, place + 6)]}, SYSTEM)


def test_a_public_document_has_no_end_and_a_ground_for_all_that_is_left_out(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = contents(monkeypatch)
    form = case.browser("aanvrager").get(f"{case.path}/uitvoer-aanvragen").forms["formulier"]
    # The kind of recipient follows from the ground of the dossier.
    assert form["soort_ontvanger"].value == "openbaar"
    assert form["grondslag"].value == WOO
    assert "Woo-verzoek 2026-014" in form["vraag"].value
    refused = form.submit("aanvragen", expect_errors=True)
    assert refused.status_int == 422
    assert "Van 2 meldingen is de tekst nog niet nagekeken" in refused.text
    look_at_all(case)
    asked = form.submit("aanvragen", status=303)
    reference = asked.location.rpartition("/")[2]
    assert decide(case, reference).status_int == 303
    case.installation.run_jobs()
    (content,) = made
    assert content.public
    assert content.annex.destroy_by is content.page_one.answer_by is None
    assert all("Woo" in line.rule for line in content.annex.hidden), content.annex.hidden
    words = repr(content)
    for secret in (SECRET_NAME, ACCOUNT, "paarse", "Stationsplein", "litteken", "25 tot", "kiosk"):
        assert secret not in words, secret
    # The third reporter would rather not share with the police.
    assert [report.pseudonym for report in content.reports] == ["M-01", "M-02"]
    assert "Interne gedachte" not in words
    assert "wisselende groep" not in words
    handed_over(case, reference)
    with case.installation.transaction(DORDRECHT) as session:
        entry, copy = (
            session.scalars(select(Disclosure)).one(),
            session.scalars(select(DisclosedCopy)).one(),
        )
        late = entry.destroy_by.replace(year=entry.destroy_by.year + 5)
        assert stand_of(copy, late) == "openbaar"
        assert judge(entry, copy, late) is Verdict.GENUINE


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"grondslag": "avg_6_1_e_openbare_orde"}, "gaat op grond van de Woo"),
        ({"soort_ontvanger": "politie"}, "De Woo is geen grondslag"),
    ],
)
def test_what_is_public_goes_on_the_ground_of_the_woo_and_nothing_else_does(
    case: Case, changes: dict[str, str], words: str
) -> None:
    asked = answers(soort_ontvanger="openbaar", grondslag=WOO) | changes
    refused = send_request(case, **asked)
    assert refused.status_int == 422
    assert words in refused.text


@pytest.mark.parametrize("kind", ["hotspot", "groep", "persoonsgericht"])
def test_only_a_dossier_about_a_theme_becomes_public(case: Case, kind: str) -> None:
    with case.installation.transaction(DORDRECHT) as session:
        session.get_one(Dossier, case.dossier_id).kind = kind
    who = "beslisser" if kind == "persoonsgericht" else "aanvrager"
    refused = send_request(case, who, soort_ontvanger="openbaar", grondslag=WOO)
    assert refused.status_int == 422
    assert "Alleen een thema-dossier wordt openbaar" in refused.text


def test_nobody_publishes_alone_however_urgent(case: Case) -> None:
    look_at_all(case)
    hurry = {"spoed": "ja", "spoed_reden": "Er is gevaar."}
    asked = answers(soort_ontvanger="openbaar", grondslag=WOO) | hurry
    refused = send_request(case, **asked)
    assert refused.status_int == 422
    assert "Daarom beslist eerst een collega" in refused.text


def test_what_nobody_decided_about_is_not_made_again(case: Case) -> None:
    look_at_all(case)
    asked = send_request(case, soort_ontvanger="openbaar", grondslag=WOO)
    reference = asked.location.rpartition("/")[2]
    with case.installation.transaction(DORDRECHT) as session:
        export = session.scalars(select(Export).where(Export.reference == reference)).one()
        export.state = ExportState.FAILED.value
        with pytest.raises(ExportError, match="beslist eerst een collega"):
            make_again(session, case.installation.registry.app_settings, export, SYSTEM)
