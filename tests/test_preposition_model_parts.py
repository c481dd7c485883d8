"""Parts of the fast form: upper limits of stock, the program of a given plan, names, starts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from allocator.engine.benders_pool import Pool
from allocator.engine.executors import open_workers
from allocator.engine.ordered import Budget
from allocator.engine.two_stage import solve_extensive
from allocator.errors import UsageError
from allocator.instance import Instance
from allocator.instance.futures import reserve_case
from allocator.models.preposition import evaluate, solve
from allocator.models.preposition.goals import solve_goals
from allocator.models.preposition.model import PrepositionModel
from allocator.models.preposition.most import stock_most
from allocator.models.preposition.urgent import Urgent, completed
from allocator.models.preposition.warm import sampled, warm_start
from allocator.models.preposition.whole import Whole, first_guess
from tests.preposition_cases import FOLDER, random_case, random_tables
from tests.reference_cases import instance_of

SEEDS = [0, 2, 3, 5, 9, 11]
EXAMPLE = FOLDER / "example"


def example() -> Instance:
    from allocator.instance import load

    return load(EXAMPLE)


def test_the_most_that_may_be_stocked_follows_the_page() -> None:
    most = stock_most(reserve_case(example()))
    # Sizes: north existing (no limit), south small (4 m3) and large (8 m3); items water, soap.
    # North water: outbreak 50 + 20, bridge 20 / 0.8 (the lane to oak is lost): 70.
    # South reaches oak only: water 60 (whole packs), soap 30.
    assert most.tolist() == [[70, 30], [40, 30], [60, 30]]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_limits_cut_off_no_better_plan(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from allocator.models.preposition import first

    instance = random_case(seed)
    tight = solve(instance, Budget(gap=0.0), method="extensive").results

    def loose(case: object) -> np.ndarray:
        most = stock_most(case)  # type: ignore[arg-type]
        allowed = case.reserve.stock.maximum[case.reserve.sizes.site]  # type: ignore[attr-defined]
        return np.where(allowed > 0, np.minimum(allowed, 10 * most + 500), 0.0)

    monkeypatch.setattr(first, "stock_most", loose)
    for one, other in zip(
        tight, solve(instance, Budget(gap=0.0), method="extensive").results, strict=True
    ):
        assert one.termination == other.termination
        if one.value is not None:
            assert one.value == pytest.approx(other.value, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_urgent_items_alone_give_the_same_least_shortage(seed: int) -> None:
    from dataclasses import replace

    policy = {"reserve_goals": ["critical"], "shortage_budget": None}
    model = PrepositionModel(reserve_case(random_case(seed, **policy)))
    whole = model.two_stage("critical")
    part = replace(whole, scenarios=Urgent(model))
    assert len(part.scenarios) == len(whole.scenarios)
    first, second = (solve_extensive(one, Budget(gap=0.0)) for one in (whole, part))
    if first.value is None:
        assert second.value is None
        return
    assert second.value == pytest.approx(first.value, rel=1e-6, abs=1e-6)
    assert second.first is not None
    assert second.recourse is not None
    for number, point in enumerate(second.recourse):
        scenario = model.scenario(number)
        full = completed(model, scenario, second.first, point)
        arrays = scenario.recourse
        rows = arrays.matrix @ full + arrays.link @ second.first
        assert (rows >= arrays.row_lower - 1e-5).all()
        assert (rows <= arrays.row_upper + 1e-5).all()
        assert (full >= arrays.lower - 1e-6).all()
        assert (full <= arrays.upper + 1e-6).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_points_made_whole_obey_every_row(seed: int) -> None:
    model = PrepositionModel(reserve_case(random_case(seed)))
    whole, program = Whole(model), model.first.program
    dice = np.random.default_rng(seed)
    for _ in range(5):
        point = whole(dice.uniform(0, 1, program.column_count) * np.minimum(program.upper, 50))
        if point is not None:
            check(model, point)
    guess = first_guess(model)
    if guess is not None:
        check(model, guess)


def check(model: PrepositionModel, point: np.ndarray) -> None:
    program = model.first.program
    rows = program.matrix() @ point
    assert (rows >= program.row_lower - 1e-5).all()
    assert (rows <= program.row_upper + 1e-5).all()
    integer = point[program.integer]
    assert integer == pytest.approx(np.round(integer))


def test_a_start_from_few_scenarios_is_possible() -> None:
    tables = random_tables(3)
    model = PrepositionModel(reserve_case(instance_of({"reserve_goals": ["cost"]}, **tables)))
    two_stage = model.two_stage("cost")
    assert sampled(model, two_stage) is two_stage
    relaxed, point = warm_start(model, two_stage, Budget())
    assert relaxed is not None
    assert point is not None
    check(model, point)
    with open_workers() as crew:
        pool = Pool(two_stage, crew, np.arange(len(two_stage.scenarios)))
        values = [two_stage.value(one, pool.cuts(one).value) for one in (relaxed, point)]
    best = solve_extensive(two_stage, Budget(gap=1e-9)).value
    assert best is not None
    assert values[0] <= best + 1e-3 <= values[1] + 2e-3


def test_a_sample_stands_for_all() -> None:
    case = reserve_case(random_case(3))
    many = case.with_scenarios(np.arange(40) % len(case.futures), np.full(40, 1 / 40))
    model = PrepositionModel(many)
    few = sampled(model, model.two_stage("cost"))
    assert len(few.scenarios) == 16
    assert few.probability.sum() == pytest.approx(1.0)


def test_every_goal_is_told() -> None:
    told = []
    model = PrepositionModel(reserve_case(example()))
    solve_goals(model, Budget(), report=lambda progress: told.append(len(progress.results)))
    assert told == [1, 2, 2]


def test_a_plan_that_names_what_is_not_there_is_refused() -> None:
    plan = {"reserves": pd.DataFrame({"site_id": ["moon"], "item_id": ["water"], "quantity": [1]})}
    with pytest.raises(UsageError, match="does not have"):
        evaluate(example(), plan)


def test_same_seed_same_plan() -> None:
    one, two = (solve(random_case(5), method="benders", seed=4) for _ in range(2))
    assert one.tables.keys() == two.tables.keys()
    for name, table in one.tables.items():
        pd.testing.assert_frame_equal(table, two.tables[name])


@pytest.mark.parametrize("risk", ["expected", "worst"])
def test_people_after_money(risk: str) -> None:
    # Soap and water cost the same to lack: cost alone leaves open which is short.
    instance = example()
    policy = instance.policy.replace(reserve_goals=("cost", "critical"), risk=risk)
    answer = solve(instance.replace(policy=policy), Budget(gap=0.0))
    assert [one.name for one in answer.results] == ["cost", "critical"]
    cost, critical = answer.results
    alone = solve(instance.replace(policy=policy.replace(reserve_goals=("cost",))), Budget(gap=0.0))
    assert cost.value == pytest.approx(alone.results[0].value, rel=1e-6)
    assert cost.bound is not None
    found = evaluate(instance.replace(policy=policy), answer.tables).values
    assert critical.value == pytest.approx(found["critical"], rel=1e-4)
    assert found["cost"] == pytest.approx(cost.value, rel=1e-4)


def test_bounds_are_told_before_a_goal_is_reached_and_the_plan_stays() -> None:
    told = []
    budget = Budget(gap=1e-6)
    answer = solve(example(), budget, method="benders", report=told.append)
    early = [one for one in told if one.results and one.results[-1].value is None]
    assert [one.results[-1].name for one in early] == ["cost"]
    assert early[0].results[-1].termination == "time_limit"
    assert early[0].results[-1].bound <= answer.results[-1].value
    assert early[0].tables["reserves"] is told[0].tables["reserves"]
    assert all(one.value is not None for one in answer.results)
