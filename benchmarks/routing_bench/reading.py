"""Readers of the published sets; the conventions are those of each set's best known values.

VRPLIB and Solomon files are read by vrplib. Node 1 of a VRPLIB file is the depot.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from routing_bench.building import (
    ARRIVALS,
    Fleet,
    Problem,
    case_of,
    rounded,
    straight,
    tenths,
)

from allocator.models.route.routes import Route, Routes, Trip, Visit, numbered

COST_DECIMALS = 0.01  # costs of the mixed fleets are given a hundredfold


def best_known(folder: Path) -> dict[str, float]:
    """Return instance -> best value known, from the one table bks*.csv of a folder."""
    (table,) = folder.glob("bks*.csv")
    with table.open(encoding="utf-8", newline="") as file:
        return {row["instance"]: float(row["best_known"]) for row in csv.DictReader(file)}


def vrplib_of(path: Path, form: str = "vrplib") -> dict[str, Any]:
    """Return what vrplib reads, without distances: they follow the convention of the set."""
    import vrplib

    found: dict[str, Any] = vrplib.read_instance(path, form, compute_edge_weights=False)
    return found


def read_cvrp(path: Path) -> Problem:
    """Uchoa et al. 2017: distances to the nearest whole number, vehicles as many as wanted."""
    data = vrplib_of(path)
    load = data["demand"][1:]
    fleet = Fleet(len(load), data["capacity"])
    return Problem(path.stem, case_of(rounded(data["node_coord"]), load, [fleet]))


def read_cumulative(path: Path) -> Problem:
    """Sum of arrivals with the number of vehicles in the table beside the files."""
    data = vrplib_of(path)
    table = path.parent.parent / "fleet_sizes" / f"{path.stem[0]}.txt"
    counts = dict(line.split() for line in table.read_text("utf-8").splitlines() if line.strip())
    fleet = Fleet(int(counts[path.stem]), data["capacity"])
    way = rounded(data["node_coord"])
    case = case_of(way, data["demand"][1:], [fleet], minutes=way, goals=ARRIVALS)
    return Problem(path.stem, case, goal="arrivals")


def read_solomon(path: Path) -> Problem:
    """Solomon 1987: distance only, distances and times cut to one decimal (in tenths here)."""
    data = vrplib_of(path, "solomon")
    way, windows = tenths(data["node_coord"]), 10.0 * data["time_window"]
    fleet = Fleet(data["vehicles"], data["capacity"], late=windows[0, 1])
    case = case_of(
        way,
        data["demand"][1:],
        [fleet],
        minutes=way,
        service=10.0 * data["service_time"][1:],
        windows=windows[1:],
    )
    return Problem(path.stem, case, unit=0.1)


def read_mixed_fleet(path: Path) -> Problem:
    """Pessoa et al. 2018: fixed and variable cost by type, distances in full."""
    data = vrplib_of(path)
    size = data["vehicles"]
    fixed = np.broadcast_to(data.get("vehicles_fixed_cost", 0), size) * COST_DECIMALS
    unit = np.broadcast_to(data.get("vehicles_unit_distance_cost", 100), size) * COST_DECIMALS
    columns = (np.broadcast_to(data["capacity"], size), fixed, unit)
    kinds = Counter(zip(*(column.tolist() for column in columns), strict=True))
    fleets = [Fleet(number, c, fixed=f, per_km=u) for (c, f, u), number in kinds.items()]
    way = straight(data["node_coord"])
    return Problem(path.stem, case_of(way, data["demand"][1:], fleets, exact=False))


def read_site_dependent(path: Path) -> Problem:
    """Cordeau and Laporte 2001: clients by vehicle type, windows, longest duty; in full."""
    data = vrplib_of(path)
    way, windows = straight(data["node_coord"]), data["time_window"].astype(float)
    capacities, allowed = data["capacity"].tolist(), data["vehicles_allowed_clients"]
    kinds = Counter((size, tuple(own)) for size, own in zip(capacities, allowed, strict=True))
    longest = float(data.get("vehicles_max_duration", np.inf))
    fleets = [
        Fleet(number, size, late=windows[0, 1], longest=longest)
        for (size, _), number in kinds.items()
    ]
    permitted = np.zeros((len(way), len(fleets)), bool)
    for kind, (_, own) in enumerate(kinds):
        permitted[np.array(own) - 1, kind] = True
    case = case_of(
        way,
        data["demand"][1:],
        fleets,
        minutes=way,
        service=data["service_time"][1:],
        windows=windows[1:],
        permitted=permitted[1:],
        exact=False,
    )
    return Problem(path.stem, case)


def read_multi_trip(path: Path) -> Problem:
    """Yang 2023: trips with reloading, goods ready at a time; cut to one decimal (in tenths)."""
    data = vrplib_of(path)
    way, windows = tenths(data["node_coord"]), 10.0 * data["time_window"]
    load = data["demand"][1:]
    fleet = Fleet(data["vehicles"], data["capacity"], late=windows[0, 1], trips=len(load))
    service = np.broadcast_to(np.asarray(data["service_time"], float), len(way))
    case = case_of(
        way,
        load,
        [fleet],
        minutes=way,
        service=10.0 * service[1:],
        windows=windows[1:],
        release=10.0 * data["release_time"][1:],
    )
    return Problem(path.stem, case, unit=0.1)


def read_cordeau(path: Path) -> Problem:
    """Cordeau, Gendreau and Laporte 1997, several depots.

    A line of: type, vehicles a depot, customers, depots; a line a depot of longest duty (0 = any)
    and capacity; a line a customer of number, x, y, service, load, ...; then the depots likewise.
    """
    lines = [line.split() for line in path.read_text("utf-8").splitlines() if line.strip()]
    vehicles, customers, depots = (int(word) for word in lines[0][1:4])
    limits = [(float(longest), float(most)) for longest, most in lines[1 : depots + 1]]
    rows = lines[depots + 1 : depots + 1 + customers + depots]
    table = np.array([[float(word) for word in row[:5]] for row in rows])
    points = np.vstack([table[customers:, 1:3], table[:customers, 1:3]])  # depots first
    fleets = [
        Fleet(vehicles, most, home=depot, longest=longest or np.inf)
        for depot, (longest, most) in enumerate(limits)
    ]
    case = case_of(
        straight(points),
        table[:customers, 4],
        fleets,
        place=np.arange(depots, depots + customers),
        minutes=straight(points),
        service=table[:customers, 3],
        exact=False,
    )
    return Problem(path.stem, case)


def read_split(path: Path) -> Problem:
    """Chen, Golden and Wasil 2007: customers and capacity, loads, the depot, the customers.

    Distances to the nearest whole number; parts of a load are whole; as many vehicles as wanted.
    """
    figures = np.array(path.read_text("utf-8").split(), float)
    count, capacity = int(figures[0]), float(figures[1])
    load, points = figures[2 : 2 + count], figures[2 + count : 4 + 3 * count].reshape(-1, 2)
    fleet = Fleet(int(np.ceil(load.sum() / capacity)) + count, capacity)
    return Problem(path.stem, case_of(rounded(points), load, [fleet], split="always"))


def read_solution(path: Path) -> tuple[list[list[int]], float]:
    """Return routes of customers, numbered from 1, and the cost a file claims."""
    import vrplib

    found = vrplib.read_solution(path)
    return found["routes"], float(found["cost"])


def routes_of(problem: Problem, orders: list[list[int]], vehicle: int = 0) -> Routes:
    """Return routes of customers, numbered from 1, by vehicles of one type."""
    home = int(problem.case.vehicles.home[vehicle])
    trips = (Trip(home, tuple(Visit(one - 1) for one in order), home) for order in orders)
    return numbered(Route(vehicle, 0, (trip,)) for trip in trips)
