"""Several trips with reloading, release times, windows: Yang 2023 (Transportation Science 57)."""

from routing_bench.reading import read_multi_trip
from routing_bench.suite import Set

SUITE = Set(
    name="multi-trip",
    purpose="Several trips, release times, windows: mean gap at most 1 % in 60 s",
    folder="mtvrptwr_yang",
    files="*.vrp",
    read=read_multi_trip,
    seconds=60.0,
    most=0.01,
    beside_pyvrp=True,
    notes=("Distance alone is minimised; distances and times are cut to one decimal.",),
).suite()
