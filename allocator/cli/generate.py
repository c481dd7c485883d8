"""`allocator generate`: make an instance by rule."""

from __future__ import annotations

from difflib import get_close_matches

import click

from allocator.cli.envelope import Reply, run_command
from allocator.cli.generate_scenarios import OUT, SIZE, reserves, scenarios, written
from allocator.errors import UsageError
from allocator.generate.options import DEFAULT_FEATURES, FEATURES, LEVELS, ROUTES, STAFF

HELP = """
\b
Examples:
  allocator generate lockdown --communities 50 --sites 5 --seed 1
  allocator generate lockdown --features default,pins,no-gates --out my-test
  allocator generate lockdown --features default,routes --out my-routes
  allocator generate lockdown --features default,staff --out my-staff
  allocator generate shanghai-2022 --level jiedao --out shanghai
  allocator generate wuhan-2020-beds --out wuhan
  allocator generate scenarios my-city --number 1000 --reduce 50

Make an instance of any size: a random town, or Shanghai in April 2022 from a table of figures; or
scenarios for an instance, for pre-positioning.
The same command makes the same instance.
"""


@click.group(help=HELP)
def generate() -> None:
    """Make an instance."""


generate.add_command(scenarios)
generate.add_command(reserves)


@generate.command(short_help="A random town under lockdown.")
@click.option("--communities", type=SIZE, default=20, show_default=True)
@click.option("--sites", type=SIZE, default=4, show_default=True)
@click.option("--items", type=SIZE, default=4, show_default=True)
@click.option("--periods", type=SIZE, default=7, show_default=True, help="Days.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--features",
    default="default",
    show_default=True,
    help="Comma-separated: names, no-NAME to leave one out, 'default' or 'all'.",
)
@OUT
@run_command
def lockdown(
    communities: int,
    sites: int,
    items: int,
    periods: int,
    seed: int,
    features: str,
    out: str | None,
) -> Reply:
    """Make a random town under lockdown in which not every need can be met.

    \b
    Examples:
      allocator generate lockdown --communities 50 --sites 5 --items 6 --seed 1
      allocator generate lockdown --features default,routes,staff --out my-town

    Hard rules never contradict each other, so that a plan always exists.

    \b
    Features: access, arrivals, community_stocks, costs, earmarks, floors,
      gates, in_transit, limits, links, owners, perishables, permits, purchases,
      reliability, reusables, vehicles, volumes, waits, weights;
      not by default: closed_sites, packs, pins, site_needs, throughput,
      whole_trips; by their names only: routes (hours, curfews and costs of the
      day) and staff (workers, shifts and posts).
    """
    chosen = _features(features)
    from allocator.generate.lockdown import lockdown as make

    return written(make(communities, sites, items, periods, seed, chosen), out)


@generate.command("shanghai-2022", short_help="Shanghai, 1 to 14 April 2022.")
@click.option("--level", type=click.Choice(LEVELS), default="district", show_default=True)
@click.option("--integer", is_flag=True, help="Whole packs and whole trips.")
@click.option("--routes", is_flag=True, help="Hours, curfews and costs of the day, for routes.")
@click.option("--staff", is_flag=True, help="Workers, shifts and posts, for rosters.")
@OUT
@run_command
def shanghai(level: str, integer: bool, routes: bool, staff: bool, out: str | None) -> Reply:
    """Make the Shanghai case; its README says which figures are sourced, derived and assumed.

    \b
    Examples:
      allocator generate shanghai-2022
      allocator generate shanghai-2022 --level jiedao --integer --out shanghai

    \b
    district   16 communities
    jiedao     234 communities
    committee  6,509 communities, 1.5 million needs
    """
    from allocator.generate.shanghai import shanghai_2022, shanghai_readme

    instance = shanghai_2022(level, integer, routes, staff)
    return written(instance, out, shanghai_readme(level, instance))


@generate.command("wuhan-2020-beds", short_help="Beds of Wuhan, 23 January to 12 March 2020.")
@OUT
@run_command
def wuhan(out: str | None) -> Reply:
    """Make the case of Wuhan's beds; its README says what is sourced, derived and assumed.

    \b
    Examples:
      allocator generate wuhan-2020-beds --out wuhan
    """
    from allocator.generate.wuhan import wuhan_2020_beds, wuhan_readme

    instance = wuhan_2020_beds()
    return written(instance, out, wuhan_readme(instance))


def _features(text: str) -> frozenset[str]:
    """Read the list of features, from left to right.

    Raises:
        UsageError: A name is unknown.
    """
    chosen: frozenset[str] = frozenset()
    for word in filter(None, (part.strip() for part in text.split(","))):
        name = word.removeprefix("no-")
        group = {"default": DEFAULT_FEATURES, "all": FEATURES}.get(name, frozenset((name,)))
        known = FEATURES | {ROUTES, STAFF}
        if not group <= known:
            raise UsageError.because(
                "there is no such feature",
                where="--features",
                value=name,
                action=f"choose from {', '.join(sorted(known))}",
                suggestion=next(iter(get_close_matches(name, known, n=1)), ""),
            )
        chosen = chosen - group if word.startswith("no-") else chosen | group
    return chosen
