"""Shared by the pages of settings: whose look, saving a part, languages, previews.

A page has the look of the municipality of its address, else of the one the person works for.

Dutch and English always have a field, and so does each language that has words already; one more at
a time is added by the address (`?taal=tr`), so that no form shows ten of everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, ConflictError, FormError, field
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import datetime_long
from stopintimidatie.core.tree import lineage
from stopintimidatie.core.web.request import NavItem, Request, with_params
from stopintimidatie.core.web.theme import DEFAULT_COLOUR, Branding
from stopintimidatie.municipalities.areas.facts import BANNER, is_practice
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import (
    Administration,
    MunicipalityAdministration,
)
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.municipalities.settings.models import MunicipalitySetting
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.rules import (
    ALWAYS,
    RIGHT_TO_LEFT,
    Contents,
    HelpLine,
    Part,
    Published,
    in_language,
    let_op,
    reaction,
)
from stopintimidatie.municipalities.settings.services import (
    PublishingError,
    StaleSettingError,
    latest_number,
    planned_version,
    publish,
)
from stopintimidatie.municipalities.settings.vocabulary import Choices, Question, vocabulary


def branding_of(request: Any) -> Branding | None:
    """Return the branding for this request, or None for the national one."""
    code = _municipality_of(request)
    if code is None:
        return None
    name = request.db.scalar(select(Municipality.name).where(Municipality.code == code))
    if name is None:
        return None
    published = published_for(request.db, code)
    logo = f"/api/v1/gemeenten/{code}/logo" if published.logo else None
    banner = BANNER if is_practice(code) else ""
    return Branding(f"Gemeente {name}", published.colour or DEFAULT_COLOUR, logo, "/", banner)


def _municipality_of(request: Any) -> str | None:
    if request.identity is None:
        return None
    for node in lineage(getattr(request, "context", None)):
        holder = getattr(node, "holder", "")
        if holder and holder in request.identity.holders:
            return None if holder == NATIONAL else str(holder)
    own = request.identity.holders
    return own[0] if len(own) == 1 and own[0] != NATIONAL else None


# Changing a part

PART_LABELS: Final = {
    Part.LOOK: "Logo en kleur",
    Part.ANSWERS: "Antwoordteksten",
    Part.LET_OP: "LET OP-tekst",
    Part.HELP: "Hulplijnen",
    Part.QUESTIONS: "Eigen vragen",
    Part.CONTACT: "Contact met de melder",
    Part.OFFICERS: "Bevoegdheid van boa's",
}
SAVE: Final = Button("opslaan", "Opslaan")
PREVIEW: Final = Button("voorbeeld", "Eerst voorbeeld bekijken", "secondary")
REMOVE: Final = Button("weghalen", "Eigen tekst weghalen", "secondary")


def is_national(context: Administration) -> bool:
    return context.holder == NATIONAL


def name_of(context: Administration) -> str | None:
    """Return the municipality's name; None at the desk."""
    if isinstance(context, MunicipalityAdministration):
        return context.municipality.name
    return None


def published_here(context: Administration, request: Request) -> Published:
    return published_for(request.db, None if is_national(context) else context.holder)


def content_of(context: Administration, published: Published, part: Part) -> Mapping[str, Any]:
    """Return what its owner set for a part and counts now."""
    contents = published.national if is_national(context) else published.own
    return contents.part(part)


def add_moment(schema: Any) -> None:
    """Add fields: from when it counts, and which version was seen."""
    schema.add(
        field(
            forms.Moment(),
            "Geldt vanaf",
            description="Laat leeg als het meteen mag gelden.",
            name="vanaf",
            missing=None,
        )
    )
    hidden = forms.Hidden()
    schema.add(field(forms.Integer(0), "Versie", widget=hidden, name="versie"))


def seen_version(session: Session, context: Administration, part: Part) -> dict[str, Any]:
    return {"versie": latest_number(session, context.holder, part)}


def waiting_plan(
    session: Session, context: Administration, part: Part
) -> MunicipalitySetting | None:
    """Return the plan that must come true or be withdrawn first."""
    return planned_version(session, context.holder, part)


def save(
    context: Administration,
    request: Request,
    part: Part,
    content: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    back: str = "",
) -> HTTPSeeOther:
    """Publish it, and go back to the overview (or to another page of it).

    :raises FormError: the moment can't be, or somebody else was first.
    """
    try:
        version = publish(
            request.db,
            request.actor,
            context.holder,
            part,
            content,
            from_moment=values["vanaf"],
            seen=values["versie"],
        )
    except PublishingError as problem:
        raise FormError(str(problem), "vanaf") from None
    except StaleSettingError:
        raise ConflictError(
            "Iemand anders heeft dit net gewijzigd. Wat u typte staat er nog; er is niets"
            " opgeslagen. Open de pagina opnieuw en neem over wat nodig is."
        ) from None
    when = f" Het geldt vanaf {datetime_long(version.effective_from)}." if values["vanaf"] else ""
    request.flash(f"{PART_LABELS[part]}: opgeslagen als versie {version.number}.{when}")
    return HTTPSeeOther(
        request.resource_path(context, back) if back else request.resource_path(context)
    )


