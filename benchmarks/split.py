"""Split delivery: the set SD of Chen, Golden and Wasil 2007 (Networks 49:318-329)."""

from routing_bench.reading import read_split
from routing_bench.suite import Set

SUITE = Set(
    name="split",
    purpose="Split delivery, SD1 to SD21: mean gap at most 1 % in 60 s",
    folder="split_delivery",
    files="SET-1/*.txt",
    read=read_split,
    seconds=60.0,
    most=0.01,
    notes=(
        "Distances to the nearest whole number, parts of loads whole, vehicles as many as wanted.",
        "Best known: the best of seven solvers within 30 minutes.",
    ),
).suite()
