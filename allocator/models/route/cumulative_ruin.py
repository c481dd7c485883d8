"""A state shaken: stops near each other taken out, and put back where they cost least, noisily.

Ruin and recreate: Schrimpf et al. 2000; adjacent strings: Christiaens and Vanden Berghe 2020.
"""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats
from allocator.models.route.cumulative_data import Cumulative
from allocator.models.route.cumulative_slots import (
    AT_ANCHOR,
    AT_NEXT,
    END,
    LATEST,
    TAIL,
    joined,
)
from allocator.models.route.cumulative_state import State

MOST_OUT = 16  # stops taken out at once
LONGEST_STRING = 5  # stops in a row taken out of one route
NOISE = 0.15  # spread of the factor on the cost of a place


def shake(state: State, random: np.random.Generator) -> None:
    """Take strings of stops out of routes near a random stop, and put the stops back."""
    home = {stop: vehicle for vehicle, order in enumerate(state.orders) for stop in order}
    wanted = int(random.integers(2, max(3, min(MOST_OUT, len(home) // 2) + 1)))
    centre = int(random.choice(sorted(home)))
    out: list[int] = []
    touched: set[int] = set()
    for stop in (centre, *state.problem.near[centre].tolist()):
        vehicle = home.get(stop)
        if len(out) >= wanted:
            break
        if vehicle is None or vehicle in touched:
            continue
        touched.add(vehicle)
        order = state.orders[vehicle]
        length = int(random.integers(1, min(LONGEST_STRING, len(order), wanted - len(out)) + 1))
        at = order.index(stop)
        begin = int(random.integers(max(0, at - length + 1), min(at, len(order) - length) + 1))
        out += order[begin : begin + length]
        state.put(vehicle, order[:begin] + order[begin + length :])
    insert(state, _sorted(state.problem, out, random), random)


def _sorted(problem: Cumulative, out: list[int], random: np.random.Generator) -> list[int]:
    """Return the stops in an order drawn at random: any, heavy first, far first, near first."""
    rows = np.array(out)
    start = problem.travel[problem.stops, rows]
    keys = (random.random(len(rows)), -problem.load[rows].sum(axis=1), -start, start)
    chosen = keys[int(random.choice(4, p=(0.4, 0.4, 0.1, 0.1)))]
    return [int(stop) for stop in rows[np.argsort(chosen, kind="stable")]]


def insert(state: State, out: list[int], random: np.random.Generator | None = None) -> None:
    """Put stops into the routes one after another, each where it costs least."""
    every = [state.slots(vehicle) for vehicle in range(len(state.orders))]
    for stop in out:
        cost = insertion_cost(state, stop)
        if random is not None:
            cost *= 1.0 + NOISE * random.random(len(cost))
        place = int(cost.argmin())
        sizes = np.cumsum([len(one.cuts) for one in every])
        vehicle = int(np.searchsorted(sizes, place, side="right"))
        at = place - (int(sizes[vehicle - 1]) if vehicle else 0)
        order = state.orders[vehicle]
        state.put(vehicle, (*order[:at], stop, *order[at:]))
        every[vehicle] = state.slots(vehicle)


def insertion_cost(state: State, stop: int) -> Floats:
    """Return the change of the goal when a stop comes behind each anchor, route after route."""
    problem, price = state.problem, state.known.price
    every = joined([state.slots(vehicle) for vehicle in range(len(state.orders))])
    anchor, after = every.nodes[0, every.cuts], every.nodes[3, every.cuts]
    figures = every.figures[:, every.cuts]
    arrive = figures[AT_ANCHOR] + problem.travel[anchor, stop]
    shift = arrive + problem.travel[stop, after] - figures[AT_NEXT]
    cost: Floats = problem.weight[stop] * arrive + figures[TAIL] * shift
    _, _, total, most = (rows[:, every.cuts] for rows in every.load_rows())
    over = np.maximum(total + problem.load[stop][:, None] - most, 0.0)
    cost += price.load * (over - np.maximum(total - most, 0.0)).sum(axis=0)
    if np.isfinite(figures[LATEST]).any():
        late = np.maximum(figures[END] - figures[LATEST], 0.0)
        cost += price.late * (np.maximum(figures[END] + shift - figures[LATEST], 0.0) - late)
    return cost
