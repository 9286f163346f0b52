"""The nodes of /api/v1. Each knows its calls, so that 405 and Allow follow from the declaration."""

from __future__ import annotations

from typing import Any, ClassVar

from pyramid.authorization import DENY_ALL

from stopintimidatie.intake.calls import (
    ADD,
    ATTACH,
    DESCRIBE,
    FOLLOW,
    FORM,
    LOGO,
    LOOK_UP,
    SUBMIT,
    WITHDRAW,
    Call,
)
from stopintimidatie.tree import Resource


class ApiNode(Resource):
    """A node of the API. The portal's permissions mean nothing here: the views ask the app key."""

    calls: ClassVar[tuple[Call, ...]] = ()
    children: ClassVar[dict[str, type[ApiNode]]] = {}

    def __init__(self, name: str, parent: Any) -> None:
        super().__init__(name, parent, "")

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]

    def __getitem__(self, name: str) -> ApiNode:
        return self.children[name](name, self)

    @property
    def methods(self) -> tuple[str, ...]:
        """What may be done here, HEAD and OPTIONS included."""
        asked = [call.method for call in self.calls]
        head = ["HEAD"] if "GET" in asked else []
        return (*asked, *head, "OPTIONS")


class DocumentNode(ApiNode):
    """/api/v1/openapi.json"""

    calls = (DESCRIBE,)


class AdditionsNode(ApiNode):
    """/api/v1/meldingen/{kenmerk}/aanvullingen"""

    calls = (ADD,)


class AttachmentsNode(ApiNode):
    """/api/v1/meldingen/{kenmerk}/bijlagen"""

    calls = (ATTACH,)


class ReportNode(ApiNode):
    """/api/v1/meldingen/{kenmerk}; whether there is such a report only the view finds out."""

    calls = (FOLLOW, WITHDRAW)
    children: ClassVar[dict[str, type[ApiNode]]] = {
        "aanvullingen": AdditionsNode,
        "bijlagen": AttachmentsNode,
    }


class ReportsNode(ApiNode):
    """/api/v1/meldingen"""

    calls = (SUBMIT,)

    def __getitem__(self, name: str) -> ApiNode:
        return ReportNode(name, self)


class LogoNode(ApiNode):
    """/api/v1/gemeenten/{code}/logo"""

    calls = (LOGO,)


class MunicipalityNode(ApiNode):
    """/api/v1/gemeenten/{code}: nothing by itself yet."""

    children: ClassVar[dict[str, type[ApiNode]]] = {"logo": LogoNode}


class MunicipalitiesNode(ApiNode):
    """/api/v1/gemeenten"""

    calls = (LOOK_UP,)

    def __getitem__(self, name: str) -> ApiNode:
        return MunicipalityNode(name, self)


class FormNode(ApiNode):
    """/api/v1/formulier"""

    calls = (FORM,)


class Version1(ApiNode):
    """/api/v1"""

    children: ClassVar[dict[str, type[ApiNode]]] = {
        "openapi.json": DocumentNode,
        "meldingen": ReportsNode,
        "gemeenten": MunicipalitiesNode,
        "formulier": FormNode,
    }


class Api(ApiNode):
    """/api"""

    children: ClassVar[dict[str, type[ApiNode]]] = {"v1": Version1}
