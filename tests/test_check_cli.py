"""`allocator check` and `allocator compare`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from allocator.cli.layout import table, wrapped
from allocator.cli.main import cli
from allocator.instance import instance_hash, load
from allocator.plan import GoalResult, Plan, Status, load_plan, save_plan

TINY = Path(__file__).parents[1] / "instances" / "tiny"
SHIPMENTS = "from_id,to_id,item_id,period,quantity\nnorth,elm,water,1,40\nsouth,fir,water,1,{}\n"


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        cli.main([str(word) for word in words])
    return int(stopped.value.code or 0)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "shipments.csv").write_text(SHIPMENTS.format(45))
    return tmp_path / "good"


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    (tmp_path / "bad.csv").write_text(SHIPMENTS.format(50))
    return tmp_path / "bad.csv"


def test_a_valid_plan(good, capsys):
    assert run("check", good, "--instance", TINY) == 0
    assert "no rule is broken" in capsys.readouterr().out


def test_violations_in_a_table_that_fits(bad, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "72")
    assert run("check", bad, "--instance", TINY) == 6
    out, err = capsys.readouterr()
    assert "V616" in out
    assert "gates:3" in out
    assert max(len(line) for line in out.splitlines()) <= 72
    assert "E6001" in err


def test_violations_as_json(bad, capsys):
    assert run("check", bad, "--instance", TINY, "--json") == 6
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "invalid"
    found = document["data"]["violations"]
    assert [(v["code"], v["where"], v["size"]) for v in found] == [("V616", "gates:3", 5.0)]
    assert document["data"]["goals"]["critical"] > 0
    assert document["errors"][0]["code"] == "E6001"


def test_the_plan_remembers_its_instance(tmp_path, good, capsys):
    assert run("check", good) == 2
    assert "E2131" in capsys.readouterr().err
    case, own = load(TINY), load_plan(good)
    record = {"name": case.name, "hash": instance_hash(case)}
    plan = own.replace(instance=record, run={"instance_path": str(TINY)})
    assert run("check", save_plan(plan, tmp_path / "plan")) == 0


def test_compare_shows_goals_items_and_losers(tmp_path, good, bad, capsys):
    assert run("compare", bad, good, "--instance", TINY) == 0
    out = capsys.readouterr().out
    assert "critical" in out
    assert "Losers: person-days short, summed over items\ncommunity_id" in out
    assert run("compare", bad, good, "--instance", TINY, "--json") == 0
    data = json.loads(capsys.readouterr().out)["data"]
    losers = [(row["community_id"], row["difference"]) for row in data["losers"]]
    assert losers == [("fir", pytest.approx(5))]
    assert data["winners"] == []
    assert [(r["item_id"], r["difference"]) for r in data["items"]] == [("water", -5.0)]


def test_compare_takes_stated_goals(tmp_path, good, capsys):
    plans = [
        load_plan(good).replace(goals=(GoalResult("critical", "person-days", value),))
        for value in (200.0, 150.0)
    ]
    paths = [save_plan(plan, tmp_path / str(number)) for number, plan in enumerate(plans)]
    assert run("compare", *paths, "--json") == 0
    goal = json.loads(capsys.readouterr().out)["data"]["goals"][0]
    assert (goal["first"], goal["second"], goal["difference"]) == (200.0, 150.0, -50.0)


def test_no_plan_no_check(tmp_path, capsys):
    save_plan(Plan("dispatch", {}, Status("time_limit")), tmp_path / "none")
    assert run("check", tmp_path / "none", "--instance", TINY) == 5
    assert "E5001" in capsys.readouterr().err


def test_wide_letters_and_long_messages():
    text = table(("id", "size", "message"), [("静安", 1.5, "word " * 30), ("B", 20.0, "")], 60)
    lines = text.splitlines()
    assert lines[0] == "id    size  message"
    assert lines[1].startswith("静安   1.5  word")
    assert all(len(line) <= 60 for line in lines)
    assert text.count("word") == 30


def test_every_listing_fits_the_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "72")
    for words in (
        ["schema"],
        ["schema", "needs"],
        ["schema", "policy"],
        ["solvers", "--all"],
        ["solvers", "--routers"],
        ["bench", "list"],
        ["validate", TINY],
        ["doctor", TINY],
    ):
        assert run(*words) == 0
        told = capsys.readouterr().out.splitlines()
        assert 0 < max(map(len, told)) <= 72, words


def test_a_text_keeps_its_indentation_when_it_is_wrapped(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    lines = wrapped("CODE " + "word " * 20 + "\n    " + "more " * 20).splitlines()
    assert max(map(len, lines)) <= 40
    first = [line for line in lines if not line.startswith(" ")]
    assert "\n".join(first).count("word") == 20
    assert all(line.startswith("    more") for line in lines[len(first) :])
