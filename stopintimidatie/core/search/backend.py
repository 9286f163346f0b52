"""The one interface behind which a search engine stands, and the values that pass through it.

A backend knows documents, not rows: what may be found, who may see it and where it belongs is
written in each `SearchDocument` by the room that owns it. Every backend passes the same suite,
`tests/contract/search_backend_conformance.py`; what a match is, is defined by `grammar` (terms)
and here (the rest), never by the engine.

Rules that hold for every backend:

- A search names its query, its scope and what the visitor may see; none has a default.
- The total and every count equal the rows that match and may be seen, exactly.
- A facet's counts look at every filter except the choice made in that facet itself, so that
  choosing a second value of one facet adds rows.
- Words never come back as HTML: a snippet is a list of pieces, marked or not.
- What was removed or replaced is never found again; `purge` makes the files forget it as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.core.clock import local_date
from stopintimidatie.core.search.query import Field, SearchQuery
from stopintimidatie.settings import OperatorError

MAX_PAGE_SIZE: Final = 100
OPEN_ACCESS: Final = "open"
"""The access token of what everybody in the holder's own portal may see."""


class Kind(StrEnum):
    """Kind of document."""

    REPORT = "melding"
    DOSSIER = "dossier"


class Weight(StrEnum):
    """Weight of a match in a text: how much it says about the document."""

    HIGH = "hoog"
    NORMAL = "gewoon"


class Sort(StrEnum):
    """In which order; equal rows are ordered by moment (newest first) and then by id."""

    RELEVANCE = "relevantie"
    NEWEST = "nieuwste"
    OLDEST = "oudste"


FACETS: Final = (Field.KIND, Field.STATE, Field.NEIGHBOURHOOD, Field.FORM, Field.YEAR)


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is searched. `name` tells a reader which part of the document it is."""

    name: str
    text: str
    weight: Weight = Weight.NORMAL


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """One document as search knows it. Contact data never comes here.

    `version` grows with every change of the row; `check` compares by it. `path` is the address
    below the site's root. `access` is the one token that a visitor must hold to see it.
    """

    holder: str
    kind: Kind
    id: UUID
    version: int
    reference: str
    path: str
    title: str
    moment: datetime
    state: str
    neighbourhood: str
    access: str
    forms: tuple[str, ...] = ()
    dossier: str | None = None
    # Every dossier it is found by; empty: the one above alone.
    dossiers: tuple[str, ...] = ()
    texts: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        if self.moment.tzinfo is None:
            raise ValueError("a search document needs an aware moment")
        for code in (self.state, self.neighbourhood, self.access, *self.forms):
            if not code or any(char.isspace() for char in code):
                raise ValueError(f"not a code: {code!r}")

    def searchable(self) -> tuple[Text, ...]:
        """Return all texts that are searched.

        Reference (also without dashes) and title come first.
        """
        joined = self.reference.replace("-", "")
        reference = self.reference if joined == self.reference else f"{self.reference} {joined}"
        first = (Text("kenmerk", reference, Weight.HIGH), Text("titel", self.title, Weight.HIGH))
        return first + self.texts

    def codes(self, which: Field) -> tuple[str, ...]:
        """Return the codes of one field, as facets count them and filters ask for them."""
        match which:
            case Field.KIND:
                return (self.kind.value,)
            case Field.STATE:
                return (self.state,)
            case Field.NEIGHBOURHOOD:
                return (self.neighbourhood,)
            case Field.FORM:
                return self.forms
            case Field.YEAR:
                return (str(local_date(self.moment).year),)
            case Field.DOSSIER:
                return self.dossiers or ((self.dossier,) if self.dossier else ())


@dataclass(frozen=True, slots=True)
class Scope:
    """Part of the tree that is searched: one holder, perhaps some neighbourhoods or one dossier."""

    holder: str
    neighbourhoods: frozenset[str] | None = None
    dossier: str | None = None


@dataclass(frozen=True, slots=True)
class Visibility:
    """The access tokens a visitor holds in this holder. None at all sees nothing."""

    tokens: frozenset[str]


@dataclass(frozen=True, slots=True)
class Page:
    """Part of the rows; numbers start at one."""

    number: int = 1
    size: int = 20

    def __post_init__(self) -> None:
        if self.number < 1 or not 1 <= self.size <= MAX_PAGE_SIZE:
            raise ValueError("a page starts at 1 and holds 1 to 100 rows")

    @property
    def offset(self) -> int:
        """The number of rows before this page."""
        return (self.number - 1) * self.size


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a snippet, marked when it is what was searched for."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Snippet:
    """A part of a text around what was found. `name` says which text."""

    name: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A row of the results."""

    kind: Kind
    id: UUID
    reference: str
    path: str
    title: tuple[Piece, ...]
    moment: datetime
    state: str
    neighbourhood: str
    forms: tuple[str, ...]
    dossier: str | None
    snippets: tuple[Snippet, ...]


@dataclass(frozen=True, slots=True)
class FacetCount:
    """Number of rows that one more choice would leave. `selected` values stay, also with none."""

    value: str
    count: int
    selected: bool


