"""A form with one of every field, for the tests of the form base."""

from typing import Any

from pyramid.testing import DummyRequest
from webob.multidict import MultiDict

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, Form, field
from tests.support.styleguide.examples import ExampleSchema


class Everything(ExampleSchema):
    """The form of the style guide, and the kinds of field that it doesn't show."""

    breedte = field(forms.Decimal(50.0, 54.0), "Breedtegraad", missing=None)
    email = field(
        forms.Text(120),
        "E-mail",
        widget=forms.EmailInput(),
        validator=forms.email_address,
        missing=None,
    )
    telefoon = field(forms.Text(30), "Telefoon", widget=forms.TelInput(), missing=None)
    wachtwoord = field(forms.Password(), "Wachtwoord", missing=None)
    bijlage = field(forms.Upload(1000), "Bijlage", missing=None)
    versie = field(forms.Integer(), "Versie", widget=forms.Hidden(), missing=None)


GOOD: list[tuple[str, Any]] = [
    ("kanaal", "balie"),
    ("vormen", "volgen"),
    ("vormen", "naroepen"),
    ("tijdstip", "2026-11-20T22:40"),
    ("plaats.wijk", "binnenstad"),
    ("plaats.plek", "Bij het station"),
    ("verhaal", "Twee jongens riepen mij na."),
    ("spoed", "ja"),
    ("opslaan", "ja"),
]


def a_request(posted: list[tuple[str, Any]] | None = None) -> Any:
    """A request that is a GET, or a POST of these names and values."""
    request = DummyRequest(post=MultiDict(posted) if posted is not None else None)
    if posted is not None:
        request.POST = MultiDict(pair for pair in posted if isinstance(pair[1], str))
        request.files = [pair for pair in posted if not isinstance(pair[1], str)]
    return request


def a_form(posted: list[tuple[str, Any]] | None = None, schema: Any = None, **kw: Any) -> Form:
    kw.setdefault("buttons", [Button("opslaan", "Opslaan"), Button("terug", "Terug", "subtle")])
    return Form(schema or Everything(), a_request(posted), **kw)


def changed(*pairs: tuple[str, Any]) -> list[tuple[str, Any]]:
    """The good form with these names replaced (all values of a name at once)."""
    names = {name for name, _ in pairs}
    return [pair for pair in GOOD if pair[0] not in names] + list(pairs)
