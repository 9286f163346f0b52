"""The closed vocabularies of a report: codes that never change, with their words.

The single source for the public form, the intake API, the search facets and the PDF. A code is
what is stored and exchanged; `nl` is what an officer reads, `public` the gentler word for the
reporter (the same unless given), `en` English. The order here is the order on the form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from stopintimidatie.core.text import Term, _


class Source(Term):
    """The way in of a report; set by the server, never by the message."""

    APP_ANDROID = "app_android", "Android-app", "Android app"
    APP_IOS = "app_ios", "iOS-app", "iOS app"
    WEB_FORM = "webformulier", "webformulier", "web form"
    PHONE = "telefonisch", "telefonisch", "phone (entered by officer)"
    COUNTER = "balie", "aan de balie", "counter"
    PARTNER = "partner", "via een partner", "partner organisation"


class Language(Term):
    """The language in which somebody reports."""

    NL = "nl", "Nederlands", "Dutch"
    EN = "en", "Engels", "English", "English"
    DE = "de", "Duits", "German", "Deutsch"
    FR = "fr", "Frans", "French", "Français"
    TR = "tr", "Turks", "Turkish", "Türkçe"
    AR = "ar", "Arabisch", "Arabic", "العربية"
    PL = "pl", "Pools", "Polish", "Polski"
    UK = "uk", "Oekraïens", "Ukrainian", "Українська"
    ES = "es", "Spaans", "Spanish", "Español"
    PAP = "pap", "Papiaments", "Papiamentu", "Papiamentu"


class Role(Term):
    """In what capacity somebody reports."""

    VICTIM = "slachtoffer", "slachtoffer", "it happened to me", _("het overkwam mij")
    WITNESS = "getuige", "getuige", "I witnessed it", _("ik zag het gebeuren")
    ON_BEHALF = (
        "namens_ander",
        "namens een ander",
        "on behalf of someone else",
        _("ik meld voor iemand anders"),
    )
    PROFESSIONAL = "professional", "professional", "professional", _("ik meld vanuit mijn werk")


class TimePrecision(Term):
    """The precision with which the moment is known."""

    EXACT = "exact", "precies", "exact"
    HOUR = "uur", "op een uur na", "within the hour"
    PART_OF_DAY = "dagdeel", "alleen het dagdeel", "part of day"
    DAY = "dag", "alleen de dag", "day only"
    UNKNOWN = "onbekend", "onbekend", "unknown", "dat weet ik niet"


class PartOfDay(Term):
    """The part of the day in which it happened."""

    MORNING = "ochtend", _("ochtend (6 tot 12 uur)"), "morning (06-12)"
    AFTERNOON = "middag", _("middag (12 tot 18 uur)"), "afternoon (12-18)"
    EVENING = "avond", _("avond (18 tot 24 uur)"), "evening (18-24)"
    NIGHT = "nacht", _("nacht (0 tot 6 uur)"), "night (00-06)"


class Recurrence(Term):
    """The answer to whether it happened before."""

    FIRST = "eerste_keer", "eerste keer", "first time", _("dit was de eerste keer")
    SAME_PLACE = (
        "vaker_zelfde_plek",
        "vaker, zelfde plek",
        "more often, same place",
        _("vaker, op dezelfde plek"),
    )
    SAME_PERSON = (
        "vaker_zelfde_persoon",
        "vaker, zelfde persoon of personen",
        "more often, same person(s)",
        _("vaker, door dezelfde persoon of personen"),
    )
    UNKNOWN = "weet_niet", "weet niet", "do not know", _("dat weet ik niet")


class LocationSource(Term):
    """The way in which the reporter gave the location."""

    GPS = "gps", "gps van het toestel", "device GPS", "mijn telefoon"
    PIN = "pin", "punt op de kaart", "pin on map"
    ADDRESS = "adres", "adres gezocht", "address search", "een adres"
    DESCRIBED = "omschrijving", "alleen omschreven", "described only", "in mijn eigen woorden"


class PlaceType(Term):
    """The kind of place where it happened."""

    STREET = "straat_plein", _("straat of plein"), "street or square"
    PARK = "park_groen", _("park of groen"), "park or green"
    STATION = "station_halte", _("station of halte"), "station or stop"
    IN_TRANSIT = "in_ov", _("in het openbaar vervoer"), "inside public transport"
    NIGHTLIFE = "uitgaansgebied", _("uitgaansgebied"), "nightlife area"
    HOSPITALITY = "horeca", _("café, restaurant of club"), "bar, restaurant, club"
    SHOPPING = "winkelgebied", _("winkelgebied"), "shopping area"
    SCHOOL = "school_omgeving", _("rond een school"), "around a school"
    SPORTS = "sportlocatie_zwembad", _("sportlocatie of zwembad"), "sports venue or swimming pool"
    LIBRARY = (
        "bibliotheek_openbaar_gebouw",
        _("bibliotheek of openbaar gebouw"),
        "library or public building",
    )
    PARKING = (
        "parkeergelegenheid_tunnel",
        _("parkeerplaats, garage of tunnel"),
        "car park or tunnel",
    )
    EVENT = "evenement", _("evenement"), "event"
    OTHER = "anders", "een andere plek", "other", _("ergens anders")


class FormGroup(Term):
    """The headings under which the forms stand."""

    VERBAL = "verbaal", "verbaal", "verbal", _("Wat er gezegd of geroepen werd")
    NON_VERBAL = "non_verbaal", "non-verbaal", "non-verbal", _("Wat er gedaan werd zonder woorden")
    PHYSICAL = "fysiek", "fysiek", "physical", _("Wat er lichamelijk gebeurde")
    OTHER = "overig", "overig", "other", _("Iets anders")


class Form(Term):
    """The forms of harassment: what was done."""

    WHISTLING = "nafluiten", _("nafluiten"), "wolf whistling"
    HISSING = "nasissen_naklakken", _("nasissen of naklakken"), "hissing, clicking"
    CATCALLING = "naroepen", _("naroepen"), "catcalling"
    SEXUAL_REMARK = "seksuele_opmerking", _("seksuele opmerking"), "sexual remark"
    SEXUAL_REQUEST = (
        "seksueel_verzoek",
        "verzoek om seks",
        "request for sexual acts",
        _("een vraag om seks of een seksuele handeling"),
    )
    INSULTING = "beledigen_schelden", _("beledigen of schelden"), "insulting, verbal abuse"
    DISCRIMINATING = (
        "discriminerende_opmerking",
        _("discriminerende opmerking"),
        "discriminatory remark",
    )
    THREATENING = "bedreigen", _("bedreigen"), "threatening"
    STARING = "nastaren", _("nastaren"), "staring"
    SEXUAL_GESTURE = "seksueel_gebaar", _("seksueel gebaar"), "sexual gesture"
    FILMING = "filmen_fotograferen", _("filmen of fotograferen"), "filming or photographing"
    EXPOSURE = (
        "exhibitionisme",
        "exhibitionisme",
        "indecent exposure",
        _("iemand liet zijn geslachtsdeel zien"),
    )
    MASTURBATING = (
        "masturberen",
        "masturberen in het openbaar",
        "public masturbation",
        _("iemand raakte zichzelf seksueel aan"),
    )
    FOLLOWING = "hinderlijk_volgen", "hinderlijk volgen", "following", _("achter mij aan lopen")
    CORNERING = (
        "in_het_nauw_drijven",
        "in het nauw drijven",
        "cornering, blocking the way",
        _("insluiten of de weg versperren"),
    )
    GROPING = "betasten", "betasten", "touching, groping", _("aanraken of betasten")
    GRABBING = "vastpakken_duwen", _("vastpakken of duwen"), "grabbing, pushing"
    SPITTING = "spugen", _("spugen"), "spitting"
    HITTING = "slaan_schoppen", _("slaan of schoppen"), "hitting, kicking"
    ASSAULT = "aanranding", "aanranding", "sexual assault", _("aanraking tegen mijn wil")
    OTHER = "anders", "anders", "other", _("iets anders")


def _forms(first: Form, last: Form) -> tuple[Form, ...]:
    forms = tuple(Form)
    return forms[forms.index(first) : forms.index(last) + 1]


# The forms of a group stand together in the vocabulary.
FORMS_BY_GROUP: Mapping[FormGroup, tuple[Form, ...]] = MappingProxyType(
    {
        FormGroup.VERBAL: _forms(Form.WHISTLING, Form.THREATENING),
        FormGroup.NON_VERBAL: _forms(Form.STARING, Form.MASTURBATING),
        FormGroup.PHYSICAL: _forms(Form.FOLLOWING, Form.ASSAULT),
        FormGroup.OTHER: (Form.OTHER,),
    }
)


_ORDER: Final = {form.value: number for number, form in enumerate(Form)}


def in_order(codes: Iterable[str]) -> list[str]:
    """Return forms in the order of the vocabulary; what it doesn't know comes last."""
    return sorted(codes, key=lambda code: (_ORDER.get(code, len(_ORDER)), code))


