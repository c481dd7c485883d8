"""`allocator preposition`: decide what to hold in reserve, and where, before it is known."""

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
from allocator.cli.progress import ProgressLines
from allocator.cli.settings import policy_settings, run_settings

if TYPE_CHECKING:
    from allocator.instance import Instance
    from allocator.limits import Limits
    from allocator.plan import Plan

HELP = """
\b
Examples:
  allocator preposition my-city
  allocator preposition my-city --out plans/reserves --time-limit 15m
  allocator preposition my-city --set reserve_budget=2000000 --set open_sites=12
  allocator preposition my-city --set risk=cvar --set risk_level=0.95
  allocator preposition my-city --method benders --workers 2 --fail-on critical=500

Decide which sites to open and at which size, what to stock where and which suppliers to bind, so
that the answer to every scenario that may come is good. INSTANCE is a folder, or a .zip, .json or
.xlsx; its scenarios are what may come (allocator generate scenarios draws some). The plan is a
folder of tables: OUT, or plans/NAME-reserves here, where an earlier plan is replaced.

\b
Then:
  allocator explain PLAN              why sites are open, what drives the reserve, who goes without
  allocator evaluate PLAN --number 1000 --seed 7     the same plan in other scenarios
  allocator assess INSTANCE --plan PLAN              against the reserves there are today

Settings come from flags, else from the environment, else from policy.toml; `allocator schema`
lists the policy keys: reserve_*, risk*, coverage_*, open_sites, close_existing, total_stock,
single_sourcing, time_standard, shortage_budget.

\b
Exit codes:
  0  there is a plan and the judge found no fault in it
  2  the command makes no sense        3  the instance is not valid
  4  proven: no plan obeys the rules   5  stopped without a plan
  6  the plan breaks a rule            7  a --fail-on threshold is missed
  130  interrupted; the best plan so far is written
"""
SHORT = "Decide what to hold in reserve, and where."
SHORTEST = 0.05  # seconds left to a run whose instance took all its time to read
PATH = click.Path(path_type=Path)


@click.command(help=HELP, short_help=SHORT)
@click.argument("instance", type=PATH)
@click.option("--out", type=PATH, help="Folder of the plan.  [default: plans/NAME-reserves]")
@click.option("--method", default="auto", help="auto, extensive or benders.  [default: auto]")
@click.option("--time-limit", metavar="S", help="Wall clock of the run: 90, 15m or 1h.")
@click.option("--work-limit", metavar="N", help="Solver work; gives the same plan anywhere.")
@click.option("--gap", metavar="G", help="Share of a goal at which to stop.  [default: 0.0001]")
@click.option("--seed", metavar="N", help="Seed of every random choice.  [default: 0]")
@click.option("--workers", metavar="N", help="Threads, or a cluster: dask://host:port.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="A policy key.")
@click.option(
    "--fail-on",
    multiple=True,
    metavar="WHAT",
    help="Exit 7 on: shortage, unproven, gap=0.01, or a goal above a value, as critical=0.",
)
@click.option("--quiet", is_flag=True, help="No progress.")
@run_command
def preposition(
    instance: Path,
    out: Path | None,
    method: str,
    assignments: tuple[str, ...],
    fail_on: tuple[str, ...],
    quiet: bool,
    **flags: str | None,
) -> Reply:
    """Run pre-positioning, write the plan and tell of it."""
    began = time.monotonic()
    request = Request(instance, out, policy=policy_settings(assignments, {}), quiet=quiet)
    cluster = _cluster(flags)
    chosen = run_settings(flags)
    with ProgressLines(quiet) as progress:
        from allocator.plan.folder import held, refuse_other_content

        target = out or reserves_out(request)
        refuse_other_content(target)
        case = case_of(request)
        wanted = thresholds(fail_on, list(case.policy.reserve_goals))
        progress.tell(f"{instance} is read; the plan goes to {target}")
        with held(target), stopped_like_ctrl_c():
            search = {"method": method, "cluster": cluster}
            plan = _planned(request, case, search, chosen, began, progress)
            require(plan)
            plan.save(target)
    return plan_reply(plan.replace(path=target), case, missed(plan, wanted))


def _cluster(flags: dict[str, str | None]) -> str:
    """Take the address of a cluster out of the flags; a number of threads stays."""
    workers = flags.get("workers") or ""
    if not workers.startswith("dask://"):
        return ""
    flags["workers"] = None
    return workers


def reserves_out(request: Request) -> Path:
    """Return plans/NAME-reserves: a plan to dispatch the same instance stays as it is."""
    usual = default_out(request)
    return usual.with_name(f"{usual.name}-reserves")


def _planned(
    request: Request,
    case: Instance,
    search: Mapping[str, str],
    chosen: Mapping[str, Any],
    began: float,
    progress: ProgressLines,
) -> Plan:
    """Run the search with the time that is left, and record what was asked for."""
    from allocator import run

    load_seconds = time.monotonic() - began
    limits = limits_of(chosen, load_seconds)
    plan = run.preposition(case, limits=limits, progress=progress, **search)
    return plan.replace(run=record(plan, request, chosen, load_seconds))


def limits_of(chosen: Mapping[str, Any], spent: float) -> Limits:
    """Return the limits of a run of which some seconds are spent already."""
    from allocator.limits import Limits

    asked = chosen.get("time_limit")
    return Limits(
        seconds=None if asked is None else max(SHORTEST, asked - spent),
        work=chosen.get("work_limit"),
        gap=chosen.get("gap", Limits().gap),
        seed=chosen.get("seed", 0),
        workers=chosen.get("workers"),
    )


def record(
    plan: Plan, request: Request, chosen: Mapping[str, Any], load_seconds: float
) -> dict[str, Any]:
    """Return run.json with what the command line adds."""
    return {
        **plan.run,
        "instance_path": str(request.instance.absolute()),
        "settings": dict(request.policy),
        "limits": {**plan.run.get("limits", {}), "seconds": chosen.get("time_limit")},
        "seconds": {**plan.run.get("seconds", {}), "load": round(load_seconds, 3)},
    }
