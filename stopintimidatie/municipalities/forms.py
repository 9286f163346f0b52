"""The forms of the settings. What a part may hold is decided here, for every way in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, Final

import colander

from stopintimidatie.municipalities.default_texts import EMERGENCY
from stopintimidatie.municipalities.editing import add_moment
from stopintimidatie.municipalities.languages import direction
from stopintimidatie.municipalities.logos import LARGEST_UPLOAD
from stopintimidatie.municipalities.words import BLANKS, unknown_blanks
from stopintimidatie.web import forms
from stopintimidatie.web.contrast import (
    TEXT_MINIMUM,
    WHITE,
    darkened_for,
    parse_colour,
    ratio,
)
from stopintimidatie.web.forms import Schema, field

Choices = Sequence[tuple[str, str]]
LONGEST_TEXT: Final = 3_000
LONGEST_LET_OP: Final = 1_000
MOST_PERIODS: Final = 3
_PHONE: Final = re.compile(r"\+?[0-9][0-9 ()-]{1,18}[0-9]", re.ASCII)


def phone_number(node: Any, value: str) -> None:
    """Short numbers (112, 14 078) are numbers too."""
    if not _PHONE.fullmatch(value):
        raise colander.Invalid(node, "Vul een telefoonnummer in, zoals 14 078 of 0800-0432.")


def known_blanks(node: Any, value: str) -> None:
    """Only blanks that can be filled in."""
    wrong = unknown_blanks(value)
    if wrong:
        names = ", ".join(f"{{{name}}}" for name in BLANKS)
        raise colander.Invalid(
            node, f"{{{wrong[0]}}} kunnen wij niet invullen. U kunt kiezen uit: {names}."
        )


def _text(
    title: str, name: str, limit: int, *, rows: int = 0, language: str = "nl", **kw: Any
) -> Any:
    """A text of at most so many characters, with known blanks only."""
    typ = forms.Text(limit, lines=rows > 0)
    if rows:
        kw["widget"] = forms.TextArea(rows=rows, attributes=direction(language))
    return field(typ, title, name=name, validator=known_blanks, **kw)


def add_words(schema: Any, title: str, name: str, limit: int, languages: Choices) -> None:
    """A field per language besides Dutch, which may stay empty."""
    for code, label in languages:
        titled = f"{title} ({label})"
        widget = forms.TextInput(attributes=direction(code))
        node = field(forms.Text(limit), titled, name=f"{name}_{code}", missing=None, widget=widget)
        schema.add(node)


def answer_schema(language: str) -> Any:
    """One answer, in one language, for one form."""
    schema = Schema()
    title = forms.TextInput(attributes=direction(language))
    schema.add(_text("Titel", "titel", 120, widget=title))
    blanks = ", ".join(f"{{{name}}} ({meaning})" for name, meaning in BLANKS.items())
    schema.add(
        _text(
            "Tekst",
            "tekst",
            LONGEST_TEXT,
            rows=14,
            language=language,
            description="Een lege regel begint een nieuwe alinea. Wij vullen in: " + blanks + ".",
        )
    )
    add_moment(schema)
    return schema


def let_op_schema(languages: Choices) -> Any:
    """The LET OP text per language, and its term."""
    schema = Schema()
    for code, label in languages:
        schema.add(
            _text(
                f"Tekst ({label})",
                f"tekst_{code}",
                LONGEST_LET_OP,
                rows=5,
                language=code,
                missing=None,
                description="Leeg: de landelijke tekst. Wij voegen zelf de laatste dag van de"
                " termijn, het telefoonnummer en het kenmerk toe."
                if code == "nl"
                else "",
            )
        )
    schema.add(
        field(
            forms.Integer(1, 60),
            "Termijn in werkdagen",
            description="Daarna leest de melder: neem zelf contact op met de gemeente. Weekenden en"
            " feestdagen tellen niet mee.",
            name="werkdagen",
        )
    )
    add_moment(schema)
    return schema


def help_line_schema(ages: Choices, happened: Choices, languages: Choices) -> Any:
    """Somebody to ring, for whom, and after what; named in Dutch and in these languages."""
    schema = Schema()
    schema.add(field(forms.Text(80), "Naam", name="naam"))
    add_words(schema, "Naam", "naam", 80, languages)
    schema.add(
        field(
            forms.Text(20),
            "Telefoonnummer",
            name="telefoon",
            widget=forms.TelInput(),
            validator=colander.All(phone_number, _not_the_emergency),
        )
    )
    schema.add(field(forms.Text(200), "Waarvoor", name="uitleg", missing=None))
    add_words(schema, "Waarvoor", "uitleg", 200, languages)
    words = "Kruis niets aan als het voor iedereen is."
    schema.add(
        field(forms.ManyOf(ages), "Leeftijd", name="leeftijden", missing=(), description=words)
    )
    schema.add(
        field(
            forms.ManyOf(happened),
            "Na wat er gebeurde",
            name="vormen",
            missing=(),
            description="Kruis niets aan als het bij elke melding hoort.",
        )
    )
    schema.add(field(forms.Integer(1, 20), "Plaats in de lijst", name="plaats"))
    add_moment(schema)
    return schema


def _not_the_emergency(node: Any, value: str) -> None:
    if value.replace(" ", "") == EMERGENCY["telefoon"]:
        raise colander.Invalid(node, "112 staat altijd al bovenaan. Voeg een ander nummer toe.")


def readable_colour(node: Any, value: str) -> None:
    """A colour on which white letters are read well."""
    try:
        colour = parse_colour(value).hex
    except ValueError:
        raise colander.Invalid(
            node, "Schrijf de kleur als # met zes tekens, zoals #154273."
        ) from None
    found = ratio(colour, WHITE)
    if found < TEXT_MINIMUM:
        better = darkened_for(colour, WHITE)
        shown = f"{found:.1f}".replace(".", ",")
        raise colander.Invalid(
            node,
            f"Witte letters zijn op {value} niet goed te lezen: het contrast is {shown}, en 4,5 is"
            f" nodig. {better} is bijna dezelfde kleur en kan wel.",
        )


def look_schema(*, has_logo: bool) -> Any:
    """Logo and colour."""
    schema = Schema()
    schema.add(
        field(
            forms.Text(7),
            "Kleur",
            description="Uw huiskleur, als # met zes tekens. Wij kijken na of de letters goed te"
            " lezen zijn.",
            name="kleur",
            validator=readable_colour,
        )
    )
    schema.add(
        field(
            forms.Upload(LARGEST_UPLOAD),
            "Logo",
            description="SVG of PNG, hoogstens 1 MB. Liefst breder dan hoog en leesbaar op wit.",
            name="logo",
            missing=None,
            widget=forms.FileInput(accept=".svg,.png,image/svg+xml,image/png"),
        )
    )
    if has_logo:
        schema.add(field(forms.Flag(), "Haal het logo weg", name="logo_weg"))
    hidden = forms.Hidden()
    schema.add(field(forms.Text(64), "Gekozen logo", widget=hidden, name="gekozen", missing=None))
    add_moment(schema)
    return schema


def contact_schema() -> Any:
    """The promise of contact, and where the municipality can be rung."""
    schema = Schema()
    schema.add(
        field(
            forms.Integer(1, 30),
            "Binnen hoeveel dagen is er contact?",
            description="Wil de melder contact, dan is dit de uiterste dag in het postvak. In uw"
            " tekst staat het getal bij {dagen}.",
            name="dagen",
        )
    )
    schema.add(
        field(
            forms.Text(20),
            "Telefoonnummer van de gemeente",
            name="telefoon",
            missing=None,
            widget=forms.TelInput(),
            validator=phone_number,
        )
    )
    add_moment(schema)
    return schema


def officers_schema() -> Any:
    """When boas may enforce: some periods, the last perhaps without an end."""
    schema = Schema()
    for number in range(1, MOST_PERIODS + 1):
        part = Schema(title=f"Periode {number}", name=f"periode{number}")
        part.add(field(forms.Date(), "Vanaf", name="van", missing=None))
        part.add(field(forms.Date(), "Tot en met", name="tot", missing=None))
        part.validator = _begins_before_it_ends
        schema.add(part)
    schema.validator = _apart
    add_moment(schema)
    return schema


def _begins_before_it_ends(node: Any, values: Mapping[str, date | None]) -> None:
    start, end = values["van"], values["tot"]
    if end is not None and (start is None or end < start):
        error = colander.Invalid(node)
        name = "van" if start is None else "tot"
        error[name] = "Vul de eerste dag in." if start is None else "Dit ligt voor de eerste dag."
        raise error


def periods_of(values: Mapping[str, Any]) -> list[dict[str, str | None]]:
    """The periods that were filled in, in order of time."""
    given = [values[f"periode{number}"] for number in range(1, MOST_PERIODS + 1)]
    return sorted(
        (
            {"van": p["van"].isoformat(), "tot": p["tot"].isoformat() if p["tot"] else None}
            for p in given
            if p["van"] is not None
        ),
        key=lambda period: str(period["van"]),
    )


def _apart(node: Any, values: Mapping[str, Any]) -> None:
    periods = periods_of(values)
    for earlier, later in pairwise(periods):
        if earlier["tot"] is None or str(later["van"]) <= str(earlier["tot"]):
            raise colander.Invalid(node, "De perioden overlappen. Laat ze op elkaar volgen.")
