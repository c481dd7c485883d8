"""Reserves against 10 to 1000 scenarios: Benders decomposition beside the extensive form.

20 sites with three sizes each, stock of 3 items in lots, 50 communities; the arrays come from
`two_stage_data` of the reference data. Both methods get the same limit, each in its own process.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from scipy import sparse

from allocator.bench import Case, Meter, Row, Settings, Suite, load_file, need_folder
from allocator.engine.program import Program
from allocator.engine.two_stage import Recourse, TwoStage, TwoStageAnswer

SCENARIOS = (10, 50, 200, 1000)
SEEDS = (3, 4, 5)
REQUIRED = {200: 0.01, 1000: 0.02}  # gap of Benders decomposition
LIMIT = 300.0
STOP = 1e-3  # gap at which a search ends early
THREADS = 2


def data(case: Case, settings: Settings) -> dict[str, Any]:
    module = load_file(need_folder(settings, "stochastic") / "two_stage_data.py")
    arrays: dict[str, Any] = module.two_stage_data(**case.parameters)
    return arrays


def first_stage(given: dict[str, Any]) -> tuple[Program, np.ndarray]:
    """Columns: open (sites x sizes) and lots (sites x items); rows size, volume, stock_max."""
    program = Program()
    sites, sizes = len(given["site_xy"]), len(given["sizes"])
    volume = given["lot"] * given["volume"]
    items = len(volume)
    opened = program.add_columns("open", sites * sizes, upper=1.0, integer=True)
    lots = program.add_columns("lots", sites * items, upper=given["max_lots"], integer=True)
    opened, lots = opened.reshape(sites, sizes), lots.reshape(sites, items)
    one = program.add_rows("size", sites, upper=1.0)
    program.add_entries(one[:, None], opened, 1.0)
    room = program.add_rows("volume", sites, upper=0.0)
    program.add_entries(room[:, None], lots, volume)
    program.add_entries(room[:, None], opened, -given["sizes"])
    most = np.minimum(given["max_lots"], given["sizes"] // volume[:, None])
    strong = program.add_rows("stock_max", sites * items, upper=0.0).reshape(sites, items)
    program.add_entries(strong, lots, 1.0)
    program.add_entries(strong[:, :, None], opened[:, None, :], -most)
    price = np.tile(given["lot"] * given["price"], sites)
    return program, np.r_[np.tile(given["fixed_cost"], sites), price]


class Scenarios(Sequence[Recourse]):
    """The recourse of every scenario, made when asked for.

    Columns ship (sites x needs), surplus (sites x items), short (needs); rows available, need,
    throughput and, where `tied`, ship <= need x open: implied, but they make the relaxation strong.
    """

    def __init__(self, given: dict[str, Any], tied: bool) -> None:
        self._given, self._tied = given, tied

    def __len__(self) -> int:
        return len(self._given["probability"])

    @overload
    def __getitem__(self, index: int) -> Recourse: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Recourse]: ...

    def __getitem__(self, index: int | slice) -> Recourse | Sequence[Recourse]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        return recourse(self._given, index, self._tied)


def recourse(given: dict[str, Any], scenario: int, tied: bool) -> Recourse:
    community, item = np.nonzero(given["need"][scenario] > 0)
    need = given["need"][scenario][community, item]
    sites, items, needs = len(given["site_xy"]), len(given["price"]), len(need)
    sizes, volume = len(given["sizes"]), given["volume"][item]
    count = sites * needs
    ship = np.arange(count).reshape(sites, needs)
    surplus = count + np.arange(sites * items).reshape(sites, items)
    short = count + sites * items + np.arange(needs)
    lots = sites * sizes + np.arange(sites * items).reshape(sites, items)
    available = np.arange(sites * items).reshape(sites, items)
    served, through = sites * items + np.arange(needs), sites * items + needs + np.arange(sites)
    rows = sites * items + needs + sites
    entries: list[Any] = [
        (available[:, item], ship, 1.0),
        (available, surplus, 1.0),
        (served[None, :], ship, 1.0),
        (served, short, 1.0),
        (through[:, None], ship, volume),
    ]
    links: list[Any] = [(available, lots, -given["lot"] * given["survival"][scenario])]
    low = [np.zeros(sites * items), need, np.full(sites, -np.inf)]
    high = [np.zeros(sites * items), need, given["throughput"][scenario]]
    if tied:
        tie = (rows + np.arange(count)).reshape(sites, needs)
        opened = np.arange(sites * sizes).reshape(sites, 1, sizes)
        rows += count
        entries.append((tie, ship, 1.0))
        links.append((tie[:, :, None], opened, -need[None, :, None]))
        low.append(np.full(count, -np.inf))
        high.append(np.zeros(count))
    return Recourse(
        cost=np.r_[
            (given["unit_cost"][scenario][:, community] * volume).ravel(),
            np.tile(given["surplus_cost"], sites),
            given["penalty"][item],
        ],
        lower=np.zeros(count + sites * items + needs),
        upper=np.r_[np.tile(need, sites), np.full(sites * items, np.inf), need],
        matrix=matrix(entries, (rows, count + sites * items + needs)),
        link=matrix(links, (rows, sites * (sizes + items))),
        row_lower=np.concatenate(low),
        row_upper=np.concatenate(high),
    )


def matrix(entries: Sequence[Any], shape: tuple[int, int]) -> sparse.csr_matrix:
    parts = [[part.ravel() for part in np.broadcast_arrays(*entry)] for entry in entries]
    rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    return sparse.csr_matrix((values.astype(float), (rows, columns)), shape=shape)


def two_stage(given: dict[str, Any], tied: bool) -> TwoStage:
    program, cost = first_stage(given)
    return TwoStage(program, cost, Scenarios(given, tied), given["probability"])


def recomputed(program: TwoStage, answer: TwoStageAnswer) -> float:
    """Return the goal of the answer from its columns; no row or bound may be broken."""
    assert answer.first is not None
    assert answer.recourse is not None
    first, chosen = program.first, answer.first
    need_inside(first.lower, chosen, first.upper)
    need_inside(first.row_lower, first.matrix() @ chosen, first.row_upper)
    need_inside(0.0, np.abs(chosen - np.round(chosen))[first.integer], 0.0)
    costs = np.zeros(len(program.scenarios))
    for index, (one, y) in enumerate(zip(program.scenarios, answer.recourse, strict=True)):
        need_inside(one.lower, y, one.upper)
        need_inside(one.row_lower, one.matrix @ y + one.link @ chosen, one.row_upper)
        costs[index] = one.cost @ y
    return program.value(chosen, costs)


def need_inside(lower: Any, value: np.ndarray, upper: Any) -> None:
    broken = np.maximum(lower - value, value - upper).max(initial=0.0)
    if broken > 1e-4:
        raise ValueError(f"a row or bound is broken by {broken:g}")


def cases(settings: Settings) -> Sequence[Case]:
    need_folder(settings, "stochastic")
    return [
        Case(f"s{count}-seed{one}", ("benders", "extensive"), {"scenarios": count, "seed": one})
        for count in SCENARIOS
        for one in SEEDS
    ]


def run(case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
    from allocator.engine.ordered import Budget
    from allocator.engine.two_stage import solve_two_stage

    with meter.phase("load"):
        given = data(case, settings)
    with meter.phase("build"):
        program = two_stage(given, tied=method == "benders")
    limit = LIMIT if settings.time_limit is None else settings.time_limit
    with meter.phase("solve"):
        budget = Budget(time.monotonic() + limit, gap=STOP)
        answer = solve_two_stage(
            program, budget, method=method, seed=settings.seed, threads=THREADS
        )
    if answer.first is None:
        return [Row(case.name, method, bound=answer.bound, note="no point in time")]
    with meter.phase("check"):
        value = recomputed(program, answer)
    return [row(case, method, answer, value)]


def row(case: Case, method: str, answer: TwoStageAnswer, value: float) -> Row:
    """Return value, bound and gap; the gap is required of Benders decomposition."""
    gap = None if answer.bound is None else max(0.0, value - answer.bound) / value
    required = REQUIRED.get(case.parameters["scenarios"]) if method == "benders" else None
    reached = [step.seconds for step in answer.history if required and near(step, required)]
    return Row(
        case.name,
        method,
        value=value,
        bound=answer.bound,
        gap=gap,
        expected=required,
        within=None if required is None else gap is not None and gap <= required,
        detail={
            "rounds": answer.rounds,
            "termination": answer.termination,
            "seconds_to_required": round(reached[0], 1) if reached else None,
        },
    )


def near(step: Any, gap: float) -> bool:
    known = step.value is not None and step.bound is not None
    return known and bool(step.value - step.bound <= gap * step.value)


SUITE = Suite(
    name="two-stage",
    purpose="Reserves against 10 to 1000 scenarios, by Benders decomposition and as one program",
    cases=cases,
    run=run,
    notes=(
        f"Limit {LIMIT:g} s a method on {THREADS} threads; a search ends at a gap of {STOP:g}.",
        "Required: gap at most 1 % at 200 and 2 % at 1000 scenarios (column expected).",
        "Value is recomputed from the columns of the answer, whose rows and bounds are looked at.",
        "Benders has rows ship <= need x open in the recourse; the extensive form is without "
        "these: they are implied, and would be most of its rows.",
    ),
)
