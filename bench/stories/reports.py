"""Drawing what happened: place, time, forms and people, and the message the app would send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.stories import weights
from bench.stories.model import AMSTERDAM, Dice, local
from bench.stories.narrative import Happening, in_words, part_of_day, tell
from bench.stories.weights import Spot

YOUNG = frozenset({"onder_16", "16_17"})
ADULTS_ONLY = {"18_24": 30.0, "25_34": 40.0, "35_49": 30.0}
HEAVY = frozenset({"aanranding", "betasten", "bedreigen", "masturberen", "exhibitionisme"})
_GROWN_UPS = frozenset({"professional", "namens_ander"})
_NO_LICENCE = frozenset({"onder_12", "12_15", "16_17"})
_APP_VERSIONS = ("3.0.1", "3.1.0", "3.1.4", "3.2.0")


@dataclass(frozen=True)
class Incident:
    """Incident, before anybody told it."""

    place: Spot
    at: datetime
    forms: tuple[str, ...]
    unplaced: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Told:
    """A report as it comes in: when, by which way, and the message."""

    incident: Incident
    received_at: datetime
    source: str
    body: dict[str, Any]
    shapes: tuple[str, ...]


def at_hour(dice: Dice, moment: datetime, days_ago: int, hour: int) -> datetime:
    """Return that hour so many days ago; hours before six belong to the night after that day."""
    day = local(moment).date() - timedelta(days=days_ago)
    if hour < 6:
        day += timedelta(days=1)
    minute = dice.choice((0, 5, 10, 15, 20, 30, 30, 40, 45, 50))
    naive = datetime(day.year, day.month, day.day, hour, minute)
    at = naive.replace(tzinfo=AMSTERDAM).astimezone(UTC)
    # The newest night may still lie ahead of the moment: then it was a day earlier.
    return at if at < moment - timedelta(minutes=20) else at - timedelta(days=1)


def report_of(dice: Dice, incident: Incident, moment: datetime) -> Told:
    """Report it as somebody would: who, when, in which words."""
    received = _received(dice, incident.at, moment)
    source = dice.weighted(weights.SOURCE)
    body = _answers(dice, incident, source, received)
    happening = _happening(dice, incident, body, received)
    text, shapes = tell(dice, happening)
    if text:
        body["omschrijving"] = text
    return Told(incident, received, source, body, shapes)


def _received(dice: Dice, at: datetime, moment: datetime) -> datetime:
    """Draw when it is reported: mostly within hours, some after a night's sleep or a few days."""
    minutes = dice.weighted({"soon": 60, "next": 26, "later": 14})
    delay = {
        "soon": dice.randint(4, 150),
        "next": dice.randint(400, 1500),
        "later": dice.randint(1600, 8000),
    }[minutes]
    received = at + timedelta(minutes=delay, seconds=dice.randint(0, 59))
    if received >= moment:
        received = at + (moment - at) * dice.uniform(0.2, 0.9)
    return received.replace(microsecond=0)


def _answers(dice: Dice, incident: Incident, source: str, received: datetime) -> dict[str, Any]:
    """Return everything but the free text."""
    role = "professional" if source == "partner" else dice.weighted(weights.ROLE)
    body: dict[str, Any] = {
        "hoedanigheid": role,
        "taal": "nl",
        "incidentVan": local(incident.at).isoformat(),
        "tijdNauwkeurigheid": dice.weighted({"exact": 25, "uur": 55, "dagdeel": 15, "dag": 5}),
        "dagdeel": part_of_day(local(incident.at)),
        "locatie": _location(dice, incident),
        "typePlek": incident.place.kind,
        "vormen": list(incident.forms),
        "ernstGevoel": _felt(dice, incident.forms),
        "gevolgGedrag": _behaviour(dice),
        "herhaling": dice.weighted(weights.RECURRENCE),
        "plegers": _offenders(dice, incident),
        "omstanders": dice.weighted(weights.BYSTANDERS),
        "politie": dice.weighted(weights.POLICE),
        "deelvoorkeur": {"politie": dice.happens(0.71), "ketenpartners": dice.happens(0.46)},
    }
    body.update(_reporter(dice, role in _GROWN_UPS))
    if dice.happens(0.12):
        end = incident.at + timedelta(minutes=dice.choice((2, 3, 5, 10)))
        body["incidentTot"] = local(min(end, received)).isoformat()
    if source.startswith(("app", "web")):
        body["client"] = _client(dice, source)
    return body


