"""Bringing together what a copy holds: from the traces that are about the person, for a capacity.

The reporter gets the own report whole. Of all other documents one gets the sentences about oneself.
Who may not learn who reported gets a summary that the maker of the copy writes; the sentences that
it is written from stay out, and somebody reported about never gets them. No reference, day, hour or
place stands in what is brought together for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.personal import personal_data_holders
from stopintimidatie.core.text import date_text, datetime_long, day_of, file_size
from stopintimidatie.disclosures.queries import real_disclosures
from stopintimidatie.dossiers.models import Consultation, ConsultationSeat
from stopintimidatie.dossiers.workflow import ConsultationState
from stopintimidatie.exports.review.rules import known_words, names_in
from stopintimidatie.exports.vocabulary import DEMAND, capital
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.partners.vocabulary import Purpose
from stopintimidatie.privacy.copies import rules
from stopintimidatie.privacy.log.queries import reads_of
from stopintimidatie.privacy.requests.models import Capacity, RequestTrace, SubjectRequest
from stopintimidatie.privacy.requests.resources import traces_of
from stopintimidatie.privacy.subjects import queries as subjects
from stopintimidatie.privacy.subjects.rules import (
    IN_COPY,
    Wanted,
    kind_words,
    place_words,
    strings_of,
)
from stopintimidatie.privacy.subjects.services import copied_traces, searched_by
from stopintimidatie.reports.attachments.services import attachments_of
from stopintimidatie.reports.conversation.words import message_title
from stopintimidatie.reports.fields import BY_COLUMN
from stopintimidatie.reports.models import Report, ReportContact, ReporterMessage, ReportNote
from stopintimidatie.reports.personal import read_contact
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.words import (
    area_names,
    assessment,
    event,
    location,
    moments,
    offenders,
    reporter,
    wishes,
)

TEMPLATES: Final = "stopintimidatie.privacy.copies:templates"
DOSSIER: Final = "dossier"
# Keys of the parts of a report of one's own begin with this.
OWN_REPORT: Final = "eigen:"
REPORTS_ABOUT: Final = "Meldingen over u"
# Facts in which the reporter typed; they are texts, to be marked.
_TYPED: Final = frozenset({BY_COLUMN["location_text"].facts.label, "Waarom"})


@dataclass(frozen=True)
class Source:
    """All that parts are made from."""

    registry: Any
    session: Session
    request: SubjectRequest
    wanted: Wanted
    traces: Sequence[RequestTrace]
    texts: dict[tuple[str, UUID], list[subjects.Text]]

    @property
    def keys(self) -> KeyRing:
        """The key ring."""
        keys: KeyRing = self.registry.key_ring
        return keys

    @property
    def reported(self) -> bool:
        """True for somebody reported about, who may not learn who reported."""
        return self.request.capacity == Capacity.REPORTED

    @property
    def summarised(self) -> bool:
        """True for who gets a summary."""
        return self.request.capacity in rules.HIDES_REPORTER

    def is_own(self, trace: RequestTrace) -> bool:
        """Tell whether the person is the reporter of this report, and gets it as such."""
        return (
            self.request.capacity == Capacity.REPORTER
            and trace.document_kind == REPORT
            and subjects.by_sure_way(trace.places)
        )

    def ids(self, kind: str) -> list[UUID]:
        """Return the documents of a kind."""
        return [row.document_id for row in self.traces if row.document_kind == kind]


def gather(registry: Any, session: Session, request: SubjectRequest) -> tuple[rules.Part, ...]:
    """Return the parts of the copy for a request, with words marked that point to others."""
    traces = copied_traces(session, request)
    wanted = searched_by(session, registry.key_ring, request)
    texts = subjects.texts_of(registry, session, traces)
    source = Source(registry, session, request, wanted, traces, texts)
    parts = [*_own_reports(source), *_own_rows(source), *_mentions(source), *_shared(source)]
    return tuple(_marked(source, parts))


def count_demands(registry: Any, session: Session, request: SubjectRequest) -> int:
    """Count the disclosures that the copy leaves out, because a demand may be secret."""
    traces = [row for row in traces_of(session, request) if row.included]
    given = _disclosures(Source(registry, session, request, Wanted(), traces, {}))
    return sum(row.legal_basis == DEMAND for row, _ in given)


# The person's own report


def _own_reports(source: Source) -> Iterator[rules.Part]:
    for trace in source.traces:
        if not source.is_own(trace):
            continue
        report = source.session.get(Report, trace.document_id)
        if report is None:
            continue
        title, key = f"Uw melding {report.reference}", f"{OWN_REPORT}{report.id}"
        rows = [*moments(report), *event(report), *reporter(report), *offenders(report)]
        rows += [*location(report, area_names(source.session, report)), *wishes(report)]
        rows += assessment(report)
        if report.lat is not None:
            # All that is stored (art. 15): pages have the words alone.
            rows.append(("Punt op de kaart", f"{report.lat}, {report.lon}"))
        facts = tuple((name, str(value)) for name, value in rows if name not in _TYPED and value)
        yield rules.Part(f"{key}:feiten", title, "Wat u invulde en hoe wij het beoordeelden", facts)
        yield from _contact(source, report, title, key)
        texts = {
            "Uw verhaal": report.description,
            "De plek in uw woorden": report.location_text,
            "Het signalement": report.offender_appearance,
            "Uw antwoorden op vragen van de gemeente": "\n".join(strings_of(report.own_answers)),
            "Waarom wij aan een strafbaar feit denken": report.suspected_offence_reason,
        }
        for label, text in texts.items():
            if text:
                yield rules.Part(f"{key}:{label}", title, label, text=text)
        yield from _conversation(source, report, title, key)


def _contact(source: Source, report: Report, title: str, key: str) -> Iterator[rules.Part]:
    contact = read_contact(source.session, source.keys, report)
    if contact is not None:
        facts = tuple(contact.rows)
        yield rules.Part(f"{key}:contact", title, "Uw contactgegevens", facts, contact=True)


def _conversation(source: Source, report: Report, title: str, key: str) -> Iterator[rules.Part]:
    """Yield messages, notes, attachments and reads of the person's own report."""
    session = source.session
    asked = select(ReporterMessage).where(ReporterMessage.report_id == report.id)
    for message in session.scalars(asked.order_by(ReporterMessage.at, ReporterMessage.id)):
        label = f"{message_title(message.kind)}, {datetime_long(message.at)}"
        yield rules.Part(f"{key}:{message.id}", title, label, text=message.text)
    notes = select(ReportNote).where(ReportNote.report_id == report.id)
    for note in session.scalars(notes.order_by(ReportNote.at, ReportNote.id)):
        label = f"Notitie van een medewerker, {date_text(day_of(note.at))}"
        yield rules.Part(f"{key}:{note.id}", title, label, text=note.text)
    for row in attachments_of(session, report.id):
        name = row.file_name(report.reference)
        facts: tuple[tuple[str, str], ...] = (
            ("Bestand", name),
            ("Grootte", file_size(row.size)),
            ("U stuurde het", datetime_long(row.at)),
        )
        if row.sealed:
            facts = (*facts, ("Zit er niet bij", row.sealed_words))
            yield rules.Part(f"{key}:{row.id}", title, row.title, facts)
            continue
        file = rules.File(row.id, report.id, name, row.media_type, row.size)
        yield rules.Part(f"{key}:{row.id}", title, row.title, facts, file=file)
    reads = reads_of(session, report.id, source.request.reference)
    if reads:
        lines = tuple((date_text(day), task) for day, task in reads)
        heads = ("Dag", "Waarvoor")
        yield rules.Part(
            f"{key}:gelezen", title, "Wanneer dit is gelezen", columns=heads, rows=lines
        )


