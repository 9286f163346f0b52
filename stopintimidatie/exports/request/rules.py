"""Rules of a request for an export, also of a demand and of urgency. Pure.

A demand (*vordering*) leaves the municipality no choice, so a reporter's wish doesn't stop it; it
is recorded by article, number, official and date. An urgent export (*spoed*) is made now and
approved by a second person within one working day after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from stopintimidatie.core.forms import FormError
from stopintimidatie.exports.profiles.defaults import INTERNAL, PROFILES, WELFARE
from stopintimidatie.exports.redaction.rules import QUESTION_MAX, RECIPIENT_MAX
from stopintimidatie.exports.review.rules import names_person
from stopintimidatie.exports.vocabulary import BASES, DEMAND, ExportRequest, FileForm, clean
from stopintimidatie.municipalities.partners.vocabulary import (
    CovenantKind,
    LegalBasis,
    MinorsGround,
    Purpose,
)

# The names of places here, and of people with an account.
Here = tuple[Sequence[str], Sequence[str]]
Problems = Iterator[tuple[str, str]]
_ASKED: Final[Mapping[str, str]] = {
    "demand_article": "Schrijf op welk wetsartikel in de vordering staat.",
    "demand_number": "Schrijf het nummer van de vordering op, en geen naam of adres.",
    "demand_officer": "Schrijf op welke functionaris vordert: de functie, geen naam of nummer.",
    "demand_on": "Kies de datum van de vordering.",
}


def _route_problems(wish: ExportRequest, today: date) -> Problems:
    """Yield the rules of a demand and of urgency that aren't kept, as words and answer."""
    if wish.legal_basis == DEMAND:
        yield from _unanswered(wish, _ASKED)
        if wish.demand_on is not None and wish.demand_on > today:
            yield "Deze datum ligt in de toekomst. Kies vandaag of eerder.", "demand_on"
    elif any(getattr(wish, name) for name in _ASKED):
        yield (
            "Dit hoort bij een vordering. Kies die als grondslag, of maak dit leeg.",
            "legal_basis",
        )
    reason = clean(wish.urgent_reason or "")
    if wish.urgent and not reason:
        yield "Schrijf op waarom dit niet kan wachten op een collega.", "urgent_reason"
    if reason and not wish.urgent:
        yield "Dit hoort bij spoed. Kruis spoed aan, of maak dit leeg.", "urgent_reason"


def _unanswered(wish: ExportRequest, messages: Mapping[str, str]) -> Problems:
    for name, message in messages.items():
        value: Any = getattr(wish, name)
        # A text of marks that don't show counts as empty.
        if not (clean(value) if isinstance(value, str) else value):
            yield message, name


# The register: codes, and an organisation


# The purpose where nobody chose one; elsewhere the public order.
_PURPOSES: Final = {
    WELFARE.name: Purpose.HELP,
    INTERNAL.name: Purpose.OWN_WORK,
}


def purpose_of(wish: ExportRequest) -> Purpose:
    """Return the purpose of a disclosure for the register."""
    return Purpose.of(wish.purpose_code or _PURPOSES.get(wish.profile, Purpose.PUBLIC_ORDER))


def registered(wish: ExportRequest, here: Here = ((), ())) -> dict[str, str | None]:
    """Return what the register keeps of the words of a request: codes, and no person."""
    typed = wish.partner_id is None
    person = typed and names_person(wish.recipient, *here)
    covenant, ground = CovenantKind.NAMED if typed else CovenantKind.PARTNER, wish.minors_code
    return {
        "recipient": PROFILES[wish.profile].label if person else wish.recipient,
        "purpose": purpose_of(wish).value,
        "covenant": covenant.value if wish.covenant else None,
        "minors_ground": (ground or MinorsGround.TASK.value) if wish.minors_ground else None,
    }


# The rules of every request

