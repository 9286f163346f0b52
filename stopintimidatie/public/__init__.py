"""The pages for everybody, without sign-in: `/melden`, `/volgen`, `/aansluiten`, `/verificatie`."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.public.english import ENGLISH
    from stopintimidatie.public.english_words import FOLLOW
    from stopintimidatie.public.follow_resources import FollowPages
    from stopintimidatie.public.forms import FILE_LIMIT
    from stopintimidatie.public.language import ENGLISH_WORDS
    from stopintimidatie.public.personal import PERSONAL_DATA
    from stopintimidatie.public.places import SketchCache
    from stopintimidatie.public.resources import Reporting
    from stopintimidatie.reports.cleaning import LIMIT

    config.registry.sketches = SketchCache()
    ENGLISH_WORDS.declare(config)
    config.add_english("melden", ENGLISH)
    config.add_english("volgen", FOLLOW)
    config.add_public_prefix("melden", "Straatintimidatie melden")
    config.add_tree_root("melden", Reporting)
    # Five thousand signs of Arabic with a percent sign for each byte, and room for the rest.
    config.add_form_limit("melden", 200_000)
    config.add_public_prefix("verificatie", "Is dit document echt?")
    config.add_public_prefix("volgen", "Uw melding volgen")
    config.add_tree_root("volgen", FollowPages)
    config.add_form_limit("volgen", LIMIT + 100_000)
    # The file, and some room for the rest of the form around it.
    config.add_form_limit("verificatie", FILE_LIMIT + 100_000)
    config.scan("stopintimidatie.public.views")
    config.scan("stopintimidatie.public.reporting_views")
    config.scan("stopintimidatie.public.follow_views")
    config.add_public_prefix("aansluiten")
    config.add_public_prefix("aansluiten-bevestigen")
    config.add_personal_data_holder(PERSONAL_DATA)
    config.scan("stopintimidatie.public.joining_views")
