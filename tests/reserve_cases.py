"""A small case of pre-positioning with every rule in it, and a plan worked out by hand."""

from __future__ import annotations

from functools import cache

import pandas as pd

from allocator.check import check
from allocator.instance import Instance, instance_hash
from allocator.plan import GoalResult, Plan, Status


def frame(columns: str, *rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


@cache
def reserve_instance() -> Instance:
    return Instance.from_frames(
        name="reserves",
        periods=pd.DataFrame({"period": [1, 2]}),
        communities=frame(
            "community_id name population vulnerability lat lon",
            ("A", "田林街道", 100, 1, 31.00, 121.00),
            ("B", "Linping", 50, 2, 31.05, 121.00),
            ("C", "", 10, 1, 31.10, 121.00),
        ),
        sites=frame(
            "site_id status survival throughput_m3 lat lon",
            ("S", "open", 0.9, None, 31.02, 121.01),
            ("W", "candidate", 1, 100, 31.06, 121.01),
            ("V", "candidate", 1, None, 31.00, 121.01),
            ("X", "closed", 1, None, 31.00, 121.02),
        ),
        sizes=frame(
            "site_id size_id fixed_cost volume_m3 throughput_m3",
            ("S", "small", 10, 20, None),
            ("S", "large", 30, 60, 50),
            ("W", "shed", 25, 40, None),
        ),
        items=frame(
            "item_id kg m3 tier pack_size whole_packs unit_cost shortage_cost surplus_cost",
            ("food", 1, 0.1, 1, 1, False, 2, 10, 0.5),
            ("mask", 0.1, 0.01, 2, 10, True, 1, 4, 0.1),
            ("drip", 1, 0.1, 1, 1, False, 3, 20, 0),
        ),
        needs=frame(
            "community_id item_id period quantity people",
            ("A", "food", 1, 60, 100),
            ("A", "food", 2, 40, 80),
            ("B", "food", 1, 20, 50),
            ("B", "mask", 1, 30, 50),
            ("B", "drip", 2, 5, 10),
        ),
        stocks=frame(
            "place_id item_id quantity earmark", ("S", "food", 90, ""), ("S", "food", 7, "A")
        ),
        reserves=frame(
            "site_id item_id minimum maximum unit_cost",
            ("S", "food", 10, 500, None),
            ("", "food", 0, 300, 2.5),
            ("S", "drip", 0, 100, None),
        ),
        agreements=frame(
            "agreement_id site_id item_id maximum option_price price delay_periods available",
            ("late", "S", "food", 50, 0.2, 3, 1, 1),
            ("soon", "W", "mask", 40, 0.1, 2, 0, 0.5),
        ),
        links=frame(
            "from_id to_id minutes cost cost_m3 closed",
            ("S", "A", 30, 1, 0, False),
            ("S", "B", 60, 1, 2, False),
            ("W", "B", 20, 0.5, 0, False),
            ("W", "A", 90, 2, 0, False),
            ("V", "A", 10, 1, 0, False),
            ("S", "C", 10, 1, 0, True),
        ),
        reserve_pins=frame(
            "pin_id site_id size_id item_id rule quantity open",
            ("p1", "S", "", "food", "at_least", 50, ""),
            ("p2", "", "", "mask", "at_most", 500, ""),
            ("p3", "W", "shed", "", "exactly", None, "yes"),
        ),
        scenarios=frame("scenario_id probability", ("calm", 0.5), ("flood", 0.3), ("wave", 0.2)),
        overlays=frame(
            "scenario_id table selector field op value",
            ("flood", "links", "from_id=W", "minutes", "scale", 2),
            ("flood", "sites", "site_id=S", "survival", "set", 0.5),
        ),
        scenario_needs=frame(
            "scenario_id community_id item_id period quantity people",
            ("wave", "A", "food", None, 150, 100),
            ("wave", "B", "drip", 2, 8, None),
        ),
        scenario_sites=frame(
            "scenario_id site_id item_id survival throughput_m3", ("wave", "S", "drip", 0.25, 14)
        ),
        scenario_links=frame(
            "scenario_id from_id to_id factor closed",
            ("wave", "", "B", 2, False),
            ("wave", "W", "", 1, True),
        ),
        scenario_agreements=frame("scenario_id agreement_id available", ("wave", "late", 0.8)),
        policy={
            "lanes": "listed",
            "time_standard": 100,
            "reserve_budget": 600,
            "open_sites": 3,
            "coverage_minutes": 60,
            "coverage_share": 0.9,
            "reserve_days": 0.2,
        },
    )


def ship(
    scenario: str, origin: str, to: str, item: str, units: float, by: str = ""
) -> tuple[object, ...]:
    return (scenario, "ship", origin, to, item, by, units)


def rest(
    kind: str, scenario: str, place: str, item: str, units: float, by: str = ""
) -> tuple[object, ...]:
    ends = ("", place) if kind == "short" else (place, "")
    return (scenario, kind, *ends, item, by, units)


RECOURSE = frame(
    "scenario_id kind from_id to_id item_id agreement_id quantity",
    # calm: 90 of 100 food survive, drip 6 * 0.9 = 5.4, 50 mask at W
    ship("calm", "S", "A", "food", 70.0),
    ship("calm", "S", "B", "food", 20.0),
    ship("calm", "S", "A", "food", 30.0, "late"),
    rest("exercise", "calm", "S", "food", 30.0, "late"),
    ship("calm", "W", "B", "mask", 20.0),
    ship("calm", "W", "B", "mask", 10.0, "soon"),
    rest("exercise", "calm", "W", "mask", 10.0, "soon"),
    ship("calm", "S", "B", "drip", 5.0),
    rest("surplus", "calm", "S", "drip", 0.4),
    # flood: half of S survives; lanes of W are doubled: W to A takes 180 minutes
    ship("flood", "S", "A", "food", 40.0),
    ship("flood", "S", "B", "food", 10.0),
    ship("flood", "S", "A", "food", 40.0, "late"),
    rest("exercise", "flood", "S", "food", 40.0, "late"),
    rest("short", "flood", "A", "food", 20.0),
    rest("short", "flood", "B", "food", 10.0),
    ship("flood", "W", "B", "mask", 20.0),
    rest("short", "flood", "B", "mask", 10.0),
    ship("flood", "S", "B", "drip", 3.0),
    rest("short", "flood", "B", "drip", 2.0),
    # wave: all needs are other ones; S to B takes 120 minutes; W is cut off
    ship("wave", "S", "A", "food", 90.0),
    ship("wave", "S", "A", "food", 32.0, "late"),
    rest("exercise", "wave", "S", "food", 32.0, "late"),
    rest("short", "wave", "A", "food", 28.0),
    rest("short", "wave", "B", "drip", 8.0),
    rest("surplus", "wave", "S", "drip", 1.5),
    rest("surplus", "wave", "W", "mask", 20.0),
)
TABLES = {
    "sites": frame("site_id size_id fixed_cost", ("S", "large", 30), ("W", "shed", 25)),
    "reserves": frame(
        "site_id item_id quantity cost",
        ("S", "food", 100, 200),
        ("S", "drip", 6, 18),
        ("W", "mask", 20, 20),
    ),
    "agreements": frame("agreement_id quantity cost", ("late", 40, 8), ("soon", 20, 2)),
    "recourse": RECOURSE,
}


@cache
def reserve_plan() -> Plan:
    case = reserve_instance()
    own = Plan("preposition", TABLES, Status("completed", "invalid"))
    verdict = check(case, own)
    goals = tuple(GoalResult(name, "", value) for name, value in verdict.goals.items())
    record = {"name": case.name, "hash": instance_hash(case)}
    return own.replace(tables=TABLES | {"outcomes": verdict.outcomes}, goals=goals, instance=record)
