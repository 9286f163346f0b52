"""Word lists: who did it, in words that fit number, age and transport; moments and days."""

from dataclasses import dataclass

WEEKDAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")
HOURS = (
    "twaalf",
    "één",
    "twee",
    "drie",
    "vier",
    "vijf",
    "zes",
    "zeven",
    "acht",
    "negen",
    "tien",
    "elf",
)

# age of the offender → (one, more)
_PEOPLE = {
    "onder_12": (("een jochie", "een jongetje"), ("jochies", "kinderen van een jaar of elf")),
    "12_15": (
        ("een jongen van een jaar of veertien", "een brugklassertje, zo te zien", "een jongen"),
        ("jongens van een jaar of veertien", "scholieren", "jongetjes met een grote mond"),
    ),
    "16_17": (
        ("een jongen", "een jongen van een jaar of zeventien", "zo'n knul"),
        ("jongens", "tieners", "jongens van zestien, zeventien"),
    ),
    "18_24": (
        ("een jongen", "een jonge man", "een gast", "een jongen van begin twintig"),
        ("jongens", "gasten", "jongens van een jaar of twintig", "jonge mannen"),
    ),
    "25_39": (
        ("een man", "een man van rond de dertig", "een vent"),
        ("mannen", "mannen van rond de dertig", "kerels"),
    ),
    "40_59": (
        ("een man", "een man van middelbare leeftijd", "een man van in de vijftig"),
        ("mannen", "mannen van een jaar of vijftig"),
    ),
    "60_plus": (("een oudere man", "een grijze man"), ("oudere mannen",)),
    "onbekend": (
        ("iemand", "een man", "een onbekende"),
        ("mensen die ik niet kende", "jongens", "mannen"),
    ),
}
_MIXED = ("jongeren, jongens en meiden door elkaar", "jongens en een paar meiden", "jongeren")
_COUNTED = {
    "2": ("twee", "een paar", "twee"),
    "3_5": ("drie", "vier", "een stuk of vier", "een groepje", "drie à vier"),
    "6_plus": ("een hele groep", "een stuk of acht", "zeker zes", "een grote groep"),
    "onbekend": ("een groepje", "een paar", "een stel"),
}
_ON = {
    "fiets": ("op de fiets", "op een fiets"),
    "fatbike_scooter": ("op een fatbike", "op een scooter"),
    "auto": ("in een auto", "vanuit een auto"),
    "ov": ("achterin de bus", "in de coupé"),
    "te_voet": ("", "", "", "met een blikje bier", "in een trainingspak", "met een capuchon op"),
    "anders": ("op een step", "op een skateboard"),
}
_ON_MANY = {**_ON, "fatbike_scooter": ("op fatbikes", "op scooters"), "fiets": ("op fietsen",)}


@dataclass(frozen=True)
class Choices:
    """What may be said of whoever did it."""

    amounts: tuple[str, ...]
    people: tuple[str, ...]
    transport: tuple[str, ...]
    plural: bool


def people_choices(count: str, age: str, transport: str, mixed: bool) -> Choices:
    """The words that fit these codes of the intake."""
    single, many = _PEOPLE[age]
    if count == "1":
        return Choices(("",), single, _ON[transport], False)
    people = _MIXED if mixed else many
    return Choices(_COUNTED[count], people, _ON_MANY[transport], True)
