"""What happens in the demo, and the Dutch it is told in: made-up reports and dossiers. Pure."""

from __future__ import annotations
