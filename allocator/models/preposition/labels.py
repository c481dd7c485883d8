"""What the columns and rows of pre-positioning are called: the ids of their keys."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from allocator.engine.program import Ints, Labels
from allocator.instance.reserve import Reserve


class Labeller:
    """Makes the labels of blocks; they are worked out only when somebody asks for them."""

    def __init__(self, reserve: Reserve) -> None:
        """Name after the ids of this first stage."""
        self.reserve = reserve
        self.sites, self.items = reserve.sites.ids, reserve.items.ids
        self.towns, self.suppliers = reserve.communities.ids, reserve.agreements.ids

    def of(self, *keys: tuple[np.ndarray, Ints]) -> Labels:
        """Name by several keys, each given as ids and positions."""
        return lambda: [
            ",".join(str(part) for part in parts)
            for parts in zip(*(ids[which] for ids, which in keys), strict=True)
        ]

    def sizes(self) -> Labels:
        """Name the sizes by site and size."""
        sizes = self.reserve.sizes
        return self.of((self.sites, sizes.site), (sizes.ids, np.arange(len(sizes))))

    def site(self, site: Ints) -> Labels:
        """Name by site."""
        return self.of((self.sites, site))

    def stock(self, site: Ints, item: Ints) -> Labels:
        """Name by site and item."""
        return self.of((self.sites, site), (self.items, item))

    def item(self, item: Ints) -> Labels:
        """Name by item."""
        return self.of((self.items, item))

    def supplier(self, agreement: Ints) -> Labels:
        """Name by agreement."""
        return self.of((self.suppliers, agreement))

    def town(self, community: Ints) -> Labels:
        """Name by community."""
        return self.of((self.towns, community))

    def need(self, community: Ints, item: Ints) -> Labels:
        """Name by community and item."""
        return self.of((self.towns, community), (self.items, item))

    def late(self, community: Ints, goal: Ints, goals: Sequence[str]) -> Labels:
        """Name by community, and by goal those of other goals than critical."""
        towns = self.town(community)
        return lambda: [
            town if number == 0 else f"{town},{goals[number]}"
            for town, number in zip(towns(), goal.tolist(), strict=True)
        ]

    def lane(self, lane: Ints) -> Labels:
        """Name by the ends of lanes."""
        lanes = self.reserve.lanes
        return self.of((self.sites, lanes.site[lane]), (self.towns, lanes.community[lane]))

    def move(self, lane: Ints, item: Ints) -> Labels:
        """Name by the ends of lanes and item."""
        lanes = self.reserve.lanes
        ends = (self.sites, lanes.site[lane]), (self.towns, lanes.community[lane])
        return self.of(*ends, (self.items, item))

    def delivery(self, agreement: Ints, lane: Ints) -> Labels:
        """Name by agreement and community."""
        towns = self.reserve.lanes.community[lane]
        return self.of((self.suppliers, agreement), (self.towns, towns))
