"""What the columns and rows of dispatch are called: the ids of their keys, periods from 1."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.engine.program import Ints, Labels
from allocator.instance.network import Network
from allocator.models.dispatch.need import LateKeys, Shorts
from allocator.models.dispatch.sets import Held, Ship


class Labeller:
    """Makes the labels of blocks; they are worked out only when somebody asks for them."""

    def __init__(self, net: Network) -> None:
        """Name after the ids of this network."""
        self.net = net

    def held(self, held: Held) -> Labels:
        """Name by place, batch and period."""
        ids = self.net.places.ids
        return lambda: [
            f"{ids[p]},{self.batch(k)},{t + 1}"
            for p, k, t in zip(held.place, held.batch, held.period, strict=True)
        ]

    def ship(self, ship: Ship) -> Labels:
        """Name by lane, batch and period."""
        return lambda: [
            f"{self._lane(lane)},{self.batch(k)},{t + 1}"
            for lane, k, t in zip(ship.lane, ship.batch, ship.period, strict=True)
        ]

    def batch(self, batch: int) -> str:
        """Return item/expiry/earmark of a batch, the parts that are set."""
        batches = self.net.batches
        expiry, earmark = batches.expiry[batch], batches.earmark[batch]
        parts = [str(self.net.items.ids[batches.item[batch]])]
        parts += [f"e{expiry + 1}"] if expiry < self.net.periods else []
        return "/".join([*parts, earmark] if earmark else parts)

    def need(self, shorts: Shorts, rows: Ints) -> Labels:
        """Name chosen needs by place, item and period."""
        ids, items = self.net.places.ids, self.net.items.ids
        return lambda: [
            f"{ids[shorts.place[r]]},{items[shorts.item[r]]},{shorts.period[r] + 1}" for r in rows
        ]

    def late(self, keys: LateKeys) -> Labels:
        """Name by place, tier and period."""
        ids = self.net.places.ids
        return lambda: [
            f"{ids[p]},{c},{t + 1}"
            for p, c, t in zip(keys.place, keys.tier, keys.period, strict=True)
        ]

    def at(self, place: Ints, period: Ints) -> Labels:
        """Name by place and period."""
        ids = self.net.places.ids
        return lambda: [f"{ids[p]},{t + 1}" for p, t in zip(place, period, strict=True)]

    def lanes(self, lane: Ints, period: Ints) -> Labels:
        """Name by lane and period."""
        return lambda: [f"{self._lane(one)},{t + 1}" for one, t in zip(lane, period, strict=True)]

    def moves(self, lane: Ints, item: Ints, period: Ints) -> Labels:
        """Name by lane, item and period."""
        items = self.net.items.ids
        return lambda: [
            f"{self._lane(one)},{items[i]},{t + 1}"
            for one, i, t in zip(lane, item, period, strict=True)
        ]

    def goods(self, place: Ints, item: Ints) -> Labels:
        """Name by place, item and every period."""
        ids, items = self.net.places.ids, self.net.items.ids
        keys = [f"{ids[p]},{items[i]}" for p, i in zip(place, item, strict=True)]
        return lambda: list(self._every_period(keys))

    def vehicles(self, vehicle: Ints) -> Labels:
        """Name chosen rows of the fleet by type, home and every period."""
        return lambda: list(self._every_period([self._vehicle(row) for row in vehicle]))

    def trips(self, lane: Ints, vehicle: Ints, period: Ints) -> Labels:
        """Name by lane, vehicle and period."""
        return lambda: [
            f"{self._lane(one)},{self._vehicle(v)},{t + 1}"
            for one, v, t in zip(lane, vehicle, period, strict=True)
        ]

    def purchases(self, rows: Ints) -> Labels:
        """Name chosen rows of `purchases` by site, item and period."""
        table = self.net.instance["purchases"].iloc[rows]
        return lambda: [
            f"{site},{item},{period}"
            for site, item, period in zip(
                table["site_id"], table["item_id"], table["period"], strict=True
            )
        ]

    def _lane(self, lane: int) -> str:
        ids, lanes = self.net.places.ids, self.net.lanes
        return f"{ids[lanes.origin[lane]]},{ids[lanes.target[lane]]}"

    def _vehicle(self, row: int) -> str:
        vehicle = self.net.instance["vehicles"].iloc[row]
        return f"{vehicle['type']},{vehicle['site_id'] or 'pool'}"

    def _every_period(self, keys: list[str]) -> Iterator[str]:
        return (f"{key},{t + 1}" for key in keys for t in range(self.net.periods))
