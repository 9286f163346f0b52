"""Which reports are told in full: chosen by who asks, seen by who approves, frozen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from stopintimidatie.disclosures.models import Disclosure, DisclosureSubject
from stopintimidatie.exports.redaction.content import DossierContent
from tests.support.exporting import (
    ACCOUNT,
    Case,
    answers,
    contents,
    decide,
    make_case,
    requested,
    send_request,
)
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation


@pytest.fixture
def case(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A dossier of four reports, of which two may be told in full."""
    few = replace(installation.registry.app_settings, pdf_full_reports=2)
    monkeypatch.setattr(installation.registry, "app_settings", few)
    return make_case(installation, number=4)


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> list[DossierContent]:
    """What the worker was given to render."""
    return contents(monkeypatch)


def boxes(page: object) -> dict[str, bool]:
    """The reports to choose from, and whether each is proposed."""
    found = page.html.find_all(attrs={"name": "volledig"})  # type: ignore[attr-defined]
    return {box["value"]: box.has_attr("checked") for box in found}


@pytest.mark.alles
def test_stories_that_nobody_looked_at_are_counted_with_the_way_to_the_next(case: Case) -> None:
    asker = case.browser("aanvrager")
    for page in ("uitvoer-aanvragen", "uitvoer-samen?voor=politie"):
        assert "0 van 4 verhalen nagekeken" in asker.get(f"{case.path}/{page}")
    for number in range(4):
        asking = asker.get(f"{case.path}/uitvoer-aanvragen?partner=")
        assert f"{number} van 4 verhalen nagekeken" in asking
        review = asking.click("Het eerstvolgende verhaal nakijken").forms["formulier"]
        asking = review.submit("opslaan", status=303).follow()
    assert "verhalen nagekeken" not in asking
    assert "Uitvoer aanvragen" in asking


def test_the_newest_are_proposed_and_others_can_be_chosen(
    case: Case, frozen: list[DossierContent], installation: Installation
) -> None:
    page = case.browser("aanvrager").get(f"{case.path}/uitvoer-aanvragen")
    offered = boxes(page)
    assert sorted(offered) == ["1", "2", "3", "4"]
    assert list(offered.values()) == [True, True, False, False]
    assert "(2 van 4)" in page.text
    folded = page.html.find(attrs={"data-veld": "volledig"}).find_parent("details")
    assert not folded.has_attr("open")
    assert "punt 5" not in folded.text

    form = page.forms["formulier"]
    for name, value in answers().items():
        form[name] = value
    for box in form.fields["volledig"]:
        box.checked = box._value in ("1", "3")
    preview = form.submit("voorbeeld")
    assert preview.html.find(id="voorbeeld-M-01")
    assert preview.html.find(id="voorbeeld-M-03")
    assert preview.html.find(id="voorbeeld-M-02") is None
    assert "1 melding staat alleen in de tabel" in preview.text
    reference = form.submit("aanvragen").location.rpartition("/")[2]
    assert sorted(case.export(reference).in_full or ()) == [1, 3]

    seen = case.browser("beslisser").get(f"{case.path}/{reference}/beoordelen")
    assert "M-01 en M-03" in seen.text
    assert decide(case, reference).status_int == 303
    installation.run_jobs()
    (content,) = frozen
    assert [report.pseudonym for report in content.reports] == ["M-01", "M-03"]
    assert [row.pseudonym for row in content.report_rows] == ["M-02"]
    with installation.transaction(DORDRECHT) as session:
        told = {row.label: row.categories for row in session.scalars(select(DisclosureSubject))}
    assert "vormen" in " ".join(told["M-02"]).lower()
    assert len(told["M-02"]) < len(told["M-01"])


@pytest.mark.alles
def test_the_register_names_what_went_along_as_coarse_as_it_went(
    case: Case, installation: Installation
) -> None:
    for kind, place in (
        ("politie", "precieze plek"),
        ("zorg_welzijn", "precieze plek, grover: straat of halte"),
    ):
        reference = requested(case, soort_ontvanger=kind)
        assert decide(case, reference).status_int == 303
        installation.run_jobs()
        with installation.transaction(DORDRECHT) as session:
            entry = select(Disclosure.id).where(Disclosure.reference == reference)
            of = select(DisclosureSubject).where(DisclosureSubject.disclosure_id.in_(entry))
            told = {row.label: row.categories for row in session.scalars(of)}
        assert next(name for name in told["M-01"] if name.startswith("precieze plek")) == place


def test_the_proposal_is_of_what_goes_along_so_that_no_room_is_left(
    case: Case, frozen: list[DossierContent], installation: Installation
) -> None:
    form = case.browser("aanvrager").get(f"{case.path}/uitvoer-aanvragen").forms["formulier"]
    proposed = {box._value for box in form.fields["volledig"] if box.checked}
    assert proposed & {"4"}  # whose reporter doesn't want it shared
    for name, value in answers().items():
        form[name] = value
    reference = form.submit("aanvragen").location.rpartition("/")[2]
    assert case.export(reference).in_full is None
    decide(case, reference)
    installation.run_jobs()
    (content,) = frozen
    assert len(content.reports) == 2
    assert len(content.report_rows) == 1


def test_more_than_the_limit_is_refused_at_the_field(case: Case) -> None:
    answer = send_request(case, volledig=["1", "2", "3"])
    assert answer.status_int == 422
    field = answer.html.find(attrs={"data-veld": "volledig"})
    assert "U koos 3 meldingen. Kies er hoogstens 2" in field.text
    assert field.find_parent("details").has_attr("open")
    assert send_request(case, volledig=["9"]).status_int == 422


def test_who_unchecks_all_gets_a_table_alone(
    case: Case, frozen: list[DossierContent], installation: Installation
) -> None:
    reference = send_request(case, volledig=[]).location.rpartition("/")[2]
    assert case.export(reference).in_full == []
    assert decide(case, reference).status_int == 303
    installation.run_jobs()
    assert (len(frozen[0].reports), len(frozen[0].report_rows)) == (0, 3)


def test_the_words_of_a_report_in_the_table_stay_behind(
    case: Case, frozen: list[DossierContent], installation: Installation
) -> None:
    answer = send_request(case, soort_ontvanger="intern", volledig=["1"])
    reference = answer.location.rpartition("/")[2]
    assert decide(case, reference).status_int == 303
    installation.run_jobs()
    (content,) = frozen
    assert len(content.report_rows) == 3
    assert [report.pseudonym for report in content.reports] == ["M-01"]
    assert ACCOUNT in content.reports[0].account
    for row in content.report_rows:
        assert ACCOUNT not in str(row)
        assert "litteken" not in str(row)


def test_a_dossier_within_the_limit_asks_nothing(installation: Installation) -> None:
    case = make_case(installation)
    page = case.browser("aanvrager").get(f"{case.path}/uitvoer-aanvragen")
    assert boxes(page) == {}
