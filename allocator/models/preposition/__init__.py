"""Pre-positioning: reserves where and before they are needed, against scenarios."""

from allocator.models.preposition.solving import Evaluated, evaluate, solve

__all__ = ["Evaluated", "evaluate", "solve"]
