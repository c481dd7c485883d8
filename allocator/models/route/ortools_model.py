"""The rules and goals of a case as an OR-Tools routing model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from ortools.constraint_solver import pywrapcp

from allocator.engine.program import Ints
from allocator.instance.goals import GoalSpec
from allocator.models.route.measure import Measure, measure
from allocator.models.route.ortools_data import FINE, GOAL, Nodes
from allocator.models.route.ortools_held import hold


class Model:
    """One goal to minimise, the earlier ones held as limits."""

    def __init__(
        self,
        nodes: Nodes,
        goal: GoalSpec,
        held: Sequence[tuple[GoalSpec, dict[str, float]]] = (),
    ) -> None:
        """Build the model; `held` are earlier goals with the values of the terms reached."""
        self.nodes, self.case, self.goal = nodes, nodes.case, goal
        kinds = nodes.vehicle.tolist()
        starts = [nodes.start(v) for v in kinds]
        ends = [start + 1 for start in starts]
        self.manager = pywrapcp.RoutingIndexManager(nodes.count, len(kinds), starts, ends)
        self.routing = pywrapcp.RoutingModel(self.manager)
        self.solver = self.routing.solver()
        self.index = [self.manager.NodeToIndex(node) for node in range(nodes.start(0))]
        self.terms = {name: weight for weight, name in goal.terms}
        self._time()
        self._loads()
        self._distance()
        self._who()
        self._gates()
        self._objective()
        for earlier, known in held:
            hold(self, earlier, known)

    # -- rules ---------------------------------------------------------------------------------

    def _dimension(self, name: str, transits: list[Ints], slack_max: int, most: int) -> Any:
        """Add a dimension with a table of transits for each vehicle type."""
        calls = [self.routing.RegisterTransitMatrix(table.tolist()) for table in transits]
        each = [calls[v] for v in self.nodes.vehicle.tolist()]
        self.routing.AddDimensionWithVehicleTransits(each, slack_max, most, False, name)
        return self.routing.GetDimensionOrDie(name)

    def _time(self) -> None:
        nodes, fleet = self.nodes, self.case.vehicles
        self.travel = [nodes.travel(v) for v in range(len(fleet))]
        self.time = self._dimension("time", self.travel, nodes.horizon, nodes.horizon)
        for number, v in enumerate(nodes.vehicle.tolist()):
            start = self.time.CumulVar(self.routing.Start(number))
            start.SetMin(int(nodes.up(np.array(fleet.early[v]))))
            self.time.CumulVar(self.routing.End(number)).SetMax(nodes.down(fleet.late[v]))
            if np.isfinite(fleet.longest[v]):
                longest = nodes.down(float(fleet.longest[v]))
                self.time.SetSpanUpperBoundForVehicle(longest, number)
        self._windows(self.time)

    def _windows(self, time: Any) -> None:
        nodes, parts = self.nodes, self.nodes.parts
        for node in range(len(parts)):
            windows = [
                (int(nodes.up(np.array(opens))), nodes.down(float(closes)))
                for opens, closes in zip(parts.opens[node], parts.closes[node], strict=True)
                if np.isfinite(opens)
            ]
            begin = time.CumulVar(self.index[node])
            windows = [(opens, closes) for opens, closes in windows if opens <= closes]
            if not windows:
                self.solver.Add(self.routing.ActiveVar(self.index[node]) == 0)
                continue
            begin.SetRange(windows[0][0], windows[-1][1])
            for (_, closed), (opens, _) in pairwise(windows):
                begin.RemoveInterval(closed + 1, opens - 1)

    def _loads(self) -> None:
        nodes, m = self.nodes, len(self.nodes.parts)
        for d, name in enumerate(self.case.dimensions):
            capacity = self.case.vehicles.capacity[:, d]
            load = np.ceil(nodes.parts.load[:, d] * FINE - 1e-6).astype(np.int64)
            most = np.minimum(np.floor(capacity * FINE + 1e-6), load.sum()).astype(np.int64)
            if not load.any():
                continue
            reload = int(most.max(initial=0))
            demand = [*load.tolist(), *[-reload] * len(nodes.reload)]
            demand += [0] * (nodes.count - len(demand))
            call = self.routing.RegisterUnaryTransitVector(demand)
            each = [int(most[v]) for v in nodes.vehicle.tolist()]
            slack_max = reload if len(nodes.reload) else 0
            self.routing.AddDimensionWithVehicleCapacity(
                call, slack_max, each, True, f"load {name}"
            )
            dimension = self.routing.GetDimensionOrDie(f"load {name}")
            for node in range(m):
                dimension.SlackVar(self.index[node]).SetValue(0)

    def _distance(self) -> None:
        """Add km, where a rule or a goal counts it."""
        fleet = self.case.vehicles
        self.km = [self.nodes.km(v) for v in range(len(fleet))]
        self.far: Any = None
        if np.isfinite(fleet.farthest).any() or self._counts("distance", "cost"):
            most = 10**15
            self.far = self._dimension("km", self.km, 0, most)
            for number, v in enumerate(self.nodes.vehicle.tolist()):
                if np.isfinite(fleet.farthest[v]):
                    end = self.far.CumulVar(self.routing.End(number))
                    end.SetMax(int(fleet.farthest[v] * FINE))

    def _counts(self, *names: str) -> bool:
        return any(name in names for goal in self.case.goals for _, name in goal.terms)

    def _who(self) -> None:
        """Say who may visit a piece, and that nobody must: at a price."""
        nodes, parts, fleet = self.nodes, self.nodes.parts, self.case.vehicles
        able = parts.permitted & self.case.stops.origins[parts.stop][:, fleet.home]
        for node, index in enumerate(self.index):
            if node < len(parts):
                mine = [k for k, v in enumerate(nodes.vehicle.tolist()) if able[node, v]]
            else:
                kind = nodes.reload[node - len(parts)]
                mine = np.flatnonzero(nodes.vehicle == kind).tolist()
            self.routing.VehicleVar(index).SetValues([-1, *mine])
        for line in np.unique(fleet.line).tolist():
            members = np.flatnonzero(fleet.line[nodes.vehicle] == line).tolist()
            most = int(fleet.count[fleet.line == line].max())
            if len(members) > most:
                used = [self.routing.ActiveVehicleVar(k) for k in members]
                self.solver.Add(self.solver.Sum(used) <= most)

    def _gates(self) -> None:
        """Hold the minutes of handing over at a place."""
        if self.case.gates is None:
            return
        parts = self.nodes.parts
        stay = np.floor(parts.service * self.nodes.steps).astype(np.int64)
        for place in np.flatnonzero(np.isfinite(self.case.gates)).tolist():
            rows = np.flatnonzero(parts.place == place).tolist()
            terms = [self.routing.ActiveVar(self.index[k]) * int(stay[k]) for k in rows]
            if terms:
                most = int(self.case.gates[place] * self.nodes.steps)
                self.solver.Add(self.solver.Sum(terms) <= most)

    # -- goals ---------------------------------------------------------------------------------

    def _objective(self) -> None:
        """Set arc costs, fixed costs, spans, soft bounds and penalties for the goal."""
        terms, prices = self.terms, measure(self.case.replace(goals=(self.goal,)))
        parts, m = self.nodes.parts, len(self.nodes.parts)
        for number, v in enumerate(self.nodes.vehicle.tolist()):
            arc = self.km[v] * (prices.km[v] * GOAL / FINE)
            arc[:, m : self.nodes.start(0)] += prices.trip[v] * GOAL
            arc[:, :m] += prices.contact[v] * parts.contacts * GOAL
            call = self._arc(v, np.rint(np.minimum(arc, 1e13)).astype(np.int64))
            self.routing.SetArcCostEvaluatorOfVehicle(call, number)
            fixed = (prices.vehicle[v] + prices.trip[v]) * GOAL
            self.routing.SetFixedCostOfVehicle(int(fixed), number)
            each = prices.minute[v] * GOAL / self.nodes.steps
            self.time.SetSpanCostCoefficientForVehicle(int(np.ceil(each)), number)
        for node in range(m):
            self._soft(node, terms)
        if "latest_arrival" in terms:
            self._latest(terms["latest_arrival"])
        if "longest_work" in terms or "work_spread" in terms:
            weight = max(terms.get("longest_work", 0.0), terms.get("work_spread", 0.0))
            self.time.SetGlobalSpanCostCoefficient(self._per_step(weight))
        self._penalties(prices)

    def _arc(self, v: int, table: Ints) -> int:
        known = self.__dict__.setdefault("_calls", {})
        if v not in known:
            known[v] = self.routing.RegisterTransitMatrix(table.tolist())
        return int(known[v])

    def _per_step(self, weight: float) -> int:
        return max(1, round(weight * GOAL / self.nodes.steps))

    def _soft(self, node: int, terms: dict[str, float]) -> None:
        """Charge the begin of a visit, or what of it is after its due minute."""
        parts, index = self.nodes.parts, self.index[node]
        weight, due = float(parts.weight[node]), float(self.case.stops.due[parts.stop[node]])
        if "arrivals" in terms and weight > 0:
            self.time.SetCumulVarSoftUpperBound(
                index, 0, self._per_step(terms["arrivals"] * weight)
            )
        elif "tardiness" in terms and np.isfinite(due) and weight > 0:
            late = self._per_step(terms["tardiness"] * weight)
            self.time.SetCumulVarSoftUpperBound(index, self.nodes.down(due), late)

    def _latest(self, weight: float) -> None:
        """Add a second clock whose way home takes no time: its span is the latest begin."""
        nodes, m = self.nodes, len(self.nodes.parts)
        tables = []
        for table in self.travel:
            own = table.copy()
            own[:, nodes.start(0) :] = 0
            own[:m, m : nodes.start(0)] = table[:m, m : nodes.start(0)]
            tables.append(own)
        clock = self._dimension("begin", tables, nodes.horizon, nodes.horizon)
        self._windows(clock)
        for number, v in enumerate(nodes.vehicle.tolist()):
            early = int(nodes.up(np.array(self.case.vehicles.early[v])))
            clock.CumulVar(self.routing.Start(number)).SetValue(early)
        clock.SetGlobalSpanCostCoefficient(self._per_step(weight))

    def _penalties(self, prices: Measure) -> None:
        """Price what is left behind: as the goal says, else above anything it could save."""
        parts, stops, terms = self.nodes.parts, self.case.stops, self.terms
        prize = stops.prize[parts.stop] * parts.share
        finite = np.isfinite(prize)
        worth = prize[finite & (prize > 0)]
        dearest = self._dearest(prices)
        unit = GOAL * terms["unserved"] if "unserved" in terms else dearest / worth.min(initial=1e9)
        above = dearest + unit * float(worth.sum())
        price = np.where(finite, unit * np.where(finite, prize, 0.0), 2 * above)
        scale = min(1.0, 1e15 / max(1.0, float(price.max(initial=0.0))))
        for node, one in enumerate((price * scale).tolist()):
            self.routing.AddDisjunction([self.index[node]], round(one))
        for node in range(len(parts), self.nodes.start(0)):
            self.routing.AddDisjunction([self.index[node]], 0)

    def _dearest(self, prices: Measure) -> float:
        """Return what serving one more piece can cost at most, in steps of the goal, roughly."""
        km = np.where(np.isfinite(self.case.km), self.case.km, 0.0).max(initial=0.0)
        minutes = self.nodes.horizon / self.nodes.steps
        weight = float(np.sum(self.nodes.parts.weight))
        each = 2 * km * prices.km.max(initial=0.0) + prices.minute.max(initial=0.0) * minutes
        each += prices.vehicle.max(initial=0.0) + prices.trip.max(initial=0.0)
        each += prices.arrival * minutes * max(1.0, weight)
        each += (prices.contact[None] * self.nodes.parts.contacts[:, None]).max(initial=0.0)
        return float(each * GOAL + GOAL)

    def routes(self) -> list[list[int]]:
        """Return the nodes of each vehicle in the solution at hand."""
        found = []
        for number in range(len(self.nodes.vehicle)):
            index, own = self.routing.Start(number), []
            while True:
                index = self.routing.NextVar(index).Value()
                if self.routing.IsEnd(index):
                    break
                own.append(self.manager.IndexToNode(index))
            found.append(own)
        return found
