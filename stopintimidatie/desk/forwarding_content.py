"""What a municipality that isn't connected gets to see of a report. From rows to words."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.orm import Session

from stopintimidatie.disclosures.pickup import Content, Section
from stopintimidatie.register.models import Municipality, Neighbourhood
from stopintimidatie.reports import summary
from stopintimidatie.reports.contacts import ContactData, read_contact
from stopintimidatie.reports.models import Report
from stopintimidatie.storage.encryption import KeyRing

# What goes along, for the register.
CATEGORIES: Final = ("relaas", "plek", "tijd", "vormen", "melder", "signalement")
WITH_CONTACT: Final = "contactgegevens"


def content_of(session: Session, keys: KeyRing, report: Report) -> Content:
    """The whole report: the municipality is the one that must act on it."""
    contact = read_contact(session, keys, report)
    sections = [
        Section("Wat er gebeurde", summary.what(report), report.description),
        Section("Waar", summary.where(report, _names(session, report))),
        Section("Wanneer", summary.when(report)),
        Section("De melder", summary.reporter(report) + summary.wishes(report)),
    ]
    offenders = summary.offenders(report)
    if offenders or report.offender_appearance:
        sections.append(Section("Wie het deed", offenders, report.offender_appearance))
    if contact is not None:
        sections.append(Section("Contact met de melder", _contact(contact)))
    return Content(f"Melding {report.reference}", sections)


def categories_of(content: Content) -> tuple[str, ...]:
    """The categories that went along."""
    contact = any(section.title == "Contact met de melder" for section in content.sections)
    return (*CATEGORIES, WITH_CONTACT) if contact else CATEGORIES


def _contact(contact: ContactData) -> list[tuple[str, Any]]:
    rows = [
        ("Naam", contact.name),
        ("Telefoon", contact.phone),
        ("E-mail", contact.email),
        ("Wanneer", contact.when),
    ]
    return [(term, value) for term, value in rows if value]


def _names(session: Session, report: Report) -> summary.AreaNames:
    town = session.get(Municipality, report.municipality_code or "")
    area = session.get(Neighbourhood, report.neighbourhood_code or "")
    return summary.AreaNames(town.name if town else None, area.name if area else None)


def as_text(content: Content) -> str:
    """The same in plain text, for encrypted mail."""
    lines = [content.title, ""]
    for section in content.sections:
        lines += [section.title.upper()]
        lines += [section.text] if section.text else []
        lines += [f"{term}: {value}" for term, value in section.rows]
        lines.append("")
    return "\n".join(lines)
