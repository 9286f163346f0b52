"""A report in the words of an officer, grouped as they read it. Pure: from the row to text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from stopintimidatie.core import text
from stopintimidatie.core.text import clock, date_long, datetime_long, local
from stopintimidatie.municipalities.areas.locator import Method
from stopintimidatie.municipalities.areas.models import (
    Municipality,
    Neighbourhood,
    Subneighbourhood,
)
from stopintimidatie.municipalities.areas.queries import unknown_neighbourhood_code
from stopintimidatie.municipalities.areas.services import successors
from stopintimidatie.municipalities.settings.queries import free_texts
from stopintimidatie.reports import vocabulary as reports_vocabulary
from stopintimidatie.reports.fields import BY_COLUMN
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import kinds_found

Rows = list[tuple[str, Any]]

LOCATED_BY: Final[dict[str, str]] = {
    Method.OUTLINE: "het punt ligt binnen de grens van de wijk",
    Method.NEAREST: "het punt ligt vlak bij de grens van de wijk",
    Method.CENTRE: "geschat: het punt ligt het dichtst bij het midden van deze wijk",
    Method.CHOSEN: "gekozen door een medewerker",
    Method.OFFICER: "gekozen door een medewerker",
    Method.STOP: "de plek van de halte die de melder noemt",
    Method.ADDRESS: "de plek van het adres dat de melder noemt",
    Method.NONE: "niet bekend: er is geen punt op de kaart",
}
CONTACT_AGREED: Final = (
    ("bellen", "bellen"),
    ("mailen", "mailen"),
    ("via_app", "via de app, zonder naam"),
    ("geen", "geen contact"),
    ("is_geweest", "er is al contact geweest"),
)
_NO: Final = {True: "ja", False: "nee", None: None}


@dataclass(frozen=True, slots=True)
class AreaNames:
    """Names of the areas of a report, as far as they are known."""

    municipality: str | None = None
    neighbourhood: str | None = None
    subneighbourhood: str | None = None
    near: str | None = None
    # What took the place of an area that ended since: the report stays where it was filed.
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """Something to notice at once. Tones as in `core.web.components`, kinds as of `ui.alert`."""

    kind: str
    title: str
    text: str


def word(vocabulary: type[text.Term], code: str | None) -> str | None:
    """Return the officer's word for a code; a code we don't know is shown as it is."""
    return None if code is None else vocabulary.word(code)


def listed(vocabulary: type[text.Term], codes: list[str]) -> str | None:
    """Return the officer's words for codes, with commas between; None without codes."""
    return ", ".join(str(word(vocabulary, code)) for code in codes) or None


_TELLING: Final = {form.value: place for place, form in enumerate(reports_vocabulary.Form)} | {
    reports_vocabulary.Form.OTHER.value: -1
}


def heading(report: Report) -> str:
    """Return what happened in one line: the three gravest forms, in their usual order."""
    forms = report.forms
    telling = sorted(forms, key=lambda code: -_TELLING.get(code, -1))[:3]
    text = listed(reports_vocabulary.Form, reports_vocabulary.in_order(telling)) or "Melding"
    more = len(forms) - len(telling)
    text += f" en {more} meer" if more > 0 else ""
    return text[0].upper() + text[1:]


def is_minor(report: Report) -> bool:
    """Tell whether the reporter is a minor, by the age band that was given."""
    return report.reporter_age_group in {g.value for g in reports_vocabulary.AgeGroup if g.minor}


def badges(report: Report) -> list[str]:
    """Return the state of a report, and the marks that an officer must see in a list."""
    marks = {
        "spoed": report.urgent,
        "melder_schreef": report.reporter_spoke_at is not None,
        "minderjarig": is_minor(report),
        "bevroren": report.frozen,
    }
    return [report.state, *(name for name, on in marks.items() if on)]


def flags(report: Report) -> list[Flag]:
    """Return the warnings to show above a report, most pressing first."""
    found: list[Flag] = []
    if report.danger_now:
        found.append(_DANGER)
    if report.state == "quarantaine":
        found.append(_QUARANTINE)
    if is_minor(report):
        found.append(_MINOR)
    kinds = kinds_found(
        report.description,
        report.offender_appearance,
        report.location_text,
        *free_texts(report.own_answers),
    )
    if kinds:
        found.append(_sensitive(kinds))
    if report.located_by == Method.CENTRE:
        found.append(_BY_CENTRE)
    return found


