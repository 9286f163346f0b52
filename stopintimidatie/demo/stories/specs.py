"""The thirty dossiers of the demo: neutral titles, no persons, every state and type."""

from __future__ import annotations

from dataclasses import dataclass

from stopintimidatie.demo.stories.weights import DORDRECHT, EINDHOVEN

PREPARING, ACTIVE, WATCHING, CLOSED = "in_voorbereiding", "in_aanpak", "monitoring", "afgesloten"
REOPENED = "heropend"
WHOLE = "-GB"


@dataclass(frozen=True)
class DossierSpec:
    """A dossier to be made.

    :param state: where it ends; `heropend` is in_aanpak again after having been closed.
    :param age: days before the moment of the demo at which it was made.
    :param hot_spot: take the reports of this hot spot;
    :param places: or else reports at these places;
    :param forms: or else reports of these forms; `most` of them.
    """

    municipality: str
    neighbourhood: str
    type: str
    state: str
    age: int
    title: str
    summary: str
    hot_spot: str = ""
    places: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    most: int = 8


def _at(municipality: str, wijk: str) -> str:
    """Return the code of a wijk for `01`; `-GB` is the whole municipality."""
    return f"{municipality}{wijk}" if wijk == WHOLE else f"WK{municipality[2:]}{wijk}"


