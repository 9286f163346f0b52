"""The register keeps codes and organisations; what an officer typed stays in the export."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestResponse

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.exports.profiles.defaults import PROFILES
from stopintimidatie.exports.request.rules import registered
from stopintimidatie.exports.review.rules import names_person
from stopintimidatie.exports.vocabulary import ExportRequest
from tests.support.exporting import approved, make_case, quick, send_request, with_partner
from tests.support.factories import DORDRECHT, make_user
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


PERSONS = (
    *("Agent J. de Vries", "mevrouw Verzonnen", "Sanne Verzonnen, wijkagent", "Jan de Vries"),
    *("Wijkagent Jansen", "wijkagent van Dijk", "de heer Bakker", "Hr. Smit", "Politie, Jansen"),
    *("J Bakker", "klaas de boer", "Jeugdarts Yasmina", "WIJKAGENT JANSEN", "boa Bergsma"),
    *("Wijkagent Binnenstad Jansen", "jan@politie.nl", "0612345678", "06-12345678"),
    *("06 12 34 56 78", "Sam de Bruin", "politie, sam de bruin", "Politie, Wijkagent Smit"),
)
ORGANISATIONS = (
    *("Politie, basisteam Drechtsteden", "Politieteam Merwekade (demo)", "Wijkagent Binnenstad"),
    *("Team Jeugd en Gezin", "Woonstichting Hofrand", "Jongerenwerk De Brug", "Team Ali"),
    *("NS, team sociale veiligheid", "Burgemeester van Dordrecht", "Politie, wijkagent Noord"),
    *("officier van justitie, Rotterdam", "GGD, Jeugdgezondheidszorg", "Veilig Thuis, Zuid"),
    *("Eigen team OOV", "politie, BASISTEAM drechtsteden", "Recherche, Eenheid Rotterdam"),
    *("Politie, Wijkagent Binnenstad", "Gemeente Dordrecht, Burgemeester"),
)
PLACES, PEOPLE = ("Binnenstad", "Dordrecht", "Wijk Ali", "Ali"), ("Sam de Bruin",)


@pytest.mark.parametrize("text", PERSONS)
def test_who_can_be_recognised_is_a_person(text: str) -> None:
    assert names_person(text, PLACES, PEOPLE)


@pytest.mark.parametrize("text", ORGANISATIONS)
def test_an_organisation_a_function_or_a_place_here_is_no_person(text: str) -> None:
    assert not names_person(text, PLACES, PEOPLE)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_the_name_of_a_kind_of_recipient_is_no_person(profile: Any) -> None:
    assert not names_person(profile.label)


def error_at(answer: TestResponse, control: str) -> str:
    field = answer.html.find(attrs={"data-veld": control})
    return str(field.find(class_="si-error").text)


@pytest.mark.parametrize("recipient", ["Agent J. de Vries", "Wijkagent Jansen", "Sam de Bruin"])
def test_a_person_is_no_recipient(installation: Installation, recipient: str) -> None:
    case = make_case(installation, number=1)
    make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER), name="Sam de Bruin")
    answer = send_request(case, ontvanger=recipient)
    assert answer.status_int == 422
    assert "geen persoon" in error_at(answer, "ontvanger")


def test_what_was_asked_with_a_name_in_it_is_registered_as_a_kind_of_recipient() -> None:
    assert registered(a_wish(recipient="Agent J. de Vries"))["recipient"] == "Politie"
    there = registered(a_wish(recipient="Wijkagent Binnenstad"), (PLACES, PEOPLE))
    assert there["recipient"] == "Wijkagent Binnenstad"


def test_the_name_of_a_wijk_here_is_no_person(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    case = make_case(installation, number=2)
    reference = approved(case, ontvanger="Politie, wijkagent Binnenstad")
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(Disclosure).where(Disclosure.reference == reference)).one()
        assert row.recipient == "Politie, wijkagent Binnenstad"


@pytest.mark.parametrize(
    ("control", "typed", "says"),
    [
        ("vordering_functionaris", "officier Jansen", "geen naam"),
        ("vordering_functionaris", "officier@om.nl", "geen naam"),
        ("vordering_nummer", "Jan 2026-17", "geen naam"),
        ("vordering_nummer", "2026-17 klaas", "geen naam"),
    ],
)
@pytest.mark.parametrize("partner", [False, True], ids=["typed", "partner"])
def test_a_demand_names_a_function_and_a_number_and_nobody(
    installation: Installation, control: str, typed: str, says: str, *, partner: bool
) -> None:
    case = make_case(installation, number=1)
    demand: dict[str, Any] = {
        "grondslag": "avg_6_1_c_vordering",
        "vordering_artikel": "art. 126nd Sv",
        "vordering_nummer": "2026/0017-AB",
        "vordering_functionaris": "officier van justitie, Rotterdam",
        "vordering_datum": local_date(utc_now()).isoformat(),
        "partner": with_partner(installation) if partner else None,
    }
    answer = send_request(case, **{**demand, control: typed})
    assert answer.status_int == 422
    assert says in error_at(answer, control)
    assert send_request(case, **demand).status_int == 303
