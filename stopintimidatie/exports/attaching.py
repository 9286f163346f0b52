"""Bijlagen: which photos, sound and video go along in the PDF, and what is said of them. Pure.

Only where the profile opens them: those of the dossier, and those of the reports that this
recipient gets; of reports with minors never. The rest is told of by its number alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from stopintimidatie.exports.content import AttachmentContent, AttachmentsContent
from stopintimidatie.exports.limits import EMBEDDED_MOST
from stopintimidatie.exports.profiles import Section
from stopintimidatie.exports.selection import Selection, pseudonym
from stopintimidatie.exports.source import DossierSource, SourceAttachment, SourceReport
from stopintimidatie.exports.text import capital, clean_line, listed
from stopintimidatie.web.filters import date_short, file_size, plural

_MORE: Final = {"foto": "foto's", "geluid": "geluidsopnamen", "video": "video's"}
_ONE: Final = {"foto": "foto", "geluid": "geluidsopname", "video": "video"}
WITHIN: Final = (
    "De bestanden zitten in deze PDF: open in uw leesprogramma het venster met bijlagen. Waar en"
    " waarmee ze zijn gemaakt, is eruit gehaald."
)
TOO_MUCH: Final = (
    f"Samen zijn ze hoogstens {EMBEDDED_MOST // 1_000_000} MB. Wat daar niet bij past, geeft de"
    " dossierhouder apart."
)


@dataclass(frozen=True, slots=True)
class _File:
    """A file, and the report that it is of."""

    file: SourceAttachment
    report: SourceReport | None = None


def attachments(source: DossierSource, chosen: Selection) -> AttachmentsContent:
    """Each file by what it is about, where the profile opens that; else how many of each kind."""
    files = tuple(_files(source, chosen))
    if not files:
        return AttachmentsContent("Er zijn geen bijlagen in dit dossier.", ())
    if not chosen.profile.has(Section.ATTACHMENTS):
        return AttachmentsContent(
            f"In het dossier: {_told(files)}. Dit document bevat geen bijlagen. Hebt u er een"
            " nodig, vraag die dan aan de dossierhouder.",
            (),
        )
    listed_files = tuple(_fitting(files))
    note = f"{capital(_told(files))}."
    if any(one.file_name for one in listed_files):
        note += f" {WITHIN}"
    if not all(one.file_name for one in listed_files):
        note += f" {TOO_MUCH}"
    return AttachmentsContent(note, listed_files)


def _files(source: DossierSource, chosen: Selection) -> Iterator[_File]:
    """Those of the dossier, then report by report. Who gets no reports doesn't hear of theirs."""
    yield from map(_File, source.attachments)
    if chosen.profile.lists_reports:
        for report in sorted(chosen.reports, key=lambda report: report.serial):
            if not report.minor:
                yield from (_File(one, report) for one in report.attachments)


def of_minors(reports: Sequence[SourceReport]) -> int:
    """How many files stay out because of whom they may show."""
    return sum(len(report.attachments) for report in reports if report.minor)


def _told(files: Sequence[_File]) -> str:
    numbers = Counter(one.file.kind for one in files)
    return listed([plural(numbers[k], _ONE[k], _MORE[k]) for k in _ONE if numbers[k]])


def _fitting(files: Sequence[_File]) -> Iterator[AttachmentContent]:
    """In their order, each that fits in what is left."""
    left = EMBEDDED_MOST
    for one in files:
        fits = one.file.size <= left
        left -= one.file.size if fits else 0
        yield _content(one, fits=fits)


def _content(one: _File, *, fits: bool) -> AttachmentContent:
    file, report = one.file, one.report
    name = f"{capital(_ONE.get(file.kind, 'bestand'))} {file.number}"
    return AttachmentContent(
        name=name if report is None else f"{name} bij {pseudonym(report)}",
        when=date_short(file.on),
        about=clean_line(file.about) or "Meegestuurd met de melding",
        size=file_size(file.size),
        file_name=file.file_name if fits else "",
        media_type=file.media_type,
        sha256="",
    )
