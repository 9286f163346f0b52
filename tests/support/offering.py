"""A report offered to another municipality, and the people at both ends."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.security import Role
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import move_report
from tests.support.api import Api, report
from tests.support.factories import DORDRECHT, EINDHOVEN, make_user, user_id
from tests.support.installation import Installation

REASON = "De halte ligt net over de grens, in Eindhoven."
STORY = "Een man liep achter mij aan."


def form_with(page: Any, field: str) -> Any:
    return next(form for form in page.forms.values() if field in form.fields)


class Case:
    """A report at Dordrecht, in hand, and the officers of both municipalities."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.api = Api(installation)
        answer = self.api.post(report(omschrijving=STORY)).json
        self.reference, self.code = answer["kenmerk"], answer["volgcode"]
        self.offered = f"/gemeenten/eindhoven/overdracht-{self.reference}"
        giver = make_user(installation, (DORDRECHT, Role.OFFICER), name="An de Gever")
        receiver = make_user(installation, (EINDHOVEN, Role.OFFICER), name="Bo de Nemer")
        self.giver = installation.browser(giver)
        self.receiver = installation.browser(receiver)
        self.step("in_behandeling_nemen", behandelaar=str(user_id(installation, giver)))

    def step(self, name: str, **values: Any) -> None:
        with self.installation.transaction(DORDRECHT) as session:
            found = session.scalars(select(Report)).one()
            move_report(
                session, self.installation.registry.workflow_effects, found, name, values, SYSTEM
            )

    def offer(self) -> None:
        path = self.giver.get(f"/m/{self.reference}").follow().request.path
        form = form_with(self.giver.get(f"{path}/overdracht-aanbieden"), "gemeente")
        form["gemeente"], form["reden"] = EINDHOVEN, REASON
        assert "Overdracht aangeboden" in form.submit("overdracht_aanbieden").follow()

    def answer(self, answer: str, reason: str = "", status: Any = 303) -> Any:
        form = form_with(self.receiver.get(self.offered), "antwoord")
        form["antwoord"], form["reden"] = answer, reason
        return form.submit("antwoorden", status=status)

    def held(self, holder: str) -> Report | None:
        with self.installation.transaction(holder) as session:
            return session.scalars(select(Report)).one_or_none()

    def status(self) -> str:
        return str(self.api.follow(self.reference, self.code).json["status"])
