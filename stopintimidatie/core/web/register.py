"""A list that goes on for pages: its rows, its filters, and the addresses of its other pages.

A view counts, and names how to read some of the rows; the template says what stands in each::

    breaches = read_register(request, count(request.db), find)

    {% call(breach) ui.register(breaches, "Datalekken", ["Nummer", "Wat"], empty=(…)) %}
    {% call ui.row(ui.link(breach.reference, …)) %}{{ ui.cell("Wat", …) }}{% endcall %}
    {% endcall %}
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.web.components import FacetValue, page_url
from stopintimidatie.core.web.request import PAGE_SIZE, Paging, wanted_page

# A list shows the exact number up to here; beyond it, "meer dan".
COUNTED: Final = 2_500
# Up to here where a filter was chosen: no index has that number, so that each row is read.
FILTERED: Final = 100
Row = TypeVar("Row")
Filters = Sequence[tuple[str, Sequence[FacetValue]]]


@dataclass(frozen=True, slots=True)
class Register(Generic[Row]):
    """A page of a list, as ``ui.register`` draws it.

    `href` returns the address of a page by its number; `filters` are titles with their values.
    """

    rows: Sequence[Row]
    paging: Paging
    href: Callable[[int], str]
    filters: Filters = ()

    @property
    def filtered(self) -> bool:
        """Tell whether a filter was chosen: an empty list then isn't all there is."""
        return any(value.selected for _, values in self.filters for value in values)


def read_register(
    request: Any,
    total: int,
    find: Callable[[int, int], Sequence[Row]],
    *,
    filters: Filters = (),
    most: int | None = None,
    size: int = PAGE_SIZE,
) -> Register[Row]:
    """Return the page of a list that the address asks for; the last one beyond its end.

    Args:
        request: the address of the page, with its filters.
        total: the number of rows of the whole list.
        find: reads rows; gets how many come before, and how many are wanted.
        filters: what the list can be narrowed to.
        most: how far was counted; a total above it is shown as *meer dan*.
        size: rows on a page.
    """
    shown = total if most is None else min(total, most)
    paging = Paging(wanted_page(request), shown, size, more=shown < total)
    return Register(find(paging.offset, paging.size), paging, page_url(request), filters)


def read_rows(request: Any, wanted: Select[Row]) -> Register[Row]:
    """Return the page of a list that one query gives whole: it is counted and read in parts."""
    total = request.db.scalar(select(func.count()).select_from(wanted.order_by(None).subquery()))

    def find(offset: int, size: int) -> Sequence[Row]:
        rows: Sequence[Row] = request.db.scalars(wanted.offset(offset).limit(size)).all()
        return rows

    return read_register(request, total, find)


def count_at_most(session: Session, statement: Select[Any], most: int) -> int:
    """Count the rows that the statement finds; one more than `most` when there are more."""
    some = statement.limit(most + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
