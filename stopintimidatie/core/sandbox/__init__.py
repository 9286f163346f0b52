"""Child processes with limits for work on files that strangers send."""

from __future__ import annotations
