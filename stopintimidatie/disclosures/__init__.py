"""The disclosure register: which data of whom went to which recipient, when, why, until when."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the tree, tables and pages of the register, of pick-up and of verification."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.core.storage.retention import read_classes
    from stopintimidatie.core.web.limits import PUBLIC_UPLOAD_FORM
    from stopintimidatie.disclosures import pickup
    from stopintimidatie.disclosures.pickup import LOST_DOCUMENTS, PICKUP_KINDS
    from stopintimidatie.disclosures.resources import LEVELS
    from stopintimidatie.disclosures.views import PickupDoor
    from stopintimidatie.municipalities.areas.resources import add_own_place

    for level in LEVELS:
        config.add_tree_level(level)
    config.add_impersonal_table(
        "disclosure", "ids, hashes and grounds; append-only, with a term of its own"
    )
    config.add_impersonal_table("disclosure_subject", "ids and categories; append-only")
    config.add_impersonal_table("disclosure_event", "codes, and the organisation; append-only")
    config.add_impersonal_table("disclosed_copy", "dates and counts, of a copy somebody has")
    config.add_impersonal_table("pickup_answer", "codes and days that the recipient chose")
    add_own_place(
        config, "verstrekkingen", "Verstrekkingen", Permission.VIEW_DISCLOSURES, order=70, desk=True
    )
    PICKUP_KINDS.declare(config)
    LOST_DOCUMENTS.declare(config)
    config.add_tree_root("ophalen", PickupDoor)
    config.add_public_prefix("ophalen")
    # Most who come here work for a partner, in Dutch.
    config.add_translated_prefix("ophalen", by_link_alone=True)
    config.add_translated_prefix("verificatie", by_link_alone=True)
    config.add_personal_data_holder(pickup.PERSONAL_DATA)
    for kind in read_classes(__package__):
        config.add_retention_class(kind)
    config.add_sealed(pickup.SEALED)
    config.add_public_prefix("verificatie", "Is dit document echt?")
    config.add_stream("verificatie", lambda registry, environ: PUBLIC_UPLOAD_FORM)
    config.scan("stopintimidatie.disclosures.views")
    config.scan("stopintimidatie.disclosures.verification")
