"""`allocator init`: begin with an instance of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from allocator.cli.envelope import Reply, run_command
from allocator.errors import UsageError

HELP = """
\b
Examples:
  allocator init my-city
  allocator init --excel my-city.xlsx

Start a new instance: a small folder with comments that can be solved as it is, or an empty
workbook with a sheet a table and notes on every field.
"""


@click.command(help=HELP)
@click.argument("folder", type=click.Path(), required=False)
@click.option(
    "--excel", type=click.Path(), metavar="FILE.xlsx", help="Write a workbook to fill in."
)
@run_command
def init(folder: str | None, excel: str | None) -> Reply:
    """Write a starter instance or a template."""
    if (folder is None) == (excel is None):
        raise UsageError.because(
            "name either a folder or a workbook",
            action="allocator init my-city, or allocator init --excel my-city.xlsx",
            code="E2101",
        )
    return _folder(Path(folder)) if folder is not None else _workbook(Path(str(excel)))


def _folder(folder: Path) -> Reply:
    from allocator.instance.starter import write_starter

    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise _taken(folder)
    instance = write_starter(folder)
    text = f"{folder} is ready. Next:\n  allocator validate {folder}\n  allocator dispatch {folder}"
    rows = {table: len(frame) for table, frame in instance.tables.items() if len(frame)}
    return Reply(text, {"path": folder, "rows": rows})


def _workbook(path: Path) -> Reply:
    from allocator.instance.template import write_template

    if path.suffix.casefold() != ".xlsx":
        raise UsageError.because(
            "a workbook is called .xlsx",
            where=str(path),
            action="choose a name such as my-city.xlsx",
            code="E2103",
        )
    if path.exists():
        raise _taken(path)
    write_template(path)
    text = f"{path} is ready. Fill it in, then:\n  allocator validate {path}"
    return Reply(text, {"path": path})


def _taken(path: Path) -> UsageError:
    return UsageError.because(
        "there is something already", where=str(path), action="choose another name", code="E2102"
    )
