"""Forms to record a doorgifteafspraak, or its refusal."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import colander
from cryptography import x509

from stopintimidatie.core import forms
from stopintimidatie.core.forms import FormError
from stopintimidatie.municipalities.agreements.services import Official, Plan
from stopintimidatie.municipalities.people.forms import Telephone
from stopintimidatie.municipalities.people.services import is_role_address

CHANNELS: Final = (
    ("ophalen", "op een pagina, met een code die het meldpunt voorleest"),
    ("smime", "als versleutelde mail (S/MIME, met een certificaat)"),
)
YES: Final = "ja"
WANTS: Final = ((YES, "ja"), ("onbekend", "nog niet bekend"))


def pem_certificate(node: Any, value: str) -> None:
    """Check that a value is a PEM certificate, for which a report can be encrypted."""
    try:
        x509.load_pem_x509_certificate(value.encode())
    except ValueError:
        raise colander.Invalid(
            node, "Dit is geen certificaat. Plak het hele blok, van BEGIN tot en met END."
        ) from None


def line_field(most: int, title: str, name: str, about: str = "", **more: Any) -> Any:
    """Make the field of a line of text."""
    return forms.field(forms.Text(most), title, name=name, description=about, **more)


def _phone(title: str, name: str, about: str = "", **more: Any) -> Any:
    widget = forms.TelInput(autocomplete="off")
    return forms.field(Telephone(), title, name=name, description=about, widget=widget, **more)


def _person(title: str, *, needed: bool, description: str = "") -> Any:
    """Return the part of the form about an official; that of a deputy may stay empty."""
    more: dict[str, Any] = {} if needed else {"missing": ""}
    box = "Liefst van een functie, zoals oov@gemeente.nl." if needed else ""
    ring = "Via het algemene nummer van de gemeente na te bellen." if needed else ""
    mail = {"widget": forms.EmailInput(autocomplete="off"), "validator": forms.email_address}
    return forms.Schema(
        line_field(120, "Naam", "naam", **more),
        line_field(120, "Functie", "functie", **more),
        line_field(200, "E-mailadres", "email", box, **mail, **more),
        _phone("Telefoon", "telefoon", ring, **more),
        title=title,
        description=description,
    )


class AgreementSchema(forms.Schema):
    """The form to record an agreement that was made by telephone."""

    functionaris = _person("De functionaris die de meldingen ontvangt", needed=True)
    vervanger = _person(
        "Vervanger",
        needed=False,
        description="Verplicht als het adres hierboven van één persoon is. Krijgt bericht als een"
        " melding na twee werkdagen niet is opgehaald.",
    )
    spoed = _phone("Nummer bij spoed", "spoed", "Bij spoed bellen wij altijd.", missing="")
    wil = forms.field(
        forms.OneOf(WANTS, radio=True),
        "Wil de functionaris de meldingen ontvangen, en zorgt die dat ze worden opgepakt?",
        description="Zolang dat niet bekend is, gaat er niets heen. Wil de gemeente niet, leg dan"
        " een weigering vast.",
    )
    mag_van = line_field(
        200,
        "Wie vindt dit goed namens de gemeente",
        "mag_van",
        "Naam en functie, bijvoorbeeld van de leidinggevende. Nodig zodra de functionaris ja zegt.",
        missing="",
    )
    mag_sinds = forms.field(forms.Date(), "Wanneer was dat", validator=forms.in_past, missing=None)
    kanaal = forms.field(forms.OneOf(CHANNELS, radio=True), "Hoe gaat een melding erheen")
    per_dag = forms.field(
        forms.Flag(),
        "Eén bericht per werkdag in plaats van één per melding; spoed gaat altijd meteen en wij"
        " bellen",
        missing=False,
    )
    certificaat = forms.field(
        forms.Text(20_000, lines=True),
        "Certificaat voor versleutelde mail",
        description="Alleen bij S/MIME: het certificaat van de ontvanger, in PEM.",
        missing=None,
        validator=pem_certificate,
    )
    afgesproken_op = forms.field(
        forms.Date(), "Telefonisch afgesproken op", validator=forms.in_past
    )
    geldig_tot = forms.field(forms.Date(), "Geldig tot en met", validator=forms.not_before_today)


class RefusalSchema(forms.Schema):
    """The form to record that a municipality wants no reports."""

    reden = forms.field(forms.Text(1000, lines=True), "Waarom niet", validator=forms.at_least(5))
    afgesproken_op = forms.field(forms.Date(), "Besproken op", validator=forms.in_past)


def plan_of(values: dict[str, Any]) -> Plan:
    """Return the values of the form as the terms of an agreement.

    Raises:
        FormError: answers don't fit each other.
    """
    official, deputy = _official(values["functionaris"]), values["vervanger"]
    given = [name for name in ("naam", "functie", "email", "telefoon") if deputy[name]]
    if 0 < len(given) < 4:
        raise FormError("Vul alles van de vervanger in, of niets.", "vervanger.naam")
    if not given and not is_role_address(official.email):
        raise FormError(
            "Dit adres is van één persoon. Noem een vervanger, of kies het adres van een functie.",
            "functionaris.email",
        )
    wants = values["wil"] == YES
    for name in ("mag_van", "mag_sinds"):
        if wants and not values[name]:
            raise FormError("Vul in wie dit namens de gemeente goedvindt, en sinds wanneer.", name)
    if values["kanaal"] == "smime" and not values["certificaat"]:
        raise FormError("Bij versleutelde mail hoort een certificaat.", "certificaat")
    until: date = values["geldig_tot"]
    if (until - values["afgesproken_op"]).days > 731:
        raise FormError("Kies een datum binnen twee jaar: bel daarna opnieuw.", "geldig_tot")
    return Plan(
        official=official,
        deputy=_official(deputy) if given else None,
        wants=wants,
        authorised_by=values["mag_van"],
        authorised_on=values["mag_sinds"],
        channel=values["kanaal"],
        certificate=values["certificaat"],
        agreed_on=values["afgesproken_op"],
        valid_until=until,
        urgent_phone=values["spoed"],
        digest=values["per_dag"],
    )


def _official(values: dict[str, str]) -> Official:
    return Official(values["naam"], values["functie"], values["email"], values["telefoon"])
