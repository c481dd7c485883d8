"""What a place could attain if nobody else needed anything (formulation section 6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from allocator.engine.ordered import Budget
from allocator.engine.program import Floats, Ints
from allocator.engine.session import Session
from allocator.instance.instance import Instance
from allocator.instance.network import Network, network
from allocator.models.dispatch.model import DispatchModel
from allocator.models.dispatch.sets import NEVER
from allocator.models.dispatch.shares import Shares, shares_of

LOTS = ("stocks", "arrivals", "in_transit")
PLACED = {  # tables that name communities, and the columns in which they do
    "communities": ("community_id",),
    "access": ("place_id",),
    "gates": ("community_id",),
    "limits": ("place_id",),
    "links": ("from_id", "to_id"),
}


def alone(instance: Instance, place_id: str, tier: int | None = None) -> Instance:
    """Return the instance with the needs of one place only, those of one tier if given.

    Communities that neither hold nor pass on anything are left out: nothing of theirs matters.
    """
    needs, items = instance["needs"], instance["items"]
    mine = needs["community_id"] == place_id
    if tier is not None:
        mine &= needs["item_id"].isin(items["item_id"][items["tier"] == tier])
    kept: dict[str, Any] = _without(instance, _bystanders(instance, place_id))
    # At gates as the table staffs them: the same yardstick for the joint form and the chain.
    policy = instance.policy.replace(gate_staff="chain")
    return instance.replace(policy=policy, **kept, needs=needs[mine], validate=False)


def _bystanders(instance: Instance, place_id: str) -> set[str]:
    active = {place_id, *instance["links"]["from_id"]}
    for table in LOTS:
        active |= set(instance[table]["place_id"])
    for end in ("from_id", "to_id"):
        active |= set(instance["pins"][end])
    return set(instance["communities"]["community_id"]) - active


def _without(instance: Instance, gone: set[str]) -> dict[str, pd.DataFrame]:
    """Return the tables that name communities, without those that are gone."""
    return {
        table: instance[table][~instance[table][list(columns)].isin(gone).any(axis=1)]
        for table, columns in PLACED.items()
    }


@dataclass
class Attainable:
    """Person-days attainable alone by place, tier and window: the need until a solve says less."""

    model: DispatchModel
    exact: dict[tuple[int, int], dict[int, float]] = field(default_factory=dict)
    ahead: dict[tuple[int, int], Future[dict[int, float]]] = field(default_factory=dict)

    @contextmanager
    def working_ahead(self, tiers: Iterable[int], budget: Budget) -> Iterator[None]:
        """Solve all places alone on a thread of their own, while other goals are being reached."""
        needs = self.model.shorts
        tier_of = self.model.net.items.tier[needs.item]
        with ThreadPoolExecutor(1) as pool:
            for tier in tiers:
                for place in np.unique(needs.place[tier_of == tier]).tolist():
                    self.ahead[tier, place] = pool.submit(
                        solve_alone, self.model.net, place, tier, budget
                    )
            try:
                yield
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
                self.ahead.clear()

    def known(self, shares: Shares) -> Floats:
        """Return A for every row of `shares`, as far as it is known."""
        unreachable = self._unreachable(shares)
        figures = np.maximum(0.0, shares.needed - unreachable)
        for (tier, place), windows in self.exact.items():
            if tier == shares.tier:
                for row in np.flatnonzero(shares.place == place):
                    figures[row] = min(
                        figures[row], windows.get(int(shares.window[row]), figures[row])
                    )
        return np.where(figures > 1e-9 * np.maximum(1.0, shares.needed), figures, 0.0)

    def _unreachable(self, shares: Shares) -> Floats:
        """Return the person-days no good can reach in time, by first arrival alone."""
        model, net = self.model, self.model.net
        earliest = np.full((len(net.items.ids), len(net.places.ids)), NEVER)
        np.minimum.at(earliest, net.batches.item, model.sets.first)
        shorts = model.shorts
        cut = earliest[shorts.item, shorts.place] > shorts.period
        late = np.zeros(len(model.late_keys.place))
        np.maximum.at(late, model.late_keys.of_need[cut], (shorts.rate * shorts.quantity)[cut])
        point = np.zeros(model.program.column_count)
        point[model.late] = late
        return shares.short(point)

    def table(self, tiers: Iterable[int]) -> pd.DataFrame:
        """Return every figure that is less than the need: one row a place, tier and window."""
        frames = []
        for tier in tiers:
            shares = shares_of(self.model, tier)
            figures = self.known(shares)
            less = figures < shares.needed
            frame = {
                "place_id": self.model.net.places.ids[shares.place[less]],
                "tier": tier,
                "window_start": shares.window[less] + 1,
                "attainable": figures[less],
            }
            frames.append(pd.DataFrame(frame))
        columns = ["place_id", "tier", "window_start", "attainable"]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)

    def refine(self, tier: int, places: Ints, budget: Budget | None = None) -> bool:
        """Solve the places not yet solved alone; return whether any figure fell below the need."""
        fell, budget = False, budget or Budget()
        for place in places:
            if (tier, int(place)) in self.exact or budget.spent():
                continue
            known = self.ahead.get((tier, int(place)))
            windows = known.result() if known else self._solve(tier, int(place), budget)
            self.exact[tier, int(place)] = windows
            fell |= bool(windows)
        return fell

    def _solve(self, tier: int, place: int, budget: Budget) -> dict[int, float]:
        return solve_alone(self.model.net, place, tier, budget)


def solve_alone(net: Network, place: int, tier: int, budget: Budget) -> dict[int, float]:
    """Return window -> person-days one place attains alone, where that is less than the need."""
    model = DispatchModel(network(alone(net.instance, str(net.places.ids[place]), tier)))
    shares = shares_of(model, tier)
    session = Session(model.program)
    whole = np.asarray(shares.matrix.sum(axis=0)).ravel()
    everything = session.minimise(whole, budget.seconds(), relaxed=True)
    if everything.value is not None and everything.value <= 1e-9 * max(
        1.0, float(shares.needed.sum())
    ):
        return {}
    found: dict[int, float] = {}
    missed = (
        np.zeros(len(shares.needed))
        if everything.solution is None
        else shares.short(everything.solution)
    )
    for row in np.flatnonzero(missed > 1e-9 * shares.needed):
        cost = shares.matrix[row].toarray().ravel()
        outcome = session.minimise(cost, budget.seconds())
        if outcome.value is not None and outcome.value > 1e-9 * shares.needed[row]:
            found[int(shares.window[row])] = max(0.0, float(shares.needed[row] - outcome.value))
    return found
