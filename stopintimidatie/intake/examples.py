"""Messages that show how: in the OpenAPI document, the docs and the tests alike."""

from __future__ import annotations

from typing import Any

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
