"""A profile's rules as codes that can be kept and posted, and how two versions differ. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from stopintimidatie.exports.profiles.rules import (
    SHOWN,
    WORDS,
    Coarse,
    Field,
    Profile,
    Rule,
    Section,
    Subject,
    Treatment,
    at_least,
    minimum_for,
    steps,
    strictness,
)

OWN_CHOICE: Final = "zo koos de gemeente"
SUBJECTS: Final[tuple[Subject, ...]] = (*Section, *Field)


@dataclass(frozen=True, slots=True)
class Difference:
    """The rule that was, and the rule that is now."""

    subject: str
    before: str
    after: str


def subject_code(subject: Subject) -> str:
    """Return its name in what is kept and in a form."""
    kind = "onderdeel" if isinstance(subject, Section) else "veld"
    return f"{kind}_{subject.name.lower()}"


def step_code(treatment: Treatment, how: Coarse | None) -> str:
    """Return the code of a step, as it is kept and posted."""
    return how.name.lower() if how else WORDS[treatment]


def code_of(subject: Subject, rule: Rule) -> str:
    """Return the code of a rule."""
    return step_code(rule.treatment, rule.how)


def choices(subject: Subject) -> list[tuple[str, str]]:
    """Return every step there is, with its words."""
    return [
        (step_code(treatment, how), Rule(treatment, "", how).label)
        for treatment, how in steps(subject)
    ]


def allowed(name: str, subject: Subject) -> list[tuple[str, str]]:
    """Return the steps that the minimum leaves."""
    least = minimum_for(name, subject)
    begin = 0 if least is None else strictness(subject, least)
    return choices(subject)[begin:]


def to_codes(profile: Profile) -> dict[str, str]:
    """Return all rules of a profile as codes, by the code of the subject."""
    return {subject_code(subject): code_of(subject, profile.rule(subject)) for subject in SUBJECTS}


def with_codes(proposed: Profile, version: int, codes: Mapping[str, Any]) -> Profile:
    """Return the program's profile with these choices; what is unknown stays as proposed."""
    return at_least(
        replace(
            proposed,
            version=version,
            rules=MappingProxyType({subject: _rule(proposed, subject, codes) for subject in Field}),
            sections=MappingProxyType(
                {subject: _rule(proposed, subject, codes) for subject in Section}
            ),
        )
    )


def _rule(proposed: Profile, subject: Subject, codes: Mapping[str, Any]) -> Rule:
    usual = proposed.rule(subject)
    wanted = codes.get(subject_code(subject))
    for treatment, how in steps(subject):
        if step_code(treatment, how) == wanted:
            return _with_why(proposed, subject, treatment, how)
    return usual


def _with_why(
    proposed: Profile, subject: Subject, treatment: Treatment, how: Coarse | None
) -> Rule:
    if treatment is Treatment.SHOWN:
        return SHOWN
    for known in (minimum_for(proposed.name, subject), proposed.rule(subject)):
        if known is not None and (known.treatment, known.how) == (treatment, how):
            return known
    return Rule(treatment, OWN_CHOICE, how)


def too_lax(name: str, subject: Subject, code: str) -> Rule | None:
    """Return the minimum that this choice would open; None when it may be."""
    least = minimum_for(name, subject)
    known = [option for option, _ in choices(subject)]
    if least is None or code not in known:
        return None
    return least if known.index(code) < strictness(subject, least) else None


def differences(before: Profile, after: Profile) -> tuple[Difference, ...]:
    """Return the rules that do something else, in the order of the form."""
    pairs = ((subject, before.rule(subject), after.rule(subject)) for subject in SUBJECTS)
    return tuple(
        Difference(words_for(subject), was.label, now.label)
        for subject, was, now in pairs
        if strictness(subject, was) != strictness(subject, now)
    )


def words_for(subject: Subject) -> str:
    """Return the words for a field or a section, beginning with a capital."""
    word = subject.value[:1].upper() + subject.value[1:]
    return f"Onderdeel ‘{word}’" if isinstance(subject, Section) else word
