"""The form of a profile: a choice per part and per field, as far as there is one."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, ConflictError, Form, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.request import Request, form_view, page_view, query_pairs
from stopintimidatie.exports.profiles.defaults import PROFILES
from stopintimidatie.exports.profiles.rules import Field, Profile, Section, Subject, minimum_for
from stopintimidatie.exports.profiles.services import (
    allowed,
    change_profile,
    choices,
    current_profiles,
    differences,
    subject_code,
    to_codes,
    versions,
    words_for,
)
from stopintimidatie.exports.vocabulary import capital
from stopintimidatie.municipalities.areas.resources import (
    MunicipalityAdministration,
    MunicipalityResource,
)


def profile_schema(profile: Profile) -> Any:
    """Return the choices for this kind of recipient; what lies fixed isn't asked."""
    schema = forms.Schema()
    groups: tuple[tuple[str, str, Any], ...] = (
        ("onderdeel", "Onderdelen van het document", Section),
        ("veld", "Gegevens", Field),
    )
    for name, title, subjects in groups:
        asked = [
            # Every step is read, so that one which isn't allowed is refused with the reason.
            forms.field(
                forms.OneOf(choices(subject)),
                capital(subject.value),
                name=subject_code(subject),
                widget=forms.Select(values=allowed(profile.name, subject), empty=None),
            )
            for subject in subjects
            if is_open(profile, subject)
        ]
        if asked:
            schema.add(forms.Schema(*asked, title=title, name=name))
    schema.add(
        forms.field(
            forms.Text(500, lines=True),
            "Reden",
            name="reden",
            description="Waarom verandert u dit? De reden staat bij de versie. Schrijf geen namen"
            " van personen op.",
            widget=forms.TextArea(rows=3),
        )
    )
    schema.add(forms.field(forms.Integer(0), "Versie", name="versie", widget=forms.Hidden()))
    return schema


def is_open(profile: Profile, subject: Subject) -> bool:
    """Tell whether there is anything to choose about this subject."""
    return len(allowed(profile.name, subject)) > 1


# The profiles of a municipality: what each shows whom, its versions, and making a new one.


LIST: Final = "redactieprofielen"
EDIT: Final = "redactieprofiel"
RESET: Final = Button("standaard", "Terug naar het voorstel", kind="secondary")


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
    return {
        "profile": profile,
        "sections": [(part.value, profile.rule(part), is_open(profile, part)) for part in Section],
        "fields": [(field.value, profile.rule(field), is_open(profile, field)) for field in Field],
        "versions": made,
        "here": here,
        "may_edit": request.has_permission(Permission.MANAGE_MUNICIPALITY, context),
    }


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
    groups: dict[str, Any] = {"onderdeel": {}, "veld": {}}
    for code, value in to_codes(now).items():
        groups[code.partition("_")[0]][code] = value
    form = Form(
        profile_schema(now),
        request,
        buttons=[Button("opslaan", "Opslaan als nieuwe versie"), RESET],
        action=f"{request.path}?profiel={name}",
        appstruct={**groups, "versie": now.version},
        cancel_url=back,
    )

    def on_valid(values: dict[str, Any]) -> Any:
        chosen = {**values.get("onderdeel", {}), **values.get("veld", {})}
        codes = None if form.pressed() == RESET.name else to_codes(now) | chosen
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
