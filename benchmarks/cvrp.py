"""Capacitated routing: the set X of Uchoa et al. 2017 (EJOR 257:845-858), 100 to 300 customers."""

from routing_bench.reading import read_cvrp
from routing_bench.suite import Set

SUITE = Set(
    name="cvrp",
    purpose="Capacitated routing, set X to 300 customers: mean gap at most 0.5 % in 60 s",
    folder="cvrp_x",
    files="*.vrp",
    read=read_cvrp,
    seconds=60.0,
    most=0.005,
    beside_pyvrp=True,
    notes=("Distances to the nearest whole number, as many vehicles as wanted.",),
).suite()
