"""Nodes of /api/v1. Each knows its calls, so that 405 and Allow follow from the declaration."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar, Final

from pyramid.authorization import DENY_ALL
from pyramid.exceptions import BadCSRFOrigin, PredicateMismatch
from pyramid.httpexceptions import (
    HTTPBadRequest,
    HTTPNotFound,
    HTTPRequestEntityTooLarge,
    HTTPRequestTimeout,
)
from pyramid.response import Response
from sqlalchemy.exc import SQLAlchemyError

from stopintimidatie.core import telemetry
from stopintimidatie.core.audit import NotRecordedError, is_unrecorded
from stopintimidatie.core.storage.session import is_outage, kind_of
from stopintimidatie.core.telemetry import log_error
from stopintimidatie.core.tree import Resource
from stopintimidatie.core.web.body import first_word
from stopintimidatie.core.web.request import CrowdedError, StrangeHost
from stopintimidatie.reports.api.calls import (
    ADD,
    ATTACH,
    CHANGE,
    DESCRIBE,
    FOLLOW,
    FORM,
    LOGO,
    LOOK_UP,
    SUBMIT,
    WITHDRAW,
    Call,
)
from stopintimidatie.reports.api.problems import API_VERSION, Kind, ProblemError, problem_response
from stopintimidatie.reports.api.requests import drain


class ApiNode(Resource):
    """Node of the API. The portal's permissions mean nothing here: the views ask the app key."""

    calls: ClassVar[tuple[Call, ...]] = ()
    children: ClassVar[dict[str, type[ApiNode]]] = {}

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]

    def __getitem__(self, name: str) -> ApiNode:
        return self.children[name](name, self)

    @property
    def methods(self) -> tuple[str, ...]:
        """Return what may be done here, HEAD and OPTIONS included; nothing at a node in between."""
        declared = [call.method for call in self.calls]
        if not declared:
            return ()
        head = ["HEAD"] if "GET" in declared else []
        return (*declared, *head, "OPTIONS")


class DocumentNode(ApiNode):
    """Node of `/api/v1/openapi.json`."""

    calls = (DESCRIBE,)


class AdditionsNode(ApiNode):
    """Node of `/api/v1/meldingen/{kenmerk}/aanvullingen`."""

    calls = (ADD,)


class AttachmentsNode(ApiNode):
    """Node of `/api/v1/meldingen/{kenmerk}/bijlagen`."""

    calls = (ATTACH,)


class ContactNode(ApiNode):
    """Node of `/api/v1/meldingen/{kenmerk}/contactgegevens`."""

    calls = (CHANGE,)


class ReportNode(ApiNode):
    """Node of `/api/v1/meldingen/{kenmerk}`; only the view finds out if there is such a report."""

    calls = (FOLLOW, WITHDRAW)
    children: ClassVar[dict[str, type[ApiNode]]] = {
        "aanvullingen": AdditionsNode,
        "bijlagen": AttachmentsNode,
        "contactgegevens": ContactNode,
    }


class ReportsNode(ApiNode):
    """Node of `/api/v1/meldingen`."""

    calls = (SUBMIT,)

    def __getitem__(self, name: str) -> ApiNode:
        return ReportNode(name, self)


class LogoNode(ApiNode):
    """Node of `/api/v1/gemeenten/{code}/logo`."""

    calls = (LOGO,)


class MunicipalityNode(ApiNode):
    """Node of `/api/v1/gemeenten/{code}`: nothing by itself yet."""

    children: ClassVar[dict[str, type[ApiNode]]] = {"logo": LogoNode}


class MunicipalitiesNode(ApiNode):
    """Node of `/api/v1/gemeenten`."""

    calls = (LOOK_UP,)

    def __getitem__(self, name: str) -> ApiNode:
        return MunicipalityNode(name, self)


class FormNode(ApiNode):
    """Node of `/api/v1/formulier`."""

    calls = (FORM,)


class ReferenceNode(ApiNode):
    """Node of `/api/v1/docs`: a page for people, so no call of the API."""

    @property
    def methods(self) -> tuple[str, ...]:
        """Return what may be done with a page."""
        return ("GET", "HEAD", "OPTIONS")


class Version1(ApiNode):
    """Node of `/api/v1`."""

    children: ClassVar[dict[str, type[ApiNode]]] = {
        "openapi.json": DocumentNode,
        "docs": ReferenceNode,
        "meldingen": ReportsNode,
        "gemeenten": MunicipalitiesNode,
        "formulier": FormNode,
    }


