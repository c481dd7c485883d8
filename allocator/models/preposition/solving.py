"""The ways into pre-positioning: solve an instance, evaluate a given plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from allocator.engine.ordered import Budget
from allocator.instance.futures import ReserveCase, reserve_case
from allocator.instance.instance import Instance
from allocator.models.answer import Answer
from allocator.models.preposition.evaluation import Evaluation
from allocator.models.preposition.floors import evaluate_plan
from allocator.models.preposition.given import model_of_plan
from allocator.models.preposition.goals import Progress, solve_goals
from allocator.models.preposition.model import PrepositionModel
from allocator.models.preposition.one_goal import Ways
from allocator.models.preposition.read import outcomes_table, plan_tables, recourse_table

Report = Callable[[Answer], None]


@dataclass(frozen=True)
class Evaluated:
    """A given plan on given scenarios.

    Attributes:
        outcomes: One row a scenario.
        recourse: What is done in each scenario.
        values: Value of every goal.
        floors_missed: Ids of the scenarios in which the floors are not kept: it is impossible, or
            the probability asked for allows it.
    """

    outcomes: pd.DataFrame
    recourse: pd.DataFrame
    values: Mapping[str, float]
    floors_missed: tuple[str, ...] = ()


def solve(
    instance: Instance | ReserveCase,
    budget: Budget | None = None,
    method: str = "auto",
    seed: int = 0,
    threads: int = 1,
    report: Report = lambda answer: None,
    workers: str = "",
) -> Answer:
    """Return the plan of a valid instance, what is known of each goal, and the program's size.

    Args:
        instance: The instance, or its arrays.
        budget: What the solves may spend.
        method: auto | extensive | benders.
        seed: Seed of the solver.
        threads: Threads for the scenarios.
        report: Told the answer so far after each goal.
        workers: Address of a cluster for the scenarios, dask://host:port; blank = threads.
    """
    case = reserve_case(instance) if isinstance(instance, Instance) else instance
    model = PrepositionModel(case)

    last: tuple[Evaluation | None, Mapping[str, pd.DataFrame]] = (None, {})

    def tell(progress: Progress) -> None:
        # Between two plans only bounds are news: the tables stay.
        nonlocal last
        same = progress.found is not None and progress.found is last[0]
        answer = answer_of(model, progress, last[1] if same else None)
        last = progress.found, answer.tables
        report(answer)

    progress = solve_goals(model, budget or Budget(), Ways(method, seed, threads, workers), tell)
    return answer_of(model, progress)


def answer_of(
    model: PrepositionModel,
    progress: Progress,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> Answer:
    """Return what is known so far; `tables` are those of the plan where they are made already."""
    program = model.first.program
    size = {
        "scenarios": len(model),
        "first_columns": program.column_count,
        "first_rows": program.row_count,
    }
    if tables is None:
        tables = {} if progress.found is None else plan_tables(model, progress.found)
    summary = {"size": size, "methods": list(progress.methods)}
    return Answer(tables, tuple(progress.results), summary)


def evaluate(
    instance: Instance | ReserveCase,
    tables: Mapping[str, pd.DataFrame],
    threads: int = 1,
    seed: int = 0,
) -> Evaluated:
    """Re-solve the recourse of every scenario for a given plan (formulation section 8).

    Args:
        instance: The instance with the scenarios to try, or its arrays.
        tables: Tables of the plan; only `reserves` is needed.
        threads: Threads for the scenarios.
        seed: Seed of the solver.

    Raises:
        UsageError: E2301 when the plan names what the instance does not have.
    """
    case = reserve_case(instance) if isinstance(instance, Instance) else instance
    model, first = model_of_plan(case, tables)
    found = evaluate_plan(model, first, threads, seed)
    return Evaluated(
        outcomes=outcomes_table(model, found),
        recourse=recourse_table(model, found),
        values=found.values(model),
        floors_missed=tuple(case.futures.ids[~found.kept]),
    )
