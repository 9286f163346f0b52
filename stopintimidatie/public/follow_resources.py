"""/volgen and the pages below it; which report they are about only the reporter's cookie says."""

from __future__ import annotations

from typing import Any

from pyramid.authorization import DENY_ALL

from stopintimidatie.tree import Container, Resource


class FollowPages(Container):
    """/volgen"""

    label = "Uw melding volgen"

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]

    def __getitem__(self, name: str) -> Resource:
        raise KeyError(name)
