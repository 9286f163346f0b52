"""Form: deform's, drawn by our templates; the reading of what was posted, and its handling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import colander
import deform
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pyramid.csrf import get_csrf_token
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response

from stopintimidatie.core.forms import widgets
from stopintimidatie.core.forms.types import Type
from stopintimidatie.core.forms.widgets import (
    asked_with_choice,
    control_name,
    element_id,
    field_messages,
    focus_id,
    mark_openers,
    must_be_seen,
    runs,
)
from stopintimidatie.core.storage.session import RETRY_AFTER_SECONDS
from stopintimidatie.core.text import datetime_short
from stopintimidatie.core.web.components import install
from stopintimidatie.core.web.translation import gettext
from stopintimidatie.core.workflow import WorkflowError


class Button(deform.Button):
    """Submit button. ``kind``: primary, secondary, danger or subtle. ``key`` presses it."""

    def __init__(self, name: str, title: str, kind: str = "primary", key: str = "") -> None:
        super().__init__(name=name, title=title, value="ja")
        self.kind = kind
        self.key = key


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """Line of the error summary: the id to go to, and what to do there."""

    target: str
    message: str


@dataclass(frozen=True, slots=True)
class Change:
    """Change by another person, meanwhile: what it is called, theirs and yours."""

    label: str
    theirs: str
    yours: str


class Form(deform.Form):
    """Form of one request.

    ``Form(schema, request, buttons=[Button("opslaan", "Opslaan")], appstruct=...)``; then
    :func:`stopintimidatie.core.forms.handle_form` does the rest. Nested schemas become
    fieldsets. Names of controls are dotted paths; what isn't in the schema is ignored.
    """

    def __init__(
        self,
        schema: Any,
        request: Any,
        *,
        buttons: Sequence[Button] = (Button("opslaan", "Opslaan"),),
        action: str = "",
        method: str = "POST",
        formid: str = "formulier",
        appstruct: Any = colander.null,
        cancel_url: str | None = None,
    ) -> None:
        self.request = request
        self.cancel_url = cancel_url
        self.problems: list[str] = []
        self.changes: tuple[Change, ...] = ()
        self.conflict = False
        super().__init__(
            schema,
            action=action,
            method=method,
            buttons=buttons,
            formid=formid,
            focus="off",
            renderer=form_renderer(),
            appstruct=appstruct,
        )
        self.widget = widgets.FormBody()
        _check_widgets(self)

    @property
    def csrf_token(self) -> str | None:
        """Return the token that a POST must bring."""
        return get_csrf_token(self.request) if self.method.upper() == "POST" else None

    @property
    def multipart(self) -> bool:
        """Tell whether a file can be sent with it."""
        return any(isinstance(f.widget, widgets.FileInput) for f in leaves(self))

    @property
    def failed(self) -> bool:
        """Tell whether it has a mistake."""
        return bool(self.error_list)

    @property
    def error_list(self) -> list[SummaryLine]:
        """Return all mistakes in the order of the page, for the summary at the top."""
        messages = [gettext(problem) for problem in self.problems] + field_messages(self)
        return [SummaryLine(self.formid, message) for message in messages] + [
            SummaryLine(focus_id(field), _name_field(field, text))
            for field in descendants(self)
            for text in field_messages(field)
        ]

    def pressed(self) -> str | None:
        """Return the name of the button that was pressed, if it is one of this form's."""
        return next((b.name for b in self.buttons if b.name in self.request.POST), None)

    def validate(self, controls: Iterable[tuple[str, Any]], subcontrol: Any = None) -> Any:
        """Return the converted values, or ``deform.ValidationFailure``; what was typed is kept."""
        values = self.validate_pstruct(read_controls(self, controls))
        if self.failed:
            raise deform.ValidationFailure(self, self.cstruct, None)
        return values

    def add_error(self, message: str, name: str | None = None) -> None:
        """Hang a message of a business rule on a field (dotted path), or on the form.

        A field that has one keeps it: the next is for after that has been mended.
        """
        field = field_at(self, name) if name else None
        if field is None:
            self.problems.append(message)
        elif field.error is None:
            field.error = colander.Invalid(field.schema, message)

    def render(self, *args: Any, **kw: Any) -> Markup:
        """Draw the form.

        Raises:
            TypeError: Nothing opens one of its groups.
        """
        mark_openers([self, *descendants(self)])
        html: Markup = super().render(*args, **kw)
        return html


