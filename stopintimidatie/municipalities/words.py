"""What a reporter reads about a municipality: the answer on the spot, and LET OP. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from stopintimidatie.municipalities import default_texts as house
from stopintimidatie.municipalities.published import Published, fallback_of
from stopintimidatie.web.filters import date_long, local
from stopintimidatie.workflow.workdays import working_days_after

BLANKS: Final = {
    "gemeente": "de naam van de gemeente",
    "dagen": "binnen hoeveel dagen er contact is",
    "werkdagen": "na hoeveel werkdagen de melder zelf kan bellen",
    "telefoon": "het telefoonnummer van de gemeente",
}
_BLANK: Final = re.compile(r"\{([a-z_]*)\}")


def unknown_blanks(text: str) -> list[str]:
    """What stands between braces and can't be filled in."""
    return [name for name in _BLANK.findall(text) if name not in BLANKS]


def filled(text: str, values: Mapping[str, object]) -> str:
    """The text with its blanks filled in; one that isn't known stays as it is."""
    return _BLANK.sub(lambda found: str(values.get(found.group(1), found.group())), text)


def reaction(
    published: Published, name: str | None, language: str = "nl", forms: Sequence[str] = ()
) -> tuple[str, str]:
    """Title and text of the answer on the spot.

    :param name: of the municipality; None when it isn't known.
    :param forms: what happened, gravest first: the first with an answer of its own decides.
    """
    title, text = published.answer(published.language(language), forms)
    values = _values(published, name)
    return filled(title, values), filled(text, values)


def let_op(
    published: Published,
    name: str,
    language: str = "nl",
    *,
    reference: str | None = None,
    received_at: datetime | None = None,
) -> str | None:
    """The LET OP text of a municipality that isn't connected; None for one that is."""
    if published.connected:
        return None
    language = published.language(language)
    spoken = fallback_of(language)
    values = _values(published, name)
    sentences = [published.let_op(language)]
    if received_at is not None:
        last = let_op_until(published, received_at)
        values["dag"] = day_in_words(last, spoken)
        sentences.append(house.LET_OP_DAY[spoken])
    if published.telephone:
        sentences.append(house.LET_OP_PHONE[spoken])
    if reference is not None:
        values["kenmerk"] = reference
        sentences.append(house.LET_OP_REFERENCE[spoken])
    return " ".join(filled(sentence, values) for sentence in sentences)


def let_op_until(published: Published, received_at: datetime) -> date:
    """The last day of the term after which the reporter may ring the municipality."""
    day = local(received_at).date()
    return working_days_after(day, published.let_op_working_days)


def day_in_words(day: date, language: str) -> str:
    """*dinsdag 8 december 2026*, or in English."""
    if language != "nl":
        return f"{day:%A} {day.day} {day:%B} {day.year}"
    return date_long(day)


def _values(published: Published, name: str | None) -> dict[str, object]:
    return {
        "gemeente": name or "",
        "dagen": published.contact_within_days,
        "werkdagen": published.let_op_working_days,
        "telefoon": published.telephone or "",
    }
