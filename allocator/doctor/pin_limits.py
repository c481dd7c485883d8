"""Upper limits of what a pin can ask for, each a proof by one sum."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from allocator.instance.lanes import Bools, Floats, Ints
from allocator.instance.network import Network


class PinLimits:
    """Limits of single pins on one network; `first` is batches x places of reach.first_periods."""

    def __init__(self, net: Network, first: Ints) -> None:
        """Find the groups of places between which goods can go round."""
        self.net, self.first = net, first
        self._group = self._groups(np.ones(len(net.lanes), dtype=bool))
        self._group_at_once = self._groups((net.lead == 0).any(axis=1))

    def _groups(self, used: Bools) -> Ints:
        size = len(self.net.places.ids)
        origin, target = self.net.lanes.origin[used], self.net.lanes.target[used]
        graph = sparse.coo_matrix((np.ones(len(origin)), (origin, target)), shape=(size, size))
        return np.asarray(connected_components(graph, connection="strong")[1], dtype=np.int64)

    def of(self, pin: pd.Series) -> dict[str, float] | None:
        """Return the limits by family name; None when no shipment matches the pin at all."""
        net = self.net
        lanes = self._lanes(pin)
        items = np.flatnonzero((net.items.ids == pin["item_id"]) | (pin["item_id"] == ""))
        usable = {
            int(k): self._usable(int(k), lanes, pin["period"])
            for k in np.flatnonzero(np.isin(net.batches.item, items))
        }
        usable = {batch: when for batch, when in usable.items() if when.any()}
        if not usable:
            return None
        if not (pin["item_id"] and pin["from_id"] and pin["to_id"]):
            return {}
        when = np.logical_or.reduce([table.any(axis=0) for table in usable.values()])
        item, lane = int(items[0]), int(lanes[0])
        limits = {
            "supply": self._supply(usable, lane, pin["period"]),
            "ship_max": self._ship_max(pin) * when.sum(),
            "throughput": self._throughput(pin, item) * when.sum(),
            "fleet": self._fleet(lane, item)[when].sum(),
            "gate": self._gate(lane, item)[when].sum(),
        }
        return {name: float(most) for name, most in limits.items() if np.isfinite(most)}

    def _lanes(self, pin: pd.Series) -> Ints:
        lanes, ids = self.net.lanes, self.net.places.ids
        match = np.ones(len(lanes), dtype=bool)
        for name, end in (("from_id", lanes.origin), ("to_id", lanes.target)):
            if pin[name]:
                match &= ids[end] == pin[name]
        return np.flatnonzero(match)

    def _usable(self, batch: int, lanes: Ints, period: float) -> Bools:
        """Return lanes x periods in which goods of the batch can leave."""
        net, item = self.net, int(self.net.batches.item[batch])
        when = np.arange(net.periods)[None, :]
        arrival = when + net.leads(item)[lanes]
        usable = net.open[lanes] & (arrival <= min(net.periods - 1, int(net.batches.expiry[batch])))
        usable &= when >= self.first[batch][net.lanes.origin[lanes]][:, None]
        usable &= net.batches.allowed[batch][net.lanes.target[lanes]][:, None]
        if not net.items.reusable[item]:
            usable &= ~net.lanes.reusable_only[lanes][:, None]
        return usable if np.isnan(period) else usable & (when == int(period) - 1)

    def _supply(self, usable: dict[int, Bools], lane: int, period: float) -> float:
        """All goods that enter in time, when none of them can cross the lane twice."""
        group = self._group if np.isnan(period) else self._group_at_once
        if group[self.net.lanes.origin[lane]] == group[self.net.lanes.target[lane]]:
            return np.inf
        lots = self.net.lots
        last = {
            batch: int(np.flatnonzero(when.any(axis=0)).max()) for batch, when in usable.items()
        }
        return sum(
            float(lots.quantity[(lots.batch == k) & (lots.period <= t)].sum())
            for k, t in last.items()
        )

    def _ship_max(self, pin: pd.Series) -> float:
        table = self.net.instance["limits"]
        cap = table.loc[
            (table["place_id"] == pin["from_id"]) & (table["item_id"] == pin["item_id"]), "ship_max"
        ]
        return float(cap.dropna().min()) if len(cap.dropna()) else np.inf

    def _throughput(self, pin: pd.Series, item: int) -> float:
        table = self.net.instance["sites"]
        limit = table.loc[table["site_id"] == pin["from_id"], "throughput_kg"].dropna()
        kg = self.net.items.kg[item]
        return float(limit.iloc[0]) / kg if len(limit) and kg > 0 else np.inf

    def _fleet(self, lane: int, item: int) -> Floats:
        """Units a period that all permitted vehicles can carry when they run this lane alone."""
        net, fleet = self.net, self.net.fleet
        kg = net.items.kg[item]
        if not fleet.limited or not net.places.is_site[net.lanes.origin[lane]] or kg <= 0:
            return np.full(net.periods, np.inf)
        pair = np.flatnonzero(fleet.pair_lane == lane)
        vehicle = fleet.pair_vehicle[pair]
        with np.errstate(divide="ignore", invalid="ignore"):
            by_time = np.where(
                fleet.pair_minutes[pair] > 0,
                fleet.hours[vehicle] / fleet.pair_minutes[pair],
                np.inf,
            )
        trips = np.minimum(by_time, fleet.trips[vehicle])
        return np.asarray(
            (np.where(fleet.pair_open[pair], (trips * fleet.kg[vehicle])[:, None], 0.0)).sum(axis=0)
            / kg
        )

    def _gate(self, lane: int, item: int) -> Floats:
        """Units a period of departure that the gate at the end of the lane can hand over."""
        net, gates = self.net, self.net.gates
        room = np.full(net.periods, np.inf)
        minutes = gates.share * net.items.handling[item]
        here = (gates.place == net.lanes.target[lane]) & (minutes > 0)
        room[gates.period[here]] = gates.minutes[here] / minutes[here]
        arrival = np.minimum(np.arange(net.periods) + net.leads(item)[lane], net.periods - 1)
        return np.asarray(room[arrival])
