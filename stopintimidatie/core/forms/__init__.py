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

from copy import copy
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
    ask_values,
    handle_form,
    later_version,
    no_longer,
    read_controls,
    refuse_form,
)
from stopintimidatie.core.forms.quantities import (
    Date,
    Decimal,
    Integer,
    Moment,
    Time,
    from_today,
    in_past,
    not_before_today,
    within_a_year,
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
    email_address,
)
from stopintimidatie.core.forms.widgets import (
    CheckboxChoice,
    DateInput,
    EmailInput,
    FileInput,
    Fold,
    Folded,
    Hidden,
    MapSelect,
    Opened,
    PasswordInput,
    PointInput,
    RadioChoice,
    ReadyText,
    Select,
    Step,
    TelInput,
    TextArea,
    TextInput,
    TimeInput,
    translate,
)

TEMPLATES: Final = Path(__file__).parent / "templates"


class Schema(colander.MappingSchema):
    """Base of every schema; keys that aren't in it are ignored, on purpose."""

    def __init__(self, *arg: Any, **kw: Any) -> None:
        super().__init__(*arg, **kw)
        # Colander gives all schemas of a class the same fields. A view may change its own.
        self.children = [_own(child) for child in self.children]  # type: ignore[has-type]


def _own(node: Any) -> Any:
    """Copy a field with what is in it and its widget, for one form."""
    own = node.clone()
    own.children = [_own(child) for child in own.children]
    if "widget" in own.__dict__:
        own.widget = copy(own.widget)
    return own


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