def gravest_first(forms: Iterable[Form]) -> list[Form]:
    """Return the gravest forms first: the vocabulary has them last, and *anders* says least."""
    order = [Form.OTHER, *(form for form in Form if form is not Form.OTHER)]
    return sorted(forms, key=order.index, reverse=True)


class FeltSafety(Term):
    """The feeling that it gave."""

    UNCOMFORTABLE = "ongemakkelijk", _("ongemakkelijk"), "uncomfortable"
    ANGRY = "geirriteerd_boos", _("geïrriteerd of boos"), "irritated or angry"
    AFRAID = "onveilig_bang", _("onveilig of bang"), "unsafe or afraid"
    NONE = "geen_indruk", "maakte geen indruk", "no impression", _("het deed mij niet veel")


class BehaviourChange(Term):
    """The change in what somebody does since."""

    AVOIDS_PLACE = "mijdt_plek", "mijdt de plek", "avoids the place", "ik mijd die plek"
    AVOIDS_TIME = "mijdt_tijdstip", "mijdt het tijdstip", "avoids the time", "ik mijd dat tijdstip"
    DRESSES = (
        "andere_kleding",
        "kleedt zich anders",
        "dresses differently",
        "ik trek andere kleren aan",
    )
    NOT_ALONE = (
        "niet_meer_alleen",
        "gaat niet meer alleen",
        "no longer alone",
        "ik ga niet meer alleen",
    )
    NONE = "geen", "geen", "none", "ik doe niets anders dan eerst"


