"""Which kinds of message their reader may have gathered or silenced."""

from __future__ import annotations

from stopintimidatie.core.mail.services import MAIL_TEMPLATES
from stopintimidatie.home.services import MAIL
from tests.support.installation import Installation

# A new kind stands in one of these. The start page or the menu tells of work too.
WORK = {"afspraak_herinnering", "partner_antwoordde", "patroon_vraag", "advies_gegeven"}
ALWAYS = """
    aanmeldlink adres_bevestigen advies_gevraagd advies_te_laat afspraak_loopt_af
    bericht_na_wissen bericht_terug bericht_voor_melder dag_van_vernietigen datalek_bijna
    datalek_gemeld datalek_voorbij dossier_herzien inzagevraag inzagevraag_herinnering
    kopie_alarm langer_bewaren melding_aangevuld melding_klaar melding_versleuteld naar_portaal
    niet_gelezen niet_opgehaald nieuw_apparaat nieuw_wachtwoord nieuwe_melding niveau_vervallen
    nummer_bevestigen ophaalcode_sms overdracht_aangeboden overzicht_klaar poort_dicht
    rol_aangeboden spoed spoed_sms spoed_te_laat tweede_stap tweede_stap_mislukt uitnodiging
    uitvoer_code uitvoer_code_sms uitvoer_correctie uitvoer_ingetrokken uitvoer_klaar
    uitvoer_vernietigen verzoek_termijn wachtwoord_gewijzigd wachtwoord_vergeten werklijst_wacht
    wissen_alleen
"""


def test_every_kind_of_message_says_whether_its_reader_may_choose(
    installation: Installation,
) -> None:
    kinds = MAIL_TEMPLATES.of(installation.registry)
    assert {name for name, kind in kinds.items() if kind.work} == WORK
    # The letter of the morning is asked for only who wants it.
    assert {*kinds} - WORK - {MAIL.name} == {*ALWAYS.split()}