# Rows that are the person's own: contact at a partner, account, addresses, log


def _own_rows(source: Source) -> Iterator[rules.Part]:
    """Yield whole rows: all that they say is the person's."""
    holders = personal_data_holders(source.registry)
    for trace in source.traces:
        if trace.document_kind not in _ROWS:
            continue
        holder = holders[trace.document_kind]
        name = next(iter(holder.columns))
        mine = subjects.owner_of(name, holder) == trace.document_id
        columns = subjects.columns_in(source.registry, holder, name)
        texts = subjects.texts_in(source.registry, source.session, holder, name, columns, mine)
        facts = tuple((capital(place_words([f"{name}.{c}"])), words) for _, c, words in texts)
        kind = kind_words(trace.document_kind, trace.reference)
        key = f"{trace.document_kind}:{trace.document_id}"
        yield rules.Part(key, "Uw gegevens bij ons", kind, facts, contact=True)


def _of(source: Source, kind: str, number: UUID) -> list[subjects.Text]:
    return source.texts.get((kind, number), [])


# Sentences about the person, in documents of others

_ROWS: Final = frozenset({"contactpersoon", "postadres", "gebruiker", "partner"})


def _mentions(source: Source) -> Iterator[rules.Part]:
    """Yield the sentences about the person in documents of others, by document and place.

    Of all reports about somebody together: a report by itself tells who made it, by what was done.
    """
    counts: Counter[str] = Counter()
    shown: set[str] = set()
    texts: dict[tuple[str, str], dict[str, list[str]]] = {}
    accounts: set[tuple[str, str]] = set()
    for trace in source.traces:
        if trace.document_kind in _ROWS or source.is_own(trace):
            continue
        key, title = f"{trace.document_kind}:{trace.document_id}", REPORTS_ABOUT
        if trace.document_kind != REPORT or not source.reported:
            counts[trace.document_kind] += 1
            title = _title(source, trace, counts[trace.document_kind])
        else:
            key = REPORT
        for text in _of(source, trace.document_kind, trace.document_id):
            if not rules.goes_along(source.request.capacity, text.place, own=False):
                continue
            words = rules.about_person(text.words, source.wanted)
            if words and words not in shown:
                shown.add(words)
                places = texts.setdefault((key, title), {})
                label = place_words([text.place])
                places.setdefault(label, []).append(words)
                if rules.is_account(text.place):
                    accounts.add((key, label))
    if source.summarised and source.traces:
        yield from _summary(source)
    for (key, title), places in texts.items():
        for label, several in places.items():
            name = IN_COPY.get(label, label)
            name = name[0].upper() + name[1:]
            part = rules.Part(f"{key}:{label}", title, name, text="\n".join(several))
            # Words around a mark may still tell who it was (*daar*, *ook*, *tussen*), and what
            # another told is theirs first: it goes along where somebody decides so.
            yield replace(part, out=source.summarised or (key, label) in accounts)


