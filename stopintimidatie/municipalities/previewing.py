"""What the app would show with a part as it is now, or as it is being typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stopintimidatie.clock import utc_now
from stopintimidatie.municipalities.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.municipalities.published import (
    RIGHT_TO_LEFT,
    Contents,
    HelpLine,
    Part,
    Published,
    in_language,
)
from stopintimidatie.municipalities.questions import Question
from stopintimidatie.municipalities.words import let_op, reaction
from stopintimidatie.web.theme import DEFAULT_COLOUR

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
        """The words in the language of the screen, or what is said in its place."""
        return in_language(words, self.language)


def with_part(
    published: Published, part: Part, content: Mapping[str, Any], *, national: bool
) -> Published:
    """As if this content of the part counted."""
    contents = published.national if national else published.own
    changed = Contents({**contents.parts, part.value: content}, contents.questions)
    if national:
        return replace(published, national=changed)
    return replace(published, own=changed)


def at_level(published: Published, level: ParticipationLevel) -> Published:
    """As if the municipality took part so far: for a preview before it does."""
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
    """The questions, as they stand among the app's own."""
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
    """What a reporter reads after sending a report."""
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
