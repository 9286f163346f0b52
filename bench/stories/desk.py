"""What officers write: questions, reasons, feedback, notes. Short and businesslike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

# Topics of a place: what is asked and agreed must make sense there.
TRANSPORT, SCHOOL, PARK, NIGHT, SHOPS, RUNNING = "ov", "school", "park", "uitgaan", "winkel", "loop"
ANYWHERE = ""
TOPIC_OF_PLACE = {
    "station_halte": TRANSPORT,
    "in_ov": TRANSPORT,
    "school_omgeving": SCHOOL,
    "park_groen": PARK,
    "uitgaansgebied": NIGHT,
    "horeca": NIGHT,
    "evenement": NIGHT,
    "winkelgebied": SHOPS,
}

QUESTIONS = (
    (ANYWHERE, "Weet u nog hoe laat het ongeveer was?"),
    (ANYWHERE, "Aan welke kant van de straat of het plein gebeurde het?"),
    (ANYWHERE, "Mogen we u bellen om het verhaal aan te vullen?"),
    (ANYWHERE, "Is u dit op deze plek vaker overkomen?"),
    (ANYWHERE, "Heeft u al contact gehad met de politie?"),
    (ANYWHERE, "Kunt u iets zeggen over kleding of vervoer? Namen hoeft u niet te noemen."),
    (ANYWHERE, "Wilt u dat we u in contact brengen met slachtofferhulp?"),
    (TRANSPORT, "Welke bus of trein was het, en waar stapte u in?"),
    (NIGHT, "Bij welke zaak was het, en was er een portier in de buurt?"),
    (PARK, "Op welk pad was u, en welke kant ging u op?"),
)

# whom, what is asked, and what they answer
PARTNER_TALKS = (
    (
        ANYWHERE,
        ("politie", "Wijkpolitie"),
        "Herkennen jullie deze plek en dit tijdstip uit de eigen rondes?",
        "Plek is bekend. Er wordt vaker gelopen op vrijdag en zaterdag.",
    ),
    (
        ANYWHERE,
        ("handhaving", "Team Handhaving (boa's)"),
        "Is er in dit weekend extra toezicht gelopen?",
        "Ja, twee rondes. Geen bijzonderheden gezien.",
    ),
    (
        ANYWHERE,
        ("handhaving", "Team Handhaving (boa's)"),
        "Kunnen jullie hier de komende twee weken langsgaan?",
        "Staat op de route van de late dienst.",
    ),
    (
        ANYWHERE,
        ("jongerenwerk", "Jongerenwerk"),
        "Is deze groep bij jullie in beeld?",
        "De groep is bekend. We gaan het gesprek aan.",
    ),
    (
        TRANSPORT,
        ("vervoerder", "Vervoerder, team sociale veiligheid"),
        "Wordt er op deze lijn en dit tijdstip gecontroleerd?",
        "De komende maand rijdt er een team mee.",
    ),
    (
        SCHOOL,
        ("school", "School, veiligheidscoördinator"),
        "Zijn er meer leerlingen die dit vertellen?",
        "Er zijn meer verhalen. De mentoren vragen het na.",
    ),
    (
        SHOPS,
        ("winkeliers", "Winkeliersvereniging"),
        "Zien de winkeliers dit ook gebeuren?",
        "Twee winkeliers herkennen het, vooral op zaterdag.",
    ),
)

ANSWERED = (
    "De melder heeft geantwoord.",
    "De melder heeft het tijdstip en de plek aangevuld.",
    "De melder heeft meer verteld over wat er gebeurde.",
)
EXPIRED = "Geen antwoord binnen de termijn."

JOINED = (
    "Zelfde plek en zelfde tijdstip als de andere meldingen.",
    "Past in het patroon van dit dossier.",
    "Derde melding op deze plek in een maand.",
)
LEFT = (
    "Bij nader inzien een andere plek.",
    "Tijdstip past niet in het patroon; los verder behandeld.",
    "Op verzoek van de melder los behandeld.",
)

# follow-up codes → feedback to the reporter
CLOSINGS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("alleen_beeldvorming",),
        "Bedankt voor uw melding. We hebben de plek opgenomen in ons beeld van de wijk.",
    ),
    (
        ("extra_toezicht",),
        "Naar aanleiding van uw melding lopen onze collega's hier de komende weken vaker.",
    ),
    (
        ("extra_toezicht", "boa_inzet"),
        "De boa's hebben deze plek op hun route gezet, vooral in de avond.",
    ),
    (
        ("jongerenwerk",),
        "Het jongerenwerk heeft de jongeren aangesproken en blijft de komende tijd langsgaan.",
    ),
    (
        ("maatregel_openbare_ruimte",),
        "We laten de verlichting op deze plek nakijken en snoeien het groen.",
    ),
    (
        ("waarschuwingsgesprek", "jongerenwerk"),
        "Er is een gesprek gevoerd. Meer kunnen we daar niet over zeggen.",
    ),
    (
        ("overgedragen_politie", "advies_aangifte"),
        "Wat u meldt is mogelijk strafbaar. We hebben uitgelegd hoe u aangifte kunt doen.",
    ),
    (
        ("doorverwezen_hulp",),
        "We hebben u in contact gebracht met slachtofferhulp. U kunt ons altijd bellen.",
    ),
    (
        ("cameratoezicht",),
        "De beelden van deze plek worden in het weekend live bekeken.",
    ),
    (
        ("geen_opvolging_mogelijk",),
        "We konden met deze melding helaas niets doen. Hij telt wel mee in ons beeld van de plek.",
    ),
)
CLOSING_WEIGHTS = (24, 18, 12, 11, 9, 5, 6, 5, 4, 6)
NO_FEEDBACK = "De melder wilde geen bericht."

REJECTIONS = {
    "dubbel": "Dezelfde gebeurtenis is door dezelfde melder al gemeld.",
    "geen_straatintimidatie": "Gaat over iets anders; doorverwezen naar meldpunt openbare ruimte.",
    "test": "Proefmelding zonder inhoud.",
    "te_weinig_informatie": "Te weinig om mee verder te gaan, en niet te bereiken voor een vraag.",
    "onjuist_gebleken": "De melder belde zelf: het bleek een misverstand.",
}
RELEASED = "Gewone melding, ten onrechte tegengehouden."
REOPENED = (
    "De melder liet weten dat het op dezelfde plek weer gebeurd is.",
    "Nieuwe informatie van de wijkpolitie.",
    "De melder was het niet eens met de afhandeling en is teruggebeld.",
)
SUSPICIONS = {
    "betasten": "Aanraking tegen de wil, zoals de melder het beschrijft.",
    "aanranding": "Beschrijving past bij aanranding; politie in kennis gesteld.",
    "exhibitionisme": "Ontbloten in het openbaar.",
    "masturberen": "Seksuele handeling in het openbaar.",
    "seksueel_verzoek": "Seksueel getinte benadering op straat, mogelijk artikel 429ter Sr.",
}

NOTES = (
    (ANYWHERE, "Met de wijkagent gebeld. De plek is bekend, de drukste uren kloppen."),
    (ANYWHERE, "Cijfers van de afgelopen maand naast de meldingen gelegd: het patroon houdt aan."),
    (ANYWHERE, "Rustige week, geen nieuwe meldingen."),
    (ANYWHERE, "Twee nieuwe meldingen binnen een week. Toezicht daarop aangepast."),
    (ANYWHERE, "Besproken in het wekelijks overleg openbare orde. Aanpak wordt doorgezet."),
    (ANYWHERE, "Melders teruggebeld die dat wilden. Zij waarderen dat er iets gebeurt."),
    (ANYWHERE, "Zelf op locatie geweest op het drukste uur. Beeld uit de meldingen herkend."),
    (SHOPS, "Ondernemers gesproken. Zij zien de groep ook en willen meedenken."),
    (SHOPS, "Beheerder van het winkelcentrum laat de beveiliging een extra ronde lopen."),
    (NIGHT, "Portiers gesproken. Zij letten op en bellen eerder."),
    (NIGHT, "Horeca-overleg: zaken hangen de poster met het meldnummer op bij de toiletten."),
    (PARK, "Slecht zicht door hoge struiken, één lamp stuk. Doorgegeven aan beheer."),
    (PARK, "Verlichting is aangepast. Over vier weken opnieuw kijken."),
    (TRANSPORT, "Vervoerder laat weten dat er op deze lijn vaker een team meerijdt."),
    (TRANSPORT, "Met de stationsbeheerder de camerastanden doorgenomen."),
    (SCHOOL, "School heeft het onderwerp in de mentorlessen opgenomen."),
    (SCHOOL, "Jongerenwerk staat op drie middagen bij de halte. Gesprekken verlopen goed."),
    (RUNNING, "De loopgroep loopt voorlopig een andere route en houdt ons op de hoogte."),
)

# what is agreed, who does it
AGREEMENTS = (
    (ANYWHERE, "Twee keer per week extra toezicht op de drukke uren", "Team Handhaving (boa's)"),
    (ANYWHERE, "Meldingen naast de politiecijfers leggen, zonder persoonsgegevens", "Wijkpolitie"),
    (ANYWHERE, "Melders die dat willen bellen en bijpraten", "OOV-medewerker"),
    (ANYWHERE, "Bekijken of tijdelijk cameratoezicht nodig en toegestaan is", "OOV-medewerker"),
    (ANYWHERE, "Borden met uitleg over melden ophangen", "Communicatie"),
    (ANYWHERE, "Nagaan of er in de buurt meer mensen last van hebben", "Gebiedsmanager"),
    (PARK, "Verlichting nakijken en struiken terugsnoeien", "Beheer openbare ruimte"),
    (PARK, "Het hek aan de parkzijde eerder sluiten", "Beheer openbare ruimte"),
    (SHOPS, "Ondernemers uitleggen hoe zij kunnen helpen en melden", "Gebiedsmanager"),
    (NIGHT, "Portiers scholen in het herkennen van intimidatie", "Horeca-overleg"),
    (TRANSPORT, "Controle op de lijn en de halte in de spits", "Vervoerder, sociale veiligheid"),
    (SCHOOL, "Les over straatintimidatie in de onderbouw", "School, veiligheidscoördinator"),
    (SCHOOL, "Contact leggen met de groep en wekelijks terugkoppelen", "Jongerenwerk"),
    (RUNNING, "Loopgroep informeren over veilige routes", "OOV-medewerker"),
)


def fitting(options: Sequence[tuple[Any, ...]], topics: Collection[str]) -> list[tuple[Any, ...]]:
    """Return those that make sense for these topics, or anywhere; without the topic itself."""
    return [option[1:] for option in options if option[0] in {ANYWHERE, *topics}]


CLOSE_REASONS = (
    ("doel_bereikt", "De meldingen zijn gestopt en melders voelen zich er weer prettiger."),
    ("geen_nieuwe_meldingen", "Drie maanden lang geen nieuwe meldingen op deze plek."),
    ("overgenomen", "De politie heeft het overgenomen; hier is niets meer te doen."),
)
EFFECTS = (
    "Van zes meldingen per maand naar geen.",
    "Minder meldingen, en minder ernstige vormen.",
    "De drukte is weg; wel af en toe nog een losse melding verderop.",
)
TAKEN_OVER_BY = "Politie, basisteam"
MONITORING_REASON = "Alle afspraken zijn uitgevoerd. Nu kijken of het helpt."
REOPENED_DOSSIER = "Op dezelfde plek zijn opnieuw meldingen gekomen."
