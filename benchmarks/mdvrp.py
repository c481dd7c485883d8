"""Several depots and a longest duty: Cordeau, Gendreau and Laporte 1997 (Networks 30:105-119)."""

from routing_bench.reading import read_cordeau
from routing_bench.suite import Set

SUITE = Set(
    name="mdvrp",
    purpose="Several depots, longest duty: mean gap at most 1 % in 60 s",
    folder="mdvrp_cordeau",
    files="*.txt",
    read=read_cordeau,
    seconds=60.0,
    most=0.01,
    beside_pyvrp=True,
    notes=("Distances in full; best known values are published with two decimals.",),
).suite()
