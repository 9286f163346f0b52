"""Levels of participation: how far a municipality takes part, and from when."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the rules of levels, their tables, the job that begins a plan, and its mail."""
    from stopintimidatie.municipalities.levels.services import (
        DROPPED,
        LEVEL_CONDITIONS,
        LEVEL_EFFECTS,
        LEVEL_JOB,
        LevelRules,
        begin_planned_level,
    )

    LEVEL_CONDITIONS.declare(config)
    LEVEL_EFFECTS.declare(config)
    rules = LevelRules(LEVEL_CONDITIONS.of(config.registry), LEVEL_EFFECTS.of(config.registry))
    config.registry.level_rules = rules
    config.add_impersonal_table("municipality_profile", "level, look and words, all public")
    config.add_impersonal_table("municipality_level", "levels and dates, all public")
    config.add_mail_template(DROPPED)
    config.add_job_kind(LEVEL_JOB, begin_planned_level)
