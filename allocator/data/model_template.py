"""A dispatch model of your own, to change as you like.

    allocator dispatch INSTANCE --model my_model.py

It ships goods that keep from sites to communities along the listed links, within stock, gate
minutes and vehicles. It leaves out, on the safe side: goods that expire, reserved or owned lots,
reusable items, transfers and purchases. Of permits, pins, caps and volume it knows nothing:
where an instance has some, the judge will say what the plan breaks.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import pandas as pd
import pulp

from allocator.instance import Instance
from allocator.models.own import Built, Goal

Row = dict[str, Any]


def build(instance: Instance) -> Built:
    """Return the problem and its goals, the most important one first."""
    problem = pulp.LpProblem("my_model")
    items = {row["item_id"]: row for row in rows(instance, "items") if not row["reusable"]}
    needs = [row for row in rows(instance, "needs") if row["item_id"] in items and row["quantity"]]
    ship = add_shipments(problem, instance, items)
    use = [problem.add_variable(f"use{n}", 0, need["quantity"]) for n, need in enumerate(needs)]
    short = [
        need["people"] / need["quantity"] * (need["quantity"] - u)
        for need, u in zip(needs, use, strict=True)
    ]
    add_stock(problem, instance, items, ship, list(zip(needs, use, strict=True)))
    add_gates(problem, instance, items, ship)
    trips = add_vehicles(problem, instance, items, ship)
    urgent = [
        s for need, s in zip(needs, short, strict=True) if items[need["item_id"]]["tier"] == 1
    ]
    goals = [
        Goal("life-critical short", "min", pulp.lpSum(urgent), unit="people x periods"),
        Goal("all short", "min", pulp.lpSum(short), unit="people x periods"),
        Goal("trips", "min", pulp.lpSum(row["trips"] for row in trips), unit="trips"),
    ]
    return Built(problem, goals, model=(ship, trips))


def read(built: Built, instance: Instance) -> dict[str, pd.DataFrame]:
    """Return the tables of the plan; shortages and reasons are worked out without you."""
    ship = pd.DataFrame([row | {"quantity": row["quantity"].value()} for row in built.model[0]])
    ran = pd.DataFrame([row | {"trips": row["trips"].value()} for row in built.model[1]])
    columns = ["from_id", "to_id", "item_id", "period", "arrives", "quantity"]
    tables = {"shipments": ship.reindex(columns=columns)}
    return tables if ran.empty else tables | {"trips": ran}


def rows(instance: Instance, table: str) -> list[Row]:
    """Return the rows of a table as dictionaries."""
    found: list[Any] = instance[table].to_dict("records")
    return found


def add_shipments(problem: pulp.LpProblem, instance: Instance, items: dict[str, Row]) -> list[Row]:
    """Return one row a shipment: the columns of the plan, with the amount as an expression."""
    towns = set(instance["communities"]["community_id"])
    sites = {row["site_id"] for row in rows(instance, "sites") if row["status"] == "open"}
    minutes = {row["period"]: row["minutes"] for row in rows(instance, "periods")}
    ship: list[Row] = []
    for link in rows(instance, "links"):
        joins = link["from_id"] in sites and link["to_id"] in towns
        last = len(minutes) if math.isnan(link["open_to"]) else link["open_to"]
        for t in minutes if joins else ():
            lead = link["lead_periods"]
            arrives = t + int(link["minutes"] // minutes[t] if math.isnan(lead) else lead)
            if link["open_from"] <= t <= last and arrives <= len(minutes):
                for item_id, item in items.items():
                    kind = "Integer" if item["whole_packs"] else "Continuous"
                    packs = problem.add_variable(f"packs{len(ship)}", 0, None, kind)
                    row = {"from_id": link["from_id"], "to_id": link["to_id"], "item_id": item_id}
                    row |= {"period": t, "arrives": arrives, "minutes": link["minutes"]}
                    ship.append(row | {"km": link["km"], "quantity": item["pack_size"] * packs})
    return ship


def add_stock(
    problem: pulp.LpProblem,
    instance: Instance,
    items: dict[str, Row],
    ship: list[Row],
    used: list[tuple[Row, Any]],
) -> None:
    """No more leaves or is used up to a period than has come by then."""
    moves: defaultdict[tuple[str, str], list[tuple[int, Any]]] = defaultdict(list)
    for table in ("stocks", "arrivals", "in_transit"):
        for lot in rows(instance, table):
            item = items.get(lot["item_id"])
            keeps = item and math.isnan(lot["expiry"]) and math.isnan(item["shelf_life_periods"])
            if keeps and lot["earmark"] == "" and lot["owner_id"] == "":
                sure = lot["quantity"] * lot.get("reliability", 1.0)
                moves[lot["place_id"], lot["item_id"]].append((lot.get("period", 1), sure))
    for row in ship:
        moves[row["from_id"], row["item_id"]].append((row["period"], -row["quantity"]))
        moves[row["to_id"], row["item_id"]].append((row["arrives"], row["quantity"]))
    for need, u in used:
        moves[need["community_id"], need["item_id"]].append((need["period"], -u))
    for changes in moves.values():
        for period in {t for t, _ in changes}:
            problem += pulp.lpSum(amount for t, amount in changes if t <= period) >= 0


def add_gates(
    problem: pulp.LpProblem, instance: Instance, items: dict[str, Row], ship: list[Row]
) -> None:
    """Hand-over at a gate takes minutes; on the safe side everything passes it."""
    minutes = {row["item_id"]: row["handling_minutes"] for row in rows(instance, "items")}
    handled: defaultdict[tuple[str, int], list[Any]] = defaultdict(list)
    outside: defaultdict[tuple[str, int], float] = defaultdict(float)
    for row in ship:
        handled[row["to_id"], row["arrives"]].append(minutes[row["item_id"]] * row["quantity"])
    for lot in [*rows(instance, "arrivals"), *rows(instance, "in_transit")]:
        outside[lot["place_id"], lot["period"]] += minutes[lot["item_id"]] * lot["quantity"]
    for gate in rows(instance, "gates"):
        at = gate["community_id"], gate["period"]
        problem += pulp.lpSum(handled[at]) <= max(0.0, gate["handling_minutes"] - outside[at])


def add_vehicles(
    problem: pulp.LpProblem, instance: Instance, items: dict[str, Row], ship: list[Row]
) -> list[Row]:
    """Trips carry the mass and take minutes of the shift; one row a trip, as in the plan."""
    vehicles = rows(instance, "vehicles") if instance.policy.fleet == "limited" else []
    loads: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in ship:
        lane = row["from_id"], row["to_id"], row["period"], row["minutes"], row["km"]
        loads[lane].append(items[row["item_id"]]["kg"] * row["quantity"])
    trips: list[Row] = []
    shifts: defaultdict[tuple[int, int], list[tuple[float, Any]]] = defaultdict(list)
    for (origin, target, t, minutes, km), load in loads.items() if vehicles else ():
        room = []
        for number, vehicle in enumerate(vehicles):
            if vehicle["site_id"] in ("", origin):
                kind = "Integer" if instance.policy.trips == "integer" else "Continuous"
                y = problem.add_variable(f"trips{len(trips)}", 0, None, kind)
                row = {"from_id": origin, "to_id": target, "period": t, "trips": y}
                trips.append(row | {"type": vehicle["type"], "site_id": vehicle["site_id"]})
                speed = vehicle["speed_kmh"]
                way = minutes if math.isnan(speed) else km / speed * 60
                ends = vehicle["loading_minutes"] + vehicle["unloading_minutes"]
                shifts[number, t].append((2 * way * instance.policy.zone_factor + ends, y))
                room.append(vehicle["kg"] * y)
        problem += pulp.lpSum(load) <= pulp.lpSum(room)
    for (number, _), ran in shifts.items():
        count, most = vehicles[number]["count"], vehicles[number]["max_trips"]
        shift = count * vehicles[number]["shift_minutes"]
        problem += pulp.lpSum(took * y for took, y in ran) <= shift
        if not math.isnan(most):
            problem += pulp.lpSum(y for _, y in ran) <= count * most
    return trips
