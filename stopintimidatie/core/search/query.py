"""Reading of the search box: what a person may type, and its meaning.

Our own small grammar, on purpose: a text never reaches the query language of a search engine.

    fluiten station           all words; each also as the beginning of a word (stationsplein)
    "op de hoek"              these words in this order
    -tram                     without
    wijk: vorm: status:       of this neighbourhood, form, state; more of one field: any of them
    dossier:2026-0007         in this dossier
    van: tot:                 happened from, up to and including

Nothing a person types is an error. What isn't understood or is too much is left out and said
(`remarks`, in Dutch). Every list in the result has a maximum, so what a query may cost has one.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from stopintimidatie.core.search.analysis import Token, fold, tokens

MAX_LENGTH: Final = 500
MAX_TERMS: Final = 16
MAX_PHRASE: Final = 12
MAX_FILTER_VALUES: Final = 40
MIN_PREFIX: Final = 3
"""A shorter word is only itself: as the beginning of a word it would find everything."""


class Field(StrEnum):
    """Field that a search can be narrowed by; the values are codes of the house."""

    NEIGHBOURHOOD = "wijk"
    FORM = "vorm"
    STATE = "status"
    KIND = "soort"
    YEAR = "jaar"
    DOSSIER = "dossier"


@dataclass(frozen=True, slots=True)
class Word:
    """Matches a word with this stem, or one that begins with it (from three letters on)."""

    word: str
    stem: str
    start: int = 0
    end: int = 0

    @property
    def prefix(self) -> str | None:
        """The beginning that also counts as a match, or None when the word is too short."""
        return self.word if len(self.word) >= MIN_PREFIX else None

    def matches(self, token: Token) -> bool:
        """Tell whether this word of a text is meant; every backend must agree with it."""
        if token.stop:
            return False
        if token.stem == self.stem:
            return True
        return len(self.word) >= MIN_PREFIX and token.word.startswith(self.word)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Matches these stems at these distances from the first (stop words leave gaps)."""

    steps: tuple[tuple[int, str], ...]
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Matches a word with any of these stems. No person types it: the house asks it."""

    stems: tuple[str, ...]

    def matches(self, token: Token) -> bool:
        """Tell whether this word of a text is meant."""
        return not token.stop and token.stem in self.stems


Term = Word | Phrase | AnyOf


@dataclass(frozen=True, slots=True)
class Filter:
    """The document has at least one of these codes in this field."""

    field: Field
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A query that was understood. `text` is what was typed, cleaned and cut."""

    text: str = ""
    terms: tuple[Term, ...] = ()
    excluded: tuple[Term, ...] = ()
    filters: tuple[Filter, ...] = ()
    excluded_filters: tuple[Filter, ...] = ()
    since: date | None = None
    until: date | None = None
    remarks: tuple[str, ...] = ()


class Vocabulary:
    """The names people use for codes: `wijk:binnenstad`, `vorm:nafluiten`.

    Several names may lead to one code and one name to several codes (two neighbourhoods of one
    name at the national desk).
    """

    def __init__(self, names: Mapping[Field, Mapping[str, str]] | None = None) -> None:
        """Keep `names`: per field, code -> the name people use for it."""
        self._codes: dict[Field, dict[str, frozenset[str]]] = {}
        self._labels = {
            which: sorted(set(labels.values())) for which, labels in (names or {}).items()
        }
        for which, labels in (names or {}).items():
            table: dict[str, set[str]] = {}
            for code, label in labels.items():
                for name in (code, label):
                    table.setdefault(_name_key(name), set()).add(code)
            self._codes[which] = {name: frozenset(codes) for name, codes in table.items()}

    def codes(self, which: Field, name: str) -> frozenset[str]:
        """Return the codes meant by a name: the name itself, or every name that begins with it."""
        table: Mapping[str, frozenset[str]] = self._codes.get(which, MappingProxyType({}))
        key = _name_key(name)
        if not key:
            return frozenset()
        if key in table:
            return table[key]
        return frozenset().union(*(codes for known, codes in table.items() if _begins(known, key)))

    def examples(self, which: Field, how_many: int = 3) -> str:
        """Return a few names that would work, for a remark."""
        return ", ".join(self._labels.get(which, [])[:how_many])


def _name_key(name: str) -> str:
    return " ".join(token.word for token in tokens(name.replace("_", " ")))


def _begins(known: str, key: str) -> bool:
    return known.startswith(key) or f" {key}" in known


_QUOTES: Final = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})
_FIELD: Final = re.compile(r"(wijk|vorm|status|soort|jaar|dossier|van|tot):", re.IGNORECASE)
_UNKNOWN_FIELD: Final = re.compile(r"([^\W\d_]{2,30}):(?=[^\s/])")
"""Text that looks like a field: not 22:30, https://, or a colon at the end of a word."""
_MINUS: Final = "-−–"
_DATE: Final = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", re.ASCII)
_ISO_DATE: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_MONTH: Final = re.compile(r"(\d{1,2})[-/.](\d{4})", re.ASCII)
_YEAR: Final = re.compile(r"\d{4}", re.ASCII)
_DOSSIER: Final = re.compile(r"(\d{4})[-/](\d{1,6})", re.ASCII)
_YEARS: Final = range(1900, 2200)


