"""The frozen content: one text and one hash for one content, and nothing else is accepted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from stopintimidatie.exports.profiles.defaults import POLICE
from stopintimidatie.exports.redaction.content import (
    ContentError,
    DossierContent,
    Logo,
    content_hash,
    from_json,
    map_text,
    to_json,
)
from tests.support.exports_factory import NOW, a_dossier, a_house, redact
from tests.support.installation import DATA

# The same content may never be written otherwise: its hash stands in the register.
FROZEN = DATA / "dossier-3.json"
FROZEN_HASH = "fbe1bfc4e7e0cd9719428ada28513ec1cfe6a592c4ff719049011718e63ea114"
LOGO = Logo("image/png", "iVBORw0KGgo=", "Gemeente Dordrecht")


@pytest.fixture
def content() -> DossierContent:
    return redact(a_dossier(6, house=a_house(logo=LOGO)), POLICE)


def test_what_is_written_reads_back_the_same(content: DossierContent) -> None:
    assert from_json(to_json(content)) == content


def test_what_was_frozen_before_keeps_its_bytes_and_its_hash() -> None:
    text = FROZEN.read_bytes()
    content = from_json(text)
    assert to_json(content) == text
    assert content_hash(content) == FROZEN_HASH == sha256(text).hexdigest()


def test_the_same_content_has_the_same_hash_and_other_content_another(
    content: DossierContent,
) -> None:
    other = replace(content, delivery=replace(content.delivery, version=3))
    assert content_hash(content) == content_hash(from_json(to_json(content)))
    assert content_hash(other) != content_hash(content)


def test_the_text_has_sorted_keys_no_spaces_and_readable_letters(content: DossierContent) -> None:
    text = to_json(content).decode()
    plain = json.loads(text)
    assert list(plain) == sorted(plain)
    assert text == json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert "coördinator" in text


def _without(plain: dict[str, Any]) -> None:
    del plain["annex"]


def _extra(plain: dict[str, Any]) -> None:
    plain["telefoon"] = "06"


def _number_for_text(plain: dict[str, Any]) -> None:
    plain["heading"]["title"] = 7


def _true_for_number(plain: dict[str, Any]) -> None:
    plain["delivery"]["version"] = True


def _text_for_list(plain: dict[str, Any]) -> None:
    plain["chronology"] = "geen"


def _wrong_date(plain: dict[str, Any]) -> None:
    plain["annex"]["destroy_by"] = "31-12-2026"


def _other_schema(plain: dict[str, Any]) -> None:
    plain["schema"] = "stopintimidatie.dossier/0"


@pytest.mark.parametrize(
    "change",
    [
        _without,
        _extra,
        _number_for_text,
        _true_for_number,
        _text_for_list,
        _wrong_date,
        _other_schema,
    ],
)
def test_content_of_another_shape_is_refused(
    content: DossierContent, change: Callable[[dict[str, Any]], None]
) -> None:
    plain = json.loads(to_json(content))
    change(plain)
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    with pytest.raises(ContentError):
        from_json(text.encode())


def test_another_spelling_of_the_same_content_is_refused(content: DossierContent) -> None:
    spaced = json.dumps(json.loads(to_json(content)), sort_keys=True).encode()
    doubled = to_json(content)[:-1] + b',"schema":"stopintimidatie.dossier/1"}'
    for text in (spaced, doubled, b"[" * 100_000, b"\xff", b""):
        with pytest.raises(ContentError):
            from_json(text)


@pytest.mark.parametrize("letter", ["\x00", "\x0b", "\u202e", "\u200b", "\ud800", "\ufdd0"])
def test_text_with_controls_or_tricks_of_direction_never_becomes_content(
    content: DossierContent, letter: str
) -> None:
    tainted = map_text(content, lambda text: text)
    tainted = replace(tainted, heading=replace(tainted.heading, owner=f"Dossier{letter}houder"))
    with pytest.raises(ContentError):
        to_json(tainted)


def test_redaction_takes_such_characters_out() -> None:
    content = redact(a_dossier(1, title="Rond het \u202estation\x00"), POLICE)
    assert content.heading.title == "Rond het station"


@pytest.mark.parametrize("colour", ["red", "#FFF", "#ff0000;}", "url(file:///etc/passwd)", ""])
def test_a_colour_is_six_hexadecimal_digits_and_nothing_more(colour: str) -> None:
    with pytest.raises(ContentError, match="kleur"):
        redact(a_dossier(1, house=a_house(colour=colour)), POLICE)


@pytest.mark.parametrize(
    ("media_type", "data", "alt"),
    [
        ("image/gif", "R0lGODlh", "logo"),
        ("text/html", "PGI+", "logo"),
        ("image/png", "geen base64!", "logo"),
        ("image/png", "iVBORw0KGgo=", "  "),
        ("image/png", "AAAA" * 110_000, "logo"),
    ],
)
def test_a_logo_of_another_kind_too_big_or_without_words_is_refused(
    media_type: str, data: str, alt: str
) -> None:
    with pytest.raises(ContentError, match="logo"):
        Logo(media_type, data, alt)


def test_a_moment_without_a_zone_is_refused(content: DossierContent) -> None:
    with pytest.raises(ContentError, match="tijdzone"):
        replace(content.delivery, frozen_at=NOW.replace(tzinfo=None))
