"""Word lists and shapes of sentences: who did it, what happened, and filling the slots. Pure.

In a shape of a sentence `{wie}` is whoever did it, `{ze}` the same a second time, `{riep|riepen}`
follows their number; `{ik}`, `{me}` and `{mijn}` are whom it happened to. Past tense: it fits "ik"
and "zij" alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
Weights = dict[T, float]

# CBS: 60 % ignores it, 37 % looks for company or calls somebody, 26 % makes an angry gesture.
REACTION: Weights[str] = {"negeren": 60, "gezelschap": 37, "gebaar": 26}


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
    """Words for whoever did it that may be used."""

    amounts: tuple[str, ...]
    people: tuple[str, ...]
    transport: tuple[str, ...]
    plural: bool


def people_choices(count: str, age: str, transport: str, mixed: bool) -> Choices:
    """Return the words that fit these codes of the intake."""
    single, many = _PEOPLE[age]
    if count == "1":
        return Choices(("",), single, _ON[transport], False)
    people = _MIXED if mixed else many
    return Choices(_COUNTED[count], people, _ON_MANY[transport], True)


# Shapes of sentences, per form of harassment

EVENTS: dict[str, tuple[str, ...]] = {
    "nafluiten": (
        "{Wie} {floot|floten} {me} na.",
        "Er werd naar {me} gefloten door {wie}, en niet één keer.",
        "{Wie} {begon|begonnen} te fluiten toen {ik} langskwam, alsof {ik} een hond was.",
        "Eerst gefluit, en daarna gelach. Het kwam van {wie}.",
        "{Wie} {floot|floten} keihard op {zijn|hun} vingers en {keek|keken} {mij} recht aan.",
    ),
    "nasissen_naklakken": (
        "{Wie} {siste|sisten} naar {me}: psst, psst, steeds opnieuw.",
        "{Wie} {klakte|klakten} met de tong en {maakte|maakten} kusgeluidjes.",
        "Er werd gesist vanaf de muur waar {wie} {zat|zaten}.",
        "{Wie} {maakte|maakten} van die klakgeluiden, zoals je een paard roept.",
        "Ik hoorde eerst gesis achter {me}. Dat {was|waren} {wie}.",
    ),
    "naroepen": (
        "{Wie} {riep|riepen} {me} na: hé schatje, kom eens hier.",
        "{Wie} {riep|riepen} dingen over hoe {ik} eruitzag.",
        "{Wie} {schreeuwde|schreeuwden} iets over {mijn} benen, de hele straat kon het horen.",
        "Vanaf de overkant {riep|riepen} {wie} dat {ik} eens moest lachen.",
        "{Wie} {bleef|bleven} roepen, ook toen {ik} al een heel eind verder was.",
        "Er werd weer van alles geroepen door {wie}.",
    ),
    "seksuele_opmerking": (
        "{Wie} {zei|zeiden} hardop wat {hij|ze} met {me} {wilde|wilden} doen.",
        "{Wie} {maakte|maakten} opmerkingen over {mijn} lichaam die ik hier niet ga herhalen.",
        "Het ging meteen over seks. {Wie} {vond|vonden} dat blijkbaar heel grappig.",
        "{Wie} {had|hadden} het over {mijn} borsten, gewoon waar iedereen bij stond.",
        "{Wie} {fluisterde|fluisterden} iets vies in het voorbijgaan.",
    ),
    "seksueel_verzoek": (
        "{Wie} {vroeg|vroegen} wat {ik} kostte.",
        "{Wie} {vroeg|vroegen} of {ik} mee naar huis ging en {noemde|noemden} een bedrag.",
        "{Wie} {stopte|stopten} naast {me} en {vroeg|vroegen} of {ik} wilde instappen voor seks.",
        "{Wie} {wilde|wilden} dat {ik} iets voor {hem|ze} deed, achter het gebouw.",
        "{Wie} {bood|boden} geld. Nee zeggen hielp niet, {hij|ze} {begon|begonnen} opnieuw.",
    ),
    "beledigen_schelden": (
        "Toen er geen antwoord kwam, {begon|begonnen} {wie} te schelden. Hoer was nog het netst.",
        "{Wie} {schold|scholden} {me} uit voor slet.",
        "Daarna was {ik} ineens een vieze trut, volgens {wie}.",
        "{Wie} {maakte|maakten} {me} uit voor van alles, alleen omdat {ik} doorliep.",
        "Het schelden hield niet op. {Wie} {had|hadden} er echt plezier in.",
    ),
    "discriminerende_opmerking": (
        "{Wie} {zei|zeiden} ook iets gemeens over waar {ik} volgens {hem|hen} vandaan kwam.",
        "{Wie} {maakte|maakten} rotopmerkingen omdat {ik} hand in hand liep met iemand.",
        "Er kwamen opmerkingen over hoe {ik} eruitzag en dat {ik} hier niet hoorde.",
        "{Wie} {maakte|maakten} grappen over {mijn} geaardheid. Geen leuke grappen.",
    ),
    "bedreigen": (
        "{Wie} {zei|zeiden} dat {hij|ze} {me} nog wel {zou|zouden} vinden.",
        "{Wie} {dreigde|dreigden} dat er iets zou gebeuren als {ik} de politie belde.",
        "Volgens {wie} moest {ik} oppassen, want {hij|ze} {wist|wisten} nu waar {ik} langs kwam.",
        "{Wie} {maakte|maakten} een gebaar alsof {hij|ze} {me} de keel {zou|zouden} doorsnijden.",
    ),
    "nastaren": (
        "{Wie} {staarde|staarden} zonder iets te zeggen, minutenlang.",
        "{Wie} {bekeek|bekeken} {me} van top tot teen en {bleef|bleven} kijken.",
        "{Wie} {ging|gingen} tegenover {me} staan en {keek|keken} niet één keer weg.",
        "Elke keer als {ik} opkeek, {zat|zaten} {wie} te kijken.",
    ),
    "seksueel_gebaar": (
        "{Wie} {maakte|maakten} gebaren met de tong en de vingers.",
        "{Wie} {greep|grepen} naar {zijn|hun} kruis en {lachte|lachten}.",
        "Er kwam een gebaar bij dat niet mis te verstaan was. {Wie} {vond|vonden} het leuk.",
        "{Wie} {deed|deden} een seksbeweging na terwijl {ik} voorbijliep.",
    ),
    "filmen_fotograferen": (
        "{Wie} {hield|hielden} een telefoon op {me} gericht en {filmde|filmden} alles.",
        "{Wie} {maakte|maakten} foto's van {me}, van achteren. Dat zag ik in het raam.",
        "{Wie} {filmde|filmden} onder het lopen en {zei|zeiden} dat het op Snap kwam.",
        "De telefoon ging mee omhoog op de trap. {Wie} {was|waren} {me} aan het filmen.",
    ),
    "exhibitionisme": (
        "{Wie} {had|hadden} de broek open en {liet|lieten} alles zien.",
        "{Wie} {stond|stonden} half achter een struik met de broek op de knieën.",
        "{Wie} {deed|deden} de jas open toen {ik} langskwam. Daaronder niets.",
        "{Wie} {riep|riepen} eerst, en toen {ik} keek {stond|stonden} {hij|ze} daar bloot.",
    ),
    "masturberen": (
        "{Wie} {zat|zaten} op het bankje aan zichzelf te trekken en {keek|keken} naar {me}.",
        "{Wie} {was|waren} zichzelf aan het bevredigen, gewoon in het openbaar.",
        "Ik dacht eerst dat ik het verkeerd zag, maar {wie} {zat|zaten} echt te masturberen.",
    ),
    "hinderlijk_volgen": (
        "{Wie} {liep|liepen} achter {me} aan, ook toen {ik} overstak.",
        "{Wie} {volgde|volgden} {me} drie straten lang.",
        "{Wie} {bleef|bleven} vlak achter {me}, sneller, langzamer, precies zoals {ik}.",
        "{Wie} {ging|gingen} mee de hoek om. En de volgende hoek ook.",
        "Pas bij de voordeur {was|waren} {hij|ze} weg. Tot daar {was|waren} {wie} meegelopen.",
        "{Wie} {kwam|kwamen} steeds terugrijden om weer naast {me} te komen.",
    ),
    "in_het_nauw_drijven": (
        "{Wie} {ging|gingen} in de weg staan zodat {ik} er niet langs kon.",
        "{Wie} {sneed|sneden} {me} af tegen de muur.",
        "{Ik} kon geen kant op, want {wie} {stond|stonden} er met de fiets dwars voor.",
        "{Wie} {duwde|duwden} {mijn} stuur opzij en {versperde|versperden} het fietspad.",
        "{Wie} {kwam|kwamen} om {me} heen staan en {deed|deden} geen stap opzij.",
    ),
    "betasten": (
        "{Wie} {kneep|knepen} in {mijn} billen.",
        "In de drukte zat ineens een hand onder {mijn} jas. Dat {was|waren} {wie}.",
        "{Wie} {sloeg|sloegen} op {mijn} kont en {reed|reden} lachend weg.",
        "{Wie} {ging|gingen} met een hand over {mijn} rug en lager.",
        "{Wie} {greep|grepen} {me} bij {mijn} borst in het voorbijgaan.",
    ),
    "vastpakken_duwen": (
        "{Wie} {pakte|pakten} {me} bij {mijn} arm en {liet|lieten} niet los.",
        "{Wie} {trok|trokken} aan {mijn} jas toen {ik} weg wilde.",
        "{Wie} {gaf|gaven} {me} een duw, waardoor {ik} bijna viel.",
        "{Wie} {legde|legden} een arm om {me} heen en {hield|hielden} {me} vast.",
    ),
    "spugen": (
        "{Wie} {spuugde|spuugden} naar {me}. Op {mijn} schoenen, maar toch.",
        "Als afscheid {spuugde|spuugden} {wie} op de grond vlak voor {mijn} voeten.",
        "{Wie} {spuugde|spuugden} in {mijn} richting. Het kwam op {mijn} mouw.",
    ),
    "slaan_schoppen": (
        "{Wie} {schopte|schopten} tegen {mijn} fiets en {raakte|raakten} ook {mijn} been.",
        "{Wie} {gaf|gaven} {me} een klap tegen {mijn} schouder.",
        "{Wie} {sloeg|sloegen} {mijn} telefoon uit {mijn} hand toen {ik} wilde bellen.",
    ),
    "aanranding": (
        "{Wie} {duwde|duwden} {me} tegen het hek en {zat|zaten} overal aan.",
        "{Wie} {probeerde|probeerden} {me} te zoenen en {hield|hielden} {mijn} hoofd vast.",
        "{Wie} {trok|trokken} {me} mee het steegje in. {Ik} kon loskomen en rende weg.",
    ),
    "anders": (
        "{Wie} {gooide|gooiden} iets naar {me}, een blikje volgens mij.",
        "{Wie} {sprak|spraken} {me} steeds aan en {wilde|wilden} {mijn} Insta hebben.",
        "{Wie} {gaf|gaven} {me} een briefje met een vieze tekening.",
        "{Wie} {reed|reden} expres vlak langs {me}, telkens weer.",
    ),
}


# Slots: number, person and capitals agree

_SLOT = re.compile(r"\{([^{}]+)\}")
_AFTER_PREPOSITION = re.compile(r"\b(door|van|volgens) \{wie\}")


@dataclass(frozen=True)
class Victim:
    """Way in which the text speaks of whom it happened to."""

    ik: str
    me: str
    mijn: str


SELF = Victim("ik", "me", "mijn")
SHE = Victim("zij", "haar", "haar")


def slots(
    wie: str, plural: bool, victim: Victim, plek: str, tijd: str, jaren: int
) -> dict[str, str]:
    """Return the words for every named slot."""
    return {
        "wie": wie,
        "ze": "ze" if plural else "hij",
        "plek": plek,
        "tijd": tijd,
        "jaren": str(jaren),
        "ik": victim.ik,
        "me": victim.me,
        "mij": "mij" if victim is SELF else victim.me,
        "mijn": victim.mijn,
    }


def fill(shape: str, words: Mapping[str, str], plural: bool, **more: str) -> str:
    """Put the words in: `{riep|riepen}` by number, `{Wie}` with a capital."""
    known = {**words, **more}

    def word(match: re.Match[str]) -> str:
        slot = match[1]
        if "|" in slot:
            one, many = slot.split("|")
            return many if plural else one
        if slot[0].isupper():
            return capital(known[slot.lower()])
        return known[slot]

    return " ".join(_SLOT.sub(word, shape).split()).replace(" ,", ",").replace(" .", ".")


def second_mention(shape: str) -> str:
    """Write the same event of people who were already named: he, they."""
    told = _AFTER_PREPOSITION.sub(r"\1 {hem|hen}", shape)
    return told.replace("{Wie}", "{Ze}").replace("{wie}", "{hij|ze}")


def capital(text: str) -> str:
    """Write with a capital first letter; the rest as it was."""
    return text[:1].upper() + text[1:]
