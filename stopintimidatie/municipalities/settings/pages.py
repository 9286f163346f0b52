"""Shared by the pages of settings: the look of pages, saving a part, languages, previews.

A page has the look of the municipality in its address, else of the one the person works for.

Dutch and English always have a field, and so does each language that has words already. The address
adds one more (`?taal=tr`), so that no form shows a field for all ten languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, ConflictError, Form, FormError, field
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import datetime_long
from stopintimidatie.core.tree import lineage
from stopintimidatie.core.web.request import NavItem, Request, with_params
from stopintimidatie.core.web.theme import DEFAULT_COLOUR, Branding
from stopintimidatie.municipalities.areas.facts import BANNER, is_practice
from stopintimidatie.municipalities.areas.queries import municipality_by_code
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
    """Return the look of the municipality of this request; None for the national look."""
    code = _municipality_of(request)
    if code is None:
        return None
    # On the pages of a municipality it was read with the address.
    municipality = municipality_by_code(request.db, code)
    if municipality is None:
        return None
    published = published_for(request.db, code)
    logo = f"/api/v1/gemeenten/{code}/logo" if published.logo else None
    banner = BANNER if is_practice(code) else ""
    return Branding(
        f"Gemeente {municipality.name}", published.colour or DEFAULT_COLOUR, logo, "/", banner
    )


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
    Part.REPLIES: "Sjablonen voor berichten",
    Part.ACCOUNTABILITY: "Verantwoording",
    Part.POLICE: "Politiegegevens",
}
# The pages of the settings, also of the desk, and those that only a municipality has
settings_page = partial(view_config, context=Administration, permission=Permission.EDIT_SETTINGS)
municipality_page = partial(settings_page, context=MunicipalityAdministration)
SAVE: Final = Button("opslaan", "Opslaan")
PREVIEW: Final = Button("voorbeeld", "Eerst voorbeeld bekijken", "secondary")
REMOVE: Final = Button("weghalen", "Eigen tekst weghalen", "secondary")


def is_national(context: Administration) -> bool:
    """Tell whether these are the settings of the desk."""
    return context.holder == NATIONAL


def name_of(context: Administration) -> str | None:
    """Return the municipality's name; None at the desk."""
    if isinstance(context, MunicipalityAdministration):
        return context.municipality.name
    return None


def logo_address(context: Administration, published: Published) -> str | None:
    """Return the address of the municipality's logo, if it has one."""
    return f"/api/v1/gemeenten/{context.holder}/logo" if published.logo else None


def published_here(context: Administration, request: Request) -> Published:
    """Return the settings that count now for the municipality of a page, or for the desk."""
    return published_for(request.db, None if is_national(context) else context.holder)


def content_of(context: Administration, published: Published, part: Part) -> Mapping[str, Any]:
    """Return the content of a part that its owner set and that counts now."""
    contents = published.national if is_national(context) else published.own
    return contents.part(part)


def moment_fields() -> tuple[Any, ...]:
    """Return the last fields of a form of a part: from when it counts, and the version seen."""
    return (
        field(
            forms.Moment(),
            "Geldt vanaf",
            description="Laat leeg als het meteen mag gelden.",
            name="vanaf",
            missing=None,
        ),
        field(forms.Integer(0), "Versie", widget=forms.Hidden(), name="versie"),
    )


def part_form(
    context: Administration,
    request: Request,
    part: Part,
    schema: Any,
    values: Mapping[str, Any],
    *more: Button,
    back: str = "",
) -> Form:
    """Return the form of a part with its first values, and with more buttons than to save it.

    `back`: the page where its cancel link leads, below the overview.
    """
    return Form(
        schema,
        request,
        buttons=[SAVE, *more],
        appstruct={**values, "versie": latest_number(request.db, context.holder, part)},
        cancel_url=request.resource_path(context, *filter(None, [back])),
    )


