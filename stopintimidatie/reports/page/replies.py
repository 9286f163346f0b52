"""Texts that an officer writes about a report: replies filled in to begin a message with."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import ReadyText, field, from_today
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import local
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.rules import (
    Published,
    fallback_of,
    fill_reply,
    help_in_words,
)
from stopintimidatie.municipalities.settings.standard import FEEDBACK, QUESTION, Reply
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.words import AreaNames, area_names, has_no_neighbourhood

# Proposed for an answer to a question, in days from today.
ANSWER_DAYS: Final = 14
# An answer is waited for no longer than this.
answer_in_time: Final = from_today(days=90)
# The kind of reply that the text of a step begins with, by the step's field.
FIELDS: Final = {"vraag_melder": ("vraag", QUESTION), "afhandelen": ("bericht", FEEDBACK)}
UNNAMED: Final = {"nl": "uw gemeente", "en": "your municipality"}


def text_field(
    name: str, title: str, about: str = "", *, most: int = 1000, rows: int = 3, **more: Any
) -> Any:
    """Make the question for a text of several lines that an officer writes.

    `about`: what stands below the title. `most`: characters. `more`: as of `forms.field`.
    """
    text, area = forms.Text(most, lines=True), forms.TextArea(rows=rows)
    return field(text, title, name=name, description=about, widget=area, **more)


def answer_until() -> date:
    """Return the day that is proposed for the answer to a question."""
    return local(utc_now()).date() + timedelta(days=ANSWER_DAYS)


def fill(
    names: AreaNames,
    reply: Reply,
    report: Report,
    published: Published,
    until: date | None = None,
) -> str:
    """Return a reply filled in for a report, in its reporter's language where there are words.

    `names`: of its areas. `until`: the last day for an answer; if None the one that is proposed.
    """
    language = report.language
    town = names.municipality or UNNAMED[fallback_of(language)]
    spoken = published.language(language)
    lines = published.help_for(spoken, report.reporter_age_group, report.forms)
    values = {
        "kenmerk": report.reference,
        "gemeente": town,
        "datum": local(report.received_at).date(),
        "plek": town if has_no_neighbourhood(report) else names.neighbourhood or town,
        "uiterlijk": until or answer_until(),
        "hulplijnen": help_in_words(lines),
    }
    return fill_reply(reply, language, values)


def replies_for(
    session: Session, report: Report, kind: str, until: date | None = None
) -> tuple[ReadyText, ...]:
    """Return the replies of a kind as texts to begin with, filled in for a report."""
    owner = None if report.holder == NATIONAL else report.holder
    published = published_for(session, owner)
    replies, names = published.replies(kind), area_names(session, report)
    return tuple(
        ReadyText(reply.id, reply.title, fill(names, reply, report, published, until))
        for reply in replies
    )


def day_typed(text: str) -> date | None:
    """Return the day of a date control as it was typed; None when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
