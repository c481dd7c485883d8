"""Rules of every scenario about sums: stock, agreements, need, delay, throughput (section 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from allocator.check.ground import Bools, Floats, Ints, summed
from allocator.check.preposition_ground import Stage
from allocator.check.preposition_recourse import Answer, Moved, Stated
from allocator.check.preposition_scenarios import Scenarios
from allocator.check.preposition_stage import Chosen
from allocator.check.rows import first_rows, words
from allocator.check.verdict import Findings
from allocator.plan.precision import tolerance

Say = Callable[[Ints], list[str]]
_ROUNDED = 20.0  # rows behind a stated sum, each rounded when written
_NOUNS = {"exercise": "called", "shortage": "short", "surplus": "left over"}


@dataclass(frozen=True)
class Result:
    """What every scenario truly comes to, by scenario and need, stock or agreement."""

    served: Floats  # scenarios x groups of need
    short: Floats
    surplus: Floats  # scenarios x sites x items
    exercised: Floats  # scenarios x agreements


class Balance:
    """One plan's recourse, added up in every way the rules need."""

    def __init__(
        self, found: Findings, stage: Stage, scenarios: Scenarios, chosen: Chosen, answer: Answer
    ) -> None:
        """Take what was read; nothing is checked yet."""
        self.found, self.stage, self.scenarios = found, stage, scenarios
        self.chosen, self.answer, self.moved = chosen, answer, answer.moved
        self.first_site = len(stage.ground.places) - len(scenarios.sites)

    def check(self) -> Result:
        """Check all sums and return the true figures."""
        surplus = self._available()
        exercised = self._agreements()
        served, short = self._needs()
        self._delays()
        self._throughput()
        if self.stage.ground.instance.policy.single_sourcing:
            self._assigned()
        self._floor(short)
        return Result(served, short, surplus, exercised)

    def _hold(
        self,
        family: str,
        cell: Ints,
        rows: Ints,
        total: Floats,
        most: Floats,
        terms: Floats,
        say: Say,
    ) -> None:
        """Record the cells in which a total is above its limit, at the first of their rows."""
        over = total - most
        bad = np.flatnonzero(over > tolerance(most, terms))
        self.found.add(family, "recourse", first_rows(cell, rows, bad), over[bad], say(bad))

    # -- where goods come from -----------------------------------------------------------------

    def _available(self) -> Floats:
        """Compare what leaves a reserve with what survives there; return what is left over."""
        moved, shape = self.moved, self.scenarios.survive.shape
        own = moved.agreement < 0
        cell = self._stock_cell(moved.scenario, moved.site, moved.item)[own]
        there = (self.scenarios.survive * self.chosen.stock[self.scenarios.sites][None]).ravel()
        used = summed(cell, moved.quantity[own], there.size)

        def say(bad: Ints) -> list[str]:
            scenario, site, item = np.unravel_index(bad, shape)
            return words(
                "{}: {} ships {:g} {}, {:g} are there and survive",
                self._scenarios(scenario),
                self._places(self.scenarios.sites[site]),
                used[bad],
                self._items(item),
                there[bad],
            )

        terms = _count(cell, there.size) + 1
        self._hold("available", cell, moved.row[own], used, there, terms, say)
        left = np.maximum(0.0, there - used).reshape(shape)
        stated = self.answer.surplus
        cell = self._stock_cell(stated.scenario, stated.place, stated.item)
        self._compare("surplus", stated, cell, left)
        return left

    def _stock_cell(self, scenario: Ints, site: Ints, item: Ints) -> Ints:
        shape = self.scenarios.survive.shape
        return np.asarray((scenario * shape[1] + site - self.first_site) * shape[2] + item)

    def _agreements(self) -> Floats:
        """Compare deliveries with what is reserved and can be had; return what is called."""
        moved, shape = self.moved, self.scenarios.available.shape
        bought = moved.agreement >= 0
        cell = (moved.scenario * shape[1] + moved.agreement)[bought]
        most = (self.scenarios.available * self.chosen.agreed[None]).ravel()
        called = summed(cell, moved.quantity[bought], most.size)

        def say(bad: Ints) -> list[str]:
            return words(
                "{}: {:g} are delivered by {}, {:g} can be had",
                self._scenarios(bad // shape[1]),
                called[bad],
                self.stage.agreements.index.to_numpy(object)[bad % shape[1]],
                most[bad],
            )

        terms = _count(cell, most.size) + 1
        self._hold("agreement", cell, moved.row[bought], called, most, terms, say)
        stated, true = self.answer.exercise, called.reshape(shape)
        self._compare("exercise", stated, stated.scenario * shape[1] + stated.agreement, true)
        return true

    # -- where goods go ------------------------------------------------------------------------

    def _needs(self) -> tuple[Floats, Floats]:
        """Compare what is served with need, and stated shortages with what is not served."""
        moved, need = self.moved, self.scenarios.need
        cell, wanted = self._need_cell(moved.scenario, moved.target, moved.item)
        self._unwanted("need", moved, moved.target, ~wanted)
        cell, most = cell[wanted], need.quantity.ravel()
        served = summed(cell, moved.quantity[wanted], most.size)

        def say(bad: Ints) -> list[str]:
            return words("{}: {} gets {:g} {}, it needs {:g}", *self._of(bad, served), most[bad])

        self._hold("need", cell, moved.row[wanted], served, most, _count(cell, most.size), say)
        short = np.maximum(0.0, most - served).reshape(need.quantity.shape)
        stated = self.answer.short
        cell, known = self._need_cell(stated.scenario, stated.place, stated.item)
        self._unwanted("shortage", stated, stated.place, ~known)
        self._compare("shortage", stated, cell, short, known)
        return served.reshape(short.shape), short

    def _unwanted(self, family: str, rows: Moved | Stated, place: Ints, bad: Bools) -> None:
        """Record rows about an item a place needs in no scenario."""
        lines = words(
            "{}: {} never needs {}",
            self._scenarios(rows.scenario[bad]),
            self._places(place[bad]),
            self._items(rows.item[bad]),
        )
        self.found.add(family, "recourse", rows.row[bad], rows.quantity[bad], lines)

    def _need_cell(self, scenario: Ints, place: Ints, item: Ints) -> tuple[Ints, Bools]:
        need = self.scenarios.need
        at = need.find(place * len(self.stage.ground.items) + item)
        return scenario * len(need.group) + at, at >= 0

    def _of(self, cell: Ints, amount: Floats) -> tuple[list[str], list[str], Floats, list[str]]:
        """Return scenario, place, amount and item of cells of need."""
        need = self.scenarios.need
        group = cell % len(need.group)
        names = self._scenarios(cell // len(need.group))
        return names, self._places(need.place[group]), amount[cell], self._items(need.item[group])

    def _compare(
        self, family: str, stated: Stated, cell: Ints, true: Floats, known: Bools | None = None
    ) -> None:
        """Compare stated sums with true ones; a plan that states none of a kind leaves it to us."""
        if not len(stated):
            return
        ok = np.ones(len(cell), dtype=bool) if known is None else known
        cell, row = cell[ok], stated.row[ok]
        said, flat = summed(cell, stated.quantity[ok], true.size), true.ravel()
        off_by = np.abs(said - flat)
        bad = np.flatnonzero(off_by > tolerance(flat, _ROUNDED))
        written = np.isin(bad, cell)
        for here in (True, False):
            some = bad[written == here]
            scenario = some // (true.size // true.shape[0])
            lines = words(
                "{}: {:g} are stated as {}, {:g} follow",
                self._scenarios(scenario),
                said[some],
                [_NOUNS[family]] * len(some),
                flat[some],
            )
            table = "recourse" if here else "scenarios"
            at = first_rows(cell, row, some) if here else scenario
            self.found.add(family, table, at, off_by[some], lines)

    def _delays(self) -> None:
        """Hold goods of late agreements to the need that is left when they come."""
        moved, delay = self.moved, self.stage.agreements.delay
        own = np.append(delay, 0)[moved.agreement]
        every, wanted = self._need_cell(moved.scenario, moved.target, moved.item)
        for periods in np.unique(delay[delay > 0]).tolist():
            late = (own >= periods) & wanted
            cell, most = every[late], self.scenarios.need.later(int(periods)).ravel()
            came = summed(cell, moved.quantity[late], most.size)
            say = partial(self._late, came, most, int(periods))
            self._hold("delay", cell, moved.row[late], came, most, _count(cell, most.size), say)

    def _late(self, came: Floats, most: Floats, periods: int, bad: Ints) -> list[str]:
        text = "{}: {} gets {:g} {} of agreements that take " + str(periods)
        return words(
            text + " periods or more, its later need is {:g}", *self._of(bad, came), most[bad]
        )

    def _throughput(self) -> None:
        """Compare the m3 that leave every site with what its size can hand out."""
        moved, m3 = self.moved, self.stage.ground.items.m3
        width = len(self.scenarios.sites)
        cell = moved.scenario * width + moved.site - self.first_site
        out = summed(cell, moved.quantity * m3[moved.item], len(self.scenarios) * width)
        size = self.chosen.size[self.scenarios.sites]
        most = np.where(size >= 0, self.scenarios.through[:, size], np.inf).ravel()

        def say(bad: Ints) -> list[str]:
            return words(
                "{}: {:g} m3 leave {}, it can hand out {:g}",
                self._scenarios(bad // width),
                out[bad],
                self._places(self.scenarios.sites[bad % width]),
                most[bad],
            )

        terms = summed(cell, m3[moved.item], len(out))
        self._hold("throughput", cell, moved.row, out, most, terms, say)

    def _assigned(self) -> None:
        moved, assigned = self.moved, self.chosen.assigned
        if not (assigned >= 0).any():
            assigned = self._served_by()
        off = moved.site != assigned[moved.target]
        bad = off & (moved.quantity > tolerance(0.0))
        lines = words(
            "{} is served by {}, to which it is not assigned",
            self._places(moved.target[bad]),
            self._places(moved.site[bad]),
        )
        self.found.add("assigned", "recourse", moved.row[bad], moved.quantity[bad], lines)

    def _served_by(self) -> Ints:
        """Return for each place the site that serves it most, for a plan without assignments."""
        moved, count = self.moved, len(self.stage.ground.places)
        pairs, at = np.unique(moved.target * count + moved.site, return_inverse=True)
        total = summed(at, moved.quantity, len(pairs))
        order = np.argsort(total, kind="stable")
        assigned = np.full(count, -1, dtype=np.int64)
        assigned[pairs[order] // count] = pairs[order] % count
        return assigned

    def _floor(self, short: Floats) -> None:
        """Hold the share of life-critical need served, in every scenario or often enough."""
        policy, need = self.stage.ground.instance.policy, self.scenarios.need
        if policy.reserve_floor <= 0:
            return
        vital = self.stage.ground.items.tier[need.item] == 1
        over = short - (1.0 - policy.reserve_floor) * need.quantity
        broken = (over > tolerance(need.quantity, 10.0)) & vital[None]
        lost = float(self.scenarios.probability[broken.any(axis=1)].sum())
        if policy.reserve_floor_probability < 1:
            if lost > 1 - policy.reserve_floor_probability + 1e-9:
                message = f"the floors are kept with probability {1 - lost:.6g} only"
                where = "policy:reserve_floor_probability"
                size = lost - (1 - policy.reserve_floor_probability)
                self.found.add_one("floor", where, size, message)
            return
        scenario, group = np.nonzero(broken)
        lines = words(
            "{}: {} gets {:.4g} of its need of {}, the floor is {:g}",
            self._scenarios(scenario),
            self._places(need.place[group]),
            1.0 - short[scenario, group] / need.quantity[scenario, group],
            self._items(need.item[group]),
            np.full(len(group), policy.reserve_floor),
        )
        self.found.add("floor", "scenarios", scenario, over[scenario, group], lines)

    def _scenarios(self, numbers: Ints) -> list[str]:
        names = self.scenarios.index.to_numpy(object)[numbers]
        return [f"scenario {name}" if name else "the one scenario" for name in names]

    def _places(self, numbers: Ints) -> list[str]:
        return self.stage.ground.place_names(numbers)

    def _items(self, numbers: Ints) -> list[str]:
        return self.stage.ground.item_names(numbers)


def _count(cell: Ints, size: int) -> Floats:
    """Return how many rows fall into each cell: each is rounded when written."""
    return np.bincount(cell, minlength=size).astype(np.float64)
