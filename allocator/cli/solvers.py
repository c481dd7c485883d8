"""`allocator solvers`: the solvers of this machine."""

from __future__ import annotations

import click

from allocator.cli.envelope import Reply, run_command
from allocator.cli.layout import table

HELP = """
\b
Examples:
  allocator solvers
  allocator solvers --all
  allocator solvers --routers
  allocator dispatch my-city --model my_model.py --solver pulp:PULP_CBC_CMD

List the solvers of this machine. The names are what --solver takes. --routers shows which rules
and goals of routes each router can express; allocator route chooses among them, and --router
forces one.
"""


@click.command(help=HELP)
@click.option("--all", "everything", is_flag=True, help="Show also what is not installed.")
@click.option("--routers", is_flag=True, help="Show what each router can express.")
@run_command
def solvers(everything: bool, routers: bool) -> Reply:
    """List the solvers, their versions and what they are used for."""
    if routers:
        return _routers()
    from allocator.engine.solvers import solvers as known

    found = known()
    shown = [solver for solver in found if solver.available or everything]
    rows = [
        (s.name or "-", s.solver, s.version if s.available else "not installed", s.used_for)
        for s in shown
    ]
    text = table(("name", "solver", "version", "used for"), rows)
    return Reply(text=text, data={"solvers": [solver.as_dict() for solver in found]})


def _routers() -> Reply:
    """Tell the rules and goals of routes each router can express."""
    from allocator.models.route.capabilities import table as capabilities

    rows = capabilities()
    names = [name for name in rows[0] if name not in ("what", "meaning")]
    text = table(
        ["rule or goal", *names, "what it is"],
        [[row["what"], *(row[name] for name in names), row["meaning"]] for row in rows],
    )
    return Reply(text=text, data={"routers": rows})
