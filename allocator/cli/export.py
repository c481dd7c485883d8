"""`allocator export`: an instance in another packing, or its program for other solvers."""

from __future__ import annotations

from pathlib import Path

import click

from allocator.cli.envelope import Reply, run_command
from allocator.cli.layout import wrapped
from allocator.cli.progress import busy
from allocator.errors import UsageError

HELP = """
\b
Examples:
  allocator export my-city my-city.xlsx
  allocator export my-city my-city.zip
  allocator export my-city my-city.json
  allocator export my-city.json my-city
  allocator export my-city --mps my-city-mps --solve

Write an instance as a workbook, a .zip, one .json or a folder; the ending of OUT says which.
Nothing is lost, and the same instance always gives the same bytes.

With --mps, write the program of dispatch into the folder DIR instead: one MPS file a goal, which
any solver reads. With --solve each file holds the goals before it, as rows goal[...].
"""


@click.command(help=HELP)
@click.argument("instance", type=click.Path())
@click.argument("out", type=click.Path(), required=False)
@click.option("--mps", metavar="DIR", type=click.Path(path_type=Path), help="Folder of MPS files.")
@click.option("--solve", is_flag=True, help="With --mps: solve, and hold the earlier goals.")
@run_command
def export(instance: str, out: str | None, mps: Path | None, solve: bool) -> Reply:
    """Write an instance in another packing, or its program."""
    if (out is None) == (mps is None) or (solve and mps is None):
        raise UsageError.because(
            "what to write is not clear",
            where="allocator export",
            action="give OUT, or --mps DIR and if you like --solve",
            code="E2141",
        )
    return write_programs(instance, mps, solve) if mps else repack(instance, str(out))


def write_programs(source: str, folder: Path, solve: bool) -> Reply:
    """Write one MPS file a goal and say where they are."""
    from allocator.instance import load
    from allocator.models.dispatch.export import write_goals

    if folder.exists() and not folder.is_dir():
        raise UsageError.because("this is no folder", where=str(folder), code="E2142")
    with busy("writing the program of every goal"):
        instance = load(source)
        paths = [str(path) for path in write_goals(instance, folder, solve)]
    return Reply("\n".join(paths), {"paths": paths}, instance.notes["warnings"])


def repack(source: str, out: str) -> Reply:
    """Load an instance, write it to `out` and say what was written."""
    from allocator.instance import instance_hash, load, save

    instance = load(source)
    path = save(instance, out)
    rows = {table: len(frame) for table, frame in instance.tables.items() if len(frame)}
    text = wrapped(
        f"{path} holds {', '.join(f'{count:,} {table}' for table, count in rows.items())}"
    )
    data = {"path": path, "rows": rows, "hash": instance_hash(instance)}
    return Reply(wrapped(text), data, instance.notes["warnings"])
