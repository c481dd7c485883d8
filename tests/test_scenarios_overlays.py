"""Overlays on what a scenario may change reach the recourse; those on the rest are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from allocator.check import check
from allocator.doctor.reserves import reserve_findings
from allocator.engine.ordered import Budget
from allocator.errors import InstanceError
from allocator.instance import Instance
from allocator.instance.futures import reserve_case
from allocator.instance.futures_overlays import BEFORE, HEARD, unheard
from allocator.instance.schema import tables
from allocator.models.preposition import solve
from allocator.models.preposition.model import PrepositionModel
from allocator.runs.preposition_judged import judged
from tests.scenario_cases import POLICY, reserve_tables

DECIDED = [f"{table}.{field}" for table in BEFORE for field in BEFORE[table]]
# One overlay for every field that a scenario may change: selector, op, value.
CHANGES: dict[str, tuple[str, str, str]] = {
    "needs.quantity": ("item_id=rice", "scale", "1.5"),
    "needs.people": ("item_id=rice", "scale", "2"),
    "sites.status": ("site_id=W2", "set", "closed"),
    "sites.survival": ("site_id=W1", "set", "0.5"),
    "sites.throughput_m3": ("site_id=W1", "set", "1"),
    "sites.lat": ("site_id=W1", "set", "39"),
    "sites.lon": ("site_id=W1", "set", "100"),
    "sizes.throughput_m3": ("site_id=W1", "set", "1"),
    "communities.lat": ("community_id=C1", "set", "39"),
    "communities.lon": ("community_id=C1", "set", "100"),
    "links.minutes": ("to_id=C1", "scale", "9"),
    "links.cost": ("to_id=C3", "scale", "2"),
    "links.cost_m3": ("to_id=C1", "scale", "2"),
    "links.closed": ("to_id=C1", "set", "true"),
    "agreements.available": ("agreement_id=A1", "set", "0.1"),
    "agreements.price": ("agreement_id=A1", "scale", "2"),
    "items.shortage_cost": ("item_id=mask", "scale", "3"),
    "items.surplus_cost": ("item_id=rice", "set", "9"),
}


def overlaid(*fields: str, **policy: Any) -> Instance:
    """The case with overlays in its calm scenario."""
    frames = reserve_tables()
    rows = [
        {"scenario_id": "calm", "table": table, "field": field}
        | dict(zip(("selector", "op", "value"), CHANGES[f"{table}.{field}"], strict=True))
        for table, field in (name.split(".") for name in fields)
    ]
    points = {"lat": [31.2, 31.2, 31.2], "lon": [121.4, 121.5, 121.6]}
    frames["communities"] = frames["communities"].assign(**points)
    spots = {"lat": [31.2] * 4, "lon": [121.4, 121.5, 121.6, 121.7]}
    frames["sites"] = frames["sites"].assign(**spots)
    if fields:
        frames["overlays"] = pd.concat([frames["overlays"], pd.DataFrame(rows)])
    if any(name.endswith(("lat", "lon")) for name in fields):
        frames["links"] = frames["links"].iloc[:0]
        policy |= {"lanes": "within_minutes"}
    return Instance.from_frames(policy=POLICY | policy, name="overlaid", **frames)


def arrays(instance: Instance) -> tuple[Any, ...]:
    scenario = PrepositionModel(reserve_case(instance)).scenario(0)
    whole = scenario.recourse
    parts = (whole.cost, whole.upper, whole.row_lower, whole.row_upper)
    return *parts, whole.matrix.toarray(), whole.link.toarray(), scenario.people["critical"]


def test_every_field_that_is_heard_has_its_overlay_here() -> None:
    assert set(CHANGES) == {f"{table}.{field}" for table in HEARD for field in HEARD[table]}


@pytest.mark.parametrize("name", CHANGES)
def test_it_changes_the_recourse(name: str) -> None:
    computed = name.endswith(("lat", "lon"))
    plain = overlaid(name)  # of the same lanes, its overlay taken out again
    if computed:
        plain = plain.replace(overlays=plain["overlays"].iloc[:-1])
    before = arrays(plain if computed else overlaid())
    after = arrays(overlaid(name) if name != "links.cost_m3" else both_costs())
    same = [a.shape == b.shape and np.allclose(a, b) for a, b in zip(before, after, strict=True)]
    assert not all(same)


def both_costs() -> Instance:
    frames = overlaid("links.cost_m3")
    extra = frames["overlays"].iloc[[-1]].assign(field="cost")
    return frames.replace(overlays=pd.concat([frames["overlays"], extra], ignore_index=True))


@pytest.mark.parametrize("name", [n for n in CHANGES if n.startswith(("items", "agreements"))])
def test_the_judge_counts_the_same_prices(name: str) -> None:
    instance = overlaid(name, reserve_goals=["cost"])
    answer = solve(instance, Budget(gap=1e-9))
    plan = judged(instance, answer.tables, "solver", answer.results)
    assert check(instance, plan).ok
    assert plan.goals[0].value == pytest.approx(answer.results[0].value, rel=1e-6)


@pytest.mark.parametrize("name", sorted(DECIDED))
def test_what_is_decided_before_is_refused(name: str) -> None:
    table, field = name.split(".")
    row = {"scenario_id": "calm", "table": table, "field": field, "op": "set", "value": "1"}
    frames = reserve_tables(overlays=pd.DataFrame([row, row | {"scenario_id": "wave"}]))
    instance = Instance.from_frames(policy=POLICY, **reserve_tables())
    broken = instance.replace(validate=False, overlays=frames["overlays"].assign(selector=""))
    with pytest.raises(InstanceError) as caught:
        reserve_case(broken)
    found = [(fault.code, fault.where) for fault in caught.value.faults]
    assert found == [("E1332", "overlays[0].field"), ("E1332", "overlays[1].field")]


def test_a_site_cannot_open_in_a_scenario() -> None:
    row = {"scenario_id": "calm", "table": "sites", "field": "status", "selector": "site_id=W4"}
    overlays = pd.DataFrame([row | {"op": "set", "value": "open"}])
    with pytest.raises(InstanceError, match="E1332"):
        reserve_case(Instance.from_frames(policy=POLICY, **reserve_tables(overlays=overlays)))


def test_the_doctor_says_what_reserves_do_not_look_at() -> None:
    row = {"scenario_id": "calm", "table": "needs", "field": "floor_share", "selector": ""}
    overlays = pd.DataFrame([row | {"op": "set", "value": "0.5"}])
    instance = Instance.from_frames(policy=POLICY, **reserve_tables(overlays=overlays))
    assert unheard(instance["overlays"]) == ("needs.floor_share",)
    assert "I3907" in [found.code for found in reserve_findings(instance)]


def test_no_field_is_both_heard_and_decided_before() -> None:
    for table, fields in HEARD.items():
        assert not fields & BEFORE.get(table, frozenset())
        assert fields <= {spec.name for spec in tables()[table] if not spec.key}
    for table, fields in BEFORE.items():
        assert fields <= {spec.name for spec in tables()[table] if not spec.key}