class OffenderCount(Term):
    """The number of offenders, in bands."""

    ONE = "1", _("één"), "one"
    TWO = "2", _("twee"), "two"
    THREE_TO_FIVE = "3_5", _("drie tot vijf"), "3 to 5"
    SIX_OR_MORE = "6_plus", _("zes of meer"), "6 or more"
    UNKNOWN = "onbekend", "onbekend", "unknown", _("dat weet ik niet")


class OffenderKnown(Term):
    """The degree to which the reporter knows the offender."""

    STRANGER = "onbekend", "onbekende", "stranger", _("nee, een onbekende")
    BY_SIGHT = "van_gezicht", "van gezicht", "known by sight", _("alleen van gezicht")
    ACQUAINTANCE = "bekende", "bekende", "acquaintance", _("ja, een bekende")
    PROFESSIONAL = "beroepsmatig", "beroepsmatig", "in a professional capacity", _("van het werk")
    UNKNOWN = "weet_niet", "weet niet", "do not know", _("dat weet ik niet")


class OffenderAge(Term):
    """The age of the offender as estimated, in bands; never a date of birth."""

    UNDER_12 = "onder_12", "jonger dan 12", "under 12"
    AGE_12_15 = "12_15", "12 tot en met 15", "12-15"
    AGE_16_17 = "16_17", "16 of 17", "16-17"
    AGE_18_24 = "18_24", "18 tot en met 24", "18-24"
    AGE_25_39 = "25_39", "25 tot en met 39", "25-39"
    AGE_40_59 = "40_59", "40 tot en met 59", "40-59"
    AGE_60_PLUS = "60_plus", "60 of ouder", "60+"
    UNKNOWN = "onbekend", "onbekend", "unknown", "dat weet ik niet"

    @property
    def minor(self) -> bool:
        """Tell whether somebody of this age is a minor."""
        return self in {OffenderAge.UNDER_12, OffenderAge.AGE_12_15, OffenderAge.AGE_16_17}


