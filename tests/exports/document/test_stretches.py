"""A long dossier is laid out in stretches: nobody can see where, and the file is one document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pypdf import PdfReader

from stopintimidatie.exports.document import pieces
from stopintimidatie.exports.document.assets import load_assets
from stopintimidatie.exports.document.pieces import cut, held, pieces_of, runs, stretch
from stopintimidatie.exports.document.rendering import render
from stopintimidatie.exports.profiles.defaults import INTERNAL
from stopintimidatie.exports.redaction.content import DossierContent
from stopintimidatie.exports.redaction.source import EventKind, Reliability, SourceEvent, Term
from tests.support.exports_factory import NOW, a_dossier, redact, some_reports
from tests.support.verapdf import validate_pdf

LONG = "Zij liepen achter mij aan tot aan de halte, en riepen dat ik moest blijven staan. " * 90


def many_events(number: int) -> tuple[SourceEvent, ...]:
    return tuple(
        SourceEvent(NOW.date(), f"Gebeurtenis {n}", "gemeente", Reliability.ESTABLISHED, kind)
        for n in range(number)
        for kind in (EventKind.ACTION,)
    )


@pytest.fixture(scope="module")
def content() -> DossierContent:
    """Every list longer than a page, and among the reports some that fill more than one."""
    reports = tuple(
        replace(report, account=LONG if report.serial in (9, 10, 27) else report.account)
        for report in some_reports(44)
    )
    return redact(a_dossier(reports, kind=Term("groep", "groep"), events=many_events(70)), INTERNAL)


@pytest.fixture(scope="module")
def whole(content: DossierContent) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "WHOLE_PAGES", 1000)
        return render(content, load_assets())


@pytest.fixture(scope="module")
def told() -> list[tuple[str, int]]:
    """The progress of making what `joined` is."""
    return []


@pytest.fixture(scope="module")
def joined(content: DossierContent, told: list[tuple[str, int]]) -> bytes:
    with short_stretches():
        return render(content, load_assets(), lambda step, page: told.append((step, page)))


def short_stretches() -> Any:
    patch = pytest.MonkeyPatch.context()

    class Short:
        def __enter__(self) -> None:
            inside = patch.__enter__()
            inside.setattr(pieces, "WHOLE_PAGES", 0)
            inside.setattr(pieces, "FIRST_PAGES", 3)
            inside.setattr(pieces, "STRETCH_PAGES", 4)

        def __exit__(self, *error: Any) -> None:
            patch.__exit__(*error)

    return Short()


@cache
def words(pdf: bytes) -> list[str]:
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(BytesIO(pdf)).pages]


# Which pieces, and where it is cut


def test_the_pieces_are_the_whole_document_once(content: DossierContent) -> None:
    every = pieces_of(content)
    assert [piece.number for piece in every] == list(range(len(every)))
    lists = [piece.list for piece in every]
    assert lists.count("reports") == len(content.reports) == 44
    assert lists.count("events") == len(content.chronology)
    assert lists.count("offenders") == len(content.offenders) == 44
    assert lists.count("hidden") == len(content.annex.hidden)
    assert [run.part for run in runs(every)] == ["voorblad", "inhoud", *pieces.PARTS]


def test_a_short_dossier_is_one_stretch_and_a_long_one_is_not(content: DossierContent) -> None:
    short = pieces_of(redact(a_dossier(60), INTERNAL))
    assert stretch(short, 0) == len(short)
    long = pieces_of(redact(a_dossier(300), INTERNAL))
    begins = [0]
    while begins[-1] < len(long):
        begins.append(stretch(long, begins[-1]))
    assert 4 < len(begins) < 12
    assert begins == sorted(set(begins))


def test_one_huge_piece_is_a_stretch_of_its_own() -> None:
    huge = redact(a_dossier(some_reports(2), assessment="woord " * 200_000), INTERNAL)
    every = pieces_of(huge)
    picture = next(piece.number for piece in every if piece.part == "beeld")
    assert stretch(every, picture) == picture + 1


def test_a_stretch_goes_on_at_the_last_page_that_begins_with_a_piece() -> None:
    page = frozenset
    assert cut([page({6}), page({7, 8}), page({9, 10})]) == (2, 9)
    # Piece 9 runs over three pages; what begins below its end isn't the first on that page.
    assert cut([page({5, 6}), page({7, 8, 9}), page({9}), page({9, 10})]) == (1, 7)
    assert cut([page({6}), page({7}), page()]) == (1, 7)
    assert cut([page({6, 7}), page({7})]) is None
    assert cut([page({6})]) is None
    # The table of contents stays with the first page.
    assert cut([page({0}), page({1, 2}), page({2, 3})]) is None
    assert cut([page({0}), page({1, 2}), page({3})]) == (2, 3)


def test_what_follows_on_a_piece_belongs_to_it() -> None:
    assert held(["deel-acties", "stuk-7", "stuk-8-slot", "M-01"]) == {7, 8}


# What comes of it


def test_every_page_is_as_if_nothing_had_been_cut(whole: bytes, joined: bytes) -> None:
    assert len(words(whole)) > 20
    assert words(joined) == words(whole)


def test_the_joined_file_keeps_to_pdf_a_and_pdf_ua(joined: bytes, tmp_path: Path) -> None:
    path = tmp_path / "joined.pdf"
    path.write_bytes(joined)
    assert validate_pdf(path) == []


@pytest.mark.alles
def test_the_joined_file_is_the_same_every_time(content: DossierContent, joined: bytes) -> None:
    with short_stretches():
        assert render(content, load_assets()) == joined


def test_a_cut_costs_little_room(whole: bytes, joined: bytes) -> None:
    assert len(joined) < 1.1 * len(whole)
    assert font_files(joined) == font_files(whole)


def font_files(pdf: bytes) -> int:
    with pikepdf.open(BytesIO(pdf)) as opened:
        return sum(
            isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/FontDescriptor"
            for one in opened.objects
        )


def test_every_link_leads_somewhere_also_from_one_stretch_to_another(joined: bytes) -> None:
    reader = PdfReader(BytesIO(joined))
    places = reader.named_destinations
    links = [
        str(annotation.get_object()["/Dest"])
        for page in reader.pages
        for annotation in page.get("/Annots", [])
        if "/Dest" in annotation.get_object()
    ]
    assert list(dict.fromkeys(links)) == [f"deel-{key}" for key in pieces.PARTS]
    numbers = [reader.get_destination_page_number(places[link]) for link in links]
    assert None not in numbers
    assert numbers == sorted(numbers, key=lambda number: number or 0)
    for link, number in zip(links, numbers, strict=True):
        assert pieces.PARTS[link.removeprefix("deel-")] in words(joined)[number or 0]
    assert not [name for name in places if name.startswith("stuk-")]
    assert "M-44" in places


def test_the_bookmarks_are_those_of_the_whole(whole: bytes, joined: bytes) -> None:
    def told(marks: Any, reader: PdfReader) -> Iterator[Any]:
        for mark in marks:
            if isinstance(mark, list):
                yield list(told(mark, reader))
            else:
                yield str(mark["/Title"]), reader.get_destination_page_number(mark)

    one, other = PdfReader(BytesIO(whole)), PdfReader(BytesIO(joined))
    assert list(told(other.outline, other)) == list(told(one.outline, one))


# The tags


def elements(node: Any) -> Iterator[Any]:
    """Every element of the tree, in the order in which it is read."""
    kids = node.get("/K", pikepdf.Array([]))
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and kid.get("/Type") == "/StructElem":
            yield kid
            yield from elements(kid)


def test_the_tags_are_those_of_the_whole_in_the_same_order(whole: bytes, joined: bytes) -> None:
    with pikepdf.open(BytesIO(whole)) as one, pikepdf.open(BytesIO(joined)) as other:
        kinds = [[str(e["/S"]) for e in elements(pdf.Root.StructTreeRoot)] for pdf in (one, other)]
    sections = [[kind for kind in found if kind != "/Sect"] for found in kinds]
    assert sections[0] == sections[1]


def test_every_page_and_link_finds_its_own_tags(joined: bytes) -> None:
    with pikepdf.open(BytesIO(joined)) as pdf:
        nums = pdf.Root.StructTreeRoot.ParentTree.Nums
        parents = {int(nums[i]): nums[i + 1] for i in range(0, len(nums), 2)}
        assert list(parents) == sorted(parents)
        in_the_tree = {element.objgen for element in elements(pdf.Root.StructTreeRoot)}
        seen: set[int] = set()
        for page in pdf.pages:
            key = int(page.obj["/StructParents"])
            assert key not in seen
            seen.add(key)
            for element in parents[key]:
                assert element.Pg.objgen == page.obj.objgen
                assert element.objgen in in_the_tree
            for annotation in page.obj.get("/Annots", []):
                seen.add(link := int(annotation["/StructParent"]))
                assert parents[link].S == "/Link"
        assert seen == set(parents)
        assert int(pdf.Root.StructTreeRoot.ParentTreeNextKey) == len(parents)


def test_every_cell_finds_its_headers(joined: bytes) -> None:
    with pikepdf.open(BytesIO(joined)) as pdf:
        root = pdf.Root.StructTreeRoot
        named = [str(e["/ID"]) for e in elements(root) if "/ID" in e]
        assert len(named) == len(set(named)) > 50
        names = root.IDTree.Names
        tree = {str(names[i]): names[i + 1] for i in range(0, len(names), 2)}
        assert list(tree) == sorted(named)
        headers = {
            str(name)
            for cell in elements(root)
            if cell.S == "/TD"
            for name in cell.A.get("/Headers", [])
        }
        assert headers
        assert all(tree[name].S == "/TH" for name in headers)


def test_below_the_page_stands_decoration_that_is_not_read_aloud(joined: bytes) -> None:
    with pikepdf.open(BytesIO(joined)) as pdf:
        for page in pdf.pages:
            foot = page.obj["/Contents"][1].read_bytes()
            assert foot.startswith(b"/Artifact <</Type /Pagination /Subtype /Footer>> BDC")
            assert b"MCID" not in foot


# Progress


@pytest.mark.alles
def test_long_words_about_the_picture_stay_with_the_first_page() -> None:
    """Nothing can be cut there; so the first stretch is as large as it must be."""
    long = redact(a_dossier(6, assessment=LONG * 3), INTERNAL)
    with short_stretches():
        cut_up = render(long, load_assets())
    assert words(cut_up) == words(render(long, load_assets()))


def test_progress_counts_on_over_the_stretches(joined: bytes, told: list[tuple[str, int]]) -> None:
    assert told[-1] == ("schrijven", 0)
    furthest = max(page for _, page in told)
    assert len(words(joined)) <= furthest <= len(words(joined)) + 2
