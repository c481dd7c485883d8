"""`allocator route`: turn what a period sends into routes a driver can run."""

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
  allocator route my-city --plan plans/monday --period 1
  allocator route my-city --plan plans/monday --period 2 --out plans/routes-2 --time-limit 5m
  allocator route my-city --period 1                      (the needs themselves, without a plan)
  allocator route my-city --period 1 --set clean_order=false --set split=always
  allocator route my-city --period 1 --start plans/routes-1 --router pyvrp --workers 2

Turn what a plan sends in a period into routes: which vehicle loads what where, whom it visits in
which order and when. Kept are capacities, shifts, opening hours and curfews, permits, minutes at
the gates, and the order of a trip from open over controlled to sealed places with decontamination
on the way back. Without --plan the needs of the period are routed, each from the nearest stock.
The plan is a folder of tables: OUT, or plans/NAME-routes-PERIOD here.

\b
Then:
  allocator report OUT --sheets            what each driver does, to read or print (--html FILE)
  allocator report OUT --geojson FILE      the routes as lines on a map
  allocator explain OUT                    why stops are left behind
  allocator check OUT                      have it judged again, also after changing it by hand

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
SHORT = "Turn what a period sends into routes a driver can run."
PATH = click.Path(path_type=Path)


@click.command(help=HELP, short_help=SHORT)
@click.argument("instance", type=PATH)
@click.option("--plan", type=PATH, help="The dispatch whose shipments are routed.")
@click.option("--period", default=1, show_default=True, help="The period to route.")
@click.option("--out", type=PATH, help="Folder of the plan.  [default: plans/NAME-routes-PERIOD]")
@click.option("--start", type=PATH, metavar="PLAN", help="Earlier routes to begin from.")
@click.option(
    "--leave-impossible", is_flag=True, help="Leave orders nobody could serve instead of refusing."
)
@click.option("--router", metavar="NAME", help="Which router.  [default: the policy, auto]")
@click.option("--time-limit", metavar="S", help="Wall clock of the run: 90, 15m or 1h.")
@click.option("--work-limit", metavar="N", help="Iterations; gives the same plan anywhere.")
@click.option("--seed", metavar="N", help="Seed of every random choice.  [default: 0]")
@click.option("--workers", metavar="N", help="Processes that search side by side.")
@click.option("--scenario", default="", metavar="ID", help="Apply a scenario of the instance.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="A policy key.")
@click.option(
    "--fail-on",
    multiple=True,
    metavar="WHAT",
    help="Exit 7 on: shortage (a stop left behind), or a goal above a value, as unserved=0.",
)
@click.option("--quiet", is_flag=True, help="No progress.")
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
    began = time.monotonic()
    policy = policy_settings(assignments, {})
    request = Request(instance, out, start=start, scenario=scenario, policy=policy, quiet=quiet)
    chosen = run_settings(flags)
    with ProgressLines(quiet) as progress:
        from allocator.plan.folder import held, refuse_other_content

        target = out or routes_out(request, period)
        refuse_other_content(target)
        case = case_of(request)
        wanted = thresholds(fail_on, goal_names(case))
        progress.tell(f"{instance} is read; the plan goes to {target}")
        with held(target), stopped_like_ctrl_c():
            strict = not leave_impossible
            asked = {"plan": plan, "period": period, "router": router or "", "strict": strict}
            routes = _planned(request, case, asked, chosen, began, progress)
            require(routes)
            routes.save(target)
    return plan_reply(routes.replace(path=target), case, missed(routes, wanted))


def routes_out(request: Request, period: int) -> Path:
    """Return plans/NAME-routes-PERIOD."""
    usual = default_out(request)
    return usual.with_name(f"{usual.name}-routes-{period}")


def goal_names(case: Instance) -> list[str]:
    """Return the goals of routes a threshold may name."""
    from allocator.instance.goals import ROUTE_TERMS, parse_goals

    goals = parse_goals(case.policy.route_goals, "policy.toml:route_goals", ROUTE_TERMS)
    return ["required_unserved", *(goal.name for goal in goals)]


def _planned(
    request: Request,
    case: Instance,
    asked: Mapping[str, Any],
    chosen: Mapping[str, Any],
    began: float,
    progress: ProgressLines,
) -> Plan:
    """Run the search with the time that is left, and record what was asked for."""
    from allocator import run

    load_seconds = time.monotonic() - began
    limits = limits_of(chosen, load_seconds)
    routes = run.route(case, limits=limits, progress=progress, start=request.start, **asked)
    noted = record(routes, request, chosen, load_seconds)
    return routes.replace(run={**noted, "scenario": request.scenario})
