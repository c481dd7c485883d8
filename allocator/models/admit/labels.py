"""What the columns and rows of beds are called: the ids of their keys, the period last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from allocator.engine.program import Ints, Labels
from allocator.instance.admit_case import AdmitCase
from allocator.models.admit.keys import Keys


class Labeller:
    """Makes the labels of blocks; they are worked out only when somebody asks for them."""

    def __init__(self, case: AdmitCase, keys: Keys) -> None:
        """Name after the ids of this case."""
        self.case, self.keys = case, keys
        self.hours_sites: Ints = np.zeros(0, dtype=np.int64)
        self._makers: dict[str, Callable[[], Sequence[str]]] = {
            "admit": self._admit,
            "wait": self._waiting,
            "queue": self._waiting,
            "enter": self._cells,
            "entry": self._cells,
            "inside": self._cells,
            "place": self._cells,
            "held": self._changes,
            "step": self._changes,
            "move": self._move,
            "lie": self._lie,
            "beds": self._beds,
            "care_hours": self._hours,
            "care_items": self._items,
            "left": self._left,
        }

    def of(self, name: str) -> Labels:
        """Return the labels of a block or family, the scenario in front where there are several."""
        if name == "open":
            return self._open
        if name == "open_once":
            return lambda: [str(ward) for ward in self.case.surge.ids]
        one, scenarios = self._makers[name], self.case.scenarios

        def all_scenarios() -> Sequence[str]:
            names = one()
            if len(scenarios) == 1:
                return names
            return [f"{scenario},{label}" for scenario, label in product(scenarios, names)]

        return all_scenarios

    def _periods(self, heads: Sequence[str]) -> list[str]:
        return [f"{head},{t + 1}" for head in heads for t in range(self.case.periods)]

    def _admit(self) -> list[str]:
        way, kind, period, age = self.keys.admit
        ways, case = self.case.ways, self.case
        ends = zip(
            case.origins.ids[ways.origin[way]],
            case.sites.ids[ways.site[way]],
            case.classes.ids[kind],
            age,
            period + 1,
            strict=True,
        )
        return [",".join(str(part) for part in parts) for parts in ends]

    def _waiting(self) -> list[str]:
        origins, classes = self.case.origins.ids, self.case.classes.ids
        pairs = zip(self.keys.origin, self.keys.waits_for, strict=True)
        return self._periods(
            [f"{origins[c]},{classes[s]},{a}" for c, s in pairs for a in range(self.case.delay + 1)]
        )

    def _cells(self) -> list[str]:
        sites, classes = self.case.sites.ids, self.case.classes.ids
        pairs = zip(self.keys.site, self.keys.severity, strict=True)
        return self._periods([f"{sites[h]},{classes[s]}" for h, s in pairs])

    def _change_names(self) -> list[str]:
        stays, classes = self.case.stays, self.case.classes.ids
        pairs = zip(stays.step_from, stays.step_to, strict=True)
        return [f"{classes[a]}>{classes[b]}" for a, b in pairs]

    def _changes(self) -> list[str]:
        sites, names = self.case.sites.ids, self._change_names()
        pairs = zip(self.keys.change_site, self.keys.change, strict=True)
        return self._periods([f"{sites[h]},{names[r]}" for h, r in pairs])

    def _move(self) -> list[str]:
        way, change, period = self.keys.move
        ways, sites, names = self.case.transfers, self.case.sites.ids, self._change_names()
        return [
            f"{sites[ways.origin[w]]},{sites[ways.site[w]]},{names[r]},{t + 1}"
            for w, r, t in zip(way, change, period, strict=True)
        ]

    def _pool_names(self) -> list[str]:
        pools, classes = self.case.pools, self.case.classes.ids
        return [
            f"{self.case.sites.ids[site]},{'+'.join(classes[uses])}"
            for site, uses in zip(pools.site, pools.uses, strict=True)
        ]

    def _lie(self) -> list[str]:
        names, classes = self._pool_names(), self.case.classes.ids
        pairs = zip(self.keys.pool, self.keys.lies, strict=True)
        return self._periods([f"{names[g]},{classes[s]}" for g, s in pairs])

    def _beds(self) -> list[str]:
        return self._periods(self._pool_names())

    def _hours(self) -> list[str]:
        return self._periods([str(site) for site in self.case.sites.ids[self.hours_sites]])

    def _items(self) -> list[str]:
        return self._periods(
            [f"{h},{k}" for h, k in product(self.case.sites.ids, self.case.items.ids)]
        )

    def _left(self) -> list[str]:
        flows = self.case.items.ids[~self.case.items.reusable]
        return self._periods([f"{h},{k}" for h, k in product(self.case.sites.ids, flows)])

    def _open(self) -> list[str]:
        ward, period = self.keys.opening
        return [f"{self.case.surge.ids[b]},{t + 1}" for b, t in zip(ward, period, strict=True)]
