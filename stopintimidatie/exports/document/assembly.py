"""Puts stretches of a document that were laid out apart together in one file, as they come.

WeasyPrint makes of each stretch the objects of a PDF. They get numbers of their own here and are
written at once, so that no stretch is in memory with the next. What is of the whole document is
made at the end: the tree of pages, the tags, where links lead, the bookmarks, the fonts. Nothing
of the look, and nothing of what the text says, is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import md5
from itertools import chain
from typing import Any, BinaryIO, Final

import pydyf

from stopintimidatie.exports.document.pdf import (
    Bookmark,
    _Fixed,
    _Found,
    _hex,
    _number,
    _Outline,
    _outline_objects,
    _Page,
    _pairs,
    _reference,
    _renumbered,
)

_HEADER: Final = b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n"
_DECORATION: Final = b"/Artifact <</Type /Pagination /Subtype /Footer>> BDC"
# The table has two bytes for the place of an object within an object stream.
_PACKED_MOST: Final = 10_000
# What a stretch has beside its own: one of these is in the file.
_SHARED: Final = ("catalog", "pages", "root", "document", "parents", "fonts", "profile")


@dataclass(frozen=True, slots=True)
class Embedded:
    """A file within the file."""

    name: str
    media_type: str
    about: str
    at: datetime


class JoinedFile:
    """One PDF in the making. Stretches in any order; each says which page is its first."""

    def __init__(self, file: BinaryIO, identifier: bytes) -> None:
        self._file = file
        self._identifier = identifier
        self._digest = md5(usedforsecurity=False)
        self._position = 0
        # Per object: in which object stream and where in it, or 0 and where in the file.
        self._places: list[tuple[int, int] | None] = [None]
        self._shared = {name: self._new() for name in _SHARED}
        self._pages: dict[int, _Page] = {}
        self._elements: dict[int, list[bytes]] = {}
        self._nums: dict[int, bytes] = {}
        self._ids: dict[str, bytes] = {}
        self._destinations: dict[str, Any] = {}
        self._resources: list[tuple[int, Any]] = []
        self._fonts: list[tuple[int, Any]] = []
        self._fonts_number = 0
        self._embedded: dict[str, bytes] = {}
        self._kept: dict[str, Any] = {}
        self._info: Any = None
        self._write(_HEADER)

    # A stretch

    def add(self, made: Any, first: int, elsewhere: frozenset[str] = frozenset()) -> None:
        """The objects of a stretch.

        :param made: the pydyf.PDF that WeasyPrint is about to write.
        :param first: the place of its first page in the whole document.
        :param elsewhere: anchors that other stretches have; those here are stand-ins.
        """
        found = _Found.of(made)
        numbers = self._numbers(made, found)
        page_tags = self._take_tags(made, found, numbers, first)
        self._take_pages(made, found, numbers, first)
        self._take_destinations(made, numbers, elsewhere)
        self._keep_shared(made, found, numbers)
        own = (one for one in made.objects[1:] if one.number not in found.apart)
        self._write_objects(
            chain(page_tags, ((numbers[one.number], _renumbered(one, numbers)) for one in own))
        )

    def _numbers(self, made: Any, found: _Found) -> dict[int, int]:
        """From the number of each object here to its number in the file."""
        numbers = {found.shared[name]: self._shared[name] for name in found.shared}
        for one in made.objects[1:]:
            if one.number not in numbers and one.number not in found.fonts:
                numbers[one.number] = self._new()
        return numbers

    def _take_tags(
        self, made: Any, found: _Found, numbers: Mapping[int, int], first: int
    ) -> list[tuple[int, Any]]:
        """Its elements go under the one document; its keys and ids after those there are.

        What comes back is of which elements each page is.
        """
        base, page_tags = len(self._nums), []
        parents = made.objects[found.shared["parents"]]["Nums"]
        for key, value in zip(parents[::2], parents[1::2], strict=True):
            if isinstance(value, list):
                number = self._new()
                page_tags.append((number, _renumbered(value, numbers)))
                self._nums[base + key] = _reference(number)
            else:
                self._nums[base + key] = _renumbered(value, numbers)
        children = made.objects[found.shared["document"]]["K"]
        self._elements[first] = [_renumbered(child, numbers) for child in children]
        for one in made.objects[1:]:
            if not isinstance(one, pydyf.Dictionary):
                continue
            for name in ("StructParents", "StructParent"):
                if name in one:
                    one[name] += base
            if one.get("Type") == "/StructElem" and "ID" in one:
                # Headers of cells point to the same string, so they follow.
                one["ID"].string = f"{base}-{one['ID'].string}"
                self._ids[one["ID"].string] = _reference(numbers[one.number])
        return page_tags

    def _take_pages(self, made: Any, found: _Found, numbers: Mapping[int, int], first: int) -> None:
        """Pages keep room for what comes below them, and leave no state to it."""
        for index, old in enumerate(found.pages):
            page, foot = made.objects[old], self._new()
            body = made.objects[_number(page["Contents"])]
            body.stream.insert(0, b"q")
            body.stream.append(b"Q")
            place = first + index
            self._pages[place] = _Page(numbers[old], foot)
            # A reference that is to stay as it is.
            page["Contents"] = pydyf.Array([page["Contents"], _Fixed(foot)])

    def _take_destinations(
        self, made: Any, numbers: Mapping[int, int], elsewhere: frozenset[str]
    ) -> None:
        names = made.catalog.get("Names", {}).get("Dests", {}).get("Names", [])
        for name, where in zip(names[::2], names[1::2], strict=True):
            if name.string not in elsewhere:
                self._destinations.setdefault(name.string, _renumbered(where, numbers))

    def _keep_shared(self, made: Any, found: _Found, numbers: Mapping[int, int]) -> None:
        """What only one of is needed; of the fonts the last, which know every letter."""
        resources = made.objects[found.resources]
        self._resources.append((numbers[found.resources], _renumbered(resources, numbers)))
        self._fonts_number = found.shared["fonts"]
        self._fonts = [(number, made.objects[number]) for number in sorted(found.fonts)]
        if not self._kept:
            catalog = made.catalog
            names = ("Lang", "ViewerPreferences", "MarkInfo", "OutputIntents", "Metadata")
            self._kept = {
                name: _renumbered(catalog[name], numbers) for name in names if name in catalog
            }
            self._info = pydyf.Dictionary(made.info)
            if "profile" in found.shared:
                profile = made.objects[found.shared["profile"]]
                self._write_objects([(self._shared["profile"], profile)])
        elif "Metadata" in made.catalog:
            found.apart.add(_number(made.catalog["Metadata"]))

    # Below the pages

    def add_feet(self, made: Any, first: int) -> None:
        """What stands below the pages, from this page on: decoration, outside the tags."""
        found = _Found.of(made)
        resources = made.objects[found.resources]
        if any(resources[name] for name in ("XObject", "Pattern", "Shading")):
            raise ValueError("below the pages only letters and lines can be drawn")
        for _, own in self._resources:
            own["ExtGState"].update(resources["ExtGState"])
        for index, old in enumerate(found.pages):
            stream = made.objects[_number(made.objects[old]["Contents"])]
            stream.stream.insert(0, _DECORATION)
            stream.stream.append(b"EMC")
            self._write_objects([(self._pages[first + index].foot, stream)])
        self._fonts_number = found.shared["fonts"]
        self._fonts = [(number, made.objects[number]) for number in sorted(found.fonts)]

    # Files within it

    def embed(self, what: Embedded, data: bytes) -> None:
        """A file that goes along with the whole document (ISO 19005-3, 6.8)."""
        content, described = self._new(), self._new()
        moment = pydyf.String(what.at.astimezone(UTC).strftime("D:%Y%m%d%H%M%SZ"))
        params = {"Size": len(data), "CreationDate": moment, "ModDate": moment}
        extra = {
            "Type": "/EmbeddedFile",
            "Subtype": pydyf.name(what.media_type),
            "Params": pydyf.Dictionary(params),
        }
        self._write_stream(content, pydyf.Stream([data], extra))
        name = pydyf.String(what.name)
        files = pydyf.Dictionary({"F": _reference(content), "UF": _reference(content)})
        described_as = {
            "Type": "/Filespec",
            "F": name,
            "UF": name,
            "EF": files,
            "Desc": pydyf.String(what.about),
            "AFRelationship": "/Supplement",
        }
        self._write_objects([(described, pydyf.Dictionary(described_as))])
        self._embedded[what.name] = _reference(described)

    # The end

    def finish(self, bookmarks: Iterable[Bookmark]) -> None:
        """Everything that is of the whole document, and the table of where each object is."""
        ordered = [self._pages[place] for place in sorted(self._pages)]
        pages = pydyf.Array(_reference(page.number) for page in ordered)
        shared = self._shared
        catalog = pydyf.Dictionary(
            {
                "Type": "/Catalog",
                "Pages": _reference(shared["pages"]),
                "StructTreeRoot": _reference(shared["root"]),
                **self._kept,
                **self._outlines(bookmarks, ordered),
                **self._names(),
            }
        )
        self._write_objects(
            [
                *self._resources,
                *self._font_objects(),
                (
                    shared["pages"],
                    pydyf.Dictionary({"Type": "/Pages", "Count": len(pages), "Kids": pages}),
                ),
                *self._tags(),
                (shared["catalog"], catalog),
            ]
        )
        self._write_table()

    def _font_objects(self) -> Iterator[tuple[int, Any]]:
        numbers = {
            number: self._shared["fonts"] if number == self._fonts_number else self._new()
            for number, _ in self._fonts
        }
        for number, one in self._fonts:
            yield numbers[number], _renumbered(one, numbers)

    def _tags(self) -> Iterator[tuple[int, Any]]:
        shared = self._shared
        elements = [one for first in sorted(self._elements) for one in self._elements[first]]
        document = {
            "Type": "/StructElem",
            "S": "/Document",
            "P": _reference(shared["root"]),
            "K": pydyf.Array(elements),
        }
        root: dict[str, Any] = {
            "Type": "/StructTreeRoot",
            "K": pydyf.Array([_reference(shared["document"])]),
            "ParentTree": _reference(shared["parents"]),
            "ParentTreeNextKey": len(self._nums),
        }
        if self._ids:
            names = _pairs((pydyf.String(name), self._ids[name]) for name in sorted(self._ids))
            root["IDTree"] = pydyf.Dictionary({"Names": names})
        parents = _pairs(sorted(self._nums.items()))
        yield shared["document"], pydyf.Dictionary(document)
        yield shared["root"], pydyf.Dictionary(root)
        yield shared["parents"], pydyf.Dictionary({"Nums": parents})

    def _names(self) -> dict[str, Any]:
        trees = {"Dests": self._destinations, "EmbeddedFiles": self._embedded}
        names = {
            kind: pydyf.Dictionary(
                {"Names": _pairs((pydyf.String(name), tree[name]) for name in sorted(tree))}
            )
            for kind, tree in trees.items()
            if tree
        }
        found = {"Names": pydyf.Dictionary(names)} if names else {}
        if self._embedded:
            found["AF"] = pydyf.Array(self._embedded.values())
        return found

    def _outlines(self, bookmarks: Iterable[Bookmark], pages: Sequence[_Page]) -> dict[str, Any]:
        """The bookmarks as a tree, and the reference to it for the catalogue."""
        top = _Outline(self._new(), None)
        above = [top]
        for mark in bookmarks:
            del above[mark.level :]
            above[-1].children.append(one := _Outline(self._new(), mark))
            above.append(one)
        if not top.children:
            return {}
        self._write_objects(_outline_objects(top, pages))
        return {"Outlines": _reference(top.number)}

    # Bytes

    def _new(self) -> int:
        self._places.append(None)
        return len(self._places) - 1

    def _write(self, content: bytes) -> None:
        self._file.write(content)
        self._digest.update(content)
        self._position += len(content)

    def _write_stream(self, number: int, stream: Any) -> None:
        self._places[number] = (0, self._position)
        self._write(b"%d 0 obj\n%b\nendobj\n" % (number, stream.data))

    def _write_objects(self, objects: Iterable[tuple[int, Any]]) -> None:
        """Streams as they are, the rest packed together in one of these."""
        packed: list[tuple[int, bytes]] = []
        for number, one in objects:
            if isinstance(one, pydyf.Stream):
                self._write_stream(number, one)
            else:
                packed.append((number, one.data))
        for begin in range(0, len(packed), _PACKED_MOST):
            self._pack(packed[begin : begin + _PACKED_MOST])

    def _pack(self, packed: Sequence[tuple[int, bytes]]) -> None:
        """An object stream (ISO 32000-1, 7.5.7)."""
        own, offsets, offset = self._new(), [], 0
        for index, (number, data) in enumerate(packed):
            self._places[number] = (own, index)
            offsets.append(b"%d %d" % (number, offset))
            offset += len(data) + 1
        head = b" ".join(offsets)
        body = [head, *(data for _, data in packed)]
        extra = {"Type": "/ObjStm", "N": len(packed), "First": len(head) + 1}
        self._write_stream(own, pydyf.Stream(body, extra, compress=True))

    def _write_table(self) -> None:
        """The cross-reference stream (ISO 32000-1, 7.5.8), which is the trailer too."""
        info, table = self._new(), self._new()
        self._write_objects([(info, self._info)])
        start = self._position
        self._places[table] = (0, start)
        rows = bytearray(b"\0" + bytes(5) + b"\xff\xff")
        for place in self._places[1:]:
            stream, where = place or (0, 0)
            kind, first, second = (2, stream, where) if stream else (1, where, 0)
            rows += bytes([kind if place else 0])
            rows += first.to_bytes(5, "big") + second.to_bytes(2, "big")
        extra = {
            "Type": "/XRef",
            "W": pydyf.Array([1, 5, 2]),
            "Size": len(self._places),
            "Root": _reference(self._shared["catalog"]),
            "Info": _reference(info),
            "ID": pydyf.Array([_hex(self._identifier), _hex(self._digest.digest())]),
        }
        self._write_stream(table, pydyf.Stream([bytes(rows)], extra, compress=True))
        self._write(b"startxref\n%d\n%%%%EOF\n" % start)
