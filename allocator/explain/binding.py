"""Which family of rows binds a shortage: lift one family at a time and solve again."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from allocator.engine.program import Floats, Ints
from allocator.explain.corner import Corner


@dataclass(frozen=True)
class Binding:
    """A family that, lifted alone, lowers the shortage.

    Attributes:
        family: Name of the row family.
        gain: Units of the shortage that lifting it would bring.
        repair: The least it must be lifted by for that, in its own unit, summed over rows.
        rows: Rows of the model to be lifted.
        amounts: By how much, one a row.
        marginal: Units brought by the first unit more (largest dual of its rows; not unique).
    """

    family: str
    gain: float
    repair: float
    rows: Ints
    amounts: Floats
    marginal: float


@dataclass(frozen=True)
class Study:
    """What a corner says: the least the shortage can be, and the families that bind it.

    `together` holds families that bind only jointly; `floor` is what stays short with all of them
    lifted; `solved` is False when the rows contradict each other or time ran out.
    """

    least: float
    bindings: tuple[Binding, ...] = ()
    together: tuple[Binding, ...] = ()
    floor: float = 0.0
    solved: bool = True


def study(corner: Corner, deadline: float, tolerance: float) -> Study:
    """Find the least shortage, then the families whose lifting lowers it, largest gain first."""
    base = corner.least(deadline - time.monotonic())
    if base.value is None or base.termination != "completed":
        return Study(corner.short.quantity, solved=False)
    if base.value <= tolerance:
        return Study(base.value)
    duals = base.duals
    if duals is None:
        duals = corner.least(deadline - time.monotonic(), relaxed=True).duals
    names = [name for name in corner.slack if duals is None or _touched(corner, name, duals)]
    found = [_lifted(corner, (name,), base.value, duals, deadline, tolerance) for name in names]
    bindings = sorted((one[0] for one in found if one), key=lambda one: -round(one.gain, 6))
    floor, together = _jointly(corner, base.value, duals, deadline, tolerance)
    return Study(base.value, tuple(bindings), () if bindings else together, floor)


def _touched(corner: Corner, family: str, duals: Floats) -> bool:
    """A family without a dual cannot lower a linear program, not even lifted."""
    if corner.session.integer.any():
        return True
    return bool(np.any(np.abs(duals[corner.slack_row[family]]) > 1e-9))


def _lifted(
    corner: Corner,
    families: tuple[str, ...],
    base: float,
    duals: Floats | None,
    deadline: float,
    tolerance: float,
) -> tuple[Binding, ...]:
    """Lift families, take the gain, then find the least lift that brings it; close them again."""
    if time.monotonic() > deadline:
        return ()
    for name in families:
        corner.lift(name)
    outcome = corner.least(deadline - time.monotonic())
    found: tuple[Binding, ...] = ()
    if outcome.value is not None and base - outcome.value > tolerance:
        corner.hold(outcome.value + 1e-7 * max(1.0, base))
        slack = corner.least_slack(families, deadline - time.monotonic())
        corner.hold(np.inf)
        gain = base - outcome.value
        found = tuple(_binding(corner, name, gain, slack[name], duals) for name in slack)
    for name in families:
        corner.lift(name, False)
    return found


def _binding(
    corner: Corner, family: str, gain: float, slack: Floats, duals: Floats | None
) -> Binding:
    rows = corner.slack_row[family]
    used = slack > 1e-6
    marginal = 0.0 if duals is None else float(np.abs(duals[rows]).max(initial=0.0))
    return Binding(family, gain, float(slack.sum()), corner.rows[rows[used]], slack[used], marginal)


def _jointly(
    corner: Corner, base: float, duals: Floats | None, deadline: float, tolerance: float
) -> tuple[float, tuple[Binding, ...]]:
    """Lift all families but the needs of others, then close one by one while the gain stays."""
    kept = [name for name in corner.slack if name != "need"]
    for name in kept:
        corner.lift(name)
    floor = corner.least(deadline - time.monotonic()).value
    if floor is None or base - floor <= tolerance:
        return base, ()
    for name in list(kept):
        corner.lift(name, False)
        value = corner.least(deadline - time.monotonic()).value
        if value is None or value > floor + tolerance:
            corner.lift(name)
        else:
            kept.remove(name)
    found = _lifted(corner, tuple(kept), base, duals, deadline, tolerance)
    return floor, tuple(one for one in found if len(one.rows))
