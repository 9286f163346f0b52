"""From references that somebody typed to reports."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.dossiers.history import DossierError
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.references import normalise_reference

MOST_AT_ONCE: Final = 50
_BETWEEN: Final = re.compile(r"[\s,;]+")


def find_reports(session: Session, typed: str, *, field: str = "kenmerk") -> list[Report]:
    """The reports of the transaction's holder, in the order they were typed.

    :raises DossierError: something isn't a reference, or there is no such report here.
    """
    wanted = _references(typed, field)
    found = {
        report.reference: report
        for report in session.scalars(select(Report).where(Report.reference.in_(wanted)))
    }
    missing = [reference for reference in wanted if reference not in found]
    if missing:
        told = "is niet gevonden in uw gemeente. Controleer het kenmerk."
        if len(missing) > 1:
            told = "zijn niet gevonden in uw gemeente. Controleer de kenmerken."
        raise DossierError(f"{', '.join(missing)} {told}", field)
    return [found[reference] for reference in wanted]


def _references(typed: str, field: str) -> list[str]:
    """Each once."""
    words = [word for word in _BETWEEN.split(typed) if word]
    if len(words) > MOST_AT_ONCE:
        raise DossierError(f"Vul hoogstens {MOST_AT_ONCE} kenmerken in.", field)
    read = {word: normalise_reference(word) for word in words}
    for word, reference in read.items():
        if reference is None:
            raise DossierError(
                f"‘{word[:40]}’ is geen kenmerk. Een kenmerk ziet eruit als M-4F7K-2QX9.", field
            )
    return list(dict.fromkeys(reference for reference in read.values() if reference))
