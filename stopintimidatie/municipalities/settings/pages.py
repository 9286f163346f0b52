"""Shared by the pages of settings: the look of pages, the page of a part, languages, previews.

A page has the look of the municipality in its address, else of the one the person works for.

Dutch and English always have a field, and so does each language that has words already. The address
adds one more (`?taal=tr`), so that no form shows a field for all ten languages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, ConflictError, Form, FormError, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import datetime_long
from stopintimidatie.core.tree import lineage
from stopintimidatie.core.web.request import Request
from stopintimidatie.core.web.theme import DEFAULT_COLOUR, Branding
from stopintimidatie.municipalities.areas.facts import BANNER, is_practice
from stopintimidatie.municipalities.areas.queries import municipality_by_code
from stopintimidatie.municipalities.areas.resources import (
    Administration,
    MunicipalityAdministration,
)
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.rules import (
    ALWAYS,
    RIGHT_TO_LEFT,
    Contents,
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
from stopintimidatie.municipalities.settings.vocabulary import Choices, vocabulary


def branding_of(request: Any) -> Branding | None:
    """Return the look of the municipality of this request; None for the national look."""
    code = _municipality_of(request)
    # On the pages of a municipality it was read with the address.
    municipality = municipality_by_code(request.db, code) if code is not None else None
    if code is None or municipality is None:
        return None
    published = published_for(request.db, code)
    logo = logo_address(code, published)
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


def logo_address(code: str, published: Published) -> str | None:
    """Return the address of the logo of a municipality, if it has one."""
    return f"/api/v1/gemeenten/{code}/logo" if published.logo else None


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
PART_PAGE: Final = "stopintimidatie.municipalities.settings:templates/part.jinja2"
SAVE: Final = Button("opslaan", "Opslaan")
PREVIEW: Final = Button("voorbeeld", "Eerst voorbeeld bekijken", "secondary")
REMOVE: Final = "weghalen"
EXAMPLE_PLACE: Final = "Voorbeeldstad"
EXAMPLE_REFERENCE: Final = "M-4F7K-2QXJ"
Values = dict[str, Any]


class PartPage:
    """The page of a part of the settings: what counts now, its form, what the app shows with it.

    At the desk there is no municipality, and its content counts where a municipality has none.
    `back`: the page where saving and the cancel link lead, below the overview.
    """

    def __init__(
        self, context: Administration, request: Request, part: Part, back: str = ""
    ) -> None:
        self.context, self.request, self.part = context, request, part
        self.national = context.holder == NATIONAL
        self.published = published_for(request.db, None if self.national else context.holder)
        self.content = owned(context, self.published).part(part)
        self.back = request.resource_path(context, *filter(None, [back]))
        self.place = EXAMPLE_PLACE
        if isinstance(context, MunicipalityAdministration):
            self.place = context.municipality.name

    def show(self, **more: Any) -> Values:
        """Return what stands on the page of a part, and more."""
        return {
            "part": self.part,
            "national": self.national,
            "plan": planned_version(self.request.db, self.context.holder, self.part),
            "back": self.back,
            "preview": None,
            "tried": False,
            "more_languages": (),
            **more,
        }

    def handle(
        self,
        schema: Any,
        first: Mapping[str, Any],
        read: Callable[[Any], Mapping[str, Any]],
        attempt: Callable[[Values], Values] | None = None,
        remove: str = "",
        cancel: str = "",
        **more: Any,
    ) -> Any:
        """Show the form, show a preview of what was typed, or save it.

        Args:
            schema: of the form.
            first: its first values.
            read: returns the content of the part with these values; with None, without what is
                removed.
            attempt: returns what a preview of these values changes on the page.
            remove: the label of the button that removes what the form shows, where there is one.
            cancel: where the cancel link leads, if not where saving does.
            more: what stands on the page besides.
        """
        previewed = [PREVIEW] if attempt else []
        removed = [Button(REMOVE, remove, "secondary")] if remove else []
        number = latest_number(self.request.db, self.context.holder, self.part)
        form = self.drawn = Form(
            schema,
            self.request,
            buttons=[SAVE, *previewed, *removed],
            appstruct={**first, "versie": number},
            cancel_url=cancel or self.back,
        )
        page = self.show(**more)

        def on_valid(values: Values) -> Any:
            if attempt is not None and form.pressed() == PREVIEW.name:
                return {**page, "form": form, "tried": True, **attempt(values)}
            return self.save(read(None if form.pressed() == REMOVE else values), values)

        return handle_form(self.request, form, on_valid, page)

    def save(self, content: Mapping[str, Any], values: Mapping[str, Any]) -> HTTPSeeOther:
        """Publish this content of the part, and go back.

        Raises:
            FormError: the moment can't be, or somebody else published this part meanwhile.
        """
        request, moment = self.request, values.get("vanaf")
        try:
            version = publish(
                request.db,
                request.actor,
                self.context.holder,
                self.part,
                content,
                from_moment=moment,
                seen=values["versie"],
            )
        except PublishingError as problem:
            raise FormError(str(problem), "vanaf") from None
        except StaleSettingError:
            raise ConflictError(
                "Iemand anders heeft dit net gewijzigd. Wat u typte staat er nog; er is niets"
                " opgeslagen. Open de pagina opnieuw en neem over wat nodig is."
            ) from None
        when = f" Het geldt vanaf {datetime_long(version.effective_from)}." if moment else ""
        request.flash(f"{PART_LABELS[self.part]}: opgeslagen als versie {version.number}.{when}")
        return HTTPSeeOther(self.back)

    def with_content(self, content: Mapping[str, Any]) -> Published:
        """Return what would count if this content of a part were published.

        A part of the desk counts where a municipality has none of its own.
        """
        contents = owned(self.context, self.published)
        changed = Contents({**contents.parts, self.part.value: content}, contents.questions)
        if self.national:
            return replace(self.published, national=changed)
        return replace(self.published, own=changed)

    def screen(self, language: str = "nl", **shown: Any) -> Values:
        """Return a screen of the app, as `phone` of preview.jinja2 draws it."""
        return {
            "name": self.place,
            "colour": self.published.colour or DEFAULT_COLOUR,
            "logo": logo_address(self.context.holder, self.published),
            "language": language,
            "direction": "rtl" if language in RIGHT_TO_LEFT else "ltr",
            "title": "",
            "text": "",
            "let_op": None,
            "help_lines": (),
            "questions": (),
            "said": in_language,
            **shown,
        }

    def answer(
        self,
        published: Published,
        language: str = "nl",
        happened: Sequence[str] = (),
        age: str | None = None,
        placed: bool = True,
        **shown: Any,
    ) -> Values:
        """Return the screen after a report was sent; `placed`: its municipality is known."""
        name = self.place if placed else None
        title, text = reaction(published, name, language, happened)
        spoken, warning = published.language(language), None
        if name is not None:
            warning = let_op(
                published, name, language, reference=EXAMPLE_REFERENCE, received_at=utc_now()
            )
        return self.screen(
            spoken,
            **{
                "name": name or "Stop Intimidatie",
                "colour": published.colour or DEFAULT_COLOUR,
                "title": title,
                "text": text,
                "let_op": warning,
                "help_lines": published.help_for(spoken, age, happened),
                **shown,
            },
        )


def owned(context: Administration, published: Published) -> Contents:
    """Return what the owner of these settings set itself, as it counts now."""
    return published.national if context.holder == NATIONAL else published.own


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


def at_level(published: Published, level: ParticipationLevel) -> Published:
    """Return the settings as if the municipality had another level, for a preview."""
    code = published.profile.code if published.profile else "GM0000"
    return replace(published, profile=MunicipalityProfile(code=code, level=level))


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


def more_languages(request: Request, shown: Choices) -> Choices:
    """Return the languages for which the form has no fields yet."""
    there = {code for code, _ in shown}
    return [(code, label) for code, label in _others(request) if code not in there]


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
