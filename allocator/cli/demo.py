"""`allocator demo`: the main job on a ready-made instance."""

from __future__ import annotations

from pathlib import Path

import click

from allocator.cli import options
from allocator.cli.dispatch import solved
from allocator.cli.envelope import Reply, run_command
from allocator.cli.request import Request

HELP = """
\b
Examples:
  allocator demo
  allocator demo --out plans/first

Solve a ready-made instance and show the plan: the 16 districts of Shanghai in April 2022 in a
checkout of the repository, else the tiny instance that comes with the package.
"""
DISTRICT = Path("instances") / "shanghai-2022" / "district"


@click.command(help=HELP)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("plans") / "demo",
    show_default=True,
    help="Folder of the plan.",
)
@options.TIME_LIMIT
@options.QUIET
@run_command
def demo(out: Path, time_limit: str | None, quiet: bool) -> Reply:
    """Solve a ready-made instance."""
    return solved(Request(demo_instance(), out, {"time_limit": time_limit}, quiet=quiet))


def demo_instance() -> Path:
    """Return the district instance of a checkout, else the packaged tiny one."""
    from allocator.resources import tiny_instance_path

    district = Path(__file__).resolve().parents[2] / DISTRICT
    return district if district.is_dir() else tiny_instance_path()
