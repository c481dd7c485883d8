"""`allocator route`, `report` and what other commands say of routes: files, exit codes, words."""

from __future__ import annotations

import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

import allocator
from allocator.cli.main import cli
from allocator.engine.child import Child
from allocator.instance import load
from allocator.limits import Limits
from allocator.plan import Plan, load_plan
from allocator.report.layout import cells_of

TINY = Path(__file__).parents[1] / "instances" / "tiny"
FAST = ("--router", "rule", "--work-limit", "5", "--quiet")


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out, and work in a fresh place."""
    for name in [name for name in os.environ if name.startswith("ALLOCATOR_")]:
        monkeypatch.delenv(name)
    (tmp_path / "config.toml").write_text("")
    monkeypatch.setenv("ALLOCATOR_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("COLUMNS", "90")
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def planned() -> Plan:
    return allocator.route(TINY, period=1, limits=Limits(work=5), router="rule")


@pytest.fixture
def written(planned: Plan, tmp_path: Path) -> Path:
    return planned.save(tmp_path / "routes")


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def data(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)["data"]
    return found


def test_route_writes_a_judged_plan_and_tells_of_it() -> None:
    result = call("route", TINY, "--period", 1, *FAST)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == f"Plan: {Path('plans/tiny-routes-1')}"
    assert "it breaks no rule" in result.stdout
    assert all(cells_of(line) <= 90 for line in result.stdout.splitlines())
    files = {file.name for file in Path("plans/tiny-routes-1").iterdir()}
    assert {"routes.csv", "deliveries.csv", "unserved.csv", "orders.csv"} <= files
    assert call("check", "plans/tiny-routes-1").exit_code == 0


def test_the_same_command_gives_the_same_bytes() -> None:
    for out in ("one", "two"):
        assert call("route", TINY, "--out", out, *FAST).exit_code == 0
    for file in sorted(Path("one").iterdir()):
        if file.name != "run.json":
            assert file.read_bytes() == (Path("two") / file.name).read_bytes(), file.name


def test_routes_of_a_plan_know_their_source() -> None:
    assert call("dispatch", TINY, "--out", "sent", "--quiet").exit_code == 0
    result = call("route", TINY, "--plan", "sent", "--out", "driven", "--json", *FAST)
    assert result.exit_code == 0, result.output
    found = data(result)
    assert found["instance"]["period"] == "1"
    sent = load_plan("sent").shipments
    ordered = load_plan("driven")["orders"]["quantity"].sum()
    assert ordered == pytest.approx(sent.loc[sent["period"] == 1, "quantity"].sum())
    assert call("check", "driven").exit_code == 0
    table = pd.read_csv("sent/shipments.csv")
    table["quantity"] = table["quantity"] * 0.5
    table.to_csv("sent/shipments.csv", index=False)
    judged = call("check", "driven")
    assert judged.exit_code == 6
    assert "V828" in judged.stdout


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (("--period", 9), 2, "E2353"),
        (("--plan", "nowhere"), 2, "E2121"),
        (("--router", "teleport"), 2, "E2341"),
        (("--fail-on", "unserved=0"), 7, "E7001"),
        (("--fail-on", "shortage"), 7, "E7001"),
    ],
)
def test_exit_codes(words: tuple[object, ...], exit_code: int, code: str) -> None:
    options = FAST if "--router" not in words else FAST[2:]
    result = call("route", TINY, *words, "--json", *options)
    assert result.exit_code == exit_code, result.output
    assert code in {fault["code"] for fault in json.loads(result.stdout)["errors"]}


def test_a_plan_of_another_kind_is_refused(written: Path) -> None:
    for option in ("--plan", "--start"):
        given = written if option == "--plan" else "sent"
        if option == "--start":
            assert call("dispatch", TINY, "--out", "sent", "--quiet").exit_code == 0
        result = call("route", TINY, option, given, *FAST)
        assert result.exit_code == 2, result.output
        assert ("E2352" if option == "--plan" else "E2351") in result.stderr


def test_a_period_without_orders_is_impossible() -> None:
    empty = load(TINY)
    needs = empty["needs"]
    with pytest.raises(allocator.ImpossibleError, match="E4011"):
        allocator.route(empty.replace(needs=needs[needs["period"] != 1]), period=1)


def test_a_stale_start_says_what_it_drops(written: Path) -> None:
    rows = pd.read_csv(written / "routes.csv", dtype={"route": str})
    rows["stop_id"] = rows["stop_id"].replace("elm", "gone")
    rows["place_id"] = rows["place_id"].replace("elm", "gone")
    rows.to_csv(written / "routes.csv", index=False)
    result = call("route", TINY, "--start", written, "--out", "again", "--json", *FAST)
    assert result.exit_code == 0, result.output
    assert "gone: nothing is ordered there any more" in data(result)["summary"]["dropped"]


def test_an_interrupted_run_keeps_the_best_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(Child, "wait", interrupted)
    result = call("route", TINY, "--out", "kept", *FAST)
    assert result.exit_code == 130
    kept = load_plan("kept")
    assert (kept.status.termination, kept.status.plan) == ("interrupted", "valid")


def test_the_judge_finds_what_was_changed_by_hand(written: Path) -> None:
    rows = pd.read_csv(written / "routes.csv", dtype={"route": str})
    rows.loc[rows["kind"] == "stop", "km"] += 5.0
    rows.to_csv(written / "routes.csv", index=False)
    result = call("check", written)
    assert result.exit_code == 6
    assert "V827" in result.stdout


def test_explain_and_compare_speak_of_routes(written: Path) -> None:
    assert re.search(r"^(CROWDED_OUT|IMPOSSIBLE|NOT_|UNEXPL)", call("explain", written).stdout)
    result = call("compare", written, written)
    assert result.exit_code == 0, result.output
    assert "Units delivered by item" in result.stdout


class Page(HTMLParser):
    """Tags that are open, sections and cells of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sections, self.texts = 0, ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.sections += tag == "section"
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts += data


