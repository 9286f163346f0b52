"""What in a free text may tell who somebody is: proposed to be marked, each with its reason. Pure.

Numbers, plates and addresses by their shape (`reports.signals`, with python-stdnum and
phonenumbers); names by where they stand. A person decides; better one too many than one missed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from stopintimidatie.dossiers.titles import is_place
from stopintimidatie.exports.marks import Span
from stopintimidatie.reports.signals import WORDS, find_personal_data

_NAME: Final = r"[A-ZÀ-Þ][a-zà-ÿ'’]+(?:-[A-ZÀ-Þ][a-zà-ÿ]+)?"
_PARTICLE: Final = r"(?:(?:van|de|den|der|ten|ter|te|el|al|bin|ben|von|’t|'t)\s+){0,3}"
_FULL: Final = rf"{_NAME}(?:\s+{_PARTICLE}{_NAME})*"
_BEFORE: Final = (
    r"meneer|mevrouw|dhr\.?|mw\.?|mevr\.?|vriend(?:in)?|vriendje|broer(?:tje)?|zus(?:je)?|moeder"
    r"|vader|dochter|zoon|nicht(?:je)?|neef(?:je)?|collega|buurman|buurvrouw|buurjongen"
    r"|buurmeisje|klasgenoot|leraar|juf|meester|baas|oom|tante|opa|oma|ex"
    r"|heet|heette|heten|genaamd|noemde|noemden|noemt|roepen|riepen|naam is|naam was|bijnaam"
)
_AFTER_WORD: Final = re.compile(
    rf"\b((?i:{_BEFORE}))\s+(?:(?:hem|haar|zich|mij|me|ze)\s+)?({_FULL})"
)
_INITIALS: Final = re.compile(rf"\b(?:[A-Z]\.\s?){{1,4}}{_PARTICLE}{_NAME}")
_CAPITAL: Final = re.compile(_FULL)
_ENDS: Final = re.compile(r"(?:^|[.!?:;…\n\"“”‘(\[-])\s*$")
# Capitals in the middle of a sentence that are no names of people.
_COMMON: Final = frozenset(
    (
        "ik", "u", "de", "het", "een", "en", "maar", "toen", "daarna", "nederland", "nederlands",
        "nederlandse", "engels", "engelse", "duits", "duitse", "ns", "ov", "god", "kerst", "pasen",
        "koningsdag", "instagram", "snapchat", "tiktok", "whatsapp", "facebook", "youtube",
        "google", "iphone", "albert", "heijn", "jumbo", "lidl", "aldi", "hema", "action",
        "kruidvat", "etos", "primark", "mcdonald's", "mcdonalds", "kfc", "burger", "king", "uber",
        "connexxion", "arriva", "qbuzz", "gvb", "ret", "htm", "transdev"
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Words that may have to go, and why."""

    start: int
    end: int
    why: str

    @property
    def span(self) -> Span:
        return self.start, self.end


def suggest(
    text: str, places: Collection[str] = (), others: Collection[str] = ()
) -> tuple[Suggestion, ...]:
    """In the order of the text; nothing overlaps, the surest reason first.

    :param places: names of areas, whose words are no names of people here.
    :param others: the other texts of the report: a name in one is a name in all, in capitals too.
    """
    known = {word.lower() for name in places for word in re.findall(r"\w+", name)} | _COMMON
    found: list[Suggestion] = []

    def add(one: Suggestion) -> None:
        if all(one.end <= other.start or other.end <= one.start for other in found):
            found.append(one)

    for one in _candidates(text, known):
        add(one)
    # A name that was found once may begin another sentence, where its capital says nothing.
    names = {name for one in found for name in re.findall(_NAME, text[one.start : one.end])}
    for other in others:
        for one in _candidates(other, known):
            names |= set(re.findall(_NAME, other[one.start : one.end]))
    for name in sorted(names - {name for name in names if is_place(name.lower(), known)}):
        for match in re.finditer(rf"\b{re.escape(name)}s?\b", text, re.IGNORECASE):
            add(Suggestion(*match.span(), "dezelfde naam als elders in deze melding"))
    return tuple(sorted(found, key=lambda one: one.start))


def _candidates(text: str, known: Collection[str]) -> Iterator[Suggestion]:
    for finding in find_personal_data(text):
        yield Suggestion(finding.start, finding.end, f"lijkt op {WORDS[finding.kind]}")
    for match in _AFTER_WORD.finditer(text):
        start, end = match.span(2)
        if not _all_known(match[2], known):
            yield Suggestion(start, end, f"een naam, na ‘{match[1].lower()}’")
    for match in _INITIALS.finditer(text):
        yield Suggestion(*match.span(), "een naam met voorletters")
    for match in _CAPITAL.finditer(text):
        several = len(re.findall(_NAME, match[0])) > 1
        if _all_known(match[0], known) or (not several and _ENDS.search(text[: match.start()])):
            continue
        why = "twee woorden met een hoofdletter" if several else "een hoofdletter in een zin"
        yield Suggestion(*match.span(), f"misschien een naam: {why}")


def _all_known(words: str, known: Collection[str]) -> bool:
    """Whether every word with a capital is a place, a day or something else that is no person."""
    names = re.findall(_NAME, words)
    return all(is_place(name.lower(), known) for name in names)