def part_page(
    context: Administration,
    request: Request,
    heading: str,
    about: str,
    part: Part,
    languages: Choices | None = None,
) -> dict[str, Any]:
    """Return what stands around the form of a part; `languages`: those it has fields for."""
    return {
        "heading": heading,
        "about": about,
        "plan": waiting_plan(request.db, context, part),
        "more_languages": [] if languages is None else more_languages(request, languages),
        "preview": None,
        "tried": False,
    }


def waiting_plan(
    session: Session, context: Administration, part: Part
) -> MunicipalitySetting | None:
    """Return the plan for a part, without which nothing else can be published."""
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
    """Publish the content of a part, and go back to the overview or to its page `back`.

    Raises:
        FormError: the moment can't be, or somebody else published this part meanwhile.
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
    return HTTPSeeOther(request.resource_path(context, *filter(None, [back])))


# Languages


def shown_languages(request: Request, *used: Iterable[str]) -> Choices:
    """Return the languages beside Dutch on a form: English, then those used or asked for."""
    wanted = {"en", request.GET.get("taal", ""), *(code for codes in used for code in codes)}
    return [
        (code, "Engels" if code == "en" else label)
        for code, label in _others(request)
        if code in wanted
    ]


def asked_language(request: Request) -> str:
    """Return the language in the address, for a preview; Dutch when there is none."""
    wanted = request.GET.get("taal", "")
    return wanted if wanted in {code for code, _ in vocabulary(request, "talen")} else "nl"


def more_languages(request: Request, shown: Choices) -> list[NavItem]:
    """Return the links that add a field for each other language to the form."""
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
    """Return the words that were typed by language; without those left empty."""
    given = {"nl": values[name], **{code: values[f"{name}_{code}"] for code, _ in languages}}
    return {code: text for code, text in given.items() if text}


def typed_words(name: str, words: Mapping[str, str], languages: Choices) -> dict[str, Any]:
    """Return words by language as first values of the fields of a form."""
    return {
        name: words.get("nl"),
        **{f"{name}_{code}": words.get(code) for code, _ in languages},
    }


def direction(language: str) -> dict[str, str]:
    """Return the HTML attributes of a control for words in this language."""
    return {"lang": language, **({"dir": "rtl"} if language in RIGHT_TO_LEFT else {})}


def used_in(*texts: Mapping[str, str] | None) -> Sequence[str]:
    """Return the languages of these words."""
    return [code for words in texts for code in (words or {})]


# Previews of what the app shows with a part as it counts now, or as it is being typed

EXAMPLE_PLACE = "Voorbeeldstad"
EXAMPLE_REFERENCE = "M-4F7K-2QXJ"


@dataclass(frozen=True)
class Preview:
    """A screen of the app, with what it shows."""

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
        """The direction in which the language is written: `rtl` or `ltr`."""
        return "rtl" if self.language in RIGHT_TO_LEFT else "ltr"

    def said(self, words: Mapping[str, str]) -> str:
        """Return the words in the language of the screen, or in its fallback."""
        return in_language(words, self.language)


def with_part(
    context: Administration, published: Published, part: Part, content: Mapping[str, Any]
) -> Published:
    """Return what would count if this content of a part were published.

    A part of the desk counts where a municipality has none of its own.
    """
    contents = published.national if is_national(context) else published.own
    changed = Contents({**contents.parts, part.value: content}, contents.questions)
    if is_national(context):
        return replace(published, national=changed)
    return replace(published, own=changed)


def at_level(published: Published, level: ParticipationLevel) -> Published:
    """Return the settings as if the municipality had another level, for a preview."""
    code = published.profile.code if published.profile else "GM0000"
    return replace(published, profile=MunicipalityProfile(code=code, level=level))


def question_preview(
    context: MunicipalityAdministration,
    published: Published,
    questions: Sequence[Question],
    language: str = "nl",
) -> Preview:
    """Return the screen of the app with a municipality's own questions."""
    return Preview(
        name=context.municipality.name,
        colour=published.colour or DEFAULT_COLOUR,
        logo=logo_address(context, published),
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
    """Return the screen that a reporter sees after sending a report."""
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
