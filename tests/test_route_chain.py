"""`allocator plan`: dispatch, routes, what they teach dispatch, and which round is kept."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from allocator.check import check
from allocator.cli.main import cli
from allocator.instance import load, save
from allocator.instance.gate_staff import with_minutes
from allocator.limits import Limits
from allocator.plan import Plan, load_plan
from allocator.report.chain import chain_text
from allocator.runs import chain
from allocator.runs.chain import Chain, Chained
from allocator.runs.chain_factor import arrived, arriving, calibrated

TINY = Path(__file__).parents[1] / "instances" / "tiny"
LIMITS = Limits(work=5)


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ALLOCATOR_")]:
        monkeypatch.delenv(name)
    (tmp_path / "config.toml").write_text("")
    monkeypatch.setenv("ALLOCATOR_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.chdir(tmp_path)


def quiet(event: object) -> None:
    """Tell nobody."""


@pytest.fixture(scope="module")
def chained() -> Chained:
    return Chain(TINY, (), LIMITS, quiet, "rule").run()


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_every_plan_of_the_chain_is_valid(chained: Chained) -> None:
    assert {"dispatch", "routes-1", "routes-2"} <= set(chained.plans)
    assert {plan.status.plan for plan in chained.plans.values()} == {"valid"}
    assert list(chained.table["period"]) == [1, 2]


def test_routes_that_leave_something_for_want_of_hours_are_dispatched_again(
    chained: Chained,
) -> None:
    assert chained.rounds[0].left > 0
    assert chained.factor is not None
    assert chained.factor > 1.01
    assert len(chained.rounds) == 2
    assert chained.rounds[1].factor == pytest.approx(chained.factor)


def test_a_second_round_needs_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "FAIR", 1e9)
    found = Chain(TINY, (1,), Limits(seconds=60, work=2), quiet, "rule").run()
    assert len(found.rounds) == 1
    assert found.notes[0].startswith("there was no time to dispatch again, though the routes took")


def test_with_the_factor_dispatch_counts_the_hours_of_the_routes(chained: Chained) -> None:
    case, first = chained.instance, chained.rounds[0]
    factor = calibrated(case, first.dispatch, first.routes)
    assert factor is not None
    changed = case.replace(policy=case.policy.replace(zone_factor=factor))
    assert calibrated(changed, first.dispatch, first.routes) == pytest.approx(factor)


def test_what_arrives_is_no_better_than_what_is_sent(chained: Chained) -> None:
    sent = {goal.name: goal.value for goal in chained.best.dispatch.goals}
    for name in ("floors", "critical"):
        assert chained.best.arrives[name] >= (sent[name] or 0.0) - 1e-3


def test_routes_that_deliver_everything_change_nothing(chained: Chained) -> None:
    first = chained.rounds[0]
    whole = {
        period: plan.replace(tables={**plan.tables, "unserved": plan["unserved"].iloc[:0]})
        for period, plan in first.routes.items()
    }
    cut = arrived(first.dispatch, whole).shipments
    pd.testing.assert_frame_equal(cut, first.dispatch.shipments, check_dtype=False)
    found = arriving(chained.instance, first.dispatch, whole)
    assert found["critical"] == pytest.approx(first.dispatch.goal("critical").value)


def test_what_makes_no_sense_is_refused() -> None:
    assert call("plan", TINY, "--period", 99, "--quiet").exit_code == 2
    Path("taken").write_text("mine")
    assert call("plan", TINY, "--out", "taken", "--quiet").exit_code == 2


def test_the_chain_in_words(chained: Chained) -> None:
    text = chain_text(chained.plans, chained.table, chained.best.arrives, chained.notes, 90)
    assert "arrives" in text
    assert "Again: the routes took the hours" in text
    assert max(map(len, text.splitlines())) <= 90


def test_an_interrupted_chain_stops_and_keeps_what_was_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = chain.Dispatch.run

    def stopped(self: chain.Dispatch) -> Plan:
        plan = plain(self)
        return plan.replace(status=replace(plan.status, termination="interrupted"))

    monkeypatch.setattr(chain.Dispatch, "run", stopped)
    result = call("plan", TINY, "--out", "week", "--router", "rule", "--quiet")
    assert result.exit_code == 130, result.output
    assert {one.name for one in Path("week").iterdir() if one.is_dir()} == {"dispatch"}
    assert check(load(TINY), load_plan("week/dispatch")).ok


def test_minutes_of_a_roster_replace_those_of_the_gates() -> None:
    gates = pd.DataFrame(
        {"community_id": ["A", "B"], "period": [1, 1], "handling_minutes": [10.0, 20.0]}
    )
    given = pd.DataFrame(
        {"community_id": ["B", "C"], "period": [1, 1], "handling_minutes": [5.0, 7.0]}
    )
    found = with_minutes(gates, given)
    assert dict(zip(found["community_id"], found["handling_minutes"], strict=True)) == {
        "A": 10.0,
        "B": 5.0,
        "C": 7.0,
    }


def test_a_roster_comes_first_where_there_are_workers_and_posts() -> None:
    case = load(TINY).replace(
        workers=pd.DataFrame({"worker_id": ["w1", "w2"], "number": [2, 1]}),
        shifts=pd.DataFrame({"shift_id": ["day"], "start": ["08:00"], "minutes": [60]}),
        posts=pd.DataFrame(
            {
                "post_id": ["gate"],
                "place_id": ["fir"],
                "shift_id": ["day"],
                "wanted": [2],
                "gate": [True],
            }
        ),
    )
    save(case, "town")
    words = ("--period", 1, "--router", "rule", "--work-limit", 3, "--quiet", "--json")
    result = call("plan", "town", "--out", "week", *words)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["status"] == "valid"
    assert set(found["data"]["plans"]) == {"staff", "dispatch", "routes-1"}
    assert found["data"]["periods"][0]["period"] == 1
    gates = load("week/instance")["gates"].set_index(["community_id", "period"])
    assert gates.loc[("fir", 1), "handling_minutes"] == 120
    for name in ("staff", "dispatch", "routes-1"):
        assert call("check", Path("week") / name).exit_code == 0, name
