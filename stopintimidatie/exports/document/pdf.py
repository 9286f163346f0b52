"""Two standards in one file: PDF/A-3a (to be kept) and PDF/UA-1 (to be read by everybody).

WeasyPrint writes the claim of one of them. A tagged PDF/A-3a that it makes keeps to PDF/UA-1 too;
the claim is added here, with the description that PDF/A asks of any property it doesn't know
itself (ISO 19005-3, 6.6.2.3; ISO 14289-1, 5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pydyf

_REFERENCE: Final = re.compile(rb"(\d+) 0 R")


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A line of the table of contents that a reader shows beside the pages."""

    level: int
    label: str
    page: int
    x: float
    y: float


@dataclass
class _Page:
    """A page that was written, and what is still to come below it."""

    number: int
    foot: int


@dataclass
class _Outline:
    """A bookmark on its way into the file."""

    number: int
    mark: Bookmark | None
    children: list[_Outline] = field(default_factory=list)

    def all_below(self) -> int:
        return len(self.children) + sum(child.all_below() for child in self.children)


@dataclass
class _Found:
    """Which objects of a stretch are what, by number."""

    pages: list[int]
    resources: int
    shared: dict[str, int]
    fonts: set[int]
    # What isn't written with the rest.
    apart: set[int]

    @classmethod
    def of(cls, made: Any) -> _Found:
        pages = list(made.pages["Kids"][::3])
        resources = _number(made.objects[pages[0]]["Resources"])
        shared = {
            "catalog": made.catalog.number,
            "pages": made.pages.number,
            "fonts": _number(made.objects[resources]["Font"]),
        }
        if "StructTreeRoot" in made.catalog:
            root = shared["root"] = _number(made.catalog["StructTreeRoot"])
            shared["document"] = _number(made.objects[root]["K"][0])
            shared["parents"] = _number(made.objects[root]["ParentTree"])
        if "OutputIntents" in made.catalog:
            intent = made.catalog["OutputIntents"][0]
            shared["profile"] = _number(intent["DestOutputProfile"])
        fonts = _below(made.objects, shared["fonts"])
        return cls(pages, resources, shared, fonts, {resources, *shared.values(), *fonts})


def _below(objects: Sequence[Any], number: int) -> set[int]:
    """An object and all that it refers to."""
    found, waiting = {number}, [number]
    while waiting:
        one = objects[waiting.pop()]
        for other in _references(one.extra if isinstance(one, pydyf.Stream) else one):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def _references(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)
    elif isinstance(value, bytes) and (match := _REFERENCE.fullmatch(value)):
        yield int(match[1])


class _Fixed(int):
    """A number that an object has in the file already."""


def _renumbered(value: Any, numbers: Mapping[int, int]) -> Any:
    """The same with the numbers of the file in it. What it is of stays as it was."""
    if isinstance(value, bytes):
        match = _REFERENCE.fullmatch(value)
        return value if match is None else _reference(numbers[int(match[1])])
    if isinstance(value, _Fixed):
        return _reference(value)
    if isinstance(value, dict):
        return pydyf.Dictionary({key: _renumbered(one, numbers) for key, one in value.items()})
    if isinstance(value, list):
        return pydyf.Array([_renumbered(one, numbers) for one in value])
    if isinstance(value, pydyf.Stream):
        value.extra = _renumbered(value.extra, numbers)
    return value


def _outline_objects(top: _Outline, pages: Sequence[_Page]) -> Iterator[tuple[int, Any]]:
    yield (
        top.number,
        pydyf.Dictionary({"Type": "/Outlines", "Count": top.all_below(), **_ends(top)}),
    )
    yield from _outlines_below(top, pages)


def _outlines_below(parent: _Outline, pages: Sequence[_Page]) -> Iterator[tuple[int, Any]]:
    for index, one in enumerate(parent.children):
        assert one.mark is not None  # noqa: S101 - only the top has none
        mark = one.mark
        where = pydyf.Array([_reference(pages[mark.page].number), "/XYZ", mark.x, mark.y, 0])
        entry: dict[str, Any] = {
            "Title": pydyf.String(mark.label),
            "Dest": where,
            "Parent": _reference(parent.number),
            **_ends(one),
        }
        if one.children:
            entry["Count"] = one.all_below()
        if index:
            entry["Prev"] = _reference(parent.children[index - 1].number)
        if index + 1 < len(parent.children):
            entry["Next"] = _reference(parent.children[index + 1].number)
        yield one.number, pydyf.Dictionary(entry)
        yield from _outlines_below(one, pages)


def _ends(one: _Outline) -> dict[str, bytes]:
    if not one.children:
        return {}
    first, last = one.children[0], one.children[-1]
    return {"First": _reference(first.number), "Last": _reference(last.number)}


def _pairs(pairs: Iterable[tuple[Any, Any]]) -> Any:
    return pydyf.Array([one for pair in pairs for one in pair])


def _number(reference: bytes) -> int:
    return int(reference.split()[0])


def _reference(number: int) -> bytes:
    return b"%d 0 R" % number


def _hex(value: bytes) -> bytes:
    return b"<%b>" % value.hex().encode()


PDF_VARIANT: Final = "pdf/a-3a"
# Of a file with a password, which can't be PDF/A (ISO 19005-3, 6.1.3): WeasyPrint's own claim.
ACCESSIBLE_VARIANT: Final = "pdf/ua-1"

_END: Final = b"</rdf:RDF>"
_CLAIM: Final = b"""\
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>\
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"\
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"\
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">\
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">\
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>\
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>\
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">\
<pdfaProperty:name>part</pdfaProperty:name>\
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>\
<pdfaProperty:category>internal</pdfaProperty:category>\
<pdfaProperty:description>Part of ISO 14289</pdfaProperty:description>\
</rdf:li></rdf:Seq></pdfaSchema:property>\
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"""


def also_accessible(document: Any, pdf: Any) -> None:
    """WeasyPrint's last step before the bytes: add the claim of PDF/UA-1 to the metadata.

    :raises ValueError: the metadata isn't as WeasyPrint 70 writes it.
    """
    number = int(pdf.catalog["Metadata"].split()[0])
    metadata = pdf.objects[number]
    before, end, after = b"".join(metadata.stream).rpartition(_END)
    if not end:
        raise ValueError("the metadata of the PDF has no place for the claim of PDF/UA")
    metadata.stream = [before + _CLAIM + end + after]
