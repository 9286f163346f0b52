"""Widgets, messages and the parts of a long form: deform's widgets, drawn by our templates.

Plain HTML controls with label, description and error tied together; no script needed. Controls
are named by their dotted path in the schema (``plaats.wijk``), groups of checkboxes share one
name. So a posted form is an ordinary list of names and values, without structure markers that
could be malformed.

Fields of a long form that are only asked with a choice differ in nothing but how they are drawn:
names and values are as in a flat form. It works without script:
`Opened` by a rule of the style sheet, `Folded` by HTML's own `details`. What holds a mistake, or an
answer, is drawn open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import colander
import deform
from deform.widget import OptGroup

from stopintimidatie.core.text import _
from stopintimidatie.core.web.translation import gettext


class Drawn:
    """Base of every widget: what our templates need to know, besides what deform knows."""

    layout = "field"
    """``field`` (label above), ``group`` (fieldset), ``checkbox``, ``hidden`` or ``structural``."""
    many = False
    width = ""
    """``short`` or ``medium``: a hint by width how much is expected."""
    attributes: Mapping[str, str] = MappingProxyType({})
    opening: Mapping[str, int] = MappingProxyType({})
    """For an answer that opens a group after this field: the number of that group (``runs``)."""


class TextInput(Drawn, deform.widget.TextInputWidget):
    """One line of text. ``autocomplete`` and ``inputmode`` as in HTML.

    ``suggestions``: values the browser proposes while somebody types; any other is as good.
    """

    # Not stripped: a text comes back as it was typed, whatever was wrong with it.
    strip = False
    input_type = "text"
    autocomplete: str | None = None
    inputmode: str | None = None
    suggestions: Sequence[str] = ()

    def all_attributes(self, field: Any) -> dict[str, str]:
        """Return extra attributes of the control, in the order they are written."""
        named = {"autocomplete": self.autocomplete, "inputmode": self.inputmode}
        limit = getattr(field.schema.typ, "limit", None)
        if limit is not None and self.input_type != "password":
            named["maxlength"] = str(limit)
        return {k: v for k, v in named.items() if v is not None} | dict(self.attributes)

    def drawn_type(self, field: Any, cstruct: Any) -> str:
        """Return the type to draw.

        A date that a browser can't read is plain text after a mistake.
        """
        picky = self.input_type in ("date", "datetime-local", "time")
        return "text" if cstruct and field.error and picky else self.input_type


class EmailInput(TextInput):
    """One line for an e-mail address."""

    input_type = "email"
    autocomplete = "email"


class TelInput(TextInput):
    """One line for a telephone number."""

    input_type = "tel"
    autocomplete = "tel"
    width = "medium"


class PasswordInput(TextInput, deform.widget.PasswordWidget):
    """One line for a secret, which is never written back into the page."""

    template = "textinput"
    input_type = "password"
    autocomplete = "current-password"


class NumberInput(TextInput):
    """Digits. No ``type=number``: its wheel and its silent dropping of letters lose input."""

    inputmode = "numeric"
    width = "short"


# HTML's own controls for days and times send one text. Deform's widgets for these read the two
# controls of a script, so a line of text is their base.
class DateInput(TextInput):
    """Control for a day."""

    input_type = "date"
    width = "medium"


class DateTimeInput(TextInput):
    """Control for a day and a time."""

    input_type = "datetime-local"
    width = "medium"


class TimeInput(TextInput):
    """Control for a time of day."""

    input_type = "time"
    width = "short"


@dataclass(frozen=True, slots=True)
class ReadyText:
    """Text that can be put into a text area; people choose it by its title."""

    code: str
    title: str
    text: str


class TextArea(TextInput, deform.widget.TextAreaWidget):
    """Several lines of text.

    ``ready``: texts to begin with. The one that is chosen comes below what was typed, or in the
    place of another that wasn't changed; the form is sent for it and shown again, and nothing is
    judged or kept. `forms.js` does that as soon as one is chosen. Its controls are named after that
    of the text, with ``.sjabloon`` and ``.invullen``.
    """

    rows = 5
    ready: Sequence[ReadyText] = ()


class Hidden(Drawn, deform.widget.HiddenWidget):
    """Value that goes along unseen."""

    layout = "hidden"


class Checkbox(Drawn, deform.widget.CheckboxWidget):
    """One box with its label behind it."""

    layout = "checkbox"
    true_val = "ja"
    false_val = colander.null


class Select(Drawn, deform.widget.SelectWidget):
    """Drop-down. ``values`` are (code, label) pairs or ``OptGroup``; ``empty`` is the first."""

    empty: str | None = _("Maak een keuze")


class RadioChoice(Select, deform.widget.RadioChoiceWidget):
    """Radio buttons; ``keys`` maps values to the keys that choose them."""

    layout = "group"
    inline = False
    keys: Mapping[str, str] = MappingProxyType({})


class CheckboxChoice(Drawn, deform.widget.CheckboxChoiceWidget):
    """All possibilities in sight, several may be chosen."""

    layout = "group"
    many = True
    inline = False


# Deform's widget for files keeps them in a store from one request to the next; we keep none.
class FileInput(Drawn, deform.widget.Widget):
    """Control for a file."""

    template = "file"
    accept: str | None = None

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        """Draw the control, always empty."""
        return field.renderer(self.template, **self.get_template_values(field, "", kw))

    def deserialize(self, field: Any, pstruct: Any) -> Any:
        """Return the file as it was sent."""
        return pstruct


class Group(Drawn, deform.widget.MappingWidget):
    """Nested schema: a fieldset with its title as legend."""

    layout = "structural"
    requirements = ()


class Fold(Group):
    """Nested schema behind a heading that opens; drawn open when there is something in it."""

    template = "fold"


class Step(Group):
    """One of several steps in a form, of which a reader sees one at a time, also without script.

    The steps are parts of one page, and going back loses nothing. A step is sent as ``stap`` before
    the next one opens, so that the view can say what isn't right in it; `current` is shown then.
    """

    template = "step"
    number = 1
    total = 1
    anchor = ""
    current = False
    # Sent for real, also with script: the page that comes back is another one.
    anew = False
    before: str | None = None
    after: str | None = None


class MapSelect(Select):
    """List of areas with a map before it, on which a click chooses as well: an image that sends.

    The point of the click comes in under the name of the control with `.kaart.x` and `.kaart.y`.
    The image has a fixed size, for the browser tells where it was clicked in the size it was drawn.
    With ``folded`` it stands below the list, behind a heading of that title.
    """

    template = "map_select"
    image: str | None = None
    image_text = ""
    image_size = 280
    image_action = ""
    folded = ""


class PointInput(Hidden):
    """Point that a map or the device fills in; it can be taken away, also without script."""

    template = "point"
    layout = "group"
    chosen = "Er is een punt gekozen."
    none = "Er is geen punt gekozen."
    busy = "Even wachten…"
    failed = "Het lukt niet om de plek van dit toestel te vinden."
    here = _("Gebruik de plek van dit toestel")
    away = _("Punt weghalen")
    away_name = "punt_weg"
    away_action = ""


class FormBody(Group, deform.widget.FormWidget):
    """The form itself."""

    template = "form"


def option_groups(values: Iterable[Any]) -> list[tuple[str | None, list[tuple[str, str]]]]:
    """Return (group label or None, options) for the select template."""
    groups: list[tuple[str | None, list[tuple[str, str]]]] = []
    for item in values:
        if isinstance(item, OptGroup):
            groups.append((item.label, [(str(v), label) for v, label in item.options]))
        elif groups and groups[-1][0] is None:
            groups[-1][1].append((str(item[0]), item[1]))
        else:
            groups.append((None, [(str(item[0]), item[1])]))
    return groups


# Messages in plain Dutch, each saying what to do next.

UNREADABLE = _("Deze invoer kan niet worden gelezen. Vul het opnieuw in.")
CHOOSE = _("Kies een van de mogelijkheden uit de lijst.")
SENT_TWICE = _(
    "Dit kwam meer dan één keer binnen. Kijk na wat er nu staat, en verstuur het formulier dan"
    " opnieuw."
)
CHOOSE_ONLY = _("Kies alleen mogelijkheden uit de lijst.")

_REQUIRED = {
    "group": _("Maak een keuze bij ‘%(title)s’."),
    "select": _("Maak een keuze bij ‘%(title)s’."),
    "checkbox": _("Zet een vinkje bij ‘%(title)s’."),
    "file": _("Kies een bestand bij ‘%(title)s’."),
}


def translate(message: Any) -> str:
    """Return a message of ours as it is, and a Dutch sentence for one of colander or deform.

    Theirs tell of input that our types and our reading of controls refuse before.
    """
    theirs = hasattr(message, "domain") or str(message).startswith(("Pstruct", "Invalid pstruct"))
    return UNREADABLE if theirs else str(message)


def control_name(field: Any) -> str:
    """Return the dotted path of a field: the name of its control."""
    parts: list[str] = []
    while field is not None and field.parent is not None:
        parts.append(field.name)
        field = field.parent
    return ".".join(reversed(parts))


def element_id(field: Any) -> str:
    """Return the stable id of a field's control, unique on a page with several forms."""
    return f"{field.get_root().formid}-{control_name(field).replace('.', '-')}"


