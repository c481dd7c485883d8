"""What the judge recomputes: hand-worked goals, service, batches and trips."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from allocator.check import check
from allocator.instance import Instance, load
from allocator.plan import GoalResult, Plan, Status

TINY = Path(__file__).parents[1] / "instances" / "tiny"


def frame(columns: str, *rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


def own_plan(shipments: pd.DataFrame, **tables: pd.DataFrame) -> Plan:
    return Plan("dispatch", {"shipments": shipments} | tables, Status("completed", "invalid"))


HAND = frame(
    "from_id to_id item_id period quantity",
    ("north", "elm", "water", 1, 90),
    ("north", "oak", "water", 1, 20),
    ("north", "elm", "masks", 1, 240),
    ("north", "oak", "masks", 1, 80),
    ("north", "elm", "water", 2, 90),
    ("north", "oak", "water", 2, 40),
    ("north", "elm", "masks", 2, 48),
    ("north", "oak", "masks", 2, 112),
    ("south", "oak", "water", 1, 22.5),
    ("south", "oak", "water", 2, 37.5),
    ("south", "fir", "water", 1, 45),
)
ALONE = frame(
    "place_id tier window_start attainable",
    ("elm", 1, 1, 240),
    ("oak", 1, 1, 160),
    ("fir", 1, 1, 65),
    ("elm", 2, 1, 240),
    ("oak", 2, 1, 160),
    ("fir", 2, 1, 0),
)


def test_the_optimum_worked_by_hand():
    verdict = check(load(TINY), own_plan(HAND, attainable=ALONE))
    assert verdict.ok, verdict.table.to_string()
    expected = json.loads((TINY / "expected.json").read_text())
    assert {name: verdict.goals[name] for name in expected} == pytest.approx(expected)


def test_fairness_without_attainable_can_be_refuted_not_confirmed():
    plan = own_plan(HAND)
    worst = check(load(TINY), plan).goals["fairness.1"]
    assert worst == pytest.approx(1 - 65 / 120)
    lower = check(load(TINY), plan.replace(goals=(GoalResult("fairness.1", "", 0.25),)))
    assert lower.ok
    assert "fairness.1 cannot be verified" in lower.stats["notes"][0]
    higher = check(load(TINY), plan.replace(goals=(GoalResult("fairness.1", "", 0.9),)))
    assert [v.family for v in higher.violations] == ["goal_value"]


def test_attainable_below_what_the_plan_serves_is_refuted():
    stated = ALONE.assign(attainable=[100, 160, 65, 240, 160, 0])
    found = check(load(TINY), own_plan(HAND, attainable=stated)).violations
    assert [(v.family, v.where) for v in found] == [("goal_value", "attainable:2")]
    assert found[0].size == pytest.approx(80)


def test_weighted_goals_are_recomputed():
    value = 2 * 715 + 0.5 * 222.4
    goal = GoalResult("2*units_short + 0.5*cost", "", value)
    assert check(load(TINY), own_plan(HAND).replace(goals=(goal,))).ok
    wrong = GoalResult("2*units_short + 0.5*cost", "", value + 1)
    assert not check(load(TINY), own_plan(HAND).replace(goals=(wrong,))).ok


def shop(needs: list[float], lots: list[tuple[int, int, float]], waits: bool) -> Instance:
    """One community that holds lots (period, expiry, quantity), needs them and may ship them on."""
    periods = range(1, len(needs) + 1)
    return Instance.from_frames(
        periods=pd.DataFrame({"period": list(periods)}),
        communities=frame("community_id population", ("C", 10), ("D", 10)),
        items=frame("item_id kg", ("i", 1.0)),
        needs=frame(
            "community_id item_id period quantity backlog",
            *(("C", "i", t, needs[t - 1], "waits" if waits else "lost") for t in periods),
        ),
        arrivals=frame(
            "place_id item_id period quantity expiry",
            *(("C", "i", period, quantity, expiry) for period, expiry, quantity in lots),
        ),
        links=frame("from_id to_id minutes", ("C", "D", 0)),
        policy={"lanes": "listed"},
    )


def most_served(needs: list[float], waits: bool, entering: dict, leaving: dict) -> float:
    """Return the most that can be consumed, by linear programming over batches and periods."""
    horizon, batches = len(needs), sorted(entering)
    index = {(k, t): n for n, (k, t) in enumerate((k, t) for k in batches for t in range(horizon))}
    rows, sides = [], []
    for t in range(horizon):
        row = np.zeros(len(index))
        for k in batches:
            for s in range(t + 1) if waits else [t]:
                row[index[k, s]] = 1
        rows.append(row)
        sides.append(sum(needs[: t + 1]) if waits else needs[t])
    for k in batches:
        for t in range(min(k, horizon - 1) + 1):
            row = np.zeros(len(index))
            row[[index[k, s] for s in range(t + 1)]] = 1
            rows.append(row)
            sides.append(sum(entering[k][: t + 1]) - sum(leaving[k][: t + 1]))
    bounds = [(0, None if t <= k else 0) for k, t in index]
    result = linprog(-np.ones(len(index)), A_ub=np.array(rows), b_ub=sides, bounds=bounds)
    return -float(result.fun)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_service_is_the_most_there_can_be(data):
    horizon = data.draw(st.integers(2, 5))
    amounts = st.integers(1, 9).map(float)
    needs = data.draw(st.lists(amounts, min_size=horizon, max_size=horizon))
    lot = st.tuples(st.integers(1, horizon), st.integers(0, horizon + 1), amounts)
    drawn = data.draw(st.lists(lot, min_size=1, max_size=6))
    lots = [(period, min(period + life, horizon), units) for period, life, units in drawn]
    waits = data.draw(st.booleans())
    entering = {k - 1: [0.0] * horizon for _, k, _ in lots}
    for period, last, units in lots:
        entering[last - 1][period - 1] += units
    leaving = {k: [0.0] * horizon for k in entering}
    shipped = []
    for k in sorted(entering):
        held = 0.0
        for t in range(min(k, horizon - 1) + 1):
            held += entering[k][t]
            part = np.floor(held * data.draw(st.sampled_from([0, 0, 0.5, 1])))
            if part:
                leaving[k][t], held = part, held - part
                shipped.append(("C", "D", "i", t + 1, part, k + 1))
    case = shop(needs, lots, waits)
    table = pd.DataFrame(
        shipped, columns=["from_id", "to_id", "item_id", "period", "quantity", "expiry"]
    )
    verdict = check(case, own_plan(table).replace(instance={"name": "exact"}))
    assert verdict.ok, verdict.table.to_string()
    best = most_served(needs, waits, entering, leaving)
    assert verdict.stats["units_served"] == pytest.approx(best, abs=1e-6)
    stated = own_plan(table, shortages=verdict.shortages).replace(instance={"name": "exact"})
    again = check(case, stated)
    assert again.ok, again.table.to_string()
    assert again.goals == pytest.approx(verdict.goals)


def reserve() -> Instance:
    return Instance.from_frames(
        periods=pd.DataFrame({"period": [1, 2, 3, 4]}),
        communities=frame("community_id population", ("C", 10), ("D", 10)),
        sites=frame("site_id", ("S",)),
        items=frame("item_id kg", ("i", 1.0)),
        needs=frame("community_id item_id period quantity", ("C", "i", 1, 1)),
        stocks=frame(
            "place_id item_id quantity expiry earmark",
            ("S", "i", 10, 2, ""),
            ("S", "i", 10, 3, ""),
            ("S", "i", 10, None, "C"),
        ),
        links=frame("from_id to_id minutes", ("S", "C", 0), ("S", "D", 0)),
        policy={"lanes": "listed", "fleet": "free"},
    )


def test_blank_batches_take_what_is_free_and_expires_first():
    columns = "from_id to_id item_id period quantity"
    fits = frame(columns, ("S", "D", "i", 1, 15), ("S", "D", "i", 3, 5), ("S", "C", "i", 4, 10))
    assert check(reserve(), own_plan(fits)).ok
    reserved = frame(columns, ("S", "D", "i", 1, 25))
    assert [(v.family, v.size) for v in check(reserve(), own_plan(reserved)).violations] == [
        ("at_hand", 5.0)
    ]
    late = frame(columns, ("S", "D", "i", 3, 12))
    assert [(v.family, v.size) for v in check(reserve(), own_plan(late)).violations] == [
        ("at_hand", 2.0)
    ]
    recorded = own_plan(fits).replace(instance={"name": "exact"})
    assert {v.family for v in check(reserve(), recorded).violations} == {"at_hand"}


def fleet(vans: int, bikes: int, **policy: object) -> Instance:
    return Instance.from_frames(
        periods=pd.DataFrame({"period": [1]}),
        communities=frame("community_id population zone_id", ("C", 10, "z"), ("D", 10, "y")),
        sites=frame("site_id", ("S",)),
        items=frame("item_id kg", ("i", 1.0)),
        needs=frame("community_id item_id period quantity", ("C", "i", 1, 1)),
        stocks=frame("place_id item_id quantity", ("S", "i", 1000)),
        links=frame("from_id to_id minutes", ("S", "C", 30), ("S", "D", 30)),
        vehicles=frame(
            "type count kg shift_minutes loading_minutes unloading_minutes zones",
            ("van", vans, 100, 60, 0, 0, ""),
            ("bike", bikes, 10, 60, 0, 0, "y"),
        ),
        policy={"lanes": "listed", **policy},
    )


TWO_LOADS = frame(
    "from_id to_id item_id period quantity", ("S", "C", "i", 1, 200), ("S", "D", "i", 1, 100)
)


@pytest.mark.parametrize(("vans", "over"), [(3, 0), (2, 60), (1, 120)])
def test_trips_of_one_type_are_derived_exactly(vans, over):
    """300 kg by vans of 100 kg that make one trip of 60 minutes each."""
    found = check(fleet(vans, 0), own_plan(TWO_LOADS)).violations
    assert [(v.family, v.where, v.size) for v in found] == (
        [("fleet", "vehicles:2", pytest.approx(over))] if over else []
    )


@pytest.mark.parametrize(("vans", "bikes", "ok"), [(2, 10, True), (2, 9, False), (0, 30, False)])
def test_trips_of_several_types_are_derived(vans, bikes, ok):
    """200 kg go to C by van alone, 100 kg to D by van or by bikes of 10 kg."""
    verdict = check(fleet(vans, bikes), own_plan(TWO_LOADS))
    assert verdict.ok == ok, verdict.table.to_string()
    assert {v.family for v in verdict.violations} <= {"fleet"}
    assert "approximately" in verdict.stats["notes"][0]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_division_among_types_finds_room_where_there_is_some(seed):
    """Random fleets, given the least that suffices (by linear programming) times a factor."""
    random = np.random.default_rng(seed)
    lanes, types = int(random.integers(1, 6)), int(random.integers(1, 4))
    kg, load = random.uniform(5, 100, types), random.uniform(10, 500, lanes)
    may = random.random((lanes, types)) < 0.6
    may[np.arange(lanes), random.integers(0, types, lanes)] = True
    may[random.integers(0, lanes, types), np.arange(types)] = True
    count = random.uniform(0.5, 2.0, types)
    pairs = np.argwhere(may)
    carry, busy = np.zeros((lanes, len(pairs) + 1)), np.zeros((types, len(pairs) + 1))
    for n, (lane, kind) in enumerate(pairs):
        carry[lane, n], busy[kind, n] = -kg[kind], 60.0
    busy[:, -1] = -count * 60.0
    cost = np.append(np.zeros(len(pairs)), 1.0)
    rows = np.vstack([carry, busy])
    least = linprog(cost, A_ub=rows, b_ub=np.append(-load, np.zeros(types))).fun
    names = [f"C{n}" for n in range(lanes)]
    case = Instance.from_frames(
        periods=pd.DataFrame({"period": [1]}),
        communities=pd.DataFrame({"community_id": names, "zone_id": names, "population": 1}),
        sites=frame("site_id", ("S",)),
        items=frame("item_id kg", ("i", 1.0)),
        needs=frame("community_id item_id period quantity", ("C0", "i", 1, 1)),
        stocks=frame("place_id item_id quantity", ("S", "i", 1e6)),
        links=pd.DataFrame({"from_id": "S", "to_id": names, "minutes": 30}),
        vehicles=pd.DataFrame(
            {
                "type": [f"v{n}" for n in range(types)],
                "count": count * least,
                "kg": kg,
                "shift_minutes": 60,
                "loading_minutes": 0,
                "unloading_minutes": 0,
                "zones": ["|".join(np.array(names)[may[:, n]]) for n in range(types)],
            }
        ),
        policy={"lanes": "listed"},
    )
    columns = {"from_id": "S", "to_id": names, "item_id": "i", "period": 1, "quantity": load}
    plan = own_plan(pd.DataFrame(columns))
    for factor, ok, shown in ((1.03, True, True), (1.0001, True, None), (0.9, False, None)):
        vehicles = case["vehicles"]
        sized = case.replace(vehicles=vehicles.assign(count=vehicles["count"] * factor))
        verdict = check(sized, plan)
        assert verdict.ok == ok, (factor, verdict.table.to_string())
        assert shown is None or not any("not shown" in note for note in verdict.stats["notes"])


def test_whole_trips_are_derived_rounded_up():
    shipments = frame("from_id to_id item_id period quantity", ("S", "C", "i", 1, 101))
    case = fleet(2, 0, trips="integer")
    assert check(case, own_plan(shipments)).ok
    assert not check(fleet(1, 0, trips="integer"), own_plan(shipments)).ok


def relabelled(case: Instance, plan: Plan, seed: int) -> tuple[Instance, Plan]:
    """Give places and items other names and put every table into another order."""
    names = [
        *case["communities"]["community_id"],
        *case["sites"]["site_id"],
        *case["items"]["item_id"],
    ]
    mixed = np.random.default_rng(seed).permutation(len(names))
    new = {name: f"n{number:03d}" for name, number in zip(names, mixed, strict=True)}

    def changed(table: pd.DataFrame) -> pd.DataFrame:
        ids = [name for name in table.columns if name.endswith("_id") and name != "zone_id"]
        named = table.assign(
            **{name: table[name].map(lambda old: new.get(old, old)) for name in ids}
        )
        return named.sample(frac=1, random_state=seed).reset_index(drop=True)

    tables = {name: changed(table) for name, table in case.tables.items()}
    return case.replace(**tables), plan.replace(
        tables={name: changed(table) for name, table in plan.tables.items()}
    )


@pytest.mark.parametrize("seed", range(5))
def test_names_and_order_change_nothing(seed):
    case, plan = (
        load(TINY),
        own_plan(HAND.assign(quantity=HAND["quantity"] * 1.5), attainable=ALONE),
    )
    first, second = check(case, plan), check(*relabelled(case, plan, seed))
    assert second.goals == pytest.approx(first.goals)
    sizes = [
        sorted(zip(v.table["code"], v.table["size"].round(6), strict=True)) for v in (first, second)
    ]
    assert sizes[0] == sizes[1]
    assert not first.ok


@pytest.mark.parametrize("factor", [1e-3, 1e4])
def test_other_units_change_nothing(factor):
    """Counting water and masks in other units changes kg and minutes a unit, nothing else."""
    case, plan = load(TINY), own_plan(HAND, attainable=ALONE)
    scaled = {
        name: case[name].assign(quantity=case[name]["quantity"] * factor)
        for name in ("needs", "stocks", "arrivals")
    }
    people = scaled["needs"].assign(people=case["needs"]["people"])
    items, links = case["items"], case["links"]
    other = case.replace(
        **scaled | {"needs": people},
        items=items.assign(
            kg=items["kg"] / factor, handling_minutes=items["handling_minutes"] / factor
        ),
        links=links.assign(cost=links["cost"] / factor),
    )
    moved = own_plan(HAND.assign(quantity=HAND["quantity"] * factor), attainable=ALONE)
    first, second = check(case, plan), check(other, moved)
    assert second.ok, second.table.to_string()
    assert {n: v for n, v in second.goals.items() if n != "units_short"} == pytest.approx(
        {n: v for n, v in first.goals.items() if n != "units_short"}
    )


@pytest.mark.parametrize("seed", range(3))
def test_noise_of_the_written_precision_passes(seed):
    noise = np.random.default_rng(seed).uniform(-5e-7, 5e-7, len(HAND))
    case, plan = load(TINY), own_plan(HAND, attainable=ALONE)
    exact = check(case, plan)
    goals = tuple(GoalResult(name, "", value) for name, value in exact.goals.items())
    noisy = own_plan(HAND.assign(quantity=HAND["quantity"] + noise), shortages=exact.shortages)
    verdict = check(
        case, noisy.replace(goals=goals, tables=dict(noisy.tables) | {"attainable": ALONE})
    )
    assert verdict.ok, verdict.table.to_string()
