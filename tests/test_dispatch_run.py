"""A whole run of dispatch: values, bounds, interruptions, limits, the same answer twice."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from allocator import run
from allocator.cli.main import cli
from allocator.engine.child import Child
from allocator.errors import ImpossibleError, UsageError
from allocator.generate.lockdown import lockdown
from allocator.instance import Instance, load, save
from allocator.limits import Limits
from allocator.plan import Plan, Status
from allocator.runs import dispatch as dispatch_run

TINY = Path(__file__).resolve().parents[1] / "instances" / "tiny"
EXPECTED: dict[str, float] = json.loads((TINY / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out."""
    config = tmp_path / "config.toml"
    config.write_text("")
    monkeypatch.setenv("ALLOCATOR_CONFIG", str(config))


def town(communities: int = 8, periods: int = 4) -> Instance:
    return lockdown(communities, sites=2, items=2, periods=periods, seed=1)


def goals(plan: Plan) -> dict[str, float]:
    return {goal.name: goal.value for goal in plan.goals if goal.value is not None}


def assert_bounds_hold(plan: Plan) -> None:
    for goal in plan.goals:
        if goal.bound is not None:
            # The value is that of the plan as written: rounded.
            assert goal.bound <= goal.value + 1e-6 * max(1.0, abs(goal.value)), goal.name


@pytest.fixture(scope="module")
def tiny_plan() -> Plan:
    return run.dispatch(TINY)


def test_tiny_has_the_values_derived_by_hand(tiny_plan: Plan) -> None:
    assert goals(tiny_plan) == pytest.approx(EXPECTED, rel=1e-4)
    assert list(goals(tiny_plan)) == list(EXPECTED)


def test_tiny_is_solved_and_proven(tiny_plan: Plan) -> None:
    status = tiny_plan.status
    assert (status.termination, status.plan, status.proof) == ("completed", "valid", "optimal")
    assert run.check(tiny_plan, TINY).ok
    assert all(goal.bound is not None for goal in tiny_plan.goals)
    assert_bounds_hold(tiny_plan)


def test_a_town_is_solved_and_proven() -> None:
    plan = run.dispatch(town())
    assert (plan.status.plan, plan.status.proof) == ("valid", "optimal")
    assert_bounds_hold(plan)
    # The plan made without a solver is no better at the goals in order.
    first = plan.summary["first_plan"]
    worse = [goals(plan)[name] - first[name] for name in goals(plan)]
    decisive = next((one for one in worse if abs(one) > 1e-3), 0.0)
    assert decisive <= 0


def test_the_same_command_gives_the_same_files(tmp_path: Path) -> None:
    for out in ("a", "b"):
        words = ["dispatch", str(TINY), "--out", str(tmp_path / out)]
        result = CliRunner().invoke(cli, words)
        assert result.exit_code == 0, result.output
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "b").iterdir())
    assert {"plan.json", "run.json", "shipments.csv"} <= set(files)
    for name in files:
        same = (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        assert same or name == "run.json", name


class Watched(Child):
    """A child the test can reach."""

    made: Watched

    def __init__(self, task: str, **arguments: Any) -> None:
        super().__init__(task, **arguments)
        Watched.made = self


def test_a_child_that_dies_leaves_its_best_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch_run, "Child", Watched)

    def kill(event: Mapping[str, Any]) -> None:
        if "goal" in event:
            Watched.made.process.kill()

    instance = town(12)
    plan = run.dispatch(instance, progress=kill)
    assert (plan.status.termination, plan.status.plan) == ("error", "valid")
    assert run.check(plan, instance).ok
    assert plan.goals[0].bound is not None
    assert_bounds_hold(plan)
    first = next(iter(plan.summary["first_plan"].values()))
    assert plan.goals[0].value is not None
    assert plan.goals[0].value <= first + 1e-6 * abs(first)
    assert not Watched.made.folder.exists()


