"""Status, goals and precision."""

import math
import pickle
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from allocator.errors import PlanMissingError
from allocator.plan import GoalResult, Plan, Status, plan_table, plan_tables
from allocator.plan.precision import rounded, tolerance


def test_status_knows_its_words():
    assert Status("completed", "valid", "optimal").proof == "optimal"
    for wrong in (("done",), ("completed", "fine"), ("completed", "valid", "maybe")):
        with pytest.raises(ValueError, match="it is one of"):
            Status(*wrong)


def test_a_plan_is_shown_in_one_line():
    goals = (GoalResult("critical", "people", 10.0, 9.0), GoalResult("cost", "money", None))
    plan = Plan("preposition", {}, Status("time_limit", "valid"), goals, instance={"name": "town"})
    assert repr(plan) == "<Plan to preposition for town: time_limit, valid, none; critical 10>"
    assert repr(Plan("route", {}, Status("error"))) == "<Plan to route: error, none, none>"


def test_gap_is_absolute_at_zero_and_relative_elsewhere():
    assert GoalResult("g", "u", 0.0, -0.25).gap == 0.25
    assert GoalResult("g", "u", 200.0, 150.0).gap == 0.25
    assert GoalResult("g", "u", 200.0, 200.0 + 1e-9).gap == 0.0
    assert GoalResult("g", "u", 200.0).gap is None


def test_bounds_are_never_infinite():
    goal = GoalResult("g", "u", math.nan, -math.inf)
    assert goal.value is None
    assert goal.bound is None


def test_values_without_a_plan_raise():
    plan = Plan("dispatch", {}, Status("time_limit"))
    with pytest.raises(PlanMissingError) as caught:
        _ = plan.shipments
    assert caught.value.code == "E5001"
    with pytest.raises(PlanMissingError):
        plan.explain("C1")


def test_tables_not_stated_are_empty_with_their_columns():
    plan = Plan("dispatch", {"shipments": plan_table("shipments")}, Status("completed", "valid"))
    assert list(plan.trips.columns) == [column.name for column in plan_tables()["trips"]]
    assert not plan.states("trips")


def test_explain_gives_the_reasons_of_one_community():
    reasons = pd.DataFrame({"community_id": ["A", "B"], "item_id": ["i", "i"], "code": ["X", "Y"]})
    tables = {"shipments": plan_table("shipments"), "reasons": reasons}
    plan = Plan("dispatch", tables, Status("completed", "valid"))
    assert list(plan.explain("B")["code"]) == ["Y"]
    assert len(plan.explain()) == 2


def test_rounding_has_no_negative_zero_and_tolerance_grows():
    assert not np.signbit(rounded([-1e-9]))[0]
    assert rounded([0.12345678])[0] == 0.123457
    assert tolerance(0.0) == pytest.approx(1e-4)
    assert tolerance(-1e6) == pytest.approx(1e-4 + 1.0)


def test_a_plan_can_be_sent_to_another_process():
    tables = {"shipments": pd.DataFrame({"quantity": [1.0]})}
    run = MappingProxyType({"policy": {"give_up": MappingProxyType({"cost": 0.1})}})
    plan = Plan("dispatch", tables, Status("completed", "valid"), summary={"made": "x"}, run=run)
    again = pickle.loads(pickle.dumps(plan))
    assert again.shipments.equals(plan.shipments)
    assert (again.status, again.summary, again.run) == (plan.status, {"made": "x"}, run)


def test_a_table_no_plan_has_is_an_error_with_a_suggestion():
    tables = {"shipments": pd.DataFrame({"quantity": [1.0]})}
    plan = Plan("dispatch", tables, Status("completed", "valid"))
    assert plan["trips"].empty
    with pytest.raises(KeyError, match="did you mean shipments"):
        plan["shipmets"]
