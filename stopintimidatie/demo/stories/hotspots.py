"""The planted hot spots: what clustering should find, kept apart from the reports themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stopintimidatie.demo.stories.weights import DORDRECHT, EINDHOVEN, FORMS, TILBURG

RUNNERS = "loopgroep"
PUPILS = "scholieren"


@dataclass(frozen=True)
class HotSpot:
    """A pattern in time, place and kind, from which `count` reports are drawn.

    :param places: the phrases of the spots (a route has several).
    :param days: weekdays (Monday is 0); empty for all.
    :param hours: local hours; those before 6 belong to the night of the day before.
    :param first: days before the moment of the demo at which it began; `last` when it ended.
    :param shape: fixed answers about whoever did it.
    :param audience: who is met there: runners, pupils, or anybody.
    """

    key: str
    municipality: str
    about: str
    places: tuple[str, ...]
    days: tuple[int, ...]
    hours: tuple[int, ...]
    count: int
    first: int
    last: int
    forms: Mapping[str, float]
    shape: Mapping[str, str] = field(default_factory=dict)
    audience: str = ""


def _small(key: str, municipality: str, place: str, count: int, first: int, last: int) -> HotSpot:
    """Make a handful of reports at one place in a short time, of any form."""
    about = f"Kleine reeks {place}"
    return HotSpot(key, municipality, about, (place,), (), _HOURS, count, first, last, FORMS)


_HOURS = (16, 17, 18, 20, 21)
HOT_SPOTS = (
    HotSpot(
        "station_vrijdagnacht",
        DORDRECHT,
        "Groep jongens bij het station, vrijdagnacht",
        ("bij het station",),
        (4,),
        (22, 23, 0, 1),
        24,
        230,
        2,
        {"naroepen": 5, "nafluiten": 4, "hinderlijk_volgen": 4, "nasissen_naklakken": 3},
        {"aantal": "3_5", "leeftijdGeschat": "18_24", "vervoermiddel": "te_voet"},
    ),
    HotSpot(
        "loopgroep_wantij",
        DORDRECHT,
        "Man op een fiets langs de route van een loopgroep",
        ("in het Wantijpark", "op de Noordendijk"),
        (1, 3),
        (19, 20),
        14,
        150,
        4,
        {"hinderlijk_volgen": 5, "nastaren": 4, "filmen_fotograferen": 3, "nafluiten": 2},
        {"aantal": "1", "leeftijdGeschat": "40_59", "vervoermiddel": "fiets"},
        RUNNERS,
    ),
    HotSpot(
        "schoolbus_leerpark",
        DORDRECHT,
        "Jongens op fatbikes bij de bushalte van de school",
        ("bij het Leerpark",),
        (0, 1, 3, 4),
        (15, 16),
        16,
        120,
        1,
        {"nasissen_naklakken": 5, "naroepen": 4, "nafluiten": 3, "in_het_nauw_drijven": 2},
        {"aantal": "3_5", "leeftijdGeschat": "16_17", "vervoermiddel": "fatbike_scooter"},
        PUPILS,
    ),
    HotSpot(
        "exhibitionist_weizigt",
        DORDRECHT,
        "Man die zich laat zien in het Weizigtpark, begin van de avond",
        ("in het Weizigtpark",),
        (),
        (18, 19, 20, 21),
        9,
        95,
        20,
        {"exhibitionisme": 6, "masturberen": 2, "nastaren": 1},
        {"aantal": "1", "leeftijdGeschat": "25_39", "vervoermiddel": "te_voet"},
    ),
    HotSpot(
        "statenplein_zaterdag",
        DORDRECHT,
        "Groep scholieren op het Statenplein, zaterdagmiddag",
        ("op het Statenplein", "op de Voorstraat"),
        (5,),
        (14, 15, 16),
        12,
        400,
        210,
        {"nafluiten": 5, "naroepen": 4, "beledigen_schelden": 3},
        {"aantal": "6_plus", "leeftijdGeschat": "12_15", "vervoermiddel": "te_voet"},
    ),
    HotSpot(
        "zwembad_filmen",
        DORDRECHT,
        "Filmen bij de sporthal",
        ("bij de sporthal aan de Karel Lotsyweg",),
        (2, 5, 6),
        (14, 15, 16, 19),
        7,
        70,
        5,
        {"filmen_fotograferen": 5, "nastaren": 3},
        {"aantal": "2", "leeftijdGeschat": "16_17", "vervoermiddel": "te_voet"},
    ),
    HotSpot(
        "stratumseind_weekend",
        EINDHOVEN,
        "Stratumseind in de nachten van vrijdag en zaterdag",
        ("op Stratumseind", "op de Markt"),
        (4, 5),
        (23, 0, 1, 2),
        26,
        330,
        3,
        {"betasten": 5, "vastpakken_duwen": 3, "seksuele_opmerking": 4, "naroepen": 3},
        {"aantal": "2", "leeftijdGeschat": "18_24", "vervoermiddel": "te_voet"},
    ),
    HotSpot(
        "fietser_campus",
        EINDHOVEN,
        "Man op een fiets volgt studenten, laat op de avond",
        ("op de campus van de TU", "in de tunnel onder het spoor"),
        (0, 1, 2, 3),
        (22, 23),
        12,
        110,
        6,
        {"hinderlijk_volgen": 6, "nasissen_naklakken": 3, "in_het_nauw_drijven": 2},
        {"aantal": "1", "leeftijdGeschat": "25_39", "vervoermiddel": "fiets"},
    ),
    HotSpot(
        "neckerspoel_middag",
        EINDHOVEN,
        "Groep op fatbikes bij het busstation, na schooltijd",
        ("op het busstation Neckerspoel",),
        (0, 1, 2, 3, 4),
        (15, 16, 17),
        13,
        90,
        1,
        {"naroepen": 5, "nasissen_naklakken": 4, "beledigen_schelden": 3, "nafluiten": 3},
        {"aantal": "6_plus", "leeftijdGeschat": "12_15", "vervoermiddel": "fatbike_scooter"},
        PUPILS,
    ),
    HotSpot(
        "stadswandelpark_ochtend",
        EINDHOVEN,
        "Man in de struiken van het Stadswandelpark, vroeg in de ochtend",
        ("in het Stadswandelpark",),
        (),
        (7, 8),
        9,
        300,
        160,
        {"masturberen": 4, "exhibitionisme": 4, "nastaren": 1},
        {"aantal": "1", "leeftijdGeschat": "40_59", "vervoermiddel": "te_voet"},
        RUNNERS,
    ),
    HotSpot(
        "strijp_festival",
        EINDHOVEN,
        "Eén festivalweekend op Strijp-S",
        ("op Strijp-S bij het Ketelhuisplein",),
        (4, 5),
        (20, 22, 23),
        11,
        172,
        165,
        {"betasten": 4, "filmen_fotograferen": 2, "naroepen": 3, "seksuele_opmerking": 3},
        {"aantal": "3_5", "leeftijdGeschat": "18_24", "vervoermiddel": "te_voet"},
    ),
    HotSpot(
        "auto_kruisstraat",
        EINDHOVEN,
        "Man in een auto spreekt meisjes aan op en om de Kruisstraat",
        ("op de Kruisstraat", "op de Kronehoefstraat"),
        (),
        (17, 18, 19, 20),
        10,
        60,
        2,
        {"seksueel_verzoek": 6, "hinderlijk_volgen": 3, "naroepen": 2},
        {"aantal": "1", "leeftijdGeschat": "40_59", "vervoermiddel": "auto"},
    ),
    _small("merwestein", DORDRECHT, "in park Merwestein", 6, 50, 2),
    _small("stadspolders", DORDRECHT, "bij station Stadspolders", 4, 15, 2),
    _small("staart", DORDRECHT, "bij de winkels op de Staart", 5, 310, 255),
    _small("bus_stadspolders", DORDRECHT, "in de bus naar Stadspolders", 4, 14, 3),
    _small("de_jonghpark", EINDHOVEN, "in het Philips de Jonghpark", 5, 38, 3),
    _small("kastelenplein", EINDHOVEN, "op het Kastelenplein", 5, 410, 320),
    _small("tongelresestraat", EINDHOVEN, "op de Tongelresestraat", 5, 10, 4),
    _small("sterrenburg", DORDRECHT, "in winkelcentrum Sterrenburg", 4, 410, 330),
    _small("admiraalsplein", DORDRECHT, "op het Admiraalsplein", 5, 165, 80),
    _small("dunantpark", EINDHOVEN, "in het Henri Dunantpark", 4, 225, 150),
    _small("winkels_woensel", EINDHOVEN, "bij winkelcentrum Woensel", 5, 135, 60),
    HotSpot(
        "spoorpark_avond",
        TILBURG,
        "Groep in het Spoorpark, zomeravonden",
        ("in het Spoorpark",),
        (3, 4, 5),
        (20, 21, 22),
        10,
        160,
        60,
        {"nafluiten": 4, "naroepen": 4, "nasissen_naklakken": 3},
        {"aantal": "3_5", "leeftijdGeschat": "16_17", "vervoermiddel": "te_voet"},
    ),
)
