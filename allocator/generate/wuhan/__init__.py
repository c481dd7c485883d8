"""Beds of Wuhan, 23 January to 12 March 2020."""

from allocator.generate.wuhan.build import wuhan_2020_beds
from allocator.generate.wuhan.readme import wuhan_readme

__all__ = ["wuhan_2020_beds", "wuhan_readme"]
