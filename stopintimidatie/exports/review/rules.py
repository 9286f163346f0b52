"""Words marked in a text, with signs around them that anybody can type. Pure.

    Ik liep met [[Sanne]] naar huis.

The text itself must stay as it was: who changes a word of the reporter by accident is told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from importlib.resources import files
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
            "De tekst zelf is veranderd. Zet alleen tekens om de woorden heen; haal uw"
            " andere wijzigingen weg, of open de pagina opnieuw."
        )
    shift = len(text) - len(text.lstrip()) - (len(plain) - len(plain.lstrip()))
    return whole(text, ((start + shift, end + shift) for start, end in spans if start < end))


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sort the spans, and join those that overlap."""
    done: list[Span] = []
    for start, end in sorted(spans):
        if done and start <= done[-1][1]:
            done[-1] = (done[-1][0], max(end, done[-1][1]))
        else:
            done.append((start, end))
    return tuple(done)


# A telephone number however it is parted, another number, or a word with its joints.
_WHOLE: Final = re.compile(
    r"(?:\+\(?|\(?0)(?!\d[-/.]\d{1,2}[-/.]\d{4})\d(?:[ ()./-]{0,2}\d){6,13}(?!\d)"
    r"|\d+(?:[.,:/-]\d+)*|[^\W\d]\w*(?:['’-]\w+)*"
)


