"""One function that handles every form submission of the portal."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import deform
from pyramid.response import Response

from stopintimidatie.storage.outage import RETRY_AFTER_SECONDS
from stopintimidatie.web.forms.form import Change, Form

Values = dict[str, Any]
Page = Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None


class FormError(Exception):
    """A rule of the house says no: shown at the field (dotted path) or above the form.

    :param also: more that isn't right: words, and at which field.
    """

    status = 422

    def __init__(
        self,
        message: str,
        field: str | None = None,
        also: Sequence[tuple[str, str | None]] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.also = tuple(also)


class BusyError(FormError):
    """The server is too busy for this form; the message says when to try again. Input is kept."""

    status = 503


class ConflictError(FormError):
    """Somebody else saved meanwhile: shown with what changed; nothing was overwritten."""

    status = 409

    def __init__(self, message: str, changes: Sequence[Change] = ()) -> None:
        super().__init__(message)
        self.changes = tuple(changes)


def handle_form(
    request: Any,
    form: Form,
    on_valid: Callable[[Values], Response],
    page: Page = None,
) -> Response | Values:
    """Show the form, or read what was posted and call ``on_valid`` with the converted values.

    Returns what ``on_valid`` returns (a redirect), or the values for the page's template with
    ``form`` (a Form; write ``{{ form.render() }}``) added. After a mistake the answer has status
    422 (409 after a conflict, 503 when the server is too busy) and the page shows everything as it
    was typed.

    :param page: the other values of the template, or a function that returns them and is called
        only when the page is shown: for what takes work, or must be noted as read.
    """
    if request.method != "POST":
        return _shown(form, page)
    try:
        appstruct = form.validate([*request.POST.items(), *request.files])
    except deform.ValidationFailure:
        return _failed(request, form, page, 422)
    try:
        return on_valid(appstruct)
    except FormError as problem:
        _show(form, problem)
        return _failed(request, form, page, problem.status)


def _shown(form: Form, page: Page) -> Values:
    values = page() if callable(page) else page
    return {**(values or {}), "form": form}


def _show(form: Form, problem: FormError) -> None:
    for message, field in ((problem.message, problem.field), *problem.also):
        form.add_error(message, field)
    if isinstance(problem, ConflictError):
        form.conflict = True
        form.changes = problem.changes


def _failed(request: Any, form: Form, page: Page, status: int) -> Values:
    request.response.status_int = status
    if status == BusyError.status:
        request.response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    request.form_failed = True
    shown = _shown(form, page)
    _doom(request)
    return shown


def _doom(request: Any) -> None:
    """What a service wrote before it refused must not be kept."""
    manager = getattr(request, "tm", None)
    if manager is not None:
        manager.doom()
