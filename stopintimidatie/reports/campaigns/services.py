"""Reading and keeping the campaigns of a municipality, and counting the reports with their code.

A count is of a whole campaign: outside the inbox it is never crossed with wijk, form or hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.forms import FormError
from stopintimidatie.reports.campaigns.models import Campaign
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.workflow import LEFT_OUT

KIND: Final = "campagne"
# Those that began last first.
LATEST: Final = select(Campaign).order_by(Campaign.since.desc(), Campaign.code)


def campaign_with(session: Session, code: str) -> Campaign | None:
    """Return the campaign with this code, or None."""
    return session.scalars(select(Campaign).where(Campaign.code == code)).first()


def names_of(session: Session, codes: Iterable[str]) -> dict[str, str]:
    """Return name and code of the campaigns among these codes, by code."""
    known = select(Campaign.code, Campaign.name).where(Campaign.code.in_(codes))
    return {code: f"{name} ({code})" for code, name in session.execute(known)}


def count_reports(session: Session, codes: Iterable[str]) -> dict[str, int]:
    """Count the reports that came with these codes, but for those that don't count."""
    where = Report.campaign.in_(codes), Report.state.not_in(sorted(LEFT_OUT))
    counted = select(Report.campaign, func.count()).where(*where).group_by(Report.campaign)
    return {code: number for code, number in session.execute(counted) if code}


def is_used(session: Session, code: str) -> bool:
    """Tell whether any report came with this code."""
    return bool(session.scalar(select(exists().where(Report.campaign == code))))


def save_campaign(
    session: Session, campaign: Campaign, values: Mapping[str, Any], actor: Actor
) -> None:
    """Keep a new campaign with these columns, or change one that there is.

    Raises:
        FormError: The code is that of another one, or a report came with it; or it ends too soon.
    """
    code, until, known = campaign.code, values["until"], campaign in session
    if until is not None and until < values["since"]:
        raise FormError("De laatste dag ligt voor de eerste.", "tot")
    if known and code != values["code"] and is_used(session, code):
        raise FormError("Er zijn al meldingen met deze code. Maak een nieuwe campagne.", "code")
    try:
        with session.begin_nested():
            for name, value in values.items():
                setattr(campaign, name, value)
            session.add(campaign)
    except IntegrityError:
        raise FormError("Een andere campagne heeft deze code. Kies een andere.", "code") from None
    action = "campagne.gewijzigd" if known else "campagne.gemaakt"
    record(session, actor, action, campaign.holder, KIND, [campaign.id])


def remove_campaign(session: Session, campaign: Campaign, actor: Actor) -> bool:
    """Remove a campaign, unless a report came with its code; tell whether it went."""
    if is_used(session, campaign.code):
        return False
    record(session, actor, "campagne.verwijderd", campaign.holder, KIND, [campaign.id])
    session.delete(campaign)
    return True
