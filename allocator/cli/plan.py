"""`allocator plan`: the chain of plans, from dispatch to routes and back once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allocator.cli import options
from allocator.cli.envelope import Reply, run_command
from allocator.cli.layout import records, width
from allocator.cli.plan_reply import exit_code, faults
from allocator.cli.progress import ProgressLines
from allocator.cli.request import (
    Request,
    case_of,
    default_out,
    limits_of,
    require,
    stopped_like_ctrl_c,
)
from allocator.cli.settings import policy_settings, run_settings
from allocator.errors import UsageError

if TYPE_CHECKING:
    from allocator.instance import Instance
    from allocator.plan import Plan
    from allocator.runs.chain import Chained

HELP = """
\b
Examples:
  allocator plan my-city
  allocator plan my-city --period 1 --time-limit 10m
  allocator plan my-city --period 1 --period 2 --out plans/week --workers 2

The whole chain: decide what goes where and when (dispatch), then turn every period of it, or those
named with --period, into routes (route). The hours routes really take teach dispatch its zone
factor; where routes leave something behind for want of hours, dispatch and routes are made once
more with it, and the better of the two is kept: that of which most arrives.

Where the instance has workers and posts, a roster comes first: what it gives the gates is what
dispatch and routes may use (OUT/instance has the instance with it). With gate_staff = joint
dispatch decides who stands at which gate, and a roster follows; the gain over one after the other
is told.

OUT (plans/NAME-plan here) gets a folder a plan: dispatch, routes-1, routes-2 and so on, each
written as soon as it is made, so that a limit or Ctrl-C loses nothing.

\b
Then:
  allocator report OUT/routes-1 --sheets         what each driver does
  allocator explain OUT/dispatch C1              why a community is short
  allocator explain OUT/routes-1                 why stops are left behind

\b
Exit codes:
  0  there are plans and the judge found no fault in them
  2  the command makes no sense        3  the instance is not valid
  4  proven: no plan obeys the rules   5  stopped without a plan
  6  a plan breaks a rule              130  interrupted; what was made is kept
"""
PATH = click.Path(path_type=Path)


@click.command(help=HELP)
@click.argument("instance", type=PATH)
@click.option("--out", type=PATH, help="Folder of the plans.  [default: plans/NAME-plan]")
@click.option(
    "--period",
    "periods",
    type=int,
    multiple=True,
    help="A period to route; may stand several times.  [default: all]",
)
@click.option("--router", metavar="NAME", help="Which router.  [default: the policy, auto]")
@click.option("--time-limit", metavar="S", help="Wall clock of the whole chain: 90, 15m or 1h.")
@options.work_limit("Iterations of the routers.")
@options.SEED
@options.workers("Parallel workers; recorded with the plans.")
@options.SCENARIO
@options.SET
@options.QUIET
@run_command
def plan(
    instance: Path,
    out: Path | None,
    periods: tuple[int, ...],
    router: str | None,
    scenario: str,
    assignments: tuple[str, ...],
    quiet: bool,
    **flags: str | None,
) -> Reply:
    """Run the chain, write its plans and tell of them."""
    began = time.monotonic()
    policy = policy_settings(assignments, {})
    request = Request(instance, out, scenario=scenario, policy=policy, quiet=quiet)
    chosen = run_settings(flags)
    with ProgressLines(quiet) as progress:
        from allocator.runs.chain import Chain

        target = out or default_out(request, "plan")
        _refuse_other(target)
        case = case_of(request)
        progress.tell(f"{instance} is read; the plans go to {target}")
        limits = limits_of(chosen, time.monotonic() - began)
        keep = _keeper(target, request, case)
        with stopped_like_ctrl_c():
            chained = Chain(case, periods, limits, progress, router or "", keep).run()
    return _reply(chained)


def _refuse_other(target: Path) -> None:
    """Refuse a folder with something in it that is none of ours.

    Raises:
        UsageError: E2356.
    """
    from allocator.instance.files import PLAN

    if target.is_file() or (target / PLAN).exists():
        raise UsageError.because(
            "this is a plan or a file; the chain writes a folder of plans",
            where=str(target),
            action="name another folder with --out",
            code="E2356",
        )


def _keeper(
    target: Path, request: Request, case: Instance
) -> Callable[[str, Plan, Instance], Plan]:
    """Return what writes a plan of the chain as one act, with what it was made for.

    An instance that a step before dispatch changed is written beside the plans.
    """

    def keep(name: str, made: Plan, instance: Instance) -> Plan:
        require(made)
        own = instance is case
        settings: Mapping[str, Any] = dict(request.policy) if own else {}
        if name == "dispatch":
            settings = {**settings, "zone_factor": made.run["policy"]["zone_factor"]}
        record = {
            **made.run,
            "instance_path": str(
                request.instance.absolute() if own else _changed(target, instance)
            ),
            "scenario": request.scenario if own else "",
            "settings": settings,
        }
        written = made.replace(run=record)
        return written.replace(path=written.save(target / name))

    return keep


def _changed(target: Path, instance: Instance) -> Path:
    from allocator.instance import save

    return save(instance, target / "instance").absolute()


def _reply(chained: Chained) -> Reply:
    from allocator.report.chain import chain_text
    from allocator.report.joint import joint_data, joint_lines

    plans, best, joined = chained.plans, chained.best, chained.joined
    worst = max((exit_code(one) for one in plans.values()), default=0)
    data = {
        "plans": {name: str(one.path) for name, one in plans.items()},
        "periods": records(chained.table),
        "zone_factor": {"dispatch": best.factor, "routes": chained.factor},
        "rounds": [
            {"zone_factor": one.factor, "left": one.left, "arrives": dict(one.arrives)}
            for one in chained.rounds
        ],
        "goals": {goal.name: goal.value for goal in best.dispatch.goals},
        "arrives": dict(best.arrives),
        "notes": list(chained.notes),
        **({} if joined is None else {"joint": joint_data(joined.dispatch, joined.seconds)}),
    }
    text = chain_text(plans, chained.table, best.arrives, chained.notes, width())
    told = "" if joined is None else "\n".join(joint_lines(joined.dispatch, width())) + "\n\n"
    return Reply(
        text=told + text,
        data=data,
        errors=tuple(fault for one in plans.values() for fault in faults(one)),
        status="interrupted" if worst == 130 else "invalid" if worst else "valid",
        exit_code=worst,
    )
