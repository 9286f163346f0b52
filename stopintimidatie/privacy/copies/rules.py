"""The content of a copy: its parts, what goes along for a capacity, and what is marked. Pure.

A part holds facts, a table, or a text that somebody wrote. A text is marked by a person; the words
that are proposed are those that point to another, never those of the person who asks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

import msgspec

from stopintimidatie.exports.review import rules as review
from stopintimidatie.privacy.requests.models import Capacity
from stopintimidatie.privacy.subjects.rules import Wanted, covered, says_enough, sentences_with
from stopintimidatie.reports.vocabulary import Form

# Tables with the account of a reporter: that of another goes along only by decision.
ACCOUNT: Final = frozenset(
    {"report", "reporter_message", "report_attachment", "report_transfer", "report_proposal"}
)
# Those, and others with copies of the words in them: never for somebody reported about.
FROM_REPORTER: Final = frozenset(
    {
        *ACCOUNT,
        *("report_contact", "overleg", "uitvoer", "mail_message", "dossier_membership"),
        # The history repeats why a report belongs in a dossier, and what a partner answered.
        *("report_move", "dossier_move"),
    }
)
# An officer wrote this column of such a table.
BY_OFFICER: Final = frozenset({"report.suspected_offence_reason"})
# For the reporter alone.
CONTACT: Final = "report_contact"
# For them each word around a name may tell who reported: they get a summary.
HIDES_REPORTER: Final = frozenset({Capacity.REPORTED.value, Capacity.MENTIONED.value})
_SEVERAL: Final = re.compile(rf"{re.escape(review.BLACK)}(?:\s*{re.escape(review.BLACK)})+")
LEFT_OUT: Final = frozenset({"samenhang", "kenmerk", "volgcode", "mail_message"})


@dataclass(frozen=True, slots=True)
class File:
    """An attachment that goes with a copy; its content stays where it is, and never changes."""

    id: UUID
    report_id: UUID
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a copy.

    Args:
        key: by which a form names it.
        section: the title that it stands under.
        label: the name of the text, of the table or of the facts.
        facts: pairs of a name and what stands behind it.
        columns: the heads of a table.
        rows: its rows.
        text: a text in somebody's own words.
        written: whether who makes the copy writes the text; nothing in it is marked.
        spans: the words that don't go along.
        out: whether the whole part stays out.
        contact: whether it is contact data, which the second person needn't see.
        file: the attachment that the facts are about.
    """

    key: str
    section: str
    label: str
    facts: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    text: str = field(default="", repr=False)
    written: bool = False
    spans: tuple[tuple[int, int], ...] = ()
    out: bool = False
    contact: bool = False
    file: File | None = None

    @property
    def given(self) -> str:
        """The text as the person reads it; how much went after each other says nothing."""
        return _SEVERAL.sub(review.BLACK, review.blackened(self.text, self.spans))


@dataclass(frozen=True, slots=True)
class Copy:
    """A whole copy: everything that the person gets, and nothing else."""

    reference: str
    capacity: str
    made_at: str
    parts: tuple[Part, ...] = field(repr=False)
    about: tuple[tuple[str, str], ...] = ()


def goes_along(capacity: str, place: str, *, own: bool) -> bool:
    """Tell whether a text at a place may be part of the copy for somebody in this capacity."""
    table = place.partition(".")[0]
    if place in LEFT_OUT or table in LEFT_OUT:
        return False
    if table == CONTACT:
        return own and capacity == Capacity.REPORTER
    if capacity == Capacity.REPORTED:
        return table not in FROM_REPORTER or place in BY_OFFICER
    return True


def is_account(place: str) -> bool:
    """Tell whether a place has the account of a reporter."""
    return place.partition(".")[0] in ACCOUNT and place not in BY_OFFICER


def about_person(text: str, wanted: Wanted) -> str:
    """Return the sentences of a text in which the person stands."""
    sentences = sentences_with(text, wanted.spans(text))
    return " ".join(" ".join(text[start:end].split()) for start, end in sentences)


def conduct(reported: Iterable[Collection[str]]) -> str:
    """Return the conduct of several reports in words; what a single one says isn't named.

    Args:
        reported: the forms of harassment of each report.
    """
    counts = Counter(form for forms in reported for form in set(forms))
    common = sorted(form for form, number in counts.items() if number > 1)
    if not common:
        return "hinderlijk gedrag op straat"
    named = ", ".join(map(Form.word, common))
    return named if len(common) == len(counts) else f"{named}, en ander hinderlijk gedrag"


_REFERENCE: Final = re.compile(r"\b[A-Z]-[0-9A-Z]{4}-[0-9A-Z]{4}\b")
_NAME: Final = re.compile(r"\b[A-ZÀ-Þ][\w'’-]*")


@dataclass(frozen=True, slots=True)
class Names:
    """Names to find in many texts: each word of them as it is, and each name as people write it."""

    words: tuple[tuple[str, re.Pattern[str]], ...]
    wanted: Wanted

    @classmethod
    def of(cls, names: Iterable[str]) -> Names:
        """Return what finds these names; a short one says too little."""
        long = [name for name in names if len(name.strip()) >= 3]
        words = dict.fromkeys(
            word
            for name in long
            for word in (name, *(w for w in name.split() if len(w) > 2 and w[0].isupper()))
        )
        patterns = tuple((word, re.compile(rf"\b{re.escape(word)}\b")) for word in words)
        return cls(patterns, Wanted(names=tuple(name for name in long if says_enough(name))))

    def spans(self, text: str) -> list[review.Span]:
        """Return where they stand in a text."""
        spans = [
            match.span()
            for word, pattern in self.words
            if word in text
            for match in pattern.finditer(text)
        ]
        return spans + self.wanted.spans(text)


