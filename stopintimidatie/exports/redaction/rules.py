"""From all that a dossier knows to what one recipient gets. Pure: no database, no clock."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from importlib.resources import files

from stopintimidatie.exports.profiles.defaults import MINORS
from stopintimidatie.exports.profiles.rules import (
    Coarse,
    Field,
    Profile,
    Rule,
    Section,
    Sharing,
    Treatment,
)
from stopintimidatie.exports.redaction.chronology import (
    actions,
    agreements,
    chronology,
    consultations,
)
from stopintimidatie.exports.redaction.content import (
    SCHEMA,
    Annex,
    ContentError,
    Delivery,
    DossierContent,
    FeedbackContent,
    Heading,
    Hidden,
    House,
    Pair,
    map_text,
)
from stopintimidatie.exports.redaction.map import map_of
from stopintimidatie.exports.redaction.reports import (
    LABELS,
    attachments,
    filled,
    of_minors,
    offenders,
    report_rows,
    reports,
)
from stopintimidatie.exports.redaction.selection import Selection, pseudonym
from stopintimidatie.exports.redaction.source import DossierSource, EventKind, SourceReport
from stopintimidatie.exports.redaction.summary import page_one, picture
from stopintimidatie.exports.vocabulary import capital, clean, clean_line, listed

QUESTION_MAX = 600
RECIPIENT_MAX = 80
TITLE_MAX = 120


def redact(source: DossierSource, chosen: Selection) -> DossierContent:
    """Make what a recipient of this kind gets of this dossier.

    Args:
        source: all that the dossier knows.
        chosen: the reports that go along (`select`).

    Raises:
        ContentError: the dossier can't be put in a document; the message says why.
    """
    _require_limits(source)
    profile, house = chosen.profile, source.house
    feedback = source.request.feedback or source.feedback_text
    texts = (source.feedback_by, feedback) if profile.has(Section.FEEDBACK) else ("", "")
    content = DossierContent(
        schema=SCHEMA,
        house=House(clean_line(house.name), clean_line(house.department), house.colour, house.logo),
        delivery=_delivery(source),
        heading=_heading(source, profile),
        page_one=page_one(source, chosen),
        picture=picture(source, chosen),
        map=map_of(source, chosen),
        chronology=chronology(source, chosen),
        reports=reports(source, chosen) if profile.lists_reports else (),
        report_rows=report_rows(source, chosen) if profile.lists_reports else (),
        offenders=offenders(source, chosen) if profile.lists_reports else (),
        actions=actions(source, chosen),
        consultations=consultations(source, chosen),
        agreements=agreements(source, chosen),
        attachments=attachments(source, chosen),
        feedback=FeedbackContent(*map(clean, texts)),
        annex=annex(source, chosen),
        left_out=tuple(section.value for section in Section if not profile.has(section)),
    )
    return _without_references(content, source, chosen)


def _require_limits(source: DossierSource) -> None:
    if not clean(source.request.question):
        raise ContentError("schrijf op wat u de ontvanger vraagt")
    if len(source.request.question) > QUESTION_MAX:
        raise ContentError(f"de vraag is te lang: gebruik hoogstens {QUESTION_MAX} tekens")
    if len(source.request.recipient) > RECIPIENT_MAX:
        raise ContentError(f"de ontvanger is te lang: gebruik hoogstens {RECIPIENT_MAX} tekens")
    if len(source.title) > TITLE_MAX:
        raise ContentError(f"de titel is te lang: gebruik hoogstens {TITLE_MAX} tekens")
    serials = [report.serial for report in source.reports]
    if len(set(serials)) != len(serials):
        raise ContentError("twee meldingen hebben hetzelfde nummer in het dossier")


def _delivery(source: DossierSource) -> Delivery:
    edition = source.edition
    return Delivery(
        export_id=clean_line(edition.export_id),
        version=edition.version,
        frozen_at=edition.frozen_at.astimezone(UTC).replace(microsecond=0),
        recipient=clean_line(source.request.recipient),
        verification_url=edition.verification_url,
    )


def _heading(source: DossierSource, profile: Profile) -> Heading:
    shown = profile.rules[Field.PLACE].how is not Coarse.NEIGHBOURHOOD
    return Heading(
        number=clean_line(source.number),
        title=clean_line(source.title),
        kind=source.kind.label,
        neighbourhood=clean_line(source.neighbourhood),
        place=clean_line(source.place if shown else ""),
        state=source.state.label,
        owner=clean_line(source.owner),
        owner_phone=clean_line(source.request.owner_phone or ""),
    )


def _without_references(
    content: DossierContent, source: DossierSource, chosen: Selection
) -> DossierContent:
    """Replace references in texts of officers by the pseudonyms that this recipient knows."""
    if chosen.profile.rules[Field.REFERENCE].treatment is Treatment.SHOWN or not source.reports:
        return content
    # Without a list of reports its numbers say nothing.
    listed_here = chosen.reports if chosen.profile.lists_reports else ()
    seen = {report.serial: pseudonym(report) for report in listed_here}
    names = {
        report.reference.upper(): seen.get(report.serial, "[melding]") for report in source.reports
    }
    pattern = re.compile("|".join(map(re.escape, names)), re.IGNORECASE)
    return map_text(content, lambda text: pattern.sub(lambda m: names[m[0].upper()], text))


# The account of a version to its recipient, and what of each report is hidden. Pure.

DATA_LEAK = (
    "Is dit document kwijt, of zag iemand het die het niet mocht zien? Meld dat meteen aan {}. Noem"
    " het nummer van deze uitgave."
)
RESTRICTED_RULE = "beperking van het gebruik (artikel 18 AVG)"
_READ = tomllib.loads((files(__package__) / "method.toml").read_text("utf-8"))
METHOD = tuple(Pair(label, text) for label, text in _READ.items())


def annex(source: DossierSource, chosen: Selection) -> Annex:
    """Return the account of this version to its recipient."""
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
        data_leak=DATA_LEAK.format(clean(source.house.data_leak_contact)),
        profile=f"{profile.label}: {profile.name} versie {profile.version}{overlay}",
        method=tuple(p for p in METHOD if profile.lists_reports or p.label != "Nummers"),
        hidden=hidden(source, chosen, inside=profile.sharing is Sharing.NONE),
        deviations=tuple(
            Pair(f"M-{serial:02d}", f"{despite.ground.label}. Reden: {clean(despite.reason)}")
            for serial, despite in sorted(chosen.against.items())
            if profile.lists_reports
        ),
    )


def _recipients(source: DossierSource, profile: Profile) -> str:
    """Name this recipient, and the others as far as this one may know of them."""
    rule = profile.rules[Field.RECIPIENTS]
    own = clean_line(source.request.recipient)
    if rule.treatment is Treatment.LEFT_OUT or not source.edition.others:
        return own
    known = [name if rule.how is None else kind for name, kind in source.edition.others]
    return f"{own}. Ook verstrekt aan: {listed(sorted({clean_line(name) for name in known}))}"


def hidden(source: DossierSource, chosen: Selection, *, inside: bool) -> tuple[Hidden, ...]:
    """List what this recipient doesn't get, by which rule, how often.

    `inside`: for the department itself, which also reads in the preview why reports stay out.
    """
    profile = chosen.profile
    lines = [
        Hidden(f"Onderdeel ‘{capital(section.value)}’", rule.label, rule.why, 0)
        for section in Section
        if (rule := profile.sections[section]).treatment is not Treatment.SHOWN
    ]
    lines += _whole_reports(chosen, inside=inside)
    if profile.lists_reports:
        if rows := len(chosen.reports) - len(chosen.in_full):
            label = "Meldingen die niet volledig in het document staan"
            why = "een document waar iemand iets aan heeft, is kort"
            lines.append(Hidden(label, "grover: één regel in een tabel", why, rows))
        lines += _hidden_fields(chosen)
        files = of_minors(chosen.reports) if profile.has(Section.ATTACHMENTS) else 0
        if files:
            label = "Bijlagen bij meldingen met minderjarigen"
            why = "bij minderjarigen geen foto's, geluid of video"
            lines.append(Hidden(label, "weggelaten", why, files))
    police = [event.police_sourced for event in source.events]
    police += [action.police_sourced for action in source.actions]
    numbers = {
        Field.NOTES: sum(event.kind is EventKind.NOTE for event in source.events),
        Field.POLICE_SOURCED: sum(police),
    }
    for field in (Field.NOTES, Field.POLICE_SOURCED, Field.CONTACT):
        rule, often = profile.rules[field], numbers.get(field, 0)
        if rule.treatment is not Treatment.SHOWN and (often or field is Field.CONTACT):
            lines.append(Hidden(capital(field.value), rule.label, rule.why, often))
    return tuple(lines)


def _whole_reports(chosen: Selection, *, inside: bool) -> Iterable[Hidden]:
    """Yield the lines about reports that stay out whole; who is outside doesn't read why."""
    number = len(chosen.withheld - chosen.restricted)
    if chosen.withheld and not inside:
        shown = chosen.number_withheld
        how = "weggelaten: enkele" if shown is None else "weggelaten"
        label, why = "Meldingen die zijn weggelaten", "niet bestemd voor deze ontvanger"
        yield Hidden(label, how, why, shown or 0)
        return
    if number:
        yield withheld_line(number)
    if chosen.restricted:
        yield restricted_line(len(chosen.restricted))


