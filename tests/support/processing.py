"""Reading the register of processing and the yearly account, as page and as file."""

from __future__ import annotations

import csv
import io
from typing import Any

from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import Installation


def reader(installation: Installation, role: Role = Role.PRIVACY_OFFICER) -> Any:
    roles = [(DORDRECHT, role)]
    if role is Role.PRIVACY_OFFICER:
        roles.append((NATIONAL, role))
    return installation.browser(make_user(installation, *roles))


def section(page: Any, title: str) -> str:
    """The words of one section of the page."""
    cards = [card for card in page.html.select(".si-card") if card.h2.text.strip() == title]
    assert len(cards) == 1, title
    return " ".join(cards[0].get_text(" ").split())


def lines(answer: Any) -> list[tuple[str, ...]]:
    rows = csv.reader(io.StringIO(answer.body.decode("utf-8-sig")), delimiter=";")
    return [tuple(row) for row in rows][1:]
