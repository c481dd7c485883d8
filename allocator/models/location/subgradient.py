"""Raise a Lagrangian bound by subgradient steps of Polyak's length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from allocator.engine.program import Floats

State = TypeVar("State")
Dual = Callable[[Floats], tuple[float, Floats, State]]

FIRST_STEP, LEAST_STEP = 1.5, 0.002
PATIENCE = 20  # rounds without a better bound before the step is halved
INERTIA = 0.5  # share of the last direction that is kept: fewer zigzags
BETTER = 1e-6  # of the bound


@dataclass(frozen=True)
class Raised(Generic[State]):
    """The best bound, the prices that gave it, and what the dual function said there."""

    bound: float
    prices: Floats
    state: State
    rounds: int


def raise_bound(
    dual: Dual[State],
    prices: Floats,
    target: Callable[[], float],
    most_rounds: int,
    hear: Callable[[float, State], None] = lambda bound, state: None,
    enough: float = 0.0,
    stop: Callable[[], bool] = lambda: False,
) -> Raised[State]:
    """Maximise a concave dual function of free prices.

    Args:
        dual: Returns the bound at prices, a supergradient there, and what the caller keeps of it.
        prices: Where to start.
        target: Returns the value of the best plan so far; steps aim at it.
        most_rounds: Rounds after which to stop.
        hear: Told of every round, to make plans from it.
        enough: Distance of the target at which the search is over.
        stop: Whether time is up.

    Source: Held, Wolfe and Crowder 1974; Camerini, Fratta and Maffioli 1975 for the inertia.
    """
    bound, slope, state = dual(prices)
    best = Raised(bound, prices, state, 1)
    direction, length, stale = slope, FIRST_STEP, 0
    for rounds in range(2, most_rounds + 1):
        hear(bound, state)
        aim = target()
        if best.bound > aim - enough or length < LEAST_STEP or not slope.any() or stop():
            break
        direction = slope + INERTIA * direction
        size = float(direction @ direction)
        room = max(aim - bound, 1e-3 * abs(aim))
        prices = prices + length * room / size * direction if size > 0 else best.prices
        bound, slope, state = dual(prices)
        stale += 1
        if bound > best.bound:
            stale = 0 if bound > best.bound + BETTER * abs(best.bound) else stale
            best = Raised(bound, prices, state, rounds)
        if stale >= PATIENCE:
            length, stale = length / 2, 0
            prices, direction = best.prices, np.zeros_like(direction)
            bound, slope, state = dual(prices)
    return best
