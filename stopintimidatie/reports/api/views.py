"""Calls of the API: read the request in the order of refusals, call one service, answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from stopintimidatie.core import telemetry
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms.messages import MAX_BYTES, JsonError, loads
from stopintimidatie.core.limits import Turnstile, reading_too_much, sender_of
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.web import body
from stopintimidatie.core.web.limits import NoPlaceError
from stopintimidatie.core.web.responses import PICTURE_CSP
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.municipalities.areas.locator import locate
from stopintimidatie.municipalities.settings.queries import logo_of
from stopintimidatie.reports.api.answers import (
    AttachmentAnswer,
    FollowAnswer,
    MessageAnswer,
    as_json,
)
from stopintimidatie.reports.api.calls import (
    ADD,
    ATTACH,
    BASE,
    CHANGE,
    DESCRIBE,
    FOLLOW,
    FORM,
    IMAGE_TYPES,
    LOGO,
    LOOK_UP,
    SUBMIT,
    WITHDRAW,
    Call,
)
from stopintimidatie.reports.api.models import AppKey
from stopintimidatie.reports.api.openapi import openapi_document
from stopintimidatie.reports.api.problems import Kind, ProblemError
from stopintimidatie.reports.api.queries import recognise, token_of
from stopintimidatie.reports.api.requests import (
    ADDITION,
    CONTACT,
    Query,
    boundary_of,
    check_media_type,
    idempotency_key_of,
    read_object,
    received,
    refuse_large,
)
from stopintimidatie.reports.api.resources import (
    AdditionsNode,
    ApiNode,
    AttachmentsNode,
    ContactNode,
    DocumentNode,
    FormNode,
    LogoNode,
    MunicipalitiesNode,
    ReportNode,
    ReportsNode,
)
from stopintimidatie.reports.api.services import (
    Posting,
    form_answer,
    municipality_answer,
    municipality_here,
    submit,
)
from stopintimidatie.reports.arrival.submission import InvalidMessageError, validate
from stopintimidatie.reports.attachments.cleaner import CleaningError, Fault
from stopintimidatie.reports.attachments.services import (
    Attachment,
    Upload,
    attachments_of,
    take,
)
from stopintimidatie.reports.conversation.decisions import withdraw
from stopintimidatie.reports.conversation.queries import (
    Keeping,
    Message,
    Standing,
    answers_told,
    blanks_of,
    explanation,
    follow,
    keeping_of,
    let_op_of,
)
from stopintimidatie.reports.conversation.services import NotNowError, add_message, set_contact
from stopintimidatie.reports.conversation.words import fill
from stopintimidatie.reports.fields import Submission

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
    """Answer with a value as JSON."""
    return Response(
        body=json.dumps(value, ensure_ascii=False).encode(),
        status=status,
        content_type="application/json",
    )


@api_view(DESCRIBE, DocumentNode)
def describe(context: DocumentNode, request: Any) -> Response:
    """Answer with the description of the API, to everybody; to browsers of other sites too."""
    settings = request.registry.app_settings
    answer = json_answer(openapi_document(settings.public_address, settings.contact))
    answer.headers.update(SHOWN_EVERYWHERE)
    return answer


@api_view(SUBMIT, ReportsNode)
def post_report(context: ReportsNode, request: Any) -> Response:
    """Store a report, and answer with what the reporter may know of it.

    The order of the refusals is the contract's: key, size, type, idempotency, body.
    """
    try:
        posting = _posting(request)
    except ProblemError:
        # A sender without a valid app key is told that, and not the other fault.
        app_of(request)
        raise
    answer = submit(request.registry, posting)
    telemetry.intake_done(telemetry.ACCEPTED)
    created = json_answer(answer, 201)
    created.headers["Location"] = f"{BASE}/meldingen/{answer['kenmerk']}"
    return created


@api_view(FOLLOW, ReportNode)
def get_report(context: ReportNode, request: Any) -> Response:
    """Answer how it is with a report."""
    limit_reads(request, app_of(request))
    standing = standing_of(request, str(context.__name__))
    registry, copy = request.registry, standing.copy
    keeping = keeping_of(registry, copy)
    with transaction(registry.engine, copy.holder, write=False) as session:
        files = attachments_of(session, copy.report_id)
    return json_answer(as_json(follow_answer(request.db, standing, keeping, files)))


def standing_of(request: Any, reference: str) -> Standing:
    """Return the standing of the report that the follow code in the header opens.

    Raises:
        ProblemError: There is none; the same whether code or reference is wrong.
    """
    registry = request.registry
    turnstile = Turnstile(registry.senders, request.environ)
    if turnstile.closed():
        raise ProblemError(Kind.TOO_OFTEN)
    code = request.headers.get("Volgcode", "")
    standing = follow(registry.engine, registry.key_ring, reference, code)
    if standing is None:
        turnstile.guessed()
        raise ProblemError(Kind.NO_SUCH_REPORT)
    return standing


def limit_reads(request: Any, app: AppKey | None) -> None:
    """Refuse a sender or an app that reads too much.

    Args:
        request: The request, which tells the sender.
        app: The app that asks; None where a busy app must go on, for its users can't report
            without.

    Raises:
        ProblemError: It was too much.
    """
    registry = request.registry
    sender = sender_of(request.environ, registry.app_settings)
    if reading_too_much(registry.senders, sender, str(app.id) if app else None):
        raise ProblemError(Kind.TOO_OFTEN)


@api_view(ADD, AdditionsNode)
def post_addition(context: AdditionsNode, request: Any) -> Response:
    """Store what a reporter adds or answers. The body is judged before the code."""
    text = _sent(request, ADDITION)["tekst"]
    registry = request.registry
    standing = standing_of(request, str(context.__parent__.__name__))
    with refusals():
        said = add_message(registry.engine, WORKFLOW_EFFECTS.of(registry), standing.copy, text)
    return json_answer(as_json(message_answer(said)), 201)


@api_view(CHANGE, ContactNode)
def put_contact(context: ContactNode, request: Any) -> Response:
    """Set another telephone number or mail address of the reporter."""
    given = _sent(request, CONTACT)
    phone, email, registry = given.get("telefoon"), given.get("email"), request.registry
    standing = standing_of(request, str(context.__parent__.__name__))
    with refusals():
        set_contact(registry.engine, registry.key_ring, standing.copy, phone, email)
    return Response(status=204)


def _sent(request: Any, node: Any) -> dict[str, Any]:
    """Return the members of the object that an app sent, in the order of refusals."""
    app_of(request)
    sent = read_body(request.environ)
    check_media_type(request)
    return read_object(node, sent)


@api_view(ATTACH, AttachmentsNode)
def post_attachment(context: AttachmentsNode, request: Any) -> Response:
    """Store a photo, sound or video of a reporter. Only who has the code may send so much."""
    app = app_of(request)
    boundary = boundary_of(request.environ)
    refuse_large(request.environ)
    key = idempotency_key_of(request) if "Idempotency-Key" in request.headers else None
    standing = standing_of(request, str(context.__parent__.__name__))
    with refusals(), received(request.environ, boundary) as file:
        made = take(Upload(request, standing.copy, file, str(app.id), key))
    status = 200 if made.again else 202 if made.sealed else 201
    return json_answer(as_json(attachment_answer(made)), status)


@api_view(WITHDRAW, ReportNode)
def delete_report(context: ReportNode, request: Any) -> Response:
    """Withdraw a report."""
    app_of(request)
    registry = request.registry
    standing = standing_of(request, str(context.__name__))
    with refusals():
        withdraw(registry, standing.copy)
    return Response(status=204)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what a report doesn't take now into a refusal."""
    try:
        yield
    except NotNowError as error:
        raise ProblemError(Kind.NOT_NOW, str(error)) from None
    except CleaningError as error:
        raise ProblemError(_FILE_FAULTS[error.fault], str(error)) from None
    except NoPlaceError:
        raise ProblemError(Kind.FILES_BUSY) from None


