"""The policy: what it says, what it may not say, and the grammar of goals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from allocator.errors import InstanceError
from allocator.instance import Instance, Policy, load, save, validate
from allocator.instance.faultlog import FaultLog
from allocator.instance.goals import GoalSpec, parse_goals
from allocator.instance.policy_cells import policy_from_cells, policy_to_cells
from allocator.instance.policy_read import policy_values, read_policy
from allocator.instance.schema import settings
from tests.instance_cases import frames, good_instance


def read(given: dict[str, Any]) -> tuple[Policy, list[tuple[str, str, str]]]:
    log = FaultLog()
    policy = read_policy(given, "policy.toml", log)
    return policy, [(fault.code, fault.where, fault.suggestion) for fault in log.faults]


def test_defaults_of_the_class_are_those_of_the_table() -> None:
    cells = [("key", "value"), *((spec.name, spec.default) for spec in settings().values())]
    log = FaultLog()
    assert read_policy(policy_from_cells(cells, "policy", log), "policy", log) == Policy()
    assert not log.faults
    assert set(settings()) == set(Policy.__dataclass_fields__)


@pytest.mark.parametrize(
    ("given", "code", "where", "suggestion"),
    [
        ({"fairnes": "none"}, "E1402", "fairnes", "fairness"),
        ({"fairness": 3}, "E1403", "fairness", ""),
        ({"lanes_k": 2.5}, "E1403", "lanes_k", ""),
        ({"lanes_k": True}, "E1403", "lanes_k", ""),
        ({"returns": "yes"}, "E1403", "returns", ""),
        ({"budget": float("nan")}, "E1403", "budget", ""),
        ({"budget": 10**400}, "E1403", "budget", ""),
        ({"goals": "cost"}, "E1403", "goals", ""),
        ({"give_up": 0.1}, "E1403", "give_up", ""),
        ({"lanes_k": 0}, "E1404", "lanes_k", ""),
        ({"detour": 0.5}, "E1404", "detour", ""),
        ({"give_up": {"cost": 2}}, "E1404", "give_up.cost", ""),
        ({"fairness": "maxmin"}, "E1405", "fairness", "max-min"),
        ({"goals": ["costs"]}, "E1406", "goals", "cost"),
        ({"goals": []}, "E1406", "goals", ""),
        ({"goals": ["cost", "cost"]}, "E1406", "goals", ""),
        ({"goals": ["cost + fairness"]}, "E1406", "goals", ""),
        ({"goals": ["2*fairness"]}, "E1406", "goals", ""),
        ({"goals": ["-1*cost"]}, "E1406", "goals", ""),
        ({"goals": ["cost + cost"]}, "E1406", "goals", ""),
        ({"goals": ["cost +"]}, "E1406", "goals", ""),
        ({"give_up": {"costs": 0.1}}, "E1407", "give_up", "cost"),
        ({"goals": ["cost"], "give_up": {"critical": 0.1}}, "E1407", "give_up", ""),
    ],
)
def test_fault(given: dict[str, Any], code: str, where: str, suggestion: str) -> None:
    _, found = read(given)
    assert found[0] == (code, f"policy.toml:{where}", suggestion)


def test_what_is_right_is_read() -> None:
    policy, found = read({"budget": 5, "goals": ["critical", "cost"], "give_up": {"critical": 0.1}})
    assert not found
    assert policy.budget == 5.0
    assert policy.goals == ("critical", "cost")
    assert policy.give_up["critical"] == 0.1
    assert read(policy_values(policy)) == (policy, [])


def test_a_tier_of_a_goal_may_give_up_something() -> None:
    policy, found = read({"give_up": {"remaining.2": 0.05}})
    assert not found
    assert policy.give_up["remaining.2"] == 0.05


def test_goals_are_terms_or_weighted_sums() -> None:
    assert parse_goals(("critical", "1*units_short + 0.1 * transport", "2e1*cost")) == (
        GoalSpec("critical", ((1.0, "critical"),)),
        GoalSpec("1*units_short + 0.1 * transport", ((1.0, "units_short"), (0.1, "transport"))),
        GoalSpec("2e1*cost", ((20.0, "cost"),)),
    )
    with pytest.raises(InstanceError) as caught:
        parse_goals(("costs", "0*cost", "fairness + cost"))
    assert len(caught.value.faults) == 3


def test_cells_and_back() -> None:
    values = {
        "budget": 5.0,
        "goals": ["critical", "cost"],
        "give_up": {"cost": 0.1},
        "returns": False,
    }
    log = FaultLog()
    assert policy_from_cells(policy_to_cells(values), "policy", log) == values
    assert not log.faults


def test_policy_file_faults_have_their_place(tmp_path: Path) -> None:
    path = save(good_instance(), tmp_path / "case")
    (path / "policy.toml").write_text("fairness = 'none'\nlanes = \n")
    found = validate(path).faults
    assert [(fault.code, fault.where) for fault in found] == [("E1401", "policy.toml")]
    assert "line 2" in found[0].rule
    (path / "policy.toml").write_bytes("fairness = 'none' # 公平\n".encode("gb18030"))
    assert load(path).policy.fairness == "none"


def test_a_policy_made_in_python_is_checked_too() -> None:
    with pytest.raises(InstanceError, match="E1405"):
        Instance.from_frames(policy=Policy(trips="some"), validate=True, **frames())
    with pytest.raises(InstanceError, match="E1402"):
        Instance.from_frames(policy={"trip": "integer"}, validate=True, **frames())
