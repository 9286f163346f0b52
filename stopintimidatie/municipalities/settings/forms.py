"""The forms of the settings. What a part may hold is decided here, for every way in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, Final

import colander

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Schema, field
from stopintimidatie.core.web.theme import TEXT_MINIMUM, WHITE, darkened_for, parse_colour, ratio
from stopintimidatie.municipalities.areas.names import slugify
from stopintimidatie.municipalities.settings.pages import (
    add_moment,
    direction,
    typed_words,
    used_in,
    words_of,
)
from stopintimidatie.municipalities.settings.rules import BLANKS, unknown_blanks
from stopintimidatie.municipalities.settings.services import LARGEST_UPLOAD
from stopintimidatie.municipalities.settings.vocabulary import (
    LONGEST_ANSWER,
    MOST_CHOICES,
    MOST_QUESTIONS,
    USES,
    Choices,
    Kind,
    Question,
)
from stopintimidatie.municipalities.settings.words import EMERGENCY

Pairs = Sequence[tuple[str, str]]
LONGEST_TEXT: Final = 3_000
LONGEST_LET_OP: Final = 1_000
MOST_PERIODS: Final = 3
_PHONE: Final = re.compile(r"\+?[0-9][0-9 ()-]{1,18}[0-9]", re.ASCII)


def phone_number(node: Any, value: str) -> None:
    """Check that it can be rung; short numbers (112, 14 078) are numbers too."""
    if not _PHONE.fullmatch(value):
        raise colander.Invalid(node, "Vul een telefoonnummer in, zoals 14 078 of 0800-0432.")


def known_blanks(node: Any, value: str) -> None:
    """Refuse blanks that can't be filled in."""
    wrong = unknown_blanks(value)
    if wrong:
        names = ", ".join(f"{{{name}}}" for name in BLANKS)
        raise colander.Invalid(
            node, f"{{{wrong[0]}}} kunnen wij niet invullen. U kunt kiezen uit: {names}."
        )


def _text(
    title: str, name: str, limit: int, *, rows: int = 0, language: str = "nl", **kw: Any
) -> Any:
    """Make a text field of at most so many characters, with known blanks only."""
    typ = forms.Text(limit, lines=rows > 0)
    if rows:
        kw["widget"] = forms.TextArea(rows=rows, attributes=direction(language))
    return field(typ, title, name=name, validator=known_blanks, **kw)


def add_words(schema: Any, title: str, name: str, limit: int, languages: Pairs) -> None:
    """Add a field per language besides Dutch, which may stay empty."""
    for code, label in languages:
        titled = f"{title} ({label})"
        widget = forms.TextInput(attributes=direction(code))
        node = field(forms.Text(limit), titled, name=f"{name}_{code}", missing=None, widget=widget)
        schema.add(node)


def answer_schema(language: str) -> Any:
    """Return the form of one answer, in one language, for one form of harassment."""
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


def let_op_schema(languages: Pairs) -> Any:
    """Return the form of the LET OP text per language, and its term."""
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


def help_line_schema(ages: Pairs, happened: Pairs, languages: Pairs) -> Any:
    """Return the form of somebody to ring, for whom, and after what; named in these languages."""
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
    """Check that white letters are read well on this colour."""
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
    """Return the form of logo and colour."""
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
    """Return the form of the promise of contact, and where the municipality can be rung."""
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
    """Return the form of the periods in which boas may enforce, the last perhaps without an end."""
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
    """Return the periods that were filled in, in order of time."""
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


# A question as a field of a form, and what was answered

YES_NO: Final = (("ja", "ja"), ("nee", "nee"))


def question_field(question: Question, language: str = "nl") -> Any:
    """Make the field of a question; none of a municipality's own is obligatory.

    :param language: where the municipality gave no words in it, they are Dutch.
    """
    kind, missing = _kind(question, language)
    return field(
        kind,
        question.words.get(language) or question.words["nl"],
        description=question.help.get(language) or question.help.get("nl", ""),
        name=question.id,
        missing=missing,
    )


def answer_given(question: Question, value: Any) -> Any:
    """Return what the field gave, as it is kept; None when nothing was answered."""
    if value in (None, (), []):
        return None
    return value == "ja" if question.kind is Kind.YES_NO else value


def _kind(question: Question, language: str) -> tuple[Any, Any]:
    choices = [(code, label.get(language) or label["nl"]) for code, label in question.choices]
    match question.kind:
        case Kind.CHOICE:
            return forms.OneOf(choices, radio=True), None
        case Kind.SEVERAL:
            return forms.ManyOf(choices), ()
        case Kind.YES_NO:
            return forms.OneOf(YES_NO, radio=True), None
    return forms.Text(LONGEST_ANSWER, lines=True), None


# The form of a question

