"""A report in the words of an officer, in the groups in which the page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.text import Term, datetime_long
from stopintimidatie.municipalities.areas import landmarks
from stopintimidatie.municipalities.areas.landmarks import Near
from stopintimidatie.municipalities.areas.locator import Method
from stopintimidatie.municipalities.areas.models import (
    Municipality,
    Neighbourhood,
    Subneighbourhood,
)
from stopintimidatie.municipalities.areas.queries import unknown_neighbourhood_code
from stopintimidatie.municipalities.areas.services import successors
from stopintimidatie.municipalities.settings.queries import free_texts
from stopintimidatie.reports.fields import BY_COLUMN
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import GONE
from stopintimidatie.reports.rules import kinds_found, signals, time_text
from stopintimidatie.reports.vocabulary import (
    AgeGroup,
    FollowUp,
    Form,
    LocationSource,
    OffenderAge,
    PlaceType,
    Source,
    in_order,
)

Rows = list[tuple[str, Any]]

LOCATED_BY: Final[dict[str, str]] = {
    Method.OUTLINE: "het punt ligt binnen de grens van de wijk",
    Method.NEAREST: "het punt ligt vlak bij de grens van de wijk",
    Method.CENTRE: "geschat zonder grenzen: het punt ligt het dichtst bij het midden van de wijk",
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
_YES_NO: Final = {True: "ja", False: "nee", None: None}


@dataclass(frozen=True, slots=True)
class AreaNames:
    """Names of the areas of a report, as far as they are known."""

    municipality: str | None = None
    neighbourhood: str | None = None
    subneighbourhood: str | None = None
    near: str | None = None
    # The area that the report's own area went into since; the report stays where it was filed.
    successor: str | None = None


def word(vocabulary: type[Term], code: str | None) -> str | None:
    """Return the officer's word for a code; a code we don't know is shown as it is."""
    return None if code is None else vocabulary.word(code)


def listed(vocabulary: type[Term], codes: list[str]) -> str | None:
    """Return the officer's words for codes, with commas between; None without codes."""
    return ", ".join(str(word(vocabulary, code)) for code in codes) or None


# The forms from light to grave: *anders* says least.
_GRAVITY: Final = {form.value: number for number, form in enumerate(Form)} | {Form.OTHER.value: -1}


def heading(report: Report) -> str:
    """Return what happened in one line: the three gravest forms, in their usual order."""
    if report.locked:
        return "Ingetrokken melding"
    forms = report.forms
    gravest = sorted(forms, key=lambda code: -_GRAVITY.get(code, -1))[:3]
    title = listed(Form, in_order(gravest)) or "Melding"
    more = len(forms) - len(gravest)
    title += f" en {more} meer" if more > 0 else ""
    return title[0].upper() + title[1:]


def is_minor(report: Report) -> bool:
    """Tell whether the reporter is a minor, by the age band that was given."""
    return report.reporter_age_group in {g.value for g in AgeGroup if g.minor}


def involves_minor(report: Report) -> bool:
    """Tell whether the reporter is a minor, or an offender seems to be one."""
    offender = report.offender_age
    return is_minor(report) or (offender is not None and OffenderAge.of(offender).minor)


def badges(report: Report) -> list[str]:
    """Return the state of a report, and the marks that an officer must see in a list.

    Of one whose content nobody reads here: what still matters of it.
    """
    if report.state in GONE:
        gone = {"spoed": report.locked and report.urgent, "bevroren": report.frozen}
        return [report.state, *(name for name, on in gone.items() if on)]
    marks = {
        "spoed": report.urgent,
        "melder_schreef": report.reporter_spoke_at is not None,
        "minderjarig": is_minor(report),
        "bevroren": report.frozen,
    }
    return [report.state, *(name for name, on in marks.items() if on)]


def signals_of(report: Report) -> list[str]:
    """Return the signals of danger in a report, in words."""
    return signals(
        report.all_forms,
        age_group=report.reporter_age_group,
        known=report.offender_known,
        recurrence=report.recurrence,
        wants_support=report.wants_support,
    )


def is_past(report: Report) -> bool:
    """Tell whether it happened so long ago that nobody is asked about danger now."""
    return (report.incident_end or report.incident_start) < utc_now() - ASKED_FOR


