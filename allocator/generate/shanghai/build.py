"""Put the Shanghai case together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from allocator.generate.options import LEVELS
from allocator.generate.routes import with_route_rules
from allocator.generate.shanghai import needs, pressure, supply, transport
from allocator.generate.shanghai.case import PERIODS, Case, open_case
from allocator.generate.shanghai.people import with_people
from allocator.generate.staff import with_staff
from allocator.instance import Instance, Policy

OVERLAYS = (  # scenario_id, name, table, selector, field, op, value
    ("riders-double", "Twice the riders", "vehicles", "type=rider", "count", "scale", "2"),
    ("permits-open", "Every van may enter sealed compounds", "vehicles", "type=van_no_permit",
     "access", "set", "open|controlled|sealed"),
    ("donors-fail", "Goods of donors do not come", "arrivals", "owner_id=charity", "quantity",
     "scale", "0"),
    ("aid-halved", "Half of the aid from other provinces", "arrivals", "owner_id=provinces",
     "quantity", "scale", "0.5"),
    ("fewer-hands", "A third fewer hands at the gates", "gates", "", "handling_minutes",
     "scale", "0.67"),
)  # fmt: skip


def shanghai_2022(
    level: str = "district", integer: bool = False, routes: bool = False, staff: bool = False
) -> Instance:
    """Return Shanghai from 1 to 14 April 2022, 16 items, with the people at its gates.

    Args:
        level: `district` (16 communities), `jiedao` (234) or `committee` (6,509).
        integer: Packed goods move in whole packs and vehicles make whole trips.
        routes: Add hours, curfews and costs of the day for routes (all assumed).
        staff: Replace the people at the gates by groups of every community, with posts for tests,
            visits and training too (figures/staff_rules.csv).

    Raises:
        ValueError: The level is not one of `LEVELS`.
    """
    if level not in LEVELS:
        raise ValueError(f"level {level!r} is none of {', '.join(LEVELS)}")
    case = open_case(level)
    state = pressure.pressure_of(case)
    required = needs.need_arrays(case, state)
    name = f"shanghai-2022-{level}" + ("-integer" if integer else "")
    made = Instance.from_frames(
        policy=_policy(case, integer),
        name=name,
        periods=_periods(case),
        communities=_communities(case),
        access=pressure.access_table(case, state),
        gates=pressure.gates_table(case, state),
        items=needs.items_table(case, integer),
        needs=needs.needs_table(case, required),
        **_supply(case),
        vehicles=transport.vehicles_table(case),
        links=transport.links_table(case),
        scenarios=pd.DataFrame([row[:2] for row in OVERLAYS], columns=["scenario_id", "name"]),
        overlays=pd.DataFrame(
            [(row[0], *row[2:]) for row in OVERLAYS],
            columns=["scenario_id", "table", "selector", "field", "op", "value"],
        ),
    )
    made = with_people(made, case, state)
    made = with_staff(made).replace(name=f"{name}-staff") if staff else made
    return with_route_rules(made).replace(name=f"{made.name}-routes") if routes else made


def _supply(case: Case) -> dict[str, Any]:
    return {
        "sites": supply.sites_table(case),
        "stocks": supply.stocks_table(case),
        "arrivals": supply.arrivals_table(case),
        "in_transit": supply.in_transit_table(case),
        "limits": supply.limits_table(case),
        "purchases": supply.purchases_table(case),
        "owners": supply.owners_table(),
    }


def _policy(case: Case, integer: bool) -> Policy:
    return Policy(
        lanes="listed",
        detour=case.figures("roads", "detour"),
        budget=case.figures("purchases", "budget"),
        trips="integer" if integer else "continuous",
    )


def _periods(case: Case) -> pd.DataFrame:
    numbers = np.arange(1, PERIODS + 1)
    return pd.DataFrame({"period": numbers, "start": case.dates.strftime("%Y-%m-%d")})


def _communities(case: Case) -> pd.DataFrame:
    columns = ["community_id", "name", "lat", "lon", "district", "zone_id"]
    return case.units[[*columns, "population", "households"]].assign(
        vulnerability=case.figures("city", "vulnerability")
    )
