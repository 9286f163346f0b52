"""How a field is drawn. Each widget names a template in ``templates/form/``.

Plain HTML controls with label, description and error tied together; no script needed. Controls
are named by their dotted path in the schema (``plaats.wijk``), groups of checkboxes share one
name. So a posted form is an ordinary list of names and values, without structure markers that
could be malformed.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import colander
import deform
from deform.widget import OptGroup


class Widget(deform.widget.Widget):
    """Base: text in, the same text back, whatever was wrong with it."""

    template = "textinput"
    layout = "field"
    """``field`` (label above), ``group`` (fieldset), ``checkbox``, ``hidden`` or ``structural``."""
    many = False
    input_type = "text"
    width = ""
    """``short`` or ``medium``: a hint by width how much is expected."""
    attributes: Mapping[str, str] = MappingProxyType({})
    opening: Mapping[str, int] = MappingProxyType({})
    """For an answer that opens a group after this field: the number of that group (``runs``)."""

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        if cstruct in (colander.null, None):
            cstruct = () if self.many else ""
        return field.renderer(self.template, **self.get_template_values(field, cstruct, kw))

    def deserialize(self, field: Any, pstruct: Any) -> Any:
        return colander.null if pstruct in ("", ()) else pstruct


class TextInput(Widget):
    """One line. ``autocomplete`` and ``inputmode`` as in HTML.

    ``suggestions``: values the browser proposes while somebody types; any other is as good.
    """

    autocomplete: str | None = None
    inputmode: str | None = None
    suggestions: Sequence[str] = ()

    def all_attributes(self, field: Any) -> dict[str, str]:
        """Extra attributes of the control, in the order they are written."""
        found = {"autocomplete": self.autocomplete, "inputmode": self.inputmode}
        limit = getattr(field.schema.typ, "limit", None)
        if limit is not None and self.input_type != "password":
            found["maxlength"] = str(limit)
        return {k: v for k, v in found.items() if v is not None} | dict(self.attributes)

    def drawn_type(self, field: Any, cstruct: Any) -> str:
        """A browser empties a date it can't read; after a mistake it's drawn as plain text."""
        picky = self.input_type in ("date", "datetime-local", "time")
        return "text" if cstruct and field.error and picky else self.input_type


class EmailInput(TextInput):
    input_type = "email"
    autocomplete = "email"


class TelInput(TextInput):
    input_type = "tel"
    autocomplete = "tel"
    width = "medium"


class PasswordInput(TextInput):
    input_type = "password"
    autocomplete = "current-password"

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        return super().serialize(field, colander.null, **kw)


class NumberInput(TextInput):
    """Digits. No ``type=number``: its wheel and its silent dropping of letters lose input."""

    inputmode = "numeric"
    width = "short"
    minimum: int | None = None
    maximum: int | None = None


class DateInput(TextInput):
    input_type = "date"
    width = "medium"


class DateTimeInput(TextInput):
    input_type = "datetime-local"
    width = "medium"


class TimeInput(TextInput):
    input_type = "time"
    width = "short"


class TextArea(TextInput):
    """Several lines."""

    template = "textarea"
    rows = 5


class Hidden(Widget):
    template = "hidden"
    layout = "hidden"


class Checkbox(Widget):
    """One box with its label behind it."""

    template = "checkbox"
    layout = "checkbox"


class Select(Widget):
    """A drop-down. ``values`` are (code, label) pairs or ``OptGroup``; ``empty`` is the first."""

    template = "select"
    values: Sequence[Any] = ()
    empty: str | None = "Maak een keuze"


class RadioChoice(Select):
    """Radio buttons; ``keys`` maps values to the keys that choose them."""

    template = "radio_choice"
    layout = "group"
    inline = False
    keys: Mapping[str, str] = MappingProxyType({})


class CheckboxChoice(Widget):
    """All possibilities in sight, several may be chosen."""

    template = "checkbox_choice"
    layout = "group"
    many = True
    values: Sequence[Any] = ()
    inline = False


class FileInput(Widget):
    template = "file"
    accept: str | None = None

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        return super().serialize(field, colander.null, **kw)


class Group(deform.widget.MappingWidget):
    """A nested schema: a fieldset with its title as legend."""

    template = "mapping"
    layout = "structural"
    requirements = ()


class Fold(Group):
    """A nested schema behind a heading that opens; drawn open when there is something in it."""

    template = "fold"


class Step(Group):
    """One of several steps in a form, of which a reader sees one at a time, also without script.

    The steps are parts of one page: nothing is sent before the last, and going back loses nothing.
    """

    template = "step"
    number = 1
    total = 1
    anchor = ""
    before: str | None = None
    after: str | None = None


class MapSelect(Select):
    """A list of areas with a map before it, on which a click chooses as well: an image that sends.

    The place of the click comes in under the name of the control with `.kaart.x` and `.kaart.y`.
    The image has a fixed size, for the browser tells where it was clicked in the size it was drawn.
    """

    template = "map_select"
    image: str | None = None
    image_text = ""
    image_size = 280
    image_action = ""


class PointInput(Widget):
    """A point that a map or the device fills in; it can be taken away, also without script."""

    template = "point"
    layout = "group"
    chosen = "Er is een punt gekozen."
    none = "Er is geen punt gekozen."
    busy = "Even wachten…"
    failed = "Het lukt niet om de plek van dit toestel te vinden."
    here = "Gebruik de plek van dit toestel"
    away = "Punt weghalen"
    away_name = "punt_weg"
    away_action = ""


class FormBody(deform.widget.FormWidget):
    """The form itself."""

    template = "form"
    layout = "structural"
    requirements = ()


def option_groups(values: Iterable[Any]) -> list[tuple[str | None, list[tuple[str, str]]]]:
    """(group label or None, options) for the select template."""
    groups: list[tuple[str | None, list[tuple[str, str]]]] = []
    for item in values:
        if isinstance(item, OptGroup):
            groups.append((item.label, [(str(v), label) for v, label in item.options]))
        elif groups and groups[-1][0] is None:
            groups[-1][1].append((str(item[0]), item[1]))
        else:
            groups.append((None, [(str(item[0]), item[1])]))
    return groups
