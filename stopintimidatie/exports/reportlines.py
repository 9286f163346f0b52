"""Meldingen: each report under its pseudonym, as far as this recipient may see it. Pure."""

from collections.abc import Iterable

from stopintimidatie.exports import figures
from stopintimidatie.exports.content import Pair, ReportContent
from stopintimidatie.exports.profiles import Field, Treatment
from stopintimidatie.exports.selection import Selection, pseudonym
from stopintimidatie.exports.source import DossierSource, Offenders, Precision, SourceReport, Term
from stopintimidatie.exports.text import capital, clean, listed
from stopintimidatie.web.filters import clock, date_long, date_text


def reports(source: DossierSource, chosen: Selection) -> tuple[ReportContent, ...]:
    previous = source.request.previous
    ordered = sorted(chosen.reports, key=lambda report: report.serial)
    return tuple(
        ReportContent(
            pseudonym=pseudonym(report),
            heading=_when(report, chosen.treatment(report, Field.TIME)),
            new=previous is not None and report.serial not in previous.serials,
            minor=report.minor,
            details=tuple(_details(report, chosen)),
            account=clean(report.account) if chosen.shows(report, Field.ACCOUNT) else "",
        )
        for report in ordered
    )


def _when(report: SourceReport, treatment: Treatment) -> str:
    if treatment is Treatment.LEFT_OUT:
        return f"{figures.day(report).year}"
    if report.precision is Precision.UNKNOWN:
        return f"rond {date_text(report.happened_at)}"
    part = figures.part_of_day(report)
    if treatment is Treatment.COARSENED or report.precision in (
        Precision.PART_OF_DAY,
        Precision.DAY,
    ):
        return date_long(report.happened_at) + (f", {part}" if part else "")
    about = "rond " if report.precision is Precision.HOUR else ""
    return f"{date_long(report.happened_at)}, {about}{clock(report.happened_at)}"


def _details(report: SourceReport, chosen: Selection) -> Iterable[Pair]:
    """The lines of a report: only what is there and may be seen."""
    values = _values(report, chosen.treatment(report, Field.PLACE))
    for field, label, value in values:
        seen = chosen.treatment(report, field) is not Treatment.LEFT_OUT
        if value and seen:
            yield Pair(label, capital(clean(value)))


def _values(report: SourceReport, place: Treatment) -> Iterable[tuple[Field, str, str]]:
    exact = report.place if place is Treatment.SHOWN else ""
    where = f"{exact}, {report.neighbourhood}" if exact else report.neighbourhood
    return (
        (Field.REFERENCE, "Kenmerk", report.reference),
        (Field.PLACE, "Plek", where),
        (Field.PLACE_NOTE, "Plek in eigen woorden", report.place_note),
        (Field.PLACE_TYPE, "Soort plek", report.place_type.label),
        (Field.FORMS, "Vormen", listed([form.label for form in report.forms])),
        (Field.ROLE, "Gemeld door", report.role.label),
        (Field.REPORTER_AGE, "Leeftijd melder", _label(report.reporter_age)),
        (Field.RECURRENCE, "Vaker gebeurd", _label(report.recurrence)),
        (Field.FEELING, "Gevoel", _label(report.feeling)),
        (Field.CONSEQUENCES, "Gevolgen", listed([c.label for c in report.consequences])),
        (Field.OFFENDERS, "Pleger of plegers", offenders_in_words(report.offenders)),
        (Field.APPEARANCE, "Signalement", report.offenders.appearance),
        (Field.BYSTANDERS, "Omstanders", _label(report.bystanders)),
        (Field.POLICE, "Politie", _label(report.police)),
        (Field.WILLING, "Contact", _willing(report)),
    )


def filled(report: SourceReport) -> set[Field]:
    """The fields of which this report has something to hide."""
    filled = {field for field, _, value in _values(report, Treatment.SHOWN) if value}
    if report.account.strip():
        filled.add(Field.ACCOUNT)
    if report.precision in (Precision.EXACT, Precision.HOUR):
        filled.add(Field.TIME)
    return filled


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
