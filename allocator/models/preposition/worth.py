"""How good a plan of reserves is: intervals, sampled gaps, what knowing is worth (section 7)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special

from allocator.engine.ordered import Budget
from allocator.engine.program import Floats
from allocator.instance.futures import Futures, ReserveCase
from allocator.models.preposition.solving import evaluate, solve

LEVEL = 0.95
Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Interval:
    """A mean and the interval that holds the true one with probability LEVEL."""

    mean: float
    low: float
    high: float
    number: float  # values behind it; fewer than drawn where they are not equally likely

    @property
    def half(self) -> float:
        """Half of its width."""
        return 0.5 * (self.high - self.low)


def interval(values: Floats, probability: Floats | None = None) -> Interval:
    """Return the mean of drawn values with its interval (Student's t).

    With probabilities the mean is weighted and counts as one of 1 / sum p^2 values.
    """
    weight = np.full(len(values), 1.0 / len(values)) if probability is None else probability
    mean, number = float(weight @ values), 1.0 / float(weight @ weight)
    if number < 1.5:
        return Interval(mean, mean, mean, number)
    spread = float(weight @ (values - mean) ** 2) * number / (number - 1.0)
    half = _quantile(0.5 + 0.5 * LEVEL, number - 1.0) * math.sqrt(spread / number)
    return Interval(mean, mean - half, mean + half, number)


def _quantile(share: float, freedom: float) -> float:
    return float(special.stdtrit(freedom, share))


@dataclass(frozen=True)
class Gap:
    """What samples say of the distance between a plan and the best plan, goal by goal."""

    goal: str
    lower: Interval  # bounds of the samples: the best value is above on average
    gap: Interval  # value of the plan on a sample less the bound of the sample
    most: float  # one-sided: the gap is at most this with probability LEVEL


def sampled_gaps(
    case: ReserveCase,
    tables: Tables,
    samples: int,
    size: int,
    budget: Budget,
    seed: int,
    threads: int,
) -> Iterator[tuple[int, tuple[Gap, ...]]]:
    """Draw samples of scenarios, solve each, and yield what they say so far (Mak and others 1999).

    Args:
        case: The case whose scenarios are drawn from.
        tables: The plan.
        samples: Number of samples.
        size: Scenarios in a sample, drawn with their probabilities.
        budget: What all solves may spend.
        seed: Seed of the draws and of the solver.
        threads: Threads for the scenarios.
    """
    draw = np.random.default_rng(seed)
    bounds, gaps = list[list[float]](), list[list[float]]()
    for number in range(samples):
        rows = draw.choice(len(case.futures), size, p=case.futures.probability)
        sample = case.with_scenarios(rows, np.full(size, 1.0 / size))
        known = {
            one.name: one.bound for one in solve(sample, budget, seed=seed, threads=threads).results
        }
        values = evaluate(sample, tables, threads, seed).values
        goals = list(case.goals)
        if any(known.get(goal) is None for goal in goals):
            return
        bounds.append([float(known[goal] or 0.0) for goal in goals])
        gaps.append([values[goal] - float(known[goal] or 0.0) for goal in goals])
        yield number + 1, _gaps(goals, np.array(bounds), np.array(gaps))


def _gaps(goals: list[str], bounds: Floats, gaps: Floats) -> tuple[Gap, ...]:
    found = []
    for at, goal in enumerate(goals):
        one = interval(gaps[:, at])
        spread = float(np.std(gaps[:, at], ddof=1)) if len(gaps) > 1 else math.inf
        half = (
            _quantile(LEVEL, len(gaps) - 1) * spread / math.sqrt(len(gaps))
            if len(gaps) > 1
            else math.inf
        )
        found.append(Gap(goal, interval(bounds[:, at]), one, max(0.0, one.mean) + half))
    return tuple(found)


def mean_case(case: ReserveCase) -> ReserveCase:
    """Return the case with one scenario, the mean one; a lane closed half the time is closed."""
    futures = case.futures
    likely = futures.probability > 0
    chance = futures.probability[likely]

    def mean(values: Floats) -> Floats:
        return np.asarray(np.tensordot(chance, values[likely], axes=1)[None])

    need, people = mean(futures.need), mean(futures.need * futures.rate)
    one = Futures(
        ids=np.array(["mean"], dtype=object),
        probability=np.ones(1),
        need=need,
        rate=np.divide(people, need, out=np.zeros_like(need), where=need > 0),
        survival=mean(futures.survival),
        throughput_m3=mean(futures.throughput_m3),
        lane_factor=mean(futures.lane_factor),
        lane_closed=mean(futures.lane_closed.astype(float)) >= 0.5,
        available=mean(futures.available),
        delays=futures.delays,
        need_after=mean(futures.need_after),
        shortage_cost=mean(futures.shortage_cost),
        surplus_cost=mean(futures.surplus_cost),
        price=mean(futures.price),
    )
    return replace(case, futures=one)


def of_mean_scenario(
    case: ReserveCase, budget: Budget, seed: int, threads: int
) -> Mapping[str, float] | None:
    """Return what the plan for the mean scenario comes to on all scenarios; None without a plan."""
    answer = solve(mean_case(case), budget, seed=seed, threads=threads)
    if not answer.tables:
        return None
    return evaluate(case, answer.tables, threads, seed).values


def knowing_each(
    case: ReserveCase, budget: Budget, seed: int
) -> Iterator[tuple[int, Mapping[str, float]]]:
    """Solve every scenario as if it were known; yield how many are done and the mean of them."""
    total = dict.fromkeys(case.goals, 0.0)
    for number in range(len(case.futures)):
        answer = solve(case.with_scenarios([number], np.ones(1)), budget, seed=seed)
        found = {one.name: one.value for one in answer.results}
        if any(found.get(goal) is None for goal in total):
            return
        for goal in total:
            total[goal] += float(case.futures.probability[number]) * float(found[goal] or 0.0)
        yield number + 1, dict(total)