LONGEST_WORDS: Final = 200
LONGEST_LABEL: Final = 80
BETWEEN: Final = "|"
_CODED: Final = re.compile(r"(de|fr|tr|ar|pl|uk|es|pap|en):\s*(.+)")


def question_schema(languages: Choices) -> Any:
    """Return the form of a question: words in these languages, kind, choices, place."""
    schema = Schema()
    schema.add(
        field(forms.OneOf(USES.items(), radio=True), "Waar stelt u de vraag?", name="gebruik")
    )
    schema.add(field(forms.Text(LONGEST_WORDS), "Vraag", name="vraag"))
    add_words(schema, "Vraag", "vraag", LONGEST_WORDS, languages)
    schema.add(field(forms.Text(LONGEST_WORDS), "Uitleg", name="uitleg", missing=None))
    add_words(schema, "Uitleg", "uitleg", LONGEST_WORDS, languages)
    kinds = [(kind.value, kind.label) for kind in Kind]
    schema.add(field(forms.OneOf(kinds, radio=True), "Soort antwoord", name="soort"))
    schema.add(
        field(
            forms.Text(4_000, lines=True),
            "Keuzes",
            description="Bij één of meer keuzes: elke keuze op een eigen regel. Engels schrijft u"
            f" erachter, na een {BETWEEN}; een andere taal met haar code ervoor. Bijvoorbeeld: Op"
            f" straat {BETWEEN} In the street {BETWEEN} tr: Sokakta",
            name="keuzes",
            missing=None,
            widget=forms.TextArea(rows=6),
        )
    )
    schema.add(field(forms.Integer(1, MOST_QUESTIONS), "Plaats in de lijst", name="plaats"))
    add_moment(schema)
    schema.validator = _choices_fit
    return schema


def _choices_fit(node: Any, values: Mapping[str, Any]) -> None:
    """Check for choices where the kind asks for them, each different and not too long."""
    choices = choices_of(values["keuzes"])
    labels = [label for choice in choices for label in choice["label"].values()]
    problem = None
    if values["soort"] not in (Kind.CHOICE, Kind.SEVERAL):
        problem = "Haal de keuzes weg: bij dit soort antwoord zijn ze er niet." if choices else None
    elif len(choices) < 2:
        problem = "Schrijf ten minste twee keuzes op, elk op een eigen regel."
    elif len(choices) > MOST_CHOICES:
        problem = f"Schrijf hoogstens {MOST_CHOICES} keuzes op."
    elif len({choice["code"] for choice in choices}) < len(choices):
        problem = "Twee keuzes zijn hetzelfde. Maak ze verschillend."
    elif any(len(label) > LONGEST_LABEL for label in labels):
        problem = f"Maak elke keuze hoogstens {LONGEST_LABEL} tekens lang."
    if problem:
        error = colander.Invalid(node)
        error["keuzes"] = problem
        raise error


def choices_of(text: str | None) -> list[dict[str, Any]]:
    """Read one choice a line: its code follows from its Dutch words."""
    found: list[dict[str, Any]] = []
    for line in (text or "").splitlines():
        dutch, *others = (part.strip() for part in line.split(BETWEEN))
        if dutch:
            label = {"nl": dutch, **dict(_in_another(part) for part in others if part)}
            code = slugify(dutch).replace("-", "_")[:60] or f"keuze_{len(found) + 1}"
            found.append({"code": code, "label": label})
    return found


def _in_another(part: str) -> tuple[str, str]:
    """Read language and words: `tr: Sokakta`; without a code it is English."""
    found = _CODED.fullmatch(part)
    return (found.group(1), found.group(2)) if found else ("en", part)


def content_of_question(values: Mapping[str, Any], languages: Choices) -> dict[str, Any]:
    """Return the question as it is stored."""
    return {
        "gebruik": values["gebruik"],
        "soort": values["soort"],
        "vraag": words_of(values, "vraag", languages),
        "uitleg": words_of(values, "uitleg", languages),
        "keuzes": choices_of(values["keuzes"]),
    }


def languages_of(question: Question | None) -> Sequence[str]:
    """Return the languages that a question has words in."""
    return used_in(question.words, question.help) if question else ()


def question_values(question: Question, languages: Choices) -> dict[str, Any]:
    """Return the values of the form for a question that is there already."""
    lines = [f" {BETWEEN} ".join(_said_in(label)) for _, label in question.choices]
    return {
        "gebruik": question.use,
        **typed_words("vraag", question.words, languages),
        **typed_words("uitleg", question.help, languages),
        "soort": question.kind.value,
        "keuzes": "\n".join(lines) or None,
    }


def _said_in(label: Mapping[str, str]) -> Iterable[str]:
    """Yield a choice as it is typed: Dutch, English, then the others with their code."""
    yield label["nl"]
    if label.get("en"):
        yield label["en"]
    yield from (f"{code}: {words}" for code, words in label.items() if code not in ("nl", "en"))