def withheld_line(number: int) -> Hidden:
    """Return the line about reports that stay out whole."""
    label = "Meldingen waarvan de melder niet wil dat deze ontvanger ze krijgt"
    return Hidden(label, "weggelaten", "deelvoorkeur van de melder", number)


def restricted_line(number: int) -> Hidden:
    """Return the line about reports that stay out whole because their use is restricted."""
    label = "Meldingen waarvan het gebruik beperkt is"
    return Hidden(label, "weggelaten", RESTRICTED_RULE, number)


def _hidden_fields(chosen: Selection) -> Iterable[Hidden]:
    """Count how often each rule hid a field, in the order of the fields."""
    order = {field: place for place, field in enumerate(Field)}
    numbers = Counter(pair for pairs in chosen.hidden.values() for pair in pairs)
    for field, rule in sorted(numbers, key=lambda pair: (order[pair[0]], pair[1].label)):
        yield Hidden(capital(field.value), rule.label, rule.why, numbers[field, rule])


# Marks in the place of things hidden from a recipient, each with the rule that hides it. Pure.
#
# The hidden words themselves aren't here: who prepares an export sees that something is hidden
# and why, and the page that says so gives nothing away when it is left open.


@dataclass(frozen=True, slots=True)
class Mark:
    """Something hidden: the field, how (left out or coarser), and the line that says so."""

    label: str
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
    reports: Sequence[SourceReport], chosen: Selection, lines: Sequence[Hidden]
) -> tuple[MarkedReport, ...]:
    """Mark what is hidden of every report of the dossier, in the order of its numbers.

    Args:
        reports: all reports of the dossier.
        chosen: the reports that go along.
        lines: what the annex says is hidden; the marks refer to them, counting from one.
    """
    if not chosen.profile.lists_reports:
        return ()
    places = {(line.what, line.how, line.rule): n for n, line in enumerate(lines, 1)}
    made = []
    for report in sorted(reports, key=lambda report: report.serial):
        hid = chosen.hidden.get(report.serial, ())
        marks = [
            Mark(LABELS[field], rule.label, places[capital(field.value), rule.label, rule.why])
            for field, rule in hid
        ]
        out = report.serial in chosen.withheld
        if out:
            line = withheld_line(len(chosen.withheld - chosen.restricted))
            if report.serial in chosen.restricted:
                line = restricted_line(len(chosen.restricted))
            place = places[line.what, line.how, line.rule]
            marks = [Mark("De hele melding", "weggelaten", place)]
        unread = report.serial in chosen.in_full and _unread(report, hid)
        made.append(MarkedReport(report.serial, pseudonym(report), out, tuple(marks), unread))
    return tuple(made)


def _unread(report: SourceReport, hidden: Iterable[tuple[Field, Rule]]) -> bool:
    """Tell whether a text stays behind for nothing but that nobody looked at it yet."""
    missing = filled(report) - {review.field for review in report.reviewed}
    return any(rule.how is Coarse.REVIEWED and field in missing for field, rule in hidden)
