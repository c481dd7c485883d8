"""The goals of beds as costs of columns, with the rows some of them need (section 4)."""

from __future__ import annotations

import numpy as np

from allocator.engine.ordered import LinearStage
from allocator.engine.program import Floats, Ints, Labels
from allocator.instance.admit_case import AdmitCase
from allocator.models.admit.program import AdmitProgram

UNITS = {
    "critical_waiting": "patient-days",
    "severe_waiting": "patient-days",
    "waiting": "patient-days",
    "worst_district": "days a patient",
    "transfers": "patients",
    "travel": "patient-hours",
    "surge_cost": "money",
}
WAITING = ("critical_waiting", "severe_waiting", "waiting")


class Goals:
    """Adds what goals need to a program, and gives the stages in the order of the policy."""

    def __init__(self, program: AdmitProgram) -> None:
        """Add the columns and rows of the goals the policy names."""
        self.model, self.case, self.program = program, program.case, program.program
        self.named = self.case.policy.admit_goals
        self.averse = self.case.policy.risk != "expected" and program.scenarios > 1
        self._columns: dict[str, list[tuple[Ints, Floats]]] = {}
        for name in self.named:
            if name in WAITING:
                self._columns[name] = self._measured(name)
            else:
                self._columns[name] = getattr(self, f"_{name}")()

    def stages(self) -> list[LinearStage]:
        """Return one stage a goal."""
        policy = self.case.policy
        return [
            LinearStage(
                name=name,
                unit=UNITS[name],
                cost=self._cost(name),
                constant=0.0,
                slack_relative=policy.give_up.get(name, policy.slack_relative),
                slack_absolute=policy.slack_absolute,
                final=number == len(self.named) - 1,
                corners=True,
            )
            for number, name in enumerate(self.named)
        ]

    def _cost(self, name: str) -> Floats:
        cost = np.zeros(self.program.column_count)
        for columns, values in self._columns[name]:
            np.add.at(cost, columns.ravel(), np.broadcast_to(values, columns.shape).ravel())
        return cost

    def _chance(self, values: Floats) -> Floats:
        """Return values with the scenario axis in front, times its probability."""
        return np.multiply.outer(self.case.probability, values)

    def _of_scenarios(self, name: str) -> Labels:
        return lambda: [f"{name},{scenario}" for scenario in self.case.scenarios]

    # -- waiting -------------------------------------------------------------------------------

    def _waits(self, name: str) -> tuple[Floats, Floats]:
        """Return the weight of each waiting cell (Q,) and each held cell (D,) in a goal."""
        keys, kind = self.model.keys, self.case.classes.kind
        if name == "waiting":
            return np.ones(len(keys.origin)), np.ones(len(keys.change))
        counted = (kind == name.removesuffix("_waiting")).astype(float)
        return counted[keys.waits_for], counted[self.case.stays.step_to[keys.change]]

    def _patient_days(self, name: str) -> list[tuple[Ints, Floats]]:
        """Return the columns of waiting and their patient-days, not yet by probability."""
        outside, held = self._waits(name)
        days, wait = self.case.days, self.model.wait
        heavy = np.broadcast_to(outside[:, None, None] * days, wait.shape[1:])
        return [(wait, heavy), (self.model.held, held[:, None] * days)]

    def _measured(self, name: str) -> list[tuple[Ints, Floats]]:
        """Return the mean, or the mean and by its weight the tail or the worst scenario."""
        parts = self._patient_days(name)
        mean = [(columns, self._chance(values)) for columns, values in parts]
        if not self.averse:
            return mean
        weight = self.case.policy.risk_weight
        bad = (
            self._worst(name, parts)
            if self.case.policy.risk == "worst"
            else self._tail(name, parts)
        )
        found = [(columns, (1.0 - weight) * values) for columns, values in mean]
        return found + [(columns, weight * values) for columns, values in bad]

    def _worst(self, name: str, parts: list[tuple[Ints, Floats]]) -> list[tuple[Ints, Floats]]:
        """Add the row family `worst`: a column above the waiting of every possible scenario."""
        most = self.program.add_columns("worst", 1, labels=lambda: [name])
        rows = self.program.add_rows(
            "worst", self.model.scenarios, lower=0.0, labels=self._of_scenarios(name)
        )
        possible = self.case.probability > 0
        self.program.add_entries(rows[possible], most, 1.0)
        self._less(rows, parts, possible)
        return [(most, np.ones(1))]

    def _tail(self, name: str, parts: list[tuple[Ints, Floats]]) -> list[tuple[Ints, Floats]]:
        """Add the row family `excess`: what is above eta in each scenario."""
        eta = self.program.add_columns("eta", 1, labels=lambda: [name])
        over = self.program.add_columns(
            "excess", self.model.scenarios, labels=self._of_scenarios(name)
        )
        rows = self.program.add_rows(
            "excess", self.model.scenarios, lower=0.0, labels=self._of_scenarios(name)
        )
        self.program.add_entries(rows, eta, 1.0)
        self.program.add_entries(rows, over, 1.0)
        self._less(rows, parts, np.ones(self.model.scenarios, dtype=bool))
        share = self.case.probability / (1.0 - self.case.policy.risk_level)
        return [(eta, np.ones(1)), (over, share)]

    def _less(self, rows: Ints, parts: list[tuple[Ints, Floats]], which: np.ndarray) -> None:
        for columns, values in parts:
            flat = columns[which].reshape(int(which.sum()), -1)
            self.program.add_entries(rows[which, None], flat, -values.ravel())

    # -- the other goals -----------------------------------------------------------------------

    def _worst_district(self) -> list[tuple[Ints, Floats]]:
        """Add `worst_district`: the mean days a patient of the district worst off waits."""
        level = self.program.add_columns("worst_district", 1)
        district, patients = districts(self.case)
        some = np.flatnonzero(patients > 0)
        rows = self.program.add_rows("worst_district", len(patients), lower=0.0)
        self.program.add_entries(rows[some], level, 1.0)
        place = district[self.model.keys.origin]
        cells = np.flatnonzero(patients[place] > 0)
        days = self.case.days / patients[place[cells], None, None]
        values = self._chance(np.broadcast_to(days, self.model.wait[:, cells].shape[1:]))
        self.program.add_entries(rows[place[cells], None, None], self.model.wait[:, cells], -values)
        return [(level, np.ones(1))]

    def _transfers(self) -> list[tuple[Ints, Floats]]:
        """Patients who change the site, and those who come to one site's door and enter another."""
        case, keys = self.case, self.model.keys
        door = case.origins.site[case.ways.origin[keys.admit[0]]]
        away = (door >= 0) & (door != case.ways.site[keys.admit[0]])
        ways = case.transfers
        other = ways.origin[keys.move[0]] != ways.site[keys.move[0]]
        return [
            (self.model.admit, self._chance(away.astype(float))),
            (self.model.move, self._chance(other.astype(float))),
        ]

    def _travel(self) -> list[tuple[Ints, Floats]]:
        case, keys = self.case, self.model.keys
        return [
            (self.model.admit, self._chance(case.ways.minutes[keys.admit[0]] / 60.0)),
            (self.model.move, self._chance(case.transfers.minutes[keys.move[0]] / 60.0)),
        ]

    def _surge_cost(self) -> list[tuple[Ints, Floats]]:
        return [(self.model.open, self.case.surge.cost[self.model.keys.opening[0]])]


def districts(case: AdmitCase) -> tuple[Ints, Floats]:
    """Return the district of each place with patients, and the mean patients of each district.

    A place without a district is one of its own.
    """
    names = [
        str(district) or str(name)
        for district, name in zip(case.origins.district, case.origins.ids, strict=True)
    ]
    known = list(dict.fromkeys(names))
    at = np.array([known.index(name) for name in names], dtype=np.int64)
    mean = np.tensordot(case.probability, case.arrivals.sum(axis=(2, 3)), axes=1)
    return at, np.bincount(at, weights=mean, minlength=len(known)).astype(np.float64)
