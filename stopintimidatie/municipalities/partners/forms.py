"""Forms of partners and their contacts, and what their pages share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from stopintimidatie.core import forms
from stopintimidatie.core.forms import ConflictError, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.text import datetime_short
from stopintimidatie.core.web.request import Crumb, Request
from stopintimidatie.municipalities.partners.models import PartnerOrganisation
from stopintimidatie.municipalities.partners.resources import Choices
from stopintimidatie.municipalities.partners.services import PartnerError, Person, StalePartnerError
from stopintimidatie.municipalities.partners.vocabulary import BASES, PartnerKind
from stopintimidatie.municipalities.people.forms import Telephone

# The names of the controls, and the column that each fills.
CONTROLS: Final[Mapping[str, str]] = {
    "naam": "name",
    "soort": "kind",
    "grondslagen": "legal_bases",
    "profiel": "profile",
    "convenant": "covenant_name",
    "convenant_van": "covenant_from",
    "convenant_tot": "covenant_until",
}
# The control in which an error is shown, by the column or by the `field` of a PartnerError.
CONTROL_OF: Final = {attribute: control for control, attribute in CONTROLS.items()} | {
    "covenant": "convenant",
}


class PartnerSchema(Schema):
    """The form of an organisation; `partner_schema` adds the redaction profiles."""

    naam = field(
        forms.Text(200),
        "Naam van de organisatie",
        description="Zoals u haar in een document noemt. Geen naam van een persoon.",
    )
    soort = field(forms.OneOf(PartnerKind.choices()), "Soort organisatie")
    grondslagen = field(
        forms.ManyOf([(basis.value, basis.nl) for basis in BASES]),
        "Grondslagen die kunnen gelden",
        description="Bij elke uitvoer kiest u er één. Alleen deze staan dan in de lijst.",
    )
    convenant = field(
        forms.Text(200),
        "Convenant, als dat er is",
        description="Een convenant is geen grondslag. Wij noemen het ernaast zolang het geldt.",
        missing=None,
    )
    convenant_van = field(forms.Date(), "Convenant geldt vanaf", missing=None)
    convenant_tot = field(
        forms.Date(),
        "Convenant geldt tot en met",
        description="Leeg: tot u het beëindigt.",
        missing=None,
    )
    versie = field(forms.Integer(), "Versie", widget=forms.Hidden(), missing=0)


def partner_schema(profiles: Choices) -> Any:
    """Return the form of an organisation, with these redaction profiles to choose from."""
    schema = PartnerSchema()
    profile = field(
        forms.OneOf(profiles),
        "Wat deze partner te zien krijgt",
        name="profiel",
        description="Dit stellen wij voor bij een uitvoer; u kunt daar anders kiezen.",
        missing=None,
    )
    schema.add_before("convenant", profile)
    return schema


def read_partner(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers of the form under the names of the columns."""
    return {attribute: values[name] for name, attribute in CONTROLS.items()}


def shown_partner(row: PartnerOrganisation) -> dict[str, Any]:
    """Return a partner as first values of the form."""
    values = {name: getattr(row, attribute) for name, attribute in CONTROLS.items()}
    return {**values, "versie": row.version}


class ContactSchema(Schema):
    """The form of a contact at a partner."""

    functie = field(forms.Text(200), "Functie", description="Zoals: wijkagent Binnenstad.")
    naam = field(forms.Text(200), "Naam")
    adres = field(
        forms.Text(200),
        "E-mailadres",
        description="Wij sturen er een code heen. Die vult u hier in; dan is het bevestigd.",
        widget=forms.EmailInput(autocomplete="off"),
        validator=forms.email_address,
    )
    telefoon = field(
        Telephone(),
        "Telefoonnummer",
        widget=forms.TelInput(autocomplete="off"),
        missing=None,
    )
    versie = field(forms.Integer(), "Versie", widget=forms.Hidden(), missing=0)


def read_person(values: Mapping[str, Any]) -> Person:
    """Return the answers of the form as a person."""
    return Person(
        function=values["functie"],
        name=values["naam"],
        email=values["adres"],
        phone=values["telefoon"],
    )


class EndSchema(Schema):
    """The form to end a partner, with a reason."""

    reden = field(
        forms.Text(1000, lines=True),
        "Waarom werkt u niet meer samen?",
        description="Noem geen namen. Dit blijft staan.",
    )


# Forms whose work may be refused by a rule, or by a later version

FORM_PAGE: Final = "stopintimidatie.municipalities.partners:templates/form.jinja2"
Values = dict[str, Any]


def form_page(request: Request, heading: str, above: str, **more: Any) -> Values:
    """Return the values of a page with a form, as the breadcrumb and the heading.

    Args:
        request: The request.
        heading: The heading, also the last part of the breadcrumb.
        above: Small text over the heading: the name of the municipality or the partner.
        more: Other values for the template, as they are.
    """
    return {
        "crumbs": [*request.breadcrumb, Crumb(heading, request.path)],
        "heading": heading,
        "above": above,
        **more,
    }


def submit(
    request: Request, form: Form, act: Callable[[Values], Any], page: Mapping[str, Any]
) -> Any:
    """Show the form, or call `act` with the values that were sent; show a refusal at its field.

    Returns what `act` returns, or the values for the template.
    """

    def on_valid(values: Values) -> Any:
        try:
            return act(values)
        except StalePartnerError as stale:
            raise _conflict(form, stale.row) from None
        except PartnerError as problem:
            raise FormError(problem.message, CONTROL_OF.get(problem.field or "")) from None

    return handle_form(request, form, on_valid, page)


def _conflict(form: Form, row: Any) -> ConflictError:
    """Return the error of a later version; put that version in the form, so that it can be sent."""
    form["versie"].cstruct = str(row.version)
    return ConflictError(
        f"{row.changed_by} heeft dit gewijzigd op {datetime_short(row.changed_at)}. Uw invoer is"
        " niet opgeslagen en er is niets overschreven. Klopt uw invoer nog? Sla dan opnieuw op."
    )