class OffenderGender(Term):
    """The gender of the offender, or of the group."""

    MAN = "man", "man", "male"
    WOMAN = "vrouw", "vrouw", "female"
    MIXED = "gemengd", "gemengd", "mixed", "een gemengde groep"
    UNKNOWN = "onbekend", "onbekend", "unknown", "dat weet ik niet"


class Transport(Term):
    """The vehicle of the offender."""

    ON_FOOT = "te_voet", "te voet", "on foot"
    BICYCLE = "fiets", "fiets", "bicycle"
    SCOOTER = "fatbike_scooter", "fatbike of scooter", "fatbike or scooter"
    CAR = "auto", "auto", "car"
    PUBLIC = "ov", "openbaar vervoer", "public transport"
    OTHER = "anders", "anders", "other"


class Bystanders(Term):
    """The presence of others, and what they did."""

    NONE = "geen", "geen omstanders", "none", "er was niemand bij"
    INTERVENED = "grepen_in", "grepen in", "intervened", "ja, en iemand hielp"
    PASSIVE = "grepen_niet_in", "grepen niet in", "did not intervene", "ja, maar niemand hielp"
    UNKNOWN = "weet_niet", "weet niet", "do not know", "dat weet ik niet"


class AgeGroup(Term):
    """The reporter's age band."""

    UNDER_16 = "onder_16", _("jonger dan 16"), "under 16"
    AGE_16_17 = "16_17", _("16 of 17"), "16-17"
    AGE_18_24 = "18_24", _("18 tot en met 24"), "18-24"
    AGE_25_34 = "25_34", _("25 tot en met 34"), "25-34"
    AGE_35_49 = "35_49", _("35 tot en met 49"), "35-49"
    AGE_50_64 = "50_64", _("50 tot en met 64"), "50-64"
    AGE_65_PLUS = "65_plus", _("65 of ouder"), "65+"
    UNSAID = "wil_niet_zeggen", "wil niet zeggen", "prefer not to say", _("zeg ik liever niet")

    @property
    def minor(self) -> bool:
        """Tell whether somebody of this age is a minor."""
        return self in {AgeGroup.UNDER_16, AgeGroup.AGE_16_17}

    @classmethod
    def may_consent(cls, code: str | None) -> bool:
        """Tell whether somebody of this age answers for themselves (art. 5 UAVG: from 16 on)."""
        return code != cls.UNDER_16


class Gender(Term):
    """The gender of the reporter."""

    WOMAN = "vrouw", _("vrouw"), "woman"
    MAN = "man", _("man"), "man"
    NON_BINARY = "non_binair", _("non-binair"), "non-binary"
    OTHER = "anders", _("anders"), "other"
    UNSAID = "wil_niet_zeggen", "wil niet zeggen", "prefer not to say", _("zeg ik liever niet")


