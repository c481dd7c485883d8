"""`allocator assess`: score the reserves as they stand, or a planner's own plan."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allocator.cli import options
from allocator.cli.envelope import Reply, run_command
from allocator.cli.layout import records, width
from allocator.cli.plan_reply import exit_code, faults
from allocator.cli.progress import ProgressLines
from allocator.cli.request import Request, case_of, limits_of, record, stopped_like_ctrl_c
from allocator.cli.settings import policy_settings, run_settings

if TYPE_CHECKING:
    from allocator.runs.preposition_worth import Assessment

HELP = """
\b
Examples:
  allocator assess my-city
  allocator assess my-city --plan plans/reserves
  allocator assess my-city --plan my-reserves.xlsx --out plans/mine
  allocator assess my-city --plan my-reserves.csv --json

Score reserves in every scenario of INSTANCE, each answered as well as they allow: the reserves as
they stand (the table stocks), or PLAN: a folder, a workbook with a sheet reserves, or a CSV with
site_id, item_id and quantity. The gain is told over the present reserves, and over the same
stock spread by the people near each open site. Rules a plan breaks are told and do not stop it.

\b
Exit codes:
  0  scored, no rule is broken         2  the command makes no sense
  3  the instance is not valid         5  the time was too short
  6  the plan breaks a rule            130  interrupted
"""
PATH = click.Path(path_type=Path)


@click.command(help=HELP)
@click.argument("instance", type=PATH)
@click.option("--plan", type=PATH, help="A plan of reserves.  [default: those there are]")
@click.option("--out", type=PATH, help="Folder to write it to, with what is done in each scenario.")
@options.TIME_LIMIT
@click.option("--seed", metavar="N", help="Seed of the solver.  [default: 0]")
@options.workers("Parallel workers.")
@options.SET
@options.QUIET
@run_command
def assess(
    instance: Path,
    plan: Path | None,
    out: Path | None,
    assignments: tuple[str, ...],
    quiet: bool,
    **flags: str | None,
) -> Reply:
    """Score reserves and tell of it."""
    began = time.monotonic()
    request = Request(instance, out, flags, policy=policy_settings(assignments, {}), quiet=quiet)
    chosen = run_settings(flags)
    with ProgressLines(quiet) as progress:
        from allocator import run
        from allocator.plan.folder import refuse_other_content

        if out is not None:
            refuse_other_content(out)
        case = case_of(request)
        spent = time.monotonic() - began
        with stopped_like_ctrl_c():
            found = run.assess(case, plan, limits=limits_of(chosen, spent), progress=progress)
        own = found.plan.replace(run=record(found.plan, request, chosen, spent))
        if out is not None:
            own.save(out)
            own = own.replace(path=out)
    from allocator.report.assessment import assessment_text

    as_json = bool(click.get_current_context().params.get("as_json"))
    return Reply(
        text="" if as_json else assessment_text(own, found.others, case, plan is None, width()),
        data=_data(found) if as_json else {},
        errors=faults(own) if plan is not None else (),
        status=own.status.plan,
        exit_code=exit_code(own) if plan is not None else 0,
    )


def _data(found: Assessment) -> dict[str, Any]:
    return {
        "goals": records(found.table),
        "summary": dict(found.plan.summary),
        "outcomes": records(found.plan.outcomes),
    }
