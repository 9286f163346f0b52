"""Meldingen, signalementen and bijlagen: the reports as one recipient may know them. Pure.

Only where the profile opens them: those of the dossier, and those of the reports that this
recipient gets; of reports with minors never. The rest is told of by its number alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from stopintimidatie.core.text import date_short, file_size, plural
from stopintimidatie.exports.profiles.rules import Field, Section
from stopintimidatie.exports.redaction.content import (
    AttachmentContent,
    AttachmentsContent,
    OffenderContent,
    Pair,
    ReportContent,
    ReportRow,
)
from stopintimidatie.exports.redaction.selection import NOTHING, Selection, pseudonym
from stopintimidatie.exports.redaction.source import (
    DossierSource,
    Offenders,
    SourceAttachment,
    SourceReport,
    Term,
)
from stopintimidatie.exports.vocabulary import capital, clean, clean_line, listed
from stopintimidatie.reports.rules import time_text

# Photos, sound and video within one PDF are together no more than this: what goes out must still
# fit in the form of /verificatie (`PUBLIC_UPLOAD`), the text of a big dossier included.
EMBEDDED_MOST = 18_000_000


_PLURAL: Final = {"foto": "foto's", "geluid": "geluidsopnamen", "video": "video's"}
_SINGULAR: Final = {"foto": "foto", "geluid": "geluidsopname", "video": "video"}
WITHIN: Final = (
    "De bestanden zitten in deze PDF: open in uw leesprogramma het venster met bijlagen. Waar en"
    " waarmee ze zijn gemaakt, is eruit gehaald."
)
TOO_MUCH: Final = (
    f"Samen zijn ze hoogstens {EMBEDDED_MOST // 1_000_000} MB. Wat daar niet bij past, geeft de"
    " dossierhouder apart."
)
NOT_OF_ROWS: Final = (
    "Bijlagen bij meldingen die niet volledig in dit document staan, zitten er niet in."
)


@dataclass(frozen=True, slots=True)
class _File:
    """A file, and the report that it is of."""

    file: SourceAttachment
    report: SourceReport | None = None


def attachments(source: DossierSource, chosen: Selection) -> AttachmentsContent:
    """Return the files that go along where the profile opens that; else how many of each kind."""
    files = tuple(_files(source, chosen))
    if not files:
        return AttachmentsContent("Er zijn geen bijlagen in dit dossier.", ())
    if not chosen.profile.has(Section.ATTACHMENTS):
        return AttachmentsContent(
            f"In het dossier: {_numbers_of_files(files)}. Dit document bevat geen bijlagen. Hebt u"
            " er een nodig, vraag die dan aan de dossierhouder.",
            (),
        )
    listed_files = tuple(_fitting(files))
    note = f"{capital(_numbers_of_files(files))}."
    if any(file.file_name for file in listed_files):
        note += f" {WITHIN}"
    if not all(file.file_name for file in listed_files):
        note += f" {TOO_MUCH}"
    if any(report.attachments for report in chosen.reports if report.serial not in chosen.in_full):
        note += f" {NOT_OF_ROWS}"
    return AttachmentsContent(note, listed_files)


def _files(source: DossierSource, chosen: Selection) -> Iterator[_File]:
    """Yield the files of the dossier, then of each report in full; none of minors."""
    yield from map(_File, source.attachments)
    if chosen.profile.lists_reports:
        for report in sorted(chosen.reports, key=lambda report: report.serial):
            if not report.minor and report.serial in chosen.in_full:
                yield from (_File(file, report) for file in report.attachments)


def of_minors(reports: Sequence[SourceReport]) -> int:
    """Count the files that stay out because they may show a minor."""
    return sum(len(report.attachments) for report in reports if report.minor)


def _numbers_of_files(files: Sequence[_File]) -> str:
    numbers = Counter(attachment.file.kind for attachment in files)
    return listed([plural(numbers[k], _SINGULAR[k], _PLURAL[k]) for k in _SINGULAR if numbers[k]])


def _fitting(files: Sequence[_File]) -> Iterator[AttachmentContent]:
    """Yield the files in their order; one that doesn't fit in the room left has no file name."""
    left = EMBEDDED_MOST
    for attachment in files:
        fits = attachment.file.size <= left
        left -= attachment.file.size if fits else 0
        yield _attachment(attachment, fits=fits)


def _attachment(attachment: _File, *, fits: bool) -> AttachmentContent:
    file, report = attachment.file, attachment.report
    name = f"{capital(_SINGULAR.get(file.kind, 'bestand'))} {file.number}"
    source = "Bewaard in het dossier" if report is None else "Meegestuurd met de melding"
    return AttachmentContent(
        name=name if report is None else f"{name} bij {pseudonym(report)}",
        when=date_short(file.on),
        about=clean_line(file.about) or source,
        size=file_size(file.size),
        file_name=file.file_name if fits else "",
        media_type=file.media_type,
        sha256="",
    )


# Signalementen: what was seen of offenders, in closed choices, under a number of its own. Pure.
#
# Only in a dossier about a group or a person, and only for who needs it. What somebody saw, what
# they took it for and what they think stand apart; the reporter's own words aren't here.


# A dossier about a place or a theme isn't a search for somebody.
KINDS: Final = frozenset({"groep", "persoonsgericht"})
GROUPED: Final[Mapping[bool | None, Term]] = {
    True: Term("ja", "in een groep"),
    False: Term("nee", "niet in een groep"),
}
IN_A_GROUP: Final = {True: "ja", False: "nee", None: ""}


