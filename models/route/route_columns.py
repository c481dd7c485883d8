"""What is decided (section 2 of the page) in the words of CP-SAT.

Minutes, loads and money are counted in whole steps; a share in 1/60 of the goods of a stop.
"""

from __future__ import annotations

from math import ceil, floor
from typing import Any

from ortools.sat.python import cp_model
from route_parts import Parts

SHARES = 60
Key = tuple[int, int, int]  # vehicle, trip, stop


class Rows:
    """The program: columns by name, and the parts they speak of."""

    def __init__(self, parts: Parts, step: int) -> None:
        """`step` steps make a minute, a unit of load, a km."""
        self.p, self.step, self.model = parts, step, cp_model.CpModel()
        self.last = ceil(parts.horizon() * step) + 1
        self.visit: dict[Key, Any] = {}
        self.share: dict[Key, Any] = {}
        self.begin: dict[Key, Any] = {}
        self.within: dict[Key, list[Any]] = {}
        self.arc: dict[tuple[int, int, int, int], Any] = {}  # k, r, i, j
        self.out: dict[tuple[int, int, int, int], Any] = {}  # k, r, depot, j
        self.home: dict[tuple[int, int, int, int], Any] = {}  # k, r, i, place returned to
        self.trip: dict[tuple[int, int], Any] = {}
        self.load_at: dict[tuple[int, int], Any] = {}
        self.back: dict[tuple[int, int], Any] = {}
        self.clean: dict[tuple[int, int], Any] = {}
        self.left: dict[int, Any] = {}
        self.part: dict[Key, Any] = {}  # minutes of service of a share
        self.start: dict[int, Any] = {}  # of duty
        self.end: dict[int, Any] = {}
        self.work: dict[int, Any] = {}
        self.far: dict[int, Any] = {}

    def up(self, value: float) -> int:
        return ceil(value * self.step - 1e-6)

    def down(self, value: float) -> int:
        return min(self.last, floor(min(value, 1e12) * self.step + 1e-6))

    @property
    def trips(self) -> list[tuple[int, int]]:
        """Every trip (k, r) there may be."""
        return [(k, r) for k, one in enumerate(self.p.vehicles) for r in range(one.trips)]

    def minute(self, name: str) -> Any:
        return self.model.new_int_var(0, self.last, name)

    def stay(self, k: int, r: int, i: int) -> Any:
        """Rule `service`: the minutes of a visit."""
        whole = self.up(float(self.p.stops.service[i]))
        fixed = self.up(float(self.p.fleet.unloading[self.p.vehicles[k].type]))
        if not self.p.divisible[i]:
            return whole + fixed
        return self.part[k, r, i] + fixed

    def out_way(self, k: int, r: int, depot: int, i: int) -> tuple[float, float]:
        """Minutes and km to the first stop of a trip; who is under way brings a class along."""
        one, stops = self.p.vehicles[k], self.p.stops
        met = one.under_way.highest if r == 0 and one.under_way is not None else 0
        return self.p.way(one.type, depot, met, stops.place[i], stops.access[i])


def add_columns(m: Rows) -> None:
    """Add what is decided (page, section 2)."""
    for k, r in m.trips:
        at = f"[{k},{r}]"
        m.trip[k, r] = m.model.new_bool_var(f"trip{at}")
        m.load_at[k, r], m.back[k, r] = m.minute(f"load_at{at}"), m.minute(f"back{at}")
        m.clean[k, r] = m.minute(f"clean{at}")
        for i in range(m.p.n):
            key, name = (k, r, i), f"[{k},{r},{i}]"
            m.visit[key] = m.model.new_bool_var(f"visit{name}")
            m.share[key] = m.model.new_int_var(0, SHARES, f"share{name}")
            m.begin[key] = m.minute(f"begin{name}")
            m.within[key] = [m.model.new_bool_var(f"within{name}") for _ in m.p.stops.windows[i]]
            m.part[key] = m.minute(f"part{name}")
    for i in range(m.p.n):
        m.left[i] = m.model.new_int_var(0, SHARES, f"left[{i}]")
