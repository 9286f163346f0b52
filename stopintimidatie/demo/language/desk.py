"""What officers write: questions, reasons, feedback, notes. Short and businesslike."""

QUESTIONS = (
    "Weet u nog hoe laat het ongeveer was?",
    "Aan welke kant van het plein gebeurde het?",
    "Mogen we u bellen om het verhaal aan te vullen?",
    "Was het dezelfde groep als in uw eerdere melding?",
    "Heeft u al contact gehad met de politie?",
    "Welke bus was het, en waar stapte u in?",
    "Kunt u iets zeggen over kleding of vervoer? Namen hoeft u niet te noemen.",
    "Wilt u dat we u in contact brengen met slachtofferhulp?",
)

PARTNERS = (
    ("politie", "Wijkpolitie"),
    ("handhaving", "Team Handhaving (boa's)"),
    ("jongerenwerk", "Jongerenwerk"),
    ("vervoerder", "Vervoerder, team sociale veiligheid"),
    ("school", "School, veiligheidscoördinator"),
    ("woningcorporatie", "Woningcorporatie"),
)

PARTNER_QUESTIONS = (
    "Herkennen jullie deze plek en dit tijdstip uit de eigen rondes?",
    "Is er in dit weekend extra toezicht gelopen?",
    "Kunnen jullie hier de komende twee weken langs gaan?",
    "Is deze groep bij jullie in beeld?",
    "Hangt op deze plek een camera die van jullie is?",
)

PARTNER_ANSWERS = (
    "Plek is bekend. Er wordt vaker gelopen op vrijdag en zaterdag.",
    "Geen bijzonderheden gezien in de rondes van die avond.",
    "Jongerenwerk kent de groep en gaat het gesprek aan.",
    "De vervoerder laat de komende maand een team meerijden.",
    "Geen camera op deze plek.",
)

ANSWERED = (
    "De melder heeft geantwoord.",
    "De melder heeft het tijdstip en de plek aangevuld.",
    "Gebeld: de melder vertelde rustig wat er gebeurd was.",
)
EXPIRED = "Geen antwoord binnen de termijn."

JOINED = (
    "Zelfde plek en zelfde tijdstip als de andere meldingen.",
    "Beschrijving van groep en vervoer komt overeen.",
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
    "Met de wijkagent gebeld. De plek is bekend, de drukste uren kloppen met de meldingen.",
    "Zelf op locatie geweest. Slecht zicht door hoge struiken, één lamp stuk.",
    "Ondernemers gesproken. Zij zien de groep ook en willen meedenken.",
    "Cijfers van de afgelopen maand naast de meldingen gelegd: het patroon houdt aan.",
    "Jongerenwerk heeft contact met een deel van de groep. Gesprek verliep goed.",
    "Rustige week, geen nieuwe meldingen.",
    "Twee nieuwe meldingen binnen een week. Toezicht verlegd naar de late avond.",
    "Besproken in het wekelijks overleg openbare orde. Aanpak wordt doorgezet.",
    "Vervoerder laat weten dat er op deze lijn vaker een team meerijdt.",
    "Melders teruggebeld die dat wilden. Zij waarderen dat er iets gebeurt.",
    "School heeft het onderwerp in de mentorlessen opgenomen.",
    "Verlichting is aangepast. Over vier weken opnieuw kijken.",
)

# what is agreed, who does it
AGREEMENTS = (
    ("Twee avonden per week extra toezicht op de drukke uren", "Team Handhaving (boa's)"),
    ("Verlichting nakijken en struiken terugsnoeien", "Beheer openbare ruimte"),
    ("Contact leggen met de groep en wekelijks terugkoppelen", "Jongerenwerk"),
    ("Meldingen naast de politiecijfers leggen, zonder persoonsgegevens", "Wijkpolitie"),
    ("Ondernemers uitleggen hoe zij kunnen helpen en melden", "Gebiedsmanager"),
    ("Melders die dat willen bellen en bijpraten", "OOV-medewerker"),
    ("Controle op de bus in de spits", "Vervoerder, team sociale veiligheid"),
    ("Les over straatintimidatie in de onderbouw", "School, veiligheidscoördinator"),
    ("Bekijken of tijdelijk cameratoezicht nodig en toegestaan is", "OOV-medewerker"),
    ("Borden met uitleg over melden ophangen", "Communicatie"),
    ("Sluitingstijd van het hek aan de parkzijde vervroegen", "Beheer openbare ruimte"),
    ("Loopgroep informeren over veilige routes", "OOV-medewerker"),
)

CLOSE_REASONS = (
    ("doel_bereikt", "De meldingen zijn gestopt en melders voelen zich er weer prettiger."),
    ("geen_nieuwe_meldingen", "Drie maanden lang geen nieuwe meldingen op deze plek."),
    ("overgenomen_door", "De politie heeft het overgenomen; hier is niets meer te doen."),
    ("samengevoegd", "Verder behandeld in een ander dossier over hetzelfde gebied."),
)
EFFECTS = (
    "Van zes meldingen per maand naar geen.",
    "Minder meldingen, en minder ernstige vormen.",
    "De drukte is weg; wel af en toe nog een losse melding verderop.",
)
STARTED_REASON = "Doel, grondslag en dossierhouder staan vast."
MONITORING_REASON = "Alle afspraken zijn uitgevoerd. Nu kijken of het helpt."
REOPENED_DOSSIER = "Op dezelfde plek zijn opnieuw meldingen gekomen."