_DANGER: Final = Flag(
    "error",
    "Bij de beoordeling was er iemand in gevaar",
    "Is dat nu nog zo? Bel 112 en overleg met de politie.",
)
_QUARANTINE: Final = Flag(
    "warning",
    "Deze melding staat in quarantaine",
    "Zij telt nog niet mee. Kijk of het een echte melding is en haal haar dan uit quarantaine.",
)
_MINOR: Final = Flag(
    "warning",
    "De melder is minderjarig",
    "Wees extra zorgvuldig met contact en met delen.",
)
_BY_CENTRE: Final = Flag(
    "info",
    "Plek geschat op het midden van de wijk",
    "De grenzen van de wijken zijn niet geladen. Kijk bij de beoordeling of de wijk klopt.",
)


def _sensitive(kinds: list[str]) -> Flag:
    found = ", ".join(kinds)
    return Flag(
        "warning",
        "Er staan misschien persoonsgegevens in de tekst",
        f"De tekst lijkt {found} te bevatten; het is geel gemarkeerd. Neem dit niet over in een"
        " dossier of in een bericht.",
    )


def when_text(report: Report) -> str:
    """Return the time of the incident, no more precise than the reporter knew it."""
    start = report.incident_start
    part = word(reports_vocabulary.PartOfDay, report.part_of_day)
    day = date_long(start)
    match report.time_precision:
        case reports_vocabulary.TimePrecision.EXACT | None:
            return _until(start, report.incident_end)
        case reports_vocabulary.TimePrecision.HOUR:
            return f"{day}, rond {local(start):%H} uur"
        case reports_vocabulary.TimePrecision.PART_OF_DAY:
            return f"{day}, {part or 'dagdeel niet bekend'}"
        case reports_vocabulary.TimePrecision.DAY:
            return f"{day}, tijd niet bekend"
    return f"{day}, maar de melder weet dit niet zeker"


def _until(start: datetime, end: datetime | None) -> str:
    if end is None or end == start:
        return datetime_long(start)
    if local(end).date() == local(start).date():
        return f"{datetime_long(start)} tot {clock(end)}"
    return f"{datetime_long(start)} tot {datetime_long(end)}"


def _told(report: Report, column: str) -> tuple[str, Any]:
    """Return the label of a field as it is declared, and what was told in words."""
    one, value = BY_COLUMN[column], getattr(report, column)
    if one.vocabulary is not None:
        said = listed(one.vocabulary, value) if one.several else word(one.vocabulary, value)
        return one.facts.label, said
    return one.facts.label, {True: "ja", False: one.facts.no}.get(value, value)


def what(report: Report) -> Rows:
    """Return the rows about what happened."""
    rows: Rows = [("Vormen", listed(reports_vocabulary.Form, report.forms))]
    if report.confirmed_forms and set(report.confirmed_forms) != set(report.reported_forms):
        rows.append(("Zoals gemeld", listed(reports_vocabulary.Form, report.reported_forms)))
    return [
        *rows,
        _told(report, "recurrence"),
        _told(report, "bystanders"),
    ]


def where(report: Report, names: AreaNames) -> Rows:
    """Return the rows about where it happened, and how that was found."""
    return _filled(
        ("Gemeente", names.municipality),
        ("Wijk", names.neighbourhood),
        ("Buurt", names.subneighbourhood),
        ("Vlak bij de grens met", names.near),
        ("Heet sinds de herindeling", names.successor),
        _told(report, "place_type"),
        ("Adres", address_text(report.address)),
        ("Openbaar vervoer", transit_text(report.transit)),
        _told(report, "location_text"),
        ("Punt op de kaart", point_text(report)),
        ("Hoe de wijk is bepaald", _located_by(report)),
    )


def address_text(address: dict[str, Any] | None) -> str | None:
    """Return an address in one line, or None."""
    if not address:
        return None
    street = " ".join(filter(None, (address.get("street"), address.get("house_number"))))
    town = " ".join(filter(None, (address.get("postcode"), address.get("town"))))
    return ", ".join(filter(None, (street, town))) or None


def transit_text(transit: dict[str, Any] | None) -> str | None:
    """Return operator, line, direction and stop in one line, or None."""
    if not transit:
        return None
    names = {"operator": "", "line": "lijn ", "direction": "richting ", "stop": "halte "}
    return ", ".join(f"{text}{transit[key]}" for key, text in names.items() if transit.get(key))


def point_text(report: Report) -> str | None:
    """Return the point on the map, its source and its accuracy, or None."""
    if report.lat is None or report.lon is None:
        return None
    text = f"{report.lat:.5f}, {report.lon:.5f}"
    source = word(reports_vocabulary.LocationSource, report.location_source)
    accuracy = f"op {report.accuracy_m} m nauwkeurig" if report.accuracy_m is not None else None
    extra = ", ".join(filter(None, (source, accuracy)))
    return f"{text} ({extra})" if extra else text


