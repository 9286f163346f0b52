"""Agreements: new, sprung from a consultation, or as it stands now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.dossiers.consulting import find_consultation, springs_from
from stopintimidatie.dossiers.forms import (
    AGREEMENT_ATTRIBUTES,
    agreement_schema,
    differences,
    read,
    stored,
)
from stopintimidatie.dossiers.handling import (
    FORM_PAGE,
    back_to,
    form_page,
    only_live,
    page_of,
    submit,
)
from stopintimidatie.dossiers.history import DossierError, check_version, lock
from stopintimidatie.dossiers.models import DossierAgreement
from stopintimidatie.dossiers.options import owners_for
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.services import change_agreement, find_agreement, make_agreement
from stopintimidatie.dossiers.work_models import Consultation
from stopintimidatie.security import Permission
from stopintimidatie.web.forms import Button, Form
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs


@view_config(
    context=DossierResource,
    name="afspraak",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
    guards=(only_live,),
)
def agreement_view(context: DossierResource, request: Request) -> Any:
    """A new agreement, or with `?afspraak=…` one that exists."""
    asked = dict(query_pairs(request)).get("afspraak")
    if asked is None:
        return _new_agreement(context, request)
    return _existing_agreement(context, request, _find(context, request, asked))


def _find(context: DossierResource, request: Request, asked: str) -> DossierAgreement:
    try:
        return find_agreement(request.db, context.dossier, UUID(asked[:40]))
    except (ValueError, DossierError):
        raise HTTPNotFound() from None


def _new_agreement(context: DossierResource, request: Request) -> Any:
    dossier = context.dossier
    talk = _consultation(context, request)
    form = Form(
        agreement_schema(owners_for(request.db, dossier.holder, dossier.kind), existing=False),
        request,
        buttons=[Button("opslaan", "Afspraak opslaan")],
        appstruct={"houder": str(dossier.owner_id) if dossier.owner_id else None},
        cancel_url=page_of(context, request, "afspraken"),
    )

    def act(values: dict[str, Any]) -> Any:
        made = read(values, AGREEMENT_ATTRIBUTES)
        agreement = make_agreement(
            request.db,
            dossier,
            made["what"],
            made["who"],
            made["due_on"],
            request.actor,
            owner_id=made["owner_id"],
        )
        request.flash("De afspraak is opgeslagen.")
        if talk is not None:
            springs_from(request.db, talk, agreement)
            here = page_of(context, request)
            return HTTPSeeOther(f"{here}/overleg-bekijken?nr={talk.serial}")
        return back_to(context, request, "afspraken")

    return submit(request, form, act, form_page(context, request, "Afspraak toevoegen"))


def _consultation(context: DossierResource, request: Request) -> Consultation | None:
    """Where it was agreed: `?overleg=3`."""
    asked = dict(query_pairs(request)).get("overleg")
    try:
        return None if asked is None else find_consultation(request.db, context.dossier, asked)
    except DossierError:
        raise HTTPNotFound() from None


def _existing_agreement(
    context: DossierResource, request: Request, agreement: DossierAgreement
) -> Any:
    dossier = context.dossier
    people = owners_for(request.db, dossier.holder, dossier.kind)
    schema = agreement_schema(people, existing=True)
    form = Form(
        schema,
        request,
        buttons=[Button("opslaan", "Afspraak opslaan")],
        appstruct={**stored(agreement, AGREEMENT_ATTRIBUTES), "versie": agreement.version},
        cancel_url=page_of(context, request, "afspraken"),
    )

    def act(values: dict[str, Any]) -> Any:
        lock(request.db, agreement)
        check_version(agreement, values["versie"])
        changes = read(values, AGREEMENT_ATTRIBUTES)
        change_agreement(request.db, dossier, agreement, changes, request.actor)
        request.flash("De afspraak is opgeslagen.")
        return back_to(context, request, "afspraken")

    return submit(
        request,
        form,
        act,
        form_page(context, request, "Afspraak bijwerken"),
        conflict=lambda values: differences(
            agreement, values, AGREEMENT_ATTRIBUTES, schema.children
        ),
    )
