"""Lines of persons: the cheapest by every combination, bounds that hold, starts and limits."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from scipy import sparse

from allocator.check.staff import check_staff
from allocator.check.verdict import Findings
from allocator.engine.neighbourhood import Whole
from allocator.engine.ordered import Budget
from allocator.instance import Instance
from allocator.instance.staff_case import StaffCase, staff_case
from allocator.models.staff import solve
from allocator.models.staff.goals import goals_of
from allocator.models.staff.lines import LineSearch
from allocator.models.staff.lines_dive import Dive
from allocator.models.staff.lines_master import Master
from allocator.models.staff.lines_split import split_of
from allocator.models.staff.lines_table import NONE
from allocator.models.staff.model import StaffModel
from allocator.models.staff.steps import step_of
from allocator.plan import Plan, Status
from tests.reference_cases import instance_of
from tests.staff_cases import random_case


def nurses(periods: int = 5, **more: object) -> Instance:
    """Two persons, three shifts, an early one that must not follow a late one."""
    usual = {"longest_run": 3, "shortest_run": 2, "shortest_off": 2, "weekends_max": 1}
    usual |= {"maximum_minutes": 1800, "minimum_minutes": 960}
    tables = {
        "periods": [{"period": t, "start": f"2024-01-{t + 3:02}"} for t in range(1, periods + 1)],
        "communities": [{"community_id": "ward", "population": 1}],
        "shifts": [
            {"shift_id": name, "start": "08:00", "minutes": minutes}
            for name, minutes in (("early", 480), ("late", 480), ("night", 600))
        ],
        "successions": [{"shift_id": "late", "next_shift_id": "early"}],
        "workers": [
            {"worker_id": "a", **usual},
            {"worker_id": "b", **usual | {"shortest_run": 1, "shortest_off": 1} | more},
        ],
        "shift_limits": [{"worker_id": "a", "shift_id": "night", "maximum": 1}],
        "posts": [
            {"post_id": name, "shift_id": name, "wanted": 1, "over_weight": 1.0}
            for name in ("early", "late", "night")
        ],
    }
    return instance_of({"staff_goals": ["uncovered+surplus"], "workload": "none"}, **tables)


def allowed(case: StaffCase, worker: int, line: tuple[int, ...]) -> bool:
    """Whether a line keeps the rules, said anew without states."""
    people, minutes = case.people, case.shifts.minutes
    works = [one != NONE for one in line]
    total = sum(minutes[one] for one in line if one != NONE)
    weekends = {w for w, one in zip(case.times.weekend, works, strict=True) if one and w >= 0}
    runs = [(key, len(list(part))) for key, part in itertools.groupby(works)]
    for place, (key, length) in enumerate(runs):
        inner = 0 < place < len(runs) - 1
        least = people.shortest_run[worker] if key else people.shortest_off[worker]
        if (inner and length < least) or (key and length > people.longest_run[worker]):
            return False
    follows = case.shifts.follows
    return bool(
        people.minimum[worker] <= total <= people.maximum[worker]
        and len(weekends) <= people.weekends[worker]
        and all(line.count(s) <= people.shift_max[worker, s] for s in range(len(minutes)))
        and not any(a != NONE and b != NONE and follows[a, b] for a, b in itertools.pairwise(line))
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("more", [{}, {"longest_run": None}, {"maximum_minutes": None}])
def test_cheapest_line_is_that_of_every_combination(seed: int, more: dict[str, object]) -> None:
    case = staff_case(nurses(**more))
    dice = np.random.default_rng(seed)
    cost = dice.integers(-9, 10, case.can.shape).astype(float)
    cost[0, 1, 2] = np.inf
    found = LineSearch(case, np.arange(2)).best(cost, np.ones(2, bool))
    for worker in range(2):
        value = {
            line: sum(cost[worker, t, s] for t, s in enumerate(line) if s != NONE)
            for line in itertools.product((NONE, 0, 1, 2), repeat=5)
            if allowed(case, worker, line)
        }
        mine = found.worker == worker
        assert mine.sum() == 1
        line = tuple(found.shift[mine][0].tolist())
        assert line in value
        assert found.cost[mine][0] == value[line] == min(value.values())


def test_lines_of_one_person_differ_in_minutes() -> None:
    case = staff_case(nurses())
    cost = np.ones(case.can.shape)
    found = LineSearch(case, np.arange(2)).best(cost, np.array([True, False]), each=3)
    assert set(found.worker) == {0}
    minutes = [sum(case.shifts.minutes[s] for s in line if s != NONE) for line in found.shift]
    assert len(set(minutes)) == len(minutes) == 3
    assert (np.diff(found.cost) >= 0).all()


@pytest.mark.parametrize("seed", [0, 2, 5, 8, 10, 15, 17, 21])
def test_the_bound_holds_at_every_round(seed: int) -> None:
    instance = random_case(seed, workload="none", staff_goals=["uncovered+qualified+cost"])
    best = solve(instance, Budget(gap=0.0), "mip").results[0].value
    model = StaffModel(staff_case(instance))
    goal = goals_of(model)[0]
    size = model.program.column_count
    whole = Whole(model.program, goal.cost, sparse.csr_matrix((0, size)), np.zeros(0))
    master = Master(split_of(model, whole))
    dice, rows = np.random.default_rng(seed), len(master.split.rows)
    bounds = [
        master.price(np.r_[dice.normal(0, 3, rows), np.full(len(master.split.persons), np.inf)])
        for _ in range(5)
    ]
    dive = Dive(master)
    assert dive.relax() is not None
    assert best is not None
    assert max([*bounds, dive.best]) + goal.constant <= best + 1e-6
    assert dive.best >= max(bounds) - 1e-6


def test_rosters_by_lines_keep_all_rules_within_a_limit_and_repeat() -> None:
    instance = nurses(periods=20, shortest_run=2)
    by_work = [
        solve(instance, Budget(work=50, gap=0.0), "lines").tables["roster"] for _ in range(2)
    ]
    assert by_work[0].equals(by_work[1])
    answer = solve(instance, Budget(time.monotonic() + 5, gap=0.0), "lines")
    assert answer.summary["method"] == "lines"
    plan = Plan("staff", answer.tables, Status("completed", "invalid"))
    verdict = check_staff(Findings("staff"), instance, plan)
    assert verdict.ok, verdict.table.to_string()
    exact = solve(instance, Budget(gap=0.0), "mip").results[0]
    assert exact.value is not None
    one = answer.results[0]
    assert one.value == pytest.approx(exact.value)
    assert one.bound is not None
    assert one.bound <= exact.value + 1e-6


def test_the_step_of_a_goal() -> None:
    whole = np.array([True, True, True, False])
    assert step_of(np.array([2.0, 4.0, 0.0, 0.0]), whole) == 2.0
    assert step_of(np.array([0.5, 1.25, 0.0, 0.0]), whole) == 0.25
    assert step_of(np.array([2.0, 0.0, 0.0, 1.0]), whole) == 0.0
    assert step_of(np.array([1 / 3, 0.0, 0.0, 0.0]), whole) == 0.0
