"""`allocator generate scenarios` and the instances made of scenarios."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from allocator.cli.envelope import Reply, run_command
from allocator.errors import UsageError
from allocator.generate.marginals import METHODS, Marginals, marginal_lines

if TYPE_CHECKING:
    from allocator.generate.scenarios import Reduction
    from allocator.instance import Instance

SIZE = click.IntRange(min=1)
OUT = click.option(
    "--out", type=click.Path(), help="Folder, .zip, .json or .xlsx to write.  [default: its name]"
)
SEED = click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
REDUCE = click.option(
    "--reduce", type=SIZE, help="Keep so many that stand for all; the distance is reported."
)
METHOD = click.option(
    "--method",
    type=click.Choice(METHODS),
    default=METHODS[0],
    show_default=True,
    help="Forward selection, or medoids: swaps after it.",
)


def _marginal_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for every marginal, the first one on top."""
    for name, value, meaning in reversed(marginal_lines()):
        flag = "--" + name.replace("_", "-")
        text = meaning[0].upper() + meaning[1:] + "."
        command = click.option(flag, type=float, default=value, show_default=True, help=text)(
            command
        )
    return command


@click.command(short_help="Scenarios for an instance: outbreaks, closures, losses.")
@click.argument("instance", type=click.Path())
@click.option("--number", type=SIZE, help="How many to draw.  [default: keep those there are]")
@SEED
@REDUCE
@METHOD
@_marginal_options
@OUT
@run_command
def scenarios(
    instance: str,
    number: int | None,
    seed: int,
    reduce: int | None,
    method: str,
    out: str | None,
    **figures: float,
) -> Reply:
    """Draw scenarios for an instance, and write the instance with them.

    \b
    Examples:
      allocator generate scenarios my-city --number 50 --seed 1 --out my-futures
      allocator generate scenarios my-city --number 1000 --reduce 50

    Needs are the usual ones (table needs) times a random figure of their place; sites and their
    reserves are hit, lanes closed, suppliers fail. Every figure has the marginal distribution
    stated below, and all hang together through one severity V of each place and scenario:

    \b
      V = sqrt(size) G + sqrt(place) F + sqrt(1 - size - place) E    is N(0, 1)
      G  size of the outbreak, the same everywhere
      F  how near its centre is: the share of people who live farther from
         the place than the centre, as a normal quantile; the centre is drawn
         by population
      E  noise of the place

    Needs rise with V. A site is hit, a lane closed or a supplier fails when a normal figure that
    correlates by TIE with V (of the site, of the end of the lane) or G exceeds its quantile.
    A note (scenarios/README.md) says the same beside the scenarios, and what came out.
    The first scenarios are the same whatever the number.
    """
    from allocator.generate.scenarios import drawn
    from allocator.instance import load

    if number is None and reduce is None:
        raise UsageError.because(
            "there is nothing to do",
            where="--number",
            action="say how many scenarios to draw with --number, or to keep with --reduce",
        )
    marginals = chosen_marginals(figures)
    found = load(instance)
    if number is not None:
        found = drawn(found, number, seed, marginals)
    found = found.replace(name=f"{found.name}-{reduce or number}")
    return _answer(found, number, seed, reduce, method, marginals, out)


def chosen_marginals(figures: dict[str, float]) -> Marginals:
    """Return the marginals; UsageError when a figure is out of its bounds."""
    try:
        return Marginals(**figures)
    except ValueError as error:
        raise UsageError.because(
            f"a marginal is out of bounds: {error}", action="see: allocator generate scenarios -h"
        ) from None


def _answer(
    found: Instance,
    number: int | None,
    seed: int,
    reduce: int | None,
    method: str,
    marginals: Marginals,
    out: str | None,
    readme: Callable[[Instance], str] = lambda instance: "",
) -> Reply:
    """Reduce, write and tell; a note lies beside scenarios that were drawn."""
    from allocator.generate.scenarios import note_of, reduced

    count = len(found["scenarios"])
    reduction: Reduction | None = None
    if reduce is not None:
        found, reduction = reduced(found, reduce, method)
    note = note_of(found, marginals, count, seed, reduction, method) if number else ""
    reply = written(found, out, readme(found), note)
    if reduction is None:
        return reply
    kept = {"kept": len(reduction.kept), "of": count, "method": method}
    kept |= {"distance": reduction.distance, "relative": reduction.relative}
    line = (
        f"{len(reduction.kept):,} of {count:,} scenarios: Kantorovich distance "
        f"{reduction.distance:.6g}, {reduction.relative:.1%} of that of the best single one"
    )
    return Reply(f"{reply.text}\n{line}", {**reply.data, "reduction": kept})


def written(instance: Instance, out: str | None, readme: str = "", note: str = "") -> Reply:
    """Write an instance, and say what is in it."""
    from allocator.generate.write import write_instance

    path = write_instance(instance, out or instance.name, readme, note=note)
    rows = {table: len(frame) for table, frame in instance.tables.items() if len(frame)}
    listed = ", ".join(f"{count:,} {table}" for table, count in rows.items())
    return Reply(f"{path}: {listed}", {"path": str(path), "name": instance.name, "rows": rows})


@click.command("shanghai-2022-reserves", short_help="Reserves for Shanghai: where and how much?")
@click.option("--scenarios", type=SIZE, default=50, show_default=True, help="How many to draw.")
@click.option("--seed", type=click.IntRange(min=0), default=2022, show_default=True)
@REDUCE
@METHOD
@OUT
@run_command
def reserves(scenarios: int, seed: int, reduce: int | None, method: str, out: str | None) -> Reply:
    """Make the pre-positioning case: reserves of jiedao (candidates) and warehouses of districts.

    \b
    Examples:
      allocator generate shanghai-2022-reserves --scenarios 50 --out reserves

    234 jiedao, living and medical items; its README says which figures are sourced, derived and
    assumed. The same command makes the same instance.
    """
    from allocator.generate.reserves import reserve_marginals, reserves_readme, shanghai_reserves

    found = shanghai_reserves(scenarios, seed)
    return _answer(
        found, scenarios, seed, reduce, method, reserve_marginals(), out, reserves_readme
    )
