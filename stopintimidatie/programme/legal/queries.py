"""Values of the legal documents: what the house declares, and what a municipality filled in.

No figure, term, field, role or recipient stands in the texts themselves: each comes from here, many
from a module of rules or words that a text reads as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date
from functools import partial
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy.orm import Session

from stopintimidatie.core.health.services import VERSION
from stopintimidatie.core.security import Permission, Role, permissions
from stopintimidatie.core.text import date_text
from stopintimidatie.dossiers.person import models as person
from stopintimidatie.exports.profiles import defaults, rules
from stopintimidatie.exports.vocabulary import APPROVE_WITHIN
from stopintimidatie.municipalities.accountability.rules import CONTROLLERS
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import DESK
from stopintimidatie.municipalities.partners import vocabulary as partners
from stopintimidatie.privacy.breaches import clock, vocabulary
from stopintimidatie.privacy.holds.models import HoldReason
from stopintimidatie.privacy.police.models import Article
from stopintimidatie.privacy.processing.queries import register_of
from stopintimidatie.privacy.processing.views import words_of
from stopintimidatie.privacy.requests import rules as requests
from stopintimidatie.privacy.requests.models import Right
from stopintimidatie.privacy.retention import rules as retention
from stopintimidatie.privacy.retention.queries import present_version
from stopintimidatie.programme.rules import blank, fill_in, known, table, texts_in
from stopintimidatie.reports.conversation.words import THINK_AGAIN
from stopintimidatie.reports.fields import FIELDS
from stopintimidatie.settings import Settings

FOLDER: Final = "legal"
# The settings of an installation before anybody chose anything.
USUAL: Final = SimpleNamespace(**{row.name: row.default for row in fields(Settings)})
_OFF: Final = ("", "geen", None, ())
_USED: Final = "nee", "ja", blank("ja of nee")


def legal_values(
    registry: Any, session: Session | None = None, town: Municipality | None = None
) -> dict[str, Any]:
    """Return the values for a municipality; without one, those for none in particular."""
    settings = registry.app_settings if town else USUAL
    register = register_of(registry, session, town.code if town else "")
    version = present_version(session) if session else None
    parts = words_of("verwerkingen", register, settings)[1]
    return {
        **register,
        "requests": requests,
        "person": person,
        "partners": partners,
        "retention": retention,
        "clock": clock,
        "breaches": vocabulary,
        "defaults": defaults,
        "rules": rules,
        "articles": Article,
        "holds": HoldReason,
        "rights": Right,
        "reported": FIELDS,
        "approve_within": APPROVE_WITHIN,
        "think_again": THINK_AGAIN.days,
        "known": known,
        "blank": blank,
        "grid": table,
        "who": _who,
        "settings": settings,
        "town": town.name if town else blank("naam van de gemeente"),
        "product": VERSION if town else blank("versie"),
        "owner": DESK,
        "contact": settings.contact if town else blank("mailadres en nummer"),
        "parts": {part.title: part for part in parts},
        "decided_on": known(version and date_text(version.effective_from), "datum van het besluit"),
        "given": partial(_given, register["content"]),
        "used": lambda name: _USED[getattr(settings, name) not in _OFF] if town else _USED[2],
    }


def _given(content: Mapping[str, Any], name: str, words: str) -> Any:
    """Return what the municipality filled in under a name, or a blank."""
    value = content.get(name, "")
    if value and name.endswith("_op"):
        value = date_text(date.fromisoformat(value))
    # An address has lines.
    return known(dict(CONTROLLERS).get(value, ", ".join(value.splitlines())), words)


def _who(name: str) -> str:
    """Return the roles of a municipality that have a permission."""
    roles = permissions.GRANTS[Permission[name]] - permissions.DESK
    return ", ".join(role.label for role in Role if role in roles)


def pages(registry: Any) -> Iterator[tuple[str, str]]:
    """Yield each document of no municipality in particular: its name, and a page of Markdown."""
    values = legal_values(registry)
    for name, text in texts_in(FOLDER).items():
        filled = fill_in(text, values)
        yield name, f"# {filled.title}\n\n{filled.edition}\n\n{filled.markdown}\n"
