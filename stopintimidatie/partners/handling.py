"""What the pages of partners share: a form whose work a rule may refuse, or that comes second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from stopintimidatie.partners.forms import ATTRIBUTES
from stopintimidatie.partners.history import PartnerError, StalePartnerError
from stopintimidatie.web.filters import datetime_short
from stopintimidatie.web.forms import ConflictError, Form, FormError, handle_form
from stopintimidatie.web.navigation import Crumb
from stopintimidatie.web.request import Request

FORM_PAGE: Final = "stopintimidatie.partners:templates/form.jinja2"
Values = dict[str, Any]


def form_page(request: Request, heading: str, above: str, **more: Any) -> Values:
    """What every form of this room shows around itself."""
    return {
        "crumbs": [*request.breadcrumb, Crumb(heading, request.path)],
        "heading": heading,
        "above": above,
        **more,
    }


def submit(
    request: Request, form: Form, act: Callable[[Values], Any], page: Mapping[str, Any]
) -> Any:
    """Handle a form; what a rule says no to is shown at the answer it is about."""

    def on_valid(values: Values) -> Any:
        try:
            return act(values)
        except StalePartnerError as stale:
            raise _conflict(form, stale.row) from None
        except PartnerError as problem:
            raise FormError(problem.message, ATTRIBUTES.get(problem.field or "")) from None

    return handle_form(request, form, on_valid, page)


def _conflict(form: Form, row: Any) -> ConflictError:
    """The form now carries the present version: sending it again is done with open eyes."""
    form["versie"].cstruct = str(row.version)
    return ConflictError(
        f"{row.changed_by} heeft dit gewijzigd op {datetime_short(row.changed_at)}. Uw invoer is"
        " niet opgeslagen en er is niets overschreven. Klopt uw invoer nog? Sla dan opnieuw op."
    )
