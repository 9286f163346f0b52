"""The parameters of a question: each once, nothing else, every wrong one named at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

from stopintimidatie.intake.fields import FieldError
from stopintimidatie.intake.problems import Kind, ProblemError
from stopintimidatie.intake.schema import LAT, LON
from stopintimidatie.reports.vocabulary import Language

# A number as JSON writes it, of limited length; programs write 0.0000001 as 1e-07.
COORDINATE: Final = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
MUNICIPALITY: Final = re.compile(r"GM[0-9]{4}", re.ASCII)

T = TypeVar("T")


class Query:
    """Reads parameters one by one, remembers what was wrong, and refuses with all of it."""

    def __init__(self, request: Any, *known: str) -> None:
        self._given = request.GET
        self._languages = request.accept_language
        self._errors = [
            FieldError((name,), "Deze parameter bestaat niet. Laat hem weg.")
            for name, _ in self._given.items()
            if name not in known
        ]

    def _read(self, name: str, default: T, needed: bool, reader: Callable[[str], T]) -> T:
        values = self._given.getall(name)
        if not values and not needed:
            return default
        try:
            return reader(values[0] if len(values) == 1 else "")
        except ValueError as error:
            self._errors.append(FieldError((name,), str(error)))
            return default

    def coordinate(self, name: str) -> float:
        return self._read(name, 0.0, True, lambda text: _coordinate(name, text))

    def language(self) -> str:
        """`taal`; else the first that we have of `Accept-Language`; else Dutch."""
        return self._read("taal", self._accepted(), False, _language)

    def _accepted(self) -> str:
        """What a browser or phone is set to; nonsense in the header is as if it weren't there."""
        codes = [language.value for language in Language]
        return str(self._languages.lookup(language_tags=codes, default=Language.NL.value))

    def municipality(self) -> str | None:
        """`gemeente`, by its form alone."""
        return self._read("gemeente", None, False, _municipality)

    def wrong(self, name: str, message: str) -> None:
        self._errors.append(FieldError((name,), message))

    def check(self) -> None:
        """:raises ProblemError: with every wrong parameter."""
        if self._errors:
            raise ProblemError(Kind.FIELDS, errors=tuple(self._errors))


def _coordinate(name: str, text: str) -> float:
    if not COORDINATE.fullmatch(text):
        raise ValueError("Geef één getal in graden, zoals 51.8133.")
    node = LAT if name == "lat" else LON
    return float(node.typ.check(float(text)))


def _language(text: str) -> str:
    codes = [language.value for language in Language]
    if text not in codes:
        raise ValueError(f"Kies een van: {', '.join(codes)}.")
    return text


def _municipality(text: str) -> str:
    if not MUNICIPALITY.fullmatch(text):
        raise ValueError("Geef één CBS-code van een gemeente, zoals GM0505.")
    return text
