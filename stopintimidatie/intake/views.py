"""The calls of the API: read the request in the order of refusals, call one service, answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from stopintimidatie.intake.answers import FollowAnswer, MessageAnswer, as_json
from stopintimidatie.intake.app_keys import recognise
from stopintimidatie.intake.body import read_body
from stopintimidatie.intake.calls import (
    BASE,
    DESCRIBE,
    FOLLOW,
    IMAGE_TYPES,
    LOGO,
    LOOK_UP,
    SUBMIT,
    Call,
)
from stopintimidatie.intake.fields import FieldError
from stopintimidatie.intake.models import AppKey
from stopintimidatie.intake.openapi import openapi_document
from stopintimidatie.intake.problems import Kind, ProblemError
from stopintimidatie.intake.receipts import municipality_answer, municipality_here
from stopintimidatie.intake.resources import (
    ApiNode,
    DocumentNode,
    LogoNode,
    MunicipalitiesNode,
    ReportNode,
    ReportsNode,
)
from stopintimidatie.intake.schema import LAT, LON, InvalidMessageError, validate
from stopintimidatie.intake.services import Intake, Posting, submit
from stopintimidatie.intake.strict_json import JsonError, loads
from stopintimidatie.municipalities.models import MunicipalityProfile
from stopintimidatie.register.locating import locate
from stopintimidatie.reports.following import Standing, follow
from stopintimidatie.reports.submission import Submission
from stopintimidatie.storage.session import transaction
from stopintimidatie.storage.types import utc_now

UUID_TEXT: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
COORDINATE: Final = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,20})?", re.ASCII)
FROM_EVERYWHERE: Final = {"Cross-Origin-Resource-Policy": "cross-origin"}
SHOWN_EVERYWHERE: Final = {"Access-Control-Allow-Origin": "*", **FROM_EVERYWHERE}

View = Callable[[Any, Any], Response]


def api_view(call: Call, node: type[ApiNode]) -> Callable[[View], View]:
    """Register a view for a declared call: the only way a call gets one."""
    register: Callable[[View], View] = view_config(
        context=node,
        name="",
        request_method=call.method,
        permission=NO_PERMISSION_REQUIRED,
        require_csrf=False,
    )
    return register


def json_answer(value: Any, status: int = 200) -> Response:
    return Response(
        body=json.dumps(value, ensure_ascii=False).encode(),
        status=status,
        content_type="application/json",
    )


@api_view(DESCRIBE, DocumentNode)
def describe(context: DocumentNode, request: Any) -> Response:
    """For everybody, browsers of other sites too."""
    answer = json_answer(openapi_document())
    answer.headers.update(SHOWN_EVERYWHERE)
    return answer


@api_view(SUBMIT, ReportsNode)
def post_report(context: ReportsNode, request: Any) -> Response:
    """The order of the refusals is the contract's: key, size, type, idempotency, body."""
    app = app_of(request)
    body = read_body(request.environ)
    _check_media_type(request)
    key = _idempotency_key(request)
    submission = read_message(body)
    registry = request.registry
    intake = Intake(registry.engine, registry.key_ring, registry.locator_cache)
    answer = submit(intake, Posting(app, key, body), submission)
    created = json_answer(answer, 201)
    created.headers["Location"] = f"{BASE}/meldingen/{answer['kenmerk']}"
    return created


@api_view(FOLLOW, ReportNode)
def get_report(context: ReportNode, request: Any) -> Response:
    app_of(request)
    registry = request.registry
    code = request.headers.get("Volgcode", "")
    standing = follow(registry.engine, registry.key_ring, str(context.__name__), code)
    if standing is None:
        raise ProblemError(Kind.NO_SUCH_REPORT)
    return json_answer(as_json(follow_answer(request.db, standing)))


@api_view(LOOK_UP, MunicipalitiesNode)
def get_municipality(context: MunicipalitiesNode, request: Any) -> Response:
    app_of(request)
    lat, lon = _coordinates(request)
    place = locate(request.db, request.registry.locator_cache, lat, lon)
    code = place.municipality_code
    found = municipality_here(request.db, code) if code else None
    if found is None:
        raise ProblemError(Kind.NOT_FOUND, "Bij dit punt hoort geen gemeente.")
    return json_answer(as_json(found))


