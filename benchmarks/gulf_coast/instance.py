"""The published case as an instance: with sites and distances, or in one place for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from gulf_coast.network import network_tables
from gulf_coast.published import Published, hit, name, place

ANYWHERE, COAST = "anywhere", "coast"


def as_instance(
    published: Published,
    network: bool = False,
    penalty: float = 10.0,
    risk: float = 0.0,
    level: float = 0.0,
) -> Any:
    """Return the case as an instance.

    Args:
        published: The tables.
        network: Nodes, sites and distances; else one place for all, without costs of sites.
        penalty: Of one unit short, times its price.
        risk: Weight of the conditional value at risk beside a weight of 1 of the mean.
        level: Level of it.
    """
    from allocator.instance import Instance
    from allocator.instance.policy import Policy

    places = [place(node) for node in published.nodes] if network else [COAST]
    tables = network_tables(published) if network else _anywhere()
    return Instance.from_frames(
        name="rawls-turnquist",
        policy=Policy(
            lanes="listed",
            fleet="free",
            reserve_goals=("cost",),
            risk="cvar" if risk else "expected",
            risk_weight=risk / (1.0 + risk) if risk else 1.0,
            risk_level=level,
        ),
        periods=pd.DataFrame({"period": [1]}),
        communities=pd.DataFrame({"community_id": places, "population": 0.0}),
        items=_items(published, penalty),
        needs=_no_needs(published, places),
        scenarios=pd.DataFrame(
            {
                "scenario_id": [name(one) for one in published.scenarios],
                "probability": [one["p"] for one in published.scenarios],
            }
        ),
        scenario_needs=_needs(published, network),
        **tables,
    )


def _items(published: Published, penalty: float) -> pd.DataFrame:
    price = published.items["q"] * published.units
    return pd.DataFrame(
        {
            "item_id": published.items["name"],
            "kg": 0.0,
            "m3": published.items["b"] * published.units,
            "unit_cost": price,
            "shortage_cost": penalty * price,
            "surplus_cost": 0.25 * price,
        }
    )


def _no_needs(published: Published, places: Sequence[str]) -> pd.DataFrame:
    """Return needs of nothing, for the scenario without a storm."""
    first = {"community_id": places[0], "item_id": published.items["name"].iloc[0]}
    return pd.DataFrame([first | {"period": 1, "quantity": 0.0}])


def _needs(published: Published, network: bool) -> pd.DataFrame:
    rows = []
    for scenario in published.scenarios:
        for storm in (published.storms[one] for one in scenario["hurricanes"]):
            places = [place(node) for node in hit(published, storm)] if network else [COAST]
            for item, units in zip(published.items["name"], published.units, strict=True):
                quantity = storm["demand"][item] / units / len(places)
                rows += [(name(scenario), one, item, quantity) for one in places]
    columns = ["scenario_id", "community_id", "item_id", "quantity"]
    needs = pd.DataFrame(rows, columns=columns)
    return needs.groupby(columns[:3], sort=False, as_index=False).sum()


def _anywhere() -> dict[str, Any]:
    """Return one site that is safe, free and without limit."""
    return {
        "sites": pd.DataFrame({"site_id": [ANYWHERE]}),
        "links": pd.DataFrame({"from_id": [ANYWHERE], "to_id": COAST, "minutes": 0.0}),
    }