def whole(text: str, spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the spans, each with the whole of the numbers and words that it would split."""
    given, marked = list(spans), bytearray(len(text))
    for start, end in given:
        marked[start:end] = b"\1" * (end - start)
    words = (match.span() for match in _WHOLE.finditer(text))
    return merged([*given, *(word for word in words if marked.find(1, *word) >= 0)])


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


# The lists of words are data, as alternatives of an expression.
_DATA: Final = files("stopintimidatie.exports.review")
_READ: Final = json.loads(_DATA.joinpath("words.json").read_text("utf-8"))
_LISTS: Final = {name: "|".join(words) for name, words in _READ.items()}
_NAME: Final = r"[A-ZÀ-Þ][a-zà-ÿ'’]+(?:-[A-ZÀ-Þ][a-zà-ÿ]+)?"
_PARTICLE: Final = r"(?:(?:van|de|den|der|ten|ter|te|el|al|bin|ben|von|’t|'t)\s+){0,3}"
_FULL: Final = rf"{_NAME}(?:\s+{_PARTICLE}{_NAME})*"
_BEFORE: Final = _LISTS["before"]
_AFTER_WORD: Final = re.compile(
    rf"\b((?i:{_BEFORE}))\s+(?:(?:hem|haar|zich|mij|me|ze)\s+)?({_FULL})"
)
_INITIALS: Final = re.compile(rf"\b(?:[A-Z]\.\s?){{1,4}}{_PARTICLE}{_NAME}")
_CAPITAL: Final = re.compile(_FULL)
_ONE: Final = re.compile(_NAME)
_WORD: Final = re.compile(r"\w+")
# Between the parts of a name that is one word, as Jean-d’Arc; and the most parts of one.
_JOINTS: Final = "'’-"
MOST_PARTS: Final = 4
# Signs behind which a sentence begins, or something that begins with a capital as one does.
_BEGINNERS: Final = frozenset('.!?:;…\n"“”‘([-')
# Names that are common here and seldom another word: they begin a sentence as names, too.
FIRST_NAMES: Final = frozenset(json.loads(_DATA.joinpath("first_names.json").read_text("utf-8")))
_IN_SMALL: Final = frozenset(name.lower() for name in FIRST_NAMES)
# Behind a title, a function, a mark or an initial a capital begins a name, or an organisation.
_AFTER_FUNCTION: Final = re.compile(
    rf"(?:\b(?i:{_LISTS['titles']}|\w{{0,20}}(?:{_LISTS['functions']}))\b\.?|[,;:(/]|\s[–-]"
    rf"|\b[A-Z]\s)\s{{0,2}}({_PARTICLE}{_FULL}|[A-ZÀ-Þ]{{5,40}}\b)"
)
_ORGANISATION: Final = re.compile(rf"{_LISTS['organisations']}|\w{{0,40}}(?:{_LISTS['endings']})")
# An address, or a number that somebody can be called at.
_CONTACT: Final = re.compile(r"@|\d{4}|(?:\d[ ()./-]{0,2}){7}")
# Capitals in the middle of a sentence that are no names of people.
_COMMON: Final = frozenset(_LISTS["common"].split("|"))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Words that may have to go, and why."""

    start: int
    end: int
    why: str
    # The words may be a name, which stands elsewhere without anything that tells.
    name: bool = True

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
    known = known_words(places)
    return suggest_among(text, known, {name for other in others for name in names_in(other, known)})


def known_words(places: Collection[str]) -> Collection[str]:
    """Return the words with a capital that are nobody's name, in small letters."""
    return {word.lower() for name in places for word in _WORD.findall(name)} | _COMMON


def names_in(text: str, known: Collection[str]) -> set[str]:
    """Return the names in a text in small letters, each one word; places aren't among them."""
    return _names_at(text, (*_numbers(text), *_candidates(text, known)), known)


def _names_at(text: str, suggestions: Iterable[Suggestion], known: Collection[str]) -> set[str]:
    names = {
        name.lower()
        for suggestion in suggestions
        if suggestion.name
        for name in _ONE.findall(text[suggestion.start : suggestion.end])
    }
    return {name for name in names if not is_place(name, known)}


def suggest_among(
    text: str, known: Collection[str], elsewhere: AbstractSet[str]
) -> tuple[Suggestion, ...]:
    """Suggest words to mark as `suggest` does; `elsewhere`: the `names_in` the other texts."""
    suggestions: list[Suggestion] = []
    taken = bytearray(len(text))

    def add(suggestion: Suggestion) -> None:
        start, end = suggestion.span
        if taken.find(1, start, end) < 0:
            suggestions.append(suggestion)
            taken[start:end] = b"\1" * (end - start)

    for suggestion in (*_numbers(text), *_circumstances(text), *_candidates(text, known)):
        add(suggestion)
    # A name that was found once may begin another sentence, where its capital says nothing.
    own = _names_at(text, suggestions, known)
    for start, end in _places_of(text, own, elsewhere):
        add(Suggestion(start, end, "dezelfde naam als elders in deze melding"))
    return tuple(sorted(suggestions, key=lambda suggestion: suggestion.start))


def _places_of(text: str, *names: AbstractSet[str]) -> Iterator[Span]:
    """Yield where these names stand, in any case, by themselves or with an *s* behind them.

    A name is looked up, not searched for: a text may hold hundreds of them.
    """
    words = [match.span() for match in _WORD.finditer(text)]
    for number, (start, end) in enumerate(words):
        ends = [end]
        for first, last in words[number + 1 : number + MOST_PARTS]:
            if first != ends[-1] + 1 or text[first - 1] not in _JOINTS:
                break
            # With the joint too: of D’Angelo the name is D’, then Angelo.
            ends += [first, last]
        for last in reversed(ends):
            name = text[start:last].lower()
            if any(name in among or name.removesuffix("s") in among for among in names):
                yield start, last


def _numbers(text: str) -> Iterator[Suggestion]:
    for finding in find_personal_data(text):
        yield Suggestion(finding.start, finding.end, f"lijkt op {WORDS[finding.kind]}")


def _candidates(text: str, known: Collection[str]) -> Iterator[Suggestion]:
    for match in _AFTER_WORD.finditer(text):
        start, end = match.span(2)
        if not _all_known(match[2], known):
            yield Suggestion(start, end, f"een naam, na ‘{match[1].lower()}’")
    for match in _INITIALS.finditer(text):
        yield Suggestion(*match.span(), "een naam met voorletters")
    for match in _CAPITAL.finditer(text):
        several = len(_ONE.findall(match[0])) > 1
        if match[0] in FIRST_NAMES:
            yield Suggestion(*match.span(), "een voornaam")
        if _all_known(match[0], known) or (not several and _begins(text, match.start())):
            continue
        why = "twee woorden met een hoofdletter" if several else "een hoofdletter in een zin"
        yield Suggestion(*match.span(), f"misschien een naam: {why}")


def names_person(text: str, places: Sequence[str] = (), people: Sequence[str] = ()) -> bool:
    """Tell whether a person is named where an organisation and a function belong.

    `places`: names of areas here, which are nobody's; `people`: names of accounts here.
    """
    rest = _any_of(places).sub("", text)
    behind = " ".join(match[1].lower() for match in _AFTER_FUNCTION.finditer(rest))
    return (
        any(word.lower() in _IN_SMALL for word in _WORD.findall(rest))
        or any(pattern.search(rest) for pattern in (_INITIALS, _AFTER_WORD, _CONTACT))
        or not all(map(_ORGANISATION.fullmatch, _WORD.findall(behind)))
        or bool(_any_of(people).search(text))
    )


def _any_of(names: Sequence[str]) -> re.Pattern[str]:
    words = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.compile(rf"(?<!\w)(?:{words or '(?!)'})(?!\w)", re.IGNORECASE)


def _all_known(words: str, known: Collection[str]) -> bool:
    """Tell whether all words with a capital are places, days or other things than people."""
    return all(is_place(name.lower(), known) for name in _ONE.findall(words))


def _begins(text: str, start: int) -> bool:
    """Tell whether a sentence begins here, where a capital says nothing."""
    while start and text[start - 1].isspace() and text[start - 1] != "\n":
        start -= 1
    return not start or text[start - 1] in _BEGINNERS


# Circumstances that point to one person without a name. The word lists are data, and short:
# docs/gebruikers/redactieprofielen.md tells what is found by them. In each pattern `it` is what is
# marked; `no` stands for words before it that make it a duration, a count or a line of a bus.
_NUMBERS: Final = "twee|drie|vier|vijf|zes|zeven|acht|negen|tien|elf|twaalf"
_YEARS: Final = rf"(?:1[0-7]|[2-9]|{_NUMBERS}|dertien|veertien|vijftien|zestien|zeventien)"
_AGES: Final = rf"{_YEARS}(?:(?:\s*,|\s+of|\s+en|\s+à|\s*-)\s*{_YEARS}\b)?"
_BARE: Final = r"(?=\s*(?:[.,;!?)\n]|$))"
_HOUR: Final = rf"(?:1[0-2]|[1-9]|één|een(?=\s+uur|{_BARE})|{_NUMBERS})(?:\s+uur)?\b"
_YOUNG: Final = _LISTS["young"]
_COUNTED: Final = _LISTS["counted"]
_AFTER: Final = r"(?!\s+(?:lang|later|geleden|eerder|daarvoor|daarna|erna|achter\s+elkaar))"
_STREET: Final = (
    r"\w{3,}(?:straat|laan|weg|plein|kade|singel|gracht|dijk|hof|steeg|pad|dreef|plantsoen|park"
    r"|boulevard|haven|markt|wal|baan)(?:\s+(?:oost|west|noord|zuid))?"
)
# Words with a capital before a street that aren't part of its name.
_FIRST: Final = r"(?:Op|Bij|In|Aan|De|Het|Langs|Rond|Voor|Tegenover|Vanaf|Naast|Achter|Uit|Van)\b"
_HOUSE: Final = rf"\d{{1,4}}[a-z]?\b(?![.:,]\d|\s+(?:{_COUNTED})\b)"
_MINE: Final = r"mijn|m'n|mn|onze|haar|zijn|hun"
_RELATIONS: Final = _LISTS["relations"]
_POSTS: Final = _LISTS["posts"]
# There is one of these in a place; of the others ‘van groep 5’ says which.
_ONLY: Final = _LISTS["only"]
AGE, TIME = "een leeftijd onder de 18", "een tijd op de klok"
_ADDRESS, _ROLE = "een adres of huisnummer", "een rol die naar één persoon wijst"
_CIRCUMSTANCES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), why)
    for why, patterns in {
        AGE: (
            rf"\b(?:ben|is|was|waren|word|wordt|werd|van|schat|nog|pas|net|ongeveer)\s+"
            rf"(?P<it>{_AGES}\s+(?:jaar|jr)\b(?:\s+oud)?){_AFTER}",
            rf"\b(?P<it>{_AGES}(?:\s+jaar\s+oud|[\s-]?jarige?n?))\b",
            rf"\b(?:{_YOUNG})\s+van\s+(?P<it>{_AGES})\b(?![.:]\d|\s+(?:{_COUNTED})\b)",
            rf"(?:\b(?P<no>groep|groepje|stel|rij|bus|trein|tram|team)\s+)?\bvan\s+(?P<it>{_AGES}){_BARE}",
            rf"(?:\b(?P<no>het|dat|er)\s+)?\b(?:ben|is|was|word|wordt|werd)\s+(?:pas\s+|net\s+|nu\s+"
            rf"|nog\s+maar\s+|toen\s+)?(?P<it>{_AGES}){_BARE}",
            rf"\b(?P<it>(?:een|'n|’n|n)\s+jaar\s+of\s+{_AGES})\b",
        ),
        TIME: (
            r"(?<![\d.,:€])(?P<it>(?:[01]?\d|2[0-4]):[0-5]\d(?:\s*uur\b|u\b)?)(?![\d:])",
            r"(?<![\d.,:€])(?P<it>(?:[01]?\d|2[0-4])[.u][0-5]\d\s*(?:uur|u)\b)",
            r"\b(?:om|rond|tegen|omstreeks|vanaf|tot|sinds)\s+(?P<it>(?:[01]?\d|2[0-4])[.u][0-5]\d)"
            r"(?![\d.]|\s*euro)",
            rf"\b(?:om|rond|tegen|omstreeks|vanaf|tot|sinds)\s+(?P<it>(?:[01]?\d|2[0-4]|een|één"
            rf"|{_NUMBERS})\s*(?:uur|u)\b){_AFTER}",
            r"\b(?P<it>(?:[01]?\d|2[0-4])\s+(?:tot|en|à)\s+(?:[01]?\d|2[0-4])\s*uur\b)",
            rf"\b(?P<it>(?:[01]?\d|2[0-4]|een|één|{_NUMBERS})\s+uur\s+['’]s\s+\w+)",
            rf"\b(?P<it>een\s+uur\s+of\s+(?:1[0-2]|[1-9]|één|{_NUMBERS}))\b",
            rf"\b(?P<it>(?:kwart|vijf|tien|twintig|\d{{1,2}}(?:\s+minuten)?)\s+(?:voor|over)\s+(?:half\s+)?"
            rf"{_HOUR})",
            rf"\b(?P<it>half\s+{_HOUR})",
            rf"\b(?:om|rond|tegen|omstreeks)\s+(?P<it>(?:[01]?\d|2[0-4]|{_NUMBERS})(?:{_BARE}"
            rf"|(?=\s+['’]s\b)))",
        ),
        _ADDRESS: (
            rf"(?P<it>(?-i:(?:(?!{_FIRST})\b[A-ZÀ-Þ][\w'’.-]{{0,30}}\s+(?:(?:van|de|den|der|het|ten|ter)\s+){{0,3}}){{0,3}})"
            rf"\b{_STREET},?\s+(?:(?:huis)?nummer\s+|nr\.?\s+)?{_HOUSE})",
            rf"\b(?:(?P<no>bus|lijn|tram|metro|spoor|perron|halte|pagina)\s+)?\b(?P<it>(?:huis)?"
            rf"(?:nummer|nr\.?)\s+{_HOUSE}(?:\s+(?:in|aan|op|van)\s+(?:de|het)\s+{_STREET})?)",
            r"(?-i:\b(?P<it>[1-9]\d{3}\s?(?!SA|SD|SS)[A-Z]{2})\b)",
        ),
        _ROLE: (
            rf"\b(?P<it>(?:{_MINE})\s+(?:{_RELATIONS}|{_POSTS}|{_ONLY}))\b(?!-)",
            rf"\b(?P<it>(?:{_POSTS}|{_ONLY})\s+van\s+(?:(?:de|het|onze|mijn|haar|zijn|hun)\s+)?"
            rf"(?:(?:groep|klas|lijn|bus|team)\s+)?(?!een\b|een\s)\w[\w'’-]*)",
            rf"\b(?:de|onze)\s+(?P<it>{_ONLY})\b",
        ),
    }.items()
    for pattern in patterns
)


def _circumstances(text: str) -> Iterator[Suggestion]:
    for pattern, why in _CIRCUMSTANCES:
        for match in pattern.finditer(text):
            if not match.groupdict().get("no"):
                yield Suggestion(*match.span("it"), why, name=False)


def tells_minor(suggestions: Iterable[Suggestion]) -> bool:
    """Tell whether an age under 18 stands among what was found."""
    return any(suggestion.why == AGE for suggestion in suggestions)
