"""Values of the legal documents: what the house declares, and what a municipality filled in.

No figure, term, field, role or recipient stands in the texts themselves: each comes from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy.orm import Session

from stopintimidatie.core.health.services import VERSION
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.security.permissions import DESK as OF_DESK
from stopintimidatie.core.security.permissions import GRANTS
from stopintimidatie.core.storage.personal import Treatment
from stopintimidatie.core.storage.retention import RetentionClass
from stopintimidatie.core.text import date_text
from stopintimidatie.dossiers.person import models as person
from stopintimidatie.exports.profiles.defaults import MINORS, profile_for
from stopintimidatie.exports.profiles.rules import Profile, rules_under
from stopintimidatie.exports.vocabulary import APPROVE_WITHIN
from stopintimidatie.municipalities.accountability.rules import CONTROLLERS
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import DESK
from stopintimidatie.municipalities.partners.vocabulary import BASES, MinorsGround, PartnerKind
from stopintimidatie.privacy.breaches.clock import TERM
from stopintimidatie.privacy.breaches.vocabulary import Category, Group
from stopintimidatie.privacy.erasure.approval import ALONE_AFTER
from stopintimidatie.privacy.holds.models import HoldReason
from stopintimidatie.privacy.police.models import Article
from stopintimidatie.privacy.processing.queries import register_of
from stopintimidatie.privacy.processing.views import words_of
from stopintimidatie.privacy.requests import rules as requests
from stopintimidatie.privacy.requests.models import Right
from stopintimidatie.privacy.retention.queries import present_version
from stopintimidatie.privacy.retention.rules import (
    MAXIMUM,
    TRANSFERABLE,
    WARNED,
    Choice,
    Outcome,
)
from stopintimidatie.programme.rules import blank, fill_in, known, table, texts_in
from stopintimidatie.reports.conversation.words import THINK_AGAIN
from stopintimidatie.reports.fields import FIELDS
from stopintimidatie.settings import Settings

FOLDER: Final = "legal"
# What an installation is set up with before anybody chose anything.
USUAL: Final = SimpleNamespace(**{row.name: row.default for row in fields(Settings)})
_OFF: Final = ("", "geen", None, ())


def legal_values(
    registry: Any, session: Session | None = None, town: Municipality | None = None
) -> dict[str, Any]:
    """Return the values for a municipality; without one, those for none in particular."""
    settings = registry.app_settings if session else USUAL
    register = register_of(registry, session, town.code if town else "")
    version = present_version(session) if session else None
    profiles = register["redaction"]
    parts = words_of("verwerkingen", register, settings)[1]
    return {
        **_DECLARED,
        "town": town.name if town else blank("naam van de gemeente"),
        "product": VERSION if town else blank("versie"),
        "owner": DESK,
        "contact": settings.contact if town else blank("mailadres en nummer"),
        "known": known,
        "grid": table,
        "settings": settings,
        "police": register["police"],
        "profiles": profiles.values(),
        "partners": [(kind, profiles.get(profile_for(kind))) for kind in PartnerKind],
        "parts": {part.title: part for part in parts},
        "processings": [entry["title"] for entry, *_ in register["processings"]],
        "schedule": register["schedule"],
        "maximum": register["schedule"].maximum if register["schedule"] else MAXIMUM,
        "decided_on": known(version and date_text(version.effective_from), "datum van het besluit"),
        "decision": [*_decision(register)],
        "kept": [*_kept(register)],
        "given": partial(_given, register["content"]),
        "used": lambda name: _used(settings, name) if session else blank("ja of nee"),
    }


def pages(registry: Any) -> Iterator[tuple[str, str]]:
    """Yield each document of no municipality in particular: its name, and a page of Markdown."""
    values = legal_values(registry)
    for name, text in texts_in(FOLDER).items():
        filled = fill_in(text, values)
        yield name, f"# {filled.title}\n\n{filled.edition}\n\n{filled.markdown}\n"


def _given(content: Mapping[str, Any], name: str, words: str) -> Any:
    """Return what the municipality filled in under a name, or a blank."""
    value = content.get(name, "")
    if value and name.endswith("_op"):
        value = date_text(date.fromisoformat(value))
    return known(dict(CONTROLLERS).get(value, value), words)


def _used(settings: Any, name: str) -> str:
    return "nee" if getattr(settings, name) in _OFF else "ja"


def _decision(register: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """Yield the rows of the retention decision: what isn't decided yet is a blank."""
    choices = register["schedule"].choices if register["schedule"] else {}
    for code, row in register["chosen"].items():
        choice = choices.get(code)
        yield (
            row.label,
            row.starts,
            known(choice and choice.category, "categorie"),
            str(choice.term) if choice else blank(f"voorstel: {row.length}"),
            _outcome(code, choice),
            row.way.value,
        )


def _outcome(code: str, choice: Choice | None) -> str:
    if choice is None and code in TRANSFERABLE:
        return blank(" of ".join(Outcome))
    return (choice.outcome if choice else Outcome.DESTROY).value


def _kept(register: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    """Yield the rows of what goes whatever a municipality chooses."""
    rows: dict[str, RetentionClass] = {}
    for _, kept, _ in register["processings"]:
        rows |= {row.code: row for row in kept if row.code not in register["chosen"]}
    for row in rows.values():
        yield row.label, row.starts, row.length, row.way.value


def _shows(profile: Profile, *, minors: bool = False) -> Iterator[Sequence[str]]:
    """Yield the rows of what a profile does with each field and section, and why.

    `minors`: only what it does otherwise with reports of minors.
    """
    for field, rule in rules_under(profile, MINORS if minors else None).items():
        if not minors or rule != profile.rules[field]:
            yield field.value, rule.label, rule.why
    for section, rule in () if minors else profile.sections.items():
        yield section.value, rule.label, rule.why


def _who(name: str) -> str:
    """Return the roles of a municipality that have a permission."""
    roles = GRANTS[Permission[name]] - OF_DESK
    return ", ".join(role.label for role in Role if role in roles)


_DECLARED: Final[Mapping[str, Any]] = {
    "bases": BASES,
    "minors_grounds": MinorsGround,
    "grounds": person.CrimeGround,
    "articles": Article,
    "holds": HoldReason,
    "rights": Right,
    "groups": Group,
    "categories": Category,
    "who": _who,
    "shows": _shows,
    "texts": [row.facts.erased for row in FIELDS if row.facts.personal is Treatment.TEXT],
    "minors_out": [field.value for field in MINORS.rules if MINORS.rules[field].how is None],
    "approve_within": APPROVE_WITHIN,
    "advise_within": person.ADVISE_WITHIN,
    "look_again": person.LONGEST,
    "alone_after": ALONE_AFTER,
    "breach_hours": TERM // timedelta(hours=1),
    "think_again": THINK_AGAIN.days,
    "warned": WARNED.days,
    "answer_within": requests.ANSWER,
    "longer_by": requests.EXTENSION,
    "weeks_to_object": requests.WEEKS_TO_OBJECT,
    "forgotten_after": requests.FORGOTTEN_AFTER,
    "gone_after": requests.GONE_AFTER,
}
