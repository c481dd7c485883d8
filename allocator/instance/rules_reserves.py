"""Rules of pre-positioning: sizes, stock limits, pins, and a policy that fits the sites."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.instance.checked import CheckedTables
from allocator.instance.faultlog import FaultLog, nearest
from allocator.instance.policy import Policy
from allocator.instance.reserve_words import EXISTING

Frames = Mapping[str, pd.DataFrame]
_CENT = 1e-6


def check_sizes(checked: CheckedTables) -> None:
    """Warn of candidates that no size can open."""
    if not checked.has("sites"):
        return
    status, names = checked.strings("sites", "status"), checked.strings("sites", "site_id")
    sized = checked.words("sizes", "site_id")
    bare = np.flatnonzero((status == "candidate") & ~np.isin(names, list(sized)))
    rule = "the candidate has no row in sizes and cannot be opened"
    action = "add a row to sizes, or close the site"
    checked.log.rows("W1305", checked.sources["sites"], "site_id", bare, rule, action)


def check_reserves(checked: CheckedTables) -> None:
    """Tell stock limits that leave no room."""
    frame = checked.frames["reserves"]
    rows = np.flatnonzero((frame["maximum"] < frame["minimum"]).to_numpy())
    rule = "the maximum is below the minimum"
    checked.log.rows(
        "E1320", checked.sources["reserves"], "maximum", rows, rule, "correct one of them"
    )


def check_agreements(checked: CheckedTables) -> None:
    """Warn of agreements that deliver to a closed site."""
    if not checked.has("sites"):
        return
    closed = checked.strings("sites", "site_id")[checked.strings("sites", "status") == "closed"]
    rows = np.flatnonzero(np.isin(checked.strings("agreements", "site_id"), closed))
    rule = "the site is closed: the agreement is left out"
    action = "open the site, or deliver to another"
    checked.log.rows("W1306", checked.sources["agreements"], "site_id", rows, rule, action)


def check_reserve_pins(checked: CheckedTables) -> None:
    """Tell pins that fix nothing, or speak of a size the site does not have."""
    source, log = checked.sources["reserve_pins"], checked.log
    columns = ("site_id", "size_id", "item_id", "open")
    site, size, item, opened = (checked.strings("reserve_pins", name) for name in columns)
    amount = ~np.isnan(checked.numbers("reserve_pins", "quantity"))
    nothing = np.flatnonzero(~amount & (opened == ""))
    rule = "the pin fixes nothing: it has neither quantity nor open"
    log.rows("E1321", source, "quantity", nothing, rule, "fill in one of them")
    anywhere = np.flatnonzero((opened != "") & (site == ""))
    rule = "a pin about opening needs a site"
    log.rows("E1322", source, "site_id", anywhere, rule, "fill in site_id")
    idle = np.flatnonzero((opened == "") & (size != ""))
    rule = "size_id says at which size the site is open, and open is blank"
    log.rows("E1322", source, "open", idle, rule, "fill in open, or leave out size_id")
    bare = np.flatnonzero(~amount & (item != ""))
    rule = "the pin names an item and no quantity"
    log.rows("E1321", source, "quantity", bare[opened[bare] != ""], rule, "fill in quantity")
    if checked.untrusted & {"sites", "sizes"}:
        return
    known = _sizes(checked)
    unknown = [name not in known.get(place, {""}) for place, name in zip(site, size, strict=True)]
    lost = np.flatnonzero((size != "") & (site != "") & np.array(unknown, dtype=bool))
    rule = "the site has no such size"
    action = "name a size of the site, see sizes"
    names = {name for sizes in known.values() for name in sizes}
    log.rows("E1323", source, "size_id", lost, rule, action, lambda word: nearest(word, names))


def _sizes(checked: CheckedTables) -> dict[str, set[str]]:
    known: dict[str, set[str]] = {}
    pairs = (checked.strings("sizes", name) for name in ("site_id", "size_id"))
    for site, size in zip(*pairs, strict=True):
        known.setdefault(site, set()).add(size)
    status, names = checked.strings("sites", "status"), checked.strings("sites", "site_id")
    for site in names[status == "open"]:
        known.setdefault(site, {EXISTING})
    return known


def check_reserve_policy(frames: Frames, policy: Policy, label: str, log: FaultLog) -> None:
    """Tell keys of the policy that the sites and items cannot follow.

    Args:
        frames: The tables, valid by themselves.
        policy: The policy.
        label: Where the policy stands, for addresses.
        log: The faults.
    """
    known = set(frames["items"]["item_id"].astype("str"))
    if policy.coverage_item and policy.coverage_item not in known:
        rule = "coverage_item names no row of items"
        hint = nearest(policy.coverage_item, known)
        action = "correct it, or leave it out"
        log.add("E1410", f"{label}:coverage_item", rule, action, policy.coverage_item, hint)
    usual = Policy()
    asked = [
        name
        for name in ("coverage_item", "coverage_share", "coverage_each")
        if getattr(policy, name) != getattr(usual, name)
    ]
    if asked and policy.coverage_minutes is None:
        rule = f"{asked[0]} says nothing without coverage_minutes"
        log.add("E1411", f"{label}:{asked[0]}", rule, "give coverage_minutes too")
    _check_prices(frames, policy, label, log)
    _check_budget(frames, policy, label, log)
    _check_count(frames, policy, label, log)


def _check_prices(frames: Frames, policy: Policy, label: str, log: FaultLog) -> None:
    """Warn of items that nobody loses anything by lacking: neither a price nor a goal."""
    items = frames["items"]
    free = items[(items["shortage_cost"] == 0) & (items["tier"] > 1)]
    if free.empty or frames["sizes"].empty or "remaining" in policy.reserve_goals:
        return
    rule = "items below tier 1 without shortage_cost count in no goal: no reserve holds them"
    action = "add remaining to reserve_goals, or fill in shortage_cost"
    names = ", ".join(free["item_id"].astype(str).head(5))
    log.add("W1307", f"{label}:reserve_goals", rule, action, names)


def _check_budget(frames: Frames, policy: Policy, label: str, log: FaultLog) -> None:
    if policy.reserve_budget is None or policy.close_existing:
        return
    least = kept_cost(frames)
    if policy.reserve_budget < least - _CENT * max(1.0, least):
        rule = f"the budget must cover the sites that are kept and their least stock: {least:,.2f}"
        action = "raise reserve_budget, or let sites close with close_existing"
        log.add("E1412", f"{label}:reserve_budget", rule, action, f"{policy.reserve_budget:g}")


def _check_count(frames: Frames, policy: Policy, label: str, log: FaultLog) -> None:
    if policy.open_sites is None:
        return
    status = frames["sites"]["status"].astype("str")
    sized = frames["sites"]["site_id"].isin(set(frames["sizes"]["site_id"].astype("str")))
    kept = 0 if policy.close_existing else int((status == "open").sum())
    most = int(((status == "open") | ((status == "candidate") & sized)).sum())
    place = f"{label}:open_sites"
    if policy.open_sites < kept:
        rule = f"{kept} sites are kept open: no fewer can be open in all"
        action = "raise open_sites, or let sites close with close_existing"
        log.add("E1413", place, rule, action, policy.open_sites)
    elif policy.open_rule == "exactly" and policy.open_sites > most:
        rule = f"only {most} sites are open or can be opened"
        log.add("E1413", place, rule, "lower open_sites, or add candidates", policy.open_sites)


def kept_cost(frames: Frames) -> float:
    """Return the least cost of keeping the open sites: their cheapest sizes and least stock."""
    sites, sizes, reserves = frames["sites"], frames["sizes"], frames["reserves"]
    kept = sites.loc[sites["status"] == "open", "site_id"].astype("str")
    cheapest = sizes.assign(site_id=sizes["site_id"].astype("str")).groupby("site_id")["fixed_cost"]
    fixed = float(kept.map(cheapest.min()).fillna(0.0).sum())
    price = frames["items"].assign(item_id=frames["items"]["item_id"].astype("str"))
    price = price.drop_duplicates("item_id")  # a fault of its own
    each = reserves["unit_cost"].fillna(
        reserves["item_id"].astype("str").map(price.set_index("item_id")["unit_cost"])
    )
    rows = pd.DataFrame(
        {
            "site_id": reserves["site_id"].astype("str"),
            "item_id": reserves["item_id"].astype("str"),
            "cost": reserves["minimum"] * each,
        }
    )
    own = rows[rows["site_id"].isin(set(kept))]
    everywhere = rows[rows["site_id"] == ""]
    count = len(kept) - everywhere["item_id"].map(own["item_id"].value_counts()).fillna(0)
    return fixed + float(own["cost"].sum()) + float((everywhere["cost"] * count).sum())
