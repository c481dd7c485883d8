"""Drawn scenarios: same seed same bytes, stated marginals, correlation in space."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from allocator.cli.main import cli
from allocator.errors import UsageError
from allocator.generate.lockdown.draw import Draw
from allocator.generate.marginals import Marginals, marginal_lines
from allocator.generate.scenarios import drawn, note_of
from allocator.generate.scenarios.draw import rounded
from allocator.generate.scenarios.severity import Points, severity_of
from allocator.instance import Instance, instance_hash, load, save, validate
from allocator.instance.futures import ReserveCase, reserve_case

NUMBER = 4000
USUAL = Marginals(living_mean=1.2, medical_cv=0.8, site_loss=0.1, lane_closed=0.2, lane_delayed=0.3)


def town(places: int = 12) -> Instance:
    """Places on a line, three of them with a site."""
    names = [f"C{place:02d}" for place in range(places)]
    points = {"lat": 31.0 + 0.02 * np.arange(places), "lon": 121.0}
    sites = pd.DataFrame({"site_id": ["W1", "W2", "W3"], "survival": [1.0, 1.0, 0.8]})
    needs = pd.MultiIndex.from_product([names, ["rice", "mask"]], names=["community_id", "item_id"])
    return Instance.from_frames(
        name="line",
        policy={"lanes": "within_minutes", "lanes_minutes": 120},
        periods=pd.DataFrame({"period": [1]}),
        communities=pd.DataFrame({"community_id": names, "population": 1000.0, **points}),
        items=pd.DataFrame(
            {"item_id": ["rice", "mask"], "kg": [1.0, 0.1], "kind": ["living", "medical"]}
        ),
        needs=needs.to_frame(index=False).assign(period=1, quantity=100.0, people=50.0),
        sites=sites.assign(lat=[31.0, 31.1, 31.2], lon=121.0),
        agreements=pd.DataFrame(
            {"agreement_id": ["A1"], "site_id": ["W1"], "item_id": ["rice"], "maximum": [10.0]}
        ),
        **{"validate": True},
    )


@cache
def many() -> ReserveCase:
    return reserve_case(drawn(town(), NUMBER, 7, USUAL))


def test_the_same_seed_gives_the_same_tables_and_another_seed_others() -> None:
    hashes = [instance_hash(drawn(town(), 20, seed)) for seed in (1, 1, 2)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_more_scenarios_begin_with_the_same_ones() -> None:
    few, more = (reserve_case(drawn(town(), number, 3)).futures for number in (5, 50))
    for name in ("need", "survival", "lane_closed", "lane_factor", "available"):
        np.testing.assert_array_equal(getattr(few, name), getattr(more, name)[:5], err_msg=name)


def test_what_is_drawn_is_valid_and_told_apart(tmp_path: Path) -> None:
    instance = drawn(town(), 30, 5)
    report = validate(save(instance, tmp_path / "case"))
    assert report.valid
    assert not report.warnings
    futures = reserve_case(instance).futures
    assert len(futures) == 30
    assert futures.probability.sum() == pytest.approx(1, abs=1e-12)
    assert instance["scenarios"]["name"].str.contains("outbreak around C").all()


@pytest.mark.parametrize(("item", "mean", "cv"), [(0, 1.2, 0.4), (1, 1.0, 0.8)])
def test_needs_are_lognormal_as_stated_at_every_place(item: int, mean: float, cv: float) -> None:
    times = many().futures.need[:, :, item] / 100
    error = cv * mean / np.sqrt(NUMBER)
    np.testing.assert_allclose(times.mean(axis=0), mean, atol=5 * error)
    np.testing.assert_allclose(times.std(axis=0), cv * mean, rtol=0.15)
    median = mean / np.sqrt(1 + cv * cv)
    above = (times > median).mean(axis=0)
    np.testing.assert_allclose(above, 0.5, atol=5 * 0.5 / np.sqrt(NUMBER))


def chance(hits: np.ndarray, probability: float) -> None:
    error = np.sqrt(probability * (1 - probability) / len(hits))
    np.testing.assert_allclose(hits.mean(axis=0), probability, atol=5 * error)


def test_losses_closures_and_failures_have_the_stated_probability() -> None:
    case = many()
    futures = case.futures
    base = np.array([1.0, 1.0, 0.8])
    hit = futures.survival[:, :, 0] < base
    chance(hit, USUAL.site_loss)
    left = (futures.survival[:, :, 0] / base)[hit]
    assert left.max() <= USUAL.site_left
    assert left.mean() == pytest.approx(USUAL.site_left / 2, abs=0.03)
    chance(futures.lane_closed, USUAL.lane_closed)
    failed = futures.available < 1
    chance(failed, USUAL.supplier_failure)
    assert futures.available[failed].max() <= USUAL.supplier_left


def test_severity_is_standard_normal_and_correlates_by_distance() -> None:
    count = 30
    lat = 31.0 + 0.02 * np.arange(count)
    points = Points(lat, np.full(count, 121.0), np.linspace(1, 3, count))
    state = severity_of(Draw(1), points, NUMBER, Marginals(size=0.2, place=0.7))
    error = 5 / np.sqrt(NUMBER)
    np.testing.assert_allclose(state.at.mean(axis=0), 0, atol=error)
    np.testing.assert_allclose(state.at.std(axis=0), 1, atol=error)
    together = np.corrcoef(state.at.T)
    assert together[10, 11] > 0.7
    assert together[0, 1] > together[0, 15] > together[0, 29] - 0.1
    assert together[0, 29] < 0.3
    centres = np.bincount(state.centre, minlength=count) / NUMBER
    np.testing.assert_allclose(centres, points.people / points.people.sum(), atol=0.02)


def test_what_goes_wrong_goes_wrong_together() -> None:
    case = many()
    futures = case.futures
    need = futures.need[:, :, 1].mean(axis=1)
    shut, hit = futures.lane_closed.mean(axis=1), (futures.survival[:, :, 0] < 0.8).mean(axis=1)
    assert np.corrcoef(need, shut)[0, 1] > 0.2
    assert np.corrcoef(need, hit)[0, 1] > 0.1
    apart = reserve_case(drawn(town(), NUMBER, 7, replace(USUAL, tie=0.0, size=0, place=0))).futures
    need, shut = apart.need[:, :, 1].mean(axis=1), apart.lane_closed.mean(axis=1)
    assert abs(np.corrcoef(need, shut)[0, 1]) < 0.06


def test_places_without_points_have_scenarios_too() -> None:
    instance = town()
    communities = instance["communities"].assign(lat=np.nan, lon=np.nan)
    sites = instance["sites"].assign(lat=np.nan, lon=np.nan)
    bare = instance.replace(communities=communities, sites=sites)
    assert drawn(bare, 3)["scenarios"]["name"].str.contains("everywhere").all()
    half = instance.replace(sites=sites)
    assert len(drawn(half, 3)["scenario_needs"]) == 72


def test_needs_keep_their_periods_where_a_supplier_delays() -> None:
    instance = town()
    agreements = instance["agreements"].assign(delay_periods=1)
    assert "period" not in drawn(instance, 2)["scenario_needs"].dropna(axis=1)
    late = instance.replace(agreements=agreements)
    assert drawn(late, 2)["scenario_needs"]["period"].tolist() == [1] * 48


def test_scenarios_there_were_are_left_out() -> None:
    once = drawn(town(), 4)
    twice = drawn(once, 6, 9)
    assert twice["scenarios"]["scenario_id"].tolist() == [f"S{n:03d}" for n in range(1, 7)]
    assert instance_hash(twice) == instance_hash(drawn(town(), 6, 9))


def test_three_digits() -> None:
    values = np.array([0.0, 0.0012345, 1.0, 12345.0, 99.96])
    assert rounded(values).tolist() == pytest.approx([0, 0.00123, 1, 12300, 100])


def test_delays_have_the_stated_probability_and_are_uniform() -> None:
    futures = many().futures
    delayed = (futures.lane_factor > 1) & ~futures.lane_closed
    # A factor of less than 1.005 is written as 1.
    chance(delayed, USUAL.lane_delayed * 0.995)
    factors = futures.lane_factor[delayed]
    assert factors.max() <= USUAL.lane_longer
    shares = np.histogram(factors, bins=5, range=(1, USUAL.lane_longer))[0] / len(factors)
    np.testing.assert_allclose(shares, 0.2, atol=0.02)
    assert (futures.lane_factor[futures.lane_closed] == 1).all()


def test_delays_come_with_need_and_grow_with_it() -> None:
    case = many()
    futures, lanes = case.futures, case.reserve.lanes
    need = futures.need[:, lanes.community, 1]
    factor, lane_open = futures.lane_factor, ~futures.lane_closed
    usual = need[lane_open & (factor == 1)].mean()
    little, much = lane_open & (factor > 1) & (factor < 1.5), lane_open & (factor >= 1.5)
    assert usual < need[little].mean() < need[much].mean() < need[futures.lane_closed].mean()
    late = (lane_open & (factor > 1)).mean(axis=1)
    assert np.corrcoef(need.mean(axis=1), late)[0, 1] > 0.2


def test_without_delays_the_closures_are_the_same() -> None:
    with_, without = (
        reserve_case(drawn(town(), 50, 3, Marginals(lane_delayed=share))).futures
        for share in (0.3, 0.0)
    )
    np.testing.assert_array_equal(with_.lane_closed, without.lane_closed)
    assert (without.lane_factor == 1).all()


@pytest.mark.parametrize(
    "figures",
    [
        {"tie": 1.5},
        {"site_loss": -0.1},
        {"size": 0.7, "place": 0.7},
        {"lane_closed": 0.6, "lane_delayed": 0.6},
        {"lane_longer": 0.5},
    ],
)
def test_marginals_out_of_bounds(figures: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"at most 1|between 0|1 at least"):
        Marginals(**figures)


def test_nothing_to_draw_around() -> None:
    with pytest.raises(UsageError, match="E2042"):
        drawn(town(), 0)


def test_extremes_are_possible() -> None:
    sure = Marginals(
        site_loss=1.0, lane_closed=0.0, lane_delayed=0.0, supplier_failure=0.0, living_cv=0.0
    )
    futures = reserve_case(drawn(town(), 5, 1, sure)).futures
    assert (futures.survival <= 0.5).all()
    assert not futures.lane_closed.any()
    assert (futures.available == 1).all()
    np.testing.assert_allclose(futures.need[:, :, 0], 100)


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["generate", "scenarios", *words], prog_name="allocator")
    return result.exit_code, result.stdout, result.stderr


def test_the_command_states_every_marginal_and_writes_the_note(tmp_path: Path) -> None:
    folder = save(town(), tmp_path / "line")
    _, told, _ = run("--help")
    for name, value, _ in marginal_lines():
        assert f"--{name.replace('_', '-')}" in told
        assert f"{value:g}" in told
    outputs = []
    for name in ("one", "two"):
        place = tmp_path / name
        words = [str(folder), "--number", "40", "--seed", "3", "--reduce", "8"]
        code, out, _ = run(*words, "--medical-cv", "0.5", "--out", str(place))
        assert code == 0
        assert "8 of 40 scenarios: Kantorovich distance" in out
        outputs.append({path.name: path.read_bytes() for path in place.rglob("*.*")})
    assert outputs[0] == outputs[1]
    note = (tmp_path / "one" / "scenarios" / "README.md").read_text(encoding="utf-8")
    assert "| medical_cv | 0.5 |" in note
    assert "Kantorovich distance to all 40" in note
    assert all(f"| {name} |" in note for name, _, _ in marginal_lines())
    assert load(tmp_path / "one").name == "line-8"


def test_the_note_says_what_came_out() -> None:
    note = note_of(drawn(town(), 10, 2), Marginals(), 10, 2)
    assert note.startswith("# Scenarios\n\n10 scenarios, drawn with seed 2.")
    assert "| need of rice over the usual | mean " in note
    assert "N(0, 1)" in note


@pytest.mark.parametrize(
    ("words", "code"),
    [([], 2), (["--number", "0"], 2), (["--number", "5", "--tie", "2"], 2), (["--reduce", "3"], 2)],
)
def test_wrong_usage(words: list[str], code: int, tmp_path: Path) -> None:
    folder = save(town(), tmp_path / "line")
    assert run(str(folder), *words, "--out", str(tmp_path / "x"))[0] == code
    assert not (tmp_path / "x").exists()
