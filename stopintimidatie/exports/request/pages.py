"""Shared by the pages of requests: the preview of a document, and links between the pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.permissions import may
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.tree import lineage
from stopintimidatie.core.web.request import Crumb, Request
from stopintimidatie.dossiers.pages import back_to
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.exports.document.assets import (
    OTHER_SCRIPT,
    displayable,
    letters_of,
    load_assets,
)
from stopintimidatie.exports.extract.queries import LoadedDossier
from stopintimidatie.exports.extract.services import Prepared, check_restricted, prepare
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.profiles.defaults import PROFILES, offered
from stopintimidatie.exports.profiles.rules import Field
from stopintimidatie.exports.redaction.content import (
    ContentError,
    DossierContent,
    Hidden,
    ReportContent,
    map_text,
)
from stopintimidatie.exports.request.queries import (
    NO_LONGER,
    waiting_with,
    why_not_out,
    why_not_second,
)
from stopintimidatie.exports.request.texts import NAME as TEXTS
from stopintimidatie.exports.resources import ExportResource
from stopintimidatie.exports.review.views import NAME as REVIEW
from stopintimidatie.exports.vocabulary import ExportError, capital
from stopintimidatie.reports.services import paths_of_reports


def only_going_out(context: DossierResource, request: Request) -> HTTPSeeOther | None:
    """Send who opens a form about a dossier that may go to nobody back, with the reason."""
    why = "" if request.method == "POST" else why_not_out(request.db, context.dossier)
    if not why:
        return None
    request.flash(why, "warning")
    return back_to(context, request)


def preview_values(prepared: Prepared, review: Mapping[int, str] | None = None) -> dict[str, Any]:
    """Return the values of `templates/preview.jinja2` for a prepared document.

    `review` holds the address where the text of a report is reviewed, by its serial number.
    """
    content = _as_written(prepared.content)
    return {
        "profile": prepared.profile,
        "content": content,
        "hidden_lines": [_hidden_line(line) for line in prepared.hidden],
        "absent": [capital(section) for section in content.left_out],
        "essentials": [(pair.label, pair.value) for pair in content.page_one.essentials],
        "rules": [(pair.label, pair.value) for pair in content.page_one.rules],
        "reports": _reports(prepared, content, review or {}),
        "restricted": prepared.restricted,
        "unwritten": sum(OTHER_SCRIPT in report.account for report in content.reports),
        "unread": sum(part.unread for part in prepared.marked),
        "unread_texts": prepared.unread_texts,
        "given": len(content.reports) + len(content.report_rows),
        "report_rows": [
            [row.pseudonym, row.when, row.place, row.forms] for row in content.report_rows
        ],
        "withheld": sum(report.withheld for report in prepared.marked),
        "attachments": content.attachments.note,
        "attachment_rows": [
            [part.name, part.about, part.size, "Ja" if part.file_name else "Nee, te groot"]
            for part in content.attachments.files
        ],
        "event_rows": [[e.when, e.what, capital(e.reliability)] for e in content.chronology],
        "action_rows": [[a.when, a.what, a.who, a.effect] for a in content.actions],
        "agreement_rows": [[a.what, a.who, a.due, a.state] for a in content.agreements],
    }


def _hidden_line(line: Hidden) -> dict[str, str]:
    return {
        "what": line.what,
        "how": capital(line.how),
        "rule": capital(line.rule),
        "number": str(line.number or "altijd"),
    }


def _as_written(content: DossierContent) -> DossierContent:
    """Return the content with the letters that the fonts of the document can show."""
    characters = load_assets().for_text(letters_of(content)).characters
    return map_text(content, lambda text: displayable(text, characters))


def _reports(
    prepared: Prepared, content: DossierContent, review: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Return the reports with what is shown of each, and the marks where something is hidden."""
    contents = {report.pseudonym: report for report in content.reports}
    return [
        {
            "pseudonym": marked.pseudonym,
            "withheld": marked.withheld,
            "marks": marked.marks,
            "serial": marked.serial,
            "review_href": review.get(marked.serial),
            **_shown(None if marked.withheld else contents.get(marked.pseudonym)),
        }
        for marked in prepared.marked
        if marked.withheld or marked.pseudonym in contents
    ]


def _shown(report: ReportContent | None) -> dict[str, Any]:
    if report is None:
        return {"heading": "", "details": [], "account": "", "minor": False}
    return {
        "heading": capital(report.heading),
        "details": [(pair.label, pair.value) for pair in report.details],
        "account": report.account,
        "minor": report.minor,
    }


PREVIEW: Final = "uitvoer-voorbeeld"


@dataclass(frozen=True, slots=True)
class Stories:
    """The stories of a dossier, of which a recipient outside gets only what was looked at."""

    reviewed: int
    number: int
    # The first that nobody looked at, if any: whoever asks for an export may do that.
    next_href: str | None


