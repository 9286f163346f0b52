"""The register keeps codes and organisations; what an officer typed stays in the export."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.exports.request.rules import registered
from stopintimidatie.exports.vocabulary import ExportRequest
from tests.support.exporting import approved, make_case, quick, requested, send_request
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation

WORDS = "Sanne Verzonnen aanspreken op wat zij zag"


def a_wish(**changes: Any) -> ExportRequest:
    given = {
        "profile": "politie",
        "recipient": "Politie, basisteam Drechtsteden",
        "question": "Wilt u rijden?",
        "answer_by": date(2026, 12, 1),
        "purpose": WORDS,
        "legal_basis": "avg_6_1_e_openbare_orde",
        "destroy_by": date(2027, 1, 1),
    }
    return ExportRequest(**{**given, **changes})


def test_what_was_typed_never_comes_in_the_register(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    case = make_case(installation, minor=True)
    typed = {"doel": WORDS, "convenant": WORDS, "grond_minderjarigen": WORDS}
    reference = approved(case, **typed, soort_doel="onderzoek", soort_grond="bescherming")
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(Disclosure).where(Disclosure.reference == reference)).one()
        kept = [getattr(row, column.key) for column in Disclosure.__table__.columns]
    assert not [value for value in kept if "Verzonnen" in str(value)]
    assert (row.purpose, row.covenant, row.minors_ground) == ("onderzoek", "genoemd", "bescherming")
    assert row.recipient == "Politie, basisteam Drechtsteden"
    assert case.export(reference).purpose == WORDS
    page = case.browser("aanvrager").get(f"/gemeenten/dordrecht/verstrekkingen/{reference}")
    assert "een strafbaar feit onderzoeken" in page
    assert "Verzonnen" not in page


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "openbare_orde"),
        ({"profile": "zorg_welzijn"}, "hulp"),
        ({"profile": "intern"}, "eigen_werk"),
        ({"profile": "zorg_welzijn", "purpose_code": "plek"}, "plek"),
    ],
)
def test_where_nobody_chose_a_purpose_the_usual_one_is_kept(
    changes: dict[str, Any], code: str
) -> None:
    assert registered(a_wish(**changes))["purpose"] == code


@pytest.mark.parametrize(
    "recipient", ["Agent J. de Vries", "mevrouw Verzonnen", "Sanne Verzonnen, wijkagent"]
)
def test_a_person_is_no_recipient(installation: Installation, recipient: str) -> None:
    assert registered(a_wish(recipient=recipient))["recipient"] == "Politie"
    case = make_case(installation, number=1)
    answer = send_request(case, ontvanger=recipient)
    assert answer.status_int == 422
    field = answer.html.find(attrs={"data-veld": "ontvanger"})
    assert "geen persoon" in field.find(class_="si-error").text
    requested(case, ontvanger="Politie, wijkagent Binnenstad")
