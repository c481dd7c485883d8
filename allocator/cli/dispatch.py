"""`allocator dispatch`: decide what goes where, and when."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allocator.cli.envelope import Reply, run_command
from allocator.cli.fail_on import missed, thresholds
from allocator.cli.plan_reply import plan_reply
from allocator.cli.progress import ProgressLines
from allocator.cli.settings import policy_settings, run_settings
from allocator.errors import (
    InstanceError,
    NoPlanError,
    UsageError,
)

if TYPE_CHECKING:
    from allocator.instance import Instance
    from allocator.plan import Plan

HELP = """
\b
Examples:
  allocator dispatch my-city
  allocator dispatch my-city --out plans/monday --time-limit 15m
  allocator dispatch my-city.xlsx --fairness none --set lanes_k=5
  allocator dispatch my-city --scenario riders-double --fail-on floors=0
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
_SHORTEST = 0.05  # seconds left to a run whose instance took all its time to read


@dataclass(frozen=True)
class Request:
    """One run as asked for on the command line."""

    instance: Path
    out: Path | None = None
    flags: Mapping[str, object] = field(default_factory=dict)
    start: Path | None = None
    model: Path | None = None
    scenario: str = ""
    policy: Mapping[str, Any] = field(default_factory=dict)
    fail_on: tuple[str, ...] = ()
    quiet: bool = False


PATH = click.Path(path_type=Path)


@click.command(help=HELP, short_help="Decide what goes where, and when.")
@click.argument("instance", type=PATH)
@click.option("--out", type=PATH, help="Folder of the plan.  [default: plans/NAME]")
@click.option("--time-limit", metavar="S", help="Wall clock of the run: 90, 15m or 1h.")
@click.option("--work-limit", metavar="N", help="Solver work; gives the same plan anywhere.")
@click.option("--gap", metavar="G", help="Share of a goal at which to stop.  [default: 0.0001]")
@click.option("--seed", metavar="N", help="Seed of every random choice.  [default: 0]")
@click.option("--workers", metavar="N", help="Parallel workers; recorded with the plan.")
@click.option("--start", type=PATH, metavar="PLAN", help="An earlier plan to stay close to.")
@click.option("--max-changes", metavar="N", help="Most shipments that may differ from --start.")
@click.option("--fairness", metavar="RULE", help="none, floors, max-min or leximin.")
@click.option("--scenario", default="", metavar="ID", help="Apply a scenario of the instance.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="A policy key.")
@click.option("--model", type=PATH, metavar="FILE.py", help="Your own model, judged alike.")
@click.option("--solver", metavar="NAME", help="highs, or pulp:NAME; see: allocator solvers.")
@click.option(
    "--fail-on",
    multiple=True,
    metavar="WHAT",
    help="Exit 7 on: shortage, unproven, gap=0.01, or a goal above a value, as critical=0.",
)
@click.option("--quiet", is_flag=True, help="No progress.")
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
    return solved(Request(instance, out, flags, start, model, scenario, policy, fail_on, quiet))


def solved(request: Request) -> Reply:
    """Run dispatch, write the plan and tell of it."""
    began = time.monotonic()
    chosen = run_settings(request.flags)
    _refuse_early(chosen.get("solver", "highs"), request.model)
    with ProgressLines(request.quiet) as progress:
        from allocator.plan.folder import held, refuse_other_content

        out = request.out or default_out(request)
        refuse_other_content(out)
        case = case_of(request)
        wanted = thresholds(request.fail_on, _goal_names(case))
        progress.tell(f"{request.instance} is read; the plan goes to {out}")
        with held(out), stopped_like_ctrl_c():
            plan = _planned(request, case, chosen, began, progress)
            require(plan)
            plan.save(out)
    return plan_reply(plan.replace(path=out), case, missed(plan, wanted))


def _refuse_early(solver: str, model: Path | None) -> None:
    """Refuse a solver that is not here and a model that cannot be imported, before any work."""
    from allocator.engine.solvers import refuse_unknown

    if model is not None:
        from allocator.models.own import load_model

        load_model(model)
    refuse_unknown(solver)


@contextmanager
def stopped_like_ctrl_c() -> Iterator[None]:
    """Treat the signal with which schedulers stop a job as Ctrl-C: the best plan is kept."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def default_out(request: Request) -> Path:
    """Return plans/NAME, where NAME is the file or folder of the instance (and the scenario)."""
    resolved = request.instance.resolve()
    name = resolved.name if resolved.is_dir() else resolved.stem
    if name == "datapackage":
        name = resolved.parent.name
    return Path("plans") / (f"{name}-{request.scenario}" if request.scenario else name)


def case_of(request: Request) -> Instance:
    """Return the instance with the scenario and the policy keys asked for."""
    from allocator.instance import load
    from allocator.instance.variant import variant

    case = load(request.instance)
    try:
        return variant(case, request.scenario, request.policy)
    except InstanceError as error:
        # What the flags ask for is wrong, not the instance.
        raise UsageError(*error.faults) from error


def _goal_names(case: Instance) -> list[str]:
    from allocator.instance.goals import parse_goals

    return [goal.name for goal in parse_goals(case.policy.goals)]


def _planned(
    request: Request,
    case: Instance,
    chosen: Mapping[str, Any],
    began: float,
    progress: ProgressLines,
) -> Plan:
    """Run the search with the time that is left, and record what was asked for."""
    from allocator import run
    from allocator.limits import Limits

    load_seconds = time.monotonic() - began
    asked = chosen.get("time_limit")
    limits = Limits(
        seconds=None if asked is None else max(_SHORTEST, asked - load_seconds),
        work=chosen.get("work_limit"),
        gap=chosen.get("gap", Limits().gap),
        seed=chosen.get("seed", 0),
        workers=chosen.get("workers"),
    )
    plan = run.dispatch(
        case,
        limits=limits,
        progress=progress,
        start=request.start,
        model=request.model or "",
        solver=chosen.get("solver", "highs"),
    )
    record = {
        **plan.run,
        "instance_path": str(request.instance.absolute()),
        "scenario": request.scenario,
        "settings": dict(request.policy),
        "limits": {**plan.run.get("limits", {}), "seconds": asked},
        "seconds": {**plan.run.get("seconds", {}), "load": round(load_seconds, 3)},
    }
    return plan.replace(run=record)


def require(plan: Plan) -> None:
    """Refuse to replace an earlier plan by nothing."""
    if plan.status.plan == "none":
        raise NoPlanError.because(
            "the run ended without a plan",
            value=plan.status.termination,
            action="give it more time; see also: allocator doctor",
            code="E5003",
        )
