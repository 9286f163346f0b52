"""An answer to a request under the Woo: what everybody may read, with a ground for what is out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.text import day_of
from stopintimidatie.disclosures.models import DisclosedCopy, Disclosure
from stopintimidatie.disclosures.services import stand_of
from stopintimidatie.disclosures.verification import Verdict, judge
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports.extract.queries import load_dossier
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.profiles.rules import Field
from stopintimidatie.exports.redaction.content import DossierContent
from stopintimidatie.exports.request.services import check_request, make_again
from stopintimidatie.exports.review.services import save_review, text_of
from stopintimidatie.exports.vocabulary import DEMAND, ExportError, ExportRequest
from stopintimidatie.reports.models import Report
from tests.support.exporting import (
    ACCOUNT,
    SECRET_NAME,
    Case,
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
        dossier.answers_woo = True
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
    # Nothing is asked that only a recipient could do, or that nobody reviews.
    assert set(form.fields) - {None} == {
        *("csrf_token", "vernietigen_voor", "aanvragen", "voorbeeld"),
        *("toch.melding_3.grondslag", "toch.melding_3.reden"),
    }
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
    assert "Woo-verzoek 2026-014" in content.page_one.question
    assert content.annex.purpose == "Een Woo-verzoek beantwoorden."
    assert all("Woo" in line.rule for line in content.annex.hidden), content.annex.hidden
    words = repr(content)
    for secret in (SECRET_NAME, ACCOUNT, "paarse", "Stationsplein", "litteken", "25 tot", "kiosk"):
        assert secret not in words, secret
    # The third reporter would rather not share with the police.
    assert [report.pseudonym for report in content.reports] == ["M-01", "M-02"]
    assert "Interne gedachte" not in words
    assert "wisselende groep" not in words
    page = case.browser("aanvrager").get(f"{case.path}/{reference}")
    page.mustcontain("Ik heb het zelf gegeven", no=["Antwoord vóór", "Convenant"])
    handed_over(case, reference)
    page = case.browser("aanvrager").get(f"{case.path}/{reference}")
    page.mustcontain("Iedereen mag dit document lezen", no=["Nog niet gegeven", "zelf gegeven"])
    with case.installation.transaction(DORDRECHT) as session:
        entry, copy = (
            session.scalars(select(Disclosure)).one(),
            session.scalars(select(DisclosedCopy)).one(),
        )
        late = entry.destroy_by.replace(year=entry.destroy_by.year + 5)
        assert stand_of(copy, late) == "openbaar"
        assert judge(entry, copy, late) is Verdict.GENUINE


WORDS = {
    "facts": "Feit van een ambtenaar.",
    "perceptions": "Beleving van een ambtenaar.",
    "assumptions": "Vermoeden van een ambtenaar.",
    "feedback": "Terugkoppeling van een ambtenaar.",
    "covenant": "Convenant van een ambtenaar",
    "owner_phone": "0612345678",
}


def wish_for(**changes: Any) -> ExportRequest:
    today = day_of(utc_now())
    until = today + timedelta(days=90)
    return ExportRequest(
        **{
            "profile": "openbaar",
            "recipient": "De ambtenaar zelf",
            "legal_basis": WOO,
            "question": "Vraag van een ambtenaar",
            "purpose": "Doel van een ambtenaar",
            "answer_by": today,
            "destroy_by": until,
            "file_form": "wachtwoord",
            **changes,
        }
    )


def ask_service(case: Case, wish: ExportRequest) -> DossierContent:
    """Ask as any room could; what everybody would read."""
    settings = case.installation.registry.app_settings
    with case.installation.transaction(DORDRECHT) as session:
        loaded = load_dossier(
            session, session.get_one(Dossier, case.dossier_id), case.installation.registry
        )
        return check_request(session, settings, loaded, wish, SYSTEM).content


def test_no_words_of_officers_become_public_however_they_are_asked_for(case: Case) -> None:
    look_at_all(case)
    assert "ambtenaar" not in repr(ask_service(case, wish_for(**WORDS)))
    refused = send_request(case, **WORDS, vernietigen_voor=None)
    assert refused.status_int == 422


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"legal_basis": "avg_6_1_e_openbare_orde"}, "gaat op grond van de Woo"),
        ({"legal_basis": DEMAND}, "gaat op grond van de Woo"),
        ({"profile": "politie"}, "De Woo is geen grondslag"),
        ({"urgent": True, "urgent_reason": "Er is gevaar."}, "Daarom beslist eerst een collega"),
    ],
)
def test_what_is_public_goes_on_the_ground_of_the_woo_and_never_in_a_hurry(
    case: Case, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ExportError) as refused:
        ask_service(case, wish_for(**changes))
    assert words in refused.value.message


@pytest.mark.parametrize(("kind", "made"), [("hotspot", True), ("groep", True), ("thema", False)])
def test_only_a_dossier_made_to_answer_a_request_becomes_public(
    case: Case, kind: str, made: bool
) -> None:
    with case.installation.transaction(DORDRECHT) as session:
        dossier = session.get_one(Dossier, case.dossier_id)
        dossier.kind, dossier.answers_woo = kind, made
    with pytest.raises(ExportError, match="dat bij een Woo-verzoek is gemaakt"):
        ask_service(case, wish_for())
    page = case.browser("aanvrager").get(f"{case.path}/uitvoer-aanvragen")
    assert ("Woo-verzoek: openbaar" in page) is made
    if not made:
        assert send_request(case, soort_ontvanger="openbaar", grondslag=WOO).status_int == 422
        several = f"{case.path}/uitvoer-samen"
        case.browser("aanvrager").get(several).mustcontain("Politie", no=["Woo-verzoek: openbaar"])


def test_an_answer_to_a_request_is_asked_for_alone(case: Case) -> None:
    page = case.browser("aanvrager").get(case.path)
    page.mustcontain("Uitvoer aanvragen", no=["Voor meer ontvangers tegelijk"])
    moved = case.browser("aanvrager").get(f"{case.path}/uitvoer-samen?voor=openbaar", status=303)
    assert moved.location.endswith("/uitvoer-aanvragen")


def test_no_box_in_the_address_makes_it_at_once(case: Case) -> None:
    look_at_all(case)
    asked = send_request(case, spoed="ja", spoed_reden="Er is gevaar.")
    assert case.export(asked.location.rpartition("/")[2]).state == ExportState.REQUESTED


def test_what_nobody_decided_about_is_not_made_again(case: Case) -> None:
    look_at_all(case)
    asked = send_request(case)
    reference = asked.location.rpartition("/")[2]
    with case.installation.transaction(DORDRECHT) as session:
        export = session.scalars(select(Export).where(Export.reference == reference)).one()
        export.state = ExportState.FAILED.value
        with pytest.raises(ExportError, match="beslist eerst een collega"):
            make_again(session, case.installation.registry.app_settings, export, SYSTEM)
