"""The count of what a request goes through (`bench.trip`)."""

from __future__ import annotations

import pytest

from bench.trip import NOW, followed, trips
from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.text import new_code
from stopintimidatie.reports.api.views import post_report
from tests.support.api import Api
from tests.support.exporting import make_case
from tests.support.installation import Installation


@pytest.mark.sqlite
def test_a_report_in_goes_the_same_way_each_time(installation: Installation) -> None:
    with clock_at(NOW):
        case, api = make_case(installation), Api(installation)
        first, again = (next(trips(case, api)) for _ in range(2))
    assert first == again
    entered = [each.rpartition(":")[2] for each in first.functions]
    for function in (post_report, KeyRing.encrypt):
        assert function.__qualname__ in entered
    assert len(set(first.functions)) == len(first.functions) > len(first.files) > 20
    assert api.count() == len(case.reports) + 4


def test_only_the_package_counts_and_an_expression_belongs_to_its_function() -> None:
    entered = followed(lambda: new_code("M"))
    assert [each.rpartition(":")[2] for each in entered] == ["new_code", "with_check"]
