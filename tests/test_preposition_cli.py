"""`allocator preposition`, `assess` and `evaluate`: plans written, exit codes, settings, words."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

import allocator
from allocator import run
from allocator.check import check
from allocator.cli.main import cli
from allocator.engine.child import Child
from allocator.instance import save
from allocator.instance.futures import reserve_case
from allocator.limits import Limits
from allocator.models.preposition.by_rule import topped_up
from allocator.models.preposition.yardsticks import first_guesses
from allocator.plan import Plan, load_plan
from allocator.report import summary_text
from allocator.report.layout import cells_of
from allocator.runs.preposition_compare import stage_of
from allocator.runs.preposition_judged import by_rule
from tests.reserve_cases import reserve_instance, reserve_plan

TABLES = ("sites", "reserves", "agreements", "recourse", "outcomes")


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out, and work in a fresh place."""
    for name in [name for name in os.environ if name.startswith("ALLOCATOR_")]:
        monkeypatch.delenv(name)
    (tmp_path / "config.toml").write_text("")
    monkeypatch.setenv("ALLOCATOR_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("COLUMNS", "90")
    monkeypatch.chdir(tmp_path)
    save(reserve_instance(), tmp_path / "case")


@pytest.fixture(scope="module")
def planned() -> Plan:
    return allocator.preposition(reserve_instance())


@pytest.fixture
def written(planned: Plan, tmp_path: Path) -> Path:
    """The plan on disk, made for the case there."""
    run = {**planned.run, "instance_path": str(tmp_path / "case")}
    return planned.replace(run=run).save(tmp_path / "plans" / "case-reserves")


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def data(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)["data"]
    return found


def test_preposition_writes_a_judged_plan_and_tells_of_it(tmp_path: Path) -> None:
    result = call("preposition", "case")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[-1] == f"Plan: {Path('plans/case-reserves')}"
    for words in ("2 sites open (1 new)", "present reserves", "Worst scenarios", "Goes without"):
        assert words in result.stdout
    assert "a first plan is kept" in result.stderr
    plan = load_plan(tmp_path / "plans" / "case-reserves")
    assert (plan.decision, plan.status.plan, plan.status.proof) == (
        "preposition",
        "valid",
        "optimal",
    )
    assert all(plan.states(name) for name in TABLES)
    assert call("check", "plans/case-reserves").exit_code == 0


def test_a_plan_made_with_other_settings_is_judged_with_them() -> None:
    result = call("preposition", "case", "--set", "reserve_budget=450", "--out", "less", "--quiet")
    assert result.exit_code == 0, result.stderr
    assert call("check", "less").exit_code == 0
    assert call("check", "less", "--instance", "case").exit_code == 6


def test_json_has_goals_with_bounds_sites_and_outcomes(written: Path) -> None:
    found = data(call("preposition", "case", "--json", "--quiet", "--method", "extensive"))
    assert [goal["name"] for goal in found["goals"]] == ["critical", "cost"]
    assert all(goal["bound"] is not None for goal in found["goals"])
    assert {site["site_id"] for site in found["sites"]} == {"S", "W"}
    assert len(found["outcomes"]) == 3


@pytest.mark.parametrize(
    ("words", "code", "fault"),
    [
        (("--set", "reserve_budget=60"), 4, "E4002"),
        (("--method", "guess"), 2, "E2331"),
        (("--set", "reserve_bugdet=60"), 2, "reserve_budget"),
        (("--workers", "dusk://here"), 2, "E2302"),
    ],
)
def test_what_cannot_be_done_is_refused(words: tuple[str, ...], code: int, fault: str) -> None:
    result = call("preposition", "case", "--quiet", *words)
    assert result.exit_code == code, result.stderr
    assert fault in result.stderr


@pytest.mark.parametrize(
    ("threshold", "code", "fault"),
    [
        ("critical=0", 7, "E7001"),
        ("shortage", 7, "E7001"),
        ("people=0", 2, "E2311"),
        ("critical=6,unproven", 0, ""),
    ],
)
def test_thresholds(
    threshold: str, code: int, fault: str, planned: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "preposition", lambda *_, **__: planned)
    result = call("preposition", "case", "--quiet", "--fail-on", threshold)
    assert result.exit_code == code, result.stderr
    assert fault in result.stderr


def test_two_plans_of_reserves_are_compared(planned: Plan, tmp_path: Path) -> None:
    planned.save(tmp_path / "one")
    reserve_plan().replace(status=planned.status).save(tmp_path / "two")
    result = call("compare", "one", "two")
    assert result.exit_code == 0, result.stderr
    for words in ("Units in reserve by item", "Losers: units short on average"):
        assert words in result.stdout
    Path("trips.csv").write_text("from_id,to_id,item_id,period,quantity\nS,A,food,1,5\n")
    assert call("compare", "one", "trips.csv").exit_code == 2


def test_the_first_plan_is_kept_when_there_is_no_time(tmp_path: Path) -> None:
    result = call("preposition", "case", "--time-limit", "0.01", "--quiet")
    assert result.exit_code == 0, result.stderr
    plan = load_plan(tmp_path / "plans" / "case-reserves")
    assert (plan.status.termination, plan.status.plan) == ("time_limit", "valid")
    assert plan.run["reproducible"] is False
    assert "made by rule" in result.stdout


def test_an_interrupted_run_keeps_the_best_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(Child, "wait", interrupted)
    result = call("preposition", "case", "--quiet", "--out", "kept")
    assert result.exit_code == 130
    assert load_plan("kept").status.termination == "interrupted"
    assert call("check", "kept").exit_code == 0


@pytest.mark.skipif(os.name == "nt", reason="signals have no numbers there")
def test_a_solver_that_is_killed_leaves_the_best_plan_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from allocator.engine.child import Child

    started = Child.__init__

    def killed(self: Child, task: str, **arguments: Any) -> None:
        started(self, task, **arguments)
        if task.endswith("work:work"):
            self.kill()

    monkeypatch.setattr(Child, "__init__", killed)
    plan = allocator.preposition(reserve_instance())
    assert (plan.status.termination, plan.status.plan) == ("error", "valid")
    assert "ended by signal 9: memory may have run out" in plan.summary["complaint"]
    assert "memory may have run out" in summary_text(plan, reserve_instance(), width=90)


def test_a_goal_the_solver_gives_up_is_an_error_with_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from allocator.runs.preposition import Preposition

    usual = Preposition._wait

    def failed(self: Preposition, child: Any, first: Plan) -> tuple[str, Any]:
        termination, answer = usual(self, child, first)
        last = replace(answer.results[-1], termination="error", value=None, bound=None)
        return termination, replace(answer, results=(*answer.results[:-1], last))

    monkeypatch.setattr(Preposition, "_wait", failed)
    plan = allocator.preposition(reserve_instance())
    assert (plan.status.termination, plan.status.plan) == ("error", "valid")
    assert plan.summary["complaint"].endswith("could not solve the goal cost")


def test_nothing_but_a_plan_is_overwritten(tmp_path: Path) -> None:
    for command in (("preposition", "case"), ("assess", "case")):
        assert call(*command, "--out", "case").exit_code == 2
    assert (tmp_path / "case" / "sites.csv").exists()


def test_the_same_input_gives_the_same_bytes(planned: Plan, tmp_path: Path) -> None:
    again = allocator.preposition(reserve_instance())
    folders = [plan.save(tmp_path / name) for plan, name in ((planned, "one"), (again, "two"))]
    for file in sorted(path.name for path in folders[0].iterdir() if path.name != "run.json"):
        assert (folders[0] / file).read_bytes() == (folders[1] / file).read_bytes(), file


@pytest.mark.parametrize("method", ["extensive", "benders"])
def test_a_limit_of_work_gives_the_same_bytes(method: str, tmp_path: Path) -> None:
    limits = allocator.Limits(work=60, workers=2)
    for name in ("one", "two"):
        plan = allocator.preposition(reserve_instance(), limits=limits, method=method)
        assert plan.status.termination in ("work_limit", "completed")
        assert plan.run["reproducible"] is True
        plan.save(tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "one").iterdir() if path.name != "run.json")
    for name in files:
        one, two = ((tmp_path / folder / name).read_bytes() for folder in ("one", "two"))
        assert one == two, name


