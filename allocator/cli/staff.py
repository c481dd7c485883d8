"""`allocator staff`: decide who works where and when."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allocator.cli.dispatch import Request, case_of, default_out, require, stopped_like_ctrl_c
from allocator.cli.envelope import Reply, run_command
from allocator.cli.fail_on import missed, thresholds
from allocator.cli.plan_reply import plan_reply
from allocator.cli.preposition import limits_of, record
from allocator.cli.progress import ProgressLines
from allocator.cli.settings import policy_settings, run_settings

if TYPE_CHECKING:
    from allocator.instance import Instance
    from allocator.plan import Plan

HELP = """
\b
Examples:
  allocator staff my-city
  allocator staff my-city --out plans/roster --time-limit 5m
  allocator staff my-city --set workload=leximin --set closed_loop_days=7
  allocator staff my-city --start plans/roster --method cpsat
  allocator staff my-city --fail-on critical_uncovered=0

Decide who works where and when, within hours, rest, days off, suits, sealed places and training.
INSTANCE is a folder, or a .zip, .json or .xlsx with the tables workers, shifts and posts. The plan
is a folder of tables: OUT, or plans/NAME-roster here, where an earlier plan is replaced.

With --start a plan of staff is the last roster: the goal change counts what differs from it. The
table gates of the plan says how many minutes the roster gives to every gate, as dispatch reads it.

\b
Then:
  allocator explain PLAN              why posts are not covered
  allocator explain PLAN POST         the same of one post

Settings come from flags, else from the environment, else from policy.toml; `allocator schema`
lists the policy keys: staff_goals, workload, closed_loop_days, suit_minutes_*, home_minutes.

\b
Exit codes:
  0  there is a roster and the judge found no fault in it
  2  the command makes no sense        3  the instance is not valid
  4  proven: no roster obeys the rules 5  stopped without a roster
  6  the roster breaks a rule          7  a --fail-on threshold is missed
  130  interrupted; the best roster so far is written
"""
SHORT = "Decide who works where and when."
PATH = click.Path(path_type=Path)


@click.command(help=HELP, short_help=SHORT)
@click.argument("instance", type=PATH)
@click.option("--out", type=PATH, help="Folder of the plan.  [default: plans/NAME-roster]")
@click.option("--method", default="auto", help="auto, mip, cpsat or lines.  [default: auto]")
@click.option("--start", type=PATH, metavar="PLAN", help="The last roster, to stay close to.")
@click.option("--time-limit", metavar="S", help="Wall clock of the run: 90, 15m or 1h.")
@click.option("--work-limit", metavar="N", help="Solver work; gives the same plan anywhere.")
@click.option("--gap", metavar="G", help="Share of a goal at which to stop.  [default: 0.0001]")
@click.option("--seed", metavar="N", help="Seed of every random choice.  [default: 0]")
@click.option("--workers", metavar="N", help="Workers of the solver; recorded with the plan.")
@click.option("--scenario", default="", metavar="ID", help="Apply a scenario of the instance.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="A policy key.")
@click.option(
    "--fail-on",
    multiple=True,
    metavar="WHAT",
    help="Exit 7 on: shortage, unproven, gap=0.01, or a goal above a value, as uncovered=0.",
)
@click.option("--quiet", is_flag=True, help="No progress.")
@run_command
def staff(
    instance: Path,
    out: Path | None,
    method: str,
    start: Path | None,
    scenario: str,
    assignments: tuple[str, ...],
    fail_on: tuple[str, ...],
    quiet: bool,
    **flags: str | None,
) -> Reply:
    """Run staffing, write the roster and tell of it."""
    began = time.monotonic()
    policy = policy_settings(assignments, {})
    request = Request(instance, out, start=start, scenario=scenario, policy=policy, quiet=quiet)
    chosen = run_settings(flags)
    with ProgressLines(quiet) as progress:
        from allocator.plan.folder import held, refuse_other_content

        target = out or roster_out(request)
        refuse_other_content(target)
        case = case_of(request)
        wanted = thresholds(fail_on, goal_names(case))
        progress.tell(f"{instance} is read; the plan goes to {target}")
        with held(target), stopped_like_ctrl_c():
            plan = _planned(request, case, method, chosen, began, progress)
            require(plan)
            plan.save(target)
    return plan_reply(plan.replace(path=target), case, missed(plan, wanted))


def roster_out(request: Request) -> Path:
    """Return plans/NAME-roster: a plan to dispatch the same instance stays as it is."""
    usual = default_out(request)
    return usual.with_name(f"{usual.name}-roster")


def goal_names(case: Instance) -> list[str]:
    """Return the names of the goals of a roster."""
    from allocator.models.staff.goals import staff_goals

    return [goal.name for goal in staff_goals(case.policy.staff_goals)]


def _planned(
    request: Request,
    case: Instance,
    method: str,
    chosen: Mapping[str, Any],
    began: float,
    progress: ProgressLines,
) -> Plan:
    """Run the search with the time that is left, and record what was asked for."""
    from allocator import run

    load_seconds = time.monotonic() - began
    limits = limits_of(chosen, load_seconds)
    plan = run.staff(case, limits=limits, progress=progress, method=method, start=request.start)
    return plan.replace(
        run={**record(plan, request, chosen, load_seconds), "scenario": request.scenario}
    )
