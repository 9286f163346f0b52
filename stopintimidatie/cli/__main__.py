"""Entry of `python -m stopintimidatie.cli`."""

from __future__ import annotations

from stopintimidatie.cli import main

main()
