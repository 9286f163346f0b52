"""The kinds of areas. Pure; the values are what stands in the database."""

from enum import StrEnum


class NeighbourhoodKind(StrEnum):
    """What a level below a municipality is: a CBS wijk, all of it, or not known where."""

    WIJK = "wijk"
    WHOLE = "gemeentebreed"
    UNKNOWN = "onbekend"


class AreaKind(StrEnum):
    """The three kinds of outline."""

    MUNICIPALITY = "gemeente"
    NEIGHBOURHOOD = "wijk"
    SUBNEIGHBOURHOOD = "buurt"
