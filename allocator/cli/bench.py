"""`allocator bench`: list, run and report benchmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from allocator.cli import options
from allocator.cli.envelope import Reply, run_command
from allocator.cli.layout import table
from allocator.errors import Fault, UsageError

if TYPE_CHECKING:
    from allocator.bench.suite import Row


@click.group()
def bench() -> None:
    """Run the registered benchmarks and report them.

    \b
    Examples:
      allocator bench list
      allocator bench run dispatch-size --json > size.json
      allocator bench run ventilators --only 'u0.5*'
      allocator bench report size.json
    """


@bench.command("list")
@click.argument("suite", default="")
@click.option("--data", type=click.Path(), help="Folder of the reference data.")
@run_command
def list_suites(suite: str, data: str | None) -> Reply:
    """List the suites, or the cases of SUITE.

    \b
    Examples:
      allocator bench list
      allocator bench list ventilators
    """
    from allocator.bench.files import data_folder, load_suite, suites
    from allocator.bench.suite import Settings

    if suite:
        cases = load_suite(suite).cases(Settings(data=data_folder(data)))
        text = table(("case", "methods"), [(one.name, ", ".join(one.methods)) for one in cases])
        described = [{"case": case.name, "methods": list(case.methods)} for case in cases]
        return Reply(text, {"suite": suite, "cases": described})
    purposes = {name: load_suite(name).purpose for name in suites()}
    text = table(("suite", "what it measures"), list(purposes.items()))
    listed = [{"suite": name, "purpose": purpose} for name, purpose in purposes.items()]
    return Reply(text, {"suites": listed})


@bench.command()
@click.argument("suite")
@click.option("--only", default="", help="Cases to run: a name, a pattern or part of a name.")
@click.option(
    "--method", "methods", multiple=True, help="A method to run; repeat it. Without it all."
)
@click.option(
    "--time-limit", type=options.DURATION, metavar="S", help="Each search: 90, 15m or 1h."
)
@click.option("--data", type=click.Path(), help="Folder of the reference data.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--fail-on", type=click.Choice(["miss"]), help="Exit 7 when a requirement is missed.")
@run_command
def run(
    suite: str,
    only: str,
    methods: tuple[str, ...],
    time_limit: float | None,
    data: str | None,
    seed: int,
    fail_on: str | None,
) -> Reply:
    """Run SUITE, one case and method after another, each in a process of its own.

    \b
    Examples:
      allocator bench run ventilators --only 'u0.5*'
      allocator bench run dispatch-size --json > size.json
      allocator bench run shanghai --only jiedao --time-limit 5m --fail-on miss
      allocator bench run cvrp --only '*-s0' --method allocator --method pyvrp
    """
    from allocator.bench.files import data_folder, load_suite
    from allocator.bench.machine import environment
    from allocator.bench.runner import run_suite
    from allocator.bench.suite import Settings
    from allocator.bench.table import section

    settings = Settings(data_folder(data), time_limit, seed)
    facts = environment(settings)
    done = run_suite(suite, settings, only, _show, methods)
    rows = [row.as_dict() for row in done.rows]
    document = {
        "suite": suite,
        "rows": rows,
        "environment": facts,
        "notes": list(load_suite(suite).notes),
    }
    if done.interrupted:
        fault = Fault("E8001", "error", "", "", "the run was interrupted", "rows so far are kept")
        return Reply(section(document), document, errors=(fault,), exit_code=130)
    missed = [row for row in done.rows if row.within is False or row.note.startswith("failed")]
    return Reply(section(document), document, exit_code=7 if fail_on and missed else 0)


def _show(row: Row) -> None:
    seconds = sum(row.seconds.values())
    within = {True: "within", False: "NOT WITHIN", None: ""}[row.within]
    value = "" if row.value is None else f"{row.value:,.6g}"
    words = [f"{row.case:24}", f"{row.method:12}", f"{seconds:8.1f} s", value, within, row.note]
    click.echo("  ".join(word for word in words if word), err=True)


@bench.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@run_command
def report(files: tuple[str, ...]) -> Reply:
    """Make a Markdown report of FILES written by `bench run --json`, runs of a suite as one.

    \b
    Examples:
      allocator bench report size.json
      allocator bench report cvrp-1.json cvrp-2.json > report.md
    """
    from allocator.bench.merge import merged
    from allocator.bench.table import report as markdown

    documents = merged([_document(name) for name in files])
    return Reply(markdown(documents), {"markdown": markdown(documents)})


def _document(name: str) -> dict[str, object]:
    import json
    from pathlib import Path

    try:
        data = json.loads(Path(name).read_text(encoding="utf-8"))["data"]
        return {key: data[key] for key in ("suite", "rows", "environment", "notes")}
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError.because(
            "not a result of bench run --json",
            where=name,
            action="write it with: allocator bench run SUITE --json > FILE",
            code="E2406",
        ) from error
