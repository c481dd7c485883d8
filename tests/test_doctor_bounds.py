"""The doctor's sums against the program on random small cases: what it calls missing is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from allocator.doctor import doctor
from allocator.engine.session import Session
from allocator.explain import reasons
from allocator.instance import Instance
from allocator.instance.network import network
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.read import plan_tables, short_of
from allocator.models.dispatch.terms import expression
from allocator.plan import Plan, Status

TOWNS, SITES, ITEMS = ["t1", "t2", "t3"], ["s1", "s2"], ["a", "b", "c"]


def random_case(seed: int) -> Instance:
    """Three towns, two sites, 4 days; one item expires, one is a level in use, one may wait."""
    draw = np.random.default_rng(seed)
    needs = pd.MultiIndex.from_product([TOWNS, ITEMS, range(1, 5)]).to_frame(index=False)
    needs.columns = ["community_id", "item_id", "period"]
    needs["quantity"] = draw.integers(0, 20, len(needs)).astype(float)
    needs["backlog"] = np.where(needs["item_id"] == "c", "waits", "lost")
    stocks = pd.DataFrame(
        {"place_id": draw.choice(TOWNS + SITES, 8), "item_id": draw.choice(ITEMS, 8)}
    )
    stocks["quantity"] = draw.integers(1, 60, 8).astype(float)
    stocks["expiry"] = np.where(draw.random(8) < 0.3, draw.integers(1, 4, 8), np.nan)
    links = pd.MultiIndex.from_product([SITES, TOWNS]).to_frame(index=False)
    links.columns = ["from_id", "to_id"]
    links = links[draw.random(len(links)) < 0.8].reset_index(drop=True)
    links["minutes"] = 30.0
    links["lead_periods"] = draw.integers(0, 2, len(links))
    gates = pd.MultiIndex.from_product([TOWNS, range(1, 5)]).to_frame(index=False)
    gates.columns = ["community_id", "period"]
    gates["handling_minutes"] = draw.integers(0, 80, len(gates)).astype(float)
    whole = draw.random() < 0.3
    return Instance.from_frames(
        periods=pd.DataFrame({"period": range(1, 5)}),
        communities=pd.DataFrame({"community_id": TOWNS, "population": [50, 100, 150]}),
        items=pd.DataFrame(
            {
                "item_id": ITEMS,
                "kg": [1.0, 2.0, 0.5],
                "handling_minutes": [1.0, 2.0, 0.0],
                "tier": [1, 2, 2],
                "shelf_life_periods": [3, None, None],
                "reusable": [False, True, False],
                "pack_size": [1.0, 1.0, 5.0],
                "whole_packs": [False, False, whole],
            }
        ),
        sites=pd.DataFrame({"site_id": SITES}),
        vehicles=pd.DataFrame({"type": ["van"], "count": [draw.integers(1, 3)], "kg": [15.0]}),
        needs=needs,
        stocks=stocks,
        links=links,
        gates=gates,
        validate=False,
    )


@pytest.mark.parametrize("seed", range(12))
def test_what_is_missing_by_sums_is_missing_in_every_plan(seed: int) -> None:
    instance = random_case(seed)
    model = DispatchModel(network(instance))
    table = doctor(instance).tables["supply_need"]
    for item, rows in table.groupby("item_id"):
        counted = model.net.items.ids[model.shorts.item] == item
        if item == "c" or not counted.any():
            continue  # of waiting need the table tells what is left, not what waits
        total = expression(model, "units_short")
        chosen = _of_item(model, str(item), total.cost)
        least = Session(model.program).minimise(chosen, relaxed=True)
        assert least.solution is not None
        short = short_of(model, least.solution)[counted].sum()
        assert rows["missing"].sum() <= short + 1e-6, item


def _of_item(model: DispatchModel, item: str, cost: np.ndarray) -> np.ndarray:
    chosen = np.zeros_like(cost)
    mine = model.net.items.ids[model.shorts.item] == item
    used = (model.use_row >= 0) & mine[np.maximum(model.use_row, 0)]
    chosen[model.use[used]] = cost[model.use[used]]
    levels = mine[model.level_rows]
    chosen[model.level[levels]] = cost[model.level[levels]]
    return chosen


@pytest.mark.parametrize("seed", range(6))
def test_the_reasons_of_any_plan_add_up_to_what_is_short(seed: int) -> None:
    """Expiring, reusable, waiting and whole-pack goods, in a plan that only counts units."""
    instance = random_case(seed)
    model = DispatchModel(network(instance))
    done = Session(model.program).minimise(expression(model, "units_short").cost)
    assert done.solution is not None
    plan = Plan("dispatch", plan_tables(model, done.solution), Status("completed", "valid"))
    table = reasons(instance, plan, 60.0, most=None)
    total = float(plan.shortages["short"].sum())
    assert table["quantity"].sum() == pytest.approx(total, rel=5e-3, abs=0.01)
    assert "UNEXPLAINED" not in set(table["code"])


@pytest.mark.parametrize("seed", range(20))
def test_an_error_of_the_doctor_is_a_proof(seed: int) -> None:
    """Random pins and stock floors: where the doctor says impossible, the program is infeasible."""
    instance, draw = random_case(seed), np.random.default_rng(seed)
    pins = pd.DataFrame(
        {
            "pin_id": ["p1", "p2", "p3"],
            "from_id": draw.choice([*SITES, ""], 3),
            "to_id": draw.choice([*TOWNS, ""], 3),
            "item_id": draw.choice([*ITEMS, ""], 3),
            "period": draw.choice([1.0, 2.0, 3.0, np.nan], 3),
            "rule": draw.choice(["exactly", "at_least", "at_most"], 3),
            "quantity": draw.integers(0, 25, 3).astype(float),
        }
    )
    limits = pd.DataFrame({"place_id": SITES, "item_id": ["a", "c"], "stock_min_share": [0.5, 0.5]})
    pinned = instance.replace(pins=pins, limits=limits, validate=False)
    model = DispatchModel(network(pinned))
    outcome = Session(model.program).minimise(expression(model, "units_short").cost)
    if not doctor(pinned).possible:
        assert outcome.termination == "infeasible"


def test_some_of_these_cases_are_refused() -> None:
    """The test above would prove nothing if the doctor never refused a case."""
    instance = random_case(0)
    pins = pd.DataFrame({"pin_id": ["p"], "from_id": ["s1"], "to_id": ["t1"], "quantity": [1e6]})
    pins["item_id"] = "c"
    assert not doctor(instance.replace(pins=pins, validate=False)).possible
