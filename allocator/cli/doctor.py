"""`allocator doctor`: arithmetic before any solve."""

from __future__ import annotations

import click

from allocator.cli.envelope import Reply, run_command
from allocator.cli.layout import width
from allocator.cli.progress import busy


@click.command()
@click.argument("instance", type=click.Path())
@run_command
def doctor(instance: str) -> Reply:
    """Say what no plan can do, where data looks wrong, and the cheapest repair, without solving.

    \b
    Examples:
      allocator doctor my-city
      allocator doctor my-city --json

    Supply against need, reach of every need, fleet hours, gate minutes, throughput, floors, pins;
    with tables of pre-positioning also reach, coverage and room of reserves in every scenario;
    with those of routes (curfews, stops, loads, ...) also what no vehicle can reach in time;
    with those of beds also who fits nowhere; with those of staff also posts nobody can stand at.

    Exit 0 when a plan may exist, whatever the warnings; exit 4 when the sums prove that none can.
    """
    from allocator.doctor import doctor as examine
    from allocator.doctor.beds import bed_findings
    from allocator.doctor.reserves import reserve_findings
    from allocator.doctor.routes import route_findings
    from allocator.doctor.staff import staff_findings
    from allocator.instance import load

    with busy("examining the instance"):
        found = load(instance)
        diagnosis = examine(found).joined(reserve_findings(found)).joined(route_findings(found))
        diagnosis = diagnosis.joined(bed_findings(found)).joined(staff_findings(found))
    return Reply(
        text=diagnosis.to_text(width()),
        data=diagnosis.as_dict(),
        errors=diagnosis.faults(),
        exit_code=0 if diagnosis.possible else 4,
    )
