"""`allocator dispatch`: decide what goes where, and when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allocator.cli import options
from allocator.cli.envelope import Reply, run_command
from allocator.cli.request import Request, answered
from allocator.cli.settings import policy_settings, run_settings
from allocator.errors import UsageError

if TYPE_CHECKING:
    from allocator.instance import Instance
    from allocator.plan import Plan

HELP = """
\b
Examples:
  allocator dispatch my-city
  allocator dispatch my-city --out plans/monday --time-limit 15m
  allocator dispatch my-city.xlsx --fairness none --set lanes_k=5
  allocator dispatch my-city --scenario road-closed --fail-on floors=0
  allocator dispatch my-city --start plans/monday --max-changes 20
  allocator dispatch my-city --model my_model.py --solver pulp:PULP_CBC_CMD

Decide what goes where, and when. INSTANCE is a folder, or a .zip, .json or .xlsx. The plan is a
folder of tables: OUT, or plans/NAME here, where an earlier plan is replaced. Nothing else is ever
overwritten. Progress goes to stderr, the summary to stdout.

Settings come from flags, else from the environment (ALLOCATOR_TIME_LIMIT, ALLOCATOR_FAIRNESS),
else from policy.toml, else (not for policy keys) from your own config.toml, else defaults.

\b
Exit codes:
  0  there is a plan and the judge found no fault in it
  2  the command makes no sense        3  the instance is not valid
  4  proven: no plan obeys the rules   5  stopped without a plan
  6  the plan breaks a rule            7  a --fail-on threshold is missed
  130  interrupted; the best plan so far is written
"""


@click.command(help=HELP)
@options.INSTANCE
@options.out("plans/NAME")
@options.TIME_LIMIT
@options.work_limit()
@options.GAP
@options.SEED
@options.workers("Parallel workers; recorded with the plan.")
@click.option(
    "--start", type=options.PATH, metavar="PLAN", help="An earlier plan to stay close to."
)
@click.option("--max-changes", metavar="N", help="Most shipments that may differ from --start.")
@click.option("--fairness", metavar="RULE", help="none, floors, max-min or leximin.")
@options.SCENARIO
@options.SET
@click.option("--model", type=options.PATH, metavar="FILE.py", help="Your own model, judged alike.")
@click.option("--solver", metavar="NAME", help="highs, or pulp:NAME; see: allocator solvers.")
@options.fail_on("critical=0")
@options.QUIET
@run_command
def dispatch(
    instance: Path,
    out: Path | None,
    start: Path | None,
    max_changes: str | None,
    fairness: str | None,
    scenario: str,
    assignments: tuple[str, ...],
    model: Path | None,
    fail_on: tuple[str, ...],
    quiet: bool,
    **flags: str | None,
) -> Reply:
    """Decide what goes where, and when."""
    if max_changes is not None and start is None:
        raise UsageError.because(
            "--max-changes counts what differs from an earlier plan",
            action="name it with --start PLAN",
            code="E2321",
        )
    policy = policy_settings(assignments, {"fairness": fairness, "max_changes": max_changes})
    return solved(Request(instance, out, flags, scenario, policy, fail_on, quiet), start, model)


def solved(request: Request, start: Path | None = None, model: Path | None = None) -> Reply:
    """Run dispatch, write the plan and tell of it."""
    solver = run_settings(request.flags).get("solver", "highs")
    _refuse_early(solver, model)

    def make(case: Instance, how: dict[str, Any]) -> Plan:
        from allocator import run

        return run.dispatch(case, start=start, model=model or "", solver=solver, **how)

    return answered(request, "", _goal_names, make)


def _refuse_early(solver: str, model: Path | None) -> None:
    """Refuse a solver that is not here and a model that cannot be imported, before any work."""
    from allocator.engine.solvers import refuse_unknown

    if model is not None:
        from allocator.models.own import load_model

        load_model(model)
    refuse_unknown(solver)


def _goal_names(case: Instance) -> list[str]:
    from allocator.instance.goals import parse_goals

    return [goal.name for goal in parse_goals(case.policy.goals)]
