"""Section 4 of formulation.md: one function a row family, in the order of the page."""

from __future__ import annotations

import math
from typing import Any

import dispatch_terms as terms
from dispatch_case import Model, Sum, of_batch, people_a_unit, short_keys
from dispatch_staff import STAFF_ROWS, gate_minutes, staff_of
from dispatch_terms import Batch, Lane


def balance(m: Model) -> None:
    """What comes in covers what goes out; the slack is left idle for good, or expired."""
    case = m.case
    entering: dict[tuple[str, Batch, int], list[Any]] = {}
    for lot in case.lots:
        entering.setdefault((lot.place, lot.batch, lot.period), []).append(lot.quantity)
    for j, row in enumerate(case.purchases):
        entering.setdefault((row["site_id"], case.purchase_batch(row), row["period"]), []).append(
            m.buy[j]
        )
    for (p, k), first in case.first.items():
        for t in range(first, int(min(case.T, k.expiry)) + 1):
            came = Sum(entering.get((p, k, t), [])) + Sum([m.stock.get((p, k, t - 1), 0)])
            came += Sum(x for batch, x in m.arriving.get((p, k.item, t), []) if batch == k)
            went = Sum([m.use.get((p, k, t), 0), m.stock.get((p, k, t), 0)])
            went += Sum(x for batch, x in m.leaving.get((p, k.item, t), []) if batch == k)
            m.row("balance", (p, *of_batch(k), t), came - went >= 0)


def level(m: Model) -> None:
    """Reusables in use are held."""
    for (p, i, t), u in m.in_use.items():
        held = Sum(m.stock.get((p, k, t), 0) for k in m.case.batches.get((p, i), []))
        m.row("level", (p, i, t), u <= held)


def need(m: Model) -> None:
    """No more is used than is needed (lost need)."""
    for (p, i, t), wanted in m.case.needs.items():
        if (p, i) not in m.case.waits:
            m.row("need", (p, i, t), m.served(p, i, t) <= wanted.quantity)


def backlog(m: Model) -> None:
    """Unmet need waits."""
    for (p, i, t), b in m.waiting.items():
        wanted = m.case.needs[p, i, t].quantity if (p, i, t) in m.case.needs else 0.0
        before = m.waiting.get((p, i, t - 1), 0)
        m.row("backlog", (p, i, t), b == before + wanted - m.served(p, i, t))


def tier(m: Model) -> None:
    """People short of a tier: the largest over its items."""
    for p, i, t in short_keys(m.case):
        z = m.late[p, m.case.items[i]["tier"], t]
        m.row("tier", (p, i, t), z >= people_a_unit(m.case, p, i, t) * m.short(p, i, t))


def floor(m: Model) -> None:
    """Units below the floor."""
    for (p, i, t), f in m.below_floor.items():
        wanted = m.case.needs[p, i, t]
        m.row("floor", (p, i, t), f + m.served(p, i, t) >= wanted.floor_share * wanted.quantity)


def gate(m: Model) -> None:
    """Handling minutes at the gate of a community, of the people who stand there (section 8)."""
    case, staff = m.case, staff_of(m)
    there = gate_minutes(staff) if staff else {}
    for family in STAFF_ROWS if staff else ():
        family(staff)
    for row in terms.rows(case.instance, "gates"):
        p, t = row["community_id"], row["period"]
        share = case.gate_share.get((p, t), 1.0)
        outside = sum(
            case.items[lot.batch.item]["handling_minutes"] * lot.quantity
            for lot in case.lots
            if lot.table != "stocks" and (lot.place, lot.period) == (p, t)
        )
        handled = Sum(
            case.items[i]["handling_minutes"] * x
            for i in case.items
            for _, x in m.arriving.get((p, i, t), [])
        )
        given = row["handling_minutes"]
        room = max(0.0, given - share * outside)
        more = there[p, t] - given if (p, t) in there else 0
        m.row("gate", (p, t), share * handled <= room + more)


def load_kg(m: Model) -> None:
    """Trips carry the mass."""
    for (lane, t), loads in m.on_lane.items():
        if m.case.fleet_binds and m.case.places[lane.origin].is_site:
            mass = Sum(m.case.items[i]["kg"] * x for i, x in loads)
            room = Sum(
                m.case.vehicles[v]["kg"] * m.trips[lane, v, t] for v in m.case.permitted(lane, t)
            )
            m.row("load_kg", (lane.origin, lane.target, t), mass <= room)


def load_m3(m: Model) -> None:
    """Trips carry the volume, unless a permitted vehicle has no limit of volume."""
    for (lane, t), loads in m.on_lane.items():
        if m.case.fleet_binds and m.case.places[lane.origin].is_site:
            permitted = m.case.permitted(lane, t)
            if not any(math.isnan(m.case.vehicles[v]["m3"]) for v in permitted):
                volume = Sum(m.case.items[i]["m3"] * x for i, x in loads)
                room = Sum(m.case.vehicles[v]["m3"] * m.trips[lane, v, t] for v in permitted)
                m.row("load_m3", (lane.origin, lane.target, t), volume <= room)


def trips_by_vehicle(m: Model) -> dict[tuple[int, int], list[tuple[Lane, Any]]]:
    """Collect y(l,v,t) by vehicle row and period."""
    found: dict[tuple[int, int], list[tuple[Lane, Any]]] = {}
    for (lane, v, t), y in m.trips.items():
        found.setdefault((v, t), []).append((lane, y))
    return found


