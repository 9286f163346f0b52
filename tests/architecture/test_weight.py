"""The ratchet: the house gets no heavier than `bench/code.json` says; what was won stays won."""

from __future__ import annotations

from bench.code import held, weigh

# An issue that deletes more than this part of a figure writes it down (`--hold`).
SLACK = 0.02


def test_no_figure_of_the_house_exceeds_what_is_held_and_none_lags_behind() -> None:
    now, limits = weigh(), held()
    assert set(now) == set(limits)
    heavier = {
        name: (number, limits[name]) for name, number in now.items() if number > limits[name]
    }
    assert not heavier, "delete elsewhere, or hold it with the reason in the commit"
    lighter = {n: (now[n], limits[n]) for n in now if now[n] < limits[n] * (1 - SLACK) - 1}
    assert not lighter, "write down what was won: python -m bench.code --hold"
