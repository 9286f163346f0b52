"""Forms of the settings. They alone check the content of a part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, Final

import colander

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Schema, field
from stopintimidatie.core.text import file_size, number
from stopintimidatie.core.web.limits import LOGO_UPLOAD
from stopintimidatie.core.web.theme import TEXT_MINIMUM, WHITE, darkened_for, parse_colour, ratio
from stopintimidatie.municipalities.areas.names import slugify
from stopintimidatie.municipalities.settings.pages import (
    direction,
    moment_fields,
    typed_words,
    words_of,
)
from stopintimidatie.municipalities.settings.rules import BLANKS, unknown_blanks
from stopintimidatie.municipalities.settings.standard import EMERGENCY, reply_blanks
from stopintimidatie.municipalities.settings.vocabulary import (
    MOST_CHOICES,
    MOST_QUESTIONS,
    USES,
    Choices,
    Kind,
    Question,
    answer_type,
)

Pairs = Sequence[tuple[str, str]]
LONGEST_TEXT: Final = 3_000
LONGEST_LET_OP: Final = 1_000
LONGEST_REPLY: Final = 2_000
MOST_PERIODS: Final = 3
_PHONE: Final = re.compile(r"\+?[0-9][0-9 ()-]{1,18}[0-9]", re.ASCII)


def phone_number(node: Any, value: str) -> None:
    """Check that a value is a telephone number; short ones (112, 14 078) count too."""
    if not _PHONE.fullmatch(value):
        raise colander.Invalid(node, "Vul een telefoonnummer in, zoals 14 078 of 0800-0432.")


def check_blanks(node: Any, value: str, known: Iterable[str] = BLANKS) -> None:
    """Check that all blanks of a text are among those known."""
    wrong = unknown_blanks(value, known)
    if wrong:
        names = ", ".join(f"{{{name}}}" for name in known)
        raise colander.Invalid(
            node, f"{{{wrong[0]}}} kunnen wij niet invullen. U kunt kiezen uit: {names}."
        )


def _text(
    title: str, name: str, limit: int, *, rows: int = 0, language: str = "nl", **kw: Any
) -> Any:
    """Return a text field of at most so many characters, with known blanks only."""
    typ = forms.Text(limit, lines=rows > 0)
    if rows:
        kw["widget"] = forms.TextArea(rows=rows, attributes=direction(language))
    return field(typ, title, name=name, validator=check_blanks, **kw)


def _in_languages(title: str, name: str, limit: int, languages: Pairs) -> Iterable[Any]:
    """Yield a text field that may stay empty for each language besides Dutch."""
    for code, label in languages:
        yield field(
            forms.Text(limit),
            f"{title} ({label})",
            name=f"{name}_{code}",
            missing=None,
            widget=forms.TextInput(attributes=direction(code)),
        )


def answer_schema(language: str) -> Any:
    """Return the form of one answer, in one language, for one form of harassment."""
    blanks = ", ".join(f"{{{name}}} ({meaning})" for name, meaning in BLANKS.items())
    return Schema(
        _text("Titel", "titel", 120, widget=forms.TextInput(attributes=direction(language))),
        _text(
            "Tekst",
            "tekst",
            LONGEST_TEXT,
            rows=14,
            language=language,
            description="Een lege regel begint een nieuwe alinea. Wij vullen in: " + blanks + ".",
        ),
        *moment_fields(),
    )


def reply_schema(kind: str, languages: Pairs) -> Any:
    """Return the form of a reply of this kind: its title, and its text in these languages."""
    blanks = reply_blanks(kind)
    about = ", ".join(f"{{{name}}} ({meaning})" for name, meaning in blanks.items())
    title = field(
        forms.Text(LONGEST_LABEL),
        "Titel",
        description="Alleen uw collega's zien de titel, als zij een sjabloon kiezen.",
        name="titel",
    )
    schema = Schema(title)
    for code, label in [("nl", ""), *languages]:
        text = field(
            forms.Text(LONGEST_REPLY, lines=True),
            f"Tekst ({label})" if label else "Tekst",
            name=f"tekst_{code}" if label else "tekst",
            validator=lambda node, value: check_blanks(node, value, blanks),
            widget=forms.TextArea(rows=10, attributes=direction(code)),
            description="" if label else f"Wij vullen in: {about}.",
            missing=None if label else colander.required,
        )
        schema.add(text)
    for moment in moment_fields():
        schema.add(moment)
    return schema


def let_op_schema(languages: Pairs) -> Any:
    """Return the form of the LET OP text in these languages, and of its term."""
    about = (
        "Leeg: de landelijke tekst. Wij voegen zelf de laatste dag van de termijn, het"
        " telefoonnummer en het kenmerk toe."
    )
    return Schema(
        *(
            _text(
                f"Tekst ({label})",
                f"tekst_{code}",
                LONGEST_LET_OP,
                rows=5,
                language=code,
                missing=None,
                description=about if code == "nl" else "",
            )
            for code, label in languages
        ),
        field(
            forms.Integer(1, 60),
            "Termijn in werkdagen",
            description="Daarna leest de melder: neem zelf contact op met de gemeente. Weekenden en"
            " feestdagen tellen niet mee.",
            name="werkdagen",
        ),
        *moment_fields(),
    )


def help_line_schema(ages: Pairs, happened: Pairs, languages: Pairs) -> Any:
    """Return the form of a help line: its number, and for which ages and forms it is."""
    return Schema(
        field(forms.Text(80), "Naam", name="naam"),
        *_in_languages("Naam", "naam", 80, languages),
        field(
            forms.Text(20),
            "Telefoonnummer",
            name="telefoon",
            widget=forms.TelInput(),
            validator=colander.All(phone_number, _not_the_emergency),
        ),
        field(forms.Text(200), "Waarvoor", name="uitleg", missing=None),
        *_in_languages("Waarvoor", "uitleg", 200, languages),
        field(
            forms.ManyOf(ages),
            "Leeftijd",
            name="leeftijden",
            missing=(),
            description="Kruis niets aan als het voor iedereen is.",
        ),
        field(
            forms.ManyOf(happened),
            "Na wat er gebeurde",
            name="vormen",
            missing=(),
            description="Kruis niets aan als het bij elke melding hoort.",
        ),
        field(forms.Integer(1, 20), "Plaats in de lijst", name="plaats"),
        *moment_fields(),
    )


def _not_the_emergency(node: Any, value: str) -> None:
    """Refuse 112, which is in every list already."""
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
    contrast = ratio(colour, WHITE)
    if contrast < TEXT_MINIMUM:
        better = darkened_for(colour, WHITE)
        raise colander.Invalid(
            node,
            f"Witte letters zijn op {value} niet goed te lezen: het contrast is"
            f" {number(contrast, 1)}, nodig is 4,5. {better} is bijna dezelfde kleur en kan wel.",
        )


def look_schema(*, has_logo: bool) -> Any:
    """Return the form of logo and colour."""
    remove = [field(forms.Flag(), "Haal het logo weg", name="logo_weg")] if has_logo else []
    return Schema(
        field(
            forms.Text(7),
            "Kleur",
            description="Uw huiskleur, als # met zes tekens. Wij kijken na of de letters goed te"
            " lezen zijn.",
            name="kleur",
            validator=readable_colour,
        ),
        field(
            forms.Upload(LOGO_UPLOAD),
            "Logo",
            description=f"SVG of PNG, hoogstens {file_size(LOGO_UPLOAD)}. Liefst breder dan hoog"
            " en leesbaar op wit.",
            name="logo",
            missing=None,
            widget=forms.FileInput(accept=".svg,.png,image/svg+xml,image/png"),
        ),
        *remove,
        field(forms.Text(64), "Gekozen logo", widget=forms.Hidden(), name="gekozen", missing=None),
        *moment_fields(),
    )


def contact_schema() -> Any:
    """Return the form of the terms of reading and contact, and the municipality's number."""
    return Schema(
        field(
            forms.Integer(1, 10),
            "Binnen hoeveel werkdagen leest iemand een nieuwe melding?",
            description="1 is de eerstvolgende werkdag. Wat later komt, telt op de startpagina als"
            " te laat. Staat er iets anders in uw teksten aan de melder? Pas die dan aan.",
            name="lezen",
        ),
        field(
            forms.Integer(1, 30),
            "Binnen hoeveel dagen is er contact?",
            description="Wil de melder contact, dan is dit de uiterste dag in het postvak. In uw"
            " tekst staat het getal bij {dagen}.",
            name="dagen",
        ),
        field(
            forms.Text(20),
            "Telefoonnummer van de gemeente",
            name="telefoon",
            missing=None,
            widget=forms.TelInput(),
            validator=phone_number,
        ),
        *moment_fields(),
    )