def test_a_plan_is_no_worse_than_what_it_is_compared_with(planned: Plan) -> None:
    values = [goal.value for goal in planned.goals]
    for name in ("present", "in_proportion", "first_plan"):
        assert values <= list(planned.summary[name].values())


def test_a_recourse_cut_short_is_rounded_off_and_stays_valid() -> None:
    case, plan = reserve_instance(), reserve_plan()
    rows = plan["recourse"]
    cut = rows[~((rows["kind"] == "ship") & (rows["item_id"] == "mask") & (rows["from_id"] == "W"))]
    cut = cut[~((cut["kind"] == "exercise") & (cut["item_id"] == "mask"))]
    arrays = reserve_case(case)
    size, stock = stage_of(arrays, plan.tables)
    tables = {name: table for name, table in plan.tables.items() if name != "outcomes"}
    tables["recourse"] = topped_up(arrays, stock, size, {**tables, "recourse": cut})
    verdict = check(case, plan.replace(tables=tables, goals=()))
    assert verdict.ok, verdict.table.to_string()
    assert verdict.goals["critical"] == pytest.approx(check(case, plan).goals["critical"])
    # The ten masks called from the supplier are short now: 0.5 a scenario, at 4 + 0.5 - 2 - 0.5.
    more = verdict.goals["cost"] - check(case, plan).goals["cost"]
    assert more == pytest.approx(0.5 * 10 * (4 - 2 - 0.5))