def _check_widgets(form: Any) -> None:
    """Give nested schemas our fieldset; refuse a widget or a type that isn't ours.

    Colander's types are lenient, and deform's templates have inline script.
    """
    for field in descendants(form):
        if isinstance(field.schema.typ, colander.Mapping) and field.schema.widget is None:
            field.widget = widgets.Group()
        strict = isinstance(field.schema.typ, (Type, colander.Mapping))
        if not strict or not isinstance(field.widget, widgets.Drawn):
            raise TypeError(f"field {field.name!r} needs a type and widget of core.forms")


def descendants(field: Any) -> Iterable[Any]:
    """Return all fields below this one, in the order of the page."""
    for child in field.children:
        yield child
        yield from descendants(child)


def leaves(field: Any) -> Iterable[Any]:
    """Return all fields below this one that hold a value."""
    return (f for f in descendants(field) if f.widget.layout != "structural")


def field_at(form: Any, path: str) -> Any:
    """Return the field with this dotted path, or None."""
    return next((f for f in descendants(form) if control_name(f) == path), None)


def _name_field(field: Any, message: str) -> str:
    """Put the title of a field before a message that doesn't name it.

    The title of a group goes before that, where a group beside it asks the same, or where its
    schema says so (`names_mistakes`).
    """
    title = gettext(field.title)
    known = title in message or (" " in title and title.lower() in message.lower())
    titles = [] if known else [title]
    while (field := field.parent).parent is not None:
        times = Counter(f.title for group in field.parent.children for f in group.children)
        same = any(times[child.title] > 1 for child in field.children)
        if same or getattr(field.schema, "names_mistakes", False):
            titles.insert(0, gettext(field.title))
    if not titles:
        return message
    names = ", ".join(titles)
    if names.endswith(("?", ".", "!")):
        return f"{names} {message}"
    # A reference or an abbreviation keeps its capital.
    plain = message[1:2].islower() or message.startswith("U ")
    return f"{names}: {message[:1].lower() if plain else message[:1]}{message[1:]}"


