"""The form of a profile: a choice per part and per field, as far as there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.audit import Actor
from stopintimidatie.core.forms import Button, ConflictError, Form, FormError, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import datetime_long, plural
from stopintimidatie.core.web.components import ListItem, Panel
from stopintimidatie.core.web.request import Request, form_view, page_view, query_pairs
from stopintimidatie.exports.profiles.defaults import PROFILES
from stopintimidatie.exports.profiles.rules import Field, Profile, Section, Subject, minimum_for
from stopintimidatie.exports.profiles.services import (
    StaleProfileError,
    Version,
    change_profile,
    current_profiles,
    reset_profile,
    versions,
)
from stopintimidatie.exports.profiles.words import (
    Difference,
    allowed,
    choices,
    differences,
    subject_code,
    to_codes,
    words_for,
)
from stopintimidatie.exports.vocabulary import ExportError, capital
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


def control_of(code: str) -> str:
    """Return the name of the control of a rule."""
    return f"{code.partition('_')[0]}.{code}"


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
        return {"items": [_item(profile, here) for profile in now.values()], "profile": None}
    made = versions(request.db, context.holder, name)
    profile = made[0].profile
    may_edit = request.has_permission(Permission.MANAGE_MUNICIPALITY, context)
    return {
        "profile": profile,
        "version": f"versie {profile.version}",
        "sections": [_row(profile, subject) for subject in Section],
        "fields": [_row(profile, subject) for subject in Field],
        "versions": [_version_row(version) for version in made],
        "all_href": here,
        "edit_href": f"/gemeenten/{context.municipality.slug}/beheer/{EDIT}?profiel={name}"
        if may_edit
        else None,
    }


def _item(profile: Profile, here: str) -> ListItem:
    own = differences(PROFILES[profile.name], profile)
    meta = [
        f"versie {profile.version}",
        plural(len(own), "regel anders dan het voorstel", "regels anders dan het voorstel")
        if own
        else "zoals het programma voorstelt",
    ]
    return ListItem(profile.label, f"{here}?profiel={profile.name}", [], meta)


def _row(profile: Profile, subject: Subject) -> list[str]:
    rule = profile.rule(subject)
    fixed = "" if is_open(profile, subject) else " (ligt vast)"
    return [capital(subject.value), capital(rule.label) + fixed, capital(rule.why)]


def _version_row(version: Version) -> dict[str, Any]:
    row = version.row
    return {
        "number": version.profile.version,
        "made": "Voorstel van het programma"
        if row is None
        else f"{datetime_long(row.made_at)}, {row.made_by}",
        "reason": "" if row is None else row.reason,
        "proposed": row is not None and row.proposed,
        "changes": difference_rows(version.changes),
    }


def difference_rows(changes: tuple[Difference, ...]) -> list[list[str]]:
    """Return the differences as rows of a table."""
    return [[change.subject, capital(change.before), capital(change.after)] for change in changes]


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
        changes = _changed(context, request, form, now, values)
        number = plural(len(changes), "regel", "regels")
        request.flash(
            f"Het profiel ‘{now.label}’ is gewijzigd: {number}. Dit geldt vanaf nu."
            if changes
            else "Er was niets gewijzigd. Er is geen nieuwe versie gemaakt.",
            "ok" if changes else "info",
        )
        return HTTPSeeOther(back)

    return handle_form(request, form, on_valid, {"profile": now, "fixed": _fixed(now)})


def _changed(
    context: MunicipalityAdministration,
    request: Request,
    form: Form,
    now: Profile,
    values: dict[str, Any],
) -> tuple[Difference, ...]:
    holder, seen, reason = context.holder, values["versie"], values["reden"]
    actor: Actor = request.actor
    try:
        if form.pressed() == RESET.name:
            return reset_profile(request.db, holder, now.name, reason, actor, seen=seen)
        codes = read_codes(now, values)
        return change_profile(request.db, holder, now.name, codes, reason, actor, seen=seen)
    except ExportError as problem:
        raise FormError(problem.message, control_of(problem.field or "")) from None
    except StaleProfileError:
        form["versie"].cstruct = str(now.version)
        raise ConflictError(
            "Iemand anders heeft dit profiel intussen gewijzigd. Er is niets opgeslagen. Kijk na"
            " wat er nu geldt en sla daarna opnieuw op."
        ) from None


def _fixed(profile: Profile) -> list[list[str]]:
    """Return what can't be chosen, and why not."""
    rows = []
    for subject in (*Section, *Field):
        if not is_open(profile, subject):
            least = minimum_for(profile.name, subject)
            why = least.why if least else "hiervan is het document gemaakt"
            rows.append([words_for(subject), capital(profile.rule(subject).label), capital(why)])
    return rows


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
