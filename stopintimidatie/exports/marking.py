"""What a recipient won't see, marked where it would have stood, and by which rule. Pure.

The hidden words themselves aren't here: who prepares an export sees that something is hidden and
why, and the page that says so gives nothing away when it is left open.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stopintimidatie.exports.annex import SHARING_RULE, hidden_line
from stopintimidatie.exports.coarsening import hides
from stopintimidatie.exports.content import Hidden
from stopintimidatie.exports.profile_rules import FREE_TEXT, Coarse
from stopintimidatie.exports.profiles import Field, Profile, rule_for
from stopintimidatie.exports.reportlines import LABELS, filled
from stopintimidatie.exports.selection import accepts, overlay_for, pseudonym
from stopintimidatie.exports.source import SourceReport


@dataclass(frozen=True, slots=True)
class Mark:
    """Something hidden: what, how (weggelaten, or how much coarser), by which line of the list."""

    what: str
    how: str
    line: int


@dataclass(frozen=True, slots=True)
class MarkedReport:
    """A report with what is hidden of it.

    `withheld`: it doesn't go along at all. `unread`: a text of it would go along, had somebody
    looked at it.
    """

    serial: int
    pseudonym: str
    withheld: bool
    marks: tuple[Mark, ...]
    unread: bool = False


def marked(
    reports: Sequence[SourceReport], profile: Profile, lines: Sequence[Hidden]
) -> tuple[MarkedReport, ...]:
    """Every report of the dossier, in the order of its numbers.

    :param lines: what the annex says is hidden; the marks refer to them, counting from one.
    """
    if not profile.lists_reports:
        return ()
    places = {(line.what, line.how, line.rule): n for n, line in enumerate(lines, 1)}
    return tuple(
        MarkedReport(report.serial, pseudonym(report), True, _withheld(lines))
        if not accepts(report, profile.sharing)
        else MarkedReport(
            report.serial,
            pseudonym(report),
            False,
            tuple(_marks(report, profile, places)),
            _unread(report, profile),
        )
        for report in sorted(reports, key=lambda report: report.serial)
    )


def _unread(report: SourceReport, profile: Profile) -> bool:
    """Whether a text stays behind for nothing but that nobody looked at it yet."""
    overlay, read = overlay_for(report), {one.field for one in report.reviewed}
    return any(
        rule_for(profile, field, overlay).how is Coarse.REVIEWED
        for field in set(FREE_TEXT) & filled(report) - read
    )


def _withheld(lines: Sequence[Hidden]) -> tuple[Mark, ...]:
    which = next(n for n, line in enumerate(lines, 1) if line.rule == SHARING_RULE)
    return (Mark("De hele melding", "weggelaten", which),)


def _marks(
    report: SourceReport, profile: Profile, places: dict[tuple[str, str, str], int]
) -> Iterator[Mark]:
    for field in Field:
        rule = rule_for(profile, field, overlay_for(report))
        if hides(report, field, rule):
            line = hidden_line(field, rule, 0)
            yield Mark(LABELS[field], rule.label, places[line.what, line.how, line.rule])