def focus_id(field: Any) -> str:
    """Return where the error summary leads to: in a group that is the first choice."""
    return f"{element_id(field)}-0" if field.widget.layout == "group" else element_id(field)


def required_message(field: Any) -> str:
    """Return what is asked when nothing was filled in, in the words of the field."""
    widget = field.widget
    kind = getattr(widget, "layout", "field")
    kind = widget.template if widget.template in ("select", "file") else kind
    sentence = _REQUIRED.get(kind, _("Vul ‘%(title)s’ in."))
    return gettext(sentence, title=gettext(field.title))


def field_messages(field: Any) -> list[str]:
    """Return the messages of one field, without those of its children, to the reader."""
    if field.error is None:
        return []
    return [
        required_message(field) if str(message) == "Required" else gettext(translate(message))
        for message in field.error.messages()
    ]


# Fields that are only asked with a choice, or stand behind a heading.

# Most groups that one field can open; the style sheet has rules for this many.
MOST_OPENED: Final = 3


@dataclass(frozen=True, slots=True)
class Opened:
    """Group shown only for certain answers to the field before it: codes, or `ja` for a tick.

    Three of these may follow each other, for different answers to the same field.
    """

    title: str
    by: tuple[str, ...] = ("ja",)


@dataclass(frozen=True, slots=True)
class Folded:
    """Group behind a heading that opens, for what most people leave out."""

    title: str
    proposes: bool = False
    """The answers in it are a proposal of ours: only a mistake in it must be seen."""


