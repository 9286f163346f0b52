"""Signalementen: what was seen of offenders, in closed choices, under a number of its own. Pure.

Only in a dossier about a group or a person, and only for who needs it. What somebody saw, what
they took it for and what they think stand apart; the reporter's own words aren't here.
"""

from typing import Final

from stopintimidatie.exports.content import OffenderContent, Pair
from stopintimidatie.exports.profiles import Section
from stopintimidatie.exports.selection import Selection, pseudonym
from stopintimidatie.exports.source import DossierSource, Offenders, SourceReport, Term
from stopintimidatie.exports.text import capital

# A dossier about a place or a theme isn't a search for somebody.
KINDS: Final = frozenset({"groep", "persoonsgericht"})
IN_A_GROUP: Final = {True: "ja", False: "nee", None: ""}


def offenders(source: DossierSource, chosen: Selection) -> tuple[OffenderContent, ...]:
    """P-03 is told of in M-03: lasting, and meaningless outside the dossier."""
    if source.kind.code not in KINDS or not chosen.profile.has(Section.OFFENDERS):
        return ()
    ordered = sorted(chosen.reports, key=lambda report: report.serial)
    described = [(report, _pairs(report.offenders)) for report in ordered]
    return tuple(_content(report, *parts) for report, parts in described if any(parts))


Parts = tuple[tuple[Pair, ...], tuple[Pair, ...], tuple[Pair, ...]]


def _content(
    report: SourceReport,
    facts: tuple[Pair, ...],
    impressions: tuple[Pair, ...],
    assumptions: tuple[Pair, ...],
) -> OffenderContent:
    return OffenderContent(
        f"P-{report.serial:02d}", pseudonym(report), facts, impressions, assumptions
    )


def _pairs(seen: Offenders) -> Parts:
    facts = (
        ("Aantal", _word(seen.number)),
        ("In een groep", IN_A_GROUP[seen.in_group]),
        ("Vervoer", _word(seen.transport)),
    )
    impressions = (("Leeftijd, geschat", _word(seen.age)), ("Geslacht", _word(seen.gender)))
    assumptions = (("Bekend bij de melder", _word(seen.known)),)
    return _told(facts), _told(impressions), _told(assumptions)


def _told(pairs: tuple[tuple[str, str], ...]) -> tuple[Pair, ...]:
    return tuple(Pair(label, capital(value)) for label, value in pairs if value)


def _word(term: Term | None) -> str:
    return term.label if term else ""