def read_controls(form: Any, controls: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return posted names and values as the nested structure that the widgets expect.

    Only names of the schema are looked up, so unknown ones can't do anything. A file where
    text is asked (or the reverse) counts as nothing. A field of one value that came more than
    once gets an error; of what was typed all is kept, of what was chosen the last.
    """
    posted: dict[str, list[Any]] = {}
    for name, value in controls:
        posted.setdefault(name, []).append(value)
    return _read_fields(form, posted)


def _read_fields(parent: Any, posted: dict[str, list[Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for field in parent.children:
        if field.widget.layout == "structural":
            result[field.name] = _read_fields(field, posted)
        else:
            file = isinstance(field.widget, widgets.FileInput)
            sent = posted.get(control_name(field), [])
            values = tuple(value for value in sent if isinstance(value, str) is not file)
            last = values[-1] if values else colander.null
            if len(values) > 1 and not field.widget.many:
                field.error = colander.Invalid(field.schema, widgets.SENT_TWICE)
                last = " ".join(values) if isinstance(field.widget, widgets.TextInput) else last
            result[field.name] = values if field.widget.many else last
    return result


def add_form_helpers(environment: Any) -> None:
    """Give the templates of a Jinja2 environment what they need to draw forms."""
    environment.globals.update(
        asked_with_choice=asked_with_choice,
        control_name=control_name,
        element_id=element_id,
        field_messages=field_messages,
        must_be_seen=must_be_seen,
        option_groups=widgets.option_groups,
        runs=runs,
    )


@lru_cache(maxsize=1)
def form_renderer() -> Callable[..., Markup]:
    """Return what draws a widget template: ``renderer("textinput", field=…, cstruct=…)``."""
    environment = Environment(
        loader=PackageLoader("stopintimidatie.core.forms", "templates"),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
    )
    install(environment)
    add_form_helpers(environment)

    def render(name: str, **values: Any) -> Markup:
        drawn = environment.get_template(f"form/{name}.jinja2").render(values)
        return Markup(drawn)  # noqa: S704 - the template escapes what it is given

    return render


# Handling

Values = dict[str, Any]
Page = Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None


class FormError(Exception):
    """Refusal by a rule of the house: shown at the field (dotted path) or above the form.

    Args:
        also: More that isn't right: words, and at which field.
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
    """Refusal because the server is too busy; the message says when to try again. Input is kept."""

    status = 503


class ConflictError(FormError):
    """Refusal because somebody else saved meanwhile: shown with what changed there."""

    status = 409

    def __init__(self, message: str, changes: Sequence[Change] = ()) -> None:
        super().__init__(message)
        self.changes = tuple(changes)


def later_version(form: Form, row: Any, changes: Sequence[Change] = ()) -> ConflictError:
    """Return the refusal because another changed the row; the form now has the present version."""
    form["versie"].cstruct = str(row.version)
    return ConflictError(
        f"{row.changed_by} heeft dit gewijzigd op {datetime_short(row.changed_at)}. Uw invoer is"
        " niet opgeslagen en er is niets overschreven. Klopt uw invoer nog? Sla dan opnieuw op.",
        changes,
    )


def no_longer(form: Form, why: str) -> ConflictError:
    """Return the refusal of what can't be sent any more: the form keeps the text, to be copied."""
    form.buttons = []
    return ConflictError(f"{why} Uw tekst is niet verstuurd. U kunt die hieronder kopiëren.")


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

    Args:
        request: The request.
        form: The form of this request.
        on_valid: What to do with the values; raises `FormError` or `WorkflowError` to refuse.
        page: The other values of the template, or a function that returns them and is called
            only when the page is shown: for what takes work, or must be noted as read.
    """
    if request.method != "POST" or _put_ready_text(form, request.POST):
        return _shown(form, page)
    try:
        appstruct = form.validate([*request.POST.items(), *request.files])
    except deform.ValidationFailure:
        return _failed(request, form, page, 422)
    try:
        return on_valid(appstruct)
    except (FormError, WorkflowError) as problem:
        _show(form, problem)
        return _failed(request, form, page, problem.status)


def ask_values(
    request: Any,
    schema: Any,
    button: Button,
    act: Callable[[Values], Response | None],
    back: str,
    page: Page = None,
    *,
    given: Any = colander.null,
    action: str = "",
) -> Response | Values:
    """Show a form with one button; once it is valid, act on its values and go back.

    Args:
        request: The request.
        schema: What is asked.
        button: The button that sends it.
        act: What to do with the values, as `on_valid` of `handle_form`; goes elsewhere than
            back by returning a redirect.
        back: Address of the page to go back to, done or not.
        page: The other values of the template, as in `handle_form`.
        given: First values.
        action: Address that the form is sent to, when it isn't that of the page.
    """
    buttons = [button]
    form = Form(schema, request, buttons=buttons, action=action, appstruct=given, cancel_url=back)
    return handle_form(request, form, lambda values: act(values) or HTTPSeeOther(back), page)


def refuse_form(request: Any, form: Form, problem: FormError, page: Page = None) -> Values:
    """Show the form as it was sent, with why it can't be taken now; nothing in it is judged."""
    form.cstruct = form.deserialize(read_controls(form, list(request.POST.items())))
    _show(form, problem)
    return _failed(request, form, page, problem.status)


def _put_ready_text(form: Form, posted: Any) -> bool:
    """Put the ready text that was chosen below what was typed, if that was asked; tell whether.

    Another one that wasn't changed makes place for it. Nothing in the form is judged.
    """
    for field in leaves(form):
        name = control_name(field)
        if not getattr(field.widget, "ready", ()) or f"{name}.invullen" not in posted:
            continue
        form.cstruct = form.deserialize(read_controls(form, list(posted.items())))
        texts = {ready.code: ready.text for ready in field.widget.ready}
        text = texts.get(posted.get(f"{name}.sjabloon", ""), "")
        typed = str(posted.get(name, "")).rstrip()
        if text and typed.split() in [other.split() for other in texts.values()]:
            typed = ""
        field.cstruct = f"{typed}\n\n{text}" if typed and text else typed or text
        return True
    return False


def _shown(form: Form, page: Page) -> Values:
    values = page() if callable(page) else page
    return {**(values or {}), "form": form}


def _show(form: Form, problem: FormError | WorkflowError) -> None:
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
    # Rows that a service wrote before it refused must not be kept.
    if (manager := getattr(request, "tm", None)) is not None:
        manager.doom()
    return shown
