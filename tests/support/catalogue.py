"""The catalogue of the English of public pages: what must stand in it, and what a page lacks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from gettext import NullTranslations
from pathlib import Path
from typing import IO, Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from stopintimidatie.core.web import translation

ROOT = Path(__file__).parents[2]
ENGLISH = translation.LOCALES / "en/LC_MESSAGES/messages.po"
# Not for a reader: the words of which the functions of officials are made.
_NO_SENTENCES = "woorden_van_functies"


def sentences(
    file: IO[bytes], keywords: Any, comment_tags: Any, options: Any
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Extract the texts of a table in JSON: a method of Babel, named in pyproject.toml."""
    return ((0, "gettext", text, []) for text in _texts(json.load(file)))


def _texts(part: str | Mapping[str, Any]) -> Iterator[str]:
    if isinstance(part, str):
        yield part
        return
    for name, inner in part.items():
        if name != _NO_SENTENCES:
            yield from _texts(inner)


def extracted(folder: Path) -> Catalog:
    """All sentences of templates and code, by the command of docs/dev/pages-and-forms.md."""
    pot = folder / "messages.pot"
    CommandLineInterface().run(["pybabel", "-q", "extract", "-o", str(pot)])  # type: ignore[no-untyped-call]
    with pot.open("rb") as file:
        return read_po(file)


def english() -> Catalog:
    with ENGLISH.open("rb") as file:
        return read_po(file)


def every_text(catalog: Catalog, *rooms: str) -> tuple[set[str], set[str]]:
    """The Dutch and the English of a catalogue, each form of a plural by itself.

    `rooms`: only of what stands in one of these, as `reports/follow`.
    """
    dutch, other = set[str](), set[str]()
    for message in catalog:
        places = [path for path, _ in message.locations]
        if rooms and not any(f"/{room}/" in path for room in rooms for path in places):
            continue
        for known, texts in ((dutch, message.id), (other, message.string)):
            known.update([texts] if isinstance(texts, str) else texts or ())
    return dutch, other


def watch(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The texts that pages asked in English from here on, and that the catalogue doesn't have."""
    known, real = set[str]().union(*every_text(english())), translation.catalogues()
    missed: set[str] = set()

    class Watching(NullTranslations):
        def gettext(self, message: str) -> str:
            said = real["en"].gettext(message)
            if message not in known and said == message:
                missed.add(message)
            return said

        def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
            return real["en"].ngettext(msgid1, msgid2, n)

    monkeypatch.setattr(translation, "catalogues", lambda: {**real, "en": Watching()})
    return missed
