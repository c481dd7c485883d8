"""Section 1 of formulation.md in plain loops: sites, lanes, needs, and what each scenario changes.

Clarity over speed: every function reads the tables of the instance row by row, in the words of
the page. Lanes are those of dispatch and are read by its own readable form.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from allocator.instance import Instance

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "dispatch"))
import dispatch_lanes
import dispatch_terms as dispatch

sys.path.pop(0)

Row = dict[str, Any]
rows = dispatch.rows
BULK = ("scenario_needs", "scenario_sites", "scenario_links", "scenario_agreements")


class Size(NamedTuple):
    """One size of a site; a throughput of None is that of the site."""

    name: str
    cost: float
    volume: float
    throughput: float | None


class Shelf(NamedTuple):
    """What `reserves` says of an item at a site."""

    minimum: float
    maximum: float
    cost: float


class Lane(NamedTuple):
    """A way from a site to a place with need; `cost` is for a unit, `cost_m3` for a m3."""

    minutes: float
    cost: float
    cost_m3: float


def bulk(instance: Instance, table: str, scenario: str) -> list[Row]:
    """Return the rows of a bulk table that belong to a scenario."""
    return [row for row in rows(instance, table) if row["scenario_id"] == scenario]


def blank(value: Any) -> bool:
    """Say whether an optional number is missing."""
    return isinstance(value, float) and math.isnan(value)


# --- the first stage --------------------------------------------------------


def sites_of(instance: Instance) -> dict[str, Row]:
    """Return existing sites and candidates by id."""
    return {row["site_id"]: row for row in rows(instance, "sites") if row["status"] != "closed"}


def sizes_of(instance: Instance, sites: dict[str, Row]) -> dict[str, list[Size]]:
    """Return the sizes of each site; an existing one without rows has one that costs nothing."""
    found: dict[str, list[Size]] = {site: [] for site in sites}
    for row in rows(instance, "sizes"):
        if row["site_id"] in sites:
            volume = math.inf if blank(row["volume_m3"]) else row["volume_m3"]
            throughput = None if blank(row["throughput_m3"]) else row["throughput_m3"]
            size = Size(row["size_id"], row["fixed_cost"], volume, throughput)
            found[row["site_id"]].append(size)
    for site, row in sites.items():
        if not found[site] and row["status"] == "open":
            found[site].append(Size("", 0.0, math.inf, None))
    return found


def shelf_of(instance: Instance, site: str, item: Row) -> Shelf:
    """Return low, high and buy of a site and item: the site's own row, else that of all sites."""
    stated = [row for row in rows(instance, "reserves") if row["item_id"] == item["item_id"]]
    for name in (site, ""):
        for row in stated:
            if row["site_id"] == name:
                maximum = math.inf if blank(row["maximum"]) else row["maximum"]
                cost = item["unit_cost"] if blank(row["unit_cost"]) else row["unit_cost"]
                return Shelf(row["minimum"], maximum, cost)
    return Shelf(0.0, 0.0 if stated else math.inf, item["unit_cost"])


def held_of(instance: Instance, sites: dict[str, Row]) -> dict[tuple[str, str], float]:
    """Return the free goods that lie at the sites today."""
    owners = {row["owner_id"]: row for row in rows(instance, "owners")}
    found: dict[tuple[str, str], float] = {}
    for row in rows(instance, "stocks"):
        owner = owners.get(row["owner_id"])
        free = row["earmark"] == "" and (owner is None or owner["terms"] == "any")
        vetted = owner is None or owner["vetted"] or instance.policy.use_unvetted
        if row["place_id"] in sites and free and vetted:
            key = row["place_id"], row["item_id"]
            found[key] = found.get(key, 0.0) + row["quantity"]
    return found


# --- what a scenario changes ------------------------------------------------


