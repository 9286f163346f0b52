"""The node of the terms, and what their pages share: classes, versions and decisions in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pyramid.httpexceptions import HTTPNotFound

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.retention import RETENTION_CLASSES, RetentionClass, Way
from stopintimidatie.core.text import date_text, datetime_short
from stopintimidatie.core.web.request import Request
from stopintimidatie.municipalities.areas.resources import HolderBranch, holder_levels
from stopintimidatie.municipalities.settings.pages import published_once
from stopintimidatie.privacy.retention.models import RetentionSchedule
from stopintimidatie.privacy.retention.queries import version_numbered
from stopintimidatie.privacy.retention.rules import (
    DOUBLE,
    ONLY_IN_DOSSIER,
    TRANSFERABLE,
    Choice,
    Difference,
    Outcome,
    Schedule,
    Standing,
    chosen_classes,
    proposal,
    schedule_of,
    standing_of,
)
from stopintimidatie.privacy.retention.words import term_in_words

MAXIMUM_LABEL: Final = "Het uiterste, vanaf de ontvangst"
# The largest number of a version that is looked up.
_MOST: Final = 1_000_000
NAME: Final = "bewaartermijnen"


class TermsNode(HolderBranch):
    """/gemeenten/dordrecht/bewaartermijnen: the terms of a holder, in versions; so at the desk."""

    kind = NAME
    label = "Bewaartermijnen"


LEVELS: Final = tuple(holder_levels(TermsNode, TermsNode))


def all_classes(request: Request) -> Mapping[str, RetentionClass]:
    """Return every class of data, by its code."""
    return RETENTION_CLASSES.of(request.registry)


def own_classes(context: TermsNode, request: Request) -> dict[str, RetentionClass]:
    """Return the classes whose term the holder of a page chooses, by code."""
    return chosen_classes(all_classes(request), desk=context.holder == NATIONAL)


def proposed_here(context: TermsNode, request: Request) -> Schedule:
    """Return the terms that the product proposes to the holder of a page."""
    return proposal(all_classes(request), desk=context.holder == NATIONAL)


def label_of(request: Request, code: str) -> str:
    """Return a class in Dutch; of the empty code, the maximum."""
    row = all_classes(request).get(code)
    return MAXIMUM_LABEL if not code else row.label if row is not None else code


def version_in(request: Request) -> RetentionSchedule:
    """Return the version that the address names.

    Raises:
        HTTPNotFound: there is no such version.
    """
    wanted = str(request.params.get("nr", ""))
    known = wanted.isascii() and wanted.isdigit() and int(wanted[:8]) < _MOST
    row = version_numbered(request.db, int(wanted[:8])) if known else None
    if row is None:
        raise HTTPNotFound()
    return row


def table_of(schedule: Schedule, classes: Mapping[str, RetentionClass]) -> list[list[str]]:
    """Return terms as rows of a table, in the order of the classes."""
    return [
        _row(classes[code], choice)
        for code in classes
        if (choice := schedule.choices.get(code)) is not None
    ]


def _row(row: RetentionClass, choice: Choice) -> list[str]:
    return [
        row.label,
        str(choice.term) if choice.term.number else "die dag zelf",
        row.starts,
        _outcome_of(row.code, choice),
        row.way.value,
        choice.category or "nog niet gekozen",
        choice.source,
    ]


def _outcome_of(code: str, choice: Choice) -> str:
    alone = choice.outcome is Outcome.TRANSFER and code not in TRANSFERABLE
    return ONLY_IN_DOSSIER if alone else choice.outcome.value


def others_of(context: TermsNode, request: Request) -> list[list[str]]:
    """Return the classes of which the holder doesn't choose the term, as rows of a table."""
    own, desk = own_classes(context, request), context.holder == NATIONAL
    police = published_once(request, context.holder).keeps_police_data
    return [
        [row.label, term_in_words(row), row.way.value]
        for code, row in all_classes(request).items()
        if code not in own
        and row.desk in (None, desk)
        and (code == DOUBLE or row.way is not _LIST)
        and (police or not any(Base.metadata.tables[t].info.get("apart") for t in row.tables))
    ]


_LIST: Final = Way.LIST


def difference_rows(request: Request, lines: Sequence[Difference]) -> list[list[str]]:
    """Return differences as rows of a table."""
    return [
        [label_of(request, line.code), line.before or "nog niets", line.after or "vervalt"]
        for line in lines
    ]


def state_of(row: RetentionSchedule, present: RetentionSchedule | None) -> str:
    """Return the state of a version in words."""
    if row.approved is None:
        return "wacht op de archivaris"
    when = datetime_short(row.answered_at)
    if not row.approved:
        return f"{row.refusal or 'Geweigerd.'} ({row.answered_by}, {when})"
    if present is not None and row.id == present.id:
        return f"geldt nu; goedgekeurd door {row.answered_by}, {when}"
    if row.effective_from > utc_now():
        return f"goedgekeurd door {row.answered_by}, {when}; gaat later in"
    return f"gold tot een nieuwe versie; goedgekeurd door {row.answered_by}, {when}"


def standing_words(row: RetentionSchedule) -> tuple[Standing, str]:
    """Return the state of the standing decision, and sentences about it."""
    state = standing_of(row.look_by, row.standing_until, local_date(utc_now()))
    look, end = date_text(row.look_by), date_text(row.standing_until)
    if state is Standing.ENDED:
        words = f"Het doorlopend besluit gold tot en met {end}. Contactgegevens en andere korte"
        return state, f"{words} soorten verdwijnen niet meer, tot er nieuwe termijnen gelden."
    words = f"Het doorlopend besluit blijft gelden{f' tot en met {end}' if end else ''}."
    if by := schedule_of(row.content).organ:
        words += f" Het is genomen door {by}."
    match state:
        case Standing.ENDS_SOON:
            words += " Doe een nieuw voorstel; anders verdwijnt daarna niets meer."
        case Standing.NOT_LOOKED:
            words += f" Niemand keek vóór {look} of het nog klopt. De FG ziet dat ook."
        case _:
            words += f" De archivaris kijkt vóór {look} of het nog klopt."
    return state, words
