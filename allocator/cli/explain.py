"""`allocator explain`: why a shortage is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from allocator.cli import options
from allocator.cli.envelope import Reply, run_command
from allocator.cli.layout import records, wrapped
from allocator.cli.progress import busy
from allocator.errors import Fault

if TYPE_CHECKING:
    from allocator.instance import Instance
    from allocator.plan import Plan


@click.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.argument("community", default="")
@click.option(
    "--instance",
    "instance",
    type=click.Path(path_type=Path),
    help="The instance the plan is for; by default the one the plan remembers.",
)
@options.most(20, "Shortages to explain; 0 explains all.")
@click.option(
    "--time-limit",
    type=options.DURATION,
    default="60",
    show_default=True,
    metavar="S",
    help="Time for solves: 90, 15m or 1h.",
)
@run_command
def explain(
    plan: Path, community: str, instance: Path | None, most: int, time_limit: float
) -> Reply:
    """Say why PLAN leaves needs unmet: at COMMUNITY, or its largest shortages anywhere.

    Of a plan of reserves: why sites are open or not, which scenarios drive the reserve, and who
    goes without; COMMUNITY may be a site.

    PLAN is a folder, a workbook or a CSV of shipments. Every reason is backed by a solve; the
    codes are explained in docs/reasons.md.

    \b
    Examples:
      allocator explain plans/monday
      allocator explain plans/monday C1
      allocator explain plans/reserves --time-limit 300
      allocator explain plans/reserves W04
    """
    from allocator.cli.check import case_of_plan
    from allocator.explain import explain_text, reasons
    from allocator.plan import load_plan

    with busy("looking for reasons"):
        read = load_plan(plan)
        case = case_of_plan(read, instance)
        table = reasons(case, read, time_limit, most or None, community)
    return Reply(
        text=wrapped(explain_text(table)),
        data={"reasons": records(table)},
        warnings=_other_instance(read, case),
    )


def _other_instance(plan: Plan, case: Instance) -> tuple[Fault, ...]:
    """Warn when the plan was made for another instance, or the instance has changed since."""
    from allocator.instance import instance_hash

    made_for = plan.instance.get("hash")
    if not made_for or made_for == instance_hash(case):
        return ()
    rule = "the plan was made for another instance, or it has changed since; reasons are for it now"
    action = "see: allocator check; or plan again"
    return (Fault("W2133", "warning", str(plan.path or "plan"), case.name, rule, action),)
