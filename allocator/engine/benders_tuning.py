"""Settings of the decomposition; the defaults come from the suite `two-stage`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """How the search goes about it."""

    groups: int = 30
    each_to: int = 60  # scenarios: up to so many have a theta each, and a cut of their own first
    alone_share: float = 0.25  # of the time left: the most for these first cuts
    samples: tuple[float, ...] = (0.1, 0.3, 1.0)  # shares of the groups, the last is all
    step: float = 0.3  # from the best point towards the master's: the least, where cuts are made
    sample_gap: float = 0.01
    relaxed_gap: float = 5e-4
    relaxed_share: float = 0.5  # of the time: the most for the relaxation
    descend: bool = False  # from the point to start from, before the relaxation is solved
    fine: float = 16.0  # whole columns of a wider range are relaxed at first
    fixed_rounds: int = 15
    dive_from: int = 200  # choices: with fewer the tree of the master finds as good a point
    dive_rounds: int = 30
    slack: float = 0.02  # rows with more, as a share of the mean theta, are dropped
    tree_share: float = 0.3  # of the time left: the most for one master
    roundings: int = 4
    rounding_seconds: float = 5.0
