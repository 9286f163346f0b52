"""``/huisstijl/<colour>.css``: a node per colour, without any row behind it."""

from __future__ import annotations

from typing import Any

from pyramid.authorization import DENY_ALL

from stopintimidatie.tree import Resource
from stopintimidatie.web.contrast import parse_colour

SUFFIX = ".css"


class ThemeFolder(Resource):
    """Where the stylesheets of the municipalities' colours live."""

    def __init__(self, name: str, parent: Any) -> None:
        super().__init__(name, parent, "")

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]

    def __getitem__(self, name: str) -> Resource:
        colour = name.removesuffix(SUFFIX)
        if not name.endswith(SUFFIX) or colour.startswith("#") or colour != colour.lower():
            raise KeyError(name)
        try:
            parse_colour(colour)
        except ValueError:
            raise KeyError(name) from None
        return ThemeSheet(name, self, colour)


class ThemeSheet(Resource):
    """The stylesheet of one colour."""

    def __init__(self, name: str, parent: Any, colour: str) -> None:
        super().__init__(name, parent, "")
        self.colour = colour

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]