def test_sheets_for_drivers(written: Path, planned: Plan) -> None:
    routes = planned["routes"]["route"].nunique()
    result = call("report", written, "--sheets", "--html", "sheets.html")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\nTrip 1. Load:") == routes
    page = Page(Path("sheets.html").read_text(encoding="utf-8"))
    assert not page.open
    assert page.sections == routes
    assert "Elm Street" in page.texts
    one = call("report", written, "--route", planned["routes"]["route"].iloc[0])
    assert one.stdout.count("Route ") == 1
    assert call("report", written, "--route", "nobody").exit_code == 2


def test_a_name_cannot_break_the_page(planned: Plan) -> None:
    from allocator.report.route_sheets import sheets_html

    case = load(TINY)
    towns = case["communities"].assign(name="<script>alert(1)</script>")
    page = sheets_html(planned, case.replace(communities=towns))
    assert "<script>" not in page
    assert not Page(page).open


def test_lines_for_a_map(written: Path, planned: Plan) -> None:
    assert call("report", written, "--geojson", "map.json").exit_code == 0
    found = json.loads(Path("map.json").read_text(encoding="utf-8"))
    kinds = [one["geometry"]["type"] for one in found["features"]]
    known = load(TINY)["communities"]["lat"].notna().all()
    assert found["type"] == "FeatureCollection"
    if known:
        assert kinds.count("Point") == (planned["routes"]["kind"] == "stop").sum()
        assert "LineString" in kinds


def test_report_tells_what_was_told(written: Path) -> None:
    assert "it breaks no rule" in call("report", written).stdout
    assert call("dispatch", TINY, "--out", "sent", "--quiet").exit_code == 0
    result = call("report", "sent", "--sheets")
    assert result.exit_code == 2
    assert "E2354" in result.stderr


def test_the_help_begins_with_examples() -> None:
    for verb in ("route", "plan", "report"):
        assert "Examples:" in call(verb, "--help").stdout.split("\n", 3)[2]


def test_solvers_tell_what_routers_can_express() -> None:
    rows = data(call("solvers", "--routers", "--json"))["routers"]
    assert {"pyvrp", "ortools", "rule"} <= set(rows[0])
    assert {"windows", "split", "goal cost"} <= {row["what"] for row in rows}
