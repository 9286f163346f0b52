"""Views that change rights, erase or decide on an export ask for the second factor again."""

from __future__ import annotations

from typing import Final

from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.security import Permission
from stopintimidatie.municipalities.people.roster import change_confirmed
from stopintimidatie.municipalities.sso.administration import confirmed_for_secret
from tests.support.declared_views import views
from tests.support.installation import Installation

GUARDS: Final = {recently_confirmed, change_confirmed, confirmed_for_secret}
GRAVE: Final = {
    Permission.MANAGE_MUNICIPALITY,
    Permission.CONFIRM_ROLE,
    Permission.CONNECT,
    Permission.ERASE,
    Permission.APPROVE_EXPORT,
    Permission.APPROVE_TERMS,
}
NEW_ADDRESS = "a new address counts after the code sent to it; its mails only say that work waits"
CHANGES_NOTHING = "changes nothing"
NO_RIGHTS = "is about how a municipality takes part; gives nobody a right"
# Each that does without, with the reason.
WITHOUT: Final = {
    ("MunicipalityResource", "berichten"): NEW_ADDRESS,
    ("MunicipalityResource", "berichten-code"): NEW_ADDRESS,
    ("MunicipalityResource", "aanmelden-testen"): CHANGES_NOTHING,
    ("MunicipalityResource", "groepen-proberen"): CHANGES_NOTHING,
    ("Desk", "aansluiting"): NO_RIGHTS,
    ("Desk", "aansluiting-opgeleid"): NO_RIGHTS,
    ("Desk", "aansluiting-niveau"): NO_RIGHTS,
    ("Desk", "aansluiting-plan-intrekken"): NO_RIGHTS,
}


def test_every_grave_view_asks_for_the_second_factor_again(installation: Installation) -> None:
    asking: set[tuple[str, str]] = set()
    without: set[tuple[str, str]] = set()
    for view in views(installation):
        related = installation.introspector.related(view)
        permissions = {i["value"] for i in related if i.category_name == "permissions"}
        methods = view["request_methods"]
        if "POST" not in ([methods] if isinstance(methods, str) else methods):
            continue
        if permissions & GRAVE:
            guarded = GUARDS & set(view.get("guards") or ())
            (asking if guarded else without).add((view["context"].__name__, view["name"]))
    assert without == set(WITHOUT), "add the guard, or a line with the reason"
    assert {("Desk", "aansluiting-domeinen"), ("MunicipalityResource", "gebruiker")} <= asking
    assert {("ReportResource", "gegevens-wissen"), ("ExportResource", "beoordelen")} <= asking
