"""Several recipients in one action: each its own export, decided at once, apart in knowledge."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.text import day_of
from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.exports.document import signature
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.redaction.content import DossierContent
from stopintimidatie.exports.request import jobs as request_jobs
from stopintimidatie.municipalities.partners.models import PartnerOrganisation
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from stopintimidatie.reports.models import Report
from tests.support.exporting import asked, look_at_all, make_case, with_partner
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation

KINDS = ("politie", "zorg_welzijn", "woningcorporatie", "openbaar_vervoer")


def test_a_ninth_recipient_is_refused_and_no_choice_is_lost(
    installation: Installation,
) -> None:
    case = make_case(installation)
    partners = [with_partner(installation, f"Partner {number}") for number in range(9)]
    address = f"{case.path}/uitvoer-samen?voor=" + "&voor=".join(partners)
    page = case.browser("aanvrager").get(address)
    assert "Haal 1 vinkje weg" in page.text
    assert "formulier" not in page.forms
    ticked = {box["value"] for box in page.html.find_all(attrs={"name": "voor", "checked": True})}
    assert ticked == set(partners)
    assert "formulier" in case.browser("aanvrager").get(address.rpartition("&")[0]).forms


def test_four_recipients_are_asked_for_and_approved_in_one_go_and_know_little_of_each_other(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, DossierContent] = {}

    def render(content: DossierContent, **kw: Any) -> bytes:
        seen[content.delivery.recipient] = content
        return b"%PDF-1.7 not really"

    monkeypatch.setattr(request_jobs, "render_in_process", render)
    case = make_case(installation)
    asker, decider = case.browser("aanvrager"), case.browser("beslisser")
    chooser = asker.get(f"{case.path}/uitvoer-samen")
    assert "Woningcorporatie" in chooser.text
    assert "formulier" not in chooser.forms
    nobody = "Zet eerst een vinkje"
    (choice,) = [form for form in chooser.forms.values() if "voor" in form.fields]
    assert nobody not in chooser
    assert nobody in choice.submit("kiezen")
    form = asker.get(f"{case.path}/uitvoer-samen?voor=" + "&voor=".join(KINDS)).forms["formulier"]
    form["doel"] = "Samen het toezicht bepalen."
    form["vernietigen_voor"] = (day_of(utc_now()) + timedelta(days=90)).isoformat()
    form["vraag"] = "Wilt u meedenken?"
    for place in range(1, 5):
        form[f"ontvanger_{place}.grondslag"] = "avg_6_1_e_openbare_orde"
        form[f"ontvanger_{place}.vraag_apart"] = f"Wilt u meedenken, nummer {place}?"
    form["ontvanger_4.vraag_apart"] = ""
    # One that can't be refuses them all, at its own answer.
    form["ontvanger_2.grondslag"] = "intern"
    refused = form.submit("aanvragen", expect_errors=True)
    assert refused.status_int == 422
    field = refused.html.find(attrs={"data-veld": "ontvanger_2.grondslag"})
    assert "geen grondslag om" in field.find(class_="si-error").text
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Export)).all() == []
    form["ontvanger_2.grondslag"] = "avg_6_1_e_openbare_orde"
    page = form.submit("aanvragen").follow()
    assert "4 documenten zijn aangevraagd" in page.text
    others = page.html.find(string=re.compile("Samen aangevraagd met")).find_parent("p")
    for link in others.find_all("a"):
        assert (
            asker.get(link["href"])
            .html.h1.text.strip()
            .endswith(link.text.removeprefix("uitvoer "))
        )
    assert len(others.find_all("a")) == 3

    with installation.transaction(DORDRECHT) as session:
        exports = session.scalars(select(Export)).all()
        assert sorted(one.profile for one in exports) == sorted(KINDS)
        assert len({one.reference for one in exports}) == 4
        assert len({one.together for one in exports}) == 1
        # All are asked the same, but who is asked something else.
        asked_of = {one.profile: one.question for one in exports}
        assert asked_of.pop("openbaar_vervoer") == "Wilt u meedenken?"
        assert asked_of["politie"] == "Wilt u meedenken, nummer 1?"
        reference = exports[0].reference
    own = asker.get(f"{case.path}/{reference}/beoordelen?samen=ja")
    assert "formulier" not in own.forms
    page = decider.get(f"{case.path}/{reference}")
    page = page.click("Samen met de andere beoordelen")
    assert len({tag["id"] for tag in page.html.find_all(id=True)}) == len(
        page.html.find_all(id=True)
    )
    # The same component as for one: the list with all four in hand, and the same key.
    assert len(page.html.select(".wb-row")) == 4
    (current,) = page.html.select(".wb-row--current .wb-row__title")
    assert page.html.select_one('.wb-rail a[data-key="4"]').text.endswith(f": {current.text}")
    assert page.html.select_one('.wb-rail button[data-key="1"]').text.startswith("Alles goed")
    assert page.html.select_one('.wb-rail a[data-key="4"]')["href"].endswith("/beoordelen?niet=ja")
    apart = decider.get(f"{case.path}/{reference}/beoordelen")
    assert apart.click("Samen met de andere beoordelen").request.path_qs == page.request.path_qs
    # Each preview must have been looked at; the refusal names the recipient.
    refused = page.forms["formulier"].submit("goedkeuren", status=422)
    assert f"vink dan aan: ‘Ik heb het voorbeeld voor {current.text} bekeken’" in refused.text
    done = look_at_all(refused.forms["formulier"]).submit("goedkeuren")
    assert done.status_int == 303
    installation.run_jobs()

    assert len(seen) == 4
    annexes = {one.annex.profile.split(":")[1].split()[0]: one.annex for one in seen.values()}
    assert "Ook verstrekt aan: " in annexes["politie"].recipients
    assert "Zorg en welzijn" in annexes["politie"].recipients
    for name in KINDS[1:]:
        assert "Ook verstrekt" not in annexes[name].recipients, name
    places = {name: str(content.reports) for name, content in seen.items()}
    assert all("Stationsplein" in told for told in places.values())
    with installation.transaction(DORDRECHT) as session:
        assert len(session.scalars(select(Disclosure)).all()) == 4


def test_what_was_asked_for_together_is_rejected_with_one_reason(
    installation: Installation,
) -> None:
    case = make_case(installation, number=1)
    page = asked(case, "politie", "zorg_welzijn").submit("aanvragen").follow()
    reference = page.request.path.rpartition("/")[2]
    together = case.browser("beslisser").get(f"{case.path}/{reference}/beoordelen?samen=ja")
    page = together.click("Alle afwijzen, met één reden")
    assert "U wijst 2 documenten af" in page
    again = page.click("Toch akkoord")
    assert again.request.path_qs == together.request.path_qs
    assert "Alle afwijzen" not in page
    form = page.forms["formulier"]
    assert not [name for name in form.fields if name and name.startswith("bekeken_")]
    form["reden"] = "Te ruim."
    form.submit("afwijzen", status=303)
    with installation.transaction(DORDRECHT) as session:
        rows = session.scalars(select(Export)).all()
        assert [(row.state, row.decided_reason) for row in rows] == [("afgewezen", "Te ruim.")] * 2


def test_two_stand_open_beside_each_other_without_a_list_and_each_must_be_ticked(
    installation: Installation,
) -> None:
    case = make_case(installation, number=1)
    asked(case, "politie", "zorg_welzijn").submit("aanvragen", status=303)
    waits = case.browser("beslisser").get("/gemeenten/dordrecht/wacht")
    page = waits.click(href="beoordelen", index=0)
    previews = page.html.select(".si-columns > .si-card > .si-details")
    assert [one.summary.text for one in previews if one.has_attr("open")] == [
        "Voorbeeld voor Politie",
        "Voorbeeld voor Zorg en welzijn",
    ]
    assert not page.html.select(".wb-row")
    form = page.forms["formulier"]
    (first, _second) = [name for name in form.fields if name and name.startswith("bekeken_")]
    form[first] = True
    refused = form.submit("goedkeuren", status=422)
    assert "Ik heb het voorbeeld voor Zorg en welzijn bekeken" in refused.text
    assert look_at_all(refused.forms["formulier"]).submit("goedkeuren", status=303)


@pytest.mark.alles
def test_each_recipient_has_its_own_demand_urgency_deviation_and_kind_of_file(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, DossierContent] = {}

    def render(content: DossierContent, **kw: Any) -> bytes:
        seen[content.annex.profile.split(":")[1].split()[0]] = content
        return b"%PDF-1.7 not really"

    monkeypatch.setattr(request_jobs, "render_in_process", render)
    monkeypatch.setattr(signature, "with_password", lambda pdf, password: pdf)
    case = make_case(installation)
    with installation.transaction(DORDRECHT) as session:
        session.get_one(Report, case.reports[2]).share_with_partners = False
    form = asked(case, "politie", "zorg_welzijn", "woningcorporatie")
    form["ontvanger_1.grondslag"] = LegalBasis.ORDER.value
    form["ontvanger_1.spoed"] = True
    form["ontvanger_1.spoed_reden"] = "Er is vanavond gevaar."
    form["ontvanger_2.toch.melding_3.reden"] = "Zij zoekt zelf hulp."
    form["ontvanger_3.bestand"] = "wachtwoord"
    # All mistakes at once, each at the answer of that recipient, behind a door that is open.
    refused = form.submit("aanvragen", status=422)
    for field, value in (
        ("ontvanger_1.vordering_artikel", "art. 126nd Sv"),
        ("ontvanger_1.vordering_nummer", "2026-17"),
        ("ontvanger_1.vordering_functionaris", "officier van justitie"),
        ("ontvanger_1.vordering_datum", day_of(utc_now()).isoformat()),
        ("ontvanger_2.toch.melding_3.grondslag", "avg_6_1_d_vitaal_belang"),
    ):
        wrong = refused.html.find(attrs={"data-veld": field})
        assert wrong.find(class_="si-error"), field
        assert all(one.has_attr("open") for one in wrong.find_parents("details"))
        form[field] = value
    page = form.submit("aanvragen").follow()
    assert "2 documenten zijn aangevraagd" in page.text
    assert "1 document wordt meteen gemaakt" in page.text
    with installation.transaction(DORDRECHT) as session:
        rows = {one.profile: one for one in session.scalars(select(Export))}
        assert len({one.together for one in rows.values()}) == 1
        police, care, housing = (rows[name] for name in KINDS[:3])
        assert (police.urgent, police.state, police.demand_number) == (
            True,
            "goedgekeurd",
            "2026-17",
        )
        assert police.approve_by is not None
        assert not care.urgent
        assert [one["nummer"] for one in care.deviations or []] == [3]
        assert (care.demand_on, police.deviations) == (None, None)
        assert (housing.file_form, care.file_form) == ("wachtwoord", "pdfa")
    installation.run_jobs()
    # Made before the others were approved, and still it knows of them.
    assert "Zorg en welzijn" in seen["politie"].annex.recipients
    assert "art. 126nd Sv" in str(seen["politie"].annex)


def test_each_recipient_is_asked_about_the_reports_that_it_may_not_have(
    installation: Installation,
) -> None:
    case = make_case(installation)
    form = asked(case, with_partner(installation), "zorg_welzijn")
    asks = {name.partition(".")[0] for name in form.fields if name and ".toch." in name}
    assert asks == {"ontvanger_1"}, "M-03 not for the police"
    form["ontvanger_1.soort_ontvanger"] = "zorg_welzijn"
    again = form.submit("voorbeeld", status=200).forms["formulier"]
    assert not [name for name in again.fields if name and ".toch." in name]


@pytest.mark.alles
def test_a_preview_for_each_comes_before_anything_is_asked(installation: Installation) -> None:
    case = make_case(installation)
    partner = with_partner(installation)
    form = asked(case, partner, "zorg_welzijn")
    assert form["ontvanger_1.soort_ontvanger"].value == "politie"
    page = form.submit("voorbeeld", status=200)
    previews = page.html.find(id="voorbeelden").parent.find_all("details", recursive=False)
    assert [one.summary.text for one in previews] == [
        "Voorbeeld voor Politie Drechtsteden",
        "Voorbeeld voor Zorg en welzijn",
    ]
    ids = [tag["id"] for tag in page.html.find_all(id=True)]
    assert len(set(ids)) == len(ids)
    whole = "De hele melding: weggelaten"
    assert [whole in one.text for one in previews] == [True, False], "M-03 not for the police"
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Export)).all() == []
    # What was typed is still there, and one more click asks for it.
    again = page.forms["formulier"]
    assert again["ontvanger_2.vraag_apart"].value == "Wilt u meedenken, nummer 2?"
    again.submit("aanvragen", status=303)


def test_what_misses_is_told_for_whom(installation: Installation) -> None:
    case = make_case(installation, number=1)
    form = asked(case, with_partner(installation), "zorg_welzijn")
    form["vraag"] = ""
    form["ontvanger_1.soort_ontvanger"].force_value(None)
    page = form.submit("aanvragen", status=422)
    assert [item.text for item in page.html.select(".si-error-summary__list li")] == [
        "Vul ‘Wat vraagt u de ontvanger?’ in.",
        "Politie Drechtsteden: maak een keuze bij ‘Soort ontvanger’.",
    ]


def test_a_partner_that_gets_something_on_a_demand_alone_is_among_the_recipients(
    installation: Installation,
) -> None:
    case = make_case(installation, number=1)
    partner = with_partner(installation)
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(PartnerOrganisation)).one()
        row.legal_bases = [LegalBasis.ORDER.value]
    form = case.browser("aanvrager").get(f"{case.path}/uitvoer-samen?voor={partner}")
    grounds = [code for code, *_ in form.forms["formulier"]["ontvanger_1.grondslag"].options]
    assert grounds == ["", LegalBasis.ORDER.value]


def test_all_that_is_wrong_is_told_in_one_round_and_for_whom(installation: Installation) -> None:
    case = make_case(installation, number=2, minor=True)
    form = asked(case, "politie")
    form["vraag"] = form["doel"] = ""
    page = form.submit("aanvragen", status=422)
    assert [item.text for item in page.html.select(".si-error-summary__list li")] == [
        "Vul ‘Wat vraagt u de ontvanger?’ in.",
        "Vul ‘Doel’ in.",
        "Vul ‘Extra grond: minderjarigen’ in.",
    ]


def test_a_mistake_in_the_question_of_one_recipient_stands_at_that_question(
    installation: Installation,
) -> None:
    case = make_case(installation, number=1)
    form = asked(case, "politie", "zorg_welzijn")
    # A mark that doesn't show.
    form["ontvanger_2.vraag_apart"] = "\u200b"
    page = form.submit("aanvragen", status=422)
    wrong = [tag["data-veld"] for tag in page.html.select("[data-veld]:has(.si-error)")]
    assert wrong[-1:] == ["ontvanger_2.vraag_apart"]
    assert "vraag" not in wrong
    field = page.html.find(attrs={"data-veld": "ontvanger_2.vraag_apart"})
    assert all(door.has_attr("open") for door in field.find_parents("details"))


@pytest.mark.parametrize(
    ("kind", "profile"),
    [("woningcorporatie", "woningcorporatie"), ("jongerenwerk", "zorg_welzijn")],
)
def test_the_kind_of_recipient_follows_from_the_partner(
    installation: Installation, kind: str, profile: str
) -> None:
    case = make_case(installation, number=1)
    partner = with_partner(installation)
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(PartnerOrganisation)).one()
        row.kind, row.profile = kind, None
    for page, name in (
        (f"uitvoer-samen?voor={partner}", "ontvanger_1.soort_ontvanger"),
        (f"uitvoer-aanvragen?partner={partner}", "soort_ontvanger"),
    ):
        form = case.browser("aanvrager").get(f"{case.path}/{page}").forms["formulier"]
        assert form[name].value == profile


def test_two_previews_stand_beside_each_other_before_anything_is_asked(
    installation: Installation,
) -> None:
    case = make_case(installation, number=1)
    partners = [with_partner(installation), "zorg_welzijn"]
    browser = case.browser("aanvrager")
    page = browser.get(f"{case.path}/uitvoer-samen?voor=" + "&voor=".join(partners))
    (beside,) = page.html.select(".si-beside")
    shown = [part["hx-get"] for part in beside.select("details[open] [hx-get]")]
    assert [href.partition("?voor=")[2] for href in shown] == ["politie", "zorg_welzijn"]
    for href in shown:
        part = browser.get(href, headers={"HX-Request-Type": "partial"})
        assert "Wat de ontvanger niet ziet" in part
        assert not part.html.select("h1, header, [role=tablist]")
    twice = browser.get(f"{case.path}/uitvoer-samen?voor=politie&voor={partners[0]}")
    assert len(twice.html.select("[hx-get]")) == 1
