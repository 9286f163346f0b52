"""Forms: colander schemas with strict types, drawn by our own templates.

A room writes in its ``forms.py``::

    class NoteSchema(Schema):
        tekst = field(Text(4000, lines=True), "Notitie")
        datum = field(Date(), "Datum", missing=None)

and in its view::

    form = Form(NoteSchema(), request, buttons=[Button("opslaan", "Notitie opslaan")])
    return handle_form(request, form, on_valid, {"dossier": dossier})
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import colander

from stopintimidatie.core.forms.form import (
    BusyError,
    Button,
    Change,
    ConflictError,
    Form,
    FormError,
    add_form_helpers,
    control_name,
    element_id,
    handle_form,
    read_controls,
)
from stopintimidatie.core.forms.quantities import (
    Date,
    Decimal,
    Integer,
    Moment,
    Time,
    in_past,
    not_before_today,
)
from stopintimidatie.core.forms.types import (
    NO_ADDRESS,
    Email,
    Flag,
    ManyOf,
    OneOf,
    Password,
    Phone,
    Text,
    Upload,
    UploadedFile,
    at_least,
    clean_text,
    email_address,
)
from stopintimidatie.core.forms.widgets import (
    Checkbox,
    CheckboxChoice,
    DateInput,
    DateTimeInput,
    EmailInput,
    FileInput,
    Fold,
    Folded,
    Group,
    Hidden,
    MapSelect,
    NumberInput,
    Opened,
    PasswordInput,
    PointInput,
    RadioChoice,
    Select,
    Step,
    TelInput,
    TextArea,
    TextInput,
    TimeInput,
    field_messages,
    translate,
)
from stopintimidatie.core.text import checked_address

__all__ = [
    "NO_ADDRESS",
    "BusyError",
    "Button",
    "Change",
    "Checkbox",
    "CheckboxChoice",
    "ConflictError",
    "Date",
    "DateInput",
    "DateTimeInput",
    "Decimal",
    "Email",
    "EmailInput",
    "FileInput",
    "Flag",
    "Fold",
    "Folded",
    "Form",
    "FormError",
    "Group",
    "Hidden",
    "Integer",
    "ManyOf",
    "MapSelect",
    "Moment",
    "NumberInput",
    "OneOf",
    "Opened",
    "Password",
    "PasswordInput",
    "Phone",
    "PointInput",
    "RadioChoice",
    "Schema",
    "Select",
    "Step",
    "TelInput",
    "Text",
    "TextArea",
    "TextInput",
    "Time",
    "TimeInput",
    "Upload",
    "UploadedFile",
    "at_least",
    "checked_address",
    "clean_text",
    "control_name",
    "element_id",
    "email_address",
    "field",
    "field_messages",
    "handle_form",
    "in_past",
    "not_before_today",
    "read_controls",
    "translate",
]

TEMPLATES: Final = Path(__file__).parent / "templates"


class Schema(colander.MappingSchema):
    """Base of every schema; keys that aren't in it are ignored, on purpose."""


def field(typ: Any, title: str, *, description: str = "", **kw: Any) -> Any:
    """Make a field. Required unless ``missing`` is given; other words as in colander.

    ``drawn=Opened(...)`` asks it with an answer to the field before only, ``drawn=Folded(...)``
    puts it behind a heading; those after each other with the same go together. With
    ``needed_sometimes=True`` a field that may be left out isn't called optional: its description
    says when it is needed.
    """
    return colander.SchemaNode(typ, title=title, description=description, **kw)


def includeme(config: Any) -> None:
    """Give the templates of pages what they need to draw forms."""
    config.add_jinja2_search_path(str(TEMPLATES))
    config.action(None, lambda: add_form_helpers(config.get_jinja2_environment()), order=2)
