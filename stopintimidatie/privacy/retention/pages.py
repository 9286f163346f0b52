"""The node of the terms, and what their pages share: classes, versions and decisions in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pyramid.httpexceptions import HTTPNotFound

from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.retention import RETENTION_CLASSES, RetentionClass, Way
from stopintimidatie.core.web.request import Request
from stopintimidatie.municipalities.areas.resources import HolderBranch, holder_levels
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.privacy.retention.models import RetentionSchedule
from stopintimidatie.privacy.retention.queries import version_numbered
from stopintimidatie.privacy.retention.rules import (
    DOUBLE,
    Schedule,
    chosen_classes,
    proposal,
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


def labels_of(request: Request) -> dict[str, str]:
    """Return each class in Dutch, by its code; by the empty code, the maximum."""
    return {"": MAXIMUM_LABEL, **{code: row.label for code, row in all_classes(request).items()}}


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


def others_of(context: TermsNode, request: Request) -> list[list[str]]:
    """Return the classes of which the holder doesn't choose the term, as rows of a table."""
    own, desk = own_classes(context, request), context.holder == NATIONAL
    police = published_for(request.db, context.holder).keeps_police_data
    return [
        [row.label, term_in_words(row), row.way.value]
        for code, row in all_classes(request).items()
        if code not in own
        and row.desk in (None, desk)
        and (code == DOUBLE or row.way is not _LIST)
        and (police or not any(Base.metadata.tables[t].info.get("apart") for t in row.tables))
    ]


_LIST: Final = Way.LIST
