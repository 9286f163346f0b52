"""The tags of a long dossier: in order, each found from its page, with tables over many pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pypdf import PdfReader

from stopintimidatie.exports.document.assets import load_assets
from stopintimidatie.exports.document.html import PARTS
from stopintimidatie.exports.profiles.defaults import INTERNAL
from stopintimidatie.exports.redaction.source import EventKind, Reliability, SourceEvent, Term
from tests.support.drawing import render
from tests.support.exports_factory import NOW, a_dossier, redact, some_reports
from tests.support.verapdf import validate_pdf

# VeraPDF judges the tags of a dossier in the short suite (`test_pdf.py`).
pytestmark = pytest.mark.alles
LONG = "Zij liepen achter mij aan tot aan de halte, en riepen dat ik moest blijven staan. " * 90


def many_events(number: int) -> tuple[SourceEvent, ...]:
    return tuple(
        SourceEvent(
            NOW.date(), f"Gebeurtenis {n}", "gemeente", Reliability.ESTABLISHED, EventKind.ACTION
        )
        for n in range(number)
    )


@pytest.fixture(scope="module")
def progress() -> list[tuple[str, int]]:
    """The steps that were told while `pdf` was made."""
    return []


@pytest.fixture(scope="module")
def pdf(progress: list[tuple[str, int]]) -> bytes:
    """A dossier with every list longer than a page, and reports that fill more than one."""
    reports = tuple(
        replace(report, account=LONG if report.serial in (9, 10, 27) else report.account)
        for report in some_reports(44)
    )
    source = a_dossier(reports, kind=Term("groep", "groep"), events=many_events(70))
    content = redact(source, INTERNAL)
    return render(content, load_assets(), lambda step, page: progress.append((step, page)))


def test_a_long_dossier_keeps_to_pdf_a_and_pdf_ua(pdf: bytes, tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    path.write_bytes(pdf)
    assert validate_pdf(path) == []


def test_every_link_leads_to_the_part_that_it_names(pdf: bytes) -> None:
    reader = PdfReader(BytesIO(pdf))
    destinations = reader.named_destinations
    links = [
        str(annotation.get_object()["/Dest"])
        for page in reader.pages
        for annotation in page.get("/Annots", [])
        if "/Dest" in annotation.get_object()
    ]
    assert list(dict.fromkeys(links)) == [f"deel-{key}" for key in PARTS]
    numbers = [reader.get_destination_page_number(destinations[link]) for link in links]
    assert None not in numbers
    assert numbers == sorted(numbers, key=lambda number: number or 0)
    for link, number in zip(links, numbers, strict=True):
        assert PARTS[link.removeprefix("deel-")] in reader.pages[number or 0].extract_text()
    assert "M-44" in destinations


def elements(node: Any) -> Iterator[Any]:
    """Every element of the tree, in the order in which it is read."""
    kids = node.get("/K", pikepdf.Array([]))
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and kid.get("/Type") == "/StructElem":
            yield kid
            yield from elements(kid)


def test_every_page_and_link_finds_its_own_tags(pdf: bytes) -> None:
    with pikepdf.open(BytesIO(pdf)) as opened:
        nums = opened.Root.StructTreeRoot.ParentTree.Nums
        parents = {int(nums[i]): nums[i + 1] for i in range(0, len(nums), 2)}
        assert list(parents) == sorted(parents)
        in_the_tree = {element.objgen for element in elements(opened.Root.StructTreeRoot)}
        seen: set[int] = set()
        for page in opened.pages:
            key = int(page.obj["/StructParents"])
            assert key not in seen
            seen.add(key)
            # What stands below the page is of no element.
            for element in filter(None, parents[key]):
                assert element.Pg.objgen == page.obj.objgen
                assert element.objgen in in_the_tree
            for annotation in page.obj.get("/Annots", []):
                seen.add(link := int(annotation["/StructParent"]))
                assert parents[link].S == "/Link"
        assert seen == set(parents)


def test_every_cell_finds_its_headers(pdf: bytes) -> None:
    with pikepdf.open(BytesIO(pdf)) as opened:
        root = opened.Root.StructTreeRoot
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


def test_what_stands_below_the_page_is_decoration_that_is_not_read_aloud(pdf: bytes) -> None:
    with pikepdf.open(BytesIO(pdf)) as opened:
        nums = opened.Root.StructTreeRoot.ParentTree.Nums
        for number, page in enumerate(opened.pages):
            elements_of_page = nums[2 * number + 1]
            marked = [
                instruction.operands
                for instruction in pikepdf.parse_content_stream(page)
                if str(instruction.operator) == "BDC"
            ]
            numbers = {int(part["/MCID"]) for _, part in marked if "/MCID" in part}
            feet = [part for name, part in marked if name == "/Artifact"]
            assert len(feet) >= 3
            assert all(part["/Subtype"] == "/Footer" for part in feet)
            read = {n for n, element in enumerate(elements_of_page) if element is not None}
            assert numbers == read


# Progress


def test_progress_counts_the_pages(pdf: bytes, progress: list[tuple[str, int]]) -> None:
    assert progress[-1] == ("schrijven", 0)
    assert max(page for _, page in progress) == len(PdfReader(BytesIO(pdf)).pages)
