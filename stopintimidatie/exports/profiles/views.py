"""The form of a profile: a choice per part and per field, as far as there is one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, ConflictError, Form, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, form_view, page_view, query_pairs
from stopintimidatie.exports.profiles.defaults import PROFILES
from stopintimidatie.exports.profiles.rules import (
    Field,
    Profile,
    Rule,
    Section,
    Subject,
    minimum_for,
)
from stopintimidatie.exports.profiles.services import change_profile, current_profiles, versions
from stopintimidatie.exports.profiles.words import (
    allowed,
    choices,
    differences,
    subject_code,
    to_codes,
    words_for,
)
from stopintimidatie.exports.vocabulary import capital
from stopintimidatie.municipalities.areas.resources import (
    Administration,
    MunicipalityAdministration,
    MunicipalityResource,
    settings_link,
)

REASON_MAX = 500


def profile_schema(profile: Profile) -> Any:
    """Return the choices for this kind of recipient; what lies fixed isn't asked."""
    groups = (
        _group(profile, "Onderdelen van het document", tuple(Section)),
        _group(profile, "Gegevens", tuple(Field)),
    )
    return forms.Schema(
        *(group for group in groups if group.children),
        forms.field(
            forms.Text(REASON_MAX, lines=True),
            "Reden",
            name="reden",
            description="Waarom verandert u dit? De reden staat bij de versie. Schrijf geen namen"
            " van personen op.",
            widget=forms.TextArea(rows=3),
        ),
        forms.field(forms.Integer(0), "Versie", name="versie", widget=forms.Hidden()),
    )


def _group(profile: Profile, title: str, subjects: Sequence[Subject]) -> Any:
    name = subject_code(subjects[0]).partition("_")[0]
    choices = [_choice(profile, subject) for subject in subjects if is_open(profile, subject)]
    return forms.Schema(*choices, title=title, name=name)


def is_open(profile: Profile, subject: Subject) -> bool:
    """Tell whether there is anything to choose about this subject."""
    return len(allowed(profile.name, subject)) > 1


def _choice(profile: Profile, subject: Subject) -> Any:
    # Every step is read, so that one which isn't allowed is refused with the reason.
    return forms.field(
        forms.OneOf(choices(subject)),
        capital(subject.value),
        name=subject_code(subject),
        widget=forms.Select(values=allowed(profile.name, subject), empty=None),
    )


def first_values(profile: Profile) -> dict[str, Any]:
    """Return the values with which the form begins."""
    codes = to_codes(profile)
    groups: dict[str, Any] = {}
    for code, value in codes.items():
        groups.setdefault(code.partition("_")[0], {})[code] = value
    return {**groups, "versie": profile.version}


def read_codes(profile: Profile, values: dict[str, Any]) -> dict[str, str]:
    """Return the choices that a form tells; what it didn't ask stays."""
    chosen: dict[str, str] = {}
    for group in ("onderdeel", "veld"):
        chosen |= values.get(group, {})
    return to_codes(profile) | chosen


# The profiles of a municipality: what each shows whom, its versions, and making a new one.


LIST: Final = "redactieprofielen"
EDIT: Final = "redactieprofiel"
RESET: Final = Button("standaard", "Terug naar het voorstel", kind="secondary")
BUTTONS: Final = (Button("opslaan", "Opslaan als nieuwe versie"), RESET)


def _asked(request: Request) -> str | None:
    """Return the profile that the address names.

    Raises:
        HTTPNotFound: There is no such profile.
    """
    name = dict(query_pairs(request)).get("profiel")
    if name is not None and name not in PROFILES:
        raise HTTPNotFound()
    return name


@page_view(MunicipalityResource, LIST, Permission.VIEW_MUNICIPALITY, "templates/profiles.jinja2")
def profiles_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show all profiles, or one with its rules and its versions."""
    name = _asked(request)
    here = request.resource_path(context, LIST)
    if name is None:
        now = current_profiles(request.db, context.holder)
        own = {kind.name: len(differences(PROFILES[kind.name], kind)) for kind in now.values()}
        return {"profiles": now.values(), "own": own, "here": here, "profile": None}
    made = versions(request.db, context.holder, name)
    profile = made[0].profile
    may_edit = request.has_permission(Permission.MANAGE_MUNICIPALITY, context)
    return {
        "profile": profile,
        "sections": _rules(profile, Section),
        "fields": _rules(profile, Field),
        "versions": made,
        "all_href": here,
        "edit_href": f"/gemeenten/{context.municipality.slug}/beheer/{EDIT}?profiel={name}"
        if may_edit
        else None,
    }


def _rules(profile: Profile, subjects: Iterable[Subject]) -> list[tuple[str, Rule, bool]]:
    """Return each rule with its subject, and whether the municipality may choose it."""
    return [
        (subject.value, profile.rule(subject), is_open(profile, subject)) for subject in subjects
    ]


@form_view(
    MunicipalityAdministration, EDIT, Permission.EDIT_SETTINGS, "templates/profile_form.jinja2"
)
def edit_view(context: MunicipalityAdministration, request: Request) -> Any:
    """Make a new version of one profile, or go back to what the program proposes."""
    name = _asked(request)
    if name is None:
        raise HTTPNotFound()
    now = current_profiles(request.db, context.holder)[name]
    back = f"/gemeenten/{context.municipality.slug}/{LIST}?profiel={name}"
    form = Form(
        profile_schema(now),
        request,
        buttons=BUTTONS,
        action=f"{request.path}?profiel={name}",
        appstruct=first_values(now),
        cancel_url=back,
    )

    def on_valid(values: dict[str, Any]) -> Any:
        codes = None if form.pressed() == RESET.name else read_codes(now, values)
        reason, seen, actor = values["reden"], values["versie"], request.actor
        try:
            changes = change_profile(
                request.db, context.holder, name, codes, reason, actor, seen=seen
            )
        except ConflictError:
            form["versie"].cstruct = str(now.version)
            raise
        number = plural(len(changes), "regel", "regels")
        request.flash(
            f"Het profiel ‘{now.label}’ is gewijzigd: {number}. Dit geldt vanaf nu."
            if changes
            else "Er was niets gewijzigd. Er is geen nieuwe versie gemaakt.",
            "ok" if changes else "info",
        )
        return HTTPSeeOther(back)

    # The rules that nobody chooses, with the reason.
    fixed = [
        (words_for(subject), now.rule(subject), minimum_for(name, subject))
        for subject in (*Section, *Field)
        if not is_open(now, subject)
    ]
    return handle_form(request, form, on_valid, {"profile": now, "fixed": fixed})


def administration_panel(context: Administration, request: Any) -> Panel | None:
    """Return the panel on the page of what is set."""
    return settings_link(
        context,
        request,
        Permission.VIEW_MUNICIPALITY,
        LIST,
        "Wat ontvangers van een dossier zien",
        "Per soort ontvanger een profiel: wat zichtbaar is, wat grover wordt en wat wordt"
        " weggelaten.",
        "Redactieprofielen: bekijken en wijzigen",
    )
