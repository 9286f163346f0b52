"""Marking afterwards: an officer says that a note, text or file comes from the police.

It is hidden at once, and waits. A second person, named for police data, confirms it: then it moves
into the compartment, exports with it are withdrawn, and it goes out of the index and of papers. Or
a second person puts it back, as it was. Nothing of this stands in the log of the house, but that an
export was withdrawn, and by whom.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import (
    Button,
    Form,
    FormError,
    Schema,
    ask_values,
    field,
    handle_form,
)
from stopintimidatie.core.search import enqueue_index
from stopintimidatie.core.search.services import enqueue_purge
from stopintimidatie.core.second import ANSWERED, check_hand, lock_open, sign
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.permissions import may
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.personal import Fragment, Subject, personal_data_holders
from stopintimidatie.core.text import day_of, uuid_of
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, form_view, query_pairs
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import may_edit, only_live, reader_of, roles_at
from stopintimidatie.dossiers.queries import explain_holds
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.dossiers.workflow import GONE as DOSSIERS_GONE
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.request.jobs import Cause, Change, destroy
from stopintimidatie.exports.request.personal import copies_of, frozen_with
from stopintimidatie.privacy.holds.services import kind_of
from stopintimidatie.privacy.police import resources, services
from stopintimidatie.privacy.police.mail import tell_named
from stopintimidatie.privacy.police.models import Origin, PoliceItem
from stopintimidatie.privacy.police.pieces import (
    Document,
    Piece,
    in_exports,
    pieces_of,
    restore,
    take,
)
from stopintimidatie.privacy.police.switch import ASKED, is_on
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.steps import Action
from stopintimidatie.reports.resources import GONE as REPORTS_GONE
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.vocabulary import KIND as REPORT

NAME: Final = "van-de-politie"
CONFIRM, PUT_BACK = "ja", "nee"
TEMPLATES: Final = "stopintimidatie.privacy.police:templates"
FORM: Final = f"{TEMPLATES}/marking.jinja2"


def mark(registry: Any, session: Session, row: Document, piece: Piece, actor: Actor) -> PoliceItem:
    """Hide a piece of a document until a second person decides; tell who can.

    The caller locked the document before it listed its pieces.

    Raises:
        FormError: A hold is in force.
    """
    keys, today = registry.key_ring, day_of(utc_now())
    if holds := explain_holds(session, row, texts_too=True):
        raise FormError(" ".join(holds))
    taken = take(session, keys, row, piece)
    content = services.Content(text="\n\n".join(taken["texts"]))
    received = services.Received(today, today + services.SOON, None, content, Origin.MARKED)
    item = services.keep_item(session, keys, row.holder, received, actor, about=row)
    services.keep_taken(keys, item, taken)
    item.attachment_id = UUID(piece.key[1]) if "file" in taken else None
    enqueue_index(session, row.holder, kind_of(row), row.id)
    tell_named(session, item, actor)
    return item


def exports_with(registry: Any, session: Session, item: PoliceItem) -> list[tuple[Export, str]]:
    """Return the exports that hold what was marked, each with the label of its report there."""
    keys, fragments = registry.key_ring, in_exports(services.taken_of(registry.key_ring, item))
    return [
        (export, label)
        for export, label in copies_of(session, item.document_kind or "", services.subject_of(item))
        if any(frozen_with(session, keys, export, fragment) for fragment in fragments)
    ]


def confirm(registry: Any, session: Session, item: PoliceItem, actor: Actor) -> None:
    """Keep what was marked as police data, and take it out of exports, papers and index.

    Raises:
        SecondError: It was decided before, or this person marked it.
        FormError: This person isn't named, or a hold is in force.
    """
    row = _lock(session, item, actor)
    if str(actor.id) not in map(str, resources.judges_of(session, item)):
        raise FormError("Alleen een gemachtigde voor politiegegevens kan dit bevestigen.")
    if row is not None and (holds := explain_holds(session, row, texts_too=True)):
        raise FormError(" ".join(holds))
    for export, label in exports_with(registry, session, item):
        destroy(session, export, actor, cause=Cause(Change.REDACTED, label))
    taken = services.taken_of(registry.key_ring, item)
    if row is not None:
        _clean(registry, session, row, [Fragment(t, "", whole=True) for t in taken["texts"]])
    if "file" not in taken:
        taken["rows"] = []
    services.keep_taken(registry.key_ring, item, taken | {"texts": []})
    item.changed_at, item.changed_by = utc_now(), actor.name
    sign(session, item, actor)
    services.write_event(session, actor, "bevestigd", item)


def _clean(registry: Any, session: Session, row: Document, fragments: list[Fragment]) -> None:
    """Take whole texts out of what was copied of a document; of colleagues' own words nothing."""
    keys, kind = registry.key_ring, kind_of(row)
    subject = Subject(reference=row.reference if isinstance(row, Report) else row.number)
    for name, holder in personal_data_holders(registry).items():
        own = holder.apart or name in (REPORT, DOSSIER)
        copies = () if own else holder.find(session, keys, subject)
        for fragment in fragments if not holder.apart else ():
            holder.source_redacted(session, keys, kind, row.id, fragment)
            for document in copies:
                holder.redact(session, keys, document, fragment)
    enqueue_purge(session, row.holder)


