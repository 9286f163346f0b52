"""What a recipient would see, as a page of the portal shows it. Values in, rows out; no queries."""

from __future__ import annotations

from typing import Any

from stopintimidatie.exports.content import DossierContent, Hidden
from stopintimidatie.exports.freezing import Prepared
from stopintimidatie.exports.text import capital


def preview_values(prepared: Prepared) -> dict[str, Any]:
    """For `templates/preview.jinja2`."""
    content = prepared.content
    return {
        "content": content,
        "hidden_rows": [_hidden_row(line) for line in prepared.hidden],
        "essentials": [(pair.label, pair.value) for pair in content.page_one.essentials],
        "rules": [(pair.label, pair.value) for pair in content.page_one.rules],
        "report_rows": _report_rows(content),
        "event_rows": [[e.when, e.what, capital(e.reliability)] for e in content.chronology],
        "agreement_rows": [[a.what, a.who, a.due, a.state] for a in content.agreements],
    }


def _hidden_row(line: Hidden) -> list[str]:
    return [line.what, capital(line.how), capital(line.rule), str(line.number or "altijd")]


def _report_rows(content: DossierContent) -> list[list[str]]:
    return [
        [
            report.pseudonym,
            capital(report.heading),
            "; ".join(f"{pair.label}: {pair.value}" for pair in report.details),
            report.account or "niet zichtbaar",
        ]
        for report in content.reports
    ]
