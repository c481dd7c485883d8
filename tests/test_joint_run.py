"""Gate staff and dispatch together, from the instance to two judged plans, and bad input."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

import allocator
from allocator.bench import Settings
from allocator.check import check
from allocator.cli.main import cli
from allocator.doctor import doctor
from allocator.errors import InstanceError, UsageError
from allocator.instance import Instance, load, save
from allocator.instance.gate_staff import joint_instance as prepared
from allocator.limits import Limits
from allocator.models.dispatch.solve import solve_goals
from allocator.models.staff.solving import solve
from allocator.plan import Plan, load_plan
from allocator.runs.ending import by_name
from allocator.runs.joint import Joined, Joint, _better, gains
from benchmarks import joint_gates
from tests.reference_cases import instance_of

GOALS = ("critical", "remaining", "cost")


def two_gates(staff: int = 2, **policy: object) -> Instance:
    """Two communities and people for one gate: who is missing where is the planner's choice.

    A needs 60 units of food and B 60 of tea, a minute each; a person gives 30 minutes. The roster
    by itself sees no difference; dispatch sends everybody to A, where the need is critical.
    """
    rules = {"goals": GOALS, "fairness": "none", "gate_staff": "joint"} | policy
    return instance_of(
        rules,
        periods=[{"period": 1}],
        communities=[{"community_id": c, "population": 60, "district": "east"} for c in "AB"],
        sites=[{"site_id": "s"}],
        items=[
            {"item_id": "food", "kg": 1, "tier": 1, "handling_minutes": 1},
            {"item_id": "tea", "kg": 1, "tier": 2, "handling_minutes": 1},
        ],
        needs=[
            {"community_id": "A", "item_id": "food", "period": 1, "quantity": 60, "people": 60},
            {"community_id": "B", "item_id": "tea", "period": 1, "quantity": 60, "people": 60},
        ],
        stocks=[{"place_id": "s", "item_id": item, "quantity": 60} for item in ("food", "tea")],
        vehicles=[{"type": "van", "site_id": "s", "count": 9, "kg": 500, "shift_minutes": 480}],
        links=[{"from_id": "s", "to_id": c, "minutes": 5} for c in "AB"],
        gates=[{"community_id": c, "period": 1, "handling_minutes": 30} for c in "AB"],
        shifts=[{"shift_id": "day", "start": "08:00", "minutes": 30}],
        workers=[
            {"worker_id": "team", "number": staff, "district": "east"},
            {"worker_id": "tester", "number": 1, "skills": "test", "district": "west"},
        ],
        posts=[
            *(
                {"post_id": f"gate-{c}", "place_id": c, "shift_id": "day", "wanted": 2}
                | {"gate": True, "minimum": 0, "critical": False, "skill": ""}
                for c in "AB"
            ),
            {"post_id": "test", "shift_id": "day", "wanted": 1, "gate": False, "critical": True,
             "minimum": 0, "place_id": "", "skill": ""},
        ],
    )  # fmt: skip


@pytest.fixture(scope="module")
def joined() -> Joined:
    return Joint(two_gates(), Limits(), lambda event: None).run()


@pytest.fixture(scope="module")
def made(joined: Joined) -> Plan:
    return joined.dispatch


def test_everybody_goes_where_the_need_is_critical(made: Plan) -> None:
    assert made.status.plan == "valid"
    assert by_name(made)["critical"] == pytest.approx(0.0, abs=1e-6)
    there = made["roster"].set_index("post_id")["number"]
    assert there["gate-A"] == 2
    assert "gate-B" not in there
    assert made.goals[0].bound == pytest.approx(0.0, abs=1e-6)
    assert check(two_gates(), made).ok


def test_other_posts_keep_their_people(joined: Joined) -> None:
    there = joined.roster["roster"].set_index("post_id")["number"]
    assert there["test"] == 1
    table = gains(joined.chain, by_name(joined.dispatch)).set_index("goal")["gain"]
    assert table["critical"] == pytest.approx(60.0, abs=1e-6)
    assert joined.instance["gates"].set_index("community_id")["handling_minutes"]["A"] == 60


@pytest.mark.parametrize(
    ("mine", "better"),
    [((2e-10, 5.0), True), ((0.0, 9.0), False), ((1.0, 5.0), False), ((0.0, 9.1), False)],
)
def test_the_first_goal_that_differs_decides(
    made: Plan, mine: tuple[float, float], better: bool
) -> None:
    def worth(values: tuple[float, float]) -> Plan:
        pairs = zip(made.goals, values, strict=False)
        return made.replace(goals=tuple(replace(goal, value=value) for goal, value in pairs))

    assert _better(worth(mine), worth((1e-10, 9.0))) == better
    invalid = worth((0.0, 0.0)).replace(status=replace(made.status, plan="invalid"))
    assert not _better(invalid, worth(mine))


def test_a_call_from_python_decides_together(
    joined: Joined, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Joint, "run", lambda self: joined)
    assert by_name(allocator.dispatch(two_gates())) == by_name(joined.dispatch)


def test_a_reason_names_the_people(made: Plan) -> None:
    tea = made["reasons"].set_index("item_id").loc[["tea"]]
    assert "one_shift" in set(tea["family"].str.split("|").explode())
    assert tea["text"].str.contains("Gate staff: everybody of team").any()
    assert tea["text"].str.contains("more people would bring").any()


@pytest.mark.parametrize(
    ("change", "family"),
    [
        ({"number": 3}, "one_shift"),
        ({"worker_id": "tester", "number": 1}, "way"),
        ({"number": 1}, "gate"),
    ],
)
def test_planted(made: Plan, change: dict[str, object], family: str) -> None:
    roster = made["roster"]
    row = roster["post_id"] == "gate-A"
    for column, value in change.items():
        roster.loc[row, column] = value
    worse = made.replace(tables={**made.tables, "roster": roster})
    verdict = check(two_gates(), worse)
    assert family in set(verdict.table["family"])


def test_without_a_roster_the_table_gates_counts(made: Plan) -> None:
    tables = {name: made[name] for name in ("shipments", "purchases")}
    verdict = check(two_gates(), made.replace(tables=tables, goals=()))
    assert "gate" in set(verdict.table["family"])
    assert any("states no roster" in note for note in verdict.stats["notes"])


def test_nobody_to_stand_there_is_told_with_a_code() -> None:
    empty = two_gates(gate_staff="chain")
    frames = {name: empty[name].iloc[:0] for name in ("workers", "posts")}
    bare = empty.replace(**frames)
    with pytest.raises(InstanceError) as caught:
        bare.replace(policy=bare.policy.replace(gate_staff="joint"))
    assert caught.value.code == "E1362"
    posts = empty["posts"].assign(gate=False)
    with pytest.raises(InstanceError) as caught:
        empty.replace(posts=posts, policy=empty.policy.replace(gate_staff="joint"))
    assert caught.value.code == "E1363"


def test_gates_without_posts_and_posts_without_gates_are_told() -> None:
    town = two_gates()
    posts = town["posts"]
    more = pd.concat([town["gates"], town["gates"].iloc[:1].assign(community_id="B", period=1)])
    frames = {name: table for name, table in town.tables.items() if len(table)}
    frames["posts"] = posts[posts["post_id"] != "gate-A"]
    frames["gates"] = more.drop_duplicates().query("community_id == 'A'")
    found = Instance.from_frames(policy=town.policy, **frames)
    codes = {fault.code: fault.value for fault in found.notes["warnings"]}
    assert codes["W1353"] == "A"
    assert codes["W1354"] == "B"
    roster = solve(found).tables["roster"]
    values = solve_goals(prepared(found, roster))
    assert values["critical"] == pytest.approx(30.0)  # the table gives A 30 minutes


def test_the_doctor_counts_on_all_who_may_stand_there() -> None:
    assert doctor(two_gates()).tables["gates"]["minutes_available"].tolist() == [60.0, 60.0]
    apart = doctor(two_gates(gate_staff="chain"))
    assert apart.tables["gates"]["minutes_available"].tolist() == [30.0, 30.0]
    assert "W3401" in {one.code for one in apart.findings}
    assert "W3401" not in {one.code for one in doctor(two_gates()).findings}


def test_cities_too_large_for_one_program_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allocator.runs.joint.too_large", lambda net: True)
    with pytest.raises(UsageError) as caught:
        allocator.dispatch(two_gates())
    assert caught.value.code == "E2113"


def test_own_models_are_refused() -> None:
    with pytest.raises(UsageError) as caught:
        allocator.dispatch(two_gates(), solver="pulp:PULP_CBC_CMD")
    assert caught.value.code == "E2114"


def test_the_chain_with_routes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(two_gates(), "town")
    result = call("plan", "town", "--out", "week", "--router", "rule", "--quiet", "--json")
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)["data"]
    assert {"staff", "dispatch"} <= set(data["plans"])
    assert set(data["joint"]["gain"]) == {"critical", "remaining.2", "cost"}
    assert load("week/instance")["gates"].set_index("community_id")["handling_minutes"]["A"] == 60
    for name in data["plans"]:
        assert call("check", f"week/{name}").exit_code == 0, name
    assert load_plan("week/dispatch").states("roster")
    text = call("explain", "week/dispatch", "B").output
    assert "Gate staff" in text


def test_the_suite_tells_the_gain(joined: Joined) -> None:
    case = joint_gates.cases(Settings())[0]
    row = joint_gates.goal_row(case, "critical", joined.chain["critical"], 0.0, True)
    assert (row.value, row.expected) == pytest.approx((0.0, 60.0), abs=1e-6)
    assert row.detail["share"] == pytest.approx(1.0)
    rows = {one.case: one for one in joint_gates.step_rows(case, joined)}
    assert rows["district/kept"].within
    assert set(joined.seconds) <= {name.partition("/")[2] for name in rows}


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])
