"""`allocator preposition`: decide what to hold in reserve, and where, before it is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allocator.cli import options
from allocator.cli.envelope import Reply, run_command
from allocator.cli.request import Request, answered
from allocator.cli.settings import policy_settings

if TYPE_CHECKING:
    from allocator.instance import Instance
    from allocator.plan import Plan

HELP = """
\b
Examples:
  allocator preposition my-city
  allocator preposition my-city --out plans/reserves --time-limit 15m
  allocator preposition my-city --set reserve_budget=2000000
  allocator preposition my-city --set risk=cvar --set risk_level=0.95
  allocator preposition my-city --method benders --fail-on critical=500

Decide which sites to open and at which size, what to stock where and which suppliers to bind, so
that the answer to every scenario that may come is good. INSTANCE is a folder, or a .zip, .json or
.xlsx; its scenarios are what may come (allocator generate scenarios draws some). The plan is a
folder of tables: OUT, or plans/NAME-reserves here, where an earlier plan is replaced.

\b
Then:
  allocator explain PLAN                  why sites are open, who goes without
  allocator evaluate PLAN --number 1000   the same plan in other scenarios
  allocator assess INSTANCE --plan PLAN   against the reserves of today

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


@click.command(help=HELP)
@options.INSTANCE
@options.out("plans/NAME-reserves")
@click.option("--method", default="auto", help="auto, extensive or benders.  [default: auto]")
@options.TIME_LIMIT
@options.work_limit()
@options.GAP
@options.SEED
@options.workers("Threads, or a cluster: dask://host:port.")
@options.SET
@options.fail_on("critical=0")
@options.QUIET
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
    policy, cluster = policy_settings(assignments, {}), _cluster(flags)
    request = Request(instance, out, flags, policy=policy, fail_on=fail_on, quiet=quiet)

    def make(case: Instance, how: dict[str, Any]) -> Plan:
        from allocator import run

        return run.preposition(case, method=method, cluster=cluster, **how)

    return answered(request, "reserves", lambda case: list(case.policy.reserve_goals), make)


def _cluster(flags: dict[str, str | None]) -> str:
    """Take the address of a cluster out of the flags; a number of threads stays."""
    workers = flags.get("workers") or ""
    if not workers.startswith("dask://"):
        return ""
    flags["workers"] = None
    return workers
