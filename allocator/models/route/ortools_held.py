"""Earlier goals as limits of an OR-Tools model (row `goal`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from allocator.engine.program import Floats
from allocator.instance.goals import GoalSpec
from allocator.models.route.goals import REQUIRED, reached, slack
from allocator.models.route.ortools_data import FINE, GOAL

if TYPE_CHECKING:
    from allocator.models.route.ortools_model import Model

FREE = frozenset({REQUIRED, "unserved"})  # what penalties of unserved stops count


def hold(model: Model, goal: GoalSpec, known: dict[str, float]) -> None:
    """Add the limit of an earlier goal: its value plus numerical slack."""
    value = reached(goal, known)
    rest = [(weight, name) for weight, name in goal.terms if name not in FREE]
    if not rest:
        return  # what is unserved keeps its penalties
    if rest == [(1.0, "latest_arrival")]:
        most = model.nodes.down(value + slack(value))
        for index in model.index[: len(model.nodes.parts)]:
            if model.time.CumulVar(index).Min() > most:
                model.solver.Add(model.routing.ActiveVar(index) == 0)
            else:
                model.time.CumulVar(index).SetMax(most)
    elif rest == [(1.0, "longest_work")]:
        for number in range(len(model.nodes.vehicle)):
            most = model.nodes.down(value + slack(value))
            model.time.SetSpanUpperBoundForVehicle(most, number)
    elif rest == [(1.0, "vehicles")]:
        model.routing.SetMaximumNumberOfActiveVehicles(round(value))
    else:
        limit = sum(weight * known[name] for weight, name in rest)
        parts = [part for weight, name in rest for part in _counted(model, weight, name)]
        rounding = 2.0 * len(parts)  # each rounded to a step
        most = int(np.floor((limit + slack(limit)) * GOAL + rounding))
        if parts:
            model.solver.Add(model.solver.Sum(parts) <= most)


def _counted(model: Model, weight: float, name: str) -> list[Any]:
    """Return a term as expressions, in steps of the goal; none where it cannot be counted."""
    if name in ("arrivals", "tardiness"):
        return _waits(model, weight, name)
    if name not in ("cost", "distance", "duration", "vehicles"):
        return []
    fleet, found = model.case.vehicles, []
    for number, v in enumerate(model.nodes.vehicle.tolist()):
        start, end = model.routing.Start(number), model.routing.End(number)
        used = model.routing.ActiveVehicleVar(number)
        money = weight if name == "cost" else 0.0
        km = money * fleet.per_km[v] + (weight if name == "distance" else 0.0)
        minute = money * fleet.per_hour[v] / 60 + (weight if name == "duration" else 0.0)
        fixed = money * (fleet.fixed[v] + fleet.per_trip[v])
        fixed += weight if name == "vehicles" else 0.0
        if km:
            found.append(model.far.CumulVar(end) * int(km * GOAL / FINE))
        if minute:
            span = model.time.CumulVar(end) - model.time.CumulVar(start)
            found.append(span * int(minute * GOAL / model.nodes.steps))
        if fixed:
            found.append(used * int(fixed * GOAL))
    trips = weight * fleet.per_trip * GOAL if name == "cost" else np.zeros(len(fleet))
    for node in range(len(model.nodes.parts), model.nodes.start(0)):
        each = int(trips[model.nodes.reload[node - len(model.nodes.parts)]])
        if each:
            found.append(model.routing.ActiveVar(model.index[node]) * each)
    return found


def _waits(model: Model, weight: float, name: str) -> list[Any]:
    parts: Floats = model.nodes.parts.weight
    due = model.case.stops.due[model.nodes.parts.stop]
    found = []
    for node in np.flatnonzero(parts > 0).tolist():
        index = model.index[node]
        late = model.time.CumulVar(index)
        if name == "tardiness":
            if not np.isfinite(due[node]):
                continue
            late = model.solver.Max(late - model.nodes.down(float(due[node])), 0)
        each = int(weight * parts[node] * GOAL / model.nodes.steps)
        found.append(late * model.routing.ActiveVar(index) * each)
    return found
