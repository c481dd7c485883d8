"""Beds worked by hand: what the regimes and the delay cost, and what each feature does."""

from __future__ import annotations

from typing import Any

import pytest

from allocator.engine.ordered import Budget
from allocator.engine.outcome import Outcome
from allocator.engine.session import Session
from allocator.instance import Instance
from allocator.models.admit.by_rule import by_rule, nobody
from allocator.models.admit.solving import solve
from allocator.plan import Plan
from allocator.runs.admit import judged
from tests.admit_cases import hand_case, reference


def best(instance: Instance) -> Plan:
    answer = solve(instance, Budget(gap=0.0))
    plan = judged(instance, answer.tables, "solver", answer.results)
    assert plan.status.plan == "valid", plan.summary["violations"]
    return plan


def test_every_goal_ends_at_a_corner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Interior points of large cases miss rows, and leave nothing for the next goal."""
    asked: list[bool] = []
    usual = Session.minimise

    def minimise(session: Session, *given: Any, **more: Any) -> Outcome:
        asked.append(more["crossover"])
        return usual(session, *given, **more)

    monkeypatch.setattr(Session, "minimise", minimise)
    answer = solve(hand_case(), Budget(gap=0.0))
    assert len(asked) == len(answer.results) > 1
    assert all(asked)


def value(plan: Plan, goal: str) -> float:
    found = plan.goal(goal).value
    assert found is not None
    return found


# 5 come in the east in period 1, one in the west in period 2; two beds each, two periods of stay.
@pytest.mark.parametrize(
    ("policy", "days"),
    [
        # Four enter at once; of the fifth and the one of the west one waits twice, one once.
        ({}, 3.0),
        # The west keeps a bed for its own in period 2: the east sends one, and two wait twice.
        ({"admit_regime": "district-first"}, 4.0),
        # Nobody enters in period 1: 5, then 1 + 1, then 2 of whom none can enter before 4.
        ({"information_delay": 1}, 9.0),
        # Own beds at once (3 wait), one goes west in period 2 (2 wait), own beds again in 3.
        ({"admit_regime": "district-first", "information_delay": 1}, 5.0),
    ],
)
def test_the_price_of_waiting_for_the_city(policy: dict[str, Any], days: float) -> None:
    assert value(best(hand_case(policy)), "waiting") == pytest.approx(days, abs=1e-3)


def test_the_readable_form_agrees() -> None:
    assert reference().solve(hand_case())["waiting"] == pytest.approx(3.0, abs=1e-4)


def test_without_ways_the_west_cannot_help() -> None:
    # East: 2 enter in 1, 2 in 3: 3 wait in 1, 3 in 2, 1 in 3, 1 in 4.
    plan = best(hand_case({"admit_minutes": 1}))
    assert value(plan, "waiting") == pytest.approx(8.0, abs=1e-3)
    assert value(plan, "travel") == 0


def test_an_entry_rule_shuts_a_site_out() -> None:
    rule = {"rule_id": "r", "from_id": "E", "site_id": "HW", "allowed": False}
    plan = best(hand_case(entry_rules=[rule]))
    assert value(plan, "waiting") == pytest.approx(8.0, abs=1e-3)


def test_staff_hours_bind_before_beds() -> None:
    # Care of one patient and day takes 18.2 hours: one bed of the east is as good as none.
    hours = [{"site_id": "HE", "period": t, "hours": 18.2} for t in (1, 2, 3, 4)]
    plan = best(hand_case({"admit_minutes": 1}, staff_hours=hours))
    # East: 1 enters in 1, 1 in 3: 4 + 4 + 3 + 3.
    assert value(plan, "waiting") == pytest.approx(14.0, abs=1e-3)


def test_ventilators_bind_before_beds() -> None:
    items = [{"item_id": "ventilator", "kg": 1, "reusable": True}]
    use = [{"severity": "severe", "item_id": "ventilator", "quantity": 1}]
    stocks = [{"place_id": "HE", "item_id": "ventilator", "quantity": 1}]
    plan = best(hand_case(items=items, care_items=use, stocks=stocks))
    # Only one bed of the east can be used: 1 in period 1, 1 in 3, and nobody in the west.
    assert value(plan, "waiting") == pytest.approx(4 + 5 + 4 + 4, abs=1e-3)


def test_a_surge_ward_opens_in_time_and_costs() -> None:
    ward = {"ward_id": "S", "site_id": "HE", "severity": "severe", "beds": 1, "surge": True}
    ward |= {"opening_cost": 7, "lead_periods": 1}
    fixed = {"surge": False, "opening_cost": 0, "lead_periods": 0}
    beds = [
        {"ward_id": d, "site_id": f"H{d}", "severity": "severe", "beds": 2} | fixed for d in "EW"
    ]
    plan = best(hand_case(beds=[*beds, ward]))
    # Decided on in 1, used from 2: the fifth of the east waits once, the one of the west once.
    assert value(plan, "waiting") == pytest.approx(2.0, abs=1e-3)
    assert value(plan, "surge_cost") == 7
    assert plan["openings"]["period"].tolist() == [1]
    assert value(best(hand_case({"surge_budget": 6}, beds=[*beds, ward])), "waiting") == (
        pytest.approx(3.0, abs=1e-3)
    )


def test_a_patient_steps_down_or_is_held() -> None:
    care = [{"severity": "severe", "kind": "severe"}, {"severity": "mild", "kind": "other"}]
    stays = [
        {"severity": "severe", "periods": 1, "steps_to": "mild"},
        {"severity": "mild", "periods": 1, "steps_to": ""},
    ]
    patients = [{"community_id": "east", "severity": "severe", "period": 1, "number": 2}]
    beds = [{"ward_id": "E", "site_id": "HE", "severity": "severe", "beds": 2}]
    beds += [{"ward_id": "W", "site_id": "HW", "severity": "mild", "beds": 1}]
    plan = best(hand_case(care=care, stays=stays, patients=patients, beds=beds))
    # Two enter in 1 and become mild in 2: one goes west, the other is held once, then follows.
    assert value(plan, "waiting") == pytest.approx(1.0, abs=1e-3)
    assert value(plan, "transfers") == pytest.approx(2.0, abs=1e-3)
    held = plan["waiting"]
    assert held[["community_id", "severity", "from_severity", "period"]].to_numpy().tolist() == [
        ["HE", "mild", "severe", 2]
    ]


def test_inpatients_keep_their_beds() -> None:
    inpatients = [{"site_id": "HE", "severity": "severe", "periods_in": 1, "number": 2}]
    plan = best(hand_case({"admit_minutes": 1}, inpatients=inpatients))
    # Entered a period ago, they leave after period 1: 5 + 3 + 3 + 1.
    assert value(plan, "waiting") == pytest.approx(12.0, abs=1e-3)


def test_scenarios_share_the_wards_and_risk_counts_the_tail() -> None:
    rows = [
        {
            "scenario_id": name,
            "community_id": "east",
            "severity": "severe",
            "period": 1,
            "number": n,
        }
        for name, n in (("low", 2), ("high", 6))
    ]
    scenarios = [{"scenario_id": name, "probability": 0.5} for name in ("low", "high")]
    tables = {"scenarios": scenarios, "scenario_patients": rows}
    # low: nobody waits; high: 2 wait twice.
    assert value(best(hand_case(**tables)), "waiting") == pytest.approx(2.0, abs=1e-3)
    averse = {"risk": "cvar", "risk_level": 0.5}
    assert value(best(hand_case(averse, **tables)), "waiting") == pytest.approx(4.0, abs=1e-3)


@pytest.mark.parametrize("regime", ["pooled", "district-first"])
def test_the_plans_without_a_solver_are_valid(regime: str) -> None:
    instance = hand_case({"admit_regime": regime, "information_delay": 1})
    greedy = judged(instance, by_rule(instance_case(instance)), "rule")
    idle = judged(instance, nobody(instance_case(instance)), "nobody")
    assert greedy.status.plan == idle.status.plan == "valid"
    assert value(best(instance), "waiting") <= value(greedy, "waiting") + 1e-6
    assert value(greedy, "waiting") < value(idle, "waiting")


def instance_case(instance: Instance) -> Any:
    from allocator.instance.admit_case import admit_case

    return admit_case(instance)
