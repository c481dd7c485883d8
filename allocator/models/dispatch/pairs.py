"""Goals that one solve can reach together, on two cores."""

from __future__ import annotations

from allocator.engine.joint import JointStage, Pair
from allocator.engine.ordered import LinearStage, Stage
from allocator.engine.session import CORNER_COLUMNS

# Person-days short that a person-day below the floor outweighs: in a quick look, and in earnest.
LOOK_WEIGHT, FLOORS_WEIGHT = 4.0, 100.0
ITEM_DAYS_WEIGHT = 100.0  # money that a person-day of any item outweighs


def in_pairs(stages: list[Stage], columns: int) -> list[Stage]:
    """Return the stages with those that one solve can reach together as pairs, for two cores."""
    urgent, last = urgent_pair(stages, FLOORS_WEIGHT), last_pair(stages)
    if urgent is not None:
        stages = [JointStage(urgent), *stages[2:]]
    if last is not None and columns > CORNER_COLUMNS and len(stages) > 2:
        stages = [*stages[:-2], JointStage(last)]
    return stages


def urgent_pair(stages: list[Stage], weight: float) -> Pair | None:
    """Return floors and critical as a pair, where they come first."""
    return _pair(stages[:2], ("floors", "critical"), weight)


def last_pair(stages: list[Stage]) -> Pair | None:
    """Return item_days and cost as a pair, where they come last."""
    return _pair(stages[-2:], ("item_days", "cost"), ITEM_DAYS_WEIGHT)


def _pair(stages: list[Stage], names: tuple[str, str], weight: float) -> Pair | None:
    linear = [stage for stage in stages if isinstance(stage, LinearStage)]
    if tuple(one.name for one in linear) != names:
        return None
    first, second = linear
    return Pair(first, second, weight)
