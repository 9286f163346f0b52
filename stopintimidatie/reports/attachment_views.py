"""An officer opens an attachment: with the right to it, noted, and streamed with safe headers."""

from __future__ import annotations

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from pyramid.view import view_config

from stopintimidatie.reports.attachments import MOST, Attachment, attachments_of, read
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.services import KIND
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs


@view_config(
    context=ReportResource,
    name="bijlage",
    request_method="GET",
    permission=Permission.VIEW_ATTACHMENT,
)
def attachment_view(context: ReportResource, request: Request) -> Response:
    """The content, of the type that we gave it ourselves."""
    found = _wanted(context, request)
    if found is None:
        raise HTTPNotFound()
    task = f"bijlage {found.number} openen"
    note_read(request, context.holder, KIND, [context.report.id], task=task, fields=["bijlage"])
    registry = request.registry
    answer = Response(content_type=found.media_type, charset=None)
    answer.app_iter = read(registry.engine, registry.key_ring, context.holder, found.id)
    answer.content_length = found.size
    # A photo is shown; sound and video are saved, for no player of ours is around them.
    how = "inline" if found.media_type == "image/jpeg" else "attachment"
    name = found.file_name(context.report.reference)
    answer.headers["Content-Disposition"] = f'{how}; filename="{name}"'
    return answer


def _wanted(context: ReportResource, request: Request) -> Attachment | None:
    number = dict(query_pairs(request)).get("nummer", "")
    if not (number.isascii() and number.isdigit() and len(number) <= len(str(MOST)) + 2):
        return None
    mine = attachments_of(request.db, context.report.id)
    return next((one for one in mine if one.number == int(number)), None)
