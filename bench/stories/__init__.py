"""What happens to reports, and the Dutch that it is told in; made up. Pure."""

from __future__ import annotations
