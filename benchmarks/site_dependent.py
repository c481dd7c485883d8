"""Permits by vehicle type, with windows: Cordeau and Laporte 2001 (INFOR 39:292-298)."""

from routing_bench.reading import read_site_dependent
from routing_bench.suite import Set

SUITE = Set(
    name="site-dependent",
    purpose="Permits by vehicle type, windows, longest duty: mean gap at most 1 % in 60 s",
    folder="site_dependent_vrptw",
    files="*.vrp",
    read=read_site_dependent,
    seconds=60.0,
    most=0.01,
    beside_pyvrp=True,
    notes=("Distances and times in full.",),
).suite()