def stories_of(context: DossierResource, request: Request, loaded: LoadedDossier) -> Stories:
    """Count the stories that were looked at; whoever looks at the next one comes back here."""
    reports = [report for report in loaded.known.reports if report.account.strip()]
    waiting = [r for r in reports if Field.ACCOUNT not in {text.field for text in r.reviewed}]
    href = None
    if waiting:
        query = {"terug": request.path_qs}
        href = request.resource_path(context, waiting[0].reference, REVIEW, query=query)
    return Stories(len(reports) - len(waiting), len(reports), href)


def previews_by_kind(context: Any, request: Request, *, empowered: bool) -> list[tuple[str, str]]:
    """Return each kind of recipient with the address of its preview."""
    address = request.resource_path(context, PREVIEW)
    kinds = offered(empowered=empowered)
    return [(kind.label, f"{address}?voor={kind.name}") for kind in kinds]


def note_choices(request: Request, context: Any, loaded: LoadedDossier) -> None:
    """Note that the form told of each report, to choose from."""
    ids = tuple(loaded.report_ids.values())
    note_read(request, context.holder, "melding", ids, task="uitvoer voorbereiden")


def note_preview(request: Request, context: Any, seen: Prepared) -> None:
    """Log that the page shows personal data of the reports in a preview."""
    note_read(request, context.holder, "melding", seen.read_ids, task="uitvoer voorbereiden")


def shown(request: Request, context: Any, seen: Prepared) -> dict[str, Any]:
    """Return the values of a preview, with links to texts to review for who may do that."""
    roles = request.identity.roles_for(context.holder) if request.identity else frozenset()
    dossier = next(node for node in lineage(context) if isinstance(node, DossierResource))
    works = request.has_permission(Permission.EDIT_DOSSIER, dossier)
    texts = {"texts_href": request.resource_path(dossier, TEXTS) if works else None}
    if not seen.unread or not may(roles, Permission.REDACT):
        return preview_values(seen) | texts
    paths = paths_of_reports(request.db, list(seen.unread.values()))
    review = {n: f"{paths[number]}/{REVIEW}" for n, number in seen.unread.items()}
    return preview_values(seen, review) | texts


@dataclass(frozen=True, slots=True)
class Looked:
    """The preview of an export, or the reason why there is none."""

    export: Export
    prepared: Prepared | None
    problem: str = ""
    fingerprint: str = ""


def look(request: Request, loaded: LoadedDossier, export: Export) -> Looked:
    """Prepare an export as it would go out now, to be looked at or decided about."""
    if export.profile not in PROFILES:
        return Looked(export, None, problem=NO_LONGER)
    try:
        seen = prepare(request.db, request.app_settings, loaded, export, utc_now())
    except ContentError as error:
        return Looked(export, None, problem=f"Dit kan zo niet in het document: {error}.")
    try:
        check_restricted(seen)
    except ExportError as error:
        return Looked(export, seen, error.message, seen.fingerprint)
    return Looked(export, seen, fingerprint=seen.fingerprint)


def preview_of(request: Request, context: Any, looked: Looked) -> dict[str, Any] | None:
    """Make the preview for a page that shows it, and note that it was read."""
    if looked.prepared is None:
        return None
    note_preview(request, context, looked.prepared)
    return shown(request, context, looked.prepared)


@contextmanager
def warn_of_refusal(request: Request) -> Iterator[None]:
    """Say on the next page why an export can't be dealt with so, in place of an error page."""
    try:
        yield
    except ExportError as problem:
        request.flash(problem.message, "warning")


DECIDE: Final = "beoordelen"
# The list of a deputy, at a municipality.
DEPUTIZE: Final = "waarnemen"


def way_back(context: ExportResource, request: Request) -> str:
    """Return where somebody goes from a decision: to the export, or to the list of a deputy."""
    if request.has_permission(Permission.VIEW_EXPORT, context):
        return str(request.resource_path(context))
    return f"/gemeenten/{context.municipality.slug}/{DEPUTIZE}"


def crumbs_of(context: ExportResource, request: Request) -> list[Crumb]:
    """Return the breadcrumb of a decision; a deputy may open none of the documents above it."""
    if request.has_permission(Permission.VIEW_EXPORT, context):
        return request.breadcrumb
    return [Crumb("Start", "/"), Crumb("Waarnemen", way_back(context, request))]


def refusal_of(request: Request, export: Export) -> str | None:
    """Return why this person can't be the second one for an export; None when they can."""
    return why_not_second(request.db, export, request.actor.id)


DECIDE_TOGETHER: Final = "samen-beoordelen"


def together_href(context: ExportResource, request: Request) -> str | None:
    """Return the address to decide about all exports of one action, where more than one waits."""
    export = context.export
    if export.together is None or export.state != ExportState.REQUESTED:
        return None
    several = len(waiting_with(request.db, export)) > 1
    return request.resource_path(context, DECIDE_TOGETHER) if several else None


AFTER: Final = "achteraf-beoordelen"
# Ground and reason to give what was restricted after it was made.
DESPITE: Final = "toch-geven"
