"""Which overlays change what a scenario brings, and which come too late for a reserve."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.errors import InstanceError
from allocator.instance.faultlog import FaultLog
from allocator.instance.instance import Instance

# What a scenario may change: these fields reach the recourse.
HEARD: Mapping[str, frozenset[str]] = {
    "needs": frozenset({"quantity", "people"}),
    "sites": frozenset({"status", "survival", "throughput_m3", "lat", "lon"}),
    "sizes": frozenset({"throughput_m3"}),
    "communities": frozenset({"lat", "lon"}),
    "links": frozenset({"minutes", "cost", "cost_m3", "closed"}),
    "agreements": frozenset({"available", "price"}),
    "items": frozenset({"shortage_cost", "surplus_cost"}),
}
# What is decided, or counted, before anybody knows the scenario.
BEFORE: Mapping[str, frozenset[str]] = {
    "periods": frozenset({"minutes"}),
    "communities": frozenset({"population", "vulnerability"}),
    "items": frozenset({"m3", "pack_size", "whole_packs", "reusable", "tier", "unit_cost"}),
    "sizes": frozenset({"fixed_cost", "volume_m3"}),
    "reserves": frozenset({"minimum", "maximum", "unit_cost"}),
    "agreements": frozenset({"site_id", "item_id", "maximum", "option_price", "delay_periods"}),
    "stocks": frozenset({"quantity", "expiry", "owner_id", "earmark"}),
    "owners": frozenset({"vetted", "terms"}),
    "reserve_pins": frozenset({"site_id", "size_id", "item_id", "rule", "quantity", "open"}),
}
INSTEAD = {
    "stocks": "say what survives with sites.survival or the table scenario_sites",
    "communities": "change needs.people, or the table scenario_needs",
}


def refuse_overlays(instance: Instance) -> None:
    """Refuse overlays on what is decided before a scenario is known, all of them at once.

    Raises:
        InstanceError: E1332.
    """
    log, overlays = FaultLog(), instance["overlays"]
    for row, overlay in enumerate(overlays.to_dict("records")):
        table, field, where = overlay["table"], overlay["field"], f"overlays[{row}].field"
        if field in BEFORE.get(table, ()):
            rule = f"reserves are decided before the scenario: it cannot change {table}.{field}"
            action = INSTEAD.get(table, "change the table itself, or leave the overlay out")
            log.add("E1332", where, rule, action, f"{table}.{field}")
        if (table, field) == ("sites", "status") and overlay["value"] != "closed":
            rule = "a site can close in a scenario; what opens is decided before"
            action = "set it to closed, or make the site a candidate"
            log.add("E1332", where, rule, action, str(overlay["value"]))
    if log.errors:
        raise InstanceError(*log.faults)


def unheard(overlays: pd.DataFrame) -> tuple[str, ...]:
    """Return the fields, as table.field, of overlays that pre-positioning does not look at."""
    pairs = zip(overlays["table"], overlays["field"], strict=True)
    names = {f"{table}.{field}" for table, field in pairs if field not in HEARD.get(table, ())}
    return tuple(np.unique(list(names)).tolist())
