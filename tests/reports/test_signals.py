"""Text shaped like personal data is noticed, and ordinary text isn't."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stopintimidatie.reports.rules import find_personal_data, kinds_found, marked

FOUND = [
    ("Zijn kenteken was 12-AB-34.", "kenteken", "12-AB-34"),
    ("de auto (h-123-bb) reed weg", "kenteken", "h-123-bb"),
    ("scooter FX 123 K", "kenteken", "FX 123 K"),
    ("kenteken GZH12B", "kenteken", "GZH12B"),
    ("bel 06-12345678 maar", "telefoon", "06-12345678"),
    ("bel +31 6 1234 5678", "telefoon", "+31 6 1234 5678"),
    ("bel 078 770 8708!", "telefoon", "078 770 8708"),
    ("mail naar jan.de-vries@voorbeeld.nl.", "email", "jan.de-vries@voorbeeld.nl"),
    ("BSN 111222333", "bsn", "111222333"),
    ("bsn 1112.22.333", "bsn", "1112.22.333"),
]
ORDINARY = [
    "Op 20-11-2026 om 22.40 uur bij lijn 3, halte 1234.",
    "Mijn kenmerk is M-4F7K-2QX9 en ik was met 4 of 5 man.",
    "123456789 is geen geldig nummer",
    "Wij liepen van 3311 GN naar 3312 AB.",
    "hij riep: kom eens hier, lekker ding",
    "A16, A15, N3 en de E19; bus 416",
    "",
]


@pytest.mark.parametrize(("text", "kind", "what"), FOUND)
def test_it_is_found(text: str, kind: str, what: str) -> None:
    found = find_personal_data(text)
    assert [(f.kind, text[f.start : f.end]) for f in found] == [(kind, what)]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert find_personal_data(text) == ()


def test_kinds_are_named_once_in_words() -> None:
    assert kinds_found("a@b.nl en c@d.nl", None, "12-AB-34") == ["een e-mailadres", "een kenteken"]


@given(st.text(alphabet="ab1269@.+-( )<&\n", max_size=200))
def test_marking_only_adds_marks(text: str) -> None:
    shown = marked(text)
    assert shown.unescape().replace("<mark>", "").replace("</mark>", "") == text or "mark" in text
    assert "<" not in shown.replace("<mark>", "").replace("</mark>", "")


@pytest.mark.parametrize("piece", ["0", "06 ", "a.", "a@a.", "1-", "(0", "+31"])
def test_long_texts_take_no_time(piece: str) -> None:
    started = time.perf_counter()
    find_personal_data(piece * (5000 // len(piece)))
    assert time.perf_counter() - started < 2
