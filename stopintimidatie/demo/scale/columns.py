"""From the app's message to the columns of a report, without the checks of the intake.

The generator knows its own messages; checking a million of them takes longer than storing them.
A test holds that the intake would have stored the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

Body = Mapping[str, Any]

_TOP: Final = {
    "place_type": "typePlek",
    "time_precision": "tijdNauwkeurigheid",
    "part_of_day": "dagdeel",
    "recurrence": "herhaling",
    "description": "omschrijving",
    "felt_safety": "ernstGevoel",
    "behaviour_changes": "gevolgGedrag",
    "bystanders": "omstanders",
    "police": "politie",
    "role": "hoedanigheid",
    "anonymous": "anoniem",
    "wants_contact": "contactGewenst",
    "wants_support": "hulpGewenst",
    "language": "taal",
}
_LOCATION: Final = {
    "lat": "lat",
    "lon": "lon",
    "accuracy_m": "nauwkeurigheidM",
    "location_source": "bron",
    "location_text": "omschrijving",
}
_OFFENDERS: Final = {
    "offender_count": "aantal",
    "offender_in_group": "groep",
    "offender_known": "bekend",
    "offender_age": "leeftijdGeschat",
    "offender_gender": "genderWaargenomen",
    "offender_appearance": "signalement",
    "offender_transport": "vervoermiddel",
}
_TRANSIT: Final = {
    "operator": "vervoerder",
    "line": "lijn",
    "direction": "richting",
    "stop": "halte",
}


def said(body: Body) -> dict[str, Any]:
    """Everything the reporter said that is kept with the report itself."""
    location, client = body["locatie"], body.get("client", {})
    end = body.get("incidentTot")
    return {
        **{column: body.get(name) for column, name in _TOP.items()},
        **{column: location.get(name) for column, name in _LOCATION.items()},
        **{column: body["plegers"].get(name) for column, name in _OFFENDERS.items()},
        "address": None,
        "transit": _transit(location.get("ov")),
        "incident_start": _moment(body["incidentVan"]),
        "incident_end": None if end is None else _moment(end),
        "client_platform": client.get("platform"),
        "client_app_version": client.get("appVersie"),
        "reporter_age_group": body["melder"].get("leeftijdsgroep"),
        "reporter_gender": body["melder"].get("gender"),
        "share_with_police": body["deelvoorkeur"]["politie"],
        "share_with_partners": body["deelvoorkeur"]["ketenpartners"],
    }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _transit(given: Mapping[str, str] | None) -> dict[str, str] | None:
    if not given:
        return None
    return {name: given[code] for name, code in _TRANSIT.items() if code in given}
