"""The dispatch program of every goal as files that any solver reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from allocator.engine.mps import write_mps
from allocator.engine.ordered import Budget, LinearStage, Stage
from allocator.engine.program import Floats, Program
from allocator.instance.instance import Instance
from allocator.instance.network import network
from allocator.models.dispatch.alone import Attainable
from allocator.models.dispatch.fairness import LevelStage
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.solve import solve_model, stages_of


@dataclass(frozen=True)
class GoalProgram:
    """A program with its goal: minimise cost x columns + constant."""

    name: str
    program: Program
    cost: Floats
    constant: float

    def held(self, most: float) -> Program:
        """Return the program with the row `goal`: this goal is at most `most`."""
        program, used = self.program.copy(), np.flatnonzero(self.cost)
        row = program.add_rows("goal", 1, upper=most - self.constant, labels=lambda: [self.name])
        program.add_entries(row, used, self.cost[used])
        return program


def write_goals(instance: Instance, folder: Path, solve: bool = False) -> list[Path]:
    """Write one MPS file a goal, in order; with `solve` each holds the earlier goals as rows.

    Fairness is max-min here: the first level only. Without `solve` what a place attains alone is
    known from first arrivals only, so that the level of fairness may be too low.
    """
    model = DispatchModel(network(instance))
    attainable = Attainable(model)
    values: dict[str, float] = {}
    if solve:
        progress = solve_model(model, attainable, Budget())
        values = {one.name: one.value for one in progress.results if one.value is not None}
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, goal in enumerate(_goals(model, attainable, values), start=1):
        name = re.sub(r"[^\w.-]+", "_", goal.name)
        path = folder / f"{number:02}-{name}.mps"
        write_mps(path, goal.program, goal.cost, goal.constant, goal.name)
        paths.append(path)
    return paths


def _goals(
    model: DispatchModel, attainable: Attainable, values: Mapping[str, float]
) -> Iterator[GoalProgram]:
    """Yield the goals; each that has a value is held in the programs of those that follow."""
    program = model.program
    for stage in stages_of(model, attainable):
        goal = _goal(model, stage, attainable, program)
        yield goal
        if stage.name in values:
            value = values[stage.name]
            program = goal.held(value + _slack(stage, value))


def _slack(stage: Stage, value: float) -> float:
    if isinstance(stage, LinearStage):
        return max(stage.slack_relative * abs(value), stage.slack_absolute)
    return stage.slack if isinstance(stage, LevelStage) else 0.0


def _goal(
    model: DispatchModel, stage: Stage, attainable: Attainable, program: Program
) -> GoalProgram:
    if isinstance(stage, LevelStage):
        return _level(model, stage, attainable, program.copy())
    assert isinstance(stage, LinearStage)
    cost = np.zeros(program.column_count)
    cost[: len(stage.cost)] = stage.cost
    return GoalProgram(stage.name, program, cost, stage.constant)


def _level(
    model: DispatchModel, stage: LevelStage, attainable: Attainable, program: Program
) -> GoalProgram:
    """Add the column level and the rows level_share of a tier; the goal is 1 - level."""
    shares = stage.shares
    alone = attainable.known(shares)
    kept = np.flatnonzero(alone > 0)
    level = program.add_columns("level", 1, 1.0, -np.inf, labels=lambda: [str(stage.tier)])
    ids = model.net.places.ids
    rows = program.add_rows(
        "level_share",
        len(kept),
        upper=shares.needed[kept],
        labels=lambda: [
            f"{ids[shares.place[row]]},{stage.tier},{shares.window[row] + 1}" for row in kept
        ],
    )
    late = shares.matrix[kept].tocoo()
    program.add_entries(rows[late.row], late.col, late.data)
    program.add_entries(rows, level, alone[kept])
    cost = np.zeros(program.column_count)
    cost[level] = -1.0
    return GoalProgram(stage.name, program, cost, 1.0)