def officers_schema() -> Any:
    """Return the form of the periods in which boas may enforce; the last may have no end."""
    periods = (
        Schema(
            field(forms.Date(), "Vanaf", name="van", missing=None),
            field(forms.Date(), "Tot en met", name="tot", missing=None),
            title=f"Periode {number}",
            name=f"periode{number}",
            validator=_begins_before_it_ends,
        )
        for number in range(1, MOST_PERIODS + 1)
    )
    return Schema(*periods, *moment_fields(), validator=_apart)


def _begins_before_it_ends(node: Any, values: Mapping[str, date | None]) -> None:
    """Refuse a period whose last day lies before the first, or that has no first day."""
    start, end = values["van"], values["tot"]
    if end is not None and (start is None or end < start):
        error = colander.Invalid(node)
        name = "van" if start is None else "tot"
        error[name] = "Vul de eerste dag in." if start is None else "Dit ligt voor de eerste dag."
        raise error


def periods_of(values: Mapping[str, Any]) -> list[dict[str, str | None]]:
    """Return the periods that were filled in, as they are stored, in order of time."""
    given = [values[f"periode{number}"] for number in range(1, MOST_PERIODS + 1)]
    periods = [
        {"van": period["van"].isoformat(), "tot": period["tot"] and period["tot"].isoformat()}
        for period in given
        if period["van"] is not None
    ]
    return sorted(periods, key=lambda period: period["van"])


