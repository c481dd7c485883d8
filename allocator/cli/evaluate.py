"""`allocator evaluate`: try a plan of reserves in other scenarios than it was made for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allocator.cli import options
from allocator.cli.check import case_of_plan
from allocator.cli.envelope import Reply, run_command
from allocator.cli.layout import records, width
from allocator.cli.plan_reply import exit_code, faults
from allocator.cli.progress import ProgressLines
from allocator.cli.request import limits_of, stopped_like_ctrl_c
from allocator.cli.settings import run_settings
from allocator.errors import UsageError

if TYPE_CHECKING:
    from allocator.instance import Instance
    from allocator.runs.preposition_worth import Evaluation

HELP = """
\b
Examples:
  allocator evaluate plans/reserves
  allocator evaluate plans/reserves --number 1000 --seed 7
  allocator evaluate plans/reserves --scenarios my-city-worse
  allocator evaluate plans/reserves --worth --samples 10 --time-limit 15m

Keep what PLAN decides before (sites, stock, agreements) and answer every scenario anew, as well as
it allows: in the scenarios it was made for, in those of another instance with the same places
(--scenarios), or in fresh ones drawn around its needs (--number). Fresh scenarios show what the
plan is worth beyond those it was fitted to; intervals say how far the figures can be trusted.

\b
--samples M  solve M samples of these scenarios anew: how far is the plan from
             the best one?
--worth      what planning for scenarios is worth against planning for their
             mean (VSS), and what knowing the scenario beforehand would be
             worth (EVPI); one solve a scenario

\b
Exit codes:
  0  evaluated, no rule is broken      2  the command makes no sense
  3  the instance is not valid         5  the time was too short
  6  the plan breaks a rule there      130  interrupted
"""
PATH = click.Path(path_type=Path)


@click.command(help=HELP)
@click.argument("plan", type=PATH)
@click.option("--instance", type=PATH, help="The instance; by default the one PLAN remembers.")
@click.option("--scenarios", type=PATH, help="An instance with the same places, other scenarios.")
@click.option("--number", type=click.IntRange(1), metavar="N", help="Draw N fresh scenarios.")
@click.option("--samples", type=click.IntRange(0), default=0, help="Samples to solve anew.")
@click.option("--sample-size", type=click.IntRange(1), help="Scenarios in a sample.  [default: 20]")
@click.option("--worth", is_flag=True, help="Find VSS and EVPI too.")
@click.option("--out", type=PATH, help="Folder to write the evaluated plan to.")
@options.TIME_LIMIT
@click.option("--gap", metavar="G", help="Gap of the solves of samples.  [default: 0.0001]")
@click.option("--seed", metavar="N", help="Seed of the draws.  [default: 0]")
@options.workers("Parallel workers.")
@options.QUIET
@run_command
def evaluate(
    plan: Path,
    instance: Path | None,
    scenarios: Path | None,
    number: int | None,
    samples: int,
    sample_size: int | None,
    worth: bool,
    out: Path | None,
    quiet: bool,
    **flags: str | None,
) -> Reply:
    """Evaluate a plan and tell of it."""
    began = time.monotonic()
    _check_choice(scenarios, number)
    chosen = run_settings(flags)
    with ProgressLines(quiet) as progress:
        from allocator import run
        from allocator.plan import load_plan
        from allocator.plan.folder import refuse_other_content

        if out is not None:
            refuse_other_content(out)
        read = load_plan(plan)
        case = _case(read, instance, scenarios, number, chosen.get("seed", 0))
        with stopped_like_ctrl_c():
            found = run.evaluate(
                read,
                case,
                samples=samples,
                sample_size=sample_size,
                worth=worth,
                limits=limits_of(chosen, time.monotonic() - began),
                progress=progress,
            )
        if out is not None:
            found.plan.save(out)
    return _reply(found, case, out)


def _check_choice(scenarios: Path | None, number: int | None) -> None:
    if scenarios is not None and number is not None:
        raise UsageError.because(
            "scenarios are either read or drawn",
            where="--number",
            action="give --scenarios or --number, not both",
            code="E2333",
        )


def _case(
    plan: Any, instance: Path | None, scenarios: Path | None, number: int | None, seed: int
) -> Instance:
    if scenarios is not None:
        from allocator.instance import load

        return load(scenarios)
    case = case_of_plan(plan, instance)
    if number is None:
        return case
    from allocator.generate.scenarios import drawn

    return drawn(case, number, seed)


def _reply(found: Evaluation, case: Instance, out: Path | None) -> Reply:
    from allocator.report.assessment import evaluation_text, worth_lines

    plan, as_json = found.plan, bool(click.get_current_context().params.get("as_json"))
    shown, wide = plan.replace(path=out), width()
    text = evaluation_text(shown, found.planned, found.intervals, case, wide)
    more = worth_lines(plan, found.gaps, found.samples, found.stochastic, found.information, wide)
    return Reply(
        text="" if as_json else "\n\n".join(part for part in (text, "\n".join(more)) if part),
        data=_data(found) if as_json else {},
        errors=faults(shown),
        status="interrupted" if plan.status.termination == "interrupted" else plan.status.plan,
        exit_code=exit_code(plan),
    )


def _data(found: Evaluation) -> Mapping[str, object]:
    return {
        "goals": {goal.name: goal.value for goal in found.plan.goals},
        "planned": dict(found.planned),
        "intervals": {name: asdict(one) for name, one in found.intervals.items()},
        "samples": found.samples,
        "gaps": [_finite(asdict(one)) for one in found.gaps],
        "stochastic": dict(found.stochastic),
        "information": dict(found.information),
        "summary": dict(found.plan.summary),
        "outcomes": records(found.plan.outcomes),
    }


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """Replace what is not known by null."""
    most = values["most"]
    return {**values, "most": most if most < float("inf") else None}
