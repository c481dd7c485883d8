"""Rules of the first stage: sizes, room, limits, money, number of sites, pins (section 3)."""

from __future__ import annotations

import numpy as np

from allocator.check.ground import Bools, Floats
from allocator.check.preposition_ground import Stage
from allocator.check.preposition_stage import Chosen
from allocator.check.rows import words
from allocator.check.verdict import Findings
from allocator.plan import Plan, plan_table
from allocator.plan.precision import tolerance


def check_stage(found: Findings, stage: Stage, chosen: Chosen) -> None:
    """Check every rule that needs no scenario and no lane."""
    _kept(found, stage, chosen)
    _volume(found, stage, chosen)
    _stock(found, stage, chosen)
    _agreements(found, stage, chosen)
    _money(found, stage, chosen)
    _count(found, stage, chosen)
    _total(found, stage, chosen)
    _pins(found, stage, chosen)


def stage_costs(stage: Stage, chosen: Chosen) -> dict[str, float]:
    """Return what sites, stock and agreements cost."""
    opened = chosen.size[chosen.size >= 0]
    return {
        "sites": float(stage.sizes.cost[opened].sum()),
        "stock": float((stage.shelf.cost * chosen.stock).sum()),
        "agreements": float((stage.agreements.option * chosen.agreed).sum()),
    }


def check_costs(found: Findings, stage: Stage, chosen: Chosen, plan: Plan) -> None:
    """Compare the costs stated in the tables, where they are stated."""
    opened = np.flatnonzero(chosen.site_line >= 0)
    place, item = np.nonzero(chosen.stock_line >= 0)
    agreed = np.flatnonzero(chosen.agreed_line >= 0)
    stock = chosen.stock[place, item]
    units = chosen.agreed[agreed]
    for table, column, line, true in (
        ("sites", "fixed_cost", chosen.site_line[opened], stage.sizes.cost[chosen.size[opened]]),
        ("reserves", "cost", chosen.stock_line[place, item], stage.shelf.cost[place, item] * stock),
        ("agreements", "cost", chosen.agreed_line[agreed], stage.agreements.option[agreed] * units),
    ):
        stated = plan_table(table, plan[table])[column].to_numpy(float)[line]
        off_by = np.abs(stated - true)
        # A written quantity is rounded, so its cost may be off by the rounding times the price.
        wrong = off_by > tolerance(true, np.abs(true))
        lines = words("{:,.10g} is stated, {:,.10g} follows", stated[wrong], true[wrong])
        found.add("stage_cost", table, line[wrong], off_by[wrong], lines)


def _kept(found: Findings, stage: Stage, chosen: Chosen) -> None:
    if stage.ground.instance.policy.close_existing:
        return
    closed = np.flatnonzero(stage.existing & ~chosen.open)
    lines = words("{} exists and is not kept", stage.ground.place_names(closed))
    found.add("size", "sites", stage.site_row[closed], np.ones(len(closed)), lines)


def _volume(found: Findings, stage: Stage, chosen: Chosen) -> None:
    m3 = stage.ground.items.m3
    load = chosen.stock @ m3
    room = np.where(chosen.open, stage.sizes.volume[chosen.size], np.inf)
    over = load - room
    bad = np.flatnonzero(over > tolerance(room, m3.sum()))
    lines = words(
        "{} holds {:g} m3, its size has room for {:g}",
        stage.ground.place_names(bad),
        load[bad],
        room[bad],
    )
    found.add("volume", "sites", _lines(chosen, bad), over[bad], lines)


def _lines(chosen: Chosen, places: np.ndarray) -> np.ndarray:
    """Return lines of the plan's sites table; its first where the plan states none."""
    return np.asarray(np.maximum(chosen.site_line[places], 0))


def _stock(found: Findings, stage: Stage, chosen: Chosen) -> None:
    ground, shelf = stage.ground, stage.shelf
    most = np.where(chosen.open[:, None], shelf.maximum, 0.0)
    over = chosen.stock - most
    place, item = np.nonzero(over > tolerance(most))
    lines = words(
        "{} holds {:g} {}, it may hold {:g}",
        ground.place_names(place),
        chosen.stock[place, item],
        ground.item_names(item),
        most[place, item],
    )
    line = np.maximum(chosen.stock_line[place, item], 0)
    found.add("stock_max", "reserves", line, over[place, item], lines)
    least = np.where(chosen.open[:, None], shelf.minimum, 0.0)
    under = least - chosen.stock
    place, item = np.nonzero(under > tolerance(least))
    lines = words(
        "{} is open and holds {:g} {}, its minimum is {:g}",
        ground.place_names(place),
        chosen.stock[place, item],
        ground.item_names(item),
        least[place, item],
    )
    found.add("stock_min", "reserves", shelf.row[place, item], under[place, item], lines)
    _packs(found, stage, chosen)


def _packs(found: Findings, stage: Stage, chosen: Chosen) -> None:
    items = stage.ground.items
    packs = chosen.stock / items.pack[None, :]
    part = np.abs(packs - np.round(packs)) * items.pack[None, :]
    place, item = np.nonzero((part > tolerance(chosen.stock)) & items.whole[None, :])
    lines = words(
        "{:g} is no whole number of packs of {:g}", chosen.stock[place, item], items.pack[item]
    )
    line = chosen.stock_line[place, item]
    found.add("whole_packs", "reserves", line, part[place, item], lines)