LONGEST_TERM: Final = timedelta(days=365)
PURPOSE_MAX: Final = 1000
_LONGEST: Final = {"question": QUESTION_MAX, "recipient": RECIPIENT_MAX, "purpose": PURPOSE_MAX}
_REQUIRED: Final = {
    "recipient": "Schrijf op wie het document krijgt.",
    "question": "Schrijf op wat u de ontvanger vraagt.",
    "answer_by": "Kies de datum waarop u antwoord wilt.",
    "purpose": "Schrijf op met welk doel u de gegevens geeft.",
    "destroy_by": "Kies wanneer de ontvanger het document uiterlijk vernietigt.",
}


def check_all(checks: Iterable[Callable[[], None]]) -> None:
    """Run all checks, and collect their refusals in one error.

    Raises:
        FormError: the first refusal, with the others in `also`.
    """
    refused: list[tuple[str, str | None]] = []
    for check in checks:
        try:
            check()
        except FormError as problem:
            refused += [(problem.message, problem.field), *problem.also]
    if refused:
        raise FormError(*refused[0], refused[1:])


def check_wish(
    wish: ExportRequest, today: date, *, minors: bool, here: Here | None = None, most: int = 0
) -> None:
    """Check a request; `minors` tells whether the dossier is about minors.

    When it is asked for also what is typed is checked. `here`: the names here; `most`: so many
    reports can be told in full, as a reader can't use more.

    Raises:
        FormError: the first rule that isn't kept, with the others in `also`.
    """
    if wrong := list(_problems(wish, today, minors, here, most)):
        raise FormError(*wrong[0], wrong[1:])


def _named(wish: ExportRequest, here: Here) -> Problems:
    """Yield where a person stands in what the register keeps, and in who demands it."""
    typed = {
        "recipient": wish.recipient if wish.partner_id is None else "",
        "demand_officer": wish.demand_officer or "",
        "demand_number": "".join(c for c in wish.demand_number or "" if not c.isdigit()),
    }
    for name, text in typed.items():
        if names_person(text, *here):
            yield (
                _ASKED.get(
                    name,
                    "Noem een organisatie met team of functie, en geen persoon, nummer of adres:"
                    " dit staat twintig jaar in het register. Is dit toch een organisatie? Maak"
                    " haar eerst partner.",
                ),
                name,
            )


def _problems(
    wish: ExportRequest, today: date, minors: bool, here: Here | None, most: int
) -> Problems:
    if wish.file_form not in set(FileForm):
        yield "Kies een soort bestand uit de lijst.", "file_form"
    yield from _unanswered(wish, _REQUIRED)
    for name, longest in _LONGEST.items():
        if len(getattr(wish, name)) > longest:
            yield f"Maak dit korter: gebruik hoogstens {longest} tekens.", name
    if most and wish.in_full is not None and len(wish.in_full) > most:
        yield (
            f"U koos {len(wish.in_full)} meldingen. Kies er hoogstens {most}; de andere staan in"
            " een tabel in het document.",
            "in_full",
        )
    yield from () if here is None else _named(wish, here)
    yield from _basis_problems(wish)
    yield from _date_problems(wish, today)
    yield from _route_problems(wish, today)
    if minors and wish.profile != INTERNAL.name and not wish.minors_ground:
        yield (
            "In dit dossier gaat het ook om minderjarigen. Schrijf op waarom hun gegevens toch"
            " nodig zijn voor deze ontvanger.",
            "minors_ground",
        )


def _basis_problems(wish: ExportRequest) -> Problems:
    if wish.legal_basis not in {basis.value for basis in BASES}:
        yield "Kies een grondslag uit de lijst.", "legal_basis"
    if wish.legal_basis == LegalBasis.INTERNAL.value and not PROFILES[wish.profile].own_house:
        yield (
            "‘Intern gebruik’ is geen grondslag om gegevens aan een ander te geven. Kies een"
            " andere grondslag.",
            "legal_basis",
        )


def _date_problems(wish: ExportRequest, today: date) -> Problems:
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
