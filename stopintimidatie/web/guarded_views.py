"""`@view_config(…, guards=(only_live,))`: what is asked before a view does anything.

A guard is called with (context, request), in the order given, once the permission is there; it
answers a response to send instead of the view's, or None to let the visitor through.
"""

from __future__ import annotations

from typing import Any


def guarded(view: Any, info: Any) -> Any:
    """Pyramid's view deriver for the option `guards`."""
    guards = info.options.get("guards") or ()
    if not guards:
        return view

    def asked(context: Any, request: Any) -> Any:
        for guard in guards:
            instead = guard(context, request)
            if instead is not None:
                return instead
        return view(context, request)

    return asked


guarded.options = ("guards",)  # type: ignore[attr-defined]  # how Pyramid is told of it
