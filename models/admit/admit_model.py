"""Section 2 of formulation.md: the variables of the model, and sums the rows speak of."""

from __future__ import annotations

from typing import Any

import pulp
from admit_tables import Tables

Sum = pulp.lpSum


class Model:
    """The PuLP problem and its variables, in dictionaries keyed as on the page."""

    def __init__(self, data: Tables) -> None:
        """Make every variable of section 2."""
        self.data, self.problem = data, pulp.LpProblem("admit")
        d, lists = data, range(data.delay + 1)
        self.wait = {
            (z, c, s, a, t): self.variable("wait", z, c, s, a, t)
            for z in d.chance
            for c in d.places
            for s in d.classes
            for a in lists
            for t in d.periods
        }
        self.admit = {
            (z, c, h, s, t): self.variable("admit", z, c, h, s, d.delay, t)
            for z in d.chance
            for c, h in d.ways
            for s in d.classes
            for t in d.periods
            if d.takes(h, s) and d.allowed(c, h, s, t)
        }
        self.move = {
            (z, h, g, r, t): self.variable("move", z, h, g, *r, t)
            for z in d.chance
            for h, g in d.transfers
            for r in d.changes
            for t in d.periods
            if d.takes(h, r[0]) and d.takes(g, r[1]) and (h == g or d.allowed(h, g, r[1], t))
        }
        self.lie = {
            (z, b, s, t): self.variable("lie", z, b, s, t)
            for z in d.chance
            for b, ward in d.wards.items()
            for s in ward["uses"]
            for t in d.periods
        }
        self.open = {
            (b, t): self.variable("open", b, t, binary=True)
            for b, ward in d.wards.items()
            if ward["surge"]
            for t in d.periods
            if ward["opens"] <= t and t + ward["lead_periods"] <= ward["closes"]
        }

    def variable(self, name: str, *keys: Any, binary: bool = False) -> Any:
        """Return a new variable >= 0."""
        label = f"{name}({','.join(str(key) for key in keys)})"
        kind = "Binary" if binary else "Continuous"
        return self.problem.add_variable(label, 0, 1 if binary else None, kind)

    def row(self, name: str, keys: tuple[Any, ...], row: Any) -> None:
        """Add a row named name(keys); one without variables is left out."""
        if isinstance(row, pulp.LpConstraint) and len(row):
            row.name = f"{name}({','.join(str(key) for key in keys)})"
            self.problem += row

    # -- what the rows speak of ----------------------------------------------------------------

    def enter(self, z: str, h: str, s: str, t: int) -> Any:
        """Who enters a class at a site."""
        d = self.data
        outside = [self.admit.get((z, c, h, s, t), 0) for c, site in d.ways if site == h]
        others = [
            self.move.get((z, g, h, r, t), 0)
            for g, site in d.transfers
            if site == h
            for r in d.changes
            if r[1] == s
        ]
        return Sum(outside + others)

    def inside(self, z: str, h: str, s: str, t: int) -> Any:
        """Entries weighed by the share still there, and the inpatients."""
        d = self.data
        entered = [d.still(s, t - u) * self.enter(z, h, s, u) for u in d.periods if u <= t]
        return Sum(entered) + d.before_inside(h, s, t)

    def held(self, z: str, h: str, r: tuple[str, str], t: int) -> Any:
        """Class changers so far, less those who have moved."""
        d = self.data
        coming = [
            d.step(r, u - v) * self.enter(z, h, r[0], v)
            for u in d.periods
            if u <= t
            for v in d.periods
            if v < u
        ]
        gone = [
            self.move.get((z, h, g, r, u), 0)
            for site, g in d.transfers
            if site == h
            for u in d.periods
            if u <= t
        ]
        known = sum(d.before_step(h, r, u) for u in d.periods if u <= t)
        return Sum(coming) + known - Sum(gone)

    def occupied(self, z: str, h: str, s: str, t: int) -> Any:
        """Who lies in beds for a class."""
        held = [self.held(z, h, r, t) for r in self.data.changes if r[0] == s]
        return self.inside(z, h, s, t) + Sum(held)

    def waiting(self, z: str, kinds: tuple[str, ...]) -> Any:
        """Patient-days of waiting of classes, outside and held."""
        d = self.data
        outside = [
            d.days[t] * self.wait[z, c, s, a, t]
            for (zz, c, s, a, t) in self.wait
            if zz == z and s in kinds
        ]
        held = [
            d.days[t] * self.held(z, h, r, t)
            for h in d.sites
            for r in d.changes
            if r[1] in kinds and d.takes(h, r[0])
            for t in d.periods
        ]
        return Sum(outside + held)

    def cost(self) -> Any:
        """Cost of the surge wards that are opened."""
        return Sum(self.data.wards[b]["opening_cost"] * o for (b, _), o in self.open.items())
