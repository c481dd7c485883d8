"""`allocator compare`: set two plans side by side."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from allocator.cli import options
from allocator.cli.envelope import Reply, run_command
from allocator.cli.layout import records, table

if TYPE_CHECKING:
    import pandas as pd

    from allocator.check import Verdict
    from allocator.plan import Plan
    from allocator.plan.compare import Comparison


SHIPPED = (
    "Units shipped by item",
    "Units received, largest differences",
    "person-days short, summed over items",
)
RESERVES = (
    "Units in reserve by item",
    "Units in reserve by site, largest differences",
    "units short on average over the scenarios, summed over items",
)

ROUTED = (
    "Units delivered by item",
    "Units delivered by place, largest differences",
    "units left behind",
)
ROSTERED = (
    "People by post",
    "Minutes by worker, largest differences",
    "people missing, by post",
)
BEDS = ("Patients by class", "Patients by site, largest differences", "patient-periods of waiting")
NOISE = 1e-6  # of a value, or of 1: what solves of the same plan differ by
TITLES = {"admit": BEDS, "preposition": RESERVES, "route": ROUTED, "staff": ROSTERED}


@click.command()
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.option(
    "--instance",
    type=click.Path(path_type=Path),
    help="Have both judged first: goals and shortages are then recomputed.",
)
@options.most(10, "Rows to show of every table; 0 shows all.")
@run_command
def compare(first: Path, second: Path, instance: Path | None, most: int) -> Reply:
    """Show what changes from the plan FIRST to the plan SECOND.

    \b
    Examples:
      allocator compare plans/monday plans/none
      allocator compare plans/monday my-plan.csv --instance my-city
    """
    from allocator.plan import load_plan
    from allocator.plan.compare import compare_plans

    plans = [load_plan(path) for path in (first, second)]
    if instance is not None:
        plans = _judged(plans, instance)
    result = compare_plans(*plans)
    titles = TITLES.get(plans[0].decision, SHIPPED)
    return Reply(text=_text(result, most or sys.maxsize, titles), data=_data(result))


def _judged(plans: list[Plan], instance: Path) -> list[Plan]:
    """Return the plans with goals and shortages as the judge recomputes them."""
    from allocator.check import check
    from allocator.instance import load
    from allocator.plan import GoalResult

    case, judged = load(instance), []
    for plan in plans:
        verdict, units = check(case, plan), {goal.name: goal.unit for goal in plan.goals}
        judged.append(
            plan.replace(
                tables=dict(plan.tables) | _judged_tables(plan, verdict),
                goals=tuple(
                    GoalResult(name, units.get(name, ""), value, source="judge")
                    for name, value in verdict.goals.items()
                ),
            )
        )
    return judged


def _judged_tables(plan: Plan, verdict: Verdict) -> dict[str, pd.DataFrame]:
    if plan.decision == "route":
        return {}
    if plan.decision == "admit":
        return dict(verdict.tables)
    if plan.decision == "staff":
        return {"uncovered": verdict.tables["uncovered"]}
    if plan.decision != "preposition":
        return {"shortages": verdict.shortages}
    return {"outcomes": verdict.outcomes} if plan.states("recourse") else {}


def _data(result: Comparison) -> dict[str, object]:
    tables: dict[str, pd.DataFrame] = {
        "goals": result.goals,
        "items": result.items,
        "places": result.places,
        "winners": result.winners(),
        "losers": result.losers(),
    }
    return {name: records(frame) for name, frame in tables.items()}


def _text(result: Comparison, most: int, titles: tuple[str, str, str]) -> str:
    largest = result.places["difference"].abs().sort_values(ascending=False, kind="stable").index
    places = result.places.loc[largest].head(most)
    parts = [
        ("Goals", result.goals),
        (titles[0], result.items),
        (titles[1], places),
        (f"Winners: {titles[2]}", result.winners(most)),
        (f"Losers: {titles[2]}", result.losers(most)),
    ]
    return "\n\n".join(_part(title, frame) for title, frame in parts)


def _part(title: str, frame: pd.DataFrame) -> str:
    if frame.empty:
        return f"{title}: none"
    size = frame[["first", "second"]].abs().max(axis=1).clip(lower=1.0)
    told = frame["difference"].mask(frame["difference"].abs() <= NOISE * size, 0.0)
    rows = frame.assign(difference=told).to_numpy().tolist()
    return f"{title}\n{table([str(name) for name in frame.columns], rows)}"
