"""Groups of like communities: their bounds hold for the true instance, the split plan is valid."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import allocator
from allocator.check import check
from allocator.engine.ordered import Budget
from allocator.engine.program import Program
from allocator.errors import UsageError
from allocator.generate.lockdown import lockdown
from allocator.instance import Instance
from allocator.instance.network import network
from allocator.models.answer import Answer
from allocator.models.dispatch import grouped as grouped_module
from allocator.models.dispatch import replay
from allocator.models.dispatch.certificate import Certificates
from allocator.models.dispatch.grouped import GroupedWork, too_large
from allocator.models.dispatch.groups import group_of, grouped
from allocator.models.dispatch.need import need_rows
from allocator.models.dispatch.solve import solve_goals
from allocator.models.dispatch.terms import Expression
from allocator.plan import Plan, Status
from tests.strategies import small_instances

WHOLE = frozenset({"packs", "whole_trips"})
LINEAR = ("floors", "critical", "remaining", "item_days", "units_short", "transport", "cost")
few = settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)


def multiplied(instance: Instance, copies: int, seed: int, vary: bool = True) -> Instance:
    """Give every community some neighbours like it: other sizes, gates and lengths of ways."""
    draw = np.random.default_rng(seed)
    lists = instance.replace(policy=instance.policy.replace(lanes="listed"))
    net = network(instance)
    lanes, links = net.lanes, instance["links"]
    keep = ~lanes.reusable_only
    links = pd.DataFrame(
        {
            "from_id": net.places.ids[lanes.origin[keep]],
            "to_id": net.places.ids[lanes.target[keep]],
            "minutes": lanes.minutes[keep],
            "km": lanes.km[keep],
            "lead_periods": net.lead[keep, 0],
            "cost": lanes.cost[keep],
            "open_from": lanes.open_from[keep],
            "open_to": lanes.open_to[keep],
        }
    )
    frames = {
        "communities": ("community_id", instance["communities"]),
        "needs": ("community_id", instance["needs"]),
        "gates": ("community_id", instance["gates"]),
        "access": ("place_id", instance["access"]),
        "links": ("to_id", links),
    }
    towns = set(instance["communities"]["community_id"])
    made = {name: [frame] for name, (_, frame) in frames.items()}
    for number in range(copies):
        for name, (key, frame) in frames.items():
            copy = frame[frame[key].isin(towns)].copy()
            copy[key] = copy[key] + f"~{number}"
            made[name].append(_varied(name, copy, draw) if vary else copy)
    whole = {name: pd.concat(parts, ignore_index=True) for name, parts in made.items()}
    whole["links"] = whole["links"][
        ~whole["links"]["from_id"].isin(towns) | ~whole["links"]["to_id"].str.contains("~")
    ]
    return lists.replace(**whole)


def _varied(name: str, frame: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    factor = draw.uniform(0.3, 2.0, len(frame)).round(2)
    if name == "needs":
        people = (frame["people"] * draw.uniform(0.5, 1.5, len(frame))).round(1)
        return frame.assign(quantity=(frame["quantity"] * factor).round(2), people=people)
    if name == "gates":
        return frame.assign(handling_minutes=(frame["handling_minutes"] * factor).round(1))
    if name == "links":
        longer = 1 + 0.2 * draw.random(len(frame))
        return frame.assign(minutes=frame["minutes"] * longer, km=frame["km"] * longer)
    return frame


def worked(instance: Instance) -> Answer:
    """Run the grouped method to its end and return the last answer."""
    answers: list[Answer] = []

    def emit(answer: Answer | None = None, **event: Any) -> None:
        answers.extend([answer] if answer else [])

    GroupedWork(emit, network(instance), Budget(), 0).run()
    return answers[-1]


def judged(instance: Instance, answer: Answer) -> Any:
    plan = Plan("dispatch", answer.tables, Status("completed", "invalid", "none"))
    return check(instance, plan.replace(instance={"name": instance.name, "hash": ""}))


towns = st.builds(
    multiplied,
    small_instances(without=WHOLE | {"waits"}),
    st.integers(1, 3),
    st.integers(0, 999),
)


@few
@given(towns, st.sampled_from(LINEAR))
def test_groups_never_claim_more_than_is_true(instance: Instance, goal: str) -> None:
    instance = instance.replace(policy=instance.policy.replace(goals=(goal,), fairness="floors"))
    groups = grouped(network(instance))
    true, coarse = solve_goals(instance), solve_goals(groups.coarse.instance)
    assert coarse.keys() == true.keys()
    for name, value in coarse.items():
        exact = true[name]
        assert None not in (value, exact)
        assert value <= exact + 1e-5 * max(1.0, abs(exact)), name


@few
@given(towns)
def test_split_plan_is_valid_and_its_bounds_are_true(instance: Instance) -> None:
    answer = worked(instance)
    verdict = judged(instance, answer)
    assert verdict.ok, verdict.table.to_string()
    exact = solve_goals(instance)
    for result in answer.results:
        if result.value is not None:
            value = verdict.goals[result.name]
            assert result.value == pytest.approx(value, rel=1e-5, abs=1e-3), result.name
        if result.bound is not None and result.name in ("floors", "critical"):
            best = exact[result.name]
            assert best is not None
            assert result.bound <= best + 1e-4 * max(1.0, abs(best)), result.name


@few
@given(
    st.builds(
        multiplied,
        small_instances(always=WHOLE, without=frozenset({"pins"})),
        st.just(1),
        st.just(0),
    )
)
def test_whole_packs_and_trips_get_a_filled_plan_with_true_bounds(instance: Instance) -> None:
    answer = worked(instance)
    verdict = judged(instance, answer)
    assert verdict.ok, verdict.table.to_string()
    for result in answer.results:
        if result.bound is not None:
            assert result.bound <= verdict.goals[result.name] + 1e-4 * max(1.0, result.bound)


@few
@given(small_instances(without=WHOLE))
def test_what_stands_alone_is_solved_as_exactly_as_ever(instance: Instance) -> None:
    answer = worked(instance)
    assert judged(instance, answer).ok


def test_equal_communities_lose_nothing() -> None:
    features = frozenset({"gates", "vehicles", "floors", "arrivals", "perishables", "reusables"})
    instance = lockdown(communities=3, sites=2, items=3, periods=4, seed=5, features=features)
    many = multiplied(instance, 3, 0, vary=False)
    net = network(many)
    assert len(np.unique(group_of(net)[~net.places.is_site])) < (~net.places.is_site).sum()
    answer = worked(many)
    assert "communities solved as" in answer.summary["method"]
    for name in ("floors", "critical", "remaining.2"):
        known = next(result for result in answer.results if result.name == name)
        assert known.bound == pytest.approx(known.value, rel=1e-3, abs=1e-3), name


def test_duals_of_earlier_goals_prove_later_ones() -> None:
    # x + y >= 1; first least x (0), then least y given x <= cap: 1 - cap.
    program = Program()
    columns = program.add_columns("column", 2, upper=5.0)
    program.add_entries(program.add_rows("row", 1, lower=1.0), columns, np.ones(2))
    certificates = Certificates(program)
    first, second = Expression(np.array([1.0, 0.0])), Expression(np.array([0.0, 1.0]))
    certificates.add("first", first, np.array([0.0]), {}, chain=True)
    certificates.add("second", second, np.array([1.0]), {"first": 1.0}, chain=True)
    assert certificates.bound("first", {}) == 0.0
    assert certificates.bound("second", {}) is None
    assert certificates.bound("second", {"first": 0.25}) == pytest.approx(0.75)


def test_small_lacks_add_up_to_a_stated_one() -> None:
    net = network(
        lockdown(communities=2, sites=1, items=1, periods=9, seed=3, features=frozenset())
    )
    needs = need_rows(net)
    served = np.zeros((1, len(net.places.ids), net.periods))
    served[needs.item, needs.place, needs.period] = needs.quantity - 1.5e-5
    short = replay._short(net, needs, served)
    lack = 1.5e-5 * len(needs.place)
    assert 0 < short.sum() <= lack + 1e-12
    assert lack - short.sum() <= 2 * (2e-5 + 2e-7 * needs.quantity.max())


def test_small_towns_are_solved_whole() -> None:
    assert not too_large(
        network(lockdown(communities=3, sites=2, items=2, periods=3, seed=1, features=frozenset()))
    )


def test_large_cities_refuse_a_cap_on_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouped_module, "LARGE", 1)
    instance = lockdown(communities=3, sites=2, items=2, periods=3, seed=1, features=frozenset())
    plan = allocator.dispatch(instance)
    with pytest.raises(UsageError, match="cap on changes") as caught:
        allocator.dispatch(instance, start=plan, max_changes=3)
    assert caught.value.code == "E2112"


@pytest.mark.parametrize("seed", range(4))
def test_plans_handed_out_for_groups_never_get_worse(seed: int) -> None:
    """Lanes of different lengths in a group, so that the fleet of the coarse plan is too small."""
    base = lockdown(communities=4, sites=2, items=4, periods=3, seed=seed)
    instance = multiplied(base, 3, seed)
    handed: list[dict[str, float]] = []

    def emit(*what: Any, **event: Any) -> None:
        if what and event.get("stage") == "split":
            handed.append({one.name: one.value for one in what[0].results})

    work = GroupedWork(emit, network(instance), Budget(), 0)
    work.run()
    assert len(handed) >= 1
    names = [name for name in work.goals if name in handed[0]]
    assert names
    for before, after in pairwise(handed):
        for name in names:
            worse = after[name] - before[name] > 1e-4 * max(1.0, abs(before[name]))
            better = after[name] - before[name] < -1e-6 * max(1.0, abs(before[name]))
            assert not worse, (name, before, after)
            if better:
                break


def test_little_time_asks_for_groups_and_whole_packs_never_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grouped_module, "FEW_COLUMNS", 10)
    features = frozenset({"packs"})
    loose = network(lockdown(6, 2, 3, 3, seed=1, features=frozenset()))
    packed = network(lockdown(6, 2, 3, 3, seed=1, features=features))
    assert packed.items.whole.any()
    assert grouped_module.too_large_for(loose, 1e-6)
    assert not grouped_module.too_large_for(loose, 60.0)
    assert not grouped_module.too_large_for(loose, None)
    assert not grouped_module.too_large_for(packed, 1e-6)
