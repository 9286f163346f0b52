"""Many reports at once: each on its own, and what can't be done is told, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from stopintimidatie.reports.models import Report
from stopintimidatie.web.filters import plural
from stopintimidatie.web.request import Request
from stopintimidatie.workflow import WorkflowError


def each(
    reports: Iterable[Report], act: Callable[[Report], None]
) -> tuple[list[Report], list[str]]:
    """Those that went well, and why the others didn't. A refusal leaves nothing half done."""
    done, failed = [], []
    for report in reports:
        try:
            act(report)
            done.append(report)
        except WorkflowError as problem:
            text = str(problem)
            told = text if text.startswith(report.reference) else f"{report.reference}: {text}"
            failed.append(told)
    return done, failed


def tell(request: Request, done: Sequence[Report], failed: Sequence[str], what: str) -> None:
    """On the next page: how many are `what` now, and which aren't."""
    if done:
        are = "is" if len(done) == 1 else "zijn"
        request.flash(f"{plural(len(done), 'melding', 'meldingen')} {are} {what}.")
    if failed:
        request.flash("Dit lukte niet. " + " ".join(failed), "warning")
