"""No more is held than some scenario takes, whatever holding it costs."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from allocator.check import check
from allocator.engine.ordered import Budget
from allocator.instance import Instance
from allocator.models.preposition import solve
from allocator.runs.preposition_judged import judged
from tests.preposition_cases import random_tables
from tests.reference_cases import instance_of

DEPOTS = ["D1", "D2", "D3"]


def free(policy: dict[str, Any] | None = None, **tables: pd.DataFrame) -> Instance:
    """Three depots and one town; food in packs of 3, tea loose, nothing costs anything to hold."""
    items = {"item_id": ["food", "tea"], "kg": 1, "m3": 1, "tier": 1}
    needs = [
        {"scenario_id": name, "community_id": "T", "item_id": item, "quantity": quantity}
        for name, quantity in (("calm", 10.0), ("wave", 20.0))
        for item in ("food", "tea")
    ]
    given = {
        "periods": pd.DataFrame({"period": [1], "minutes": [1440]}),
        "communities": pd.DataFrame({"community_id": ["T"], "population": [100]}),
        "items": pd.DataFrame(items | {"pack_size": [3, 1], "whole_packs": [True, False]}),
        "needs": pd.DataFrame(
            {"community_id": "T", "item_id": ["food", "tea"], "period": 1, "quantity": [7.0, 5.0]}
        ),
        "sites": pd.DataFrame({"site_id": DEPOTS, "status": "open"}),
        "sizes": pd.DataFrame({"site_id": DEPOTS, "size_id": "one", "fixed_cost": [5.0, 5.0, 5.0]}),
        "links": pd.DataFrame(
            {"from_id": DEPOTS, "to_id": "T", "minutes": 10.0, "cost": [1.0, 2.0, 3.0]}
        ),
        "scenarios": pd.DataFrame({"scenario_id": ["calm", "wave"], "probability": [0.5, 0.5]}),
        "scenario_needs": pd.DataFrame(needs),
    }
    return Instance.from_frames(
        name="free", policy={"lanes": "listed", **(policy or {})}, **given | tables
    )


def solved(instance: Instance, method: str = "auto") -> dict[str, pd.DataFrame]:
    """The tables of the plan; the judge finds nothing wrong with it."""
    answer = solve(instance, Budget(gap=1e-9), method=method)
    plan = judged(instance, answer.tables, "solver", answer.results)
    assert check(instance, plan).ok
    return dict(answer.tables)


def stock(tables: dict[str, pd.DataFrame]) -> dict[str, float]:
    return dict(tables["reserves"].groupby("item_id")["quantity"].sum())


@pytest.mark.parametrize("method", ["extensive", "benders"])
def test_stock_without_a_price_is_what_the_worst_scenario_takes(method: str) -> None:
    tables = solved(free(), method)
    assert stock(tables) == pytest.approx({"food": 21.0, "tea": 20.0}, abs=1e-4)
    assert set(tables["reserves"]["site_id"]) == {"D1"}, "where it is shipped from"


def test_what_survives_in_part_is_held_in_full() -> None:
    sites = pd.DataFrame({"site_id": DEPOTS, "status": "open", "survival": [0.5, 0.1, 0.1]})
    assert stock(solved(free(sites=sites)))["tea"] == pytest.approx(40.0, abs=1e-4)


def test_promises_without_a_price_are_what_is_called() -> None:
    agreements = pd.DataFrame(
        {"agreement_id": ["A"], "site_id": "D1", "item_id": "tea", "maximum": [900.0]}
    )
    reserves = pd.DataFrame({"site_id": [""], "item_id": ["tea"], "maximum": [0.0]})
    tables = solved(free(agreements=agreements, reserves=reserves))
    assert tables["agreements"]["quantity"].tolist() == pytest.approx([20.0], abs=1e-4)


@pytest.mark.parametrize(
    ("policy", "rows", "total"),
    [
        ({"reserve_days": 9.0}, {}, 45.0),
        ({"coverage_minutes": 60, "coverage_item": "tea", "coverage_share": 1.0}, {}, 20.0),
        ({}, {"reserve_pins": {"pin_id": ["P"], "item_id": ["tea"], "quantity": [33.0]}}, 33.0),
        ({}, {"reserves": {"site_id": DEPOTS, "item_id": "tea", "minimum": [11.0] * 3}}, 42.0),
        (
            {"total_stock": "fixed"},
            {"stocks": {"place_id": ["D3"], "item_id": ["tea"], "quantity": [77.0]}},
            77.0,
        ),
    ],
)
def test_stock_for_its_own_sake_is_kept(
    policy: dict[str, Any], rows: dict[str, dict[str, Any]], total: float
) -> None:
    tables = {name: pd.DataFrame(columns) for name, columns in rows.items()}
    assert stock(solved(free(policy, **tables)))["tea"] == pytest.approx(total, abs=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_left_over_in_every_scenario(seed: int) -> None:
    given = random_tables(seed)
    given["items"] = [row | {"unit_cost": 0, "surplus_cost": 0} for row in given["items"]]
    instance = instance_of({"lanes": "listed"}, **given)
    tables = solved(instance)
    rows = tables["recourse"][tables["recourse"]["kind"] == "surplus"]
    always = rows.groupby(["from_id", "item_id"]).agg(
        times=("quantity", "size"), least=("quantity", "min")
    )
    always = always[always["times"] == len(instance["scenarios"])]
    items = instance["items"].set_index("item_id")
    low = instance["reserves"].groupby("item_id")["minimum"].max()
    for (_, item), one in always.iterrows():
        pack = items.loc[item, "pack_size"] if items.loc[item, "whole_packs"] else 0.0
        assert one["least"] <= pack + low.get(item, 0.0) + 1e-4
