"""The versions of a municipality's profiles: the current one, earlier ones, and a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import ConflictError, FormError
from stopintimidatie.exports.models import RedactionProfile
from stopintimidatie.exports.profiles.defaults import PROFILES
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
from stopintimidatie.municipalities.levels.models import MunicipalityProfile

KIND: Final = "redactieprofiel"
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
    rules = ((subject, profile.rule(subject)) for subject in SUBJECTS)
    return {subject_code(subject): step_code(rule.treatment, rule.how) for subject, rule in rules}


def with_codes(proposed: Profile, version: int, codes: Mapping[str, Any]) -> Profile:
    """Return the program's profile with these choices; what is unknown stays as proposed."""
    rules = {field: _rule(proposed, field, codes) for field in Field}
    sections = {section: _rule(proposed, section, codes) for section in Section}
    return at_least(replace(proposed, version=version, rules=rules, sections=sections))


def _rule(proposed: Profile, subject: Subject, codes: Mapping[str, Any]) -> Rule:
    usual, wanted = proposed.rule(subject), codes.get(subject_code(subject))
    step = next((step for step in steps(subject) if step_code(*step) == wanted), None)
    if step is None:
        return usual
    if step[0] is Treatment.SHOWN:
        return SHOWN
    for known in (minimum_for(proposed.name, subject), usual):
        if known is not None and (known.treatment, known.how) == step:
            return known
    return Rule(step[0], "zo koos de gemeente", step[1])


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


# The versions


@dataclass(frozen=True)
class Version:
    """One version of a profile, with what it changed; without a row the program's proposal."""

    profile: Profile
    row: RedactionProfile | None
    changes: tuple[Difference, ...]


def current_profiles(session: Session, holder: str) -> Mapping[str, Profile]:
    """Return every profile as it counts now for this municipality, by name."""
    newest: dict[str, RedactionProfile] = {}
    for row in session.scalars(
        select(RedactionProfile)
        .where(RedactionProfile.holder == holder)
        .order_by(RedactionProfile.number)
    ):
        newest[row.name] = row
    return {
        name: read_row(newest[name]) if name in newest else proposed
        for name, proposed in PROFILES.items()
    }


def _rows(holder: str, name: str) -> Select[RedactionProfile]:
    return (
        select(RedactionProfile)
        .where(RedactionProfile.holder == holder, RedactionProfile.name == name)
        .order_by(RedactionProfile.number.desc())
    )


def read_row(row: RedactionProfile) -> Profile:
    """Return the profile that is kept in a row."""
    return with_codes(PROFILES[row.name], row.number, row.rules)


def versions(session: Session, holder: str, name: str) -> Sequence[Version]:
    """Return the versions, newest first; the last is what the program proposes."""
    rows = session.scalars(_rows(holder, name)).all()
    known = [*(read_row(row) for row in rows), PROFILES[name]]
    made = [
        Version(profile, row, differences(before, profile))
        for row, profile, before in zip(rows, known, known[1:], strict=False)
    ]
    return [*made, Version(PROFILES[name], None, ())]


def profile_at(session: Session, holder: str, name: str, number: int) -> Profile | None:
    """Return a profile as it was in that version; None when that isn't known any more."""
    row = session.scalars(_rows(holder, name).where(RedactionProfile.number == number)).first()
    if row is not None:
        return read_row(row)
    return PROFILES[name] if PROFILES[name].version == number else None


def change_profile(
    session: Session,
    holder: str,
    name: str,
    codes: Mapping[str, str] | None,
    reason: str,
    actor: Actor,
    *,
    seen: int,
) -> tuple[Difference, ...]:
    """Make a version with these choices; return what differs (nothing: no version).

    `codes` is None to go back to what the program proposes.

    Raises:
        FormError: A choice that the minimum doesn't allow.
        ConflictError: It isn't the version that this person saw.
    """
    wanted = PROFILES[name]
    if codes is not None:
        _check_minimum(name, codes)
        wanted = with_codes(wanted, 0, codes)
    # One at a time for a municipality; on SQLite a writing transaction is alone already.
    session.get(MunicipalityProfile, holder, with_for_update=True)
    now = current_profiles(session, holder)[name]
    if now.version != seen:
        raise ConflictError(
            "Iemand anders heeft dit profiel intussen gewijzigd. Er is niets opgeslagen. Kijk na"
            " wat er nu geldt en sla daarna opnieuw op."
        )
    changes = differences(now, wanted)
    if not changes:
        return ()
    row = RedactionProfile(
        holder=holder,
        name=name,
        number=max(now.version, PROFILES[name].version) + 1,
        rules=to_codes(wanted),
        proposed=codes is None,
        reason=reason,
        made_at=utc_now(),
        made_by_id=actor.id,
        made_by=actor.name,
    )
    session.add(row)
    session.flush()
    record(session, actor, "redactieprofiel.gewijzigd", holder, KIND, [row.id], fields=[row.name])
    return changes


def _check_minimum(name: str, codes: Mapping[str, str]) -> None:
    for subject in SUBJECTS:
        code, known = subject_code(subject), [option for option, _ in choices(subject)]
        chosen, least = codes.get(code, ""), minimum_for(name, subject)
        if least is None or chosen not in known:
            continue
        if known.index(chosen) < strictness(subject, least):
            raise FormError(
                f"‘{words_for(subject)}’ kan voor deze ontvanger niet opener dan"
                f" ‘{least.label}’: {least.why}. Kies dat, of iets strengers.",
                f"{code.partition('_')[0]}.{code}",
            )
