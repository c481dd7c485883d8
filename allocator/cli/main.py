"""The entry point of the command line: the table of its verbs."""

from __future__ import annotations

import sys

import click

from allocator._version import __version__
from allocator.cli.lazy import LazyGroup, Verb

VERBS = {
    "init": Verb("allocator.cli.init:init", "Start a new instance folder."),
    "validate": Verb("allocator.cli.validate:validate", "Check that an instance is valid."),
    "doctor": Verb("allocator.cli.doctor:doctor", "Say what no plan can do; doubtful data."),
    "preposition": Verb(
        "allocator.cli.preposition:preposition", "Decide what to hold in reserve, and where."
    ),
    "dispatch": Verb("allocator.cli.dispatch:dispatch", "Decide what goes where, and when."),
    "staff": Verb("allocator.cli.staff:staff", "Decide who works where and when."),
    "admit": Verb("allocator.cli.admit:admit", "Decide who is treated where, and when."),
    "route": Verb(
        "allocator.cli.route:route", "Turn what a period sends into routes a driver can run."
    ),
    "plan": Verb("allocator.cli.plan:plan", "Dispatch, then the routes of its periods."),
    "check": Verb("allocator.cli.check:check", "Judge a plan from its instance alone."),
    "explain": Verb("allocator.cli.explain:explain", "Say why a shortage is there."),
    "assess": Verb(
        "allocator.cli.assess:assess", "Score the reserves there are, or a plan of yours."
    ),
    "evaluate": Verb(
        "allocator.cli.evaluate:evaluate", "Try a plan of reserves in other scenarios."
    ),
    "report": Verb("allocator.cli.report:report", "A plan to read, to print, or for a map."),
    "compare": Verb("allocator.cli.compare:compare", "Set plans side by side."),
    "alternatives": Verb(
        "allocator.cli.alternatives:alternatives",
        "The trade-off of two goals of routes; what rules cost.",
    ),
    "generate": Verb("allocator.cli.generate:generate", "Make an instance of any size."),
    "export": Verb("allocator.cli.export:export", "Pack an instance into one file."),
    "import": Verb("allocator.cli.import_:import_", "Turn a workbook or zip into an instance."),
    "roads": Verb(
        "allocator.cli.roads:roads", "Travel times of OSRM or Valhalla into an instance."
    ),
    "schema": Verb("allocator.cli.schema:schema", "List tables, fields, units and defaults."),
    "solvers": Verb("allocator.cli.solvers:solvers", "List the solvers and their versions."),
    "bench": Verb("allocator.cli.bench:bench", "Run the registered benchmarks."),
    "demo": Verb("allocator.cli.demo:demo", "Solve a ready-made instance and show the plan."),
}

HELP = """
\b
Examples:
  allocator demo
  allocator init my-city
  allocator validate my-city
  allocator dispatch my-city --out plans/monday --time-limit 60
  allocator explain plans/monday C1
  allocator preposition my-city --out plans/reserves

Decide how emergency resources reach communities, and say why.

Results go to stdout and messages to stderr. Every command takes --json and --help.
"""

cli = LazyGroup(name="allocator", verbs=VERBS, help=HELP)
click.version_option(__version__, prog_name="allocator")(cli)


def main() -> None:
    """Run the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show a character must not cost the user the answer.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    cli.main(prog_name="allocator")
