"""A reporter's sharing preference: honoured, and passed over only on a ground, with a reason."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from stopintimidatie.disclosures.models import DisclosureSubject
from stopintimidatie.exports.models import Export
from stopintimidatie.reports.models import Report, ReporterMessage
from stopintimidatie.reports.vocabulary import AgeGroup
from tests.support.exporting import answers, contents, decide, make_case
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation


def test_a_report_goes_along_against_the_wish_only_with_ground_and_reason(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make_case(installation)
    seen = contents(monkeypatch)
    asker = case.browser("aanvrager")
    page = asker.get(f"{case.path}/uitvoer-aanvragen")
    choice = page.html.find(id="formulier-toch").find_parent("details")
    assert "M-03: liever niet met de politie" in choice.text
    assert "M-01" not in choice.text
    assert not choice.has_attr("open")

    form = page.forms["formulier"]
    for name, value in answers().items():
        form[name] = value
    for given, missing in (("reden", "grondslag"), ("grondslag", "reden")):
        form[f"toch.melding_3.{given}"] = (
            "Er is gevaar." if given == "reden" else "avg_6_1_d_vitaal_belang"
        )
        refused = form.submit("aanvragen", expect_errors=True)
        assert refused.status_int == 422
        wrong = refused.html.find(attrs={"data-veld": f"toch.melding_3.{missing}"})
        assert wrong.find(class_="si-error")
        assert all(one.has_attr("open") for one in wrong.find_parents("details"))
        form[f"toch.melding_3.{given}"] = ""
    form["toch.melding_3.grondslag"] = "avg_6_1_d_vitaal_belang"
    form["toch.melding_3.reden"] = "Er is acuut gevaar voor anderen."
    preview = form.submit("voorbeeld")
    assert "M-03" in preview.html.find(id="voorbeeld-M-03").text
    assert "De hele melding" not in preview.html.find(id="voorbeeld-M-03").text
    sent = form.submit("aanvragen")
    reference = sent.location.rpartition("/")[2]
    told = case.browser("beslisser").get(f"{case.path}/{reference}/beoordelen")
    assert "Tegen de deelvoorkeur: M-03" in told.text
    assert "Er is acuut gevaar voor anderen." in told.text
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(ReporterMessage)).all() == []
    assert decide(case, reference).status_int == 303
    installation.run_jobs()

    content = seen[0]
    assert [report.pseudonym for report in content.reports] == ["M-01", "M-02", "M-03"]
    (line,) = content.annex.deviations
    assert line.label == "M-03"
    assert "vitaal belang. Reden: Er is acuut gevaar voor anderen." in line.value
    with installation.transaction(DORDRECHT) as session:
        (export,) = session.scalars(select(Export)).all()
        assert [one["nummer"] for one in export.deviations or []] == [3]
        subjects = session.scalars(select(DisclosureSubject)).all()
        against = {s.label: [c for c in s.categories if "deelvoorkeur" in c] for s in subjects}
        assert against["M-01"] == []
        assert "vitaal belang" in against["M-03"][0]
        (message,) = session.scalars(select(ReporterMessage)).all()
        assert message.report_id == case.reports[2]
        assert "liever niet delen met de politie" in message.text
        assert "gevaar" not in message.text


def test_a_child_does_not_consent_to_an_export(installation: Installation) -> None:
    case, consent = make_case(installation), "avg_6_1_a_toestemming_melder"
    with installation.transaction(DORDRECHT) as session:
        child = session.get_one(Report, case.reports[2])
        child.reporter_age_group, child.share_with_police = AgeGroup.UNDER_16.value, False
    page = case.browser("aanvrager").get(f"{case.path}/uitvoer-aanvragen")
    assert "M-03: niet gevraagd: jonger dan 16" in page.text
    form = page.forms["formulier"]
    for name, value in answers(grond_minderjarigen="Zij lopen gevaar.").items():
        form[name] = value
    form["toch.melding_3.reden"] = "Er is acuut gevaar."
    form["toch.melding_3.grondslag"] = consent
    refused = form.submit("aanvragen", status=422)
    wrong = refused.html.find(attrs={"data-veld": "toch.melding_3.grondslag"})
    assert "wettelijk vertegenwoordiger" in wrong.text
    form["toch.melding_3.grondslag"], form["grondslag"] = "avg_6_1_d_vitaal_belang", consent
    refused = form.submit("aanvragen", status=422)
    wrong = refused.html.find(attrs={"data-veld": "grondslag"})
    assert "Kies een andere grondslag" in wrong.text
    form["grondslag"] = "avg_6_1_e_openbare_orde"
    reference = form.submit("aanvragen", status=303).location.rpartition("/")[2]
    assert decide(case, reference).status_int == 303
    with installation.transaction(DORDRECHT) as session:
        (message,) = session.scalars(select(ReporterMessage)).all()
    assert "Omdat u jonger dan 16 bent" in message.text