_FILE_FAULTS: Final = {
    Fault.TYPE: Kind.FILE_TYPE,
    Fault.TOO_LARGE: Kind.FILE_TOO_LARGE,
    Fault.BROKEN: Kind.FILE_BROKEN,
    Fault.STOPPED: Kind.FILE_STOPPED,
    Fault.NOT_SCANNED: Kind.FILES_CLOSED,
    Fault.NO_ROOM: Kind.FILES_CLOSED,
    Fault.SPENT: Kind.FILES_SPENT,
    Fault.OTHER_FILE: Kind.KEY_REUSED,
}


@api_view(LOOK_UP, MunicipalitiesNode)
def get_municipality(context: MunicipalitiesNode, request: Any) -> Response:
    """Answer with the municipality of a point, and what happens to a report there."""
    limit_reads(request, app_of(request))
    query = Query(request, "lat", "lon", "taal")
    lat, lon, language = query.coordinate("lat"), query.coordinate("lon"), query.language()
    query.check()
    place = locate(request.db, request.registry.locator_cache, lat, lon)
    code = place.municipality_code
    municipality = municipality_here(request.db, code, language) if code else None
    if municipality is None:
        raise ProblemError(Kind.NOT_FOUND, "Bij dit punt hoort geen gemeente.")
    return json_answer(as_json(municipality))


@api_view(FORM, FormNode)
def get_form(context: FormNode, request: Any) -> Response:
    """Answer with what to ask a reporter, and in which words."""
    app_of(request)
    limit_reads(request, None)
    query = Query(request, "gemeente", "taal")
    code, language = query.municipality(), query.language()
    query.check()
    form = form_answer(request.db, code, language)
    if form is None:
        raise ProblemError(Kind.NOT_FOUND, "Deze gemeente bestaat niet.")
    return json_answer(as_json(form))