# Languages


def shown_languages(request: Request, *used: Iterable[str]) -> Choices:
    """Return the languages beside Dutch on a form: English, then what is used or asked for."""
    wanted = {"en", request.GET.get("taal", ""), *(code for codes in used for code in codes)}
    return [
        (code, "Engels" if code == "en" else label)
        for code, label in _others(request)
        if code in wanted
    ]


def asked_language(request: Request) -> str:
    """Return the language of the address, to show what it looks like."""
    wanted = request.GET.get("taal", "")
    return wanted if wanted in {code for code, _ in vocabulary(request, "talen")} else "nl"


def more_languages(request: Request, shown: Choices) -> list[NavItem]:
    """Return the way to a field for each other language."""
    there = {code for code, _ in shown}
    return [
        NavItem(label, with_params(request, taal=code))
        for code, label in _others(request)
        if code not in there
    ]


def _others(request: Request) -> Choices:
    known = [(code, label) for code, label in vocabulary(request, "talen") if code != "nl"]
    return sorted(known, key=lambda language: language[0] not in ALWAYS)


def words_of(values: Mapping[str, Any], name: str, languages: Choices) -> dict[str, str]:
    """Return what was typed, per language; what was left empty isn't there."""
    given = {"nl": values[name], **{code: values[f"{name}_{code}"] for code, _ in languages}}
    return {code: text for code, text in given.items() if text}


def typed_words(name: str, words: Mapping[str, str], languages: Choices) -> dict[str, Any]:
    """Return the same back in the fields of a form."""
    return {
        name: words.get("nl"),
        **{f"{name}_{code}": words.get(code) for code, _ in languages},
    }


def direction(language: str) -> dict[str, str]:
    """Return the attributes of a control in which this language is written."""
    return {"lang": language, **({"dir": "rtl"} if language in RIGHT_TO_LEFT else {})}


def used_in(*texts: Mapping[str, str] | None) -> Sequence[str]:
    """Return the languages that have words."""
    return [code for words in texts for code in (words or {})]


# Previews: what the app would show with a part as it is now, or as it is being typed

EXAMPLE_PLACE = "Voorbeeldstad"
EXAMPLE_REFERENCE = "M-4F7K-2QXJ"


@dataclass(frozen=True)
class Preview:
    """One screen of the app."""

    name: str
    colour: str
    logo: str | None
    language: str
    title: str = ""
    text: str = ""
    let_op: str | None = None
    help_lines: Sequence[HelpLine] = ()
    questions: Sequence[Question] = ()

    @property
    def direction(self) -> str:
        return "rtl" if self.language in RIGHT_TO_LEFT else "ltr"

    def said(self, words: Mapping[str, str]) -> str:
        """Return the words in the language of the screen, or what is said in its place."""
        return in_language(words, self.language)


def with_part(
    published: Published, part: Part, content: Mapping[str, Any], *, national: bool
) -> Published:
    """Return what would count if this content of a part were published.

    :param national: a part of the desk, which counts where a municipality has none of its own.
    """
    contents = published.national if national else published.own
    changed = Contents({**contents.parts, part.value: content}, contents.questions)
    if national:
        return replace(published, national=changed)
    return replace(published, own=changed)


def at_level(published: Published, level: ParticipationLevel) -> Published:
    """Return what is published as if the municipality took part so far, for a preview."""
    old = published.profile
    profile = MunicipalityProfile(
        code=old.code if old else "GM0000",
        level=level,
        colour=old.colour if old else None,
        logo_type=old.logo_type if old else None,
        answer_title=old.answer_title if old else None,
        answer_text=old.answer_text if old else None,
        telephone=old.telephone if old else None,
        contact_within_days=old.contact_within_days if old else None,
        let_op_working_days=old.let_op_working_days if old else None,
    )
    return replace(published, profile=profile)


def question_preview(
    published: Published,
    name: str | None,
    questions: Sequence[Question],
    logo: str | None,
    language: str = "nl",
) -> Preview:
    """Return the questions, as they stand among the app's own."""
    return Preview(
        name=name or EXAMPLE_PLACE,
        colour=published.colour or DEFAULT_COLOUR,
        logo=logo,
        language=language,
        title="Vragen van uw gemeente",
        questions=questions,
    )


def answer_preview(
    published: Published,
    name: str | None,
    *,
    language: str = "nl",
    form: str | None = None,
    age: str | None = None,
    logo: str | None = None,
) -> Preview:
    """Return what a reporter reads after sending a report."""
    forms = [form] if form else []
    title, text = reaction(published, name, language, forms)
    warning = None
    if name is not None:
        warning = let_op(
            published, name, language, reference=EXAMPLE_REFERENCE, received_at=utc_now()
        )
    return Preview(
        name=name or "Stop Intimidatie",
        colour=published.colour or DEFAULT_COLOUR,
        logo=logo,
        language=published.language(language),
        title=title,
        text=text,
        let_op=warning,
        help_lines=published.help_for(published.language(language), age, forms),
    )
