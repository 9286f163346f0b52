"""The form of a step: its fields follow from what the workflow says the step asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from stopintimidatie.clock import utc_now
from stopintimidatie.reports.history import changes_since
from stopintimidatie.reports.models import Report
from stopintimidatie.web import forms
from stopintimidatie.web.forms import Button, Change, ConflictError, Form, field
from stopintimidatie.web.transitions import transition_schema
from stopintimidatie.web.urls import safe_path
from stopintimidatie.workflow import FieldKind, Transition

Choices = Sequence[tuple[str, str]]
LONGEST_PATH: Final = 500
# Seconds since 1970, so that a page can say what was done since it was opened.
LATEST: Final = 99_999_999_999


def add_seen(schema: Any) -> None:
    """The hidden fields that tell which version of the report this person saw, and when."""
    schema["versie"] = field(forms.Integer(1), "Versie", widget=forms.Hidden(), name="versie")
    schema.add(
        field(forms.Integer(0, LATEST), "Gezien", widget=forms.Hidden(), name="gezien", missing=0)
    )


def seen(report: Report) -> dict[str, int]:
    return {"versie": report.version, "gezien": int(utc_now().timestamp())}


def step_form(
    transition: Transition,
    offered: Mapping[str, Choices],
    request: Any,
    appstruct: Mapping[str, Any],
    back: str,
) -> Form:
    """The form of a step of a report.

    :param offered: per name of an options list what there is to choose from.
    :param back: where to go afterwards.
    """
    schema = transition_schema(transition, offered)
    for asked in transition.fields:
        if asked.kind is FieldKind.DATE:
            schema[asked.name].validator = forms.not_before_today
    add_seen(schema)
    hidden = forms.Hidden()
    schema.add(field(forms.Text(LONGEST_PATH), "Terug", widget=hidden, name="terug", missing=""))
    button = Button(transition.name, transition.label)
    values = {**appstruct, "terug": back}
    return Form(schema, request, buttons=[button], appstruct=values, cancel_url=back)


def answers(transition: Transition, values: Mapping[str, Any]) -> dict[str, Any]:
    """What was answered to the questions of the step."""
    return {asked.name: values[asked.name] for asked in transition.fields}


def way_out(values: Mapping[str, Any], default: str) -> str:
    """Where to go after the form: where the person came from, when that is on this site."""
    return safe_path(values.get("terug") or None, default)


def conflict(
    session: Any, form: Form, report: Report, since: int, changes: Sequence[Change]
) -> ConflictError:
    """Somebody was first: say what was done, keep what was typed, and let the person look again.

    The form now carries the present version: sending it again is a choice made with open eyes.
    """
    form["versie"].cstruct = str(report.version)
    done = changes_since(session, report, datetime.fromtimestamp(since, UTC))
    what = f" Dit is er gedaan: {'; '.join(done)}." if done else ""
    return ConflictError(
        f"Deze melding is intussen gewijzigd.{what} Uw invoer is niet opgeslagen en er is niets"
        " overschreven. Klopt uw invoer nog? Verstuur het formulier dan opnieuw.",
        changes,
    )
