"""The suite lockdown-routes: which rules a method keeps, prices, the curve, one small run."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.bench import Meter, Row
from allocator.bench.files import load_suite
from allocator.models.route.capabilities import in_force
from benchmarks import lockdown_routes as suite


def test_every_method_keeps_the_rules_of_its_name() -> None:
    assert suite.kept("plain") == ()
    assert suite.kept("plain+permits") == ("permits",)
    assert suite.kept("all-rules") == tuple(suite.RULES)
    assert suite.kept("exposure") == tuple(suite.RULES)


def test_plain_distance_knows_no_rule_of_lockdown() -> None:
    plain, whole = in_force(suite.case_of(1, ())), in_force(suite.case_of(1, tuple(suite.RULES)))
    assert {"order", "decontamination", "permits", "gates"} <= whole
    assert whole - plain >= {"order", "decontamination", "permits", "gates"}
    assert {"origins", "trips", "mixed_fleet"} <= plain


def row(method: str, km: float | None, people: float = 0.0) -> Row:
    return Row("day-1", method, value=km, detail={"unserved": 0.0, "exposure": people})


def test_the_price_of_a_rule_is_its_share_of_plain_distance() -> None:
    rows = [row("plain", 200.0), row("plain+order", 230.0), row("exposure", 999.0)]
    (price,) = suite.compare([*rows, row("plain+gates", None)])
    assert (price.case, price.method) == ("day-1/price", "plain+order")
    assert price.value == pytest.approx(0.15)
    assert price.detail == {"km": 30.0, "unserved_more": 0.0}
    assert suite.compare(rows[1:]) == ()


def test_the_curve_has_its_ends_and_tells_of_beaten_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    points = {"distance": (100.0, 50.0), "exposure": (200.0, 10.0)}
    asked = []

    def solved(name: str, method: str, routing: object, *rest: object) -> Row:
        goal = routing.goals[1]  # type: ignore[attr-defined]
        asked.append((rest[0], goal.terms))
        return Row(name, method, value=points.get(goal.name, (150.0, 60.0))[0],
                   detail={"exposure": points.get(goal.name, (150.0, 60.0))[1]})  # fmt: skip

    monkeypatch.setattr(suite, "solved", solved)
    rows = suite.curve("day-1", suite.case_of(1, ()), 50.0, 0, Meter())
    assert [one.case for one in rows] == [f"day-1/w{w:g}" for w in suite.CURVE]
    assert [one.detail["beaten"] for one in rows] == [False, True, True, True, False]
    assert {limit for limit, _ in asked} == {10.0}
    assert asked[3][1] == ((0.5 / 100.0, "distance"), (0.5 / 40.0, "exposure"))


def test_the_suite_is_found_by_its_name() -> None:
    found = load_suite("lockdown-routes")
    assert [len(case.methods) for case in found.cases(suite.Settings())] == [8, 8, 8]
    assert not np.isfinite(suite.case_of(1, ()).stops.windows[0][0][1])
