"""Make up reports, the Dutch that they are told in, and what becomes of them. Pure."""

from __future__ import annotations