class Scene:
    """One scenario: its needs, what survives, what can leave, which lanes are open."""

    def __init__(self, instance: Instance, name: str) -> None:
        """Read the tables as the overlays leave them, then the bulk tables of the scenario."""
        changed = with_overlays(instance, name)
        self.items = {row["item_id"]: row for row in rows(changed, "items")}
        self.agreements = {row["agreement_id"]: row for row in rows(changed, "agreements")}
        self.quantities, self.people = needs_of(
            changed, self.items, bulk(instance, "scenario_needs", name), instance
        )
        self.need = need_in_all(self.quantities, self.items)
        self.lanes = lanes_of(changed, bulk(instance, "scenario_links", name))
        self.available = {name: row["available"] for name, row in self.agreements.items()}
        for row in bulk(instance, "scenario_agreements", name):
            self.available[row["agreement_id"]] = row["available"]
        self.sites = {row["site_id"]: row for row in rows(changed, "sites")}
        self.changes = bulk(instance, "scenario_sites", name)

    def rate(self, place: str, item: str) -> float:
        """Return the people short for each unit short."""
        return self.people[place, item] / self.need[place, item]

    def after(self, place: str, item: str, periods: int) -> float:
        """d(s,j,k,h): the need after the first h periods; a need without a period is after any."""
        late = {
            key: quantity
            for key, quantity in self.quantities.items()
            if key[:2] == (place, item) and (key[2] is None or key[2] > periods)
        }
        return need_in_all(late, self.items).get((place, item), 0.0)

    def survival(self, site: str, item: str) -> float:
        """Return the share of the stock that survives: of the item here, of the site, always."""
        for which in (item, ""):
            for row in self.changes:
                named = (row["site_id"], row["item_id"]) == (site, which)
                if named and not blank(row["survival"]):
                    return float(row["survival"])
        row = self.sites[site]
        return 0.0 if row["status"] == "closed" else float(row["survival"])

    def throughput(self, site: str, size: Size) -> float:
        """Return the m3 that can leave: of the size or the site, and the scenario's."""
        stated = self.sites[site]["throughput_m3"] if size.throughput is None else size.throughput
        limits = [math.inf if blank(stated) else float(stated)]
        for row in self.changes:
            if row["site_id"] == site and not blank(row["throughput_m3"]):
                limits.append(float(row["throughput_m3"]))
        return min(limits)


def with_overlays(instance: Instance, scenario: str) -> Instance:
    """Return the instance with the overlays of a scenario, without what its bulk tables say."""
    if not scenario:
        return instance
    empty = {name: instance[name].iloc[:0] for name in BULK}
    return instance.replace(validate=False, **empty).scenario(scenario)


def needs_of(
    instance: Instance,
    items: dict[str, Row],
    own: Sequence[Row] = (),
    usual_instance: Instance | None = None,
) -> tuple[dict[tuple[str, str, int | None], float], dict[tuple[str, str], float]]:
    """Return quantities by place, item and period, and the people of each place and item.

    The rows `own` of a scenario take the place of `needs`; blank people are those of `needs`.
    """
    population = {row["community_id"]: row["population"] for row in rows(instance, "communities")}
    usual = needs_of(usual_instance, items)[1] if usual_instance else {}
    quantities: dict[tuple[str, str, int | None], float] = {}
    people: dict[tuple[str, str], float] = {}
    for row in own or rows(instance, "needs"):
        if row["quantity"] <= 0:
            continue
        place, item = row["community_id"], row["item_id"]
        period = None if blank(row["period"]) else int(row["period"])
        quantities[place, item, period] = row["quantity"]
        stated = row["people"]
        if blank(stated):
            stated = usual.get((place, item), population.get(place, row["quantity"]))
        people[place, item] = max(people.get((place, item), 0.0), stated)
    return quantities, people


def need_in_all(
    quantities: dict[tuple[str, str, int | None], float], items: dict[str, Row]
) -> dict[tuple[str, str], float]:
    """d(s,j,k): the sum over the periods; of reusable items the largest."""
    found: dict[tuple[str, str], float] = {}
    for (place, item, _), quantity in quantities.items():
        before = found.get((place, item), 0.0)
        reusable = items[item]["reusable"]
        found[place, item] = max(before, quantity) if reusable else before + quantity
    return found


def lanes_of(instance: Instance, changes: Sequence[Row] = ()) -> dict[tuple[str, str], Lane]:
    """Return the lanes that are open with their figures, as rows of scenario_links change them."""
    sites = instance["sites"]
    everything = sites.assign(status=sites["status"].replace("candidate", "open"))
    opened = instance.replace(sites=everything, validate=False)
    places = dispatch.places_of(opened)
    links = {(row["from_id"], row["to_id"]): row for row in rows(instance, "links")}
    found = {}
    for lane in dispatch_lanes.lanes_of(opened, places):
        row = links.get((lane.origin, lane.target), {})
        if places[lane.origin].is_site and not row.get("closed", False):
            found[lane.origin, lane.target] = Lane(lane.minutes, lane.cost, row.get("cost_m3", 0.0))
    for place in places.values():
        if place.is_site:
            found[place.name, place.name] = Lane(0.0, 0.0, 0.0)
    return dict(changed_lanes(instance, changes, found))


def changed_lanes(
    instance: Instance, changes: Sequence[Row], lanes: dict[tuple[str, str], Lane]
) -> Iterator[tuple[tuple[str, str], Lane]]:
    """Yield the lanes a scenario leaves open within the time standard, dearer where it says so."""
    standard = instance.policy.time_standard
    for (origin, target), lane in lanes.items():
        mine = [
            row
            for row in changes
            if row["from_id"] in ("", origin) and row["to_id"] in ("", target) and origin != target
        ]
        factor = math.prod(row["factor"] for row in mine)
        changed = Lane(lane.minutes * factor, lane.cost * factor, lane.cost_m3 * factor)
        slow = standard is not None and changed.minutes > standard + 1e-9
        if not slow and not any(row["closed"] for row in mine):
            yield (origin, target), changed