def _located_by(report: Report) -> str | None:
    if report.located_by == Method.OFFICER and report.neighbourhood_code is not None:
        return LOCATED_BY[Method.OFFICER]
    if _has_no_neighbourhood(report):
        return _not_located(report)
    if report.located_by == Method.CHOSEN and report.source == reports_vocabulary.Source.WEB_FORM:
        return "gekozen door de melder"
    return LOCATED_BY.get(report.located_by)


def _has_no_neighbourhood(report: Report) -> bool:
    code, town = report.neighbourhood_code, report.municipality_code
    return code is None or (town is not None and code == unknown_neighbourhood_code(town))


def _not_located(report: Report) -> str | None:
    """Return why a report is in no neighbourhood: nothing placed it, whatever was tried."""
    if report.lat is not None:
        return "niet bekend: het punt ligt in geen wijk die wij kennen"
    if report.source == reports_vocabulary.Source.WEB_FORM and report.municipality_code is not None:
        return "niet bekend: de melder koos geen wijk en geen punt op de kaart"
    return LOCATED_BY[Method.NONE]


def when(report: Report) -> Rows:
    """Return the rows about when it happened and how it came in."""
    return _filled(
        ("Gebeurd", when_text(report)),
        ("Ontvangen", datetime_long(report.received_at)),
        ("Binnengekomen via", word(reports_vocabulary.Source, report.source)),
        _told(report, "campaign"),
        *([_told(report, "language")] if report.language != "nl" else ()),
    )


def reporter(report: Report) -> Rows:
    """Return the rows about the reporter."""
    return _filled(
        _told(report, "role"),
        _told(report, "reporter_age_group"),
        _told(report, "reporter_gender"),
        _told(report, "felt_safety"),
        _told(report, "behaviour_changes"),
        _told(report, "police"),
    )


def offenders(report: Report) -> Rows:
    """Return the rows about the offenders."""
    return _filled(
        _told(report, "offender_count"),
        _told(report, "offender_in_group"),
        _told(report, "offender_known"),
        _told(report, "offender_age"),
        _told(report, "offender_gender"),
        _told(report, "offender_transport"),
    )


def wishes(report: Report) -> Rows:
    """Return the rows about what the reporter wants."""
    return _filled(
        _told(report, "wants_contact"),
        _told(report, "wants_support"),
        _told(report, "share_with_police"),
        _told(report, "share_with_partners"),
    )


def assessment(report: Report) -> Rows:
    """Return the rows about what triage found; none before that."""
    if report.triaged_at is None:
        return []
    return _filled(
        ("Beoordeeld op", datetime_long(report.triaged_at)),
        ("Nu iemand in gevaar", _NO[report.danger_now]),
        ("Spoed", "ja" if report.urgent else "nee"),
        ("Vermoeden van een strafbaar feit", _NO[report.suspected_offence]),
        ("Waarom", report.suspected_offence_reason),
        ("Contact afgesproken", dict(CONTACT_AGREED).get(report.contact_agreed or "")),
        ("Opvolging", listed(reports_vocabulary.FollowUp, report.follow_ups)),
    )


def _filled(*rows: tuple[str, Any]) -> Rows:
    return [(term, value) for term, value in rows if value not in (None, "")]


# The names of the areas of a report, as an officer reads them.


def area_names(session: Session, report: Report) -> AreaNames:
    """Return the names of the report's areas, of the municipality next door, and of today."""
    return AreaNames(
        _name(session, Municipality, report.municipality_code),
        _name(session, Neighbourhood, report.neighbourhood_code),
        _name(session, Subneighbourhood, report.subneighbourhood_code),
        _name(session, Municipality, report.near_municipality_code),
        _name_now(session, report),
    )


def _name(session: Session, entity: Any, code: str | None) -> str | None:
    row = session.get(entity, code) if code else None
    return None if row is None else str(row.name)


def _name_now(session: Session, report: Report) -> str | None:
    """Return wijk and municipality of today, where the report's own ended by a reorganisation."""
    codes = (report.municipality_code, report.neighbourhood_code)
    found = successors(session, codes)
    if not found:
        return None
    town = _name(session, Municipality, found.get(codes[0] or "", codes[0]))
    wijk = _name(session, Neighbourhood, found.get(codes[1] or "", ""))
    return ", ".join(filter(None, (wijk, town))) or None
