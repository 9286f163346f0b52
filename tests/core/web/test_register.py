"""A list of pages: which rows are read, and what is said where there are none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from webob.multidict import MultiDict

from stopintimidatie.core.web.components import FacetValue
from stopintimidatie.core.web.register import Register, read_register


def _asked(**params: str) -> Any:
    return SimpleNamespace(path="/lijst", GET=MultiDict(params))


def _numbers(total: int) -> Any:
    return lambda offset, size: list(range(total))[offset : offset + size]


@pytest.mark.parametrize(
    ("page", "first", "rows"), [("1", 0, 25), ("3", 50, 10), ("99", 50, 10), ("-4", 0, 25)]
)
def test_the_rows_are_those_of_the_page_that_is_asked_or_of_the_last(
    page: str, first: int, rows: int
) -> None:
    """A number beyond the end shows the last page; nonsense the first."""
    listed: Register[int] = read_register(_asked(pagina=page), 60, _numbers(60))
    assert listed.rows[0] == first
    assert len(listed.rows) == rows


def test_addresses_of_other_pages_keep_the_filters() -> None:
    """A filter stays when one turns the page."""
    listed: Register[int] = read_register(_asked(status="open"), 60, _numbers(60))
    assert listed.href(2) == "/lijst?status=open&pagina=2"


def test_a_list_counted_so_far_says_that_there_is_more() -> None:
    """A long list isn't counted to its end."""
    listed: Register[int] = read_register(_asked(), 101, _numbers(101), most=100)
    assert (listed.paging.total, listed.paging.more) == (100, True)
    assert not read_register(_asked(), 100, _numbers(100), most=100).paging.more


def test_a_list_is_filtered_once_a_value_is_chosen() -> None:
    """An empty list with a filter says something else than one without."""
    for chosen in (False, True):
        filters = [("Status", [FacetValue("Open", "?status=open", 0, chosen)])]
        listed: Register[int] = read_register(_asked(), 0, _numbers(0), filters=filters)
        assert listed.filtered is chosen