@api_view(LOGO, LogoNode)
def get_logo(context: LogoNode, request: Any) -> Response:
    """Answer with the logo of a municipality."""
    code = str(context.__parent__.__name__)
    logo = logo_of(request.db, code)
    if logo is None or logo.media_type not in IMAGE_TYPES:
        raise ProblemError(Kind.NOT_FOUND, "Deze gemeente bestaat niet of heeft geen logo.")
    answer = Response(body=logo.content, content_type=logo.media_type)
    answer.headers.update({**FROM_EVERYWHERE, "Content-Security-Policy": PICTURE_CSP})
    return answer


@view_config(
    context=ApiNode,
    name="",
    request_method="OPTIONS",
    permission=NO_PERMISSION_REQUIRED,
    require_csrf=False,
)
def options(context: ApiNode, request: Any) -> Response:
    """Answer with what may be done here; a browser of another site may read the description."""
    if not context.methods:
        raise ProblemError(Kind.NO_SUCH_ADDRESS)
    answer = Response(status=204, headerlist=[("Allow", ", ".join(context.methods))])
    if DESCRIBE in context.calls:
        answer.headers.update({**SHOWN_EVERYWHERE, "Access-Control-Allow-Methods": "GET, HEAD"})
    return answer


def app_of(request: Any) -> AppKey:
    """Return the key of the app that sent this.

    Looked up in a transaction of its own: on SQLite a POST would otherwise hold the write lock
    while its body is still being read and judged.

    Raises:
        ProblemError: There is no key, or none that counts.
    """
    registry = request.registry
    with transaction(registry.engine, write=False) as session:
        header = request.headers.get("Authorization")
        app = recognise(session, header, demo=registry.app_settings.demo)
    if app is None:
        raise ProblemError(Kind.APP_KEY)
    return app


def _posting(request: Any) -> Posting:
    """Judge what was sent, without asking the database anything.

    Raises:
        ProblemError: The first thing that is wrong with it.
    """
    token = token_of(request.headers.get("Authorization"))
    if token is None:
        raise ProblemError(Kind.APP_KEY)
    sent = read_body(request.environ)
    check_media_type(request)
    key = idempotency_key_of(request)
    sender = sender_of(request.environ, request.registry.app_settings)
    return Posting(token, key, sent, read_message(sent), sender)


def read_body(environ: dict[str, Any]) -> bytes:
    """Read the whole body.

    Raises:
        ProblemError: It is larger than a message may be.
    """
    length = body.announced_length(environ)
    if length is not None and length > MAX_BYTES:
        raise ProblemError(Kind.TOO_LARGE)
    data = body.take(environ, MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ProblemError(Kind.TOO_LARGE)
    return data


def read_message(sent: bytes) -> Submission:
    """Return the submission that these bytes are.

    Raises:
        ProblemError: They are no JSON, or no report; with every wrong field.
    """
    try:
        return validate(loads(sent), utc_now())
    except JsonError as error:
        raise ProblemError(Kind.BODY, error.detail) from None
    except InvalidMessageError as error:
        raise ProblemError(Kind.FIELDS, errors=tuple(error.errors)) from None


def follow_answer(
    session: Any, standing: Standing, keeping: Keeping, files: Sequence[Attachment]
) -> FollowAnswer:
    """Return the standing of a report as the app gets it."""
    blanks = blanks_of(session, standing)
    more = [fill(explanation(standing), blanks), *answers_told(standing)]
    warning = let_op_of(session, standing)
    return FollowAnswer(
        reference=standing.reference,
        status=standing.status,
        status_text=fill(standing.status_text, blanks),
        explanation=" ".join(filter(None, more)) or None,
        received_at=standing.received_at,
        messages=tuple(message_answer(message) for message in standing.messages),
        attachments=tuple(attachment_answer(file) for file in files),
        municipality=municipality_answer(session, standing.municipality_code),
        answer_by=standing.answer_by,
        back_until=standing.undo_until,
        goes_on=keeping.goes_on,
        decided=keeping.decided,
        kept=keeping.kept,
        kept_until=keeping.kept_until,
        warning=warning.text if warning else None,
    )


def attachment_answer(file: Attachment) -> AttachmentAnswer:
    """Return a file of the reporter, and what became of it, as the app gets it."""
    return AttachmentAnswer(
        number=file.number,
        kind=file.kind,
        size=file.size,
        at=file.at,
        status=file.sealed or "opgeslagen",
    )


def message_answer(message: Message) -> MessageAnswer:
    """Return a message between reporter and municipality as the app gets it."""
    sender = "melder" if message.from_reporter else "gemeente"
    return MessageAnswer(
        at=message.at, sender=sender, kind=message.kind, text=message.text, speaker=message.sender
    )
