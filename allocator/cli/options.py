"""Options that several commands take, worded once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from allocator.cli.settings import seconds


class Duration(click.ParamType[float]):
    """Seconds, read from 90, 15m or 1h."""

    name = "seconds"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the seconds."""
        try:
            return seconds(value)
        except ValueError as error:
            self.fail(f"{value!r} is not {error}", param, ctx)


DURATION = Duration()
Command = Callable[..., Any]
PATH = click.Path(path_type=Path)
INSTANCE = click.argument("instance", type=PATH)
SCENARIO = click.option(
    "--scenario", default="", metavar="ID", help="Apply a scenario of the instance."
)
SET = click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="A policy key.")
QUIET = click.option("--quiet", is_flag=True, help="No progress.")
TIME_LIMIT = click.option("--time-limit", metavar="S", help="Wall clock of the run: 90, 15m or 1h.")
GAP = click.option(
    "--gap", metavar="G", help="Share of a goal at which to stop.  [default: 0.0001]"
)
SEED = click.option("--seed", metavar="N", help="Seed of every random choice.  [default: 0]")


def out(default: str) -> Callable[[Command], Command]:
    """Return the option of the folder to write, with its default in words."""
    return click.option("--out", type=PATH, help=f"Folder of the plan.  [default: {default}]")


def work_limit(what: str = "Solver work; gives the same plan anywhere.") -> Command:
    """Return the option of the work limit."""
    return click.option("--work-limit", metavar="N", help=what)


def start(what: str) -> Command:
    """Return the option of an earlier plan."""
    return click.option("--start", type=PATH, metavar="PLAN", help=what)


def most(usual: int, what: str) -> Command:
    """Return the option of how much to show."""
    number = click.IntRange(min=0)
    return click.option(
        "--most", type=number, metavar="N", default=usual, help=what, show_default=True
    )


def workers(what: str) -> Command:
    """Return the option of the workers."""
    return click.option("--workers", metavar="N", help=what)


def fail_on(example: str, kinds: str = "shortage, unproven, gap=0.01") -> Command:
    """Return the option of thresholds; `example` is a goal with the most it may be."""
    text = f"Exit 7 on: {kinds}, or a goal above a value, as {example}."
    return click.option("--fail-on", multiple=True, metavar="WHAT", help=text)
