"""Snippets and *did you mean*: the same on every backend, by the same rules as a match.

From a stored text and a query to a few stretches in which what was searched for is marked.
Nothing here knows HTML: a page puts `<mark>` around the pieces that are marked.

*Did you mean* proposes the known word that is nearest to a mistyped one. Pure: a backend brings the
words that occur in what the visitor may see (a word from elsewhere would give away that it exists)
with how often they occur; this picks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from stopintimidatie.core.search.analysis import Token, tokens
from stopintimidatie.core.search.backend import Piece, Snippet, Text
from stopintimidatie.core.search.query import AnyOf, Phrase, SearchQuery, Term, Word

SNIPPET_LENGTH: Final = 220
MAX_SNIPPETS: Final = 2
_ELLIPSIS: Final = "…"
_MAX_TOKENS: Final = 3_000
"""A text has at most 5,000 characters; a summary longer than this is looked at up to here."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """A stretch of the text to mark, and which term of the query it belongs to."""

    start: int
    end: int
    term: int


def highlight(text: str, query: SearchQuery) -> tuple[Piece, ...]:
    """Return the whole text, with what was searched for marked (for titles)."""
    return _pieces(text, 0, len(text), _marks(text, query))


def snippets(texts: Iterable[Text], query: SearchQuery) -> tuple[Snippet, ...]:
    """Return the stretches that match the query best; without any, the beginning of the text."""
    candidates = []
    first: Text | None = None
    for text in texts:
        if not text.text.strip():
            continue
        first = first or text
        if marks := _marks(text.text, query):
            candidates.append((len({mark.term for mark in marks}), text, marks))
    candidates.sort(key=lambda candidate: -candidate[0])
    if candidates:
        return tuple(_snippet(text, marks) for _, text, marks in candidates[:MAX_SNIPPETS])
    return () if first is None else (_snippet(first, []),)


def _marks(text: str, query: SearchQuery) -> list[_Mark]:
    words = list(islice(tokens(text), _MAX_TOKENS))
    marks: dict[int, _Mark] = {}
    for number, term in enumerate(query.terms):
        for token in _matching(words, term):
            marks.setdefault(token.start, _Mark(token.start, token.end, number))
    return sorted(marks.values(), key=lambda mark: mark.start)


def _matching(words: Sequence[Token], term: Term) -> list[Token]:
    if isinstance(term, Word | AnyOf):
        return [token for token in words if term.matches(token)]
    return _phrase_words(words, term)


def _phrase_words(words: Sequence[Token], phrase: Phrase) -> list[Token]:
    """Return the words of every place with the phrase, stop words in between included."""
    matches: list[Token] = []
    last = phrase.steps[-1][0]
    for begin in range(len(words) - last):
        if all(
            words[begin + step].stem == stem and not words[begin + step].stop
            for step, stem in phrase.steps
        ):
            matches.extend(words[begin : begin + last + 1])
    return matches


def _snippet(text: Text, marks: list[_Mark]) -> Snippet:
    start, end = _window(text.text, marks)
    pieces = _pieces(text.text, start, end, marks)
    if start > 0:
        pieces = (Piece(_ELLIPSIS, False), *pieces)
    if end < len(text.text.rstrip()):
        pieces = (*pieces, Piece(_ELLIPSIS, False))
    return Snippet(text.name, pieces)


def _window(text: str, marks: list[_Mark]) -> tuple[int, int]:
    """Find the stretch with most different terms, then most marks.

    It begins and ends at a space.
    """
    if len(text) <= SNIPPET_LENGTH:
        return 0, len(text)
    best_start, best_worth = 0, (0, 0)
    for place, mark in enumerate(marks):
        inside = [other for other in marks[place:] if other.end <= mark.start + SNIPPET_LENGTH]
        worth = (len({other.term for other in inside}), len(inside))
        if worth > best_worth:
            span = inside[-1].end - mark.start if inside else mark.end - mark.start
            best_start, best_worth = mark.start - max(SNIPPET_LENGTH - span, 0) // 3, worth
    start = max(0, min(best_start, len(text) - SNIPPET_LENGTH))
    return _to_space(text, start), _to_space_before(text, min(start + SNIPPET_LENGTH, len(text)))


def _to_space(text: str, place: int) -> int:
    if place == 0:
        return 0
    space = text.find(" ", place, place + 20)
    return place if space < 0 else space + 1


def _to_space_before(text: str, place: int) -> int:
    if place >= len(text):
        return len(text)
    space = text.rfind(" ", place - 20, place + 1)
    return place if space < 0 else space


def _pieces(text: str, start: int, end: int, marks: Iterable[_Mark]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    place = start
    for mark in marks:
        if mark.start < place or mark.end > end:
            continue
        if mark.start > place:
            pieces.append(Piece(text[place : mark.start], False))
        pieces.append(Piece(text[mark.start : mark.end], True))
        place = mark.end
    if place < end:
        pieces.append(Piece(text[place:end], False))
    return tuple(pieces)


# Did you mean

MIN_LENGTH: Final = 4
"""Shorter words have too many neighbours to guess."""
LONG: Final = 8
"""From this length on two mistakes are forgiven."""


def allowed(word: str) -> int:
    """Return how many mistakes are forgiven."""
    if len(word) < MIN_LENGTH:
        return 0
    return 2 if len(word) >= LONG else 1


def letters(word: str) -> int:
    """Return a set of the letters as bits: a cheap first sieve before counting mistakes."""
    mask = 0
    for char in word:
        mask |= 1 << (ord(char) % 61)
    return mask


def mistakes(word: str, other: str, at_most: int) -> int:
    """Count letters added, dropped, changed or swapped; `at_most + 1` when there are more."""
    if abs(len(word) - len(other)) > at_most:
        return at_most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, char in enumerate(word, start=1):
        previous, row = row, [i] + [0] * len(other)
        for j, against in enumerate(other, start=1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (char != against))
            if i > 1 and j > 1 and char == other[j - 2] and word[i - 2] == against:
                cost = min(cost, before[j - 2] + 1)
            row[j] = cost
        if min(row) > at_most and (not before or min(previous) > at_most):
            return at_most + 1
        before = previous
    return min(row[-1], at_most + 1)


# Words that reports quote and nobody wants to be asked "did you mean": insults, and words of sex
# that people call after others. They are found when typed, never proposed. By a beginning or an end
# only where hardly a common word has it too: *negeren*, *kleren* and *pikdonker* are proposed.
ABUSE_BEGINS: Final = (
    "aarsg", "achterlijk", "anaal", "asshole", "bastaard", "beff", "bimbo", "bitch",
    "bruinwerker", "cunt", "debiel", "dickhead", "dikzak", "dildo", "etterb", "faggot",
    "flikkert", "fuck", "geilaard", "geile", "gepijpt", "goorlap", "goorling", "hoere",
    "hoerig", "hoert", "hufter", "idioot", "idiot", "imbeciel", "kaffer", "kahba", "kanker",
    "kech", "kehba", "klerel", "klerew", "kloot", "klote", "kolere", "kontneuk", "kopvod",
    "kroeskop", "kurwa", "kut", "lellebel", "loeder", "lulh", "lulk", "lull", "mafk", "makaak",
    "makak", "mietje", "milf", "moddervet", "mongolen", "mongool", "motherf", "negerin", "neuk",
    "nigg", "nikker", "orospu", "papzak", "penis", "piemel", "pijpbeurt", "pindachinees",
    "pisnicht", "pleurisl", "poepchinees", "poesje", "pokke", "porn", "prostituee", "pussy",
    "reetneuk", "relnicht", "retard", "roetmop", "schaamh", "schaaml", "schijt", "sharmut",
    "shemale", "shit", "siktir", "sletj", "slett", "sloerie", "slutt", "smeerlap", "snol",
    "spast", "sperma", "spleetog", "spleetoog", "takkew", "temeier", "tering", "tieten",
    "tietj", "tokkie", "tranny", "troela", "trut", "tuthola", "tyfus", "vagin", "vetklep",
    "vetzak", "viespeuk", "viezerik", "whore", "wijf", "wijven", "zeikw", "zemmel",
)  # fmt: skip
ABUSE_ENDS: Final = (
    "bitch", "geneukt", "hoer", "hoeren", "homo", "kut", "lijer", "lijers", "lul", "neger",
    "negers", "neuken", "neuker", "neukers", "slet", "sletten", "trut", "trutten", "tyfen",
    "wijf", "wijven",
)  # fmt: skip
ABUSE: Final = frozenset({
    "aap", "aars", "anale", "anus", "apen", "bef", "befte", "cock", "cum", "dellen", "dick",
    "eikel", "eikels", "flikker", "flikkers", "gebeft", "geil", "gevingerd", "hmar", "homos",
    "joden", "jood", "kelb", "klere", "klit", "kont", "kontje", "kreng", "krengen", "lesbo",
    "lesbos", "memmen", "mof", "moffen", "mongo", "naaien", "opgetyft", "paki", "pedo", "pedos",
    "pijpen", "pik", "pis", "poes", "potteus", "puta", "puto", "reet", "sletig", "slut",
    "sluts", "sukkel", "sukkels", "teef", "teefje", "teven", "thot", "thots", "tiet", "toli",
    "trannie", "tyfe", "vingeren", "zamel",
})  # fmt: skip


def is_abuse(word: str) -> bool:
    """Tell whether this is a word that is never proposed."""
    return word in ABUSE or word.startswith(ABUSE_BEGINS) or word.endswith(ABUSE_ENDS)


def nearest_word(word: str, known: Iterable[tuple[str, int]]) -> list[tuple[int, str]]:
    """Return (mistakes, word) of the known words that could be meant.

    `known` is (word, letters). Words of abuse are left out.
    """
    limit = allowed(word)
    if not limit:
        return []
    mask = letters(word)
    candidates = []
    for other, other_mask in known:
        if abs(len(other) - len(word)) > limit or (mask ^ other_mask).bit_count() > 2 * limit:
            continue
        count = mistakes(word, other, limit)
        if 0 < count <= limit and other[:1].isalpha() and not is_abuse(other):
            candidates.append((count, other))
    return candidates


def best(candidates: Iterable[tuple[int, str, int]]) -> str | None:
    """Choose the word to propose from (mistakes, word, documents): few mistakes, then common."""
    ranked = sorted((count, -documents, word) for count, word, documents in candidates if documents)
    return ranked[0][2] if ranked else None
