"""Codes are exchanged and stored for years: they never change; words for reporters are gentle."""

from __future__ import annotations

import pytest

from stopintimidatie.core.text import Term
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from stopintimidatie.reports import vocabulary as reports_vocabulary
from stopintimidatie.reports.models import Report, ReportForm
from stopintimidatie.reports.vocabulary import FORMS_BY_GROUP, Form, Role, in_order
from stopintimidatie.reports.words import heading

CODES = {
    "Source": "app_android app_ios webformulier telefonisch balie partner",
    "Language": "nl en de fr tr ar pl uk es pap",
    "Role": "slachtoffer getuige namens_ander professional",
    "TimePrecision": "exact uur dagdeel dag onbekend",
    "PartOfDay": "ochtend middag avond nacht",
    "Recurrence": "eerste_keer vaker_zelfde_plek vaker_zelfde_persoon weet_niet",
    "LocationSource": "gps pin adres omschrijving",
    "PlaceType": "straat_plein park_groen station_halte in_ov uitgaansgebied horeca winkelgebied "
    "school_omgeving sportlocatie_zwembad bibliotheek_openbaar_gebouw parkeergelegenheid_tunnel "
    "evenement anders",
    "FormGroup": "verbaal non_verbaal fysiek overig",
    "Form": "nafluiten nasissen_naklakken naroepen seksuele_opmerking seksueel_verzoek "
    "beledigen_schelden discriminerende_opmerking bedreigen nastaren seksueel_gebaar "
    "filmen_fotograferen exhibitionisme masturberen hinderlijk_volgen in_het_nauw_drijven betasten "
    "vastpakken_duwen spugen slaan_schoppen aanranding anders",
    "FeltSafety": "ongemakkelijk geirriteerd_boos onveilig_bang geen_indruk",
    "BehaviourChange": "mijdt_plek mijdt_tijdstip andere_kleding niet_meer_alleen geen",
    "OffenderCount": "1 2 3_5 6_plus onbekend",
    "OffenderKnown": "onbekend van_gezicht bekende beroepsmatig weet_niet",
    "OffenderAge": "onder_12 12_15 16_17 18_24 25_39 40_59 60_plus onbekend",
    "OffenderGender": "man vrouw gemengd onbekend",
    "Transport": "te_voet fiets fatbike_scooter auto ov anders",
    "Bystanders": "geen grepen_in grepen_niet_in weet_niet",
    "AgeGroup": "onder_16 16_17 18_24 25_34 35_49 50_64 65_plus wil_niet_zeggen",
    "Gender": "vrouw man non_binair anders wil_niet_zeggen",
    "ContactWish": "nee bellen mailen via_app alleen_terugkoppeling",
    "Police": "nee gebeld_112 gebeld_0900 melding_gedaan aangifte_gedaan wil_aangifte weet_niet",
    "FollowUp": "alleen_beeldvorming waarschuwingsgesprek extra_toezicht boa_inzet cameratoezicht "
    "maatregel_openbare_ruimte jongerenwerk doorverwezen_hulp overgedragen_politie advies_aangifte "
    "geen_opvolging_mogelijk",
    "HandoverState": "aangeboden aangenomen geweigerd ingetrokken vervallen gegeven",
    "LegalBasis": "avg_6_1_e_openbare_orde avg_6_1_d_vitaal_belang avg_6_1_c_vordering "
    "avg_6_1_c_woo avg_6_1_a_toestemming_melder wpg_16_18 wgs intern",
}

KINDS = {
    kind.__name__: kind
    for kind in Term.__subclasses__()
    if kind.__module__ == reports_vocabulary.__name__ or kind is LegalBasis
}


@pytest.mark.parametrize("name", CODES)
def test_the_codes_are_what_they_always_were(name: str) -> None:
    assert [term.value for term in KINDS[name]] == CODES[name].split()


def test_no_vocabulary_is_forgotten_here() -> None:
    assert set(KINDS) == set(CODES)


def test_every_term_has_words_for_everybody() -> None:
    for kind in Term.__subclasses__():
        for term in kind:
            assert term.nl
            assert term.en
            assert term.public
            assert str(term) == term.value


def test_every_form_stands_under_one_heading_in_order() -> None:
    assert [form for forms in FORMS_BY_GROUP.values() for form in forms] == list(Form)


def test_words_for_reporters_are_gentler_than_codes() -> None:
    assert Role.VICTIM.label() == "het overkwam mij"
    assert Form.ASSAULT.label() == "aanraking tegen mijn wil"
    assert Form.ASSAULT.label("en") == "sexual assault"
    assert Form.ASSAULT.label("tr") == "aanraking tegen mijn wil"
    assert ("aanranding", "aanranding") in Form.choices()
    assert ("aanranding", "aanraking tegen mijn wil") in Form.choices("nl")


def test_forms_have_the_order_of_the_vocabulary_on_every_page() -> None:
    codes = ["hinderlijk_volgen", "anders", "naroepen", "betasten", "bedreigen"]
    report = Report(form_rows=[ReportForm(code=code, confirmed=False) for code in sorted(codes)])
    words = "naroepen, bedreigen, hinderlijk volgen, betasten, anders"
    assert report.forms == report.reported_forms
    assert ", ".join(Form.word(code) for code in report.forms) == words
    # Cut short, none of the gravest is left out.
    assert heading(report) == "Bedreigen, hinderlijk volgen, betasten en 2 meer"
    report.form_rows = [ReportForm(code=code, confirmed=True) for code in ("spugen", "nafluiten")]
    assert report.confirmed_forms == ["nafluiten", "spugen"]
    assert in_order(["spugen", "van_later", "nafluiten"]) == ["nafluiten", "spugen", "van_later"]
