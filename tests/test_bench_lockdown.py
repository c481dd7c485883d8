"""The suite lockdown-routes: which rules a method keeps, prices, the curve, one small run."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.bench import Meter, Row
from allocator.bench.files import load_suite
from allocator.models.route.capabilities import in_force
from benchmarks import lockdown_routes as suite


def test_every_method_keeps_the_rules_of_its_name() -> None:
    assert suite.dropped("plain") == list(suite.LOCKDOWN)
    assert suite.dropped("plain+permit") == [one for one in suite.LOCKDOWN if one != "permit"]
    assert suite.dropped("all-rules") == suite.dropped("exposure") == []


def test_plain_distance_knows_no_rule_of_lockdown() -> None:
    whole = suite.case_of(1, "medical_reserve")
    plain = suite.without(whole, *suite.dropped("plain"))
    lost = {"order", "decontamination"}
    assert lost <= in_force(whole)
    assert not lost & in_force(plain)
    assert {"trips"} <= in_force(plain)


def test_a_store_stands_alone() -> None:
    city, part = suite.case_of(1, suite.CITY), suite.case_of(1, "medical_reserve")
    store = city.places.index("medical_reserve")
    mine = city.stops.origins[:, store]
    assert (~city.stops.origins[mine]).sum(axis=1).tolist() == [len(city.places) - 1] * mine.sum()
    assert len(part.stops) == mine.sum()
    assert part.vehicles.count.sum() == city.vehicles.count[city.vehicles.home == store].sum()
    store_of = part.stops.origins @ np.arange(len(part.places))
    assert {part.places[row] for row in store_of} == {"medical_reserve"}


def row(method: str, km: float | None, people: float = 0.0) -> Row:
    return Row("day-1", method, value=km, detail={"unserved": 0.0, "exposure": people})


def test_the_price_of_a_rule_is_its_share_of_plain_distance() -> None:
    rows = [row("plain", 200.0), row("plain+order", 230.0), row("exposure", 999.0)]
    (price,) = suite.compare([*rows, row("plain+gates", None)])
    assert (price.case, price.method) == ("day-1/price", "plain+order")
    assert price.value == pytest.approx(0.15)
    assert price.detail == {"km": 30.0, "unserved_more": 0.0}
    assert suite.compare(rows[1:]) == ()


def test_people_met_stand_beside_the_published_share() -> None:
    rows = [row("plain", 200.0), row("exposure", 220.0, 50.0), row("exposure", 330.0, 40.0)]
    (found,) = suite.compare(rows)
    assert (found.case, found.value) == ("day-1/people-met", pytest.approx(-0.2))
    assert found.detail == {"km": pytest.approx(0.5), "published": -0.6755}
    assert "other data" in found.note


def test_a_rule_without_effect_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "in_force", lambda case: ["permit"])
    case = suite.cases(suite.Settings())[0]
    (found,) = suite.run(case, "plain+docks", suite.Settings(), Meter())
    assert found.note.startswith("left out")


def test_the_suite_is_found_by_its_name() -> None:
    found = load_suite("lockdown-routes").cases(suite.Settings())
    assert [case.name for case in found][-1] == "day-5-city"
    assert len({case.name for case in found}) == len(found) == 5
