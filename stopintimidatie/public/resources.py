"""/melden, and below it each municipality, the train or bus, and nobody knows where."""

from __future__ import annotations

from typing import Any, Final

from pyramid.authorization import DENY_ALL

from stopintimidatie.register.models import Municipality
from stopintimidatie.register.queries import municipality_by_slug
from stopintimidatie.tree import Resource

IN_TRANSIT: Final = "onderweg"
UNKNOWN: Final = "onbekend"


class Reporting(Resource):
    """/melden: for everybody; the permissions of the portal mean nothing here."""

    label = "Melden"

    def __init__(self, name: str, parent: Any) -> None:
        super().__init__(name, parent, "")
        self.session = parent.request.db

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]

    def __getitem__(self, name: str) -> Resource:
        if name in (IN_TRANSIT, UNKNOWN):
            return ReportingPlace(name, self, None)
        municipality = municipality_by_slug(self.session, name)
        if municipality is None:
            raise KeyError(name)
        return ReportingPlace(name, self, municipality)


class ReportingPlace(Resource):
    """/melden/dordrecht: the form for a place; without a municipality: onderweg, onbekend."""

    def __init__(self, name: str, parent: Any, municipality: Municipality | None) -> None:
        super().__init__(name, parent, "")
        self.municipality = municipality

    @property
    def title(self) -> str:
        if self.municipality is not None:
            return self.municipality.name
        return "Onderweg" if self.__name__ == IN_TRANSIT else "Plek onbekend"

    @property
    def code(self) -> str | None:
        """The municipality, as far as the address says it."""
        return None if self.municipality is None else self.municipality.code

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]
