"""The place of a report in words, in a document."""

from __future__ import annotations

from stopintimidatie.exports.extract.reports import name_by_neighbours
from tests.support.exports_factory import a_report

HERE, NEAR, FAR = (51.8134, 4.6690), (51.8136, 4.6692), (51.8200, 4.6690)


def test_a_street_is_named_rather_than_a_point_where_another_report_knows_it() -> None:
    point = "punt 51,8136 NB 4,6692 OL"
    named = a_report(1, place="Statenplein", street="Statenplein", point=HERE)
    near, far = a_report(2, place=point, point=NEAR), a_report(3, place=point, point=FAR)
    without = a_report(4, place="", point=None)
    places = [report.place for report in name_by_neighbours([named, near, far, without])]
    assert places == ["Statenplein", "bij Statenplein", point, ""]
    assert name_by_neighbours([near])[0].place == point
