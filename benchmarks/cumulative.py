"""Least sum of arrivals with a fixed fleet, on the sets A and B of Augerat et al. 1995."""

from routing_bench.reading import read_cumulative
from routing_bench.suite import Set

SUITE = Set(
    name="cumulative",
    purpose="Least sum of arrivals with a fixed fleet, sets A and B: mean gap 0.1 % in 30 s",
    folder="cumulative",
    files="[AB]/*.vrp",
    read=read_cumulative,
    seconds=30.0,
    most=0.001,
    notes=(
        "Distances to the nearest whole number; the way back does not count; the number of "
        "vehicles is that of the name, and vehicles may stay at home.",
    ),
).suite()
