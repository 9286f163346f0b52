"""Text as it may stand in a dossier: composed, without controls, without tricks of direction.

Pure. Control characters can't be laid out; characters that turn the direction of writing can
make a reader see other words than are written.
"""

import re
import unicodedata
from collections.abc import Sequence

_DIRECTION = "\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c"
_INVISIBLE = "\u00ad\u200b-\u200d\u2060\ufeff\ufe00-\ufe0f\ufff9-\ufffb"
_REFUSED = re.compile(
    rf"[\x00-\x08\x0b-\x1f\x7f-\x9f{_DIRECTION}{_INVISIBLE}\u2028\u2029\ud800-\udfff"
    r"\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e0fff]"
)


def clean(text: str) -> str:
    """This text in the one spelling a dossier uses."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    lines = lines.replace("\u2028", "\n").replace("\u2029", "\n")
    composed = unicodedata.normalize("NFC", _REFUSED.sub("", lines))
    return re.sub(r"\n{3,}", "\n\n", composed).strip()


def clean_line(text: str) -> str:
    """The same on one line."""
    return re.sub(r"\s+", " ", clean(text))


def is_clean(text: str) -> bool:
    """Whether a dossier may carry this text as it is."""
    return _REFUSED.search(text) is None and "\t" not in text


def clip(text: str, most: int) -> str:
    """At most this many characters, ended at a sentence when that keeps most, else at a word."""
    line = clean_line(text)
    if len(line) <= most:
        return line
    head = line[:most]
    stop = max(head.rfind(mark) for mark in (". ", "! ", "? "))
    if stop >= most * 0.6:
        return f"{head[: stop + 1]} […]"
    return f"{head[: head.rfind(' ') if ' ' in head else most - 1].rstrip(' ,;:')} […]"


def listed(words: Sequence[str], last: str = "en") -> str:
    """a · a en b · a, b en c"""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def capital(text: str) -> str:
    """The first letter as a capital; the rest as it was."""
    return text[:1].upper() + text[1:]
