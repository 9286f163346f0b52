"""The form of a profile: a choice per part and per field, as far as there is one."""

from __future__ import annotations

from typing import Any

from stopintimidatie.exports.profile_rules import Field, Profile, Section, Subject
from stopintimidatie.exports.profile_text import (
    allowed,
    choices,
    subject_code,
    to_codes,
)
from stopintimidatie.exports.text import capital
from stopintimidatie.web import forms

REASON_MAX = 500


def profile_schema(profile: Profile) -> Any:
    """What can be chosen for this kind of recipient; what lies fixed isn't asked."""
    schema = forms.Schema()
    for title, subjects in (
        ("Onderdelen van het document", tuple(Section)),
        ("Gegevens", tuple(Field)),
    ):
        group = forms.Schema(title=title, name=_group(subjects[0]))
        for subject in subjects:
            if is_open(profile, subject):
                group.add(_choice(profile, subject))
        if group.children:
            schema.add(group)
    schema.add(
        forms.field(
            forms.Text(REASON_MAX, lines=True),
            "Reden",
            name="reden",
            description="Waarom verandert u dit? De reden staat bij de versie. Schrijf geen namen"
            " van personen op.",
            widget=forms.TextArea(rows=3),
        )
    )
    schema.add(forms.field(forms.Integer(0), "Versie", name="versie", widget=forms.Hidden()))
    return schema


def _group(subject: Subject) -> str:
    return subject_code(subject).partition("_")[0]


def control_of(code: str) -> str:
    """The name of the control of a rule."""
    return f"{code.partition('_')[0]}.{code}"


def is_open(profile: Profile, subject: Subject) -> bool:
    return len(allowed(profile.name, subject)) > 1


def _choice(profile: Profile, subject: Subject) -> Any:
    # Every step is read, so that one which isn't allowed is refused with the reason.
    return forms.field(
        forms.OneOf(choices(subject)),
        capital(subject.value),
        name=subject_code(subject),
        widget=forms.Select(values=allowed(profile.name, subject), empty=None),
    )


def first_values(profile: Profile) -> dict[str, Any]:
    codes = to_codes(profile)
    groups: dict[str, Any] = {}
    for code, value in codes.items():
        groups.setdefault(code.partition("_")[0], {})[code] = value
    return {**groups, "versie": profile.version}


def read_codes(profile: Profile, values: dict[str, Any]) -> dict[str, str]:
    """The choices that a form tells; what it didn't ask stays."""
    told: dict[str, str] = {}
    for group in ("onderdeel", "veld"):
        told |= values.get(group, {})
    return to_codes(profile) | told
