"""Goals that one solve can reach together, on two cores."""

from __future__ import annotations

from itertools import takewhile

from allocator.engine.joint import Blend, JointStage, LookStage
from allocator.engine.ordered import LinearStage, Stage
from allocator.engine.session import CORNER_COLUMNS

# Person-days short that a person-day below the floor outweighs: in a quick look, and in earnest.
LOOK_WEIGHT, FLOORS_WEIGHT = 4.0, 100.0
ITEM_DAYS_WEIGHT = 100.0  # money that a person-day of any item outweighs
EARLIER = 10.0  # times as much weighs a goal as the next, where goals only guide
LAST = ("item_days", "cost")
GUIDING_SHARE = 0.6  # of the time left


def in_pairs(stages: list[Stage], columns: int) -> list[Stage]:
    """Return the stages with those that one solve can reach together as pairs, for two cores."""
    urgent, last = urgent_pair(stages, FLOORS_WEIGHT), _pair(stages[-2:], LAST, ITEM_DAYS_WEIGHT)
    if urgent is not None:
        stages = [JointStage(urgent), *stages[2:]]
    if last is not None and columns > CORNER_COLUMNS and len(stages) > 2:
        stages = [*stages[:-2], JointStage(last)]
    return stages


def guiding(stages: list[Stage], columns: int) -> list[Stage]:
    """Return the stages as pairs; the sums that end in item_days and cost are only looked at."""
    reversed_sums = takewhile(lambda stage: isinstance(stage, LinearStage), reversed(stages))
    sums = [stage for stage in reversed_sums if isinstance(stage, LinearStage)][::-1]
    urgent = 2 if len(sums) == len(stages) else 0
    sums = sums[urgent:]
    if tuple(stage.name for stage in sums[-2:]) != LAST:
        return in_pairs(stages, columns)
    weights = [ITEM_DAYS_WEIGHT * EARLIER**power for power in range(len(sums) - 1)][::-1]
    look = LookStage(Blend(tuple(sums), (*weights, 1.0)), GUIDING_SHARE)
    return [*in_pairs(stages[: -len(sums)], columns), look]


def urgent_pair(stages: list[Stage], weight: float) -> Blend | None:
    """Return floors and critical as a pair, where they come first."""
    return _pair(stages[:2], ("floors", "critical"), weight)


def _pair(stages: list[Stage], names: tuple[str, str], weight: float) -> Blend | None:
    linear = tuple(stage for stage in stages if isinstance(stage, LinearStage))
    if tuple(stage.name for stage in linear) != names:
        return None
    return Blend(linear, (weight, 1.0))
