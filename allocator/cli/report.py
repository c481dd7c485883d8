"""`allocator report`: a plan for people to read, print or put on a map."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from allocator.cli.envelope import Reply, run_command
from allocator.errors import UsageError

if TYPE_CHECKING:
    from allocator.plan import Plan

HELP = """
\b
Examples:
  allocator report plans/monday
  allocator report plans/routes-1 --sheets
  allocator report plans/routes-1 --sheets --route R07
  allocator report plans/routes-1 --html sheets.html
  allocator report plans/routes-1 --geojson routes.geojson

Tell of PLAN what was told when it was made. Of routes also: a sheet for each driver, to read
(--sheets) or to print (--html, one page a route, with room to sign), and the routes as lines and
the stops as points for any map program (--geojson).
"""
PATH = click.Path(path_type=Path)


@click.command(help=HELP)
@click.argument("plan", type=PATH)
@click.option("--instance", type=PATH, help="Its instance; by default the one it remembers.")
@click.option("--sheets", is_flag=True, help="What each driver does.")
@click.option("--route", "only", default="", metavar="ID", help="One route only.")
@click.option("--html", type=PATH, metavar="FILE", help="Write the sheets as a page to print.")
@click.option("--geojson", type=PATH, metavar="FILE", help="Write lines and points for a map.")
@run_command
def report(
    plan: Path,
    instance: Path | None,
    sheets: bool,
    only: str,
    html: Path | None,
    geojson: Path | None,
) -> Reply:
    """Tell of a plan."""
    from allocator.cli.check import case_of_plan
    from allocator.cli.layout import width
    from allocator.plan import load_plan
    from allocator.report import summary_text

    read = load_plan(plan)
    case = case_of_plan(read, instance)
    if not (sheets or only or html or geojson):
        return Reply(text=summary_text(read, case, width()), data={"path": str(plan)})
    _refuse(read, only)
    from allocator.report.route_map import routes_geojson
    from allocator.report.route_sheets import sheets_html, sheets_text

    told, written = [], {}
    if html:
        html.write_text(sheets_html(read, case, only), encoding="utf-8", newline="\n")
        written["html"] = str(html)
    if geojson:
        text = json.dumps(routes_geojson(read, case, only), ensure_ascii=False, indent=1)
        geojson.write_text(text + "\n", encoding="utf-8", newline="\n")
        written["geojson"] = str(geojson)
    if sheets or not written:
        told.append(sheets_text(read, case, width(), only))
    told += [f"Written: {path}" for path in written.values()]
    return Reply(text="\n\n".join(told), data={"path": str(plan), **written})


def _refuse(plan: Plan, only: str) -> None:
    """Refuse sheets of what is no plan of routes, and a route it does not have."""
    if plan.decision != "route":
        raise UsageError.because(
            "only routes have sheets and lines",
            where=str(plan.path or ""),
            value=plan.decision,
            action="name a plan of allocator route",
            code="E2354",
        )
    routes = sorted(set(plan["routes"]["route"]))
    if only and only not in routes:
        raise UsageError.because(
            "the plan has no such route",
            where="--route",
            value=only,
            action=f"choose from {', '.join(routes[:20])}",
            code="E2355",
        )