@dataclass(frozen=True, slots=True)
class SearchResults:
    """One page of what was found."""

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[Field, tuple[FacetCount, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    did_you_mean: str | None = None


class HealthState(StrEnum):
    """State of an index."""

    GOOD = "goed"
    MISSING = "ontbreekt"
    OUTDATED = "verouderd"
    DAMAGED = "beschadigd"


@dataclass(frozen=True, slots=True)
class Health:
    """Health of the index of one holder, in words for the operator."""

    state: HealthState
    message: str
    documents: int | None = None

    @property
    def good(self) -> bool:
        """Nothing has to be done."""
        return self.state is HealthState.GOOD


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The index compared with the database: what to index again to make them equal.

    When the index itself isn't sound the lists are empty: it must be rebuilt.
    """

    health: Health
    checked: int = 0
    missing: tuple[UUID, ...] = ()
    surplus: tuple[UUID, ...] = ()
    stale: tuple[UUID, ...] = ()

    @property
    def to_repair(self) -> tuple[UUID, ...]:
        """Every id to look at again: indexed when the row exists, removed when it doesn't."""
        return (*self.missing, *self.stale, *self.surplus)

    @property
    def clean(self) -> bool:
        """Index and database agree."""
        return self.health.good and not self.to_repair

    @property
    def summary(self) -> str:
        """One line for the operator."""
        if not self.health.good:
            return self.health.message
        if self.clean:
            return f"in orde ({self.checked} documenten)."
        return (
            f"{len(self.missing)} ontbreken, {len(self.stale)} verouderd,"
            f" {len(self.surplus)} te veel (van {self.checked} documenten)."
        )


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """Result of a rebuild."""

    holder: str
    documents: int
    replayed: int
    seconds: float


class SearchError(OperatorError):
    """Something a person can be told; `str()` is the Dutch sentence."""


class SearchTooBroadError(SearchError):
    """The search would take too long."""

    def __init__(self) -> None:
        super().__init__(
            "Deze zoekvraag past op te veel. Maak een woord langer of voeg een woord toe."
        )


class IndexUnusableError(SearchError):
    """There is no sound index: it has to be rebuilt. `health` says why."""

    def __init__(self, health: Health) -> None:
        super().__init__(
            "De zoekindex wordt hersteld. Probeer het over een paar minuten opnieuw; "
            "in de lijst met meldingen kunt u gewoon verder werken."
        )
        self.health = health


class IndexBusyError(SearchError):
    """Another process writes or rebuilds this index, longer than we want to wait."""

    def __init__(self) -> None:
        super().__init__("De zoekindex is bezet. Probeer het over een minuut opnieuw.")


class IndexWriter(Protocol):
    """Writes the index in the transaction of a session, which works for the holder."""

    def lock(self, session: Session, holder: str, ids: Iterable[UUID]) -> None:
        """Keep others from writing these documents: call it before reading what they hold."""
        ...

    def write(
        self,
        session: Session,
        holder: str,
        documents: Iterable[SearchDocument],
        gone: Iterable[UUID],
    ) -> None:
        """Add or replace documents, and forget those that are gone."""
        ...

    def new_row(self, document: SearchDocument) -> tuple[Any, dict[str, Any]]:
        """Return (table, values) of a document that is new, for who inserts many rows at once."""
        ...


class SearchBackend(Protocol):
    """Engine of search. Every call names one holder or documents that name theirs."""

    writer: IndexWriter | None
    """Writes in a change's own transaction; None when a job writes, after it."""

    def within(self, session: Session) -> SearchBackend:
        """Return the same engine, searching in this session's transaction where it can."""
        ...

    def index(self, documents: Sequence[SearchDocument]) -> None:
        """Add documents, or replace those with the same id. Searchable when this returns.

        Raises `IndexUnusableError` when the holder's index must be (re)built first,
        `IndexBusyError` when another process holds it too long; a repeat is harmless.
        """
        ...

    def remove(self, holder: str, ids: Iterable[UUID]) -> None:
        """Forget documents; ids that aren't there are no problem."""
        ...

    def search(
        self,
        query: SearchQuery,
        scope: Scope,
        visibility: Visibility,
        *,
        selected: Mapping[Field, frozenset[str]] = MappingProxyType({}),
        facets: Sequence[Field] = FACETS,
        sort: Sort = Sort.RELEVANCE,
        page: Page = Page(),
    ) -> SearchResults:
        """Find documents. `selected` are the choices in facets: any value per facet, all facets.

        Raises `SearchTooBroadError` or `IndexUnusableError`, nothing else, whatever the query.
        """
        ...

    def rebuild(self, holder: str, documents: Iterable[SearchDocument]) -> RebuildReport:
        """Make the index anew, aside, and swap it in; searching and indexing go on meanwhile.

        `documents` must be lazy: it reads the database only when it is first asked, so that a
        change made after that moment reaches the new index through `index` and `remove`.
        """
        ...

    def check(self, holder: str, rows: Iterable[tuple[UUID, int]]) -> CheckReport:
        """Compare with the (id, version) of every row that should be found."""
        ...

    def health(self, holder: str) -> Health:
        """Look quickly: is there an index, whole and of this version of the rules."""
        ...

    def purge(self, holder: str) -> bool:
        """Remove the words of deleted and replaced documents from the files of the index.

        Returns False if it was skipped: it would keep new reports waiting too long; a rebuild
        removes them too.
        """
        ...
