"""`allocator staff`: decide who works where and when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allocator.cli import options
from allocator.cli.envelope import Reply, run_command
from allocator.cli.request import Request, answered
from allocator.cli.settings import policy_settings

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


@click.command(help=HELP)
@options.INSTANCE
@options.out("plans/NAME-roster")
@click.option("--method", default="auto", help="auto, mip, cpsat or lines.  [default: auto]")
@click.option(
    "--start", type=options.PATH, metavar="PLAN", help="The last roster, to stay close to."
)
@options.TIME_LIMIT
@options.work_limit()
@options.GAP
@options.SEED
@options.workers("Workers of the solver; recorded with the plan.")
@options.SCENARIO
@options.SET
@options.fail_on("uncovered=0")
@options.QUIET
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
    policy = policy_settings(assignments, {})
    request = Request(instance, out, flags, scenario, policy, fail_on, quiet)

    def make(case: Instance, how: dict[str, Any]) -> Plan:
        from allocator import run

        return run.staff(case, method=method, start=start, **how)

    return answered(request, "roster", goal_names, make)


def goal_names(case: Instance) -> list[str]:
    """Return the names of the goals of a roster."""
    from allocator.models.staff.goals import staff_goals

    return [goal.name for goal in staff_goals(case.policy.staff_goals)]
