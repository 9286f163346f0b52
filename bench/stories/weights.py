"""How often what occurs in the demo, and where: weights with their published figures, and places.

The figures stand, with their source, in the survey table of the project's shared data. Where
nothing is published (hours, exact ages, offenders) the weight is ours, and it says so.

`phrase` is how people write it, with its preposition. A report lands within some 50 m of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.stories.words import Weights

# CBS Belevingen 2021, women 12-25: whistled at 50 %, hissed at 40 %, called after or insulted 40 %
# (split 30 to 10, ours), walked after 25 %. The other forms have no figure: ours, small.
FORMS: Weights[str] = {
    "nafluiten": 50,
    "nasissen_naklakken": 40,
    "naroepen": 30,
    "beledigen_schelden": 10,
    "hinderlijk_volgen": 25,
    "seksuele_opmerking": 14,
    "nastaren": 9,
    "in_het_nauw_drijven": 5,
    "seksueel_gebaar": 5,
    "seksueel_verzoek": 4,
    "betasten": 5,
    "vastpakken_duwen": 3,
    "filmen_fotograferen": 4,
    "bedreigen": 3,
    "exhibitionisme": 2,
    "discriminerende_opmerking": 2,
    "anders": 2,
    "masturberen": 1,
    "spugen": 1,
    "slaan_schoppen": 1,
    "aanranding": 1,
}
# How many forms one report names: ours.
FORM_COUNT: Weights[int] = {1: 45, 2: 38, 3: 17}

# Stop Intimidatie app, Eindhoven: 125 of 170 reports by women (74 %). The rest is ours.
GENDER: Weights[str] = {
    "vrouw": 74,
    "man": 12,
    "wil_niet_zeggen": 9,
    "non_binair": 3,
    "anders": 2,
}

# CBS: 70 % of women of 14-18 and 74 % of 18-21 met it; Utrecht: the young 67 %, 30-65 39 %, 65-plus
# 18 %. Those who met it more report more; the share that has the app at all is ours.
AGE: Weights[str] = {
    "onder_16": 11,
    "16_17": 16,
    "18_24": 37,
    "25_34": 18,
    "35_49": 9,
    "50_64": 5,
    "65_plus": 2,
    "wil_niet_zeggen": 2,
}

# CBS: of the women who were walked after 85 % felt unsafe or afraid. The rest of both is ours.
FELT_WHEN_FOLLOWED: Weights[str] = {
    "onveilig_bang": 85,
    "ongemakkelijk": 9,
    "geirriteerd_boos": 6,
}
FELT: Weights[str] = {
    "ongemakkelijk": 40,
    "geirriteerd_boos": 31,
    "onveilig_bang": 23,
    "geen_indruk": 6,
}

# Erasmus 2016/17, Rotterdam: 90 % changes behaviour. What they change is ours.
CHANGES_BEHAVIOUR = 0.90
BEHAVIOUR: Weights[str] = {
    "mijdt_plek": 40,
    "mijdt_tijdstip": 25,
    "niet_meer_alleen": 24,
    "andere_kleding": 11,
}

# Erasmus 2016/17: 5 % reports it to an authority. Within that, ours.
POLICE: Weights[str] = {
    "nee": 88,
    "weet_niet": 4,
    "wil_aangifte": 3,
    "gebeld_0900": 2,
    "melding_gedaan": 1.5,
    "gebeld_112": 0.8,
    "aangifte_gedaan": 0.7,
}

# Utrecht 2024: 9, 14, 35 and 30 reports in May to August. One campaign drew that; the demo takes
# the square root of its rise, and ours for the other months.
MONTH: Weights[int] = {
    1: 0.7,
    2: 0.75,
    3: 0.85,
    4: 0.95,
    5: 1.0,
    6: 1.25,
    7: 1.95,
    8: 1.8,
    9: 1.35,
    10: 1.15,
    11: 0.95,
    12: 0.8,
}

# No figure is published on hours or weekdays: ours, by kind of place.
HOURS: dict[str, Weights[int]] = {
    "straat_plein": {
        8: 3,
        12: 3,
        15: 4,
        16: 5,
        17: 6,
        18: 5,
        19: 5,
        20: 6,
        21: 8,
        22: 8,
        23: 6,
        0: 3,
    },
    "park_groen": {7: 4, 8: 3, 12: 2, 15: 4, 16: 5, 17: 5, 18: 5, 19: 6, 20: 6, 21: 5, 22: 2},
    "station_halte": {7: 4, 8: 5, 16: 5, 17: 6, 18: 5, 20: 4, 21: 6, 22: 8, 23: 8, 0: 4},
    "in_ov": {8: 4, 15: 5, 16: 5, 17: 5, 21: 4, 22: 5, 23: 4},
    "uitgaansgebied": {21: 2, 22: 5, 23: 8, 0: 9, 1: 9, 2: 6, 3: 3},
    "horeca": {20: 3, 22: 5, 23: 7, 0: 7, 1: 5},
    "winkelgebied": {11: 3, 12: 4, 13: 5, 14: 6, 15: 7, 16: 7, 17: 5, 19: 3},
    "school_omgeving": {8: 5, 12: 4, 14: 6, 15: 8, 16: 6},
    "sportlocatie_zwembad": {10: 2, 14: 5, 16: 5, 19: 6, 20: 6, 21: 4},
    "bibliotheek_openbaar_gebouw": {11: 3, 14: 5, 16: 6, 19: 2},
    "parkeergelegenheid_tunnel": {7: 3, 18: 4, 20: 5, 21: 6, 22: 6, 23: 5},
    "evenement": {15: 4, 17: 5, 20: 6, 22: 7, 23: 5},
    "anders": {10: 2, 15: 4, 18: 4, 20: 4, 22: 3},
}
WEEKDAY: Weights[int] = {0: 12, 1: 13, 2: 13, 3: 15, 4: 18, 5: 17, 6: 12}

# The offender as reporters describe them; these weights are our own estimate.
OFFENDERS: Weights[str] = {"1": 46, "2": 19, "3_5": 23, "6_plus": 7, "onbekend": 5}
OFFENDER_AGE: Weights[str] = {
    "onder_12": 1,
    "12_15": 10,
    "16_17": 17,
    "18_24": 32,
    "25_39": 22,
    "40_59": 11,
    "60_plus": 2,
    "onbekend": 5,
}
TRANSPORT: Weights[str] = {
    "te_voet": 52,
    "fatbike_scooter": 18,
    "fiets": 14,
    "auto": 11,
    "ov": 3,
    "anders": 2,
}
BYSTANDERS: Weights[str] = {"geen": 32, "grepen_niet_in": 42, "grepen_in": 10, "weet_niet": 16}
ROLE: Weights[str] = {"slachtoffer": 82, "getuige": 10, "namens_ander": 5, "professional": 3}
SOURCE: Weights[str] = {
    "app_android": 42,
    "app_ios": 41,
    "webformulier": 9,
    "telefonisch": 4,
    "balie": 2,
    "partner": 2,
}
CONTACT: Weights[str] = {
    "nee": 46,
    "via_app": 19,
    "alleen_terugkoppeling": 16,
    "mailen": 12,
    "bellen": 7,
}
RECURRENCE: Weights[str] = {
    "eerste_keer": 38,
    "vaker_zelfde_plek": 30,
    "vaker_zelfde_persoon": 10,
    "weet_niet": 22,
}
STYLE: Weights[str] = {"gewoon": 52, "kort": 22, "lang": 22, "leeg": 4}


# Places: names are facts, coordinates rough


@dataclass(frozen=True)
class Spot:
    """A public place. `weight`: how often the background picks it."""

    municipality: str | None
    phrase: str
    lat: float
    lon: float
    kind: str
    weight: float = 1.0


# Told, but not on any map: a line of public transport, or words alone.
UNPLACED: tuple[tuple[str, dict[str, object]], ...] = (
    ("in de trein tussen Dordrecht en Rotterdam", {"ov": {"vervoerder": "NS", "lijn": "sprinter"}}),
    ("in de trein naar Eindhoven", {"ov": {"vervoerder": "NS", "richting": "Eindhoven"}}),
    ("in de nachtbus", {"ov": {"vervoerder": "streekbus", "lijn": "nachtlijn"}}),
    ("op een feest, ik weet niet precies waar", {}),
    ("ergens onderweg met de bus", {"ov": {"lijn": "onbekend", "halte": "onbekend"}}),
)
