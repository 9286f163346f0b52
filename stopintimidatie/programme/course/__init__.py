"""The course that anybody may take: lessons with a test, kept of nobody but the day of passing."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Open `/cursus` to everybody; its lessons are in Dutch, so only a link changes language."""
    from stopintimidatie.programme.course.views import NAME, Course

    config.add_public_prefix(NAME)
    config.add_translated_prefix(NAME, by_link_alone=True)
    config.add_tree_root(NAME, Course)
    config.scan("stopintimidatie.programme.course.views")
