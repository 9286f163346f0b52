"""Every call of the API, declared once: the views are registered from it and OpenAPI tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from stopintimidatie.intake import answers
from stopintimidatie.intake.fields import describe
from stopintimidatie.intake.schema import LAT, LON

BASE: Final = "/api/v1"
IMAGE_TYPES: Final = ("image/png", "image/jpeg", "image/svg+xml", "image/webp")


@dataclass(frozen=True)
class Parameter:
    """A path, query or header parameter."""

    name: str
    place: str
    about: str
    schema: dict[str, Any]
    example: str


@dataclass(frozen=True)
class Reply:
    """One answer of a call: an answer class, a media type of our own making, or a problem."""

    about: str
    answer: type[Any] | None = None
    media_types: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Call:
    """One method on one address."""

    name: str
    method: str
    path: str
    summary: str
    about: str
    replies: dict[int, Reply]
    parameters: tuple[Parameter, ...] = ()
    takes_report: bool = False
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
    "Een UUID die bij deze melding hoort. Stuur bij een nieuwe poging dezelfde.",
    {**_TEXT, "format": "uuid"},
    "6f1a3c52-8a3e-4d0c-9a54-0f2f5b1f7c11",
)
_LAT = Parameter("lat", "query", str(LAT.description), describe(LAT), "51.8133")
_LON = Parameter("lon", "query", str(LON.description), describe(LON), "4.669")

_NO_APP_KEY = Reply("Geen geldige appsleutel.")

DESCRIBE: Final = Call(
    "openapi",
    "GET",
    "/openapi.json",
    "Deze beschrijving",
    "Voor iedereen, zonder appsleutel.",
    {200: Reply("De beschrijving.", media_types=("application/json",))},
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
        201: Reply("De melding is opgeslagen.", answers.ReceiptAnswer, headers=("Location",)),
        400: Reply(
            "Geen bruikbare Idempotency-Key, geen geldige JSON, of velden die niet kloppen."
        ),
        401: _NO_APP_KEY,
        409: Reply("Het eerste verzoek met deze Idempotency-Key wordt nog behandeld."),
        413: Reply("Het bericht is groter dan 1 MiB."),
        415: Reply("Het bericht is geen application/json."),
        422: Reply("Deze Idempotency-Key is al met een ander bericht gebruikt."),
    },
    (_IDEMPOTENCY_KEY,),
    takes_report=True,
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
        200: Reply("Hoe het met de melding staat.", answers.FollowAnswer),
        401: _NO_APP_KEY,
        404: Reply("Bij dit kenmerk en deze volgcode hoort geen melding."),
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
        200: Reply("De gemeente.", answers.MunicipalityHereAnswer),
        400: Reply("lat of lon ontbreekt of is geen getal."),
        401: _NO_APP_KEY,
        404: Reply("Bij dit punt hoort geen gemeente."),
    },
    (_LAT, _LON),
    needs=(APP_KEY,),
)
LOGO: Final = Call(
    "gemeenteLogo",
    "GET",
    "/gemeenten/{code}/logo",
    "Het logo van een gemeente",
    "Openbaar, zonder appsleutel.",
    {
        200: Reply("Het logo.", media_types=IMAGE_TYPES),
        404: Reply("Deze gemeente bestaat niet of heeft geen logo."),
    },
    (_CODE,),
)

CALLS: Final = (DESCRIBE, SUBMIT, FOLLOW, LOOK_UP, LOGO)
