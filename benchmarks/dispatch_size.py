"""How long and how much memory it takes to state the dispatch program to HiGHS, at three sizes.

Both methods start from the same loaded instance, in one run on the same cores, each in a process of
its own: `fast` builds numpy arrays and passes them at once, `reference` is the readable PuLP model
(models/dispatch) with lpSum, passed through PuLP's own HiGHS interface. Nothing is solved.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from allocator.bench import Case, Meter, Row, Settings, Suite

REFERENCE = Path(__file__).resolve().parents[1] / "models" / "dispatch" / "dispatch_reference.py"
SIZES = {  # name: communities, sites, items, periods
    "1e4": (10, 4, 8, 9),
    "1e5": (54, 8, 12, 14),
    "1e6": (390, 12, 16, 14),
}
FASTER = 15.0  # required at the largest size
SMALLER = 0.5  # of the peak memory, required at the largest size
GOAL = "critical"


def cases(settings: Settings) -> Sequence[Case]:
    keys = ("communities", "sites", "items", "periods")
    return [
        Case(name, ("fast", "reference"), dict(zip(keys, size, strict=True)))
        for name, size in SIZES.items()
    ]


def load(case: Case, settings: Settings) -> Any:
    """Return a generated instance; without fairness, whose shares need solves before the build."""
    from allocator.generate.lockdown import lockdown

    instance = lockdown(**case.parameters, seed=settings.seed)
    return instance.replace(policy=instance.policy.replace(fairness="none"))


def run(case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
    with meter.phase("load"):
        instance = load(case, settings)
    columns, rows = {"fast": fast, "reference": reference}[method](instance, meter)
    seconds = meter.seconds["build"] + meter.seconds["pass"]
    detail = {"columns": columns, "rows": rows}
    return [Row(case.name, method, value=seconds, detail=detail)]


def fast(instance: Any, meter: Meter) -> tuple[int, int]:
    """State the program as the package does; return its columns and rows."""
    with meter.phase("load"):
        from allocator.engine.session import Session
        from allocator.instance.network import network
        from allocator.models.dispatch.model import DispatchModel
        from allocator.models.dispatch.terms import expression
    with meter.phase("build"):
        model = DispatchModel(network(instance))
        expression(model, GOAL)
    with meter.phase("pass"):
        session = Session(model.program)
    return session.columns, session.rows


def reference(instance: Any, meter: Meter) -> tuple[int, int]:
    """State the program with PuLP; return the columns and rows HiGHS received."""
    with meter.phase("load"):
        import pulp

        from allocator.models.own import load_model

        module = load_model(REFERENCE)
    with meter.phase("build"):
        built = module.build(instance)
        goal = next(goal for goal in built.goals if goal.name == GOAL)
        built.problem.setObjective(goal.expression)
    with meter.phase("pass"):
        solver = pulp.HiGHS(msg=False)
        solver.createAndConfigureSolver(built.problem)
        solver.buildSolverModel(built.problem)
    highs = built.problem.solverModel
    return highs.getNumCol(), highs.getNumRow()


def compare(rows: Sequence[Row]) -> Sequence[Row]:
    """Return how many times faster and how much smaller the fast form is, if both have rows."""
    by_method = {row.method: row for row in rows if row.value is not None}
    if set(by_method) != {"fast", "reference"}:
        return ()
    ours, theirs = by_method["fast"], by_method["reference"]
    required = ours.case == "1e6"
    faster = theirs.value / ours.value
    smaller = ours.peak_mb / theirs.peak_mb
    same = {key: ours.detail[key] / theirs.detail[key] for key in ("columns", "rows")}
    return [
        Row(
            f"{ours.case}/times faster",
            "ratio",
            value=faster,
            expected=FASTER if required else None,
            within=faster >= FASTER if required else None,
            detail=same,
        ),
        Row(
            f"{ours.case}/share of memory",
            "ratio",
            value=smaller,
            expected=SMALLER if required else None,
            within=smaller <= SMALLER if required else None,
            detail=same,
        ),
    ]


SUITE = Suite(
    name="dispatch-size",
    purpose="Build and pass of the dispatch program, arrays against lpSum: 1e4 to 1e6 columns",
    cases=cases,
    run=run,
    compare=compare,
    notes=(
        "Value is the seconds of build and pass together; imports and the instance count as load.",
        "The reference is written to be read; a PuLP model tuned for speed would be faster.",
        "Each form leaves out what cannot matter in its own way: see detail of the ratio rows.",
        "Peak memory is that of the whole process, with Python, its libraries and the instance.",
        "One run of each; on a busy machine the seconds of both wander by some tens of percent.",
    ),
)
