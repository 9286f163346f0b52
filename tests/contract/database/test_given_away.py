"""Parts of attachments go along with a hand-over, and no other way; on both databases."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError

from stopintimidatie.core.storage.models import Passed
from stopintimidatie.reports.models import AttachmentPart, ReportTransfer
from tests.support.factories import DORDRECHT, EINDHOVEN, connect
from tests.support.installation import Installation

pytestmark = pytest.mark.judged_once

ZWIJNDRECHT = "GM0642"
REFUSED = "no hand-over"


@pytest.fixture
def part(installation: Installation) -> UUID:
    """A part of Dordrecht's own."""
    for code in (DORDRECHT, EINDHOVEN, ZWIJNDRECHT):
        connect(installation, code)
    made = uuid4()
    values = {"attachment_id": made, "number": 1, "content": b"x"}
    with installation.transaction(DORDRECHT) as session:
        own = {"giver": DORDRECHT, "receiver": DORDRECHT}
        session.execute(insert(AttachmentPart).values(**values, **own))
    return made


def move(installation: Installation, by: str, entity: type[Passed], **to: str) -> None:
    with installation.transaction(by) as session:
        session.execute(update(entity).values(**to))


def hand_over(installation: Installation) -> None:
    """A hand-over from Dordrecht to Eindhoven is on its way."""
    with installation.transaction(DORDRECHT) as session:
        about = {"reference": "M-1234-5678", "actor_name": "x", "reason": "x"}
        session.add(ReportTransfer(giver=DORDRECHT, receiver=EINDHOVEN, **about))


def owners(installation: Installation) -> tuple[str, str]:
    with installation.owner.connect() as connection:
        giver, receiver = AttachmentPart.giver, AttachmentPart.receiver
        found = connection.execute(select(giver, receiver)).one()
    return found.giver, found.receiver


@pytest.mark.parametrize("column", ["giver", "receiver"])
def test_a_part_is_not_given_away_without_a_hand_over(
    installation: Installation, part: UUID, column: str
) -> None:
    with pytest.raises(DBAPIError, match=REFUSED):
        move(installation, DORDRECHT, AttachmentPart, **{column: EINDHOVEN})
    hand_over(installation)
    # To whom it is handed over, and by nobody in between.
    with pytest.raises(DBAPIError, match=REFUSED):
        move(installation, DORDRECHT, AttachmentPart, **{column: ZWIJNDRECHT})
    assert owners(installation) == (DORDRECHT, DORDRECHT)


def test_a_part_goes_along_with_its_hand_over_and_on_to_nobody_else(
    installation: Installation, part: UUID
) -> None:
    hand_over(installation)
    move(installation, DORDRECHT, AttachmentPart, receiver=EINDHOVEN)
    for other in ({"receiver": ZWIJNDRECHT}, {"giver": ZWIJNDRECHT}):
        for holder in (DORDRECHT, EINDHOVEN):
            with pytest.raises(DBAPIError, match=REFUSED):
                move(installation, holder, AttachmentPart, **other)
    move(installation, EINDHOVEN, AttachmentPart, giver=EINDHOVEN, receiver=EINDHOVEN)
    assert owners(installation) == (EINDHOVEN, EINDHOVEN)


@pytest.mark.parametrize("column", ["giver", "receiver"])
def test_a_hand_over_stays_between_its_two(
    installation: Installation, part: UUID, column: str
) -> None:
    hand_over(installation)
    for holder in (DORDRECHT, EINDHOVEN):
        with pytest.raises(DBAPIError, match=REFUSED):
            move(installation, holder, ReportTransfer, **{column: ZWIJNDRECHT})
    # Its other columns change as before.
    move(installation, EINDHOVEN, ReportTransfer, state="ontvangen")