def _title(source: Source, trace: RequestTrace, number: int) -> str:
    """Return the name of a document of others; a reference of a report would tell whose it is."""
    named = trace.document_kind in (DOSSIER, "uitvoer") and not source.reported
    reference = trace.reference if named else str(number)
    kind = IN_COPY.get(trace.document_kind) or kind_words(trace.document_kind, "")
    return f"{kind} {reference}" if named else f"{kind} ({reference})"


def _summary(source: Source) -> Iterator[rules.Part]:
    """Yield what reports have in common, without words, hour, day or place; and the summary."""
    mine = Report.id.in_(source.ids(REPORT))
    reports = source.session.scalars(select(Report).where(mine).order_by(Report.id)).all()
    if reports and source.reported:
        years = {str(day_of(report.received_at).year) for report in reports}
        facts = (
            # Without their number: from one copy to the next it would tell when somebody reported.
            ("Jaar van melden", ", ".join(sorted(years))),
            ("Gemeld gedrag", rules.conduct(report.forms for report in reports)),
        )
        label = "Samenvatting van wat over u is gemeld"
        yield rules.Part(f"{REPORT}:samenvatting", REPORTS_ABOUT, label, facts)
    start = render(f"{TEMPLATES}/summary.txt.jinja2", {"reported": source.reported}).strip()
    title = "Wat over u is vastgelegd"
    yield rules.Part("in-woorden", title, "Samenvatting", text=start, written=True)


# Recipients


