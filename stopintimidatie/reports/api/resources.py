"""The nodes of /api/v1. Each knows its calls, so that 405 and Allow follow from the declaration."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar, Final

from pyramid.authorization import DENY_ALL
from pyramid.exceptions import PredicateMismatch
from pyramid.httpexceptions import (
    HTTPBadRequest,
    HTTPException,
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
    """A node of the API. The portal's permissions mean nothing here: the views ask the app key."""

    calls: ClassVar[tuple[Call, ...]] = ()
    children: ClassVar[dict[str, type[ApiNode]]] = {}

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


# Below /api every refusal is a problem document, and every answer tells the version.


log = logging.getLogger(__name__)
TOO_SLOW: Final = (
    "Het bericht kwam te langzaam binnen, of de verbinding stond te lang stil. Stuur precies"
    " hetzelfde nog eens, met dezelfde Idempotency-Key: dan komt het niet dubbel aan."
)


class BelowApi:
    """View predicate: only for addresses below /api.

    A path with a double slash matches no route, but its sender meant the API: answer as the API.
    """

    def __init__(self, wanted: bool, config: Any) -> None:
        self.wanted = wanted

    def text(self) -> str:
        return f"below_api = {self.wanted}"

    phash = text

    def __call__(self, context: Any, request: Any) -> bool:
        return (first_word(request.environ) == "api") is self.wanted


def answer(request: Any, problem: ProblemError) -> Response:
    """The refusal; of what an app wanted to report it is counted."""
    if isinstance(getattr(request, "context", None), ReportsNode) and request.method == "POST":
        telemetry.intake_done(problem.kind.code)
    return problem_response(problem)


def refused(error: ProblemError, request: Any) -> Response:
    return answer(request, error)


def not_found(error: HTTPNotFound, request: Any) -> Response:
    """No such address; or the address is there and the method isn't."""
    context = getattr(request, "context", None)
    if isinstance(error, PredicateMismatch) and isinstance(context, ApiNode) and context.calls:
        return answer(request, ProblemError(Kind.METHOD, allow=context.methods))
    return answer(request, ProblemError(Kind.NO_SUCH_ADDRESS))


def undecodable(error: UnicodeDecodeError, request: Any) -> Response:
    return answer(request, ProblemError(Kind.NO_SUCH_ADDRESS))


def bad_request(error: HTTPException, request: Any) -> Response:
    return answer(request, ProblemError(Kind.REQUEST))


def too_large(error: HTTPException, request: Any) -> Response:
    return answer(request, ProblemError(Kind.TOO_LARGE))


def our_fault(error: Exception, request: Any) -> Response:
    """Log where it went wrong; its text might quote a report."""
    log_error(log, "unhandled error in the intake", error)
    return answer(request, ProblemError(Kind.OUR_FAULT))


def database_error(error: Exception, request: Any) -> Response:
    """The database is away, or full: the app keeps its report and sends it again."""
    if not (is_outage(error) or is_unrecorded(error)):
        return our_fault(error, request)
    log.error("the database can't be used: %s", kind_of(error.__cause__ or error))
    return answer(request, ProblemError(Kind.OUTAGE))


def too_slow(error: HTTPException, request: Any) -> Response:
    return answer(request, ProblemError(Kind.OUTAGE, TOO_SLOW))


def crowded(error: HTTPException, request: Any) -> Response:
    return answer(request, ProblemError(Kind.OUTAGE))


EXCEPTION_VIEWS: tuple[tuple[Callable[[Any, Any], Response], type[Exception]], ...] = (
    (refused, ProblemError),
    (not_found, HTTPNotFound),
    (undecodable, UnicodeDecodeError),
    (bad_request, HTTPBadRequest),
    (bad_request, StrangeHost),
    (too_large, HTTPRequestEntityTooLarge),
    (too_slow, HTTPRequestTimeout),
    (crowded, CrowdedError),
    (database_error, SQLAlchemyError),
    (database_error, NotRecordedError),
    (our_fault, Exception),
)


def api_tween_factory(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    """Outside of the exception views: the version on every answer, a refused body taken in."""

    def api_tween(request: Any) -> Any:
        response = handler(request)
        if first_word(request.environ) == "api":
            response.headers["API-Version"] = API_VERSION
            if response.status_int >= 400:
                drain(request.environ)
        return response

    return api_tween


def includeme(config: Any) -> None:
    from pyramid.tweens import EXCVIEW

    config.add_view_predicate("below_api", BelowApi)
    config.add_tween(
        "stopintimidatie.reports.api.resources.api_tween_factory",
        over=("pyramid_tm.tm_tween_factory", EXCVIEW),
    )
    for view, kind in EXCEPTION_VIEWS:
        config.add_exception_view(view, context=kind, below_api=True)
