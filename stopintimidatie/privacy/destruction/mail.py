"""Mail to archivist and FG: a document may stay beyond its maximum, by decision. No content."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from stopintimidatie.core.forms import FormError
from stopintimidatie.core.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.core.security import Role
from stopintimidatie.dossiers.services import COLLEAGUE, people_with
from stopintimidatie.privacy.retention.models import Extension

_NEEDED: Final = {Role.ARCHIVIST: "archivaris", Role.DATA_PROTECTION_OFFICER: "FG"}


def tell_watchers(session: Session, extension: Extension) -> None:
    """Mail archivist and FG that a decision was entered, which works a week later.

    Raises:
        FormError: this municipality has no archivist, or no FG.
    """
    session.flush()
    for role, word in _NEEDED.items():
        people = people_with(session, extension.holder, [role])
        if not people:
            raise FormError(
                f"Er is geen {word} met een account, en die moet dit weten voordat het werkt. De"
                " beheerder nodigt er een uit."
            )
        for person, _ in people:
            key = f"{TOLD.name}:{extension.id}:{extension.version}:{person}"
            to = Recipient(COLLEAGUE, person)
            queue_mail(
                session, extension.holder, TOLD.name, to, about=extension.document_id, key=key
            )


def _letter(writing: Writing) -> Letter:
    return Letter({"link": writing.link("/vernietiging")})


TOLD: Final = MailTemplate(
    "langer_bewaren",
    "Een document blijft langer bewaard dan het uiterste",
    "stopintimidatie.privacy.destruction:templates/mail/langer_bewaren.txt.jinja2",
    _letter,
)
