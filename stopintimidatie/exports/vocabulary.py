"""An export request: a form fills it in, rules judge it, a row keeps it, redaction reads it.

Pure: no database, no request.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from stopintimidatie.municipalities.partners.vocabulary import OFFERED, LegalBasis


class FileForm(StrEnum):
    """The kind of file that an export becomes."""

    ARCHIVE = "pdfa"
    LOCKED = "wachtwoord"

    @property
    def label(self) -> str:
        """Return the words that a form shows."""
        if self is FileForm.ARCHIVE:
            return "Toegankelijke PDF om te bewaren (PDF/A)"
        return "PDF met wachtwoord (AES-256)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """A request for an export; `Export` keeps each answer in a column of the same name."""

    profile: str
    recipient: str
    question: str
    answer_by: date
    purpose: str
    legal_basis: str
    destroy_by: date
    covenant: str | None = None
    minors_ground: str | None = None
    # Codes for the register, where the words of purpose and ground don't come.
    purpose_code: str | None = None
    minors_code: str | None = None
    owner_phone: str | None = None
    facts: str | None = None
    perceptions: str | None = None
    assumptions: str | None = None
    feedback: str | None = None
    partner_id: UUID | None = None
    # The address of the contact who is told once it is made; None: the asker gives it.
    offer_address_id: UUID | None = None
    file_form: str = FileForm.ARCHIVE.value
    # Reports that go along all the same: number, ground and reason of each.
    deviations: list[dict[str, Any]] | None = None
    # The numbers of the reports that are told in full; None means the newest.
    in_full: list[int] | None = None
    # A demand, and urgency.
    demand_article: str | None = None
    demand_number: str | None = None
    demand_officer: str | None = None
    demand_on: date | None = None
    urgent: bool = False
    urgent_reason: str | None = None


# Text as it may stand in a dossier: composed, without controls, without tricks of direction.
#
# Pure. Control characters can't be laid out; characters that turn the direction of writing can
# make a reader see other words than are written.


_DIRECTION = "\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c"
_INVISIBLE = "\u00ad\u200b-\u200d\u2060\ufeff\ufe00-\ufe0f\ufff9-\ufffb"
_REFUSED = re.compile(
    rf"[\x00-\x08\x0b-\x1f\x7f-\x9f{_DIRECTION}{_INVISIBLE}\u2028\u2029\ud800-\udfff"
    r"\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e0fff]"
)


def clean(text: str) -> str:
    """Return the text in the one spelling that a dossier uses."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    lines = lines.replace("\u2028", "\n").replace("\u2029", "\n")
    composed = unicodedata.normalize("NFC", _REFUSED.sub("", lines))
    return re.sub(r"\n{3,}", "\n\n", composed).strip()


def clean_line(text: str) -> str:
    """Return the text in the spelling of a dossier, on one line."""
    return re.sub(r"\s+", " ", clean(text))


def is_clean(text: str) -> bool:
    """Tell whether a dossier may carry this text as it is."""
    return _REFUSED.search(text) is None and "\t" not in text


def clip(text: str, most: int) -> str:
    """Cut a text to so many characters: after a sentence if that keeps most of it, or a word."""
    line = clean_line(text)
    if len(line) <= most:
        return line
    head = line[:most]
    stop = max(head.rfind(mark) for mark in (". ", "! ", "? "))
    if stop >= most * 0.6:
        return f"{head[: stop + 1]} […]"
    return f"{head[: head.rfind(' ') if ' ' in head else most - 1].rstrip(' ,;:')} […]"


def listed(words: Sequence[str], last: str = "en") -> str:
    """List words as in a sentence: a · a en b · a, b en c."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def most_named(places: Iterable[str], most: int, least: int = 1) -> str:
    """List the places that come most often, at least so many times.

    No street is named both alone and with the one that it crosses.
    """
    chosen: dict[str, set[str]] = {}
    for place, number in Counter(sorted(filter(None, places))).most_common():
        streets = set(place.split(" en "))
        if number >= least and streets.isdisjoint(set().union(*chosen.values())):
            chosen[place] = streets
    return listed([*chosen][:most])


def capital(text: str) -> str:
    """Return the text with a capital first; the rest as it was."""
    return text[:1].upper() + text[1:]


DEMAND: Final = LegalBasis.ORDER.value
APPROVE_WITHIN: Final = 1
NOT_YET: Final = "nog niemand: spoed, achteraf te beoordelen"


BASES: Final = OFFERED


# The number of the dossier itself among the deviations, which name reports by theirs.
DOSSIER: Final = 0
