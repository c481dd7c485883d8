"""Planted conflicts: what is told is the smallest set of rules, in words, where it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from allocator.explain.staff import impossible_faults
from allocator.instance.staff_case import staff_case
from tests.reference_cases import Rows, instance_of

WARD = {"period": 2, "shift_id": "early"}


def case(
    workers: Mapping[str, Mapping[str, Any]] | None = None,
    posts: Rows | None = None,
    policy: Mapping[str, Any] | None = None,
    **tables: Rows,
) -> Any:
    """A nurse, a helper and four more for a week, with changes; without them all is possible."""
    people = {"ann": {"skills": "nurse"}, "bob": {}, "crowd": {"number": 4}}
    rows: dict[str, Rows] = {
        "periods": [{"period": t, "start": f"2024-01-{t:02}"} for t in range(1, 8)],
        "communities": [
            {"community_id": name, "population": 10, "lat": lat, "lon": 121.0}
            for name, lat in (("town", 31.0), ("away", 32.0))
        ],
        "shifts": [
            {"shift_id": name, "start": start, "minutes": 480}
            for name, start in (("early", "06:00"), ("night", "22:00"))
        ],
        "workers": [
            {"worker_id": name, "home_id": "town", **one, **(workers or {}).get(name, {})}
            for name, one in people.items()
        ],
        "posts": [
            {"post_id": "ward", "shift_id": "early", "skill": "nurse", "wanted": 1},
            {"post_id": "gate", "shift_id": "early", "wanted": 2},
            *(posts or []),
        ],
    }
    usual = {"staff_goals": ["uncovered"], "workload": "none"}
    return staff_case(instance_of(usual | dict(policy or {}), **(rows | tables)))


def needs(count: int, place: str = "", **more: Any) -> dict[str, Any]:
    """A post that must have so many people."""
    return {"post_id": "icu", "place_id": place, "wanted": count, "minimum": count, **WARD, **more}


HOURS, NIGHTS = {"minimum_minutes": 480 * 7}, {"skill": "nurse", "shift_id": "night"}
PLANTED = {
    "days off": (
        {"workers": {"ann": HOURS}, "availability": [{"worker_id": "ann", **WARD, "can": "no"}]},
        ["ann works at least 3360 minutes", "ann cannot work when availability or dates"],
    ),
    "kinds of shifts": (
        {"workers": {"bob": HOURS}}
        | {"shift_limits": [{"worker_id": "bob", "shift_id": "early", "maximum": 5}]},
        ["bob works at least 3360 minutes", "no more often than shift_limits allows"],
    ),
    "too few of a skill": (
        {"posts": [needs(2, skill="nurse")]},
        ["icu in period 2, shift early, needs 2 people", "the skill nurse"],
    ),
    "too few people": ({"posts": [needs(9)]}, ["icu in period 2, shift early, needs 9 people"]),
    "successions": (
        {"posts": [needs(1, **NIGHTS), needs(1, skill="nurse", period=3)]}
        | {"successions": [{"shift_id": "night", "next_shift_id": "early"}]},
        ["shift night, needs 1", "shift early, needs 1", "must not follow", "the skill nurse"],
    ),
    "rest": (
        {"posts": [needs(1, **NIGHTS), needs(1, skill="nurse", period=3)]}
        | {"workers": {"ann": {"rest_minutes": 660}}},
        ["shift night, needs 1", "shift early, needs 1", "ann rests 660", "the skill nurse"],
    ),
    "weekends": (
        {"workers": {"ann": {"minimum_minutes": 480 * 6, "weekends_max": 0}}},
        ["ann works at least 2880 minutes", "ann works at most 0 weekends"],
    ),
    "runs": (
        {"workers": {"bob": {"minimum_minutes": 480 * 6, "longest_run": 2}}},
        ["bob works at least 2880 minutes", "bob works at most 2 periods in a row"],
    ),
    "breaks": (
        {"workers": {"bob": {**HOURS, "minimum_minutes": 480 * 6, "shortest_off": 2}}}
        | {"availability": [{"worker_id": "bob", "period": 4, "can": "no"}]},
        ["bob works at least 2880", "bob has at least 2 periods off in a row", "bob cannot work"],
    ),
    "far": (
        {"posts": [needs(1, "away")], "policy": {"home_minutes": 30}},
        ["icu in period 2, shift early, needs 1 person", "nobody goes farther than 30 minutes"],
    ),
    "lodging": (
        {"posts": [needs(2, "away", sealed=True)], "policy": {"closed_loop_days": 3}}
        | {"lodging": [{"place_id": "away", "beds": 1}]},
        ["needs 2 people", "sealed place only while staying", "away has beds for 1 person"],
    ),
    "training": (
        {"posts": [needs(1, skill="tester", period=1)]}
        | {"training": [{"skill": "tester", "periods": 1}]},
        ["icu in period 1, shift early, needs 1 person", "after its training only"],
    ),
    "suits": (
        {"posts": [needs(1, skill="nurse", shift_id="suit", period=t) for t in (1, 2, 3)]}
        | {"policy": {"suit_minutes_week": 480}},
        ["needs 1 person", "needs 1 person", "wears the suit at most 480", "the skill nurse"],
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_conflict_is_told_and_nothing_else(name: str) -> None:
    changes, words = PLANTED[name]
    if name == "suits":
        shifts = [
            {"shift_id": one, "start": "06:00", "minutes": 300, "suit": one == "suit"}
            for one in ("early", "night", "suit")
        ]
        changes = changes | {"shifts": shifts}
    head, *told = impossible_faults(case(**changes), 30.0)
    assert head.code == "E4301"
    assert "loosen" in head.action
    assert len(told) == 1 or "the smallest set" in head.action
    assert len(told) == len(words), [one.rule for one in told]
    left = [one.rule for one in told]
    for word in words:
        left.remove(next(rule for rule in left if word in rule))
    assert all(one.where for one in told)


def test_without_the_changes_a_roster_is_possible() -> None:
    (fault,) = impossible_faults(case(), 30.0)
    assert "not found" in fault.rule
