"""`allocator check`: judge a plan from its instance alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from allocator.cli import options
from allocator.cli.envelope import Reply, run_command
from allocator.cli.layout import table
from allocator.cli.progress import busy
from allocator.errors import Fault, UsageError, ViolationError

if TYPE_CHECKING:
    from allocator.check import Verdict
    from allocator.instance import Instance
    from allocator.plan import Plan


@click.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.option(
    "--instance",
    "instance",
    type=click.Path(path_type=Path),
    help="The instance the plan is for; by default the one the plan remembers.",
)
@click.option(
    "--start", type=click.Path(path_type=Path), help="The plan it was changed from, if any."
)
@options.most(40, "Violations to show; 0 shows all.")
@run_command
def check(plan: Path, instance: Path | None, start: Path | None, most: int) -> Reply:
    """Recompute PLAN from its instance alone and list every rule it breaks.

    \b
    Examples:
      allocator check plans/monday
      allocator check my-plan.csv --instance my-city
      allocator check plans/tuesday --start plans/monday

    PLAN is a folder, a workbook, or a CSV of shipments or of reserves. Exit code 6 when a rule is
    broken.
    """
    from allocator.check import check as judge
    from allocator.plan import load_plan

    with busy("judging the plan"):
        read = load_plan(plan)
        case = case_of_plan(read, instance)
        verdict = judge(case, read, start=load_plan(start) if start else None)
    return Reply(
        text=_text(verdict, most),
        data={
            "ok": verdict.ok,
            "violations": [violation._asdict() for violation in verdict.violations],
            "goals": dict(verdict.goals),
            "stats": dict(verdict.stats),
        },
        errors=() if verdict.ok else (_fault(verdict, plan),),
        status="valid" if verdict.ok else "invalid",
        exit_code=0 if verdict.ok else ViolationError.exit_code,
    )


def case_of_plan(plan: Plan, given: Path | None) -> Instance:
    """Return the instance given, or the one the plan was made for: its scenario and settings too.

    Raises:
        UsageError: E2131, when neither is known.
    """
    from allocator.instance import load
    from allocator.instance.variant import recorded

    path = instance_of(plan, given)
    return recorded(plan.run) if given is None else load(path)


def instance_of(plan: Plan, given: Path | None) -> Path:
    """Return the instance given, or the one the plan remembers when it is still there.

    Raises:
        UsageError: E2131, when neither is known.
    """
    remembered = str(plan.run.get("instance_path", ""))
    if given is None and remembered and Path(remembered).exists():
        return Path(remembered)
    if given is None:
        raise UsageError.because(
            "The instance of this plan is not " + ("where it was" if remembered else "known"),
            where=str(plan.path or "plan"),
            value=remembered,
            action="Name it: --instance PATH",
            code="E2131",
        )
    return given


def _fault(verdict: Verdict, plan: Path) -> Fault:
    from allocator.report.words import count

    return Fault(
        "E6001",
        "error",
        str(plan),
        "",
        f"The plan breaks its instance's rules {count(len(verdict.table), 'time')}",
        "docs/violations.md says what each code means",
    )


def _text(verdict: Verdict, most: int) -> str:
    notes = [f"note: {note}" for note in verdict.stats["notes"]]
    if verdict.ok:
        goals = table(("goal", "value"), list(verdict.goals.items()))
        return "\n".join(["valid: no rule is broken", "", goals, *notes])
    shown = verdict.table.head(most) if most else verdict.table
    columns = shown[["code", "where", "size", "unit", "message"]]
    lines = [table(list(columns.columns), columns.to_numpy().tolist())]
    if len(shown) < len(verdict.table):
        families = verdict.table.groupby(["code", "family"]).size().reset_index()
        counts = table(("code", "family", "violations"), families.to_numpy().tolist())
        lines += [
            "",
            f"{len(verdict.table)} in all, {len(shown)} shown (--most 0 shows all):",
            counts,
        ]
    return "\n".join([*lines, *notes])
