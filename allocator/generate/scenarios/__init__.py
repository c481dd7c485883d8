"""Scenarios of an instance: drawn from stated marginals, or reduced to a few that stand for all."""

from allocator.generate.scenarios.draw import drawn
from allocator.generate.scenarios.note import note_of
from allocator.generate.scenarios.reduce import Reduction, reduced, reduction_of

__all__ = ["Reduction", "drawn", "note_of", "reduced", "reduction_of"]