def proposed(
    text: str,
    wanted: Wanted,
    others: Names,
    known: Collection[str],
    *,
    elsewhere: AbstractSet[str] = frozenset(),
    own_report: bool = False,
) -> tuple[review.Span, ...]:
    """Return the words to mark at first: those that point to other people.

    Args:
        text: the text as it stands in the copy.
        wanted: the words of the person, which stay.
        others: the names of other people that are known here.
        known: words with a capital that are nobody's name.
        elsewhere: the names in the other texts of the same document.
        own_report: whether the person made the report that the text is of: then a given name, a
            time and an age are the own as well.
    """
    # *Gebeld met Noor* is about the person too.
    given = [word for name in wanted.names for word in name.split() if word[0].isupper()]
    own, passed = (
        (Names.of(given), {review.AGE, review.TIME}) if own_report else (Names.of(()), set())
    )
    spans: list[review.Span] = []
    start, lines = 0, text.split("\n")
    # A name doesn't go on in another line: that is another sentence, or another text.
    named = {line: review.names_in(line, known) for line in lines}
    counts = Counter(name for names in named.values() for name in names)
    beside = counts.keys() | elsewhere
    for line in lines:
        if line.strip():
            only_here = {name for name in named[line] if counts[name] == 1} - elsewhere
            beside -= only_here
            hints = review.suggest_among(line, known, beside)
            beside |= only_here
            marks = [hint.span for hint in hints if hint.why not in passed]
            marks = _in_line(line, marks, [*wanted.spans(line), *own.spans(line)], others)
            spans += [(first + start, last + start) for first, last in marks]
        start += len(line) + 1
    return review.whole(text, spans)


def _in_line(
    text: str, hints: Iterable[review.Span], own: Iterable[review.Span], others: Names
) -> list[review.Span]:
    """Return the words in a line that point to another."""
    held, hints = covered(text, own), list(hints)
    for start, end in hints:
        if _is_another(text, start, end, held):
            held[start:end] = bytes(end - start)
    spans = [span for hint in hints for span in _beside(text, hint, held)]
    spans += others.spans(text)
    spans += [match.span() for match in _REFERENCE.finditer(text)]
    return _without(review.merged(spans), held, text)


def _is_another(text: str, start: int, end: int, held: bytearray) -> bool:
    """Tell whether a name shares one word with the person: Noor Jansen isn't the Noor who asks."""
    words = [match.span() for match in _NAME.finditer(text, start, end)]
    own = [any(held[first:last]) for first, last in words]
    # A word that only begins a sentence (*Tekening van Noor*) is no name.
    begins = text[max(0, start - 9) : start].rstrip()[-1:] in ("", *".!?:;")
    named = own[:1] == [True] or not begins or text[slice(*words[0])] in review.FIRST_NAMES
    return len(words) > 1 and sum(own) == 1 and named


def _beside(text: str, hint: review.Span, held: bytearray) -> list[review.Span]:
    """Return what a proposal holds beside the person's own name.

    A word that only begins a sentence (*Tekening van Noor*) isn't a name for its capital.
    """
    left = _without([hint], held, text)
    if left == [hint]:
        return left
    return [
        (start, end)
        for start, end in left
        if sum(word[0].isupper() for word in text[start:end].split()) > 1
        or text[:start].rstrip()[-1:] not in ("", *".!?:;")
    ]


def _without(spans: Iterable[review.Span], held: bytearray, text: str) -> list[review.Span]:
    """Return the spans without what is in the person's own words."""
    left: list[review.Span] = []
    for start, end in spans:
        while (first := held.find(0, start, end)) >= 0:
            behind = held.find(1, first, end)
            start = end if behind < 0 else behind
            if text[first:start].strip(" ,.;:-"):
                left.append((first, start))
    return left


# The person hears that there is such a file.
NOT_GIVEN: Final = ("Niet meegegeven", "er staan anderen op")


def final(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return the parts as the person gets them: texts without what was marked."""
    given = []
    for part in parts:
        if part.out and part.file is not None:
            given.append(replace(part, file=None, facts=(*part.facts, NOT_GIVEN)))
            continue
        if part.out or (part.text and not _says(part)):
            continue
        given.append(replace(part, text=part.given, spans=()))
    return tuple(given)


def _says(part: Part) -> bool:
    """Tell whether a text says anything once the marked words are out."""
    return bool(re.search(r"\w", part.given.replace(review.BLACK, "")))


def sections_of(parts: Iterable[Part]) -> list[tuple[str, list[Part]]]:
    """Return the parts below their titles, in the order in which these come first."""
    sections: dict[str, list[Part]] = {}
    for part in parts:
        sections.setdefault(part.section, []).append(part)
    return list(sections.items())


def files_of(parts: Iterable[Part]) -> list[File]:
    """Return the attachments that go along."""
    return [part.file for part in parts if part.file is not None]


def encoded(value: object) -> bytes:
    """Return parts or a copy as JSON, always in the same spelling."""
    return msgspec.json.encode(value, order="sorted")
