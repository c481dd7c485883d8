"""Put a random instance together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from allocator.generate.lockdown import goods, supply, town, transport
from allocator.generate.lockdown.draw import Draw
from allocator.generate.lockdown.plot import Plot
from allocator.generate.options import DEFAULT_FEATURES, FEATURES, ROUTES, STAFF
from allocator.generate.routes import with_route_rules
from allocator.generate.staff import with_staff
from allocator.instance import Instance, Policy

LANES_K = 3


def lockdown(
    communities: int = 20,
    sites: int = 4,
    items: int = 4,
    periods: int = 7,
    seed: int = 0,
    features: Iterable[str] = DEFAULT_FEATURES,
) -> Instance:
    """Return a random town under lockdown, the same for the same arguments.

    Needs exceed what stock, arrivals, vehicles and gates can bring, so that goals have to choose.
    Hard rules never contradict each other.

    Args:
        communities: Number of communities, at least 1.
        sites: Number of sites, at least 1.
        items: Number of items, at least 1; the first is tier 1, lasts and is consumed.
        periods: Number of days, at least 1.
        seed: Any whole number from 0 up.
        features: What the instance makes use of, out of `FEATURES`, `ROUTES` and `STAFF`. A
            feature changes nothing else.

    Raises:
        ValueError: A size or the seed is too small, or a feature is unknown.
    """
    wanted_features = frozenset(features)
    _check(min(communities, sites, items, periods), seed, wanted_features)
    plot = Plot(communities, sites, items, periods, wanted_features, Draw(seed))
    made = Instance.from_frames(
        policy=_policy(plot),
        name=f"lockdown-{communities}-{sites}-{items}-{periods}-{seed}",
        **_tables(plot),
    )
    made = with_staff(made) if plot.has(STAFF) else made
    return with_route_rules(made) if plot.has(ROUTES) else made


def _check(smallest: int, seed: int, features: frozenset[str]) -> None:
    if smallest < 1 or seed < 0:
        raise ValueError("sizes start at 1 and seeds at 0")
    unknown = sorted(features - FEATURES - {ROUTES, STAFF})
    if unknown:
        known = ", ".join(sorted(FEATURES | {ROUTES, STAFF}))
        raise ValueError(f"unknown features {', '.join(unknown)}; known are {known}")


def _tables(plot: Plot) -> dict[str, Any]:
    places = town.communities_table(plot)
    items = goods.items_table(plot)
    want = goods.wanted(plot, items, places["population"].to_numpy(float))
    per_period = want.per_period()
    stocks = supply.stocks_table(plot, items, places, per_period)
    minutes = np.einsum("pit,i->pt", want.quantity, items["handling_minutes"].to_numpy(float))
    mass = transport.mass_per_period(want.quantity, items["kg"].to_numpy(float))
    sites = town.sites_table(plot)
    if plot.has("throughput"):
        part = plot.draw.uniform("throughput", 0.5, 2, plot.sites) / plot.sites
        sites["throughput_kg"] = np.ceil(mass * part)
    return {
        "periods": pd.DataFrame({"period": plot.period_numbers}),
        "communities": places,
        "access": town.access_table(plot),
        "gates": town.gates_table(plot, minutes),
        "items": items,
        "needs": goods.needs_table(plot, items, want),
        "sites": sites,
        "stocks": stocks,
        "arrivals": supply.arrivals_table(plot, places, per_period),
        "in_transit": supply.in_transit_table(plot, per_period),
        "limits": supply.limits_table(plot, items, stocks),
        "purchases": supply.purchases_table(plot, per_period),
        "owners": supply.owners_table(plot, places),
        "vehicles": transport.vehicles_table(plot, mass, str(places["zone_id"].iloc[0])),
        "links": transport.links_table(plot),
        "pins": transport.pins_table(plot, items, stocks),
    }


def _policy(plot: Plot) -> Policy:
    return Policy(
        lanes="nearest_k",
        lanes_k=min(LANES_K, plot.sites),
        budget=float(200 * plot.communities) if plot.has("purchases") else None,
        trips="integer" if plot.has("whole_trips") else "continuous",
    )