@dataclass(frozen=True, slots=True)
class _Piece:
    """One thing typed: -?field:?text, with the place of the text."""

    minus: bool
    field: str
    text: str
    quoted: bool
    start: int


@dataclass(slots=True)
class _Draft:
    """Query as far as it has been understood."""

    vocabulary: Vocabulary
    text: str
    terms: list[Term] = field(default_factory=list)
    excluded: list[Term] = field(default_factory=list)
    filters: dict[tuple[bool, Field], set[str]] = field(default_factory=dict)
    since: date | None = None
    until: date | None = None
    stop_words: list[str] = field(default_factory=list)
    quoted_stop_words: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def remark(self, text: str) -> None:
        if text not in self.remarks:
            self.remarks.append(text)


def parse(text: str, vocabulary: Vocabulary) -> SearchQuery:
    """Understand what was typed. Never raises, whatever the text."""
    cleaned = _clean(text[: MAX_LENGTH + 1])
    draft = _Draft(vocabulary, cleaned[:MAX_LENGTH].strip())
    if len(cleaned) > MAX_LENGTH:
        draft.remark(
            f"Uw zoekvraag is te lang; we zoeken op de eerste {MAX_LENGTH} tekens. "
            "Zoek met minder woorden."
        )
    pieces = list(_pieces(draft.text))
    for number, piece in enumerate(pieces):
        _understand(draft, piece)
        _suggest_quotes(draft, piece, pieces[number + 1 :])
    return _finish(draft)


def _clean(text: str) -> str:
    """Replace control characters and lone surrogates by spaces; nobody means them."""
    return "".join(
        " " if ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or 0xD800 <= ord(char) < 0xE000 else char
        for char in text
    ).translate(_QUOTES)


def _pieces(text: str) -> Iterator[_Piece]:
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        piece, place = _piece(text, place)
        yield piece


def _piece(text: str, place: int) -> tuple[_Piece, int]:
    minus = False
    while place < len(text) and text[place] in _MINUS:
        minus, place = True, place + 1
    name = ""
    if prefix := _FIELD.match(text, place):
        name, place = prefix.group(1).lower(), prefix.end()
        while place < len(text) and text[place].isspace():
            place += 1
    if text[place : place + 1] == '"':
        end = text.find('"', place + 1)
        end = len(text) if end < 0 else end
        return _Piece(minus, name, text[place + 1 : end], True, place + 1), end + 1
    end = place
    while end < len(text) and not text[end].isspace() and text[end] != '"':
        end += 1
    return _Piece(minus, name, text[place:end], False, place), end


def _understand(draft: _Draft, piece: _Piece) -> None:
    if piece.field in ("van", "tot"):
        _understand_date(draft, piece)
    elif piece.field == "dossier":
        _understand_dossier(draft, piece)
    elif piece.field:
        _understand_code(draft, piece)
    else:
        _understand_words(draft, piece)


def _understand_words(draft: _Draft, piece: _Piece) -> None:
    all_words = list(tokens(piece.text))
    words = [token for token in all_words if not token.stop]
    stop_words = [token.word for token in all_words if token.stop]
    if piece.quoted:
        draft.quoted_stop_words.extend(stop_words)
    elif name := _UNKNOWN_FIELD.match(draft.text, piece.start):
        draft.remark(
            f"'{name.group(1).lower()}:' kennen we niet; we zoeken het als gewone tekst. "
            f"Wel kunt u zoeken met {', '.join(f'{known}:' for known in Field)}, van: en tot:."
        )
    if not words:
        draft.stop_words.extend(stop_words)
        return
    if len(words) > MAX_PHRASE:
        draft.remark(
            f"Een zin tussen aanhalingstekens mag {MAX_PHRASE} woorden hebben; "
            "we zoeken op het begin ervan."
        )
        words = words[:MAX_PHRASE]
    bucket = draft.excluded if piece.minus else draft.terms
    if len(draft.terms) + len(draft.excluded) >= MAX_TERMS:
        draft.remark(
            f"We zoeken op hoogstens {MAX_TERMS} woorden en laten de andere weg. "
            "Zoek met minder woorden."
        )
        return
    term = _term(words, piece.start)
    if not any(_same(term, known) for known in bucket):
        bucket.append(term)


def _term(words: list[Token], shift: int) -> Term:
    start, end = shift + words[0].start, shift + words[-1].end
    if len(words) == 1:
        return Word(words[0].word, words[0].stem, start, end)
    first = words[0].position
    return Phrase(tuple((word.position - first, word.stem) for word in words), start, end)


def _same(term: Term, other: Term) -> bool:
    if isinstance(term, Word) and isinstance(other, Word):
        return term.word == other.word
    return isinstance(term, Phrase) and isinstance(other, Phrase) and term.steps == other.steps