DOSSIERS = (
    DossierSpec(
        DORDRECHT,
        _at(DORDRECHT, "01"),
        "hotspot",
        ACTIVE,
        95,
        "Station en omgeving, late avond",
        "Meldingen van naroepen en volgen bij het station, vooral op vrijdag tussen 22.00 en "
        "02.00 uur. Het gaat om een wisselende groep.",
        hot_spot="station_vrijdagnacht",
        most=20,
    ),
    DossierSpec(
        DORDRECHT,
        _at(DORDRECHT, "05"),
        "thema",
        ACTIVE,
        60,
        "Hardlopen langs het water",
        "Hardlopers worden op doordeweekse avonden gevolgd op de route van het Wantijpark naar "
        "de Noordendijk.",
        hot_spot="loopgroep_wantij",
        most=12,
    ),
    DossierSpec(
        DORDRECHT,
        _at(DORDRECHT, "05"),
        "groep",
        ACTIVE,
        45,
        "Bushalte bij de school, na schooltijd",
        "Leerlingen melden sissen en naroepen door jongens op fatbikes bij de bushalte.",
        hot_spot="schoolbus_leerpark",
        most=12,
    ),
    DossierSpec(
        DORDRECHT,
        _at(DORDRECHT, "04"),
        "persoonsgericht",
        ACTIVE,
        40,
        "Ontblotingen in een park, begin van de avond",
        "Meerdere meldingen van iemand die zich laat zien. Identiteit is hier niet bekend en "
        "wordt hier niet vastgelegd.",
        hot_spot="exhibitionist_weizigt",
        most=8,
    ),
    DossierSpec(
        DORDRECHT,
        _at(DORDRECHT, "01"),
        "groep",
        CLOSED,
        380,
        "Winkelgebied op zaterdagmiddag",
        "Groep scholieren op en om het Statenplein. Na gesprekken en toezicht afgenomen.",
        hot_spot="statenplein_zaterdag",
        most=11,
    ),
    DossierSpec(
        DORDRECHT,
        _at(DORDRECHT, "10"),
        "hotspot",
        PREPARING,
        9,
        "Filmen rond de sporthal",
        "Sporters worden gefilmd bij de ingang. Eerst uitzoeken om welke plekken het gaat.",
        hot_spot="zwembad_filmen",
        most=5,
    ),
    DossierSpec(
        DORDRECHT,
        _at(DORDRECHT, "07"),
        "hotspot",
        WATCHING,
        170,
        "Admiraalsplein in de avond",
        "Losse meldingen rond de winkels. Toezicht en verlichting zijn aangepast.",
        hot_spot="admiraalsplein",
        most=6,
    ),
    DossierSpec(
        DORDRECHT,
        _at(DORDRECHT, "01"),
        "hotspot",
        REOPENED,
        320,
        "Uitgaansgebied rond het Scheffersplein",
        "Meldingen uit de uitgaansnachten. Eerder afgesloten, na de zomer weer opgepakt.",
        places=("op het Scheffersplein", "op de Grote Markt"),
        most=12,
    ),
    DossierSpec(
        DORDRECHT,
        _at(DORDRECHT, "03"),
        "hotspot",
        WATCHING,
        150,
        "Krispijnseweg en Brouwersdijk",
        "Naroepen vanaf hangplekken langs de doorgaande weg.",
        places=("op de Krispijnseweg", "op de Brouwersdijk"),
        most=7,
    ),
    DossierSpec(
        DORDRECHT,
        _at(DORDRECHT, "09"),
        "hotspot",
        CLOSED,
        420,
        "Winkelcentrum Sterrenburg",
        "Meldingen van winkelend publiek. Beheerder heeft toezicht geregeld.",
        hot_spot="sterrenburg",
        most=5,
    ),
    DossierSpec(
        DORDRECHT,
        _at(DORDRECHT, "11"),
        "hotspot",
        PREPARING,
        8,
        "Station Stadspolders, spits",
        "Eerste signalen van reizigers. Nog te bepalen of dit een patroon is.",
        hot_spot="stadspolders",
        most=3,
    ),
    DossierSpec(
        DORDRECHT,
        _at(DORDRECHT, "02"),
        "hotspot",
        ACTIVE,
        30,
        "Park Merwestein",
        "Wandelaars melden nastaren en nafluiten rond de bankjes.",
        hot_spot="merwestein",
        most=5,
    ),
    DossierSpec(
        DORDRECHT,
        _at(DORDRECHT, WHOLE),
        "thema",
        ACTIVE,
        75,
        "Fatbikes en nafluiten",
        "Meldingen door de hele stad waarin jongeren op fatbikes een rol spelen.",
        forms=("nafluiten",),
        most=8,
    ),
    DossierSpec(
        DORDRECHT,
        _at(DORDRECHT, WHOLE),
        "thema",
        CLOSED,
        260,
        "Veilig naar huis in de donkere maanden",
        "Bundeling van avondmeldingen voor de wintercampagne.",
        forms=("hinderlijk_volgen",),
        most=6,
    ),
    DossierSpec(
        DORDRECHT,
        _at(DORDRECHT, "01"),
        "thema",
        PREPARING,
        6,
        "Openbaar vervoer en haltes",
        "Voorbereiding van een gesprek met de vervoerder over halten en lijnen.",
        hot_spot="bus_stadspolders",
        most=4,
    ),
    DossierSpec(
        DORDRECHT,
        _at(DORDRECHT, "06"),
        "hotspot",
        CLOSED,
        300,
        "Winkels op de Staart",
        "Kort maar hevig: een maand lang meldingen rond de winkels.",
        hot_spot="staart",
        most=4,
    ),
    DossierSpec(
        EINDHOVEN,
        _at(EINDHOVEN, "11"),
        "hotspot",
        ACTIVE,
        120,
        "Stratumseind in het weekend",
        "Ongewenste aanrakingen en opmerkingen in de uitgaansnachten.",
        hot_spot="stratumseind_weekend",
        most=20,
    ),
    DossierSpec(
        EINDHOVEN,
        _at(EINDHOVEN, "11"),
        "hotspot",
        ACTIVE,
        50,
        "Route tussen campus en station",
        "Studenten worden laat op de avond gevolgd tussen de campus en de spoortunnel.",
        hot_spot="fietser_campus",
        most=10,
    ),
    DossierSpec(
        EINDHOVEN,
        _at(EINDHOVEN, "11"),
        "groep",
        ACTIVE,
        35,
        "Busstation na schooltijd",
        "Groep jongeren op fatbikes bij het busstation, op schooldagen tussen 15.00 en 18.00 uur.",
        hot_spot="neckerspoel_middag",
        most=10,
    ),
    DossierSpec(
        EINDHOVEN,
        _at(EINDHOVEN, "21"),
        "hotspot",
        CLOSED,
        290,
        "Stadswandelpark in de ochtend",
        "Hardlopers meldden ontblotingen. Politie heeft opgetreden, daarna stil.",
        hot_spot="stadswandelpark_ochtend",
        most=8,
    ),
    DossierSpec(
        EINDHOVEN,
        _at(EINDHOVEN, "61"),
        "thema",
        WATCHING,
        160,
        "Festivalweekend Strijp-S",
        "Meldingen uit één weekend. Afspraken gemaakt voor de volgende editie.",
        hot_spot="strijp_festival",
        most=10,
    ),
    DossierSpec(
        EINDHOVEN,
        _at(EINDHOVEN, "41"),
        "groep",
        PREPARING,
        12,
        "Aanspreken vanuit auto's",
        "Meisjes worden in de vroege avond aangesproken vanuit een auto rond de Kruisstraat.",
        hot_spot="auto_kruisstraat",
        most=6,
    ),
    DossierSpec(
        EINDHOVEN,
        _at(EINDHOVEN, "51"),
        "hotspot",
        WATCHING,
        140,
        "Winkelcentrum Woensel",
        "Naroepen bij de ingangen aan de buszijde.",
        hot_spot="winkels_woensel",
        most=7,
    ),
    DossierSpec(
        EINDHOVEN,
        _at(EINDHOVEN, "11"),
        "hotspot",
        REOPENED,
        340,
        "Winkelstraten in het centrum",
        "Meldingen van winkelend publiek en personeel. Na een rustige lente opnieuw begonnen.",
        places=("op het 18 Septemberplein", "in de Demer"),
        most=10,
    ),
    DossierSpec(
        EINDHOVEN,
        _at(EINDHOVEN, "62"),
        "hotspot",
        ACTIVE,
        25,
        "Philips de Jonghpark",
        "Wandelaars melden nafluiten en volgen bij de vijver.",
        hot_spot="de_jonghpark",
        most=4,
    ),
    DossierSpec(
        EINDHOVEN,
        _at(EINDHOVEN, "72"),
        "hotspot",
        CLOSED,
        400,
        "Kastelenplein",
        "Jongeren rond de winkels. Buurtsportcoach en jongerenwerk hebben het opgepakt.",
        hot_spot="kastelenplein",
        most=4,
    ),
    DossierSpec(
        EINDHOVEN,
        _at(EINDHOVEN, "22"),
        "groep",
        WATCHING,
        130,
        "Rond het zwembad",
        "Groepje bezoekers dat anderen lastigvalt bij de fietsenstalling.",
        places=("bij zwembad de Tongelreep",),
        most=5,
    ),
    DossierSpec(
        EINDHOVEN,
        _at(EINDHOVEN, WHOLE),
        "thema",
        ACTIVE,
        80,
        "Straatintimidatie op de fiets",
        "Fietsers worden gevolgd of klemgereden. Bundeling om routes te vergelijken.",
        forms=("in_het_nauw_drijven", "hinderlijk_volgen"),
        most=8,
    ),
    DossierSpec(
        EINDHOVEN,
        _at(EINDHOVEN, "31"),
        "hotspot",
        PREPARING,
        6,
        "Tongelresestraat",
        "Twee meldingen in een week op hetzelfde stuk straat.",
        hot_spot="tongelresestraat",
        most=3,
    ),
    DossierSpec(
        EINDHOVEN,
        _at(EINDHOVEN, "53"),
        "hotspot",
        CLOSED,
        230,
        "Henri Dunantpark",
        "Meldingen bij het voetveld. Verlichting hersteld, daarna rustig.",
        hot_spot="dunantpark",
        most=4,
    ),
)
