"""Reserves for Shanghai: warehouses of the districts, candidates in every jiedao, scenarios."""

from allocator.generate.reserves.build import reserve_marginals, shanghai_reserves
from allocator.generate.reserves.readme import reserves_readme

__all__ = ["reserve_marginals", "reserves_readme", "shanghai_reserves"]