def put_back(registry: Any, session: Session, item: PoliceItem, actor: Actor) -> None:
    """Put back what was marked, as it was.

    Raises:
        SecondError: It was decided before, or this person marked it.
        FormError: Its document is gone.
    """
    row = _lock(session, item, actor)
    if row is None or row.state in REPORTS_GONE | DOSSIERS_GONE:
        raise FormError("Waar dit stond, is hier niet meer. Het kan niet terug.")
    restore(session, registry.key_ring, services.taken_of(registry.key_ring, item))
    enqueue_index(session, row.holder, kind_of(row), row.id)
    services.write_event(session, actor, "teruggezet", item)
    session.flush()
    session.delete(item)


def _lock(session: Session, item: PoliceItem, actor: Actor) -> Document | None:
    """Lock a marked item, check who decides, and return its document, locked as well."""
    lock_open(session, item, actor)
    check_hand(session, item, actor, own=resources.OWN_MARK)
    entity: Any = Report if item.document_kind == REPORT else Dossier
    row: Document | None = session.get(entity, item.document_id, with_for_update=True)
    return row


# Pages


@form_view(ReportResource, NAME, Permission.TRIAGE, FORM, guards=ASKED)
@form_view(DossierResource, NAME, Permission.EDIT_DOSSIER, FORM, guards=(*ASKED, only_live))
def mark_view(context: Any, request: Request) -> Any:
    """Mark a note, text or file of a document as coming from the police."""
    dossier = isinstance(context, DossierResource)
    row: Document = context.dossier if dossier else context.report
    back, session, keys = request.resource_path(context), request.db, request.registry.key_ring
    if request.method == "POST":
        session.refresh(row, with_for_update=True)
    elif holds := explain_holds(session, row, texts_too=True):
        request.flash(" ".join(holds), "warning")
        return HTTPSeeOther(back)
    pieces = pieces_of(session, row, reader_of(request))
    choices = [(piece.code, piece.label) for piece in pieces]
    question = field(forms.OneOf(choices, radio=True), "Wat komt van de politie?", name="welk")

    def act(values: dict[str, Any]) -> None:
        piece = next(piece for piece in pieces if piece.code == values["welk"])
        item = mark(request.registry, session, row, piece, request.actor)
        words = "Gemarkeerd, en verborgen. Een ander beslist erover."
        request.flash(words, link=("Bekijken", _address(context, request, item)))

    def page() -> dict[str, Any]:
        task = "dossier bekijken" if dossier else "melding bekijken"
        note_read(request, context.holder, kind_of(row), [row.id], task=task)
        mine = PoliceItem.document_id == row.id, PoliceItem.proposed_by_id == request.actor.id
        marked = session.scalars(select(PoliceItem).where(PoliceItem.waiting(), *mine)).all()
        return {
            "name": row.number if isinstance(row, Dossier) else row.reference,
            "pieces": pieces,
            "marked": [
                (services.taken_of(keys, m)["name"], _address(context, request, m)) for m in marked
            ],
        }

    return ask_values(request, Schema(question), Button("markeren", "Markeren"), act, back, page)


def _address(context: Any, request: Request, item: PoliceItem) -> str:
    return f"{resources.list_address(context, request)}/{resources.ITEM}?nr={item.id}"


def still_waits(context: resources.PoliceList, request: Request) -> HTTPSeeOther | None:
    """Tell a named person that another decided first: what they choose now isn't done (guard)."""
    named = may(roles_at(request, context.holder), Permission.POLICE_DATA)
    number = uuid_of(dict(query_pairs(request)).get("nr", ""))
    waits = select(PoliceItem.id).where(PoliceItem.id == number, PoliceItem.waiting())
    if not named or "besluit" not in request.POST or request.db.scalar(waits):
        return None
    request.flash(ANSWERED, "warning")
    return HTTPSeeOther(request.resource_path(context))


def judge(
    context: resources.PoliceList, request: Request, item: PoliceItem, page: dict[str, Any]
) -> Any:
    """Ask a second person if it comes from the police; confirm that, or put it back."""
    registry = request.registry
    choices = [(CONFIRM, "Ja, dit komt van de politie")] if page["named"] else []
    choices += [(PUT_BACK, "Nee, zet het terug zoals het was")]
    question = field(forms.OneOf(choices, radio=True), "Komt dit van de politie?", name="besluit")
    form = Form(Schema(question), request, buttons=[Button("beslissen", "Beslissen")])

    def on_valid(values: dict[str, Any]) -> Any:
        act = confirm if values["besluit"] == CONFIRM else put_back
        act(registry, request.db, item, request.actor)
        request.flash("Bevestigd: het is een politiegegeven." if act is confirm else "Teruggezet.")
        back = context if page["named"] else context.__parent__
        return HTTPSeeOther(request.resource_path(back))

    withdrawn = [row.reference for row, _ in exports_with(registry, request.db, item)]
    return handle_form(request, form, on_valid, page | {"withdrawn": withdrawn})


# The ways to it, on the page of a report and of a dossier


def mark_action(request: Any, context: Any) -> Action | None:
    """Return the way to mark what came from the police in a report, for who handles it."""
    if not is_on(request.db, context.holder) or not request.has_permission(
        Permission.TRIAGE, context
    ):
        return None
    return Action("Komt dit van de politie?", request.resource_path(context, NAME))


def mark_panel(context: Any, request: Any) -> Panel | None:
    """Show the way to mark what came from the police in a dossier, for who works on it."""
    if not is_on(request.db, context.holder) or not may_edit(context, request):
        return None
    return Panel(
        "Van de politie", f"{TEMPLATES}/mark.jinja2", {"href": request.resource_path(context, NAME)}
    )
