"""`allocator admit`: decide who is treated where, and when."""

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
  allocator admit my-city
  allocator admit my-city --out plans/beds --time-limit 5m
  allocator admit my-city --set admit_regime=district-first
  allocator admit my-city --set information_delay=3
  allocator admit my-city --set risk=cvar --fail-on critical_waiting=0

Decide who is admitted where and when, who is transferred as their illness changes, and which surge
wards open. INSTANCE is a folder, or a .zip, .json or .xlsx with the tables patients, care, stays
and beds; its scenarios of patients are what may come. The plan is a folder of tables: OUT, or
plans/NAME-beds here, where an earlier plan is replaced; notices.csv says for every place which
site takes its patients, and when.

\b
Then:
  allocator explain PLAN              why people wait
  allocator explain PLAN PLACE        the same of one place

Settings come from flags, else from the environment, else from policy.toml; `allocator schema`
lists the policy keys: admit_goals, admit_regime, information_delay, admit_minutes, surge_budget,
transfers, risk*.

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
@options.out("plans/NAME-beds")
@options.TIME_LIMIT
@options.work_limit()
@options.GAP
@options.SEED
@options.workers("Threads of the solver; recorded with the plan.")
@options.SET
@options.fail_on("waiting=0")
@options.QUIET
@run_command
def admit(
    instance: Path,
    out: Path | None,
    assignments: tuple[str, ...],
    fail_on: tuple[str, ...],
    quiet: bool,
    **flags: str | None,
) -> Reply:
    """Run beds, write the plan and tell of it."""
    policy = policy_settings(assignments, {})
    request = Request(instance, out, flags, policy=policy, fail_on=fail_on, quiet=quiet)

    def make(case: Instance, how: dict[str, Any]) -> Plan:
        from allocator import run

        return run.admit(case, **how)

    return answered(request, "beds", lambda case: list(case.policy.admit_goals), make)
