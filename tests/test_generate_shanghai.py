"""The Shanghai case: committed bytes, figures with their status, realistic sizes at every level."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from allocator.generate.figures import STATUSES, read_figures
from allocator.generate.shanghai import LEVELS, shanghai_2022, shanghai_readme
from allocator.generate.write import write_instance
from allocator.instance import Instance, instance_hash, load, validate
from allocator.instance.staff_case import staff_case

COMMITTED = Path(__file__).resolve().parents[1] / "instances" / "shanghai-2022"
COMMITTED_LEVELS = ("district", "jiedao")
CENSUS = 24_870_895
TABLES = ("shanghai_2022", "shanghai_2022_tables")


@pytest.fixture(scope="module", params=COMMITTED_LEVELS)
def made(request: pytest.FixtureRequest) -> tuple[str, Instance]:
    return request.param, shanghai_2022(request.param)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file; packed tables unpacked, as other versions of zlib pack differently."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            packed = path.suffix == ".gz"
            found[path.relative_to(folder).as_posix()] = (
                gzip.decompress(content) if packed else content
            )
    return found


def test_the_committed_folder_is_what_the_builder_makes(
    made: tuple[str, Instance], tmp_path: Path
) -> None:
    level, instance = made
    fresh = write_instance(instance, tmp_path / level, shanghai_readme(level, instance))
    assert contents(fresh) == contents(COMMITTED / level)


def test_packed_tables_carry_no_time_and_no_name() -> None:
    header = (COMMITTED / "jiedao" / "needs.csv.gz").read_bytes()[:10]
    assert header[3:8] == bytes(5)


def test_committed_tables_are_small() -> None:
    sizes = [path.stat().st_size for path in COMMITTED.rglob("*") if path.is_file()]
    assert max(sizes) < 1_000_000


@pytest.mark.parametrize("level", COMMITTED_LEVELS)
def test_the_committed_folder_is_valid(level: str) -> None:
    report = validate(COMMITTED / level)
    assert (report.faults, report.warnings) == ((), ())
    assert instance_hash(load(COMMITTED / level)) == instance_hash(shanghai_2022(level))


def test_sizes(made: tuple[str, Instance]) -> None:
    level, instance = made
    communities = {"district": 16, "jiedao": 234}[level]
    assert len(instance["communities"]) == communities
    assert len(instance["needs"]) == communities * 16 * 14
    assert instance["items"]["kind"].value_counts().to_dict() == {"living": 8, "medical": 8}
    assert len(instance["periods"]) == 14


def test_people_are_those_of_the_census(made: tuple[str, Instance]) -> None:
    communities = made[1]["communities"]
    districts = read_figures("shanghai_2022_districts").set_index("district")["population"]
    counted = communities.groupby("district")["population"].sum()
    assert counted.sum() == CENSUS
    assert counted.astype(int).to_dict() == districts.astype(int).to_dict()


def test_levels_share_one_supply() -> None:
    district, jiedao = (shanghai_2022(level) for level in COMMITTED_LEVELS)
    for table in ("sites", "stocks", "arrivals", "vehicles", "purchases", "items"):
        pd.testing.assert_frame_equal(district[table], jiedao[table])
    needs = [one["needs"].groupby("item_id")["quantity"].sum() for one in (district, jiedao)]
    np.testing.assert_allclose(needs[0], needs[1], rtol=0.002)


def test_the_sealed_share_of_12_april_is_the_recorded_one(made: tuple[str, Instance]) -> None:
    access, communities = made[1]["access"], made[1]["communities"]
    people = communities.set_index("community_id")["population"]
    sealed = access[(access["access"] == "sealed") & (access["period"] == 12)]
    share = (people[sealed["place_id"]].to_numpy() * sealed["share"]).sum() / people.sum()
    assert share == pytest.approx(15.01 / 21.59, abs=0.001)


def test_shares_of_access_add_up(made: tuple[str, Instance]) -> None:
    access = made[1]["access"]
    total = access.groupby(["place_id", "period"])["share"].sum()
    np.testing.assert_allclose(total, 1, atol=1e-9)
    assert (access.loc[access["access"] == "open", "period"] >= 11).all()


def test_food_meets_the_norm_of_energy() -> None:
    kcal = {"rice": 3460, "noodles": 3440, "oil": 8840, "vegetables": 250, "meat": 2500}
    figures = read_figures("shanghai_2022").set_index(["figure", "subject"])["value"].astype(float)
    norm = figures["per_person"]
    assert sum(norm[item] * value for item, value in (kcal | {"eggs": 1440}).items()) == (
        pytest.approx(2100, abs=1)
    )


def test_points_lie_near_their_district() -> None:
    units = shanghai_2022("jiedao")["communities"]
    districts = read_figures("shanghai_2022_districts").set_index("district")
    home = districts.loc[units["district"]]
    north = (units["lat"].to_numpy() - home["lat"].astype(float).to_numpy()) * 111.2
    reach = np.sqrt(home["area_km2"].astype(float).to_numpy() / np.pi)
    assert (np.abs(north) <= reach).all()
    assert units[["lat", "lon"]].drop_duplicates().shape[0] == 234


@pytest.mark.parametrize("table", TABLES)
def test_every_figure_has_a_status_and_every_sourced_one_a_source(table: str) -> None:
    figures = read_figures(table)
    assert set(figures["status"]) <= set(STATUSES)
    assert (figures.loc[figures["status"] == "sourced", "source"] != "").all()
    assert (figures.loc[figures["status"] == "assumed", "source"] == "").all()


def test_figures_of_the_case_are_used_once_each() -> None:
    figures = read_figures("shanghai_2022")
    assert not figures.duplicated(["subject", "figure"]).any()
    assert (figures["value"].astype(float) >= 0).all()


def test_the_readme_lists_every_figure() -> None:
    text = (COMMITTED / "district" / "README.md").read_text(encoding="utf-8")
    for _, row in read_figures("shanghai_2022").iterrows():
        start = f"| {row['subject'].replace('_', ' ')} | {row['figure'].replace('_', ' ')} |"
        assert f"{start} {row['value']}" in text


def test_no_address_and_no_riders_of_may() -> None:
    daily = read_figures("shanghai_2022_daily")
    assert list(daily.columns) == ["date", "district_code", "new_cases", "addresses_14_days"]
    assert len(daily) == 16 * 20
    riders = shanghai_2022()["vehicles"].query("type == 'rider'")["count"].sum()
    assert riders == pytest.approx(11_000 * 0.35, abs=16)


def test_integer_variant() -> None:
    plain, whole = shanghai_2022("district"), shanghai_2022("district", integer=True)
    assert whole.policy.trips == "integer"
    assert set(whole["items"].query("whole_packs")["item_id"]) == {
        *("rice", "noodles", "oil", "eggs", "formula", "water", "gloves", "masks", "respirators"),
        *("gowns", "face_shields", "hand_rub", "antigen_tests"),
    }
    assert not plain["items"]["whole_packs"].any()
    pd.testing.assert_frame_equal(plain["needs"], whole["needs"])


def test_every_scenario_changes_something() -> None:
    instance = shanghai_2022()
    changed = set(instance["overlays"]["scenario_id"])
    assert len(changed) > 1
    for scenario in changed:
        rows = instance["overlays"][instance["overlays"]["scenario_id"] == scenario]
        made = instance.scenario(scenario)
        for table in set(rows["table"]):
            assert not made[table].equals(instance[table]), (scenario, table)


def test_another_level_is_refused() -> None:
    assert len(LEVELS) == 3
    with pytest.raises(ValueError, match="none of district, jiedao, committee"):
        shanghai_2022("street")


@pytest.mark.slow
def test_committees_are_made_in_a_minute() -> None:
    start = time.perf_counter()
    instance = shanghai_2022("committee")
    assert time.perf_counter() - start < 60
    assert len(instance["communities"]) == 6509
    assert len(instance["needs"]) == 6509 * 16 * 14
    assert instance["communities"]["population"].sum() == CENSUS


def test_the_people_at_the_gates_are_those_behind_the_table_gates(
    made: tuple[str, Instance],
) -> None:
    instance = made[1]
    workers, posts, gates = (instance[name] for name in ("workers", "posts", "gates"))
    case = staff_case(instance)
    home = instance["communities"].set_index("community_id")["district"]
    assert set(workers["district"]) == set(home)
    reach = {
        d: set(case.posts.places[row])
        for d, row in zip(workers["district"], case.near, strict=True)
    }
    assert all(home[list(places)].eq(d).all() for d, places in reach.items())
    # Everybody at work on the last day gives what the table gates has that day, all in all.
    last = workers[workers["skills"] == "worker"]["number"].sum() * 80
    last += workers[workers["skills"] == "volunteer"]["number"].sum() * 120
    sealed = instance["access"].query("access == 'sealed' and period == 14")
    slower = 1 + 0.6 * sealed.set_index("place_id")["share"]
    table = gates[gates["period"] == 14].set_index("community_id")["handling_minutes"]
    raw = (table * slower.reindex(table.index).fillna(1.0)).sum()
    assert last == pytest.approx(raw, rel=0.005)
    assert posts["gate"].all()
    assert instance.policy.gate_staff == "chain"
