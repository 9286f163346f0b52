"""Refusals as problem documents (RFC 9457), in Dutch: what is wrong and what to do next."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pyramid.response import Response

from stopintimidatie.core.forms.messages import FieldError
from stopintimidatie.core.limits import PATIENCE_SECONDS
from stopintimidatie.core.storage.session import RETRY_AFTER_SECONDS

# The version of the API, on every answer.
API_VERSION = "1.2.0"
CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:problem-type:stopintimidatie:"


class Kind(Enum):
    """Kind of refusal: code, status, title, and what to do when the refusal itself doesn't say."""

    NO_SUCH_ADDRESS = (
        "adres-onbekend",
        404,
        "Dit adres bestaat niet",
        "Kijk in /api/v1/openapi.json welke adressen er zijn.",
    )
    NOT_FOUND = ("niet-gevonden", 404, "Niet gevonden", "Wat u zoekt is er niet.")
    NO_SUCH_REPORT = (
        "melding-onbekend",
        404,
        "Geen melding gevonden",
        "Bij dit kenmerk en deze volgcode hoort geen melding. Kijk beide na.",
    )
    METHOD = ("methode", 405, "Dit kan niet op dit adres", "Gebruik een van de methoden in Allow.")
    APP_KEY = (
        "appsleutel",
        401,
        "Geen geldige appsleutel",
        "Stuur de appsleutel mee als: Authorization: Bearer <appsleutel>.",
    )
    TOO_LARGE = ("te-groot", 413, "Het bericht is te groot", "Een bericht is hoogstens 1 MiB.")
    MEDIA_TYPE = (
        "geen-json",
        415,
        "Dit is geen JSON",
        "Stuur het bericht met Content-Type: application/json.",
    )
    IDEMPOTENCY_KEY = (
        "sleutel-ongeldig",
        400,
        "Geen bruikbare Idempotency-Key",
        "Stuur één Idempotency-Key mee: een UUID die bij deze melding of dit bestand hoort.",
    )
    BODY = ("json-ongeldig", 400, "Het bericht is niet te lezen", "Stuur één JSON-object in UTF-8.")
    FIELDS = (
        "velden-ongeldig",
        400,
        "Het bericht klopt niet",
        "Verbeter de velden die onder ‘fouten’ staan en stuur het opnieuw.",
    )
    REQUEST = (
        "verzoek-ongeldig",
        400,
        "Het verzoek klopt niet",
        "Kijk in /api/v1/openapi.json hoe het verzoek eruitziet.",
    )
    KEY_REUSED = (
        "sleutel-hergebruikt",
        422,
        "Met deze Idempotency-Key is al iets anders gestuurd",
        "Deze Idempotency-Key is al gebruikt. Maak een nieuwe, per melding en per bestand.",
    )
    STILL_BUSY = (
        "nog-bezig",
        409,
        "Nog bezig",
        "Dit bericht wordt al behandeld. Stuur over enkele seconden precies hetzelfde nog eens, "
        "met dezelfde Idempotency-Key: dan komt het niet dubbel aan.",
    )

    TOO_OFTEN = (
        "te-vaak",
        429,
        "Te vaak gevraagd",
        "Wacht zo lang als in Retry-After staat. Een melding sturen kan altijd.",
    )
    NOT_MULTIPART = (
        "geen-multipart",
        415,
        "Dit is geen bestand in multipart/form-data",
        "Stuur het bestand als multipart/form-data, in één deel met de naam ‘bestand’.",
    )
    FILE_MISSING = (
        "bestand-ontbreekt",
        400,
        "Er is geen bestand te vinden",
        "Stuur precies één deel mee, met de naam ‘bestand’, een bestandsnaam en inhoud.",
    )
    FILE_TOO_LARGE = (
        "bestand-te-groot",
        413,
        "Het bestand is te groot",
        "Stuur een korter stuk of een kleinere foto.",
    )
    FILE_TYPE = (
        "bestand-soort",
        415,
        "Dit soort bestand nemen wij niet aan",
        "Stuur een foto, geluid of een video.",
    )
    FILE_BROKEN = (
        "bestand-onleesbaar",
        400,
        "Het bestand is niet te lezen",
        "Maak het opnieuw, of kies een ander bestand.",
    )
    FILE_STOPPED = (
        "bestand-tegengehouden",
        422,
        "Dit bestand kunnen wij niet aannemen",
        "Stuur een schermafdruk, of beschrijf wat erop staat. De melding is goed binnen.",
    )
    FILES_SPENT = (
        "bestanden-op",
        429,
        "Er zijn vandaag al te veel bestanden gestuurd",
        "De melding is goed binnen. Stuur het bestand later opnieuw, na Retry-After seconden.",
    )
    FILES_CLOSED = (
        "bestanden-dicht",
        503,
        "Wij nemen even geen bestanden aan",
        "De melding is goed binnen. Stuur het bestand later opnieuw, na Retry-After seconden.",
    )
    FILES_BUSY = (
        "bestanden-druk",
        503,
        "Er worden te veel bestanden tegelijk nagekeken",
        "Het bestand is niet bewaard. Wacht zo lang als in Retry-After staat en stuur het opnieuw.",
    )
    NOT_NOW = ("kan-nu-niet", 409, "Dit kan nu niet", "De melding neemt dit nu niet aan.")
    OUTAGE = (
        "tijdelijk-dicht",
        503,
        "Even niet bereikbaar",
        "Wij kunnen nu niets opslaan. Stuur over een halve minuut precies hetzelfde nog eens, met "
        "dezelfde Idempotency-Key: dan komt het niet dubbel aan.",
    )
    OUR_FAULT = (
        "storing",
        500,
        "Er ging iets mis bij ons",
        "Er is niets opgeslagen. Stuur over een minuut precies hetzelfde nog eens.",
    )

    def __init__(self, code: str, status: int, title: str, advice: str) -> None:
        self.code = code
        self.status = status
        self.title = title
        self.advice = advice

    @property
    def type(self) -> str:
        """Return the URN of the kind."""
        return TYPE_PREFIX + self.code


