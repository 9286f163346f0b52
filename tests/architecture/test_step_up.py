"""Whatever is grave asks for the second factor again: rights, erasing, what is kept apart.

Kept apart are contact data, police data and secrets (codes, passwords, keys). Views that show them
are found in the code itself (`tests/support/reach.py`): they reach a function that opens what is
kept encrypted, or that makes a secret. Whoever adds such a function says here which of the two
lists it belongs to; whoever adds such a view adds the guard, or the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import FunctionType
from typing import Any, Final

from pyramid.security import NO_PERMISSION_REQUIRED

from stopintimidatie.core.mail.addresses import code_of
from stopintimidatie.core.second import SECONDS
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.encryption import Vault
from stopintimidatie.reports.handling.views import contact_view
from stopintimidatie.reports.page.views import report_view
from tests.support.declared_views import ASKING, asks_again, key_of, views
from tests.support.installation import Installation
from tests.support.matrix import MATRIX, SECOND_STEPS
from tests.support.reach import functions_of_house, name_of, names_in, reached, values_of
from tests.support.seconds import APART

GRAVE: Final = {
    Permission.MANAGE_MUNICIPALITY,
    Permission.CONFIRM_ROLE,
    Permission.CONNECT,
    Permission.ERASE,
    Permission.CHECK_ERASURE,
    Permission.APPROVE_EXPORT,
    Permission.APPROVE_TERMS,
    Permission.AUTHORISE_DESTRUCTION,
    Permission.CHECK_COPY,
    Permission.POLICE_DATA,
}
# Looking is grave as well.
SECRET: Final = {Permission.POLICE_DATA}
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
# What opens contact data, of a reporter or of who asks for their data.
CONTACT: Final = {
    "privacy.copies.services:_opened",
    "privacy.requests.letters:read_letter",
    "privacy.requests.services:read_person",
    "privacy.requests.services:read_question",
    "privacy.subjects.queries:_opened",
    "privacy.subjects.services:searched_by",
    "privacy.transfer.rows:Rows._in_clear",
    "reports.inbox.worklist:hours_of",
    "reports.personal:read_contact",
}
POLICE: Final = {
    "privacy.police.services:content_of",
    "privacy.police.services:reasons_of",
    "privacy.police.services:taken_of",
}
SECRETS: Final = {
    "core.factors.services:make_codes",
    "core.factors.services:new_secret",
    "disclosures.pickup:mail_code_of",
    "disclosures.pickup:spoken_code",
    "exports.document.services:new_password",
    "exports.request.services:show_password",
    "reports.api.queries:make_app_key",
    "reports.rules:random_follow_code",
    "reports.rules:derive_follow_code",
}
# What these do is as grave; nothing in their code shows that.
ACTS: Final = {
    "core.accounts.services:accept_offer",
    "privacy.police.marking:confirm",
    "privacy.police.marking:mark",
    "privacy.police.marking:put_back",
    "privacy.police.services:destroy_item",
}
OPENERS: Final = CONTACT | POLICE | SECRETS | ACTS
# Other functions that open or make something, by the reason why nothing grave is shown.
HARMLESS: Final[Mapping[str, set[str]]] = {
    "of people in office at a municipality or a partner": {
        "core.mail.addresses:clear_address",
        "disclosures.pickup:_stored",
        "exports.release.services:who_answered",
        "municipalities.agreements.services:people_of",
        "municipalities.partners.services:_open",
    },
    "of the session, form or cookie of who visits": {
        "core.accounts.guesses:proof_of",
        "core.accounts.sessions:renew_token",
        "core.accounts.sessions:start_pending",
        "core.accounts.sessions:start_session",
        "core.factors.confirmation:_kept_form",
        "core.factors.services:_use_app",
        "core.security.policy:VisitCookie.unseal",
        "municipalities.sso.departure:kept_departure",
        "municipalities.sso.openid:new_attempt",
        "programme.course.views:_passed_in",
    },
    "a key or password of the house itself, used and never shown": {
        "exports.document.services:signing_key",
        "exports.document.signature:with_password",
        "municipalities.sso.entry:client_of",
    },
    "files and frozen texts without contact data, behind a permission of their own": {
        "dossiers.consultations.snapshot:frozen",
        "exports.models:read",
        "exports.request.jobs:_finish",
        "privacy.subjects.queries:_frozen",
    },
    "a link to what hangs in the street": {"programme.kit.services:share"},
    "what goes from one municipality to another; the part that is shown has no contact data": {
        "reports.handover.personal:_opened",
        "reports.handover.personal:_redact_offer",
        "reports.handover.services:shown",
        "reports.handover.transfer:take_over",
    },
    "sealed anew, and shown to nobody": {
        "privacy.police.personal:source_redacted",
        "privacy.police.pieces:take",
    },
    "looked through; the texts in which something was found are opened elsewhere": {
        "privacy.subjects.queries:_in_frozen",
    },
    "a number that opens nothing to who sees it": {
        "core.jobs.worker:_place",
        "core.limits:drawn",
        "core.text:new_code",
        "core.web.responses:pack_page",
        "reports.api.services:submit",
    },
    "what somebody typed is compared with it; or a letter, which goes to its recipient": {
        "core.mail.addresses:_code",
        "core.mail.addresses:confirm_address",
        "exports.release.mail:_spoken_code",
    },
}
# What Python's `secrets` makes that people read.
DRAWS: Final = {"choice", "randbelow", "token_urlsafe"}
# Encryption itself; and files, which have a permission and rooms of their own.
TOOLS: Final = ("core.storage.encryption:", "reports.attachments.")
# Functions that show what may be seen, and the rest only after the second factor.
ASK_THEMSELVES: Final = {"home.views:_work", "reports.page.views:contact_of"}
LETTER = "addresses a letter with it, and doesn't show it"
TELLS = "queues a mail without content to a municipality, and shows nothing"
SENDS = "hands the report over with it, and doesn't show it"
PUBLIC = "for the reporter or the recipient, who has shown a code"
KEEPS = "keeps it, and shows nothing; the pages of it ask"
ENTRY = (
    "the reporter waits for the code at the telephone; for half an hour, to who typed the report"
)
# Views and what rooms hand each other that reach an opener and do without, with the reason.
SHOWN_WITHOUT: Final = {
    ("MunicipalityResource", "melding-invoeren"): ENTRY,
    ("ReportResource", "volgcode"): ENTRY,
    ("ReportResource", "aanbieden"): SENDS,
    ("RequestRegister", "nieuw"): "what was typed just now is compared with the same a moment ago",
    ("RequestResource", "beperken"): TELLS,
    ("RequestResource", "beperking-opheffen"): TELLS,
    ("RequestResource", "corrigeren"): TELLS,
    ("RequestResource", "stap"): LETTER,
    ("RequestResource", "verlengen"): LETTER,
    ("RequestResource", "brief-maken"): LETTER,
    ("RequestResource", "brief-verstuurd"): "shows the title of a letter",
}
HANDED_WITHOUT: Final = {
    ("add_panel", ("volgen", "gegevens")): PUBLIC,
    ("add_arrival", "doorgifte"): SENDS,
    ("add_workflow_effect", "melding.doorgeven"): SENDS,
    ("add_workflow_effect", "melding.samenvoegen"): SENDS,
    ("add_workflow_effect", "overdracht.geven"): SENDS,
    ("add_request_rule", "bijeenbrengen"): KEEPS,
    ("add_request_rule", "markeren"): KEEPS,
    ("set_answer_keeper", None): KEEPS,
}
# Nobody looks on while these work.
UNSEEN: Final = {"add_job_kind", "add_mail_template", "add_mail_recipient"}


def test_every_grave_view_asks_for_the_second_factor_again(installation: Installation) -> None:
    asking: set[tuple[str, str]] = set()
    without: set[tuple[str, str]] = set()
    for view in views(installation):
        methods = view["request_methods"]
        sent = "POST" in ([methods] if isinstance(methods, str) else methods)
        if permissions_of(installation, view) & (GRAVE if sent else SECRET):
            (asking if asks_again(view) else without).add(key_of(view))
    assert without == set(WITHOUT), "add the guard, or a line with the reason"
    assert {("Desk", "aansluiting-domeinen"), ("MunicipalityResource", "gebruiker")} <= asking
    assert {("ReportResource", "wissen-nakijken"), ("ExportResource", "beoordelen")} <= asking
    assert {
        ("PoliceList", ""),
        ("PoliceList", "beslissen"),
        ("RequestResource", "nakijken"),
    } <= asking


def test_every_view_that_shows_what_is_kept_apart_asks_for_the_second_factor_again(
    installation: Installation,
) -> None:
    asking: set[tuple[str, str]] = set()
    without: set[tuple[str, str]] = set()
    for view in views(installation):
        public = NO_PERMISSION_REQUIRED in permissions_of(installation, view)
        if not public and opened_by(view["callable"]):
            (asking if asks_again(view) else without).add(key_of(view))
    assert without == set(SHOWN_WITHOUT), "add the guard, or a line with the reason"
    # One of each kind of code: in a closure of a form, in a class, behind a method, by a decorator.
    assert {("RequestResource", "kopie"), ("RequestResource", "kopie-code")} <= asking
    assert {("PoliceList", "stuk"), ("ReportResource", "van-de-politie")} <= asking
    assert {("ExportResource", "ophaalcode"), ("ExportResource", "wachtwoord")} <= asking
    assert {("Root", "uitnodigingen"), ("Root", "account-app")} <= asking


def test_the_search_goes_on_through_helpers_but_not_beyond_who_asks() -> None:
    """The page of a report opens contact data in a helper of a helper, which asks first."""
    opener = "reports.personal:read_contact"
    assert opener in reached(report_view, lambda _: False)
    assert opener in opened_by(partial(contact_view, None))
    assert opener in opened_by({"a table": (contact_view,)})
    assert opened_by(report_view) == set()


def test_what_rooms_hand_each_other_shows_nothing_that_is_kept_apart(
    installation: Installation,
) -> None:
    opening = set()
    for entry in installation.introspector.get_category("directives"):
        directive = entry["introspectable"]
        if directive.discriminator not in UNSEEN:
            handed = getattr(installation.registry, directive["attribute"])
            opening |= {
                (directive.discriminator, key) for key, value in handed.items() if opened_by(value)
            }
    assert opening == set(HANDED_WITHOUT), "let it ask itself, or add a line with the reason"


def test_every_function_that_opens_or_makes_something_secret_is_judged(
    installation: Installation,
) -> None:
    house = functions_of_house()
    opening = {name for name, function in house.items() if opens(function)}
    opening = {name for name in opening if not name.startswith(TOOLS)}
    harmless = set().union(*HARMLESS.values())
    assert opening - OPENERS - harmless == set(), "name it above, in one of the two lists"
    assert OPENERS - house.keys() == set(), "these are gone"
    assert harmless - opening == set(), "these open nothing any more"
    asking = {name for name, function in house.items() if asks_itself(function)}
    assert (
        asking - {name_of(guard) for guard in house.values() if guard in ASKING} == ASK_THEMSELVES
    )


def opens(function: FunctionType) -> bool:
    """Whether it decrypts something, or makes a code or a password."""
    names, values = names_in(function), list(values_of(function))
    vaults = any(isinstance(value, Vault) for value in values)
    draws = "secrets" in names and names & DRAWS
    return bool(
        "decrypt" in names
        or code_of in values
        or draws
        or (vaults and names & {"read", "read_all"})
    )


def asks_itself(function: FunctionType) -> bool:
    return "must_confirm" in names_in(function) and function.__name__ != "confirm_view"


def opened_by(start: Any) -> set[str]:
    """The openers that code reaches; what it says in a mail goes to somebody else."""

    def ends(function: FunctionType) -> bool:
        return asks_itself(function) or "mail" in function.__module__.split(".")

    return reached(start, ends).keys() & OPENERS


def permissions_of(installation: Installation, view: Any) -> set[Any]:
    related = installation.introspector.related(view)
    return {entry["value"] for entry in related if entry.category_name == "permissions"}


def test_each_step_of_a_second_person_stands_in_the_matrix_with_its_second_factor(
    installation: Installation,
) -> None:
    kinds = SECONDS.of(installation.registry)
    assert {step.kind for step in SECOND_STEPS} == {*kinds, APART}
    # A view of one method names it; one of more has them in a tuple.
    posted = {
        key_of(view): view for view in views(installation) if "POST" in view["request_methods"]
    }
    in_matrix = {view.key: view.permission for view in MATRIX}
    for step in SECOND_STEPS:
        assert in_matrix[step.context, step.name, "POST"] is step.permission, step
        assert asks_again(posted[step.context, step.name]) == step.asks, step
        if step.kind in kinds:
            kind = kinds[step.kind]
            at_desk = step.context == "Desk" and kind.desk_permission
            assert step.permission is (at_desk or kind.permission), step