class Spoiled(Child):
    """A child whose last plan ships twice what there is."""

    def results(self) -> Iterator[Any]:
        last, *before = super().results()
        shipments = last.tables["shipments"]
        twice = shipments.assign(quantity=2.0 * shipments["quantity"])
        yield dataclasses.replace(last, tables={**last.tables, "shipments": twice})
        yield from before


def test_the_plan_before_stands_in_for_one_the_judge_refuses(
    monkeypatch: pytest.MonkeyPatch, tiny_plan: Plan
) -> None:
    monkeypatch.setattr(dispatch_run, "Child", Spoiled)
    plan = run.dispatch(TINY)
    assert plan.status.plan == "valid"
    assert plan.summary["made"] == "solver, before its last plan"
    assert run.check(plan, TINY).ok
    assert goals(plan) == pytest.approx(goals(tiny_plan), abs=1e-3)


def test_an_interruption_keeps_the_best_plan() -> None:
    def interrupt(event: Mapping[str, Any]) -> None:
        if "goal" in event:
            raise KeyboardInterrupt

    plan = run.dispatch(town(12), progress=interrupt)
    assert (plan.status.termination, plan.status.plan) == ("interrupted", "valid")
    assert plan.goals[0].bound is not None
    assert plan.run["reproducible"] is False


def test_a_time_limit_is_kept() -> None:
    instance = lockdown(40, sites=6, items=5, periods=10, seed=1)
    seconds, began = 6.0, time.monotonic()
    plan = run.dispatch(instance, limits=Limits(seconds=seconds))
    assert time.monotonic() - began < seconds + 3  # other work on the machine may delay it a little
    assert (plan.status.termination, plan.status.plan) == ("time_limit", "valid")
    assert_bounds_hold(plan)


def test_a_work_limit_is_reproducible() -> None:
    plans = [run.dispatch(town(12), limits=Limits(work=60)) for _ in range(2)]
    assert [plan.status.termination for plan in plans] == ["work_limit", "work_limit"]
    assert plans[0].run["reproducible"] is True
    assert goals(plans[0]) == goals(plans[1])
    for name, frame in plans[0].tables.items():
        pd.testing.assert_frame_equal(frame, plans[1].tables[name])


def with_pin(rule: str, quantity: float) -> Instance:
    instance = load(TINY)
    pin = {"pin_id": "p", "item_id": instance["items"]["item_id"].iloc[0], "rule": rule}
    return instance.replace(pins=pd.DataFrame([pin | {"quantity": quantity}]))


def test_a_pin_nobody_can_meet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImpossibleError):
        run.dispatch(with_pin("at_least", 1e9))
    save(with_pin("at_least", 1e9), tmp_path / "city")
    result = CliRunner().invoke(cli, ["dispatch", str(tmp_path / "city")])
    assert result.exit_code == 4
    assert "pin" in result.output + result.stderr


def test_a_pin_that_can_be_met_is_met() -> None:
    instance = with_pin("exactly", 7.0)
    plan = run.dispatch(instance)
    assert plan.status.plan == "valid"
    item = instance["pins"]["item_id"].iloc[0]
    moved = plan.shipments.loc[plan.shipments["item_id"] == item, "quantity"].sum()
    assert moved == pytest.approx(7.0, abs=1e-4)


@pytest.mark.parametrize("decision", ["route", "staff", "preposition"])
def test_a_start_of_another_decision_is_refused(decision: str) -> None:
    other = Plan(decision, {}, Status("completed", "valid"))
    with pytest.raises(UsageError, match="E2351"):
        run.dispatch(TINY, start=other)


def test_a_solver_nobody_has_is_refused_before_any_work() -> None:
    with pytest.raises(UsageError, match="E2203"):
        run.dispatch(TINY, solver="higs")


def test_a_plan_of_no_known_instance_says_so() -> None:
    with pytest.raises(UsageError, match="E2131"):
        run.check(Plan("dispatch", {}, Status("completed", "valid")))
