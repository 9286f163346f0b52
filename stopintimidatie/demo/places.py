"""Public places where the demo's reports happen: names are facts, coordinates rough.

`phrase` is how people write it, with its preposition. A report lands within some 50 m of it.
"""

from dataclasses import dataclass

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
    """The place people call so."""
    return next(s for s in SPOTS[municipality] if s.phrase == phrase)
