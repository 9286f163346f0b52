"""The OpenAPI 3.1 document, built from the calls, the message's schema and the answers."""

from __future__ import annotations

from typing import Any

from stopintimidatie.core.forms.messages import describe
from stopintimidatie.core.web.body import MULTIPART
from stopintimidatie.reports.api.answers import example_of, schema_of
from stopintimidatie.reports.api.calls import (
    ADDED_TEXT,
    APP_KEY,
    BASE,
    CALLS,
    FOLLOW_CODE,
    Call,
    Parameter,
    Reply,
)
from stopintimidatie.reports.api.problems import API_VERSION, CONTENT_TYPE, problem_schema
from stopintimidatie.reports.api.requests import ADDITION, CONTACT, FIELD
from stopintimidatie.reports.arrival.schema import message_schema, rules_schema

# Messages that show how: in the OpenAPI document, the docs and the tests alike.

FULL_REPORT: dict[str, Any] = {
    "hoedanigheid": "slachtoffer",
    "taal": "nl",
    "incidentVan": "2026-11-20T22:40:00+01:00",
    "tijdNauwkeurigheid": "uur",
    "locatie": {
        "lat": 51.8133,
        "lon": 4.669,
        "nauwkeurigheidM": 25,
        "bron": "gps",
        "omschrijving": "bij de bushalte",
    },
    "typePlek": "station_halte",
    "vormen": ["naroepen", "hinderlijk_volgen"],
    "ernstGevoel": "onveilig_bang",
    "omschrijving": "Drie jongens riepen me na en liepen mee tot de hoek.",
    "plegers": {
        "aantal": "3_5",
        "groep": True,
        "leeftijdGeschat": "16_17",
        "vervoermiddel": "te_voet",
    },
    "melder": {"leeftijdsgroep": "18_24", "gender": "vrouw", "email": "iemand@example.org"},
    "anoniem": False,
    "contactGewenst": "mailen",
    "politie": "nee",
    "deelvoorkeur": {"politie": True, "ketenpartners": False},
    "antwoorden": {},
    "client": {"platform": "android", "appVersie": "3.2.0"},
}

SMALL_REPORT: dict[str, Any] = {
    "hoedanigheid": "getuige",
    "anoniem": True,
    "incidentVan": "2026-11-20T22:40:00+01:00",
    "locatie": {"omschrijving": "op het plein voor het station van Dordrecht"},
    "typePlek": "straat_plein",
    "vormen": ["nafluiten"],
    "contactGewenst": "nee",
    "deelvoorkeur": {"politie": False, "ketenpartners": False},
}


Document = dict[str, Any]


def openapi_document(public_address: str = "", email: str = "") -> Document:
    """Make the whole document.

    Args:
        public_address: Address of this installation, where its people can be found.
        email: Address that builders of apps can write to.
    """
    # An address of this machine alone, as a new installation has: nobody can write there.
    reachable = "." in email.rpartition("@")[2]
    known = {"url": public_address, "email": email if reachable else ""}
    contact: Document = {"name": "Landelijk meldpunt straatintimidatie"}
    contact.update({name: value for name, value in known.items() if value})
    document: Document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Stopintimidatie: meldingen van straatintimidatie",
            "version": API_VERSION,
            "description": _ABOUT,
            "contact": contact,
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [{"url": BASE}],
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "securitySchemes": _SECURITY_SCHEMES,
            "headers": _HEADERS,
        },
    }
    if public_address:
        readable = {"description": "Om te lezen", "url": f"{public_address}{BASE}/docs"}
        document["externalDocs"] = readable
    return document


_ABOUT = (
    "Hiermee stuurt de app meldingen van straatintimidatie, en volgt de melder wat ermee gebeurt. "
    "Alle adressen zijn precies zoals hier staat, zonder schuine streep aan het eind. Elke "
    "weigering is een probleemdocument (RFC 9457) dat alle "
    "verkeerde velden tegelijk noemt. Een methode die een adres niet kent geeft 405 met `Allow`. "
    "Een te groot bericht wordt tot 8 MiB gelezen voordat het geweigerd wordt. Een veel te lang "
    "adres geeft 414 en te grote headers 431, zonder probleemdocument."
)
_SECURITY_SCHEMES: Document = {
    APP_KEY: {
        "type": "http",
        "scheme": "bearer",
        "description": "De sleutel van de app. Bij het meldpunt aan te vragen.",
    },
    FOLLOW_CODE: {
        "type": "apiKey",
        "in": "header",
        "name": "Volgcode",
        "description": "De volgcode van de melder, zestien cijfers; spaties mogen.",
    },
}
_HEADERS: Document = {
    "API-Version": {
        "description": "Versie van deze API.",
        "required": True,
        "schema": {"type": "string"},
        "example": API_VERSION,
    },
    "Location": {
        "description": "Adres van de melding.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Over zoveel seconden weer proberen.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
}


def _paths() -> Document:
    paths: Document = {}
    for call in CALLS:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call)
    return paths


