"""Own words in every language of the vocabulary: which fields a form shows, how they are kept.

Dutch and English always have a field, and so does each language that has words already; one more
at a time is added by the address (`?taal=tr`), so that no form shows ten of everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stopintimidatie.municipalities.published import ALWAYS, RIGHT_TO_LEFT
from stopintimidatie.municipalities.vocabularies import Choices, vocabulary
from stopintimidatie.web.navigation import NavItem
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import with_params


def shown_languages(request: Request, *used: Iterable[str]) -> Choices:
    """The languages a form shows besides Dutch: English first, then what is used or asked for."""
    wanted = {"en", request.GET.get("taal", ""), *(code for codes in used for code in codes)}
    return [
        (code, "Engels" if code == "en" else label)
        for code, label in _others(request)
        if code in wanted
    ]


def asked_language(request: Request) -> str:
    """The language of the address, to show what it looks like."""
    wanted = request.GET.get("taal", "")
    return wanted if wanted in {code for code, _ in vocabulary(request, "talen")} else "nl"


def more_languages(request: Request, shown: Choices) -> list[NavItem]:
    """The way to a field for each other language."""
    there = {code for code, _ in shown}
    return [
        NavItem(label, with_params(request, taal=code))
        for code, label in _others(request)
        if code not in there
    ]


def _others(request: Request) -> Choices:
    known = [(code, label) for code, label in vocabulary(request, "talen") if code != "nl"]
    return sorted(known, key=lambda language: language[0] not in ALWAYS)


def words_of(values: Mapping[str, Any], name: str, languages: Choices) -> dict[str, str]:
    """What was typed, per language; what was left empty isn't there."""
    given = {"nl": values[name], **{code: values[f"{name}_{code}"] for code, _ in languages}}
    return {code: text for code, text in given.items() if text}


def typed_words(name: str, words: Mapping[str, str], languages: Choices) -> dict[str, Any]:
    """The same back in the fields of a form."""
    return {
        name: words.get("nl"),
        **{f"{name}_{code}": words.get(code) for code, _ in languages},
    }


def direction(language: str) -> dict[str, str]:
    """For a control in which this language is written."""
    return {"lang": language, **({"dir": "rtl"} if language in RIGHT_TO_LEFT else {})}


def used_in(*texts: Mapping[str, str] | None) -> Sequence[str]:
    """The languages that have words."""
    return [code for words in texts for code in (words or {})]
