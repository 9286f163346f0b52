"""How often what occurs in the demo, and where: weights with their published figures, and places.

The figures stand, with their source, in the survey table of the project's shared data. Where
nothing is published (hours, exact ages, offenders) the weight is ours, and it says so.

`phrase` is how people write it, with its preposition. A report lands within some 50 m of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from stopintimidatie.demo.stories.words import Weights

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

# Who did it, as far as reporters can say: ours.
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

DORDRECHT = "GM0505"
EINDHOVEN = "GM0772"
TILBURG = "GM0855"


@dataclass(frozen=True)
class Spot:
    """A public place. `weight`: how often the background picks it."""

    municipality: str | None
    phrase: str
    lat: float
    lon: float
    kind: str
    weight: float = 1.0


_STREET, _PARK, _STATION = "straat_plein", "park_groen", "station_halte"
_NIGHT, _SHOPS, _SCHOOL = "uitgaansgebied", "winkelgebied", "school_omgeving"
_SPORT, _TUNNEL, _BAR = "sportlocatie_zwembad", "parkeergelegenheid_tunnel", "horeca"
_LIBRARY, _IN_BUS, _EVENT = "bibliotheek_openbaar_gebouw", "in_ov", "evenement"

_DORDRECHT = (
    ("bij het station", 51.8077, 4.6683, _STATION, 3.0),
    ("op het Statenplein", 51.8141, 4.6707, _SHOPS, 2.5),
    ("op de Voorstraat", 51.8147, 4.6683, _SHOPS, 2.5),
    ("op het Scheffersplein", 51.8152, 4.6683, _NIGHT, 3.0),
    ("op de Grote Markt", 51.8158, 4.6669, _NIGHT, 1.5),
    ("bij het Groothoofd", 51.8190, 4.6690, _STREET, 1.5),
    ("in de Vriesestraat", 51.8126, 4.6703, _STREET, 1.5),
    ("op het Spui", 51.8113, 4.6640, _STREET, 1.2),
    ("op de Spuiboulevard", 51.8106, 4.6622, _STREET, 1.2),
    ("op de Johan de Wittstraat", 51.8101, 4.6682, _STREET, 1.5),
    ("in de bibliotheek", 51.8146, 4.6661, _LIBRARY, 0.7),
    ("bij de bioscoop op het Energieplein", 51.8163, 4.6812, _BAR, 1.2),
    ("op de Noordendijk", 51.8165, 4.6835, _STREET, 1.0),
    ("in park Merwestein", 51.8108, 4.6767, _PARK, 1.4),
    ("in het Wantijpark", 51.8105, 4.6955, _PARK, 1.6),
    ("in het Weizigtpark", 51.8050, 4.6662, _PARK, 1.2),
    ("op de Krispijnseweg", 51.8020, 4.6590, _STREET, 1.5),
    ("op de Brouwersdijk", 51.7985, 4.6610, _STREET, 1.0),
    ("op het Admiraalsplein", 51.7915, 4.6540, _SHOPS, 1.4),
    ("bij station Zuid", 51.7900, 4.6715, _STATION, 1.0),
    ("in winkelcentrum Sterrenburg", 51.7818, 4.6740, _SHOPS, 1.2),
    ("op de Blaauwweg", 51.7812, 4.6805, _STREET, 0.7),
    ("op het Vogelplein", 51.8090, 4.6865, _STREET, 0.8),
    ("op de Reeweg Oost", 51.8055, 4.6850, _STREET, 1.0),
    ("bij het Leerpark", 51.7985, 4.6815, _SCHOOL, 2.0),
    ("bij de sporthal aan de Karel Lotsyweg", 51.7927, 4.6785, _SPORT, 1.2),
    ("bij het ziekenhuis", 51.7925, 4.6830, _STATION, 0.8),
    ("op het Damplein in Dubbeldam", 51.7965, 4.7010, _SHOPS, 0.8),
    ("bij station Stadspolders", 51.8040, 4.7120, _STATION, 1.0),
    ("bij winkelcentrum Bieshof", 51.8012, 4.7252, _SHOPS, 0.8),
    ("bij de winkels op de Staart", 51.8150, 4.7100, _SHOPS, 0.8),
    ("op de Merwedestraat", 51.8180, 4.6915, _STREET, 0.7),
    ("in de bus naar Stadspolders", 51.8075, 4.6720, _IN_BUS, 1.0),
    ("in de parkeergarage bij het Spuiplein", 51.8118, 4.6660, _TUNNEL, 0.8),
    ("bij de kermis op de Spuihaven", 51.8120, 4.6655, _EVENT, 0.5),
)
_EINDHOVEN = (
    ("op het station", 51.4432, 5.4797, _STATION, 2.5),
    ("op het busstation Neckerspoel", 51.4445, 5.4790, _STATION, 2.0),
    ("op Stratumseind", 51.4357, 5.4806, _NIGHT, 3.0),
    ("op de Markt", 51.4384, 5.4790, _NIGHT, 2.0),
    ("in de Dommelstraat", 51.4412, 5.4825, _NIGHT, 1.5),
    ("op het 18 Septemberplein", 51.4417, 5.4776, _SHOPS, 2.5),
    ("in de Demer", 51.4402, 5.4778, _SHOPS, 1.5),
    ("op het Catharinaplein", 51.4370, 5.4795, _STREET, 1.0),
    ("op de Kleine Berg", 51.4366, 5.4738, _BAR, 1.2),
    ("op het Wilhelminaplein", 51.4377, 5.4712, _BAR, 1.0),
    ("in het Stadswandelpark", 51.4285, 5.4815, _PARK, 1.6),
    ("in de Genneper Parken", 51.4140, 5.4740, _PARK, 1.0),
    ("bij zwembad de Tongelreep", 51.4130, 5.4760, _SPORT, 1.2),
    ("op de Aalsterweg", 51.4205, 5.4830, _STREET, 0.9),
    ("op de Leenderweg", 51.4245, 5.4935, _STREET, 1.0),
    ("op de Geldropseweg", 51.4330, 5.4930, _STREET, 1.1),
    ("op de Tongelresestraat", 51.4400, 5.4990, _STREET, 1.0),
    ("op de Hofstraat", 51.4495, 5.5235, _STREET, 0.5),
    ("op de campus van de TU", 51.4483, 5.4900, _SCHOOL, 1.2),
    ("bij de Fontys op de Rachelsmolen", 51.4512, 5.4800, _SCHOOL, 1.2),
    ("op de Kruisstraat", 51.4485, 5.4765, _STREET, 1.6),
    ("op de Woenselse Markt", 51.4475, 5.4742, _BAR, 1.0),
    ("bij winkelcentrum Woensel", 51.4690, 5.4757, _SHOPS, 1.6),
    ("op de Kronehoefstraat", 51.4548, 5.4720, _STREET, 0.9),
    ("in het Henri Dunantpark", 51.4800, 5.4640, _PARK, 0.8),
    ("in Blixembosch bij de winkels", 51.4890, 5.4740, _SHOPS, 0.5),
    ("in het Philips de Jonghpark", 51.4490, 5.4480, _PARK, 1.0),
    ("op Strijp-S bij het Ketelhuisplein", 51.4475, 5.4570, _EVENT, 1.0),
    ("bij station Strijp-S", 51.4507, 5.4560, _STATION, 1.0),
    ("op de Frederiklaan", 51.4420, 5.4560, _STREET, 0.8),
    ("op het Kastelenplein", 51.4260, 5.4560, _SHOPS, 0.8),
    ("op de Grasdreef in Meerhoven", 51.4440, 5.4080, _STREET, 0.7),
    ("in de bus naar het vliegveld", 51.4430, 5.4440, _IN_BUS, 1.0),
    ("in de tunnel onder het spoor", 51.4440, 5.4830, _TUNNEL, 1.0),
    ("in de bibliotheek in de Witte Dame", 51.4405, 5.4730, _LIBRARY, 0.6),
    ("op de Kennedylaan bij de bushalte", 51.4640, 5.4930, _STATION, 0.7),
)
_TILBURG = (
    ("op het station", 51.5606, 5.0838, _STATION, 2.0),
    ("in het Spoorpark", 51.5610, 5.0720, _PARK, 1.5),
    ("op de Heuvel", 51.5580, 5.0925, _NIGHT, 1.5),
    ("op het Piusplein", 51.5547, 5.0905, _NIGHT, 1.5),
    ("in de Heuvelstraat", 51.5567, 5.0880, _SHOPS, 1.2),
    ("op het Koningsplein", 51.5545, 5.0860, _STREET, 1.0),
    ("in het Wilhelminapark", 51.5665, 5.0870, _PARK, 1.0),
    ("op het Wagnerplein", 51.5800, 5.0800, _SHOPS, 1.0),
    ("in het Leijpark", 51.5400, 5.0850, _PARK, 1.0),
    ("bij de school op Stappegoor", 51.5395, 5.0780, _SCHOOL, 1.0),
    ("bij het station Reeshof", 51.5745, 4.9940, _STATION, 0.8),
    ("op de campus bij de universiteit", 51.5635, 5.0420, _SCHOOL, 0.8),
)
_ELSEWHERE = (
    ("GM0599", "bij Rotterdam Centraal", 51.9244, 4.4690, _STATION),
    ("GM0344", "op de Neude", 52.0930, 5.1187, _NIGHT),
    ("GM0642", "bij het station", 51.8165, 4.6400, _STATION),
    ("GM0590", "bij de Meent", 51.8310, 4.6920, _SHOPS),
    ("GM0610", "bij station Sliedrecht", 51.8290, 4.7770, _STATION),
    ("GM0531", "bij de school", 51.8440, 4.6370, _SCHOOL),
    ("GM0861", "bij het winkelcentrum", 51.4190, 5.4050, _SHOPS),
    ("GM0794", "op het station", 51.4755, 5.6620, _STATION),
    ("GM1771", "in de Heuvel", 51.4217, 5.5583, _SHOPS),
    ("GM0753", "bij station Best", 51.5095, 5.3890, _STATION),
    ("GM0785", "op de Hovel", 51.5220, 5.0660, _SHOPS),
    ("GM0758", "in het Valkenberg", 51.5925, 4.7800, _PARK),
    ("GM0193", "op het stationsplein", 52.5060, 6.0910, _STATION),
    ("GM0268", "bij het station", 51.8430, 5.8530, _STATION),
    ("GM0363", "op het Rembrandtplein", 52.3660, 4.8965, _NIGHT),
    ("GM0518", "op het Plein", 52.0805, 4.3155, _NIGHT),
    ("GM0014", "op de Grote Markt", 53.2190, 6.5680, _NIGHT),
    ("GM0153", "op de Oude Markt", 52.2210, 6.8960, _NIGHT),
)
# In the boxes, but in nobody's municipality.
_NOWHERE = (
    ("op de veerboot", 52.2000, 3.4000, _IN_BUS),
    ("op een zeilboot ver uit de kust", 53.1000, 4.2000, "anders"),
    ("in Kralendijk op de boulevard", 12.1510, -68.2765, _STREET),
)


def _spots(municipality: str, rows: tuple[tuple[str, float, float, str, float], ...]) -> list[Spot]:
    return [Spot(municipality, *row) for row in rows]


SPOTS: dict[str, list[Spot]] = {
    DORDRECHT: _spots(DORDRECHT, _DORDRECHT),
    EINDHOVEN: _spots(EINDHOVEN, _EINDHOVEN),
    TILBURG: _spots(TILBURG, _TILBURG),
}
ELSEWHERE = [Spot(*row) for row in _ELSEWHERE]
NOWHERE = [Spot(None, *row) for row in _NOWHERE]

# Told, but not on any map: a line of public transport, or words alone.
UNPLACED: tuple[tuple[str, dict[str, object]], ...] = (
    ("in de trein tussen Dordrecht en Rotterdam", {"ov": {"vervoerder": "NS", "lijn": "sprinter"}}),
    ("in de trein naar Eindhoven", {"ov": {"vervoerder": "NS", "richting": "Eindhoven"}}),
    ("in de nachtbus", {"ov": {"vervoerder": "streekbus", "lijn": "nachtlijn"}}),
    ("op een feest, ik weet niet precies waar", {}),
    ("ergens onderweg met de bus", {"ov": {"lijn": "onbekend", "halte": "onbekend"}}),
)


def spot(municipality: str, phrase: str) -> Spot:
    """Return the place people call so."""
    return next(s for s in SPOTS[municipality] if s.phrase == phrase)
