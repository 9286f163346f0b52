"""What every search backend must do. A backend's own test inherits `SearchBackendConformance`.

It needs one thing from its subclass: the fixture `opener`, a picklable callable that opens the
same index each time it is called (a second process calls it too).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from stopintimidatie.core.search.analysis import stem
from stopintimidatie.core.search.backend import (
    FACETS,
    OPEN_ACCESS,
    Kind,
    Page,
    Scope,
    SearchBackend,
    SearchDocument,
    SearchResults,
    SearchTooBroadError,
    Snippet,
    Sort,
    Text,
    Visibility,
    Weight,
)
from stopintimidatie.core.search.query import AnyOf, Field, SearchQuery
from tests.contract.search_documents import (
    EVERYTHING_OPEN,
    HOLDER,
    OTHER_HOLDER,
    document,
    expected,
    expected_counts,
    query,
)

Opener = Callable[[], SearchBackend]


def references(results: SearchResults) -> list[str]:
    """Which rows were found, in order."""
    return [hit.reference for hit in results.hits]


def marked(snippets: Iterable[Snippet]) -> list[str]:
    """The words that are marked in these snippets."""
    return [piece.text for snippet in snippets for piece in snippet.pieces if piece.marked]


def _index_many(opener: Opener, start: int, count: int) -> None:
    """What a second process does: index documents one by one."""
    backend = opener()
    for number in range(start, start + count):
        backend.index([numbered(number)])


def numbered(number: int, **changes: Any) -> SearchDocument:
    """A document that two processes make alike."""
    return document(
        f"getal{number:05d} fluiten",
        id=UUID(int=number, version=4),
        reference=f"M-{number:05d}",
        **changes,
    )


class SearchBackendConformance:
    """The suite. Subclasses give `opener`."""

    @pytest.fixture
    def opener(self) -> Opener:
        raise NotImplementedError

    @pytest.fixture
    def backend(self, opener: Opener) -> SearchBackend:
        made = opener()
        made.rebuild(HOLDER, ())
        made.rebuild(OTHER_HOLDER, ())
        return made

    @pytest.fixture
    def find(self, backend: SearchBackend) -> Callable[..., SearchResults]:
        def find(text: str = "", **options: Any) -> SearchResults:
            scope = options.pop("scope", Scope(HOLDER))
            visibility = options.pop("visibility", EVERYTHING_OPEN)
            return backend.search(query(text), scope, visibility, **options)

        return find

    @pytest.fixture
    def holds(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> Callable[[str, str], bool]:
        def holds(text: str, asked: str) -> bool:
            made = document(text)
            backend.index([made])
            found = made.reference in references(find(asked))
            backend.remove(HOLDER, [made.id])
            return found

        return holds

    # words

    @pytest.mark.parametrize(
        ("asked", "text"),
        [
            ("naroepen", "Een naroepende man bij de halte."),
            ("naroepen", "Ik werd nageroepen vanuit een auto."),
            ("nageroepen", "Ze bleven maar naroepen."),
            ("jongens", "Er stond een jongen bij de ingang."),
            ("jongen", "Vijf jongens op fatbikes."),
            ("meisje", "Twee meisjes durfden niet langs."),
            ("straat", "In alle straten rond het plein."),
            ("fiets", "Zij fietsen achter mij aan."),
            ("volgen", "Hij heeft mij gevolgd tot de deur."),
            ("fluiten", "Hij floot naar mij."),
            ("nafluiten", "Er werd gefloten vanaf het terras."),
            ("naroepen", "Hij riep mij iets na."),
            ("sissen", "De man siste."),
            ("kijken", "Hij keek lang."),
            ("achterna lopen", "Hij liep achterna tot de brug."),
            ("vastpakken", "Hij greep mijn arm."),
            ("hinderen", "Ze vielen mij lastig, echt lastigvallen."),
            ("intimidatie", "Ik werd lastiggevallen."),
            ("bedreiging", "Ik werd bedreigd."),
            ("cafe", "Voor Café De Zwaan."),
            ("CAFÉ", "voor het cafe"),
            ("foto's", "Hij maakte een foto van mij."),
            ("STATION", "bij het station"),
            ("één", "een moment, nummer éénentwintig"),
        ],
    )
    def test_a_word_finds_its_other_forms(
        self, holds: Callable[[str, str], bool], asked: str, text: str
    ) -> None:
        assert holds(text, asked)

    @pytest.mark.parametrize(
        ("asked", "text"),
        [
            ("station", "Op het stationsplein."),
            ("bus", "Bij de bushalte."),
            ("winkel", "In het winkelcentrum."),
            ("avond", "Een avondje uit."),
        ],
    )
    def test_a_word_finds_compounds_that_begin_with_it(
        self, holds: Callable[[str, str], bool], asked: str, text: str
    ) -> None:
        assert holds(text, asked)

    @pytest.mark.parametrize(
        ("asked", "text"),
        [
            ("plein", "Op het stationsplein."),
            ("ov", "Dat gebeurde overal."),
            ("tram", "Op het stationsplein."),
            ("betasten", "Een aanranding."),
            ("station tram", "Op het stationsplein."),
            ("verkrachting", "Hij heeft mij aangerand."),
        ],
    )
    def test_a_word_does_not_find_what_is_something_else(
        self, holds: Callable[[str, str], bool], asked: str, text: str
    ) -> None:
        assert not holds(text, asked)

    def test_all_words_must_be_there_in_any_text_of_the_document(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        made = document(
            texts=(Text("omschrijving", "Een man floot."), Text("plek", "Bij de bushalte"))
        )
        backend.index([made, document("Een man floot.")])
        assert references(find("fluiten bushalte")) == [made.reference]

    def test_any_of_some_stems_is_found_those_with_most_of_them_first(
        self, backend: SearchBackend
    ) -> None:
        texts = ("Bij de halte.", "Een fiets bij de halte werd gevolgd.", "Een fiets bij de halte.")
        made = [document(text) for text in texts]
        backend.index([*made, document("Een scooter in de straat.")])
        stems = tuple(stem(word) for word in ("fiets", "halte", "volgen"))
        asked = SearchQuery(terms=(AnyOf(stems),))
        found = backend.search(asked, Scope(HOLDER), EVERYTHING_OPEN, facets=())
        assert references(found) == [made[1].reference, made[2].reference, made[0].reference]

    def test_stop_words_beside_others_change_nothing(
        self, holds: Callable[[str, str], bool]
    ) -> None:
        assert holds("Hij floot bij de halte.", "op het fluiten van een halte")

    def test_a_reference_is_found_however_it_is_typed(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        made = document("tekst", reference="M-4F7K-2QX9")
        backend.index([made, document("4F7K en veel later 2QX9")])
        for typed in ("M-4F7K-2QX9", "m-4f7k-2qx9", "4F7K-2QX9", "M4F7K2QX9", "4f7k"):
            assert made.reference in references(find(typed))
        assert references(find("M-4F7K-2QX9")) == [made.reference]

    def test_a_number_of_a_dossier_is_found(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        made = document(kind=Kind.DOSSIER, reference="2026-0007", title="Overlast Noordpool")
        backend.index([made, document("2026"), document("0007")])
        assert references(find("2026-0007")) == [made.reference]

    # phrases and minus

    @pytest.mark.parametrize(
        ("asked", "text", "found"),
        [
            ('"jongens bij station"', "Er stonden jongens bij station Zuid.", True),
            ('"jongens bij station"', "Een jongen bij station Zuid.", True),
            ('"jongens bij station"', "Jongens van het station.", False),
            ('"station jongens"', "Er stonden jongens bij station Zuid.", False),
            ('"jongens station"', "Er stonden jongens bij station Zuid.", False),
            ('"jongens op het station"', "De jongens van het station.", True),
            ('"floot hard"', "Hij floot hard naar mij.", True),
            ('"floot hard"', "Hij floot niet hard.", False),
            ('"fluit fluit"', "Hij floot. Fluiten!", True),
            ('"fluit fluit"', "Hij floot.", False),
            ('"rode jas', "een rode jas", True),
            ("rode-jas", "een rode jas", True),
        ],
    )
    def test_a_phrase_asks_for_its_words_in_order(
        self, holds: Callable[[str, str], bool], asked: str, text: str, found: bool
    ) -> None:
        assert holds(text, asked) is found

    def test_a_phrase_does_not_reach_from_one_text_into_the_next(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        backend.index(
            [document(texts=(Text("omschrijving", "een rode"), Text("plek", "jas en hoed")))]
        )
        assert find('"rode jas"').total == 0

    def test_minus_leaves_out_what_the_word_would_find(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        tram, plain = document("fluiten in trams"), document("fluiten op straat")
        halte = document("fluiten bij de tramhalte")
        backend.index([tram, plain, halte])
        assert references(find("fluiten -tram")) == [plain.reference]
        assert references(find('fluiten -"op straat"')) != [plain.reference]
        assert set(references(find('-"in trams"'))) == {plain.reference, halte.reference}

    # fields and dates

    def test_fields_narrow_the_rows(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        one = document("fluiten", forms=("nafluiten", "hinderlijk_volgen"), state="in_behandeling")
        two = document("fluiten", neighbourhood="WK050502", dossier="2026-0007")
        three = document("fluiten", kind=Kind.DOSSIER, reference="2026-0007", dossier="2026-0007")
        backend.index([one, two, three])
        for asked, rows in {
            "wijk:krispijn": [two],
            "-wijk:krispijn": [one, three],
            'vorm:"hinderlijk volgen"': [one],
            'status:"in behandeling"': [one],
            "status:nieuw": [two, three],
            "status:nieuw status:in": [one, two, three],
            "dossier:2026-7": [two, three],
            "soort:dossier": [three],
            "jaar:2026": [one, two, three],
            "jaar:2025": [],
            "fluiten wijk:binnenstad -soort:dossier": [one],
        }.items():
            found = set(references(find(asked)))
            assert found == {row.reference for row in rows}, asked

    def test_dates_are_days_in_amsterdam_and_both_ends_count(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        late = document(moment=datetime(2026, 6, 30, 21, 59, tzinfo=UTC))  # 23:59 in Amsterdam
        next_day = document(moment=datetime(2026, 6, 30, 22, 0, tzinfo=UTC))
        winter = document(moment=datetime(2026, 12, 31, 22, 59, tzinfo=UTC))
        new_year = document(moment=datetime(2026, 12, 31, 23, 0, tzinfo=UTC))
        backend.index([late, next_day, winter, new_year])
        for asked, rows in {
            "tot:30-6-2026": [late],
            "van:30-06-2026 tot:2026-06-30": [late],
            "van:1-7-2026 tot:2026": [next_day, winter],
            "van:2027": [new_year],
            "tot:2026": [late, next_day, winter],
            "jaar:2027": [new_year],
            "van:7-2026 tot:7-2026": [next_day],
        }.items():
            found = set(references(find(asked)))
            assert found == {row.reference for row in rows}, asked

    def test_no_words_and_a_filter_lists_everything_that_fits(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        made = [document(f"tekst {number}") for number in range(7)]
        backend.index([*made, document(neighbourhood="WK050502")])
        results = find("", selected={Field.NEIGHBOURHOOD: frozenset({"WK050501"})})
        assert set(references(results)) == {row.reference for row in made}
        assert find("").total == 8

    # walls

    def test_no_holder_finds_another_holders_documents(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        ours, theirs = document("fluiten"), document("fluiten", holder=OTHER_HOLDER)
        backend.index([ours, theirs])
        assert references(find("fluiten")) == [ours.reference]
        assert references(find("fluiten", scope=Scope(OTHER_HOLDER))) == [theirs.reference]
        assert find(theirs.reference).total == 0
        backend.remove(HOLDER, [theirs.id])
        assert find("fluiten", scope=Scope(OTHER_HOLDER)).total == 1

    def test_only_documents_with_a_token_of_the_visitor_exist(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        strict = document("geheimwoord fluiten", access="persoonsgericht", state="strikt")
        backend.index([strict, document("fluiten")])
        results = find("fluiten")
        assert results.total == 1
        assert {count.value for count in results.facets[Field.STATE]} == {"nieuw"}
        assert find("geheimwoord").total == 0
        both = Visibility(frozenset({OPEN_ACCESS, "persoonsgericht"}))
        assert find("fluiten", visibility=both).total == 2
        assert find("fluiten", visibility=Visibility(frozenset())).total == 0
        assert find("", visibility=Visibility(frozenset({"onbekend"}))).total == 0

    def test_a_spelling_hint_never_comes_from_what_may_not_be_seen(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        backend.index(
            [
                document("noordpoolkade", access="persoonsgericht"),
                document("noordpoolkade", holder=OTHER_HOLDER),
                document("noordpoolkade", neighbourhood="WK050502"),
                document("iets anders"),
            ]
        )
        here = Scope(HOLDER, neighbourhoods=frozenset({"WK050501"}))
        assert find("noordpolkade", scope=here).did_you_mean is None
        assert find("noordpolkade").did_you_mean == "noordpoolkade"

    def test_a_scope_is_a_part_of_the_tree(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        one = document("fluiten")
        two = document("fluiten", neighbourhood="WK050502", dossier="2026-0001")
        backend.index([one, two])
        part = Scope(HOLDER, neighbourhoods=frozenset({"WK050502"}))
        assert references(find("fluiten", scope=part)) == [two.reference]
        assert references(find("", scope=Scope(HOLDER, dossier="2026-0001"))) == [two.reference]
        assert find("", scope=Scope(HOLDER, neighbourhoods=frozenset())).total == 0
        assert {c.value for c in find("", scope=part).facets[Field.NEIGHBOURHOOD]} == {"WK050502"}

    # counts

    def test_a_facet_counts_what_one_more_choice_would_leave(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        backend.index(
            [
                document(forms=("nafluiten",), neighbourhood="WK050501"),
                document(forms=("nafluiten", "hinderlijk_volgen"), neighbourhood="WK050502"),
                document(forms=("hinderlijk_volgen",), neighbourhood="WK050502"),
            ]
        )
        chosen = {Field.FORM: frozenset({"nafluiten"})}
        results = find("", selected=chosen)
        assert results.total == 2
        assert {c.value: (c.count, c.selected) for c in results.facets[Field.FORM]} == {
            "nafluiten": (2, True),
            "hinderlijk_volgen": (2, False),
        }
        assert {c.value: c.count for c in results.facets[Field.NEIGHBOURHOOD]} == {
            "WK050501": 1,
            "WK050502": 1,
        }
        more = find("", selected={Field.FORM: frozenset({"nafluiten", "hinderlijk_volgen"})})
        assert more.total == 3

    def test_a_choice_that_leaves_nothing_stays_visible_so_that_it_can_be_undone(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        backend.index([document("fluiten")])
        results = find("fluiten", selected={Field.STATE: frozenset({"afgehandeld"})})
        assert results.total == 0
        assert {(c.value, c.count, c.selected) for c in results.facets[Field.STATE]} == {
            ("nieuw", 1, False),
            ("afgehandeld", 0, True),
        }

    def test_only_facets_that_are_asked_for_are_counted(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        backend.index([document()])
        assert set(find("", facets=(Field.YEAR,)).facets) == {Field.YEAR}
        assert set(find("").facets) == set(FACETS)

    @pytest.mark.parametrize(
        "seed", [0, *(pytest.param(seed, marks=pytest.mark.alles) for seed in range(1, 4))]
    )
    def test_totals_rows_and_counts_are_those_of_a_plain_look_at_every_document(
        self, backend: SearchBackend, find: Callable[..., SearchResults], seed: int
    ) -> None:
        chance = random.Random(seed)
        documents = _random_documents(chance, 120)
        backend.index(documents)
        for changed in chance.sample(range(len(documents)), 30):
            documents[changed] = _again(chance, documents[changed])
            backend.index([documents[changed]])
        gone = {documents.pop(chance.randrange(len(documents))).id for _ in range(15)}
        backend.remove(HOLDER, gone)
        for _ in range(60):
            _compare(find, documents, chance)

    # order and pages

    def test_relevance_prefers_the_title_then_more_then_rarer_words(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        title = document("niets", title="Fluiten bij de halte")
        often = document("fluiten fluiten fluiten en nog meer")
        once = document("fluiten en nog meer")
        longer = document("fluitconcert en nog meer")
        backend.index([once, longer, often, title])
        assert references(find("fluit")) == [
            title.reference,
            often.reference,
            once.reference,
            longer.reference,
        ]

    def test_a_heavier_text_counts_for_more(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        light = document("brug")
        heavy = document(texts=(Text("samenvatting", "brug", Weight.HIGH),))
        backend.index([light, heavy])
        assert references(find("brug")) == [heavy.reference, light.reference]

    def test_newest_and_oldest_sort_by_moment(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        start = datetime(2026, 1, 1, tzinfo=UTC)
        made = [document("fluiten", moment=start + timedelta(hours=n)) for n in range(5)]
        backend.index(made[::2])
        backend.index(made[1::2])
        oldest = [row.reference for row in made]
        assert references(find("fluiten", sort=Sort.OLDEST)) == oldest
        assert references(find("fluiten", sort=Sort.NEWEST)) == oldest[::-1]
        assert references(find("", sort=Sort.RELEVANCE)) == oldest[::-1]

    @pytest.mark.parametrize("sort", list(Sort))
    @pytest.mark.parametrize("asked", ["", "fluiten", "halte"])
    def test_pages_follow_each_other_without_gap_or_double(
        self, backend: SearchBackend, find: Callable[..., SearchResults], sort: Sort, asked: str
    ) -> None:
        chance = random.Random(7)
        moments = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 1, 2)]
        made = [
            document(
                "fluiten " * chance.randint(1, 3) + "bushalte halte",
                moment=chance.choice(moments),
            )
            for _ in range(57)
        ]
        for start in range(0, 57, 10):
            backend.index(made[start : start + 10])
        pages = [find(asked, sort=sort, page=Page(number, 10)) for number in range(1, 8)]
        seen = [reference for page in pages for reference in references(page)]
        assert len(seen) == len(set(seen)) == 57
        assert {page.total for page in pages} == {57}
        assert seen == [
            reference
            for number in range(1, 4)
            for reference in references(find(asked, sort=sort, page=Page(number, 25)))
        ]
        assert find(asked, sort=sort, page=Page(99, 10)).hits == ()

    def test_equal_rows_stand_in_order_of_id(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        made = [document("fluiten") for _ in range(9)]
        backend.index(made[4:])
        backend.index(made[:4])
        ordered = [row.reference for row in sorted(made, key=lambda row: row.id.bytes)]
        for sort in Sort:
            assert references(find("fluiten", sort=sort)) == ordered

    # hits

    def test_a_hit_carries_what_a_page_shows(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        made = document(
            "Hij floot naar mij.",
            title="Nafluiten op het stationsplein",
            dossier="2026-0003",
            forms=("nafluiten", "hinderlijk_volgen"),
        )
        backend.index([made])
        (hit,) = find("fluiten").hits
        assert (hit.kind, hit.id, hit.reference, hit.path, hit.moment) == (
            made.kind,
            made.id,
            made.reference,
            made.path,
            made.moment,
        )
        assert (hit.state, hit.neighbourhood, hit.forms, hit.dossier) == (
            made.state,
            made.neighbourhood,
            made.forms,
            made.dossier,
        )
        assert [piece.text for piece in hit.title if piece.marked] == ["Nafluiten"]
        assert marked(hit.snippets) == ["floot"]

    def test_a_snippet_shows_the_place_and_never_html(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        text = "Begin. " + "vulling " * 200 + "<b>hij floot</b> & liep door " + "slot " * 200
        backend.index([document(text)])
        (snippet,) = find("fluiten").hits[0].snippets
        shown = "".join(piece.text for piece in snippet.pieces)
        assert snippet.name == "omschrijving"
        assert marked([snippet]) == ["floot"]
        assert "<b>hij floot</b> & liep" in shown
        assert shown.startswith("…")
        assert shown.endswith("…")
        assert len(shown) < 260

    def test_a_snippet_marks_phrases_prefixes_and_stems(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        backend.index([document("Jongens bij het stationsplein: een rode jas, rode sokken.")])
        (hit,) = find('jongen station "rode jas"').hits
        assert marked(hit.snippets) == ["Jongens", "stationsplein", "rode", "jas"]

    def test_without_words_the_beginning_is_shown(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        backend.index([document("Het begin van het verhaal. " + "vulling " * 100)])
        (snippet,) = find("").hits[0].snippets
        assert snippet.pieces[0].text.startswith("Het begin van het verhaal.")
        assert not any(piece.marked for piece in snippet.pieces)

    # did you mean

    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("statoin", "station"),
            ("sttion", "station"),
            ("stattion", "station"),
            ("ztation", "station"),
            ("naroepn", "naroepen"),
            ("fluiten statoin", "fluiten station"),
            ("vorm:nafluiten statoin", "vorm:nafluiten station"),
            ("noordpolkadde", "noordpoolkade"),
        ],
    )
    def test_a_typing_error_gets_a_proposal(
        self,
        backend: SearchBackend,
        find: Callable[..., SearchResults],
        typed: str,
        meant: str,
    ) -> None:
        backend.index(
            [
                document("naroepen en fluiten bij het station"),
                document("fluiten bij het station aan de noordpoolkade"),
                document("staking"),
            ]
        )
        results = find(typed)
        assert results.total == 0
        assert results.did_you_mean == meant
        assert find(meant).total > 0

    @pytest.mark.parametrize(
        "typed", ["station", "zzzzzzzz", "tsja", "12345678", "station staking"]
    )
    def test_no_proposal_when_the_words_are_known_or_nothing_is_near(
        self, backend: SearchBackend, find: Callable[..., SearchResults], typed: str
    ) -> None:
        backend.index([document("bij het station"), document("staking")])
        assert find(typed).did_you_mean is None

    # changes

    def test_indexing_again_replaces(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        first = document("oudewoord")
        backend.index([first])
        changed = document("nieuwewoord", id=first.id, version=2, reference=first.reference)
        backend.index([changed])
        assert find("oudewoord").total == 0
        assert find("").total == 1
        assert references(find("nieuwewoord")) == [first.reference]
        assert find("oudewoord").did_you_mean is None

    def test_one_batch_with_a_document_twice_keeps_the_last(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        first = document("oudewoord")
        backend.index([first, document("nieuwewoord", id=first.id, version=2)])
        assert find("").total == 1
        assert find("nieuwewoord").total == 1

    def test_what_is_removed_never_appears_again(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        made = [document(f"fluiten woord{number}") for number in range(40)]
        for row in made:
            backend.index([row])
        for row in made[::2]:
            backend.remove(HOLDER, [row.id])
            assert row.reference not in references(find("fluiten", page=Page(1, 100)))
            assert find(f'"{row.reference}"').total == 0
        results = find("fluiten")
        assert results.total == 20
        assert {count.count for count in results.facets[Field.STATE]} == {20}
        backend.remove(HOLDER, [uuid4()])
        backend.remove(HOLDER, [])
        assert find("").total == 20

    def test_purging_changes_no_result(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        made = [document(f"fluiten {number}") for number in range(10)]
        backend.index(made)
        backend.remove(HOLDER, [row.id for row in made[:4]])
        before = find("fluiten")
        backend.purge(HOLDER)
        backend.purge(HOLDER)
        assert find("fluiten") == before
        backend.remove(HOLDER, [row.id for row in made])
        backend.purge(HOLDER)
        assert find("").total == 0

    # rebuild and check

    def test_a_rebuild_holds_exactly_what_it_was_given(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        backend.index([document("weg ermee")])
        kept = [document("fluiten") for _ in range(3)]
        report = backend.rebuild(HOLDER, iter(kept))
        assert report.documents == 3
        assert set(references(find(""))) == {row.reference for row in kept}
        assert find("weg").total == 0

    def test_searching_and_indexing_go_on_during_a_rebuild(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        old = [document(f"fluiten oud{number}") for number in range(20)]
        backend.index(old)
        both = ("2026-0001", "2026-0002")
        new = document("fluiten tijdens\u2028de regen", dossier=both[0], dossiers=both)
        changed = document("fluiten veranderd", id=old[3].id, version=2)

        def reading() -> Iterator[SearchDocument]:
            yield from old[:10]
            backend.index([new])
            backend.index([changed])
            backend.remove(HOLDER, [old[5].id, old[15].id])
            assert find("fluiten").total == 19
            assert find("tijdens").total == 1
            yield from old[10:]

        backend.rebuild(HOLDER, reading())
        assert find("fluiten").total == 19
        assert find("tijdens").total == 1
        for number in both:
            assert find("regen", scope=Scope(HOLDER, dossier=number)).total == 1, number
        assert find("oud3").total == 0
        assert find("veranderd").total == 1
        assert find("oud5").total == 0
        assert find("oud15").total == 0

    def test_a_rebuild_that_fails_leaves_the_index_as_it_was(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        backend.index([document("fluiten")])

        def failing() -> Iterator[SearchDocument]:
            yield document("half")
            raise RuntimeError("the database went away")

        with pytest.raises(RuntimeError, match="went away"):
            backend.rebuild(HOLDER, failing())
        assert find("fluiten").total == 1
        assert find("half").total == 0
        backend.index([document("fluiten later")])
        assert find("fluiten").total == 2
        backend.rebuild(HOLDER, [document("fluiten")])
        assert find("fluiten").total == 1

    def test_check_tells_what_differs_from_the_database(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        same, stale, surplus = document("a"), document("b"), document("c")
        backend.index([same, stale, surplus])
        missing = uuid4()
        report = backend.check(HOLDER, iter([(same.id, same.version), (stale.id, 2), (missing, 1)]))
        assert report.checked == 3
        assert (report.missing, report.stale, report.surplus) == (
            (missing,),
            (stale.id,),
            (surplus.id,),
        )
        assert set(report.to_repair) == {missing, stale.id, surplus.id}
        assert not report.clean
        backend.remove(HOLDER, [surplus.id])
        backend.index([document("b", id=stale.id, version=2)])
        assert backend.check(HOLDER, [(same.id, 1), (stale.id, 2)]).clean

    def test_a_built_index_is_healthy_and_counts_its_documents(
        self, backend: SearchBackend
    ) -> None:
        backend.index([document() for _ in range(4)])
        health = backend.health(HOLDER)
        assert health.good
        assert health.documents == 4

    # together

    @pytest.mark.alles
    def test_two_processes_and_this_one_write_at_once_and_nothing_is_lost(
        self, backend: SearchBackend, opener: Opener, find: Callable[..., SearchResults]
    ) -> None:
        spawn = multiprocessing.get_context("spawn")
        others = [
            spawn.Process(target=_index_many, args=(opener, start, 40)) for start in (1000, 2000)
        ]
        for other in others:
            other.start()
        for number in range(3000, 3040):
            backend.index([numbered(number)])
            assert find(f"getal{number:05d}").total == 1
        for other in others:
            other.join(60)
            assert other.exitcode == 0
        results = find("fluiten", page=Page(1, 100))
        assert results.total == 120
        assert find("getal01039").total == find("getal02000").total == 1

    @pytest.mark.alles
    def test_searches_stay_exact_while_another_process_writes_and_rebuilds(
        self, backend: SearchBackend, opener: Opener, find: Callable[..., SearchResults]
    ) -> None:
        backend.index([numbered(number, state="blijft") for number in range(50)])
        spawn = multiprocessing.get_context("spawn")
        other = spawn.Process(target=_index_many, args=(opener, 1000, 60))
        other.start()
        seen, rebuilds = [], 0

        def written_so_far() -> Iterator[SearchDocument]:
            written = find("").total  # read when asked, as from the database
            yield from (numbered(number, state="blijft") for number in range(50))
            yield from (numbered(number) for number in range(1000, 950 + written))

        while other.is_alive():
            results = find("", selected={Field.STATE: frozenset({"blijft"})})
            assert results.total == 50
            everything = find("")
            assert everything.total == sum(count.count for count in everything.facets[Field.KIND])
            seen.append(everything.total)
            if everything.total > 60 + 20 * rebuilds:
                backend.rebuild(HOLDER, written_so_far())
                rebuilds += 1
        other.join()
        assert other.exitcode == 0
        assert seen == sorted(seen)
        assert find("").total == 110

    @pytest.mark.alles
    def test_many_threads_may_search_while_one_writes(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        backend.index([document("fluiten") for _ in range(30)])
        problems: list[BaseException] = []
        stop = threading.Event()

        def look() -> None:
            try:
                while not stop.is_set():
                    assert find("fluiten").total >= 30
            except BaseException as problem:
                problems.append(problem)

        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(40):
            backend.index([document("fluiten later")])
        stop.set()
        for thread in threads:
            thread.join()
        assert problems == []
        assert find("later").total == 40

    # hostile input

    @pytest.mark.parametrize(
        "text",
        [
            " ".join("*x*" for _ in range(10)),
            " ".join(f"*{letter}*" for letter in "abcdefghijklmnopqrstuvwxyz"),
            "(" * 3_000 + ")" * 3_000,
            "x" * 100_000,
            "fluiten " * 12_500,
            "a\x00b fluiten\x00",
            "\ud800\udfff \udc00fluiten",
            '"' * 5_000,
            "-" * 5_000,
            '-"' * 3_000,
            "van:" * 500,
            "[1 TO 99999999] {a TO z}",
            "omschrijving:* OR 1=1 --",
            "' OR ''='",
            "NOT (a AND b) ^5 ~2",
            "wijk:" + "x" * 10_000,
            'vorm:"' + "y " * 4_000,
            "e\u0301" * 2_000,
            "\u202e\u200b\ufeff fluiten",
            "İıſß ﬁ ½ ²",
            "ver ont ste bij aan uit opp doo kan maa het een",
            " ".join(f'"{a}{b} {b}{a}"' for a in "aeiou" for b in "bcdfg"),
            "-van -de -a -e -i -o -u",
            "%s %d {} {0} \\ \\x00 \\u0000",
            "\r\n\t\v\f" * 1_000,
        ],
    )
    def test_no_query_costs_much_or_raises_something_else(
        self, backend: SearchBackend, find: Callable[..., SearchResults], text: str
    ) -> None:
        backend.index(_random_documents(random.Random(3), 60))
        start = time.monotonic()
        with contextlib.suppress(SearchTooBroadError):
            results = find(text)
            assert results.total >= len(results.hits)
        assert time.monotonic() - start < 3

    def test_a_document_with_hostile_text_is_indexed_and_found(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        made = document(
            "fluiten \x07 <script>alert(1)</script> " + "a" * 5_000 + " \U0001f621 مرحبا слово",
            title="'; DROP TABLE meldingen; --",
        )
        backend.index([made])
        for asked in ("fluiten", "script", "слово", "مرحبا", "drop"):
            assert references(find(asked)) == [made.reference], asked

    def test_a_document_without_any_text_can_be_found_by_its_fields(
        self, backend: SearchBackend, find: Callable[..., SearchResults]
    ) -> None:
        backend.index([document(texts=(), title="", forms=())])
        assert find("").total == 1
        assert find("status:nieuw").hits[0].snippets == ()


_WORDS = """
fluiten floot station stationsplein jongens jongen roepen riep naroepende halte bushalte tram
plein rode jas hard avond meisjes straat straten café foto's volgen gevolgd bedreigd 2026 op de
het bij niet
""".split()  # noqa: SIM905 - reads better
_ASKED = [
    "fluiten",
    "station",
    "jongens halte",
    '"rode jas"',
    '"op het station"',
    "-tram",
    "fluiten -jongen",
    "wijk:krispijn",
    "vorm:nafluiten",
    "-status:nieuw",
    "van:2-2026 tot:6-2026",
    "dossier:2026-0001",
    "str",
    "2026",
    "roepen bedreiging",
    "",
    "soort:dossier fluit",
    '"halte tram" volgen',
]


def _random_documents(chance: random.Random, how_many: int) -> list[SearchDocument]:
    return [_random_document(chance) for _ in range(how_many)]


def _random_document(chance: random.Random, **changes: Any) -> SearchDocument:
    values: dict[str, Any] = {
        "kind": chance.choice(list(Kind)),
        "title": " ".join(chance.choices(_WORDS, k=3)),
        "moment": datetime(2025, 11, 1, tzinfo=UTC) + timedelta(hours=chance.randrange(8_000)),
        "state": chance.choice(["nieuw", "in_behandeling", "afgehandeld"]),
        "neighbourhood": chance.choice(["WK050501", "WK050502", "WK050503"]),
        "access": chance.choice([OPEN_ACCESS, OPEN_ACCESS, "persoonsgericht"]),
        "forms": tuple(
            chance.sample(["nafluiten", "hinderlijk_volgen", "betasten"], chance.randint(0, 2))
        ),
        "dossier": chance.choice([None, "2026-0001", "2026-0002"]),
    }
    text = " ".join(chance.choices(_WORDS, k=chance.randint(0, 25)))
    return document(text, **{**values, **changes})


def _again(chance: random.Random, old: SearchDocument) -> SearchDocument:
    return _random_document(chance, id=old.id, version=old.version + 1, reference=old.reference)


def _compare(
    find: Callable[..., SearchResults], documents: list[SearchDocument], chance: random.Random
) -> None:
    asked = " ".join(chance.sample(_ASKED, chance.randint(1, 2)))
    scope = Scope(
        HOLDER,
        neighbourhoods=chance.choice([None, None, frozenset({"WK050501", "WK050503"})]),
        dossier=chance.choice([None, None, None, "2026-0001"]),
    )
    visibility = chance.choice(
        [EVERYTHING_OPEN, Visibility(frozenset({OPEN_ACCESS, "persoonsgericht"}))]
    )
    selected: dict[Field, frozenset[str]] = chance.choice(
        [
            {},
            {Field.FORM: frozenset({"nafluiten", "betasten"})},
            {Field.STATE: frozenset({"nieuw"}), Field.YEAR: frozenset({"2026"})},
            {Field.NEIGHBOURHOOD: frozenset({"WK050501", "WK050502"})},
        ]
    )
    results = find(asked, scope=scope, visibility=visibility, selected=selected, page=Page(1, 100))
    rows = expected(documents, query(asked), scope, visibility, selected)
    assert sorted(references(results)) == sorted(row.reference for row in rows)[:100], asked
    assert results.total == len(rows)
    for which in FACETS:
        assert {count.value: count.count for count in results.facets[which]} == expected_counts(
            documents, query(asked), scope, visibility, selected, which
        ), (asked, which)