# After this a signal is shown, and the question about danger isn't asked any more.
ASKED_FOR: Final = timedelta(days=2)


def unasked_signals(report: Report) -> list[str]:
    """Return the signals of danger, in words, about which it is too late to ask."""
    unasked = report.danger_now is None and report.ended_at is None and is_past(report)
    return signals_of(report) if unasked else []


def sensitive_kinds(report: Report) -> list[str]:
    """Return the kinds of personal data that seem to stand in its texts, in words."""
    texts = (report.description, report.offender_appearance, report.location_text)
    return kinds_found(*texts, *free_texts(report.own_answers))


def when_text(report: Report) -> str:
    """Return the time of the incident, no more precise than the reporter knew it."""
    return time_text(
        report.incident_start, report.time_precision, report.part_of_day, report.incident_end
    )


def when_short(report: Report | Row[Any]) -> str:
    """Return the time of the incident as a list has room for, no more precise than it is known."""
    return time_text(report.incident_start, report.time_precision, report.part_of_day, short=True)


def _row(report: Report, column: str) -> tuple[str, Any]:
    """Return the label of a field as it is declared, and the answer in words."""
    declared, value = BY_COLUMN[column], getattr(report, column)
    if declared.vocabulary is not None:
        words = listed if declared.several else word
        return declared.facts.label, words(declared.vocabulary, value)
    return declared.facts.label, {True: "ja", False: declared.facts.no}.get(value, value)


def _rows(report: Report, *columns: str) -> Rows:
    return _filled(*(_row(report, column) for column in columns))


def event(report: Report) -> Rows:
    """Return the rows about the event itself."""
    rows: Rows = [("Vormen", listed(Form, report.forms))]
    if report.confirmed_forms and set(report.confirmed_forms) != set(report.reported_forms):
        rows.append(("Zoals gemeld", listed(Form, report.reported_forms)))
    return [*rows, _row(report, "recurrence"), _row(report, "bystanders")]


