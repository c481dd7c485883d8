"""The judge of rosters: a good one passes, and every planted violation is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from allocator.check.staff import check_staff
from allocator.check.verdict import Findings, Verdict, rules
from allocator.instance import Instance
from allocator.plan import GoalResult, Plan, Status
from tests.reference_cases import Rows, instance_of

Tables = dict[str, Rows]


def tables() -> Tables:
    """Two nurses and a group of volunteers, seven days, one sealed ward, a gate."""
    return {
        "periods": [{"period": t, "start": f"2022-04-{t:02}"} for t in range(1, 8)],
        "communities": [
            {"community_id": "lane", "population": 10, "lat": 31.0, "lon": 121.0},
            {"community_id": "far", "population": 10, "lat": 32.0, "lon": 121.0},
        ],
        "shifts": [
            {"shift_id": "day", "start": "08:00", "minutes": 480},
            {"shift_id": "night", "start": "22:00", "minutes": 480},
            {"shift_id": "suit", "start": "08:00", "minutes": 300, "suit": True}
            | {"suit_minutes_max": 240, "break_minutes": 60},
        ],
        "successions": [{"shift_id": "suit", "next_shift_id": "suit"}],
        "workers": [
            {"worker_id": "ann", "home_id": "lane", "skills": "nurse", "qualified": True}
            | {"maximum_minutes": 2400, "minimum_minutes": 480, "rest_minutes": 600}
            | {"longest_run": 3, "shortest_run": 2, "shortest_off": 2, "weekends_max": 1},
            {"worker_id": "bob", "home_id": "lane", "skills": "nurse", "available_to": 6},
            {"worker_id": "crowd", "home_id": "lane", "number": 5},
        ],
        "availability": [{"worker_id": "bob", "period": 2, "can": "no"}],
        "shift_limits": [{"worker_id": "bob", "shift_id": "night", "maximum": 1}],
        "posts": [
            {"post_id": "ward", "place_id": "lane", "shift_id": "day", "skill": "nurse"}
            | {"wanted": 1, "qualified_share": 1, "critical": True},
            {"post_id": "watch", "place_id": "lane", "shift_id": "night", "wanted": 1},
            {"post_id": "lab", "place_id": "lane", "shift_id": "suit", "wanted": 1},
            {"post_id": "gate", "place_id": "lane", "shift_id": "day", "wanted": 2, "gate": True}
            | {"minimum": 1},
            {"post_id": "farm", "place_id": "far", "shift_id": "day", "wanted": 1},
            {"post_id": "inner", "place_id": "far", "shift_id": "night", "wanted": 2}
            | {"sealed": True},
            {"post_id": "test", "place_id": "lane", "shift_id": "night", "skill": "tester"}
            | {"wanted": 3},
        ],
        "lodging": [{"place_id": "far", "beds": 1}],
        "training": [{"skill": "tester", "periods": 2, "seats": 1}],
    }


POLICY = {"closed_loop_days": 3, "suit_minutes_week": 600, "workload": "spread"}
GATE = [
    {"worker_id": "crowd", "post_id": "gate", "period": t, "shift_id": "day"} for t in range(1, 8)
]
ANN = [{"worker_id": "ann", "post_id": "ward", "period": t, "shift_id": "day"} for t in (3, 4)]


def case(**policy: Any) -> Instance:
    return instance_of(POLICY | policy, **tables())


def judged(roster: Rows, lodged: Rows = (), trained: Rows = (), **more: Any) -> Verdict:  # type: ignore[assignment]
    made: dict[str, pd.DataFrame] = {
        "roster": pd.DataFrame([{"number": 1} | row for row in roster]),
        "lodged": pd.DataFrame(list(lodged)),
        "trained": pd.DataFrame(list(trained)),
    }
    policy = more.pop("policy", {})
    goals = more.pop("goals", ())
    plan = Plan("staff", {k: v for k, v in made.items() if len(v)} | more, Status("completed"))
    plan = plan.replace(status=Status("completed", "invalid"), goals=goals)
    return check_staff(Findings("staff"), case(**policy), plan)


def one(worker: str, post: str, period: int, shift: str, number: int = 1) -> dict[str, Any]:
    at = {"worker_id": worker, "post_id": post, "period": period, "shift_id": shift}
    return at | {"number": number}


def stay(period: int, number: int, entered: int, worker: str = "crowd") -> dict[str, Any]:
    at = {"worker_id": worker, "place_id": "far", "period": period}
    return at | {"number": number, "entered": entered}


def learn(worker: str, period: int, number: int = 1, skill: str = "tester") -> dict[str, Any]:
    return {"worker_id": worker, "skill": skill, "period": period, "number": number}


GATE = [one("crowd", "gate", t, "day") for t in range(1, 8)]
ANN = [one("ann", "ward", t, "day") for t in (3, 4)]
GOOD = GATE + ANN


def test_a_good_roster_passes() -> None:
    verdict = judged(GOOD)
    assert verdict.ok, verdict.table.to_string()
    assert verdict.goals["critical_uncovered"] == 5
    assert verdict.goals["qualified"] == 5
    gates = verdict.tables["gates"]
    assert gates["handling_minutes"].tolist() == [480.0] * 7


def test_staying_and_learning_may_be_right() -> None:
    lodged = [stay(t, 1, int(t == 2)) for t in (2, 3, 4)]
    verdict = judged(
        [*GOOD, one("crowd", "inner", 3, "night"), one("crowd", "test", 3, "night")],
        lodged,
        [learn("crowd", 1)],
    )
    assert verdict.ok, verdict.table.to_string()


PLANTED: dict[str, Callable[[], Verdict]] = {
    "unknown_id": lambda: judged([*GOOD, one("nobody", "watch", 1, "night")]),
    "bad_number": lambda: judged([*GOOD, one("crowd", "watch", 1, "night", -2)]),
    "post": lambda: judged([*GOOD, one("crowd", "watch", 1, "day")]),
    "skill": lambda: judged([*GOOD, one("crowd", "ward", 1, "day")]),
    "available": lambda: judged([*GOOD, one("bob", "watch", 2, "night")]),
    "way": lambda: judged([*GOOD, one("crowd", "farm", 1, "day")], policy={"home_minutes": 60}),
    "wanted": lambda: judged([*GOOD, one("crowd", "watch", 1, "night", 2)]),
    "minimum": lambda: judged([*GATE[1:], *ANN]),
    "one_shift": lambda: judged([*GOOD, one("ann", "watch", 3, "night")]),
    "hours_max": lambda: judged(
        [*GATE, *(one("ann", "ward", t, "day") for t in (1, 2, 3, 5, 6, 7))]
    ),
    "hours_min": lambda: judged(GATE),
    "shift_max": lambda: judged([*GOOD, *(one("bob", "watch", t, "night") for t in (3, 4))]),
    "suit": lambda: judged([*GOOD, *(one("bob", "lab", t, "suit") for t in (1, 3, 5))]),
    "rest": lambda: judged([*GOOD, one("ann", "watch", 2, "night")]),
    "succession": lambda: judged(
        [*GOOD, one("bob", "lab", 3, "suit"), one("bob", "lab", 4, "suit")]
    ),
    "run_max": lambda: judged([*GATE, *(one("ann", "ward", t, "day") for t in (2, 3, 4, 5))]),
    "run_min": lambda: judged([*GATE, one("ann", "ward", 4, "day")]),
    "off_min": lambda: judged([*GATE, *(one("ann", "ward", t, "day") for t in (1, 2, 4, 5))]),
    "closed_loop": lambda: judged([*GOOD, one("crowd", "inner", 3, "night")]),
    "stay": lambda: judged(GOOD, [stay(2, 1, 1)]),
    "lodging": lambda: judged(GOOD, [stay(t, 2, 2 * (t == 2)) for t in (2, 3, 4)]),
    "trained": lambda: judged(
        [*GOOD, one("crowd", "test", 2, "night")], trained=[learn("crowd", 1)]
    ),
    "seats": lambda: judged(GOOD, trained=[learn("crowd", 1), learn("bob", 2)]),
    "outside": lambda: judged(GOOD, [stay(t, 1, int(t == 3), "ann") for t in (3, 4, 5)]),
    "stated": lambda: judged(
        GOOD,
        uncovered=pd.DataFrame(
            [{"post_id": "ward", "period": 1, "shift_id": "day", "short": 0, "unqualified": 1}]
        ),
    ),
    "goal_value": lambda: judged(GOOD, goals=(GoalResult("cost", "money", 3.0),)),
}


@pytest.mark.parametrize("family", PLANTED)
def test_a_planted_violation_is_found(family: str) -> None:
    found = PLANTED[family]()
    assert family in set(found.table["family"]), found.table.to_string()


def test_weekends() -> None:
    weekends = [one("ann", "ward", t, "day") for t in (2, 3)]
    more = tables()
    more["workers"][0]["weekends_max"] = 0
    plan = Plan(
        "staff",
        {"roster": pd.DataFrame([{"number": 1} | row for row in [*GATE, *weekends]])},
        Status("completed", "invalid"),
    )
    verdict = check_staff(Findings("staff"), instance_of(POLICY, **more), plan)
    assert "weekends_max" in set(verdict.table["family"])


def test_every_rule_has_a_planted_violation() -> None:
    elsewhere = {"weekends_max", "instance_hash", "distance"}
    assert set(rules("staff")) - elsewhere == set(PLANTED)


def test_everything_is_told_at_once() -> None:
    verdict = judged([one("crowd", "ward", 1, "day"), one("bob", "watch", 2, "night")])
    assert {"skill", "available", "minimum", "hours_min"} <= set(verdict.table["family"])


def test_the_page_has_every_rule() -> None:
    page = Path(__file__).parents[1] / "docs" / "violations.md"
    text = page.read_text(encoding="utf-8")
    own = [rule for rule in rules("staff").values() if rule.code.startswith(("V85", "V86", "V87"))]
    assert len(own) == 24
    missing = [
        rule.code for rule in own if f"| {rule.code} | {rule.family} | {rule.rule}" not in text
    ]
    assert not missing
