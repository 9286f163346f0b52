"""Rules by which somebody is recognised in a text: by name, mail address or telephone number. Pure.

A name is whole words, in any case, with or without accents, in the order of a list (*Jansen, Jan*)
and with initials (*J. Jansen*) too. It is better to find one too many: a person decides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from typing import Any, Final
from unicodedata import combining, normalize

from stopintimidatie.exports.review.rules import suggest

Span = tuple[int, int]

# Words in a name that say little by themselves.
PARTICLES: Final = (
    *("van", "de", "den", "der", "het", "ten", "ter", "te", "vd"),
    *("el", "al", "bin", "ben", "von", "di", "da", "la", "le"),
)
MOST_PARTICLES: Final = 4
SHORTEST: Final = 3
_GAP: Final = r"[\s.,'’-]+"
_BETWEEN: Final = r"[\s().-]*"
# The last digits of a number in the Netherlands, which stand behind 0, 0031 and +31 alike.
_DIGITS: Final = 9


class TooLittleError(ValueError):
    """There is too little to search by; the message says what to do, in Dutch."""


def plain(text: str) -> str:
    """Return a text in small letters, without accents."""
    if text.isascii():
        return text.lower()
    return "".join(sign for sign in normalize("NFKD", text) if not combining(sign)).casefold()


def _plain_with_places(text: str) -> tuple[str, list[int]]:
    """Return the plain text, and of each of its signs the place in the text itself."""
    signs, places = [], []
    for place, sign in enumerate(text):
        for simple in plain(sign):
            signs.append(simple)
            places.append(place)
    return "".join(signs), places


@dataclass(frozen=True)
class Term:
    """A pattern over plain text, and a part that stands in every text that it matches."""

    pattern: re.Pattern[str] = field(repr=False)
    needs: str = field(default="", repr=False)

    def within(self, text: str) -> bool:
        """Tell whether it stands in this plain text."""
        return self.needs in text and self.pattern.search(text) is not None


def name_term(name: str) -> Term:
    """Return the term of a name.

    Raises:
        TooLittleError: It is so short that half of all texts would have it.
    """
    words = re.findall(r"[^\W\d_]+", plain(name))
    longest = max(words, key=len, default="")
    if len(longest) < SHORTEST or longest in PARTICLES:
        raise TooLittleError("Vul een naam in van minstens drie letters.")
    whole = [_GAP.join(words)]
    firsts = 0
    while firsts < len(words) - 1 and words[firsts] not in PARTICLES:
        firsts += 1
    if len(words) > 1:
        # All before the particles, or before the last word, are given names.
        given, behind = words[: max(firsts, 1)], words[max(firsts, 1) :]
        last = [word for word in behind if word not in PARTICLES] or behind
        # With no end to it, a text of nothing but particles would be read anew from each of them.
        between = rf"(?:(?:{'|'.join(PARTICLES)}){_GAP}){{0,{MOST_PARTICLES}}}"
        surname = _GAP.join(last)
        whole.append(rf"{between}{surname}{_GAP}{_GAP.join(given)}")
        whole.append(rf"{given[0][0]}\.?\s*(?:[a-z]\.?\s*){{0,3}}{between}{surname}")
        whole.append(rf"{_GAP.join(given)}{_GAP}{between}{surname}")
        longest = max(last, key=len)
    return Term(re.compile(rf"(?<!\w)(?:{'|'.join(whole)})(?!\w)"), longest)


def says_enough(name: str) -> bool:
    """Tell whether there is a term of this name."""
    try:
        name_term(name)
    except TooLittleError:
        return False
    return True


MOST_NAMES: Final = 8


def search_names(name: str, question: str) -> str:
    """Return the names to propose, a line each: whole, the surname, and those in a question."""
    asked = [question[hint.start : hint.end] for hint in suggest(question) if "naam" in hint.why]
    known = dict.fromkeys([name, *name.split()[-1:], *asked])
    return "\n".join([line for line in known if says_enough(line)][:MOST_NAMES])


def email_term(email: str) -> Term:
    """Return the term of a mail address."""
    address = plain(email.strip())
    return Term(re.compile(rf"(?<![\w.+-]){re.escape(address)}(?![\w-])"), address)


def phone_term(phone: str) -> Term:
    """Return the term of a telephone number, however it is written.

    Raises:
        TooLittleError: It has too few digits.
    """
    digits = re.sub(r"\D", "", phone)[-_DIGITS:]
    if len(digits) < _DIGITS:
        raise TooLittleError("Een telefoonnummer heeft minstens negen cijfers.")
    before = r"(?:(?<!\d)|(?<=0)|(?<=31))"
    return Term(re.compile(rf"{before}{_BETWEEN.join(digits)}(?!\d)"))


@dataclass(frozen=True)
class Wanted:
    """The words by which somebody is searched; never in a repr."""

    names: tuple[str, ...] = field(default=(), repr=False)
    emails: tuple[str, ...] = field(default=(), repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    references: tuple[str, ...] = ()
    follow_codes: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The terms that are searched in texts.

        Raises:
            TooLittleError: One of them says too little.
        """
        return (
            *map(name_term, self.names),
            *map(email_term, self.emails),
            *map(phone_term, self.phones),
        )

    @property
    def ways(self) -> list[str]:
        """The names of the ways, for the log; never the words."""
        filled = {
            "naam": self.names,
            "e-mail": self.emails,
            "telefoon": self.phones,
            "kenmerk": self.references,
            "volgcode": self.follow_codes,
        }
        return [name for name, words in filled.items() if words]

    def joined_with(self, other: Wanted) -> Wanted:
        """Return the words of both, each once."""
        return Wanted(
            *(
                tuple(dict.fromkeys((*getattr(self, name), *getattr(other, name))))
                for name in ("names", "emails", "phones", "references", "follow_codes")
            )
        )

    def within(self, text: str) -> bool:
        """Tell whether one of the terms stands in a text."""
        simple = plain(text)
        return any(term.within(simple) for term in self.terms)

    def spans(self, text: str) -> list[Span]:
        """Return where the terms stand in a text."""
        simple, places = _plain_with_places(text)
        return sorted(
            (places[match.start()], places[match.end() - 1] + 1)
            for term in self.terms
            if term.needs in simple
            for match in term.pattern.finditer(simple)
        )


