"""`allocator dispatch` and `allocator demo`: files written, exit codes, settings, envelope."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from allocator import run
from allocator.cli.demo import demo_instance
from allocator.cli.main import cli
from allocator.cli.request import Request, default_out
from allocator.cli.settings import run_settings, seconds
from allocator.errors import ImpossibleError, NoPlanError, UsageError
from allocator.instance import load
from allocator.instance.variant import recorded
from allocator.plan import GoalResult, Plan, Status, load_plan, plan_table

ROOT = Path(__file__).parents[1]
TINY = ROOT / "instances" / "tiny"
GOALS = (GoalResult("floors", "person-days", 20.0, 20.0), GoalResult("cost", "money", 7.0, 6.0))
Planner = Callable[..., Plan]


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the settings of whoever runs the tests out, and write plans to a fresh place."""
    for name in [name for name in os.environ if name.startswith("ALLOCATOR_")]:
        monkeypatch.delenv(name)
    config = tmp_path / "config.toml"
    config.write_text("")
    monkeypatch.setenv("ALLOCATOR_CONFIG", str(config))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return config


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def answer(termination: str = "completed", plan: str = "valid", proof: str = "gap") -> Plan:
    status = Status(termination, plan, proof)  # type: ignore[arg-type]
    tables = {"shipments": plan_table("shipments"), "shortages": plan_table("shortages")}
    return Plan("dispatch", tables if plan != "none" else {}, status, GOALS)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Replace the search by a made-up plan; return what it was asked for."""
    seen: dict[str, Any] = {"plan": answer()}

    def planner(instance: object, **words: Any) -> Plan:
        seen.update(words, instance=instance)
        if isinstance(seen["plan"], Exception):
            raise seen["plan"]
        plan: Plan = seen["plan"]
        return plan

    monkeypatch.setattr(run, "dispatch", planner)
    return seen


# -- the real thing -------------------------------------------------------------------------------


def test_dispatch_writes_a_plan_and_tells_of_it(tmp_path: Path) -> None:
    result = call("dispatch", TINY)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[-1] == f"Plan: {Path('plans/tiny')}"
    assert "life-critical need not met" in result.stdout
    assert all(name in result.stderr for name in ("first plan", "fairness.1", "item_days"))
    plan = load_plan(tmp_path / "plans" / "tiny")
    assert plan.status.plan == "valid"
    assert plan.goal("critical").value == pytest.approx(210, rel=1e-4)
    assert plan.run["instance_path"] == str(TINY)


def test_flags_change_the_policy_and_the_record_leads_back_to_it() -> None:
    words = ("--fairness", "none", "--set", "goals=critical,cost", "--json", "--quiet")
    result = call("dispatch", TINY, "--out", "here", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    assert (document["command"], document["status"]) == ("dispatch", "valid")
    data = document["data"]
    assert [goal["name"] for goal in data["goals"]] == ["critical", "cost"]
    assert data["path"] == "here"
    assert data["run_status"]["termination"] == "completed"
    assert {row["item_id"] for row in data["shortages"]["items"]} == {"masks", "water"}
    plan = load_plan("here")
    again = recorded(plan.run)
    assert (again.policy.fairness, again.policy.goals) == ("none", ("critical", "cost"))
    assert run.check(plan, again).ok


# -- exit codes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "code", "status", "fault"),
    [
        (answer("time_limit"), 0, "valid", ""),
        (answer(plan="invalid"), 6, "invalid", "E6001"),
        (answer("interrupted"), 130, "interrupted", "E8001"),
    ],
)
def test_the_exit_code_follows_the_plan(
    asked: dict[str, Any], plan: Plan, code: int, status: str, fault: str
) -> None:
    asked["plan"] = plan
    result = call("dispatch", TINY, "--json", "--quiet")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["status"]) == (code, status)
    assert [one["code"] for one in document["errors"]] == ([fault] if fault else [])
    assert load_plan("plans/tiny").status == plan.status


def test_the_signal_of_a_scheduler_is_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    def planner(*_: object, **__: object) -> Plan:
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt:
            return answer("interrupted")
        return answer()

    monkeypatch.setattr(run, "dispatch", planner)
    before = signal.getsignal(signal.SIGTERM)
    assert call("dispatch", TINY).exit_code == 130
    assert signal.getsignal(signal.SIGTERM) is before
    assert load_plan("plans/tiny").status.termination == "interrupted"


@pytest.mark.parametrize(("error", "code"), [(ImpossibleError, 4), (NoPlanError, 5)])
def test_errors_keep_their_exit_code_and_the_earlier_plan(
    asked: dict[str, Any], error: Any, code: int
) -> None:
    assert call("dispatch", TINY).exit_code == 0
    asked["plan"] = error.because("it is so")
    assert call("dispatch", TINY).exit_code == code
    asked["plan"] = answer("time_limit", "none", "none")
    assert call("dispatch", TINY).exit_code == 5
    assert load_plan("plans/tiny").status.plan == "valid"


def test_an_invalid_instance_is_exit_3(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "periods.csv").write_text("period\n1\n")
    assert call("dispatch", "bad").exit_code == 3
    assert call("dispatch", "nowhere").exit_code == 3


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("floors=20", 0),
        ("floors=19.9", 7),
        ("gap=0.2", 0),
        ("gap=0.1", 7),
        ("unproven", 7),
        ("shortage", 0),
        ("shortage,floors=20,gap=0.1", 7),
        ("remaining.7=1", 7),
    ],
)
def test_thresholds(asked: dict[str, Any], wanted: str, code: int) -> None:
    result = call("dispatch", TINY, "--fail-on", wanted)
    assert result.exit_code == code
    assert ("E7001" in result.stderr) is (code == 7)
    assert "Plan: " in result.stdout


def test_a_shortage_misses_its_threshold(asked: dict[str, Any]) -> None:
    plan: Plan = asked["plan"]
    short = plan_table("shortages")
    short.loc[0, ["community_id", "item_id"]] = ["elm", "water"]
    short.loc[0, ["period", "need", "short", "people", "person_days"]] = [1, 9, 3, 9, 3]
    tables = {**plan.tables, "shortages": plan_table("shortages", short)}
    asked["plan"] = plan.replace(tables=tables)
    assert call("dispatch", TINY, "--fail-on", "shortage").exit_code == 7


# -- what makes no sense --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("--fail-on", "critcal=1"), "E2311", "critical"),
        (("--fail-on", "gap"), "E2311", "gap=0.01"),
        (("--fairness", "maxmin"), "E1405", "max-min"),
        (("--set", "lanesk=2"), "E1402", "lanes_k"),
        (("--set", "lanes_k"), "E2304", "KEY=VALUE"),
        (("--set", "goals=critcal"), "E1406", "critical"),
        (("--max-changes", "3"), "E2321", "--start"),
        (("--time-limit", "soon"), "E2302", "15m"),
        (("--gap", "2"), "E2302", "below 1"),
        (("--solver", "higs"), "E2203", "highs"),
        (("--scenario", "flood"), "E1318", "scenario"),
        (("--model", "none.py"), "E2201", "model"),
        (("--start", "nothing"), "E2121", "plan"),
    ],
)
def test_misuse_is_exit_2_with_a_way_out(words: tuple[str, ...], code: str, hint: str) -> None:
    result = call("dispatch", TINY, *words)
    assert result.exit_code == 2
    assert code in result.stderr
    assert hint in result.stderr
    assert not Path("plans/tiny").exists()


def test_what_is_not_a_plan_is_never_overwritten(asked: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "note.txt").write_text("keep")
    result = call("dispatch", TINY, "--out", "letters")
    assert (result.exit_code, "instance" in asked) == (2, False)
    assert (tmp_path / "letters" / "note.txt").read_text() == "keep"


# -- settings -------------------------------------------------------------------------------------


def test_flags_go_before_environment_before_the_users_file(
    own_settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_settings.write_text('time_limit = "1h"\nseed = 5\ngap = 0.5\n')
    monkeypatch.setenv("ALLOCATOR_SEED", "6")
    monkeypatch.setenv("ALLOCATOR_GAP", "0.25")
    chosen = run_settings({"gap": "0.125", "workers": None})
    assert chosen == {"time_limit": 3600.0, "seed": 6, "gap": 0.125}


def test_settings_reach_the_run(asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOCATOR_FAIRNESS", "leximin")
    monkeypatch.setenv("ALLOCATOR_LANES_K", "7")
    words = ("--time-limit", "2m", "--work-limit", "9", "--seed", "4", "--workers", "2")
    assert call("dispatch", TINY, *words, "--set", "lanes_k=2").exit_code == 0
    limits, policy = asked["limits"], asked["instance"].policy
    assert (limits.work, limits.seed, limits.workers) == (9, 4, 2)
    assert 100 < limits.seconds < 120
    assert (policy.fairness, policy.lanes_k, policy.lanes) == ("leximin", 2, "listed")
    record = load_plan("plans/tiny").run
    assert record["limits"]["seconds"] == 120
    assert record["settings"] == {"fairness": "leximin", "lanes_k": 2}


def test_unknown_settings_are_errors_with_a_suggestion(
    own_settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_settings.write_text('fairnes = "none"\nseeds = 1\n')
    monkeypatch.setenv("ALLOCATOR_TIME_LIMT", "4")
    with pytest.raises(UsageError) as caught:
        run_settings({"gap": "x"})
    found = {(fault.code, fault.suggestion) for fault in caught.value.faults}
    wanted = {("E2301", "seed"), ("E2301", "ALLOCATOR_TIME_LIMIT"), ("E2302", "")}
    assert wanted <= found
    assert len(caught.value.faults) == 4


@pytest.mark.parametrize("text", ["", "not = [toml", "seed = true"])
def test_a_users_file_that_is_wrong(own_settings: Path, text: str) -> None:
    own_settings.write_text(text)
    if not text:
        own_settings.unlink()
    with pytest.raises(UsageError):
        run_settings({})


@pytest.mark.parametrize(
    ("text", "length"), [("90", 90), ("1.5 s", 1.5), ("15m", 900), ("2 min", 120), ("1H", 3600)]
)
def test_durations(text: str, length: float) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["0", "-3", "", "m", "5 days", "1.2.3", "inf"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="seconds"):
        seconds(text)


def test_the_default_target_is_named_after_the_instance(tmp_path: Path) -> None:
    assert default_out(Request(TINY)) == Path("plans/tiny")
    assert default_out(Request(TINY / "datapackage.json")) == Path("plans/tiny")
    assert default_out(Request(tmp_path / "my-city.xlsx")) == Path("plans/my-city")
    assert default_out(Request(TINY, scenario="flood")) == Path("plans/tiny-flood")


def test_scenarios_are_applied_and_recorded(asked: dict[str, Any]) -> None:
    district = ROOT / "instances" / "shanghai-2022" / "district"
    result = call("dispatch", district, "--scenario", "riders-double", "--quiet")
    assert result.exit_code == 0, result.stderr
    doubled = asked["instance"]["vehicles"].set_index("type")["count"]["rider"].sum()
    plain = load(district)["vehicles"].set_index("type")["count"]["rider"].sum()
    assert doubled == 2 * plain
    again = recorded(load_plan("plans/district-riders-double").run)
    assert again["vehicles"].equals(asked["instance"]["vehicles"])


# -- demo -----------------------------------------------------------------------------------------


def test_demo_solves_the_district_instance_of_a_checkout(asked: dict[str, Any]) -> None:
    result = call("demo")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == f"Plan: {Path('plans/demo')}"
    assert asked["instance"].name == "shanghai-2022-district"


def test_demo_falls_back_on_the_packaged_instance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("allocator.cli.demo.DISTRICT", Path("elsewhere"))
    assert demo_instance().name == "tiny"


def test_help_starts_with_examples() -> None:
    for verb in ("dispatch", "demo"):
        lines = [line.strip() for line in call(verb, "--help").stdout.splitlines() if line.strip()]
        assert lines[1] == "Examples:"
