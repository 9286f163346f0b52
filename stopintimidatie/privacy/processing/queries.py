"""Reading for the register of processing, and counting for the yearly account.

The register is made of what the house declares; what nothing else declares stands in
`declared.toml`. Of a year each number is that of the list that speaks of the same thing. Holds and
proposals to erase go with their document, so those are counted in the log. What the police
disclosed is counted nowhere.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, and_, case, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import midnight, utc_now
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.personal import personal_data_holders
from stopintimidatie.core.storage.retention import RETENTION_CLASSES, RetentionClass
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import day_of
from stopintimidatie.disclosures.models import DisclosedCopy, Disclosure
from stopintimidatie.disclosures.queries import STANDS, stand_condition
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.person.models import Advice, PrivacyAdvice
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.exports.profiles.defaults import PROFILES
from stopintimidatie.exports.profiles.rules import Field, Profile, Treatment
from stopintimidatie.exports.profiles.services import current_profiles
from stopintimidatie.municipalities.accountability.services import account_of
from stopintimidatie.municipalities.accountability.views import accountability_schema
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.privacy.breaches.clock import COUNTS, clock_words
from stopintimidatie.privacy.breaches.models import Breach
from stopintimidatie.privacy.breaches.queries import first_notices
from stopintimidatie.privacy.destruction.models import DestructionList, DestructionStatement
from stopintimidatie.privacy.log.queries import label_of
from stopintimidatie.privacy.requests.models import RequestState, Right, SubjectRequest
from stopintimidatie.privacy.retention.queries import present_schedule
from stopintimidatie.privacy.retention.rules import chosen_classes
from stopintimidatie.reports.models import Report

DECLARED: Final = tomllib.loads((files(__package__) / "declared.toml").read_text("utf-8"))
# Tuples of labels, with how often each occurs.
Counted = Counter[Any]
FOLLOWED: Final = {None: "nog niet beslist", True: "gevolgd", False: "niet gevolgd"}


def register_of(registry: Any, session: Session | None, holder: str) -> dict[str, Any]:
    """Return what the words of a holder's register are about.

    Without a session: of no municipality in particular, which filled in nothing.
    """
    desk, classes = holder == NATIONAL, RETENTION_CLASSES.of(registry)
    police = session is None or published_for(session, holder).keeps_police_data
    profiles = current_profiles(session, holder) if session and not desk else PROFILES
    return {
        "desk": desk,
        "police": police,
        "content": account_of(session, holder).content if session else {},
        "fields": accountability_schema(desk=desk).children,
        "processings": [
            (entry, kept, tables_of(registry, kept))
            for entry, kept in processings(registry, desk=desk, police=police)
        ],
        "chosen": chosen_classes(classes, desk=desk),
        "schedule": present_schedule(session) if session else None,
        "redaction": profiles,
        "profiles": () if desk else [*map(_given, profiles.values())],
    }


def _given(profile: Profile) -> tuple[str, list[str], list[str]]:
    """Return a profile by its label, with the fields it shows and those it makes coarser."""
    rules = [(field, profile.rules[field]) for field in Field]
    shown = [field.value for field, rule in rules if rule.treatment is Treatment.SHOWN]
    return profile.label, shown, [rule.category(field) for field, rule in rules if rule.how]


def processings(
    registry: Any, *, desk: bool, police: bool
) -> Iterator[tuple[Mapping[str, Any], list[RetentionClass]]]:
    """Yield the processings that a holder has, each with the classes of data it keeps for it.

    `police`: with what the police disclosed; others have no trace of it.
    """
    classes, tables = RETENTION_CLASSES.of(registry), Base.metadata.tables
    for entry in DECLARED["processings"]:
        own = [row for code in entry["classes"] if (row := classes[code]).desk in (None, desk)]
        apart = any(tables[name].info.get("apart") for row in own for name in row.tables)
        if own and (police or not apart):
            yield entry, own


def tables_of(registry: Any, kept: Iterable[RetentionClass]) -> dict[str, Iterable[str]]:
    """Return each table of these classes, with the kinds of columns that tell of a person."""
    columns: dict[str, Mapping[str, str]] = {}
    for holder in personal_data_holders(registry).values():
        columns |= holder.columns
    tables = (name for row in kept for name in row.tables)
    return {name: sorted(set(columns.get(name, {}).values())) for name in tables}


def years_of(session: Session) -> range:
    """Return the years since the first report, this year included; the latest first."""
    first, this = session.scalar(select(func.min(Report.received_at))), day_of(utc_now()).year
    return range(this, (day_of(first).year if first else this) - 1, -1)


@dataclass(frozen=True)
class Year:
    """A year of a holder, counted as it stands today."""

    session: Session
    holder: str
    number: int
    today: date

    def counts(self) -> dict[str, Any]:
        """Count each kind of work: of each the labels in order, with how often they occur."""
        given = Disclosure.recipient_kind, Disclosure.legal_basis_words
        codes = ("te_laat", *STANDS)
        stands = ((stand_condition(code, self.today), STANDS[code]) for code in codes)
        counted = {
            "requests": self._requests(),
            "breaches": self._breaches(),
            "disclosures": self._count(Disclosure.made_at, *given),
            "copies": self._count(DisclosedCopy.destroy_by, case(*stands).label("stand")),
            "lists": self._count(DestructionList.period_until, DestructionList.state),
            "gone": self._gone(),
            "persons": self._persons(),
        }
        counts = {name: sorted(part.items()) for name, part in counted.items()}
        return counts | {"log": self._log()}

    def within(self, column: Any) -> ColumnElement[bool]:
        """Return the condition that a day or moment lies in the year."""
        first, end = (date(self.number + more, 1, 1) for more in (0, 1))
        if isinstance(column.type, Date):
            return and_(column >= first, column < end)
        return and_(column >= midnight(first), column < midnight(end))

    def _count(self, day: Any, *columns: Any, where: Iterable[Any] = ()) -> Counted:
        """Count the rows whose day lies in the year by the values of columns."""
        rows = select(*columns, func.count()).where(self.within(day), *where).group_by(*columns)
        return Counter({tuple(labels): number for *labels, number in self.session.execute(rows)})

    def _requests(self) -> Counted:
        row, counted = SubjectRequest, Counter[Any]()
        asked = select(row.right, row.state, row.due_on, row.ended_at)
        rows = self.session.execute(asked.where(self.within(row.received_on)))
        for right, state, due, ended in rows:
            late = (day_of(ended) if ended else self.today) > due
            outcome = RequestState.word(state) if ended else "Loopt nog"
            counted[Right.word(right), outcome, "te laat" if late else "op tijd"] += 1
        return counted

    def _breaches(self) -> Counted:
        row, counted = Breach, Counter[Any]()
        known = select(row.id, row.state, row.due_at).where(self.within(row.aware_at))
        rows = self.session.execute(known).all()
        first = first_notices(self.session, [breach.id for breach in rows])
        for number, state, due in rows:
            words = clock_words(state, due, first.get(number), due)
            # Without how much later it was.
            counted["nog geen besluit" if state in COUNTS else words.partition(":")[0],] += 1
        return counted

    def _log(self) -> dict[str, list[tuple[tuple[str], int]]]:
        actions = {code for part in DECLARED["actions"].values() for code in part}
        where = AuditEvent.holder == self.holder, AuditEvent.action.in_(actions)
        done = self._count(AuditEvent.at, AuditEvent.action, where=where)
        return {
            title: [((label_of(code),), done[code,]) for code in part if done[code,]]
            for title, part in DECLARED["actions"].items()
        }

    def _persons(self) -> Counted:
        person = (Dossier.kind == DossierKind.PERSON.value,)
        begun = self._count(Dossier.made_at, Dossier.kind, where=person)
        counted = Counter({("Begonnen", ""): sum(begun.values())} if begun else {})
        advice = PrivacyAdvice.outcome, PrivacyAdvice.followed
        for (outcome, followed), number in self._count(PrivacyAdvice.proposed_at, *advice).items():
            words = f"Advies: {Advice.word(outcome)}" if outcome else "Advies gevraagd"
            counted[words, FOLLOWED[followed]] += number
        return counted

    def _gone(self) -> Counted:
        """Count what statements say, in the year in which the last of it went."""
        row, counted = DestructionStatement, Counter[Any]()
        since = midnight(date(self.number, 1, 1))
        made = select(row.made_at, row.content).where(row.made_at >= since)
        for moment, content in self.session.execute(made):
            for line in content["aantallen"]:
                if (line["weg_tot"] or day_of(moment).isoformat()).startswith(f"{self.number}-"):
                    counted[line["soort"], line["categorie"], line["gevolg"]] += line["aantal"]
        return counted
