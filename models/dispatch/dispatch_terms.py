"""Sections 1 and 2 of formulation.md in plain loops: places, permits, lots, needs.

Clarity over speed: every function reads the tables of the instance row by row, in the words of
the page.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from allocator.instance import Instance

KEEPS = math.inf
STRICTNESS = {"open": 0, "controlled": 1, "sealed": 2}
Row = dict[str, Any]


class Place(NamedTuple):
    """A community or an open site."""

    name: str
    is_site: bool
    lat: float
    lon: float
    district: str
    zone: str
    weight: float


class Lane(NamedTuple):
    """A way from one place to another; departures from period `first` to period `last`."""

    origin: str
    target: str
    minutes: float
    km: float
    lead_periods: int | None
    cost: float
    first: int
    last: int
    reusable_only: bool


class Batch(NamedTuple):
    """Goods that are alike: same item, same last usable period, same reservation."""

    item: str
    expiry: float
    earmark: str


class Lot(NamedTuple):
    """A quantity of a batch that enters a place from outside."""

    table: str
    place: str
    batch: Batch
    period: int
    quantity: float


class Need(NamedTuple):
    """What a place needs of an item in a period; `people` need it."""

    quantity: float
    people: float
    floor_share: float


def rows(instance: Instance, table: str) -> list[Row]:
    """Return the rows of a table as dictionaries."""
    return [
        {str(key): cell for key, cell in row.items()} for row in instance[table].to_dict("records")
    ]


def minutes_of(instance: Instance) -> dict[int, float]:
    """Return the length of each period in minutes, in the order of the periods."""
    in_order = sorted(rows(instance, "periods"), key=lambda row: int(row["period"]))
    return {row["period"]: row["minutes"] for row in in_order}


def places_of(instance: Instance) -> dict[str, Place]:
    """Return the communities and the open sites by id."""
    found = {}
    for row in rows(instance, "communities"):
        weight = min(2.0, max(0.5, row["vulnerability"]))
        found[row["community_id"]] = Place(
            row["community_id"],
            False,
            row["lat"],
            row["lon"],
            row["district"],
            row["zone_id"],
            weight,
        )
    for row in rows(instance, "sites"):
        if row["status"] == "open":
            found[row["site_id"]] = Place(
                row["site_id"], True, row["lat"], row["lon"], row["district"], row["zone_id"], 1.0
            )
    return found


# --- access and permits -----------------------------------------------------


def access_classes(instance: Instance) -> dict[tuple[str, int], str]:
    """Return the class of access by place and period; open where there is none."""
    shares: dict[tuple[str, int], dict[str, float]] = {}
    for row in rows(instance, "access"):
        of_place = shares.setdefault((row["place_id"], row["period"]), {})
        of_place[row["access"]] = of_place.get(row["access"], 0.0) + row["share"]
    return {
        key: max(found, key=lambda name: (found[name], STRICTNESS[name]))
        for key, found in shares.items()
    }


def gate_shares(instance: Instance) -> dict[tuple[str, int], float]:
    """Return the share handed over at the gate by place and period; 1 where there is none."""
    shares: dict[tuple[str, int], float] = {}
    for row in rows(instance, "access"):
        key = row["place_id"], row["period"]
        shares[key] = shares.get(key, 0.0) + (row["share"] if row["access"] != "open" else 0.0)
    return {key: min(1.0, share) for key, share in shares.items()}


def has_permit(vehicle: Row, lane: Lane, target: Place, access: str) -> bool:
    """Say whether vehicles of a row may run a lane into a place of that class of access."""
    zones, classes = vehicle["zones"], vehicle["access"]
    return (
        vehicle["site_id"] in ("", lane.origin)
        and (zones == "" or target.zone == "" or target.zone in zones.split("|"))
        and (classes == "" or access in classes.split("|"))
    )


def trip_minutes(vehicle: Row, lane: Lane, zone_factor: float) -> float:
    """Return w(l,v): the minutes of shift that one trip takes."""
    speed = float(vehicle["speed_kmh"])
    one_way = lane.minutes if math.isnan(speed) else lane.km / speed * 60
    at_ends = float(vehicle["loading_minutes"] + vehicle["unloading_minutes"])
    return 2 * one_way * zone_factor + at_ends


# --- lots and needs ---------------------------------------------------------


def items_of(instance: Instance) -> dict[str, Row]:
    """Return the items by id."""
    return {row["item_id"]: row for row in rows(instance, "items")}


def owners_of(instance: Instance) -> dict[str, Row]:
    """Return the owners by id."""
    return {row["owner_id"]: row for row in rows(instance, "owners")}


def lots_of(instance: Instance, places: dict[str, Place]) -> list[Lot]:
    """Return what enters from outside and counts: vetted, discounted, not yet lost."""
    policy, items, owners = instance.policy, items_of(instance), owners_of(instance)
    found = []
    for table in ("stocks", "arrivals", "in_transit"):
        for row in rows(instance, table):
            owner = owners.get(row["owner_id"])
            vetted = owner is None or owner["vetted"] or policy.use_unvetted
            period = row.get("period", 1)
            batch = batch_of(row, period, items[row["item_id"]], owner, len(instance["periods"]))
            sure = row.get("reliability", 1.0) if policy.reliability == "discount" else 1.0
            if row["place_id"] in places and vetted and batch.expiry >= period:
                found.append(Lot(table, row["place_id"], batch, period, row["quantity"] * sure))
    return found


def batch_of(row: Row, period: int, item: Row, owner: Row | None, horizon: int) -> Batch:
    """Return the batch of a lot that enters in `period`; what lasts to the horizon keeps."""
    expiry, earmark = row.get("expiry", math.nan), row.get("earmark", "")
    if math.isnan(expiry):
        expiry = period + item["shelf_life_periods"] - 1
    if math.isnan(expiry) or expiry >= horizon:
        expiry = KEEPS
    if earmark == "" and owner and owner["terms"] == "own_district":
        earmark = owner["district"]
    return Batch(row["item_id"], expiry, earmark)


def places_open_to(earmark: str, places: dict[str, Place]) -> set[str]:
    """Return the places goods of an earmark may enter: sites, and the communities it names."""
    sites = {place.name for place in places.values() if place.is_site}
    communities = [place for place in places.values() if not place.is_site]
    if earmark == "":
        return set(places)
    for field in ("name", "district", "zone"):
        named = {place.name for place in communities if getattr(place, field) == earmark}
        if named:
            return sites | named
    return sites


def needs_of(instance: Instance, places: dict[str, Place]) -> dict[tuple[str, str, int], Need]:
    """Return the needs above 0 by place, item and period."""
    population = {row["community_id"]: row["population"] for row in rows(instance, "communities")}
    found = {}
    for row in rows(instance, "needs"):
        place, quantity = row["community_id"], row["quantity"]
        if place in places and quantity > 0:
            blank = math.isnan(row["people"])
            people = population.get(place, quantity) if blank else row["people"]
            found[place, row["item_id"], row["period"]] = Need(quantity, people, row["floor_share"])
    return found


def waiting_needs(instance: Instance) -> set[tuple[str, str]]:
    """Return the places and items whose unmet need waits."""
    return {
        (row["community_id"], row["item_id"])
        for row in rows(instance, "needs")
        if row["backlog"] == "waits"
    }
