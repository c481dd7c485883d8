"""`allocator admit`: decide who is treated where, and when."""

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
SHORT = "Decide who is treated where, and when."
PATH = click.Path(path_type=Path)


@click.command(help=HELP, short_help=SHORT)
@click.argument("instance", type=PATH)
@click.option("--out", type=PATH, help="Folder of the plan.  [default: plans/NAME-beds]")
@click.option("--time-limit", metavar="S", help="Wall clock of the run: 90, 15m or 1h.")
@click.option("--work-limit", metavar="N", help="Solver work; gives the same plan anywhere.")
@click.option("--gap", metavar="G", help="Share of a goal at which to stop.  [default: 0.0001]")
@click.option("--seed", metavar="N", help="Seed of every random choice.  [default: 0]")
@click.option("--workers", metavar="N", help="Threads of the solver; recorded with the plan.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="A policy key.")
@click.option(
    "--fail-on",
    multiple=True,
    metavar="WHAT",
    help="Exit 7 on: shortage, unproven, gap=0.01, or a goal above a value, as waiting=0.",
)
@click.option("--quiet", is_flag=True, help="No progress.")
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
    began = time.monotonic()
    request = Request(instance, out, policy=policy_settings(assignments, {}), quiet=quiet)
    chosen = run_settings(flags)
    with ProgressLines(quiet) as progress:
        from allocator.plan.folder import held, refuse_other_content

        target = out or beds_out(request)
        refuse_other_content(target)
        case = case_of(request)
        wanted = thresholds(fail_on, list(case.policy.admit_goals))
        progress.tell(f"{instance} is read; the plan goes to {target}")
        with held(target), stopped_like_ctrl_c():
            plan = _planned(request, case, chosen, began, progress)
            require(plan)
            plan.save(target)
    return plan_reply(plan.replace(path=target), case, missed(plan, wanted))


def beds_out(request: Request) -> Path:
    """Return plans/NAME-beds: a plan to dispatch the same instance stays as it is."""
    usual = default_out(request)
    return usual.with_name(f"{usual.name}-beds")


def _planned(
    request: Request,
    case: Instance,
    chosen: Mapping[str, Any],
    began: float,
    progress: ProgressLines,
) -> Plan:
    """Run the search with the time that is left, and record what was asked for."""
    from allocator import run

    load_seconds = time.monotonic() - began
    plan = run.admit(case, limits=limits_of(chosen, load_seconds), progress=progress)
    return plan.replace(run=record(plan, request, chosen, load_seconds))
