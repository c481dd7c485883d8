"""Long work on given plans of reserves, as it runs in the child process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from allocator.engine.ordered import Budget
from allocator.instance.futures import ReserveCase, reserve_case
from allocator.instance.instance import Instance
from allocator.models.preposition.solving import Evaluated, evaluate
from allocator.models.preposition.worth import Gap, knowing_each, of_mean_scenario, sampled_gaps

Emit = Callable[..., None]
Tables = Mapping[str, pd.DataFrame]


def evaluate_plans(
    emit: Emit, instance: Instance, plans: Mapping[str, Tables], threads: int, seed: int
) -> None:
    """Re-solve the recourse of plans, one after the other; emit what is done so far."""
    case = reserve_case(instance)
    found: dict[str, Evaluated] = {}
    for name, tables in plans.items():
        found[name] = evaluate(case, tables, threads, seed)
        emit(dict(found), stage="evaluated", plan=name)


@dataclass
class Worth:
    """What is known of the worth of a plan so far."""

    gaps: tuple[Gap, ...] = ()
    samples: int = 0
    mean_plan: Mapping[str, float] | None = None
    knowing: Mapping[str, float] | None = None
    known: int = 0
    scenarios: int = 0
    notes: list[str] = field(default_factory=list)


def weigh(
    emit: Emit,
    instance: Instance,
    tables: Tables,
    samples: int,
    size: int,
    worth: bool,
    seconds: float | None,
    gap: float,
    seed: int,
    threads: int,
) -> None:
    """Find the sampled gap of a plan and, when asked for, what knowing is worth."""
    budget = Budget(None if seconds is None else time.monotonic() + seconds, None, gap)
    case, found = reserve_case(instance), Worth()
    if worth:
        _knowing(emit, case, budget, seed, threads, found)
    for done, gaps in sampled_gaps(case, tables, samples, size, budget, seed, threads):
        found.gaps, found.samples = gaps, done
        emit(found, stage="sampled", number=done, of=samples)


def _knowing(
    emit: Emit, case: ReserveCase, budget: Budget, seed: int, threads: int, found: Worth
) -> None:
    found.scenarios = len(case.futures)
    found.mean_plan = of_mean_scenario(case, budget, seed, threads)
    emit(found, stage="mean scenario")
    for done, total in knowing_each(case, budget, seed):
        if done == found.scenarios:
            found.knowing = total
        found.known = done
        if done % 10 == 0 or done == found.scenarios:
            emit(found, stage="known", number=done, of=found.scenarios)