def offenders(source: DossierSource, chosen: Selection) -> tuple[OffenderContent, ...]:
    """Describe the offenders of each report in full; P-03 is of M-03."""
    if source.kind.code not in KINDS or not chosen.profile.has(Section.OFFENDERS):
        return ()
    described = [(report, _pairs(report.offenders)) for report in _in_full(chosen)]
    return tuple(
        OffenderContent(f"P-{report.serial:02d}", pseudonym(report), *parts)
        for report, parts in described
        if any(parts)
    )


def _pairs(seen: Offenders) -> tuple[tuple[Pair, ...], tuple[Pair, ...], tuple[Pair, ...]]:
    facts = (
        ("Aantal", (seen.number or NOTHING).label),
        ("In een groep", IN_A_GROUP[seen.in_group]),
        ("Vervoer", (seen.transport or NOTHING).label),
    )
    impressions = (
        ("Leeftijd, geschat", (seen.age or NOTHING).label),
        ("Geslacht", (seen.gender or NOTHING).label),
    )
    assumptions = (("Bekend bij de melder", (seen.known or NOTHING).label),)
    return _make_pairs(facts), _make_pairs(impressions), _make_pairs(assumptions)


def _make_pairs(pairs: tuple[tuple[str, str], ...]) -> tuple[Pair, ...]:
    return tuple(Pair(label, capital(value)) for label, value in pairs if value)


# Meldingen: each report under its pseudonym, as far as this recipient may see it. Pure.


# The label of each line; the account stands on its own and the time in the heading.
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
WILLING: Final = "de melder wil hierover praten; vraag het de dossierhouder"


def _in_full(chosen: Selection) -> list[SourceReport]:
    """Return the reports that are told in full, in the order of their numbers."""
    full = (report for report in chosen.reports if report.serial in chosen.in_full)
    return sorted(full, key=lambda report: report.serial)


def reports(source: DossierSource, chosen: Selection) -> tuple[ReportContent, ...]:
    """Tell each report that is told in full, in the order of their numbers."""
    return tuple(
        ReportContent(
            pseudonym=pseudonym(report),
            heading=_when(report),
            new=_is_new(source, chosen, report),
            minor=report.minor,
            details=tuple(
                Pair(label, capital(clean(value))) for _, label, value in values(report) if value
            ),
            account=clean(report.account),
        )
        for report in _in_full(chosen)
    )


def report_rows(source: DossierSource, chosen: Selection) -> tuple[ReportRow, ...]:
    """Tell each other report that goes along in a row, in the order of their numbers."""
    rows = [report for report in chosen.reports if report.serial not in chosen.in_full]
    return tuple(
        ReportRow(
            pseudonym=pseudonym(report),
            when=_when(report, short=True),
            place=clean_line(_where(report)),
            forms=_forms(report),
            reference=clean_line(report.reference),
            new=_is_new(source, chosen, report),
            minor=report.minor,
        )
        for report in sorted(rows, key=lambda report: report.serial)
    )


def in_short(report: SourceReport) -> str:
    """Return when, where and which forms, on one line."""
    words = (_when(report, short=True), _where(report), _forms(report))
    return ", ".join(filter(None, words))


def _is_new(source: DossierSource, chosen: Selection, report: SourceReport) -> bool:
    """Tell whether this recipient didn't get the report with the last version."""
    previous = source.edition.previous
    return previous is not None and report.serial not in previous.serials


def _when(report: SourceReport, *, short: bool = False) -> str:
    """Return day and time, as far as this recipient may know it; short as a table has room for."""
    known = report.happened_at, report.precision, report.part_of_day
    return time_text(*known, short=short)


def _where(report: SourceReport) -> str:
    """Return the place with its neighbourhood, as far as this recipient may know it."""
    return f"{report.place}, {report.neighbourhood}" if report.place else report.neighbourhood


def _forms(report: SourceReport) -> str:
    return listed([form.label for form in report.forms])


def values(report: SourceReport) -> Iterable[tuple[Field, str, str]]:
    """Give each field of a report that has a line of its own, with its label and its words."""
    texts = {
        Field.REFERENCE: report.reference,
        Field.PLACE: _where(report),
        Field.PLACE_NOTE: report.place_note,
        Field.PLACE_TYPE: report.place_type.label,
        Field.FORMS: _forms(report),
        Field.ROLE: report.role.label,
        Field.REPORTER_AGE: (report.reporter_age or NOTHING).label,
        Field.RECURRENCE: (report.recurrence or NOTHING).label,
        Field.FEELING: (report.feeling or NOTHING).label,
        Field.CONSEQUENCES: listed([c.label for c in report.consequences]),
        Field.OFFENDERS: offenders_in_words(report.offenders),
        Field.APPEARANCE: report.offenders.appearance,
        Field.BYSTANDERS: (report.bystanders or NOTHING).label,
        Field.POLICE: (report.police or NOTHING).label,
        Field.WILLING: WILLING if report.willing_to_talk else "",
    }
    return tuple((field, LABELS[field], value) for field, value in texts.items())


def filled(report: SourceReport) -> set[Field]:
    """Find the fields of which this report tells something; when it happened always."""
    filled = {field for field, _, value in values(report) if value}
    if report.account.strip():
        filled.add(Field.ACCOUNT)
    return filled | {Field.TIME}


def offenders_in_words(offenders: Offenders) -> str:
    """Put the codes about the offender or offenders on one line."""
    terms = (
        ("aantal: ", offenders.number),
        ("", GROUPED.get(offenders.in_group)),
        ("leeftijd geschat: ", offenders.age),
        ("geslacht volgens melder: ", offenders.gender),
        ("bekend bij melder: ", offenders.known),
        ("vervoer: ", offenders.transport),
    )
    return "; ".join(f"{name}{term.label}" for name, term in terms if term)
