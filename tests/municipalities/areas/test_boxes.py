"""The boxes round the Netherlands."""

import pytest

from stopintimidatie.municipalities.areas.facts import inside_netherlands


@pytest.mark.parametrize(
    ("place", "lat", "lon"),
    [
        ("Dordrecht", 51.8133, 4.6690),
        ("Vaals, the southern tip", 50.7505, 6.0210),
        ("Rottumerplaat", 53.545, 6.480),
        ("Sluis, the far west", 51.309, 3.386),
        ("Bad Nieuweschans, the far east", 53.182, 7.208),
        ("a platform in the North Sea", 55.2, 3.5),
        ("Kralendijk", 12.151, -68.276),
        ("Oranjestad on Sint Eustatius", 17.482, -62.984),
        ("The Bottom on Saba", 17.626, -63.249),
    ],
)
def test_the_netherlands_is_inside(place: str, lat: float, lon: float) -> None:
    assert inside_netherlands(lat, lon), place


@pytest.mark.parametrize(
    ("place", "lat", "lon"),
    [
        ("Paris", 48.8566, 2.3522),
        ("Berlin", 52.52, 13.405),
        ("London", 51.5072, -0.1276),
        ("Willemstad on Curaçao", 12.11, -68.99),
        ("null island", 0.0, 0.0),
        ("lat and lon swapped", 4.669, 51.8133),
        ("not a number", float("nan"), 4.6),
        ("infinite", 51.8, float("inf")),
    ],
)
def test_elsewhere_is_outside(place: str, lat: float, lon: float) -> None:
    assert not inside_netherlands(lat, lon), place
