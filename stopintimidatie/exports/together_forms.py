"""The form for several recipients: what is the same for all, and a group for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stopintimidatie.exports import forms as single
from stopintimidatie.exports.asked import ExportRequest
from stopintimidatie.exports.forms import first_values, read_request, request_schema
from stopintimidatie.exports.profiles import Profile
from stopintimidatie.exports.route_forms import ROUTES
from stopintimidatie.exports.wish import ExportError
from stopintimidatie.partners.models import PartnerOrganisation
from stopintimidatie.web import forms

KIND: Final = "soort_ontvanger"
# Of the questions of the single form, those with one answer for all; the others are asked of each.
OF_ALL: Final = frozenset(
    {
        *("antwoord_voor", "doel", "vernietigen_voor", "grond_minderjarigen", "telefoon"),
        *("feiten", "beleving", "vermoedens", "terugkoppeling"),
    }
)
OF_EACH: Final = frozenset(
    {
        *("soort_ontvanger", "ontvanger", "vraag", "grondslag", "convenant", "toch", "bestand"),
        *ROUTES,
    }
)


@dataclass(frozen=True)
class Chosen:
    """A recipient that was chosen: a partner of the municipality, or a kind."""

    code: str
    partner: PartnerOrganisation | None
    profile: Profile | None

    @property
    def title(self) -> str:
        if self.partner is not None:
            return self.partner.name
        return self.profile.label if self.profile else self.code


def group_name(place: int) -> str:
    return f"ontvanger_{place + 1}"


def together_schema(
    chosen: Sequence[Chosen],
    *,
    minors: bool,
    empowered: bool,
    unwilling: Sequence[tuple[int, str]] = (),
) -> Any:
    """The nodes of the single form: those for all first, then the others for each recipient."""

    def nodes(partner: PartnerOrganisation | None) -> Iterator[Any]:
        yield from request_schema(
            minors=minors, empowered=empowered, partner=partner, unwilling=unwilling
        ).children

    schema = forms.Schema()
    for node in nodes(None):
        if node.name in OF_ALL:
            schema.add(node)
    for place, one in enumerate(chosen):
        group = forms.Schema(title=one.title, name=group_name(place))
        for node in nodes(one.partner):
            # Of a kind that was chosen as such, the kind is known.
            if node.name in OF_EACH and (node.name != KIND or one.profile is None):
                group.add(node)
        schema.add(group)
    return schema


def together_values(chosen: Sequence[Chosen], dossier: Any, phone: str | None) -> dict[str, Any]:
    """What is known already."""
    values = first_values(dossier, phone)
    shared: dict[str, Any] = {name: values[name] for name in OF_ALL if name in values}
    for place, one in enumerate(chosen):
        known = first_values(dossier, phone, one.partner)
        if one.profile is not None:
            known["ontvanger"] = one.profile.label
        shared[group_name(place)] = {name: known[name] for name in OF_EACH if name in known}
    return shared


def read_requests(values: Mapping[str, Any], chosen: Sequence[Chosen]) -> list[ExportRequest]:
    shared = {name: values[name] for name in OF_ALL if name in values}
    return [
        read_request({**shared, **_kind(one), **values[group_name(place)]}, one.partner)
        for place, one in enumerate(chosen)
    ]


def _kind(one: Chosen) -> dict[str, str]:
    return {} if one.profile is None else {KIND: one.profile.name}


def control_of(place: int, problem: ExportError) -> str | None:
    """Where a mistake is shown."""
    control = single.control_of(problem)
    if control is None or control in OF_ALL:
        return control
    return f"{group_name(place)}.{control}"


def decision_schema(references: Sequence[str]) -> Any:
    """What the approver saw of each."""
    schema = forms.Schema()
    for reference in references:
        schema.add(
            forms.field(
                forms.Text(64),
                reference,
                name=seen_name(reference),
                missing="",
                widget=forms.Hidden(),
            )
        )
    return schema


def seen_name(reference: str) -> str:
    return f"gezien_{reference.replace('-', '').lower()}"
