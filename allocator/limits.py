"""How long and how hard a search may work."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from allocator.errors import Fault, UsageError


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one search. The same work limit, seed and workers give the same plan.

    Attributes:
        seconds: Wall-clock limit of the whole call; a plan cut by it is not reproducible.
        work: Limit in units of solver work, reproducible on any machine.
        gap: Relative distance between plan and bound at which the search may stop.
        seed: Seed of every random choice.
        workers: Number of parallel workers; chosen and recorded by the run when ``None``.
    """

    seconds: float | None = None
    work: int | None = None
    gap: float = 1e-4
    seed: int = 0
    workers: int | None = None

    def __post_init__(self) -> None:
        """Refuse values that make no sense, all at once."""
        faults = tuple(self._faults())
        if faults:
            raise UsageError(*faults)

    def _faults(self) -> Iterator[Fault]:
        if self.seconds is not None and not _is_number(self.seconds, above=0):
            yield _fault("seconds", self.seconds, "must be a number above 0")
        if self.work is not None and not _is_whole(self.work, least=1):
            yield _fault("work", self.work, "must be a whole number of 1 or more")
        if not (_is_number(self.gap, above=-1) and 0 <= self.gap < 1):
            yield _fault("gap", self.gap, "must be at least 0 and below 1")
        if not _is_whole(self.seed, least=0):
            yield _fault("seed", self.seed, "must be a whole number of 0 or more")
        if self.workers is not None and not _is_whole(self.workers, least=1):
            yield _fault("workers", self.workers, "must be a whole number of 1 or more")


def _is_number(value: object, above: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and value > above


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _fault(name: str, value: object, rule: str) -> Fault:
    action = f"give another value for {name}"
    return Fault("E2010", "error", f"limits.{name}", str(value), f"{name} {rule}", action)
