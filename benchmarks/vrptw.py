"""Time windows, 100 customers: Solomon 1987 (Operations Research 35:254-265)."""

from routing_bench.reading import read_solomon
from routing_bench.suite import Set

SUITE = Set(
    name="vrptw",
    purpose="Time windows, Solomon's 100 customers: mean gap at most 0.3 % in 30 s",
    folder="vrptw_solomon",
    files="*.txt",
    read=read_solomon,
    seconds=30.0,
    most=0.003,
    notes=("Distance alone is minimised; distances and times are cut to one decimal (DIMACS).",),
).suite()
