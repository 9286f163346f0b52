"""A profile's rules as codes that can be kept and posted, and how two versions differ. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from stopintimidatie.exports.minimum import at_least, minimum_for
from stopintimidatie.exports.profile_rules import (
    SHOWN,
    Coarse,
    Field,
    Profile,
    Rule,
    Section,
    Subject,
    Treatment,
    steps,
    strictness,
)

OWN_CHOICE: Final = "zo koos de gemeente"
SUBJECTS: Final[tuple[Subject, ...]] = (*Section, *Field)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a rule did, and does now."""

    subject: str
    before: str
    after: str


def subject_code(subject: Subject) -> str:
    """Its name in what is kept and in a form."""
    kind = "onderdeel" if isinstance(subject, Section) else "veld"
    return f"{kind}_{subject.name.lower()}"


def step_code(treatment: Treatment, how: Coarse | None) -> str:
    return how.name.lower() if how else treatment.label


def code_of(subject: Subject, rule: Rule) -> str:
    return step_code(rule.treatment, rule.how)


def choices(subject: Subject) -> list[tuple[str, str]]:
    """Every step there is, with its words."""
    return [
        (step_code(treatment, how), Rule(treatment, "", how).label)
        for treatment, how in steps(subject)
    ]


def allowed(name: str, subject: Subject) -> list[tuple[str, str]]:
    """The steps that the minimum leaves."""
    least = minimum_for(name, subject)
    begin = 0 if least is None else strictness(subject, least)
    return choices(subject)[begin:]


def to_codes(profile: Profile) -> dict[str, str]:
    return {subject_code(one): code_of(one, profile.rule(one)) for one in SUBJECTS}


def with_codes(proposed: Profile, version: int, codes: Mapping[str, Any]) -> Profile:
    """The program's profile with these choices; what isn't told or can't be stays as proposed."""
    return at_least(
        replace(
            proposed,
            version=version,
            rules=MappingProxyType({one: _rule(proposed, one, codes) for one in Field}),
            sections=MappingProxyType({one: _rule(proposed, one, codes) for one in Section}),
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
    """The minimum that this choice would open; None when it may be."""
    least = minimum_for(name, subject)
    known = [option for option, _ in choices(subject)]
    if least is None or code not in known:
        return None
    return least if known.index(code) < strictness(subject, least) else None


def differences(before: Profile, after: Profile) -> tuple[Difference, ...]:
    """The rules that do something else, in the order of the form."""
    return tuple(_differences(before, after))


def _differences(before: Profile, after: Profile) -> Iterator[Difference]:
    for subject in SUBJECTS:
        one, other = before.rule(subject), after.rule(subject)
        if strictness(subject, one) != strictness(subject, other):
            yield Difference(words_for(subject), one.label, other.label)


def words_for(subject: Subject) -> str:
    word = subject.value[:1].upper() + subject.value[1:]
    return f"Onderdeel ‘{word}’" if isinstance(subject, Section) else word
