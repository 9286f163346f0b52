"""Words marked in a text, with signs around them that anybody can type. Pure.

    Ik liep met [[Sanne]] naar huis.

The text itself must stay as it was: who changes a word of the reporter by accident is told.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from stopintimidatie.dossiers.rules import is_place
from stopintimidatie.reports.rules import WORDS, find_personal_data

# The first of these of which no text holds a sign itself; the last nobody types.
SIGNS: Final = (("[[", "]]"), ("{{", "}}"), ("<<", ">>"), ("((", "))"))
RARE: Final = ("⟦", "⟧")
BLACK: Final = "[zwartgemaakt]"

Span = tuple[int, int]


class MarkError(ValueError):
    """This can't be read as the text with marks; the message says what to do, in Dutch."""


@dataclass(frozen=True, slots=True)
class Signs:
    """The signs that stand before and behind marked words."""

    begin: str
    end: str


def signs_for(texts: Iterable[str]) -> Signs:
    """Choose signs that no text holds."""
    joined = "\n".join(texts)
    for begin, end in SIGNS:
        if begin[0] not in joined and end[0] not in joined:
            return Signs(begin, end)
    return Signs(*RARE)


def with_marks(text: str, spans: Sequence[Span], signs: Signs) -> str:
    """Return the text to mark in, with signs around what is marked already."""
    parts, position = [], 0
    for start, end in merged(spans):
        parts += [text[position:start], signs.begin, text[start:end], signs.end]
        position = end
    return "".join([*parts, text[position:]])


def read_marks(text: str, marked: str, signs: Signs) -> tuple[Span, ...]:
    """Return the spans of the text that stand between signs.

    Raises:
        MarkError: A sign is missing, or the text isn't as it was.
    """
    spans, plain, rest = [], "", marked
    while signs.begin in rest or signs.end in rest:
        before, opened, behind = rest.partition(signs.begin)
        inside, closed, rest = behind.partition(signs.end)
        if not opened or not closed or signs.begin in inside or signs.end in before:
            raise MarkError(
                f"Er staat een teken te veel of te weinig. Zet {signs.begin} voor en {signs.end}"
                " achter elk stuk, en geen markering in een andere."
            )
        plain += before
        spans.append((len(plain), len(plain) + len(inside)))
        plain += inside
    plain += rest
    if plain.strip() != text.strip():
        raise MarkError(
            "De tekst van de melder is veranderd. Zet alleen tekens om de woorden heen; haal uw"
            " andere wijzigingen weg, of open de pagina opnieuw."
        )
    shift = len(text) - len(text.lstrip()) - (len(plain) - len(plain.lstrip()))
    return merged((start + shift, end + shift) for start, end in spans if start < end)


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sort the spans, and join those that overlap."""
    done: list[Span] = []
    for start, end in sorted(spans):
        if done and start <= done[-1][1]:
            done[-1] = (done[-1][0], max(end, done[-1][1]))
        else:
            done.append((start, end))
    return tuple(done)


def blackened(text: str, spans: Iterable[Span]) -> str:
    """Return the text as a recipient reads it, without the marked words."""
    parts, position = [], 0
    for start, end in merged(spans):
        parts += [text[position:start], BLACK]
        position = end
    return "".join([*parts, text[position:]])


def words_at(text: str, spans: Iterable[Span]) -> list[str]:
    """Return the marked words."""
    return [text[start:end].strip() for start, end in spans if text[start:end].strip()]


# Proposals of words to mark in a free text, as they may identify somebody, with reasons. Pure.
#
# Numbers, plates and addresses by their shape (`reports.rules`, with python-stdnum and
# phonenumbers); names by where they stand. A person decides; better one too many than one missed.


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
        """Return the positions of the words."""
        return self.start, self.end


def suggest(
    text: str, places: Collection[str] = (), others: Collection[str] = ()
) -> tuple[Suggestion, ...]:
    """Suggest words to mark, in the order of the text.

    None overlaps another; of those that would, the surest reason counts. `places` are names of
    areas, whose words are no names of people here; `others` the other texts of the report: a name
    in one is a name in all, in capitals too.
    """
    known = {word.lower() for name in places for word in re.findall(r"\w+", name)} | _COMMON
    suggestions: list[Suggestion] = []

    def add(suggestion: Suggestion) -> None:
        if all(
            suggestion.end <= other.start or other.end <= suggestion.start for other in suggestions
        ):
            suggestions.append(suggestion)

    for suggestion in _candidates(text, known):
        add(suggestion)
    # A name that was found once may begin another sentence, where its capital says nothing.
    names = {
        name
        for suggestion in suggestions
        for name in re.findall(_NAME, text[suggestion.start : suggestion.end])
    }
    for other in others:
        for suggestion in _candidates(other, known):
            names |= set(re.findall(_NAME, other[suggestion.start : suggestion.end]))
    for name in sorted(names - {name for name in names if is_place(name.lower(), known)}):
        for match in re.finditer(rf"\b{re.escape(name)}s?\b", text, re.IGNORECASE):
            add(Suggestion(*match.span(), "dezelfde naam als elders in deze melding"))
    return tuple(sorted(suggestions, key=lambda suggestion: suggestion.start))


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
    """Tell whether all words with a capital are places, days or other things than people."""
    names = re.findall(_NAME, words)
    return all(is_place(name.lower(), known) for name in names)