@pytest.mark.parametrize("single_sourcing", [False, True])
def test_first_plans_need_no_solver_and_one_is_valid(single_sourcing: bool) -> None:
    case = reserve_instance()
    case = case.replace(policy=case.policy.replace(single_sourcing=single_sourcing))
    arrays = reserve_case(case)
    plans = [by_rule(arrays, given, name) for name, given in first_guesses(arrays).items()]
    assert any(plan.status.plan == "valid" for plan in plans)
    told = {text[:4] for plan in plans for text in plan.summary.get("violations", [])}
    # The least and the present reserve set no days apart; the latter leaves W closed.
    assert told <= {"V711", "V713"}


# -- assess ---------------------------------------------------------------------------------------


def test_the_reserves_as_they_stand_are_scored() -> None:
    result = call("assess", "case")
    assert result.exit_code == 0, result.stderr
    assert "The reserves as they stand" in result.stdout
    assert "V711" in result.stdout  # a day of masks and drips is not there
    found = data(call("assess", "case", "--json", "--quiet"))
    values = {row["goal"]: row["value"] for row in found["goals"]}
    # flood: 45 of 100 food for A reach it, or less; all three scenarios are short of drips.
    assert values["critical"] == pytest.approx(68.0, abs=0.01)


def test_a_planners_own_table_is_scored_with_the_gain(tmp_path: Path) -> None:
    Path("mine.csv").write_text("site_id,item_id,quantity\nS,food,100\nW,mask,20\nS,drip,6\n")
    result = call("assess", "case", "--plan", "mine.csv", "--out", "scored", "--quiet")
    assert result.exit_code == 0, result.stderr
    assert "Against the present reserves" in result.stdout
    scored = load_plan(tmp_path / "scored")
    assert set(scored.sites["site_id"]) == {"S", "W"}
    assert call("check", "scored").exit_code == 0
    found = allocator.assess(reserve_instance(), "mine.csv")
    assert found.table["gain_over_present"].tolist() == pytest.approx(
        (found.table["present"] - found.table["value"]).tolist()
    )
    assert found.table["gain_over_present"].iloc[0] > 0


def test_a_plan_that_breaks_rules_is_scored_and_told() -> None:
    Path("mine.csv").write_text("site_id,item_id,quantity\nS,food,550\n")
    result = call("assess", "case", "--plan", "mine.csv", "--quiet")
    assert result.exit_code == 6
    assert "V703" in result.stdout
    assert "V707" in result.stdout


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("site_id,item_id,quantity\nnowhere,food,1\n", "nowhere"),
        ("site_id,item_id,quantity\nS,gold,1\n", "gold"),
        ("site_id,item_id,quantity\nS,food,many\n", "E2125"),
        ("from_id,to_id,item_id,period,quantity\nS,A,food,1,5\n", "E2332"),
    ],
)
def test_wrong_plans_are_refused(text: str, fault: str) -> None:
    Path("mine.csv").write_text(text)
    result = call("assess", "case", "--plan", "mine.csv", "--quiet")
    assert result.exit_code == 2
    assert fault in result.stderr


