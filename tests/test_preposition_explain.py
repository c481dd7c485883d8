"""Reasons of a plan of reserves: each is checked against what it claims."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import allocator
from allocator.engine.ordered import StageResult
from allocator.explain import RESERVE_CODES, explain_text, reserve_reasons
from allocator.explain.reserve_choices import Choices
from allocator.instance import Instance
from allocator.instance.futures import reserve_case
from allocator.models.answer import Answer
from allocator.plan import Plan
from tests.reserve_cases import frame, reserve_instance, reserve_plan

ROOT = Path(__file__).parents[1]


def town_case(**policy: object) -> Instance:
    """Two candidates beside two towns: one site pays for itself, the other does not."""
    return Instance.from_frames(
        name="towns",
        periods=pd.DataFrame({"period": [1]}),
        communities=frame("community_id population", ("A", 100), ("B", 4), ("C", 10)),
        sites=frame("site_id status", ("near-A", "candidate"), ("near-B", "candidate")),
        sizes=frame(
            "site_id size_id fixed_cost volume_m3",
            ("near-A", "one", 10, 60),
            ("near-B", "one", 40, 60),
        ),
        items=frame("item_id kg m3 tier shortage_cost unit_cost", ("food", 1, 1, 1, 5, 1)),
        needs=frame(
            "community_id item_id period quantity people",
            ("A", "food", 1, 100, 100),
            ("B", "food", 1, 4, 4),
            ("C", "food", 1, 10, 10),
        ),
        links=frame("from_id to_id minutes", ("near-A", "A", 10), ("near-B", "B", 10)),
        scenarios=frame("scenario_id probability", ("usual", 0.5), ("lost", 0.5)),
        scenario_sites=frame("scenario_id site_id survival", ("lost", "near-A", 0.5)),
        policy={"lanes": "listed", "reserve_goals": ["cost"], **policy},
    )


@pytest.fixture(scope="module")
def explained() -> pd.DataFrame:
    case = town_case()
    plan = allocator.preposition(case)
    assert list(plan.sites["site_id"]) == ["near-A"]
    return reserve_reasons(case, plan, 60.0, None)


def row(table: pd.DataFrame, place: str, code: str) -> pd.Series:
    hits = table[(table["community_id"] == place) & (table["code"] == code)]
    assert len(hits) == 1, table.to_string()
    return hits.iloc[0]


def test_a_site_is_worth_what_the_best_plan_without_it_loses(explained: pd.DataFrame) -> None:
    # With it 60 units at 1 + 10 for the site save 5 each: 60 in one scenario, 30 in the other.
    worth = row(explained, "near-A", "WORTH_OPENING")
    assert worth["quantity"] == pytest.approx(0.5 * 60 * 5 + 0.5 * 30 * 5 - 60 - 10)
    # Four units saved are worth 20; the site costs 40 and the units 4.
    other = row(explained, "near-B", "NOT_WORTH_OPENING")
    assert other["quantity"] == pytest.approx(40 + 4 - 20)


def test_scenarios_that_change_the_reserve_drive_it() -> None:
    # Food costs 1 and saves 5 in each scenario alone; a price of 3 makes the loss matter.
    case = town_case()
    case = case.replace(items=case["items"].assign(unit_cost=3.0))
    plan = allocator.preposition(case)
    found = reserve_reasons(case, plan, 60.0, None)
    drives = found[found["code"] == "DRIVES"]
    assert set(drives["family"]) <= {"usual", "lost"}
    assert len(drives), found.to_string()


def test_places_go_without_for_the_right_reason(explained: pd.DataFrame) -> None:
    # A needs 100: the room of 60 m3 is full, and half of it is lost in one scenario.
    assert "near-A full" in row(explained, "A", "USED_UP")["text"]
    assert row(explained, "A", "USED_UP")["quantity"] == pytest.approx(0.5 * 40 + 0.5 * 70)
    assert "near-B would be 10 minutes away" in row(explained, "B", "NO_OPEN_SITE")["text"]
    assert row(explained, "C", "OUT_OF_REACH")["quantity"] == pytest.approx(10)


def test_the_reasons_of_a_place_add_up_to_its_shortage(explained: pd.DataFrame) -> None:
    places = explained[explained["community_id"].isin(["A", "B", "C"])]
    total = places.groupby("community_id")["quantity"].sum()
    assert total.to_dict() == pytest.approx({"A": 55.0, "B": 4.0, "C": 10.0})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"survival": 0.0}, "LOST"),
        ({"throughput_m3": 3.0}, "THROUGHPUT"),
    ],
)
def test_loss_and_throughput_are_told_apart(change: dict[str, float], code: str) -> None:
    case = town_case()
    rows = case["scenario_sites"].assign(**{"survival": 1.0, **change})
    case = case.replace(scenario_sites=rows)
    tables = {
        "sites": frame("site_id size_id", ("near-A", "one")),
        "reserves": frame("site_id item_id quantity", ("near-A", "food", 50)),
    }
    given = reserve_plan().replace(tables=tables, goals=(), instance={})
    plan = allocator.assess(case, given).plan
    found = reserve_reasons(case, plan, solves=False)
    assert row(found, "A", code)["quantity"] > 0


def test_rules_explain_sites_without_a_solve() -> None:
    case = reserve_instance()
    codes = {}
    for site in ("S", "W", "V"):
        found = reserve_reasons(case, reserve_plan(), 20.0, None, site)
        codes[site] = found["code"].tolist()
    assert codes == {"S": ["KEPT"], "W": ["PINNED"], "V": ["CANNOT_OPEN"]}


def test_without_time_sites_are_unexplained_and_places_are_not() -> None:
    case = town_case()
    plan = allocator.assess(case, _plan_at_a()).plan
    found = reserve_reasons(case, plan, 0.0, None)
    assert set(found["code"]) >= {"OUT_OF_REACH"}
    assert set(found["code"]) <= set(RESERVE_CODES)
    assert "WORTH_OPENING" not in set(found["code"])


def test_a_choice_nobody_could_solve_is_not_called_a_tie() -> None:
    case = town_case(reserve_goals=["critical", "cost"])
    plan = allocator.assess(case, _plan_at_a()).plan
    choices = Choices(reserve_case(case), plan, 0.0)
    known = StageResult("critical", "people", plan.goal("critical").value, 0.0, "", "", 0.0)
    lost = StageResult("cost", "money", None, None, "time_limit", "", 0.0)
    for results, code in (((lost,), "UNEXPLAINED"), ((known, lost), "NOT_PROVEN")):
        reason = choices._compared("near-B", False, "With near-B open", Answer({}, results))
        assert reason.code == code


def _plan_at_a() -> Plan:
    tables = {"reserves": frame("site_id item_id quantity", ("near-A", "food", 50))}
    return reserve_plan().replace(tables=tables, goals=(), instance={})


def test_reasons_are_written_with_the_plan(tmp_path: Path) -> None:
    plan = allocator.preposition(town_case())
    assert set(plan.reasons["community_id"]) == {"A", "B", "C"}
    assert "goes without" in explain_text(plan.reasons)
    assert len(plan.explain("A")) == 1


def test_page_and_codes_agree() -> None:
    page = (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8")
    part = page.split("\n## Plans of reserves\n")[1].split("\n## ")[0]
    found = re.findall(r"^\| `([A-Z_]+)` \| ([^|]+) \|", part, flags=re.MULTILINE)
    assert found == list(RESERVE_CODES.items())
