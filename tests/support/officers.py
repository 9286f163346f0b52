"""Officers, and reports as they find them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.security import Role
from stopintimidatie.reports.models import Report
from tests.support.factories import DORDRECHT, make_report, make_user
from tests.support.installation import Installation

OFFICER = Actor("gebruiker", None, "Officier")


HERE = "/gemeenten/dordrecht/binnenstad"


def stored(installation: Installation, **changes: Any) -> str:
    """The address of a new report."""
    with installation.transaction() as session:
        return f"{HERE}/{make_report(session, installation, **changes).reference}"


def officer(installation: Installation, name: str = "Olga Officier") -> Any:
    return installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER), name=name))


def state_of(installation: Installation, address: str) -> str:
    with installation.transaction(DORDRECHT) as session:
        reference = address.rpartition("/")[2]
        found = session.scalars(select(Report.state).where(Report.reference == reference))
        return found.one()


def set_value(form: Any, name: str, value: str) -> None:
    """A field, or one box of a group."""
    boxes = [box for box in form.fields[name] if getattr(box, "_value", None) == value]
    if len(form.fields[name]) > 1 and boxes:
        boxes[0].checked = True
    else:
        form[name] = value
