"""The forms of partners, and what their pages share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from stopintimidatie.core import forms
from stopintimidatie.core.forms import ConflictError, Form, FormError, handle_form
from stopintimidatie.core.text import datetime_short
from stopintimidatie.core.web.request import Crumb, Request
from stopintimidatie.municipalities.partners.models import PartnerOrganisation
from stopintimidatie.municipalities.partners.resources import Choices
from stopintimidatie.municipalities.partners.services import PartnerError, Person, StalePartnerError
from stopintimidatie.municipalities.partners.vocabulary import BASES, PartnerKind
from stopintimidatie.municipalities.people.forms import as_number, phone_number

# The names of the controls, and what of the row each is.
CONTROLS: Final[Mapping[str, str]] = {
    "naam": "name",
    "soort": "kind",
    "grondslagen": "legal_bases",
    "profiel": "profile",
    "convenant": "covenant_name",
    "convenant_van": "covenant_from",
    "convenant_tot": "covenant_until",
}
# How the rules call an answer, where that isn't the name of its column.
ATTRIBUTES: Final = {attribute: control for control, attribute in CONTROLS.items()} | {
    "covenant": "convenant",
}


def _field(name: str, typ: Any, title: str, **kw: Any) -> Any:
    return forms.field(typ, title, name=name, **kw)


def _version() -> Any:
    return _field("versie", forms.Integer(), "Versie", widget=forms.Hidden(), missing=0)


def partner_schema(profiles: Choices) -> Any:
    """Return what is asked of an organisation."""
    schema = forms.Schema()
    for node in (*_who(), *_what(profiles), *_covenant(), _version()):
        schema.add(node)
    return schema


def _who() -> tuple[Any, ...]:
    return (
        _field(
            "naam",
            forms.Text(200),
            "Naam van de organisatie",
            description="Zoals u haar in een document noemt. Geen naam van een persoon.",
        ),
        _field("soort", forms.OneOf(PartnerKind.choices()), "Soort organisatie"),
    )


def _what(profiles: Choices) -> tuple[Any, ...]:
    return (
        _field(
            "grondslagen",
            forms.ManyOf([(basis.value, basis.nl) for basis in BASES]),
            "Grondslagen die kunnen gelden",
            description="Bij elke uitvoer kiest u er één. Alleen deze staan dan in de lijst.",
        ),
        _field(
            "profiel",
            forms.OneOf(profiles),
            "Wat deze partner te zien krijgt",
            description="Dit stellen wij voor bij een uitvoer; u kunt daar anders kiezen.",
            missing=None,
        ),
    )


def _covenant() -> tuple[Any, ...]:
    return (
        _field(
            "convenant",
            forms.Text(200),
            "Convenant, als dat er is",
            description="Een convenant is geen grondslag. Wij noemen het ernaast zolang het geldt.",
            missing=None,
        ),
        _field("convenant_van", forms.Date(), "Convenant geldt vanaf", missing=None),
        _field(
            "convenant_tot",
            forms.Date(),
            "Convenant geldt tot en met",
            description="Leeg: tot u het beëindigt.",
            missing=None,
        ),
    )


def read_partner(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers under the names of the columns."""
    return {attribute: values[name] for name, attribute in CONTROLS.items()}


def shown_partner(row: PartnerOrganisation) -> dict[str, Any]:
    """Return the row under the names of the controls."""
    values = {name: getattr(row, attribute) for name, attribute in CONTROLS.items()}
    return {**values, "versie": row.version}


def contact_schema() -> Any:
    """Return what is asked of somebody at a partner."""
    schema = forms.Schema()
    for node in (
        _field("functie", forms.Text(200), "Functie", description="Zoals: wijkagent Binnenstad."),
        _field("naam", forms.Text(200), "Naam"),
        _field(
            "adres",
            forms.Text(200),
            "E-mailadres",
            description="Wij sturen er een code heen. Die vult u hier in; dan is het bevestigd.",
            widget=forms.EmailInput(autocomplete="off"),
            validator=forms.email_address,
        ),
        _field(
            "telefoon",
            forms.Text(20),
            "Telefoonnummer",
            widget=forms.TelInput(autocomplete="off"),
            validator=phone_number,
            missing=None,
        ),
        _version(),
    ):
        schema.add(node)
    return schema


def read_person(values: Mapping[str, Any]) -> Person:
    phone = values["telefoon"]
    return Person(
        function=values["functie"],
        name=values["naam"],
        email=values["adres"],
        phone=(as_number(phone) or phone) if phone else None,
    )


class EndSchema(forms.Schema):
    """Reason of an end."""

    reden = forms.field(
        forms.Text(1000, lines=True),
        "Waarom werkt u niet meer samen?",
        description="Noem geen namen. Dit blijft staan.",
    )


# A form whose work a rule may refuse, or that comes second

FORM_PAGE: Final = "stopintimidatie.municipalities.partners:templates/form.jinja2"
Values = dict[str, Any]


def form_page(request: Request, heading: str, above: str, **more: Any) -> Values:
    """Return what every form of this room shows around itself."""
    return {
        "crumbs": [*request.breadcrumb, Crumb(heading, request.path)],
        "heading": heading,
        "above": above,
        **more,
    }


def submit(
    request: Request, form: Form, act: Callable[[Values], Any], page: Mapping[str, Any]
) -> Any:
    """Handle a form; what a rule says no to is shown at the answer it is about."""

    def on_valid(values: Values) -> Any:
        try:
            return act(values)
        except StalePartnerError as stale:
            raise _conflict(form, stale.row) from None
        except PartnerError as problem:
            raise FormError(problem.message, ATTRIBUTES.get(problem.field or "")) from None

    return handle_form(request, form, on_valid, page)


def _conflict(form: Form, row: Any) -> ConflictError:
    """Put the present version in the form: sending it again is done with open eyes."""
    form["versie"].cstruct = str(row.version)
    return ConflictError(
        f"{row.changed_by} heeft dit gewijzigd op {datetime_short(row.changed_at)}. Uw invoer is"
        " niet opgeslagen en er is niets overschreven. Klopt uw invoer nog? Sla dan opnieuw op."
    )
