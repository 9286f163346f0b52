"""The `stopintimidatie` command: what operators do. Thin: each command calls one service."""

from __future__ import annotations

from stopintimidatie.cli.commands import main

__all__ = ["main"]
