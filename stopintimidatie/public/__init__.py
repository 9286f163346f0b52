"""The pages for everybody, without sign-in. For now: `/verificatie`."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.public.forms import FILE_LIMIT

    config.add_public_prefix("verificatie")
    # The file, and some room for the rest of the form around it.
    config.add_form_limit("verificatie", FILE_LIMIT + 100_000)
    config.scan("stopintimidatie.public.views")
