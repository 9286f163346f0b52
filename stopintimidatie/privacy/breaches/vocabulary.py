"""Closed lists of the register of breaches; the labels are what officers read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from stopintimidatie.core.text import Term
from stopintimidatie.exports.profiles.rules import Field, Section

KIND: Final = "datalek"
# The letter that its reference begins with.
PREFIX: Final = "D"


class State(Term):
    """State of a breach. Nobody sets it: see `state_of`."""

    INVESTIGATED = "wordt_onderzocht", "wordt onderzocht", "investigated"
    JUDGED = "beoordeeld", "beoordeeld", "judged"
    REPORTED = "gemeld_bij_ap", "gemeld bij de AP", "reported to the authority"
    NOT_REPORTED = "niet_gemeld_bij_ap", "niet gemeld bij de AP", "not reported"
    WITHDRAWN = "ingetrokken_bij_ap", "melding bij de AP ingetrokken", "withdrawn"
    CLOSED = "lek_afgesloten", "afgesloten", "closed"


class Cause(Term):
    """Kind of breach, as whoever reports it sees it."""

    LOST = "kwijt", "Een stuk of apparaat is kwijt of gestolen", "lost or stolen"
    WRONG = "verkeerde_ontvanger", "Gegevens kwamen bij de verkeerde terecht", "wrong recipient"
    READ = "ingezien", "Iemand zag gegevens zonder dat het mocht", "seen without permission"
    PUBLIC = "openbaar", "Gegevens werden openbaar", "made public"
    ATTACK = "aanval", "Een aanval of inbraak op een systeem", "attack on a system"
    GONE = "niet_beschikbaar", "Gegevens zijn weg of niet te gebruiken", "not available"
    CHANGED = "gewijzigd", "Gegevens zijn veranderd zonder dat het mocht", "changed"
    OTHER = "anders", "Iets anders", "something else"


class Category(Term):
    """Kind of data that a breach is about."""

    NAME = "naam", "Naam", "name"
    CONTACT = "contact", "Telefoonnummer of e-mailadres", "contact data"
    PLACE = "plaats_en_tijd", "Plaats en tijd van wat er gebeurde", "place and time"
    ACCOUNT = "verhaal", "Wat een melder vertelde", "account of a reporter"
    CHOICES = (
        "vaste_keuzes",
        "Antwoorden van melders in vaste keuzes, zoals wat er gebeurde en door hoeveel mensen",
        "answers from fixed choices",
    )
    AGE = "leeftijd", "Leeftijdsgroep", "age group"
    APPEARANCE = "uiterlijk", "Hoe iemand eruitzag", "appearance"
    MEDIA = "beeld_of_geluid", "Foto, video of geluid", "photo, video or sound"
    SPECIAL = (
        "bijzonder",
        "Bijzondere gegevens, zoals gezondheid of seksuele gerichtheid",
        "special categories of data",
    )
    CRIMINAL = "strafrechtelijk", "Strafrechtelijke gegevens", "criminal data"
    ACCESS = "toegang", "Wachtwoorden, codes of sleutels", "passwords, codes or keys"
    OTHER = "anders", "Iets anders", "something else"


# The kind of data that each field of an export is, and each category of a forwarded report.
_KIND_OF: Final[dict[str, Category]] = {
    **dict.fromkeys((Field.TIME, Field.PLACE, Field.PLACE_NOTE, Field.PLACE_TYPE), Category.PLACE),
    **dict.fromkeys((Field.FORMS, Field.ROLE, Field.RECURRENCE, Field.FEELING), Category.CHOICES),
    **dict.fromkeys((Field.CONSEQUENCES, Field.BYSTANDERS, Field.POLICE), Category.CHOICES),
    **dict.fromkeys((Field.WILLING, Field.OFFENDERS), Category.CHOICES),
    Field.REPORTER_AGE: Category.AGE,
    Field.APPEARANCE: Category.APPEARANCE,
    Field.ACCOUNT: Category.ACCOUNT,
    Section.ATTACHMENTS: Category.MEDIA,
    Field.CONTACT: Category.CONTACT,
    Field.POLICE_SOURCED: Category.CRIMINAL,
    Field.REFERENCE: Category.OTHER,
    Field.NOTES: Category.OTHER,
    Field.RECIPIENTS: Category.OTHER,
    "relaas": Category.ACCOUNT,
    "plek": Category.PLACE,
    "tijd": Category.PLACE,
    "melder": Category.AGE,
    "signalement": Category.APPEARANCE,
    "contactgegevens": Category.CONTACT,
}


def categories_of(fields: Iterable[str]) -> list[str]:
    """Return the codes of the kinds of data that a disclosed document has, in order.

    Notes of the register, such as why a report went along all the same, are no kind of data.
    """
    return sorted({_KIND_OF[field].value for field in fields if field in _KIND_OF})


class Group(Term):
    """Group of people whose data it is."""

    REPORTERS = "melders", "Mensen die iets meldden", "reporters"
    MINORS = "minderjarigen", "Mensen jonger dan 18", "minors"
    REPORTED = "gemelden", "Mensen over wie is gemeld", "people reported about"
    WITNESSES = "genoemden", "Getuigen en anderen die worden genoemd", "others mentioned"
    STAFF = "medewerkers", "Medewerkers", "staff"
    PARTNERS = "partners", "Contactpersonen van partners", "contacts of partners"


class Risk(Term):
    """Risk for the people whose data it is (art. 33 and 34 AVG)."""

    NONE = "geen", "Waarschijnlijk geen risico", "no risk"
    SOME = "risico", "Een risico", "risk"
    HIGH = "hoog", "Een hoog risico", "high risk"


class NoticeKind(Term):
    """Kind of notification, or the decision that there is none."""

    FIRST = "eerste", "Eerste melding bij de AP", "first notification"
    MORE = "aanvulling", "Aanvulling bij de AP", "supplement"
    LAST = "laatste", "Laatste aanvulling bij de AP: de melding is compleet", "final"
    WITHDRAWN = "ingetrokken", "Melding bij de AP ingetrokken", "withdrawn"
    PEOPLE = "betrokkenen", "Betrokkenen geïnformeerd", "people told"
    OTHERWISE = "anders_verteld", "Betrokkenen langs een andere weg geïnformeerd", "told otherwise"
    NOT_PEOPLE = "niet_verteld", "Betrokkenen niet geïnformeerd", "people not told"


# Nothing is left of a report, so that its reporter can't be told on the follow page.
GONE: Final = "weg"
# The facts of a breach by their column, as the forms, the page and the history call them.
FACTS: Final = {
    "cause": "Soort datalek",
    "description": "Wat er gebeurde",
    "aware_at": "Bekend sinds",
    "happened_from": "Begin van het datalek",
    "happened_until": "Einde van het datalek",
    "categories": "Welke gegevens",
    "groups": "Van wie",
    "people": "Hoeveel mensen",
    "consequences": "Gevolgen voor mensen",
    "measures": "Maatregelen",
    "risk": "Risico voor mensen",
    "risk_reason": "Waarom dit risico",
}
