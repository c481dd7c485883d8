"""Shortages whose reason is known by construction, one for every code and family."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from allocator.errors import UsageError
from allocator.explain import CODES, FAMILIES, reasons
from allocator.explain.reason import RULES
from allocator.instance import Instance
from allocator.models.dispatch.read import plan_tables
from allocator.models.dispatch.solve import solve_dispatch
from allocator.plan import Plan, Status
from allocator.plan.goal import GoalResult

ROOT = Path(__file__).resolve().parents[1]


def rows(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def case(policy: dict[str, Any] | None = None, **changes: pd.DataFrame) -> Instance:
    """One depot with 1,000 rice, two towns needing 10 a day for 3 days; rice: 2 kg, 3 minutes."""
    needs = [(town, day) for town in ("east", "west") for day in (1, 2, 3)]
    frames = {
        "periods": rows(period=[1, 2, 3]),
        "communities": rows(
            community_id=["east", "west"], population=[100, 100], zone_id=["A", "B"]
        ),
        "items": rows(item_id=["rice"], kg=[2.0], handling_minutes=[3.0], tier=[1], unit=["kg"]),
        "sites": rows(site_id=["depot"]),
        "stocks": rows(place_id=["depot"], item_id=["rice"], quantity=[1000.0]),
        "needs": rows(
            community_id=[town for town, _ in needs],
            item_id=["rice"] * 6,
            period=[day for _, day in needs],
            quantity=[10.0] * 6,
        ),
        "links": rows(from_id=["depot"] * 2, to_id=["east", "west"], minutes=[30.0, 30.0]),
    }
    return Instance.from_frames(policy=policy, name="case", **(frames | changes))


def solved(instance: Instance) -> Plan:
    done = solve_dispatch(instance)
    assert done.progress.solution is not None
    results = done.progress.results
    goals = tuple(GoalResult(r.name, r.unit, r.value, r.bound) for r in results)
    tables = plan_tables(done.model, done.progress.solution)
    return Plan("dispatch", tables, Status("completed", "valid", "optimal"), goals)


def told(instance: Instance, plan: Plan | None = None, **options: Any) -> pd.DataFrame:
    """The reasons, checked to add up to what is short."""
    plan = plan or solved(instance)
    table = reasons(instance, plan, 60.0, most=None, **options)
    if plan.states("shortages") and not options:
        assert table["quantity"].sum() == pytest.approx(plan.shortages["short"].sum(), rel=1e-3)
    assert set(table["code"]) <= set(CODES)
    return table


def only(table: pd.DataFrame, place: str) -> dict[str, Any]:
    found = table[table["community_id"] == place].to_dict("records")
    assert len(found) == 1, found
    return found[0]


def test_no_shortage_has_no_reason() -> None:
    assert told(case()).empty


# -- excluded by a rule --------------------------------------------------------------


def test_excluded_by_a_permit_cites_the_row() -> None:
    vehicles = rows(type=["van", "bike"], count=[5, 5], kg=[500.0, 50.0], zones=["A", "A"])
    reason = only(told(case(vehicles=vehicles)), "west")
    assert (reason["code"], reason["family"], reason["quantity"]) == (
        "EXCLUDED_BY_RULE",
        "permit",
        30.0,
    )
    assert "no vehicle may enter zone B (vehicles.csv:2 permits only zones A" in reason["text"]
    assert "let van (vehicles.csv:2) into zone B" in reason["text"]


def test_excluded_by_an_owner_not_vetted() -> None:
    stocks = rows(place_id=["depot"], item_id=["rice"], quantity=[500.0], owner_id=["firm"])
    table = told(case(stocks=stocks, owners=rows(owner_id=["firm"], vetted=["false"])))
    assert set(table["code"] + table["family"]) == {"EXCLUDED_BY_RULEowner"}
    assert "firm (stocks.csv:2)" in table["text"][0]


def test_excluded_by_an_earmark() -> None:
    stocks = rows(place_id=["depot"], item_id=["rice"], quantity=[500.0], earmark=["east"])
    reason = only(told(case(stocks=stocks)), "west")
    assert (reason["code"], reason["family"]) == ("EXCLUDED_BY_RULE", "earmark")
    assert "stocks.csv:2 for east (500)" in reason["text"]


def test_excluded_by_a_closed_site() -> None:
    sites = rows(site_id=["depot", "annex"], status=["closed", "open"])
    table = told(case(sites=sites))
    assert set(table["family"]) == {"closed_site"}
    assert "depot (sites.csv:2, closed)" in table["text"][0]


def test_excluded_by_the_opening_of_a_lane() -> None:
    links = rows(
        from_id=["depot"] * 2, to_id=["east", "west"], minutes=[30.0] * 2, open_from=[1, 3]
    )
    reason = only(told(case(links=links)), "west")
    assert (reason["family"], reason["period_from"], reason["period_to"]) == ("opening", 1, 2)
    assert "links.csv:3 is open from period 3" in reason["text"]


# -- impossible alone ----------------------------------------------------------------


def test_impossible_alone_at_the_gate() -> None:
    # 15 minutes a day pass 5 of 10 rice: 15 of 30 lack, 45 minutes more would do.
    gates = rows(community_id=["west"] * 3, period=[1, 2, 3], handling_minutes=[15.0] * 3)
    reason = only(told(case(gates=gates)), "west")
    assert (reason["code"], reason["family"]) == ("IMPOSSIBLE_ALONE", "gate")
    assert reason["quantity"] == pytest.approx(15.0, rel=1e-3)
    assert "45 more minutes would bring 15 kg of rice" in reason["text"]


def test_impossible_alone_by_fleet() -> None:
    # A cart of 10 kg and 105 minutes a trip has time for 1 trip a day: 5 rice for west alone.
    vehicles = rows(type=["cart"], count=[1], kg=[10.0], shift_minutes=[105.0])
    needs = case()["needs"].query("community_id == 'west'")
    reason = only(told(case(vehicles=vehicles, needs=needs)), "west")
    assert (reason["code"], reason["family"]) == ("IMPOSSIBLE_ALONE", "fleet")
    assert "315 more vehicle minutes would bring 15 kg" in reason["text"]


def test_impossible_alone_by_lead_and_by_supply() -> None:
    links = rows(
        from_id=["depot"] * 2, to_id=["east", "west"], minutes=[30.0] * 2, lead_periods=[0, 2]
    )
    reason = only(told(case(links=links)), "west")
    assert (reason["code"], reason["family"], reason["quantity"]) == (
        "IMPOSSIBLE_ALONE",
        "lead",
        20.0,
    )
    stocks = rows(place_id=["depot"], item_id=["rice"], quantity=[4.0])
    needs = case()["needs"].query("community_id == 'west' and period == 1")
    reason = only(told(case(stocks=stocks, needs=needs)), "west")
    assert (reason["code"], reason["family"]) == ("IMPOSSIBLE_ALONE", "balance")
    assert "6 more units would bring 6 kg of rice" in reason["text"]


@pytest.mark.parametrize(
    ("family", "tables"),
    [
        ("ship_max", {"limits": rows(place_id=["depot"], item_id=["rice"], ship_max=[5.0])}),
        ("throughput", {"sites": rows(site_id=["depot"], throughput_kg=[10.0])}),
        (
            "stock_floor",
            {"limits": rows(place_id=["depot"], item_id=["rice"], stock_min_share=[0.985])},
        ),
        ("trip_count", {"vehicles": rows(type=["van"], count=[1], kg=[10.0], max_trips=[1.0])}),
    ],
)
def test_impossible_alone_by_other_limits(family: str, tables: dict[str, pd.DataFrame]) -> None:
    needs = case()["needs"].query("community_id == 'west'")
    table = told(case(needs=needs, **tables))
    assert set(table["code"]) == {"IMPOSSIBLE_ALONE"}
    assert set(table["family"]) == {family}
    assert table["quantity"].sum() == pytest.approx(15.0, rel=1e-3)


# -- crowded out by others -----------------------------------------------------------

NOT_FAIR = {"fairness": "none"}


def towns(east: float = 2.0) -> pd.DataFrame:
    """East counts more than west, so it is served first."""
    return rows(community_id=["east", "west"], population=[100, 100], vulnerability=[east, 1.0])


def test_crowded_out_on_stock() -> None:
    stocks = rows(place_id=["depot"], item_id=["rice"], quantity=[40.0])
    reason = only(told(case(NOT_FAIR, stocks=stocks, communities=towns())), "west")
    assert (reason["code"], reason["family"]) == ("CROWDED_OUT", "balance")
    assert reason["quantity"] == pytest.approx(20.0, rel=1e-3)
    assert "20 more units would bring 20 kg of rice" in reason["text"]
    assert "Used by east (30)" in reason["text"]
    assert "not unique" in reason["detail"]


def test_crowded_out_on_fleet() -> None:
    # 3 trips a day of 10 kg: 15 rice; east takes 10 (2 trips), west gets 5 of 10.
    vehicles = rows(type=["cart"], count=[1], kg=[10.0], shift_minutes=[315.0])
    needs = case()["needs"].query("period == 1")
    reason = only(told(case(NOT_FAIR, vehicles=vehicles, communities=towns(), needs=needs)), "west")
    assert (reason["code"], reason["family"]) == ("CROWDED_OUT", "fleet")
    assert reason["text"] == (
        "Vehicles: cart (pool), in period 1: 315 of 315 vehicle minutes are used; 105 more vehicle "
        "minutes would bring 5 kg of rice. Used by east (210)."
    )


def test_crowded_out_at_the_gate_by_a_more_urgent_item() -> None:
    needs = pd.concat([case()["needs"], case()["needs"].assign(item_id="soap")])
    items = rows(item_id=["rice", "soap"], kg=[2.0, 1.0], handling_minutes=[3.0, 3.0], tier=[1, 2])
    stocks = rows(place_id=["depot"] * 2, item_id=["rice", "soap"], quantity=[1000.0] * 2)
    needs = needs[needs["period"] == 1]
    gates = rows(community_id=["west"], period=[1], handling_minutes=[45.0])
    reason = only(told(case(needs=needs, items=items, stocks=stocks, gates=gates)), "west")
    assert (reason["item_id"], reason["code"], reason["family"]) == ("soap", "CROWDED_OUT", "gate")
    assert "45 of 45 minutes used; 15 more minutes would bring 5 unit of soap" in reason["text"]
    assert "Used by rice (30)" in reason["text"]


def test_crowded_out_by_money() -> None:
    stocks = rows(place_id=["depot"], item_id=["rice"], quantity=[0.0])
    purchases = rows(site_id=["depot"], item_id=["rice"], period=[1], price=[2.0], limit=[60.0])
    found = case(
        {**NOT_FAIR, "budget": 80.0}, stocks=stocks, purchases=purchases, communities=towns()
    )
    reason = only(told(found), "west")
    assert (reason["code"], reason["family"]) == ("CROWDED_OUT", "budget")
    assert "40 more money would bring 20 kg of rice" in reason["text"]


def test_the_repair_holds_when_the_instance_is_solved_again() -> None:
    """The figure of the text, put into the tables, brings what it says."""
    few = rows(place_id=["depot"], item_id=["rice"], quantity=[40.0])
    before = solved(case(NOT_FAIR, stocks=few, communities=towns())).shortages["short"].sum()
    more = rows(place_id=["depot"], item_id=["rice"], quantity=[60.0])
    after = solved(case(NOT_FAIR, stocks=more, communities=towns())).shortages["short"].sum()
    assert before - after == pytest.approx(20.0, rel=1e-3)


# -- not proven, unexplained ---------------------------------------------------------


def test_a_spreadsheet_plan_that_leaves_goods_over_is_not_proven() -> None:
    shipments = rows(
        from_id=["depot"] * 4,
        to_id=["east"] * 3 + ["west"],
        item_id=["rice"] * 4,
        period=[1, 2, 3, 1],
        quantity=[10.0] * 4,
    )
    plan = Plan("dispatch", {"shipments": _plan_table(shipments)}, Status("completed", "invalid"))
    reason = only(told(case(), plan), "west")
    assert (reason["code"], reason["family"]) == ("NOT_PROVEN", "")
    assert reason["quantity"] == pytest.approx(20.0, rel=1e-3)
    assert "20 kg of rice more could reach west in periods 2 to 3" in reason["text"]


def _plan_table(shipments: pd.DataFrame) -> pd.DataFrame:
    from allocator.plan import plan_table

    return plan_table("shipments", shipments)


def test_a_goal_with_a_gap_is_not_proven() -> None:
    stocks = rows(place_id=["depot"], item_id=["rice"], quantity=[40.0])
    instance = case(NOT_FAIR, stocks=stocks, communities=towns())
    plan = solved(instance)
    goals = tuple(replace(goal, bound=0.9 * goal.value) for goal in plan.goals)
    reason = only(told(instance, plan.replace(goals=goals)), "west")
    assert (reason["code"], reason["family"]) == ("NOT_PROVEN", "balance")
    assert "Goal critical is proven only to 10 %" in reason["text"]


def test_without_seconds_a_shortage_is_unexplained_but_rules_are_still_told() -> None:
    vehicles = rows(type=["van"], count=[5], kg=[500.0], zones=["A"])
    stocks = rows(place_id=["depot"], item_id=["rice"], quantity=[12.0])
    instance = case(vehicles=vehicles, stocks=stocks)
    table = reasons(instance, solved(instance), 0.0)
    assert dict(zip(table["community_id"], table["code"], strict=True)) == {
        "east": "UNEXPLAINED",
        "west": "EXCLUDED_BY_RULE",
    }


def test_one_community_on_demand_and_only_the_largest() -> None:
    stocks = rows(place_id=["depot"], item_id=["rice"], quantity=[30.0])
    instance = case(stocks=stocks)
    plan = solved(instance)
    assert set(reasons(instance, plan, 60.0, community="west")["community_id"]) == {"west"}
    assert len(reasons(instance, plan, 60.0, most=1)) == 1


def test_the_command_reads_a_saved_plan(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from allocator.cli.explain import explain
    from allocator.instance import load

    solved(load(ROOT / "instances" / "tiny")).save(tmp_path / "plan")
    arguments = [str(tmp_path / "plan"), "fir", "--instance", str(ROOT / "instances" / "tiny")]
    result = CliRunner().invoke(explain, arguments)
    assert result.exit_code == 0, result.output
    told = " ".join(result.output.split())
    assert "Gate of fir has 45 minutes in period 2; 15 more minutes" in told
    assert "No masks can be at fir in periods 1 to 2" in told


def test_the_page_names_every_code_family_and_rule() -> None:
    page = (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8")
    table = page.split("## Codes")[1].split("## Families")[0]
    named = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    assert named[1:] == list(CODES)
    assert all(f"`{name}`" in page for name in [*FAMILIES, *RULES.values()])


def test_an_id_nobody_has_is_refused_with_a_suggestion() -> None:
    plan = Plan("dispatch", {}, Status("completed", "valid"))
    with pytest.raises(UsageError, match="E2132") as caught:
        reasons(case(), plan, community="eats")
    assert caught.value.faults[0].suggestion == "east"
