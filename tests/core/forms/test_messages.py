"""Bytes from a stranger give a value or one clear problem, fast, and never another exception."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stopintimidatie.core.forms.messages import MAX_BYTES, MAX_DEPTH, JsonError, loads

MEBIBYTE = 1024 * 1024
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**98), 10**98)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner, max_size=4),
    max_leaves=12,
)


@given(JSON_VALUES)
def test_every_ordinary_value_comes_back_as_it_was(value: Any) -> None:
    assert loads(json.dumps(value).encode()) == value
    assert loads(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary())
def test_any_bytes_give_a_value_or_a_json_error(data: bytes) -> None:
    with contextlib.suppress(JsonError):
        loads(data)


@given(st.text(alphabet='[]{}",:\\ue0123456789.-+truefalsn \n'))
def test_what_python_refuses_is_refused_here_too(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        with pytest.raises(JsonError):
            loads(text.encode())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "geen geldige JSON"),
        (b"nee", "geen geldige JSON"),
        (b"{'a': 1}", "geen geldige JSON"),
        (b'{"a": 1,}', "geen geldige JSON"),
        (b'"\x01"', "geen geldige JSON"),
        (b'{"a": 1} x', "staat nog iets"),
        (b"{}{}", "staat nog iets"),
        (b"{}\x00", "staat nog iets"),
        (b"[NaN]", "NaN is geen getal"),
        (b"[Infinity]", "Infinity is geen getal"),
        (b"[-Infinity]", "-Infinity is geen getal"),
        (b"[1e400]", "te groot"),
        (b'{"a": 1, "b": 2, "a": 1}', "“a” staat er meer dan eens in"),
        (b'{"c": {"a": 1, "\\u0061": 1}}', "“a” staat er meer dan eens in"),
        (b'{"a\\u0000": 1}', "teken dat niet bestaat"),
        (b'{"\\ud800": 1}', "teken dat niet bestaat"),
        (b"\xef\xbb\xbf{}", "byte-order mark"),
        (b"\xff\xfe{\x00}\x00", "byte-order mark"),
        ("{}".encode("utf-16-le"), "geen geldige JSON"),
        (b'"\xe9"', "geen geldige UTF-8 (byte 1)"),
        (b'"\xed\xa0\x80"', "geen geldige UTF-8"),
        (b"9" * 6000, "getal van 6000 tekens"),
        (b"-" + b"9" * 6000, "getal van 6001 tekens"),
        (b"0." + b"1" * 6000, "getal van 6002 tekens"),
        (b"1e" + b"9" * 6000, "getal van 6002 tekens"),
        (b" " * MAX_BYTES + b"1", "groter dan 1 MiB"),
    ],
)
def test_each_kind_of_wrong_text_says_what_is_wrong(data: bytes, words: str) -> None:
    with pytest.raises(JsonError) as caught:
        loads(data)
    assert words in caught.value.detail


def test_twenty_levels_pass_and_twenty_one_do_not() -> None:
    loads(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(JsonError, match="dieper genest dan 20"):
        loads(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_brackets_inside_a_text_are_not_nesting() -> None:
    text = "[{" * 100 + '\\"' + "[" * 100
    assert loads(json.dumps([text]).encode()) == [text]


def test_emoji_written_as_a_surrogate_pair_is_one_character() -> None:
    assert loads(b'"\\ud83d\\ude00"') == "😀"


@pytest.mark.parametrize(
    "data",
    [
        b"[" * MEBIBYTE,
        b'{"a":' * (MEBIBYTE // 5),
        b"[" + b"[]," * (MEBIBYTE // 3 - 1),
        b"[" + b"1," * (MEBIBYTE // 2 - 1),
        b"{" + b",".join(b'"%d":1' % i for i in range(80_000)) + b"}",
        b'"' + b'\\"' * (MEBIBYTE // 2 - 1),
        b'"' * MEBIBYTE,
        b"\\" * MEBIBYTE,
        b"9" * MEBIBYTE,
        b" " * (8 * MEBIBYTE),
    ],
    ids=["lists", "objects", "flat", "numbers", "keys", "escapes", "quotes", "slashes", "9", "big"],
)
def test_the_worst_mebibyte_is_refused_in_milliseconds(data: bytes) -> None:
    best = min(_seconds_to_refuse(data) for _ in range(3))
    assert best < 0.1


def _seconds_to_refuse(data: bytes) -> float:
    start = time.process_time()
    with pytest.raises(JsonError):
        loads(data)
    return time.process_time() - start
