"""Location problems as instances of pre-positioning: one item, one scenario, the same optimum.

So that presets are seen to be the same model, and to start from when more is to be modelled: more
items, scenarios, sizes, agreements.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from allocator.instance import Instance
from allocator.instance.policy import Policy
from allocator.models.location.data import Bools, Location

FORMS = (
    "p-median",
    "p-center",
    "set-covering",
    "maximal-covering",
    "facility",
    "single-source",
)
ITEM = "goods"
NEED_RADIUS = ("p-center", "set-covering", "maximal-covering")


def as_instance(location: Location, form: str, radius: float | None = None) -> Instance:
    """Return the problem as an instance; sites are s1, s2, ..., customers c1, c2, ...

    What is minimised is the goal `cost`, with the goal `critical` (units not served) before it.

    - p-median: `cost` is the value; exactly p sites.
    - facility, single-source: `cost` is the value; capacity is volume, one unit takes 1 m3.
    - set-covering: lanes of at most `radius` minutes, free; `cost` is that of the sites.
    - maximal-covering: the same lanes, at most p sites; `critical` is the need not served.
    - p-center: the same, all need to be served: there is a plan with `critical` 0 exactly where
      `radius` is not below the optimum.

    Args:
        location: The data; every customer with need 0 is left out.
        form: One of FORMS.
        radius: Needed where the form has one.

    Raises:
        ValueError: The form is unknown, or has no radius or no p where it needs one.
    """
    if form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}, not {form}")
    if form in NEED_RADIUS and radius is None:
        raise ValueError(f"{form} needs a radius")
    return Instance.from_frames(
        name=form,
        policy=_policy(location, form, radius),
        periods=pd.DataFrame([{"period": 1}]),
        items=pd.DataFrame([{"item_id": ITEM, "kg": 0.0, "m3": 1.0, "tier": 1}]),
        **_customers(location),
        **_sites(location, form),
        links=_links(location, form),
    )


def _policy(location: Location, form: str, radius: float | None) -> Policy:
    counted = form in ("p-median", "p-center", "maximal-covering")
    sites = location.needed_sites() if counted else location.p
    if form == "set-covering":
        sites = None
    exactly = form in ("p-median", "facility", "single-source")
    return Policy(
        lanes="listed",
        reserve_goals=("critical", "cost"),
        open_sites=sites,
        open_rule="exactly" if exactly else "at_most",
        single_sourcing=form == "single-source",
        time_standard=radius,
    )


def _customers(location: Location) -> dict[str, Any]:
    there = location.need > 0
    names = _names("c", location.customers)[there]
    need = location.need[there]
    needs = {"community_id": names, "item_id": ITEM, "period": 1, "quantity": need, "people": need}
    communities = {"community_id": names, "population": need}
    return {"communities": pd.DataFrame(communities), "needs": pd.DataFrame(needs)}


def _sites(location: Location, form: str) -> dict[str, Any]:
    """Give every site one size; forms without fixed costs or capacity have none here either."""
    names, fixed, room = _names("s", location.sites), location.fixed_cost, location.capacity
    if form in ("p-median", "p-center", "maximal-covering"):
        fixed = np.zeros(location.sites)
    if form in ("p-median", "p-center"):
        room = np.full(location.sites, np.inf)
    if form == "set-covering" and not fixed.any():
        fixed = np.ones(location.sites)
    sizes = {"site_id": names, "size_id": "one", "fixed_cost": fixed}
    volume = np.where(np.isfinite(room), room, np.nan)
    return {
        "sites": pd.DataFrame({"site_id": names, "status": "candidate"}),
        "sizes": pd.DataFrame({**sizes, "volume_m3": volume}),
    }


def _links(location: Location, form: str) -> pd.DataFrame:
    """Give the lanes between which a cost is known: money a unit, or minutes with a radius."""
    able: Bools = np.isfinite(location.cost) & (location.need > 0)
    site, customer = np.nonzero(able)
    lanes = {
        "from_id": _names("s", location.sites)[site],
        "to_id": _names("c", location.customers)[customer],
    }
    if form in NEED_RADIUS:
        return pd.DataFrame({**lanes, "minutes": location.cost[site, customer], "cost": 0.0})
    cost = location.service[site, customer] / location.need[customer]
    return pd.DataFrame({**lanes, "minutes": 0.0, "cost": cost})


def _names(letter: str, size: int) -> np.ndarray:
    return np.array([f"{letter}{number + 1}" for number in range(size)], dtype=object)