def _apart(node: Any, values: Mapping[str, Any]) -> None:
    """Refuse periods that overlap."""
    periods = periods_of(values)
    for earlier, later in pairwise(periods):
        if earlier["tot"] is None or str(later["van"]) <= str(earlier["tot"]):
            raise colander.Invalid(node, "De perioden overlappen. Laat ze op elkaar volgen.")


# A question as a field of a form, and what was answered


def question_field(question: Question, language: str = "nl") -> Any:
    """Return the field of a question, which may stay unanswered.

    Words that the municipality didn't give in this language are Dutch.
    """
    return field(
        answer_type(question, language),
        question.words.get(language) or question.words["nl"],
        description=question.help.get(language) or question.help.get("nl", ""),
        name=question.id,
        missing=() if question.kind is Kind.SEVERAL else None,
    )


def answer_given(question: Question, value: Any) -> Any:
    """Return the value of a question's field as it is stored; None when nothing was answered."""
    if value in (None, (), []):
        return None
    return value == "ja" if question.kind is Kind.YES_NO else value


# The form of a question

LONGEST_WORDS: Final = 200
LONGEST_LABEL: Final = 80
BETWEEN: Final = "|"
_CODED: Final = re.compile(r"(de|fr|tr|ar|pl|uk|es|pap|en):\s*(.+)")


def question_schema(languages: Choices) -> Any:
    """Return the form of a question: words in these languages, kind, choices, place."""
    kinds = [(kind.value, kind.label) for kind in Kind]
    return Schema(
        field(forms.OneOf(USES.items(), radio=True), "Waar stelt u de vraag?", name="gebruik"),
        field(forms.Text(LONGEST_WORDS), "Vraag", name="vraag"),
        *_in_languages("Vraag", "vraag", LONGEST_WORDS, languages),
        field(forms.Text(LONGEST_WORDS), "Uitleg", name="uitleg", missing=None),
        *_in_languages("Uitleg", "uitleg", LONGEST_WORDS, languages),
        field(forms.OneOf(kinds, radio=True), "Soort antwoord", name="soort"),
        field(
            forms.Text(4_000, lines=True),
            "Keuzes",
            description="Bij één of meer keuzes: elke keuze op een eigen regel. Engels schrijft u"
            f" erachter, na een {BETWEEN}; een andere taal met haar code ervoor. Bijvoorbeeld: Op"
            f" straat {BETWEEN} In the street {BETWEEN} tr: Sokakta",
            name="keuzes",
            missing=None,
            widget=forms.TextArea(rows=6),
        ),
        field(forms.Integer(1, MOST_QUESTIONS), "Plaats in de lijst", name="plaats"),
        *moment_fields(),
        validator=_choices_fit,
    )


def _choices_fit(node: Any, values: Mapping[str, Any]) -> None:
    """Check that there are choices where the kind needs them, all different and not too long."""
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
    """Return the choices typed one on each line; the code of each follows from its Dutch words."""
    choices: list[dict[str, Any]] = []
    for line in (text or "").splitlines():
        dutch, *others = (part.strip() for part in line.split(BETWEEN))
        if dutch:
            label = {"nl": dutch, **dict(_in_another(part) for part in others if part)}
            code = slugify(dutch).replace("-", "_")[:60] or f"keuze_{len(choices) + 1}"
            choices.append({"code": code, "label": label})
    return choices


def _in_another(part: str) -> tuple[str, str]:
    """Return the language and words of `tr: Sokakta`; without a code it is English."""
    coded = _CODED.fullmatch(part)
    return (coded.group(1), coded.group(2)) if coded else ("en", part)


def content_of_question(values: Mapping[str, Any], languages: Choices) -> dict[str, Any]:
    """Return the values of the form as a question is stored."""
    return {
        "gebruik": values["gebruik"],
        "soort": values["soort"],
        "vraag": words_of(values, "vraag", languages),
        "uitleg": words_of(values, "uitleg", languages),
        "keuzes": choices_of(values["keuzes"]),
    }


def question_values(question: Question, languages: Choices) -> dict[str, Any]:
    """Return a question as first values of the form."""
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
