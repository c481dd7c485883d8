"""`allocator alternatives`: the plans that no other one beats, and what each rule costs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allocator.cli import options
from allocator.cli.envelope import Reply, run_command
from allocator.cli.layout import records, table
from allocator.cli.progress import ProgressLines
from allocator.cli.request import Request, case_of, limits_of
from allocator.cli.settings import policy_settings, run_settings
from allocator.errors import Fault, InterruptedRun

if TYPE_CHECKING:
    from allocator.runs.route_weighed import Weighed

HELP = """
\b
Examples:
  allocator alternatives my-city --period 1 --time-limit 5m
  allocator alternatives my-city --plan plans/monday --out plans/curve
  allocator alternatives my-city --period 1 --terms cost,latest_arrival
  allocator alternatives my-city --period 1 --prices --time-limit 10m

The whole trade-off of two terms of routes, people met (exposure) against kilometres by default:
plans that all leave as little behind as the best, none of them beaten by another in both terms.
With --out every plan of the curve is written (OUT/1, OUT/2 ...), each judged; --prices adds what
the goals gain when one rule at a time (permits, windows, clean before sealed ...) is taken away.
"""
PATH = click.Path(path_type=Path)


@click.command(help=HELP)
@click.argument("instance", type=PATH)
@click.option("--plan", type=PATH, help="The dispatch whose shipments are routed.")
@click.option("--period", default=1, show_default=True, help="The period to route.")
@click.option("--terms", default="distance,exposure", show_default=True, help="The two terms.")
@click.option("--points", default=9, show_default=True, help="Searches at most.")
@click.option("--prices", "rules", is_flag=True, help="Also what each rule costs.")
@click.option("--router", default="", metavar="NAME", help="Which router.  [default: the policy]")
@click.option("--out", type=PATH, help="Folder for the plans of the curve.")
@options.TIME_LIMIT
@options.work_limit("Iterations of every search.")
@options.SEED
@options.workers("Processes that search side by side.")
@options.SET
@options.QUIET
@run_command
def alternatives(
    instance: Path,
    plan: Path | None,
    period: int,
    terms: str,
    points: int,
    rules: bool,
    router: str,
    out: Path | None,
    assignments: tuple[str, ...],
    quiet: bool,
    **flags: str | None,
) -> Reply:
    """Weigh routes and tell of the curve."""
    began = time.monotonic()
    request = Request(instance, out, policy=policy_settings(assignments, {}), quiet=quiet)
    chosen = run_settings(flags)
    pair = tuple(part.strip() for part in terms.split(","))
    if len(pair) != 2:
        raise click.BadParameter("name two terms, as distance,exposure", param_hint="--terms")
    with ProgressLines(quiet) as progress:
        from allocator.runs.route_weighed import weigh

        case = case_of(request)
        limits = limits_of(chosen, time.monotonic() - began)
        wanted = (pair[0], pair[1])
        found = weigh(case, plan, period, limits, progress, wanted, points, rules, router)
    paths = _written(found, request) if out else []
    return _reply(found, paths)


def _written(found: Weighed, request: Request) -> list[str]:
    assert request.out is not None
    record = {
        "instance_path": str(request.instance.absolute()),
        "settings": dict(request.policy),
    }
    return [
        str(plan.replace(run={**plan.run, **record}).save(request.out / str(number)))
        for number, plan in enumerate(found.plans, start=1)
    ]


def _priced(prices: Any) -> list[str]:
    """Return what each rule costs, in words and units."""
    from allocator.models.route.goals import UNITS
    from allocator.models.route.prices import WORDS

    names = [str(name) for name in prices.columns[1:]]
    rows = [
        [WORDS[row["rule"]], *(_change(float(row[name])) for name in names)]
        for row in prices.to_dict("records")
    ]
    heads = ["without", *(f"{name} ({UNITS.get(name, 'weighted')})" for name in names)]
    return [
        "What each rule costs: the best plan found without it beside the one under all rules",
        table(heads, rows),
        "Goals count in their order: less of the first is worth any more of those after it.",
    ]


def _change(gain: float) -> str:
    if abs(gain) < 1e-6:
        return "the same"
    return f"{abs(gain):,.6g} {'less' if gain > 0 else 'more'}"


def _reply(found: Weighed, paths: list[str]) -> Reply:
    from allocator.report.words import count, number

    def told(frame: Any) -> str:
        return table([str(name) for name in frame.columns], frame.to_numpy().tolist())

    curve = found.table
    shown = curve.assign(
        **{f"{name}_change": curve[f"{name}_change"].map("{:+.1%}".format) for name in found.terms}
    )
    shown = shown.rename(columns={f"{name}_change": "change" for name in found.terms})
    left = number(float(found.plans[0].summary["values"]["unserved"]))
    head = f"{found.terms[0]} against {found.terms[1]}: {count(len(curve), 'plan')}"
    parts = [f"{head}, stops worth {left} left behind", told(shown)]
    if len(found.prices):
        parts += ["", *_priced(found.prices)]
    parts += paths
    faults: tuple[Fault, ...] = ()
    if found.stopped:
        rule = "the run was interrupted; the plans found so far are told"
        faults = (Fault("E8001", "error", "", "", rule, "run again for more of them"),)
    return Reply(
        text="\n".join(parts),
        data={
            "curve": records(curve),
            "prices": records(found.prices),
            "paths": paths,
        },
        errors=faults,
        exit_code=InterruptedRun.exit_code if found.stopped else 0,
    )
