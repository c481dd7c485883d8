"""Rules of the first stage about reach: coverage, days set apart, assignments (section 3)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.check.flow import served
from allocator.check.ground import Bools, Floats, Ints, lookup
from allocator.check.preposition_ground import Stage
from allocator.check.preposition_scenarios import Scenarios
from allocator.check.preposition_stage import Chosen
from allocator.check.rows import words
from allocator.check.verdict import Findings
from allocator.plan.precision import tolerance

_NAMED = 3  # places named in a message about several


def check_reach(found: Findings, stage: Stage, scenarios: Scenarios, chosen: Chosen) -> None:
    """Check coverage, days of need set apart, and assignments."""
    policy = stage.ground.instance.policy
    if policy.coverage_minutes is not None:
        _coverage(found, stage, scenarios, chosen, policy.coverage_minutes)
    if policy.reserve_days > 0:
        _days(found, stage, scenarios, chosen)
    if policy.single_sourcing:
        _assigned(found, stage, scenarios, chosen)


def _reach(
    stage: Stage, scenarios: Scenarios, sites: Ints, places: Ints, minutes: float | None
) -> Bools:
    """Return sites x places: joined by a lane within the minutes, before any scenario."""
    origin, target = np.repeat(sites, len(places)), np.tile(places, len(sites))
    figures = scenarios.ways.base(origin, target)
    most = stage.ground.instance.policy.time_standard
    for limit in (minutes, most):
        if limit is not None:
            figures.there[figures.minutes > limit + 1e-9 * max(1.0, limit)] = False
    return figures.there.reshape(len(sites), len(places))


def _coverage(
    found: Findings, stage: Stage, scenarios: Scenarios, chosen: Chosen, minutes: float
) -> None:
    policy, ground = stage.ground.instance.policy, stage.ground
    towns = np.flatnonzero(~ground.places.is_site)
    sites = np.flatnonzero(chosen.open)
    base = np.zeros(len(towns))
    if policy.coverage_item:
        item = int(lookup(ground.items.index, pd.Series([policy.coverage_item]))[0])
        base = _base(scenarios, towns * len(ground.items) + item)
        towns, base = towns[base > 0], base[base > 0]
    reach = _reach(stage, scenarios, sites, towns, minutes)
    people = ground.places.people[towns]
    if not policy.coverage_item:
        share = reach.any(axis=0).astype(float)
    else:
        asked = base * policy.coverage_share if policy.coverage_each else base
        order = np.argsort(-people / base, kind="stable")
        share = served(chosen.stock[sites, item], asked, reach, order) / base
    if policy.coverage_each:
        _each_covered(found, stage, towns, share, base)
        return
    lack = policy.coverage_share * people.sum() - float(people @ share)
    if lack > tolerance(people.sum()):
        message = f"{people @ share:,.6g} of {people.sum():,.6g} people are covered"
        found.add_one("coverage", "policy:coverage_share", lack, message)


def _each_covered(found: Findings, stage: Stage, towns: Ints, share: Floats, base: Floats) -> None:
    asked = stage.ground.instance.policy.coverage_share
    lack = asked - share
    bad = np.flatnonzero(lack * np.maximum(base, 1.0) > tolerance(base))
    people = stage.ground.places.people[towns[bad]]
    lines = words(
        "{} is covered to {:.4g}, the policy asks for {:g}",
        stage.ground.place_names(towns[bad]),
        share[bad],
        np.full(len(bad), asked),
    )
    found.add("coverage", "communities", towns[bad], lack[bad] * people, lines)


def _base(scenarios: Scenarios, group: Ints) -> Floats:
    """Return the reference need of groups."""
    at = scenarios.need.find(group)
    return np.where(at >= 0, np.append(scenarios.base, 0.0)[at], 0.0)


def _days(found: Findings, stage: Stage, scenarios: Scenarios, chosen: Chosen) -> None:
    """Compare what can be set apart for each place with its days of need, item by item."""
    ground = stage.ground
    share = ground.instance.policy.reserve_days / float(ground.days.sum())
    sites = np.flatnonzero(chosen.open)
    for item in np.unique(scenarios.need.item).tolist():
        mine = np.flatnonzero((scenarios.need.item == item) & (scenarios.base > 0))
        places, demand = scenarios.need.place[mine], share * scenarios.base[mine]
        reach = _reach(stage, scenarios, sites, places, None)
        stock = chosen.stock[sites, item]
        lack = demand - served(stock, demand, reach, np.argsort(reach.sum(axis=0), kind="stable"))
        if lack.sum() > tolerance(demand.sum(), len(demand)):
            name = ground.item_names(np.array([item]))[0]
            short = np.flatnonzero(lack > 1e-6)
            most = short[np.argsort(-lack[short], kind="stable")][:_NAMED]
            who = ", ".join(ground.place_names(places[most]))
            message = f"{lack.sum():g} {name} cannot be set apart within reach of {who}"
            found.add_one("days", "policy:reserve_days", float(lack.sum()), message)


def _assigned(found: Findings, stage: Stage, scenarios: Scenarios, chosen: Chosen) -> None:
    ground = stage.ground
    place = np.flatnonzero(chosen.assigned >= 0)
    site = chosen.assigned[place]
    figures, standard = scenarios.ways.base(site, place), ground.instance.policy.time_standard
    there = figures.there
    if standard is not None:
        there = there & (figures.minutes <= standard + 1e-9 * max(1.0, standard))
    for bad, why in (
        (~chosen.open[site], "{} is assigned to {}, which is not open"),
        (chosen.open[site] & ~there, "{} is assigned to {}, but no lane joins them in time"),
    ):
        lines = words(why, ground.place_names(place[bad]), ground.place_names(site[bad]))
        size = np.ones(int(bad.sum()))
        found.add("assign", "assignments", chosen.assigned_line[place[bad]], size, lines)