class ContactWish(Term):
    """The way in which the reporter wants to be reached."""

    NONE = "nee", "geen contact", "no", _("nee, liever niet")
    CALL = "bellen", "bellen", "call me", _("ja, bel mij")
    MAIL = "mailen", "mailen", "e-mail me", _("ja, mail mij")
    VIA_APP = "via_app", _("via de app, zonder naam"), "through the app, no name"
    FEEDBACK_ONLY = (
        "alleen_terugkoppeling",
        "alleen terugkoppeling",
        "only tell me what was done",
        _("laat alleen weten wat ermee gedaan is"),
    )


class Police(Term):
    """The answer to whether the police knew before this report."""

    NO = "nee", _("nee"), "no"
    CALLED_112 = "gebeld_112", "112 gebeld", "called 112", _("ja, ik belde 112")
    CALLED_0900 = "gebeld_0900", "0900-8844 gebeld", "called 0900-8844", _("ja, ik belde 0900-8844")
    REPORTED = "melding_gedaan", "melding gedaan", "reported", _("ja, ik deed een melding")
    FILED = "aangifte_gedaan", "aangifte gedaan", "filed a complaint", _("ja, ik deed aangifte")
    WANTS_TO_FILE = "wil_aangifte", "wil aangifte doen", "wants to file", _("ik wil aangifte doen")
    UNKNOWN = "weet_niet", "weet niet", "do not know", _("dat weet ik niet")


class FollowUp(Term):
    """The things done with a report; several may apply."""

    PICTURE_ONLY = (
        "alleen_beeldvorming",
        "alleen beeldvorming",
        "used for the overall picture only",
        "uw melding telt mee in het beeld van de buurt",
    )
    WARNING_TALK = (
        "waarschuwingsgesprek",
        "waarschuwingsgesprek",
        "warning talk",
        "er is met iemand gesproken",
    )
    EXTRA_SUPERVISION = (
        "extra_toezicht",
        "extra toezicht",
        "extra supervision",
        "er is extra toezicht",
    )
    ENFORCEMENT = (
        "boa_inzet",
        "inzet van boa's",
        "enforcement officers",
        "handhavers kijken op deze plek",
    )
    CAMERAS = "cameratoezicht", "cameratoezicht", "camera surveillance"
    PUBLIC_SPACE = (
        "maatregel_openbare_ruimte",
        "maatregel in de openbare ruimte",
        "measure in public space",
        "de plek is of wordt veranderd",
    )
    YOUTH_WORK = "jongerenwerk", "jongerenwerk", "youth work", "het jongerenwerk is ermee bezig"
    REFERRED = (
        "doorverwezen_hulp",
        "doorverwezen naar hulp",
        "referred to support",
        "u bent doorverwezen naar hulp",
    )
    HANDED_TO_POLICE = (
        "overgedragen_politie",
        "overgedragen aan de politie",
        "handed over to the police",
    )
    ADVISED_TO_FILE = "advies_aangifte", "advies om aangifte te doen", "advised to file a complaint"
    NONE_POSSIBLE = (
        "geen_opvolging_mogelijk",
        "geen opvolging mogelijk",
        "no follow-up possible",
        "er kon helaas niets gedaan worden",
    )


KIND: Final = "melding"


class HandoverState(Term):
    """The state of a hand-over to another holder."""

    OPEN = "aangeboden", "wacht op antwoord", "waiting for an answer"
    ACCEPTED = "aangenomen", "aangenomen", "accepted"
    REFUSED = "geweigerd", "geweigerd", "refused"
    WITHDRAWN = "ingetrokken", "ingetrokken", "withdrawn"
    # Accepted, but by then there was nothing left to give.
    VOID = "vervallen", "vervallen", "void"
    # Handed over without an offer.
    GIVEN = "gegeven", "doorgegeven", "given"


FEEDBACK: Final = (
    ("gegeven", "ja, de melder leest wat er is gedaan"),
    ("niet_gegeven", "nee, de melder krijgt geen bericht"),
)
