"""From a point of the program to the tables of a plan, and back (formulation section 2)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.engine.program import Floats
from allocator.instance.futures import CRITICAL
from allocator.models.preposition.evaluation import Evaluation
from allocator.models.preposition.model import PrepositionModel

SMALLEST = 1e-6  # units below this are noise of the solver
KINDS = ["scenario_id", "kind", "from_id", "to_id", "item_id", "agreement_id", "quantity"]


def rounded(model: PrepositionModel, first: Floats) -> Floats:
    """Return the point with whole numbers where they must be, nothing at closed sites, no noise."""
    found = np.where(model.first.program.integer, np.round(first), first)
    found = np.where(np.abs(found) < SMALLEST, 0.0, found)
    stage = model.first
    most = stage.most_at(found[stage.open])
    found[stage.stock] = np.minimum(found[stage.stock], most / stage.pack)
    found[stage.agree] = np.minimum(found[stage.agree], stage.agree_most(found[stage.open]))
    return np.asarray(found)


def plan_tables(model: PrepositionModel, found: Evaluation) -> Mapping[str, pd.DataFrame]:
    """Return every table of the plan."""
    return {
        **first_tables(model, found.first),
        "recourse": recourse_table(model, found),
        "outcomes": outcomes_table(model, found),
    }


def first_tables(model: PrepositionModel, point: Floats) -> Mapping[str, pd.DataFrame]:
    """Return sites, reserves, agreements and assignments."""
    first, reserve = model.first, model.case.reserve
    sizes = reserve.sizes
    chosen = np.flatnonzero(point[first.open] > 0.5)
    sites = {
        "site_id": reserve.sites.ids[sizes.site[chosen]],
        "size_id": sizes.ids[chosen],
        "fixed_cost": sizes.fixed_cost[chosen],
    }
    units = point[first.stock] * first.pack
    there = np.flatnonzero(units > SMALLEST)
    site, item = first.site[there], first.item[there]
    stock = {
        "site_id": reserve.sites.ids[site],
        "item_id": reserve.items.ids[item],
        "quantity": units[there],
        "cost": units[there] * reserve.stock.unit_cost[site, item],
    }
    tables = {"sites": pd.DataFrame(sites), "reserves": pd.DataFrame(stock)}
    return tables | {"agreements": _agreements(model, point), **_assignments(model, point)}


def _agreements(model: PrepositionModel, point: Floats) -> pd.DataFrame:
    agreements, first = model.case.reserve.agreements, model.first
    units = point[first.agree] * first.lot
    there = np.flatnonzero(units > SMALLEST)
    return pd.DataFrame(
        {
            "agreement_id": agreements.ids[there],
            "quantity": units[there],
            "cost": units[there] * agreements.option_price[there],
        }
    )


def _assignments(model: PrepositionModel, point: Floats) -> Mapping[str, pd.DataFrame]:
    assign, reserve = model.services.assign, model.case.reserve
    if not model.policy.single_sourcing:
        return {}
    lane = np.flatnonzero(point[assign] > 0.5)
    columns = {
        "community_id": reserve.communities.ids[reserve.lanes.community[lane]],
        "site_id": reserve.sites.ids[reserve.lanes.site[lane]],
    }
    return {"assignments": pd.DataFrame(columns)}


def recourse_table(model: PrepositionModel, found: Evaluation) -> pd.DataFrame:
    """Return what is done in each scenario, zeros left out."""
    parts = [_of_scenario(model, number, point) for number, point in enumerate(found.recourse)]
    return pd.concat(parts, ignore_index=True)[KINDS]


def _of_scenario(model: PrepositionModel, number: int, point: Floats) -> pd.DataFrame:
    reserve, keys = model.case.reserve, model.scenario(number).columns
    sites, towns, items = reserve.sites.ids, reserve.communities.ids, reserve.items.ids
    lanes, agreements = reserve.lanes, reserve.agreements
    (lane, item), (supplier, way) = keys.ship, keys.deliver
    deliveries, short, surplus, late = keys.starts()
    deliver = point[deliveries:short]
    called = np.zeros(len(agreements))
    np.add.at(called, supplier, deliver)
    frames = [
        _rows(
            "ship",
            point[:deliveries],
            sites[lanes.site[lane]],
            towns[lanes.community[lane]],
            items[item],
        ),
        _rows(
            "ship",
            deliver,
            sites[lanes.site[way]],
            towns[lanes.community[way]],
            items[agreements.item[supplier]],
            agreements.ids[supplier],
        ),
        _rows(
            "exercise", called, sites[agreements.site], "", items[agreements.item], agreements.ids
        ),
        _rows("short", point[short:surplus], "", towns[keys.short[0]], items[keys.short[1]]),
        _rows(
            "surplus",
            point[surplus:late],
            sites[keys.surplus[0]],
            "",
            items[keys.surplus[1]],
        ),
    ]
    table = pd.concat(frames, ignore_index=True)
    return table.assign(scenario_id=model.case.futures.ids[number])


def _rows(
    kind: str,
    quantity: Floats,
    origin: np.ndarray | str,
    target: np.ndarray | str,
    item: np.ndarray,
    agreement: np.ndarray | str = "",
) -> pd.DataFrame:
    columns = {"from_id": origin, "to_id": target, "item_id": item, "agreement_id": agreement}
    size = len(quantity)
    full = {name: np.broadcast_to(np.asarray(ids, object), size) for name, ids in columns.items()}
    table = pd.DataFrame({"kind": kind, **full, "quantity": quantity})
    return table[table["quantity"] > SMALLEST]


def outcomes_table(model: PrepositionModel, found: Evaluation) -> pd.DataFrame:
    """Return cost, people short and units short of every scenario."""
    short = np.zeros(len(model))
    for number, point in enumerate(found.recourse):
        _, start, end, _ = model.scenario(number).columns.starts()
        short[number] = point[start:end].sum()
    futures = model.case.futures
    return pd.DataFrame(
        {
            "scenario_id": futures.ids,
            "probability": futures.probability,
            "cost": found.cost,
            "critical": found.people[CRITICAL],
            "short_units": short,
        }
    )
