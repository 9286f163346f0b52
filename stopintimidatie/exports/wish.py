"""What somebody asks for, and the rules that it must keep. Pure: no database, no request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from stopintimidatie.exports.asked import ExportRequest
from stopintimidatie.exports.profiles import INTERNAL, PROFILES
from stopintimidatie.exports.redaction import QUESTION_MAX, RECIPIENT_MAX
from stopintimidatie.exports.routes import route_problems
from stopintimidatie.exports.standards import FileForm
from stopintimidatie.exports.text import clean
from stopintimidatie.reports.vocabulary import LegalBasis

LONGEST_TERM: Final = timedelta(days=365)
PURPOSE_MAX: Final = 1000
# Police data has a compartment of its own; what is disclosed from it isn't this export.
BASES: Final = tuple(basis for basis in LegalBasis if basis is not LegalBasis.POLICE_DATA)


class ExportError(Exception):
    """This can't be done; the message says what to do, in Dutch. `field`: which answer is wrong;
    `also`: what else is wrong, so that nobody hears it one by one."""

    def __init__(
        self, message: str, field: str | None = None, also: Sequence[ExportError] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.also = tuple(also)


_REQUIRED: Final = {
    "recipient": "Schrijf op wie het document krijgt.",
    "question": "Schrijf op wat u de ontvanger vraagt.",
    "answer_by": "Kies de datum waarop u antwoord wilt.",
    "purpose": "Schrijf op met welk doel u de gegevens geeft.",
    "destroy_by": "Kies wanneer de ontvanger het document uiterlijk vernietigt.",
}


def check_all(checks: Iterable[Callable[[], None]]) -> None:
    """:raises ExportError: with what each of these checks refuses."""
    refused: list[ExportError] = []
    for check in checks:
        try:
            check()
        except ExportError as problem:
            refused += [problem, *problem.also]
    if refused:
        raise ExportError(refused[0].message, refused[0].field, refused[1:])


def check_profile(wish: ExportRequest) -> None:
    """What all other rules go by.

    :raises ExportError: there is no such profile.
    """
    if wish.profile not in PROFILES:
        raise ExportError("Kies een soort ontvanger uit de lijst.", "profile")


def check_wish(wish: ExportRequest, today: date, *, minors: bool) -> None:
    """:raises ExportError: with all rules that this request doesn't keep."""
    wrong = [ExportError(*problem) for problem in _problems(wish, today, minors)]
    if wrong:
        raise ExportError(wrong[0].message, wrong[0].field, wrong[1:])


def _problems(wish: ExportRequest, today: date, minors: bool) -> Iterator[tuple[str, str]]:
    if wish.file_form not in set(FileForm):
        yield "Kies een soort bestand uit de lijst.", "file_form"
    for name, message in _REQUIRED.items():
        value = getattr(wish, name)
        # What only holds marks that don't show says nothing.
        if not (clean(value) if isinstance(value, str) else value):
            yield message, name
    yield from _too_long(wish)
    yield from _basis_problems(wish)
    yield from _date_problems(wish, today)
    yield from route_problems(wish, today)
    if minors and wish.profile != INTERNAL.name and not wish.minors_ground:
        yield (
            "In dit dossier gaat het ook om minderjarigen. Schrijf op waarom hun gegevens toch"
            " nodig zijn voor deze ontvanger.",
            "minors_ground",
        )


def _too_long(wish: ExportRequest) -> Iterator[tuple[str, str]]:
    for name, most in (
        ("question", QUESTION_MAX),
        ("recipient", RECIPIENT_MAX),
        ("purpose", PURPOSE_MAX),
    ):
        if len(getattr(wish, name)) > most:
            yield f"Maak dit korter: gebruik hoogstens {most} tekens.", name


def _basis_problems(wish: ExportRequest) -> Iterator[tuple[str, str]]:
    if wish.legal_basis not in {basis.value for basis in BASES}:
        yield "Kies een grondslag uit de lijst.", "legal_basis"
    if wish.legal_basis == LegalBasis.INTERNAL.value and not PROFILES[wish.profile].own_house:
        yield (
            "‘Intern gebruik’ is geen grondslag om gegevens aan een ander te geven. Kies een"
            " andere grondslag.",
            "legal_basis",
        )


def _date_problems(wish: ExportRequest, today: date) -> Iterator[tuple[str, str]]:
    if not (wish.answer_by and wish.destroy_by):
        return
    if wish.answer_by < today:
        yield "Deze datum is voorbij. Kies vandaag of later.", "answer_by"
    if wish.destroy_by <= today:
        yield "Kies een datum na vandaag.", "destroy_by"
    elif wish.destroy_by > today + LONGEST_TERM:
        yield (
            "Dit is te lang. De ontvanger mag het document hoogstens een jaar bewaren.",
            "destroy_by",
        )
    elif wish.destroy_by < wish.answer_by:
        yield (
            "De ontvanger heeft het document nodig tot het antwoord er is. Kies een latere datum.",
            "destroy_by",
        )
