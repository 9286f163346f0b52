"""A report as it comes in: one frozen value for the app, the phone form and the public page.

Whoever builds one has checked it (the app's messages: `intake.schema`); `reports.receive()` only
decides where it belongs and stores it. Nothing here can hold an offender's name, origin, religion
or BSN: there is no field for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stopintimidatie.reports.vocabulary import (
    AgeGroup,
    BehaviourChange,
    Bystanders,
    ContactWish,
    FeltSafety,
    Form,
    Gender,
    Language,
    LocationSource,
    OffenderAge,
    OffenderCount,
    OffenderGender,
    OffenderKnown,
    PartOfDay,
    PlaceType,
    Police,
    Recurrence,
    Role,
    TimePrecision,
    Transport,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    street: str | None = None
    house_number: str | None = None
    postcode: str | None = None
    town: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transit:
    """A place in public transport: who runs it, which line, which way, which stop."""

    operator: str | None = None
    line: str | None = None
    direction: str | None = None
    stop: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where it happened: a point, an address, public transport, or at least words."""

    lat: float | None = None
    lon: float | None = None
    accuracy_m: int | None = None
    source: LocationSource | None = None
    address: Address | None = None
    transit: Transit | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offenders:
    count: OffenderCount | None = None
    in_group: bool | None = None
    known: OffenderKnown | None = None
    age_estimate: OffenderAge | None = None
    gender: OffenderGender | None = None
    appearance: str | None = None
    transport: Transport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Name and contact data; stored apart and encrypted, so kept out of every repr."""

    name: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The app that sent it; no address and no device id."""

    platform: str | None = None
    app_version: str | None = None
    # The code in the address by which a municipality led people to /melden.
    campaign: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Everything a reporter (or an officer on their behalf) said; times are aware UTC."""

    role: Role
    anonymous: bool
    incident_start: datetime
    location: Location
    place_type: PlaceType
    forms: tuple[Form, ...]
    wants_contact: ContactWish
    share_with_police: bool
    share_with_partners: bool
    language: Language = Language.NL
    incident_end: datetime | None = None
    time_precision: TimePrecision | None = None
    part_of_day: PartOfDay | None = None
    recurrence: Recurrence | None = None
    felt_safety: FeltSafety | None = None
    behaviour_changes: tuple[BehaviourChange, ...] = ()
    description: str | None = field(default=None, repr=False)
    offenders: Offenders = Offenders()
    bystanders: Bystanders | None = None
    reporter_age_group: AgeGroup | None = None
    reporter_gender: Gender | None = None
    contact: Contact | None = None
    contact_when: str | None = field(default=None, repr=False)
    wants_support: bool | None = None
    police: Police | None = None
    client: Client = Client()
    # Answers to the municipality's own questions: (name of the question, answer).
    own_answers: tuple[tuple[str, Any], ...] = field(default=(), repr=False)
