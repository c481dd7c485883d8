"""Gate staff and dispatch decided together, beside a roster first and dispatch within it.

Shanghai, 1 to 14 April 2022, with the workers and volunteers of its districts; both in one run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from allocator.bench import Case, Meter, Row, Settings, Suite

REQUIRED: Mapping[str, Mapping[str, Any]] = {
    "district": {"level": "district", "fairness": "max-min", "seconds": 600},
    "district-floors": {"level": "district", "fairness": "floors", "seconds": 300},
    "jiedao-floors": {"level": "jiedao", "fairness": "floors", "seconds": 900},
    "jiedao": {"level": "jiedao", "fairness": "max-min", "seconds": 2700},
}
LOOSE = 1e-4  # of a value: what goals give up between them is no loss


def cases(settings: Settings) -> Sequence[Case]:
    return [Case(name, ("joint",), dict(given)) for name, given in REQUIRED.items()]


def run(case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
    import allocator
    from allocator.check import check
    from allocator.generate.shanghai import shanghai_2022
    from allocator.runs.ending import by_name
    from allocator.runs.joint import Joint

    given = case.parameters
    seconds = settings.time_limit or given["seconds"]
    with meter.phase("load"):
        instance = shanghai_2022(given["level"])
        policy = instance.policy.replace(gate_staff="joint", fairness=given["fairness"])
        instance = instance.replace(policy=policy)
    limits = allocator.Limits(seconds=seconds, seed=settings.seed)
    with meter.phase("solve"):
        joined = Joint(instance, limits, lambda event: None).run()
    with meter.phase("check"):
        verdicts = [check(instance, joined.dispatch), check(instance, joined.roster)]
    valid = all(one.ok for one in verdicts)
    found = by_name(joined.dispatch)
    rows = [
        goal_row(case, name, joined.chain[name], value, valid)
        for name, value in found.items()
        if name in joined.chain
    ]
    return [*rows, *step_rows(case, joined)]


def goal_row(case: Case, name: str, chain: float, joint: float, valid: bool) -> Row:
    """Return a goal together (value) beside one after the other (expected)."""
    gain = chain - joint
    detail = {"gain": gain, "share": gain / abs(chain) if chain else 0.0}
    return Row(
        f"{case.name}/{name}",
        "joint",
        value=joint,
        expected=chain,
        within=None,
        detail=detail,
        note="" if valid else "the judge found violations",
    )


def step_rows(case: Case, joined: Any) -> Sequence[Row]:
    """Return how long each step took, what is kept, and whether no goal in order is worse."""
    told = joined.dispatch.summary["joint"]
    pairs = [(joined.chain[one.name], one.value) for one in joined.dispatch.goals]
    first = next((b - a for a, b in pairs if abs(a - b) > LOOSE * max(1.0, abs(a))), 0.0)
    steps = [
        Row(f"{case.name}/{step}", "seconds", value=used) for step, used in joined.seconds.items()
    ]
    detail = {"kept": joined.note, **told["size"]}
    detail |= {f"together {name}": value for name, value in told["together"].items()}
    kept = Row(f"{case.name}/kept", "joint", value=first, within=first <= 0, detail=detail)
    return [kept, *steps]


SUITE = Suite(
    name="joint-gates",
    purpose="Gate staff decided inside dispatch against a roster first: gain on every goal, time",
    cases=cases,
    run=run,
    notes=(
        "Value is the goal decided together, expected one after the other: goals are minimised.",
        "Within of kept: of the goals in order, the first that differs is no worse.",
        "The cases -floors have no fairness goal beyond floors: every goal is a linear program.",
        "Detail together: what the joint program reaches with people as fractions.",
        "Seconds: roster, chain (its dispatch), together, roster again, dispatch (the last one).",
    ),
)