def _location(dice: Dice, incident: Incident) -> dict[str, Any]:
    place = incident.place
    if incident.unplaced is not None:
        return {"bron": "omschrijving", "omschrijving": place.phrase, **incident.unplaced}
    found: dict[str, Any] = {
        "lat": round(place.lat + dice.gauss(0, 0.00025), 5),
        "lon": round(place.lon + dice.gauss(0, 0.0004), 5),
        "bron": dice.weighted({"gps": 62, "pin": 30, "adres": 8}),
    }
    if found["bron"] == "gps":
        found["nauwkeurigheidM"] = dice.choice((5, 8, 12, 15, 20, 25, 40, 65))
    if dice.happens(0.55):
        found["omschrijving"] = place.phrase
    return found


def _felt(dice: Dice, forms: Sequence[str]) -> str:
    if "hinderlijk_volgen" in forms or HEAVY & set(forms):
        return dice.weighted(weights.FELT_WHEN_FOLLOWED)
    return dice.weighted(weights.FELT)


def _behaviour(dice: Dice) -> list[str]:
    if not dice.happens(weights.CHANGES_BEHAVIOUR):
        return ["geen"]
    return dice.several(weights.BEHAVIOUR, dice.choice((1, 1, 1, 2)))


def _offenders(dice: Dice, incident: Incident) -> dict[str, Any]:
    drawn = {
        "aantal": dice.weighted(weights.OFFENDERS),
        "leeftijdGeschat": dice.weighted(weights.OFFENDER_AGE),
        "vervoermiddel": dice.weighted(weights.TRANSPORT),
    }
    known: dict[str, Any] = dict(drawn)
    if known["vervoermiddel"] == "auto" and known["leeftijdGeschat"] in _NO_LICENCE:
        known["vervoermiddel"] = "fatbike_scooter"
    many = known["aantal"] != "1"
    known["groep"] = None if known["aantal"] == "onbekend" else many
    known["bekend"] = dice.weighted({"onbekend": 78, "van_gezicht": 16, "weet_niet": 6})
    known["genderWaargenomen"] = "gemengd" if many and dice.happens(0.08) else "man"
    return known


def _reporter(dice: Dice, grown_up: bool) -> dict[str, Any]:
    ages = ADULTS_ONLY if grown_up else weights.AGE
    reporter: dict[str, Any] = {
        "leeftijdsgroep": dice.weighted(ages),
        "gender": dice.weighted(weights.GENDER),
    }
    contact = dice.weighted(weights.CONTACT)
    number = dice.randint(1000, 9999)
    if contact == "mailen" or (contact == "bellen" and dice.happens(0.4)):
        reporter["email"] = f"melder{number}@example.org"
    if contact == "bellen":
        # The number that stands as the example in every manual, ours included.
        reporter["telefoon"] = "+31612345678"
    named = bool(reporter.keys() & {"email", "telefoon"})
    answers: dict[str, Any] = {
        "melder": reporter,
        "anoniem": not named and (contact == "nee" or dice.happens(0.8)),
        "contactGewenst": contact,
    }
    if contact == "bellen":
        answers["contactWanneer"] = dice.choice(
            ("na schooltijd", "op werkdagen tussen 9 en 17 uur", "liefst 's avonds, geen voicemail")
        )
    if dice.happens(0.12):
        answers["hulpGewenst"] = True
    return answers


def _client(dice: Dice, source: str) -> dict[str, str]:
    platform = {"app_android": "android", "app_ios": "ios"}.get(source, "web")
    return {"platform": platform, "appVersie": dice.choice(_APP_VERSIONS)}


def _happening(
    dice: Dice, incident: Incident, body: Mapping[str, Any], received: datetime
) -> Happening:
    """Return what the text must agree with: the answers to the closed questions."""
    offenders = body["plegers"]
    return Happening(
        role=body["hoedanigheid"],
        forms=incident.forms,
        kind_of_place=incident.place.kind,
        plek=incident.place.phrase,
        tijd=in_words(dice, local(incident.at), local(received)),
        felt=body["ernstGevoel"],
        effects=[effect for effect in body["gevolgGedrag"] if effect != "geen"],
        bystanders=body["omstanders"],
        recurrence=body["herhaling"],
        count=offenders["aantal"],
        age=offenders["leeftijdGeschat"],
        transport=offenders["vervoermiddel"],
        mixed=offenders["genderWaargenomen"] == "gemengd",
        young=body["melder"]["leeftijdsgroep"] in YOUNG,
        hour=local(incident.at).hour,
        style=dice.weighted(weights.STYLE),
    )