def _operation(call: Call) -> Document:
    operation: Document = {
        "operationId": call.name,
        "summary": call.summary,
        "description": call.about,
        "security": [{need: [] for need in call.needs}] if call.needs else [],
        "responses": {str(code): _response(call.replies[code]) for code in sorted(call.replies)},
    }
    if call.parameters:
        operation["parameters"] = [_parameter(parameter) for parameter in call.parameters]
    if call.takes:
        operation["requestBody"] = {"required": True, "content": _BODIES[call.takes]}
    return operation


# Request body of a call, by the word in `takes` of its declaration.
_BODIES: dict[str, Document] = {
    "melding": {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/Melding"},
            "examples": {
                "volledig": {"summary": "Met e-mailadres", "value": FULL_REPORT},
                "kort": {"summary": "Alleen wat moet", "value": SMALL_REPORT},
            },
        }
    },
    "aanvulling": {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/Aanvulling"},
            "example": {"tekst": ADDED_TEXT},
        }
    },
    "contactgegevens": {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/Contactgegevens"},
            "example": {"telefoon": "06 12345678"},
        }
    },
    "bestand": {
        MULTIPART: {
            "schema": {
                "type": "object",
                "required": [FIELD],
                "additionalProperties": False,
                "properties": {
                    FIELD: {"type": "string", "format": "binary", "description": "Het bestand."}
                },
            },
        }
    },
}


def _parameter(parameter: Parameter) -> Document:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.about,
        "schema": {k: v for k, v in parameter.schema.items() if k in _PARAMETER_KEYS},
        "example": parameter.example,
    }


_PARAMETER_KEYS = frozenset({"type", "format", "minimum", "maximum", "pattern", "enum"})


def _response(reply: Reply) -> Document:
    names = ("API-Version", *reply.headers)
    response: Document = {
        "description": reply.about,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
    }
    return response if reply.empty else {**response, "content": _content(reply)}


def _content(reply: Reply) -> Document:
    if reply.media_types:
        return {media_type: {} for media_type in reply.media_types}
    if reply.answer is None:
        return {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Probleem"}}}
    schema = {"$ref": f"#/components/schemas/{_name(reply.answer)}"}
    example = example_of(schema_of(reply.answer)) | dict(reply.example)
    return {"application/json": {"schema": schema, "example": example}}


def _schemas() -> Document:
    answers = {r.answer for call in CALLS for r in call.replies.values() if r.answer is not None}
    named = {_name(answer): schema_of(answer) for answer in answers}
    return {
        **_parts("Melding", message_schema() | {"x-regels": _RULES | rules_schema()}),
        "Aanvulling": describe(ADDITION),
        "Contactgegevens": describe(CONTACT),
        "Probleem": problem_schema(),
        **dict(sorted(named.items())),
    }


# Beside the plain message: generators of clients stumble over conditions, and pass this by.
_RULES: Document = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "description": "De regels tussen velden. Een melding die hieraan en aan `Melding` voldoet, "
    "wordt aangenomen als haar tijden, telefoonnummer en e-mailadres kunnen bestaan.",
}


def _parts(name: str, schema: Document) -> Document:
    """Return a schema by its name, after its parts by theirs, with references between them."""
    parts: Document = {}
    for key, part in schema["properties"].items():
        if "properties" in part:
            parts |= _parts(key.capitalize(), part)
            schema["properties"][key] = {"$ref": f"#/components/schemas/{key.capitalize()}"}
    return {**parts, name: schema}


_NAMES = {
    "ReceiptAnswer": "Ontvangst",
    "FollowAnswer": "StandVanZaken",
    "FormAnswer": "Formulier",
    "MessageAnswer": "Bericht",
    "AttachmentAnswer": "Bijlage",
    "MunicipalityHereAnswer": "GemeenteHier",
}


def _name(answer: type[Any]) -> str:
    return _NAMES[answer.__name__]
