"""Verantwoording: why this was given, what may be done with it, what is left out. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from stopintimidatie.exports.profiles.defaults import MINORS
from stopintimidatie.exports.profiles.rules import (
    FREE_TEXT,
    Coarse,
    Field,
    Profile,
    Rule,
    Section,
    Treatment,
    rule_for,
)
from stopintimidatie.exports.redaction.content import Annex, Hidden, Pair
from stopintimidatie.exports.redaction.reports import LABELS, filled, of_minors
from stopintimidatie.exports.redaction.selection import (
    Selection,
    accepts,
    hides,
    overlay_for,
    permitted,
    pseudonym,
    wanted,
)
from stopintimidatie.exports.redaction.source import DossierSource, EventKind, SourceReport
from stopintimidatie.exports.vocabulary import capital, clean, clean_line, listed

SHARING_REFUSED = "meldingen waarvan de melder niet wil dat deze ontvanger ze krijgt"
SHARING_RULE = "deelvoorkeur van de melder"
FILES_OF_MINORS = "bijlagen bij meldingen met minderjarigen"
FILES_RULE = "bij minderjarigen geen foto's, geluid of video"

# Of no use to who gets no reports.
NUMBERS = Pair(
    "Nummers",
    "M-01, M-02 enzovoort. Een melding houdt haar nummer in alle versies van dit dossier. "
    "Een nummer dat ontbreekt, hoort bij een melding die niet (meer) in dit dossier staat, of die "
    "deze ontvanger niet krijgt.",
)
METHOD = (
    Pair(
        "Melding",
        "Een melding is een signaal van een inwoner. Zij is niet onderzocht en zegt niet dat er "
        "een strafbaar feit is gepleegd.",
    ),
    NUMBERS,
    Pair(
        "Feit, beleving, vermoeden",
        "Een feit is vastgesteld of door meer bronnen gemeld. Beleving is wat melders voelden. "
        "Een vermoeden is een uitleg van de gemeente die nog niet is nagegaan.",
    ),
    Pair(
        "Betrouwbaarheid",
        "Vastgesteld: door een medewerker gezien of gedaan. Eigen waarneming: de melder maakte "
        "het zelf mee of zag het. Van horen zeggen: gemeld namens iemand anders.",
    ),
    Pair(
        "Tellen",
        "De cijfers gaan alleen over de meldingen in dit document. Een melding kan meer vormen "
        "hebben en telt bij elke vorm mee. Dagdelen: nacht 0–6, ochtend 6–12, middag 12–18 en "
        "avond 18–24 uur.",
    ),
)


def annex(source: DossierSource, chosen: Selection) -> Annex:
    asked, profile = source.request, chosen.profile
    minors = any(report.minor for report in chosen.reports)
    overlay = f", met {MINORS.name} versie {MINORS.version}" if minors else ""
    return Annex(
        purpose=clean(asked.purpose),
        legal_basis=source.edition.legal_basis,
        covenant=clean(asked.covenant or ""),
        recipients=_recipients(source, profile),
        destroy_by=asked.destroy_by,
        destroy_note=profile.destroy_note,
        data_leak=_data_leak(source),
        profile=f"{profile.label}: {profile.name} versie {profile.version}{overlay}",
        method=METHOD if profile.lists_reports else tuple(p for p in METHOD if p != NUMBERS),
        hidden=hidden(source, profile),
        deviations=_deviations(source, profile),
    )


def _recipients(source: DossierSource, profile: Profile) -> str:
    """This recipient, and the others as far as this one may know of them."""
    rule = profile.rules[Field.RECIPIENTS]
    own = clean_line(source.request.recipient)
    if rule.treatment is Treatment.LEFT_OUT or not source.edition.others:
        return own
    known = [name if rule.how is None else kind for name, kind in source.edition.others]
    return f"{own}. Ook verstrekt aan: {listed(sorted({clean_line(one) for one in known}))}"


def _deviations(source: DossierSource, profile: Profile) -> tuple[Pair, ...]:
    if not profile.lists_reports:
        return ()
    return tuple(
        Pair(
            pseudonym(report),
            f"{report.despite.ground.label}. Reden: {clean(report.despite.reason)}",
        )
        for report in sorted(source.reports, key=lambda report: report.serial)
        if report.despite is not None and not wanted(report, profile.sharing)
    )


def _data_leak(source: DossierSource) -> str:
    return (
        "Is dit document kwijt, of zag iemand het die het niet mocht zien? Meld dat meteen aan "
        f"{clean(source.house.data_leak_contact)}. Noem het nummer van deze uitgave."
    )


def hidden(source: DossierSource, profile: Profile) -> tuple[Hidden, ...]:
    """What this recipient doesn't get, by which rule, how often: for the annex and the preview."""
    reports = permitted(source.reports, profile)
    withheld = len(source.reports) - len(reports)
    lines = list(_hidden_sections(profile))
    if withheld:
        lines.append(Hidden(capital(SHARING_REFUSED), "weggelaten", SHARING_RULE, withheld))
    lines += _hidden_fields(reports, profile) if profile.lists_reports else ()
    if profile.lists_reports and profile.has(Section.ATTACHMENTS) and of_minors(reports):
        number = of_minors(reports)
        lines.append(Hidden(capital(FILES_OF_MINORS), "weggelaten", FILES_RULE, number))
    notes = sum(event.kind is EventKind.NOTE for event in source.events)
    lines += _hidden_whole(profile, Field.NOTES, notes)
    police = sum(event.police_sourced for event in source.events)
    police += sum(action.police_sourced for action in source.actions)
    lines += _hidden_whole(profile, Field.POLICE_SOURCED, police)
    lines += _hidden_whole(profile, Field.CONTACT, len(source.reports), always=True)
    return tuple(lines)


def _hidden_sections(profile: Profile) -> Iterable[Hidden]:
    for section in Section:
        if not profile.has(section):
            rule = profile.sections[section]
            yield Hidden(f"Onderdeel ‘{capital(section.value)}’", rule.label, rule.why, 0)


def _hidden_fields(reports: Iterable[SourceReport], profile: Profile) -> Iterable[Hidden]:
    numbers: Counter[tuple[int, Field, Rule]] = Counter()
    order = list(Field)
    for report in reports:
        for field in order:
            rule = rule_for(profile, field, overlay_for(report))
            if hides(report, field, rule):
                numbers[order.index(field), field, rule] += 1
    for place, field, rule in sorted(numbers, key=lambda entry: (entry[0], entry[2].label)):
        yield hidden_line(field, rule, numbers[place, field, rule])


def hidden_line(field: Field, rule: Rule, number: int) -> Hidden:
    return Hidden(capital(field.value), rule.label, rule.why, number)


def _hidden_whole(
    profile: Profile, field: Field, number: int, *, always: bool = False
) -> Iterable[Hidden]:
    rule = profile.rules[field]
    if rule.treatment is not Treatment.SHOWN and (number or always):
        yield Hidden(capital(field.value), rule.treatment.label, rule.why, 0 if always else number)


# What a recipient won't see, marked where it would have stood, and by which rule. Pure.
#
# The hidden words themselves aren't here: who prepares an export sees that something is hidden
# and why, and the page that says so gives nothing away when it is left open.


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