class Api(ApiNode):
    """Node of `/api`."""

    children: ClassVar[dict[str, type[ApiNode]]] = {"v1": Version1}


# Below /api every refusal is a problem document, and every answer tells the version.

log = logging.getLogger(__name__)
TOO_SLOW: Final = (
    "Het bericht kwam te langzaam binnen, of de verbinding stond te lang stil. Stuur precies"
    " hetzelfde nog eens, met dezelfde Idempotency-Key: dan komt het niet dubbel aan."
)


class BelowApi:
    """Predicate of a view: only for addresses below /api.

    A path with a double slash matches no route, but its sender meant the API: answer as the API.
    """

    def __init__(self, wanted: bool, config: Any) -> None:
        self.wanted = wanted

    def text(self) -> str:
        """Name the predicate, as Pyramid wants it."""
        return f"below_api = {self.wanted}"

    phash = text

    def __call__(self, context: Any, request: Any) -> bool:
        """Tell whether the address is below /api."""
        return (first_word(request.environ) == "api") is self.wanted


def answer(request: Any, problem: ProblemError) -> Response:
    """Answer with a refusal; of a report that an app sent it is counted."""
    if isinstance(getattr(request, "context", None), ReportsNode) and request.method == "POST":
        telemetry.intake_done(problem.kind.code)
    return problem_response(problem)


def refused(error: ProblemError, request: Any) -> Response:
    """Answer with the refusal that was raised."""
    return answer(request, error)


def not_found(error: HTTPNotFound, request: Any) -> Response:
    """Answer that there is no such address; or that it is there and the method isn't."""
    context = getattr(request, "context", None)
    if isinstance(error, PredicateMismatch) and isinstance(context, ApiNode) and context.methods:
        return answer(request, ProblemError(Kind.METHOD, allow=context.methods))
    return answer(request, ProblemError(Kind.NO_SUCH_ADDRESS))


def answers_with(kind: Kind, detail: str = "") -> Callable[[Any, Any], Response]:
    """Make the view of an error that always is the same refusal."""

    def view(error: Exception, request: Any) -> Response:
        return answer(request, ProblemError(kind, detail))

    return view


def our_fault(error: Exception, request: Any) -> Response:
    """Log where it went wrong; its text might quote a report."""
    log_error(log, "unhandled error in the intake", error)
    return answer(request, ProblemError(Kind.OUR_FAULT))


def database_error(error: Exception, request: Any) -> Response:
    """Answer that the database is away, or full: the app keeps its report and sends it again."""
    if not (is_outage(error) or is_unrecorded(error)):
        return our_fault(error, request)
    log.error("the database can't be used: %s", kind_of(error.__cause__ or error))
    return answer(request, ProblemError(Kind.OUTAGE))


EXCEPTION_VIEWS: tuple[tuple[Callable[[Any, Any], Response], type[Exception]], ...] = (
    (refused, ProblemError),
    (not_found, HTTPNotFound),
    (answers_with(Kind.NO_SUCH_ADDRESS), UnicodeDecodeError),
    (answers_with(Kind.REQUEST), HTTPBadRequest),
    (answers_with(Kind.REQUEST), StrangeHost),
    (answers_with(Kind.REQUEST), BadCSRFOrigin),
    (answers_with(Kind.TOO_LARGE), HTTPRequestEntityTooLarge),
    (answers_with(Kind.OUTAGE, TOO_SLOW), HTTPRequestTimeout),
    (answers_with(Kind.OUTAGE), CrowdedError),
    (database_error, SQLAlchemyError),
    (database_error, NotRecordedError),
    (our_fault, Exception),
)


def api_tween_factory(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    """Put the version on every answer, and take a refused body in, outside of the error views."""

    def api_tween(request: Any) -> Any:
        response = handler(request)
        if first_word(request.environ) == "api":
            response.headers["API-Version"] = API_VERSION
            if response.status_int >= 400:
                drain(request.environ)
        return response

    return api_tween


def includeme(config: Any) -> None:
    """Register predicate, tween and error views of the API."""
    from pyramid.tweens import EXCVIEW

    config.add_view_predicate("below_api", BelowApi)
    config.add_tween(
        "stopintimidatie.reports.api.resources.api_tween_factory",
        over=("pyramid_tm.tm_tween_factory", EXCVIEW),
    )
    for view, kind in EXCEPTION_VIEWS:
        config.add_exception_view(view, context=kind, below_api=True)