def _shared(source: Source) -> Iterator[rules.Part]:
    """Yield the actual recipients of the documents, but for those on a demand."""
    heads: tuple[str, ...] = ("Ontvanger", "Wanneer", "Waarvoor", "Grondslag")
    rows: list[tuple[str, ...]] = []
    for row, since in _disclosures(source):
        if row.legal_basis == DEMAND:
            continue
        day = day_of(since)
        when = str(day.year) if source.reported else date_text(day)
        # The exact purpose may tell of the reporter.
        purpose = "openbare orde en veiligheid" if source.reported else Purpose.word(row.purpose)
        rows.append((row.recipient, when, purpose, row.legal_basis_words))
    rows += _at_table(source)
    # It doesn't say that nobody got anything, for it may not tell of a demand.
    nobody = "Wij noemen hier niemand buiten onze organisatie."
    facts = () if rows else (("Ontvangers", nobody),)
    yield rules.Part(
        "ontvangers", "Aan wie wij gegevens gaven", "Ontvangers", facts, heads, tuple(rows)
    )


def _disclosures(source: Source) -> Sequence[Any]:
    """Return the disclosures about the person that were really given, and since when.

    For a reporter those with a report of theirs, or their name: not all of a dossier that has it.
    """
    kinds = () if source.request.capacity == Capacity.REPORTER else (REPORT, DOSSIER, "uitvoer")
    ids = [
        row.document_id
        for row in source.traces
        if row.document_kind in kinds or source.is_own(row) or "uitvoer.bevroren" in row.places
    ]
    return source.session.execute(real_disclosures(ids)).all()


def _at_table(source: Source) -> Iterator[tuple[str, ...]]:
    """Yield the organisations that sat at a consultation about a dossier, each once a day."""
    about = Consultation.dossier_id.in_(source.ids(DOSSIER))
    held = (Consultation.state == ConsultationState.HELD.value, about)
    asked = (
        select(ConsultationSeat.organisation, Consultation.planned_at)
        .join(Consultation, Consultation.id == ConsultationSeat.consultation_id)
        .where(*held, func.lower(ConsultationSeat.organisation).not_like("gemeente%"))
        .order_by(Consultation.planned_at, ConsultationSeat.organisation)
    )
    seen: dict[tuple[str, ...], None] = {}
    for organisation, planned_at in source.session.execute(asked):
        day = day_of(planned_at)
        when = str(day.year) if source.reported else date_text(day)
        seen[organisation, when, "een overleg over het dossier", ""] = None
    yield from seen


# Marks


def _marked(source: Source, parts: Sequence[rules.Part]) -> Iterator[rules.Part]:
    """Yield the parts with what points to others marked at first."""
    mine = Neighbourhood.municipality_code == source.request.holder
    known = known_words(list(source.session.scalars(select(Neighbourhood.name).where(mine))))
    others = rules.Names.of(_other_names(source))
    named = {part.key: names_in(part.text, known) for part in parts}
    counts = Counter((part.section, name) for part in parts for name in named[part.key])
    for part in parts:
        if not part.text or part.written:
            yield part
            continue
        spans = rules.proposed(
            part.text,
            source.wanted,
            others,
            known,
            elsewhere={
                name
                for (section, name), number in counts.items()
                if section == part.section and number > (name in named[part.key])
            },
            own_report=part.key.startswith(OWN_REPORT),
        )
        yield replace(part, spans=spans)


def _other_names(source: Source) -> list[str]:
    """Return the names of others that are known here: employees, partners, reporters found."""
    mine = select(RoleAssignment.user_id).where(RoleAssignment.holder == source.request.holder)
    names = set(source.session.scalars(select(User.name).where(User.id.in_(mine))))
    reports = ReportContact.report_id.in_(source.ids(REPORT))
    for kind, table, where in (
        ("contactpersoon", "partner_contact", ()),
        (REPORT, subjects.CONTACT, (reports,)),
    ):
        holder = personal_data_holders(source.registry)[kind]
        texts = subjects.texts_in(source.registry, source.session, holder, table, ["name"], *where)
        names |= {words for _, _, words in texts}
    return sorted(name for name in names if name and not source.wanted.within(name))
