"""What somebody asks for, and the rules that it must keep. Pure: no database, no request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from stopintimidatie.exports.profiles import INTERNAL, PROFILES
from stopintimidatie.exports.redaction import QUESTION_MAX, RECIPIENT_MAX
from stopintimidatie.exports.routes import route_problem
from stopintimidatie.exports.standards import FileForm
from stopintimidatie.exports.text import clean
from stopintimidatie.reports.vocabulary import LegalBasis

LONGEST_TERM: Final = timedelta(days=365)
PURPOSE_MAX: Final = 1000
# Police data has a compartment of its own; what is disclosed from it isn't this export.
BASES: Final = tuple(basis for basis in LegalBasis if basis is not LegalBasis.POLICE_DATA)


class ExportError(Exception):
    """This can't be done; the message says what to do, in Dutch. `field`: which answer is wrong."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportWish:
    """A request for an export. The names are those of the columns of `Export`."""

    profile: str
    recipient: str
    question: str
    answer_by: date
    purpose: str
    legal_basis: str
    destroy_by: date
    covenant: str | None = None
    minors_ground: str | None = None
    phone: str | None = None
    facts: str | None = None
    perceptions: str | None = None
    assumptions: str | None = None
    feedback: str | None = None
    partner_id: UUID | None = None
    file_form: str = FileForm.ARCHIVE.value
    # See `deviations`.
    deviations: list[dict[str, Any]] | None = None
    # See `routes`.
    demand_article: str | None = None
    demand_number: str | None = None
    demand_officer: str | None = None
    demand_on: date | None = None
    urgent: bool = False
    urgent_reason: str | None = None


_REQUIRED: Final = {
    "recipient": "Schrijf op wie het document krijgt.",
    "question": "Schrijf op wat u de ontvanger vraagt.",
    "answer_by": "Kies de datum waarop u antwoord wilt.",
    "purpose": "Schrijf op met welk doel u de gegevens geeft.",
    "destroy_by": "Kies wanneer de ontvanger het document uiterlijk vernietigt.",
}


def check_wish(wish: ExportWish, today: date, *, minors: bool) -> None:
    """:raises ExportError: with the first rule that this request doesn't keep."""
    if wish.profile not in PROFILES:
        raise ExportError("Kies een soort ontvanger uit de lijst.", "profile")
    if wish.file_form not in set(FileForm):
        raise ExportError("Kies een soort bestand uit de lijst.", "file_form")
    for name, message in _REQUIRED.items():
        value = getattr(wish, name)
        # What only holds marks that don't show says nothing.
        if not (clean(value) if isinstance(value, str) else value):
            raise ExportError(message, name)
    _check_lengths(wish)
    _check_basis(wish)
    _check_dates(wish, today)
    problem = route_problem(wish, today)
    if problem is not None:
        raise ExportError(*problem)
    if minors and wish.profile != INTERNAL.name and not wish.minors_ground:
        raise ExportError(
            "In dit dossier gaat het ook om minderjarigen. Schrijf op waarom hun gegevens toch"
            " nodig zijn voor deze ontvanger.",
            "minors_ground",
        )


def _check_lengths(wish: ExportWish) -> None:
    for name, most in (
        ("question", QUESTION_MAX),
        ("recipient", RECIPIENT_MAX),
        ("purpose", PURPOSE_MAX),
    ):
        if len(getattr(wish, name)) > most:
            raise ExportError(f"Maak dit korter: gebruik hoogstens {most} tekens.", name)


def _check_basis(wish: ExportWish) -> None:
    if wish.legal_basis not in {basis.value for basis in BASES}:
        raise ExportError("Kies een grondslag uit de lijst.", "legal_basis")
    if wish.legal_basis == LegalBasis.INTERNAL.value and not PROFILES[wish.profile].own_house:
        raise ExportError(
            "‘Intern gebruik’ is geen grondslag om gegevens aan een ander te geven. Kies een"
            " andere grondslag.",
            "legal_basis",
        )


def _check_dates(wish: ExportWish, today: date) -> None:
    if wish.answer_by < today:
        raise ExportError("Deze datum is voorbij. Kies vandaag of later.", "answer_by")
    if wish.destroy_by <= today:
        raise ExportError("Kies een datum na vandaag.", "destroy_by")
    if wish.destroy_by > today + LONGEST_TERM:
        raise ExportError(
            "Dit is te lang. De ontvanger mag het document hoogstens een jaar bewaren.",
            "destroy_by",
        )
    if wish.destroy_by < wish.answer_by:
        raise ExportError(
            "De ontvanger heeft het document nodig tot het antwoord er is. Kies een latere datum.",
            "destroy_by",
        )
