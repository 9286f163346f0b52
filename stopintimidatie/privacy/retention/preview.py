"""The pages that look ahead: what goes in the next twelve months, and the documents of a month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.retention import Way
from stopintimidatie.core.text import MONTHS, SHORT_MONTHS, date_text
from stopintimidatie.core.web.charts import bar_summary, data_uri, trend_chart
from stopintimidatie.core.web.request import Paging, Request, page_view, wanted_page
from stopintimidatie.privacy.retention.outlook import (
    COUNTED,
    Line,
    Month,
    count_on_offer,
    documents_in,
    months_from,
    outlook,
    standing_outlook,
)
from stopintimidatie.privacy.retention.pages import (
    TermsNode,
    all_classes,
    label_of,
    own_classes,
    standing_words,
)
from stopintimidatie.privacy.retention.queries import DueDocument, documents_of, present_version
from stopintimidatie.privacy.retention.rules import Schedule, schedule_of
from stopintimidatie.reports.vocabulary import KIND as REPORT

PAGE_SIZE: Final = 50


@page_view(TermsNode, "vooruitblik", Permission.VIEW_RETENTION, "templates/preview.jinja2")
def preview(context: TermsNode, request: Request) -> dict[str, Any]:
    """Show by month and class how many documents go in twelve months, and what holds some."""
    version = present_version(request.db)
    back = request.resource_path(context)
    if version is None:
        return {"schedule": None, "back": back}
    schedule, today = schedule_of(version.content), local_date(utc_now())
    lines = outlook(request.db, schedule, today)
    standing = standing_outlook(request.db, schedule, today)
    months = months_from(today)
    totals = [
        (f"{SHORT_MONTHS[month.last.month - 1]} {month.last:%y}", _total(lines, month))
        for month in months
    ]
    return {
        "schedule": schedule,
        "back": back,
        "until": date_text(months[-1].last),
        "total": sum(line.number for line in lines),
        "held": sum(line.frozen + line.in_dossier for line in lines),
        "rows": _groups(request, months, lines),
        "standing": [
            [_name(line.month), label_of(request, line.retention_class), line.number]
            for line in sorted(standing, key=lambda line: (line.month.first, line.retention_class))
        ],
        "on_offer": count_on_offer(request.db, schedule, months[-1].last),
        "uncounted": [
            row.label
            for code, row in own_classes(context, request).items()
            if row.way is Way.STANDING and code not in COUNTED
        ],
        "standing_words": standing_words(version)[1],
        "chart": data_uri(trend_chart(totals, colour=request.branding.colour)),
        "narrow": data_uri(trend_chart(totals, colour=request.branding.colour, width=340)),
        "chart_words": bar_summary("Documenten die aan de beurt komen, per maand", totals),
        "here": back.rstrip("/"),
    }


def _total(lines: Sequence[Line], month: Month) -> int:
    return sum(line.number for line in lines if line.month == month)


def _groups(request: Request, months: Sequence[Month], lines: Sequence[Line]) -> list[Any]:
    """Return the lines with their month and class in words; the first month once says all late."""
    return [
        {
            "month": _name(line.month),
            "late": line.month == months[0],
            "label": label_of(request, line.retention_class),
            "line": line,
        }
        for line in lines
    ]


def _name(month: Month) -> str:
    return f"{MONTHS[month.last.month - 1]} {month.last.year}"


@page_view(TermsNode, "aan-de-beurt", Permission.VIEW_RETENTION, "templates/due.jinja2")
def documents(context: TermsNode, request: Request) -> dict[str, Any]:
    """Show the documents of a class in a month: references and days, and no content."""
    version = present_version(request.db)
    code = str(request.GET.get("klasse", ""))
    months = months_from(local_date(utc_now()))
    wanted = str(request.GET.get("maand", ""))
    month = next((month for month in months if month.code == wanted), None)
    if version is None or month is None or code not in all_classes(request):
        raise HTTPNotFound()
    schedule = schedule_of(version.content)
    chosen = documents_in(request.db, schedule, months, month, code)
    paging = Paging(wanted_page(request), len(chosen), PAGE_SIZE)
    page = chosen[paging.offset : paging.offset + paging.size]
    ids = [row for row in page if isinstance(row, UUID)]
    others = [row for row in page if isinstance(row, DueDocument)]
    shown = [*documents_of(request.db, schedule, ids), *others]
    for kind in sorted({row.kind for row in shown}):
        ids = [row.id for row in shown if row.kind == kind]
        note_read(request, context.holder, kind, ids, task="bewaartermijnen")
    return {
        "title": f"{label_of(request, code)}: {_name(month)}",
        "rows": [_row(row, schedule) for row in shown],
        "paging": paging,
        "late": month == months[0],
        "back": request.resource_path(context, "vooruitblik"),
    }


def _row(row: DueDocument, schedule: Schedule) -> list[str]:
    return [
        row.reference,
        "melding" if row.kind == REPORT else "dossier",
        date_text(row.received_on),
        date_text(row.ended_on) if row.ended_on else "loopt nog",
        date_text(min(filter(None, (row.held_since, row.due.on)))),
        _held(row, schedule),
    ]


def _held(row: DueDocument, schedule: Schedule) -> str:
    """Say what keeps a document, or why it goes while it goes on."""
    if row.frozen:
        return "bevroren"
    if row.held_since is not None:
        return f"in een dossier dat nog loopt, uiterlijk tot {date_text(row.due.on)}"
    return f"het uiterste van {schedule.maximum} is bereikt" if row.due.at_maximum else ""