@dataclass
class ProblemError(Exception):
    """Refusal of a request; an exception view turns it into the answer."""

    kind: Kind
    detail: str = ""
    errors: tuple[FieldError, ...] = ()
    allow: tuple[str, ...] = ()


def problem_document(problem: ProblemError) -> dict[str, Any]:
    """Write a refusal as JSON."""
    document: dict[str, Any] = {
        "type": problem.kind.type,
        "title": problem.kind.title,
        "status": problem.kind.status,
        "detail": problem.detail or problem.kind.advice,
    }
    if problem.errors:
        document["fouten"] = [
            {"veld": error.field, "pointer": error.pointer, "melding": error.message}
            for error in problem.errors
        ]
    return document


def problem_response(problem: ProblemError) -> Response:
    """Make the answer of a refusal."""
    response = Response(
        body=json.dumps(problem_document(problem)).encode("ascii"),
        status=problem.kind.status,
        content_type=CONTENT_TYPE,
    )
    response.headers["API-Version"] = API_VERSION
    if problem.kind is Kind.APP_KEY:
        response.headers["WWW-Authenticate"] = 'Bearer realm="stopintimidatie"'
    if problem.kind in (Kind.OUTAGE, Kind.FILES_BUSY):
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if problem.kind in (Kind.TOO_OFTEN, Kind.FILES_CLOSED):
        response.headers["Retry-After"] = str(PATIENCE_SECONDS)
    if problem.kind is Kind.FILES_SPENT:
        # By then it is another day for sure.
        response.headers["Retry-After"] = "86400"
    if problem.allow:
        response.headers["Allow"] = ", ".join(problem.allow)
    return response


def problem_schema() -> dict[str, Any]:
    """Return the JSON Schema of a refusal."""
    text = {"type": "string"}
    fault = {
        "type": "object",
        "required": ["veld", "pointer", "melding"],
        "properties": {
            "veld": {**text, "description": "Het veld, zoals `locatie.lat` of `vormen[0]`."},
            "pointer": {**text, "description": "JSON Pointer (RFC 6901)."},
            "melding": {**text, "description": "Wat er mis is en wat te doen."},
        },
    }
    return {
        "type": "object",
        "description": "Een weigering (RFC 9457).",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {**text, "enum": [kind.type for kind in Kind]},
            "title": text,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": text,
            "fouten": {"type": "array", "items": fault, "minItems": 1},
        },
    }
