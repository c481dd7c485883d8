"""The summary of a made-up plan; no solver runs here."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from allocator.instance import Instance, load
from allocator.instance.network import network
from allocator.plan import GoalResult, Plan, Status, plan_table
from allocator.report import summary_text
from allocator.report.layout import cells_of
from allocator.report.shortages import by_community, by_item
from allocator.report.use import fleet_use, gate_use

TINY = Path(__file__).parents[1] / "instances" / "tiny"
SHIPMENTS = [
    ("north", "elm", "water", 1, 1, 108.0),
    ("south", "fir", "water", 1, 2, 45.0),
    ("south", "oak", "water", 2, 2, 60.0),
]
TRIPS = [("north", "elm", "van", "north", 1, 3.0), ("south", "fir", "trike", "south", 1, 1.5)]
SHORT = [
    ("elm", "water", 1, 120.0, 12.0, 120.0, 12.0),
    ("elm", "water", 2, 120.0, 48.0, 120.0, 48.0),
    ("fir", "water", 1, 60.0, 40.0, 60.0, 40.0),
    ("fir", "masks", 1, 120.0, 120.0, 60.0, 60.0),
    ("fir", "masks", 2, 120.0, 120.0, 60.0, 60.0),
]
REASONS = [
    ("fir", "masks", 1, 2, "IMPOSSIBLE_ALONE", "lane", 240.0, "No chain of lanes leads there.", ""),
    ("elm", "water", 1, 1, "CROWDED_OUT", "fleet", 12.0, "The van is full.", ""),
]
SUMMARY = {
    "without_fairness": {
        "floors": 0.0,
        "critical": 100.0,
        "fairness.1": 0.6,
        "remaining.2": 115.0,
    },
    "in_proportion": {"floors": 5.0, "critical": 200.0, "fairness.1": 0.7, "remaining.2": 120.0},
    "start_plan": {"floors": 0.0, "critical": 100.0, "fairness.1": 0.251, "remaining.2": 120.0},
}
GOALS = (
    GoalResult("floors", "person-days", 0.0, 0.0),
    GoalResult("critical", "person-days", 100.0, 100.0),
    GoalResult("fairness.1", "share short", 0.251, 0.25),
    GoalResult("remaining.2", "person-days", 1234567.0, 1234567.0),
    GoalResult("1*cost + 2*change", "", 7.0),
)


def rows(table: str, found: list[tuple[object, ...]], names: str) -> pd.DataFrame:
    return plan_table(table, pd.DataFrame(found, columns=names.split()))


@pytest.fixture(scope="module")
def tiny() -> Instance:
    return load(TINY)


@pytest.fixture
def plan() -> Plan:
    shipped = "from_id to_id item_id period arrives quantity"
    short = "community_id item_id period need short people person_days"
    reason = "community_id item_id period_from period_to code family quantity text detail"
    tables = {
        "shipments": rows("shipments", SHIPMENTS, shipped),
        "trips": rows("trips", TRIPS, "from_id to_id type site_id period trips"),
        "shortages": rows("shortages", SHORT, short),
        "reasons": rows("reasons", REASONS, reason),
    }
    return Plan(
        "dispatch",
        tables,
        Status("completed", "valid", "gap"),
        goals=GOALS,
        summary=SUMMARY,
        path=Path("plans/made-up").absolute(),
    )


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_goals_are_told_in_words_with_value_bound_and_gap(plan: Plan, tiny: Instance) -> None:
    lines = summary_text(plan, tiny, 100).splitlines()
    told = {line.split("(")[1].split(")")[0]: line for line in lines if line[:2] in {"1 ", "2 "}}
    assert "need below the promised floors" in told["floors"]
    assert told["critical"].split()[-5:] == ["100", "person-days", "100", "0", "%"]
    text = one_line("\n".join(lines))
    assert "74.9 % of what it could 75.0 % 0.4 %" in text
    assert "1,234,567 person-days 1,234,567 0 %" in text
    assert "5 1*cost + 2*change" in text


def test_the_price_of_fairness_and_the_gains(plan: Plan, tiny: Instance) -> None:
    text = one_line(summary_text(plan, tiny, 100))
    assert "Price of fairness: 1,234,452 person-days more other need not met, tier 2" in text
    assert "the worst-off place gets 74.9 % instead of 40.0 % (life-critical)" in text
    assert "Against sharing in proportion to people: 5 person-days less need below" in text
    loose = plan.replace(summary={**plan.summary, "price_in_fractions": True})
    told = one_line(summary_text(loose, tiny, 100))
    assert "Price of fairness, against a plan without whole packs and trips: 1,234,452" in told
    assert "(100 %), 100 person-days less life-critical need not met (50.0 %)" in text
    assert "Against the start plan: 1,234,447 person-days more" in text


def test_without_other_plans_nothing_is_compared(plan: Plan, tiny: Instance) -> None:
    text = summary_text(plan.replace(summary={"without_fairness": {}}), tiny)
    assert "Compared" not in text
    assert "Price" not in text


def test_what_is_short_by_item_and_community(plan: Plan, tiny: Instance) -> None:
    items = by_item(plan, tiny).set_index("item_id")
    assert items.loc["water", ["quantity", "person_days", "people"]].tolist() == [100, 100, 52]
    assert items.loc["water", "share"] == pytest.approx(100 / 520)
    assert items.loc["water", ["worst_community", "worst_period"]].tolist() == ["elm", 2]
    places = by_community(plan, tiny).set_index("community_id")
    assert places.index.tolist() == ["elm", "fir"]
    assert places.loc["fir", ["critical", "other", "worst_item"]].tolist() == [40, 120, "masks"]
    assert places.loc["elm", "share_critical"] == pytest.approx(60 / 240)


def test_the_largest_item_of_a_tier_counts_not_the_sum(plan: Plan, tiny: Instance) -> None:
    items = tiny["items"].assign(tier=1)
    both = by_community(plan, tiny.replace(items=items)).set_index("community_id")
    assert both.loc["fir", "critical"] == max(40, 60) + 60


def test_need_that_waits_counts_once(plan: Plan, tiny: Instance) -> None:
    waiting = tiny.replace(needs=tiny["needs"].assign(backlog="waits"))
    items = by_item(plan, waiting).set_index("item_id")
    assert items["quantity"].to_dict() == {"masks": 120, "water": 48}


def test_at_most_ten_rows_a_table(plan: Plan) -> None:
    many = pd.concat(
        [plan.shortages.iloc[:1].assign(community_id=f"c{n}", item_id=f"i{n}") for n in range(14)]
    )
    text = summary_text(plan.replace(tables={**plan.tables, "shortages": many}))
    assert "and 4 items more" in text
    assert "and 4 communities more" in text
    assert text.count("period 1") <= 11


def test_reasons_and_the_path_come_last(plan: Plan, tiny: Instance) -> None:
    text = summary_text(plan, tiny, 80)
    assert "masks at fir, periods 1 to 2: impossible alone" in text
    assert text.index("No chain of lanes") < text.index("The van is full")
    assert text.splitlines()[-1].endswith("made-up")


def test_assumptions_are_told(plan: Plan, tiny: Instance) -> None:
    text = one_line(summary_text(plan, tiny, 80))
    assert "Lanes: 4 (listed: those of links)" in text
    assert "Fairness rule: max-min; shares are compared in windows of 3 periods." in text
    nearest = tiny.replace(policy=tiny.policy.replace(exercise=True, fairness="none"))
    drill = one_line(summary_text(plan, nearest, 80))
    assert "EXERCISE" in drill
    assert "Fairness rule: none." in drill


def test_use_of_vehicles_and_gates(plan: Plan, tiny: Instance) -> None:
    net = network(tiny)
    fleet = fleet_use(plan, net).groupby(["type", "period"])["used"].sum()
    assert fleet["van", 0] == 3 * 90
    assert fleet["trike", 0] == 1.5 * 120
    gate = gate_use(plan, net)
    used = gate[gate["used"] > 0]
    assert used[["community_id", "period", "used"]].to_numpy().tolist() == [["fir", 1, 45]]
    text = one_line(summary_text(plan, tiny, 80))
    assert "van 50.0 % (busiest period 100 %)" in text


@pytest.mark.parametrize("width", [30, 46, 60, 80, 90, 140])
def test_lines_keep_to_the_width(plan: Plan, tiny: Instance, width: int) -> None:
    towns = tiny["communities"]
    towns["name"] = ["榆树街道第一社区居民委员会", "Oak", "冷杉"]
    text = summary_text(plan, tiny.replace(communities=towns), width)
    wide = [line for line in text.splitlines()[:-1] if cells_of(line) > width]
    assert not wide
    assert "冷杉" in text


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status("time_limit", "valid", "gap"), "stopped at the time limit"),
        (Status("interrupted", "valid", "none"), "interrupted; this is the best plan so far"),
        (Status("completed", "invalid", "none"), "NOT VALID"),
        (Status("completed", "valid", "none"), "No proof"),
    ],
)
def test_the_status_in_words(plan: Plan, status: Status, words: str) -> None:
    assert words in one_line(summary_text(plan.replace(status=status)))


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ((10.0, 1.0), "Proven optimal at every goal."),
        ((9.999, 1.0), "Proven optimal within 0.01 % at every goal."),
        ((9.0, 1.0), "Proven optimal within 0.1 % but for floors (within 10.0 %)."),
        ((9.0, 0.5), "Proven within a gap: floors (within 10.0 %), critical (within 50.0 %)."),
        ((None, 1.0), "No proof for floors"),
    ],
)
def test_what_is_proven(plan: Plan, bounds: tuple[float | None, float], words: str) -> None:
    goals = (GoalResult("floors", "", 10.0, bounds[0]), GoalResult("critical", "", 1.0, bounds[1]))
    within = bounds[0] is not None and bounds[0] > 9.9 and bounds[1] == 1.0
    status = Status("completed", "valid", "optimal" if within else "gap")
    text = one_line(summary_text(plan.replace(goals=goals, status=status), width=100))
    assert words in text


def test_a_plan_made_by_rule_is_called_so(plan: Plan) -> None:
    made = plan.replace(summary={"made": "filled tier by tier"})
    assert "made by rule: filled tier by tier" in one_line(summary_text(made))
    assert "by rule" not in summary_text(plan.replace(summary={"made": "solver"}))


def test_a_run_without_a_plan_has_a_summary_too() -> None:
    text = summary_text(Plan("dispatch", {}, Status("time_limit")))
    assert "There is no plan" in text


def test_a_plan_that_meets_every_need(plan: Plan, tiny: Instance) -> None:
    met = {**plan.tables, "shortages": plan_table("shortages")}
    assert "No need is left unmet." in summary_text(plan.replace(tables=met), tiny)


def test_noise_is_no_shortage(plan: Plan, tiny: Instance) -> None:
    noise = plan.shortages.assign(short=1e-4, person_days=1e-4)
    text = summary_text(plan.replace(tables={**plan.tables, "shortages": noise}), tiny)
    assert "No need is left unmet." in text


def test_shortages_that_are_not_stated_are_not_called_none(plan: Plan, tiny: Instance) -> None:
    stated = {name: frame for name, frame in plan.tables.items() if name != "shortages"}
    assert "does not state them" in summary_text(plan.replace(tables=stated), tiny)
