"""Section 1 of formulation.md in plain loops: the lanes of a policy."""

from __future__ import annotations

import math
from collections.abc import Iterator

from dispatch_terms import Lane, Place, Row, rows

from allocator.instance import Instance

EARTH_RADIUS_KM = 6371.0088


def lanes_of(instance: Instance, places: dict[str, Place]) -> list[Lane]:
    """Return every lane of the policy: listed, computed, and the ways back for reusable items."""
    policy = instance.policy
    links = rows(instance, "links")
    listed = {(row["from_id"], row["to_id"]): row for row in links}
    listed = {pair: row for pair, row in listed.items() if pair[0] in places and pair[1] in places}
    rule = policy.lanes
    if rule == "auto":
        rule = "listed" if links else "nearest_k"
    computed = {
        (a.name, b.name): lane_between(instance, a, b, None)
        for a, b in candidates(policy.transfers, places)
        if rule != "listed" and not math.isnan(great_circle(a, b))
    }
    if rule == "within_minutes":
        computed = {
            pair: lane for pair, lane in computed.items() if lane.minutes <= policy.lanes_minutes
        }
    if rule == "nearest_k":
        computed = nearest(computed, places, policy.lanes_k)
    found = {
        pair: lane_between(instance, places[pair[0]], places[pair[1]], row)
        for pair, row in listed.items()
    }
    found = computed | found
    return [*found.values(), *ways_back(policy.returns, found, places)]


def candidates(transfers: bool, places: dict[str, Place]) -> Iterator[tuple[Place, Place]]:
    """Yield the pairs that computed lanes may join."""
    for a in places.values():
        for b in places.values():
            if a.is_site and a is not b and (transfers or not b.is_site):
                yield a, b


def nearest(
    lanes: dict[tuple[str, str], Lane], places: dict[str, Place], k: int
) -> dict[tuple[str, str], Lane]:
    """Keep the k nearest sites of each community, and the k nearest other sites of each site."""
    groups: dict[tuple[str, bool], list[Lane]] = {}
    for lane in lanes.values():
        transfer = places[lane.target].is_site
        groups.setdefault((lane.origin if transfer else lane.target, transfer), []).append(lane)
    kept = {}
    for (_, transfer), group in groups.items():
        group.sort(key=lambda lane: (lane.minutes, lane.target if transfer else lane.origin))
        kept.update({(lane.origin, lane.target): lane for lane in group[:k]})
    return kept


def lane_between(instance: Instance, a: Place, b: Place, row: Row | None) -> Lane:
    """Return the lane from a to b: listed figures first, then great circle and speed."""
    policy = instance.policy
    listed = row or {}
    km, minutes = listed.get("km", math.nan), listed.get("minutes", math.nan)
    if math.isnan(km):
        km = great_circle(a, b) * policy.detour
    if math.isnan(minutes):
        minutes = km / policy.speed_kmh * 60
    if math.isnan(minutes):
        raise ValueError(f"the link {a.name} -> {b.name} has no points, no km and no minutes")
    if math.isnan(km):
        km = minutes * policy.speed_kmh / 60
    lead, last = listed.get("lead_periods", math.nan), listed.get("open_to", math.nan)
    return Lane(
        origin=a.name,
        target=b.name,
        minutes=minutes,
        km=km,
        lead_periods=None if math.isnan(lead) else int(lead),
        cost=listed.get("cost", 0.0),
        first=int(listed.get("open_from", 1)),
        last=len(instance["periods"]) if math.isnan(last) else int(last),
        reusable_only=False,
    )


def ways_back(
    returns: bool, lanes: dict[tuple[str, str], Lane], places: dict[str, Place]
) -> list[Lane]:
    """Return the opposite lanes from communities to sites, for reusable items only."""
    return [
        lane._replace(origin=lane.target, target=lane.origin, reusable_only=True)
        for (origin, target), lane in lanes.items()
        if returns
        and places[origin].is_site
        and not places[target].is_site
        and (target, origin) not in lanes
    ]


def great_circle(a: Place, b: Place) -> float:
    """Return kilometres on the mean sphere; NaN without points."""
    phi_a, phi_b = math.radians(a.lat), math.radians(b.lat)
    half = math.sin((phi_b - phi_a) / 2) ** 2
    half += math.cos(phi_a) * math.cos(phi_b) * math.sin(math.radians(b.lon - a.lon) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(half))
