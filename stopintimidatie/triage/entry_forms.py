"""The form for a report by telephone, at the counter or from a partner: one page, plain fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final

import colander

from stopintimidatie.reports import vocabulary as words
from stopintimidatie.reports.vocabulary import Source, Term
from stopintimidatie.web import forms
from stopintimidatie.web.forms import Schema, field

Choices = Sequence[tuple[str, str]]
SOURCES: Final = tuple(
    (source.value, source.nl) for source in (Source.PHONE, Source.COUNTER, Source.PARTNER)
)
YES_NO: Final = (("ja", "ja"), ("nee", "liever niet"))
ADDRESS: Final = ("straat", "huisnummer", "postcode", "woonplaats")
# Where a fault in the message stands on this form; by the longest beginning of its path.
PLACES: Final[Mapping[tuple[str, ...], str]] = {
    ("hoedanigheid",): "binnen.hoedanigheid",
    ("melder",): "melder.leeftijdsgroep",
    ("melder", "telefoon"): "contact.telefoon",
    ("melder", "email"): "contact.email",
    ("melder", "naam"): "contact.naam",
    ("contactGewenst",): "contact.contactGewenst",
    ("contactWanneer",): "contact.contactWanneer",
    ("incidentVan",): "wanneer.incidentVan",
    ("locatie",): "plek.omschrijving",
    ("locatie", "lat"): "plek.lat",
    ("locatie", "lon"): "plek.lon",
    ("locatie", "adres"): "plek.straat",
    ("vormen",): "wat.vormen",
    ("omschrijving",): "wat.omschrijving",
    ("plegers",): "plegers.aantal",
    ("plegers", "signalement"): "plegers.signalement",
}


def entry_schema(neighbourhoods: Choices) -> Any:
    """What is asked of somebody who tells it to an officer."""
    schema = Schema()
    for part in (
        _how(),
        _what(),
        _when(),
        _where(neighbourhoods),
        _offenders(),
        _reporter(),
        _contact(),
    ):
        schema.add(part)
    schema.add(field(forms.Text(36), "Invoer", widget=forms.Hidden(), name="invoer"))
    return schema


def _part(name: str, title: str, *nodes: Any) -> Any:
    part = Schema(title=title, name=name)
    for node in nodes:
        part.add(node)
    return part


def _one(vocabulary: type[Term], title: str, name: str, **kw: Any) -> Any:
    """One of a vocabulary; not required unless said so."""
    kind = forms.OneOf(vocabulary.choices(), radio=kw.pop("radio", False))
    if not kw.pop("required", False):
        kw["missing"] = None
    return field(kind, title, name=name, **kw)


def _text(limit: int, title: str, name: str, *, lines: bool = False, **kw: Any) -> Any:
    return field(forms.Text(limit, lines=lines), title, name=name, missing=None, **kw)


def _how() -> Any:
    return _part(
        "binnen",
        "Hoe kwam de melding binnen?",
        field(forms.OneOf(SOURCES, radio=True), "Via", name="bron"),
        _one(
            words.Role,
            "Wie vertelt het?",
            "hoedanigheid",
            required=True,
            radio=True,
        ),
    )


def _what() -> Any:
    return _part(
        "wat",
        "Wat gebeurde er?",
        field(forms.ManyOf(words.Form.choices()), "Vormen", name="vormen"),
        _text(
            5000,
            "Wat er gebeurde, in de woorden van de melder",
            "omschrijving",
            lines=True,
            description="Geen namen en geen kentekens van anderen.",
        ),
        _one(words.FeltSafety, "Hoe voelde het?", "ernstGevoel"),
        field(
            forms.ManyOf(words.BehaviourChange.choices()),
            "Wat doet de melder nu anders?",
            name="gevolgGedrag",
            missing=(),
        ),
        _one(words.Recurrence, "Gebeurt het vaker?", "herhaling"),
        _one(words.Bystanders, "Waren er omstanders?", "omstanders"),
    )


def _when() -> Any:
    return _part(
        "wanneer",
        "Wanneer was het?",
        field(
            forms.Moment(),
            "Datum en tijd",
            name="incidentVan",
            validator=forms.in_past,
            description="Weet de melder de tijd niet precies? Kies ongeveer.",
        ),
        _one(words.TimePrecision, "Hoe precies is dat?", "tijdNauwkeurigheid"),
        _one(words.PartOfDay, "Dagdeel", "dagdeel"),
    )


def _where(neighbourhoods: Choices) -> Any:
    part = _part(
        "plek",
        "Waar was het?",
        field(forms.OneOf(neighbourhoods), "Wijk", name="wijk", missing=None),
        _one(words.PlaceType, "Soort plek", "typePlek", required=True),
        _text(100, "Straat", "straat"),
        _text(100, "Huisnummer", "huisnummer", widget=forms.TextInput(width="short")),
        _text(100, "Postcode", "postcode", widget=forms.TextInput(width="short")),
        _text(100, "Woonplaats", "woonplaats"),
        _text(500, "De plek in woorden", "omschrijving", description="Bijvoorbeeld: de bushalte."),
        field(
            forms.Decimal(-90, 90),
            "Breedtegraad",
            name="lat",
            missing=None,
            description="Alleen als u een punt op de kaart hebt. Bijvoorbeeld 51,81.",
        ),
        field(forms.Decimal(-180, 180), "Lengtegraad", name="lon", missing=None),
    )
    part.validator = _somewhere
    return part


def _somewhere(node: Any, place: dict[str, Any]) -> None:
    error = colander.Invalid(node)
    for one, other in (("lat", "lon"), ("lon", "lat")):
        if place[one] is not None and place[other] is None:
            error[other] = "Vul breedtegraad en lengtegraad allebei in, of geen van beide."
    known = [name for name in ("wijk", "omschrijving", "lat", *ADDRESS) if place[name] is not None]
    if not known:
        error["wijk"] = "Kies een wijk, of schrijf hieronder een adres of de plek in woorden."
    if error.children:
        raise error


def _offenders() -> Any:
    return _part(
        "plegers",
        "Wie deed het?",
        _one(words.OffenderCount, "Met hoeveel waren zij?", "aantal"),
        _one(words.OffenderKnown, "Kent de melder hen?", "bekend"),
        _one(words.OffenderAge, "Geschatte leeftijd", "leeftijdGeschat"),
        _one(words.OffenderGender, "Gender, zoals gezien", "genderWaargenomen"),
        _one(words.Transport, "Vervoermiddel", "vervoermiddel"),
        _text(
            1000,
            "Signalement",
            "signalement",
            lines=True,
            description="Alleen kleding, vervoermiddel en route. Geen naam en geen afkomst.",
            widget=forms.TextArea(rows=3),
        ),
    )


def _reporter() -> Any:
    return _part(
        "melder",
        "Over de melder",
        _one(words.AgeGroup, "Leeftijd", "leeftijdsgroep"),
        _one(words.Gender, "Gender", "gender"),
        _one(words.Police, "Weet de politie het?", "politie"),
    )


def _contact() -> Any:
    sharing = forms.OneOf(YES_NO, radio=True)
    part = _part(
        "contact",
        "Contact en delen",
        _one(
            words.ContactWish,
            "Wil de melder contact?",
            "contactGewenst",
            required=True,
            radio=True,
        ),
        _text(
            200,
            "Naam",
            "naam",
            description="Wil de melder anoniem blijven? Laat naam, telefoon en e-mail dan leeg.",
        ),
        _text(30, "Telefoon", "telefoon", widget=forms.TelInput(autocomplete="off")),
        _text(
            254,
            "E-mail",
            "email",
            widget=forms.EmailInput(autocomplete="off"),
            validator=forms.email_address,
        ),
        _text(200, "Wanneer mag u bellen?", "contactWanneer"),
        field(forms.Flag(), "De melder wil hulp", name="hulpGewenst"),
        field(sharing, "Mag het gedeeld worden met de politie?", name="politie"),
        field(sharing, "Mag het gedeeld worden met partners?", name="ketenpartners"),
    )
    part.validator = _reachable
    return part


def _reachable(node: Any, contact: dict[str, Any]) -> None:
    error = colander.Invalid(node)
    if contact["contactGewenst"] == words.ContactWish.CALL and not contact["telefoon"]:
        error["telefoon"] = "Vul het telefoonnummer in, want de melder wil gebeld worden."
    if contact["contactGewenst"] == words.ContactWish.MAIL and not contact["email"]:
        error["email"] = "Vul het e-mailadres in, want de melder wil een mail."
    if error.children:
        raise error


def message_of(values: Mapping[str, Any], neighbourhood: str | None) -> dict[str, Any]:
    """The form as the message that the app would have sent, to be checked by the same rules.

    :param neighbourhood: name of the chosen wijk: the place in words when nothing else is known.
    """
    contact, reporter = values["contact"], values["melder"]
    given = {name: contact[name] for name in ("naam", "telefoon", "email") if contact[name]}
    about = {name: reporter[name] for name in ("leeftijdsgroep", "gender")}
    when = values["wanneer"]
    message = {
        "hoedanigheid": values["binnen"]["hoedanigheid"],
        "anoniem": not given,
        **values["wat"],
        **when,
        "incidentVan": when["incidentVan"].astimezone(UTC).isoformat(),
        "typePlek": values["plek"]["typePlek"],
        "locatie": _location(values["plek"], neighbourhood),
        "plegers": _filled(values["plegers"]),
        "melder": _filled({**about, **given}),
        "politie": reporter["politie"],
        "contactGewenst": contact["contactGewenst"],
        "contactWanneer": contact["contactWanneer"],
        "hulpGewenst": contact["hulpGewenst"],
        "deelvoorkeur": {
            "politie": contact["politie"] == "ja",
            "ketenpartners": contact["ketenpartners"] == "ja",
        },
    }
    return _filled(message)


def _location(place: Mapping[str, Any], neighbourhood: str | None) -> dict[str, Any]:
    address = _filled({name: place[name] for name in ADDRESS})
    location = _filled({name: place[name] for name in ("lat", "lon", "omschrijving")})
    if address:
        location["adres"] = address
    if not location and neighbourhood is not None:
        location["omschrijving"] = f"In de wijk {neighbourhood}"
    return location


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in values.items() if value not in (None, "", {})}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in kept.items()}


def place_of(path: Sequence[str | int]) -> str | None:
    """The field of this form where a fault in the message belongs."""
    names = tuple(str(part) for part in path)
    for length in range(len(names), 0, -1):
        if names[:length] in PLACES:
            return PLACES[names[:length]]
    return None
