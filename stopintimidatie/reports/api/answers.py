"""Answers of the API: declared once, for both the JSON and its schema.

The Python names are English, the properties Dutch; `as_json` writes an answer, `schema_of`
describes it, and both read the same declaration.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

Description = dict[str, Any]


def prop(name: str, about: str, example: Any = None) -> Any:
    """Declare a property of an answer: its name in JSON, what it is, and an example."""
    return field(metadata={"name": name, "about": about, "example": example})


@dataclass(frozen=True, kw_only=True)
class MunicipalityAnswer:
    """De gemeente waar het gebeurde."""

    code: str = prop("code", "CBS-code.", "GM0505")
    name: str = prop("naam", "Naam.", "Dordrecht")
    connected: bool = prop("aangesloten", "Of de gemeente zelf meldingen behandelt.", True)
    logo: str | None = prop("logo", "Adres van het logo.", "/api/v1/gemeenten/GM0505/logo")


@dataclass(frozen=True, kw_only=True)
class MunicipalityHereAnswer(MunicipalityAnswer):
    """Wat er met een melding op deze plek zal gebeuren."""

    warning: str | None = prop("letOp", "LET OP-tekst als de gemeente niet is aangesloten.")


@dataclass(frozen=True, kw_only=True)
class NeighbourhoodAnswer:
    """De wijk."""

    code: str = prop("code", "CBS-code.", "WK050501")
    name: str = prop("naam", "Naam.", "Binnenstad")


@dataclass(frozen=True, kw_only=True)
class ReactionAnswer:
    """Het antwoord van de gemeente, meteen te tonen."""

    title: str = prop("titel", "Titel.", "Dank u wel voor uw melding")
    text: str = prop("tekst", "Tekst.", "Wij lezen uw melding vandaag nog.")


@dataclass(frozen=True, kw_only=True)
class HelpLineAnswer:
    """Een hulplijn."""

    name: str = prop("naam", "Naam.", "Politie (spoed)")
    phone: str = prop("telefoon", "Telefoonnummer.", "112")


@dataclass(frozen=True, kw_only=True)
class ReceiptAnswer:
    """De melding is opgeslagen."""

    reference: str = prop("kenmerk", "Kenmerk van de melding.", "M-4F7K-2QXJ")
    follow_code: str = prop(
        "volgcode",
        "Hiermee volgt de melder de melding. Bewaar hem op het toestel; wij kennen hem niet.",
        "4821 7733 0916 5528",
    )
    received_at: datetime = prop("ontvangenOp", "Moment van ontvangst.", "2026-11-20T22:47:13Z")
    status: str = prop("status", "Code van de stand van zaken.", "ontvangen")
    municipality: MunicipalityAnswer | None = prop(
        "gemeente", "De gemeente; null als de plek nog niet bij een gemeente hoort."
    )
    neighbourhood: NeighbourhoodAnswer | None = prop("wijk", "De wijk, als die bekend is.")
    reaction: ReactionAnswer = prop("reactie", "Wat de melder meteen te lezen krijgt.")
    warning: str | None = prop("letOp", "LET OP-tekst als de gemeente niet is aangesloten.")
    help_lines: tuple[HelpLineAnswer, ...] = prop("hulp", "Hulplijnen die hierbij passen.")


@dataclass(frozen=True, kw_only=True)
class MessageAnswer:
    """Een bericht van de gemeente of van de melder."""

    at: datetime = prop("op", "Wanneer.", "2026-11-21T09:12:00Z")
    sender: str = prop("van", "`gemeente` of `melder`.", "gemeente")
    kind: str = prop(
        "soort",
        "`vraag`, `bericht` of `terugkoppeling` van de gemeente; `antwoord` of `aanvulling` van de "
        "melder.",
        "bericht",
    )
    text: str = prop("tekst", "Tekst.", "Wij hebben uw melding gelezen.")
    speaker: str | None = prop(
        "afzender",
        "Wie spreekt, als dat niet is wie de melding heeft, zoals `gemeente Tilburg, via"
        " het landelijk meldpunt`.",
    )


@dataclass(frozen=True, kw_only=True)
class AttachmentAnswer:
    """Een foto, geluid of video bij de melding."""

    number: int = prop("nummer", "Het zoveelste bestand bij deze melding.", 1)
    kind: str = prop(
        "soort", "`foto`, `geluid`, `video`; `bestand` als wij het niet konden openen.", "foto"
    )
    size: int = prop(
        "grootte", "Grootte in bytes, na het schoonmaken; `bestand`: zoals het kwam.", 183_204
    )
    at: datetime = prop("op", "Wanneer.", "2026-11-21T09:15:00Z")
    status: str = prop(
        "status",
        "`opgeslagen`: wie de melding heeft, kan het openen (zie `toelichting`). `wacht`: op de "
        "virusscanner. `tegengehouden`: door de virusscanner. `onleesbaar`: na het wachten bleek "
        "het niet te lezen.",
        "opgeslagen",
    )


@dataclass(frozen=True, kw_only=True)
class FollowAnswer:
    """Hoe het met de melding staat."""

    reference: str = prop("kenmerk", "Kenmerk.", "M-4F7K-2QXJ")
    status: str = prop("status", "Code van de stand van zaken.", "wordt_bekeken")
    status_text: str = prop(
        "statusTekst", "De stand in woorden.", "De gemeente bekijkt uw melding."
    )
    explanation: str | None = prop(
        "toelichting",
        "Wie de melding heeft en kan lezen wat er nog bij komt, en na het intrekken wat de melder "
        "zelf kan doen en wat de gemeente antwoordde. Alleen bij een melding die het landelijk "
        "meldpunt aanbood aan een gemeente die niet is aangesloten; anders null.",
    )
    received_at: datetime = prop("ontvangenOp", "Moment van ontvangst.", "2026-11-20T22:47:13Z")
    messages: tuple[MessageAnswer, ...] = prop(
        "berichten", "Het gesprek met de gemeente, oudste eerst."
    )
    attachments: tuple[AttachmentAnswer, ...] = prop(
        "bijlagen", "De bestanden die binnen zijn, met wat ervan werd; op volgorde van nummer."
    )
    municipality: MunicipalityAnswer | None = prop("gemeente", "De gemeente, als die bekend is.")
    answer_by: date | None = prop(
        "antwoordVoor", "De laatste dag om een vraag te beantwoorden; null zonder vraag."
    )
    back_until: date | None = prop(
        "terugTotEnMet",
        "De laatste dag waarop de melder zich na het intrekken kan bedenken, op /volgen; anders "
        "null.",
    )
    goes_on: date | None = prop(
        "vernietigdOp",
        "De dag waarop de melding wordt vernietigd, een maand van tevoren; anders null. Is die dag "
        "voorbij, dan zegt `vernietigingBesloten` of de gemeente nog beslist.",
    )
    decided: bool = prop(
        "vernietigingBesloten",
        "Waar als de gemeente heeft besloten dat de melding op `vernietigdOp` weg mag. Onwaar na "
        "die dag: zij moet nog beslissen.",
        False,
    )
    kept: bool = prop(
        "blijftBewaard",
        "Waar zolang de melding niet mag worden vernietigd. Is `bewaardTot` dan null, dan blijft "
        "zij voorlopig bewaard, zonder dag.",
        False,
    )
    kept_until: date | None = prop(
        "bewaardTot",
        "Zolang de melding niet mag worden vernietigd: de dag waarop de gemeente opnieuw kijkt, "
        "als die bekend is. Is die dag voorbij, dan kijkt zij binnenkort.",
    )
    warning: str | None = prop(
        "letOp",
        "LET OP-tekst als de gemeente niet is aangesloten; zij zegt het ook als de termijn om is.",
    )


@dataclass(frozen=True, kw_only=True)
class LanguageAnswer:
    """Een taal waarin de teksten er zijn."""

    code: str = prop("code", "Code van de taal.", "nl")
    name: str = prop("naam", "De taal, in die taal zelf.", "Nederlands")


@dataclass(frozen=True, kw_only=True)
class EmergencyAnswer:
    """De vraag die vóór alle andere komt."""

    question: str = prop("vraag", "De vraag.", "Is het nu bezig, of bent u nu in gevaar?")
    about: str = prop("uitleg", "Wat te doen als het antwoord ja is.", "Bel dan eerst 112.")
    phone: str = prop("telefoon", "Het nummer om te bellen.", "112")


@dataclass(frozen=True, kw_only=True)
class TermAnswer:
    """Een code met het woord voor de melder."""

    code: str = prop("code", "De code, zoals in het bericht.", "naroepen")
    label: str = prop("label", "Het woord voor de melder.", "naroepen")
    group: str | None = prop("groep", "Bij `vormen`: de groep.", "verbaal")


@dataclass(frozen=True, kw_only=True)
class VocabularyAnswer:
    """Waaruit de melder kiest bij één veld van het bericht."""

    field: str = prop("veld", "Het veld van het bericht, met punten.", "vormen")
    several: bool = prop("meer", "Of er meer gekozen mag worden.", True)
    terms: tuple[TermAnswer, ...] = prop("waarden", "De keuzes, in volgorde.")


@dataclass(frozen=True, kw_only=True)
class ChoiceAnswer:
    """Een keuze bij een eigen vraag."""

    code: str = prop("code", "De code die het antwoord is.", "fietspad")
    label: str = prop("label", "De keuze in woorden.", "Op het fietspad")


@dataclass(frozen=True, kw_only=True)
class QuestionAnswer:
    """Een eigen vraag van de gemeente; nooit verplicht."""

    id: str = prop("id", "Onder deze naam gaat het antwoord mee in `antwoorden`.", "vraag1a2b3c")
    kind: str = prop("soort", "`keuze`, `meerkeuze`, `tekst` of `ja_nee`.", "keuze")
    question: str = prop("vraag", "De vraag.", "Waar op het plein was het?")
    about: str = prop("uitleg", "Uitleg; kan leeg zijn.", "")
    choices: tuple[ChoiceAnswer, ...] = prop("keuzes", "Bij `keuze` en `meerkeuze`.")


@dataclass(frozen=True, kw_only=True)
class HelpLineForAnswer:
    """Een hulplijn met voor wie zij is; lege lijsten: voor iedereen."""

    name: str = prop("naam", "Naam.", "Kindertelefoon (tot 18 jaar, gratis en anoniem)")
    phone: str = prop("telefoon", "Telefoonnummer.", "0800-0432")
    about: str = prop("uitleg", "Waarvoor; kan leeg zijn.", "Praten of chatten over alles.")
    ages: tuple[str, ...] = prop("leeftijden", "Codes van `melder.leeftijdsgroep`.", "onder_16")
    forms: tuple[str, ...] = prop("vormen", "Codes van `vormen`.", "betasten")


@dataclass(frozen=True, kw_only=True)
class FormAnswer:
    """Wat de app vraagt, en in welke woorden."""

    municipality: MunicipalityAnswer | None = prop(
        "gemeente", "De gevraagde gemeente; null zonder `gemeente` in het adres."
    )
    language: str = prop("taal", "De taal van de teksten hieronder.", "nl")
    languages: tuple[LanguageAnswer, ...] = prop("talen", "De talen die er zijn.")
    emergency: EmergencyAnswer = prop("spoedvraag", "Stel deze vraag vóór alle andere.")
    warning: str | None = prop("letOp", "LET OP-tekst als de gemeente niet is aangesloten.")
    vocabularies: tuple[VocabularyAnswer, ...] = prop("woordenlijsten", "Per veld de keuzes.")
    questions: tuple[QuestionAnswer, ...] = prop("vragen", "Eigen vragen van de gemeente.")
    help_lines: tuple[HelpLineForAnswer, ...] = prop(
        "hulp", "Hulplijnen, 112 eerst: toon wat past bij leeftijd en vormen."
    )


def as_json(value: Any) -> Any:
    """Write an answer as plain JSON values."""
    if dataclasses.is_dataclass(value):
        return {
            f.metadata["name"]: as_json(getattr(value, f.name)) for f in dataclasses.fields(value)
        }
    if isinstance(value, tuple):
        return [as_json(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


_SIMPLE: dict[Any, Description] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}


def schema_of(answer: type[Any]) -> Description:
    """Return the JSON Schema of an answer class; nested answers are written out."""
    hints = typing.get_type_hints(answer)
    properties = {
        f.metadata["name"]: _property(f, hints[f.name]) for f in dataclasses.fields(answer)
    }
    return {
        "type": "object",
        "description": answer.__doc__,
        "required": list(properties),
        "properties": properties,
    }


def _property(declared: dataclasses.Field[Any], hint: Any) -> Description:
    schema = {**_schema_of_hint(hint), "description": declared.metadata["about"]}
    example = declared.metadata["example"]
    if example is not None:
        schema["examples"] = [[example] if schema["type"] == "array" else example]
    return schema


def _schema_of_hint(hint: Any) -> Description:
    if isinstance(hint, types.UnionType):
        known, _ = typing.get_args(hint)
        schema = _schema_of_hint(known)
        return {**schema, "type": [schema["type"], "null"]}
    if typing.get_origin(hint) is tuple:
        return {"type": "array", "items": _schema_of_hint(typing.get_args(hint)[0])}
    if dataclasses.is_dataclass(hint):
        return schema_of(typing.cast("type[Any]", hint))
    return _SIMPLE[hint]


def example_of(schema: Description) -> Any:
    """Make an example from the examples in the schema of an answer."""
    if "examples" in schema:
        return schema["examples"][0]
    if "properties" in schema:
        return {name: example_of(inner) for name, inner in schema["properties"].items()}
    return [example_of(schema["items"])] if "items" in schema else None