@api_view(LOGO, LogoNode)
def get_logo(context: LogoNode, request: Any) -> Response:
    code = str(context.__parent__.__name__)
    profile = request.db.get(MunicipalityProfile, code)
    if profile is None or profile.logo is None or profile.logo_type not in IMAGE_TYPES:
        raise ProblemError(Kind.NOT_FOUND, "Deze gemeente bestaat niet of heeft geen logo.")
    answer = Response(body=profile.logo, content_type=profile.logo_type)
    answer.headers.update(FROM_EVERYWHERE)
    return answer


@view_config(
    context=ApiNode,
    name="",
    request_method="OPTIONS",
    permission=NO_PERMISSION_REQUIRED,
    require_csrf=False,
)
def options(context: ApiNode, request: Any) -> Response:
    """What may be done here; a browser of another site may read the description."""
    if not context.calls:
        raise ProblemError(Kind.NO_SUCH_ADDRESS)
    answer = Response(status=204, headerlist=[("Allow", ", ".join(context.methods))])
    if DESCRIBE in context.calls:
        answer.headers.update({**SHOWN_EVERYWHERE, "Access-Control-Allow-Methods": "GET, HEAD"})
    return answer


def app_of(request: Any) -> AppKey:
    """The app that sent this.

    Looked up in a transaction of its own: on SQLite a POST would otherwise hold the write lock
    while its body is still being read and judged.

    :raises ProblemError: no key, or none that counts.
    """
    registry = request.registry
    with transaction(registry.engine, write=False) as session:
        header = request.headers.get("Authorization")
        app = recognise(session, header, demo=registry.app_settings.demo)
    if app is None:
        raise ProblemError(Kind.APP_KEY)
    return app


def _check_media_type(request: Any) -> None:
    """application/json; a charset may only be UTF-8."""
    media_type, *parameters = request.environ.get("CONTENT_TYPE", "").lower().split(";")
    charsets = [p.strip() for p in parameters if p.strip().startswith("charset=")]
    if media_type.strip() != "application/json" or not set(charsets) <= _UTF_8:
        raise ProblemError(Kind.MEDIA_TYPE)


_UTF_8: Final = frozenset({"charset=utf-8", 'charset="utf-8"'})


def _idempotency_key(request: Any) -> UUID:
    text = request.headers.get("Idempotency-Key", "").strip()
    if not UUID_TEXT.fullmatch(text):
        raise ProblemError(Kind.IDEMPOTENCY_KEY)
    return UUID(text)


def read_message(body: bytes) -> Submission:
    """:raises ProblemError: not JSON, or not a report; with every wrong field."""
    try:
        return validate(loads(body), utc_now())
    except JsonError as error:
        raise ProblemError(Kind.BODY, error.detail) from None
    except InvalidMessageError as error:
        raise ProblemError(Kind.FIELDS, errors=tuple(error.errors)) from None


def _coordinates(request: Any) -> tuple[float, float]:
    """lat and lon of the query, each once and nothing else.

    :raises ProblemError: with every wrong parameter.
    """
    asked = list(request.GET.items())
    errors = [
        FieldError((name,), "Deze parameter bestaat niet. Laat hem weg.")
        for name, _ in asked
        if name not in ("lat", "lon")
    ]
    lat = _coordinate("lat", LAT, request.GET.getall("lat"), errors)
    lon = _coordinate("lon", LON, request.GET.getall("lon"), errors)
    if errors:
        raise ProblemError(Kind.FIELDS, errors=tuple(errors))
    return lat, lon


def _coordinate(name: str, node: Any, values: list[str], errors: list[FieldError]) -> float:
    try:
        if len(values) != 1 or not COORDINATE.fullmatch(values[0]):
            raise ValueError("Geef één getal in graden, zoals 51.8133.")
        return float(node.typ.check(float(values[0])))
    except ValueError as error:
        errors.append(FieldError((name,), str(error)))
        return 0.0


def follow_answer(session: Any, standing: Standing) -> FollowAnswer:
    """The standing of a report as the app gets it."""
    return FollowAnswer(
        reference=standing.reference,
        status=standing.status,
        status_text=standing.status_text,
        received_at=standing.received_at,
        messages=tuple(MessageAnswer(at=m.at, text=m.text) for m in standing.messages),
        municipality=municipality_answer(session, standing.municipality_code),
    )
