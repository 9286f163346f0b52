"""Which letters a document is written in, and what becomes of those that no font has. Pure."""

from __future__ import annotations

import re
import unicodedata

from stopintimidatie.exports.content import DossierContent, map_text

OTHER_SCRIPT = "[ander schrift]"


def letters_of(content: DossierContent) -> str:
    """Each letter that a person reads, once."""
    seen: set[str] = set()

    def note(text: str) -> str:
        seen.update(text)
        return text

    map_text(content, note)
    return "".join(sorted(seen))


def displayable(text: str, characters: frozenset[int]) -> str:
    """The text with what the fonts can't write put in words, so that nothing vanishes unseen."""
    if all(ord(letter) in characters or letter == "\n" for letter in text):
        return text
    parts: list[str] = []
    for letter in text:
        known = ord(letter) in characters or letter == "\n"
        part = letter if known else _in_words(letter)
        if known or not parts or parts[-1] != part:
            parts.append(part)
    return re.sub(r"(\[[a-z ]+\])(?:\s*\1)+", r"\1", "".join(parts))


def _in_words(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind.startswith("Z"):
        return " "
    if kind.startswith("M") or kind == "Cf":
        return ""
    if kind.startswith(("L", "N")):
        return OTHER_SCRIPT
    return "[emoji]" if kind == "So" or ord(letter) >= 0x1F000 else "[teken]"


def written_from_the_right(text: str) -> bool:
    """Whether the first letter of this text is of a script that is read from right to left."""
    ways = map(unicodedata.bidirectional, text)
    return next((way for way in ways if way in ("L", "R", "AL")), "L") != "L"
