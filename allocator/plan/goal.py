"""The value, bound and gap a plan reaches at one goal."""

from __future__ import annotations

import math
from dataclasses import dataclass

from allocator.plan.precision import ZERO


@dataclass(frozen=True)
class GoalResult:
    """One goal of a plan; goals are minimised.

    `bound` is the solver's claim: no plan is better than this within `scope` (for a later goal:
    given the earlier goals at their achieved values). `source` says who claims it. Unknown
    values and bounds are None, never infinite: what is not finite becomes None.
    """

    name: str
    unit: str
    value: float | None
    bound: float | None = None
    scope: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", _finite(self.value))
        object.__setattr__(self, "bound", _finite(self.bound))

    @property
    def gap(self) -> float | None:
        """Distance of value and bound: in units when the value is 0, else a share of the value."""
        if self.value is None or self.bound is None:
            return None
        distance = max(0.0, self.value - self.bound)
        return distance if abs(self.value) <= ZERO else distance / abs(self.value)


def _finite(number: float | None) -> float | None:
    return float(number) if number is not None and math.isfinite(number) else None