def _agreements(found: Findings, stage: Stage, chosen: Chosen) -> None:
    agreements = stage.agreements
    if not len(agreements):
        return
    most = np.where(chosen.open[agreements.site] & (agreements.site >= 0), agreements.maximum, 0.0)
    over = chosen.agreed - most
    bad = np.flatnonzero(over > tolerance(most))
    lines = words(
        "{:g} are reserved by {}, {:g} may be",
        chosen.agreed[bad],
        agreements.index.to_numpy(object)[bad],
        most[bad],
    )
    found.add("agreement_max", "agreements", chosen.agreed_line[bad], over[bad], lines)


def _money(found: Findings, stage: Stage, chosen: Chosen) -> None:
    budget = stage.ground.instance.policy.reserve_budget
    spent = sum(stage_costs(stage, chosen).values())
    # Rounding of every written quantity costs its price at most.
    rounding = float(stage.shelf.cost[chosen.stock > 0].sum() + stage.agreements.option.sum())
    if budget is not None and spent - budget > tolerance(budget, rounding):
        message = f"{spent:,.10g} is spent on the first stage, the budget is {budget:,.10g}"
        found.add_one("budget", "policy:reserve_budget", spent - budget, message)


def _count(found: Findings, stage: Stage, chosen: Chosen) -> None:
    policy = stage.ground.instance.policy
    if policy.open_sites is None:
        return
    off_by = int(chosen.open.sum()) - policy.open_sites
    if off_by > 0 or (off_by < 0 and policy.open_rule == "exactly"):
        asked = f"{policy.open_rule.replace('_', ' ')} {policy.open_sites}"
        message = f"{int(chosen.open.sum())} sites are open, the policy asks for {asked}"
        found.add_one("sites", "policy:open_sites", abs(off_by), message)


def _total(found: Findings, stage: Stage, chosen: Chosen) -> None:
    if stage.ground.instance.policy.total_stock != "fixed":
        return
    total, present = chosen.stock.sum(axis=0), stage.shelf.present.sum(axis=0)
    off_by = np.abs(total - present)
    for item in np.flatnonzero(off_by > tolerance(present, len(total))).tolist():
        name = stage.ground.item_names(np.array([item]))[0]
        message = f"{total[item]:g} {name} are in reserve, there are {present[item]:g}"
        found.add_one("total_stock", "policy:total_stock", off_by[item], message)


def _pins(found: Findings, stage: Stage, chosen: Chosen) -> None:
    """Compare openings and sums of stock with the pins."""
    pins, ground = stage.ground.instance["reserve_pins"], stage.ground
    if pins.empty:
        return
    site, item = ground.place(pins["site_id"]), ground.item(pins["item_id"])
    whole = np.vstack([chosen.stock, chosen.stock.sum(axis=0)])
    total = np.column_stack([whole, whole.sum(axis=1)])[site, item]
    asked, rule = pins["quantity"].to_numpy(float), pins["rule"].to_numpy(object)
    over = np.where(rule == "at_least", 0.0, np.maximum(0.0, total - asked))
    under = np.where(rule == "at_most", 0.0, np.maximum(0.0, asked - total))
    off_by = np.nan_to_num(over + under)
    bad = np.flatnonzero(off_by > tolerance(np.nan_to_num(asked), np.count_nonzero(chosen.stock)))
    lines = words(
        "pin {} asks for {} {:g}, {:g} are held",
        pins["pin_id"].iloc[bad],
        [str(name).replace("_", " ") for name in rule[bad]],
        asked[bad],
        total[bad],
    )
    found.add("reserve_pin", "reserve_pins", bad, off_by[bad], lines)
    _open_pins(found, stage, chosen, site)


def _open_pins(found: Findings, stage: Stage, chosen: Chosen, site: np.ndarray) -> None:
    pins = stage.ground.instance["reserve_pins"]
    names = np.append(stage.sizes.name, "")[chosen.size]
    count = _matching(chosen.open, names, site, pins["size_id"].to_numpy(object))
    wanted = pins["open"].to_numpy(object)
    sites = np.where(site >= 0, 1.0, stage.ground.places.is_site.sum())
    off_by = np.where(wanted == "no", count, np.where(wanted == "yes", sites - count, 0.0))
    bad = np.flatnonzero(off_by > 0)
    lines = words(
        "pin {} asks {} to be {}",
        pins["pin_id"].iloc[bad],
        pins["site_id"].iloc[bad],
        np.where(wanted[bad] == "no", "closed", "open"),
    )
    found.add("reserve_pin", "reserve_pins", bad, off_by[bad], lines)


def _matching(open_: Bools, names: np.ndarray, site: np.ndarray, size: np.ndarray) -> Floats:
    """Return how many open sites match each pin; a blank site or size matches any."""
    counts = [
        float(np.sum(open_[_span(one)] & ((names[_span(one)] == name) | (name == ""))))
        for one, name in zip(site.tolist(), size.tolist(), strict=True)
    ]
    return np.array(counts)


def _span(site: int) -> slice:
    return slice(None) if site < 0 else slice(site, site + 1)
