"""The language of all texts: plain, no promises, and no values typed where a setting holds them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stopintimidatie.programme.rules import texts_in

CONTENT = Path(__file__).parents[2] / "stopintimidatie" / "programme" / "content"
TEXTS = sorted((path.parent.name, path.stem) for path in CONTENT.rglob("*.md"))
# No text says of itself what only somebody from outside can say, or promises a price.
REFUSED = re.compile(r"avg-proof|gecertificeerd|goedgekeurd|kosteloos|\bgratis\b", re.IGNORECASE)
HARD = re.compile(
    r"\b(?:implementeren|implementatie|faciliteren|borgen|borging|integraal|betreffende|teneinde"
    r"|middels|omtrent|aangaande|derhalve|tevens|conform|inzake|ten behoeve van|met betrekking tot"
    r"|indien|thans|reeds|alsmede|desbetreffende|geschieden|dien(?:t|en) te|ten aanzien van"
    r"|in het kader van|op grond hiervan|proactief|stakeholders?|monitoren|optimaliseren"
    r"|realiseren|adequaat|doelgroep|awareness|uitrollen)\b",
    re.IGNORECASE,
)
# What isn't a sentence: conditions, values, headings, rows of tables, marks of lists.
_NO_WORDS = re.compile(r"{%.*?%}|(?m:^#+ .*$|^\|.*$|^\s*(?:[-*]|\d+\.)\s+)|[*`>]")
_VALUE = re.compile(r"{{.*?}}|\[\[.*?\]\]")
_END = re.compile(r"[.?!:](?:\s|$)|\n\s*\n")
MOST_WORDS = 15


def sentences(body: str) -> list[int]:
    """How many words each sentence has; an item of a list is one too."""
    items = re.sub(r"(?m)^\s*(?:[-*]|\d+\.)\s+", "\n\n", body)
    words = _VALUE.sub("waarde", _NO_WORDS.sub(" ", items))
    return [len(part.split()) for part in _END.split(words) if len(part.split()) > 1]


@pytest.mark.parametrize(("folder", "name"), TEXTS)
def test_a_text_is_plain_dutch(folder: str, name: str) -> None:
    text = texts_in(folder)[name]
    counts = sentences(text.body)

    assert len(counts) > 5
    assert sum(counts) / len(counts) <= MOST_WORDS
    assert HARD.findall(text.body) == []


@pytest.mark.parametrize(("folder", "name"), TEXTS)
def test_no_text_says_what_only_others_can_say(folder: str, name: str) -> None:
    source = (CONTENT / folder / f"{name}.md").read_text("utf-8")
    assert REFUSED.findall(source) == []


def test_a_long_sentence_counts() -> None:
    assert sentences("Een twee drie. Vier vijf!\n\n- zes zeven\n- acht negen tien") == [3, 2, 2, 3]