def location(report: Report, names: AreaNames) -> Rows:
    """Return the rows about the location, and how it was found."""
    guessed = " (geschat)" if report.located_by == Method.CENTRE else ""
    # Without a name the place is the wijk, which has a row of its own.
    says_more = report.near_place or has_no_neighbourhood(report)
    return _filled(
        ("Gemeente", names.municipality),
        ("Plek", point_text(report, names) if says_more else None),
        ("Wijk", names.neighbourhood and f"{names.neighbourhood}{guessed}"),
        ("Buurt", names.subneighbourhood),
        ("Vlak bij de grens met", names.near),
        ("Heet sinds de herindeling", names.successor),
        _row(report, "place_type"),
        ("Adres", address_text(report.address)),
        ("Openbaar vervoer", transit_text(report.transit)),
        _row(report, "location_text"),
        ("Bron van het punt", None if says_more else _point_source(report)),
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


def place_line(report: Report | Row[Any], area: str) -> str:
    """Return the place as a row has room for: its name, the stop, the wijk, or its kind."""
    stop = (report.transit or {}).get("stop")
    named = place_short(report) or (f"halte {stop}" if stop else area)
    return named or PlaceType.word(report.place_type)


def place_short(report: Report | Row[Any]) -> str:
    """Return the name of the place near the point, as a list has room for; empty without one."""
    return landmarks.short(Near.of(report.near_place)) if report.near_place else ""


def place_row(report: Report, names: AreaNames) -> str | None:
    """Return where the point on the map is, in words; None without a point.

    At a named place, else in its wijk; only a point that lies in none is told in degrees.
    """
    if report.lat is None or report.lon is None:
        return None
    if report.near_place:
        return landmarks.in_words(Near.of(report.near_place), report.accuracy_m)
    if names.neighbourhood is None or has_no_neighbourhood(report):
        where = f"{report.lat:.4f} NB {report.lon:.4f} OL".replace(".", ",")
        return f"buiten de wijken die wij kennen: {where}"
    buurt = names.subneighbourhood and f"buurt {names.subneighbourhood}"
    return "in " + ", ".join(filter(None, (buurt, f"wijk {names.neighbourhood}")))


def point_text(report: Report, names: AreaNames) -> str | None:
    """Return the place of the point in words, its source and its accuracy, or None."""
    text = place_row(report, names)
    if text is None:
        return None
    source = _point_source(report)
    return f"{text} ({source})" if source else text


def _point_source(report: Report) -> str:
    source = word(LocationSource, report.location_source)
    accuracy = f"op {report.accuracy_m} m nauwkeurig" if report.accuracy_m is not None else None
    return ", ".join(filter(None, (source, accuracy)))


def _located_by(report: Report) -> str | None:
    if report.located_by == Method.OFFICER and report.neighbourhood_code is not None:
        return LOCATED_BY[Method.OFFICER]
    if has_no_neighbourhood(report):
        return _not_located(report)
    if report.located_by == Method.CHOSEN and report.source == Source.WEB_FORM:
        return "gekozen door de melder"
    return LOCATED_BY.get(report.located_by)


def has_no_neighbourhood(report: Report) -> bool:
    """Tell whether nothing placed the report in a neighbourhood."""
    code, town = report.neighbourhood_code, report.municipality_code
    return code is None or (town is not None and code == unknown_neighbourhood_code(town))


def _not_located(report: Report) -> str | None:
    """Return why a report is in no neighbourhood: nothing placed it, whatever was tried."""
    if report.lat is not None:
        return "niet bekend: het punt ligt in geen wijk die wij kennen"
    if report.source == Source.WEB_FORM and report.municipality_code is not None:
        return "niet bekend: de melder koos geen wijk en geen punt op de kaart"
    return LOCATED_BY[Method.NONE]


def moments(report: Report) -> Rows:
    """Return the rows about when it happened, and when and how it came in."""
    return _filled(
        ("Gebeurd", when_text(report)),
        ("Ontvangen", datetime_long(report.received_at)),
        ("Binnengekomen via", word(Source, report.source)),
        _row(report, "campaign"),
        *([_row(report, "language")] if report.language != "nl" else ()),
    )


def reporter(report: Report) -> Rows:
    """Return the rows about the reporter."""
    about = ("role", "reporter_age_group", "reporter_gender")
    return _rows(report, *about, "felt_safety", "behaviour_changes", "police")


def offenders(report: Report) -> Rows:
    """Return the rows about the offenders."""
    names = ("count", "in_group", "known", "age", "gender", "transport")
    return _rows(report, *(f"offender_{name}" for name in names))


# A child under 16 doesn't consent (art. 5 UAVG): nobody asks, and nothing is shared by itself.
NOT_ASKED: Final = "niet gevraagd: jonger dan 16"


def wishes(report: Report) -> Rows:
    """Return the rows about the wishes of the reporter."""
    contact = ("wants_contact", "wants_support")
    sharing = _rows(report, "share_with_police", "share_with_partners")
    if not AgeGroup.may_consent(report.reporter_age_group):
        sharing = [(label, NOT_ASKED) for label, _ in sharing]
    return [*_rows(report, *contact), *sharing]


def assessment(report: Report) -> Rows:
    """Return the rows about what triage found; none before that."""
    if report.triaged_at is None:
        return []
    return _filled(
        ("Beoordeeld op", datetime_long(report.triaged_at)),
        ("Nu iemand in gevaar", _YES_NO[report.danger_now]),
        ("Spoed", "ja" if report.urgent else "nee"),
        ("Vermoeden van een strafbaar feit", _YES_NO[report.suspected_offence]),
        ("Waarom", report.suspected_offence_reason),
        ("Contact afgesproken", dict(CONTACT_AGREED).get(report.contact_agreed or "")),
        ("Opvolging", listed(FollowUp, report.follow_ups)),
    )


def _filled(*rows: tuple[str, Any]) -> Rows:
    return [(term, value) for term, value in rows if value not in (None, "")]


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
    heirs = successors(session, codes)
    if not heirs:
        return None
    town = _name(session, Municipality, heirs.get(codes[0] or "", codes[0]))
    wijk = _name(session, Neighbourhood, heirs.get(codes[1] or "", ""))
    return ", ".join(filter(None, (wijk, town))) or None
