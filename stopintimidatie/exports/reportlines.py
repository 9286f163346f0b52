"""Meldingen: each report under its pseudonym, as far as this recipient may see it. Pure."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from stopintimidatie.exports import figures
from stopintimidatie.exports.content import Pair, ReportContent
from stopintimidatie.exports.profiles import Field
from stopintimidatie.exports.selection import Selection, pseudonym
from stopintimidatie.exports.source import DossierSource, Offenders, Precision, SourceReport, Term
from stopintimidatie.exports.text import capital, clean, listed
from stopintimidatie.web.filters import clock, date_long, date_text

# What each line is called; the account stands on its own and the time in the heading.
LABELS: Final[Mapping[Field, str]] = MappingProxyType(
    {
        Field.REFERENCE: "Kenmerk",
        Field.PLACE: "Plek",
        Field.PLACE_NOTE: "Plek in eigen woorden",
        Field.PLACE_TYPE: "Soort plek",
        Field.FORMS: "Vormen",
        Field.ROLE: "Gemeld door",
        Field.REPORTER_AGE: "Leeftijd melder",
        Field.RECURRENCE: "Vaker gebeurd",
        Field.FEELING: "Gevoel",
        Field.CONSEQUENCES: "Gevolgen",
        Field.OFFENDERS: "Pleger of plegers",
        Field.APPEARANCE: "Signalement",
        Field.BYSTANDERS: "Omstanders",
        Field.POLICE: "Bij de politie",
        Field.WILLING: "Contact",
        Field.TIME: "Tijdstip",
        Field.ACCOUNT: "Verhaal van de melder",
    }
)


def reports(source: DossierSource, chosen: Selection) -> tuple[ReportContent, ...]:
    previous = source.edition.previous
    ordered = sorted(chosen.reports, key=lambda report: report.serial)
    return tuple(
        ReportContent(
            pseudonym=pseudonym(report),
            heading=_when(report),
            new=previous is not None and report.serial not in previous.serials,
            minor=report.minor,
            details=tuple(_details(report)),
            account=clean(report.account),
        )
        for report in ordered
    )


def _when(report: SourceReport) -> str:
    if report.precision is Precision.UNKNOWN:
        return f"rond {date_text(report.happened_at)}"
    part = figures.part_of_day(report)
    if report.precision in (Precision.PART_OF_DAY, Precision.DAY):
        return date_long(report.happened_at) + (f", {part}" if part else "")
    about = "rond " if report.precision is Precision.HOUR else ""
    return f"{date_long(report.happened_at)}, {about}{clock(report.happened_at)}"


def _details(report: SourceReport) -> Iterable[Pair]:
    """The lines of a report: only what is there, of what may be seen."""
    for _, label, value in values(report):
        if value:
            yield Pair(label, capital(clean(value)))


def values(report: SourceReport) -> Iterable[tuple[Field, str, str]]:
    """Each field of a report that has a line of its own, with its label and its words."""
    where = f"{report.place}, {report.neighbourhood}" if report.place else report.neighbourhood
    told = {
        Field.REFERENCE: report.reference,
        Field.PLACE: where,
        Field.PLACE_NOTE: report.place_note,
        Field.PLACE_TYPE: report.place_type.label,
        Field.FORMS: listed([form.label for form in report.forms]),
        Field.ROLE: report.role.label,
        Field.REPORTER_AGE: _label(report.reporter_age),
        Field.RECURRENCE: _label(report.recurrence),
        Field.FEELING: _label(report.feeling),
        Field.CONSEQUENCES: listed([c.label for c in report.consequences]),
        Field.OFFENDERS: offenders_in_words(report.offenders),
        Field.APPEARANCE: report.offenders.appearance,
        Field.BYSTANDERS: _label(report.bystanders),
        Field.POLICE: _label(report.police),
        Field.WILLING: _willing(report),
    }
    return tuple((field, LABELS[field], value) for field, value in told.items())


def filled(report: SourceReport) -> set[Field]:
    """The fields of which this report tells something; when it happened always."""
    filled = {field for field, _, value in values(report) if value}
    if report.account.strip():
        filled.add(Field.ACCOUNT)
    return filled | {Field.TIME}


def offenders_in_words(offenders: Offenders) -> str:
    """The codes about the offender or offenders, on one line."""
    group = {True: "in een groep", False: "niet in een groep", None: ""}[offenders.in_group]
    known = [
        _named("aantal", offenders.number),
        group,
        _named("leeftijd geschat", offenders.age),
        _named("geslacht volgens melder", offenders.gender),
        _named("bekend bij melder", offenders.known),
        _named("vervoer", offenders.transport),
    ]
    return "; ".join(filter(None, known))


def _named(name: str, term: Term | None) -> str:
    return f"{name}: {term.label}" if term else ""


def _label(term: Term | None) -> str:
    return term.label if term else ""


def _willing(report: SourceReport) -> str:
    if not report.willing_to_talk:
        return ""
    return "de melder wil hierover praten; vraag het de dossierhouder"
