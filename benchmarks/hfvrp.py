"""Mixed fleets: Pessoa, Sadykov and Uchoa 2018 (EJOR 270:530-543)."""

from routing_bench.reading import read_mixed_fleet
from routing_bench.suite import Set

SUITE = Set(
    name="hfvrp",
    purpose="Mixed fleets with fixed and variable cost: mean gap at most 1 % in 60 s",
    folder="hfvrp_pessoa",
    files="*.vrp",
    read=read_mixed_fleet,
    seconds=60.0,
    most=0.01,
    beside_pyvrp=True,
    notes=("Distances in full; costs in the unit of the article (a hundredth of the files').",),
).suite()