def _understand_code(draft: _Draft, piece: _Piece) -> None:
    which = Field(piece.field)
    if which is Field.YEAR:
        codes = frozenset({piece.text} if _YEAR.fullmatch(piece.text) else ())
    else:
        codes = draft.vocabulary.codes(which, piece.text)
    if codes:
        _narrow(draft, piece, which, codes)
        return
    examples = "2026" if which is Field.YEAR else draft.vocabulary.examples(which)
    hint = f" Kies bijvoorbeeld: {examples}." if examples else ""
    shown = piece.text[:40]
    draft.remark(f"'{piece.field}:{shown}' kennen we niet en gebruiken we daarom niet.{hint}")


def _suggest_quotes(draft: _Draft, piece: _Piece, others: list[_Piece]) -> None:
    """Say how to type a name of more words, when the words after `wijk:nieuw` belong to it."""
    if piece.quoted or piece.field not in tuple(Field):
        return
    name = piece.text
    for other in others:
        longer = f"{name} {other.text}"
        plain = _name_key(other.text) and not (other.quoted or other.minus or other.field)
        if not plain or not draft.vocabulary.codes(Field(piece.field), longer):
            break
        name = longer
    if name != piece.text:
        draft.remark(
            f'Een naam van meer woorden zet u tussen aanhalingstekens: {piece.field}:"{name}".'
        )


def _understand_dossier(draft: _Draft, piece: _Piece) -> None:
    if match := _DOSSIER.fullmatch(fold(piece.text).strip()):
        number = f"{match.group(1)}-{match.group(2).lstrip('0').rjust(4, '0')}"
        _narrow(draft, piece, Field.DOSSIER, frozenset({number}))
    else:
        draft.remark("'dossier:' verwacht een dossiernummer, zoals dossier:2026-0007.")


def _narrow(draft: _Draft, piece: _Piece, which: Field, codes: frozenset[str]) -> None:
    values = draft.filters.setdefault((piece.minus, which), set())
    room = MAX_FILTER_VALUES - len(values)
    values.update(sorted(codes)[: max(room, 0)])
    if len(codes - values) > 0:
        draft.remark(f"'{piece.field}:' past op te veel namen; maak de naam langer.")


def _understand_date(draft: _Draft, piece: _Piece) -> None:
    bounds = _period(piece.text.strip())
    if piece.minus:
        draft.remark(
            f"Met '-{piece.field}:' kunnen we geen tijd weglaten. Zoek met van: en tot: op de tijd "
            "die u wel wilt, of laat een heel jaar weg, zoals -jaar:2026."
        )
    elif bounds is None:
        draft.remark(f"'{piece.field}:' verwacht een datum, zoals {piece.field}:31-12-2026.")
    elif piece.field == "van":
        draft.since = bounds[0]
    else:
        draft.until = bounds[1]


def _period(text: str) -> tuple[date, date] | None:
    """Return the first and last day of a day, month or year as people write it."""
    if match := _DATE.fullmatch(text):
        day, month, year = (int(part) for part in match.groups())
    elif match := _ISO_DATE.fullmatch(text):
        year, month, day = (int(part) for part in match.groups())
    elif match := _MONTH.fullmatch(text):
        month, year = (int(part) for part in match.groups())
        return _whole_month(year, month, month)
    elif _YEAR.fullmatch(text):
        return _whole_month(int(text), 1, 12)
    else:
        return None
    if year not in _YEARS:
        return None
    try:
        exact = date(year, month, day)
    except ValueError:
        return None
    return exact, exact


def _whole_month(year: int, first: int, last: int) -> tuple[date, date] | None:
    if year not in _YEARS or not 1 <= first <= 12:
        return None
    return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])


def _finish(draft: _Draft) -> SearchQuery:
    since, until = draft.since, draft.until
    if since and until and since > until:
        since, until = until, since
        draft.remark("'van:' lag na 'tot:'; we hebben ze omgewisseld.")
    if draft.stop_words and not draft.terms and not draft.excluded:
        shown, _, come = _name_words(draft.stop_words)
        draft.remark(f"{shown} {come} te vaak voor om op te zoeken. Noem een ander woord.")
    elif draft.quoted_stop_words:
        shown, these, come = _name_words(draft.quoted_stop_words)
        draft.remark(
            f"Tussen aanhalingstekens zoeken we niet op {shown}: {these} {come} te vaak voor."
        )
    return SearchQuery(
        text=draft.text,
        terms=tuple(draft.terms),
        excluded=tuple(draft.excluded),
        filters=_filters(draft, minus=False),
        excluded_filters=_filters(draft, minus=True),
        since=since,
        until=until,
        remarks=tuple(draft.remarks),
    )


def _name_words(words: list[str]) -> tuple[str, str, str]:
    """Return the first words in quotes, with the words for one or for more that go with them."""
    names = [f"'{word}'" for word in dict.fromkeys(words)][:5]
    more = len(names) > 1
    return ", ".join(names), *(("die woorden", "komen") if more else ("dat woord", "komt"))


def _filters(draft: _Draft, *, minus: bool) -> tuple[Filter, ...]:
    return tuple(
        Filter(which, frozenset(values))
        for (excluded, which), values in draft.filters.items()
        if excluded is minus and values
    )
