"""Documents that lines of the log are about: their names, and where each can be opened.

A room below or beside this one hands in its own kinds with `config.add_log_document(…)`. All kinds
of a page are asked in one statement.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, String, Uuid, cast, literal, null, select, union_all
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleOffer, User
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.registry import Directive, of_kind
from stopintimidatie.core.security import Identity, Permission
from stopintimidatie.core.security.permissions import may
from stopintimidatie.core.text import composed
from stopintimidatie.core.tree import lineage
from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.patterns.models import Pattern
from stopintimidatie.exports.models import Export
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.areas.resources import PLACES
from stopintimidatie.municipalities.partners.models import PartnerOrganisation
from stopintimidatie.privacy.log.models import KIND as QUESTION
from stopintimidatie.privacy.log.models import ReadQuestion
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import normalise_reference


@dataclass(frozen=True)
class LogDocument:
    """Kind of document in the log.

    Args:
        kind: as the log calls it.
        rows: selects id, name and a text for the address; the criteria of the holder come by
            themselves.
        permission: of who may open it; None: it has no page of its own.
        address: of the document, with `{home}`, `{id}`, `{name}` and `{more}`, the third column.
        typed: people find it by its name.
    """

    kind: str
    rows: Select[UUID, str, Any]
    permission: Permission | None = None
    address: str = "{home}/{name}"
    typed: bool = True


LOG_DOCUMENTS: Final = Directive[str, LogDocument]("add_log_document", "log_documents", of_kind)


@dataclass(frozen=True)
class Named:
    """A document as a line of the log names it; `href` is None where it can't be opened."""

    id: UUID
    kind: str
    name: str
    href: str | None
    # The log can be asked for it by this name.
    typed: bool


def own_documents() -> tuple[LogDocument, ...]:
    """Return the kinds of the rooms below this one."""
    dossier = Neighbourhood.slug + "/" + Dossier.number
    of_export = (
        select(Export.id, Export.reference, dossier)
        .join(Dossier, Dossier.id == Export.dossier_id)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
    )
    of_dossier = select(Dossier.id, Dossier.number, dossier).join(
        Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code
    )
    return (
        LogDocument(
            "melding",
            select(Report.id, Report.reference, null()),
            Permission.VIEW_REPORT,
            "/m/{name}",
        ),
        LogDocument("dossier", of_dossier, Permission.VIEW_DOSSIER, "{home}/{more}"),
        LogDocument("uitvoer", of_export, Permission.VIEW_EXPORT, "{home}/{more}/{name}"),
        LogDocument(
            "verstrekking",
            select(Disclosure.id, Disclosure.reference, null()),
            Permission.VIEW_DISCLOSURES,
            "{home}/verstrekkingen/{name}",
            typed=False,
        ),
        LogDocument(
            "partner",
            select(PartnerOrganisation.id, PartnerOrganisation.name, PartnerOrganisation.reference),
            Permission.VIEW_PARTNER,
            "{home}/partners/{more}",
        ),
        LogDocument(
            "patroon",
            select(Pattern.id, literal("P-").concat(Pattern.number), null()),
            Permission.VIEW_REPORT,
        ),
        QUESTION_IN_LOG,
        LINE_IN_LOG,
        LogDocument("gebruiker", select(User.id, User.name, null()), typed=False),
        # As the inviting person typed it; there is no offer once the role is taken or withdrawn.
        LogDocument("rol", select(RoleOffer.id, RoleOffer.username, null()), typed=False),
    )


# A question of 1.0.0 stands on the page of the line that it is about.
QUESTION_IN_LOG: Final = LogDocument(
    QUESTION,
    select(
        ReadQuestion.id,
        literal("inzage door ").concat(ReadQuestion.reader),
        cast(ReadQuestion.event_id, String),
    ),
    Permission.ASK_READS,
    "{home}/logboek-regel?nr={more}",
    typed=False,
)
LINE_IN_LOG: Final = LogDocument(
    "logregel",
    select(AuditEvent.id, literal("regel van ").concat(AuditEvent.actor_name), null()),
    Permission.VIEW_AUDIT,
    "{home}/logboek-regel?nr={id}",
    typed=False,
)


def home_of(context: Any, request: Any) -> str:
    """Return the address of the municipality that this is in, or of the desk."""
    place = next(node for node in lineage(context) if getattr(node, "kind", "") in PLACES)
    return str(request.resource_path(place)).rstrip("/")


def _all(kinds: Collection[LogDocument], column: int, wanted: Collection[Any]) -> Any:
    """Select the documents of these kinds whose id (0) or name (1) is among those wanted."""
    parts = []
    for kind in kinds:
        number, name, more = kind.rows.selected_columns
        asked = (number, name)[column]
        parts.append(
            kind.rows.where(asked.in_(wanted)).with_only_columns(
                literal(kind.kind).label("kind"),
                cast(number, Uuid).label("id"),
                name.label("name"),
                more.label("more"),
            )
        )
    return union_all(*parts)


def named(
    session: Session,
    registry: Any,
    identity: Identity,
    holder: str,
    home: str,
    ids: Collection[UUID],
) -> dict[UUID, Named]:
    """Return the documents with these ids that are known here, by id.

    `home`: the address of the holder. What stays of a destroyed document goes before what is left
    of the document itself.
    """
    if not ids:
        return {}
    kinds = LOG_DOCUMENTS.of(registry)
    roles = identity.roles_for(holder)
    # The kinds of higher rooms come last, and so a tombstone.
    order = list(kinds)
    rows = session.execute(_all(kinds.values(), 0, ids)).all()
    known = {}
    for row in sorted(rows, key=lambda row: order.index(row.kind)):
        kind = kinds[row.kind]
        opens = kind.permission is not None and may(roles, kind.permission)
        parts = {"home": home, "id": row.id, "name": row.name, "more": row.more or ""}
        href = kind.address.format(**parts) if opens else None
        known[row.id] = Named(row.id, row.kind, row.name, href, kind.typed)
    return known


def find_document(session: Session, registry: Any, typed: str) -> UUID | None:
    """Return the id of the document with this reference, number or name; None without any."""
    text = composed(typed).strip()
    wanted = {text, text.upper(), normalise_reference(text) or text}
    kinds = [kind for kind in LOG_DOCUMENTS.of(registry).values() if kind.typed]
    rows = session.execute(_all(kinds, 1, wanted).limit(1)).first()
    return None if rows is None else rows.id
