"""MDTO metadata held against the schema of the Nationaal Archief (MDTO-XML 1.0.1).

`mdto.xsd` is that schema without its explanations. MDTO-XML 1.0.2 asks two things more, which are
asked here too: a text in each element that must be there, and a size that isn't negative.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from lxml import etree

SPACE: Final = "{https://www.nationaalarchief.nl/mdto}"
_SCHEMA: Final = Path(__file__).with_name("mdto.xsd")


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(_SCHEMA))


def check_mdto(content: bytes) -> dict[str, dict[str, str]]:
    """Hold one file against the schema; its texts by the way to each, below what it is about."""
    tree = etree.fromstring(content)
    _schema().assertValid(tree)
    (about,) = tree
    texts = dict(_texts(about, ""))
    empty = [way for way, text in texts.items() if not text.strip()]
    assert not empty, empty
    assert int(texts.get("omvang", "0")) >= 0
    return {_name(about): texts}


def _texts(element: Any, way: str) -> Iterator[tuple[str, str]]:
    for child in element:
        name = f"{way}{_name(child)}"
        if len(child):
            yield from _texts(child, f"{name}/")
        else:
            yield name, child.text or ""


def _name(element: Any) -> str:
    return str(element.tag).removeprefix(SPACE)
