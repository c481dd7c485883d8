"""Goods of an owner who gives to the own district only must stay there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from allocator.instance.checked import CheckedTables


def check_owners(checked: CheckedTables) -> None:
    """Tell owners bound to a district that name none, or one where nobody lives."""
    terms, district = checked.strings("owners", "terms"), checked.strings("owners", "district")
    source = checked.sources["owners"]
    bare = np.flatnonzero((terms == "own_district") & (district == ""))
    rule = "an owner with the terms own_district needs a district"
    checked.log.rows("E1311", source, "district", bare, rule, "fill in the district")


def check_earmarks(table: str) -> Callable[[CheckedTables], None]:
    """Return the rule that the earmark of such goods lies in the owner's district."""

    def check(checked: CheckedTables) -> None:
        homes = _bound_owners(checked)
        if not homes:
            return
        inside = _districts_of(checked)
        owner, earmark = checked.strings(table, "owner_id"), checked.strings(table, "earmark")
        marked = np.flatnonzero((earmark != "") & np.isin(owner, list(homes)))
        outside = [
            inside.get(mark, {home}) != {home}
            for mark, home in zip(
                earmark[marked], map(homes.__getitem__, owner[marked]), strict=True
            )
        ]
        rows = marked[np.array(outside, dtype=bool)]
        rule = "the earmark lies outside the district the owner gives to"
        action = "change the earmark, or the terms of the owner"
        checked.log.rows("E1310", checked.sources[table], "earmark", rows, rule, action)

    return check


def _bound_owners(checked: CheckedTables) -> dict[str, str]:
    owners = checked.frames["owners"]
    if not len(owners):
        return {}
    columns = (checked.strings("owners", field) for field in ("owner_id", "terms", "district"))
    rows = zip(*columns, strict=True)
    return {owner: home for owner, terms, home in rows if terms == "own_district" and home}


def _districts_of(checked: CheckedTables) -> dict[str, set[str]]:
    """Return the districts an earmark reaches: a place, else a district, else a zone."""
    reached: dict[str, set[str]] = {}
    for table in ("communities", "sites"):
        zones, districts = checked.strings(table, "zone_id"), checked.strings(table, "district")
        for zone, district in zip(zones, districts, strict=True):
            reached.setdefault(zone, set()).add(district)
    for table in ("communities", "sites"):
        reached |= {district: {district} for district in checked.words(table, "district")}
    for table, key in (("sites", "site_id"), ("communities", "community_id")):
        names, districts = checked.strings(table, key), checked.strings(table, "district")
        reached |= {name: {home} for name, home in zip(names, districts, strict=True)}
    return reached
