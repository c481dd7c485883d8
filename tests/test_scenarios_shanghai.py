"""The case of reserves for Shanghai: committed bytes, figures with their status, sense."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from allocator.cli.main import cli
from allocator.generate.figures import STATUSES, read_figures
from allocator.generate.reserves import reserve_marginals, reserves_readme, shanghai_reserves
from allocator.generate.scenarios import note_of
from allocator.generate.write import write_instance
from allocator.instance import Instance, load
from allocator.instance.futures import ReserveCase, reserve_case

COMMITTED = Path(__file__).resolve().parents[1] / "instances" / "shanghai-2022-reserves"
SCENARIOS, SEED = 50, 2022


@cache
def made() -> Instance:
    return shanghai_reserves(SCENARIOS, SEED)


@cache
def case() -> ReserveCase:
    return reserve_case(load(COMMITTED))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file; packed tables unpacked, as other versions of zlib pack differently."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): gzip.decompress(path.read_bytes())
        if path.suffix == ".gz"
        else path.read_bytes()
        for path in files
    }


def test_the_committed_folder_is_what_the_builder_makes(tmp_path: Path) -> None:
    note = note_of(made(), reserve_marginals(), SCENARIOS, SEED)
    fresh = write_instance(made(), tmp_path / "case", reserves_readme(made()), note=note)
    assert contents(fresh) == contents(COMMITTED)


def test_committed_tables_are_small() -> None:
    sizes = [path.stat().st_size for path in COMMITTED.rglob("*") if path.is_file()]
    assert sum(sizes) < 2_000_000


def test_every_figure_has_a_status_and_a_source_when_it_is_real() -> None:
    table = read_figures("shanghai_2022_reserves")
    assert set(table["status"]) <= set(STATUSES)
    assert (table.loc[table["status"] == "sourced", "source"] != "").all()
    assert not table.duplicated(["subject", "figure"]).any()
    text = (COMMITTED / "README.md").read_text(encoding="utf-8")
    for status in STATUSES:
        assert f"### {status.capitalize()}" in text
    for subject, figure in zip(table["subject"], table["figure"], strict=True):
        assert f"| {subject.replace('_', ' ')} | {figure.replace('_', ' ')} |" in text


def test_the_spread_of_medical_needs_is_that_of_the_cases() -> None:
    from allocator.generate.shanghai.case import open_case

    found = open_case("district")
    cases = found.by_district("new_cases")[:, -14:].sum(axis=1) / found.people
    assert reserve_marginals().medical_cv == pytest.approx(cases.std() / cases.mean(), abs=5e-4)


def test_the_city_is_whole() -> None:
    reserve = case().reserve
    assert len(reserve.communities) == 234
    assert reserve.communities.population.sum() == 24_870_895
    assert reserve.sites.kept.sum() == 16
    assert len(reserve.sites) == 250
    assert set(reserve.items.tier) == {1, 2}
    assert len(case().futures) == SCENARIOS


def test_every_community_can_be_reached_and_helped() -> None:
    lanes = case().reserve.lanes
    served = np.bincount(lanes.community, minlength=234)
    assert served.min() >= 6
    assert lanes.minutes.max() <= 60
    own = case().reserve.sites.ids[lanes.site]
    home = case().reserve.communities.ids[lanes.community] + "-reserve"
    assert (own == home).sum() == 234


def test_there_is_something_to_choose() -> None:
    found = case()
    reserve, policy = found.reserve, found.policy
    price = reserve.stock.unit_cost[0]
    whole = float(found.base.sum(axis=0) @ price)
    assert policy.reserve_budget is not None
    assert 0.4 * whole < policy.reserve_budget < 0.9 * whole
    room = np.zeros(len(reserve.sites))
    np.maximum.at(room, reserve.sizes.site, reserve.sizes.volume_m3)
    needed = float(found.base.sum(axis=0) @ reserve.items.m3)
    assert room[reserve.sites.kept].sum() < 2 * needed < room.sum()
    assert reserve.stock.present.sum() > 0
    urgent = reserve.items.tier == 1
    assert (found.futures.shortage_cost[:, urgent] == 30 * price[urgent]).all()


def test_larger_sets_begin_with_the_same_scenarios() -> None:
    more = shanghai_reserves(SCENARIOS + 10, SEED)
    first = more["scenario_needs"].iloc[: len(made()["scenario_needs"])]
    assert first["quantity"].equals(made()["scenario_needs"]["quantity"])
    assert len(more["scenarios"]) == SCENARIOS + 10


def test_the_command(tmp_path: Path) -> None:
    words = ["generate", "shanghai-2022-reserves", "--scenarios", "6", "--reduce", "2"]
    result = CliRunner().invoke(cli, [*words, "--out", str(tmp_path / "x")])
    assert result.exit_code == 0
    assert len(load(tmp_path / "x")["scenarios"]) == 2
    assert "2 scenarios, of 6 drawn" in (tmp_path / "x" / "scenarios" / "README.md").read_text()
