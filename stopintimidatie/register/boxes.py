"""The two boxes a place must lie in to be taken seriously at all. Pure.

They are generous on purpose: a harassed swimmer or ferry passenger is inside. What lies in a
box but in no outline goes to the national desk; what lies outside is a mistake of the sender.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """A range of latitudes and longitudes (WGS84), its edges included."""

    south: float
    north: float
    west: float
    east: float

    def holds(self, lat: float, lon: float) -> bool:
        """Whether the point lies in the box. Not-a-number lies nowhere."""
        return self.south <= lat <= self.north and self.west <= lon <= self.east


# Land: 50.750–53.556 N, 3.357–7.228 E (Kadaster, Basisregistratie Kadaster, grenzen). The sea:
# the Dutch part of the North Sea reaches 55.765 N and 2.539 E (Rijkswet instelling exclusieve
# economische zone; Besluit grenzen Nederlandse EEZ). Rounded outward.
EUROPEAN = Box(south=50.70, north=55.80, west=2.50, east=7.30)

# Bonaire (12.02–12.32 N, 68.43–68.20 W), Sint Eustatius (17.46–17.53 N) and Saba (17.61–17.65 N,
# 63.26–62.94 W): openbare lichamen by the Wet openbare lichamen BES; half a degree of water
# around each group.
BONAIRE = Box(south=11.50, north=12.80, west=-68.95, east=-67.70)
SABA_AND_STATIA = Box(south=17.00, north=18.15, west=-63.75, east=-62.45)
CARIBBEAN = (BONAIRE, SABA_AND_STATIA)

BOXES = (EUROPEAN, *CARIBBEAN)


def inside_netherlands(lat: float, lon: float) -> bool:
    """Whether a place lies in or near the Netherlands: European with its sea, or Caribbean."""
    if not (math.isfinite(lat) and math.isfinite(lon)):
        return False
    return any(box.holds(lat, lon) for box in BOXES)
