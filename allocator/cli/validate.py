"""`allocator validate`: check an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from allocator.cli.envelope import Reply, run_command
from allocator.cli.layout import wrapped
from allocator.errors import InstanceError

if TYPE_CHECKING:
    from allocator.instance import Report

HELP = """
\b
Examples:
  allocator validate my-city
  allocator validate my-city.xlsx
  allocator validate my-city --json

Check an instance: a folder, or a .zip, .json or .xlsx. Every fault is listed at once, with its
file, row and column, what is wrong and what to do about it.

Exit 0 when it is valid, whatever the warnings; exit 3 when it is not.
"""


@click.command(help=HELP)
@click.argument("instance", type=click.Path())
@run_command
def validate(instance: str) -> Reply:
    """Check an instance."""
    from allocator.instance import validate as examine

    report = examine(instance)
    imputed = report.notes.get("imputed", {})
    data = {"valid": report.valid, "rows": dict(report.rows), "imputed": dict(imputed)}
    if report.valid:
        return Reply(_summary(instance, report), data, report.warnings)
    # For people the faults are the result; the envelope has a place of its own for them.
    as_json = bool(click.get_current_context().params.get("as_json"))
    listed = [*map(str, report.faults), f"{instance} is not valid: {_count(report)}"]
    return Reply(
        text="\n".join(listed),
        data=data,
        warnings=report.warnings,
        errors=report.faults if as_json else (),
        status="error",
        exit_code=InstanceError.exit_code,
    )


def _count(report: Report) -> str:
    number = len(report.faults)
    return f"{number} fault{'s' if number > 1 else ''}"


def _summary(instance: str, report: Report) -> str:
    rows = ", ".join(f"{count:,} {table}" for table, count in report.rows.items())
    lines = [f"{instance} is valid: {rows}"]
    imputed = report.notes.get("imputed", {})
    lines += [f"filled in: {field} in {count:,} rows" for field, count in imputed.items()]
    if "crs" in report.notes:
        crs = report.notes["crs"]
        lines.append(f"converted: {crs['points']:,} points from {crs['converted_from']} to WGS-84")
    return wrapped("\n".join(lines))