def strings_of(value: Any) -> Iterator[str]:
    """Yield every text in a value: a text itself, or all texts in JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from strings_of(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from strings_of(part)


def strings_in_clear(text: str) -> Iterable[str]:
    """Return the texts in what was sealed: JSON, or a text."""
    if text[:1] in "{[":
        try:
            return list(strings_of(json.loads(text)))
        except ValueError:
            pass
    return (text,)


def covered(text: str, spans: Iterable[Span]) -> bytearray:
    """Return a byte for each sign of a text: 1 where it is in one of the spans."""
    signs = bytearray(len(text))
    for start, end in spans:
        signs[start:end] = b"\1" * (end - start)
    return signs


def sentences_with(text: str, spans: Iterable[Span]) -> list[Span]:
    """Return the sentences of a text in which one of the spans stands."""
    wanted = covered(text, spans)
    sentences: list[Span] = []
    start = 0
    for end in _ends(text):
        if wanted.find(1, start, end) >= 0:
            sentences.append((start, end))
        start = end
    return sentences


_END: Final = re.compile(r"[.!?](?=\s)|\n")
_LAST: Final = re.compile(r"\w+\Z")
# Words with a point that ends no sentence, beside one letter (*J. Jansen*, *o.a. hier*).
_SHORT: Final = frozenset(
    ("art", "bijv", "ca", "dhr", "dr", "drs", "evt", "ing", "ir", "jl", "mevr", "mr", "mw", "nr")
)
_LONGEST: Final = max(map(len, _SHORT))


def _ends(text: str) -> Iterator[int]:
    """Yield where each sentence ends; behind an initial or a shortened word none does."""
    for match in _END.finditer(text):
        if match[0] != "." or not _is_short(text, match.start()):
            yield match.end()
    yield len(text)


def _is_short(text: str, end: int) -> bool:
    """Tell whether one letter or a shortened word stands before this point."""
    while end and text[end - 1] in ".!?":
        end -= 1
    word = _LAST.search(text, max(0, end - _LONGEST - 1), end)
    if word is None or len(word[0]) > _LONGEST:
        return False
    return (len(word[0]) == 1 and word[0].isalpha()) or word[0].lower() in _SHORT


# Words for kinds of documents and for places: by table and column, or by table alone.
_WORDS: Final = json.loads(
    files("stopintimidatie.privacy.subjects").joinpath("words.json").read_text("utf-8")
)
KINDS: Final[Mapping[str, str]] = _WORDS["kinds"]
PLACES: Final[Mapping[str, str]] = _WORDS["places"]
# Other words for some of these in a copy, where a reader outside wouldn't know ours.
IN_COPY: Final[Mapping[str, str]] = _WORDS["in_copy"]


def kind_words(kind: str, reference: str) -> str:
    """Return a document in words: its kind, and its reference if it has one."""
    return f"{KINDS.get(kind, kind.capitalize())} {reference}".strip()


def place_words(places: Iterable[str]) -> str:
    """Return the places of a trace in words, each once."""
    words = [
        PLACES.get(place) or PLACES.get(place.partition(".")[0], "een andere tekst")
        for place in sorted(places)
    ]
    return ", ".join(dict.fromkeys(words))
