"""What a recipient would see, as a page of the portal shows it. Values in, rows out; no queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stopintimidatie.exports.assets import load_assets
from stopintimidatie.exports.content import DossierContent, Hidden, ReportContent, map_text
from stopintimidatie.exports.freezing import Prepared
from stopintimidatie.exports.letters import OTHER_SCRIPT, displayable, letters_of
from stopintimidatie.exports.text import capital


def preview_values(prepared: Prepared, review: Mapping[int, str] | None = None) -> dict[str, Any]:
    """For `templates/preview.jinja2`.

    :param review: where the text of a report can be looked at, by serial number.
    """
    content = _as_written(prepared.content)
    return {
        "profile": prepared.profile,
        "content": content,
        "hidden_lines": [_hidden_line(line) for line in prepared.content.annex.hidden],
        "absent": [capital(section) for section in content.left_out],
        "essentials": [(pair.label, pair.value) for pair in content.page_one.essentials],
        "rules": [(pair.label, pair.value) for pair in content.page_one.rules],
        "reports": _reports(prepared, content, review or {}),
        "unwritten": sum(OTHER_SCRIPT in report.account for report in content.reports),
        "unread": sum(one.unread for one in prepared.marked),
        "given": len(content.reports),
        "withheld": sum(report.withheld for report in prepared.marked),
        "attachments": content.attachments.note,
        "attachment_rows": [
            [one.name, one.about, one.size, "Ja" if one.file_name else "Nee, te groot"]
            for one in content.attachments.files
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
    """The content with the letters that the document will have."""
    characters = load_assets().for_text(letters_of(content)).characters
    return map_text(content, lambda text: displayable(text, characters))


def _reports(
    prepared: Prepared, content: DossierContent, review: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Each report: what is told of it, and the marks where something is hidden."""
    told = {report.pseudonym: report for report in content.reports}
    return [
        {
            "pseudonym": one.pseudonym,
            "withheld": one.withheld,
            "marks": one.marks,
            "review_href": review.get(one.serial),
            **_told(told.get(one.pseudonym)),
        }
        for one in prepared.marked
    ]


def _told(report: ReportContent | None) -> dict[str, Any]:
    if report is None:
        return {"heading": "", "details": [], "account": "", "minor": False}
    return {
        "heading": capital(report.heading),
        "details": [(pair.label, pair.value) for pair in report.details],
        "account": report.account,
        "minor": report.minor,
    }
