"""`allocator import`: a workbook, zip or JSON file as an instance of its own."""

from __future__ import annotations

import click

from allocator.cli.envelope import Reply, run_command

HELP = """
\b
Examples:
  allocator import filled-in.xlsx my-city
  allocator import my-city.zip my-city

Check a workbook, a .zip, a .json or a folder and write it as an instance: a folder, or what the
ending of OUT says. Text in GB18030, semicolons and decimal commas are understood, points in
GCJ-02 or BD-09 become WGS-84.
"""


@click.command("import", help=HELP)
@click.argument("file", type=click.Path())
@click.argument("out", type=click.Path())
@run_command
def import_(file: str, out: str) -> Reply:
    """Check what is given and write it as an instance."""
    from allocator.cli.export import repack

    return repack(file, out)