def fleet(m: Model) -> None:
    """Shift minutes of a vehicle row."""
    for (v, t), trips in trips_by_vehicle(m).items():
        vehicle = m.case.vehicles[v]
        minutes = Sum(
            terms.trip_minutes(vehicle, lane, m.case.policy.zone_factor) * y for lane, y in trips
        )
        m.row(
            "fleet",
            (vehicle["type"], vehicle["site_id"], t),
            minutes <= vehicle["count"] * vehicle["shift_minutes"],
        )


def trip_count(m: Model) -> None:
    """Trips of a vehicle row."""
    for (v, t), trips in trips_by_vehicle(m).items():
        vehicle = m.case.vehicles[v]
        if not math.isnan(vehicle["max_trips"]):
            most = vehicle["count"] * vehicle["max_trips"]
            m.row(
                "trip_count",
                (vehicle["type"], vehicle["site_id"], t),
                Sum(y for _, y in trips) <= most,
            )


def throughput(m: Model) -> None:
    """Mass that leaves a site."""
    for row in terms.rows(m.case.instance, "sites"):
        for t in m.case.periods if not math.isnan(row["throughput_kg"]) else ():
            p = row["site_id"]
            mass = Sum(
                item["kg"] * x
                for i, item in m.case.items.items()
                for _, x in m.leaving.get((p, i, t), [])
            )
            m.row("throughput", (p, t), mass <= row["throughput_kg"])


def ship_max(m: Model) -> None:
    """Units of an item that leave a place."""
    for row in terms.rows(m.case.instance, "limits"):
        p, i = row["place_id"], row["item_id"]
        for t in m.case.periods if not math.isnan(row["ship_max"]) else ():
            m.row(
                "ship_max",
                (p, i, t),
                Sum(x for _, x in m.leaving.get((p, i, t), [])) <= row["ship_max"],
            )


def stock_floor(m: Model) -> None:
    """A share of the first stock stays."""
    for row in terms.rows(m.case.instance, "limits"):
        p, i = row["place_id"], row["item_id"]
        first = sum(
            lot.quantity
            for lot in m.case.lots
            if (lot.table, lot.place, lot.batch.item) == ("stocks", p, i)
        )
        for t in m.case.periods if row["stock_min_share"] * first > 0 else ():
            held = Sum(m.stock.get((p, k, t), 0) for k in m.case.batches.get((p, i), []))
            m.row("stock_floor", (p, i, t), held >= row["stock_min_share"] * first)


def budget(m: Model) -> None:
    """Money for purchases."""
    if m.case.policy.budget is not None:
        spent = Sum(row["price"] * m.buy[j] for j, row in enumerate(m.case.purchases))
        m.row("budget", (), spent <= m.case.policy.budget)


def pin(m: Model) -> None:
    """What the planner fixed."""
    for row in terms.rows(m.case.instance, "pins"):
        moved = Sum(
            x
            for (lane, k, t), x in m.ship.items()
            if row["from_id"] in ("", lane.origin)
            and row["to_id"] in ("", lane.target)
            and row["item_id"] in ("", k.item)
            and (math.isnan(row["period"]) or row["period"] == t)
        )
        bound = {
            "exactly": moved == row["quantity"],
            "at_least": moved >= row["quantity"],
            "at_most": moved <= row["quantity"],
        }
        m.row("pin", (row["pin_id"],), bound[row["rule"]])


def moves(m: Model) -> dict[tuple[str, str, str, int], tuple[Any, float]]:
    """X(l,i,t) and X0(l,i,t) by origin, target, item and period."""
    now: dict[tuple[str, str, str, int], list[Any]] = {}
    for (lane, k, t), x in m.ship.items():
        now.setdefault((lane.origin, lane.target, k.item, t), []).append(x)
    before: dict[tuple[str, str, str, int], float] = {}
    for row in m.case.start.to_dict("records") if m.case.start is not None else ():
        key = row["from_id"], row["to_id"], row["item_id"], int(row["period"])
        before[key] = before.get(key, 0.0) + row["quantity"]
    return {
        key: (Sum(now.get(key, [])), before.get(key, 0.0)) for key in dict.fromkeys([*now, *before])
    }


def change(m: Model) -> None:
    """e >= |X - X0|: what is moved differently from the start plan."""
    for key, (x, before) in moves(m).items() if m.case.start is not None else ():
        e = m.change[key] = m.variable("changed_units", *key)
        m.row("change_up", key, e >= x - before)
        m.row("change_down", key, e >= before - x)


def changes(m: Model) -> None:
    """At most so many sums differ from the start plan."""
    if m.case.start is None or m.case.policy.max_changes is None:
        return
    supply: dict[str, float] = {}
    for lot in m.case.lots:
        supply[lot.batch.item] = supply.get(lot.batch.item, 0.0) + lot.quantity
    for row in m.case.purchases:
        supply[row["item_id"]] = supply.get(row["item_id"], 0.0) + row["limit"]
    changed = []
    for key, (_, before) in moves(m).items():
        w = m.variable("changed", *key, upper=1, whole=True)
        m.row("changed_up", key, m.change[key] <= max(before, supply.get(key[2], 0.0)) * w)
        changed.append(w)
    m.row("changes", (), Sum(changed) <= m.case.policy.max_changes)


ROWS = (
    balance,
    level,
    need,
    backlog,
    tier,
    floor,
    gate,
    load_kg,
    load_m3,
    fleet,
    trip_count,
    throughput,
    ship_max,
    stock_floor,
    budget,
    pin,
    change,
    changes,
)
