"""Why places go without in some scenarios, read off the scenarios and the plan by arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from allocator.doctor.words import number
from allocator.engine.program import Floats, Ints
from allocator.explain.reserve_reason import ReserveReason
from allocator.instance.futures import ReserveCase
from allocator.instance.lanes import Bools
from allocator.instance.reserve import position
from allocator.plan import Plan

NOISE = 1e-4  # units
FULL = 1e-4  # share of a limit that may be left when it counts as reached


@dataclass(frozen=True)
class Held:
    """A plan as arrays: size of every site (-1 = closed), stock, money spent."""

    size: Ints
    stock: Floats
    spent: float


def held_of(case: ReserveCase, plan: Plan) -> Held:
    """Read sites and stock of a plan; what the case does not know is left out."""
    reserve = case.reserve
    size = np.full(len(reserve.sites), -1, dtype=np.int64)
    sites = plan["sites"]
    keys = pd.MultiIndex.from_arrays([reserve.sites.ids[reserve.sizes.site], reserve.sizes.ids])
    at = keys.get_indexer(pd.MultiIndex.from_arrays([sites["site_id"], sites["size_id"]]))
    size[reserve.sizes.site[at[at >= 0]]] = at[at >= 0]
    stock, table = np.zeros(reserve.stock.minimum.shape), plan["reserves"]
    site, item = (
        position(reserve.sites.ids, table["site_id"]),
        position(reserve.items.ids, table["item_id"]),
    )
    ok = (site >= 0) & (item >= 0)
    np.add.at(stock, (site[ok], item[ok]), table["quantity"].to_numpy(float)[ok])
    agreed = plan["agreements"]["cost"].fillna(0.0).sum()
    spent = float((reserve.stock.unit_cost * stock).sum() + agreed)
    spent += float(reserve.sizes.fixed_cost[size[size >= 0]].sum())
    return Held(size, stock, spent)


@dataclass(frozen=True)
class Short:
    """Shortages in rows: scenario, place and item by position, units and probability."""

    scenario: Ints
    place: Ints
    item: Ints
    units: Floats
    chance: Floats


def short_of(case: ReserveCase, plan: Plan) -> Short:
    """Return the shortages of the recourse."""
    rows = plan["recourse"]
    rows = rows[(rows["kind"] == "short") & (rows["quantity"] > NOISE)]
    scenario = position(case.futures.ids, rows["scenario_id"])
    place = position(case.reserve.communities.ids, rows["to_id"])
    item = position(case.reserve.items.ids, rows["item_id"])
    ok = (scenario >= 0) & (place >= 0) & (item >= 0)
    return Short(
        scenario[ok],
        place[ok],
        item[ok],
        rows["quantity"].to_numpy(float)[ok],
        case.futures.probability[scenario[ok]],
    )


def place_reasons(
    case: ReserveCase, plan: Plan, most: int | None, only: str = ""
) -> Iterator[ReserveReason]:
    """Say of the places and items most short why, one reason a kind of cause.

    Each shortage of a scenario has one cause: no lane, no open site, throughput, nothing held,
    lost, held back, or used up. The causes are facts of plan and scenario: no solve is needed.
    """
    held, short = held_of(case, plan), short_of(case, plan)
    if not len(short.units):
        return
    cause = _causes(case, plan, held, short)
    weight = short.units * case.futures.rate[short.scenario, short.place, short.item] * short.chance
    vital = case.reserve.items.tier[short.item] == 1
    frame = pd.DataFrame(
        {
            "place": short.place,
            "item": short.item,
            "cause": cause,
            "units": short.units * short.chance,
            "chance": short.chance,
            "people": np.where(vital, weight, 0.0),
            "scenario": short.scenario,
        }
    )
    if only:
        frame = frame[
            frame["place"] == position(case.reserve.communities.ids, pd.Series([only]))[0]
        ]
    total = frame.groupby(["place", "item"])[["people", "units"]].sum()
    order = total.sort_values(["people", "units"], ascending=False, kind="stable").index
    for place, item in list(order)[: most or None]:
        mine = frame[(frame["place"] == place) & (frame["item"] == item)]
        for name, rows in sorted(
            mine.groupby("cause"), key=lambda one: -float(one[1]["units"].sum())
        ):
            yield _reason(case, held, str(name), int(place), int(item), rows)


def _causes(case: ReserveCase, plan: Plan, held: Held, short: Short) -> np.ndarray:
    """Return the cause of every shortage."""
    lanes, futures, left = case.reserve.lanes, case.futures, _left_over(case, plan)
    count = len(case.reserve.communities)
    ones, rows = np.ones(len(lanes)), np.arange(len(lanes))
    into = sparse.csr_matrix((ones, (rows, lanes.community)), shape=(len(lanes), count))
    sized = np.isin(lanes.site, case.reserve.sizes.site)
    usable = ~futures.lane_closed
    from_open = usable & (held.size[lanes.site] >= 0)[None]
    at = short.scenario, short.place
    reached, opened = ((usable & sized[None]) @ into)[at], (from_open @ into)[at]
    capped = ((from_open & _at_throughput(case, plan, held)[:, lanes.site]) @ into)[at]
    capped = np.where(case.reserve.items.m3[short.item] > 0, capped, 0)
    stocked, alive, spare = np.zeros((3, len(short.units)))
    for item in np.unique(short.item).tolist():
        mine = short.item == item
        stock = held.stock[lanes.site, item][None] * from_open
        here = short.scenario[mine], short.place[mine]
        stocked[mine] = (stock @ into)[here]
        alive[mine] = ((stock * futures.survival[:, lanes.site, item]) @ into)[here]
        spare[mine] = ((from_open * left[:, lanes.site, item]) @ into)[here]
    return np.select(
        [
            reached == 0,
            opened == 0,
            capped >= opened,
            stocked <= NOISE,
            alive <= NOISE,
            spare > 10 * NOISE,
        ],
        ["OUT_OF_REACH", "NO_OPEN_SITE", "THROUGHPUT", "NOTHING_HELD", "LOST", "HELD_BACK"],
        "USED_UP",
    )


def _at_throughput(case: ReserveCase, plan: Plan, held: Held) -> Bools:
    """Return scenarios x sites that hand out all they can."""
    reserve, rows = case.reserve, plan["recourse"]
    rows = rows[rows["kind"] == "ship"]
    at = (
        position(case.futures.ids, rows["scenario_id"]),
        position(reserve.sites.ids, rows["from_id"]),
    )
    item = position(reserve.items.ids, rows["item_id"])
    ok = (at[0] >= 0) & (at[1] >= 0) & (item >= 0)
    out = np.zeros((len(case.futures), len(reserve.sites)))
    m3 = rows["quantity"].to_numpy(float) * reserve.items.m3[item]
    np.add.at(out, tuple(one[ok] for one in at), m3[ok])
    most = np.where(held.size >= 0, case.futures.throughput_m3[:, held.size], np.inf)
    return np.asarray(out >= most * (1 - FULL))


def _left_over(case: ReserveCase, plan: Plan) -> Floats:
    """Return what is left over of every reserve, scenarios x sites x items."""
    futures, reserve = case.futures, case.reserve
    left = np.zeros(futures.survival.shape)
    rows = plan["recourse"]
    rows = rows[rows["kind"] == "surplus"]
    at = (
        position(futures.ids, rows["scenario_id"]),
        position(reserve.sites.ids, rows["from_id"]),
        position(reserve.items.ids, rows["item_id"]),
    )
    ok = (at[0] >= 0) & (at[1] >= 0) & (at[2] >= 0)
    np.add.at(left, tuple(one[ok] for one in at), rows["quantity"].to_numpy(float)[ok])
    return left


def _reason(
    case: ReserveCase, held: Held, cause: str, place: int, item: int, rows: pd.DataFrame
) -> ReserveReason:
    reserve = case.reserve
    who, what = str(reserve.communities.ids[place]), str(reserve.items.ids[item])
    units, chance = float(rows["units"].sum()), float(rows["chance"].sum())
    worst = int(rows["scenario"].to_numpy()[rows["units"].to_numpy().argmax()])
    name = str(case.futures.ids[worst]) or "the one there is"
    amount = f"{number(units)} {what} on average"
    many = f"{len(rows)} scenario{'s' if len(rows) > 1 else ''}"
    when = f"in {many} (probability {100 * chance:.3g} %)"
    causes = {
        "OUT_OF_REACH": "no lane from any site is open in time",
        "NO_OPEN_SITE": "no site in reach is open" + _nearest(case, held, place),
        "NOTHING_HELD": f"no open site in reach holds {what}" + _limits(case, held, place, item),
        "LOST": f"all {what} in reach is lost or cut off",
        "THROUGHPUT": "every open site in reach hands out all it can (throughput_m3)",
        "HELD_BACK": "goods are left over in reach; throughput or an assignment holds them back",
        "USED_UP": f"all {what} that survives in reach is used" + _limits(case, held, place, item),
    }
    text = f"{who} goes without {amount} {when}: {causes[cause]}."
    return ReserveReason(who, what, cause, "", units, text, f"worst in scenario {name}")


def _nearest(case: ReserveCase, held: Held, place: int) -> str:
    """Name the nearest candidate that is not open."""
    lanes = case.reserve.lanes
    mine = np.flatnonzero((lanes.community == place) & (held.size[lanes.site] < 0))
    if not len(mine):
        return ""
    best = mine[np.argmin(lanes.minutes[mine])]
    name = case.reserve.sites.ids[lanes.site[best]]
    return f"; {name} would be {number(float(lanes.minutes[best]))} minutes away"


def _limits(case: ReserveCase, held: Held, place: int, item: int) -> str:
    """Say what keeps the reserve in reach from being larger."""
    reserve, policy = case.reserve, case.policy
    lanes = reserve.lanes
    site = np.unique(lanes.site[(lanes.community == place) & (held.size[lanes.site] >= 0)])
    found = []
    if policy.reserve_budget is not None and held.spent >= policy.reserve_budget * (1 - FULL):
        found.append("the reserve budget is spent")
    if policy.total_stock == "fixed":
        found.append("reserves may only be moved")
    load, room = held.stock[site] @ reserve.items.m3, reserve.sizes.volume_m3[held.size[site]]
    full = np.isfinite(room) & (load >= room * (1 - FULL))
    if full.any() and reserve.items.m3[item] > 0:
        found.append(f"{', '.join(map(str, reserve.sites.ids[site[full]][:3]))} full")
    at_most = held.stock[site, item] >= reserve.stock.maximum[site, item] * (1 - FULL)
    if len(site) and at_most.all():
        found.append("every open site in reach holds its maximum")
    if policy.open_sites is not None and (held.size >= 0).sum() >= policy.open_sites:
        found.append("no more sites may be open")
    if found:
        return f"; {'; '.join(found)}"
    return "; more of it costs more than it saves, or the plan is not proven best"
