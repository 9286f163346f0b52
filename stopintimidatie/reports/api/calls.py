"""Calls of the API, each declared once: views are registered from it and OpenAPI tells it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

from stopintimidatie.core.forms.messages import describe
from stopintimidatie.core.text import file_size
from stopintimidatie.core.web.limits import PUBLIC_UPLOAD
from stopintimidatie.reports.api import answers
from stopintimidatie.reports.api.requests import UUID_TEXT
from stopintimidatie.reports.arrival.schema import LAT, LON
from stopintimidatie.reports.vocabulary import Language

BASE: Final = "/api/v1"
IMAGE_TYPES: Final = ("image/png", "image/jpeg", "image/svg+xml", "image/webp")


@dataclass(frozen=True)
class Parameter:
    """Path, query or header parameter; `place` says which of these."""

    name: str
    place: str
    about: str
    schema: dict[str, Any]
    example: str | float
    required: bool = True


@dataclass(frozen=True)
class Reply:
    """Answer to a call: an answer class, a media type of our own making, or a problem.

    `example` says by property what differs here from the example of the answer class.
    """

    about: str
    answer: type[Any] | None = None
    media_types: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    empty: bool = False
    example: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Call:
    """Method on an address; `takes` names the body that it wants, if any."""

    name: str
    method: str
    path: str
    summary: str
    about: str
    replies: dict[int, Reply]
    parameters: tuple[Parameter, ...] = ()
    takes: str = ""
    needs: tuple[str, ...] = field(default=())


APP_KEY: Final = "appsleutel"
FOLLOW_CODE: Final = "volgcode"

_TEXT: dict[str, Any] = {"type": "string"}
_REFERENCE = Parameter(
    "kenmerk",
    "path",
    "Het kenmerk, precies zoals in het antwoord op de melding.",
    {**_TEXT, "pattern": "^M-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$"},
    "M-4F7K-2QXJ",
)
_CODE = Parameter(
    "code", "path", "De CBS-code van de gemeente.", {**_TEXT, "pattern": "^GM[0-9]{4}$"}, "GM0505"
)
_IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "Een UUID die bij deze melding of dit bestand hoort. Stuur bij een nieuwe poging dezelfde.",
    # By its form: what generators make of the format `uuid` in a header can't be sent.
    {**_TEXT, "pattern": f"^{UUID_TEXT.pattern}$"},
    "6f1a3c52-8a3e-4d0c-9a54-0f2f5b1f7c11",
)
_LAT = Parameter("lat", "query", str(LAT.description), describe(LAT), 51.8133)
_LON = Parameter("lon", "query", str(LON.description), describe(LON), 4.669)
_LANGUAGE = Parameter(
    "taal",
    "query",
    "Taal van de teksten. Ontbreekt zij, dan telt de header Accept-Language, en anders nl. Wat er"
    " niet in die taal is, komt in het Engels.",
    {**_TEXT, "enum": [language.value for language in Language]},
    "nl",
    required=False,
)

_NO_APP_KEY = Reply("Geen geldige appsleutel.")
_TOO_OFTEN = Reply(
    "Er is te vaak gevraagd of geraden, of te veel gestuurd.", headers=("Retry-After",)
)
_OUTAGE = Reply("De gegevens zijn even niet te bereiken.", headers=("Retry-After",))
_UNREADABLE = Reply("Het verzoek is niet te lezen, of noemt een server die niet van ons is.")
_OUR_FAULT = Reply("Onze fout. Er is niets opgeslagen: stuur over een minuut hetzelfde nog eens.")
# Refusals that any call can give; a call with a better word for one puts its own after these.
_PUBLIC = {400: _UNREADABLE, 500: _OUR_FAULT, 503: _OUTAGE}
# Refusals of a call with an app key. Sending a report has no 429: it is never too often.
_WITH_KEY = {**_PUBLIC, 401: _NO_APP_KEY}
_ALWAYS = {**_WITH_KEY, 429: _TOO_OFTEN}
_OF_REPORT = {**_ALWAYS, 404: Reply("Bij dit kenmerk en deze volgcode hoort geen melding.")}
_OF_JSON = {
    400: Reply("Geen geldige JSON, of velden die niet kloppen."),
    413: Reply("Het bericht is groter dan 1 MiB."),
    415: Reply("Het bericht is geen application/json."),
}

DESCRIBE: Final = Call(
    "openapi",
    "GET",
    "/openapi.json",
    "Deze beschrijving",
    "Voor iedereen, zonder appsleutel.",
    {**_PUBLIC, 200: Reply("De beschrijving.", media_types=("application/json",))},
)
SUBMIT: Final = Call(
    "meldingSturen",
    "POST",
    "/meldingen",
    "Een melding sturen",
    "201 betekent: de melding is opgeslagen en overleeft een stroomstoring. Dezelfde "
    "Idempotency-Key met hetzelfde bericht geeft hetzelfde antwoord, 30 dagen lang; er komt dan "
    "geen tweede melding.",
    {
        **_WITH_KEY,
        **_OF_JSON,
        201: Reply("De melding is opgeslagen.", answers.ReceiptAnswer, headers=("Location",)),
        400: Reply(
            "Geen bruikbare Idempotency-Key, geen geldige JSON, of velden die niet kloppen."
        ),
        409: Reply("Het eerste verzoek met deze Idempotency-Key wordt nog behandeld."),
        422: Reply("Deze Idempotency-Key is al met een ander bericht gebruikt."),
    },
    (_IDEMPOTENCY_KEY,),
    takes="melding",
    needs=(APP_KEY,),
)
FOLLOW: Final = Call(
    "meldingVolgen",
    "GET",
    "/meldingen/{kenmerk}",
    "Een melding volgen",
    "Met de volgcode van de melder in de header Volgcode, nooit in het adres. Een verkeerde "
    "volgcode geeft hetzelfde antwoord als een kenmerk dat niet bestaat.",
    {
        **_OF_REPORT,
        200: Reply("Hoe het met de melding staat.", answers.FollowAnswer),
    },
    (_REFERENCE,),
    needs=(APP_KEY, FOLLOW_CODE),
)
ADDED_TEXT: Final = "Het was bij de halte aan de kant van het station."
_NOT_NOW: Final = Reply("De melding neemt dit nu niet aan; het detail zegt waarom.")
ADD: Final = Call(
    "meldingAanvullen",
    "POST",
    "/meldingen/{kenmerk}/aanvullingen",
    "Iets aanvullen, of een vraag beantwoorden",
    "Is er een vraag van de gemeente (status `vraag`), dan is dit het antwoord en gaat de gemeente "
    "verder. Dezelfde tekst binnen een uur nog eens sturen geeft hetzelfde antwoord; er komt dan "
    "geen tweede bericht.",
    {
        **_OF_REPORT,
        **_OF_JSON,
        201: Reply(
            "Het bericht is opgeslagen.",
            answers.MessageAnswer,
            example=(("van", "melder"), ("soort", "aanvulling"), ("tekst", ADDED_TEXT)),
        ),
        409: _NOT_NOW,
    },
    (_REFERENCE,),
    takes="aanvulling",
    needs=(APP_KEY, FOLLOW_CODE),
)
CHANGE: Final = Call(
    "contactgegevensWijzigen",
    "PUT",
    "/meldingen/{kenmerk}/contactgegevens",
    "Een ander telefoonnummer of e-mailadres opgeven",
    "Wat ontbreekt, blijft zoals het was. Het antwoord is hetzelfde, of er iets wijzigde of niet: "
    "wie alleen de volgcode heeft, komt niet te weten wat er staat. Wie de contactgegevens mag "
    "lezen, ziet het nieuwe met het vorige ernaast.",
    {
        **_OF_REPORT,
        **_OF_JSON,
        204: Reply("De contactgegevens zijn opgeslagen.", empty=True),
        409: _NOT_NOW,
    },
    (_REFERENCE,),
    takes="contactgegevens",
    needs=(APP_KEY, FOLLOW_CODE),
)
ATTACH: Final = Call(
    "bijlageSturen",
    "POST",
    "/meldingen/{kenmerk}/bijlagen",
    "Een foto, geluid of video meesturen",
    f"Hoogstens 5 bij een melding, elk hoogstens {file_size(PUBLIC_UPLOAD)}. Wat het "
    "is, zien wij aan de inhoud: JPEG, HEIC, PNG of WebP; MP3, M4A, AAC, WAV of Ogg; MP4, MOV of "
    "WebM. Foto's tekenen wij opnieuw als JPEG, geluid en video pakken wij opnieuw in: plaats, "
    "tijd en toestel gaan eruit. Worden er al te veel bestanden tegelijk nagekeken, dan is het "
    "antwoord 503. Hetzelfde bestand bij dezelfde melding nog eens sturen geeft 200 met hetzelfde "
    "nummer; er komt geen tweede.",
    {
        **_OF_REPORT,
        200: Reply("Dit bestand zat al bij de melding.", answers.AttachmentAnswer),
        201: Reply("Het bestand is opgeslagen.", answers.AttachmentAnswer),
        202: Reply(
            "Het bestand is bewaard en wacht op de virusscanner. Daarna kan de gemeente het "
            "openen.",
            answers.AttachmentAnswer,
        ),
        400: Reply("Er is geen bestand, het is niet te lezen, of de sleutel is geen UUID."),
        409: Reply("De melding neemt geen bestand meer aan; het detail zegt waarom."),
        413: Reply("Het bestand is te groot, of alle bestanden bij de melding samen."),
        415: Reply("Geen multipart/form-data, of een soort bestand die wij niet aannemen."),
        422: Reply("De virusscanner houdt het tegen, of de sleutel kwam met een ander bestand."),
        503: Reply(
            "Er worden te veel bestanden tegelijk nagekeken, de virusscanner antwoordt niet, er is "
            "te weinig ruimte, of de gegevens zijn even niet te bereiken. Stuur het bestand na "
            "Retry-After seconden opnieuw.",
            headers=("Retry-After",),
        ),
    },
    (_REFERENCE, replace(_IDEMPOTENCY_KEY, required=False)),
    takes="bestand",
    needs=(APP_KEY, FOLLOW_CODE),
)
WITHDRAW: Final = Call(
    "meldingIntrekken",
    "DELETE",
    "/meldingen/{kenmerk}",
    "Een melding intrekken",
    "Naam, telefoonnummer en e-mailadres worden meteen gewist, en niemand kan de rest nog lezen. "
    "Die wordt vernietigd na de termijn die daarvoor is vastgesteld; is die er nog niet, dan wordt "
    "niets vanzelf gewist: de melder kan dat de gemeente vragen, met het kenmerk. Tot en met "
    "`terugTotEnMet` kan de melder zich op `/volgen` bedenken. Nog eens intrekken mag.",
    {
        **_OF_REPORT,
        204: Reply("De melding is ingetrokken.", empty=True),
        409: _NOT_NOW,
    },
    (_REFERENCE,),
    needs=(APP_KEY, FOLLOW_CODE),
)
LOOK_UP: Final = Call(
    "gemeenteZoeken",
    "GET",
    "/gemeenten",
    "Wat er op deze plek met een melding gebeurt",
    "Om vooraf aan de melder te laten zien.",
    {
        **_ALWAYS,
        200: Reply("De gemeente.", answers.MunicipalityHereAnswer),
        400: Reply("lat of lon ontbreekt of is geen getal, of de taal kennen wij niet."),
        404: Reply("Bij dit punt hoort geen gemeente."),
    },
    (_LAT, _LON, _LANGUAGE),
    needs=(APP_KEY,),
)
_MUNICIPALITY = Parameter(
    "gemeente",
    "query",
    "De CBS-code van de gemeente, uit `GET /gemeenten`. Zonder: het formulier voor wie nog niet"
    " weet waar het was.",
    {**_TEXT, "pattern": "^GM[0-9]{4}$"},
    "GM0505",
    required=False,
)
FORM: Final = Call(
    "formulier",
    "GET",
    "/formulier",
    "Wat te vragen, en in welke woorden",
    "De vraag over 112 die vóór alles komt, de keuzes van elk veld met hun woorden, de eigen vragen"
    " van de gemeente en de hulplijnen. Haal het op als de melder begint: een gemeente kan het elk"
    " moment wijzigen.",
    {
        **_ALWAYS,
        200: Reply("Het formulier.", answers.FormAnswer),
        400: Reply("De gemeente of de taal is niet goed geschreven."),
        404: Reply("Deze gemeente bestaat niet."),
    },
    (_MUNICIPALITY, _LANGUAGE),
    needs=(APP_KEY,),
)
LOGO: Final = Call(
    "gemeenteLogo",
    "GET",
    "/gemeenten/{code}/logo",
    "Het logo van een gemeente",
    "Openbaar, zonder appsleutel.",
    {
        **_PUBLIC,
        200: Reply("Het logo.", media_types=IMAGE_TYPES),
        404: Reply("Deze gemeente bestaat niet of heeft geen logo."),
    },
    (_CODE,),
)

CALLS: Final = (DESCRIBE, SUBMIT, FOLLOW, ADD, CHANGE, ATTACH, WITHDRAW, LOOK_UP, FORM, LOGO)
