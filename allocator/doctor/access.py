"""Needs that goods cannot reach, grouped by the rule that keeps them away."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from allocator.doctor.finding import CODES, Finding
from allocator.doctor.lifts import blocking_rule
from allocator.doctor.repairs import cheapest
from allocator.doctor.words import count, number, periods, some
from allocator.instance.lanes import Bools, Ints
from allocator.instance.network import Network

_WHY: Mapping[str, str] = {
    "W3201": "no vehicle is permitted to run a lane to them",
    "W3202": "the goods on their lanes are earmarked for others",
    "W3203": "only owners not vetted hold the goods",
    "W3204": "their lanes are not open when goods could leave",
    "W3205": "only closed or candidate sites could serve them",
    "W3206": "the goods expire before they can be there",
    "W3207": "goods cannot be there in time",
    "W3208": "no chain of lanes leads there from a place that holds the goods",
    "W3209": "several rules together keep the goods away",
}


def access_findings(net: Network, can: Bools) -> list[Finding]:
    """Return one finding a rule; `can` says for each need whether goods can be there."""
    blocked = np.flatnonzero(~can)
    if not len(blocked):
        return []
    reason = blocking_rule(net, blocked)
    codes = [code for code in CODES if code in _WHY and (reason == code).any()]
    return [_finding(net, code, blocked[reason == code]) for code in codes]


def _finding(net: Network, code: str, rows: Ints) -> Finding:
    needs = net.needs
    places = np.unique(needs.place[rows])
    people = people_at(net, rows)
    items = net.items.ids[np.unique(needs.item[rows])]
    towns = count(len(places), "place")
    what = (
        f"{count(len(rows), 'need')} at {towns} ({number(people.sum())} people) in "
        f"{periods(needs.period[rows].tolist())} cannot be met: {_WHY[code]}. Items: {some(items)}."
    )
    numbers = {"needs": len(rows), "places": len(places), "people": float(people.sum())}
    repair = cheapest(net, code, rows)
    return Finding(code, what, numbers, repair, examples=worst(net, rows, people))


def people_at(net: Network, rows: Ints) -> np.ndarray:
    """Return people a place (all places): the most that any of the needs concerns there."""
    people = np.zeros(len(net.places.ids))
    np.maximum.at(people, net.needs.place[rows], net.needs.people[rows])
    return people


def worst(net: Network, rows: Ints, people: np.ndarray, most: int = 5) -> tuple[str, ...]:
    """Return the places with most people, with their items and periods."""
    order = [p for p in np.argsort(-people, kind="stable")[:most] if people[p] > 0]
    return tuple(
        _example(net, rows[net.needs.place[rows] == place], int(place), people) for place in order
    )


def _example(net: Network, rows: Ints, place: int, people: np.ndarray) -> str:
    items = net.items.ids[np.unique(net.needs.item[rows])]
    when = periods(net.needs.period[rows].tolist())
    return f"{net.places.ids[place]}: {some(items, 3)}, {when}, {number(people[place])} people"
