"""The `stopintimidatie` command: what operators do. Thin: each command calls one service."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the console command."""
    # While modules are read nothing becomes garbage: looking for it took a tenth of the start.
    gc.disable()
    from stopintimidatie.cli.commands import main as run

    gc.enable()
    run()
