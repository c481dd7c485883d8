"""Like communities become one: a small instance whose bounds are true (formulation section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.engine.program import Floats, Ints
from allocator.instance.instance import Instance
from allocator.instance.network import Network, network

NAMED = (  # tables that name a community on its own account
    ("stocks", ("place_id", "earmark")),
    ("arrivals", ("place_id", "earmark")),
    ("in_transit", ("place_id", "earmark")),
    ("limits", ("place_id",)),
    ("pins", ("from_id", "to_id")),
    ("links", ("from_id",)),
    ("owners", ("district",)),
)
KEPT = ("periods", "sites", "owners", "vehicles", "pins", "limits")
LOTS = ("stocks", "arrivals", "in_transit", "purchases")
ALIKE = (0.0, 0.05, 0.15, 0.4, np.inf)  # how much longer one member's way may be than another's
MOST_COLUMNS = (
    450_000  # of the coarse program: the interior point method takes about a minute a goal
)
SAFE = (
    1.0 - 1e-12
)  # rates are rounded down, so that rounding never turns a bound against the true instance


@dataclass(frozen=True)
class Groups:
    """The true network, the coarse one, and the coarse place of every true place."""

    fine: Network
    coarse: Network
    of: Ints

    def members(self) -> Ints:
        """Return the number of true places of every coarse place."""
        return np.bincount(self.of, minlength=len(self.coarse.places.ids))

    def expanded(self, groups: Ints) -> tuple[Ints, Ints]:
        """Return every pair of an entry (its position in `groups`) and a member of that group."""
        order, size = np.argsort(self.of, kind="stable"), self.members()
        start, many = (np.cumsum(size) - size)[groups], size[groups]
        row = np.repeat(np.arange(len(groups)), many)
        number = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
        return row, order[start[row] + number]


def grouped(net: Network, most: float = MOST_COLUMNS) -> Groups:
    """Group the communities of a network, as finely as `most` columns allow: the coarse one too.

    The coarse instance is a relaxation: every true plan, summed over the members, is a plan of it
    with no greater value of any linear goal (fairness is none).
    """
    for alike in ALIKE:
        of = group_of(net, alike)
        coarse = network(coarse_instance(net, of))
        if expected_columns(coarse) <= most:
            break
    return Groups(net, coarse, of)


def expected_columns(net: Network) -> float:
    """Return about how many columns of goods the program has."""
    first = np.full(len(net.batches), net.periods)
    np.minimum.at(first, net.lots.batch, net.lots.period)
    span = np.maximum(0, np.minimum(net.batches.expiry + 1, net.periods) - first)
    usable = np.where(net.items.reusable[net.batches.item][:, None], True, ~net.lanes.reusable_only)
    ways = (usable & net.batches.allowed[:, net.lanes.target]).sum(axis=1)
    return float((span * (ways + 2 * net.batches.allowed.sum(axis=1))).sum())


def group_of(net: Network, alike: float = 0.0) -> Ints:
    """Return the group of every place; communities come first, in the order of their first member.

    `alike` is how much, relatively, the ways into the members of a group may differ in length.
    """
    features = _features(net, alike)
    towns = np.flatnonzero(~net.places.is_site)
    codes, _ = pd.factorize(pd.MultiIndex.from_frame(features.iloc[towns]))
    sites = len(net.places.ids) - len(towns)
    return np.concatenate([codes, codes.max(initial=-1) + 1 + np.arange(sites)]).astype(np.int64)


def _features(net: Network, alike: float) -> pd.DataFrame:
    """Return what the members of a group have in common, one row a place."""
    places = net.places
    itself = np.where(_apart(net), np.arange(len(places.ids)), -1)
    return pd.DataFrame(
        {
            "itself": itself,
            "district": places.district.astype(str),
            "zone": places.zone.astype(str),
            "weight": places.weight.round(2),
            "access": _codes(net.access),
            "lanes": _inbound(net, alike),
        }
    )


def _apart(net: Network) -> np.ndarray:
    """Return which places must stay alone."""
    apart = net.places.is_site.copy()
    for table, columns in NAMED:
        frame = net.instance[table]
        for column in columns:
            found = net.places.find(frame[column])
            apart[found[found >= 0]] = True
    apart[net.needs.place[net.needs.waits]] = True
    return apart


def _codes(rows: np.ndarray) -> Ints:
    """Return a number for every different row."""
    return np.asarray(np.unique(rows, axis=0, return_inverse=True)[1].ravel(), dtype=np.int64)


def _inbound(net: Network, alike: float) -> Ints:
    """Return a number for every set of inbound lanes: origins, openings, leads, rough lengths."""
    lanes = net.lanes
    chosen = np.flatnonzero(~lanes.reusable_only)
    length = [_bands(figure, alike) for figure in (lanes.minutes, lanes.km, lanes.cost)]
    columns = [lanes.origin, lanes.open_from, lanes.open_to, net.lead, *length]
    figures = np.column_stack(columns)[chosen]
    frame = pd.DataFrame({"target": lanes.target[chosen], "code": _codes(figures)})
    frame = frame.sort_values(["target", "code"])
    sets = frame.groupby("target")["code"].agg(tuple)
    found = np.full(len(net.places.ids), -1, dtype=np.int64)
    found[sets.index.to_numpy()] = pd.factorize(sets)[0]
    return found


def _bands(figure: Floats, alike: float) -> Floats:
    """Return the figure itself, or the number of its band of relative width `alike`."""
    if alike == 0:
        return figure
    if np.isinf(alike):
        return np.zeros(len(figure))
    return np.asarray(np.floor(np.log1p(figure) / np.log1p(alike)))


def coarse_instance(net: Network, of: Ints) -> Instance:
    """Build the instance of the groups; a group carries the id of its first member."""
    _, first = np.unique(of, return_index=True)
    ids = net.places.ids[first]
    kept = {name: net.instance[name] for name in (*KEPT, *LOTS)}
    return Instance.from_frames(
        policy=net.instance.policy.replace(lanes="listed", trips="continuous"),
        name=net.instance.name,
        validate=False,
        items=net.instance["items"].assign(whole_packs=False),
        communities=_communities(net, of, first),
        access=_access(net, of, ids),
        gates=_gates(net, of, ids),
        needs=_needs(net, of, ids),
        links=_links(net, of, ids),
        **kept,
    )


def _communities(net: Network, of: Ints, first: Ints) -> pd.DataFrame:
    places = net.places
    towns = first[~places.is_site[first]]
    size = len(towns)
    weight = np.full(len(first), np.inf)
    np.minimum.at(weight, of, places.weight)
    return pd.DataFrame(
        {
            "community_id": places.ids[towns],
            "lat": places.lat[towns],
            "lon": places.lon[towns],
            "district": places.district[towns],
            "zone_id": places.zone[towns],
            "population": np.bincount(of, weights=places.people)[:size],
            "vulnerability": weight[:size],
        }
    )


def _gate_figures(net: Network, of: Ints) -> tuple[Floats, Floats, Ints]:
    """Return gate share and minutes of every group and period, and the place whose share it is.

    Infinite where a member has no gate. Goods handled are at most the sum of minutes / share.
    """
    shape = (len(net.places.ids), net.periods)
    share, handled = np.zeros(shape), np.full(shape, np.inf)
    gates = net.gates
    share[gates.place, gates.period] = gates.share
    bound = gates.share > 0
    per_share = gates.minutes[bound] / gates.share[bound]
    handled[gates.place[bound], gates.period[bound]] = per_share
    order = np.arange(shape[0])[:, None].repeat(net.periods, axis=1)
    period = np.arange(net.periods)[None, :].repeat(shape[0], axis=0)
    ranked = np.lexsort((order.ravel(), share.ravel(), period.ravel(), of[order].ravel()))
    group, when = of[order].ravel()[ranked], period.ravel()[ranked]
    starts = np.flatnonzero(np.r_[True, (np.diff(group) != 0) | (np.diff(when) != 0)])
    chosen = order.ravel()[ranked][starts].reshape(-1, net.periods)
    smallest = np.take_along_axis(share, chosen, axis=0)
    total = np.zeros(smallest.shape)
    np.add.at(total, of, handled)
    with np.errstate(invalid="ignore"):
        minutes = np.where(smallest > 0, smallest * total, np.inf)
    return smallest, minutes, chosen


def _access(net: Network, of: Ints, ids: np.ndarray) -> pd.DataFrame:
    """Return the access of the member with the smallest gate share, period by period."""
    _, _, chosen = _gate_figures(net, of)
    table = net.instance["access"]
    place, period = net.places.find(table["place_id"]), table["period"].to_numpy(np.int64) - 1
    mine = (place >= 0) & (chosen[of[place], period] == place)
    chosen_rows: pd.DataFrame = table[mine]
    return chosen_rows.assign(place_id=ids[of[place[mine]]])


def _gates(net: Network, of: Ints, ids: np.ndarray) -> pd.DataFrame:
    """Return the gates: of groups what all members have, of places alone as they are."""
    _, minutes, _ = _gate_figures(net, of)
    table = net.instance["gates"]
    place = net.places.find(table["community_id"])
    alone = np.bincount(of)[of[place]] == 1
    group, when = np.nonzero(np.isfinite(minutes))
    several = np.bincount(of)[group] > 1
    group, when = group[several], when[several]
    merged = pd.DataFrame(
        {
            "community_id": ids[group],
            "period": when + 1,
            "handling_minutes": minutes[group, when],
        }
    )
    kept = pd.DataFrame(table[alone])[list(merged.columns)]
    return pd.concat([kept, merged], ignore_index=True)


def _needs(net: Network, of: Ints, ids: np.ndarray) -> pd.DataFrame:
    """Return needs summed, with the smallest rate of people a unit."""
    needs = net.needs
    keys = np.column_stack([of[needs.place], needs.item, needs.period])
    code = np.ravel_multi_index(keys.T, (len(ids), len(net.items.ids), net.periods))
    _, first, of_row = np.unique(code, return_index=True, return_inverse=True)
    quantity = np.bincount(of_row, weights=needs.quantity)
    floor = np.bincount(of_row, weights=needs.floor * needs.quantity)
    rate = np.full(len(first), np.inf)
    np.minimum.at(rate, of_row, needs.rate)
    several = np.bincount(of_row) > 1
    return pd.DataFrame(
        {
            "community_id": ids[keys[first, 0]],
            "item_id": net.items.ids[keys[first, 1]],
            "period": keys[first, 2] + 1,
            "quantity": quantity,
            "people": np.where(several, SAFE, 1.0) * rate * quantity,
            "floor_share": floor / quantity,
            "backlog": np.where(needs.waits[first], "waits", "lost"),
        }
    )


def _links(net: Network, of: Ints, ids: np.ndarray) -> pd.DataFrame:
    """Return every lane: the shortest and cheapest of the members', whose leads are alike."""
    lanes = net.lanes
    chosen = np.flatnonzero(~lanes.reusable_only)
    lead = np.where((net.lead == net.lead[:, :1]).all(axis=1), net.lead[:, 0], np.nan)
    frame = pd.DataFrame(
        {
            "from_id": ids[of[lanes.origin[chosen]]],
            "to_id": ids[of[lanes.target[chosen]]],
            "minutes": lanes.minutes[chosen],
            "km": lanes.km[chosen],
            "lead_periods": lead[chosen],
            "cost": lanes.cost[chosen],
            "open_from": lanes.open_from[chosen],
            "open_to": lanes.open_to[chosen],
        }
    )
    figures: Mapping[str, str] = {
        "minutes": "min",
        "km": "min",
        "lead_periods": "first",
        "cost": "min",
        "open_from": "min",
        "open_to": "max",
    }
    ends = ["from_id", "to_id"]
    return pd.DataFrame(frame.groupby(ends, sort=False, as_index=False).agg(figures))
