"""`allocator route`: turn what a period sends into routes a driver can run."""

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
  allocator route my-city --plan plans/monday --period 1
  allocator route my-city --plan plans/monday --period 2 --time-limit 5m
  allocator route my-city --period 1         (the needs, without a plan)
  allocator route my-city --period 1 --set split=always --router pyvrp
  allocator route my-city --period 1 --start plans/routes-1 --workers 2

Turn what a plan sends in a period into routes: which vehicle loads what where, whom it visits in
which order and when. Kept are capacities, shifts, opening hours and curfews, permits, minutes at
the gates, and the order of a trip from open over controlled to sealed places with decontamination
on the way back. Without --plan the needs of the period are routed, each from the nearest stock.
The plan is a folder of tables: OUT, or plans/NAME-routes-PERIOD here.

\b
Then:
  allocator report OUT --sheets          what each driver does (--html FILE)
  allocator report OUT --geojson FILE    the routes as lines on a map
  allocator explain OUT                  why stops are left behind
  allocator check OUT                    have it judged again

--start begins from earlier routes; what no longer fits is dropped, and it is said what. The goals
and rules are policy keys (allocator schema): route_goals, clean_order, split, origin, gate_docks
and others. --router takes one of: auto, pyvrp, ortools, cumulative, rule (allocator solvers).

\b
Exit codes:
  0  there is a plan and the judge found no fault in it
  2  the command makes no sense        3  the instance is not valid
  4  proven: nothing can be routed     5  stopped without a plan
  6  the plan breaks a rule            7  a --fail-on threshold is missed
  130  interrupted; the best plan so far is written
"""


@click.command(help=HELP)
@options.INSTANCE
@click.option("--plan", type=options.PATH, help="The dispatch whose shipments are routed.")
@click.option("--period", default=1, show_default=True, help="The period to route.")
@options.out("plans/NAME-routes-PERIOD")
@options.start("Earlier routes to begin from.")
@click.option(
    "--leave-impossible", is_flag=True, help="Leave orders nobody could serve instead of refusing."
)
@click.option("--router", metavar="NAME", help="Which router.  [default: the policy, auto]")
@options.TIME_LIMIT
@options.work_limit("Iterations; gives the same plan anywhere.")
@options.SEED
@options.workers("Processes that search side by side.")
@options.SCENARIO
@options.SET
@options.fail_on("unserved=0", "shortage (a stop left behind)")
@options.QUIET
@run_command
def route(
    instance: Path,
    plan: Path | None,
    period: int,
    out: Path | None,
    start: Path | None,
    leave_impossible: bool,
    router: str | None,
    scenario: str,
    assignments: tuple[str, ...],
    fail_on: tuple[str, ...],
    quiet: bool,
    **flags: str | None,
) -> Reply:
    """Run routing, write the plan and tell of it."""
    policy = policy_settings(assignments, {})
    request = Request(instance, out, flags, scenario, policy, fail_on, quiet)
    asked: dict[str, Any] = {"plan": plan, "period": period, "router": router or "", "start": start}

    def make(case: Instance, how: dict[str, Any]) -> Plan:
        from allocator import run

        return run.route(case, strict=not leave_impossible, **asked, **how)

    return answered(request, f"routes-{period}", goal_names, make)


def goal_names(case: Instance) -> list[str]:
    """Return the goals of routes a threshold may name."""
    from allocator.instance.goals import ROUTE_TERMS, parse_goals

    goals = parse_goals(case.policy.route_goals, "policy.toml:route_goals", ROUTE_TERMS)
    return ["required_unserved", *(goal.name for goal in goals)]