def test_the_best_answer_is_no_worse_than_a_hand_made_one() -> None:
    case, plan = reserve_instance(), reserve_plan()
    found = allocator.assess(case, plan).plan
    assert found.goal("critical").value <= check(case, plan).goals["critical"] + 1e-6
    assert check(case, found).ok


# -- evaluate -------------------------------------------------------------------------------------


def test_a_plan_comes_to_the_same_in_its_own_scenarios(planned: Plan) -> None:
    found = allocator.evaluate(planned, reserve_instance())
    for goal in planned.goals:
        assert found.plan.goal(goal.name).value == pytest.approx(goal.value, rel=1e-4, abs=1e-4)
    assert found.intervals["cost"].mean == pytest.approx(planned.goal("cost").value, rel=1e-4)


def test_fresh_scenarios_are_drawn_and_the_same_seed_draws_the_same(written: Path) -> None:
    words = ("evaluate", written, "--number", 12, "--json", "--quiet")
    one, two, other = (data(call(*words, "--seed", seed)) for seed in (3, 3, 4))
    assert len(one["outcomes"]) == 12
    assert one["outcomes"] == two["outcomes"] != other["outcomes"]
    low, high = one["intervals"]["cost"]["low"], one["intervals"]["cost"]["high"]
    assert low < one["goals"]["cost"] < high


def test_samples_and_worth_have_the_signs_theory_gives_them(written: Path) -> None:
    words = ("evaluate", written, "--samples", 3, "--sample-size", 4, "--worth", "--quiet")
    result = call(*words)
    assert result.exit_code == 0, result.stderr
    assert "Planned for the mean scenario instead" in result.stdout
    assert "If the scenario were known beforehand" in result.stdout
    found = data(call(*words, "--json"))
    assert found["samples"] == 3
    assert found["stochastic"]["critical"] >= -1e-3  # the first goal: the plan is optimal
    assert found["information"]["critical"] >= -1e-3
    assert all(gap["gap"]["mean"] >= -1e-3 for gap in found["gaps"] if gap["goal"] == "critical")


def test_scenarios_are_read_or_drawn(written: Path) -> None:
    result = call("evaluate", written, "--scenarios", "case", "--number", 5)
    assert result.exit_code == 2
    assert "E2333" in result.stderr
    assert call("evaluate", written, "--scenarios", "case", "--quiet").exit_code == 0


def test_a_call_with_too_little_time_says_so(planned: Plan) -> None:
    with pytest.raises(allocator.NoPlanError, match="E5004"):
        allocator.evaluate(planned, reserve_instance(), limits=Limits(seconds=1e-3))


def test_explain_answers_in_words_and_in_json(written: Path) -> None:
    result = call("explain", written, "W")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("PINNED")
    (reason,) = data(call("explain", written, "W", "--json"))["reasons"]
    assert (reason["code"], reason["period_from"]) == ("PINNED", None)


# -- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 60, 90, 110])
def test_the_summary_fits_the_terminal(planned: Plan, width: int) -> None:
    for instance in (reserve_instance(), None):
        lines = summary_text(planned, instance, width).splitlines()
        assert max(cells_of(line) for line in lines) <= width


def test_the_summary_of_a_plan_without_recourse_says_so(planned: Plan) -> None:
    tables = {name: planned[name] for name in ("sites", "reserves", "agreements")}
    text = summary_text(planned.replace(tables=tables, goals=()), reserve_instance())
    assert "allocator assess" in text


@pytest.mark.parametrize("command", ["preposition", "assess", "evaluate"])
def test_help_begins_with_examples(command: str) -> None:
    result = call(command, "--help")
    assert result.exit_code == 0
    assert result.stdout.split("\n\n")[1].strip().startswith("Examples:")


def test_a_case_without_any_site_for_reserves_is_refused() -> None:
    case = reserve_instance()
    sites = case["sites"].assign(status="closed")
    empty = case.replace(validate=False, sites=sites, sizes=case["sizes"].head(0))
    with pytest.raises(allocator.ImpossibleError, match="E4003"):
        allocator.preposition(empty)


def test_outcomes_are_frames(planned: Plan) -> None:
    assert isinstance(planned.outcomes, pd.DataFrame)
    assert planned.outcomes["probability"].sum() == pytest.approx(1.0)