@dataclass(slots=True)
class Run:
    """Fields after each other that are drawn together; without `way` each by itself."""

    way: Opened | Folded | None
    fields: list[Any] = field(default_factory=list)

    @property
    def opens(self) -> bool:
        """Tell whether an answer opens it."""
        return isinstance(self.way, Opened)

    @property
    def open(self) -> bool:
        """Tell whether something in it must be seen."""
        if isinstance(self.way, Folded) and self.way.proposes:
            return any(field.error for field in self.fields)
        return any(must_be_seen(field) for field in self.fields)


def runs(parent: Any) -> list[Run]:
    """Return the fields below this one, as they are drawn."""
    drawn: list[Run] = []
    for child in parent.children:
        way = getattr(child.schema, "drawn", None)
        if not drawn or drawn[-1].way != way:
            drawn.append(Run(way))
        drawn[-1].fields.append(child)
    return drawn


def asked_with_choice(field: Any) -> bool:
    """Tell whether a choice asks for this field: with that choice a reader needs it."""
    opened = isinstance(getattr(field.schema, "drawn", None), Opened)
    return opened or bool(getattr(field.schema, "needed_sometimes", False))


def must_be_seen(field: Any) -> bool:
    """Tell whether a mistake or an answer stands here or below."""
    answered = not field.children and field.cstruct not in (colander.null, None, "", ())
    return bool(field.error) or answered or any(map(must_be_seen, field.children))


def mark_openers(parents: Iterable[Any]) -> None:
    """Tell each field which of its answers open the first, second and third group after it."""
    for parent in parents:
        before: Any = None
        number = 0
        for run in runs(parent):
            if isinstance(run.way, Opened):
                number += 1
                if before is None or number > MOST_OPENED:
                    raise TypeError(f"nothing opens {run.fields[0].name!r}")
                before.widget.opening = {
                    **before.widget.opening,
                    **dict.fromkeys(run.way.by, number),
                }
            else:
                before, number = run.fields[-1] if run.way is None else None, 0
