"""`allocator export`: an instance in another packing."""

from __future__ import annotations

import click

from allocator.cli.envelope import Reply, run_command

HELP = """
\b
Examples:
  allocator export my-city my-city.xlsx
  allocator export my-city my-city.zip
  allocator export my-city my-city.json
  allocator export my-city.json my-city

Write an instance as a workbook, a .zip, one .json or a folder; the ending of OUT says which.
Nothing is lost, and the same instance always gives the same bytes.
"""


@click.command(help=HELP, short_help="Write an instance as one file or as a folder.")
@click.argument("instance", type=click.Path())
@click.argument("out", type=click.Path())
@run_command
def export(instance: str, out: str) -> Reply:
    """Write an instance in another packing."""
    return repack(instance, out)


def repack(source: str, out: str) -> Reply:
    """Load an instance, write it to `out` and say what was written."""
    from allocator.instance import instance_hash, load, save

    instance = load(source)
    path = save(instance, out)
    rows = {table: len(frame) for table, frame in instance.tables.items() if len(frame)}
    text = f"{path} holds {', '.join(f'{count:,} {table}' for table, count in rows.items())}"
    data = {"path": path, "rows": rows, "hash": instance_hash(instance)}
    return Reply(text, data, instance.notes["warnings"])
